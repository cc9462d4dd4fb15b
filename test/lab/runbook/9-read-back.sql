-- On either side: what log shipping's tables and jobs say, by joins and by procedures.
SELECT j.name, j.enabled, s.freq_subday_interval, c.name AS category
FROM msdb.dbo.sysjobs AS j
  JOIN msdb.dbo.syscategories c ON c.category_id = j.category_id AND c.name = N'Log Shipping'
  LEFT JOIN (msdb.dbo.sysjobschedules AS a JOIN msdb.dbo.sysschedules s ON s.schedule_id = a.schedule_id) ON a.job_id = j.job_id
WHERE j.name LIKE 'LS[BCR]%' ORDER BY j.name;
GO
SELECT p.primary_database, m.last_backup_file, t.secondary_server, j.enabled
FROM msdb.dbo.log_shipping_primary_databases p
  LEFT JOIN msdb.dbo.log_shipping_monitor_primary m ON m.primary_id = p.primary_id
  LEFT JOIN msdb.dbo.log_shipping_primary_secondaries t ON t.primary_id = p.primary_id
  LEFT JOIN msdb.dbo.sysjobs j ON j.job_id = p.backup_job_id;
SELECT s.primary_server, d.secondary_database, d.last_restored_file, m.last_copied_file, copying.enabled, restoring.enabled
FROM msdb.dbo.log_shipping_secondary s
  LEFT JOIN msdb.dbo.log_shipping_secondary_databases d ON d.secondary_id = s.secondary_id
  LEFT JOIN msdb.dbo.log_shipping_monitor_secondary m ON m.secondary_id = s.secondary_id AND m.secondary_database = d.secondary_database
  LEFT JOIN msdb.dbo.sysjobs copying ON copying.job_id = s.copy_job_id
  LEFT JOIN msdb.dbo.sysjobs restoring ON restoring.job_id = s.restore_job_id;
SELECT agent_type, session_status, COUNT(*) AS entries FROM msdb.dbo.log_shipping_monitor_history_detail
GROUP BY agent_type, session_status HAVING MAX(session_status) = 2;
GO
IF EXISTS (SELECT * FROM msdb..log_shipping_primary_databases)
BEGIN
  EXEC master.dbo.sp_help_log_shipping_primary_database @database = 'mgc';
  EXEC master.dbo.sp_help_log_shipping_primary_secondary 'mgc';
  EXEC master.dbo.sp_help_log_shipping_monitor_primary @primary_server = N'SQL-P1', @primary_database = N'mgc';
END
ELSE
BEGIN
  EXEC master.dbo.sp_help_log_shipping_secondary_primary N'SQL-P1', N'mgc';
  EXEC master.dbo.sp_help_log_shipping_secondary_database @secondary_database = N'mgc';
  EXEC master.dbo.sp_help_log_shipping_monitor_secondary @secondary_server = N'SQL-B1', @secondary_database = N'mgc';
END;
EXEC sp_help_log_shipping_monitor;
EXEC sp_help_log_shipping_alert_job;
