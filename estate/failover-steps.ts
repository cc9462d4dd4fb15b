/** The steps of a failover: what is open of each, and what it would send. Pure. */
import { lostMachines } from "./desired";
import type { FailoverContext } from "./failover-context";
import { scheduleCalls } from "./job-schedules";
import { onBackup, onPrimary } from "./plan-context";
import { behindReplicas, clearedListStep, plannedRun } from "./plan-steps";
import { tailFile, tailOf } from "./plan-restore";
import type { PlannedStatement, StepBody } from "./plan-types";
import { poolSessions } from "./relations";
import { openForWriting, removeMirroring, setMultiUser, setOwner } from "./statements";
import {
  addLogBackupJob,
  backupDamagedTail,
  backupTail,
  changeLogBackupCommand,
  logBackupCommand,
  recoverDatabase,
  restoreLog,
} from "./statements-failover";
import { deleteSecondaryDatabase, deleteSecondaryPrimary, enableJob, renameJob } from "./statements-log-shipping";

/** P1: no active server, every machine that can be reached knows it, no session of a chat server on the primary. */
export function clearedBeforeMoveStep(context: FailoverContext): StepBody {
  const { shell, primary, desired, closed, authority } = context;
  const lost = lostMachines(desired);
  return clearedListStep(context, {
    key: "P1",
    moving: authority.moves === true && closed,
    behind: behindReplicas(context).filter((replica) => !lost.has(replica.toLowerCase())),
    sessions:
      primary === undefined || shell === undefined ? 0 : poolSessions(primary, desired.chat, shell.machines).length,
    site: "primary",
    then: "no active servers",
  });
}

/** P2: mirroring off and log shipping's backup job off on the primary: a mirrored principal refuses the tail. */
export function primaryMirroringStep(context: FailoverContext): StepBody {
  const { desired, primaryCopy, primary, closesPrimary, savesTail } = context;
  const mirroring = primaryCopy?.mirroring ?? null;
  const jobs = (primary?.logShippingPrimary ?? []).flatMap((row) => (row.backupJob?.enabled ? [row.backupJob] : []));
  const reasons = [
    ...(mirroring === null ? [] : [`${desired.chat} is mirrored`]),
    ...jobs.map((job) => `job ${job.name} is enabled`),
  ];
  const open = (closesPrimary || savesTail) && reasons.length > 0;
  return {
    key: "P2",
    id: "P2",
    probed: true,
    resource: "DatabaseMirroring",
    title: `Remove mirroring of ${desired.chat}`,
    where: context.primaryName,
    role: context.authority.principals.primary,
    now:
      mirroring === null
        ? `${desired.chat} not mirrored`
        : `${desired.chat} mirrored to ${mirroring.partnerInstance ?? "a partner"}, ${mirroring.state}`,
    then: `${desired.chat} not mirrored, log backups off`,
    open,
    courtesy: open && savesTail,
    skipped: skipped(context),
    reason: open ? reasons.join("; ") : "",
    statements: open
      ? [
          ...jobs.map((job) => onPrimary(context, enableJob(job.jobId, false))),
          ...(mirroring === null ? [] : [onPrimary(context, removeMirroring(desired.chat))]),
        ]
      : [],
    estimateSeconds: open ? 5 : null,
  };
}

/**
 * P3: the primary's tail, which closes it: nothing can be written there afterwards, and nothing is left behind. Of a damaged
 * copy it is tried; later steps do not wait for one that the engine refuses.
 */
export function tailStep(context: FailoverContext): StepBody {
  const { desired, primaryCopy, closesPrimary, savesTail } = context;
  const open = closesPrimary || savesTail;
  const tail = tailOf(desired, plannedRun);
  return {
    key: "P3",
    id: "P3",
    probed: true,
    resource: "TailLogBackup",
    title: `Tail-log backup of ${desired.chat}`,
    where: context.primaryName,
    role: context.authority.principals.primary,
    now: primaryCopy === undefined ? "not read" : primaryCopy.state,
    then: savesTail
      ? "RESTORING behind its tail, if its log can be read"
      : "RESTORING behind its tail: nothing can be written there",
    open,
    courtesy: savesTail,
    skipped: skipped(context),
    reason: open ? `${desired.chat} on ${context.primaryName} is ${primaryCopy?.state ?? "not read"}` : "",
    statements: open ? [onPrimary(context, savesTail ? backupDamagedTail(tail, true) : backupTail(tail))] : [],
    estimateSeconds: open ? 10 : null,
  };
}

function skipped(context: FailoverContext): string {
  const { authority, closed, savesTail, tail, withoutPrimary } = context;
  return authority.moves === true && closed && !savesTail && tail === undefined ? withoutPrimary : "";
}

/** O3 (with O2): log shipping's jobs run once more, then every log set that is left, in the order of LSNs, the tail last. */
export function remainingLogsStep(context: FailoverContext): StepBody {
  const { desired, closed, remaining, closesPrimary, savesTail, registrations, position, tail } = context;
  const jobs = registrations.flatMap((row) => [row.copyJob, row.restoreJob]).filter((job) => job?.enabled === true);
  const sets = remaining?.apply ?? [];
  const behindTail = tail !== undefined && position !== null && tail.lastLsn !== position.lsn;
  const reasons = [
    ...(closesPrimary ? ["the primary's tail is still to come"] : []),
    ...(jobs.length > 0 ? ["log shipping's jobs are to run once more"] : []),
    ...(sets.length > 0 ? [`${sets.length} log ${sets.length === 1 ? "set is" : "sets are"} not applied`] : []),
    ...(behindTail && sets.length === 0 ? ["the primary's tail is not applied"] : []),
  ];
  const moves = closed && context.authority.moves === true;
  const open = moves && (reasons.length > 0 || savesTail);
  return {
    key: "O3",
    id: "O3",
    probed: true,
    resource: "RestoredLogs",
    title: `Apply the remaining log of ${desired.chat}`,
    where: context.backupName,
    role: context.authority.principals.backup,
    now: position === null ? "no log to apply" : `at LSN ${position.lsn}`,
    then: closed ? "no log set left" : "as it stands",
    open,
    // Whether a damaged primary gives its tail is not known before it is asked: what it gives is applied here.
    courtesy: open && reasons.length === 0,
    reason: open ? (reasons.length === 0 ? "the damaged primary's tail is tried" : reasons.join("; ")) : "",
    statements: open
      ? [
          ...sets.map((set) => onBackup(context, restoreLog(desired.chat, set.file))),
          ...(closesPrimary || savesTail
            ? [onBackup(context, restoreLog(desired.chat, tailFile(desired, plannedRun)))]
            : []),
        ]
      : [],
    estimateSeconds: null,
  };
}

/** O1: log shipping's secondary registration is removed; the document does it first, here its jobs have been of use. */
export function removedShippingStep(context: FailoverContext): StepBody {
  const { registrations, desired } = context;
  const open = registrations.length > 0;
  return {
    key: "O1",
    id: "O1",
    // One that came back to a copy that serves is taken off, and nothing else.
    probed: context.authority.moves === true,
    resource: "RemovedLogShipping",
    title: `Remove log shipping of ${desired.chat}`,
    where: context.backupName,
    role: context.authority.principals.backup,
    now: registrations.length === 0 ? "not registered" : `secondary of ${registrations[0]?.primaryServer ?? "?"}`,
    then: "not registered",
    open,
    reason: open ? "registered as secondary" : "",
    statements: open ? removalsOf(context).map((text) => onBackup(context, text)) : [],
    estimateSeconds: open ? 2 : null,
  };
}

/** Statements that remove every registration of the backup's copy as a secondary. */
export function removalsOf({ registrations }: FailoverContext): readonly string[] {
  return registrations.map((row) =>
    row.database === null
      ? deleteSecondaryPrimary(row.primaryServer, row.primaryDatabase)
      : deleteSecondaryDatabase(row.database.secondaryDatabase),
  );
}

/** O4: the backup's copy is opened: the point of no return of a failover. */
export function recoveryStep(context: FailoverContext): StepBody {
  const { desired, backupCopy, closed } = context;
  const left = unopened(context);
  const open = left.length > 0;
  return {
    key: "O4",
    id: "O4",
    probed: closed,
    resource: "DatabaseRecovery",
    title: `Recover ${desired.chat} on the backup`,
    where: context.backupName,
    role: context.authority.principals.backup,
    now: backupCopy === undefined ? "not read" : `${backupCopy.state}${backupCopy.isReadOnly ? ", read-only" : ""}`,
    then: closed ? "ONLINE, read-write: the point of no return" : "ONLINE, read-write",
    open,
    reason: left.join("; "),
    statements: open ? recoveryStatements(context) : [],
    estimateSeconds: open ? 30 : null,
  };
}

/** What keeps the backup's copy from serving; empty when nothing does. */
export function unopened({ backupCopy, desired }: FailoverContext): readonly string[] {
  if (backupCopy === undefined) return [`there is no ${desired.chat}`];
  return [
    ...(backupCopy.state === "ONLINE" && !backupCopy.isInStandby ? [] : [`${desired.chat} is ${backupCopy.state}`]),
    ...(backupCopy.state === "ONLINE" && backupCopy.isReadOnly ? ["read-only"] : []),
    ...(backupCopy.state === "ONLINE" && backupCopy.userAccess !== "MULTI_USER" ? [backupCopy.userAccess] : []),
    ...(backupCopy.state === "ONLINE" && backupCopy.ownerName === null ? ["owner without a login"] : []),
  ];
}

function recoveryStatements(context: FailoverContext): readonly PlannedStatement[] {
  const { chat } = context.desired;
  return [
    ...(context.closed ? [onBackup(context, recoverDatabase(chat))] : []),
    onBackup(context, openForWriting(chat)),
    onBackup(context, setMultiUser(chat)),
    ...(context.backupCopy?.ownerName === null ? [onBackup(context, setOwner(chat, "sa"))] : []),
  ];
}

/** What differs of the job that backs up the log of the backup's copy; empty when it is as wanted. */
export function logBackupDrift({ backup, desired }: FailoverContext): readonly string[] {
  const found = backup?.logBackupJob ?? null;
  const wanted = desired.logBackups;
  if (found === null) return ["no job"];
  return [
    ...(found.job.name === wanted.job ? [] : [`named ${found.job.name}`]),
    ...(found.job.enabled ? [] : ["disabled"]),
    ...(scheduleCalls(found.job, wanted.schedule, wanted.everyMinutes).length === 0
      ? []
      : [`not every ${wanted.everyMinutes} minutes`]),
    ...(found.command === logBackupCommand(desired.chat, wanted.folder) ? [] : ["another command"]),
  ];
}

/** O8: nobody else backs up the log while the backup site serves; without it the log grows until the disk is full. */
export function logBackupStep(context: FailoverContext): StepBody {
  const { desired, backup } = context;
  const drift = logBackupDrift(context);
  const open = backup !== undefined && drift.length > 0;
  return {
    key: "O8",
    id: "O8",
    resource: "LogBackupJob",
    title: `Back up the log of ${desired.chat}`,
    where: context.backupName,
    role: context.authority.principals.backup,
    now: drift.length === 0 ? "as wanted" : drift.join(", "),
    then: `every ${desired.logBackups.everyMinutes} minutes to ${desired.logBackups.folder}`,
    open,
    reason: open ? drift.join("; ") : "",
    statements: open ? logBackupStatements(context).map((text) => onBackup(context, text)) : [],
    estimateSeconds: open ? 2 : null,
  };
}

/** What makes the job, or only what differs of it, as wanted. */
export function logBackupStatements({ backup, desired }: FailoverContext): readonly string[] {
  const found = backup?.logBackupJob ?? null;
  const wanted = desired.logBackups;
  if (found === null) return [addLogBackupJob(desired.chat, wanted)];
  const { job } = found;
  return [
    ...(job.name === wanted.job ? [] : [renameJob(job.jobId, wanted.job)]),
    ...(found.command === logBackupCommand(desired.chat, wanted.folder)
      ? []
      : [changeLogBackupCommand(job.jobId, desired.chat, wanted)]),
    ...scheduleCalls(job, wanted.schedule, wanted.everyMinutes),
    ...(job.enabled ? [] : [enableJob(job.jobId, true)]),
  ];
}
