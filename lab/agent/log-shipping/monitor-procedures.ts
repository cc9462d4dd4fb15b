/**
 * Reading and tidying what log shipping monitors.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-{help-log-shipping-monitor,help-log-shipping-monitor-primary,
 * help-log-shipping-monitor-secondary,refresh-log-shipping-monitor,cleanup-log-shipping-history}-transact-sql.md.
 */
import { numberArgument, parameter, textArgument } from "../../server/procedures/server-procedure";
import type { NamedRow } from "../../server/msdb/system-tables";
import { agentError } from "../agent-errors";
import { type AgentProcedure, type Caller, optional, SUCCESS, TYPES } from "../procedures/caller";
import { numberOf, optionalNumber, sameName, textOf, timeOf } from "../row-values";
import { AGENT_TYPE, deleteAgentHistory } from "./monitor-log";
import { required } from "./shipping-procedure";

const { tinyint, guid, sysname } = TYPES;
const MINUTE = 60_000;

const PRIMARY_COLUMNS = `
  primary_id uniqueidentifier
  primary_server sysname
  primary_database sysname
  backup_threshold int
  threshold_alert int
  threshold_alert_enabled bit
  last_backup_file nvarchar(500) null
  last_backup_date datetime null
  last_backup_date_utc datetime null
  history_retention_period int`;

const SECONDARY_COLUMNS = `
  secondary_server sysname
  secondary_database sysname
  secondary_id uniqueidentifier
  primary_server sysname
  primary_database sysname
  restore_threshold int
  threshold_alert int
  threshold_alert_enabled bit
  last_copied_file nvarchar(500) null
  last_copied_date datetime null
  last_copied_date_utc datetime null
  last_restored_file nvarchar(500) null
  last_restored_date datetime null
  last_restored_date_utc datetime null
  last_restored_latency int null
  history_retention_period int`;

/** A reading procedure for the monitor's row of one database on one server. */
function helpMonitorOf(side: "primary" | "secondary", columns: string): AgentProcedure {
  return {
    name: `sp_help_log_shipping_monitor_${side}`,
    changes: false,
    parameters: [parameter(`@${side}_server`, sysname), parameter(`@${side}_database`, sysname)],
    async execute(caller) {
      const server = required(caller, `@${side}_server`);
      const database = required(caller, `@${side}_database`);
      const rows = caller.rows(
        `log_shipping_monitor_${side}`,
        (row) => sameName(textOf(row, `${side}_server`), server) && sameName(textOf(row, `${side}_database`), database),
      );
      await caller.send(columns, rows);
      return SUCCESS;
    },
  };
}

/** One line per monitored database: ages in minutes, status 1 when a threshold is passed. */
const helpMonitor: AgentProcedure = {
  name: "sp_help_log_shipping_monitor",
  changes: false,
  parameters: [],
  async execute(caller) {
    const now = caller.instance.utcTime();
    const age = (row: NamedRow, column: string): number | null => {
      const time = timeOf(row, column);
      return time === undefined ? null : Math.floor((now - time) / MINUTE);
    };
    const primaries = caller.rows("log_shipping_monitor_primary").map((row) => {
      const backup = age(row, "last_backup_date_utc");
      return {
        status: Number(backup !== null && backup > numberOf(row, "backup_threshold")),
        is_primary: 1,
        server: textOf(row, "primary_server"),
        database_name: textOf(row, "primary_database"),
        time_since_last_backup: backup,
        last_backup_file: row["last_backup_file"] ?? null,
        backup_threshold: numberOf(row, "backup_threshold"),
        is_backup_alert_enabled: numberOf(row, "threshold_alert_enabled"),
      };
    });
    const secondaries = caller.rows("log_shipping_monitor_secondary").map((row) => {
      const restore = age(row, "last_restored_date_utc");
      const latency = optionalNumber(row, "last_restored_latency") ?? null;
      const threshold = numberOf(row, "restore_threshold");
      return {
        status: Number((restore !== null && restore > threshold) || (latency ?? 0) > threshold),
        is_primary: 0,
        server: textOf(row, "secondary_server"),
        database_name: textOf(row, "secondary_database"),
        time_since_last_copy: age(row, "last_copied_date_utc"),
        last_copied_file: row["last_copied_file"] ?? null,
        time_since_last_restore: restore,
        last_restored_file: row["last_restored_file"] ?? null,
        last_restored_latency: latency,
        restore_threshold: threshold,
        is_restore_alert_enabled: numberOf(row, "threshold_alert_enabled"),
      };
    });
    await caller.send(
      `status bit
      is_primary bit
      server sysname
      database_name sysname
      time_since_last_backup int null
      last_backup_file nvarchar(500) null
      backup_threshold int null
      is_backup_alert_enabled bit null
      time_since_last_copy int null
      last_copied_file nvarchar(500) null
      time_since_last_restore int null
      last_restored_file nvarchar(500) null
      last_restored_latency int null
      restore_threshold int null
      is_restore_alert_enabled bit null`,
      [...primaries, ...secondaries],
    );
    return SUCCESS;
  },
};

/** Whether an agent of that type is registered here: a backup has a primary's id, copy and restore a secondary's. */
function requirePair(caller: Caller, agentId: string, agentType: number): void {
  const [table, column] =
    agentType === AGENT_TYPE.backup
      ? ["log_shipping_primary_databases", "primary_id"]
      : ["log_shipping_secondary", "secondary_id"];
  const known = [0, 1, 2].includes(agentType) && caller.rows(table, (row) => row[column] === agentId).length > 0;
  if (!known) throw agentError(32016, agentId, agentType);
}

/** The monitor is the instance itself, so its rows are always fresh; mode 2 removes them. */
const refreshMonitor: AgentProcedure = {
  name: "sp_refresh_log_shipping_monitor",
  parameters: [
    parameter("@agent_id", guid),
    parameter("@agent_type", tinyint),
    optional("@database", sysname),
    parameter("@mode", tinyint),
  ],
  async execute(caller) {
    const agentId = required(caller, "@agent_id");
    const agentType = numberArgument(caller.call, "@agent_type") ?? -1;
    requirePair(caller, agentId, agentType);
    if (numberArgument(caller.call, "@mode") !== 2) return SUCCESS;
    const database = textArgument(caller.call, "@database");
    const [table, key, name] =
      agentType === AGENT_TYPE.backup
        ? ["log_shipping_monitor_primary", "primary_id", "primary_database"]
        : ["log_shipping_monitor_secondary", "secondary_id", "secondary_database"];
    await caller.change((writer) =>
      writer.delete(
        table,
        (row) => row[key] === agentId && (database === null || sameName(textOf(row, name), database)),
      ),
    );
    return SUCCESS;
  },
};

/** Removes history that is older than the agent's history_retention_period. */
const cleanupHistory: AgentProcedure = {
  name: "sp_cleanup_log_shipping_history",
  parameters: [parameter("@agent_id", guid), parameter("@agent_type", tinyint)],
  async execute(caller) {
    const agentId = required(caller, "@agent_id");
    const agentType = numberArgument(caller.call, "@agent_type") ?? -1;
    requirePair(caller, agentId, agentType);
    const [table, key] =
      agentType === AGENT_TYPE.backup
        ? ["log_shipping_monitor_primary", "primary_id"]
        : ["log_shipping_monitor_secondary", "secondary_id"];
    const periods = caller
      .rows(table, (row) => row[key] === agentId)
      .map((row) => numberOf(row, "history_retention_period"));
    if (periods.length === 0) return SUCCESS;
    const limit = caller.instance.utcTime() - Math.max(...periods) * MINUTE;
    await caller.change((writer) => {
      deleteAgentHistory(writer, agentId, { agentType, before: (row) => (timeOf(row, "log_time_utc") ?? 0) < limit });
    });
    return SUCCESS;
  },
};

export const monitorProcedures: readonly AgentProcedure[] = [
  helpMonitorOf("primary", PRIMARY_COLUMNS),
  helpMonitorOf("secondary", SECONDARY_COLUMNS),
  helpMonitor,
  refreshMonitor,
  cleanupHistory,
];
