/** How old the last log file of each job may be, and which is older: late shipping is drift although no setting changed. Pure. */
import type { LogShippingPrimaryRow, LogShippingSecondaryRow } from "./observation-types";
import type { PlanContext } from "./plan-context";

/** One of the three jobs that did not come to its end for longer than its threshold, or never. */
export interface Lateness {
  readonly what: "backup" | "copy" | "restore";
  /** Minutes since its last file, by the server's own clock; null when there was none yet. */
  readonly ageMinutes: number | null;
  readonly thresholdMinutes: number;
  /** Its last file; null when there was none yet. */
  readonly file: string | null;
  /** When that was, by the server's own clock. */
  readonly last: string | null;
}

/** What is late, in the order backup, copy, restore; nothing of a part that is not registered. */
export function latenessOf(
  mine: LogShippingPrimaryRow | undefined,
  theirs: LogShippingSecondaryRow | undefined,
  { desired }: Pick<PlanContext, "desired">,
): readonly Lateness[] {
  const { backupThresholdMinutes, restoreThresholdMinutes, restoreDelayMinutes } = desired.logShipping;
  const monitor = theirs?.monitor;
  const backup: Lateness = {
    what: "backup",
    ageMinutes: mine?.lastBackupAgeMinutes ?? null,
    thresholdMinutes: backupThresholdMinutes,
    file: mine?.lastBackupFile ?? null,
    last: mine?.lastBackupDate ?? null,
  };
  const copy: Lateness = {
    what: "copy",
    ageMinutes: monitor?.lastCopiedAgeMinutes ?? null,
    thresholdMinutes: restoreThresholdMinutes,
    file: theirs?.lastCopiedFile ?? null,
    last: theirs?.lastCopiedDate ?? null,
  };
  const restore: Lateness = {
    what: "restore",
    ageMinutes: monitor?.lastRestoredAgeMinutes ?? null,
    // A delay that was asked for is not lateness.
    thresholdMinutes: restoreThresholdMinutes + restoreDelayMinutes,
    file: theirs?.database?.lastRestoredFile ?? null,
    last: theirs?.database?.lastRestoredDate ?? null,
  };
  return [...(mine === undefined ? [] : [backup]), ...(theirs === undefined ? [] : [copy, restore])].filter((one) =>
    isLate(one, restoreDelayMinutes),
  );
}

/** In words: `last copy older than its threshold of 45 minutes`, or `no copy so far`. */
export function latenessText({ what, ageMinutes, thresholdMinutes }: Lateness): string {
  if (ageMinutes === null) return `no ${what} so far`;
  return `last ${what} older than its threshold of ${String(thresholdMinutes)} minutes`;
}

// With a delay the first restore is still to come for so long: no reason to run the jobs again and again.
function isLate({ what, ageMinutes, thresholdMinutes }: Lateness, delayMinutes: number): boolean {
  if (ageMinutes === null) return what !== "restore" || delayMinutes === 0;
  return ageMinutes > thresholdMinutes;
}
