/**
 * The primary's part of log shipping.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-{add,change,delete,help}-log-shipping-primary-database-transact-sql.md,
 * sp-{add,delete,help}-log-shipping-primary-secondary-transact-sql.md; system-tables/log-shipping-primary-databases-transact-sql.md.
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

const { bit, tinyint, int, guid, sysname, text } = TYPES;
const PATH = text(500);

const MONITOR_LOGIN: readonly ProcedureParameter[] = [
  optional("@monitor_server_login", sysname),
  optional("@monitor_server_password", sysname),
];
const INTERNAL: readonly ProcedureParameter[] = [optional("@ignoreremotemonitor", bit, 0)];

/** Tables with a row per primary_id, apart from the histories. */
const PRIMARY_TABLES = [
  "log_shipping_primary_secondaries",
  "log_shipping_monitor_primary",
  "log_shipping_primary_databases",
];

/** The registration of a database; undefined when there is none. */
function findPrimary(caller: Caller, database: string): NamedRow | undefined {
  return caller.rows("log_shipping_primary_databases", where("primary_database", database))[0];
}

/** Throws 32010 when the database is no primary. */
function requirePrimary(caller: Caller, database: string): NamedRow {
  const row = findPrimary(caller, database);
  if (row === undefined) throw agentError(32010, database);
  return row;
}

function removePrimary(writer: TableWriter, row: NamedRow): void {
  const primaryId = textOf(row, "primary_id");
  for (const table of PRIMARY_TABLES) writer.delete(table, (one) => one["primary_id"] === primaryId);
  deleteAgentHistory(writer, primaryId);
  dropShippingJob(writer, textOf(row, "backup_job_id"));
}

/** The database must exist, in a recovery model with log backups. Answers whether it is ONLINE. */
function checkDatabase(caller: Caller, name: string): boolean {
  const database = caller.instance.core.database(name);
  if (database === undefined) throw agentError(15010, name);
  if (database.options.recoveryModel === "SIMPLE") throw agentError(32015, name);
  return database.state === "ONLINE";
}

const addPrimary: AgentProcedure = {
  name: "sp_add_log_shipping_primary_database",
  parameters: [
    parameter("@database", sysname),
    parameter("@backup_directory", PATH),
    parameter("@backup_share", PATH),
    parameter("@backup_job_name", sysname),
    optional("@backup_retention_period", int, 1440),
    optional("@monitor_server", sysname),
    optional("@monitor_server_security_mode", bit, 1),
    ...MONITOR_LOGIN,
    optional("@backup_threshold", int, 60),
    optional("@threshold_alert", int, 14420),
    optional("@threshold_alert_enabled", bit, 0),
    optional("@history_retention_period", int, 14420),
    output("@backup_job_id", guid),
    output("@primary_id", guid),
    optional("@overwrite", bit, 0),
    ...INTERNAL,
    optional("@backup_compression", tinyint, 2),
  ],
  async execute(caller) {
    const { call, instance } = caller;
    const name = required(caller, "@database");
    const directory = required(caller, "@backup_directory");
    const share = required(caller, "@backup_share");
    const jobName = required(caller, "@backup_job_name");
    const alert = thresholdAlert(numberArgument(call, "@threshold_alert") ?? 14420);
    const monitor = monitorColumns(caller);
    const online = checkDatabase(caller, name);
    const old = findPrimary(caller, name);
    if (old !== undefined && numberArgument(call, "@overwrite") !== 1) throw agentError(32009, name);
    requireJobName(caller, jobName);
    const primaryId = randomUUID().toUpperCase();
    const database = instance.core.require(name).name;
    const jobId = await caller.change((writer) => {
      if (old !== undefined) removePrimary(writer, old);
      const job = addShippingJob(caller, writer, {
        name: jobName,
        description: `Log shipping backup log job for ${instance.name}:${database}.`,
        stepName: "Log shipping backup log job step.",
        enabled: false,
        subsystem: "CmdExec",
        command: sqllogshipCommand(caller, "Backup", primaryId),
      });
      writer.insert("log_shipping_primary_databases", {
        primary_id: primaryId,
        primary_database: database,
        backup_directory: directory,
        backup_share: share,
        backup_retention_period: numberArgument(call, "@backup_retention_period") ?? 1440,
        backup_job_id: job,
        ...monitor,
        backup_compression: numberArgument(call, "@backup_compression") ?? 2,
      });
      writer.insert("log_shipping_monitor_primary", {
        primary_id: primaryId,
        primary_server: instance.name,
        primary_database: database,
        backup_threshold: numberArgument(call, "@backup_threshold") ?? 60,
        threshold_alert: alert,
        threshold_alert_enabled: numberArgument(call, "@threshold_alert_enabled") ?? 0,
        history_retention_period: numberArgument(call, "@history_retention_period") ?? 14420,
      });
      return job;
    });
    if (!online) caller.tell(agentError(32008, name), addPrimary.name);
    return answer({ "@backup_job_id": jobId, "@primary_id": primaryId });
  },
};

const changePrimary: AgentProcedure = {
  name: "sp_change_log_shipping_primary_database",
  parameters: [
    parameter("@database", sysname),
    optional("@backup_directory", PATH),
    optional("@backup_share", PATH),
    optional("@backup_retention_period", int),
    optional("@monitor_server_security_mode", bit),
    ...MONITOR_LOGIN,
    optional("@backup_threshold", int),
    optional("@threshold_alert", int),
    optional("@threshold_alert_enabled", bit),
    optional("@history_retention_period", int),
    ...INTERNAL,
    optional("@backup_compression", tinyint),
  ],
  async execute(caller) {
    const row = requirePrimary(caller, required(caller, "@database"));
    const alert = numberArgument(caller.call, "@threshold_alert");
    if (alert !== null) thresholdAlert(alert);
    const mine = (one: NamedRow): boolean => one["primary_id"] === row["primary_id"];
    const registration = givenColumns(caller, [
      "backup_directory",
      "backup_share",
      "backup_retention_period",
      "monitor_server_security_mode",
      "backup_compression",
    ]);
    const monitor = givenColumns(caller, [
      "backup_threshold",
      "threshold_alert",
      "threshold_alert_enabled",
      "history_retention_period",
    ]);
    await caller.change((writer) => {
      writer.update("log_shipping_primary_databases", mine, registration);
      writer.update("log_shipping_monitor_primary", mine, monitor);
    });
    return SUCCESS;
  },
};

const deletePrimary: AgentProcedure = {
  name: "sp_delete_log_shipping_primary_database",
  parameters: [parameter("@database", sysname), ...INTERNAL],
  async execute(caller) {
    const name = required(caller, "@database");
    const row = requirePrimary(caller, name);
    const secondaries = caller.rows(
      "log_shipping_primary_secondaries",
      (one) => one["primary_id"] === row["primary_id"],
    );
    if (secondaries.length > 0) throw agentError(32011, name);
    await caller.change((writer) => {
      removePrimary(writer, row);
      removeAlertJobWhenUnused(writer);
    });
    return SUCCESS;
  },
};

const helpPrimary: AgentProcedure = {
  name: "sp_help_log_shipping_primary_database",
  changes: false,
  parameters: [optional("@database", sysname), optional("@primary_id", guid)],
  async execute(caller) {
    const database = textArgument(caller.call, "@database");
    const id = textArgument(caller.call, "@primary_id");
    if (database === null && id === null) throw agentError(32052, "@database");
    const rows = caller
      .rows(
        "log_shipping_primary_databases",
        (row) =>
          (database === null || sameName(textOf(row, "primary_database"), database)) &&
          (id === null || row["primary_id"] === id),
      )
      .map((row) => {
        const [monitor] = caller.rows("log_shipping_monitor_primary", (one) => one["primary_id"] === row["primary_id"]);
        return { ...row, ...monitor };
      });
    await caller.send(
      `primary_id uniqueidentifier
      primary_database sysname
      backup_directory nvarchar(500)
      backup_share nvarchar(500)
      backup_retention_period int
      backup_compression tinyint
      backup_job_id uniqueidentifier
      monitor_server sysname
      monitor_server_security_mode bit
      backup_threshold int null
      threshold_alert int null
      threshold_alert_enabled bit null
      last_backup_file nvarchar(500) null
      last_backup_date datetime null
      last_backup_date_utc datetime null
      history_retention_period int null`,
      rows,
    );
    return SUCCESS;
  },
};

const SECONDARY_PARAMETERS: readonly ProcedureParameter[] = [
  parameter("@primary_database", sysname),
  parameter("@secondary_server", sysname),
  parameter("@secondary_database", sysname),
];

/** Filter of the row that names one secondary of a primary. */
function sameSecondary(caller: Caller, primary: NamedRow): (row: NamedRow) => boolean {
  const server = required(caller, "@secondary_server");
  const database = required(caller, "@secondary_database");
  return (row) =>
    row["primary_id"] === primary["primary_id"] &&
    sameName(textOf(row, "secondary_server"), server) &&
    sameName(textOf(row, "secondary_database"), database);
}

const addPrimarySecondary: AgentProcedure = {
  name: "sp_add_log_shipping_primary_secondary",
  parameters: [...SECONDARY_PARAMETERS, optional("@overwrite", bit, 0)],
  async execute(caller) {
    const name = required(caller, "@primary_database");
    const primary = requirePrimary(caller, name);
    const same = sameSecondary(caller, primary);
    const server = required(caller, "@secondary_server");
    const database = required(caller, "@secondary_database");
    const present = caller.rows("log_shipping_primary_secondaries", same).length > 0;
    if (present && numberArgument(caller.call, "@overwrite") !== 1) throw agentError(32012, server, database, name);
    await caller.change((writer) => {
      writer.delete("log_shipping_primary_secondaries", same);
      writer.insert("log_shipping_primary_secondaries", {
        primary_id: textOf(primary, "primary_id"),
        secondary_server: server,
        secondary_database: database,
      });
    });
    return SUCCESS;
  },
};

const deletePrimarySecondary: AgentProcedure = {
  name: "sp_delete_log_shipping_primary_secondary",
  parameters: SECONDARY_PARAMETERS,
  async execute(caller) {
    const primary = requirePrimary(caller, required(caller, "@primary_database"));
    const same = sameSecondary(caller, primary);
    await caller.change((writer) => writer.delete("log_shipping_primary_secondaries", same));
    return SUCCESS;
  },
};

const helpPrimarySecondary: AgentProcedure = {
  name: "sp_help_log_shipping_primary_secondary",
  changes: false,
  parameters: [parameter("@primary_database", sysname)],
  async execute(caller) {
    const primary = findPrimary(caller, required(caller, "@primary_database"));
    const rows = caller.rows(
      "log_shipping_primary_secondaries",
      (row) => primary !== undefined && row["primary_id"] === primary["primary_id"],
    );
    await caller.send("secondary_server sysname\nsecondary_database sysname", rows);
    return SUCCESS;
  },
};

export const primaryProcedures: readonly AgentProcedure[] = [
  addPrimary,
  changePrimary,
  deletePrimary,
  helpPrimary,
  addPrimarySecondary,
  deletePrimarySecondary,
  helpPrimarySecondary,
];
