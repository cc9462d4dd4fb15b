/**
 * What is left over in msdb when one half of a registration went: a job that ships for an id which is not registered
 * (32016 at every run), and a row of the monitor that nobody brings up to date (14420, 14421 for ever). Pure.
 */
import { configuredInstance, type Desired } from "./desired";
import { INSTANCE_ROLES } from "./estate";
import type { AgentJob, InstanceObservation, StrayShippingJob } from "./observation-types";
import { onBackup, onPrimary, type PlanContext } from "./plan-context";
import type { LogShippingChange } from "./plan-log-shipping";
import type { PlannedStatement } from "./plan-types";
import { sameName } from "./relations";
import { deleteStrayMonitorRow, enableJob } from "./statements-log-shipping";

/** True for a job that exists and runs for a registration of its instance. */
export function isShippingFor(instance: InstanceObservation | undefined, job: AgentJob | null): boolean {
  return job !== null && !(instance?.strayShippingJobs ?? []).some((stray) => stray.jobId === job.jobId);
}

/** Monitor rows to remove and jobs to disable, on both sites' principals. A job is never deleted: it may be looked into. */
export function strayChanges(context: PlanContext): readonly LogShippingChange[] {
  const { primary, backup, desired } = context;
  return [
    ...changesOf(primary, desired, (text) => onPrimary(context, text)),
    ...changesOf(backup, desired, (text) => onBackup(context, text)),
  ];
}

function changesOf(
  instance: InstanceObservation | undefined,
  desired: Desired,
  on: (text: string) => PlannedStatement,
): LogShippingChange[] {
  if (instance === undefined) return [];
  const registered = [
    ...instance.logShippingPrimary.map((row) => row.backupJobId),
    ...instance.logShippingSecondary.flatMap((row) => [row.copyJobId, row.restoreJobId]),
  ];
  const jobs = instance.strayShippingJobs.filter(
    // A job that a registration still refers to goes with it, when that is made anew.
    (job) => job.enabled && !registered.includes(job.jobId) && isNamedForUs(job, desired),
  );
  return [
    ...instance.strayMonitorRows.map(({ part, id }) => {
      const statement = on(deleteStrayMonitorRow(part, id));
      return stray(`${part} in the monitor of ${statement.where}`, "a row without registration", "removed", statement);
    }),
    ...jobs.map((job) => {
      const statement = on(enableJob(job.jobId, false));
      return stray(`job ${job.name} on ${statement.where}`, "runs without registration", "disabled", statement);
    }),
  ];
}

// Of another database's job there is nothing to see but its name (those of Microsoft's scripts, or the configured ones).
function isNamedForUs({ name }: StrayShippingJob, { pool, chat, logShipping }: Desired): boolean {
  const servers = INSTANCE_ROLES.map((role) => configuredInstance(pool, role)?.server ?? []).flat();
  const names = servers.flatMap((server) => [`LSCopy_${server}_${chat}`, `LSRestore_${server}_${chat}`]);
  return [...Object.values(logShipping.jobs), `LSBackup_${chat}`, ...names].some((one) => sameName(one, name));
}

function stray(property: string, now: string, then: string, statement: PlannedStatement): LogShippingChange {
  return { part: "remove-stray", property, now, then, statements: [statement] };
}
