/**
 * What clients saw, outside of every database: one JSON line for each message that a client was told is stored, or was
 * told is not, and for each start and stop of the clients. Downtime and losses are measured from it.
 */
import { appendFileSync } from "node:fs";
import type { Downtime, StoredMessage } from "../control-commands";
import { wholeLines } from "../line-file";
import { DowntimeRecord } from "./downtime";

/** A line. Times are ISO 8601, UTC. */
export type LedgerEntry =
  | { readonly kind: "stored"; readonly time: string; readonly message: StoredMessage }
  | { readonly kind: "refused"; readonly time: string; readonly pool: string; readonly reason: string }
  | { readonly kind: "clients"; readonly time: string; readonly state: "started" | "stopped" };

export class Ledger {
  readonly #path: string;
  readonly #messages: StoredMessage[] = [];
  readonly #downtime = new Map<string, DowntimeRecord>();
  #lastTime: number | undefined;
  #clientsRun = false;

  /** Goes on with the ledger that is there, without a last line that a kill cut off. */
  constructor(path: string) {
    this.#path = path;
    for (const line of wholeLines(path)) this.#take(JSON.parse(line) as LedgerEntry);
  }

  get messages(): readonly StoredMessage[] {
    return this.#messages;
  }

  /** Times without chat so far, of all pools; open ones are measured up to `now`, milliseconds since 1970. */
  downtime(now: number): Downtime[] {
    return [...this.#downtime.values()].flatMap((record) => record.intervals(now));
  }

  /** Writes a line down at once: what a client was told must be there after a crash. */
  record(entry: LedgerEntry): void {
    appendFileSync(this.#path, `${JSON.stringify(entry)}\n`);
    this.#take(entry);
  }

  #take(entry: LedgerEntry): void {
    const time = Date.parse(entry.time);
    switch (entry.kind) {
      case "stored":
        this.#messages.push(entry.message);
        this.#of(entry.message.pool).stored(time);
        break;
      case "refused":
        this.#of(entry.pool).refused(time, entry.reason);
        break;
      case "clients": {
        // Clients that start while they run were killed: nobody knows anything of the time since their last message.
        const paused = entry.state === "stopped" ? time : (this.#lastTime ?? time);
        if (this.#clientsRun) for (const record of this.#downtime.values()) record.paused(paused);
        this.#clientsRun = entry.state === "started";
      }
    }
    this.#lastTime = time;
  }

  #of(pool: string): DowntimeRecord {
    const found = this.#downtime.get(pool) ?? new DowntimeRecord(pool);
    this.#downtime.set(pool, found);
    return found;
  }
}
