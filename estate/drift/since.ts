/** Since when a property has been otherwise: what msdb dates, else the last report of ours in which it was as desired. Pure. */
import { isEvery } from "../job-schedules";
import type { AgentJob, JobSchedule } from "../observation-types";
import type { PlanContext } from "../plan-context";
import { databaseOf, restoresOf } from "../relations";
import type { StepKey } from "../plan-types";
import type { LastDone } from "./last-done";
import type { Since } from "./drift-types";
import { jobOf } from "./severity";

/** Since when a step's property has been otherwise; null where nothing tells. */
export function sinceOf(context: PlanContext, key: StepKey, property: string, lastDone: LastDone): Since | null {
  return dated(context, key, property) ?? lastDone.get(key) ?? null;
}

/** Since when the primary's copy has been what it is: its last restore, else its creation (after a rebuild). */
export function sinceOfPrimaryCopy({ primary, primaryName, desired }: PlanContext): Since | null {
  const copy = primary && databaseOf(primary, desired.chat);
  if (primary === undefined || copy === undefined) return null;
  const [restored] = restoresOf(primary, desired.chat);
  return restored === undefined
    ? { relation: "at", time: copy.createDate, clock: primaryName, source: `sys.databases.create_date of ${copy.name}` }
    : {
        relation: "at",
        time: restored.restoreDate,
        clock: primaryName,
        source: `restorehistory.restore_date of ${copy.name}`,
      };
}

function dated(context: PlanContext, key: StepKey, property: string): Since | null {
  if (key === "F4") return sinceOfPrimaryCopy(context);
  if (key !== "F5" && key !== "O8") return null;
  const job = jobOf(context, property);
  if (job === null) return null;
  const clock = property.startsWith("primary.") ? context.primaryName : context.backupName;
  if (!property.endsWith("schedules")) {
    return { relation: "at", time: job.modified, clock, source: `sysjobs.date_modified of ${job.name}` };
  }
  const changed = newestChange(job, minutesOf(context, property));
  if (changed === undefined) return null;
  return { relation: "at", time: changed.modified, clock, source: `sysschedules.date_modified of ${changed.name}` };
}

function minutesOf({ desired }: PlanContext, property: string): number {
  const { scheduleMinutes } = desired.logShipping;
  if (desired.active === "backup") return desired.logBackups.everyMinutes;
  if (property.startsWith("primary.")) return scheduleMinutes.backup;
  return property.startsWith("secondary.copyJob.") ? scheduleMinutes.copy : scheduleMinutes.restore;
}

// Of the schedules that should not be as they are; a schedule that was taken off the job left no date behind.
function newestChange(job: AgentJob, minutes: number): JobSchedule | undefined {
  const right = job.schedules.find((schedule) => isEvery(schedule, minutes));
  return job.schedules
    .filter((schedule) => schedule !== right)
    .sort((left, other) => (left.modified < other.modified ? 1 : -1))[0];
}
