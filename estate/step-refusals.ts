/** When a step must not begin, and when one that was done did not come to its end. Pure. */
import { authorityText } from "./authority";
import { DrError } from "./errors";
import { refusalOf, stepOf } from "./plan";
import type { Plan, StepKey } from "./plan-types";
import { preflightRefusal } from "./steps/preflight-findings";

/**
 * Why a step must not begin, or undefined when it may, or has nothing to do.
 * @param preflightPassed Preflight has come to its end in this run, so that what only an `up` probes was probed
 */
export function beginningRefusal(whole: Plan, key: StepKey, preflightPassed: boolean): DrError | undefined {
  if (key === "F0") return preflightRefusal(whole, "up");
  const step = stepOf(whole, key);
  // Unclear authority leaves no step open, and none may look done for that reason.
  if (!step.open && whole.authority.outcome !== "unclear") return undefined;
  const refusal = refusalOf(whole, key);
  if (refusal !== undefined || preflightPassed || !(step.open && step.probed)) return refusal;
  return new DrError({
    code: "EARLIER_STEP_OPEN",
    summary: `${key} not begun: F0 (Preflight) has not passed in this run, so folders and accounts were not probed`,
    hint: "Run the whole stack, without --target and --exclude.",
  });
}

/** Why a step that was done is not at its end, or undefined when the estate reads back as planned. */
export function endingRefusal(whole: Plan, key: StepKey): DrError | undefined {
  if (whole.authority.outcome === "unclear") {
    return new DrError({
      code: "AUTHORITY_UNCLEAR",
      summary: `${key} was done, and now ${authorityText(whole.authority)}`,
      hint: whole.authority.hint,
    });
  }
  const step = stepOf(whole, key);
  // Preflight is open as long as any step is; a courtesy holds nothing up.
  if (key === "F0" || !step.open || step.courtesy) return undefined;
  return new DrError({
    code: "READ_BACK_DIFFERS",
    summary: `${key} ${step.title}: it was done and is open again`,
    where: step.where,
    expected: step.then,
    found: step.reason,
    hint: "Somebody else may be working on this estate. Look at the run's report, then preview again.",
  });
}
