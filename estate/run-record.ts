/** What a run tells of itself: its journal and the report around it, from its first change on. */
import { Journal, type JournalEntry } from "./journal";
import { planLines } from "./plan";
import type { Plan, PlanStep, StepKey } from "./plan-types";
import { Report } from "./report";
import type { RunIdentity } from "./sql/client-name";

/** A step as the report tells it. */
export interface StepSummary {
  readonly key: StepKey;
  readonly resource: string;
  readonly where: string;
  readonly started: string;
  ended: string | null;
  durationMs: number | null;
  outcome: "running" | "succeeded" | "failed";
}

/** When a run brought the chat back. */
export interface ServiceBack {
  /** UTC, ISO 8601, by this machine's clock. */
  readonly serviceBack: string;
  /** Seconds since the first change of this run: the measured recovery time. Null when it changed nothing before. */
  readonly recoverySeconds: number | null;
}

/** Options of {@link RunRecord}. */
export interface RecordOptions {
  readonly identity: RunIdentity;
  /** `pool.name` of the configuration. */
  readonly pool: string;
  /** Texts that must not stand in journal and report. */
  readonly secrets: readonly string[];
  /** Folder of the reports; `reports` unless given. */
  readonly folder?: string;
}

/**
 * The record of one run on one pool. The report is written anew at every entry, and says after every step how the run
 * went so far: a process that is killed between two steps leaves no report that still says "running".
 */
export class RunRecord {
  readonly #journal: Journal;
  readonly #folder: string | undefined;
  readonly #steps: StepSummary[] = [];
  #left: readonly StepKey[] = [];
  #report: Report | undefined;
  /** Of the first step after Preflight, by the monotonic clock. */
  #firstChange: number | undefined;
  #serviceBack: ServiceBack | undefined;

  constructor({ identity, pool, secrets, folder }: RecordOptions) {
    this.#folder = folder;
    this.#journal = new Journal({ stack: identity.stack, run: identity.run, pool }, secrets, () => this.#save());
  }

  /** Path of the report; undefined while nothing was executed. */
  get path(): string | undefined {
    return this.#report?.path;
  }

  /** A step that changes something was begun in this run. */
  get hasChanged(): boolean {
    return this.#firstChange !== undefined;
  }

  /** Begins the report with the plan that the run was begun with. Throws REPORT_NOT_WRITTEN, before the first change. */
  open(plan: Plan): void {
    if (this.#report !== undefined) return;
    this.#report = new Report(this.#journal, this.#folder);
    this.#journal.add({
      kind: "decision",
      where: "plan",
      text: planLines(plan).join("\n"),
      detail: { authority: plan.authority.outcome, evidence: plan.authority.evidence },
    });
  }

  /** A step begins. */
  begin({ key, resource, where }: PlanStep): StepSummary {
    const started = new Date().toISOString();
    const summary: StepSummary = { key, resource, where, started, ended: null, durationMs: null, outcome: "running" };
    this.#steps.push(summary);
    if (key !== "F0") this.#firstChange ??= performance.now();
    return summary;
  }

  /** The chat is back: that moment ends the recovery time, which began with the first step that changed something. */
  serviceIsBack(): ServiceBack {
    const passed = this.#firstChange === undefined ? null : performance.now() - this.#firstChange;
    this.#serviceBack = {
      serviceBack: new Date().toISOString(),
      recoverySeconds: passed === null ? null : Math.round(passed / 100) / 10,
    };
    return this.#serviceBack;
  }

  /** A step has ended; `left` are the steps that are open then, if they could be read. */
  end(summary: StepSummary, outcome: "succeeded" | "failed", left: readonly StepKey[] = this.#left): void {
    summary.ended = new Date().toISOString();
    summary.durationMs = Date.parse(summary.ended) - Date.parse(summary.started);
    summary.outcome = outcome;
    this.#left = left;
    this.#save();
  }

  /** Runs an action and records it, before it begins and when it has ended. Rethrows what it throws. */
  execute<Result>(
    entry: Pick<JournalEntry, "kind" | "step" | "where" | "text">,
    action: () => Promise<Result>,
  ): Promise<Result> {
    return this.#journal.record(entry, action);
  }

  /** Records what was read back. */
  readBack(step: PlanStep, facts: { readonly [fact: string]: unknown }): void {
    this.#journal.add({ kind: "read-back", step: step.key, where: step.where, text: step.title, detail: facts });
  }

  #save(): void {
    const summary = { steps: this.#steps, left: this.#left, ...this.#serviceBack };
    this.#report?.save({ outcome: this.#outcome(), summary });
  }

  #outcome(): StepSummary["outcome"] {
    const outcomes = this.#steps.map((step) => step.outcome);
    if (outcomes.length === 0 || outcomes.includes("running")) return "running";
    return outcomes.includes("failed") ? "failed" : "succeeded";
  }
}
