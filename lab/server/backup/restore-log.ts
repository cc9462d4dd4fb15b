/** RESTORE LOG: a log set, whole or up to the point where the restore stops. */
import type { Database } from "../database";
import { readImage, type CommitImage, type LogRecord } from "../log-records";
import { lsnText } from "../log-sequence-number";
import type { RedoPoint } from "../storage/registry";
import type { DatabaseStore } from "../storage/store";
import { backupErrors } from "./errors";
import type { RestoreOutcome } from "./history";
import { recordsOf } from "./log-stream";
import { pagesOf, type Piece } from "./media-reader";
import { finish, pointOf, settle } from "./recovery";
import { positionOf, refuseLogSet } from "./restore-checks";
import { rollForward } from "./restore-forward";
import { keepGoing, outcome, type RestoreJob, verificationOf } from "./restore-job";
import { notReached, type Reach, refuseLogStop, StopFinder } from "./stop-point";

/** Rolls the database forward and leaves it as asked, or RESTORING when the set does not reach the stop point. */
export async function restoreLog(job: RestoreJob, database: Database): Promise<RestoreOutcome> {
  const { header, request } = job;
  const asked = request.recovery ?? "RECOVERY";
  const what = refuseLogSet(database, header, request.devices[0] ?? "", asked);
  const { lsn, ...rest } = positionOf(database);
  let time = rest.time;
  database.busy = "RESTORE LOG";
  try {
    const reach = await reachOf(job, database);
    const apply = (store: DatabaseStore, { payload }: Piece): void => {
      const records = recordsOf(payload).filter((record) => record.lsn >= lsn && record.lsn < reach.end);
      for (const record of records) store.rollForward.apply(record);
      time = lastCommit(records) ?? time;
    };
    const reached = (): RedoPoint =>
      what === "apply" ? pointOf(header, { end: reach.end, time }) : { ...rest, lsn: lsnText(lsn) };
    const bytes = await rollForward(job, database, apply, reached);
    if (what === "apply") settle(database, reached());
    const recovery = reach.isReached ? asked : "NORECOVERY";
    finish(database, recovery, request.restrictedUser === true);
    if (request.stop !== undefined && !reach.isReached) request.requester.message(notReached(request.stop));
    return outcome(job, recovery, database, "L", [0, Math.max(1, pagesOf(bytes.LOGR))]);
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
