/** Log shipping registered on the primary's mirror (F8): how each of its properties goes otherwise. Data for drift-table-mirror.test.ts. */
import { type DriftCase, on, row } from "./drift-case";
import { jobCases } from "./drift-cases-jobs";

const mirror = "SQL-P2";
const failOver = "SQL-P1: ALTER DATABASE";
const failBack = `${mirror}: ALTER DATABASE`;
/** What the procedures do to an ONLINE database only, a person lets them do. */
const byFailover = (
  changes: readonly string[],
  afterwards: readonly string[] = [],
): Pick<DriftCase, "up" | "refused"> => ({
  up: null,
  refused: {
    says: /this run is unattended and would fail mgc over to its mirror and back \(F8\)/,
    attended: [failOver, ...changes.map((change) => `${mirror}: EXEC ${change}`), failBack, ...afterwards],
  },
});
const shipping = (property: string, observed: string | number | boolean, severity: "cosmetic" | "protection") =>
  row("F8-shipping", `primary.${property}`, observed, severity);
/** As the report has them: by severity. */
const settings = [
  shipping("backupDirectory", String.raw`D:\Logs`, "protection"),
  shipping("share", String.raw`\\old\share`, "protection"),
  shipping("thresholdMinutes", 600, "protection"),
  shipping("alert", 14421, "protection"),
  shipping("alertEnabled", false, "protection"),
  shipping("retentionMinutes", 60, "cosmetic"),
  shipping("historyMinutes", 60, "cosmetic"),
  shipping("compression", 1, "cosmetic"),
];
const alertJob = "DECLARE @job uniqueidentifier; SELECT @job = alert_job_id FROM msdb.dbo.log_shipping_monitor_alert;";

/** Every case about the registration on the mirror. */
export const mirrorShippingCases: readonly DriftCase[] = [
  {
    what: "every setting is changed",
    about: settings.map(({ step, property }) => `${step} ${property}`),
    deeds: [
      on(
        mirror,
        String.raw`EXEC master.dbo.sp_change_log_shipping_primary_database @database = N'mgc', @backup_directory = N'D:\Logs',
          @backup_share = N'\\old\share', @backup_retention_period = 60, @backup_threshold = 600, @threshold_alert = 14421,
          @threshold_alert_enabled = 0, @history_retention_period = 60, @backup_compression = 1;`,
      ),
    ],
    rows: settings,
    ...byFailover(["sp_change_log_shipping_primary_database"]),
  },
  {
    what: "it does not name its secondary any more",
    about: ["F8-shipping primary.secondary"],
    deeds: [
      on(
        mirror,
        "EXEC master.dbo.sp_delete_log_shipping_primary_secondary @primary_database = N'mgc', @secondary_server = N'SQL-B1', @secondary_database = N'mgc';",
      ),
    ],
    rows: [shipping("secondary", "none", "protection")],
    ...byFailover(["sp_add_log_shipping_primary_secondary"]),
  },
  {
    what: "it is unregistered",
    about: ["F8-shipping primary.server", "F8-shipping primary.database"],
    deeds: [
      on(
        mirror,
        `EXEC master.dbo.sp_delete_log_shipping_primary_secondary @primary_database = N'mgc', @secondary_server = N'SQL-B1', @secondary_database = N'mgc';
        EXEC master.dbo.sp_delete_log_shipping_primary_database @database = N'mgc';`,
      ),
    ],
    rows: [{ ...row("F8-shipping", "primary", "not registered", "protection"), desired: "registered" }],
    // Its job is enabled when it is the mirror again.
    ...byFailover(
      [
        "sp_add_log_shipping_primary_database",
        "sp_add_schedule",
        "sp_attach_schedule",
        "sp_add_log_shipping_alert_job",
        "sp_add_log_shipping_primary_secondary",
      ],
      [`${mirror}: EXEC sp_update_job`],
    ),
  },
  ...jobCases({
    step: "F8-shipping",
    path: "primary.backupJob.",
    named: "name",
    server: mirror,
    name: "LSBackup_mgc",
  }),
  {
    what: "its alert job is disabled",
    about: ["F8-shipping primary.alertJob"],
    deeds: [on(mirror, `${alertJob} EXEC msdb.dbo.sp_update_job @job_id = @job, @enabled = 0;`)],
    rows: [shipping("alertJob", "disabled", "protection")],
    up: [`${mirror}: EXEC sp_update_job`],
  },
  {
    what: "its alert job is deleted",
    about: ["F8-shipping primary.alertJob"],
    deeds: [on(mirror, `${alertJob} EXEC msdb.dbo.sp_delete_job @job_id = @job;`)],
    rows: [shipping("alertJob", "missing", "protection")],
    up: [`${mirror}: EXEC sp_add_log_shipping_alert_job`],
  },
];
