/**
 * sys.master_files, sys.database_files, sys.dm_io_virtual_file_stats, sys.dm_os_volume_stats.
 * Source: sql-docs relational-databases/system-catalog-views/sys-{master-files,database-files}-transact-sql.md,
 * system-dynamic-management-views/sys-dm-{io-virtual-file-stats,os-volume-stats}-transact-sql.md.
 */
import { statfsSync } from "node:fs";
import { dirname } from "node:path";
import type { Database } from "../database";
import { numberOf } from "../functions/definition";
import { DATABASE_STATES, type DatabaseFile, type DatabaseState } from "../storage/definitions";
import type { CatalogContext } from "./context";
import { bit, guid, whole } from "./values";
import type { SystemFunction, SystemView, ViewRow } from "./system-view";

const common = `
  file_id int
  file_guid uniqueidentifier null
  type tinyint
  type_desc nvarchar(60) null
  data_space_id int
  name sysname
  physical_name nvarchar(260)
  state tinyint null
  state_desc nvarchar(60) null
  size int
  max_size int
  growth int
  is_media_read_only bit
  is_read_only bit
  is_sparse bit
  is_percent_growth bit
  is_name_reserved bit
  create_lsn numeric(25,0) null
  drop_lsn numeric(25,0) null
  read_only_lsn numeric(25,0) null
  read_write_lsn numeric(25,0) null
  differential_base_lsn numeric(25,0) null
  differential_base_guid uniqueidentifier null
  differential_base_time datetime null
  redo_start_lsn numeric(25,0) null
  redo_start_fork_guid uniqueidentifier null
  redo_target_lsn numeric(25,0) null
  redo_target_fork_guid uniqueidentifier null
  backup_lsn numeric(25,0) null`;

/** A file's state has no EMERGENCY: it is ONLINE then. */
function fileState(state: DatabaseState): DatabaseState {
  return state === "EMERGENCY" ? "ONLINE" : state;
}

function fileRow(database: Database, file: DatabaseFile): ViewRow {
  const isData = file.type === "ROWS";
  const status = database.recovery;
  const redo = database.redoStart;
  const state = fileState(database.state);
  return {
    file_id: file.fileId,
    file_guid: guid(file.fileGuid),
    type: isData ? 0 : 1,
    type_desc: file.type,
    data_space_id: isData ? 1 : 0,
    name: file.name,
    physical_name: file.physicalName,
    state: DATABASE_STATES.indexOf(state),
    state_desc: state,
    size: database.filePages(file.fileId),
    max_size: file.maxSize,
    growth: file.growth,
    is_media_read_only: 0,
    is_read_only: 0,
    is_sparse: 0,
    is_percent_growth: bit(file.isPercentGrowth),
    is_name_reserved: 0,
    differential_base_lsn: isData ? whole(status?.differentialBaseLsn) : null,
    differential_base_guid: isData ? guid(status?.differentialBaseGuid) : null,
    // Where roll forward goes on; NULL while RESTORING says that only a full set helps.
    redo_start_lsn: isData ? whole(redo?.lsn) : null,
    redo_start_fork_guid: isData ? guid(redo?.fork) : null,
    redo_target_lsn: isData ? whole(redo?.lsn) : null,
    redo_target_fork_guid: isData ? guid(redo?.fork) : null,
    backup_lsn:
      isData && status !== undefined && status.databaseBackupLsn > 0n ? whole(status.databaseBackupLsn) : null,
  };
}

/** The rights of which one makes the rows of sys.master_files visible. */
function seesFiles({ session }: CatalogContext): boolean {
  return (["CREATE ANY DATABASE", "ALTER ANY DATABASE", "VIEW ANY DEFINITION"] as const).some((permission) =>
    session.hasServerPermission(permission),
  );
}

export const masterFiles: SystemView = {
  name: "sys.master_files",
  columns: `
    database_id int
    ${common}
    credential_id int null since 12`,
  *rows(context) {
    if (!seesFiles(context)) return;
    for (const database of context.instance.core.databases)
      for (const file of database.files) yield { database_id: database.id, ...fileRow(database, file) };
  },
};

export const databaseFiles: SystemView = {
  name: "sys.database_files",
  columns: common,
  *rows({ database }) {
    for (const file of database.files) yield fileRow(database, file);
  },
};

/** Files of the function's arguments: NULL or 0 stands for all. */
function* chosenFiles(
  context: CatalogContext,
  databaseArgument: number | null,
  fileArgument: number | null,
): Iterable<{ readonly database: Database; readonly file: DatabaseFile }> {
  for (const database of context.instance.core.databases)
    if (databaseArgument === null || databaseArgument === database.id)
      for (const file of database.files)
        if (fileArgument === null || fileArgument === file.fileId) yield { database, file };
}

export const virtualFileStatistics: SystemFunction = {
  name: "sys.dm_io_virtual_file_stats",
  needs: "VIEW SERVER STATE",
  parameters: 2,
  columns: `
    database_id smallint
    file_id smallint
    sample_ms int
    num_of_reads bigint
    num_of_bytes_read bigint
    io_stall_read_ms bigint
    num_of_writes bigint
    num_of_bytes_written bigint
    io_stall_write_ms bigint
    io_stall bigint
    size_on_disk_bytes bigint
    file_handle varbinary(8) null`,
  *rows(context, [databaseId, fileId]) {
    const { core } = context.instance;
    for (const { database, file } of chosenFiles(context, numberOf(databaseId), numberOf(fileId))) {
      const counted = database.counters.of(file.type);
      yield {
        database_id: database.id,
        file_id: file.fileId,
        // Milliseconds since the computer was started; it wraps like the int that it is.
        sample_ms: Math.round(core.localTime() - core.startTime) % 0x7fffffff,
        num_of_reads: BigInt(counted.reads),
        num_of_bytes_read: BigInt(counted.bytesRead),
        io_stall_read_ms: 0n,
        num_of_writes: BigInt(counted.writes),
        num_of_bytes_written: BigInt(counted.bytesWritten),
        io_stall_write_ms: 0n,
        io_stall: 0n,
        size_on_disk_bytes: BigInt(database.filePages(file.fileId)) * 8192n,
        file_handle: null,
      };
    }
  },
};

/** Volume of a Windows path: `D:\` or `\\server\share\`. */
function volumeOf(path: string): string {
  return (/^(?:[A-Za-z]:|\\\\[^\\]+\\[^\\]+)/.exec(path)?.[0] ?? "C:") + "\\";
}

export const volumeStatistics: SystemFunction = {
  name: "sys.dm_os_volume_stats",
  // SQL Server 2008 R2 SP1.
  sinceBuild: { 10: 2500 },
  needs: "VIEW SERVER STATE",
  parameters: 2,
  columns: `
    database_id int null
    file_id int null
    volume_mount_point nvarchar(512) null
    volume_id nvarchar(512) null
    logical_volume_name nvarchar(512) null
    file_system_type nvarchar(512) null
    total_bytes bigint
    available_bytes bigint
    supports_compression bit null
    supports_alternate_streams bit null
    supports_sparse_files bit null
    is_read_only bit null
    is_compressed bit null`,
  *rows(context, [databaseId, fileId]) {
    for (const { database, file } of chosenFiles(context, numberOf(databaseId), numberOf(fileId))) {
      const { environment } = context.instance.core;
      const mount = volumeOf(file.physicalName);
      const located = context.instance.core.find(file.physicalName);
      // A file out of reach has no volume to tell about.
      if (located === undefined) continue;
      const volume = statfsSync(dirname(located), { bigint: true });
      const drive = mount.slice(0, -1);
      const key = drive.startsWith("\\\\") ? drive : `${environment.host}|${drive}`;
      const limit = environment.files.freeBytes.get(key);
      yield {
        database_id: database.id,
        file_id: file.fileId,
        volume_mount_point: mount,
        volume_id: `\\\\?\\Volume{${context.instance.volumeGuid(drive)}}\\`,
        logical_volume_name: "",
        file_system_type: "NTFS",
        total_bytes: volume.blocks * volume.bsize,
        available_bytes: limit === undefined ? volume.bavail * volume.bsize : BigInt(limit),
        supports_compression: 1,
        supports_alternate_streams: 1,
        supports_sparse_files: 1,
        is_read_only: 0,
        is_compressed: 0,
      };
    }
  },
};
