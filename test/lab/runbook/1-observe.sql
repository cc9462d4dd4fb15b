-- What an administrator looks at first, on any instance. Nothing is changed.
SELECT b.[name] AS [set], [kind] = b.type, b.first_lsn, b.last_lsn, b.database_backup_lsn,
       b.first_recovery_fork_guid, b.last_recovery_fork_guid, b.fork_point_lsn, b.family_guid, f.physical_device_name
FROM msdb..backupset b
  INNER JOIN msdb.dbo.[backupmediafamily] AS f ON (f.media_set_id = b.media_set_id AND f.family_sequence_number = 1)
WHERE b.database_name IN ('mgc', N'mgccomp')
ORDER BY b.backup_set_id DESC, f.physical_device_name;
SELECT COUNT(*) AS restores FROM [msdb].[dbo].[restorehistory] AS r
WHERE r.destination_database_name = 'MGC' AND r.[replace] IS NOT NULL AND r.restore_type LIKE '[DIL]';
GO
SELECT d.name AS [database], state = d.state_desc, ISNULL(m.mirroring_role_desc, N'none') AS role,
       COALESCE(m.mirroring_partner_instance, m.mirroring_partner_name, '-') partner,
       r.recovery_fork_guid, r.last_log_backup_lsn, SUSER_SNAME(d.owner_sid) AS owner
FROM master.sys.databases AS d
  LEFT OUTER JOIN master.sys.database_mirroring m ON m.database_id = d.database_id
  LEFT JOIN sys.database_recovery_status r ON d.database_id = r.database_id
WHERE d.database_id > 4
ORDER BY 1;
SELECT f.name, f.type_desc, f.physical_name, CONVERT(decimal(12, 2), f.size) * 8 / 1024 AS mebibytes,
       f.redo_start_lsn, f.redo_target_fork_guid
FROM sys.master_files f WHERE DB_NAME(f.database_id) = N'mgc' ORDER BY f.file_id;
GO
SELECT s.session_id, s.program_name, s.login_name, q.command, q.percent_complete
FROM sys.dm_exec_sessions s LEFT JOIN sys.dm_exec_requests q ON q.session_id = s.session_id
WHERE s.is_user_process = 1 AND s.session_id <> @@SPID;
SELECT old.spid, old.hostname, old.cmd, old.open_tran FROM master..sysprocesses AS old
WHERE old.dbid = DB_ID('mgc') AND old.spid > 50 AND old.spid != @@SPID;
SELECT DISTINCT k.request_session_id FROM sys.dm_tran_locks k
WHERE k.resource_type = 'DATABASE' AND k.resource_database_id IN (DB_ID(N'mgc'), DB_ID(N'mgccomp'));
GO
SELECT v.file_id, v.num_of_bytes_written, i.sqlserver_start_time
FROM sys.dm_io_virtual_file_stats(DB_ID(N'mgc'), NULL) v CROSS JOIN sys.dm_os_sys_info i
  JOIN sys.master_files f ON f.database_id = v.database_id AND v.file_id = f.file_id AND f.type_desc = 'LOG';
SELECT servicename, status_desc, service_account FROM sys.dm_server_services WHERE servicename LIKE N'SQL Server%';
SELECT IS_SRVROLEMEMBER('sysadmin') AS administrator, HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') AS sees,
       p.permission_name
FROM fn_my_permissions(NULL, 'SERVER') AS p WHERE p.permission_name IN (N'CONTROL SERVER', N'VIEW SERVER STATE');
