/** Log shipping of a pool at home: how each of its properties goes otherwise at night. Data for drift-table.test.ts. */
import { type DriftCase, type ExpectedRow, on, oneOffJob, row } from "./drift-case";
import { jobCases, type JobOfStep } from "./drift-cases-jobs";

const P = "SQL-P1";
const B = "SQL-B1";

const shippingJob = (property: string, server: typeof P | typeof B, name: string): JobOfStep => ({
  step: "F5",
  path: `${property}.`,
  named: "name",
  server,
  name,
});

/** A parameter of one of the three sp_change procedures, set to something else. */
function parameter(
  part: "primary" | "secondary",
  procedure: "primary_database" | "secondary_primary" | "secondary_database",
  name: string,
  value: string | number,
  property: string,
  severity: "cosmetic" | "protection",
  observed: ExpectedRow["observed"] = value,
): DriftCase {
  const which = {
    primary_database: "@database = N'mgc'",
    secondary_primary: "@primary_server = N'SQL-P1', @primary_database = N'mgc'",
    secondary_database: "@secondary_database = N'mgc'",
  }[procedure];
  const server = part === "primary" ? P : B;
  const written = typeof value === "string" ? `N'${value}'` : String(value);
  return {
    what: `${part}.${property} is changed`,
    about: [`F5 ${part}.${property}`],
    deeds: [on(server, `EXEC master.dbo.sp_change_log_shipping_${procedure} ${which}, @${name} = ${written};`)],
    rows: [row("F5", `${part}.${property}`, observed, severity)],
    up: [`${server}: EXEC sp_change_log_shipping_${procedure}`],
  };
}

function alertJobCases(part: "primary" | "secondary", server: typeof P | typeof B): DriftCase[] {
  const name = "DECLARE @job uniqueidentifier; SELECT @job = alert_job_id FROM msdb.dbo.log_shipping_monitor_alert;";
  const one = (what: string, sql: string, observed: string, up: string): DriftCase => ({
    what: `the alert job of ${server} is ${what}`,
    about: [`F5 ${part}.alertJob`],
    deeds: [on(server, `${name} ${sql}`)],
    rows: [row("F5", `${part}.alertJob`, observed, "protection")],
    up: [`${server}: ${up}`],
  });
  return [
    one("disabled", "EXEC msdb.dbo.sp_update_job @job_id = @job, @enabled = 0;", "disabled", "EXEC sp_update_job"),
    one("deleted", "EXEC msdb.dbo.sp_delete_job @job_id = @job;", "missing", "EXEC sp_add_log_shipping_alert_job"),
  ];
}

const late = (
  part: "primary" | "secondary",
  table: string,
  column: string,
  property: string,
  threshold: number,
): DriftCase => {
  const server = part === "primary" ? P : B;
  return {
    what: `${property} is late`,
    about: [],
    deeds: [on(server, `UPDATE msdb.dbo.${table} SET ${column} = DATEADD(minute, -180, GETUTCDATE());`)],
    rows: [
      {
        ...row("F5", property, "180 minutes old (mgc_", "protection"),
        desired: `at most ${String(threshold)} minutes old`,
        begins: true,
      },
    ],
    up: cycle,
  };
};

/** Each folder is written and read as the engines, then as the Agents, before a part is registered. */
const probes = [...oneOffJob(B), ...oneOffJob(P)];
const cycle = [`${P}: EXEC sp_start_job`, `${B}: EXEC sp_start_job`, `${B}: EXEC sp_start_job`];

/** What it takes to make one half of a registration anew, and to prove it by a cycle. */
export const anew = (removed: readonly string[], added: readonly string[]): readonly string[] => [
  ...[B, P].map((name) => `${name}: BACKUP DATABASE`),
  ...probes,
  ...removed,
  ...added,
  ...cycle,
];
const primaryRemoved = [
  `${P}: EXEC sp_delete_log_shipping_primary_secondary`,
  `${P}: EXEC sp_delete_log_shipping_primary_database`,
];
const primaryAdded = [
  `${P}: EXEC sp_add_log_shipping_primary_database`,
  `${P}: EXEC sp_add_schedule`,
  `${P}: EXEC sp_attach_schedule`,
  `${P}: EXEC sp_add_log_shipping_alert_job`,
  `${P}: EXEC sp_add_log_shipping_primary_secondary`,
  `${P}: EXEC sp_update_job`,
];
/** Log files of the old fork are moved out of the way before a seed. */
export const oldFilesMoved = [...oneOffJob(P), ...oneOffJob(B)];
/** What takes the secondary's half off. */
export const secondaryRemoved = [`${B}: EXEC sp_delete_log_shipping_secondary_database`];
/** What registers it. */
export const secondaryAdded = [
  `${B}: EXEC sp_add_log_shipping_secondary_primary`,
  `${B}: EXEC sp_add_schedule`,
  `${B}: EXEC sp_attach_schedule`,
  `${B}: EXEC sp_add_schedule`,
  `${B}: EXEC sp_attach_schedule`,
  `${B}: EXEC sp_add_log_shipping_secondary_database`,
  `${B}: EXEC sp_add_log_shipping_alert_job`,
  `${B}: EXEC sp_update_job`,
  `${B}: EXEC sp_update_job`,
];

const someId = "11111111-2222-3333-4444-555555555555";

/** Half a registration goes, or a leftover of one appears (dbatools issues 8058, 8394 and 8670 are of this kind). */
const pairCases: readonly DriftCase[] = [
  {
    what: "the backup job is deleted",
    about: ["F5 primary.server", "F5 primary.database"],
    deeds: [on(P, "EXEC msdb.dbo.sp_delete_job @job_name = N'LSBackup_mgc';")],
    rows: [{ ...row("F5", "primary", "the backup job is gone", "protection"), desired: "registered" }],
    up: anew(primaryRemoved, primaryAdded),
  },
  {
    what: "the monitor loses its row of the primary",
    about: ["F5 primary.server"],
    deeds: [on(P, "DELETE FROM msdb.dbo.log_shipping_monitor_primary;")],
    rows: [{ ...row("F5", "primary", "the monitor has no row of it", "protection"), desired: "registered" }],
    up: anew(primaryRemoved, primaryAdded),
  },
  {
    what: "the monitor loses its row of the secondary",
    about: ["F5 secondary.server"],
    deeds: [on(B, "DELETE FROM msdb.dbo.log_shipping_monitor_secondary;")],
    rows: [{ ...row("F5", "secondary", "the monitor has no row of it", "protection"), desired: "registered" }],
    up: anew(secondaryRemoved, secondaryAdded),
  },
  {
    what: "the copy job ships for an id that nobody knows",
    about: ["F5 secondary.server"],
    deeds: [
      on(
        B,
        `EXEC msdb.dbo.sp_update_jobstep @job_name = N'LSCopy_SQL-P1_mgc', @step_id = 1, @command = N'sqllogship.exe -Copy ${someId} -server SQL-B1';`,
      ),
    ],
    rows: [
      {
        ...row("F5", "secondary", "the copy job runs for another registration", "protection"),
        desired: "registered",
      },
    ],
    up: anew(secondaryRemoved, secondaryAdded),
  },
  {
    what: "the primary is unregistered",
    about: ["F5 primary.server", "F5 primary.database"],
    deeds: [
      on(
        P,
        `EXEC master.dbo.sp_delete_log_shipping_primary_secondary @primary_database = N'mgc', @secondary_server = N'SQL-B1', @secondary_database = N'mgc';
        EXEC master.dbo.sp_delete_log_shipping_primary_database @database = N'mgc';`,
      ),
    ],
    rows: [{ ...row("F5", "primary", "not registered", "protection"), desired: "registered" }],
    up: anew([], primaryAdded),
  },
  {
    what: "the secondary is unregistered",
    about: ["F5 secondary.server", "F5 secondary.database"],
    deeds: [on(B, "EXEC master.dbo.sp_delete_log_shipping_secondary_database @secondary_database = N'mgc';")],
    rows: [{ ...row("F5", "secondary", "not registered", "protection"), desired: "registered" }],
    up: anew([], secondaryAdded),
  },
  {
    what: "the secondary is registered for another primary",
    about: ["F5 secondary.primary"],
    deeds: [
      on(
        B,
        String.raw`EXEC master.dbo.sp_delete_log_shipping_secondary_database @secondary_database = N'mgc';
        EXEC master.dbo.sp_add_log_shipping_secondary_primary @primary_server = N'SQL-OLD', @primary_database = N'mgc',
          @backup_source_directory = N'\\files.dci.discovery.com\lslogs', @backup_destination_directory = N'D:\LSCopy',
          @copy_job_name = N'LSCopy_SQL-OLD_mgc', @restore_job_name = N'LSRestore_SQL-OLD_mgc', @file_retention_period = 4320;
        EXEC master.dbo.sp_add_log_shipping_secondary_database @secondary_database = N'mgc', @primary_server = N'SQL-OLD',
          @primary_database = N'mgc', @restore_delay = 0, @restore_all = 1, @restore_mode = 0, @disconnect_users = 0,
          @restore_threshold = 45, @threshold_alert = 14421, @threshold_alert_enabled = 1, @history_retention_period = 5760;`,
      ),
    ],
    rows: [{ ...row("F5", "secondary", "ships from SQL-OLD", "protection"), desired: "registered" }],
    up: anew(secondaryRemoved, secondaryAdded),
  },
  {
    what: "the backup is registered as a primary too",
    about: [],
    deeds: [
      on(
        B,
        String.raw`EXEC master.dbo.sp_add_log_shipping_primary_database @database = N'mgc', @backup_directory = N'D:\Back',
          @backup_share = N'\\files.dci.discovery.com\back', @backup_job_name = N'LSBackup_mgc';`,
      ),
    ],
    rows: [{ ...row("F5", "SQL-B1 primary", "stale registration", "protection"), desired: "removed" }],
    up: [`${B}: EXEC sp_delete_log_shipping_primary_database`],
  },
  {
    what: "somebody else backs up the log",
    about: [],
    deeds: [
      on(P, String.raw`BACKUP LOG mgc TO DISK = N'\\files.dci.discovery.com\lslogs\mirror\foreign.trn' WITH FORMAT;`),
    ],
    rows: [
      {
        ...row(
          "F5",
          "log chain",
          String.raw`goes on in \\files.dci.discovery.com\lslogs\mirror\foreign.trn`,
          "protection",
        ),
        desired: "restored on SQL-B1",
      },
    ],
    // The jobs first take what lies in front of the link.
    up: [`${B}: EXEC sp_start_job`, `${B}: EXEC sp_start_job`, `${B}: RESTORE LOG`, ...cycle],
  },
  {
    what: "the monitor knows a primary that is not registered",
    about: [],
    deeds: [
      on(
        P,
        `INSERT INTO msdb.dbo.log_shipping_monitor_primary (primary_id, primary_server, primary_database, backup_threshold, threshold_alert, threshold_alert_enabled, history_retention_period)
        VALUES ('${someId}', N'SQL-P1', N'mgc', 60, 14420, 1, 5760);`,
      ),
    ],
    rows: [
      {
        ...row("F5", "primary in the monitor of SQL-P1", "a row without registration", "protection"),
        desired: "removed",
      },
    ],
    up: [`${P}: DELETE`],
  },
  {
    what: "the monitor knows a secondary that is not registered",
    about: [],
    deeds: [
      on(
        B,
        `INSERT INTO msdb.dbo.log_shipping_monitor_secondary (secondary_server, secondary_database, secondary_id, primary_server, primary_database, restore_threshold, threshold_alert, threshold_alert_enabled, history_retention_period)
        VALUES (N'SQL-B1', N'mgc', '${someId}', N'SQL-P1', N'mgc', 45, 14421, 1, 5760);`,
      ),
    ],
    rows: [
      {
        ...row("F5", "secondary in the monitor of SQL-B1", "a row without registration", "protection"),
        desired: "removed",
      },
    ],
    up: [`${B}: DELETE`],
  },
  {
    what: "a pair of jobs of an earlier set-up still runs",
    about: [],
    deeds: [
      on(
        B,
        ["Copy", "Restore"]
          .map(
            (kind) => `EXEC msdb.dbo.sp_add_job @job_name = N'LS${kind}_SQL-P2_mgc';
        EXEC msdb.dbo.sp_add_jobstep @job_name = N'LS${kind}_SQL-P2_mgc', @step_name = N'ship', @subsystem = N'CmdExec', @command = N'sqllogship.exe -${kind} ${someId} -server SQL-B1';`,
          )
          .join("\n"),
      ),
    ],
    rows: ["Copy", "Restore"].map((kind) => ({
      ...row("F5", `job LS${kind}_SQL-P2_mgc on SQL-B1`, "runs without registration", "protection"),
      desired: "disabled",
    })),
    up: [`${B}: EXEC sp_update_job`, `${B}: EXEC sp_update_job`],
    tidy: ["Copy", "Restore"].map((kind) => on(B, `EXEC msdb.dbo.sp_delete_job @job_name = N'LS${kind}_SQL-P2_mgc';`)),
  },
];

/** Every case about F5. */
export const shippingCases: readonly DriftCase[] = [
  parameter("primary", "primary_database", "backup_directory", String.raw`D:\Logs`, "backupDirectory", "protection"),
  parameter("primary", "primary_database", "backup_share", String.raw`\\old\share`, "share", "protection"),
  parameter("primary", "primary_database", "backup_retention_period", 60, "retentionMinutes", "cosmetic"),
  parameter("primary", "primary_database", "backup_threshold", 600, "thresholdMinutes", "protection"),
  parameter("primary", "primary_database", "threshold_alert", 14421, "alert", "protection"),
  parameter("primary", "primary_database", "threshold_alert_enabled", 0, "alertEnabled", "protection", false),
  parameter("primary", "primary_database", "history_retention_period", 60, "historyMinutes", "cosmetic"),
  parameter("primary", "primary_database", "backup_compression", 1, "compression", "cosmetic"),
  {
    what: "the primary does not name its secondary any more",
    about: ["F5 primary.secondary"],
    deeds: [
      on(
        P,
        "EXEC master.dbo.sp_delete_log_shipping_primary_secondary @primary_database = N'mgc', @secondary_server = N'SQL-B1', @secondary_database = N'mgc';",
      ),
    ],
    rows: [row("F5", "primary.secondary", "none", "protection")],
    up: [`${P}: EXEC sp_add_log_shipping_primary_secondary`],
  },
  parameter(
    "secondary",
    "secondary_primary",
    "backup_source_directory",
    String.raw`\\old\share`,
    "source",
    "protection",
  ),
  parameter(
    "secondary",
    "secondary_primary",
    "backup_destination_directory",
    String.raw`E:\Copy`,
    "copyFolder",
    "protection",
  ),
  parameter("secondary", "secondary_primary", "file_retention_period", 60, "retentionMinutes", "cosmetic"),
  parameter("secondary", "secondary_database", "restore_delay", 30, "restoreDelayMinutes", "protection"),
  parameter("secondary", "secondary_database", "restore_all", 0, "restoreAll", "protection", false),
  parameter("secondary", "secondary_database", "restore_mode", 1, "restoreMode", "protection", "STANDBY"),
  parameter("secondary", "secondary_database", "disconnect_users", 1, "disconnectUsers", "cosmetic", true),
  parameter("secondary", "secondary_database", "restore_threshold", 600, "thresholdMinutes", "protection"),
  parameter("secondary", "secondary_database", "threshold_alert", 14420, "alert", "protection"),
  parameter("secondary", "secondary_database", "threshold_alert_enabled", 0, "alertEnabled", "protection", false),
  parameter("secondary", "secondary_database", "history_retention_period", 60, "historyMinutes", "cosmetic"),
  ...jobCases(shippingJob("primary.backupJob", P, "LSBackup_mgc")),
  ...jobCases(shippingJob("secondary.copyJob", B, "LSCopy_SQL-P1_mgc"), "DefaultCopyJobSchedule"),
  ...jobCases(shippingJob("secondary.restoreJob", B, "LSRestore_SQL-P1_mgc")),
  ...alertJobCases("primary", P),
  ...alertJobCases("secondary", B),
  late("primary", "log_shipping_monitor_primary", "last_backup_date_utc", "primary.lastBackup", 60),
  late("secondary", "log_shipping_monitor_secondary", "last_copied_date_utc", "secondary.lastCopy", 45),
  late("secondary", "log_shipping_monitor_secondary", "last_restored_date_utc", "secondary.lastRestore", 45),
  ...pairCases,
];
