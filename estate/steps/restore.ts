/** F4: the backup's set over whatever the primary holds, compared with the backup's copy, then opened. */
import { z } from "zod";
import { DrError } from "../errors";
import type { BackupSetRow, DatabaseObservation, InstanceObservation } from "../observation-types";
import type { PlanContext } from "../plan-context";
import { placeFiles, type SetFile, unfinishedAfterRestore, usersWithoutLogin } from "../plan-restore";
import { primaryGateChecks } from "../primary-gate";
import { databaseOf, fencedSetOf, restoredFrom, restoresOf } from "../relations";
import { openForWriting, readBackupFiles, setMultiUser, setOwner, setRestoredOptions } from "../statements";
import { verifyFromPrimary } from "./backup";
import { stopBackupJobs } from "./backup-jobs";
import { compareCopies } from "./compare-copies";
import { followHome } from "./follow-home";
import { verifySalvage } from "./salvage";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";
import { takeOverAndRestore } from "./take-over";
import { expectedOf } from "./verify-set";

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
    const now = await context.observe();
    if (now.chainHome !== null || !now.wayHome) {
      await followHome(context, now);
      return;
    }
    const backup = await context.readInstance(roles.backup);
    const primary = await context.readInstance(roles.primary);
    const came = restoredFrom(primary, backup, chat);
    // What is home is opened, whichever set brought it: F5's gate asks whether the backup was fenced all the time.
    const set = now.broughtHome ? came : fencedSetOf(backup, chat, context.desired.pool.backupSet.copyOnly);
    if (set === undefined) throw noSet(context);
    // A restore that was cut in its recovery is in the history too, but its copy is not ONLINE.
    const restored = came?.backupSetUuid === set.backupSetUuid;
    if (!restored || databaseOf(primary, chat)?.state !== "ONLINE") await restoreSet(context, set, now, primary);
    await compareCopies(context, set);
    await open(context, backup);
  },
};

async function restoreSet(
  context: StepContext,
  set: BackupSetRow,
  before: PlanContext,
  primary: InstanceObservation,
): Promise<void> {
  const role = context.plan.authority.principals.primary;
  await stopBackupJobs(context, role);
  await verifyFromPrimary(context, set);
  const { file } = expectedOf(set);
  const moves = await placed(context, file, primary);
  if (context.plan.authority.salvage === true) await verifySalvage(context);
  await passGate(context, before);
  await takeOverAndRestore(context, role, { database: context.desired.chat, file, moves, recovery: "RECOVERY" });
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

/** All that may have changed since the step began, read in one go right before the primary's copy is overwritten. */
async function passGate(context: StepContext, before: PlanContext): Promise<void> {
  const checks = primaryGateChecks(before, await context.observe());
  await context.assertLocked();
  context.readBack({ pointOfNoReturn: checks });
  const failed = checks.filter((check) => !check.holds);
  if (failed.length === 0) return;
  throw new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: the restore over the primary's copy is refused`,
    where: context.step.where,
    expected: failed.map((check) => check.expected).join("; "),
    found: failed.map((check) => check.found).join("; "),
    hint: "The primary's copy is as it was. Find out who works on it, then preview again.",
  });
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
  const unfinished = unfinishedAfterRestore(after, chat, model);
  const opened = databaseOf(after, chat);
  context.readBack({
    readOnly: opened?.isReadOnly,
    userAccess: opened?.userAccess,
    owner: opened?.ownerName,
    usersWithoutLogin: usersWithoutLogin(backup, after).map(({ name }) => name),
  });
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
