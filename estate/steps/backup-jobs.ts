/** Jobs that back up the log of a copy which is about to be restored over, closed or copied. */
import { DrError, toDrError } from "../errors";
import type { AgentJob, InstanceObservation, InstanceRole } from "../observation-types";
import { sameName } from "../relations";
import { enableJob } from "../statements-log-shipping";
import type { StepContext } from "./step-context";
import { waitFor } from "./wait";

/**
 * Disables the jobs and waits until none runs: a log backup of a copy that was just restored would write into the share
 * before F5 knows of it, one of a copy that is to be closed would be a link of the chain that nobody waits for. Answers those
 * that were enabled. Throws TIMEOUT.
 */
export async function stopBackupJobs(context: StepContext, role: InstanceRole): Promise<readonly AgentJob[]> {
  const jobs = (instance: InstanceObservation): readonly AgentJob[] => [
    ...instance.logShippingPrimary.flatMap((row) =>
      sameName(row.primaryDatabase, context.desired.chat) && row.backupJob !== null ? [row.backupJob] : [],
    ),
    // Ours, of an instance that serves from the backup site.
    ...(instance.logBackupJob ? [instance.logBackupJob.job] : []),
  ];
  const before = await context.readInstance(role);
  const enabled = jobs(before).filter((job) => job.enabled);
  for (const { jobId, name } of enabled) {
    await context.change({ role, doing: `sp_update_job ${name}: disabled`, text: enableJob(jobId, false) });
  }
  if (jobs(before).length === 0) return [];
  const limitSeconds = context.desired.timeouts.logShippingCycleSeconds;
  const { seen, satisfied } = await waitFor(
    async () => jobs(await context.readInstance(role)).filter((job) => job.running),
    (running) => running.length === 0,
    { limitSeconds },
  );
  if (satisfied) return enabled;
  throw new DrError({
    code: "TIMEOUT",
    summary: `${context.step.id}: a job that backs up the log still runs after ${String(limitSeconds)} s`,
    where: context.step.where,
    found: seen.map((job) => job.name).join(", "),
    hint: "Stop it there (sp_stop_job), then run the same command again.",
  });
}

/** Runs the work while no job backs up the log of the chat database; those that did are enabled again whatever comes of it. */
export async function withoutBackupJobs(
  context: StepContext,
  role: InstanceRole,
  work: () => Promise<void>,
): Promise<void> {
  const stopped = await stopBackupJobs(context, role);
  const start = async (): Promise<void> => {
    for (const { jobId, name } of stopped) {
      await context.change({ role, doing: `sp_update_job ${name}: enabled`, text: enableJob(jobId, true) });
    }
  };
  try {
    await work();
  } catch (thrown) {
    // It is the work's error that must be told; a job that is left disabled is drift, which the next run mends.
    await start().catch((failed: unknown) => context.readBack({ notEnabled: toDrError(failed).summary }));
    throw thrown;
  }
  await start();
}
