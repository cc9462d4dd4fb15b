/** How findings are made: an error stops steps, a warning and an info stop nothing. */
import type { StepId } from "./authority";
import type { Finding } from "./plan-types";

/** Every step of a failback that changes something. */
export const changingSteps: readonly StepId[] = ["F1", "F2", "F2b", "F3", "F4", "F5", "F6", "F7", "F7b", "F8"];

/** Every step of a failover that changes something. */
export const failoverSteps: readonly StepId[] = ["P1", "P2", "P3", "O3", "O1", "O4", "O5", "O7", "O7b", "O6", "O8"];

/** Every step of both. */
export const everyChange: readonly StepId[] = [...changingSteps, ...failoverSteps];

/** An error that stops the given steps; all that change something unless said otherwise. */
export function errorFinding(
  id: string,
  message: string,
  hint: string,
  blocks: readonly StepId[] = everyChange,
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

/** Errors first, then warnings, then what is good to know. */
export function orderedFindings(findings: readonly Finding[]): readonly Finding[] {
  const order = { error: 0, warning: 1, info: 2 };
  return [...findings].sort((left, right) => order[left.severity] - order[right.severity]);
}
