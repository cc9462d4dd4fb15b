/** Sets that roll a copy forward: RESTORE LOG, and RESTORE DATABASE from a differential set. */
import type { Database } from "../database";
import type { DatabaseStore } from "../storage/store";
import { applyDifference } from "./difference";
import type { RestoreOutcome } from "./history";
import { recordsOf } from "./log-stream";
import { pagesOf, type Piece } from "./media-reader";
import { positionOf, refuseLogSet } from "./restore-checks";
import { endOf, finish, keepGoing, outcome, type RestoreJob, settle, verificationOf } from "./restore-job";

/** RESTORE LOG. */
export async function restoreLog(job: RestoreJob, database: Database): Promise<RestoreOutcome> {
  refuseLogSet(database, job.header, job.request.devices[0] ?? "");
  const reached = positionOf(database);
  const applied = (store: DatabaseStore, { payload }: Piece): void => {
    for (const record of recordsOf(payload)) if (record.lsn >= reached.lsn) store.rollForward.apply(record);
  };
  const [, pages] = await rollForward(job, database, applied);
  return outcome(job, database, "L", [0, Math.max(1, pages)]);
}

/**
 * Rolls a copy forward by the pieces of a set, in one transaction of its file: a set that was cut off can be restored
 * again. Answers the pages of rows and of log.
 */
async function rollForward(
  job: RestoreJob,
  database: Database,
  apply: (store: DatabaseStore, piece: Piece) => void,
): Promise<readonly [data: number, log: number]> {
  const { request, reader, progress, core, header } = job;
  const position = request.file ?? 1;
  const total = reader.bytesOf(position);
  const bytes = { DATA: 0, DIFF: 0, LOGR: 0 };
  database.busy = header.backupType === 2 ? "RESTORE LOG" : "RESTORE DATABASE";
  try {
    const store = database.openStore();
    store.beginRedo();
    try {
      for await (const piece of reader.pieces(position, verificationOf(job))) {
        keepGoing(job);
        apply(store, piece);
        bytes[piece.kind] += piece.payload.length;
        progress.moved(bytes.DIFF + bytes.LOGR, total, request.stats, request.requester);
        await core.environment.transferred?.(piece.payload.length);
        keepGoing(job);
      }
    } catch (error) {
      if (database.hasStore) store.undoRedo();
      throw error;
    }
    store.keepRedo(endOf(job));
    settle(job, database);
    finish(database, request.recovery ?? "RECOVERY", request.restrictedUser === true);
    return [pagesOf(bytes.DIFF), pagesOf(bytes.LOGR)];
  } finally {
    database.busy = undefined;
  }
}

/** A differential set on the copy of its base: applied whole or not at all. */
export async function restoreDifference(job: RestoreJob, database: Database): Promise<RestoreOutcome> {
  const [pages, logPages] = await rollForward(job, database, (store, { kind, payload }) => {
    if (kind === "DIFF") applyDifference(store, payload, endOf(job).lsn);
    else for (const record of recordsOf(payload)) store.rollForward.apply(record);
  });
  return outcome(job, database, "I", [pages, Math.max(1, logPages)]);
}
