/** Which findings stop Preflight, and whether a step needs what only an `up` probes. Pure. */
import { DrError } from "../errors";
import type { Finding, Plan } from "../plan-types";

/**
 * Findings that stop a step which is open, or everything (those that block F0); in a preview those that only an `up` must
 * have in order are left out.
 */
export function blockingFindings(plan: Plan, when: "preview" | "up"): readonly Finding[] {
  const open = new Set(plan.steps.filter((step) => step.open && step.id !== "F0").map((step) => step.id));
  const unclear = plan.authority.outcome === "unclear";
  return plan.findings.filter(
    (finding) =>
      finding.severity === "error" &&
      (when === "up" || !finding.atUpOnly) &&
      (unclear || finding.blocks.some((step) => step === "F0" || open.has(step))),
  );
}

/** PREFLIGHT_FAILED with every finding that blocks an open step; undefined when none does. */
export function preflightRefusal(plan: Plan, when: "preview" | "up"): DrError | undefined {
  const blocking = blockingFindings(plan, when);
  if (blocking.length === 0) return undefined;
  return preflightFailed(blocking.map((finding) => `${finding.message}. ${finding.hint}`));
}

/** The error of Preflight, with every problem on a line of its own. */
export function preflightFailed(problems: readonly string[]): DrError {
  const list = problems.map((problem, index) => `\n  ${String(index + 1)}. ${problem}`).join("");
  return new DrError({
    code: "PREFLIGHT_FAILED",
    summary: `Preflight found what stands in the way; nothing was changed:${list.replace(/\.+$/, "")}`,
    hint: "Mend what is named, then run the same command again.",
  });
}
