/**
 * Log backups that lie in files, ordered by what their headers say and never by their names: what a RESTORING copy can
 * still be given, in which order, and where the chain breaks. Pure. Source: "Apply Transaction Log Backups (SQL Server)",
 * "Log Sequence Numbers and Restore Planning".
 */
import type { Guid, LogFiles, LogSet, Lsn, UnreadableLogFile } from "./observation-types";
import { compareLsn } from "./relations";

/** Where a copy stands: the fork and the LSN at which roll forward goes on. */
export interface ForkPosition {
  readonly fork: Guid;
  readonly lsn: Lsn;
}

/** What can still be applied. */
export interface RemainingLogs {
  /** In the order in which they are to be restored. */
  readonly apply: readonly LogSet[];
  /** Where the copy will stand then. */
  readonly reached: ForkPosition;
  /** Log that no file holds, before later sets of the same fork; null when there is no hole. */
  readonly gap: { readonly from: Lsn; readonly to: Lsn } | null;
  /** Sets of this family on a fork that the copy never was on. */
  readonly foreign: readonly LogSet[];
  /** Sets of this family that met damage when they were taken (is_damaged): never applied. */
  readonly damaged: readonly LogSet[];
  readonly unreadable: readonly UnreadableLogFile[];
}

/**
 * The sets that follow a position, one after the other: the next is one that starts on the present fork at or before the
 * position and ends behind it; of several the one that reaches farthest.
 * @param database name of the chat database; sets of others are left out
 * @param family its family_guid; null when it is not known
 */
export function remainingLogs(
  position: ForkPosition,
  files: LogFiles,
  database: string,
  family: Guid | null,
): RemainingLogs {
  const ours = files.sets.filter(
    (set) =>
      set.backupType === 2 &&
      set.databaseName.toLowerCase() === database.toLowerCase() &&
      (family === null || set.familyGuid === family),
  );
  const usable = ours.filter((set) => !set.isDamaged);
  const apply: LogSet[] = [];
  let reached = position;
  for (;;) {
    const next = nextSet(usable, reached);
    if (next === undefined) break;
    apply.push(next);
    reached = { fork: next.recoveryForkGuid, lsn: next.lastLsn };
  }
  const later = usable.filter(
    (set) => set.firstRecoveryForkGuid === reached.fork && compareLsn(set.firstLsn, reached.lsn) > 0,
  );
  const earliest = later.map((set) => set.firstLsn).sort(compareLsn)[0];
  return {
    apply,
    reached,
    gap: earliest === undefined ? null : { from: reached.lsn, to: earliest },
    foreign: usable.filter((set) => !forksOf(position, apply).has(set.firstRecoveryForkGuid)),
    damaged: ours.filter((set) => set.isDamaged && compareLsn(set.lastLsn, reached.lsn) > 0),
    unreadable: files.unreadable,
  };
}

function nextSet(sets: readonly LogSet[], { fork, lsn }: ForkPosition): LogSet | undefined {
  return sets
    .filter(
      (set) =>
        set.firstRecoveryForkGuid === fork && compareLsn(set.firstLsn, lsn) <= 0 && compareLsn(set.lastLsn, lsn) > 0,
    )
    .sort((left, right) => compareLsn(right.lastLsn, left.lastLsn))[0];
}

function forksOf(position: ForkPosition, apply: readonly LogSet[]): ReadonlySet<Guid> {
  return new Set([position.fork, ...apply.flatMap((set) => [set.firstRecoveryForkGuid, set.recoveryForkGuid])]);
}
