/**
 * Log shipping's tables of msdb.
 * Source: sql-docs relational-databases/system-tables/log-shipping-*-transact-sql.md.
 */
import type { TableDefinition } from "./backup-history";

const detail = `
      agent_id uniqueidentifier
      agent_type tinyint
      session_id int
      database_name sysname null`;

export const logShippingTables: readonly TableDefinition[] = [
  {
    name: "log_shipping_primary_databases",
    columns: `
      primary_id uniqueidentifier
      primary_database sysname
      backup_directory nvarchar(500)
      backup_share nvarchar(500)
      backup_retention_period int
      backup_job_id uniqueidentifier
      monitor_server sysname
      user_specified_monitor bit null
      monitor_server_security_mode bit
      last_backup_file nvarchar(500) null
      last_backup_date datetime null
      backup_compression tinyint`,
  },
  {
    name: "log_shipping_primary_secondaries",
    columns: `
      primary_id uniqueidentifier
      secondary_server sysname
      secondary_database sysname`,
  },
  {
    name: "log_shipping_secondary",
    columns: `
      secondary_id uniqueidentifier
      primary_server sysname
      primary_database sysname
      backup_source_directory nvarchar(500)
      backup_destination_directory nvarchar(500)
      file_retention_period int
      copy_job_id uniqueidentifier
      restore_job_id uniqueidentifier
      monitor_server sysname
      monitor_server_security_mode bit
      user_specified_monitor bit null
      last_copied_file nvarchar(500) null
      last_copied_date datetime null`,
  },
  {
    name: "log_shipping_secondary_databases",
    columns: `
      secondary_database sysname
      secondary_id uniqueidentifier
      restore_delay int
      restore_all bit
      restore_mode bit
      disconnect_users bit
      block_size int null
      buffer_count int null
      max_transfer_size int null
      last_restored_file nvarchar(500) null
      last_restored_date datetime null`,
  },
  {
    name: "log_shipping_monitor_primary",
    columns: `
      primary_id uniqueidentifier
      primary_server sysname
      primary_database sysname
      backup_threshold int
      threshold_alert int
      threshold_alert_enabled bit
      last_backup_file nvarchar(500) null
      last_backup_date datetime null
      last_backup_date_utc datetime null
      history_retention_period int`,
  },
  {
    name: "log_shipping_monitor_secondary",
    columns: `
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
      history_retention_period int`,
  },
  {
    name: "log_shipping_monitor_history_detail",
    columns: `${detail}
      session_status tinyint
      log_time datetime
      log_time_utc datetime
      message nvarchar(4000)`,
  },
  {
    name: "log_shipping_monitor_error_detail",
    columns: `${detail}
      sequence_number int
      log_time datetime
      log_time_utc datetime
      message nvarchar(4000)
      source nvarchar(4000)
      help_url nvarchar(4000)`,
  },
  { name: "log_shipping_monitor_alert", columns: `alert_job_id uniqueidentifier` },
];
