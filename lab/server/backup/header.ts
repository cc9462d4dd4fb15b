/** Header and file list of one backup set: RESTORE HEADERONLY and FILELISTONLY, "RESTORE Statements - HEADERONLY". */

/** One backup set as its header says. Guids upper case; times are milliseconds since 1970 of the server's local clock. */
export interface BackupSetHeader {
  readonly backupSetGuid: string;
  readonly name: string | null;
  readonly description: string | null;
  /** 1 database, 2 log, 5 differential. */
  readonly backupType: 1 | 2 | 5;
  readonly expirationDate: number | null;
  readonly compressed: boolean;
  /** FILE = n. */
  readonly position: number;
  readonly userName: string;
  readonly serverName: string;
  readonly machineName: string;
  readonly databaseName: string;
  readonly databaseVersion: number;
  readonly databaseCreationDate: number;
  readonly backupSize: number;
  readonly compressedBackupSize: number;
  /** LSNs in decimal text, as numeric(25,0). */
  readonly firstLsn: string;
  readonly lastLsn: string;
  readonly checkpointLsn: string;
  readonly databaseBackupLsn: string;
  readonly backupStartDate: number;
  readonly backupFinishDate: number;
  readonly compatibilityLevel: number;
  readonly softwareVersionMajor: number;
  readonly softwareVersionMinor: number;
  readonly softwareVersionBuild: number;
  readonly bindingId: string;
  readonly recoveryForkId: string;
  readonly firstRecoveryForkId: string;
  readonly forkPointLsn: string | null;
  readonly familyGuid: string;
  readonly collation: string;
  readonly hasBulkLoggedData: boolean;
  readonly isReadOnly: boolean;
  readonly isSingleUser: boolean;
  readonly hasBackupChecksums: boolean;
  readonly isDamaged: boolean;
  /** Pages of the set that do not match their own checksum, as the bytes of a real one would tell; data sets only. */
  readonly damagedPages?: readonly number[];
  readonly beginsLogChain: boolean;
  readonly hasIncompleteMetaData: boolean;
  readonly isForceOffline: boolean;
  readonly isCopyOnly: boolean;
  readonly recoveryModel: "FULL" | "BULK-LOGGED" | "SIMPLE";
  readonly differentialBaseLsn: string | null;
  readonly differentialBaseGuid: string | null;
  /** Owner's sid at backup, hexadecimal. */
  readonly ownerSid: string;
  /** Thumbprint of the certificate that protects the database's encryption key; absent: the database is not encrypted. */
  readonly protectorThumbprint?: string;
  readonly files: readonly BackupFileEntry[];
}

/** One file of a set: RESTORE FILELISTONLY and msdb.dbo.backupfile. */
export interface BackupFileEntry {
  readonly logicalName: string;
  readonly physicalName: string;
  readonly type: "D" | "L";
  readonly fileGroupName: string | null;
  /** Bytes. */
  readonly size: number;
  readonly maxSize: number;
  readonly fileId: number;
  readonly uniqueId: string;
  readonly backupSizeInBytes: number;
  readonly fileGroupId: number;
  readonly differentialBaseLsn: string | null;
  readonly differentialBaseGuid: string | null;
  readonly isReadOnly: boolean;
}
