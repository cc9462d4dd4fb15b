-- On the backup's principal: end the mirroring of mgc, whether it is there or not, by dynamic T-SQL.
USE master;
DECLARE @name sysname, @statement nvarchar(400);
SET @name = N'mgc';
IF EXISTS (SELECT * FROM sys.database_mirroring AS m
           WHERE m.database_id = DB_ID(@name) AND m.mirroring_guid IS NOT NULL AND m.mirroring_role_desc <> 'PRINCIPAL')
  RAISERROR(N'%s: not the principal here', 16, 1, @name);
ELSE IF EXISTS (SELECT * FROM sys.database_mirroring WHERE database_id = DB_ID(@name) AND mirroring_guid IS NOT NULL)
BEGIN
  SELECT @statement = N'ALTER DATABASE ' + QUOTENAME(@name) + N' SET PARTNER OFF';
  EXECUTE (@statement);
END
ELSE
  PRINT @name + N' is not mirrored';
GO
-- The statement returns before the session is gone.
DECLARE @waits int = 0;
WHILE EXISTS (SELECT 1 FROM sys.database_mirroring WHERE DB_NAME(database_id) = N'mgc' AND mirroring_guid IS NOT NULL) AND @waits < 50
BEGIN
  SET @waits += 1;
  WAITFOR DELAY '00:00:00.100';
END;
SELECT state_desc, is_read_only FROM sys.databases WHERE name = N'mgc';
