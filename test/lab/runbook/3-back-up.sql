-- On the backup's principal: fence mgc, then a full set of it, read back in three ways.
SET XACT_ABORT OFF; SET LOCK_TIMEOUT 30000; SET DEADLOCK_PRIORITY HIGH;
IF @@TRANCOUNT > 0 BEGIN RAISERROR('a transaction is open', 16, 1); RETURN END;
ALTER DATABASE [mgc] SET READ_ONLY WITH ROLLBACK IMMEDIATE;
GO
DECLARE @file nvarchar(260), @set nvarchar(128);
SELECT @file = N'\\files.dci.discovery.com\lslogs\mgc_home.bak', @set = N'going home';
BACKUP DATABASE mgc TO DISK = @file WITH FORMAT, INIT, SKIP, CHECKSUM, STOP_ON_ERROR, STATS = 25, NAME = @set,
  DESCRIPTION = N'by hand';
RESTORE VERIFYONLY FROM DISK = @file WITH FILE = 1, CHECKSUM;
GO
RESTORE FILELISTONLY FROM DISK = N'\\files.dci.discovery.com\lslogs\mgc_home.bak' WITH FILE = 1;
RESTORE LABELONLY FROM DISK = N'\\files.dci.discovery.com\lslogs\mgc_home.bak';
RESTORE HEADERONLY FROM DISK = N'\\files.dci.discovery.com\lslogs\mgc_home.bak';
