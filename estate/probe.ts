/**
 * What only doing it shows: whether SQL Server Agent's account reads the share and writes its folder, and whether an engine writes
 * the share. At `up` only, since a job and a small file are made.
 */
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { joinWindowsPath } from "./configuration-forms";
import { DrError } from "./errors";
import { printable } from "./printable";
import { PROBE_EXITS, probeCommand, probeSaid, processExitCode, type ProbeExit, type ProbeTask } from "./probe-script";
import { PROGRAM } from "./sql/client-name";
import type { SqlServer } from "./sql/connection";
import { AGENT_ERROR, AGENT_STARTING, AGENT_XPS_OFF, JOB_DOES_NOT_EXIST } from "./sql/error-numbers";
import { quoteString } from "./sql/quote";
import { guidColumn, textColumn, wholeColumn } from "./sql/rows";

/** Prefix of the jobs and files of a probe; leftovers are known by it. */
export const PROBE_PREFIX = `${PROGRAM} probe `;

/** What an Agent probe found out. */
export interface AgentProbeOutcome {
  /** The Agent's account by its own word, e.g. `DCI\svc-agent-b1`; null when the script did not get that far. */
  readonly account: string | null;
  /** The folder that the account lacks a right in; null when it lacks none. */
  readonly folder: string | null;
  /** "to list the folder" and the like; null when it lacks none. */
  readonly missingRight: string | null;
  /** Free bytes of the share and of the written folder's volume; null when they could not be learnt. */
  readonly readFolderFreeBytes: number | null;
  readonly writeFolderFreeBytes: number | null;
}

/** Options of {@link probeAgent}. */
export interface AgentProbeOptions {
  readonly run: string;
  /** timeouts.probeSeconds. */
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

const leftoverRow = z.object({ name: textColumn });
const startedRow = z.object({ jobId: guidColumn });
const historyRow = z.object({ stepId: wholeColumn, runStatus: wholeColumn, message: textColumn });

/**
 * Runs the probe's script once as the Agent's account (CmdExec without proxy, owner sa) and removes the job. Throws
 * AGENT_NOT_RUNNING, PROBE_FAILED when the script did not end or not as one of ours; a missing right is an outcome.
 */
export async function probeAgent(
  server: SqlServer,
  task: ProbeTask,
  options: AgentProbeOptions,
): Promise<AgentProbeOutcome> {
  const name = `${PROBE_PREFIX}${options.run}`;
  try {
    const jobId = await createJob(server, name, probeCommand(task));
    await startJob(server, jobId, options);
    const message = await stepMessage(server, jobId, options);
    return outcomeOf(server, task, message);
  } finally {
    await deleteJob(server, name);
  }
}

/** Removes jobs of probes that a killed run left more than ten minutes ago. Returns their names. Throws DrError. */
export async function removeProbeLeftovers(server: SqlServer): Promise<string[]> {
  const [jobs] = await server.read(
    `SELECT j.name FROM msdb.dbo.sysjobs AS j WHERE j.name LIKE ${quoteString(`${PROBE_PREFIX}%`)}
  AND j.date_created < DATEADD(minute, -10, GETDATE());`,
    [leftoverRow],
    { doing: "looking for jobs of earlier probes" },
  );
  for (const { name } of jobs) {
    await deleteJob(server, name);
  }
  return jobs.map((job) => job.name);
}

/** The file by which an instance shows that its engine writes the share: one per instance, overwritten, never piling up. */
export function engineProbeFile(server: SqlServer, folder: string): string {
  const instance = server.endpoint.server.replace(/[^A-Za-z0-9-]/g, "-");
  return joinWindowsPath(folder, `${PROGRAM}-probe-${instance}.bak`);
}

/** A copy-only backup of model, a few megabytes, to the instance's probe file. Throws the engine's own error: 3201 and the like. */
export async function probeEngineWrite(server: SqlServer, folder: string): Promise<string> {
  const file = engineProbeFile(server, folder);
  await server.batch(
    `BACKUP DATABASE [model] TO DISK = ${quoteString(file)}
WITH COPY_ONLY, FORMAT, INIT, SKIP, CHECKSUM, NAME = ${quoteString(`${PROBE_PREFIX}of the share`)};`,
    { doing: `writing ${file}`, timeout: 120_000 },
  );
  return file;
}

/** Reads the label of a probe's file from another engine. Throws the engine's own error. */
export async function probeEngineRead(server: SqlServer, file: string): Promise<void> {
  await server.query(`RESTORE LABELONLY FROM DISK = ${quoteString(file)};`, {
    doing: `reading ${file}`,
    timeout: 120_000,
  });
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
    { doing: "creating the job of the probe" },
  );
  if (row === undefined) {
    throw new DrError({ code: "PROBE_FAILED", summary: "the job of the probe was not created", where: server.place });
  }
  return row.jobId;
}

async function startJob(server: SqlServer, jobId: string, options: AgentProbeOptions): Promise<void> {
  const deadline = performance.now() + options.timeoutSeconds * 1000;
  for (;;) {
    try {
      await server.query(`EXEC msdb.dbo.sp_start_job @job_id = '${jobId}';`, {
        doing: "starting the job of the probe",
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

async function stepMessage(server: SqlServer, jobId: string, options: AgentProbeOptions): Promise<string> {
  const sql = `SELECT h.step_id AS stepId, h.run_status AS runStatus, h.message FROM msdb.dbo.sysjobhistory AS h
WHERE h.job_id = '${jobId}' ORDER BY h.instance_id;`;
  const deadline = performance.now() + options.timeoutSeconds * 1000;
  for (let pause = 100; ; pause = Math.min(pause * 2, 2000)) {
    const [rows] = await server.read(sql, [historyRow], { doing: "waiting for the probe", signal: options.signal });
    if (rows.some((row) => row.stepId === 0)) return rows.find((row) => row.stepId === 1)?.message ?? "";
    if (performance.now() >= deadline) break;
    await delay(pause, undefined, { signal: options.signal });
  }
  throw new DrError({
    code: "PROBE_FAILED",
    summary: `the probe did not end within ${options.timeoutSeconds} s`,
    where: server.place,
    expected: "a short PowerShell script run by SQL Server Agent",
    found: "a job that still runs",
    hint: "See whether PowerShell hangs on that host, or raise timeouts.probeSeconds.",
  });
}

function outcomeOf(server: SqlServer, task: ProbeTask, message: string): AgentProbeOutcome {
  const said = probeSaid(message);
  const exit = processExitCode(message) ?? (said === undefined ? undefined : 0);
  const facts = {
    account: said?.account ?? null,
    readFolderFreeBytes: said?.readFree ?? null,
    writeFolderFreeBytes: said?.writeFree ?? null,
  };
  if (exit === 0 && said !== undefined) return { ...facts, folder: null, missingRight: null };
  if (exit !== undefined && exit in PROBE_EXITS) {
    const { right, folder } = PROBE_EXITS[exit as ProbeExit];
    return { ...facts, folder: task[folder], missingRight: right };
  }
  throw new DrError({
    code: "PROBE_FAILED",
    summary: "the probe did not run as it should",
    where: server.place,
    expected: "an exit code of the probe's script",
    found: printable(message, 500) || "an empty message",
    hint: "Run powershell.exe as the Agent's account on that host; CmdExec steps need it.",
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
