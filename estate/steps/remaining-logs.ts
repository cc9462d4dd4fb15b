/**
 * O3 (with O2): what can still be taken of the primary's log. Log shipping's own jobs run once more, then every log set that
 * is left is applied by its header, the tail last.
 */
import { toDrError } from "../errors";
import { type FailoverContext, failoverContextOf } from "../failover-context";
import type { AgentJob, LogShippingSecondaryRow } from "../observation-types";
import { restoreLog, setRestoreDelay } from "../statements-failover";
import { enableJob } from "../statements-log-shipping";
import { runJob } from "./agent-job";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";

export const applyRemainingLogs: StepHandler = {
  sections: ({ plan }) => [plan.authority.principals.backup],
  async converge(context) {
    const before = failoverContextOf(await context.observe());
    for (const row of before.registrations) await useOnceMore(context, before, row);
    const now = failoverContextOf(await context.observe());
    const { chat } = context.desired;
    const role = context.plan.authority.principals.backup;
    for (const set of now.remaining?.apply ?? []) {
      await context.change({ role, doing: `RESTORE LOG [${chat}] ${set.file}`, text: restoreLog(chat, set.file) });
    }
    const after = failoverContextOf(await context.observe());
    context.readBack({
      applied: now.remaining?.apply.map(({ file, lastLsn }) => ({ file, lastLsn })),
      position: after.position,
      left: after.remaining?.apply.map(({ file }) => file),
      gap: after.remaining?.gap,
      unreadable: after.remaining?.unreadable,
      damaged: after.remaining?.damaged.map(({ file }) => file),
    });
    const { tail, position } = after;
    if (tail !== undefined && tail.lastLsn !== position?.lsn) {
      throw readBackDiffers(
        context.step,
        `${chat} at the tail's end, LSN ${tail.lastLsn ?? "?"}`,
        position?.lsn ?? "?",
      );
    }
  },
};

// Jobs that are off were run by an earlier attempt, or belong to nobody: files are then found by ourselves alone.
async function useOnceMore(context: StepContext, now: FailoverContext, row: LogShippingSecondaryRow): Promise<void> {
  const role = context.plan.authority.principals.backup;
  const jobs = [row.copyJob, row.restoreJob].filter((job): job is AgentJob => job?.enabled === true);
  if (jobs.length === 0) return;
  if (row.database !== null && row.database.restoreDelay > 0) {
    const text = setRestoreDelay(row.database.secondaryDatabase, 0);
    context.readBack({ restoreDelayBefore: row.database.restoreDelay });
    await context.change({ role, doing: "restore delay 0", text });
  }
  for (const job of jobs) {
    try {
      await runJob(context, role, job);
    } catch (thrown) {
      // In a planned move any error stops. In a disaster the share may be gone with the primary: said, and gone on without.
      if (now.withoutPrimary === "") throw thrown;
      context.readBack({ skipped: `job ${job.name}`, reason: toDrError(thrown).message });
    }
  }
  for (const job of jobs) {
    await context.change({ role, doing: `sp_update_job ${job.name}: disabled`, text: enableJob(job.jobId, false) });
  }
}
