/**
 * Relations between copies of the chat database, from what SQL Server recorded: families, recovery forks, LSNs and sets.
 * LSNs of different families or forks are never compared, and no clock is.
 */
import { contentDifferences } from "./content-differences";
import type {
  BackupSetRow,
  ChannelFingerprint,
  ContentFingerprint,
  DatabaseFile,
  DatabaseObservation,
  Guid,
  InstanceObservation,
  LogWriteCounter,
  Lsn,
  RestoreHistoryRow,
} from "./observation-types";

/** Order of two LSNs of one fork: negative, zero or positive, as for Array.sort. */
export function compareLsn(left: Lsn, right: Lsn): number {
  const [a, b] = [BigInt(left), BigInt(right)];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** True when both names mean the same server or database: SQL Server compares them without case here. */
export function sameName(left: string | null | undefined, right: string | null | undefined): boolean {
  return typeof left === "string" && typeof right === "string" && left.toLowerCase() === right.toLowerCase();
}

/** The instance's row of a database; undefined when it does not exist there. */
export function databaseOf(
  instance: Pick<InstanceObservation, "databases">,
  name: string,
): DatabaseObservation | undefined {
  return instance.databases.find((database) => sameName(database.name, name));
}

/** Files of a database by sys.master_files. */
export function filesOf(instance: InstanceObservation, database: string): readonly DatabaseFile[] {
  return instance.files.filter((file) => sameName(file.database, database));
}

/** Restores into a database, newest first. */
export function restoresOf(instance: InstanceObservation, database: string): readonly RestoreHistoryRow[] {
  return instance.restoreHistory
    .filter((row) => sameName(row.destinationDatabase, database))
    .sort((left, right) => right.restoreHistoryId - left.restoreHistoryId);
}

/** The newest log set that was restored upon the copy's present base; one below its newest full restore says nothing of it. */
export function newestRestoredLog(instance: InstanceObservation, database: string): BackupSetRow | undefined {
  const newest = restoresOf(instance, database).find((row) => row.restoreType === "L" || row.restoreType === "D");
  return newest?.restoreType === "L" ? newest.backupSet : undefined;
}

/** Sets that this very instance took of a database, newest first; those restored from elsewhere are left out. */
export function ownSetsOf(instance: InstanceObservation, database: string): readonly BackupSetRow[] {
  return instance.backupSets.filter(
    (set) => sameName(set.databaseName, database) && sameName(set.serverName, instance.server.serverName),
  );
}

/** ONLINE and readable as a database of its own; a STANDBY secondary is still a secondary (row 37). */
export function isOnline(database: DatabaseObservation): boolean {
  return database.state === "ONLINE" && !database.isInStandby;
}

/** RESTORING, or the readable form of it. */
export function isRestoring(database: DatabaseObservation): boolean {
  return database.state === "RESTORING" || database.isInStandby;
}

/** Nothing can write: RESTORING, OFFLINE or read-only. RESTRICTED_USER is no fence, owners and sysadmins pass it (923). */
export function isFenced(database: DatabaseObservation): boolean {
  return isRestoring(database) || database.state === "OFFLINE" || database.isReadOnly;
}

/** Family of the copy; while RESTORING the catalogue may say NULL, then its newest restore tells. Null = not known. */
export function familyOf(instance: InstanceObservation, database: string): Guid | null {
  const row = databaseOf(instance, database);
  if (row === undefined) return null;
  if (row.familyGuid !== null || isOnline(row)) return row.familyGuid;
  return restoresOf(instance, database)[0]?.backupSet.familyGuid ?? null;
}

/** Where roll forward goes on in a RESTORING copy. */
export type Position =
  | { readonly kind: "at"; readonly fork: Guid; readonly lsn: Lsn }
  /** redo_start_lsn is NULL: a restore was cut, only a full restore helps. */
  | { readonly kind: "incomplete" }
  /** sys.master_files showed no row: the login lacks VIEW ANY DEFINITION. */
  | { readonly kind: "unknown" };

/** Position of a copy: the smallest redo start over its data files. */
export function positionOf(instance: InstanceObservation, database: string): Position {
  const data = filesOf(instance, database).filter((file) => file.type === "ROWS");
  if (data.length === 0) return { kind: "unknown" };
  let least: { fork: Guid; lsn: Lsn } | undefined;
  for (const file of data) {
    if (file.redoStartLsn === null || file.redoStartForkGuid === null) return { kind: "incomplete" };
    if (least === undefined || compareLsn(file.redoStartLsn, least.lsn) < 0) {
      least = { fork: file.redoStartForkGuid, lsn: file.redoStartLsn };
    }
  }
  return least === undefined ? { kind: "unknown" } : { kind: "at", ...least };
}

/** Lower bound of the end of the log of an ONLINE copy on its present fork; null when nothing is known. */
export function reachOf(instance: InstanceObservation, database: string): { fork: Guid; lsn: Lsn } | null {
  const row = databaseOf(instance, database);
  if (row === undefined || row.recoveryForkGuid === null) return null;
  const fork = row.recoveryForkGuid;
  const known = ownSetsOf(instance, database)
    .filter((set) => set.lastRecoveryForkGuid === fork)
    .map((set) => set.lastLsn)
    .concat(row.lastLogBackupLsn)
    .filter((lsn) => lsn !== null);
  const lsn = known.sort(compareLsn).at(-1);
  return lsn === undefined ? null : { fork, lsn };
}

/** Whether a RESTORING copy can take the other's next log backup, and why (not). */
export interface Following {
  readonly follows: boolean;
  readonly reason: string;
}

/**
 * Whether `follower` (RESTORING) can be rolled forward with logs of `leader` (ONLINE): same family, on a fork that the
 * leader's next log set starts on, and no log missing between its position and the leader's last log backup. A hole
 * that is older than the backup sets that were read is not held against it: log shipping's own ages will tell.
 */
export function followsOf(follower: InstanceObservation, leader: InstanceObservation, database: string): Following {
  const leading = databaseOf(leader, database);
  const position = positionOf(follower, database);
  if (leading === undefined || !isOnline(leading)) return no("the leading copy is not online");
  if (position.kind !== "at") return no("the restore of the following copy was never finished");
  if (!sameFamily(follower, leader, database)) return no("the copies are not known to be of one family");
  if (position.fork !== leading.recoveryForkGuid) {
    const crossing = forkCrossing(leader, leading, position.fork, database);
    if (crossing === undefined) {
      return no(`the copies are on recovery forks ${position.fork} and ${leading.recoveryForkGuid ?? "not known"}`);
    }
    if (crossing !== null && compareLsn(position.lsn, crossing) > 0) {
      return no("the following copy is past the fork point");
    }
  }
  if (leading.lastLogBackupLsn === null) return no("the leading copy cannot take log backups before a full backup");
  if (compareLsn(position.lsn, leading.lastLogBackupLsn) >= 0) return { follows: true, reason: "no log in between" };
  return closesGap(leader, position.lsn, leading.lastLogBackupLsn, database);
}

/** Families equal and both known. */
export function sameFamily(left: InstanceObservation, right: InstanceObservation, database: string): boolean {
  const family = familyOf(left, database);
  return family !== null && family === familyOf(right, database);
}

/** Both copies have been ONLINE on different forks of one family; the fork point known, or null when they have not. */
export function partedAt(
  left: InstanceObservation,
  right: InstanceObservation,
  database: string,
): { readonly lsn: Lsn | null } | null {
  const [a, b] = [databaseOf(left, database), databaseOf(right, database)];
  if (a === undefined || b === undefined || !isOnline(a) || !isOnline(b)) return null;
  if (!sameFamily(left, right, database) || a.recoveryForkGuid === b.recoveryForkGuid) return null;
  const points = [
    a.forkPointLsn,
    b.forkPointLsn,
    ...[...ownSetsOf(left, database), ...ownSetsOf(right, database)].map((set) => set.forkPointLsn),
  ].filter((lsn) => lsn !== null);
  return { lsn: points.sort(compareLsn)[0] ?? null };
}

/** The set of `source` that the copy's newest full restore came from: same uuid in both msdbs; undefined when it did not. */
export function restoredFrom(
  copy: InstanceObservation,
  source: InstanceObservation,
  database: string,
): BackupSetRow | undefined {
  const restored = restoresOf(copy, database).find((row) => row.restoreType === "D")?.backupSet;
  if (restored === undefined || !sameName(restored.serverName, source.server.serverName)) return undefined;
  return ownSetsOf(source, database).find((set) => set.backupSetUuid === restored.backupSetUuid);
}

/** Newest full set that the instance itself took and that is whole. */
export function newestFullSet(instance: InstanceObservation, database: string): BackupSetRow | undefined {
  return ownSetsOf(instance, database).find((set) => set.type === "D" && !isSalvage(set));
}

/** Newest own tail (BACKUP LOG … WITH NORECOVERY), if it is the newest log set of the copy. */
export function ownTail(instance: InstanceObservation, database: string): BackupSetRow | undefined {
  const newest = ownSetsOf(instance, database).find((set) => set.type === "L");
  return newest?.isForceOffline ? newest : undefined;
}

/**
 * The tail that a damaged copy was closed by: NO_TRUNCATE makes it a copy-only set. Log alone never leads such a copy back:
 * what its log would be applied to is damaged.
 */
export function damagedTail(instance: InstanceObservation, database: string): BackupSetRow | undefined {
  const tail = ownTail(instance, database);
  return tail?.isCopyOnly ? tail : undefined;
}

/**
 * What a full set's description says of the fence it was taken under: bytes written to the log file since the instance
 * started. Nothing was written since while both still stand; on a read-only database neither checkpoint nor reader writes.
 */
export function fenceEvidence(counter: LogWriteCounter): string {
  return `[fence ${counter.bytesWritten} ${counter.serverStartTime}]`;
}

/** Nothing was written to the log file between the two looks, and the instance was not restarted. */
export function sameCounter(one: LogWriteCounter | null, other: LogWriteCounter | null): boolean {
  return one !== null && other !== null && fenceEvidence(one) === fenceEvidence(other);
}

/** False when the set's description names a fence that does not hold any more; true when it holds or none is named. */
export function fenceStillHolds(set: BackupSetRow, counter: LogWriteCounter | null): boolean {
  const named = /\[fence [^\]]*\]$/.exec(set.description ?? "")?.[0];
  return named === undefined || (counter !== null && named === fenceEvidence(counter));
}

/**
 * Newest full set of the chat database that was taken under the fence that still holds: read-only then and now, on the
 * present recovery fork, whole, with checksums. By set and LSN, never by clocks. Undefined while the copy is not fenced.
 */
export function fencedSetOf(
  instance: InstanceObservation,
  database: string,
  copyOnly: boolean,
): BackupSetRow | undefined {
  const copy = databaseOf(instance, database);
  if (copy === undefined || !isOnline(copy) || !copy.isReadOnly) return undefined;
  return ownSetsOf(instance, database).find(
    (set) =>
      set.type === "D" &&
      set.isReadOnly &&
      set.hasBackupChecksums &&
      !set.isDamaged &&
      set.isCopyOnly === copyOnly &&
      set.lastRecoveryForkGuid === copy.recoveryForkGuid &&
      set.familyGuid === copy.familyGuid &&
      set.physicalDeviceName !== null &&
      fenceStillHolds(set, instance.logWrites),
  );
}

/** Words in a description that mark a set as the salvage of a copy that will be given up. */
export const salvageMark = "pchat-dr salvage";

function isSalvage(set: BackupSetRow): boolean {
  return set.isCopyOnly && (set.description ?? "").startsWith(salvageMark);
}

/**
 * The COPY_ONLY full set that saves what would be given up, all of it: of the present fork, taken while the copy was
 * read-only, and not written to since by its own fence evidence. Undefined when there is none; whether its file is still
 * there msdb does not know.
 */
export function salvageOf(instance: InstanceObservation, database: string): BackupSetRow | undefined {
  const copy = databaseOf(instance, database);
  const { logWrites } = instance;
  if (copy === undefined || !copy.isReadOnly || copy.recoveryForkGuid === null || logWrites === null) return undefined;
  return ownSetsOf(instance, database).find(
    (set) =>
      set.type === "D" &&
      isSalvage(set) &&
      set.isReadOnly &&
      set.lastRecoveryForkGuid === copy.recoveryForkGuid &&
      set.hasBackupChecksums &&
      !set.isDamaged &&
      (set.description ?? "").endsWith(fenceEvidence(logWrites)),
  );
}

/** How the contents of two copies relate. `unknown` when one of them could not be read. */
export type Comparison = "equal" | "primaryMore" | "backupMore" | "bothMore" | "unknown";

/**
 * Compares two fingerprints: equal without any difference, else by which of them lacks nothing that the other has, as far as
 * counts and sums tell. Before a copy is given up by this, its messages are read one by one (messages-up-to.ts).
 */
export function compareContents(primary: ContentFingerprint | null, backup: ContentFingerprint | null): Comparison {
  if (primary === null || backup === null) return "unknown";
  if (contentDifferences(primary, backup).length === 0) return "equal";
  const primaryHolds = holdsAll(primary, backup);
  const backupHolds = holdsAll(backup, primary);
  if (primaryHolds === backupHolds) return "bothMore";
  return primaryHolds ? "primaryMore" : "backupMore";
}

/** Channels in which two contents differ, for the message that says which rooms. */
export function differingChannels(left: ContentFingerprint, right: ContentFingerprint): readonly number[] {
  const ids = contentDifferences(left, right).flatMap(({ channelId }) => (channelId === null ? [] : [channelId]));
  return [...new Set(ids)];
}

// tblNode of a database that Topology Builder has just made holds the root category.
const nodesOfEmptyDatabase = 1;

/** True for mgc as Topology Builder leaves it: no message, no room. */
export function isEmptyContent(content: ContentFingerprint): boolean {
  return (
    content.channels.every((channel) => BigInt(channel.count) === 0n) &&
    content.lastChatIds === 0 &&
    content.nodes <= nodesOfEmptyDatabase
  );
}

/** Chat servers write to this copy now: sessions of the pool's machines in it, or a ping that moved between two reads. */
export function isLive(instance: InstanceObservation, database: string, machines: readonly string[]): boolean {
  return poolSessions(instance, database, machines).length > 0 || (instance.content?.pings ?? []).some((p) => p.moved);
}

/** Sessions of the pool's machines in a database, by host name or first label of it. */
export function poolSessions(
  instance: Pick<InstanceObservation, "sessions">,
  database: string,
  machines: readonly string[],
) {
  const hosts = new Set(machines.flatMap((machine) => [machine.toLowerCase(), firstLabel(machine)]));
  return instance.sessions.filter(
    (session) => sameName(session.database, database) && hosts.has(session.hostName.trim().toLowerCase()),
  );
}

function firstLabel(machine: string): string {
  return (machine.split(".")[0] ?? machine).toLowerCase();
}

function no(reason: string): Following {
  return { follows: false, reason };
}

/**
 * Where the leader left a fork for its present one: by the catalogue until its next log backup, then by that set's header.
 * Null when the point is not known, undefined when it never was on that fork as far as can be read.
 */
export function forkCrossing(
  leader: InstanceObservation,
  leading: DatabaseObservation,
  fork: Guid,
  database: string,
): Lsn | null | undefined {
  if (leading.firstRecoveryForkGuid === fork) return leading.forkPointLsn;
  const set = ownSetsOf(leader, database).find(
    (one) =>
      one.type === "L" && one.firstRecoveryForkGuid === fork && one.lastRecoveryForkGuid === leading.recoveryForkGuid,
  );
  return set === undefined ? undefined : set.forkPointLsn;
}

function closesGap(leader: InstanceObservation, from: Lsn, to: Lsn, database: string): Following {
  const logs = ownSetsOf(leader, database).filter((set) => set.type === "L" && !set.isCopyOnly);
  const covering = logs.flatMap((set) =>
    set.firstLsn !== null && set.lastLsn !== null ? [{ first: set.firstLsn, last: set.lastLsn }] : [],
  );
  const oldest = covering.map((set) => set.first).sort(compareLsn)[0];
  if (oldest === undefined || compareLsn(oldest, from) > 0) {
    return { follows: true, reason: `log sets before ${oldest ?? to} were not read` };
  }
  let at = from;
  for (let moved = true; moved && compareLsn(at, to) < 0;) {
    const next = covering.filter((set) => compareLsn(set.first, at) <= 0 && compareLsn(set.last, at) > 0);
    moved = next.length > 0;
    for (const set of next) if (compareLsn(set.last, at) > 0) at = set.last;
  }
  return compareLsn(at, to) >= 0
    ? { follows: true, reason: `log sets close ${from} to ${to}` }
    : no(`no log set goes on at ${at}; the leader's last log backup ends at ${to}`);
}

function holdsAll(holder: ContentFingerprint, other: ContentFingerprint): boolean {
  const channels = new Map(holder.channels.map((channel) => [channel.channelId, channel]));
  const rooms = other.channels.every((theirs) => {
    const ours = channels.get(theirs.channelId);
    if (ours === undefined) return BigInt(theirs.count) === 0n;
    // The same messages by their ids, with other text: each holds what the other does not.
    if (sameIds(ours, theirs) && ours.sumBytes !== theirs.sumBytes) return false;
    return (["count", "maxChatId", "sumChatId", "sumBytes"] as const).every(
      (key) => BigInt(ours[key]) >= BigInt(theirs[key]),
    );
  });
  const tables = Object.entries(other.tableRows).every(([table, rows]) => (holder.tableRows[table] ?? 0) >= rows);
  const revision = BigInt(holder.systemRevision ?? "0") >= BigInt(other.systemRevision ?? "0");
  return rooms && tables && revision;
}

function sameIds(left: ChannelFingerprint, right: ChannelFingerprint): boolean {
  return (["count", "minChatId", "maxChatId", "sumChatId"] as const).every((key) => left[key] === right[key]);
}
