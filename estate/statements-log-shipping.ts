/**
 * The T-SQL of log shipping, as Microsoft's own scripts call the procedures, with every number passed: defaults differ by
 * version. Each builder gives one batch for master. Procedures both return a code and raise errors: both are checked.
 */
import type { DesiredLogShipping } from "./desired";
import { call, raw } from "./procedure-call";
import { quoteString } from "./sql/quote";

/** `14420` is the alert of a primary whose backups are late, `14421` that of a secondary. */
export const PRIMARY_ALERT = 14420;
export const SECONDARY_ALERT = 14421;

/** Every `minutes` minutes, all day (the schedule that Microsoft's scripts make). */
export const everyMinutes = (minutes: number) =>
  ({
    enabled: 1,
    freq_type: 4,
    freq_interval: 1,
    freq_subday_type: 4,
    freq_subday_interval: minutes,
    freq_relative_interval: 0,
    freq_recurrence_factor: 0,
    active_end_date: 99991231,
    active_start_time: 0,
    active_end_time: 235900,
  }) as const;

const batch = (...parts: readonly string[]): string => parts.join("\n");

/** Registers the primary's part; its backup job stays disabled until the secondary can follow. */
export function addPrimary(shipping: DesiredLogShipping): string {
  return batch(
    "DECLARE @rc int, @job uniqueidentifier, @primary uniqueidentifier, @schedule int, @uid uniqueidentifier;",
    call("master.dbo.sp_add_log_shipping_primary_database", {
      database: shipping.database,
      backup_directory: shipping.backupDirectory,
      backup_share: shipping.share,
      backup_job_name: shipping.jobs.backup,
      backup_retention_period: shipping.retentionMinutes,
      backup_compression: shipping.compression,
      backup_threshold: shipping.backupThresholdMinutes,
      threshold_alert: PRIMARY_ALERT,
      threshold_alert_enabled: 1,
      history_retention_period: shipping.historyMinutes,
      backup_job_id: raw("@job OUTPUT"),
      primary_id: raw("@primary OUTPUT"),
      overwrite: 1,
    }),
    addedSchedule(shipping.schedules.backup, shipping.scheduleMinutes.backup, "@job"),
    call("master.dbo.sp_add_log_shipping_alert_job", {}),
  );
}

/** Names the secondary on the primary. */
export function addPrimarySecondary(shipping: DesiredLogShipping): string {
  return batch(
    "DECLARE @rc int;",
    call("master.dbo.sp_add_log_shipping_primary_secondary", {
      primary_database: shipping.database,
      secondary_server: shipping.secondaryServer,
      secondary_database: shipping.database,
      overwrite: 1,
    }),
  );
}

/** Registers the secondary's part: both jobs with their schedules, and the database. The jobs stay disabled. */
export function addSecondary(shipping: DesiredLogShipping): string {
  return batch(
    "DECLARE @rc int, @copy uniqueidentifier, @restore uniqueidentifier, @secondary uniqueidentifier, @schedule int, @uid uniqueidentifier;",
    call("master.dbo.sp_add_log_shipping_secondary_primary", {
      primary_server: shipping.primaryServer,
      primary_database: shipping.database,
      backup_source_directory: shipping.share,
      backup_destination_directory: shipping.copyFolder,
      copy_job_name: shipping.jobs.copy,
      restore_job_name: shipping.jobs.restore,
      file_retention_period: shipping.retentionMinutes,
      overwrite: 1,
      copy_job_id: raw("@copy OUTPUT"),
      restore_job_id: raw("@restore OUTPUT"),
      secondary_id: raw("@secondary OUTPUT"),
    }),
    addedSchedule(shipping.schedules.copy, shipping.scheduleMinutes.copy, "@copy"),
    addedSchedule(shipping.schedules.restore, shipping.scheduleMinutes.restore, "@restore"),
    call("master.dbo.sp_add_log_shipping_secondary_database", {
      secondary_database: shipping.database,
      primary_server: shipping.primaryServer,
      primary_database: shipping.database,
      restore_delay: shipping.restoreDelayMinutes,
      restore_all: 1,
      restore_mode: 0,
      disconnect_users: 0,
      restore_threshold: shipping.restoreThresholdMinutes,
      threshold_alert: SECONDARY_ALERT,
      threshold_alert_enabled: 1,
      history_retention_period: shipping.historyMinutes,
      overwrite: 1,
    }),
    call("master.dbo.sp_add_log_shipping_alert_job", {}),
  );
}

/** Numbers of the primary's part, all of them: what already is as wanted stays. */
export function changePrimary(shipping: DesiredLogShipping): string {
  return batch(
    "DECLARE @rc int;",
    call("master.dbo.sp_change_log_shipping_primary_database", {
      database: shipping.database,
      backup_directory: shipping.backupDirectory,
      backup_share: shipping.share,
      backup_retention_period: shipping.retentionMinutes,
      backup_threshold: shipping.backupThresholdMinutes,
      threshold_alert: PRIMARY_ALERT,
      threshold_alert_enabled: 1,
      history_retention_period: shipping.historyMinutes,
      backup_compression: shipping.compression,
    }),
  );
}

/** Folders and retention of the secondary's part. */
export function changeSecondaryPrimary(shipping: DesiredLogShipping): string {
  return batch(
    "DECLARE @rc int;",
    call("master.dbo.sp_change_log_shipping_secondary_primary", {
      primary_server: shipping.primaryServer,
      primary_database: shipping.database,
      backup_source_directory: shipping.share,
      backup_destination_directory: shipping.copyFolder,
      file_retention_period: shipping.retentionMinutes,
    }),
  );
}

/** Restore options and thresholds of the secondary's database. */
export function changeSecondaryDatabase(shipping: DesiredLogShipping): string {
  return batch(
    "DECLARE @rc int;",
    call("master.dbo.sp_change_log_shipping_secondary_database", {
      secondary_database: shipping.database,
      restore_delay: shipping.restoreDelayMinutes,
      restore_all: 1,
      restore_mode: 0,
      disconnect_users: 0,
      restore_threshold: shipping.restoreThresholdMinutes,
      threshold_alert: SECONDARY_ALERT,
      threshold_alert_enabled: 1,
      history_retention_period: shipping.historyMinutes,
    }),
  );
}

/** Takes one secondary's name off the primary; needed before `deletePrimary` (32011). 32010 means that it is gone. */
export function deletePrimarySecondary(database: string, secondaryServer: string, secondaryDatabase: string): string {
  return batch(
    "DECLARE @rc int;",
    call("master.dbo.sp_delete_log_shipping_primary_secondary", {
      primary_database: database,
      secondary_server: secondaryServer,
      secondary_database: secondaryDatabase,
    }),
  );
}

/** Removes the primary's registration with its job; the database stays. */
export function deletePrimary(database: string): string {
  return batch("DECLARE @rc int;", call("master.dbo.sp_delete_log_shipping_primary_database", { database }));
}

/** Removes the secondary's registration of a database, with both jobs when it was the last; the database stays. */
export function deleteSecondaryDatabase(secondaryDatabase: string): string {
  return batch(
    "DECLARE @rc int;",
    call("master.dbo.sp_delete_log_shipping_secondary_database", { secondary_database: secondaryDatabase }),
  );
}

/** Removes what is left of a secondary that has no database row any more. */
export function deleteSecondaryPrimary(primaryServer: string, primaryDatabase: string): string {
  return batch(
    "DECLARE @rc int;",
    call("master.dbo.sp_delete_log_shipping_secondary_primary", {
      primary_server: primaryServer,
      primary_database: primaryDatabase,
    }),
  );
}

/** Enables or disables a job by its id: names are not unique across categories. */
export function enableJob(jobId: string, enabled: boolean): string {
  return batch("DECLARE @rc int;", call("msdb.dbo.sp_update_job", { job_id: jobId, enabled: enabled ? 1 : 0 }));
}

/** Enables a job that a statement before it made; its id is not known when the plan is printed. */
export function enableJobByName(name: string): string {
  return batch("DECLARE @rc int;", call("msdb.dbo.sp_update_job", { job_name: name, enabled: 1 }));
}

/** Gives a job its wanted name; its steps and registration refer to it by id. */
export function renameJob(jobId: string, name: string): string {
  return batch("DECLARE @rc int;", call("msdb.dbo.sp_update_job", { job_id: jobId, new_name: name }));
}

/** Earliest start of a schedule (sp_update_schedule in sql-docs). */
const EARLIEST_START = 19900101;

/**
 * Sets an attached schedule, by id, to run every `minutes` minutes. Its first day is left as it is where it has come.
 * @param begun false for a schedule whose first day, or last day, makes it rest now
 */
export function changeSchedule(scheduleId: number, minutes: number, begun = true): string {
  const start = begun ? undefined : EARLIEST_START;
  return batch(
    "DECLARE @rc int;",
    call("msdb.dbo.sp_update_schedule", {
      schedule_id: scheduleId,
      ...everyMinutes(minutes),
      active_start_date: start,
    }),
  );
}

/** Takes a schedule off a job; it stays in msdb, where other jobs may use it. */
export function detachSchedule(jobId: string, scheduleId: number): string {
  return batch("DECLARE @rc int;", call("msdb.dbo.sp_detach_schedule", { job_id: jobId, schedule_id: scheduleId }));
}

/**
 * Removes a row of this instance's monitor whose registration is gone. No procedure of log shipping does: each asks for
 * the registration first (32010, 32016).
 */
export function deleteStrayMonitorRow(part: "primary" | "secondary", id: string): string {
  const table = `msdb.dbo.log_shipping_monitor_${part}`;
  const registration = part === "primary" ? "log_shipping_primary_databases" : "log_shipping_secondary_databases";
  return (
    `DELETE FROM ${table} WHERE ${part}_id = ${quoteString(id)}\n` +
    `  AND NOT EXISTS (SELECT 1 FROM msdb.dbo.${registration} AS r WHERE r.${part}_id = ${quoteString(id)});`
  );
}

/** Makes a schedule and attaches it to a job that has none. */
export function addSchedule(jobId: string, name: string, minutes: number): string {
  return batch(
    "DECLARE @rc int, @schedule int, @uid uniqueidentifier;",
    addedSchedule(name, minutes, quoteString(jobId)),
  );
}

/** Makes the alert job where it is missing; it exists once per instance. */
export function addAlertJob(): string {
  return batch("DECLARE @rc int;", call("master.dbo.sp_add_log_shipping_alert_job", {}));
}

/** Asks the Agent to run a job now; returns at once (22022 when it runs already or the Agent is stopped). */
export function startJob(jobId: string): string {
  return batch("DECLARE @rc int;", call("msdb.dbo.sp_start_job", { job_id: jobId }));
}

function addedSchedule(name: string, minutes: number, job: string): string {
  const schedule = call("msdb.dbo.sp_add_schedule", {
    schedule_name: name,
    ...everyMinutes(minutes),
    schedule_uid: raw("@uid OUTPUT"),
    schedule_id: raw("@schedule OUTPUT"),
  });
  const attach = call("msdb.dbo.sp_attach_schedule", { job_id: raw(job), schedule_id: raw("@schedule") });
  return `${schedule}\n${attach}`;
}
