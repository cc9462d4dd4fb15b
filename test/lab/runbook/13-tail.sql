-- The tail of the secondary's future: taken from an open database, applied to its own RESTORING copy.
USE [mgc];
ALTER DATABASE [mgc] SET SINGLE_USER WITH ROLLBACK IMMEDIATE;
USE [master];
BACKUP LOG [mgc] TO DISK = N'\\files.dci.discovery.com\lslogs\mgc_tail.bak'
  WITH NORECOVERY, FORMAT, INIT, SKIP, CHECKSUM, STATS = 50, NAME = N'tail';
GO
RESTORE LOG [mgc] FROM DISK = N'\\files.dci.discovery.com\lslogs\mgc_tail.bak' WITH FILE = 1, NORECOVERY, CHECKSUM;
RESTORE DATABASE [mgc] WITH RECOVERY;
ALTER DATABASE [mgc] SET MULTI_USER;
