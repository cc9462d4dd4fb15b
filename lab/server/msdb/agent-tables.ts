/**
 * SQL Server Agent's tables of msdb.
 * Source: sql-docs relational-databases/system-tables/dbo-sysjob*-transact-sql.md, dbo-sysschedules-transact-sql.md,
 * dbo-syscategories-transact-sql.md, dbo-syssessions-transact-sql.md.
 */
import type { TableDefinition } from "./backup-history";

export const agentTables: readonly TableDefinition[] = [
  {
    name: "sysjobs",
    columns: `
      job_id uniqueidentifier
      originating_server_id int
      name sysname
      enabled tinyint
      description nvarchar(512) null
      start_step_id int
      category_id int
      owner_sid varbinary(85)
      notify_level_eventlog int
      notify_level_email int
      notify_level_netsend int
      notify_level_page int
      notify_email_operator_id int
      notify_netsend_operator_id int
      notify_page_operator_id int
      delete_level int
      date_created datetime
      date_modified datetime
      version_number int`,
  },
  {
    name: "sysjobsteps",
    columns: `
      job_id uniqueidentifier
      step_id int
      step_name sysname
      subsystem nvarchar(40)
      command nvarchar(max) null
      flags int
      additional_parameters nvarchar(max) null
      cmdexec_success_code int
      on_success_action tinyint
      on_success_step_id int
      on_fail_action tinyint
      on_fail_step_id int
      server sysname null
      database_name sysname null
      database_user_name sysname null
      retry_attempts int
      retry_interval int
      os_run_priority int
      output_file_name nvarchar(200) null
      last_run_outcome int
      last_run_duration int
      last_run_retries int
      last_run_date int
      last_run_time int
      proxy_id int null
      step_uid uniqueidentifier null`,
  },
  {
    name: "sysjobservers",
    columns: `
      job_id uniqueidentifier
      server_id int
      last_run_outcome tinyint
      last_outcome_message nvarchar(4000) null
      last_run_date int
      last_run_time int
      last_run_duration int`,
  },
  {
    name: "sysjobschedules",
    columns: `
      schedule_id int null
      job_id uniqueidentifier null
      next_run_date int
      next_run_time int`,
  },
  {
    name: "sysschedules",
    columns: `
      schedule_id int identity
      schedule_uid uniqueidentifier
      originating_server_id int
      name sysname
      owner_sid varbinary(85)
      enabled int
      freq_type int
      freq_interval int
      freq_subday_type int
      freq_subday_interval int
      freq_relative_interval int
      freq_recurrence_factor int
      active_start_date int
      active_end_date int
      active_start_time int
      active_end_time int
      date_created datetime
      date_modified datetime
      version_number int`,
  },
  {
    name: "sysjobhistory",
    columns: `
      instance_id int identity
      job_id uniqueidentifier
      step_id int
      step_name sysname
      sql_message_id int
      sql_severity int
      message nvarchar(4000) null
      run_status int
      run_date int
      run_time int
      run_duration int
      operator_id_emailed int
      operator_id_netsent int
      operator_id_paged int
      retries_attempted int
      server sysname`,
  },
  {
    name: "sysjobactivity",
    columns: `
      session_id int
      job_id uniqueidentifier
      run_requested_date datetime null
      run_requested_source sysname null
      queued_date datetime null
      start_execution_date datetime null
      last_executed_step_id int null
      last_executed_step_date datetime null
      stop_execution_date datetime null
      job_history_id int null
      next_scheduled_run_date datetime null`,
  },
  {
    name: "syssessions",
    columns: `
      session_id int identity
      agent_start_date datetime`,
  },
  {
    name: "sysjobstepslogs",
    columns: `
      log_id int identity
      log nvarchar(max)
      date_created datetime
      date_modified datetime
      log_size bigint
      step_uid uniqueidentifier`,
  },
  {
    name: "sysproxies",
    columns: `
      proxy_id int identity
      name sysname
      credential_id int
      enabled tinyint
      description nvarchar(512) null
      user_sid varbinary(85)
      credential_date_created datetime`,
  },
  {
    name: "syscategories",
    columns: `
      category_id int
      category_class int
      category_type tinyint
      name sysname`,
  },
];

/** Rows that setup puts into syscategories: id, class (1 job, 2 alert, 3 operator), type (1 local, 2 multiserver, 3 none), name. */
export const standardCategories: readonly (readonly [number, number, number, string])[] = [
  [0, 1, 1, "[Uncategorized (Local)]"],
  [1, 1, 1, "Jobs from MSX"],
  [2, 1, 2, "[Uncategorized (Multi-Server)]"],
  [3, 1, 1, "Database Maintenance"],
  [4, 1, 1, "Web Assistant"],
  [5, 1, 1, "Full-Text"],
  [6, 1, 1, "Log Shipping"],
  [7, 1, 1, "Database Engine Tuning Advisor"],
  [8, 1, 1, "Data Collector"],
  [10, 1, 1, "REPL-Distribution"],
  [11, 1, 1, "REPL-Distribution Cleanup"],
  [12, 1, 1, "REPL-History Cleanup"],
  [13, 1, 1, "REPL-LogReader"],
  [14, 1, 1, "REPL-Merge"],
  [15, 1, 1, "REPL-Snapshot"],
  [16, 1, 1, "REPL-Checkup"],
  [17, 1, 1, "REPL-Subscription Cleanup"],
  [18, 1, 1, "REPL-Alert Response"],
  [19, 1, 1, "REPL-QueueReader"],
  [20, 2, 3, "Replication"],
  [98, 2, 3, "[Uncategorized]"],
  [99, 3, 3, "[Uncategorized]"],
];
