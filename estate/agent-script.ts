/**
 * A script of ours run once by SQL Server Agent: the only way to do something with files as the account that log shipping's
 * jobs run under. CmdExec without a proxy, owner sa, so that the step runs as the Agent's service account.
 */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { DrError } from "./errors";
import { printable } from "./printable";
import { PROGRAM } from "./sql/client-name";
import type { SqlServer } from "./sql/connection";
import { AGENT_ERROR, AGENT_STARTING, AGENT_XPS_OFF, JOB_DOES_NOT_EXIST } from "./sql/error-numbers";
import { quoteString } from "./sql/quote";
import { guidColumn, textColumn, wholeColumn } from "./sql/rows";

/** First words of the name of every such job; leftovers of killed runs are known by it. */
export const AGENT_JOB_PREFIX = `${PROGRAM} probe `;

/** One run of a script. */
export interface AgentScript {
  /** Behind the prefix, unique per run. */
  readonly name: string;
  /** PowerShell 2.0; ends with `exit n`. */
  readonly script: string;
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

const leftoverRow = z.object({ name: textColumn });
const startedRow = z.object({ jobId: guidColumn });
const historyRow = z.object({ stepId: wholeColumn, runStatus: wholeColumn, message: textColumn });

/** The command line of a CmdExec step: no cmd.exe, no quoting, no Agent token, since the script is one base64 word. */
export function powerShellCommand(script: string): string {
  const encoded = Buffer.from(script, "utf16le").toString("base64");
  return `powershell.exe -NoLogo -NoProfile -NonInteractive -ExecutionPolicy Bypass -EncodedCommand ${encoded}`;
}

/**
 * Runs the script and removes its job; answers the step's message, which holds output and exit code. Throws
 * AGENT_NOT_RUNNING, PROBE_FAILED when it did not end in time, or the instance's own error.
 */
export async function runAgentScript(server: SqlServer, script: AgentScript): Promise<string> {
  const name = `${AGENT_JOB_PREFIX}${script.name}`;
  let message: string;
  try {
    const jobId = await createJob(server, name, powerShellCommand(script.script));
    await startJob(server, jobId, script);
    message = await stepMessage(server, jobId, script);
  } catch (thrown) {
    // What went wrong first is what must be told; a job that cannot be deleted now is removed by a later run.
    await deleteJob(server, name).catch(() => undefined);
    throw thrown;
  }
  await deleteJob(server, name);
  return message;
}

/** Removes jobs that a killed run left more than ten minutes ago. Answers their names. Throws DrError. */
export async function removeLeftoverJobs(server: SqlServer): Promise<string[]> {
  const [jobs] = await server.read(
    `SELECT j.name FROM msdb.dbo.sysjobs AS j WHERE j.name LIKE ${quoteString(`${AGENT_JOB_PREFIX}%`)}
  AND j.date_created < DATEADD(minute, -10, GETDATE());`,
    [leftoverRow],
    { doing: "looking for jobs of earlier runs" },
  );
  for (const { name } of jobs) await deleteJob(server, name);
  return jobs.map((job) => job.name);
}

async function createJob(server: SqlServer, name: string, command: string): Promise<string> {
  const [[row]] = await server.read(
    `DECLARE @job uniqueidentifier, @rc int, @sid sysname;
SET @sid = SUSER_SNAME(0x01);
EXEC @rc = msdb.dbo.sp_add_job @job_name = ${quoteString(name)}, @enabled = 1, @delete_level = 0, @notify_level_eventlog = 0,
  @description = ${quoteString(`${name}, safe to delete`)}, @owner_login_name = @sid, @job_id = @job OUTPUT;
IF @rc <> 0 RETURN;
EXEC @rc = msdb.dbo.sp_add_jobstep @job_id = @job, @step_id = 1, @step_name = N'probe', @subsystem = N'CmdExec',
  @command = ${quoteString(command)},
  @cmdexec_success_code = 0, @on_success_action = 1, @on_fail_action = 2, @retry_attempts = 0, @flags = 32;
IF @rc <> 0 RETURN;
EXEC @rc = msdb.dbo.sp_add_jobserver @job_id = @job, @server_name = N'(LOCAL)';
IF @rc <> 0 RETURN;
SELECT @job AS jobId;`,
    [startedRow],
    { doing: "creating the one-off job" },
  );
  if (row === undefined) {
    throw new DrError({ code: "PROBE_FAILED", summary: "the one-off job was not created", where: server.place });
  }
  return row.jobId;
}

async function startJob(server: SqlServer, jobId: string, options: AgentScript): Promise<void> {
  const deadline = performance.now() + options.timeoutSeconds * 1000;
  for (;;) {
    try {
      await server.query(`EXEC msdb.dbo.sp_start_job @job_id = '${jobId}';`, {
        doing: "starting the one-off job",
      });
      return;
    } catch (thrown) {
      if (!(thrown instanceof DrError)) throw thrown;
      if (thrown.number === AGENT_STARTING && performance.now() < deadline) {
        await delay(1000, undefined, { signal: options.signal });
        continue;
      }
      if (![AGENT_ERROR, AGENT_STARTING, AGENT_XPS_OFF].includes(thrown.number ?? 0)) throw thrown;
      throw new DrError({
        code: "AGENT_NOT_RUNNING",
        summary: thrown.summary,
        where: server.place,
        expected: "SQL Server Agent running",
        number: thrown.number,
        hint: "Start the service SQL Server Agent of this instance; log shipping runs in it.",
        cause: thrown,
      });
    }
  }
}

async function stepMessage(server: SqlServer, jobId: string, options: AgentScript): Promise<string> {
  const sql = `SELECT h.step_id AS stepId, h.run_status AS runStatus, h.message FROM msdb.dbo.sysjobhistory AS h
WHERE h.job_id = '${jobId}' ORDER BY h.instance_id;`;
  const deadline = performance.now() + options.timeoutSeconds * 1000;
  for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
    const [rows] = await server.read(sql, [historyRow], {
      doing: "waiting for the one-off job",
      signal: options.signal,
    });
    if (rows.some((row) => row.stepId === 0)) return rows.find((row) => row.stepId === 1)?.message ?? "";
    if (performance.now() >= deadline) break;
    await delay(pause, undefined, { signal: options.signal });
  }
  throw new DrError({
    code: "PROBE_FAILED",
    summary: `the script did not end within ${options.timeoutSeconds} s`,
    where: server.place,
    expected: "a short PowerShell script run by SQL Server Agent",
    found: "a job that still runs",
    hint: "See whether PowerShell hangs on that host, or raise timeouts.probeSeconds.",
  });
}

/** By name, which no other run uses: the job may have been created only half. */
async function deleteJob(server: SqlServer, name: string): Promise<void> {
  try {
    await server.query(deleteSql(name), { doing: `deleting the job ${printable(name, 128)}` });
  } catch (thrown) {
    if (thrown instanceof DrError && thrown.number === JOB_DOES_NOT_EXIST) return;
    throw thrown;
  }
}

/** A job that still runs is stopped first: sp_delete_job would leave its step running. */
function deleteSql(name: string): string {
  const job = quoteString(name);
  return `IF EXISTS (SELECT 1 FROM msdb.dbo.sysjobactivity AS a JOIN msdb.dbo.sysjobs AS j ON j.job_id = a.job_id
  WHERE j.name = ${job} AND a.session_id IN (SELECT MAX(x.session_id) FROM msdb.dbo.syssessions AS x)
  AND a.start_execution_date IS NOT NULL AND a.stop_execution_date IS NULL) EXEC msdb.dbo.sp_stop_job @job_name = ${job};
EXEC msdb.dbo.sp_delete_job @job_name = ${job}, @delete_history = 1, @delete_unused_schedule = 1;`;
}
