/** The T-SQL of a failover: the primary's tail, log sets, recovery, and the log backups of the site that serves. */
import type { DesiredLogBackups } from "./desired";
import { call, raw } from "./procedure-call";
import { quoteName, quoteString } from "./sql/quote";
import { everyMinutes } from "./statements-log-shipping";

/** A tail-log backup into a file of its own. */
export interface TailBackup {
  readonly database: string;
  readonly file: string;
  readonly name: string;
  /** At most 255 characters. */
  readonly description: string;
}

/**
 * The tail: everything that was not backed up yet, and the database RESTORING behind it. Refused while the database is
 * mirrored ("Database Mirroring and Backup and Restore"). The slot is taken in the same batch, from inside the database:
 * open transactions are rolled back into the very log that the tail carries.
 */
export function backupTail({ database, file, name, description }: TailBackup): string {
  const quoted = quoteName(database);
  return [
    `USE ${quoted};`,
    `ALTER DATABASE ${quoted} SET SINGLE_USER WITH ROLLBACK IMMEDIATE;`,
    "USE [master];",
    `BACKUP LOG ${quoted} TO DISK = ${quoteString(file)}`,
    `WITH NORECOVERY, FORMAT, INIT, SKIP, CHECKSUM, STATS = 5, NAME = ${quoteString(name)}, DESCRIPTION = ${quoteString(description)};`,
  ].join("\n");
}

/**
 * The tail of a copy that is damaged: the engine tries whatever the copy's state, its log whole ("Tail-Log Backups"; OFFLINE
 * and EMERGENCY are refused). NO_TRUNCATE is COPY_ONLY and CONTINUE_AFTER_ERROR: with CHECKSUM a set that met damage says so
 * (is_damaged). No session can be in such a copy.
 * @param closes NORECOVERY too: the copy is RESTORING behind it, refused while it is mirrored
 */
export function backupDamagedTail({ database, file, name, description }: TailBackup, closes: boolean): string {
  return [
    `BACKUP LOG ${quoteName(database)} TO DISK = ${quoteString(file)}`,
    `WITH NO_TRUNCATE, ${closes ? "NORECOVERY, " : ""}FORMAT, INIT, SKIP, CHECKSUM, STATS = 5, NAME = ${quoteString(name)}, DESCRIPTION = ${quoteString(description)};`,
  ].join("\n");
}

/** One log set into a RESTORING database, which stays so. Checksums are checked where the set has them: log shipping's have none. */
export function restoreLog(database: string, file: string): string {
  return `RESTORE LOG ${quoteName(database)} FROM DISK = ${quoteString(file)} WITH FILE = 1, NORECOVERY, STATS = 5;`;
}

/** Reads a whole log set; checksums are checked where it has them. */
export function verifyLog(file: string): string {
  return `RESTORE VERIFYONLY FROM DISK = ${quoteString(file)} WITH FILE = 1;`;
}

/** Opens a RESTORING database: no further log can be applied to it. */
export function recoverDatabase(database: string): string {
  return `RESTORE DATABASE ${quoteName(database)} WITH RECOVERY;`;
}

/** The step of the job, on one line: one log backup, named by the time in UTC. Nothing while the database cannot be backed up. */
export function logBackupCommand(database: string, folder: string): string {
  const stamp = "REPLACE(REPLACE(REPLACE(CONVERT(nvarchar(19), GETUTCDATE(), 120), N'-', N''), N':', N''), N' ', N'')";
  return [
    `IF EXISTS (SELECT 1 FROM sys.databases WHERE name = ${quoteString(database)} AND state = 0 AND is_read_only = 0 AND recovery_model <> 3)`,
    "BEGIN",
    "DECLARE @file nvarchar(260);",
    `SET @file = ${quoteString(`${folder}\\${database}_log_`)} + ${stamp} + N'.trn';`,
    `BACKUP LOG ${quoteName(database)} TO DISK = @file WITH FORMAT, INIT, SKIP, CHECKSUM, NAME = ${quoteString(`${database} log of the outage`)};`,
    "END;",
  ].join(" ");
}

/** Makes the job with its schedule, owned by sa, enabled. */
export function addLogBackupJob(database: string, wanted: DesiredLogBackups): string {
  return [
    "DECLARE @rc int, @job uniqueidentifier, @schedule int, @uid uniqueidentifier, @owner sysname;",
    "SET @owner = SUSER_SNAME(0x01);",
    call("msdb.dbo.sp_add_job", {
      job_name: wanted.job,
      enabled: 1,
      description: `Backs up the log of ${database} while the backup site serves.`,
      owner_login_name: raw("@owner"),
      job_id: raw("@job OUTPUT"),
    }),
    call("msdb.dbo.sp_add_jobstep", {
      job_id: raw("@job"),
      step_id: 1,
      step_name: "back up the log",
      subsystem: "TSQL",
      database_name: "master",
      command: logBackupCommand(database, wanted.folder),
    }),
    call("msdb.dbo.sp_add_schedule", {
      schedule_name: wanted.schedule,
      ...everyMinutes(wanted.everyMinutes),
      schedule_uid: raw("@uid OUTPUT"),
      schedule_id: raw("@schedule OUTPUT"),
    }),
    call("msdb.dbo.sp_attach_schedule", { job_id: raw("@job"), schedule_id: raw("@schedule") }),
    call("msdb.dbo.sp_add_jobserver", { job_id: raw("@job"), server_name: "(LOCAL)" }),
  ].join("\n");
}

/** Gives the job's only step its wanted command. */
export function changeLogBackupCommand(jobId: string, database: string, wanted: DesiredLogBackups): string {
  return [
    "DECLARE @rc int;",
    call("msdb.dbo.sp_update_jobstep", {
      job_id: jobId,
      step_id: 1,
      command: logBackupCommand(database, wanted.folder),
    }),
  ].join("\n");
}

/** Removes the job with its schedule: the primary's log shipping backs up the log again. */
export function deleteLogBackupJob(jobId: string): string {
  return [
    "DECLARE @rc int;",
    call("msdb.dbo.sp_delete_job", { job_id: jobId, delete_history: 0, delete_unused_schedule: 1 }),
  ].join("\n");
}

/** Restore delay of a secondary, in minutes: files that wait for it are needed now. */
export function setRestoreDelay(secondaryDatabase: string, minutes: number): string {
  return [
    "DECLARE @rc int;",
    call("master.dbo.sp_change_log_shipping_secondary_database", {
      secondary_database: secondaryDatabase,
      restore_delay: minutes,
    }),
  ].join("\n");
}
