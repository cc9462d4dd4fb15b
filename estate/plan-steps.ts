/** Steps F1 to F4, F6 and F7 of the plan: what is open of each, and what it would send. Pure. */
import type { PoolState } from "./shell/commands";
import { setActiveServers, setPoolState } from "./shell/commands";
import { chatSessionsOnBackup, inShell, onBackup, onPrimary, type PlanContext } from "./plan-context";
import type { RemainingLogs } from "./log-sets";
import {
  backupDescription,
  backupFile,
  placeFiles,
  setFilesOf,
  tailFile,
  tailOf,
  unfinishedAfterRestore,
} from "./plan-restore";
import type { PlannedStatement, StepBody } from "./plan-types";
import { databaseOf, isFenced, isRestoring, ownSetsOf, sameName } from "./relations";
import {
  backupFull,
  fenceReadOnly,
  openForWriting,
  readBackupFiles,
  readBackupHeader,
  removeMirroring,
  restoreFull,
  setMultiUser,
  setOwner,
  verifyBackup,
} from "./statements";
import { backupTail, recoverDatabase, restoreLog } from "./statements-failover";
import { enableJob } from "./statements-log-shipping";

/** Stands for the run's id in statements that are only printed. */
export const plannedRun = "<run>";

/** F1: the list is empty, the configuration replicated, no session of a chat server left on the backup. */
export function clearedActiveServersStep(context: PlanContext): StepBody {
  const { shell, wayHome } = context;
  const fenced = context.backupCopy !== undefined && isFenced(context.backupCopy);
  return clearedListStep(context, {
    key: "F1",
    moving: wayHome,
    behind: fenced || shell === undefined ? [] : behindReplicas(context),
    sessions: fenced ? 0 : chatSessionsOnBackup(context),
    site: "backup",
    then: "no active servers, no session on the backup",
  });
}

/** What differs between the two ways of clearing the list. */
export interface ClearedList {
  readonly key: "F1" | "P1";
  /** The chat is on its way: nothing is cleared otherwise. */
  readonly moving: boolean;
  /** Machines that do not know the list yet and are waited for. */
  readonly behind: readonly string[];
  /** Sessions of chat servers in the copy that is left. */
  readonly sessions: number;
  readonly site: "primary" | "backup";
  readonly then: string;
}

/** The list of active servers empty, known to every machine, and followed by the chat servers. */
export function clearedListStep(
  context: PlanContext,
  { key, moving, behind, sessions, site, then }: ClearedList,
): StepBody {
  const { shell } = context;
  const list = shell?.activeServers ?? [];
  const reasons: string[] = [];
  if (list.length > 0) reasons.push(`${list.length} active ${list.length === 1 ? "server" : "servers"}`);
  if (behind.length > 0) reasons.push(`not replicated to ${behind.join(", ")}`);
  if (sessions > 0) reasons.push(`sessions of chat servers on the ${site}`);
  const open = moving && reasons.length > 0;
  return {
    key,
    id: key,
    probed: true,
    resource: "ClearedActiveServers",
    title: "Clear the active servers",
    where: "Management Shell",
    role: "shell",
    now: serverText(list),
    then: moving ? then : "as it stands",
    open,
    reason: open ? reasons.join("; ") : "",
    courtesy: open && list.length === 0 && behind.length === 0,
    statements:
      open && list.length > 0 && shell !== undefined
        ? setActiveServers(shell.serviceIdentity, null, list).map(inShell)
        : [],
    estimateSeconds: open ? 30 : null,
  };
}

/** F2: no partner, for one of the two databases of the backup. */
export function mirroringStep(context: PlanContext, kind: "chat" | "compliance"): StepBody {
  const { backup, desired } = context;
  const database = kind === "chat" ? desired.chat : desired.compliance;
  const row = backup !== undefined && database !== false ? databaseOf(backup, database) : undefined;
  const mirroring = row?.mirroring ?? null;
  // Row 33 has no way home, yet the secondary cannot be seeded over a mirrored database (3104).
  const open = mirroring !== null && (context.wayHome || context.authority.allows.includes("F2"));
  const name = database === false ? "mgccomp" : database;
  return {
    key: kind === "chat" ? "F2-chat" : "F2-compliance",
    id: "F2",
    probed: true,
    resource: "DatabaseMirroring",
    title: `Remove mirroring of ${name}`,
    where: context.backupName,
    role: context.authority.principals.backup,
    now:
      mirroring === null
        ? `${name} not mirrored`
        : `${name} mirrored to ${mirroring.partnerInstance ?? "a partner"}, ${mirroring.state}`,
    then: `${name} not mirrored`,
    open,
    reason: open ? `${name} is mirrored` : "",
    statements: open ? [onBackup(context, removeMirroring(name))] : [],
    estimateSeconds: open ? 5 : null,
  };
}

/** F2b: nothing can be written to the backup's copy from here on. */
export function fenceStep(context: PlanContext): StepBody {
  const { backupCopy, desired, wayHome } = context;
  // By log alone it is the tail that closes the copy; a read-only one could not give its tail (4217).
  const open = wayHome && context.chainHome === null && backupCopy !== undefined && !isFenced(backupCopy);
  return {
    key: "F2b",
    id: "F2b",
    probed: true,
    resource: "WriteFence",
    title: `Fence ${desired.chat} on the backup`,
    where: context.backupName,
    role: context.authority.principals.backup,
    now:
      backupCopy === undefined
        ? "not read"
        : `${backupCopy.state}${backupCopy.isReadOnly ? ", read-only" : ", read-write"}`,
    then: wayHome ? "ONLINE, read-only" : "as it stands",
    open,
    reason: open ? "the backup can be written to" : "",
    statements: open ? [onBackup(context, fenceReadOnly(desired.chat))] : [],
    estimateSeconds: open ? 5 : null,
  };
}

/** F3: a full set under the fence that still holds. */
export function backupStep(context: PlanContext): StepBody {
  if (context.chainHome !== null) return tailHomeStep(context);
  const { desired, set, wayHome } = context;
  const restoredButBehind =
    context.authority.facts.restoredFrom === "current" && context.authority.facts.comparison === "backupMore";
  const open = wayHome && !context.broughtHome && (set === undefined || restoredButBehind);
  const file = backupFile(desired, plannedRun);
  const { compression, copyOnly } = desired.pool.backupSet;
  const description = backupDescription(desired, plannedRun, null);
  const backup = { database: desired.chat, file, name: desired.backupName, description, copyOnly, compression };
  return {
    key: "F3",
    id: "F3",
    probed: true,
    resource: "DatabaseBackup",
    title: `Full backup of ${desired.chat}`,
    where: context.backupName,
    role: context.authority.principals.backup,
    now: set === undefined ? "no full set under the present fence" : `set ${set.backupSetUuid}`,
    then: wayHome ? `full set in ${desired.backupFolder}` : "as it stands",
    open,
    reason: open ? backupReason(context, restoredButBehind) : "",
    statements: open
      ? [
          onBackup(context, backupFull(backup)),
          onPrimary(context, verifyBackup(file)),
          onPrimary(context, readBackupHeader(file)),
        ]
      : [],
    estimateSeconds: open ? transferSeconds(context) : null,
  };
}

// F3 by log alone: the tail closes the backup's copy, and carries what no log backup of it has yet.
function tailHomeStep(context: PlanContext): StepBody {
  const { desired, backupCopy } = context;
  const open = backupCopy !== undefined && !isRestoring(backupCopy);
  const tail = tailOf(desired, plannedRun);
  return {
    key: "F3",
    id: "F3",
    probed: true,
    resource: "DatabaseBackup",
    title: `Tail-log backup of ${desired.chat}`,
    where: context.backupName,
    role: context.authority.principals.backup,
    now: backupCopy?.state ?? "not read",
    then: "RESTORING behind its tail: it follows the primary, and is not overwritten",
    open,
    reason: open ? `${desired.chat} on ${context.backupName} is ${backupCopy.state}` : "",
    statements: open ? [onBackup(context, backupTail(tail))] : [],
    estimateSeconds: open ? 10 : null,
  };
}

// F4 by log alone.
function followHomeStep(context: PlanContext, chain: RemainingLogs): StepBody {
  const { desired, backupCopy } = context;
  const tail = backupCopy !== undefined && !isRestoring(backupCopy) ? [tailFile(desired, plannedRun)] : [];
  const files = [...chain.apply.map((set) => set.file), ...tail];
  return {
    key: "F4",
    id: "F4",
    probed: true,
    resource: "DatabaseRestore",
    title: `Apply the backup's log on the primary`,
    where: context.primaryName,
    role: context.authority.principals.primary,
    now: context.primaryCopy?.state ?? "not read",
    then: `as on ${context.backupName}, ONLINE, read-write`,
    open: true,
    reason: `${files.length} log ${files.length === 1 ? "set" : "sets"} of ${context.backupName} to apply`,
    statements: [
      ...files.map((file) => onPrimary(context, restoreLog(desired.chat, file))),
      onPrimary(context, recoverDatabase(desired.chat)),
      onPrimary(context, setMultiUser(desired.chat)),
    ],
    estimateSeconds: null,
  };
}

/** F4: that set restored on the primary, equal to the backup's copy, and open for writing. */
export function restoreStep(context: PlanContext): StepBody {
  if (context.chainHome !== null) return followHomeStep(context, context.chainHome);
  const { desired, wayHome } = context;
  const reason = wayHome ? restoreReason(context) : openingReason(context);
  return {
    key: "F4",
    id: "F4",
    probed: true,
    resource: "DatabaseRestore",
    title: `Restore ${desired.chat} on the primary`,
    where: context.primaryName,
    role: context.authority.principals.primary,
    now: restoreNow(context),
    then: wayHome || reason !== "" ? `as on ${context.backupName}, ONLINE, read-write` : "as it stands",
    open: reason !== "",
    reason,
    statements: reason === "" ? [] : restoreStatements(context),
    estimateSeconds: reason === "" ? null : transferSeconds(context),
  };
}

/**
 * F6: the active servers of the site that is to be active, as a set.
 * @param cleared an earlier step will have emptied the list by then: what is there now is no reason to leave this one out
 */
export function activeServersStep(context: PlanContext, cleared = context.wayHome): StepBody {
  const { desired, shell } = context;
  const present = shell?.activeServers ?? [];
  const projected = cleared ? [] : present;
  const open = shell !== undefined && !sameList(projected, desired.activeServers);
  return {
    key: "F6",
    id: "F6",
    resource: "ActiveServers",
    title: "Set the active servers",
    where: "Management Shell",
    role: "shell",
    now: serverText(projected),
    then: serverText(desired.activeServers),
    open,
    reason: open ? "the list differs" : "",
    statements: open ? setActiveServers(shell.serviceIdentity, desired.activeServers, projected).map(inShell) : [],
    estimateSeconds: open ? 30 : null,
  };
}

/** F7: the pool's state. */
export function poolStateStep(context: PlanContext): StepBody {
  const { desired, shell } = context;
  const wanted: PoolState = desired.active === "primary" ? "Normal" : "FailedOver";
  const open = shell !== undefined && !sameName(shell.poolState, wanted);
  return {
    key: "F7",
    id: "F7",
    resource: "PoolState",
    title: "Set the pool's state",
    where: "Management Shell",
    role: "shell",
    now: shell?.poolState ?? "not read",
    then: wanted,
    open,
    reason: open ? `the pool is ${shell.poolState}` : "",
    statements: open ? [inShell(setPoolState(shell.stateIdentity, wanted))] : [],
    estimateSeconds: open ? 30 : null,
  };
}

/** Servers for people: their first labels where all are of one domain, which is the rule. */
export function serverText(servers: readonly string[]): string {
  if (servers.length === 0) return "no active servers";
  const domains = new Set(servers.map((server) => server.slice(server.indexOf("."))));
  return (domains.size === 1 ? servers.map((server) => server.slice(0, server.indexOf("."))) : servers).join(", ");
}

/** True when both lists hold the same names; order and case say nothing. */
export function sameList(left: readonly string[], right: readonly string[]): boolean {
  const ordered = (names: readonly string[]): string =>
    [...names]
      .map((name) => name.toLowerCase())
      .sort()
      .join("|");
  return ordered(left) === ordered(right);
}

/** Seconds for one way of the database's data, by the newest full backup on the backup; null without one. */
export function transferSeconds(context: PlanContext): number | null {
  const { backup, desired } = context;
  if (backup === undefined) return null;
  const bytes = setFilesOf(backup, desired.chat).reduce(
    (sum, file) => sum + (file.type === "ROWS" ? file.sizeBytes : 0),
    0,
  );
  for (const set of ownSetsOf(backup, desired.chat)) {
    const seconds = (Date.parse(set.finishDate) - Date.parse(set.startDate)) / 1000;
    if (set.type === "D" && set.backupSizeBytes !== null && set.backupSizeBytes > 0 && seconds >= 1) {
      return Math.max(1, Math.round((bytes * seconds) / set.backupSizeBytes));
    }
  }
  return null;
}

/** Machines of the pool that do not have the newest configuration. */
export function behindReplicas(context: PlanContext): readonly string[] {
  const machines = new Set(context.shell?.machines.map((machine) => machine.toLowerCase()) ?? []);
  return (context.shell?.replication ?? [])
    .filter((replica) => !replica.upToDate && machines.has(replica.replicaFqdn.toLowerCase()))
    .map((replica) => replica.replicaFqdn);
}

function backupReason(context: PlanContext, restoredButBehind: boolean): string {
  if (restoredButBehind) return "the set was restored and the backup holds more: it is taken anew";
  if (context.primary?.verification?.valid === false) {
    return `the newest set cannot be restored: ${context.primary.verification.message ?? "it is not valid"}`;
  }
  return "no full set under the present fence";
}

// Row 24: recovered by log alone, and the run was cut before it was opened for everybody.
function openingReason({ primary, desired, authority }: PlanContext): string {
  if (authority.facts.tail !== "applied" || authority.facts.primaryCopy !== "online" || primary === undefined)
    return "";
  return unfinishedAfterRestore(primary, desired.chat, undefined).join("; ");
}

function restoreReason(context: PlanContext): string {
  const { primary, desired, broughtHome, authority } = context;
  if (primary === undefined) return "";
  if (broughtHome) return unfinishedAfterRestore(primary, desired.chat, context.backupCopy).join("; ");
  if (authority.facts.restoredFrom === "current" && authority.facts.comparison === "unknown") {
    return "restored, not yet compared";
  }
  if (authority.facts.primaryCopy === "incomplete") return "the last restore was not finished";
  return `the primary does not hold what ${context.backupName} holds`;
}

function restoreNow(context: PlanContext): string {
  const copy = context.primaryCopy;
  if (copy === undefined) return context.primary === undefined ? "not read" : "no such database";
  const access = `${copy.state}${copy.isReadOnly ? ", read-only" : ""}`;
  const { restoredFrom, primaryContent } = context.authority.facts;
  if (restoredFrom !== "none") return `${access}, restored from ${context.backupName}`;
  return primaryContent === "empty" ? `${access}, empty` : access;
}

// What the restore needs: log shipping's backup job out of the way, the set placed, then compared and opened.
function restoreStatements(context: PlanContext): readonly PlannedStatement[] {
  const { primary, backup, desired, broughtHome, set, primaryCopy } = context;
  if (primary === undefined || backup === undefined) return [];
  const opening = [
    onPrimary(context, openForWriting(desired.chat)),
    onPrimary(context, setMultiUser(desired.chat)),
    ...(primaryCopy?.ownerName === null ? [onPrimary(context, setOwner(desired.chat, "sa"))] : []),
  ];
  if (broughtHome || !context.wayHome) return opening;
  const file = set?.physicalDeviceName ?? backupFile(desired, plannedRun);
  const { moves } = placeFiles(setFilesOf(backup, desired.chat), primary, desired.chat, desired.pool.restore.moves);
  const takeOver = primaryCopy?.state === "ONLINE";
  const restore = { database: desired.chat, file, moves, recovery: "RECOVERY" as const, takeOver };
  const jobs = primary.logShippingPrimary.flatMap((row) => (row.backupJob?.enabled ? [row.backupJob.jobId] : []));
  return [
    ...jobs.map((job) => onPrimary(context, enableJob(job, false))),
    onPrimary(context, verifyBackup(file)),
    onPrimary(context, readBackupFiles(file)),
    onPrimary(context, restoreFull(restore)),
    ...opening,
  ];
}
