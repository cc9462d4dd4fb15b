/** Log shipping's backup job on a primary that is about to be restored over or closed. */
import { DrError } from "../errors";
import type { AgentJob, InstanceObservation, InstanceRole } from "../observation-types";
import { sameName } from "../relations";
import { enableJob } from "../statements-log-shipping";
import type { StepContext } from "./step-context";
import { waitFor } from "./wait";

/**
 * Disables the jobs and waits until none runs: a log backup of a copy that was just restored would write into the share
 * before F5 knows of it, one of a copy that is to be closed would be a link of the chain that nobody waits for. Throws TIMEOUT.
 */
export async function stopBackupJobs(context: StepContext, role: InstanceRole): Promise<void> {
  const jobs = (instance: InstanceObservation): readonly AgentJob[] =>
    instance.logShippingPrimary.flatMap((row) =>
      sameName(row.primaryDatabase, context.desired.chat) && row.backupJob !== null ? [row.backupJob] : [],
    );
  const before = await context.readInstance(role);
  for (const { jobId, name } of jobs(before).filter((job) => job.enabled)) {
    await context.change({ role, doing: `sp_update_job ${name}: disabled`, text: enableJob(jobId, false) });
  }
  if (jobs(before).length === 0) return;
  const limitSeconds = context.desired.timeouts.logShippingCycleSeconds;
  const { seen, satisfied } = await waitFor(
    async () => jobs(await context.readInstance(role)).filter((job) => job.running),
    (running) => running.length === 0,
    { limitSeconds },
  );
  if (satisfied) return;
  throw new DrError({
    code: "TIMEOUT",
    summary: `${context.step.id}: log shipping's backup job still runs after ${String(limitSeconds)} s`,
    where: context.step.where,
    found: seen.map((job) => job.name).join(", "),
    hint: "Stop it there (sp_stop_job), then run the same command again.",
  });
}
