/** Whether a backup set may be restored on a database as it stands: rules of RESTORE and of recovery paths. */
import type { Database } from "../database";
import type { InstanceCore } from "../instance-core";
import { lsnText } from "../log-sequence-number";
import { databaseVersion } from "./backup-header";
import { backupErrors } from "./errors";
import type { BackupSetHeader } from "./header";
import type { RestoreRequest } from "./request";
import type { Recovery } from "./restore-job";
import type { RedoPoint } from "../storage/registry";

/** Before any media is opened. Throws 3104, 3059, 3102, 3101. */
export function refuseTargetDatabase(
  database: Database | undefined,
  name: string,
  request: Pick<RestoreRequest, "requester">,
  statement: string,
): void {
  if (request.requester.currentDatabase.toLowerCase() === name.toLowerCase() && database !== undefined)
    throw backupErrors.usedBySession("RESTORE", name);
  if (database === undefined) return;
  if (database.mirroringSession !== undefined) throw backupErrors.mirrored(name);
  requireUnused(database, request.requester.sessionId, statement);
}

/** 3101 while anyone is in the database, writes in it, or backs it up or restores it. */
export function requireUnused(database: Database, sessionId: number, statement: string): void {
  const others = database.instance.environment.sessionsIn(database).filter((id) => id !== sessionId);
  const busy = database.busy !== undefined && database.busy !== statement;
  if (others.length > 0 || busy || database.writerOwner !== undefined || database.log.isBackingUp)
    throw backupErrors.inUse();
}

/** 3169 for a set of a newer version. */
export function refuseNewerVersion(core: InstanceCore, header: BackupSetHeader): void {
  const { version } = core.environment;
  if (header.databaseVersion <= databaseVersion(version.major)) return;
  const text = (major: number, minor: number, build: number): string =>
    `${String(major)}.${String(minor).padStart(2, "0")}.${String(build)}`;
  throw backupErrors.newerVersion(
    text(header.softwareVersionMajor, header.softwareVersionMinor, header.softwareVersionBuild),
    text(version.major, version.minor, version.build),
  );
}

/** RESTORE DATABASE of a full or differential set. Throws 3135, 3154, 3159, 3117, 3136. */
export function refuseDataSet(database: Database | undefined, header: BackupSetHeader, request: RestoreRequest): void {
  if (header.backupType === 2) throw backupErrors.otherKind(request.devices[0] ?? "", "BACKUP LOG", "RESTORE DATABASE");
  if (header.backupType === 5) {
    if (database === undefined) throw backupErrors.notReadyToRollForward();
    const reached = positionOf(database);
    // Only on its base, and not on a copy that has gone beyond its end already.
    const isBase = database.log.status.differentialBaseGuid === header.differentialBaseGuid;
    if (!isBase || reached.lsn > BigInt(header.lastLsn)) throw backupErrors.differentialState();
    return;
  }
  if (database === undefined || request.replace === true) return;
  if (database.familyGuid !== null && database.familyGuid !== header.familyGuid)
    throw backupErrors.otherDatabase(database.name);
  const logged = database.options.recoveryModel !== "SIMPLE" && (database.recovery?.lastLogBackupLsn ?? null) !== null;
  // REPLACE or a stop point says that the log which is not backed up may be lost (3159).
  if (database.state === "ONLINE" && !database.isInStandby && logged && request.stop === undefined)
    throw backupErrors.tailNotBackedUp(database.name);
}

/**
 * RESTORE LOG at the position where the roll forward stands. Answers "apply", or "nothing" for a set that ends just
 * there (assumed: no page says what becomes of it). Throws 3135, 3117, 4319, 3154, 4305, 4318, 4326, 4330.
 */
export function refuseLogSet(
  database: Database,
  header: BackupSetHeader,
  device: string,
  recovery: Recovery,
): "apply" | "nothing" {
  if (header.backupType !== 2) throw backupErrors.otherKind(device, "BACKUP DATABASE", "RESTORE LOG");
  const redo = positionOf(database);
  if (database.familyGuid !== header.familyGuid) throw backupErrors.otherDatabase(database.name);
  const first = BigInt(header.firstLsn);
  const last = BigInt(header.lastLsn);
  if (first > redo.lsn) throw backupErrors.tooRecent(header.firstLsn, lsnText(redo.lsn));
  if (last < redo.lsn) {
    // Assumed, by 4318's text: a log of the time of the data backup itself fits, but cannot end the restore.
    if (redo.dataFrom === undefined || last < BigInt(redo.dataFrom))
      throw backupErrors.tooEarly(header.lastLsn, lsnText(redo.lsn));
    if (recovery !== "NORECOVERY")
      throw backupErrors.forwardOfLog(database.files[0]?.name ?? "", lsnText(redo.lsn), header.lastLsn);
  }
  // On the path: already on the set's last fork, or on its first one and not beyond the point where it was left.
  const onLast = redo.fork === header.recoveryForkId;
  const forkPoint = header.forkPointLsn === null ? null : BigInt(header.forkPointLsn);
  const onFirst = redo.fork === header.firstRecoveryForkId && (forkPoint === null || redo.lsn <= forkPoint);
  if (!onLast && !onFirst) throw backupErrors.otherPath();
  return last < redo.lsn || (last === redo.lsn && onLast) ? "nothing" : "apply";
}

/** Where the roll forward goes on. Throws 3117 when recovered, 4319 when a restore was interrupted. */
export function positionOf(database: Database): Omit<RedoPoint, "lsn"> & { readonly lsn: bigint } {
  const { redo, state } = database.record;
  if (state !== "RESTORING" && !database.isInStandby) throw backupErrors.notReadyToRollForward();
  if (redo === null || !database.hasStore) throw backupErrors.interruptedRestore();
  return { ...redo, lsn: BigInt(redo.lsn) };
}
