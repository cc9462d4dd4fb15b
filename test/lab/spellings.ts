/** Questions about an estate, each in several spellings that must have one and the same answer. */

export interface Question {
  readonly about: string;
  /** Batches; the first result set of each is compared, names of columns aside. */
  readonly spellings: readonly string[];
  /** The answer, values as text; where it is left out, the first spelling's is taken, which must have a row. */
  readonly answer?: readonly (readonly (string | null)[])[];
}

/** Asked of the primary of a log shipping whose jobs have run once; its mgc holds three messages of two rooms. */
export const questions: readonly Question[] = [
  {
    about: "the state of a database",
    answer: [["ONLINE"]],
    spellings: [
      "SELECT state_desc FROM sys.databases WHERE name = N'mgc'",
      "select d.STATE_DESC as [s] from MASTER.sys.Databases d where d.name = 'MGC  '",
      "SELECT [state] = [d].[state_desc] FROM [master].[sys].[databases] AS [d] WHERE N'mgc' = [d].[name];",
      'SELECT "d"."state_desc" FROM "sys"."databases" AS "d" WHERE "d"."database_id" = DB_ID(\'mgc\')',
      "SELECT CASE d.state WHEN 0 THEN 'ONLINE' WHEN 1 THEN 'RESTORING' END FROM sys.databases d WHERE DB_NAME(d.database_id) = 'mgc'",
      "SELECT CAST(DATABASEPROPERTYEX(N'mgc', 'Status') AS nvarchar(60))",
      "USE mgc; SELECT state_desc FROM sys.databases WHERE database_id = DB_ID(); USE master",
      "SELECT TOP 1 x.s FROM (SELECT name AS n, state_desc AS s FROM sys.databases) AS x WHERE x.n LIKE 'm[f-h]c'",
      "WITH d (n, s) AS (SELECT name, state_desc FROM sys.databases) SELECT s FROM d WHERE n IN ('mgc', 'nothing')",
      "DECLARE @s nvarchar(60); SELECT @s = state_desc FROM sys.databases WHERE name = 'mgc'; SELECT @s",
      "DECLARE @s nvarchar(60) = (SELECT state_desc FROM sys.databases WHERE name = 'mgc'); SELECT UPPER(LOWER(@s))",
      "EXEC (N'SELECT state_desc ' + N'FROM sys.databases WHERE name = ''mgc''')",
      "DECLARE @q nvarchar(200); SET @q = N'SELECT state_desc FROM sys.databases WHERE name = @n'; EXECUTE sp_executesql @q, N'@n sysname', N'mgc'",
      "EXEC master.sys.sp_executesql @stmt = N'SELECT state_desc FROM sys.databases WHERE name = @n', @params = N'@n sysname', @n = N'mgc'",
      "SELECT a.state_desc FROM sys.databases a JOIN sys.databases b ON a.database_id = b.database_id AND b.name = 'mgc'",
      "SELECT a.state_desc FROM sys.databases a, sys.databases b WHERE a.database_id = b.database_id AND b.name = 'mgc'",
      "SELECT state_desc FROM sys.databases WHERE name >= 'mgc' AND NOT name > 'mgc' -- a comment\n/* and /* another */ */",
      "CREATE TABLE #d (n sysname, s nvarchar(60)); INSERT #d SELECT name, state_desc FROM sys.databases; SELECT s FROM #d WHERE n = 'mgc'; DROP TABLE #d",
      "SELECT name, state_desc INTO #d FROM sys.databases; SELECT state_desc FROM #d WHERE name = 'mgc'; DROP TABLE #d",
      "DECLARE @d TABLE (n sysname, s nvarchar(60)); INSERT INTO @d (s, n) SELECT state_desc, name FROM sys.databases; SELECT s FROM @d WHERE n = 'mgc'",
      "IF EXISTS (SELECT * FROM sys.databases WHERE name = 'mgc' AND state = 0) SELECT N'ONLINE' ELSE SELECT N'?'",
      "BEGIN TRY SELECT state_desc FROM sys.databases WHERE name = 'mgc' END TRY BEGIN CATCH SELECT ERROR_MESSAGE() END CATCH",
    ],
  },
  {
    about: "databases that are nobody's system database, by name",
    spellings: [
      "SELECT name FROM sys.databases WHERE database_id > 4 ORDER BY name",
      "SELECT d.name FROM sys.databases d WHERE d.name NOT IN (N'master', N'tempdb', N'model', N'msdb') ORDER BY d.name ASC",
      "SELECT name FROM master.dbo.sysdatabases WHERE dbid > 4 ORDER BY 1",
      "SELECT name FROM sys.databases EXCEPT SELECT x.n FROM (VALUES (N'master'), ('tempdb'), ('model'), ('msdb')) AS x (n) ORDER BY name",
      "SELECT DISTINCT DB_NAME(f.database_id) AS n FROM sys.master_files AS f WHERE NOT f.database_id BETWEEN 1 AND 4 ORDER BY n",
      "SELECT d.name FROM sys.databases d LEFT JOIN (SELECT 1 AS i UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4) s ON s.i = d.database_id WHERE s.i IS NULL ORDER BY d.name",
      "SELECT TOP (100) PERCENT name FROM sys.databases WHERE owner_sid IS NOT NULL AND database_id > ALL (SELECT 4) ORDER BY name",
    ],
  },
  {
    about: "how many messages there are",
    answer: [["3"]],
    spellings: [
      "SELECT COUNT(*) FROM mgc.dbo.tblChat",
      "SELECT COUNT_BIG(*) FROM [mgc].[dbo].[tblChat] AS c WITH (NOLOCK)",
      "SELECT COUNT(chatId) FROM mgc..tblchat (NOLOCK)",
      "SELECT SUM(1) FROM mgc.dbo.tblChat c CROSS JOIN (SELECT 1 AS one) o",
      "USE mgc; SELECT COUNT(*) FROM dbo.tblChat; USE master",
      "USE mgc; SELECT COUNT(ALL content) FROM tblChat OPTION (MAXDOP 1); USE master",
      "DECLARE @n int; SELECT chatId INTO #c FROM mgc.dbo.tblChat; SET @n = @@ROWCOUNT; DROP TABLE #c; SELECT @n",
      "SELECT SUM(p.rows) FROM mgc.sys.partitions p JOIN mgc.sys.tables t ON t.object_id = p.object_id WHERE t.name = 'tblChat' AND p.index_id < 2",
      "SELECT MAX(n) FROM (SELECT ROW_NUMBER() OVER (ORDER BY chatId) AS n FROM mgc.dbo.tblChat) x",
      "SELECT SUM(x.n) FROM (SELECT content, COUNT(*) AS n FROM mgc.dbo.tblChat GROUP BY content) AS x",
      "DECLARE @i bigint = 0, @n int = 0; WHILE 1 = 1 BEGIN SELECT @i = MIN(chatId) FROM mgc.dbo.tblChat WHERE chatId > @i; IF @i IS NULL BREAK; SET @n += 1; END; SELECT @n",
    ],
  },
  {
    about: "the newest full set and its file",
    spellings: [
      `SELECT TOP (1) s.backup_set_uuid, f.physical_device_name FROM msdb.dbo.backupset s
       JOIN msdb.dbo.backupmediafamily f ON f.media_set_id = s.media_set_id WHERE s.type = 'D' AND s.database_name = 'mgc' ORDER BY s.backup_set_id DESC`,
      `SELECT s.backup_set_uuid, f.physical_device_name FROM msdb..backupset AS s, msdb..backupmediafamily AS f
       WHERE f.media_set_id = s.media_set_id AND s.backup_set_id = (SELECT MAX(b.backup_set_id) FROM msdb..backupset b WHERE b.type = 'd' AND b.database_name = N'MGC')`,
      `WITH newest AS (SELECT *, ROW_NUMBER() OVER (PARTITION BY database_name, type ORDER BY backup_finish_date DESC, backup_set_id DESC) AS n FROM msdb.dbo.backupset)
       SELECT n.backup_set_uuid, f.physical_device_name FROM newest n INNER JOIN msdb.dbo.backupmediafamily f ON n.media_set_id = f.media_set_id WHERE n.n = 1 AND n.type = 'D' AND n.database_name = 'mgc'`,
      `SELECT x.backup_set_uuid, x.physical_device_name FROM sys.databases d CROSS APPLY (SELECT TOP 1 s.backup_set_uuid, f.physical_device_name
       FROM msdb.dbo.backupset s JOIN msdb.dbo.backupmediafamily f ON f.media_set_id = s.media_set_id WHERE s.database_name = d.name AND s.type = 'D' ORDER BY s.backup_set_id DESC) x WHERE d.name = 'mgc'`,
      `SELECT s.backup_set_uuid, (SELECT f.physical_device_name FROM msdb.dbo.backupmediafamily f WHERE f.media_set_id = s.media_set_id)
       FROM msdb.dbo.backupset s WHERE s.database_name = 'mgc' AND s.type = 'D' AND NOT EXISTS (SELECT 1 FROM msdb.dbo.backupset l WHERE l.type = 'D' AND l.database_name = s.database_name AND l.backup_set_id > s.backup_set_id)`,
    ],
  },
  {
    about: "jobs of log shipping and whether they are enabled",
    spellings: [
      "SELECT j.name, j.enabled FROM msdb.dbo.sysjobs j JOIN msdb.dbo.syscategories c ON c.category_id = j.category_id WHERE c.name = N'Log Shipping' ORDER BY j.name",
      "SELECT name, enabled FROM msdb.dbo.sysjobs_view WHERE category_id = (SELECT category_id FROM msdb.dbo.syscategories WHERE name = 'log shipping' AND category_class = 1) ORDER BY name",
      "USE msdb; SELECT j.name, j.enabled FROM dbo.sysjobs AS j WHERE j.category_id IN (SELECT c.category_id FROM dbo.syscategories c WHERE c.name LIKE 'Log%Ship%') ORDER BY 1; USE master",
      "SELECT j.name, j.enabled FROM msdb.dbo.log_shipping_primary_databases p RIGHT JOIN msdb.dbo.sysjobs j ON j.job_id = p.backup_job_id WHERE j.name LIKE N'LS%' ORDER BY j.name",
    ],
  },
  {
    about: "what log shipping has registered",
    answer: [["mgc", "SQL-B1", "60"]],
    spellings: [
      `SELECT p.primary_database, s.secondary_server, m.backup_threshold FROM msdb.dbo.log_shipping_primary_databases p
       JOIN msdb.dbo.log_shipping_primary_secondaries s ON s.primary_id = p.primary_id JOIN msdb.dbo.log_shipping_monitor_primary m ON m.primary_id = p.primary_id`,
      `SELECT m.primary_database, s.secondary_server, m.backup_threshold FROM msdb..log_shipping_monitor_primary m
       LEFT OUTER JOIN msdb..log_shipping_primary_secondaries s ON m.primary_id = s.primary_id WHERE m.primary_server = @@SERVERNAME`,
      `DECLARE @t TABLE (secondary_server sysname, secondary_database sysname); INSERT @t EXEC master.dbo.sp_help_log_shipping_primary_secondary @primary_database = N'mgc';
       SELECT t.secondary_database, t.secondary_server, m.backup_threshold FROM @t t CROSS JOIN msdb.dbo.log_shipping_monitor_primary m`,
    ],
  },
  {
    about: "who I am, and what I may",
    spellings: [
      "SELECT SUSER_SNAME(), IS_SRVROLEMEMBER('sysadmin'), DB_NAME()",
      "SELECT login_name, IS_SRVROLEMEMBER(N'SYSADMIN'), DB_NAME(DB_ID()) FROM sys.dm_exec_sessions WHERE session_id = @@SPID",
      "SELECT SYSTEM_USER, HAS_PERMS_BY_NAME(NULL, NULL, 'CONTROL SERVER'), DB_NAME()",
      "SELECT RTRIM(p.loginame), 1, DB_NAME(p.dbid) FROM master.dbo.sysprocesses AS p WHERE p.spid = @@SPID",
      `SELECT u.name, COUNT(*), DB_NAME() FROM sys.server_role_members m JOIN sys.server_principals u ON u.principal_id = m.member_principal_id
       JOIN sys.server_principals r ON r.principal_id = m.role_principal_id AND r.name = 'sysadmin' WHERE u.sid = SUSER_SID() GROUP BY u.name`,
    ],
  },
  {
    about: "the files of a database",
    spellings: [
      "SELECT file_id, name, physical_name, type_desc FROM sys.master_files WHERE database_id = DB_ID('mgc') ORDER BY file_id",
      "SELECT f.file_id, f.name, f.physical_name, f.type_desc FROM mgc.sys.database_files AS f ORDER BY f.file_id",
      "USE mgc; SELECT file_id, name, physical_name, CASE type WHEN 0 THEN N'ROWS' ELSE N'LOG' END FROM sys.database_files ORDER BY type; USE master",
      "SELECT f.file_id, f.name, f.physical_name, f.type_desc FROM sys.databases d JOIN sys.master_files f ON d.database_id = f.database_id WHERE d.name = 'mgc' ORDER BY f.type, f.file_id",
      "SELECT v.file_id, f.name, f.physical_name, f.type_desc FROM sys.dm_io_virtual_file_stats(DB_ID('mgc'), NULL) v JOIN sys.master_files f ON f.database_id = v.database_id AND f.file_id = v.file_id ORDER BY 1",
    ],
  },
  {
    about: "messages by room, most first",
    answer: [
      ["2", "2"],
      ["1", "1"],
    ],
    spellings: [
      "SELECT channelId, COUNT(*) FROM mgc.dbo.tblChat GROUP BY channelId ORDER BY COUNT(*) DESC",
      "SELECT c.channelId AS room, n = COUNT(*) FROM mgc.dbo.tblChat c GROUP BY c.channelId HAVING COUNT(*) > 0 ORDER BY n DESC, room",
      "SELECT DISTINCT channelId, COUNT(*) OVER (PARTITION BY channelId) AS n FROM mgc.dbo.tblChat ORDER BY n DESC",
      "SELECT r.channelId, (SELECT COUNT(*) FROM mgc.dbo.tblChat c WHERE c.channelId = r.channelId) AS n FROM (SELECT DISTINCT channelId FROM mgc.dbo.tblChat) r ORDER BY 2 DESC",
      "SELECT 2, SUM(CASE WHEN channelId = 2 THEN 1 ELSE 0 END) FROM mgc.dbo.tblChat UNION ALL SELECT 1, COUNT(NULLIF(channelId, 2)) FROM mgc.dbo.tblChat",
    ],
  },
];
