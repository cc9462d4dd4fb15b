-- A job that runs once and leaves nothing, as the Agent's account.
DECLARE @job uniqueidentifier, @code int, @owner sysname = SUSER_SNAME(0x01);
EXEC @code = msdb.dbo.sp_add_job @job_name = N'probe', @enabled = 1, @delete_level = 0, @notify_level_eventlog = 0,
  @description = N'safe to delete', @owner_login_name = @owner, @job_id = @job OUTPUT;
IF @code <> 0 RETURN;
EXEC @code = msdb.dbo.sp_add_jobstep @job_id = @job, @step_id = 1, @step_name = N'look', @subsystem = N'TSQL',
  @command = N'IF DB_ID(N''mgc'') IS NULL RAISERROR(N''no mgc'', 16, 1)', @database_name = N'master',
  @on_success_action = 1, @on_fail_action = 2, @retry_attempts = 0;
EXEC @code = msdb.dbo.sp_add_jobserver @job_id = @job, @server_name = N'(LOCAL)';
EXEC @code = msdb.dbo.sp_start_job @job_id = @job;
DECLARE @waits int = 0;
WHILE NOT EXISTS (SELECT * FROM msdb.dbo.sysjobhistory WHERE job_id = @job AND step_id = 0) AND @waits < 100
BEGIN
  WAITFOR DELAY '00:00:00.050';
  SET @waits = @waits + 1;
END;
SELECT h.step_id, h.run_status, h.sql_message_id, h.sql_severity FROM msdb.dbo.sysjobhistory h
WHERE h.job_id = @job ORDER BY h.instance_id;
EXEC @code = msdb.dbo.sp_delete_job @job_id = @job, @delete_history = 1, @delete_unused_schedule = 1;
SELECT COUNT(*) AS left_over FROM msdb.dbo.sysjobs WHERE name = N'probe';
