/** Result sets of RESTORE HEADERONLY, FILELISTONLY and LABELONLY: their pages' columns, in their order. */
import type { CalendarTime } from "../../tsql/values";
import { Decimal, type Column, type Row, type SqlType, type SqlValue } from "../../tsql/values";
import { datetimeOf } from "../storage/encoding";
import type { BackupFileEntry, BackupSetHeader } from "./header";
import type { MediaHeader } from "./media";
import type { FoundSet } from "./media-reader";

const nvarchar = (length: number): SqlType => ({ name: "nvarchar", length });
const numeric = (precision: number): SqlType => ({ name: "numeric", precision, scale: 0 });
const SMALLINT: SqlType = { name: "smallint" };
const TINYINT: SqlType = { name: "tinyint" };
const INT: SqlType = { name: "int" };
const BIGINT: SqlType = { name: "bigint" };
const BIT: SqlType = { name: "bit" };
const DATETIME: SqlType = { name: "datetime" };
const GUID: SqlType = { name: "uniqueidentifier" };
const LSN = numeric(25);

/** A column with how its value is found. `always`: present also for an unfinished set. */
interface Field<T> {
  readonly name: string;
  readonly type: SqlType;
  readonly value: (from: T) => SqlValue;
  readonly always?: boolean;
}

const bit = (value: boolean): number => (value ? 1 : 0);
const exact = (value: string | number | null): Decimal | null =>
  value === null ? null : new Decimal(BigInt(value), 0);
const time = (value: number | null): CalendarTime | null => (value === null ? null : datetimeOf(value));

const TYPES: Readonly<Record<BackupSetHeader["backupType"], string>> = {
  1: "Database",
  2: "Transaction Log",
  5: "Database Differential",
};

/** Bits of Flags, as msdb.dbo.backupset lists them. */
function flagsOf(header: BackupSetHeader): number {
  return (
    (header.hasBulkLoggedData ? 1 : 0) |
    (header.isReadOnly ? 4 : 0) |
    (header.isSingleUser ? 8 : 0) |
    (header.hasBackupChecksums ? 16 : 0) |
    (header.isDamaged ? 32 : 0) |
    (header.beginsLogChain ? 64 : 0) |
    (header.hasIncompleteMetaData ? 128 : 0) |
    (header.isForceOffline ? 256 : 0) |
    (header.isCopyOnly ? 512 : 0)
  );
}

const HEADER: readonly (Field<BackupSetHeader> & { readonly from?: number })[] = [
  { name: "BackupName", type: nvarchar(128), value: (h) => h.name },
  { name: "BackupDescription", type: nvarchar(255), value: (h) => h.description },
  { name: "BackupType", type: SMALLINT, value: (h) => h.backupType },
  { name: "ExpirationDate", type: DATETIME, value: (h) => time(h.expirationDate) },
  { name: "Compressed", type: BIT, value: (h) => bit(h.compressed) },
  { name: "Position", type: SMALLINT, value: (h) => h.position, always: true },
  { name: "DeviceType", type: TINYINT, value: () => 2, always: true },
  { name: "UserName", type: nvarchar(128), value: (h) => h.userName },
  { name: "ServerName", type: nvarchar(128), value: (h) => h.serverName },
  { name: "DatabaseName", type: nvarchar(128), value: (h) => h.databaseName },
  { name: "DatabaseVersion", type: INT, value: (h) => h.databaseVersion },
  { name: "DatabaseCreationDate", type: DATETIME, value: (h) => time(h.databaseCreationDate) },
  { name: "BackupSize", type: numeric(20), value: (h) => exact(h.backupSize) },
  { name: "FirstLSN", type: LSN, value: (h) => exact(h.firstLsn) },
  { name: "LastLSN", type: LSN, value: (h) => exact(h.lastLsn) },
  { name: "CheckpointLSN", type: LSN, value: (h) => exact(h.checkpointLsn) },
  { name: "DatabaseBackupLSN", type: LSN, value: (h) => exact(h.databaseBackupLsn) },
  { name: "BackupStartDate", type: DATETIME, value: (h) => time(h.backupStartDate), always: true },
  { name: "BackupFinishDate", type: DATETIME, value: (h) => time(h.backupFinishDate) },
  { name: "SortOrder", type: SMALLINT, value: () => 52 },
  { name: "CodePage", type: SMALLINT, value: () => 0 },
  { name: "UnicodeLocaleId", type: INT, value: () => 1033 },
  { name: "UnicodeComparisonStyle", type: INT, value: () => 196_609 },
  { name: "CompatibilityLevel", type: TINYINT, value: (h) => h.compatibilityLevel },
  { name: "SoftwareVendorId", type: INT, value: () => 4608, always: true },
  { name: "SoftwareVersionMajor", type: INT, value: (h) => h.softwareVersionMajor, always: true },
  { name: "SoftwareVersionMinor", type: INT, value: (h) => h.softwareVersionMinor, always: true },
  { name: "SoftwareVersionBuild", type: INT, value: (h) => h.softwareVersionBuild, always: true },
  { name: "MachineName", type: nvarchar(128), value: (h) => h.machineName },
  { name: "Flags", type: INT, value: flagsOf },
  { name: "BindingID", type: GUID, value: (h) => h.bindingId },
  { name: "RecoveryForkID", type: GUID, value: (h) => h.recoveryForkId },
  { name: "Collation", type: nvarchar(128), value: (h) => h.collation },
  { name: "FamilyGUID", type: GUID, value: (h) => h.familyGuid },
  { name: "HasBulkLoggedData", type: BIT, value: (h) => bit(h.hasBulkLoggedData) },
  { name: "IsSnapshot", type: BIT, value: () => 0 },
  { name: "IsReadOnly", type: BIT, value: (h) => bit(h.isReadOnly) },
  { name: "IsSingleUser", type: BIT, value: (h) => bit(h.isSingleUser) },
  { name: "HasBackupChecksums", type: BIT, value: (h) => bit(h.hasBackupChecksums) },
  { name: "IsDamaged", type: BIT, value: (h) => bit(h.isDamaged) },
  { name: "BeginsLogChain", type: BIT, value: (h) => bit(h.beginsLogChain) },
  { name: "HasIncompleteMetaData", type: BIT, value: (h) => bit(h.hasIncompleteMetaData) },
  { name: "IsForceOffline", type: BIT, value: (h) => bit(h.isForceOffline) },
  { name: "IsCopyOnly", type: BIT, value: (h) => bit(h.isCopyOnly) },
  { name: "FirstRecoveryForkID", type: GUID, value: (h) => h.firstRecoveryForkId },
  { name: "ForkPointLSN", type: LSN, value: (h) => exact(h.forkPointLsn) },
  { name: "RecoveryModel", type: nvarchar(60), value: (h) => h.recoveryModel },
  { name: "DifferentialBaseLSN", type: LSN, value: (h) => exact(h.differentialBaseLsn) },
  { name: "DifferentialBaseGUID", type: GUID, value: (h) => h.differentialBaseGuid },
  { name: "BackupTypeDescription", type: nvarchar(60), value: (h) => TYPES[h.backupType] },
  { name: "BackupSetGUID", type: GUID, value: (h) => h.backupSetGuid },
  { name: "CompressedBackupSize", type: BIGINT, value: (h) => BigInt(h.compressedBackupSize) },
  { name: "containment", type: TINYINT, value: () => 0, from: 11 },
  { name: "KeyAlgorithm", type: nvarchar(32), value: () => null, from: 12 },
  { name: "EncryptorThumbprint", type: { name: "varbinary", length: 20 }, value: () => null, from: 12 },
  { name: "EncryptorType", type: nvarchar(32), value: () => null, from: 12 },
];

const FILES: readonly (Field<BackupFileEntry> & { readonly from?: number })[] = [
  { name: "LogicalName", type: nvarchar(128), value: (f) => f.logicalName },
  { name: "PhysicalName", type: nvarchar(260), value: (f) => f.physicalName },
  { name: "Type", type: { name: "char", length: 1 }, value: (f) => f.type },
  { name: "FileGroupName", type: nvarchar(128), value: (f) => f.fileGroupName },
  { name: "Size", type: numeric(20), value: (f) => exact(f.size) },
  { name: "MaxSize", type: numeric(20), value: (f) => exact(f.maxSize) },
  { name: "FileId", type: BIGINT, value: (f) => BigInt(f.fileId) },
  { name: "CreateLSN", type: LSN, value: () => exact(0) },
  { name: "DropLSN", type: LSN, value: () => exact(0) },
  { name: "UniqueId", type: GUID, value: (f) => f.uniqueId },
  { name: "ReadOnlyLSN", type: LSN, value: () => exact(0) },
  { name: "ReadWriteLSN", type: LSN, value: () => exact(0) },
  { name: "BackupSizeInBytes", type: BIGINT, value: (f) => BigInt(f.backupSizeInBytes) },
  { name: "SourceBlockSize", type: INT, value: () => 512 },
  { name: "FileGroupId", type: INT, value: (f) => f.fileGroupId },
  { name: "LogGroupGUID", type: GUID, value: () => null },
  { name: "DifferentialBaseLSN", type: LSN, value: (f) => exact(f.differentialBaseLsn) },
  { name: "DifferentialBaseGUID", type: GUID, value: (f) => f.differentialBaseGuid },
  { name: "IsReadOnly", type: BIT, value: (f) => bit(f.isReadOnly) },
  { name: "IsPresent", type: BIT, value: () => 1 },
  { name: "TDEThumbprint", type: { name: "varbinary", length: 32 }, value: () => null },
  { name: "SnapshotUrl", type: nvarchar(360), value: () => null, from: 13 },
];

const LABEL: readonly Field<MediaHeader>[] = [
  { name: "MediaName", type: nvarchar(128), value: (m) => m.name },
  { name: "MediaSetId", type: GUID, value: (m) => m.mediaSetGuid },
  { name: "FamilyCount", type: INT, value: (m) => m.familyCount },
  { name: "FamilySequenceNumber", type: INT, value: (m) => m.familySequence },
  { name: "MediaFamilyId", type: GUID, value: (m) => m.familyGuid },
  { name: "MediaSequenceNumber", type: INT, value: () => 1 },
  { name: "MediaLabelPresent", type: TINYINT, value: () => 0 },
  { name: "MediaDescription", type: nvarchar(255), value: (m) => m.description },
  { name: "SoftwareName", type: nvarchar(128), value: () => "Microsoft SQL Server" },
  { name: "SoftwareVendorId", type: INT, value: () => 4608 },
  { name: "MediaDate", type: DATETIME, value: (m) => time(m.date) },
  { name: "Mirror_Count", type: INT, value: () => 1 },
  { name: "IsCompressed", type: BIT, value: (m) => bit(m.compressed) },
];

interface Rows {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

const columnOf = ({ name, type }: { readonly name: string; readonly type: SqlType }): Column => ({
  name,
  type,
  nullable: true,
});

/** @param major version of the emulated server: later columns are left out */
export function headerRows(sets: readonly FoundSet[], major: number): Rows {
  const fields = HEADER.filter((field) => (field.from ?? 0) <= major);
  const rows = sets.map(({ header, complete }) =>
    fields.map((field): SqlValue => {
      if (complete || field.always === true) return field.value(header);
      return field.name === "BackupName" ? "*** INCOMPLETE ***" : null;
    }),
  );
  return { columns: fields.map(columnOf), rows };
}

export function fileListRows(header: BackupSetHeader, major: number): Rows {
  const fields = FILES.filter((field) => (field.from ?? 0) <= major);
  return {
    columns: fields.map(columnOf),
    rows: header.files.map((file) => fields.map((field) => field.value(file))),
  };
}

export function labelRow(media: MediaHeader): Rows {
  return { columns: LABEL.map(columnOf), rows: [LABEL.map((field) => field.value(media))] };
}
