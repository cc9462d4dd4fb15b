/**
 * Log shipping of mgc from the primary site to the backup site, with the procedures, names and numbers of Microsoft's
 * script ("Configure Log Shipping (SQL Server)", "Get started with log shipping").
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { SqlValue } from "../tsql/values";
import type { PlayedHost, PlayedPool } from "./estate-played";
import { text } from "./script-text";
import { firstValue, runBatches } from "./sql-console";

const SEED_FOLDER = "seed";
/** Longest time that a job may take, in milliseconds. */
const JOB_WITHIN = 10 * 60_000;
const POLL_MS = 20;

/** Every 15 minutes, all day. */
const SCHEDULE = `@enabled = 1, @freq_type = 4, @freq_interval = 1, @freq_subday_type = 4, @freq_subday_interval = 15,
  @freq_recurrence_factor = 0, @active_start_date = 20120101, @active_end_date = 99991231, @active_start_time = 0,
  @active_end_time = 235900`;

/** Seeds the secondary, registers both sides, enables the jobs and runs one cycle. Throws ConsoleError. */
export async function shipLogs(pool: PlayedPool): Promise<void> {
  const { primary, backup } = pool.content;
  const { share, copyFolder, databases } = pool.topology;
  await seed(pool);
  const database = text(databases.content);
  const backupJob = `LSBackup_${databases.content}`;
  await runBatches(
    primary.name,
    () => primary.open(),
    `DECLARE @job uniqueidentifier, @primary uniqueidentifier, @code int;
EXEC @code = master.dbo.sp_add_log_shipping_primary_database @database = ${database}, @backup_directory = ${text(share)},
  @backup_share = ${text(share)}, @backup_job_name = ${text(backupJob)}, @backup_retention_period = 4320,
  @backup_compression = 2, @backup_threshold = 60, @threshold_alert_enabled = 1, @history_retention_period = 5760,
  @backup_job_id = @job OUTPUT, @primary_id = @primary OUTPUT, @overwrite = 1;
IF @code <> 0 RAISERROR(N'sp_add_log_shipping_primary_database returned %d.', 16, 1, @code);
${scheduleJob("@job", `LSBackupSchedule_${primary.name}1`, "backup")}
EXEC master.dbo.sp_add_log_shipping_alert_job;
EXEC @code = master.dbo.sp_add_log_shipping_primary_secondary @primary_database = ${database},
  @secondary_server = ${text(backup.name)}, @secondary_database = ${database}, @overwrite = 1;
IF @code <> 0 RAISERROR(N'sp_add_log_shipping_primary_secondary returned %d.', 16, 1, @code);`,
  );
  const [copyJob, restoreJob] = ["Copy", "Restore"].map((kind) => `LS${kind}_${primary.name}_${databases.content}`) as [
    string,
    string,
  ];
  await runBatches(
    backup.name,
    () => backup.open(),
    `DECLARE @copy uniqueidentifier, @restore uniqueidentifier, @secondary uniqueidentifier, @code int;
EXEC @code = master.dbo.sp_add_log_shipping_secondary_primary @primary_server = ${text(primary.name)},
  @primary_database = ${database}, @backup_source_directory = ${text(share)},
  @backup_destination_directory = ${text(copyFolder)}, @copy_job_name = ${text(copyJob)},
  @restore_job_name = ${text(restoreJob)}, @file_retention_period = 4320, @overwrite = 1, @copy_job_id = @copy OUTPUT,
  @restore_job_id = @restore OUTPUT, @secondary_id = @secondary OUTPUT;
IF @code <> 0 RAISERROR(N'sp_add_log_shipping_secondary_primary returned %d.', 16, 1, @code);
${scheduleJob("@copy", "DefaultCopyJobSchedule", "copy")}
${scheduleJob("@restore", "DefaultRestoreJobSchedule", "restore")}
EXEC @code = master.dbo.sp_add_log_shipping_secondary_database @secondary_database = ${database},
  @primary_server = ${text(primary.name)}, @primary_database = ${database}, @restore_delay = 0, @restore_all = 1,
  @restore_mode = 0, @disconnect_users = 0, @restore_threshold = 45, @threshold_alert = 14421,
  @threshold_alert_enabled = 1, @history_retention_period = 5760, @overwrite = 1;
IF @code <> 0 RAISERROR(N'sp_add_log_shipping_secondary_database returned %d.', 16, 1, @code);
EXEC master.dbo.sp_add_log_shipping_alert_job;`,
  );
  await runJob(primary, backupJob);
  await runJob(backup, copyJob);
  await runJob(backup, restoreJob);
}

/** Statements that give a job of log shipping, which is made disabled, its schedule, and enable it. */
function scheduleJob(job: string, schedule: string, variable: string): string {
  const [uid, id] = [`@${variable}_schedule_uid`, `@${variable}_schedule_id`];
  return `DECLARE ${uid} uniqueidentifier, ${id} int;
EXEC msdb.dbo.sp_add_schedule @schedule_name = ${text(schedule)}, ${SCHEDULE},
  @schedule_uid = ${uid} OUTPUT, @schedule_id = ${id} OUTPUT;
EXEC msdb.dbo.sp_attach_schedule @job_id = ${job}, @schedule_id = ${id};
EXEC msdb.dbo.sp_update_job @job_id = ${job}, @enabled = 1;`;
}

/** "Yes, generate a full backup of the primary database and restore it into the secondary database". */
async function seed({ content: { primary, backup }, shareDirectory, topology }: PlayedPool): Promise<void> {
  const database = topology.databases.content;
  const name = `${database}_seed.bak`;
  const file = text(`${topology.share}\\${SEED_FOLDER}\\${name}`);
  await runBatches(
    primary.name,
    () => primary.open(),
    `BACKUP DATABASE ${database} TO DISK = ${file} WITH FORMAT, INIT, CHECKSUM;`,
  );
  const { data, log } = backup.defaultFolders;
  await runBatches(
    backup.name,
    () => backup.open(),
    `RESTORE DATABASE ${database} FROM DISK = ${file} WITH NORECOVERY, REPLACE,
  MOVE ${text(database)} TO ${text(`${data}\\${database}.mdf`)}, MOVE ${text(`${database}_log`)} TO ${text(`${log}\\${database}_log.ldf`)};`,
  );
  rmSync(join(shareDirectory, SEED_FOLDER, name));
}

/** Starts a job and waits for its end. Throws Error when it failed, with the message of its history. */
async function runJob(host: PlayedHost, job: string): Promise<void> {
  const run = async (batch: string): Promise<SqlValue> =>
    firstValue(await runBatches(host.name, () => host.open(), batch));
  const history = `FROM msdb.dbo.sysjobhistory AS h JOIN msdb.dbo.sysjobs AS j ON j.job_id = h.job_id
WHERE j.name = ${text(job)} AND h.step_id = 0`;
  // instance_id tells a run from the ones before it; times have a grain of a second.
  const before = Number((await run(`SELECT MAX(h.instance_id) ${history};`)) ?? 0);
  await run(`EXEC msdb.dbo.sp_start_job @job_name = ${text(job)};`);
  const deadline = Date.now() + JOB_WITHIN;
  for (;;) {
    const outcome = await run(`SELECT h.run_status ${history} AND h.instance_id > ${String(before)};`);
    if (outcome === 1) return;
    if (outcome !== null || Date.now() > deadline) {
      const message = await run(
        `SELECT TOP (1) h.message FROM msdb.dbo.sysjobhistory AS h JOIN msdb.dbo.sysjobs AS j ON j.job_id = h.job_id
WHERE j.name = ${text(job)} AND h.step_id > 0 ORDER BY h.instance_id DESC;`,
      );
      throw new Error(
        `Job ${job} on ${host.name} did not succeed: ${typeof message === "string" ? message : "it is still running"}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
