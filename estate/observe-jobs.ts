/** Readings of SQL Server Agent: jobs, their schedules and outcomes. Needs SELECT in msdb. */
import { z } from "zod";
import { logBackupJobName } from "./desired";
import { logBackupFolder } from "./log-backup-folder";
import type { AgentJob, JobSchedule, LogBackupJobObservation } from "./observation-types";
import type { SqlServer } from "./sql/connection";
import {
  flagColumn as flag,
  guidColumn as guid,
  momentColumn as moment,
  textColumn as text,
  wholeColumn as whole,
} from "./sql/rows";

// A CmdExec step's command may be as long as an encoded script; what decides stands in its first part.
const JOBS_SQL = `SELECT j.job_id AS jobId, j.name, j.enabled, SUSER_SNAME(j.owner_sid) AS ownerName, s.subsystem, s.proxy_id AS proxyId,
  s.database_name AS databaseName, LEFT(s.command, 4000) AS command, CONVERT(varchar(23), j.date_modified, 126) AS modified
FROM msdb.dbo.sysjobs AS j LEFT JOIN msdb.dbo.sysjobsteps AS s ON s.job_id = j.job_id;
SELECT a.job_id AS jobId FROM msdb.dbo.sysjobactivity AS a
WHERE a.session_id IN (SELECT MAX(x.session_id) FROM msdb.dbo.syssessions AS x)
  AND a.start_execution_date IS NOT NULL AND a.stop_execution_date IS NULL;
SELECT h.job_id AS jobId, h.run_status AS runStatus FROM msdb.dbo.sysjobhistory AS h
WHERE h.instance_id IN (SELECT MAX(x.instance_id) FROM msdb.dbo.sysjobhistory AS x WHERE x.step_id = 0 GROUP BY x.job_id);
SELECT js.job_id AS jobId, c.schedule_id AS scheduleId, c.name, c.enabled, c.freq_type AS freqType, c.freq_interval AS freqInterval,
  c.freq_subday_type AS freqSubdayType, c.freq_subday_interval AS freqSubdayInterval,
  c.freq_recurrence_factor AS freqRecurrenceFactor, c.active_start_time AS activeStartTime, c.active_end_time AS activeEndTime,
  c.active_start_date AS activeStartDate, c.active_end_date AS activeEndDate, CONVERT(char(8), GETDATE(), 112) AS today,
  CONVERT(varchar(23), c.date_modified, 126) AS modified
FROM msdb.dbo.sysjobschedules AS js JOIN msdb.dbo.sysschedules AS c ON c.schedule_id = js.schedule_id;`;

const stepRow = z.object({
  jobId: guid,
  name: text,
  enabled: flag,
  ownerName: text.nullable(),
  subsystem: text.nullable(),
  proxyId: whole.nullable(),
  databaseName: text.nullable(),
  command: text.nullable(),
  modified: moment,
});
const runningRow = z.object({ jobId: guid });
const outcomeRow = z.object({ jobId: guid, runStatus: whole });
const scheduleRow = z.object({
  jobId: guid,
  scheduleId: whole,
  name: text,
  enabled: flag,
  freqType: whole,
  freqInterval: whole,
  freqSubdayType: whole,
  freqSubdayInterval: whole,
  freqRecurrenceFactor: whole,
  activeStartTime: whole,
  activeEndTime: whole,
  activeStartDate: whole,
  activeEndDate: whole,
  today: text.transform(Number),
  modified: moment,
});

/** The Agent's jobs by job id (upper case), and those that back up the chat database's log beside log shipping. */
export interface JobsReading {
  readonly jobs: ReadonlyMap<string, AgentJob>;
  readonly foreignLogBackupJobs: readonly string[];
  /** The product's own job for the time of an outage. */
  readonly logBackupJob: LogBackupJobObservation | null;
}

/** Reads every job of the instance. `database` is the one whose log chain must not be broken. Throws DrError. */
export async function readJobs(server: SqlServer, database: string): Promise<JobsReading> {
  const [steps, running, outcomes, schedules] = await server.read(
    JOBS_SQL,
    [stepRow, runningRow, outcomeRow, scheduleRow],
    { doing: "reading the Agent's jobs in msdb" },
  );
  const active = new Set(running.map((row) => row.jobId));
  const outcome = new Map(outcomes.map((row) => [row.jobId, row.runStatus]));
  const attached = new Map<string, JobSchedule[]>();
  for (const { jobId, today, ...row } of schedules) {
    const inForce = row.activeStartDate <= today && today <= row.activeEndDate;
    const users = schedules.filter((other) => other.scheduleId === row.scheduleId).length;
    attached.set(jobId, [...(attached.get(jobId) ?? []), { ...row, inForce, jobs: users }]);
  }
  const jobs = new Map<string, AgentJob>();
  const foreign = new Set<string>();
  const ours = logBackupJobName(database);
  // By its command where it has another name: a second job of that command would write over the files of the first.
  const own =
    steps.find((step) => step.name === ours) ??
    steps.find((step) => logBackupFolder(database, step.command ?? "") !== null);
  for (const step of steps) {
    const present = jobs.get(step.jobId);
    const shipsLog = /sqllogship/i.test(step.command ?? "");
    jobs.set(step.jobId, {
      jobId: step.jobId,
      name: step.name,
      enabled: step.enabled,
      running: active.has(step.jobId),
      ownerName: step.ownerName,
      proxyId: shipsLog || present === undefined ? step.proxyId : present.proxyId,
      schedules: attached.get(step.jobId) ?? [],
      lastRunOutcome: outcome.get(step.jobId) ?? null,
      modified: step.modified,
    });
    if (
      step.enabled &&
      !shipsLog &&
      step.jobId !== own?.jobId &&
      backsUpLog(step.command ?? "", step.databaseName, database)
    )
      foreign.add(step.name);
  }
  const job = own && jobs.get(own.jobId);
  const logBackupJob = job === undefined ? null : { job, command: own?.command ?? "" };
  return { jobs, foreignLogBackupJobs: [...foreign].sort(), logBackupJob };
}

/** A step that says BACKUP LOG and either names the database, stands in it, or names none at all (a loop over all). */
function backsUpLog(command: string, stepDatabase: string | null, database: string): boolean {
  const backup = /\bBACKUP\s+LOG\s+(\[(?:[^\]]|\]\])+\]|[\w$#]+|@\w+|\?)/i.exec(command);
  if (backup === null) return false;
  const target = backup[1] ?? "";
  const named = target
    .replace(/^\[|\]$/g, "")
    .replaceAll("]]", "]")
    .toLowerCase();
  return (
    named === database.toLowerCase() ||
    /^[@?]/.test(target) ||
    /^\[?\?\]?$/.test(target) ||
    (stepDatabase ?? "").toLowerCase() === database.toLowerCase()
  );
}
