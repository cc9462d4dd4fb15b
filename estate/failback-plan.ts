/** The plan of the failback (stack `primary`): Microsoft's failback runbook, in the document's order. Pure. */
import { type PlanContext, onPrimary, salvageNeeded } from "./plan-context";
import { assemblePlan } from "./plan-assembly";
import { findingsOf } from "./plan-findings";
import { chatServiceStep } from "./plan-health";
import { type LogShippingChange, logShippingChanges } from "./plan-log-shipping";
import { mirrorShippingStep } from "./plan-mirror-shipping";
import { leftoversStep, mirrorStep } from "./plan-mirroring";
import { salvageBackup } from "./plan-restore";
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
import type { Plan, PlannedStatement, StepBody } from "./plan-types";
import { backupFull, fenceReadOnly } from "./statements";

/** The plan of one pool's failback. */
export function failbackPlan(context: PlanContext): Plan {
  const activation =
    context.desired.pool.activation === "document"
      ? [[activeServersStep(context)], [poolStateStep(context)]]
      : [[poolStateStep(context)], [activeServersStep(context)]];
  const removed = { chat: mirroringStep(context, "chat"), compliance: mirroringStep(context, "compliance") };
  const restored = restoreStep(context);
  const home = [
    [clearedActiveServersStep(context)],
    [removed.chat, removed.compliance],
    [fenceStep(context)],
    [backupStep(context)],
    [restored],
    [logShippingStep(context)],
    ...activation,
  ];
  const released = (["chat", "compliance"] as const).filter((which) => removed[which].open);
  return assemblePlan(context, {
    stages: [
      ...home,
      [chatServiceStep(context, { key: "F7b", id: "F7b", site: "primary" }, home.flat())],
      // One after the other: while a mirror of mgc is made its log backups stand still, which looks like drift of F5.
      [mirrorStep(context, { key: "F8-chat", id: "F8", site: "primary", which: "chat", renewed: restored.open })],
      [
        mirrorStep(context, { key: "F8-compliance", id: "F8", site: "primary", which: "compliance", renewed: false }),
        leftoversStep(context, { key: "F8-leftovers", id: "F8", site: "backup", released }),
      ],
      [mirrorShippingStep(context, { key: "F8-shipping", id: "F8", site: "primary" })],
    ],
    findings: (open) => findingsOf(context, open),
    salvage: salvageNeeded(context) ? salvageStatement(context) : null,
  });
}

function logShippingStep(context: PlanContext): StepBody {
  const { desired } = context;
  const changes = logShippingChanges(context, plannedRun, context.renewsPrimary);
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

// Read-only first: what is written behind the salvage would be in no copy.
function salvageStatement(context: PlanContext): PlannedStatement {
  const { desired } = context;
  const backup = backupFull(salvageBackup(desired, plannedRun, null));
  return onPrimary(context, `${fenceReadOnly(desired.chat)}\n${backup}`);
}
