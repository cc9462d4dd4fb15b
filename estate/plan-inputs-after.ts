/** What the resources behind the runbook's last step show in Pulumi: the proof that the chat is back, and mirroring. Pure. */
import { type DatabaseKind, databaseName, type Desired, type SiteName } from "./desired";
import { mirrorPair } from "./mirror-pair";
import type { PlanContext } from "./plan-context";
import { servesOn } from "./plan-health";
import type { StepInputs } from "./plan-inputs";
import { leftoversOf } from "./plan-mirroring";
import { sameName } from "./relations";

/** Inputs of the proof, as desired. */
export function chatServiceInputs(desired: Desired, site: SiteName): StepInputs {
  return {
    instance: desired.pool[site].principal.server,
    database: desired.chat,
    check: desired.health.check,
    service: "running",
  };
}

/** Members of the proof that differ while it is open. */
export function observedChatService(context: PlanContext, site: SiteName): StepInputs {
  return { service: servesOn(context, site) ? "to be proved" : "not running" };
}

/** Inputs of one database's mirror, as desired. */
export function mirrorInputs(desired: Desired, site: SiteName, which: DatabaseKind): StepInputs {
  const { principal, mirror } = desired.pool[site];
  return {
    instance: principal.server,
    database: databaseName(desired, which) ?? "none",
    partner: mirror?.server ?? "none",
    session: "running",
  };
}

/** Members of a mirror that differ while it is open. */
export function observedMirror(
  context: PlanContext,
  site: SiteName,
  which: DatabaseKind,
  renewed: boolean,
): StepInputs {
  const { copy, partnerName } = mirrorPair(context, site, which);
  const session = renewed ? null : (copy?.mirroring ?? null);
  if (session === null) return { partner: "none", session: "none" };
  const elsewhere = !sameName(session.partnerInstance, partnerName);
  return {
    ...(elsewhere ? { partner: session.partnerInstance ?? "another instance" } : {}),
    ...(session.state === "SUSPENDED" ? { session: "suspended" } : {}),
  };
}

/** Inputs of the leftovers, as desired. */
export function leftoversInputs(desired: Desired, site: SiteName): StepInputs {
  return { instance: desired.pool[site].mirror?.server ?? "none", leftovers: [] };
}

/** Leftovers that are to go; a mirror whose session is still to end is one of them. */
export function observedLeftovers(context: PlanContext, site: SiteName): StepInputs {
  const present = leftoversOf(context, site).filter((one) => one.judged.covered);
  const names = present.map((one) => one.database);
  const coming = (["chat", "compliance"] as const).flatMap((which) => {
    const pair = mirrorPair(context, site, which);
    return context.wayHome && pair.copy?.mirroring ? [pair.database] : [];
  });
  return { leftovers: [...new Set([...names, ...coming])] };
}
