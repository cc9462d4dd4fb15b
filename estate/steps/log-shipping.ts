/** F5: log shipping from the primary to the backup, part by part; only what is missing or differs is touched. */
import type { BackupHeader } from "../backup-header";
import { DrError, toDrError } from "../errors";
import { instanceOf } from "../estate";
import { messagesMissing, readMessagesUpTo } from "../messages-up-to";
import type { AgentJob, LogWriteCounter } from "../observation-types";
import type { PlanContext } from "../plan-context";
import { type LogShippingChange, logShippingChanges, soundPrimary, soundSecondary } from "../plan-log-shipping";
import { placeFiles, seedFile, setFilesOf } from "../plan-restore";
import { type BroughtHomeFile, type GateCheck, gateChecks } from "../point-of-no-return";
import { databaseOf, fencedSetOf, isOnline, newestFullSet, restoredFrom, sameName } from "../relations";
import { backupFull, verifyBackup } from "../statements";
import { runJob } from "./agent-job";
import { closeChain } from "./close-chain";
import { compareCopies } from "./compare-copies";
import { moveStaleLogFiles } from "./stale-log-files";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";
import { takeOverAndRestore } from "./take-over";
import { expectedOf, verifySet } from "./verify-set";

/** Rounds of looking and changing: registering, then what only shows afterwards (jobs and schedules), then nothing. */
const rounds = 3;

export const shipLogs: StepHandler = {
  sections: ({ plan }) => [plan.authority.principals.primary, plan.authority.principals.backup],
  async converge(context) {
    let cycle = false;
    let set = await context.observe();
    for (let round = 1; ; round += 1) {
      const open = logShippingChanges(set, context.runId);
      const changes = open.filter((change) => change.part !== "cycle");
      cycle ||= open.length > changes.length;
      if (changes.length === 0) break;
      if (round > rounds)
        throw readBackDiffers(context.step, "log shipping as configured", changes.map(described).join("; "));
      for (const change of inOrder(changes)) await apply(context, set, change);
      set = await context.observe();
    }
    readBack(context, cycle ? await proveCycle(context, set) : set);
  },
};

// The jobs' enabling comes last of all, so that nothing runs before both sides are registered.
function inOrder(changes: readonly LogShippingChange[]): readonly LogShippingChange[] {
  return [...changes.filter((change) => change.part !== "jobs"), ...changes.filter((change) => change.part === "jobs")];
}

async function apply(context: StepContext, now: PlanContext, change: LogShippingChange): Promise<void> {
  context.progress(`${change.part}: ${change.property}`);
  if (change.part === "seed") {
    await seed(context, now);
    return;
  }
  if (change.part === "link") {
    await closeChain(context, await context.observe());
    return;
  }
  for (const { where, text } of change.statements) {
    const role = sameName(where, now.primaryName) ? now.authority.principals.primary : now.authority.principals.backup;
    await context.change({ role, doing: `${change.part}: ${change.property}`, text });
  }
}

/** Full backup of the primary, verified by the backup's engine, then the gate, then the restore over the backup's copy. */
async function seed(context: StepContext, before: PlanContext): Promise<void> {
  const { chat } = context.desired;
  const roles = before.authority.principals;
  await moveStaleLogFiles(context, before);
  const file = seedFile(context.desired, context.runId);
  const backup = {
    database: chat,
    file,
    name: `${chat}-Full Database Backup`,
    description: `pchat-dr ${context.runId} F5 seed`,
  };
  await context.change({ role: roles.primary, doing: `BACKUP DATABASE [${chat}] (seed)`, text: backupFull(backup) });
  const now = await context.observe();
  const { primary, backup: secondary } = now;
  const set = primary && newestFullSet(primary, chat);
  if (
    primary === undefined ||
    secondary === undefined ||
    set === undefined ||
    !sameName(set.physicalDeviceName, file)
  ) {
    throw readBackDiffers(context.step, `a full set in ${file}`, set?.physicalDeviceName ?? "none");
  }
  const header = await verifySet(context, roles.backup, expectedOf(set));
  const { moves, unplaced } = placeFiles(setFilesOf(primary, chat), secondary, chat);
  if (unplaced.length > 0) throw noPlace(context, unplaced);
  await passGate(context, now, header);
  await takeOverAndRestore(context, roles.backup, { database: chat, file, moves, recovery: "NORECOVERY" });
  const after = await context.readCopy(roles.backup, chat);
  context.readBack({ seed: set.backupSetUuid, file, secondary: after?.state });
  if (after?.state !== "RESTORING")
    throw readBackDiffers(context.step, `${chat} RESTORING`, after?.state ?? "no such database");
}

/** All checks, read in one go right before the restore: what takes long (a whole file) is read first. */
async function passGate(context: StepContext, before: PlanContext, seed: BackupHeader): Promise<void> {
  const broughtHome = await verifyBroughtHome(context, before);
  const missing = await readMissing(context, before);
  const comparedUnder = await compareAnew(context, before);
  const now = await context.observe();
  const locked = await context.assertLocked().then(
    () => true as const,
    (thrown: unknown) => toDrError(thrown).summary,
  );
  const checks = gateChecks({ context: now, seed, broughtHome, comparedUnder, missing, locked });
  context.readBack({ pointOfNoReturn: checks });
  const failed = checks.filter((check) => !check.holds);
  if (failed.length > 0) throw refused(context, failed);
}

// Row 33: the primary is in use and holds more, so equality cannot be asked for. The backup is read first: what reaches it
// later is no chat's, the gate asks for no session there.
async function readMissing(context: StepContext, before: PlanContext): Promise<readonly string[] | null> {
  const { chat } = context.desired;
  const copy = before.backup && databaseOf(before.backup, chat);
  if (before.authority.outcome !== "primary" || copy === undefined || !isOnline(copy)) return null;
  const roles = before.authority.principals;
  context.progress("comparing the messages of both copies, room by room");
  const messages = await readMessagesUpTo(instanceOf(context.estate, roles.backup), chat);
  const held = await readMessagesUpTo(instanceOf(context.estate, roles.primary), chat, messages);
  return messagesMissing(messages, held);
}

// The fence that the set was taken under does not hold any more, as after a restart of the backup's instance: both copies are
// read in full under the present one, instead of copying the database once more. Throws where they differ.
async function compareAnew(context: StepContext, before: PlanContext): Promise<LogWriteCounter | null> {
  const { chat, pool } = context.desired;
  const { primary, backup, wayHome, backupCopy } = before;
  const set = primary && backup && restoredFrom(primary, backup, chat);
  if (!wayHome || backup === undefined || set === undefined || backupCopy === undefined || !isOnline(backupCopy))
    return null;
  if (fencedSetOf(backup, chat, pool.backupSet.copyOnly)?.backupSetUuid === set.backupSetUuid) return null;
  const fenced = await context.readInstance(before.authority.principals.backup);
  if (databaseOf(fenced, chat)?.isReadOnly !== true) return null;
  await compareCopies(context, set, "full");
  return fenced.logWrites;
}

// The second copy on disk: the file that the primary was restored from, read again by the primary's engine.
async function verifyBroughtHome(context: StepContext, before: PlanContext): Promise<BroughtHomeFile> {
  const { primary, backup } = before;
  const set = primary && backup && restoredFrom(primary, backup, context.desired.chat);
  const file = set?.physicalDeviceName ?? null;
  if (set === undefined || file === null) return { backupSetUuid: null, error: "no such file is known" };
  const role = before.authority.principals.primary;
  try {
    await context.evidence({ role, doing: `RESTORE VERIFYONLY ${file}`, text: verifyBackup(file) });
    return { backupSetUuid: set.backupSetUuid, error: null };
  } catch (thrown) {
    return { backupSetUuid: set.backupSetUuid, error: toDrError(thrown).summary };
  }
}

/**
 * One cycle of the three jobs; the proof is one file that passed all three places. A run by schedule may follow ours at any
 * moment, so a later file proves the same: names carry the time (mgc_20130501021500.trn), and files go in their order.
 */
async function proveCycle(context: StepContext, set: PlanContext): Promise<PlanContext> {
  const roles = set.authority.principals;
  const mine = soundPrimary(set);
  const theirs = soundSecondary(set);
  await runJob(context, roles.primary, existing(context, mine?.backupJob));
  const backedUp = fileName(soundPrimary(await context.observe())?.lastBackupFile);
  await runJob(context, roles.backup, existing(context, theirs?.copyJob));
  await runJob(context, roles.backup, existing(context, theirs?.restoreJob));
  const seen = await context.observe();
  const after = soundSecondary(seen);
  const copied = fileName(after?.lastCopiedFile);
  const restored = fileName(after?.database?.lastRestoredFile);
  // A delay that was asked for keeps the file waiting on the backup: that its restore job ran well is all there is to see.
  const delayed = context.desired.logShipping.restoreDelayMinutes > 0;
  context.readBack({ cycle: { backedUp, copied, restored, delayed } });
  if (backedUp !== "" && copied >= backedUp && (delayed || restored >= backedUp)) return seen;
  throw readBackDiffers(
    context.step,
    "one file backed up, copied and restored",
    `backed up ${backedUp || "none"}, copied ${copied || "none"}, restored ${restored || "none"}`,
  );
}

function existing(context: StepContext, job: AgentJob | null | undefined): AgentJob {
  if (job) return job;
  throw readBackDiffers(context.step, "three log shipping jobs", "a job is missing");
}

function fileName(path: string | null | undefined): string {
  return (path ?? "").slice((path ?? "").lastIndexOf("\\") + 1).toLowerCase();
}

function readBack(context: StepContext, now: PlanContext): void {
  const { primary, backup, backupCopy } = now;
  context.readBack({
    primary: primary?.server.serverName,
    secondary: backup?.server.serverName,
    secondaryState: backupCopy?.state,
    lastBackupFile: soundPrimary(now)?.lastBackupFile,
    lastCopiedFile: soundSecondary(now)?.lastCopiedFile,
    lastRestoredFile: soundSecondary(now)?.database?.lastRestoredFile,
  });
}

function described(change: LogShippingChange): string {
  return `${change.property}: ${change.now} instead of ${change.then}`;
}

function refused(context: StepContext, failed: readonly GateCheck[]): DrError {
  return new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: the restore over the backup's copy, the point of no return, is refused`,
    where: context.step.where,
    expected: failed.map((check) => `(${String(check.number)}) ${check.expected}`).join("; "),
    found: failed.map((check) => `(${String(check.number)}) ${check.found}`).join("; "),
    hint: "The backup's copy is as it was. Mend what is named, then run the same command again.",
  });
}

function noPlace(context: StepContext, unplaced: readonly string[]): DrError {
  return new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: the backup has no place for files of the seed`,
    where: context.step.where,
    found: `none for ${unplaced.join(", ")}`,
    hint: "Create the database there with files of these logical names (Topology Builder does), then run the same command again.",
  });
}
