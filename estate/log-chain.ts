/**
 * The way home by log alone: a primary that was closed by its tail, or has begun to follow since, takes the log that the
 * backup wrote meanwhile. No database is copied and none is overwritten. Pure. Source: "Fail over to a log shipping
 * secondary", "Change roles between primary and secondary log shipping servers".
 */
import type { AuthorityFacts } from "./authority-facts";
import { type RemainingLogs, remainingLogs } from "./log-sets";
import type { InstanceObservation, LogFiles, LogSet } from "./observation-types";
import { compareLsn, familyOf, followsOf, ownSetsOf, ownTail, positionOf } from "./relations";

/**
 * The backup's log sets that the primary still lacks, its tail last where it was taken; null when log alone does not lead
 * home: the primary cannot follow, or a link is missing.
 */
export function logChainHome(
  facts: AuthorityFacts,
  primary: InstanceObservation,
  backup: InstanceObservation,
  chat: string,
): RemainingLogs | null {
  const closed = facts.backupCopy === "afterTail";
  // A primary that is RESTORING beside an open backup may be half a restore of the document's way: that is gone on with.
  const may = facts.primaryCopy === "afterTail" || (facts.primaryCopy === "restoring" && closed);
  const position = positionOf(primary, chat);
  if (!may || facts.poolState !== "FailedOver" || position.kind !== "at") return null;
  const chain = remainingLogs(position, setsOf(backup, chat), chat, familyOf(primary, chat));
  if (closed) {
    const end = ownTail(backup, chat)?.lastLsn ?? null;
    return end !== null && compareLsn(chain.reached.lsn, end) === 0 ? chain : null;
  }
  if (!["online", "mirrored"].includes(facts.backupCopy) || !followsOf(primary, backup, chat).follows) return null;
  // Everything that was backed up is there; what was not yet is the tail's.
  const end = backup.databases.find((row) => row.name.toLowerCase() === chat.toLowerCase())?.lastLogBackupLsn ?? null;
  return end !== null && compareLsn(chain.reached.lsn, end) >= 0 ? chain : null;
}

// msdb knows them exactly, and where they lie; whether they still do is read at `up`, before the first change.
function setsOf(backup: InstanceObservation, chat: string): LogFiles {
  const sets = ownSetsOf(backup, chat).flatMap((set): LogSet[] => {
    const { physicalDeviceName: file, familyGuid, firstLsn, lastLsn, serverName } = set;
    const { firstRecoveryForkGuid, lastRecoveryForkGuid: recoveryForkGuid } = set;
    if (set.type !== "L" || set.isCopyOnly || file === null || familyGuid === null) return [];
    if (firstLsn === null || lastLsn === null || firstRecoveryForkGuid === null || recoveryForkGuid === null) return [];
    return [
      {
        file,
        backupSetUuid: set.backupSetUuid,
        backupType: 2,
        databaseName: set.databaseName,
        serverName: serverName ?? "",
        familyGuid,
        firstRecoveryForkGuid,
        recoveryForkGuid,
        firstLsn,
        lastLsn,
        isDamaged: set.isDamaged,
        isForceOffline: set.isForceOffline,
        finishDate: set.finishDate,
      },
    ];
  });
  return { sets, unreadable: [] };
}
