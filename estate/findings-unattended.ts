/** The finding of a run that nobody watches. Pure. */
import type { StepId } from "./authority";
import { attendedSteps, attendedText } from "./attended";
import { errorFinding, everyChange } from "./findings";
import type { PlanContext } from "./plan-context";
import type { Finding } from "./plan-types";

/** An error that stops an `up` before its first change, where the configuration says that nobody watches. */
export function unattendedFindings(context: PlanContext, open: ReadonlySet<StepId>): readonly Finding[] {
  const attended = attendedSteps(context, open);
  if (!context.desired.unattended || attended.length === 0) return [];
  return [
    errorFinding(
      "unattended",
      `this run is unattended and would ${attendedText(attended)}`,
      "A person starts that: the same command without unattended and PERSISTENT_CHAT_DR_UNATTENDED, or a promoted change.",
      everyChange,
      true,
    ),
  ];
}
