/** RESTORE LOG: a log set, whole or up to the point where the restore stops. */
import type { Database } from "../database";
import { readImage, type CommitImage, type LogRecord } from "../log-records";
import { backupErrors } from "./errors";
import type { RestoreOutcome } from "./history";
import { recordsOf } from "./log-stream";
import { pagesOf } from "./media-reader";
import { finish, settle } from "./recovery";
import { positionOf, refuseLogSet } from "./restore-checks";
import { keepGoing, outcome, type RestoreJob, verificationOf } from "./restore-job";
import { notReached, type Reach, refuseLogStop, StopFinder } from "./stop-point";

/** Rolls the database forward and leaves it as asked, or RESTORING when the set does not reach the stop point. */
export async function restoreLog(job: RestoreJob, database: Database): Promise<RestoreOutcome> {
  const { header, request, reader, progress } = job;
  const asked = request.recovery ?? "RECOVERY";
  const what = refuseLogSet(database, header, request.devices[0] ?? "", asked);
  const from = positionOf(database);
  const position = request.file ?? 1;
  const total = reader.bytesOf(position);
  let bytes = 0;
  let time = from.time;
  database.busy = "RESTORE LOG";
  try {
    const reach = await reachOf(job, database);
    const store = database.openStore();
    store.beginRedo();
    try {
      for await (const piece of reader.pieces(position, verificationOf(job))) {
        keepGoing(job);
        const records = recordsOf(piece.payload).filter(({ lsn }) => lsn >= from.lsn && lsn < reach.end);
        store.redo(records);
        time = lastCommit(records) ?? time;
        bytes += piece.payload.length;
        progress.moved(bytes, total, request.stats, request.requester);
        await job.core.environment.transferred?.(piece.payload.length);
        keepGoing(job);
      }
    } catch (error) {
      // A log set is applied whole or not at all: the same set can be restored again.
      if (database.hasStore) store.endRedo(false, from.lsn);
      throw error;
    }
    store.endRedo(true, what === "apply" ? reach.end : from.lsn);
    if (what === "apply") settle(database, header, { end: reach.end, ...(time === undefined ? {} : { time }) });
    const recovery = reach.isReached ? asked : "NORECOVERY";
    finish(database, recovery, request.restrictedUser === true);
    if (request.stop !== undefined && !reach.isReached) request.requester.message(notReached(request.stop));
    return outcome(job, recovery, database, "L", [0, Math.max(1, pagesOf(bytes))]);
  } finally {
    database.busy = undefined;
  }
}

/** How far the set is applied: its whole log is read once to find the stop point. Throws 4334, 4335, 4338, 4341. */
async function reachOf(job: RestoreJob, database: Database): Promise<Reach> {
  const { header, request, reader } = job;
  const last = BigInt(header.lastLsn);
  if (request.stop === undefined) return { end: last, isReached: true };
  const from = positionOf(database);
  refuseLogStop(request.stop, from);
  const finder = new StopFinder(request.stop, from.lsn);
  for await (const piece of reader.pieces(request.file ?? 1, verificationOf(job))) {
    keepGoing(job);
    if (finder.look(recordsOf(piece.payload))) break;
  }
  const reach = finder.reach(header);
  if (reach.isReached && header.hasBulkLoggedData) throw backupErrors.bulkLoggedStop();
  return reach;
}

/** Time of the last commit among records; undefined when there is none. */
function lastCommit(records: readonly LogRecord[]): number | undefined {
  const commit = records.findLast((record) => record.operation === "LOP_COMMIT_XACT" && record.image !== null);
  return commit?.image == null ? undefined : readImage<CommitImage>(commit.image).time;
}
