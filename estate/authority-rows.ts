/**
 * The table that decides which copy of the chat database is the truth: rows as data, in their order of evaluation.
 * The first row that matches decides. What matches none is unclear, never a guess.
 */
import type { AuthorityFacts } from "./authority-facts";
import type { AuthorityRow, StepId } from "./authority-types";

const wayHome: readonly StepId[] = ["F0", "F1", "F2", "F2b", "F3", "F4", "F5", "F6", "F7", "F7b", "F8"];
const steady: readonly StepId[] = ["F0", "F5", "F6", "F7", "F7b", "F8"];
const nothing: readonly StepId[] = [];

const normal = (facts: AuthorityFacts): boolean => facts.poolState === "Normal";
const failedOver = (facts: AuthorityFacts): boolean => facts.poolState === "FailedOver";
const primaryOnline = (facts: AuthorityFacts): boolean => facts.primaryCopy === "online";
const backupOnline = (facts: AuthorityFacts): boolean => ["mirrored", "online", "fenced"].includes(facts.backupCopy);
const restored = (facts: AuthorityFacts): boolean => facts.restoredFrom !== "none";
const primaryLive = (facts: AuthorityFacts): boolean => facts.live === "primary" || facts.live === "both";
const primaryHasMore = (facts: AuthorityFacts): boolean => ["primaryMore", "bothMore"].includes(facts.comparison);
const bothOnlineFailedOver = (facts: AuthorityFacts): boolean =>
  primaryOnline(facts) && backupOnline(facts) && failedOver(facts);
const secondary = (facts: AuthorityFacts): boolean =>
  primaryOnline(facts) && facts.backupCopy === "restoring" && normal(facts);
// Nothing proves that the primary holds all that the backup's RESTORING copy holds, and nobody has given that copy up.
const ahead = (facts: AuthorityFacts): boolean =>
  secondary(facts) && facts.follows === "ahead" && facts.acknowledged === "no";
const aheadHint =
  "Find out what the backup holds; nothing saves a RESTORING copy. To keep it, copy its files, or open it (RESTORE DATABASE … WITH RECOVERY). To give it up, set acknowledge.backupCopy to its fork and LSN.";
const privateTail = (facts: AuthorityFacts): boolean =>
  bothOnlineFailedOver(facts) && facts.family === "same" && !restored(facts);
// Nothing on the backup that the primary lacks: everything written there since the fork is in the primary too.
const primaryCoversBackup = (facts: AuthorityFacts): boolean => ["equal", "primaryMore"].includes(facts.comparison);

/** The rows in their order of evaluation: a copy nobody expects, unreachable and damaged first, then wrong pool, both live, mirror, then by number. */
export const authorityRows: readonly AuthorityRow[] = [
  {
    number: 42,
    when: (facts) => facts.primaryCopy === "elsewhere" || facts.backupCopy === "elsewhere",
    outcome: "unclear",
    code: "MIRROR_ONLINE",
    message: "a site's configured mirror has its copy ONLINE, and is not known to be the principal there now",
    hint: "It may have taken over, and hold what no other copy does. If it serves, name it as the site's principal (and the other as its mirror); if not, take its database OFFLINE, then preview again.",
    allows: nothing,
  },
  {
    number: 1,
    when: (facts) => ["silent", "unread"].includes(facts.primaryCopy),
    outcome: "unclear",
    code: "P_UNREACHABLE",
    message: "the primary's instance could not be read",
    hint: "Start the instance or mend its address; while it is down, the pool stays on the backup.",
    allows: nothing,
  },
  {
    number: 2,
    when: (facts) => facts.backupCopy === "silent" && primaryOnline(facts) && normal(facts),
    outcome: "primary",
    message:
      "the pool runs on the primary; the backup's instance could not be read, so log shipping cannot be looked at",
    hint: "Bring the backup's instance back: the pool has no protection meanwhile.",
    allows: ["F0", "F6", "F7", "F7b", "F8"],
  },
  {
    number: 3,
    when: (facts) => facts.backupCopy === "silent" && failedOver(facts),
    outcome: "unclear",
    code: "B_UNREACHABLE",
    message: "the pool runs on the backup, whose instance could not be read: it holds the only proven copy",
    hint: "Bring the backup's instance back first.",
    allows: nothing,
  },
  {
    number: 4,
    when: (facts) => facts.backupCopy === "damaged" && failedOver(facts),
    outcome: "unclear",
    code: "B_DAMAGED",
    message: "the pool runs on the backup and the backup's database is damaged",
    hint: "Save its log (BACKUP LOG … WITH NO_TRUNCATE, or CONTINUE_AFTER_ERROR), look at the backup mirror's copy, then let a person decide.",
    allows: nothing,
  },
  {
    number: 15,
    when: (facts) => primaryOnline(facts) && backupOnline(facts) && facts.poolId === "wrong",
    outcome: "unclear",
    code: "WRONG_POOL",
    message: "the two databases do not belong to one pool (configPoolID of tblConfig differs)",
    hint: "Correct the instances in the configuration. No acknowledgement passes this.",
    allows: nothing,
  },
  {
    number: 13,
    // With the pool Normal a live primary is as it should be; it is a split only when the backup is written to as well.
    when: (facts) =>
      primaryOnline(facts) && backupOnline(facts) && primaryLive(facts) && (facts.live === "both" || !normal(facts)),
    outcome: "unclear",
    code: "BOTH_LIVE",
    message:
      "chat servers are at work on the primary's database while the backup's is online: two copies may be written to",
    hint: "Clear the active servers and fence one of the two copies, then preview again.",
    allows: nothing,
  },
  {
    number: 19,
    when: (facts) => facts.primaryCopy === "mirror",
    outcome: "unclear",
    code: "P_IS_MIRROR",
    message: "the primary's database is the mirror of a session whose principal is not known here",
    hint: "Configure its partner as the site's mirror, or end the session there (ALTER DATABASE … SET PARTNER OFF): a person decides.",
    allows: nothing,
  },
  {
    number: 5,
    when: (facts) =>
      facts.primaryCopy === "damaged" && facts.tail === "applied" && backupOnline(facts) && failedOver(facts),
    outcome: "backup",
    resume: "F1",
    message: "the pool runs on the backup, which has applied the tail that was saved of the primary's damaged copy",
    allows: wayHome,
  },
  {
    number: 5,
    when: (facts) =>
      facts.primaryCopy === "damaged" && backupOnline(facts) && failedOver(facts) && facts.acknowledged === "yes",
    outcome: "backup",
    resume: "F1",
    message: "the pool runs on the backup; the primary's copy is damaged and was given up by acknowledgement",
    allows: wayHome,
  },
  {
    number: 5,
    when: (facts) => facts.primaryCopy === "damaged" && backupOnline(facts) && failedOver(facts),
    outcome: "unclear",
    code: "P_UNREADABLE",
    acknowledgement: "unreadablePrimary",
    message: "the pool runs on the backup; the primary's copy is damaged, and what it alone holds cannot be read",
    hint: "Save its log with BACKUP LOG … WITH NO_TRUNCATE if you want it, then set acknowledge.unreadablePrimary.",
    allows: nothing,
  },
  {
    number: 6,
    when: (facts) => facts.primaryCopy === "damaged" && facts.backupCopy === "restoring" && normal(facts),
    outcome: "unclear",
    code: "P_DAMAGED",
    message: "the pool is Normal, the primary's database is damaged and the backup is a log shipping secondary",
    hint: "This is no failback: fail the pool over first (Microsoft's failover runbook).",
    allows: nothing,
  },
  {
    number: 7,
    when: (facts) => facts.primaryCopy === "absent" && backupOnline(facts) && failedOver(facts),
    outcome: "backup",
    resume: "F1",
    message: "the pool runs on the backup; the primary has no such database",
    allows: wayHome,
  },
  {
    number: 8,
    when: (facts) => facts.primaryCopy === "absent" && ["restoring", "afterTail"].includes(facts.backupCopy),
    outcome: "unclear",
    code: "NO_ONLINE_COPY",
    message: "the primary has no such database and the backup's is RESTORING: no copy is online",
    hint: "RESTORE DATABASE … WITH RECOVERY on the backup opens it; that is part of Microsoft's failover runbook.",
    allows: nothing,
  },
  {
    number: 9,
    when: (facts) =>
      bothOnlineFailedOver(facts) &&
      facts.family === "different" &&
      facts.primaryContent === "empty" &&
      facts.backupCopy === "mirrored",
    outcome: "backup",
    resume: "F1",
    message: "the pool runs on the backup, which is mirrored; the primary was rebuilt and is empty",
    allows: wayHome,
  },
  {
    number: 10,
    when: (facts) => bothOnlineFailedOver(facts) && facts.family === "different" && facts.primaryContent === "empty",
    outcome: "backup",
    resume: "F1",
    message: "the pool runs on the backup; the primary was rebuilt and is empty",
    allows: wayHome,
  },
  {
    number: 12,
    when: (facts) => privateTail(facts) && primaryCoversBackup(facts),
    outcome: "unclear",
    code: "P_NEWER",
    message: "the primary holds everything that the backup holds, and was never restored from it",
    hint: "The failback would overwrite the newer copy. If the backup is to be given up, set the pool Normal and ship from the primary by hand.",
    allows: nothing,
  },
  {
    number: 11,
    when: (facts) => privateTail(facts) && facts.acknowledged === "yes",
    outcome: "backup",
    resume: "F1",
    salvage: true,
    message:
      "the pool runs on the backup; the primary's unshipped messages are salvaged and given up by acknowledgement",
    allows: wayHome,
  },
  {
    number: 11,
    when: privateTail,
    outcome: "unclear",
    code: "P_HAS_PRIVATE_TAIL",
    acknowledgement: "privateTail",
    message:
      "the primary was not rebuilt and holds log that never reached the backup; both were written to since they parted",
    hint: "Compare the counts that stand with this. To give the primary's tail up, set acknowledge.privateTail to its recovery fork; it is saved to the share first. A copy that is still mirrored has its session ended before (ALTER DATABASE … SET PARTNER OFF).",
    allows: nothing,
  },
  {
    number: 14,
    when: (facts) =>
      bothOnlineFailedOver(facts) &&
      facts.family === "different" &&
      facts.primaryContent === "data" &&
      facts.acknowledged === "yes",
    outcome: "backup",
    resume: "F1",
    salvage: true,
    message: "the pool runs on the backup; the primary's foreign data is salvaged and given up by acknowledgement",
    allows: wayHome,
  },
  {
    number: 14,
    when: (facts) => bothOnlineFailedOver(facts) && facts.family === "different" && facts.primaryContent === "data",
    outcome: "unclear",
    code: "P_FOREIGN_DATA",
    acknowledgement: "foreignData",
    message:
      "the primary holds chat of another lineage than the backup: wrong server, or chat was let into the rebuilt primary",
    hint: "Find out whose data it is. To give it up, set acknowledge.foreignData to its recovery fork; it is saved to the share first.",
    allows: nothing,
  },
  {
    number: 16,
    when: (facts) => facts.primaryCopy === "incomplete" && backupOnline(facts) && failedOver(facts),
    outcome: "backup",
    resume: "F4",
    message: "the primary holds half a restore; the backup is online",
    allows: wayHome,
  },
  {
    number: 16,
    // A former mirror's copy, one with a purged history, one that was restored from elsewhere.
    when: (facts) => facts.primaryCopy === "restoring" && !restored(facts) && backupOnline(facts) && failedOver(facts),
    outcome: "unclear",
    code: "P_RESTORING",
    message:
      "the primary is RESTORING, and no set of the backup brought it to where it stands: it may hold log of its own",
    hint: "Open it there (RESTORE DATABASE … WITH RECOVERY): what it holds is compared then. If it is not needed, drop it by hand.",
    allows: nothing,
  },
  {
    number: 17,
    // Under the runbook a RESTORING primary is only a restore that was cut before recovery: it is restored anew.
    when: (facts) =>
      facts.primaryCopy === "restoring" &&
      restored(facts) &&
      facts.follows === "yes" &&
      backupOnline(facts) &&
      failedOver(facts),
    outcome: "backup",
    resume: "F3",
    message: "the primary is RESTORING from a set of the backup, which is online",
    allows: wayHome,
  },
  {
    number: 18,
    when: (facts) =>
      facts.primaryCopy === "afterTail" && facts.tail === "applied" && backupOnline(facts) && failedOver(facts),
    outcome: "backup",
    resume: "F1",
    message: "the primary was closed by its tail-log backup, which the backup has applied",
    allows: wayHome,
  },
  {
    number: 23,
    when: (facts) =>
      bothOnlineFailedOver(facts) && restored(facts) && primaryHasMore(facts) && facts.acknowledged === "yes",
    outcome: "backup",
    resume: "F1",
    salvage: true,
    message: "the primary was written to after its restore; that is salvaged and given up by acknowledgement",
    allows: wayHome,
  },
  {
    number: 23,
    // Before rows 20 to 22: a primary that was written to after its restore must not be overwritten by any of them.
    when: (facts) => bothOnlineFailedOver(facts) && restored(facts) && primaryHasMore(facts),
    outcome: "unclear",
    code: "BOTH_WRITTEN",
    acknowledgement: "privateTail",
    message: "the primary was restored from the backup and now holds messages that the backup lacks",
    hint: "To give them up, set acknowledge.privateTail to the primary's recovery fork; they are saved to the share first.",
    allows: nothing,
  },
  {
    number: 20,
    when: (facts) =>
      bothOnlineFailedOver(facts) &&
      facts.backupCopy === "fenced" &&
      facts.restoredFrom === "current" &&
      facts.family === "same",
    outcome: "backup",
    resume: "F4",
    message: "the primary was restored from the set that was taken under the backup's present fence",
    allows: wayHome,
  },
  {
    number: 21,
    when: (facts) =>
      bothOnlineFailedOver(facts) && restored(facts) && facts.live === "none" && facts.comparison === "equal",
    outcome: "backup",
    resume: "F2b",
    message: "the primary was restored from the backup and both hold the same",
    allows: wayHome,
  },
  {
    number: 22,
    when: (facts) =>
      bothOnlineFailedOver(facts) &&
      restored(facts) &&
      (facts.comparison === "backupMore" || (facts.comparison === "equal" && facts.live === "backup")),
    outcome: "backup",
    resume: "F1",
    message: "the primary was restored from the backup, which was written to since",
    allows: wayHome,
  },
  {
    number: 24,
    when: (facts) =>
      primaryOnline(facts) && facts.backupCopy === "afterTail" && facts.tail === "applied" && failedOver(facts),
    outcome: "primary",
    resume: "F4",
    message: "the primary has applied the backup's tail and is open",
    // Recovered is not yet open for everybody: SINGLE_USER came with the tail.
    allows: [...steady, "F4"],
  },
  {
    number: 25,
    when: (facts) =>
      ["restoring", "afterTail"].includes(facts.primaryCopy) &&
      facts.backupCopy === "afterTail" &&
      facts.family === "same" &&
      failedOver(facts),
    outcome: "backup",
    resume: "F4",
    message: "the backup was closed by its tail-log backup, and the primary has not applied all of it",
    allows: wayHome,
  },
  {
    number: 26,
    when: (facts) => ["restoring", "incomplete"].includes(facts.primaryCopy) && facts.backupCopy === "restoring",
    outcome: "unclear",
    code: "NO_ONLINE_COPY",
    message: "both copies are RESTORING and neither was closed by a tail-log backup",
    hint: "Compare the positions below: on one recovery fork the greater LSN is the candidate. A person decides.",
    allows: nothing,
  },
  {
    number: 27,
    when: (facts) =>
      primaryOnline(facts) && facts.backupCopy === "afterTail" && facts.tail === "pending" && failedOver(facts),
    outcome: "unclear",
    code: "SWAP_UNFINISHED",
    message: "the backup was closed by its tail-log backup, and the primary was never restored from it",
    hint: "Open the backup again (RESTORE DATABASE … WITH RECOVERY there), then preview: the failback starts anew.",
    allows: nothing,
  },
  {
    number: 28,
    when: (facts) => secondary(facts) && facts.follows === "yes" && facts.registration === "whole",
    outcome: "primary",
    message: "the pool runs on the primary and the backup follows it",
    allows: steady,
  },
  {
    number: 29,
    when: (facts) => secondary(facts) && facts.follows === "yes",
    outcome: "primary",
    message: "the pool runs on the primary; the backup could follow it, but log shipping is not registered in whole",
    allows: steady,
  },
  {
    number: 30,
    when: (facts) => ahead(facts) && facts.family === "same",
    outcome: "unclear",
    code: "B_MAY_BE_LAST",
    acknowledgement: "backupCopy",
    message:
      "the pool runs on the primary, and the backup's RESTORING copy may hold log that the primary lacks: the primary was put back, or its history is gone",
    hint: aheadHint,
    allows: nothing,
  },
  {
    number: 30,
    when: (facts) => secondary(facts) && facts.family === "same",
    outcome: "primary",
    seeds: true,
    message: "the pool runs on the primary; the backup's copy of it cannot take the next log",
    allows: steady,
  },
  {
    number: 31,
    when: (facts) => ahead(facts) && (primaryLive(facts) || facts.primaryContent === "data"),
    outcome: "unclear",
    code: "B_MAY_BE_LAST",
    acknowledgement: "backupCopy",
    message:
      "the pool runs on the primary, and the backup's RESTORING copy is of another family or an unknown one: it may hold what the primary never had",
    hint: aheadHint,
    allows: nothing,
  },
  {
    number: 31,
    when: (facts) => secondary(facts) && (primaryLive(facts) || facts.primaryContent === "data"),
    outcome: "primary",
    seeds: true,
    message: "the pool runs on the primary; the backup's RESTORING copy is of another family or an unknown one",
    allows: steady,
  },
  {
    number: 32,
    when: (facts) => secondary(facts) && facts.family === "different" && facts.primaryContent === "empty",
    outcome: "unclear",
    code: "B_MAY_BE_LAST",
    message: "the primary was rebuilt and is empty, and the pool was never failed over: the backup may hold everything",
    hint: "Fail the pool over (Microsoft's failover runbook): that opens the backup's copy. Seeding it from here would destroy it.",
    allows: nothing,
  },
  {
    number: 31,
    when: secondary,
    outcome: "unclear",
    code: "B_MAY_BE_LAST",
    message: "the primary shows no chat, and the backup's RESTORING copy is of another family or an unknown one",
    hint: "Find out what the backup holds before anything overwrites it; the failover runbook opens it.",
    allows: nothing,
  },
  {
    number: 33,
    when: (facts) =>
      primaryOnline(facts) &&
      backupOnline(facts) &&
      normal(facts) &&
      facts.live === "primary" &&
      primaryCoversBackup(facts) &&
      restored(facts),
    outcome: "primary",
    seeds: true,
    message: "the pool was set Normal before log shipping was set up; the primary holds all that the backup holds",
    allows: ["F0", "F2", "F5", "F6", "F7", "F7b", "F8"],
  },
  {
    number: 34,
    when: (facts) => primaryOnline(facts) && backupOnline(facts) && normal(facts),
    outcome: "unclear",
    code: "BOTH_ONLINE",
    message: "the pool is Normal and both databases are online, with no proof that one covers the other",
    hint: "Compare the counts that stand with this, fence the copy that is to be given up, then preview again.",
    allows: nothing,
  },
  {
    number: 35,
    when: (facts) => primaryOnline(facts) && facts.backupCopy === "absent" && normal(facts),
    outcome: "primary",
    seeds: true,
    message: "the pool runs on the primary; the backup has no such database yet",
    allows: steady,
  },
  {
    number: 36,
    when: (facts) => primaryOnline(facts) && facts.backupCopy === "absent" && failedOver(facts),
    outcome: "unclear",
    code: "B_MISSING",
    message: "the pool is failed over to a backup that has no such database",
    hint: "Look for the database on the backup's instance and its mirror. A person decides.",
    allows: nothing,
  },
  {
    // The stretch from F5's restore to F7: the pool is still FailedOver and the backup is being made the secondary.
    // The backup's own set, restored on the primary and not outrun by any later one, is the proof.
    number: 41,
    when: (facts) =>
      primaryOnline(facts) && facts.backupCopy === "restoring" && failedOver(facts) && facts.restoredFrom === "current",
    outcome: "primary",
    resume: "F5",
    seeds: true,
    message: "the primary was restored from the backup's last set; the backup is RESTORING as its secondary",
    allows: steady,
  },
  {
    // A copy that takes the primary's next log holds nothing that the primary lacks, whatever the pool's state says.
    number: 41,
    when: (facts) =>
      primaryOnline(facts) &&
      facts.backupCopy === "restoring" &&
      failedOver(facts) &&
      facts.family === "same" &&
      facts.follows === "yes",
    outcome: "primary",
    resume: "F5",
    message: "the pool is failed over, but the backup is RESTORING and follows the primary",
    allows: steady,
  },
  {
    number: 41,
    when: (facts) =>
      primaryOnline(facts) && facts.backupCopy === "restoring" && failedOver(facts) && facts.follows === "ahead",
    outcome: "unclear",
    code: "B_MAY_BE_LAST",
    message:
      "the pool is failed over, and the backup's RESTORING copy, or its log sets, may hold what the primary lacks",
    hint: "Restore its own log sets where they are missing, open it (RESTORE DATABASE … WITH RECOVERY there), then preview: the failback starts anew.",
    allows: nothing,
  },
];

/** The row for what no row says: refused, with all facts printed. */
export const unknownCombination: AuthorityRow = {
  number: 0,
  when: () => true,
  outcome: "unclear",
  code: "UNKNOWN_COMBINATION",
  message: "this combination of facts is not one that authority was ever defined for",
  hint: "Read the facts below. Nothing will be changed; a person decides.",
  allows: nothing,
};
