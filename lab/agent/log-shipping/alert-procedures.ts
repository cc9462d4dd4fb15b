/**
 * The alert job of log shipping and what it does every two minutes.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-{add,delete,help}-log-shipping-alert-job-transact-sql.md,
 * errors-events/mssqlserver-{14420,14421}-database-engine-error.md.
 */
import type { TableWriter } from "../../server/msdb/system-tables";
import { agentError } from "../agent-errors";
import { dateNumber } from "../calendar-numbers";
import { dropShippingJob, addShippingJob } from "./shipping-jobs";
import { type AgentProcedure, answer, type Caller, output, SUCCESS, TYPES } from "../procedures/caller";
import { sidBytes } from "../procedures/job-identity";
import { attach, insertSchedule } from "../procedures/schedule-values";
import { numberOf, optionalNumber, textOf, timeOf } from "../row-values";
import type { SqlError } from "../../tsql/errors";

const MINUTE = 60_000;
const CHECK = "sp_check_log_shipping_monitor_alert";

/** The registered alert job whose row of sysjobs is there. */
function alertJob(caller: Caller): string | undefined {
  const [row] = caller.rows("log_shipping_monitor_alert");
  const jobId = row === undefined ? undefined : textOf(row, "alert_job_id");
  return caller.rows("sysjobs", (job) => job["job_id"] === jobId).length > 0 ? jobId : undefined;
}

function removeAlertJob(writer: TableWriter): void {
  for (const row of writer.rows("log_shipping_monitor_alert")) dropShippingJob(writer, textOf(row, "alert_job_id"));
  writer.delete("log_shipping_monitor_alert", () => true);
}

/** Removes the alert job when nothing is monitored any more. */
export function removeAlertJobWhenUnused(writer: TableWriter): void {
  const monitored = ["log_shipping_monitor_primary", "log_shipping_monitor_secondary"];
  if (monitored.every((table) => writer.rows(table).length === 0)) removeAlertJob(writer);
}

const addAlertJob: AgentProcedure = {
  name: "sp_add_log_shipping_alert_job",
  parameters: [output("@alert_job_id", TYPES.guid)],
  async execute(caller) {
    const present = alertJob(caller);
    if (present !== undefined) return answer({ "@alert_job_id": present });
    const { instance } = caller;
    const jobId = await caller.change((writer) => {
      writer.delete("log_shipping_monitor_alert", () => true);
      const id = addShippingJob(caller, writer, {
        name: `LSAlert_${instance.name}`,
        description: "Log shipping alert job.",
        stepName: "Log shipping alert job step.",
        enabled: true,
        subsystem: "TSQL",
        command: `exec sys.${CHECK}`,
        databaseName: "master",
      });
      const { scheduleId } = insertSchedule(caller, writer, "Log shipping alert job schedule.", sidBytes(caller.sid), {
        enabled: 1,
        freq_type: 4,
        freq_interval: 1,
        freq_subday_type: 4,
        freq_subday_interval: 2,
        freq_relative_interval: 0,
        freq_recurrence_factor: 0,
        active_start_date: dateNumber(instance.localTime()),
        active_end_date: 99991231,
        active_start_time: 0,
        active_end_time: 235959,
      });
      attach(writer, id, scheduleId);
      writer.insert("log_shipping_monitor_alert", { alert_job_id: id });
      return id;
    });
    return answer({ "@alert_job_id": jobId });
  },
};

const deleteAlertJob: AgentProcedure = {
  name: "sp_delete_log_shipping_alert_job",
  parameters: [],
  async execute(caller) {
    await caller.change(removeAlertJobWhenUnused);
    return SUCCESS;
  },
};

const helpAlertJob: AgentProcedure = {
  name: "sp_help_log_shipping_alert_job",
  changes: false,
  parameters: [],
  async execute(caller) {
    await caller.send("alert_job_id uniqueidentifier", caller.rows("log_shipping_monitor_alert"));
    return SUCCESS;
  },
};

/** The alerts that are due: primaries without a backup, secondaries without a restore, within their thresholds. */
function dueAlerts(caller: Caller): SqlError[] {
  const now = caller.instance.utcTime();
  const age = (time: number | undefined): number | undefined =>
    time === undefined ? undefined : Math.floor((now - time) / MINUTE);
  const primaries = caller.rows("log_shipping_monitor_primary", isEnabled).flatMap((row) => {
    const minutes = age(timeOf(row, "last_backup_date_utc"));
    const threshold = numberOf(row, "backup_threshold");
    if (minutes === undefined || minutes <= threshold) return [];
    return agentError(14420, textOf(row, "primary_server"), textOf(row, "primary_database"), threshold, minutes);
  });
  const secondaries = caller.rows("log_shipping_monitor_secondary", isEnabled).flatMap((row) => {
    const minutes = age(timeOf(row, "last_restored_date_utc"));
    const latency = optionalNumber(row, "last_restored_latency") ?? 0;
    const threshold = numberOf(row, "restore_threshold");
    if (minutes === undefined || (minutes <= threshold && latency <= threshold)) return [];
    const where = [textOf(row, "secondary_server"), textOf(row, "secondary_database")];
    return agentError(14421, ...where, threshold, minutes, latency);
  });
  return [...primaries, ...secondaries];
}

function isEnabled(row: Parameters<typeof numberOf>[0]): boolean {
  return numberOf(row, "threshold_alert_enabled") === 1;
}

/** Raises 14420 and 14421 to the caller and to the error log: the alert job's step fails by them. */
const checkAlerts: AgentProcedure = {
  name: CHECK,
  changes: false,
  parameters: [],
  execute(caller) {
    const alerts = dueAlerts(caller);
    for (const alert of alerts) {
      caller.instance.errorLog.write(alert.number, alert.class, alert.message);
      for (const message of alert.messages(1, CHECK)) caller.call.sink.message(message);
    }
    return Promise.resolve({ returnCode: alerts.length === 0 ? 0 : 1 });
  },
};

export const alertProcedures: readonly AgentProcedure[] = [addAlertJob, deleteAlertJob, helpAlertJob, checkAlerts];
