/** How findings are made: an error stops steps, a warning and an info stop nothing. */
import type { StepId } from "./authority";
import type { Finding } from "./plan-types";

/** Every step that changes something. */
export const changingSteps: readonly StepId[] = ["F1", "F2", "F2b", "F3", "F4", "F5", "F6", "F7"];

/** An error that stops the given steps; all that change something unless said otherwise. */
export function errorFinding(
  id: string,
  message: string,
  hint: string,
  blocks: readonly StepId[] = changingSteps,
  atUpOnly = false,
): Finding {
  return { id, severity: "error", message, hint, blocks, atUpOnly };
}

/** A warning: printed, stops nothing. */
export function warningFinding(id: string, message: string, hint: string): Finding {
  return { id, severity: "warning", message, hint, blocks: [], atUpOnly: false };
}

/** Something good to know. */
export function infoFinding(id: string, message: string, hint: string): Finding {
  return { id, severity: "info", message, hint, blocks: [], atUpOnly: false };
}
