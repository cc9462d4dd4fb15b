/** Writes msdb's history of backups and restores. */
import { fromEpoch } from "../../tsql/calendar";
import { SqlError } from "../../tsql/errors";
import type { SqlValue } from "../../tsql/values";
import type { BackupOutcome, BackupSetHistory, RestoreOutcome } from "../backup/history";
import type { BackupFileEntry, BackupSetHeader } from "../backup/header";
import type { StopPoint } from "../backup/stop-point";
import { bit, guid, whole } from "../catalog/values";
import { userOf } from "../database-principals";
import type { Database } from "../database";
import type { Instance } from "../instance";
import type { ServerSession } from "../server-session";
import type { NamedRow, TableWriter } from "./system-tables";

/** Software vendor number of SQL Server in media and set headers. */
const SQL_SERVER_VENDOR = 4608;

function time(milliseconds: number | null): SqlValue {
  return milliseconds === null ? null : fromEpoch(milliseconds);
}

const TYPES = { 1: "D", 2: "L", 5: "I" } as const;

function setRow(header: BackupSetHeader, mediaSetId: number, zone: number): NamedRow {
  return {
    backup_set_uuid: guid(header.backupSetGuid),
    media_set_id: mediaSetId,
    first_family_number: 1,
    first_media_number: 1,
    last_family_number: 1,
    last_media_number: 1,
    catalog_family_number: 1,
    catalog_media_number: 1,
    position: header.position,
    expiration_date: time(header.expirationDate),
    software_vendor_id: SQL_SERVER_VENDOR,
    name: header.name,
    description: header.description,
    user_name: header.userName,
    software_major_version: header.softwareVersionMajor,
    software_minor_version: header.softwareVersionMinor,
    software_build_version: header.softwareVersionBuild,
    time_zone: zone,
    mtf_minor_version: 0,
    first_lsn: whole(header.firstLsn),
    last_lsn: whole(header.lastLsn),
    checkpoint_lsn: whole(header.checkpointLsn),
    database_backup_lsn: whole(header.databaseBackupLsn),
    database_creation_date: time(header.databaseCreationDate),
    backup_start_date: time(header.backupStartDate),
    backup_finish_date: time(header.backupFinishDate),
    type: TYPES[header.backupType],
    sort_order: 52,
    code_page: 228,
    compatibility_level: header.compatibilityLevel,
    database_version: header.databaseVersion,
    backup_size: whole(header.backupSize),
    database_name: header.databaseName,
    server_name: header.serverName,
    machine_name: header.machineName,
    flags: flagsOf(header),
    unicode_locale: 1033,
    unicode_compare_style: 196609,
    collation_name: header.collation,
    is_password_protected: 0,
    recovery_model: header.recoveryModel,
    has_bulk_logged_data: bit(header.hasBulkLoggedData),
    is_snapshot: 0,
    is_readonly: bit(header.isReadOnly),
    is_single_user: bit(header.isSingleUser),
    has_backup_checksums: bit(header.hasBackupChecksums),
    is_damaged: bit(header.isDamaged),
    begins_log_chain: bit(header.beginsLogChain),
    has_incomplete_metadata: bit(header.hasIncompleteMetaData),
    is_force_offline: bit(header.isForceOffline),
    is_copy_only: bit(header.isCopyOnly),
    first_recovery_fork_guid: guid(header.firstRecoveryForkId),
    last_recovery_fork_guid: guid(header.recoveryForkId),
    fork_point_lsn: whole(header.forkPointLsn),
    database_guid: guid(header.bindingId),
    family_guid: guid(header.familyGuid),
    differential_base_lsn: whole(header.differentialBaseLsn),
    differential_base_guid: guid(header.differentialBaseGuid),
    compressed_backup_size: whole(header.compressedBackupSize),
  };
}

/** backupset.flags: the bits that RESTORE HEADERONLY shows as columns of their own. */
function flagsOf(header: BackupSetHeader): number {
  const bits: readonly (readonly [boolean, number])[] = [
    [header.hasBulkLoggedData, 1],
    [header.isReadOnly, 4],
    [header.isSingleUser, 8],
    [header.hasBackupChecksums, 16],
    [header.isDamaged, 32],
    [header.beginsLogChain, 64],
    [header.hasIncompleteMetaData, 128],
    [header.isForceOffline, 256],
    [header.isCopyOnly, 512],
  ];
  return bits.reduce((sum, [set, value]) => sum + (set ? value : 0), 0);
}

function fileRow(file: BackupFileEntry, setId: number): NamedRow {
  return {
    backup_set_id: setId,
    first_family_number: 1,
    first_media_number: 1,
    filegroup_name: file.fileGroupName,
    page_size: 8192,
    file_number: whole(file.fileId),
    backed_up_page_count: whole(Math.ceil(file.backupSizeInBytes / 8192)),
    file_type: file.type,
    source_file_block_size: whole(512),
    file_size: whole(file.size),
    logical_name: file.logicalName,
    physical_drive: /^(?:[A-Za-z]:|\\\\[^\\]+\\[^\\]+)/.exec(file.physicalName)?.[0] ?? null,
    physical_name: file.physicalName,
    state: 0,
    state_desc: "ONLINE",
    create_lsn: whole(0),
    drop_lsn: whole(0),
    file_guid: guid(file.uniqueId),
    read_only_lsn: whole(0),
    read_write_lsn: whole(0),
    differential_base_lsn: whole(file.differentialBaseLsn),
    differential_base_guid: guid(file.differentialBaseGuid),
    backup_size: whole(file.backupSizeInBytes),
    is_readonly: bit(file.isReadOnly),
    is_present: 1,
  };
}

function mediaSetId(writer: TableWriter, history: BackupSetHistory): number {
  const { media } = history;
  const uuid = guid(media.mediaSetGuid);
  const known = writer.rows("backupmediaset", (row) => row["media_uuid"] === uuid)[0];
  if (known !== undefined) return Number(known["media_set_id"]);
  const id = writer.insert("backupmediaset", {
    media_uuid: uuid,
    media_family_count: media.familyCount,
    name: media.name === "" ? null : media.name,
    description: media.description === "" ? null : media.description,
    software_name: "Microsoft SQL Server",
    software_vendor_id: SQL_SERVER_VENDOR,
    MTF_major_version: 1,
    mirror_count: 1,
    is_password_protected: 0,
    is_compressed: bit(media.isCompressed),
  });
  for (const family of media.families)
    writer.insert("backupmediafamily", {
      media_set_id: id ?? 0,
      family_sequence_number: family.sequence,
      media_family_id: guid(family.familyGuid),
      media_count: 1,
      physical_device_name: family.physicalDeviceName,
      device_type: family.deviceType,
      physical_block_size: 512,
      mirror: 0,
    });
  return id ?? 0;
}

/** The id of the set in backupset: it is written once per instance, by the backup or the first restore. */
function backupSetId(writer: TableWriter, history: BackupSetHistory, zone: number): number {
  const uuid = guid(history.header.backupSetGuid);
  const known = writer.rows("backupset", (row) => row["backup_set_uuid"] === uuid)[0];
  if (known !== undefined) return Number(known["backup_set_id"]);
  const id = writer.insert("backupset", setRow(history.header, mediaSetId(writer, history), zone)) ?? 0;
  for (const file of history.files) writer.insert("backupfile", fileRow(file, id));
  return id;
}

/** time_zone: distance from UTC in 15-minute units. */
function timeZone(instance: Instance): number {
  return Math.round((instance.core.localTime() - instance.utcTime()) / 900_000);
}

/** Writes history; when msdb cannot be written the cause and 3009 say so: what was to be recorded has succeeded. */
async function record(instance: Instance, work: (writer: TableWriter) => unknown): Promise<void> {
  try {
    instance.core.require("msdb").assertWritable();
    await instance.msdb.change(work);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    throw error.followedBy(
      new SqlError(
        3009,
        16,
        "Could not insert a backup or restore history/detail record in the msdb database. This may indicate a problem with the msdb database. The backup/restore operation was still successful.",
      ),
    );
  }
}

/** Rows of a successful BACKUP. Throws the cause and 3009 when msdb cannot be written. */
export async function recordBackup(instance: Instance, outcome: BackupOutcome): Promise<void> {
  await record(instance, (writer) => backupSetId(writer, outcome.history, timeZone(instance)));
}

/** RESTORE VERIFYONLY … LOADHISTORY. */
export async function recordVerified(instance: Instance, history: BackupSetHistory): Promise<void> {
  await record(instance, (writer) => backupSetId(writer, history, timeZone(instance)));
}

/** Rows of logmarkhistory: a marked transaction has committed in these databases, at these LSNs. */
export async function recordMark(
  session: ServerSession,
  mark: { readonly name: string; readonly description: string },
  commits: ReadonlyMap<Database, bigint>,
): Promise<void> {
  const { instance } = session;
  await instance.msdb.change((writer) => {
    for (const [database, lsn] of commits)
      writer.insert("logmarkhistory", {
        database_name: database.name,
        mark_name: mark.name,
        // Longer descriptions are cut ("BEGIN TRANSACTION").
        description: mark.description === "" ? null : mark.description.slice(0, 128),
        user_name: userOf(database, session)?.name ?? null,
        lsn: whole(lsn),
        mark_time: time(instance.localTime()),
      });
  });
}

/** restorehistory's columns of STOPAT, STOPATMARK and STOPBEFOREMARK. */
function stopColumns(stop: StopPoint | undefined): NamedRow {
  if (stop === undefined) return {};
  if (stop.kind === "time") return { stop_at: time(stop.at) };
  return { stop_at_mark_name: stop.name, stop_before: bit(stop.isExcluded) };
}

/** Rows of a successful RESTORE DATABASE or LOG with FROM. */
export async function recordRestore(instance: Instance, outcome: RestoreOutcome): Promise<void> {
  const { history, restore } = outcome;
  if (history === undefined || restore === undefined) return;
  await record(instance, (writer) => {
    const id = writer.insert("restorehistory", {
      restore_date: restore.restoreDate,
      destination_database_name: restore.destinationDatabase,
      user_name: restore.userName,
      backup_set_id: backupSetId(writer, history, timeZone(instance)),
      restore_type: restore.restoreType,
      replace: bit(restore.replace),
      recovery: bit(restore.recovery),
      restart: 0,
      device_count: restore.deviceCount,
      ...stopColumns(restore.stop),
    });
    for (const file of restore.files)
      writer.insert("restorefile", {
        restore_history_id: id ?? 0,
        file_number: whole(file.fileId),
        destination_phys_drive: /^(?:[A-Za-z]:|\\\\[^\\]+\\[^\\]+)/.exec(file.physicalName)?.[0] ?? null,
        destination_phys_name: file.physicalName,
      });
  });
}
