/**
 * The table that decides whether a pool may go to its backup site: rows as data, in their order of evaluation, numbered
 * behind those of authority-rows.ts. The first row that matches decides. What matches none is refused, never a guess.
 */
import type { AuthorityRow, StepId } from "./authority-types";
import type { FailoverFacts } from "./failover-facts";

/** One row; `when` sees the facts of a failover. */
export interface FailoverRow extends Omit<AuthorityRow, "when"> {
  readonly when: (facts: FailoverFacts) => boolean;
}

const move: readonly StepId[] = ["F0", "P1", "P2", "P3", "O3", "O1", "O4", "O5", "O7", "O7b", "O6", "O8"];
const arrived: readonly StepId[] = ["F0", "O1", "O5", "O7", "O7b", "O6", "O8"];
const nothing: readonly StepId[] = [];

const normal = (facts: FailoverFacts): boolean => facts.poolState === "Normal";
const failedOver = (facts: FailoverFacts): boolean => facts.poolState === "FailedOver";
const primaryOnline = (facts: FailoverFacts): boolean => facts.primaryCopy === "online";
const primaryLive = (facts: FailoverFacts): boolean => facts.live === "primary" || facts.live === "both";
const backupOnline = (facts: FailoverFacts): boolean => ["mirrored", "online", "fenced"].includes(facts.backupCopy);
const backupClosed = (facts: FailoverFacts): boolean => ["restoring", "afterTail"].includes(facts.backupCopy);
// Gone, or answering without a database that serves anybody: what a disaster may leave behind. `unread` is gone by
// acknowledgement only, which a row before those that ask has seen to.
const primaryGone = (facts: FailoverFacts): boolean =>
  ["silent", "unread", "absent", "damaged", "mirror", "other"].includes(facts.primaryCopy);
const emptyRebuild = (facts: FailoverFacts): boolean =>
  primaryOnline(facts) && facts.family === "different" && facts.primaryContent === "empty" && !primaryLive(facts);

// The backup's copy would be opened, or let in, beside what answers and is not read. Of a planned move from a pool that is Normal
// row 69 says so.
const opensBeside = (facts: FailoverFacts): boolean =>
  backupOnline(facts) || (backupClosed(facts) && !(facts.mode === "planned" && normal(facts)));

/** The rows in their order of evaluation. */
export const failoverRows: readonly FailoverRow[] = [
  {
    number: 74,
    when: (facts) => facts.primaryCopy === "elsewhere" || facts.backupCopy === "elsewhere",
    outcome: "unclear",
    code: "MIRROR_ONLINE",
    message: "a site's configured mirror has its copy ONLINE, and is not known to be the principal there now",
    hint: "It may have taken over, and hold what no other copy does. If it serves, name it as the site's principal (and the other as its mirror) and set failover.mode to planned; if not, take its database OFFLINE, then preview again.",
    allows: nothing,
  },
  {
    number: 51,
    when: (facts) => facts.backupCopy === "silent",
    outcome: "unclear",
    code: "B_UNREACHABLE",
    message: "the backup's instance could not be read: there is nothing to fail over to",
    hint: "Start the instance or mend its address first.",
    allows: nothing,
  },
  {
    number: 52,
    when: (facts) => ["damaged", "other"].includes(facts.backupCopy),
    outcome: "unclear",
    code: "B_DAMAGED",
    message: "the backup's database is in no state to be recovered",
    hint: "Look at its state and at the error log of its instance. A person decides.",
    allows: nothing,
  },
  {
    number: 53,
    when: (facts) => facts.backupCopy === "absent",
    outcome: "unclear",
    code: "B_MISSING",
    message: "the backup has no such database",
    hint: "Set up log shipping first: the stack that makes the primary active does.",
    allows: nothing,
  },
  {
    number: 54,
    when: (facts) => primaryOnline(facts) && backupOnline(facts) && facts.poolId === "wrong",
    outcome: "unclear",
    code: "WRONG_POOL",
    message: "the two databases do not belong to one pool (configPoolID of tblConfig differs)",
    hint: "Correct the instances in the configuration.",
    allows: nothing,
  },
  {
    number: 55,
    when: (facts) => primaryOnline(facts) && backupOnline(facts) && primaryLive(facts) && failedOver(facts),
    outcome: "unclear",
    code: "BOTH_LIVE",
    message: "the pool is failed over, and chat servers are at work on the primary's database as well",
    hint: "Clear the active servers and fence one of the two copies, then preview again.",
    allows: nothing,
  },
  {
    number: 56,
    // A failback that stopped before its point of no return: the backup's copy is still the truth and is opened again.
    when: (facts) => facts.backupCopy === "fenced" && failedOver(facts),
    outcome: "backup",
    moves: true,
    resume: "O4",
    message: "the pool is failed over, and the backup's database was made read-only by a failback that did not end",
    allows: ["F0", "O4", "O5", "O7", "O7b", "O6", "O8"],
  },
  {
    number: 57,
    when: (facts) => backupOnline(facts) && failedOver(facts),
    outcome: "backup",
    message: "the pool runs on the backup",
    allows: arrived,
  },
  {
    number: 73,
    when: (facts) => opensBeside(facts) && facts.primaryCopy === "unread" && facts.acknowledged === "no",
    outcome: "unclear",
    code: "P_UNREADABLE",
    acknowledgement: "primaryFailures",
    message: "the primary's instance answers and could not be read: its database may serve",
    hint: "Mend what keeps it from being read, or stop the instance. Where it is known to serve nobody, name the code in acknowledge.primaryFailures.",
    allows: nothing,
  },
  {
    number: 73,
    when: (facts) => opensBeside(facts) && primaryGone(facts) && facts.otherPrimary === "unread",
    outcome: "unclear",
    code: "P_UNREADABLE",
    acknowledgement: "primaryFailures",
    message:
      "the primary's database does not serve, and its mirror answers and could not be read: it may have taken over",
    hint: "Mend what keeps it from being read, or stop the instance. Where it is known to serve nobody, name the code in acknowledge.primaryFailures.",
    allows: nothing,
  },
  {
    number: 63,
    when: (facts) =>
      backupOnline(facts) && normal(facts) && emptyRebuild(facts) && facts.mode === "disaster" && ofPrimary(facts),
    outcome: "backup",
    moves: true,
    resume: "O5",
    message: "the backup's copy was recovered and the primary's is empty; the pool's state still says Normal",
    allows: ["F0", "O4", "O5", "O7", "O7b", "O6", "O8"],
  },
  {
    number: 58,
    when: (facts) => primaryOnline(facts) && backupOnline(facts),
    outcome: "unclear",
    code: "BOTH_ONLINE",
    message: "the pool is Normal and both databases are online",
    hint: "Compare the counts that stand with this. Close the copy that is to be given up, then preview again.",
    allows: nothing,
  },
  {
    number: 69,
    // A planned move that stopped behind O4 goes on: the backup has the tail. Else somebody opened the backup's copy, and a
    // primary that is not read may serve as before.
    when: (facts) =>
      backupOnline(facts) &&
      normal(facts) &&
      ofPrimary(facts) &&
      facts.mode === "planned" &&
      ["silent", "unread"].includes(facts.primaryCopy) &&
      facts.tailRestored === "no",
    outcome: "unclear",
    code: "PRIMARY_GONE",
    message:
      "failover.mode is planned, the primary's database cannot be read, and the backup's was opened without the primary's tail",
    hint: "Bring it back: it may serve as before. If the primary site is lost, set failover.mode to disaster.",
    allows: nothing,
  },
  {
    number: 59,
    when: (facts) => backupOnline(facts) && normal(facts) && ofPrimary(facts),
    outcome: "backup",
    moves: true,
    resume: "O5",
    message: "the backup's copy was recovered and no other is online; the pool's state still says Normal",
    allows: ["F0", "O4", "O5", "O7", "O7b", "O6", "O8"],
  },
  {
    number: 60,
    when: (facts) => backupOnline(facts),
    outcome: "unclear",
    code: "B_FOREIGN",
    message: "the backup's database is online, and nothing there says that it came from this pool's primary",
    hint: "Find out whose data it is. A person decides.",
    allows: nothing,
  },
  {
    number: 61,
    when: (facts) => facts.backupPosition === "incomplete",
    outcome: "unclear",
    code: "B_INCOMPLETE",
    message: "a restore into the backup's database was cut off: it cannot be recovered",
    hint: "Only a full restore helps. The backup mirror may hold a copy; a person decides.",
    allows: nothing,
  },
  {
    number: 62,
    // The backup closed itself for a planned way home that was not finished: its copy is the truth, and opens again.
    when: (facts) => facts.backupCopy === "afterTail" && failedOver(facts) && !primaryOnline(facts),
    outcome: "backup",
    moves: true,
    resume: "O4",
    message: "the backup was closed by its tail-log backup, and no copy is online",
    allows: ["F0", "O4", "O5", "O7", "O7b", "O6", "O8"],
  },
  {
    number: 63,
    when: (facts) => backupClosed(facts) && emptyRebuild(facts) && facts.mode === "disaster" && ofPrimary(facts),
    outcome: "backup",
    moves: true,
    message:
      "the primary was rebuilt before the pool failed over: its database is empty, and the backup's holds the chat",
    allows: move,
  },
  {
    number: 64,
    when: (facts) => backupClosed(facts) && emptyRebuild(facts),
    outcome: "unclear",
    code: "B_MAY_BE_LAST",
    message: "the primary's database is empty and of another family: the backup's copy may be the last one",
    hint: "If the primary site was lost and rebuilt, set failover.mode to disaster.",
    allows: nothing,
  },
  {
    number: 65,
    when: (facts) => backupClosed(facts) && primaryOnline(facts) && facts.mode === "disaster",
    outcome: "unclear",
    code: "PRIMARY_ONLINE",
    message: "failover.mode is disaster, and the primary answers with its database online",
    hint: "Set failover.mode to planned: nothing is lost then. If the primary must not be touched, take its database offline first.",
    allows: nothing,
  },
  {
    number: 66,
    when: (facts) => backupClosed(facts) && primaryOnline(facts) && facts.family === "same" && facts.follows === "yes",
    outcome: "primary",
    moves: true,
    resume: "P1",
    message: "the pool runs on the primary and the backup follows it",
    allows: move,
  },
  {
    number: 67,
    when: (facts) => backupClosed(facts) && primaryOnline(facts),
    outcome: "unclear",
    code: "CANNOT_FOLLOW",
    message: "the primary is online, and the backup's copy cannot take its next log: a planned move would lose data",
    hint: "Mend log shipping first: the stack that makes the primary active does.",
    allows: nothing,
  },
  {
    number: 68,
    when: (facts) => backupClosed(facts) && facts.primaryCopy === "afterTail" && ofPrimary(facts),
    outcome: "backup",
    moves: true,
    resume: "O3",
    message: "the primary was closed by its tail-log backup",
    allows: move,
  },
  {
    number: 69,
    when: (facts) => backupClosed(facts) && primaryGone(facts) && facts.mode === "planned",
    outcome: "unclear",
    code: "PRIMARY_GONE",
    message: "failover.mode is planned, and the primary's database cannot be read",
    hint: "Bring it back for a move without loss, or set failover.mode to disaster.",
    allows: nothing,
  },
  {
    number: 70,
    when: (facts) => backupClosed(facts) && primaryGone(facts) && ofPrimary(facts),
    outcome: "backup",
    moves: true,
    resume: "O3",
    message: "the primary is gone, and the backup holds its log shipping secondary",
    allows: move,
  },
  {
    number: 71,
    when: (facts) => backupClosed(facts) && primaryGone(facts),
    outcome: "unclear",
    code: "B_FOREIGN",
    message: "the primary is gone, and nothing says that the backup's RESTORING copy came from it",
    hint: "Find out whose data it is. A person decides.",
    allows: nothing,
  },
  {
    number: 72,
    when: (facts) => backupClosed(facts) && ["restoring", "incomplete"].includes(facts.primaryCopy),
    outcome: "unclear",
    code: "NO_ONLINE_COPY",
    message: "both copies are RESTORING and the primary was not closed by a tail-log backup",
    hint: "Compare the positions below: on one recovery fork the greater LSN is the candidate. A person decides.",
    allows: nothing,
  },
];

function ofPrimary(facts: FailoverFacts): boolean {
  return facts.lineage === "primary";
}
