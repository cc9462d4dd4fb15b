-- A lock that others see, with the holder's mark, and a login that may only look.
DECLARE @code int, @mark varbinary(128);
SET @mark = CAST(N'primary/by hand' AS varbinary(128));
SET CONTEXT_INFO @mark;
EXEC @code = master.sys.sp_getapplock @Resource = N'runbook', @LockMode = 'Exclusive', @LockOwner = 'Session', @LockTimeout = 0,
  @DbPrincipal = 'public';
SELECT @code AS code, s.host_name, CONVERT(nvarchar(15), s.context_info) AS mark, l.request_mode, l.request_status
FROM sys.dm_tran_locks l INNER JOIN sys.dm_exec_sessions AS s ON s.session_id = l.request_session_id
WHERE l.resource_type = N'APPLICATION' AND l.resource_database_id = DB_ID(N'master') AND l.resource_description LIKE '%runbook%';
EXEC sp_releaseapplock @Resource = N'runbook', @LockOwner = 'Session';
GO
CREATE LOGIN [looker] WITH PASSWORD = N'Only-Looks-1', SID = 0x0102030405060708090A0B0C0D0E0F10, CHECK_POLICY = OFF;
GRANT VIEW SERVER STATE, VIEW ANY DEFINITION TO [looker];
GRANT VIEW ANY DATABASE TO [looker];
DROP LOGIN looker;
