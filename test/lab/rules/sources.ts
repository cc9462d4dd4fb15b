/** Documents that the rules cite, by title, as Microsoft publishes them. */

const errors = (range: string): string => `Database engine events and errors (${range})`;

export const sources = {
  errors0: errors("0-999"),
  errors1000: errors("1000-1999"),
  errors3000: errors("3000-3999"),
  errors4000: errors("4000-4999"),
  errors5000: errors("5000-5999"),
  errors6000: errors("6000-6999"),
  errors14000: errors("14000-14999"),
  errors15000: errors("15000-15999"),
  errors18000: errors("18000-18999"),
  errors31000: errors("31000-41399"),
  error18456: "MSSQLSERVER_18456",
  error3201: "MSSQLSERVER_3201",
  error3023: "MSSQLSERVER_3023",
  error3159: "MSSQLSERVER_3159",
  protocol: "[MS-TDS] Tabular Data Stream Protocol",
  backup: "BACKUP (Transact-SQL)",
  restore: "RESTORE Statements (Transact-SQL)",
  headerOnly: "RESTORE Statements - HEADERONLY (Transact-SQL)",
  alterMirroring: "ALTER DATABASE (Transact-SQL) Database Mirroring",
  removeMirroring: "Removing Database Mirroring (SQL Server)",
  roleSwitching: "Role Switching During a Database Mirroring Session (SQL Server)",
  mirroringAndShipping: "Database Mirroring and Log Shipping (SQL Server)",
  mirroringAndBackup: "Database Mirroring and Backup and Restore (ms191235)",
  recoveryPaths: "Recovery Paths (ms175078)",
  recoverToLsn: "Log Sequence Numbers and Restore Planning (ms190729)",
  tailLog: "Tail-Log Backups (SQL Server)",
  applyLogs: "Apply Transaction Log Backups (SQL Server)",
  pointOfRestore: "Planning a Piecemeal Restore Sequence (ms191155)",
  recoveryStatus: "sys.database_recovery_status (Transact-SQL)",
  masterFiles: "sys.master_files (Transact-SQL)",
  databases: "sys.databases (Transact-SQL)",
  databaseMirroring: "sys.database_mirroring (Transact-SQL)",
  requests: "sys.dm_exec_requests (Transact-SQL)",
  backupSet: "backupset (Transact-SQL)",
  restoreHistory: "restorehistory (Transact-SQL)",
  addPrimary: "sp_add_log_shipping_primary_database (Transact-SQL)",
  changePrimary: "sp_change_log_shipping_primary_database (Transact-SQL)",
  addSecondaryPrimary: "sp_add_log_shipping_secondary_primary (Transact-SQL)",
  deleteSecondaryDatabase: "sp_delete_log_shipping_secondary_database (Transact-SQL)",
  addAlertJob: "sp_add_log_shipping_alert_job (Transact-SQL)",
  configureShipping: "Configure Log Shipping (SQL Server)",
  aboutShipping: "About Log Shipping (SQL Server)",
  shippingProgram: "sqllogship Application",
  error14420: "MSSQLSERVER_14420",
  error14421: "MSSQLSERVER_14421",
  failOverToSecondary: "Fail Over to a Log Shipping Secondary (SQL Server)",
  changeRoles: "Change Roles Between Primary and Secondary Log Shipping Servers (SQL Server)",
} as const;

/** Several documents as one source. */
export function cite(...documents: readonly (keyof typeof sources)[]): string {
  return documents.map((document) => sources[document]).join("; ");
}
