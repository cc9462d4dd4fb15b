/** Puts steps into their places: the one place that lets a step be open. Pure. */
import type { StepId } from "./authority";
import type { PlanContext } from "./plan-context";
import type { Finding, Plan, PlannedStatement, PlanStep, StepBody } from "./plan-types";

/** What a plan is put together from. */
export interface PlanParts {
  /** Stages in the order of execution; steps of one stage do not wait for one another. */
  readonly stages: readonly (readonly StepBody[])[];
  /** What Preflight has to say, given the ids of the steps that are open. */
  readonly findings: (open: ReadonlySet<StepId>) => readonly Finding[];
  /** What saves a copy that is given up, before everything else. */
  readonly salvage: PlannedStatement | null;
}

/** The plan: Preflight, then the stages. What authority does not allow has no statements and is not to be done. */
export function assemblePlan(context: PlanContext, { stages, findings: find, salvage }: PlanParts): Plan {
  const { authority, observation } = context;
  const steps = stages.flatMap((bodies, at) =>
    bodies.map((body): PlanStep => {
      const step: PlanStep = { courtesy: false, probed: false, skipped: "", ...body, stage: at + 1 };
      if (authority.allows.includes(body.id)) return step;
      return { ...step, open: false, courtesy: false, reason: "", statements: [], estimateSeconds: null };
    }),
  );
  const open = new Set<StepId>(steps.filter((step) => step.open).map((step) => step.id));
  const findings = find(open);
  const preflight = preflightStep(findings, open, salvage);
  return { pool: observation.pool, authority, findings, steps: [preflight, ...steps], salvage };
}

function preflightStep(
  findings: readonly Finding[],
  open: ReadonlySet<StepId>,
  salvage: PlannedStatement | null,
): PlanStep {
  const errors = findings.filter((finding) => finding.severity === "error");
  const drifted = findings.flatMap(({ drift }) => (drift === undefined ? [] : [`${drift.property} ${drift.observed}`]));
  const due = open.size > 0 || errors.length > 0 || drifted.length > 0;
  return {
    key: "F0",
    id: "F0",
    resource: "Preflight",
    title: "Check all that can be checked",
    stage: 0,
    where: "all instances, Management Shell",
    role: "shell",
    now: errors.length === 0 ? "no error" : `${errors.length} ${errors.length === 1 ? "error" : "errors"}`,
    then: "no error",
    open: due,
    reason:
      errors.length > 0
        ? errors.map((finding) => finding.id).join(", ")
        : open.size > 0
          ? "probed before the first change"
          : drifted.join(", "),
    courtesy: false,
    probed: false,
    skipped: "",
    statements: salvage === null ? [] : [salvage],
    estimateSeconds: null,
  };
}
