/** F4: the backup's set over whatever the primary holds, compared with the backup's copy, then opened. */
import { z } from "zod";
import { DrError, toDrError } from "../errors";
import type { BackupSetRow, DatabaseObservation, InstanceObservation, InstanceRole } from "../observation-types";
import { placeFiles, type SetFile, unfinishedAfterRestore } from "../plan-restore";
import { compareContents, databaseOf, differingChannels, fencedSetOf, restoredFrom, restoresOf } from "../relations";
import { EXCLUSIVE_ACCESS_NOT_OBTAINED, DATABASE_SINGLE_USER_TAKEN, SINGLE_USER_OCCUPIED } from "../sql/error-numbers";
import {
  openForWriting,
  readBackupFiles,
  restoreFull,
  setMultiUser,
  setOwner,
  setRestoredOptions,
} from "../statements";
import { enableJob } from "../statements-log-shipping";
import { verifyFromPrimary } from "./backup";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";

/** How often the restore is sent again when a session was faster than ours into the single slot (3101). */
const takeOverAttempts = 5;

/** Numbers that say so. */
const slotTaken: ReadonlySet<number> = new Set([
  EXCLUSIVE_ACCESS_NOT_OBTAINED,
  DATABASE_SINGLE_USER_TAKEN,
  SINGLE_USER_OCCUPIED,
]);

const fileRow = z.object({
  LogicalName: z.string(),
  PhysicalName: z.string(),
  Type: z.string(),
  Size: z.coerce.number(),
});

export const restoreBackup: StepHandler = {
  sections: ({ plan }) => [plan.authority.principals.primary],
  async converge(context) {
    const { chat } = context.desired;
    const roles = context.plan.authority.principals;
    const backup = await context.readInstance(roles.backup);
    const primary = await context.readInstance(roles.primary);
    const set = fencedSetOf(backup, chat, context.desired.pool.backupSet.copyOnly);
    if (set === undefined) throw noSet(context);
    if (restoredFrom(primary, backup, chat)?.backupSetUuid !== set.backupSetUuid) {
      await restoreSet(context, set, primary);
    }
    await compare(context, set);
    await open(context, backup);
  },
};

async function restoreSet(context: StepContext, set: BackupSetRow, primary: InstanceObservation): Promise<void> {
  const role = context.plan.authority.principals.primary;
  for (const row of primary.logShippingPrimary) {
    if (row.backupJob?.enabled !== true) continue;
    const { jobId, name } = row.backupJob;
    await context.change({ role, doing: `sp_update_job ${name}: disabled`, text: enableJob(jobId, false) });
  }
  await verifyFromPrimary(context, set);
  const file = set.physicalDeviceName as string;
  const moves = await placed(context, file, primary);
  await takeOverAndRestore(context, role, file, moves);
  const after = await context.readInstance(role);
  const copy = databaseOf(after, context.desired.chat);
  const newest = restoresOf(after, context.desired.chat).find((row) => row.restoreType === "D");
  context.readBack({
    state: copy?.state,
    restored: newest?.backupSet.backupSetUuid,
    replace: newest?.replace,
    family: copy?.familyGuid,
  });
  const holds =
    copy?.state === "ONLINE" &&
    newest?.backupSet.backupSetUuid === set.backupSetUuid &&
    newest.replace &&
    (copy.familyGuid === null || copy.familyGuid === set.familyGuid);
  if (holds) return;
  const found = `${copy?.state ?? "no such database"}, newest restore ${newest?.backupSet.backupSetUuid ?? "none"}`;
  throw readBackDiffers(context.step, `ONLINE, restored from set ${set.backupSetUuid} with REPLACE`, found);
}

async function placed(context: StepContext, file: string, primary: InstanceObservation) {
  const role = context.plan.authority.principals.primary;
  const answer = await context.evidence({ role, doing: `RESTORE FILELISTONLY ${file}`, text: readBackupFiles(file) });
  const rows = z
    .array(fileRow)
    .min(1)
    .parse(answer[0] ?? []);
  const files: SetFile[] = rows.map((row) => ({
    logicalName: row.LogicalName,
    physicalName: row.PhysicalName,
    type: row.Type.trim() === "L" ? "LOG" : "ROWS",
    sizeBytes: row.Size,
  }));
  const { moves, unplaced } = placeFiles(files, primary, context.desired.chat, context.desired.pool.restore.moves);
  if (unplaced.length === 0) return moves;
  throw new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: the primary has no place for files of the backup set`,
    where: context.step.where,
    expected: "a file of the same logical name, a neighbour of its type, or a default folder",
    found: `none for ${unplaced.join(", ")}`,
    hint: "Name their paths in restore.moves of the pool's configuration.",
  });
}

async function takeOverAndRestore(
  context: StepContext,
  role: InstanceRole,
  file: string,
  moves: Parameters<typeof restoreFull>[0]["moves"],
): Promise<void> {
  const { chat } = context.desired;
  for (let attempt = 1; ; attempt += 1) {
    const copy = await context.readCopy(role, chat);
    const text = restoreFull({ database: chat, file, moves, recovery: "RECOVERY", takeOver: copy?.state === "ONLINE" });
    try {
      await context.change({ role, doing: `RESTORE DATABASE [${chat}]`, text });
      return;
    } catch (thrown) {
      const error = toDrError(thrown);
      if (error.number !== undefined && slotTaken.has(error.number) && attempt < takeOverAttempts) continue;
      await leaveUsable(context, role, error);
      throw error;
    }
  }
}

// A restore that failed before its first byte leaves the old content, locked to one user.
async function leaveUsable(context: StepContext, role: InstanceRole, cause: DrError): Promise<void> {
  if (cause.code === "CONNECTION_LOST") return;
  const { chat } = context.desired;
  const copy = await context.readCopy(role, chat);
  if (copy?.state !== "ONLINE" || copy.userAccess === "MULTI_USER") return;
  await context.change({ role, doing: `ALTER DATABASE [${chat}] SET MULTI_USER`, text: setMultiUser(chat) });
}

async function compare(context: StepContext, set: BackupSetRow): Promise<void> {
  const roles = context.plan.authority.principals;
  context.progress("comparing the two copies, room by room");
  const [primary, backup] = await Promise.all([
    context.readInstance(roles.primary),
    context.readInstance(roles.backup),
  ]);
  const comparison = compareContents(primary.content, backup.content);
  const messages = primary.content?.channels.reduce((sum, channel) => sum + BigInt(channel.count), 0n);
  context.readBack({
    comparison,
    rooms: primary.content?.channels.length,
    messages: messages?.toString(),
    backupSetUuid: set.backupSetUuid,
  });
  if (comparison === "equal") return;
  const rooms =
    primary.content !== null && backup.content !== null ? differingChannels(primary.content, backup.content) : [];
  throw new DrError({
    code: "READ_BACK_DIFFERS",
    summary: `${context.step.id}: the restored copy does not hold what the backup holds`,
    where: context.step.where,
    expected: "equal content, the backup being read-only since before its backup was taken",
    found: rooms.length > 0 ? `${comparison}; rooms that differ: ${rooms.slice(0, 20).join(", ")}` : comparison,
    hint: "The primary's copy stays read-only and log shipping is not begun. Run the same command again: it takes a new backup.",
  });
}

async function open(context: StepContext, backup: InstanceObservation): Promise<void> {
  const { chat } = context.desired;
  const role = context.plan.authority.principals.primary;
  const copy = await context.readCopy(role, chat);
  const model = databaseOf(backup, chat);
  if (copy === undefined) throw readBackDiffers(context.step, `${chat} ONLINE`, "no such database");
  if (copy.isReadOnly) {
    await context.change({ role, doing: `ALTER DATABASE [${chat}] SET READ_WRITE`, text: openForWriting(chat) });
  }
  if (copy.userAccess !== "MULTI_USER") {
    await context.change({ role, doing: `ALTER DATABASE [${chat}] SET MULTI_USER`, text: setMultiUser(chat) });
  }
  const owner = model?.ownerName ?? "sa";
  if (copy.ownerName === null) {
    await context.change({ role, doing: `ALTER AUTHORIZATION ON [${chat}]`, text: setOwner(chat, owner) });
  }
  const options = model === undefined ? "" : setRestoredOptions(chat, differingOptions(copy, model));
  if (options !== "") await context.change({ role, doing: `ALTER DATABASE [${chat}]: options`, text: options });
  const after = await context.readInstance(role);
  const unfinished = unfinishedAfterRestore(after, chat);
  const opened = databaseOf(after, chat);
  context.readBack({ readOnly: opened?.isReadOnly, userAccess: opened?.userAccess, owner: opened?.ownerName });
  if (unfinished.length > 0) throw readBackDiffers(context.step, `${chat} open for everybody`, unfinished.join("; "));
}

/** Options that a restore does not bring along, where they differ from the backup's copy. */
function differingOptions(copy: DatabaseObservation, model: DatabaseObservation) {
  return {
    trustworthy: copy.isTrustworthy === model.isTrustworthy ? undefined : model.isTrustworthy,
    chaining: copy.isDbChaining === model.isDbChaining ? undefined : model.isDbChaining,
    broker: copy.isBrokerEnabled === model.isBrokerEnabled ? undefined : model.isBrokerEnabled,
  };
}

function noSet(context: StepContext): DrError {
  return new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: there is no full backup set of the fenced copy`,
    where: context.step.where,
    hint: "Run the same command again: F3 takes one.",
  });
}
