/** BACKUP DATABASE and BACKUP LOG: "BACKUP (Transact-SQL)". */
import { type FileHandle, open } from "node:fs/promises";
import { SqlError } from "../../tsql/errors";
import type { Database } from "../database";
import type { InstanceCore } from "../instance-core";
import { lsnText } from "../log-sequence-number";
import { mirroringErrors } from "../mirroring/errors";
import { PAGE_BYTES, type Snapshot } from "../storage/data-file";
import { storageErrors } from "../storage/errors";
import type { RecordChange } from "../storage/registry";
import { fileEntries, startHeader } from "./backup-header";
import { windowsErrorOf } from "./device";
import { differencePayloads } from "./difference";
import { backupErrors, backupMessages } from "./errors";
import type { BackupSetHeader } from "./header";
import type { BackupOutcome, MediaHistory } from "./history";
import { logPayloads } from "./log-stream";
import { PIECE_PAGES } from "./media";
import { pagesOf } from "./media-reader";
import { afterRefusal, MediaWriter } from "./media-writer";
import type { Progress } from "./progress";
import { type PieceRead, readAhead } from "./read-ahead";
import type { BackupRequest } from "./request";
import { makeUndoFile } from "./undo-file";

const MOST_DEVICES = 64;
const MOST_CHARACTERS = 259;
/** Bytes that BLOCKSIZE may be. */
const LEAST_BLOCK = 512;
const MOST_BLOCK = 65_536;

/** Takes the backup. Every failure leaves the database as it was and ends with 3013. */
export async function backup(core: InstanceCore, request: BackupRequest, progress: Progress): Promise<BackupOutcome> {
  const statement = request.kind === "log" ? "BACKUP LOG" : "BACKUP DATABASE";
  try {
    refuseDevices(request, statement);
    const database = core.require(request.database);
    refuseState(database, request);
    return request.kind === "log"
      ? await backupLog(database, request, progress)
      : await backupDatabase(database, request, progress);
  } catch (error) {
    const terminating = backupErrors.terminating(statement);
    const cause = afterRefusal(error, terminating);
    if (cause === terminating) throw terminating;
    if (!(cause instanceof SqlError)) throw cause;
    core.errorLog(3041, `BACKUP failed to complete the command ${statement} ${request.database}. ${cause.message}`);
    throw cause.followedBy(terminating);
  }
}

function refuseDevices(request: BackupRequest, statement: string): void {
  if (request.devices.length === 0) throw backupErrors.noDevice(statement);
  if (request.devices.length > MOST_DEVICES) throw backupErrors.tooManyDevices();
  for (const device of request.devices) {
    if (device === "") throw backupErrors.invalidDeviceName();
    if (device.length > MOST_CHARACTERS) throw backupErrors.deviceNameTooLong(MOST_CHARACTERS);
  }
  const size = request.blockSize;
  if (size === undefined) return;
  if (size < LEAST_BLOCK || size > MOST_BLOCK) throw backupErrors.outOfRange(size, "BLOCKSIZE");
  if ((size & (size - 1)) !== 0) throw backupErrors.blockSizePower();
}

function refuseState(database: Database, request: BackupRequest): void {
  const { name } = database;
  if (database.mirroring?.role === "MIRROR")
    throw database.instance.environment.version.major < 11 ? storageErrors.mirror(name) : backupErrors.onMirror();
  if (database.isInStandby) throw backupErrors.standby(name);
  if (database.state === "EMERGENCY") throw backupErrors.emergency();
  const damaged = database.state === "SUSPECT" && request.noTruncate === true && database.hasStore;
  if (!damaged) database.assertUsable();
}

// Full and differential ------------------------------------------------------------------------------------------------

async function backupDatabase(database: Database, request: BackupRequest, progress: Progress): Promise<BackupOutcome> {
  const { log } = database;
  if (request.differential === true && log.status.differentialBaseLsn === null)
    throw backupErrors.noDifferentialBase(database.name);
  if (log.isBackingUp) throw backupErrors.serialized();
  const release = log.holdForBackup();
  let taken: Taken | undefined;
  try {
    // A transaction that began before the log was kept must end first: its records would be missing.
    await writerGone(database, request);
    log.checkpoint();
    if (request.differential === true) return await writeDifference(database, request, progress);
    taken = await takeSnapshot(database, request);
    return await writeData(database, request, progress, taken);
  } finally {
    taken?.snapshot.release();
    release();
  }
}

async function writerGone(database: Database, request: BackupRequest): Promise<void> {
  const { recoveryModel } = database.options;
  const kept = recoveryModel !== "SIMPLE" && database.log.status.lastLogBackupLsn !== null;
  while (!kept && database.writerOwner !== undefined) {
    await database.writerReleased(Infinity, request.requester.signal).catch(() => undefined);
    if (request.requester.signal.aborted) throw backupErrors.aborted();
  }
}

/** Frozen pages and the end of the log at that very moment. */
interface Taken {
  readonly snapshot: Snapshot;
  readonly from: bigint;
}

async function takeSnapshot(database: Database, request: BackupRequest): Promise<Taken> {
  for (;;) {
    const store = database.openStore();
    const snapshot = store.file.snapshot();
    if (snapshot !== undefined) return { snapshot, from: store.endOfLog };
    await new Promise(setImmediate);
    if (request.requester.signal.aborted) throw backupErrors.aborted();
  }
}

/** CHECKSUM reads the checksum of each page. Throws 3043, unless CONTINUE_AFTER_ERROR. */
async function checkPages(database: Database, request: BackupRequest, first: number, count: number): Promise<void> {
  for (const page of database.damagedPages.filter((one) => one >= first && one < first + count)) {
    await database.instance.environment.suspectPage?.(database, page);
    const file = database.files.find(({ type }) => type === "ROWS")?.physicalName ?? "";
    const found = backupErrors.badPage(database.name, page, file);
    if (request.continueAfterError !== true) throw found;
    database.instance.errorLog(found.number, found.message);
  }
}

async function writeData(
  database: Database,
  request: BackupRequest,
  progress: Progress,
  { snapshot, from }: Taken,
): Promise<BackupOutcome> {
  const firstLsn = database.log.status.checkpointLsn;
  return writeSet(database, request, firstLsn, async (writer, keepGoing) => {
    const handle = await open(snapshot.file, "r");
    try {
      let page = 0;
      for await (const bytes of readAhead(pageReads(handle, snapshot.pages))) {
        keepGoing();
        const pages = pagesOf(bytes.length);
        if (request.checksum === true) await checkPages(database, request, page, pages);
        await writer.piece("DATA", page, bytes);
        page += pages;
        progress.moved(page, snapshot.pages, request.stats, request.requester);
        await database.instance.environment.transferred?.(bytes.length);
      }
    } catch (error) {
      if (error instanceof SqlError) throw error;
      throw backupErrors.read(snapshot.file, windowsErrorOf(error).text);
    } finally {
      await handle.close();
    }
    const { end, logPages } = await writeMeanwhile(database, writer, from, keepGoing);
    const damagedPages = database.damagedPages.filter((page) => page < snapshot.pages);
    const isDamaged = request.checksum === true && damagedPages.length > 0;
    if (isDamaged) request.requester.message(backupMessages.damagedSet());
    return {
      lastLsn: end,
      header: { isDamaged, ...(damagedPages.length === 0 ? {} : { damagedPages }) },
      pages: [snapshot.pages, logPages],
      succeeded: (header) => {
        if (header.isCopyOnly) return;
        database.log.fullBackedUp({
          guid: header.backupSetGuid,
          checkpointLsn: BigInt(header.checkpointLsn),
          firstLsn,
        });
      },
    };
  });
}

/** The rows that were changed since the base: what is read does not change while writers go on. */
async function writeDifference(database: Database, request: BackupRequest, progress: Progress): Promise<BackupOutcome> {
  const { checkpointLsn, differentialBaseLsn } = database.log.status;
  const since = differentialBaseLsn ?? 0n;
  const frozen = database.openStore().freeze();
  try {
    return await writeSet(database, request, checkpointLsn, async (writer, keepGoing) => {
      const total = frozen.changes.count(since);
      for (const { payload, ranges } of differencePayloads(frozen, since)) {
        keepGoing();
        await writer.piece("DIFF", 0, payload);
        progress.moved(ranges, total, request.stats, request.requester);
        await database.instance.environment.transferred?.(payload.length);
      }
      const pages = pagesOf(writer.payloadBytes);
      const { end, logPages } = await writeMeanwhile(database, writer, frozen.endOfLog, keepGoing);
      return { lastLsn: end, pages: [pages, logPages], succeeded: () => undefined };
    });
  } finally {
    frozen.release();
  }
}

/** What was committed while data was read belongs to the set, as log. */
async function writeMeanwhile(
  database: Database,
  writer: MediaWriter,
  from: bigint,
  keepGoing: () => void,
): Promise<{ readonly end: bigint; readonly logPages: number }> {
  keepGoing();
  const store = database.openStore();
  const end = store.endOfLog;
  let logPages = 0;
  for (const payload of logPayloads(store, from, end)) {
    keepGoing();
    await writer.piece("LOGR", 0, payload);
    logPages += pagesOf(payload.length);
  }
  return { end, logPages: Math.max(1, logPages) };
}

/** All pages of a data file, in pieces. */
function pageReads(handle: FileHandle, pages: number): PieceRead[] {
  return Array.from({ length: Math.ceil(pages / PIECE_PAGES) }, (_, index) => {
    const first = index * PIECE_PAGES;
    const length = Math.min(PIECE_PAGES, pages - first) * PAGE_BYTES;
    return { handle, position: first * PAGE_BYTES, length };
  });
}

// Log ------------------------------------------------------------------------------------------------------------------

async function backupLog(database: Database, request: BackupRequest, progress: Progress): Promise<BackupOutcome> {
  const { log, name } = database;
  if (database.options.recoveryModel === "SIMPLE") throw backupErrors.simpleModel();
  const from = log.status.lastLogBackupLsn;
  if (from === null) throw backupErrors.noDatabaseBackup();
  const tail = request.noRecovery === true || request.standby !== undefined;
  if (tail) {
    if (database.mirroringSession !== undefined) throw mirroringErrors.involved(name);
    requireExclusive(database, request);
  }
  if (database.busy !== undefined) throw backupErrors.serialized();
  database.busy = tail ? "BACKUP LOG WITH NORECOVERY" : "BACKUP LOG";
  try {
    if (database.isReadOnly) request.requester.message(backupMessages.readOnly(name));
    else log.checkpoint();
    return await writeLog(database, request, progress, from, tail);
  } finally {
    database.busy = undefined;
  }
}

function requireExclusive(database: Database, request: BackupRequest): void {
  if (request.requester.currentDatabase.toLowerCase() === database.name.toLowerCase())
    throw backupErrors.usedBySession("BACKUP LOG", database.name);
  const others = database.instance.environment.sessionsIn(database).filter((id) => id !== request.requester.sessionId);
  if (others.length > 0 || database.writerOwner !== undefined || database.log.isBackingUp) throw backupErrors.inUse();
}

async function writeLog(
  database: Database,
  request: BackupRequest,
  progress: Progress,
  from: bigint,
  tail: boolean,
): Promise<BackupOutcome> {
  return writeSet(database, request, from, async (writer, keepGoing) => {
    const store = database.openStore();
    const end = store.endOfLog;
    const expected = Math.max(1, store.usedBytes);
    for (const payload of logPayloads(store, from, end)) {
      keepGoing();
      await writer.piece("LOGR", 0, payload);
      progress.moved(writer.payloadBytes, Math.max(expected, writer.payloadBytes), request.stats, request.requester);
      await database.instance.environment.transferred?.(payload.length);
    }
    keepGoing();
    return {
      lastLsn: end,
      pages: [Math.max(1, Math.ceil(writer.payloadBytes / PAGE_BYTES))],
      succeeded: (header) => {
        if (request.standby !== undefined) makeUndoFile(database.instance, request.standby);
        const frozen: RecordChange = tail
          ? {
              state: request.standby === undefined ? "RESTORING" : "ONLINE",
              redo: { lsn: lsnText(end), fork: database.log.status.recoveryForkGuid },
              standby: request.standby ?? null,
            }
          : {};
        if (header.isCopyOnly) database.change(frozen);
        else database.log.logBackedUp(end, frozen);
      },
    };
  });
}

// Both -----------------------------------------------------------------------------------------------------------------

interface SetContent {
  readonly lastLsn: bigint;
  /** What the header says of damaged pages. */
  readonly header?: Pick<BackupSetHeader, "isDamaged" | "damagedPages">;
  /** Pages of 8 KiB per file told in 4035: data and log, or log alone. */
  readonly pages: readonly number[];
  /** What changes in the database once the set is complete on the media. */
  readonly succeeded: (header: BackupSetHeader) => void;
}

async function writeSet(
  database: Database,
  request: BackupRequest,
  firstLsn: bigint,
  content: (writer: MediaWriter, keepGoing: () => void) => Promise<SetContent>,
): Promise<BackupOutcome> {
  const core = database.instance;
  const { signal } = request.requester;
  const keepGoing = (): void => {
    if (signal.aborted || core.isStopped || !database.hasStore) throw backupErrors.aborted();
  };
  const began = Date.now();
  const writer = await MediaWriter.open(core, request);
  try {
    keepGoing();
    const start = startHeader(database, request, {
      position: writer.position,
      startDate: core.localTime(),
      compressed: writer.media.compressed,
      firstLsn,
    });
    await writer.begin(start);
    const { lastLsn, header: found, pages, succeeded } = await content(writer, keepGoing);
    const header: BackupSetHeader = {
      ...start,
      ...found,
      lastLsn: lsnText(lastLsn),
      backupSize: writer.payloadBytes,
      compressedBackupSize: writer.storedBytes,
      backupFinishDate: core.localTime(),
      files: fileEntries(database, request.kind === "log" ? 0 : (pages[0] ?? 0) * PAGE_BYTES),
    };
    await writer.end(header);
    keepGoing();
    succeeded(header);
    tell(database, request, header, pages, Date.now() - began);
    return { history: { media: mediaHistory(writer), header, files: header.files } };
  } finally {
    await writer.close();
  }
}

function tell(
  database: Database,
  request: BackupRequest,
  header: BackupSetHeader,
  pages: readonly number[],
  milliseconds: number,
): void {
  const files = request.kind === "log" ? header.files.filter((file) => file.type === "L") : header.files;
  const told = files.filter((file, index) => index === 0 || file.type === "L");
  told.forEach((file, index) => {
    const count = pages[index];
    if (count === undefined) return;
    request.requester.message(backupMessages.processed(count, database.name, file.logicalName, header.position));
  });
  const statement = request.kind === "log" ? "BACKUP LOG" : "BACKUP DATABASE";
  const total = pages.reduce((sum, count) => sum + count, 0);
  request.requester.message(backupMessages.succeeded(statement, total, milliseconds));
}

function mediaHistory(writer: MediaWriter): MediaHistory {
  return {
    mediaSetGuid: writer.media.mediaSetGuid,
    familyCount: writer.media.familyCount,
    name: writer.media.name,
    description: writer.media.description,
    isCompressed: writer.media.compressed,
    families: writer.targets.map(({ header, device }) => ({
      sequence: header.familySequence,
      familyGuid: header.familyGuid,
      physicalDeviceName: device.path,
      deviceType: 2,
    })),
  };
}
