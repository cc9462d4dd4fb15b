/** How bad a difference of a step's property is. Pure. */
import { isNeverStarted } from "../job-schedules";
import type { AgentJob } from "../observation-types";
import type { PlanContext } from "../plan-context";
import { soundPrimary, soundSecondary } from "../plan-log-shipping";
import { mirrorContext } from "../plan-mirror-shipping";
import type { StepKey } from "../plan-types";
import type { Severity } from "./drift-types";

/** Last part of log shipping's properties that neither stop it nor keep anybody from hearing that it has stopped. */
const cosmetic: ReadonlySet<string> = new Set([
  "retentionMinutes",
  "historyMinutes",
  "compression",
  "job",
  "name",
  "disconnectUsers",
]);

const mirrors: ReadonlySet<StepKey> = new Set(["F8-chat", "F8-compliance", "O6-chat", "O6-compliance"]);

/** What is neither log shipping, nor the log backups of a serving backup, nor a mirror, says which site is active. */
export function severityOf(context: PlanContext, key: StepKey, property: string): Severity {
  if (mirrors.has(key)) return "protection";
  if (key === "F8-leftovers") return "cosmetic";
  if (key === "O1" && context.authority.moves !== true) return "protection";
  if (key !== "F5" && key !== "O8" && key !== "F8-shipping") return "service";
  // Without its job nothing of O8 is cosmetic.
  if (key === "O8" && !context.backup?.logBackupJob) return "protection";
  const last = property.slice(property.lastIndexOf(".") + 1);
  if (cosmetic.has(last)) return "cosmetic";
  const job = last === "schedules" ? jobOf(shippingContext(context, key), property) : null;
  return job === null || isNeverStarted(job) ? "protection" : "cosmetic";
}

/** Where the registration of a step is: that of F8 is on the primary's mirror. */
export function shippingContext(context: PlanContext, key: StepKey): PlanContext {
  return (key === "F8-shipping" ? mirrorContext(context, "primary") : undefined) ?? context;
}

/** The job that a property such as `secondary.copyJob.enabled` is about; null where there is none. */
export function jobOf(context: PlanContext, property: string): AgentJob | null {
  if (context.desired.active === "backup") return context.backup?.logBackupJob?.job ?? null;
  if (property.startsWith("primary.backupJob.")) return soundPrimary(context)?.backupJob ?? null;
  if (property.startsWith("secondary.copyJob.")) return soundSecondary(context)?.copyJob ?? null;
  if (property.startsWith("secondary.restoreJob.")) return soundSecondary(context)?.restoreJob ?? null;
  return null;
}
