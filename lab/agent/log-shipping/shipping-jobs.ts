/** The jobs of log shipping: disabled, one CmdExec step that calls sqllogship, in a category of their own. */
import { randomUUID } from "node:crypto";
import type { TableWriter } from "../../server/msdb/system-tables";
import { agentError } from "../agent-errors";
import { datetime } from "../calendar-numbers";
import { deleteJob } from "../delete-job";
import type { Caller } from "../procedures/caller";
import { sidBytes } from "../procedures/job-identity";
import { numberOf, textOf, where } from "../row-values";

/** syscategories.category_id of "Log Shipping". */
export const LOG_SHIPPING_CATEGORY = 6;

/** A job to be made. */
export interface ShippingJob {
  readonly name: string;
  readonly description: string;
  readonly stepName: string;
  readonly enabled: boolean;
  readonly subsystem: "CmdExec" | "TSQL";
  readonly command: string;
  readonly databaseName?: string;
}

/** Command line of a step: `"…\sqllogship.exe" -Backup <id> -server <instance>`, in the folder of the version's tools. */
export function sqllogshipCommand(caller: Caller, action: "Backup" | "Copy" | "Restore", id: string): string {
  const { major, minor } = caller.instance.version;
  const tools = `${String(major)}${minor === 50 ? "0" : String(minor)}`;
  return `"C:\\Program Files\\Microsoft SQL Server\\${tools}\\Tools\\Binn\\sqllogship.exe" -${action} ${id} -server ${caller.instance.name}`;
}

/** Throws 32022 when a job of that name exists that is none of log shipping's. */
export function requireJobName(caller: Caller, name: string): void {
  for (const row of caller.rows("sysjobs", where("name", name)))
    if (numberOf(row, "category_id") !== LOG_SHIPPING_CATEGORY) throw agentError(32022, name);
}

/** Makes a job, in place of one of log shipping that has its name; answers job_id. */
export function addShippingJob(caller: Caller, writer: TableWriter, job: ShippingJob): string {
  for (const old of writer.rows("sysjobs", where("name", job.name)))
    deleteJob(writer, textOf(old, "job_id"), { history: true, unusedSchedules: true });
  const jobId = randomUUID().toUpperCase();
  const now = datetime(caller.instance.localTime());
  writer.insert("sysjobs", {
    job_id: jobId,
    originating_server_id: 0,
    name: job.name,
    enabled: job.enabled ? 1 : 0,
    description: job.description,
    start_step_id: 1,
    category_id: LOG_SHIPPING_CATEGORY,
    owner_sid: sidBytes(caller.sid),
    notify_level_eventlog: 2,
    notify_level_email: 0,
    notify_level_netsend: 0,
    notify_level_page: 0,
    notify_email_operator_id: 0,
    notify_netsend_operator_id: 0,
    notify_page_operator_id: 0,
    delete_level: 0,
    date_created: now,
    date_modified: now,
    version_number: 1,
  });
  writer.insert("sysjobsteps", {
    job_id: jobId,
    step_id: 1,
    step_name: job.stepName,
    subsystem: job.subsystem,
    command: job.command,
    flags: 0,
    cmdexec_success_code: 0,
    on_success_action: 1,
    on_success_step_id: 0,
    on_fail_action: 2,
    on_fail_step_id: 0,
    database_name: job.databaseName ?? null,
    retry_attempts: 0,
    retry_interval: 0,
    os_run_priority: 0,
    last_run_outcome: 0,
    last_run_duration: 0,
    last_run_retries: 0,
    last_run_date: 0,
    last_run_time: 0,
    step_uid: randomUUID().toUpperCase(),
  });
  writer.insert("sysjobservers", {
    job_id: jobId,
    server_id: 0,
    last_run_outcome: 5,
    last_run_date: 0,
    last_run_time: 0,
    last_run_duration: 0,
  });
  return jobId;
}

/** Removes a job with its history; its schedules stay where other jobs use them. */
export function dropShippingJob(writer: TableWriter, jobId: string): void {
  deleteJob(writer, jobId, { history: true, unusedSchedules: true });
}
