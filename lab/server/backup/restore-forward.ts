/** Sets that roll a copy forward, log and differential: in one transaction of its file, so that one that was cut off can be restored again. */
import type { Database } from "../database";
import type { RedoPoint } from "../storage/registry";
import type { DatabaseStore } from "../storage/store";
import { applyDifference } from "./difference";
import type { RestoreOutcome } from "./history";
import { recordsOf } from "./log-stream";
import { pagesOf, type Piece } from "./media-reader";
import { finish, pointOf, settle } from "./recovery";
import { keepGoing, outcome, type RestoreJob, verificationOf } from "./restore-job";
import { tellDataStop } from "./stop-point";

/**
 * Applies the pieces of a set. Answers the bytes by kind of piece.
 * @param reached the point where the copy stands after the last piece; kept with the rows
 */
export async function rollForward(
  job: RestoreJob,
  database: Database,
  apply: (store: DatabaseStore, piece: Piece) => void,
  reached: () => RedoPoint,
): Promise<Readonly<Record<Piece["kind"], number>>> {
  const { request, reader, progress, core } = job;
  const position = request.file ?? 1;
  const total = reader.bytesOf(position);
  const bytes = { DATA: 0, DIFF: 0, LOGR: 0 };
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
  store.keepRedo(reached());
  return bytes;
}

/** RESTORE DATABASE from a differential set, on the copy of its base. */
export async function restoreDifference(job: RestoreJob, database: Database): Promise<RestoreOutcome> {
  const { header, request } = job;
  database.busy = "RESTORE DATABASE";
  try {
    const point = pointOf(header, { end: BigInt(header.lastLsn), time: header.backupFinishDate });
    const apply = (store: DatabaseStore, { kind, payload }: Piece): void => {
      if (kind === "DIFF") applyDifference(store, payload, BigInt(point.lsn));
      else for (const record of recordsOf(payload)) store.rollForward.apply(record);
    };
    const bytes = await rollForward(job, database, apply, () => point);
    settle(database, point);
    const asked = request.recovery ?? "RECOVERY";
    // A data set alone never reaches a stop point: that is in a log set.
    const recovery = request.stop === undefined ? asked : "NORECOVERY";
    finish(database, recovery, request.restrictedUser === true);
    if (request.stop !== undefined) tellDataStop(job, request.stop);
    return outcome(job, recovery, database, "I", [pagesOf(bytes.DIFF), Math.max(1, pagesOf(bytes.LOGR))]);
  } finally {
    database.busy = undefined;
  }
}
