/** What a step is given to act with. Everything it sends goes through here, so that it is locked, journalled and shown. */
import type { Desired } from "../desired";
import { DrError } from "../errors";
import type { Estate } from "../estate";
import type {
  DatabaseObservation,
  Guid,
  InstanceObservation,
  InstanceRole,
  SessionRow,
  ShellObservation,
} from "../observation-types";
import type { SectionName } from "../observe";
import type { PlanContext } from "../plan-context";
import type { Plan, PlanStep } from "../plan-types";
import type { ServiceBack } from "../run-record";
import type { Answer, SqlServer } from "../sql/connection";
import type { RawRow } from "../sql/pool";

/** One change, or one long reading, of an instance. */
export interface Batch {
  readonly role: InstanceRole;
  /** For errors, journal and the resource's row: "BACKUP DATABASE [mgc]". */
  readonly doing: string;
  readonly text: string;
}

export interface StepContext {
  readonly estate: Estate;
  readonly desired: Desired;
  /** The plan that the step was begun with: observed afresh. */
  readonly plan: Plan;
  readonly step: PlanStep;
  /** What the plan was made of: read right before the step began. */
  readonly observed: PlanContext;
  /** The sites' present principals as they were observed for the plan. */
  readonly primary: InstanceObservation | undefined;
  readonly backup: InstanceObservation | undefined;
  /** Short name of the run, in file names and descriptions. */
  readonly runId: string;
  /** Shows how far the step is; one line. */
  progress(text: string): void;
  /** Sends a batch that changes something: lock checked before, journalled with its outcome. Throws DrError. */
  change(batch: Batch): Promise<Answer>;
  /** Sends a reading that is evidence of the step and may last (VERIFYONLY, HEADERONLY, a comparison); journalled. */
  evidence(batch: Batch): Promise<readonly (readonly RawRow[])[]>;
  /** Runs a cmdlet that changes something: lock checked before, journalled. */
  changeShell(doing: string, action: () => Promise<void>): Promise<void>;
  /** Runs what is more than one batch (a probe, a one-off job): lock checked before, journalled under its name. */
  perform<Result>(role: InstanceRole, doing: string, action: (server: SqlServer) => Promise<Result>): Promise<Result>;
  /** Remembers that the primary's engine has read this set whole, so that a plan need not have it read again. */
  verified(set: { readonly uuid: Guid; readonly file: string }): void;
  /** Reads an instance now, whatever was read before. Throws DrError when it does not answer. */
  readInstance(role: InstanceRole): Promise<InstanceObservation>;
  /** Reads the shell now. */
  readShell(): Promise<ShellObservation>;
  /** Reads the row of one database now: much cheaper than the instance. Undefined when there is no such database. */
  readCopy(role: InstanceRole, database: string): Promise<DatabaseObservation | undefined>;
  /** Reads the sessions that are in the pool's databases now. */
  readSessions(role: InstanceRole): Promise<readonly SessionRow[]>;
  /** Observes everything afresh, with authority decided. */
  observe(): Promise<PlanContext>;
  /** Notes in the report that the chat is back, and how long after this run's first change. */
  serviceIsBack(): ServiceBack;
  /** Notes what was read back, for the report. */
  readBack(facts: { readonly [fact: string]: unknown }): void;
  /** Throws LOCK_LOST when the application lock is not ours any more. */
  assertLocked(): Promise<void>;
}

/** One kind of step: what it touches and how it converges. */
export interface StepHandler {
  /** Sections that end being valid when the step begins and again when it ends. */
  sections(context: Pick<StepContext, "plan" | "desired">): readonly SectionName[];
  /** Does what is missing, and only that; ends when the read-back agrees. Throws DrError. */
  converge(context: StepContext): Promise<void>;
}

/** The error of a read-back that does not show what was done. */
export function readBackDiffers(step: PlanStep, expected: string, found: string): DrError {
  return new DrError({
    code: "READ_BACK_DIFFERS",
    summary: `${step.id} ${step.title}: the estate does not read back as it was set`,
    where: step.where,
    expected,
    found,
    hint: "Somebody else may be working on this estate. Look at the run's report, then preview again.",
  });
}

/** State and access of a copy in words: `ONLINE, read-only, MULTI_USER`. */
export function accessText({ state, isReadOnly, userAccess }: DatabaseObservation): string {
  return `${state}, ${isReadOnly ? "read-only" : "read-write"}, ${userAccess}`;
}
