/**
 * The plan of the failover (stack `backup`): Microsoft's failover runbook. Its steps keep their numbers and not their order:
 * log shipping is used once more before it is removed, and clients are let in before the mirror is made. Pure.
 */
import { failoverContextOf } from "./failover-context";
import { failoverFindings } from "./failover-findings";
import {
  clearedBeforeMoveStep,
  logBackupStep,
  primaryMirroringStep,
  recoveryStep,
  remainingLogsStep,
  removedShippingStep,
  tailStep,
} from "./failover-steps";
import { assemblePlan } from "./plan-assembly";
import type { PlanContext } from "./plan-context";
import { chatServiceStep } from "./plan-health";
import { mirrorStep } from "./plan-mirroring";
import { activeServersStep, poolStateStep } from "./plan-steps";
import type { Plan, StepBody } from "./plan-types";

/**
 * The plan of one pool's failover.
 * @param now the present moment, for the window of what is lost
 */
export function failoverPlan(plain: PlanContext, now: Date): Plan {
  const context = failoverContextOf(plain);
  const cleared = clearedBeforeMoveStep(context);
  const away: readonly (readonly StepBody[])[] = [
    [cleared],
    [primaryMirroringStep(context)],
    [tailStep(context)],
    [remainingLogsStep(context)],
    [removedShippingStep(context)],
    [recoveryStep(context)],
    [{ ...poolStateStep(context), key: "O5", id: "O5" }],
    [{ ...activeServersStep(context, cleared.open), key: "O7", id: "O7" }],
  ];
  return assemblePlan(context, {
    stages: [
      ...away,
      [chatServiceStep(context, { key: "O7b", id: "O7b", site: "backup" }, away.flat())],
      // Before the mirror: one that cannot be made must not leave the log without backups.
      [logBackupStep(context)],
      [
        mirrorStep(context, { key: "O6-chat", id: "O6", site: "backup", which: "chat", renewed: context.closed }),
        mirrorStep(context, { key: "O6-compliance", id: "O6", site: "backup", which: "compliance", renewed: false }),
      ],
    ],
    findings: (open) => failoverFindings(context, open, now),
    salvage: null,
  });
}
