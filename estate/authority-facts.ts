/** The facts that decide authority: a small product type, so that a test can go through every combination of them. */
import type { Desired, SiteName } from "./desired";
import { judgeSecondary } from "./leftovers";
import type {
  BackupSetRow,
  DatabaseObservation,
  Guid,
  InstanceObservation,
  Lsn,
  Observation,
} from "./observation-types";
import { otherCopyOf } from "./other-copy";
import { poolMachines, presentPrincipals, readable } from "./present-principals";
import {
  compareContents,
  compareLsn,
  damagedTail,
  databaseOf,
  familyOf,
  fenceStillHolds,
  followsOf,
  forkCrossing,
  isEmptyContent,
  isLive,
  isOnline,
  isRestoring,
  newestFullSet,
  newestRestoredLog,
  ownSetsOf,
  ownTail,
  positionOf,
  restoredFrom,
  sameName,
} from "./relations";
import { answersUnread, failuresAcknowledged } from "./unread";

/** Every value of every fact. `AuthorityFacts` is derived from it, and the exhaustive test walks it. */
export const authorityFactValues = {
  /**
   * The primary site's copy. `silent`: nobody answers at the instance's address. `unread`: the instance answers, and could not
   * be read (a login that is refused, a time-out, a right that is missing), so that its copy may serve. `elsewhere`: the site's other instance holds it ONLINE. `damaged`: SUSPECT, RECOVERY_PENDING, EMERGENCY, OFFLINE, and RESTORING behind the tail that
   * was saved of it while it was one of these. `incomplete`: RESTORING after a restore that was cut. `afterTail`: RESTORING after its own tail-log backup. `mirror`: a mirror without a readable
   * principal. `other`: RECOVERING and whatever else is no state to decide on.
   */
  primaryCopy: [
    "silent",
    "unread",
    "elsewhere",
    "absent",
    "damaged",
    "incomplete",
    "restoring",
    "afterTail",
    "mirror",
    "online",
    "other",
  ] as const,
  /** The backup site's copy; `mirrored` and `fenced` are ONLINE too, as principal of a session and read-only. */
  backupCopy: [
    "silent",
    "elsewhere",
    "absent",
    "damaged",
    "restoring",
    "afterTail",
    "mirrored",
    "online",
    "fenced",
    "other",
  ] as const,
  poolState: ["Normal", "FailedOver", "unknown"] as const,
  family: ["same", "different", "unknown"] as const,
  /** Whether the primary's copy holds chat; known of an ONLINE copy only. */
  primaryContent: ["empty", "data", "unknown"] as const,
  /** Who is written to by chat servers now. */
  live: ["none", "primary", "backup", "both"] as const,
  /**
   * Whether the primary's newest restore came from a set of the backup: `current` is the backup's newest full set, taken
   * read-only under the fence that still holds, or when it is RESTORING, behind which it has written nothing; `older` any
   * other of its sets.
   */
  restoredFrom: ["none", "older", "current"] as const,
  comparison: ["equal", "primaryMore", "backupMore", "bothMore", "unknown"] as const,
  /** configPoolID of a copy contradicts the topology or the other copy. */
  poolId: ["right", "wrong"] as const,
  /** Log shipping is registered on both instances, in whole. */
  registration: ["whole", "partial"] as const,
  /**
   * The copy that is RESTORING can take the next log of the one that is ONLINE. `ahead`: the backup's cannot, and is not
   * proved to hold nothing that the primary lacks, or it has log sets of its own behind the point where the primary left it.
   */
  follows: ["yes", "no", "ahead"] as const,
  /** The tail of the copy that was closed with one: applied by the other, or not yet. */
  tail: ["none", "pending", "applied"] as const,
  /**
   * The configuration acknowledges that this very copy may be given up: the primary's, or beside an ONLINE primary the
   * backup's RESTORING one; or why the primary is not read.
   */
  acknowledged: ["no", "yes"] as const,
} satisfies Record<string, readonly string[]>;

type FactValues = typeof authorityFactValues;

/** One combination of facts. */
export type AuthorityFacts = { readonly [Fact in keyof FactValues]: FactValues[Fact][number] };

/** Derives the facts from an observation. */
export function authorityFacts(observation: Observation, desired: Desired): AuthorityFacts {
  const principals = presentPrincipals(observation, desired);
  const primary = readable(observation, principals.primary);
  const backup = readable(observation, principals.backup);
  const chat = desired.chat;
  const machines = poolMachines(observation, desired);
  const elsewhere = (site: SiteName): boolean => otherCopyOf(observation, desired, site) === "open";
  return {
    primaryCopy: elsewhere("primary")
      ? "elsewhere"
      : answersUnread(observation, principals.primary)
        ? "unread"
        : primaryCopyOf(primary, chat),
    backupCopy: elsewhere("backup") ? "elsewhere" : backupCopyOf(backup, chat),
    poolState: poolStateOf(observation),
    family: familyFact(primary, backup, chat),
    primaryContent: primary?.content ? (isEmptyContent(primary.content) ? "empty" : "data") : "unknown",
    live: liveFact(primary, backup, chat, machines),
    restoredFrom: restoredFact(primary, backup, chat),
    comparison: compareContents(primary?.content ?? null, backup?.content ?? null),
    poolId: wrongPool(observation, primary, backup) ? "wrong" : "right",
    registration: registered(primary, backup, desired) ? "whole" : "partial",
    follows: followsFact(primary, backup, chat),
    tail: tailFact(primary, backup, chat),
    acknowledged: (
      primary === undefined
        ? failuresAcknowledged(observation, desired, [principals.primary])
        : acknowledgedFact(primary, backup, desired)
    )
      ? "yes"
      : "no",
  };
}

function primaryCopyOf(instance: InstanceObservation | undefined, chat: string): AuthorityFacts["primaryCopy"] {
  if (instance === undefined) return "silent";
  const database = databaseOf(instance, chat);
  if (database === undefined) return "absent";
  if (database.mirroring?.role === "MIRROR") return "mirror";
  if (isOnline(database)) return "online";
  if (damagedStates.has(database.state) || database.state === "OFFLINE") return "damaged";
  if (!isRestoring(database)) return "other";
  return damagedTail(instance, chat) === undefined ? restoringCopy(instance, chat) : "damaged";
}

function backupCopyOf(instance: InstanceObservation | undefined, chat: string): AuthorityFacts["backupCopy"] {
  if (instance === undefined) return "silent";
  const database = databaseOf(instance, chat);
  if (database === undefined) return "absent";
  if (database.mirroring?.role === "MIRROR") return "other";
  if (isOnline(database)) return onlineBackup(database);
  if (damagedStates.has(database.state)) return "damaged";
  if (!isRestoring(database)) return "other";
  const copy = restoringCopy(instance, chat);
  // A cut restore of the backup's copy is the seeding of F5 under way: the rows about RESTORING speak of it too.
  return copy === "incomplete" ? "restoring" : copy;
}

const damagedStates = new Set(["SUSPECT", "RECOVERY_PENDING", "EMERGENCY"]);

function onlineBackup(database: DatabaseObservation): AuthorityFacts["backupCopy"] {
  if (database.mirroring !== null) return "mirrored";
  return database.isReadOnly ? "fenced" : "online";
}

function restoringCopy(
  instance: InstanceObservation,
  chat: string,
): "incomplete" | "restoring" | "afterTail" | "other" {
  const position = positionOf(instance, chat);
  if (position.kind === "unknown") return "other";
  if (position.kind === "incomplete") return "incomplete";
  const tail = ownTail(instance, chat);
  if (tail?.lastLsn === position.lsn) return "afterTail";
  // Without a history it is no less a copy: a former mirror's never had one, and msdb may have been purged.
  return "restoring";
}

function poolStateOf(observation: Observation): AuthorityFacts["poolState"] {
  if (!observation.shell.reachable) return "unknown";
  const state = observation.shell.value.poolState;
  // Set-CsPersistentChatState's values; compared without case as the product does.
  if (sameName(state, "Normal")) return "Normal";
  return sameName(state, "FailedOver") ? "FailedOver" : "unknown";
}

function familyFact(
  primary: InstanceObservation | undefined,
  backup: InstanceObservation | undefined,
  chat: string,
): AuthorityFacts["family"] {
  const left = primary === undefined ? null : familyOf(primary, chat);
  const right = backup === undefined ? null : familyOf(backup, chat);
  if (left === null || right === null) return "unknown";
  return left === right ? "same" : "different";
}

function liveFact(
  primary: InstanceObservation | undefined,
  backup: InstanceObservation | undefined,
  chat: string,
  machines: readonly string[],
): AuthorityFacts["live"] {
  const here = primary !== undefined && isLive(primary, chat, machines);
  const there = backup !== undefined && isLive(backup, chat, machines);
  if (here) return there ? "both" : "primary";
  return there ? "backup" : "none";
}

function restoredFact(
  primary: InstanceObservation | undefined,
  backup: InstanceObservation | undefined,
  chat: string,
): AuthorityFacts["restoredFrom"] {
  if (primary === undefined || backup === undefined) return "none";
  const set = restoredFrom(primary, backup, chat);
  if (set === undefined) return "none";
  return underPresentFence(primary, backup, set, chat) ? "current" : "older";
}

function underPresentFence(
  primary: InstanceObservation,
  backup: InstanceObservation,
  set: BackupSetRow,
  chat: string,
): boolean {
  const copy = databaseOf(backup, chat);
  if (copy === undefined || !set.isReadOnly) return false;
  if (isRestoring(copy)) {
    // Closed by F5's restore, which left it half made or where the primary is. A backup that was opened again after its
    // newest full set has only log sets of what it wrote then, and stands beyond that set when it is put back from them.
    const newest = newestFullSet(backup, chat)?.backupSetUuid === set.backupSetUuid;
    return (
      newest &&
      !wroteBeyond(backup, set.lastRecoveryForkGuid, set.lastLsn, chat) &&
      judgeSecondary(backup, primary, chat).covered
    );
  }
  return (
    copy.isReadOnly && set.lastRecoveryForkGuid === copy.recoveryForkGuid && fenceStillHolds(set, backup.logWrites)
  );
}

/** Sets that the backup itself took on a fork reach beyond an LSN: it wrote there, whatever stands in its place now. */
function wroteBeyond(backup: InstanceObservation, fork: Guid | null, lsn: Lsn | null, chat: string): boolean {
  return ownSetsOf(backup, chat).some(
    (set) =>
      set.lastRecoveryForkGuid === fork && set.lastLsn !== null && lsn !== null && compareLsn(set.lastLsn, lsn) > 0,
  );
}

function wrongPool(
  observation: Observation,
  primary: InstanceObservation | undefined,
  backup: InstanceObservation | undefined,
): boolean {
  const topology = observation.shell.reachable ? observation.shell.value.poolGuid : null;
  const ids = [primary?.content?.configPoolId, backup?.content?.configPoolId, topology].filter(
    (id) => typeof id === "string",
  );
  return new Set(ids).size > 1;
}

function registered(
  primary: InstanceObservation | undefined,
  backup: InstanceObservation | undefined,
  desired: Desired,
): boolean {
  const { primaryServer, secondaryServer, database } = desired.logShipping;
  const here = primary?.logShippingPrimary.some(
    (row) =>
      sameName(row.primaryDatabase, database) &&
      row.backupJob !== null &&
      row.secondaries.some((one) => sameName(one.secondaryServer, secondaryServer)),
  );
  const there = backup?.logShippingSecondary.some(
    (row) =>
      sameName(row.primaryServer, primaryServer) &&
      sameName(row.database?.secondaryDatabase, database) &&
      row.copyJob !== null &&
      row.restoreJob !== null,
  );
  return here === true && there === true;
}

function followsFact(
  primary: InstanceObservation | undefined,
  backup: InstanceObservation | undefined,
  chat: string,
): AuthorityFacts["follows"] {
  if (primary === undefined || backup === undefined) return "no";
  const copy = databaseOf(primary, chat);
  const [follower, leader] = copy && isRestoring(copy) ? [primary, backup] : [backup, primary];
  const { follows } = followsOf(follower, leader, chat);
  if (!closedBeside(primary, backup, chat)) return follows ? "yes" : "no";
  if (follows) return copy !== undefined && wasPutBack(primary, copy, backup, chat) ? "ahead" : "yes";
  return judgeSecondary(backup, primary, chat).covered ? "no" : "ahead";
}

// The backup served, was put back to where the primary left it, and its log sets hold what it wrote behind that point.
function wasPutBack(
  primary: InstanceObservation,
  serving: DatabaseObservation,
  backup: InstanceObservation,
  chat: string,
): boolean {
  const position = positionOf(backup, chat);
  if (position.kind !== "at" || position.fork === serving.recoveryForkGuid) return false;
  const left = forkCrossing(primary, serving, position.fork, chat) ?? position.lsn;
  return wroteBeyond(backup, position.fork, left, chat);
}

// The backup's copy is RESTORING beside a primary that is ONLINE: it is the one that would be overwritten.
function closedBeside(primary: InstanceObservation, backup: InstanceObservation, chat: string): boolean {
  const [serving, closed] = [databaseOf(primary, chat), databaseOf(backup, chat)];
  return serving !== undefined && isOnline(serving) && closed !== undefined && isRestoring(closed);
}

/** The configuration names where the backup's RESTORING copy stands: this very copy may be given up. */
export function backupGivenUp(backup: InstanceObservation, desired: Desired): boolean {
  const named = desired.pool.acknowledge.backupCopy;
  const position = positionOf(backup, desired.chat);
  if (named === undefined || position.kind !== "at") return false;
  return named.fork === position.fork && compareLsn(named.lsn, position.lsn) === 0;
}

// A tail is "applied" when the other copy's newest log restore is that very set.
function tailFact(
  primary: InstanceObservation | undefined,
  backup: InstanceObservation | undefined,
  chat: string,
): AuthorityFacts["tail"] {
  if (primary === undefined || backup === undefined) return "none";
  const closed = backupCopyOf(backup, chat) === "afterTail" ? backup : primary;
  const other = closed === backup ? primary : backup;
  const copy = closed === backup ? "afterTail" : primaryCopyOf(primary, chat);
  const tail =
    copy === "afterTail" ? ownTail(closed, chat) : copy === "damaged" ? closedByDamagedTail(closed, chat) : undefined;
  if (tail === undefined) return "none";
  return newestRestoredLog(other, chat)?.backupSetUuid === tail.backupSetUuid ? "applied" : "pending";
}

function closedByDamagedTail(instance: InstanceObservation, chat: string): BackupSetRow | undefined {
  return databaseOf(instance, chat)?.state === "RESTORING" ? damagedTail(instance, chat) : undefined;
}

function acknowledgedFact(
  primary: InstanceObservation,
  backup: InstanceObservation | undefined,
  desired: Desired,
): boolean {
  if (backup !== undefined && closedBeside(primary, backup, desired.chat)) return backupGivenUp(backup, desired);
  const acknowledge = desired.pool.acknowledge;
  if (primaryCopyOf(primary, desired.chat) === "damaged") return acknowledge.unreadablePrimary;
  const fork = databaseOf(primary, desired.chat)?.recoveryForkGuid ?? null;
  if (fork === null) return false;
  const named =
    familyFact(primary, backup, desired.chat) === "same" ? acknowledge.privateTail : acknowledge.foreignData;
  return named === fork;
}
