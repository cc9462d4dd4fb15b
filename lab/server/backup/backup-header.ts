/** Makes the header of a backup set from the database as it is. */
import type { Database } from "../database";
import { encryptionKey } from "../encryption";
import { lsnText } from "../log-sequence-number";
import { textOrNull } from "../log-manager";
import { newGuid } from "../storage/guid";
import type { BackupFileEntry, BackupSetHeader } from "./header";
import type { BackupRequest } from "./request";

/** Internal database version of the emulated SQL Server: 661 for 2008 R2, 706 for 2012, 782 for 2014. */
export function databaseVersion(major: number): number {
  return major <= 10 ? 661 : major === 11 ? 706 : 782;
}

/** What is known when the backup begins; LSNs, sizes and the end are put in when it ends. */
export function startHeader(
  database: Database,
  request: BackupRequest,
  set: {
    readonly position: number;
    readonly startDate: number;
    readonly compressed: boolean;
    readonly firstLsn: bigint;
  },
): BackupSetHeader {
  const { environment } = database.instance;
  const { options } = database;
  const status = database.log.status;
  const encryption = encryptionKey(database);
  const log = request.kind === "log";
  const differential = request.differential === true;
  const spansForks = log && status.firstRecoveryForkGuid !== status.recoveryForkGuid;
  return {
    backupSetGuid: newGuid(),
    name: request.name ?? null,
    description: request.description ?? null,
    backupType: log ? 2 : differential ? 5 : 1,
    expirationDate:
      request.expireDate ?? (request.retainDays === undefined ? null : set.startDate + request.retainDays * 86_400_000),
    compressed: set.compressed,
    position: set.position,
    userName: request.requester.userName,
    serverName: environment.serverName,
    machineName: environment.host,
    databaseName: database.name,
    databaseVersion: databaseVersion(environment.version.major),
    databaseCreationDate: database.createDate,
    backupSize: 0,
    compressedBackupSize: 0,
    firstLsn: lsnText(set.firstLsn),
    lastLsn: lsnText(set.firstLsn),
    checkpointLsn: lsnText(status.checkpointLsn),
    databaseBackupLsn: lsnText(status.databaseBackupLsn),
    backupStartDate: set.startDate,
    backupFinishDate: set.startDate,
    compatibilityLevel: options.compatibilityLevel,
    softwareVersionMajor: environment.version.major,
    softwareVersionMinor: environment.version.minor,
    softwareVersionBuild: environment.version.build,
    bindingId: database.databaseGuid,
    recoveryForkId: status.recoveryForkGuid,
    firstRecoveryForkId: spansForks ? status.firstRecoveryForkGuid : status.recoveryForkGuid,
    forkPointLsn: spansForks ? textOrNull(status.forkPointLsn) : null,
    familyGuid: status.familyGuid,
    collation: options.collation,
    hasBulkLoggedData: log && status.hasBulkLoggedData,
    isReadOnly: database.isReadOnly,
    isSingleUser: options.userAccess === "SINGLE_USER",
    hasBackupChecksums: request.checksum === true,
    isDamaged: false,
    beginsLogChain: log && status.beginsLogChain,
    // "Tail-Log Backups": metadata of a damaged database may be incomplete, the captured log is complete all the same.
    hasIncompleteMetaData: log && database.state !== "ONLINE",
    isForceOffline: log && (request.noRecovery === true || request.standby !== undefined),
    isCopyOnly: !differential && (request.copyOnly === true || (log && request.noTruncate === true)),
    recoveryModel: options.recoveryModel === "BULK_LOGGED" ? "BULK-LOGGED" : options.recoveryModel,
    differentialBaseLsn: differential ? textOrNull(status.differentialBaseLsn) : null,
    differentialBaseGuid: differential ? status.differentialBaseGuid : null,
    ownerSid: database.ownerSid,
    ...(encryption?.isOn === true ? { protectorThumbprint: encryption.thumbprint } : {}),
    files: fileEntries(database, 0),
  };
}

/** The files of the database for the set. @param dataBytes bytes of pages that the set holds */
export function fileEntries(database: Database, dataBytes: number): BackupFileEntry[] {
  const status = database.log.status;
  return database.files.map((file) => ({
    logicalName: file.name,
    physicalName: file.physicalName,
    type: file.type === "ROWS" ? "D" : "L",
    fileGroupName: file.type === "ROWS" ? "PRIMARY" : null,
    size: database.filePages(file.fileId) * 8192,
    maxSize: file.maxSize < 0 ? 35_184_372_080_640 : file.maxSize * 8192,
    fileId: file.fileId,
    uniqueId: file.fileGuid,
    backupSizeInBytes: file.type === "ROWS" ? dataBytes : 0,
    fileGroupId: file.type === "ROWS" ? 1 : 0,
    differentialBaseLsn: file.type === "ROWS" ? textOrNull(status.differentialBaseLsn) : null,
    differentialBaseGuid: file.type === "ROWS" ? status.differentialBaseGuid : null,
    isReadOnly: false,
  }));
}
