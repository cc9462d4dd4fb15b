-- On the primary: log shipping's own part, its schedule, and the secondary's name.
DECLARE @job uniqueidentifier, @primary uniqueidentifier, @code int, @schedule int, @uid uniqueidentifier;
EXECUTE @code = master..sp_add_log_shipping_primary_database N'mgc', N'\\files.dci.discovery.com\lslogs',
  N'\\files.dci.discovery.com\lslogs', N'LSBackup_mgc', @backup_retention_period = 4320, @backup_compression = 2,
  @backup_threshold = 60, @threshold_alert_enabled = 1, @history_retention_period = 5760, @backup_job_id = @job OUT,
  @primary_id = @primary OUTPUT, @overwrite = 1;
IF (@@ERROR <> 0 OR @code <> 0) BEGIN RAISERROR('the primary was not registered', 16, 1); RETURN; END
EXEC @code = msdb.dbo.sp_add_schedule @schedule_name = N'LSBackupSchedule_mgc', @enabled = 1, @freq_type = 4,
  @freq_interval = 1, @freq_subday_type = 4, @freq_subday_interval = 15, @freq_recurrence_factor = 0,
  @active_start_date = 20120101, @active_end_date = 99991231, @active_start_time = 0, @active_end_time = 235900,
  @schedule_uid = @uid OUTPUT, @schedule_id = @schedule OUTPUT;
EXEC msdb.dbo.sp_attach_schedule @job_id = @job, @schedule_id = @schedule;
EXEC master.dbo.sp_add_log_shipping_alert_job;
EXEC @code = master.dbo.sp_add_log_shipping_primary_secondary @primary_database = N'mgc', @secondary_server = N'SQL-B1',
  @secondary_database = N'mgc', @overwrite = 1;
EXEC msdb.dbo.sp_update_job @job_id = @job, @enabled = 1;
