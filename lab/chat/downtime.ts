/** Times without chat, as clients saw them. */
import type { Downtime } from "../control-commands";

interface Gap {
  readonly from: number;
  to: number | undefined;
  refused: number;
  reason: string;
}

/** Collects the gaps of one pool. Times are milliseconds since 1970. */
export class DowntimeRecord {
  readonly #pool: string;
  readonly #gaps: Gap[] = [];
  #lastStored: number | undefined;

  constructor(pool: string) {
    this.#pool = pool;
  }

  stored(time: number): void {
    this.#lastStored = time;
    const gap = this.#gaps.at(-1);
    if (gap !== undefined) gap.to ??= time;
  }

  refused(time: number, reason: string): void {
    let gap = this.#gaps.at(-1);
    if (gap === undefined || gap.to !== undefined) {
      gap = { from: this.#lastStored ?? time, to: undefined, refused: 0, reason };
      this.#gaps.push(gap);
    }
    gap.refused += 1;
    gap.reason = reason;
  }

  /** The clients stopped: an open gap is known up to here, and what follows begins anew. */
  paused(time: number): void {
    const gap = this.#gaps.at(-1);
    if (gap !== undefined) gap.to ??= time;
    this.#lastStored = undefined;
  }

  /** Gaps so far, the open one measured up to `now`. */
  intervals(now: number): Downtime[] {
    return this.#gaps.map(({ from, to, refused, reason }) => ({
      pool: this.#pool,
      from: new Date(from).toISOString(),
      to: to === undefined ? null : new Date(to).toISOString(),
      seconds: ((to ?? now) - from) / 1000,
      refused,
      reason,
    }));
  }
}
