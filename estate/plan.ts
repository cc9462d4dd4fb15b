/**
 * The plan: the ordered steps between what is and what shall be, as a pure function of observation and desired state.
 * Handlers ask it, the report tells it, tests enumerate it.
 */
import { authorityText } from "./authority";
import type { Desired } from "./desired";
import { DrError } from "./errors";
import { failbackPlan } from "./failback-plan";
import { failoverPlan } from "./failover-plan";
import type { Observation } from "./observation-types";
import { contextOf } from "./plan-context";
import type { Finding, Plan, PlanStep, StepKey } from "./plan-types";

export type { Finding, Plan, PlannedStatement, PlanStep, ResourceKind, StepKey } from "./plan-types";
export { setToVerify } from "./plan-context";

/**
 * The plan of one pool: the way home on a stack that makes the primary active, the way there on one for the backup.
 * @param now the present moment, which only the statement of what a failover loses needs
 */
export function plan(observation: Observation, desired: Desired, now = new Date()): Plan {
  const context = contextOf(observation, desired);
  return desired.active === "primary" ? failbackPlan(context) : failoverPlan(context, now);
}

/** The step of a key. */
export function stepOf(whole: Plan, key: StepKey): PlanStep {
  const step = whole.steps.find((one) => one.key === key);
  if (step === undefined) throw new DrError({ code: "INTERNAL", summary: `the plan has no step ${key}` });
  return step;
}

/**
 * An `up` records what is there and changes nothing, whatever stands in the way: it adopts, or the pool stays where it is and
 * must not hold up those that move.
 */
export function recordsOnly(desired: Desired, { authority }: Plan): boolean {
  return desired.adopt || (desired.stays && authority.outcome === "unclear");
}

/** Steps that change something and are open, in order. */
export function openSteps(whole: Plan): readonly PlanStep[] {
  return whole.steps.filter((step) => step.open && step.key !== "F0");
}

/** Errors of Preflight; with `atUp` those too that only stop an `up`. */
export function errorsOf(whole: Plan, atUp: boolean): readonly Finding[] {
  return whole.findings.filter((finding) => finding.severity === "error" && (atUp || !finding.atUpOnly));
}

/**
 * Why a step must not begin now, or undefined when it may: authority, findings, a copy that is not saved yet, or an
 * earlier step that is still open (`--target`, `--exclude`).
 */
export function refusalOf(whole: Plan, key: StepKey): DrError | undefined {
  const step = stepOf(whole, key);
  const { authority } = whole;
  if (authority.outcome === "unclear") {
    return refusal("AUTHORITY_UNCLEAR", `${key} not begun: ${authorityText(authority)}`, authority.hint);
  }
  const finding = whole.findings.find((one) => one.severity === "error" && one.blocks.includes(step.id));
  if (finding !== undefined) return refusal("PREFLIGHT_FAILED", `${key} not begun: ${finding.message}`, finding.hint);
  if (whole.salvage !== null && step.key !== "F0") {
    return refusal(
      "EARLIER_STEP_OPEN",
      `${key} not begun: the primary's copy, which will be given up, is not saved to the share yet`,
      "Run the whole stack: Preflight saves it first.",
    );
  }
  const earlier = whole.steps.find((one) => one.stage < step.stage && one.key !== "F0" && one.open && !one.courtesy);
  if (earlier === undefined) return undefined;
  return refusal(
    "EARLIER_STEP_OPEN",
    `${key} not begun: ${earlier.key} is still open (${earlier.reason})`,
    "Run the whole stack, without --target and --exclude.",
  );
}

/** The plan as numbered, aligned lines for people: step, where, now, then; findings behind. */
export function planLines(whole: Plan): readonly string[] {
  const open = openSteps(whole);
  const rows = open.map((step, at) => [
    `${at + 1}.`,
    step.id,
    step.title,
    step.where,
    step.now,
    `=> ${step.then}${step.estimateSeconds === null ? "" : ` (about ${durationText(step.estimateSeconds)})`}`,
  ]);
  // A cell that is longer than that breaks the column for its own line only, not for all of them.
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(0, ...rows.map((row) => (row[column] ?? "").length).filter((length) => length <= widestCell)),
  );
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const unclear = whole.authority.outcome === "unclear";
  return [
    `Pool ${whole.pool}, ${authorityText(whole.authority)}`,
    ...(open.length === 0 && !unclear ? ["Nothing to do."] : []),
    ...(whole.salvage === null ? [] : [`0.  F0  Save the primary's copy to the share first  ${whole.salvage.where}`]),
    ...lines,
    ...whole.steps
      .filter((step) => step.skipped !== "")
      .map((step) => `skipped: ${step.id} ${step.title}: ${step.skipped}`),
    ...(unclear ? whole.authority.evidence.map((line) => `  ${line}`) : []),
    ...whole.findings.map(findingLine),
  ];
}

// What stops an `up` only is no error of a preview, and must not read like one.
function findingLine(finding: Finding): string {
  const severity = finding.severity === "error" && finding.atUpOnly ? "stops an up" : finding.severity;
  return `${severity}: ${finding.message}. ${finding.hint}`.trimEnd();
}

/**
 * The open steps in stable words, for the input `plan` of Preflight: a saved or strict plan is bound to them. Nothing in
 * them changes by itself (no sizes, sessions, rows or times).
 */
export function planWords(whole: Plan): readonly string[] {
  return openSteps(whole).map((step) => `${step.key} ${step.title} (${step.where})`);
}

/** `90` as `1 min 30 s`. */
export function durationText(seconds: number): string {
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const widestCell = 60;

function refusal(
  code: "AUTHORITY_UNCLEAR" | "PREFLIGHT_FAILED" | "EARLIER_STEP_OPEN",
  summary: string,
  hint?: string,
): DrError {
  return new DrError({ code, summary, ...(hint === undefined ? {} : { hint }) });
}
