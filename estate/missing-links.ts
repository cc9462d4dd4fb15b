/**
 * Links of the primary's log chain that log shipping does not know of: log backups that somebody else took. Its restore job
 * would stop in front of each (4305). Pure.
 */
import { liesIn } from "./plan-restore";
import type { BackupSetRow, InstanceObservation } from "./observation-types";
import type { DesiredLogShipping } from "./desired";
import { compareLsn, databaseOf, ownSetsOf, positionOf } from "./relations";

/**
 * Log backups of `primary` that lie outside of log shipping's folder and that the RESTORING copy on `secondary` has not
 * had yet, oldest first. COPY_ONLY ones are no links.
 */
export function missingLinks(
  primary: InstanceObservation,
  secondary: InstanceObservation,
  shipping: DesiredLogShipping,
): readonly BackupSetRow[] {
  const position = positionOf(secondary, shipping.database);
  const fork = databaseOf(primary, shipping.database)?.recoveryForkGuid ?? null;
  if (position.kind !== "at" || fork === null) return [];
  const known = [shipping.backupDirectory, shipping.share];
  return ownSetsOf(primary, shipping.database)
    .filter(
      (set) =>
        set.type === "L" &&
        !set.isCopyOnly &&
        set.lastRecoveryForkGuid === fork &&
        set.lastLsn !== null &&
        compareLsn(set.lastLsn, position.lsn) > 0 &&
        !known.some((folder) => liesIn(set.physicalDeviceName, folder)),
    )
    .sort((left, right) => compareLsn(left.lastLsn ?? "0", right.lastLsn ?? "0"));
}
