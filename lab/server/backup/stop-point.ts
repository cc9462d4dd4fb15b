/**
 * Where a restore stops before the end of its log: STOPAT, STOPATMARK, STOPBEFOREMARK.
 * Source: "RESTORE Statements - Arguments (Transact-SQL)", point_in_time_WITH_options; "Recover to a Log Sequence Number";
 * "Recovery of Related Databases That Contain Marked Transaction". Transactions of one database follow one another in the
 * lab's log: every stop lies between two of them.
 */
import type { Message } from "../../tsql/results";
import { readImage, type CommitImage, type LogRecord } from "../log-records";
import { backupErrors, backupMessages } from "./errors";
import type { BackupSetHeader } from "./header";
import type { RestoreJob } from "./restore-job";

/** Where to stop. Times are milliseconds since 1970 of the local clock of the server that wrote the log. */
export type StopPoint =
  | { readonly kind: "time"; readonly at: number }
  /** The first mark of that name, at or after a time when one is given. */
  | { readonly kind: "mark"; readonly name: string; readonly isExcluded: boolean; readonly after?: number }
  /** `name` as written: "lsn:…". An undefined LSN is none (4334). */
  | { readonly kind: "lsn"; readonly name: string; readonly isExcluded: boolean; readonly lsn: bigint | undefined };

/** How far a log set is applied. */
export interface Reach {
  /** LSN of the first record that is not applied. */
  readonly end: bigint;
  /** The stop point is in the set, or there is none. */
  readonly isReached: boolean;
}

/** Finds the stop point in the records of a log set, given in their order. */
export class StopFinder {
  readonly #stop: StopPoint;
  readonly #from: bigint;
  /** First record of the transaction in hand. */
  #begin: bigint | undefined;
  #end: bigint | undefined;
  /** The last transaction to be applied has ended: the next record is the end. */
  #isLast = false;

  /** @param from the position: earlier records were applied before */
  constructor(stop: StopPoint, from: bigint) {
    this.#stop = stop;
    this.#from = from;
  }

  /** Looks at the next records; answers whether the end is known. */
  look(records: readonly LogRecord[]): boolean {
    for (const record of records) {
      if (record.lsn < this.#from || this.#end !== undefined) continue;
      this.#begin ??= record.lsn;
      if (this.#isLast) this.#end = record.lsn;
      if (this.#end !== undefined || record.operation !== "LOP_COMMIT_XACT") continue;
      const verdict = this.#verdict(record);
      if (verdict === "leave") this.#end = this.#begin;
      this.#isLast = verdict === "last";
      this.#begin = undefined;
    }
    return this.#end !== undefined;
  }

  reach({ lastLsn, backupStartDate }: BackupSetHeader): Reach {
    const stop = this.#stop;
    const last = BigInt(lastLsn);
    if (this.#end !== undefined) return { end: this.#end, isReached: true };
    // Nothing was written between the last transaction and the backup: the set reaches until then.
    const within =
      (stop.kind === "time" && stop.at < backupStartDate) || (stop.kind === "lsn" && (stop.lsn ?? last) < last);
    return { end: last, isReached: this.#isLast || within };
  }

  /** Whether a transaction is applied, applied as the last one, or left out. */
  #verdict({ lsn, image }: LogRecord): "take" | "last" | "leave" {
    const stop = this.#stop;
    const commit = image === null ? undefined : readImage<CommitImage>(image);
    switch (stop.kind) {
      case "time":
        return commit !== undefined && commit.time > stop.at ? "leave" : "take";
      case "mark":
        // Names of transactions compare with case ("BEGIN TRANSACTION").
        if (commit?.mark !== stop.name || (stop.after !== undefined && commit.time < stop.after)) return "take";
        return stop.isExcluded ? "leave" : "last";
      case "lsn":
        return lsn > (stop.lsn ?? lsn) || (stop.isExcluded && lsn === stop.lsn) ? "leave" : "take";
    }
  }
}

/** RESTORE LOG: 4334 no LSN, 4335 a time and (assumed) 4338 an LSN that the database has passed. */
export function refuseLogStop(stop: StopPoint, position: { readonly lsn: bigint; readonly time?: number }): void {
  if (stop.kind === "time" && position.time !== undefined && stop.at < position.time) throw backupErrors.stopPassed();
  if (stop.kind !== "lsn") return;
  if (stop.lsn === undefined) throw backupErrors.noLsn();
  if (stop.lsn < position.lsn) throw backupErrors.stopTooEarly();
}

/** RESTORE DATABASE: 4340 a mark's name, 4334 no LSN, 4338 a point before the data set. */
export function refuseDataStop(stop: StopPoint, header: BackupSetHeader): void {
  if (stop.kind === "mark") throw backupErrors.stopOfLogOnly();
  if (stop.kind === "lsn" && stop.lsn === undefined) throw backupErrors.noLsn();
  const early = stop.kind === "time" ? stop.at < header.backupStartDate : (stop.lsn ?? 0n) < BigInt(header.firstLsn);
  if (early) throw backupErrors.stopTooEarly();
}

/**
 * A data set is always restored whole ("…even if it contains the target time"): throws 4343 when the stop point is in it,
 * else tells that the database waits for the log that holds it.
 */
export function tellDataStop({ header, request }: RestoreJob, stop: StopPoint): void {
  const within =
    (stop.kind === "time" && stop.at < header.backupFinishDate) ||
    (stop.kind === "lsn" && (stop.lsn ?? 0n) < BigInt(header.lastLsn));
  if (within) throw backupErrors.rolledBeyondStop();
  request.requester.message(notReached(stop));
}

/** 4322 for a time, 4329 for a mark or an LSN. */
export function notReached(stop: StopPoint): Pick<Message, "number" | "state" | "class" | "text"> {
  return stop.kind === "time" ? backupMessages.beforeTime() : backupMessages.beforeMark();
}
