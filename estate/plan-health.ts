/** The step that proves that the chat is back on the site that is to be active (F7b, O7b). Pure. */
import { readable } from "./authority";
import { pingsSql } from "./compare";
import { type SiteName, serverName } from "./desired";
import { type PlanContext, inShell } from "./plan-context";
import type { PlannedStatement, StepBody } from "./plan-types";
import { isLive } from "./relations";
import { testChatMessage } from "./shell/commands";
import { quoteName } from "./sql/quote";

/** Place of the step in its plan. */
export interface ChatServiceTarget extends Pick<StepBody, "key" | "id"> {
  readonly site: SiteName;
}

/**
 * The chat serves: its servers are at work in the copy of the site that is to be active. What an earlier step of the plan
 * still changes is proved afterwards, so the step is open while one of them is.
 * @param earlier the steps before it
 */
export function chatServiceStep(
  context: PlanContext,
  { key, id, site }: ChatServiceTarget,
  earlier: readonly StepBody[],
): StepBody {
  const { desired, authority } = context;
  const role = authority.principals[site];
  const pending = earlier.filter((step) => step.open && authority.allows.includes(step.id)).map((step) => step.key);
  const live = servesOn(context, site);
  const open = pending.length > 0 || !live;
  return {
    key,
    id,
    resource: "ChatService",
    title: "Prove that the chat is back",
    where: desired.health.check === "message" ? "Management Shell" : serverName(desired.pool, role),
    role: desired.health.check === "message" ? "shell" : role,
    now: live
      ? `chat servers at work on ${serverName(desired.pool, role)}`
      : `no chat server on ${serverName(desired.pool, role)}`,
    then: desired.health.check === "message" ? "a test message arrives" : "a chat server pings",
    open,
    reason: open ? (live ? `to be proved after ${pending.join(", ")}` : "no chat server is connected") : "",
    statements: open ? [proof(context, site)] : [],
    estimateSeconds: open ? 30 : null,
  };
}

/** Chat servers of the pool are at work in the copy of a site's present principal. */
export function servesOn(context: PlanContext, site: SiteName): boolean {
  const { observation, desired, shell, authority } = context;
  const instance = readable(observation, authority.principals[site]);
  return instance !== undefined && isLive(instance, desired.chat, shell?.machines ?? []);
}

function proof(context: PlanContext, site: SiteName): PlannedStatement {
  const { desired, authority } = context;
  const { check, registrar } = desired.health;
  if (check === "message" && registrar !== undefined) return inShell(testChatMessage({ ...desired.health, registrar }));
  return { where: serverName(desired.pool, authority.principals[site]), text: pingsSql(quoteName(desired.chat)) };
}
