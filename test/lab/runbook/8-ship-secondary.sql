-- On the backup: copy and restore jobs with their schedules, then the database.
DECLARE @copy uniqueidentifier, @restore uniqueidentifier, @secondary uniqueidentifier, @code int, @failed int, @schedule int;
EXEC @code = master.dbo.sp_add_log_shipping_secondary_primary @primary_server = N'SQL-P1', @primary_database = N'mgc',
  @backup_source_directory = N'\\files.dci.discovery.com\lslogs', @backup_destination_directory = N'D:\LSCopy',
  @copy_job_name = N'LSCopy_SQL-P1_mgc', @restore_job_name = N'LSRestore_SQL-P1_mgc', @file_retention_period = 4320,
  @overwrite = 1, @copy_job_id = @copy OUTPUT, @restore_job_id = @restore OUTPUT, @secondary_id = @secondary OUTPUT;
SET @failed = @@ERROR;
IF @failed <> 0 OR @code <> 0 BEGIN RAISERROR('the secondary was not registered: %d', 16, 1, @failed); RETURN; END
EXEC msdb.dbo.sp_add_schedule @schedule_name = N'DefaultCopyJobSchedule', @freq_type = 4, @freq_interval = 1,
  @freq_subday_type = 4, @freq_subday_interval = 15, @schedule_id = @schedule OUTPUT;
EXEC msdb.dbo.sp_attach_schedule @job_id = @copy, @schedule_id = @schedule;
EXEC msdb.dbo.sp_add_schedule @schedule_name = N'DefaultRestoreJobSchedule', @freq_type = 4, @freq_interval = 1,
  @freq_subday_type = 4, @freq_subday_interval = 15, @schedule_id = @schedule OUTPUT;
EXEC msdb.dbo.sp_attach_schedule @job_id = @restore, @schedule_name = N'DefaultRestoreJobSchedule';
EXEC @code = master.dbo.sp_add_log_shipping_secondary_database @secondary_database = N'mgc', @primary_server = N'SQL-P1',
  @primary_database = N'mgc', @restore_delay = 0, @restore_all = 1, @restore_mode = 0, @disconnect_users = 0,
  @restore_threshold = 45, @threshold_alert = 14421, @threshold_alert_enabled = 1, @history_retention_period = 5760,
  @overwrite = 1;
IF @code <> 0 RAISERROR('the secondary database was not registered', 16, 1);
EXEC msdb.dbo.sp_update_job @job_name = N'LSCopy_SQL-P1_mgc', @enabled = 1;
EXEC msdb.dbo.sp_update_job @job_id = @restore, @enabled = 1;
EXEC master.dbo.sp_add_log_shipping_alert_job;
