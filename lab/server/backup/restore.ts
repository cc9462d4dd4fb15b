/** RESTORE DATABASE and RESTORE LOG with FROM: "RESTORE Statements (Transact-SQL)". */
import { open } from "node:fs/promises";
import { SqlError } from "../../tsql/errors";
import { Database } from "../database";
import { requireCertificate } from "../encryption";
import { type InstanceCore, writeLogFile } from "../instance-core";
import { lsnOrNull, toRecord } from "../log-manager";
import { DataFile, PAGE_BYTES } from "../storage/data-file";
import { MODEL_OPTIONS, type DatabaseFile } from "../storage/definitions";
import { newGuid } from "../storage/guid";
import type { RedoPoint } from "../storage/registry";
import { DatabaseStore } from "../storage/store";
import { windowsErrorOf } from "./device";
import { backupErrors } from "./errors";
import type { BackupSetHeader } from "./header";
import type { RestoreOutcome } from "./history";
import { recordsOf } from "./log-stream";
import { MediaReader, pagesOf } from "./media-reader";
import type { Progress } from "./progress";
import { finish, pointOf, settle } from "./recovery";
import type { RestoreRequest } from "./request";
import { refuseDataSet, refuseNewerVersion, refuseTargetDatabase, positionOf } from "./restore-checks";
import { restoreDifference } from "./restore-forward";
import { keepGoing, outcome, type RestoreJob, terminating, verificationOf } from "./restore-job";
import { restoreLog } from "./restore-log";
import { SteadyWriter } from "./steady-writer";
import { planFiles } from "./restore-plan";
import { refuseDataStop, tellDataStop } from "./stop-point";

type Kind = "database" | "log";

/** Restores one set. Failures before the first page leave the database as it was; later ones leave it RESTORING. */
export async function restore(
  core: InstanceCore,
  kind: Kind,
  request: RestoreRequest,
  progress: Progress,
): Promise<RestoreOutcome> {
  const statement = kind === "log" ? "RESTORE LOG" : "RESTORE DATABASE";
  return terminating(statement, async () => {
    const existing = core.database(request.database);
    if (kind === "log") refuseLogTarget(existing, request.database);
    refuseTargetDatabase(existing, request.database, request, statement);
    if (
      existing !== undefined &&
      existing.id <= 4 &&
      kind === "database" &&
      existing.name !== "msdb" &&
      existing.name !== "model"
    )
      throw backupErrors.inUse();
    const reader = await MediaReader.open(core, request.devices, true);
    try {
      const { header } = reader.set(request.file ?? 1);
      refuseNewerVersion(core, header);
      requireCertificate(core, header.protectorThumbprint);
      if (request.checksum === true && !header.hasBackupChecksums) throw backupErrors.noChecksums();
      const job: RestoreJob = { core, request, progress, reader, header, began: Date.now() };
      return kind === "log" ? await restoreLog(job, existing as Database) : await restoreData(job, existing);
    } finally {
      await reader.close();
    }
  });
}

function refuseLogTarget(database: Database | undefined, name: string): void {
  if (database === undefined) throw backupErrors.databaseAbsent(name);
  if (database.mirroringSession !== undefined) throw backupErrors.mirrored(name);
  positionOf(database);
}

// Data sets ------------------------------------------------------------------------------------------------------------

async function restoreData(job: RestoreJob, existing: Database | undefined): Promise<RestoreOutcome> {
  const { core, request, header } = job;
  refuseDataSet(existing, header, request);
  if (request.stop !== undefined) refuseDataStop(request.stop, header);
  if (header.backupType === 5 && existing !== undefined) return restoreDifference(job, existing);
  const files = planFiles(core, request, header, existing);
  keepGoing(job);
  const database = existing ?? newDatabase(core, request, header, files);
  database.busy = "RESTORE DATABASE";
  try {
    // From here on the old content is gone: whatever happens next, only a full restore helps.
    database.detach();
    const old = database.files;
    database.change({
      state: "RESTORING",
      redo: null,
      standby: null,
      files,
      familyGuid: header.familyGuid,
      recovery: null,
      damagedPages: header.damagedPages ?? [],
    });
    database.removeFiles(old.filter((file) => !files.some((one) => sameFile(one, file))));
    for (const file of files) if (file.type === "LOG") writeLogFile(core, file);
    const pages = await writePages(job, database, files);
    const point = pointOf(header, { end: BigInt(header.lastLsn), time: header.backupFinishDate });
    const logPages = await openRestored(job, database, point);
    settle(database, point);
    const asked = request.recovery ?? "RECOVERY";
    // A data set alone never reaches a stop point: that is in a log set.
    const recovery = request.stop === undefined ? asked : "NORECOVERY";
    finish(database, recovery, request.restrictedUser === true);
    if (request.stop !== undefined) tellDataStop(job, request.stop);
    return outcome(job, recovery, database, "D", [pages, logPages]);
  } finally {
    database.busy = undefined;
  }
}

function newDatabase(
  core: InstanceCore,
  request: RestoreRequest,
  header: BackupSetHeader,
  files: readonly DatabaseFile[],
): Database {
  const database = new Database(core, {
    id: core.nextDatabaseId(),
    name: request.database,
    state: "RESTORING",
    standby: null,
    createDate: core.localTime(),
    ownerSid: header.ownerSid,
    databaseGuid: newGuid(),
    files,
    options: MODEL_OPTIONS,
    redo: null,
    familyGuid: header.familyGuid,
    recovery: null,
    mirroring: null,
  });
  core.add(database);
  return database;
}

function sameFile(one: DatabaseFile, other: DatabaseFile): boolean {
  return one.type === other.type && one.physicalName.toLowerCase() === other.physicalName.toLowerCase();
}

async function writePages(job: RestoreJob, database: Database, files: readonly DatabaseFile[]): Promise<number> {
  const { reader, request, progress, core } = job;
  const position = request.file ?? 1;
  const total = reader.bytesOf(position);
  const path = database.dataPath();
  const target = files.find((file) => file.type === "ROWS")?.physicalName ?? path;
  // An existing file is written over, as its pages are: that is faster than to make it anew.
  const handle = await open(path, DataFile.prepareToOverwrite(path) ? "r+" : "w");
  const writer = new SteadyWriter(handle);
  let [done, pages, end] = [0, 0, 0];
  try {
    for await (const piece of reader.pieces(position, verificationOf(job))) {
      keepGoing(job);
      if (piece.kind === "DATA") {
        await writer.write(piece.payload, piece.firstPage * PAGE_BYTES);
        pages += pagesOf(piece.payload.length);
        end = Math.max(end, piece.firstPage * PAGE_BYTES + piece.payload.length);
        database.counters.wroteData(piece.payload.length);
      }
      done += piece.payload.length;
      progress.moved(done, total, request.stats, request.requester);
      await core.environment.transferred?.(piece.payload.length);
      keepGoing(job);
    }
    await handle.truncate(end);
    await writer.end();
    return pages;
  } catch (error) {
    if (error instanceof SqlError) throw error;
    throw backupErrors.write(target, windowsErrorOf(error).text);
  } finally {
    await handle.close();
  }
}

/** Opens the restored file and rolls the set's own log forward. */
async function openRestored(job: RestoreJob, database: Database, point: RedoPoint): Promise<number> {
  const store = openPages(database);
  try {
    let bytes = 0;
    store.beginRedo();
    try {
      for await (const piece of job.reader.pieces(job.request.file ?? 1, verificationOf(job), ["LOGR"])) {
        keepGoing(job);
        bytes += piece.payload.length;
        for (const record of recordsOf(piece.payload)) store.rollForward.apply(record);
      }
    } catch (error) {
      store.undoRedo();
      throw error;
    }
    store.keepRedo(point);
    database.change({ recovery: recoveryAfterData(job.header) });
    database.attach(store);
    return Math.max(1, pagesOf(bytes));
  } catch (error) {
    if (!database.hasStore) store.close();
    throw error;
  }
}

function openPages(database: Database): DatabaseStore {
  try {
    return DatabaseStore.open(database.dataPath());
  } catch (error) {
    // Pages taken without checksums may be damaged without anyone knowing until now.
    database.instance.errorLog(3189, `Restored pages of database ${database.name} cannot be read: ${String(error)}`);
    throw backupErrors.damage();
  }
}

function recoveryAfterData(header: BackupSetHeader): ReturnType<typeof toRecord> {
  const full = header.backupType === 1 && !header.isCopyOnly;
  return toRecord({
    familyGuid: header.familyGuid,
    recoveryForkGuid: header.recoveryForkId,
    firstRecoveryForkGuid: header.recoveryForkId,
    forkPointLsn: null,
    lastLogBackupLsn: BigInt(header.lastLsn),
    databaseBackupLsn: BigInt(full ? header.checkpointLsn : header.databaseBackupLsn),
    differentialBaseLsn: full ? BigInt(header.checkpointLsn) : lsnOrNull(header.differentialBaseLsn),
    differentialBaseGuid: full ? header.backupSetGuid : header.differentialBaseGuid,
    beginsLogChain: false,
    checkpointLsn: BigInt(header.checkpointLsn),
    hasBulkLoggedData: false,
  });
}
