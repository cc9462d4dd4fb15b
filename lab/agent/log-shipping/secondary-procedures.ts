/**
 * The secondary's part of log shipping.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-{add,change,delete,help}-log-shipping-secondary-{primary,database}-transact-sql.md;
 * system-tables/log-shipping-{secondary,secondary-databases}-transact-sql.md.
 */
import { randomUUID } from "node:crypto";
import type { ProcedureParameter } from "../../tsql/host";
import type { NamedRow, TableWriter } from "../../server/msdb/system-tables";
import { numberArgument, parameter, textArgument } from "../../server/procedures/server-procedure";
import { agentError } from "../agent-errors";
import { type AgentProcedure, answer, type Caller, optional, output, SUCCESS, TYPES } from "../procedures/caller";
import { sameName, textOf, where } from "../row-values";
import { removeAlertJobWhenUnused } from "./alert-procedures";
import { deleteAgentHistory } from "./monitor-log";
import { addShippingJob, dropShippingJob, requireJobName, sqllogshipCommand } from "./shipping-jobs";
import { givenColumns, monitorColumns, required, thresholdAlert } from "./shipping-procedure";

const { bit, int, guid, sysname, text } = TYPES;
const PATH = text(500);

const PRIMARY: readonly ProcedureParameter[] = [
  parameter("@primary_server", sysname),
  parameter("@primary_database", sysname),
];
const MONITOR: readonly ProcedureParameter[] = [
  optional("@monitor_server", sysname),
  optional("@monitor_server_security_mode", bit, 1),
  optional("@monitor_server_login", sysname),
  optional("@monitor_server_password", sysname),
];
const IGNORE_MONITOR = optional("@ignoreremotemonitor", bit, 0);

/** Minutes that files and history are kept where nothing is given. */
const RETENTION = 14420;

/** The registration of a primary database on this secondary. */
function findSecondary(caller: Caller, server: string, database: string): NamedRow | undefined {
  return caller.rows(
    "log_shipping_secondary",
    (row) => sameName(textOf(row, "primary_server"), server) && sameName(textOf(row, "primary_database"), database),
  )[0];
}

function databasesOf(caller: Caller, secondary: NamedRow): readonly NamedRow[] {
  return caller.rows("log_shipping_secondary_databases", (row) => row["secondary_id"] === secondary["secondary_id"]);
}

function removeDatabase(writer: TableWriter, name: string): void {
  for (const table of ["log_shipping_secondary_databases", "log_shipping_monitor_secondary"])
    writer.delete(table, where("secondary_database", name));
}

/** Takes the registration away with its databases' rows, both jobs and what they told. */
function removeSecondary(writer: TableWriter, secondary: NamedRow): void {
  const secondaryId = textOf(secondary, "secondary_id");
  const mine = (row: NamedRow): boolean => row["secondary_id"] === secondaryId;
  for (const table of ["log_shipping_secondary_databases", "log_shipping_monitor_secondary", "log_shipping_secondary"])
    writer.delete(table, mine);
  deleteAgentHistory(writer, secondaryId);
  for (const job of ["copy_job_id", "restore_job_id"]) dropShippingJob(writer, textOf(secondary, job));
}

const addSecondaryPrimary: AgentProcedure = {
  name: "sp_add_log_shipping_secondary_primary",
  parameters: [
    ...PRIMARY,
    parameter("@backup_source_directory", PATH),
    parameter("@backup_destination_directory", PATH),
    parameter("@copy_job_name", sysname),
    parameter("@restore_job_name", sysname),
    optional("@file_retention_period", int, RETENTION),
    ...MONITOR,
    output("@copy_job_id", guid),
    output("@restore_job_id", guid),
    output("@secondary_id", guid),
    optional("@overwrite", bit, 0),
    IGNORE_MONITOR,
  ],
  async execute(caller) {
    const { call } = caller;
    const server = required(caller, "@primary_server");
    const database = required(caller, "@primary_database");
    const source = required(caller, "@backup_source_directory");
    const destination = required(caller, "@backup_destination_directory");
    const copyName = required(caller, "@copy_job_name");
    const restoreName = required(caller, "@restore_job_name");
    const monitor = monitorColumns(caller);
    const old = findSecondary(caller, server, database);
    if (old !== undefined && numberArgument(call, "@overwrite") !== 1) throw agentError(32024, server, database);
    for (const name of [copyName, restoreName]) requireJobName(caller, name);
    const secondaryId = randomUUID().toUpperCase();
    const jobs = await caller.change((writer) => {
      if (old !== undefined) removeSecondary(writer, old);
      const job = (name: string, action: "Copy" | "Restore", what: string): string =>
        addShippingJob(caller, writer, {
          name,
          description: `Log shipping ${what} job for ${server}:${database}.`,
          stepName: `Log shipping ${what} job step.`,
          enabled: false,
          subsystem: "CmdExec",
          command: sqllogshipCommand(caller, action, secondaryId),
        });
      const copyJob = job(copyName, "Copy", "copy");
      const restoreJob = job(restoreName, "Restore", "restore log");
      writer.insert("log_shipping_secondary", {
        secondary_id: secondaryId,
        primary_server: server,
        primary_database: database,
        backup_source_directory: source,
        backup_destination_directory: destination,
        file_retention_period: numberArgument(call, "@file_retention_period") ?? RETENTION,
        copy_job_id: copyJob,
        restore_job_id: restoreJob,
        ...monitor,
      });
      return { copyJob, restoreJob };
    });
    return answer({
      "@copy_job_id": jobs.copyJob,
      "@restore_job_id": jobs.restoreJob,
      "@secondary_id": secondaryId,
    });
  },
};

function requireSecondary(caller: Caller): NamedRow {
  const server = required(caller, "@primary_server");
  const database = required(caller, "@primary_database");
  const row = findSecondary(caller, server, database);
  if (row === undefined) throw agentError(32023, server, database);
  return row;
}

const changeSecondaryPrimary: AgentProcedure = {
  name: "sp_change_log_shipping_secondary_primary",
  parameters: [
    ...PRIMARY,
    optional("@backup_source_directory", PATH),
    optional("@backup_destination_directory", PATH),
    optional("@file_retention_period", int),
    optional("@monitor_server_security_mode", bit),
    optional("@monitor_server_login", sysname),
    optional("@monitor_server_password", sysname),
  ],
  async execute(caller) {
    const row = requireSecondary(caller);
    const change = givenColumns(caller, [
      "backup_source_directory",
      "backup_destination_directory",
      "file_retention_period",
      "monitor_server_security_mode",
    ]);
    await caller.change((writer) =>
      writer.update("log_shipping_secondary", (one) => one["secondary_id"] === row["secondary_id"], change),
    );
    return SUCCESS;
  },
};

const deleteSecondaryPrimary: AgentProcedure = {
  name: "sp_delete_log_shipping_secondary_primary",
  parameters: PRIMARY,
  async execute(caller) {
    const row = requireSecondary(caller);
    if (databasesOf(caller, row).length > 0)
      throw agentError(32025, textOf(row, "primary_server"), textOf(row, "primary_database"));
    await caller.change((writer) => {
      removeSecondary(writer, row);
      removeAlertJobWhenUnused(writer);
    });
    return SUCCESS;
  },
};

const SECONDARY_COLUMNS = `
  secondary_id uniqueidentifier
  primary_server sysname
  primary_database sysname
  backup_source_directory nvarchar(500)
  backup_destination_directory nvarchar(500)
  file_retention_period int
  copy_job_id uniqueidentifier
  restore_job_id uniqueidentifier
  monitor_server sysname
  monitor_server_security_mode bit`;

const helpSecondaryPrimary: AgentProcedure = {
  name: "sp_help_log_shipping_secondary_primary",
  changes: false,
  parameters: PRIMARY,
  async execute(caller) {
    const row = findSecondary(caller, required(caller, "@primary_server"), required(caller, "@primary_database"));
    await caller.send(SECONDARY_COLUMNS, row === undefined ? [] : [row]);
    return SUCCESS;
  },
};

/** Columns of log_shipping_secondary_databases and of the monitor that parameters of the same name fill. */
const RESTORE_OPTIONS = [
  "restore_delay",
  "restore_all",
  "restore_mode",
  "disconnect_users",
  "block_size",
  "buffer_count",
  "max_transfer_size",
];
const MONITOR_OPTIONS = ["restore_threshold", "threshold_alert", "threshold_alert_enabled", "history_retention_period"];

const addSecondaryDatabase: AgentProcedure = {
  name: "sp_add_log_shipping_secondary_database",
  parameters: [
    parameter("@secondary_database", sysname),
    ...PRIMARY,
    optional("@restore_delay", int, 0),
    optional("@restore_all", bit, 1),
    optional("@restore_mode", bit, 0),
    optional("@disconnect_users", bit, 0),
    optional("@block_size", int, -1),
    optional("@buffer_count", int, -1),
    optional("@max_transfer_size", int, -1),
    optional("@restore_threshold", int, 45),
    optional("@threshold_alert", int, 14421),
    optional("@threshold_alert_enabled", bit, 1),
    optional("@history_retention_period", int, RETENTION),
    optional("@overwrite", bit, 0),
    IGNORE_MONITOR,
  ],
  async execute(caller) {
    const { call, instance } = caller;
    const name = required(caller, "@secondary_database");
    for (const option of ["@restore_all", "@restore_mode", "@restore_threshold"])
      if (numberArgument(call, option) === null) throw agentError(32052, option);
    thresholdAlert(numberArgument(call, "@threshold_alert") ?? 14421);
    const secondary = requireSecondary(caller);
    const present = caller.rows("log_shipping_secondary_databases", where("secondary_database", name));
    if (present.length > 0 && numberArgument(call, "@overwrite") !== 1) throw agentError(32013, name);
    const keys = { secondary_database: name, secondary_id: textOf(secondary, "secondary_id") };
    await caller.change((writer) => {
      removeDatabase(writer, name);
      writer.insert("log_shipping_secondary_databases", {
        ...keys,
        restore_delay: 0,
        disconnect_users: 0,
        ...givenColumns(caller, RESTORE_OPTIONS),
      });
      writer.insert("log_shipping_monitor_secondary", {
        secondary_server: instance.name,
        ...keys,
        primary_server: textOf(secondary, "primary_server"),
        primary_database: textOf(secondary, "primary_database"),
        threshold_alert: 14421,
        threshold_alert_enabled: 1,
        history_retention_period: RETENTION,
        ...givenColumns(caller, MONITOR_OPTIONS),
      });
    });
    return SUCCESS;
  },
};

/** The row of a secondary database. Throws 32014. */
function requireSecondaryDatabase(caller: Caller): NamedRow {
  const name = required(caller, "@secondary_database");
  const [row] = caller.rows("log_shipping_secondary_databases", where("secondary_database", name));
  if (row === undefined) throw agentError(32014, name);
  return row;
}

const changeSecondaryDatabase: AgentProcedure = {
  name: "sp_change_log_shipping_secondary_database",
  parameters: [
    parameter("@secondary_database", sysname),
    optional("@restore_delay", int),
    optional("@restore_all", bit),
    optional("@restore_mode", bit),
    optional("@disconnect_users", bit),
    optional("@block_size", int),
    optional("@buffer_count", int),
    optional("@max_transfer_size", int),
    optional("@restore_threshold", int),
    optional("@threshold_alert", int),
    optional("@threshold_alert_enabled", bit),
    optional("@history_retention_period", int),
    IGNORE_MONITOR,
  ],
  async execute(caller) {
    const row = requireSecondaryDatabase(caller);
    const alert = numberArgument(caller.call, "@threshold_alert");
    if (alert !== null) thresholdAlert(alert);
    const mine = where("secondary_database", textOf(row, "secondary_database"));
    await caller.change((writer) => {
      writer.update("log_shipping_secondary_databases", mine, givenColumns(caller, RESTORE_OPTIONS));
      writer.update("log_shipping_monitor_secondary", mine, givenColumns(caller, MONITOR_OPTIONS));
    });
    return SUCCESS;
  },
};

const deleteSecondaryDatabase: AgentProcedure = {
  name: "sp_delete_log_shipping_secondary_database",
  parameters: [parameter("@secondary_database", sysname), IGNORE_MONITOR],
  async execute(caller) {
    const row = requireSecondaryDatabase(caller);
    await caller.change((writer) => {
      removeDatabase(writer, textOf(row, "secondary_database"));
      const mine = (one: NamedRow): boolean => one["secondary_id"] === row["secondary_id"];
      if (writer.rows("log_shipping_secondary_databases", mine).length > 0) return;
      // The last database of a primary takes copy and restore job with it.
      for (const secondary of writer.rows("log_shipping_secondary", mine)) removeSecondary(writer, secondary);
      removeAlertJobWhenUnused(writer);
    });
    return SUCCESS;
  },
};

const helpSecondaryDatabase: AgentProcedure = {
  name: "sp_help_log_shipping_secondary_database",
  changes: false,
  parameters: [optional("@secondary_database", sysname), optional("@secondary_id", guid)],
  async execute(caller) {
    const name = textArgument(caller.call, "@secondary_database");
    const id = textArgument(caller.call, "@secondary_id");
    if (name === null && id === null) throw agentError(32052, "@secondary_database");
    const rows = caller
      .rows(
        "log_shipping_secondary_databases",
        (row) =>
          (name === null || sameName(textOf(row, "secondary_database"), name)) &&
          (id === null || row["secondary_id"] === id),
      )
      .map((row) => {
        const mine = (one: NamedRow): boolean => one["secondary_id"] === row["secondary_id"];
        const [secondary] = caller.rows("log_shipping_secondary", mine);
        const [monitor] = caller.rows(
          "log_shipping_monitor_secondary",
          (one) => mine(one) && one["secondary_database"] === row["secondary_database"],
        );
        return { ...secondary, ...monitor, ...row };
      });
    await caller.send(
      `${SECONDARY_COLUMNS}
      secondary_database sysname
      restore_delay int
      restore_all bit
      restore_mode bit
      disconnect_users bit
      block_size int null
      buffer_count int null
      max_transfer_size int null
      restore_threshold int null
      threshold_alert int null
      threshold_alert_enabled bit null
      last_copied_file nvarchar(500) null
      last_copied_date datetime null
      last_copied_date_utc datetime null
      last_restored_file nvarchar(500) null
      last_restored_date datetime null
      last_restored_date_utc datetime null
      history_retention_period int null
      last_restored_latency int null`,
      rows,
    );
    return SUCCESS;
  },
};

export const secondaryProcedures: readonly AgentProcedure[] = [
  addSecondaryPrimary,
  changeSecondaryPrimary,
  deleteSecondaryPrimary,
  helpSecondaryPrimary,
  addSecondaryDatabase,
  changeSecondaryDatabase,
  deleteSecondaryDatabase,
  helpSecondaryDatabase,
];
