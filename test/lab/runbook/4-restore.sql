-- On the primary: over whatever mgc is there, opened again for everybody.
IF DB_ID(N'mgc') IS NOT NULL AND CONVERT(sysname, DATABASEPROPERTYEX('mgc', 'Status')) = N'ONLINE'
  EXEC sp_executesql N'USE mgc; ALTER DATABASE mgc SET SINGLE_USER WITH ROLLBACK IMMEDIATE; USE master;
    RESTORE DATABASE mgc FROM DISK = @from WITH FILE = 1, REPLACE, NORECOVERY, CHECKSUM, STATS = 20,
      MOVE ''mgc'' TO ''D:\SQLData\mgc.mdf'', MOVE ''mgc_log'' TO ''E:\SQLLog\mgc_log.ldf''',
    N'@from nvarchar(260)', @from = N'\\files.dci.discovery.com\lslogs\mgc_home.bak';
ELSE
  RESTORE DATABASE mgc FROM DISK = '\\files.dci.discovery.com\lslogs\mgc_home.bak' WITH FILE = 1, REPLACE, NORECOVERY;
RESTORE DATABASE [mgc] WITH RECOVERY;
GO
ALTER DATABASE mgc SET READ_WRITE WITH ROLLBACK IMMEDIATE;
ALTER DATABASE mgc SET MULTI_USER;
ALTER AUTHORIZATION ON DATABASE::mgc TO sa;
GO
SELECT d.state_desc, d.recovery_model_desc, d.user_access_desc, d.is_read_only, d.is_trustworthy_on,
       SUSER_SNAME(d.owner_sid) AS owner
FROM sys.databases d WHERE d.name = 'mgc';
SELECT TOP (1) h.restore_type, h.[replace], h.[recovery], s.name, s.server_name
FROM msdb.dbo.restorehistory h, msdb.dbo.backupset s
WHERE s.backup_set_id = h.backup_set_id AND h.destination_database_name = N'mgc' ORDER BY h.restore_date DESC, 1;
