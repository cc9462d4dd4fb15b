/** P2: log shipping's backup job off, then mirroring off, on the primary: a mirrored principal refuses the tail (MBR). */
import { partnerRole } from "../desired";
import { DrError } from "../errors";
import type { AgentJob, InstanceObservation, InstanceRole } from "../observation-types";
import { sameName } from "../relations";
import { enableJob } from "../statements-log-shipping";
import { endMirroringOf } from "./mirroring";
import type { StepContext, StepHandler } from "./step-context";
import { waitFor } from "./wait";

export const closePrimary: StepHandler = {
  sections: ({ plan, desired }) => [
    plan.authority.principals.primary,
    ...(desired.pool.primary.mirror === undefined ? [] : [partnerRole(plan.authority.principals.primary)]),
  ],
  async converge(context) {
    const { primary } = context.plan.authority.principals;
    await stopLogBackups(context, primary);
    await endMirroringOf(context, "primary", context.desired.chat);
  },
};

// A log backup of its own behind the tail's back would be a link of the chain that nobody waits for.
async function stopLogBackups(context: StepContext, role: InstanceRole): Promise<void> {
  const enabled = jobsOf(await context.readInstance(role), context.desired.chat).filter((job) => job.enabled);
  for (const job of enabled) {
    await context.change({ role, doing: `sp_update_job ${job.name}: disabled`, text: enableJob(job.jobId, false) });
  }
  const limitSeconds = context.desired.timeouts.logShippingCycleSeconds;
  const { seen, satisfied } = await waitFor(
    async () => jobsOf(await context.readInstance(role), context.desired.chat),
    (jobs) => jobs.every((job) => !job.running && !job.enabled),
    { limitSeconds },
  );
  context.readBack({ logBackupJobs: seen.map(({ name, enabled: on, running }) => ({ name, enabled: on, running })) });
  if (satisfied) return;
  throw new DrError({
    code: "TIMEOUT",
    summary: `log shipping's backup job did not come to rest within ${String(limitSeconds)} s`,
    where: context.step.where,
    found: seen.map((job) => `${job.name}: ${job.running ? "running" : "idle"}`).join(", "),
    hint: "See whether its step hangs, then run the same command again.",
  });
}

function jobsOf(instance: InstanceObservation, chat: string): readonly AgentJob[] {
  return instance.logShippingPrimary
    .filter((row) => sameName(row.primaryDatabase, chat))
    .flatMap((row) => row.backupJob ?? []);
}
