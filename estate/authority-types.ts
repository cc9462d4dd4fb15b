/** What a row of the authority table consists of. */
import type { AuthorityFacts } from "./authority-facts";

/**
 * Steps of the failback: numbers of Microsoft's failback runbook, F0 is Preflight, `F2b` the fence between mirroring off
 * and the full backup, `F7b` the proof that the service is back, F8 what the runbook leaves out.
 */
export type FailbackStepId = "F0" | "F1" | "F2" | "F2b" | "F3" | "F4" | "F5" | "F6" | "F7" | "F7b" | "F8";

/**
 * Steps of the failover: O1 to O7 are numbers of Microsoft's failover runbook, executed in another order (log shipping is
 * used once more before it is removed); P1 to P3 close the primary first, O8 keeps the backup's log from growing.
 */
export type FailoverStepId = "P1" | "P2" | "P3" | "O1" | "O3" | "O4" | "O5" | "O6" | "O7" | "O7b" | "O8";

/** Steps of either plan; Preflight is F0 in both. */
export type StepId = FailbackStepId | FailoverStepId;

/** Why authority is unclear; printed, and stable for scripts. */
export type UnclearCode =
  | "P_UNREACHABLE"
  | "B_UNREACHABLE"
  | "B_DAMAGED"
  | "P_DAMAGED"
  | "P_UNREADABLE"
  | "NO_ONLINE_COPY"
  | "P_HAS_PRIVATE_TAIL"
  | "P_NEWER"
  | "BOTH_LIVE"
  | "P_FOREIGN_DATA"
  | "WRONG_POOL"
  | "P_IS_MIRROR"
  | "P_RESTORING"
  | "BOTH_WRITTEN"
  | "SWAP_UNFINISHED"
  | "B_MAY_BE_LAST"
  | "BOTH_ONLINE"
  | "B_MISSING"
  | "B_INCOMPLETE"
  | "B_FOREIGN"
  | "PRIMARY_ONLINE"
  | "PRIMARY_GONE"
  | "MIRROR_ONLINE"
  | "CANNOT_FOLLOW"
  | "UNKNOWN_COMBINATION";

/** One row. A row of the table that ends differently under an acknowledgement stands here twice, with one number. */
export interface AuthorityRow {
  readonly number: number;
  readonly when: (facts: AuthorityFacts) => boolean;
  readonly outcome: "primary" | "backup" | "unclear";
  /** Of `unclear` only. */
  readonly code?: UnclearCode;
  /** The step that a half-done failback goes on with. */
  readonly resume?: StepId;
  /** What was found, one sentence. */
  readonly message: string;
  /** What to do next. */
  readonly hint?: string;
  /** Key below `acknowledge` that lets the run go on. */
  readonly acknowledgement?: "privateTail" | "foreignData" | "unreadablePrimary" | "backupCopy" | "primaryFailures";
  /** A copy is given up by an acknowledgement and must be salvaged to the share before the first change. */
  readonly salvage?: boolean;
  /** The secondary's copy is overwritten by F5 although no failback brought the data home in this run. */
  readonly seeds?: boolean;
  /** Of a failover: the chat would change its site, which nobody but a person or a promoted change may begin. */
  readonly moves?: boolean;
  /** Steps that may change something. */
  readonly allows: readonly StepId[];
}
