/** What only a person may begin: no schedule, operator or remediation starts a move of the chat on its own. Pure. */
import type { StepId } from "./authority";
import { activeServersOf } from "./desired";
import type { PlanContext } from "./plan-context";
import { seedNeeded } from "./plan-log-shipping";
import { mirrorShippingChanges, needsPrincipal } from "./plan-mirror-shipping";

/** An open step that an unattended run refuses. */
export interface AttendedStep {
  readonly step: StepId;
  /** What it would do, behind "would". */
  readonly would: string;
}

const moving = "change which site is active";

/**
 * The open steps that a person starts. Unattended are only: log shipping that needs no new seed, the job that backs up the
 * log while the backup site serves, a registration of log shipping there, and a list of active servers that was of the site which is to be active, and has to be
 * of it again.
 */
export function attendedSteps(context: PlanContext, open: ReadonlySet<StepId>): readonly AttendedStep[] {
  return [...open].flatMap((step) => {
    const would = reasonOf(context, step);
    return would === undefined ? [] : [{ step, would }];
  });
}

/** What an unattended run would do, in words: `change which site is active (F6, F7)`; empty where it may begin. */
export function attendedText(attended: readonly AttendedStep[]): string {
  const kinds = [...new Set(attended.map(({ would }) => would))].map((would) => {
    const steps = attended.filter((one) => one.would === would).map(({ step }) => step);
    return `${would} (${steps.join(", ")})`;
  });
  return kinds.join(", and ");
}

function reasonOf(context: PlanContext, step: StepId): string | undefined {
  if (context.wayHome) return "bring the chat home";
  if (context.authority.moves === true) return `fail the pool over to ${context.backupName}`;
  switch (step) {
    case "F5":
      // A primary that was put back to an older state would be copied over the only newer copy.
      return seedNeeded(context) === null ? undefined : `overwrite the copy on ${context.backupName}`;
    case "F6":
    case "O7":
      return leavesSite(context) ? moving : undefined;
    case "O4":
      return `open the copy on ${context.backupName}`;
    case "F8":
      return mirrorShippingChanges(context, "primary").some(needsPrincipal)
        ? `fail ${context.desired.chat} over to its mirror and back`
        : undefined;
    // What follows a move, and protects it; a registration that came back to the copy that serves.
    case "O1":
    case "F7b":
    case "O6":
    case "O7b":
    case "O8":
      return undefined;
    default:
      return moving;
  }
}

// Nobody active, or a server of the other site: a person has taken the chat away from here.
function leavesSite({ shell, desired }: PlanContext): boolean {
  const { pool, active } = desired;
  const other = new Set(activeServersOf(active === "primary" ? pool.backup : pool.primary));
  for (const server of desired.activeServers) other.delete(server);
  const present = shell?.activeServers ?? [];
  return present.length === 0 || present.some((server) => other.has(server.toLowerCase()));
}
