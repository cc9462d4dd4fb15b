/**
 * The plan: the ordered steps between what is and what shall be, as a pure function of observation and desired state.
 * Handlers ask it, the report tells it, tests enumerate it.
 */
import { authorityText, type StepId } from "./authority";
import type { Desired } from "./desired";
import { DrError } from "./errors";
import type { Observation } from "./observation-types";
import { contextOf, onPrimary, type PlanContext, salvageNeeded } from "./plan-context";
import { findingsOf } from "./plan-findings";
import { type LogShippingChange, logShippingChanges } from "./plan-log-shipping";
import { salvageDescription, salvageFile } from "./plan-restore";
import {
  activeServersStep,
  backupStep,
  clearedActiveServersStep,
  fenceStep,
  mirroringStep,
  plannedRun,
  poolStateStep,
  restoreStep,
  transferSeconds,
} from "./plan-steps";
import type { Finding, Plan, PlannedStatement, PlanStep, StepBody, StepKey } from "./plan-types";
import { backupFull } from "./statements";

export type { Finding, Plan, PlannedStatement, PlanStep, ResourceKind, StepKey } from "./plan-types";
export { setToVerify } from "./plan-context";

/**
 * The plan of the failback of one pool (stack `primary`).
 * @throws DrError CONFIGURATION_INVALID for a stack that makes the backup active: its steps are those of a failover.
 */
export function plan(observation: Observation, desired: Desired): Plan {
  if (desired.active !== "primary") {
    throw new DrError({
      code: "CONFIGURATION_INVALID",
      summary: "this plan is that of a failback",
      where: "active",
      expected: `"primary"`,
      found: `"${desired.active}"`,
      hint: "Use the stack primary for the failback.",
    });
  }
  const context = contextOf(observation, desired);
  const steps = gated(context, [
    clearedActiveServersStep(context),
    mirroringStep(context, "chat"),
    mirroringStep(context, "compliance"),
    fenceStep(context),
    backupStep(context),
    restoreStep(context),
    logShippingStep(context),
    ...(desired.pool.activation === "document"
      ? [activeServersStep(context), poolStateStep(context)]
      : [poolStateStep(context), activeServersStep(context)]),
  ]);
  const open = new Set<StepId>(steps.filter((step) => step.open).map((step) => step.id));
  const findings = findingsOf(context, open);
  const salvage = salvageNeeded(context) ? salvageStatement(context) : null;
  const preflight = preflightStep(findings, open, salvage);
  return { pool: observation.pool, authority: context.authority, findings, steps: [preflight, ...steps], salvage };
}

/** The step of a key. */
export function stepOf(whole: Plan, key: StepKey): PlanStep {
  const step = whole.steps.find((one) => one.key === key);
  if (step === undefined) throw new DrError({ code: "INTERNAL", summary: `the plan has no step ${key}` });
  return step;
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

const stages: { readonly [Key in StepKey]: number } = {
  F0: 0,
  F1: 1,
  "F2-chat": 2,
  "F2-compliance": 2,
  F2b: 3,
  F3: 4,
  F4: 5,
  F5: 6,
  F6: 7,
  F7: 8,
};

const wayHomeSteps: ReadonlySet<StepId> = new Set(["F1", "F2", "F2b", "F3", "F4"]);

// The one place that lets a step be open: what authority does not allow has no statements and is not to be done.
function gated(context: PlanContext, bodies: readonly StepBody[]): readonly PlanStep[] {
  const { authority, desired } = context;
  return bodies.map((body) => {
    const stage = desired.pool.activation === "document" ? stages[body.key] : swappedStage(body.key);
    const step: PlanStep = { courtesy: false, probed: wayHomeSteps.has(body.id), ...body, stage };
    if (authority.allows.includes(body.id)) return step;
    return { ...step, open: false, courtesy: false, reason: "", statements: [], estimateSeconds: null };
  });
}

function swappedStage(key: StepKey): number {
  if (key === "F6") return stages.F7;
  return key === "F7" ? stages.F6 : stages[key];
}

function logShippingStep(context: PlanContext): StepBody {
  const { desired, wayHome } = context;
  const restoreFirst = wayHome && !context.broughtHome;
  const changes = logShippingChanges(context, plannedRun, restoreFirst);
  const open = changes.length > 0;
  const seeds = changes.some((change) => change.part === "seed");
  const transfers = seeds ? transferSeconds(context) : null;
  const { primaryName, backupName } = context;
  const shipping = `${primaryName} ships to ${backupName}`;
  return {
    key: "F5",
    id: "F5",
    resource: "LogShipping",
    title: `Log shipping of ${desired.chat}`,
    where: `${primaryName}, ${backupName}`,
    role: context.authority.principals.primary,
    now: shippingNow(context, changes),
    // The one step that cannot be taken back says so where the plan is read.
    then: seeds ? `${shipping}, whose ${desired.chat} is overwritten: the point of no return` : shipping,
    open,
    reason: open ? reasonOf(changes.map((change) => change.property)) : "",
    // A drifted number or schedule is mended without touching any folder.
    probed: changes.some((change) => ["add-primary", "seed", "add-secondary"].includes(change.part)),
    statements: changes.flatMap((change) => change.statements),
    estimateSeconds: open ? (transfers === null ? null : 2 * transfers) : null,
  };
}

// One line for people; the whole list is in the statements and in the drifted properties.
function shippingNow(context: PlanContext, changes: readonly LogShippingChange[]): string {
  const parts = new Set(changes.map((change) => change.part));
  if (changes.length === 0) return `${context.primaryName} ships to ${context.backupName}`;
  if (parts.has("add-primary") && parts.has("add-secondary")) return "not set up";
  return reasonOf(changes.map((change) => `${change.property} ${change.now}`));
}

function reasonOf(properties: readonly string[]): string {
  const shown = properties.slice(0, 3).join(", ");
  return properties.length > 3 ? `${shown}, and ${properties.length - 3} more` : shown;
}

function preflightStep(
  findings: readonly Finding[],
  open: ReadonlySet<StepId>,
  salvage: PlannedStatement | null,
): PlanStep {
  const errors = findings.filter((finding) => finding.severity === "error");
  const due = open.size > 0 || errors.length > 0;
  return {
    key: "F0",
    id: "F0",
    resource: "Preflight",
    title: "Check all that can be checked",
    stage: stages.F0,
    where: "all instances, Management Shell",
    role: "shell",
    now: errors.length === 0 ? "no error" : `${errors.length} ${errors.length === 1 ? "error" : "errors"}`,
    then: "no error",
    open: due,
    reason:
      errors.length > 0 ? errors.map((finding) => finding.id).join(", ") : due ? "probed before the first change" : "",
    courtesy: false,
    probed: false,
    statements: salvage === null ? [] : [salvage],
    estimateSeconds: null,
  };
}

function salvageStatement(context: PlanContext): PlannedStatement {
  const { desired } = context;
  return onPrimary(
    context,
    backupFull({
      database: desired.chat,
      file: salvageFile(desired, plannedRun),
      name: `${desired.chat} salvage`,
      description: salvageDescription(plannedRun),
      copyOnly: true,
    }),
  );
}

function refusal(
  code: "AUTHORITY_UNCLEAR" | "PREFLIGHT_FAILED" | "EARLIER_STEP_OPEN",
  summary: string,
  hint?: string,
): DrError {
  return new DrError({ code, summary, ...(hint === undefined ? {} : { hint }) });
}
