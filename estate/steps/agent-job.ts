/** Runs one SQL Server Agent job and waits for that very run: by instance_id of its history, never by "idle" or by clocks. */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { DrError, toDrError } from "../errors";
import type { AgentJob, InstanceRole } from "../observation-types";
import { instanceOf } from "../estate";
import { printable } from "../printable";
import { AGENT_ERROR } from "../sql/error-numbers";
import { quoteString } from "../sql/quote";
import { textColumn, wholeColumn } from "../sql/rows";
import { startJob } from "../statements-log-shipping";
import type { StepContext } from "./step-context";
import { waitFor } from "./wait";

const historyRow = z.object({
  instanceId: wholeColumn,
  stepId: wholeColumn,
  runStatus: wholeColumn,
  message: textColumn,
});
type HistoryRow = z.infer<typeof historyRow>;

/** sysjobhistory.run_status (dbo-sysjobhistory-transact-sql). */
const succeeded = 1;

/** Starts a job and waits until that run has ended well. Throws AGENT_NOT_RUNNING, JOB_FAILED with the step's own words, TIMEOUT. */
export async function runJob(context: StepContext, role: InstanceRole, job: AgentJob): Promise<void> {
  const limitSeconds = context.desired.timeouts.logShippingCycleSeconds;
  const deadline = performance.now() + limitSeconds * 1000;
  const before = await newest(context, role, job);
  await start(context, role, job, deadline);
  const { seen, satisfied } = await waitFor(
    () => since(context, role, job, before),
    (rows) => rows.some((row) => row.stepId === 0),
    { limitSeconds: Math.max(1, (deadline - performance.now()) / 1000), interval: 200 },
  );
  const where = instanceOf(context.estate, role).place;
  if (!satisfied) {
    const hint = "See whether its step hangs on that host, or raise timeouts.logShippingCycleSeconds.";
    throw new DrError({
      code: "TIMEOUT",
      summary: `job ${job.name} did not end within ${String(limitSeconds)} s`,
      where,
      hint,
    });
  }
  if (seen.find((row) => row.stepId === 0)?.runStatus === succeeded) return;
  const words = seen.filter((row) => row.stepId > 0).map((row) => printable(row.message, 500));
  throw new DrError({
    code: "JOB_FAILED",
    summary: `job ${job.name} failed`,
    where,
    found: words.join(" | ") || "no step in its history",
    hint: "Its history and msdb.dbo.log_shipping_monitor_error_detail tell more. Mend the cause, then run the same command again.",
  });
}

// A run by schedule may be under way: it is waited for, then ours is asked for again.
async function start(context: StepContext, role: InstanceRole, job: AgentJob, deadline: number): Promise<void> {
  for (;;) {
    try {
      await context.change({ role, doing: `sp_start_job ${job.name}`, text: startJob(job.jobId) });
      return;
    } catch (thrown) {
      const error = toDrError(thrown);
      const alreadyRuns = error.number === AGENT_ERROR && /already running/i.test(error.summary);
      if (!alreadyRuns || performance.now() >= deadline) throw error;
      await delay(500);
    }
  }
}

async function newest(context: StepContext, role: InstanceRole, job: AgentJob): Promise<number> {
  const rows = await since(context, role, job, 0);
  return rows.reduce((most, row) => Math.max(most, row.instanceId), 0);
}

async function since(
  context: StepContext,
  role: InstanceRole,
  job: AgentJob,
  instanceId: number,
): Promise<HistoryRow[]> {
  const [rows] = await instanceOf(context.estate, role).read(
    `SELECT h.instance_id AS instanceId, h.step_id AS stepId, h.run_status AS runStatus, h.message FROM msdb.dbo.sysjobhistory AS h
WHERE h.job_id = ${quoteString(job.jobId)} AND h.instance_id > ${String(instanceId)} ORDER BY h.instance_id;`,
    [historyRow],
    { doing: `reading the history of job ${job.name}` },
  );
  return rows;
}
