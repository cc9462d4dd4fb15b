/** What a drift report of one pool consists of. Plain values that survive JSON. */
import type { InputValue } from "../plan-inputs";
import type { ResourceKind, StepKey } from "../plan-types";

/**
 * How bad a difference is. `cosmetic`: the chat and its protection are as they were (a schedule, a retention). `protection`:
 * the chat runs, and would lose more than it may if its site went now. `service`: which site is active, or whether it can
 * be written to.
 */
export const severities = ["service", "protection", "cosmetic"] as const;
export type Severity = (typeof severities)[number];

/**
 * Who brings the estate back. `up`: an `up`, also an unattended one. `attended-up`: an `up` that a person starts; an
 * unattended one refuses. `person`: nothing of ours, it is done by hand.
 */
export const menders = ["up", "attended-up", "person"] as const;
export type Mender = (typeof menders)[number];

/** Since when the estate has been otherwise, as far as msdb or our own reports tell. Evidence for people; nothing decides by it. */
export interface Since {
  /** `at`: it was last changed then. `after`: it was as desired then, and not any more. */
  readonly relation: "at" | "after";
  /** ISO 8601. */
  readonly time: string;
  /** Whose clock that is: the name of an instance, or UTC. */
  readonly clock: string;
  /** Where it stands: `sysjobs.date_modified of LSCopy_SQL-P1_mgc`, or the path of a report. */
  readonly source: string;
}

/** One difference between what is desired and what was observed. */
export interface DriftRow {
  /** Key of the step in the plan: it tells the two mirrored databases apart. `F0` for what no step mends. */
  readonly step: StepKey;
  readonly resource: ResourceKind;
  /** Path within the resource: `secondary.copyJob.enabled`. */
  readonly property: string;
  readonly desired: InputValue;
  readonly observed: InputValue;
  readonly severity: Severity;
  readonly since: Since | null;
  readonly mendedBy: Mender;
  /** What a person does about it; empty where an `up` does it. */
  readonly hint: string;
}

/** A part of the estate that a comparison needs and that could not be read. */
export interface Unread {
  /** Instance or Management Shell. */
  readonly what: string;
  readonly address: string;
  readonly message: string;
  readonly code: string;
}

/** The drift of one pool. */
export interface Drift {
  /** `pool.name` of the configuration. */
  readonly pool: string;
  readonly stack: string;
  /** UTC, ISO 8601, by this machine's clock. */
  readonly time: string;
  /** One sentence: which copy is the truth, and why. */
  readonly authority: string;
  /** By severity, then in the order of the steps. */
  readonly rows: readonly DriftRow[];
  /** While something could not be read, no rows are no proof. */
  readonly unread: readonly Unread[];
  /** What an unattended `up` refuses to do: `change which site is active (F7)`; empty where it may begin. */
  readonly attended: string;
}
