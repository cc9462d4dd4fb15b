/**
 * sp_help_jobhistory, sp_help_jobactivity, sp_help_jobsteplog, sp_delete_backuphistory.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-{help-jobhistory,help-jobactivity,help-jobsteplog,
 * delete-backuphistory}-transact-sql.md.
 */
import type { NamedRow } from "../../server/msdb/system-tables";
import { numberArgument, parameter, textArgument } from "../../server/procedures/server-procedure";
import { CalendarTime } from "../../tsql/values";
import { agentError } from "../agent-errors";
import { millisecondsOf } from "../calendar-numbers";
import { jobOf } from "../job-rows";
import { numberOf, textOf, timeOf } from "../row-values";
import { type AgentProcedure, type Caller, optional, SUCCESS, TYPES } from "./caller";
import { identifyJob, JOB_PARAMETERS, maySee } from "./job-identity";

const { int, sysname } = TYPES;

const RUN_COLUMNS = `
  run_status int
  run_date int
  run_time int
  run_duration int
  operator_emailed nvarchar(20) null
  operator_netsent nvarchar(20) null
  operator_paged nvarchar(20) null
  retries_attempted int
  server nvarchar(30)`;

const FULL_COLUMNS = `
  instance_id int
  job_id uniqueidentifier
  job_name sysname
  step_id int
  step_name sysname
  sql_message_id int
  sql_severity int
  message nvarchar(4000) null${RUN_COLUMNS}`;

const SUMMARY_COLUMNS = `
  job_id uniqueidentifier
  job_name sysname${RUN_COLUMNS}`;

/** Names of the jobs that the caller may see, by id; only one when the call names it. */
function visibleJobs(caller: Caller): Map<string, string> {
  const job = identifyJob(caller, true);
  const jobs = job === undefined ? caller.rows("sysjobs").map(jobOf) : [job];
  return new Map(jobs.filter((one) => maySee(caller, one)).map((one) => [one.jobId, one.name]));
}

const helpHistory: AgentProcedure = {
  name: "sp_help_jobhistory",
  changes: false,
  parameters: [
    ...JOB_PARAMETERS,
    optional("@step_id", int),
    optional("@sql_message_id", int),
    optional("@sql_severity", int),
    optional("@start_run_date", int),
    optional("@end_run_date", int),
    optional("@start_run_time", int),
    optional("@end_run_time", int),
    optional("@minimum_run_duration", int),
    optional("@run_status", int),
    optional("@minimum_retries", int),
    optional("@oldest_first", int, 0),
    optional("@server", sysname),
    optional("@mode", { name: "varchar", length: 7 }, "SUMMARY"),
  ],
  async execute(caller) {
    const mode = (textArgument(caller.call, "@mode") ?? "").toUpperCase();
    if (mode !== "FULL" && mode !== "SUMMARY") throw agentError(14266, "@mode", "SUMMARY, FULL");
    const jobs = visibleJobs(caller);
    const rows = caller
      .rows("sysjobhistory", (row) => jobs.has(textOf(row, "job_id")) && fits(caller, row))
      // The summary tells the outcome of each run, unless a step is asked for.
      .filter((row) => mode === "FULL" || numberArgument(caller.call, "@step_id") !== null || row["step_id"] === 0)
      .map((row): NamedRow => ({ ...row, job_name: jobs.get(textOf(row, "job_id")) ?? "" }))
      .sort((one, other) => numberOf(other, "instance_id") - numberOf(one, "instance_id"));
    if (numberArgument(caller.call, "@oldest_first") === 1) rows.reverse();
    await caller.send(mode === "FULL" ? FULL_COLUMNS : SUMMARY_COLUMNS, rows);
    return SUCCESS;
  },
};

/** The filters of sp_help_jobhistory: parameter, column, and how they compare. */
function fits(caller: Caller, row: NamedRow): boolean {
  const filters: readonly (readonly [string, string, (value: number, wanted: number) => boolean])[] = [
    ["@step_id", "step_id", (value, wanted) => value === wanted],
    ["@sql_message_id", "sql_message_id", (value, wanted) => value === wanted],
    ["@sql_severity", "sql_severity", (value, wanted) => value === wanted],
    ["@run_status", "run_status", (value, wanted) => value === wanted],
    ["@start_run_date", "run_date", (value, wanted) => value >= wanted],
    ["@end_run_date", "run_date", (value, wanted) => value <= wanted],
    ["@start_run_time", "run_time", (value, wanted) => value >= wanted],
    ["@end_run_time", "run_time", (value, wanted) => value <= wanted],
    ["@minimum_run_duration", "run_duration", (value, wanted) => value >= wanted],
    ["@minimum_retries", "retries_attempted", (value, wanted) => value >= wanted],
  ];
  return filters.every(([name, column, compare]) => {
    const wanted = numberArgument(caller.call, name);
    return wanted === null || compare(numberOf(row, column), wanted);
  });
}

const helpActivity: AgentProcedure = {
  name: "sp_help_jobactivity",
  changes: false,
  parameters: [...JOB_PARAMETERS, optional("@session_id", int)],
  async execute(caller) {
    const jobs = visibleJobs(caller);
    const sessions = caller.rows("syssessions").map((row) => numberOf(row, "session_id"));
    const session = numberArgument(caller.call, "@session_id") ?? Math.max(0, ...sessions);
    const history = new Map(caller.rows("sysjobhistory").map((row) => [numberOf(row, "instance_id"), row]));
    const rows = caller
      .rows("sysjobactivity", (row) => row["session_id"] === session && jobs.has(textOf(row, "job_id")))
      .map((row): NamedRow => {
        const id = row["job_history_id"];
        const end = typeof id === "number" ? history.get(id) : undefined;
        return {
          ...row,
          job_name: jobs.get(textOf(row, "job_id")) ?? "",
          last_exectued_step_date: row["last_executed_step_date"] ?? null,
          message: end?.["message"] ?? null,
          run_status: end?.["run_status"] ?? null,
          operator_id_emailed: end?.["operator_id_emailed"] ?? null,
          operator_id_netsent: end?.["operator_id_netsent"] ?? null,
          operator_id_paged: end?.["operator_id_paged"] ?? null,
        };
      });
    await caller.send(
      `session_id int
      job_id uniqueidentifier
      job_name sysname
      run_requested_date datetime null
      run_requested_source sysname null
      queued_date datetime null
      start_execution_date datetime null
      last_executed_step_id int null
      last_exectued_step_date datetime null
      stop_execution_date datetime null
      next_scheduled_run_date datetime null
      job_history_id int null
      message nvarchar(4000) null
      run_status int null
      operator_id_emailed int null
      operator_id_netsent int null
      operator_id_paged int null`,
      rows,
    );
    return SUCCESS;
  },
};

const helpStepLog: AgentProcedure = {
  name: "sp_help_jobsteplog",
  changes: false,
  parameters: [...JOB_PARAMETERS, optional("@step_id", int), optional("@step_name", sysname)],
  async execute(caller) {
    const job = identifyJob(caller);
    const stepId = numberArgument(caller.call, "@step_id");
    const stepName = textArgument(caller.call, "@step_name");
    const logs = new Map(caller.rows("sysjobstepslogs").map((row) => [textOf(row, "step_uid"), row]));
    const rows = caller
      .rows("sysjobsteps", (row) => row["job_id"] === job.jobId)
      .filter((row) => stepId === null || row["step_id"] === stepId)
      .filter((row) => stepName === null || row["step_name"] === stepName)
      .flatMap((row) => {
        const log = logs.get(textOf(row, "step_uid"));
        return log === undefined ? [] : [{ ...row, ...log, job_name: job.name }];
      });
    await caller.send(
      `job_id uniqueidentifier
      job_name sysname
      step_id int
      step_name sysname
      step_uid uniqueidentifier null
      date_created datetime
      date_modified datetime
      log_size bigint
      log nvarchar(max)`,
      rows,
    );
    return SUCCESS;
  },
};

const deleteBackupHistory: AgentProcedure = {
  name: "sp_delete_backuphistory",
  parameters: [parameter("@oldest_date", TYPES.datetime)],
  async execute(caller) {
    if (!caller.isSysadmin) throw agentError(229, "EXECUTE", "sp_delete_backuphistory", "msdb", "dbo");
    const oldest = caller.call.arguments.get("@oldest_date") ?? null;
    if (!(oldest instanceof CalendarTime)) return SUCCESS;
    const limit = millisecondsOf(oldest);
    await caller.change((writer) => {
      const old = writer.rows("backupset", (row) => (timeOf(row, "backup_finish_date") ?? limit) < limit);
      const sets = new Set(old.map((row) => numberOf(row, "backup_set_id")));
      const restores = writer.rows("restorehistory", (row) => sets.has(numberOf(row, "backup_set_id")));
      const restoreIds = new Set(restores.map((row) => numberOf(row, "restore_history_id")));
      writer.delete("restorefile", (row) => restoreIds.has(numberOf(row, "restore_history_id")));
      writer.delete("restorehistory", (row) => sets.has(numberOf(row, "backup_set_id")));
      writer.delete("backupfile", (row) => sets.has(numberOf(row, "backup_set_id")));
      writer.delete("backupset", (row) => sets.has(numberOf(row, "backup_set_id")));
      // Media that hold no set any more.
      const used = new Set(writer.rows("backupset").map((row) => numberOf(row, "media_set_id")));
      for (const table of ["backupmediafamily", "backupmediaset"])
        writer.delete(table, (row) => !used.has(numberOf(row, "media_set_id")));
    });
    return SUCCESS;
  },
};

export const historyProcedures: readonly AgentProcedure[] = [
  helpHistory,
  helpActivity,
  helpStepLog,
  deleteBackupHistory,
];
