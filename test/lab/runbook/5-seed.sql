-- On the primary: the set that starts the secondary.
BACKUP DATABASE mgc TO DISK = N'\\files.dci.discovery.com\lslogs\mgc_seed.bak' WITH FORMAT, CHECKSUM;
