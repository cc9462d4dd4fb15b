/**
 * sp_help_job.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-help-job-transact-sql.md (result sets by @job_aspect).
 */
import { textArgument } from "../../server/procedures/server-procedure";
import type { NamedRow } from "../../server/msdb/system-tables";
import type { Agent } from "../agent";
import { agentError } from "../agent-errors";
import { dateNumber, timeNumber } from "../calendar-numbers";
import { jobOf, stepsOf } from "../job-rows";
import { numberOf, optionalText, textOf } from "../row-values";
import { type AgentProcedure, type Caller, optional, SUCCESS, TYPES } from "./caller";
import { identifyJob, JOB_PARAMETERS, maySee } from "./job-identity";

const { int, sysname } = TYPES;

const JOB_COLUMNS = `
  job_id uniqueidentifier
  originating_server nvarchar(30) null
  name sysname
  enabled tinyint
  description nvarchar(512) null
  start_step_id int
  category sysname null
  owner nvarchar(128) null
  notify_level_eventlog int
  notify_level_email int
  notify_level_netsend int
  notify_level_page int
  notify_email_operator sysname null
  notify_netsend_operator sysname null
  notify_page_operator sysname null
  delete_level int
  date_created datetime
  date_modified datetime
  version_number int
  last_run_date int
  last_run_time int
  last_run_outcome int
  next_run_date int
  next_run_time int
  next_run_schedule_id int
  current_execution_status int
  current_execution_step nvarchar(128) null
  current_retry_attempt int
  has_step int null
  has_schedule int null
  has_target int null
  type int`;

const STEP_COLUMNS = `
  step_id int
  step_name sysname
  subsystem nvarchar(40)
  command nvarchar(max) null
  flags int
  cmdexec_success_code int
  on_success_action tinyint
  on_success_step_id int
  on_fail_action tinyint
  on_fail_step_id int
  server sysname null
  database_name sysname null
  database_user_name sysname null
  retry_attempts int
  retry_interval int
  os_run_priority int
  output_file_name nvarchar(200) null
  last_run_outcome int
  last_run_duration int
  last_run_retries int
  last_run_date int
  last_run_time int
  proxy_id int null`;

const SCHEDULE_COLUMNS = `
  schedule_id int
  schedule_name sysname
  enabled int
  freq_type int
  freq_interval int
  freq_subday_type int
  freq_subday_interval int
  freq_relative_interval int
  freq_recurrence_factor int
  active_start_date int
  active_end_date int
  active_start_time int
  active_end_time int
  date_created datetime
  next_run_date int
  next_run_time int
  schedule_uid uniqueidentifier`;

const SERVER_COLUMNS = `
  server_id int
  server_name nvarchar(30)
  enlist_date datetime null
  last_poll_date datetime null
  last_run_date int
  last_run_time int
  last_run_duration int
  last_run_outcome tinyint
  last_outcome_message nvarchar(4000) null`;

/** sp_help_job.current_execution_status. */
const EXECUTING = 1;
const IDLE = 4;

function jobRow(agent: Agent, caller: Caller, row: NamedRow): NamedRow {
  const job = jobOf(row);
  const mine = (one: NamedRow): boolean => one["job_id"] === job.jobId;
  const [server] = caller.rows("sysjobservers", mine);
  const [category] = caller.rows("syscategories", (one) => one["category_id"] === job.categoryId);
  const next = agent.state === "running" && job.enabled ? agent.nextRunOf(job.jobId) : undefined;
  const running = agent.runOf(job.jobId);
  const step = running?.lastStep;
  return {
    ...row,
    originating_server: caller.instance.name,
    category: category === undefined ? null : textOf(category, "name"),
    owner: caller.instance.principals.findBySid(job.ownerSid)?.name ?? null,
    last_run_date: server === undefined ? 0 : numberOf(server, "last_run_date"),
    last_run_time: server === undefined ? 0 : numberOf(server, "last_run_time"),
    last_run_outcome: server === undefined ? 5 : numberOf(server, "last_run_outcome"),
    next_run_date: next === undefined ? 0 : dateNumber(next.at),
    next_run_time: next === undefined ? 0 : timeNumber(next.at),
    next_run_schedule_id: next?.schedule.scheduleId ?? 0,
    current_execution_status: running === undefined ? IDLE : EXECUTING,
    current_execution_step: step === undefined ? "0 (unknown)" : `${String(step.stepId)} (${step.name})`,
    current_retry_attempt: 0,
    has_step: stepsOf(caller.rows, job.jobId).length,
    has_schedule: caller.rows("sysjobschedules", mine).length,
    has_target: server === undefined ? 0 : 1,
    type: server === undefined ? 0 : 1,
  };
}

/** sp_help_job: the jobs, or one job in the aspects JOB, STEPS, SCHEDULES, TARGETS, or ALL of them. */
export function helpJob(agent: Agent): AgentProcedure {
  return {
    name: "sp_help_job",
    changes: false,
    parameters: [
      ...JOB_PARAMETERS,
      optional("@job_aspect", { name: "varchar", length: 9 }),
      optional("@job_type", { name: "varchar", length: 12 }),
      optional("@owner_login_name", sysname),
      optional("@subsystem", TYPES.text(40)),
      optional("@category_name", sysname),
      optional("@enabled", TYPES.tinyint),
      optional("@execution_status", int),
      optional("@date_comparator", { name: "char", length: 1 }),
      optional("@date_created", TYPES.datetime),
      optional("@date_last_modified", TYPES.datetime),
      optional("@description", TYPES.text(512)),
    ],
    async execute(caller) {
      const job = identifyJob(caller, true);
      const aspect = (textArgument(caller.call, "@job_aspect") ?? (job === undefined ? "JOB" : "ALL")).toUpperCase();
      if (!["JOB", "STEPS", "SCHEDULES", "TARGETS", "ALL"].includes(aspect))
        throw agentError(14266, "@job_aspect", "ALL, JOB, STEPS, SCHEDULES, TARGETS");
      const shown = (one: string): boolean => aspect === one || aspect === "ALL";
      if (shown("JOB")) await caller.send(JOB_COLUMNS, jobRows(agent, caller, job?.jobId));
      if (job === undefined) return SUCCESS;
      const mine = (row: NamedRow): boolean => row["job_id"] === job.jobId;
      const bySteps = (one: NamedRow, other: NamedRow): number => numberOf(one, "step_id") - numberOf(other, "step_id");
      if (shown("STEPS")) await caller.send(STEP_COLUMNS, [...caller.rows("sysjobsteps", mine)].sort(bySteps));
      if (shown("SCHEDULES")) await caller.send(SCHEDULE_COLUMNS, scheduleRows(caller, job.jobId));
      if (shown("TARGETS"))
        await caller.send(
          SERVER_COLUMNS,
          caller.rows("sysjobservers", mine).map((row) => ({ ...row, server_name: caller.instance.name })),
        );
      return SUCCESS;
    },
  };
}

function jobRows(agent: Agent, caller: Caller, only: string | undefined): NamedRow[] {
  const owner = textArgument(caller.call, "@owner_login_name");
  const enabled = caller.call.arguments.get("@enabled") ?? null;
  const category = textArgument(caller.call, "@category_name");
  const status = caller.call.arguments.get("@execution_status") ?? null;
  return caller
    .rows("sysjobs", (row) => only === undefined || row["job_id"] === only)
    .filter((row) => maySee(caller, jobOf(row)))
    .map((row) => jobRow(agent, caller, row))
    .filter((row) => owner === null || row["owner"] === owner)
    .filter((row) => enabled === null || row["enabled"] === enabled)
    .filter((row) => category === null || row["category"] === category)
    .filter((row) => status === null || status === 0 || row["current_execution_status"] === status);
}

function scheduleRows(caller: Caller, jobId: string): NamedRow[] {
  return caller
    .rows("sysjobschedules", (row) => row["job_id"] === jobId)
    .flatMap((attached) =>
      caller
        .rows("sysschedules", (row) => row["schedule_id"] === attached["schedule_id"])
        .map((schedule) => ({ ...attached, ...schedule, schedule_name: optionalText(schedule, "name") ?? null })),
    );
}
