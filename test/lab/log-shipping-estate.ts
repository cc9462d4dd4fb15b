/** Two instances with mgc shipped from SQL-P1 to SQL-B1, set up as Microsoft's script does. */
import { AgentEstate, COPY_FOLDER, type Server, SHARE } from "./agent-estate";

/** Jobs of the pair that ships a database. */
export function jobsOf(database: string) {
  return {
    backup: `LSBackup_${database}`,
    copy: `LSCopy_SQL-P1_${database}`,
    restore: `LSRestore_SQL-P1_${database}`,
  } as const;
}

export const JOBS = jobsOf("mgc");

/** An estate with mgc on SQL-P1 and a seeded, RESTORING copy of it on SQL-B1. */
export class ShippingEstate extends AgentEstate {
  primary!: Server;
  secondary!: Server;

  async seed(): Promise<void> {
    this.primary = await this.start("SQL-P1");
    this.secondary = await this.start("SQL-B1");
    await this.primary.run("CREATE DATABASE mgc; ALTER DATABASE mgc SET RECOVERY FULL;");
    await this.primary.run(
      "USE mgc; CREATE TABLE dbo.tblChat (chatId bigint IDENTITY PRIMARY KEY, content nvarchar(100) NOT NULL); USE master;",
    );
    await this.primary.run(`BACKUP DATABASE mgc TO DISK = N'${SHARE}\\seed.bak' WITH INIT`);
    await this.secondary.run(`RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\seed.bak' WITH NORECOVERY`);
  }

  /** Registers both parts; the jobs are enabled and have no schedules: the tests start them. */
  async register(more = ""): Promise<void> {
    await this.primary.run(registerPrimary());
    await this.secondary.run(registerSecondary(more));
  }

  async say(...texts: readonly string[]): Promise<void> {
    for (const text of texts) await this.primary.run(`INSERT mgc.dbo.tblChat (content) VALUES (N'${text}')`);
  }

  /** One cycle of the three jobs, each of which must succeed. */
  async cycle(): Promise<void> {
    await this.primary.succeed(JOBS.backup);
    await this.secondary.succeed(JOBS.copy);
    await this.secondary.succeed(JOBS.restore);
  }

  /** Last part of the files that were backed up, copied and restored last. */
  async lastFiles(): Promise<readonly (string | undefined)[]> {
    const [backup] = await this.primary.run("SELECT last_backup_file AS f FROM msdb.dbo.log_shipping_monitor_primary");
    const [rest] = await this.secondary.run(
      "SELECT last_copied_file AS c, last_restored_file AS r FROM msdb.dbo.log_shipping_monitor_secondary",
    );
    const leaf = (path: unknown): string | undefined =>
      typeof path === "string" ? path.split("\\").at(-1)?.toLowerCase() : undefined;
    return [leaf(backup?.["f"]), leaf(rest?.["c"]), leaf(rest?.["r"])];
  }

  /** The texts on SQL-B1, read after it was brought online. */
  async recovered(): Promise<readonly unknown[]> {
    await this.secondary.run("RESTORE DATABASE mgc WITH RECOVERY");
    return (await this.secondary.run("SELECT content FROM mgc.dbo.tblChat ORDER BY chatId")).map(
      (row) => row["content"],
    );
  }
}

/** The primary's block, with every number. */
export function registerPrimary(database = "mgc"): string {
  const jobs = jobsOf(database);
  return `DECLARE @job uniqueidentifier, @primary uniqueidentifier, @rc int;
EXEC @rc = master.dbo.sp_add_log_shipping_primary_database @database = N'${database}', @backup_directory = N'${SHARE}', @backup_share = N'${SHARE}',
  @backup_job_name = N'${jobs.backup}', @backup_retention_period = 4320, @backup_compression = 2, @backup_threshold = 60,
  @threshold_alert = 14420, @threshold_alert_enabled = 1, @history_retention_period = 5760,
  @backup_job_id = @job OUTPUT, @primary_id = @primary OUTPUT, @overwrite = 1;
EXEC master.dbo.sp_add_log_shipping_primary_secondary @primary_database = N'${database}', @secondary_server = N'SQL-B1', @secondary_database = N'${database}', @overwrite = 1;
EXEC msdb.dbo.sp_update_job @job_id = @job, @enabled = 1;
SELECT @rc AS rc, @job AS job, @primary AS primaryId;`;
}

/** The secondary's block. @param more further arguments of sp_add_log_shipping_secondary_database, with a leading comma */
export function registerSecondary(more = "", database = "mgc"): string {
  const jobs = jobsOf(database);
  return `DECLARE @copy uniqueidentifier, @restore uniqueidentifier, @secondary uniqueidentifier, @rc int;
EXEC @rc = master.dbo.sp_add_log_shipping_secondary_primary @primary_server = N'SQL-P1', @primary_database = N'${database}',
  @backup_source_directory = N'${SHARE}', @backup_destination_directory = N'${COPY_FOLDER}', @copy_job_name = N'${jobs.copy}',
  @restore_job_name = N'${jobs.restore}', @file_retention_period = 4320, @overwrite = 1,
  @copy_job_id = @copy OUTPUT, @restore_job_id = @restore OUTPUT, @secondary_id = @secondary OUTPUT;
EXEC master.dbo.sp_add_log_shipping_secondary_database @secondary_database = N'${database}', @primary_server = N'SQL-P1', @primary_database = N'${database}',
  @restore_threshold = 45, @threshold_alert = 14421, @threshold_alert_enabled = 1, @history_retention_period = 5760, @overwrite = 1${more};
EXEC msdb.dbo.sp_update_job @job_id = @copy, @enabled = 1;
EXEC msdb.dbo.sp_update_job @job_id = @restore, @enabled = 1;
SELECT @rc AS rc, @secondary AS secondaryId;`;
}
