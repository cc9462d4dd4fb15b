/** Waiting for the estate to come round to what was asked of it. */
import { setTimeout as delay } from "node:timers/promises";

/** Bounds of a wait. */
export interface WaitOptions {
  /** Seconds until it is given up. */
  readonly limitSeconds: number;
  /** Milliseconds between two looks; 500 unless given. */
  readonly interval?: number;
}

/**
 * Looks until `holds` is satisfied or the limit has passed; answers the last look together with whether it was.
 * At least one look is taken.
 */
export async function waitFor<Seen>(
  look: () => Promise<Seen>,
  holds: (seen: Seen) => boolean,
  options: WaitOptions,
): Promise<{ readonly seen: Seen; readonly satisfied: boolean }> {
  const deadline = performance.now() + options.limitSeconds * 1000;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return { seen, satisfied: true };
    if (performance.now() >= deadline) return { seen, satisfied: false };
    await delay(options.interval ?? 500);
  }
}
