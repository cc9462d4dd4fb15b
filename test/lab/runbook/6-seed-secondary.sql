-- On the backup: its mgc is overwritten and stays RESTORING.
ALTER DATABASE mgc SET SINGLE_USER WITH ROLLBACK IMMEDIATE;
RESTORE DATABASE mgc FROM DISK = N'\\files.dci.discovery.com\lslogs\mgc_seed.bak' WITH FILE = 1, REPLACE, NORECOVERY, STATS = 50;
