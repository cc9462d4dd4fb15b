/**
 * What a failover loses, as far as it can be known beforehand: the last record that can be recovered against the last that
 * is known of, as positions in the log and as a window of time. A number of messages cannot be known. Pure.
 */
import type { FailoverContext } from "./failover-context";
import type { ForkPosition } from "./log-sets";
import type { Lsn } from "./observation-types";
import { compareLsn, newestRestoredLog, reachOf, restoresOf } from "./relations";

/** The statement before a failover. */
export interface Loss {
  /** Only where the primary is closed first, or is seen closed behind the tail that was, or will be, applied. */
  readonly nothing: boolean;
  /** Where the backup's copy will stand. */
  readonly recovered: ForkPosition | null;
  /** End of the last backup that is applied, ISO 8601 in UTC; null when the server's time zone is not known. */
  readonly recoveredUntil: string | null;
  /** The last log of the primary that is known of, on the same fork; null when nothing is. */
  readonly knownUntil: Lsn | null;
  /**
   * Minutes between `recoveredUntil` and the outage, at least 1; null when either is not known, or the outage does not lie
   * behind: the one is the primary's clock, the other that of whoever says so.
   */
  readonly windowMinutes: number | null;
  readonly text: string;
}

/**
 * @param now the present moment, for a window whose end nobody has named
 * @param settled a damaged primary was asked for its tail already: what it gave is counted, and nothing more is hoped for
 */
export function lossOf(context: FailoverContext, now: Date, settled = false): Loss {
  const { position, remaining, tail, closesPrimary, savesTail, primaryName, desired } = context;
  const recovered = remaining?.reached ?? position;
  const seenClosed = tail !== undefined && recovered !== null && tail.lastLsn === recovered.lsn;
  if (closesPrimary || seenClosed) {
    const text = closesPrimary
      ? "nothing is lost: the primary is closed by its tail-log backup, which is applied before the backup opens"
      : `nothing is lost: the backup stands at LSN ${recovered?.lsn ?? "?"}, the end of the primary's tail`;
    return {
      nothing: true,
      recovered,
      recoveredUntil: null,
      knownUntil: recovered?.lsn ?? null,
      windowMinutes: 0,
      text,
    };
  }
  const recoveredUntil = recoveredTime(context);
  const knownUntil = knownReach(context, recovered);
  const until = desired.outageSince ?? now.toISOString();
  const windowMinutes = recoveredUntil === null ? null : minutesBetween(recoveredUntil, until);
  const counted = desired.outageSince === null ? "now" : `the outage at ${until}`;
  const text = [
    ...(endsWithTail(context)
      ? [`nothing is lost if ${primaryName} was not opened again after its tail, which is the last log that is applied`]
      : []),
    `what ${primaryName} wrote after LSN ${recovered?.lsn ?? "?"} of fork ${recovered?.fork ?? "?"} is lost${savesTail && !settled ? " unless its tail can still be taken (P3)" : ""}`,
    recoveredUntil === null
      ? "the time of that record is not known"
      : `its last log backup that can be applied ended ${recoveredUntil}, ${
          windowMinutes === null
            ? `which is not before ${counted}: clocks differ, and for how long messages are lost cannot be told`
            : `so up to ${windowMinutes === 1 ? "1 minute" : `${String(windowMinutes)} minutes`} of messages, counted to ${counted}`
        }`,
    ...(knownUntil !== null && recovered !== null && compareLsn(knownUntil, recovered.lsn) > 0
      ? [`log up to LSN ${knownUntil} is known of and cannot be applied`]
      : []),
    ...(remaining?.gap ? [`the log between LSN ${remaining.gap.from} and ${remaining.gap.to} is in no file`] : []),
  ].join("; ");
  return { nothing: false, recovered, recoveredUntil, knownUntil, windowMinutes, text };
}

// A tail closes the copy until somebody opens it again (RESTORE … WITH RECOVERY), as giving a planned move up does: its header
// and the history of restores say nothing of what was written since.
function endsWithTail({ backup, desired, remaining }: FailoverContext): boolean {
  const last = remaining?.apply.at(-1) ?? (backup && newestRestoredLog(backup, desired.chat));
  return last?.isForceOffline === true;
}

// Never 0: that would be a promise, and only a tail makes it.
function minutesBetween(from: string, until: string): number | null {
  const minutes = Math.ceil((Date.parse(until) - Date.parse(from)) / 60_000);
  return minutes > 0 ? minutes : null;
}

// The end of a backup by the clock that took it: the primary's own clock and its distance to UTC stand in its backup sets.
function recoveredTime({ backup, desired, remaining }: FailoverContext): string | null {
  if (backup === undefined) return null;
  const restored = restoresOf(backup, desired.chat)[0]?.backupSet;
  const quarters = restored?.timeZone ?? null;
  const local = remaining?.apply.at(-1)?.finishDate ?? restored?.finishDate;
  // msdb.dbo.backupset: 127 is "unknown".
  if (local === undefined || quarters === null || quarters === 127) return null;
  const utc = new Date(Date.parse(`${local.slice(0, 19)}Z`) - quarters * 15 * 60_000);
  return `${utc.toISOString().slice(0, 19)}Z`;
}

function knownReach({ primary, desired, remaining }: FailoverContext, recovered: ForkPosition | null): Lsn | null {
  if (recovered === null) return null;
  const own = primary === undefined ? null : reachOf(primary, desired.chat);
  const known = [
    ...(own?.fork === recovered.fork ? [own.lsn] : []),
    ...(remaining?.gap ? [remaining.gap.to] : []),
    recovered.lsn,
  ];
  return known.sort(compareLsn).at(-1) ?? null;
}
