/** Readings of msdb: what was backed up and restored, log shipping and the Agent's jobs. Needs SELECT in msdb. */
import { z } from "zod";
import type {
  AgentJob,
  BackupSetRow,
  InstanceObservation,
  LogShippingPrimaryRow,
  LogShippingSecondaryRow,
  RestoreHistoryRow,
} from "./observation-types";
import type { SqlServer } from "./sql/connection";
import { quoteString } from "./sql/quote";
import {
  flagColumn as flag,
  guidColumn as guid,
  lsnColumn as lsn,
  momentColumn as moment,
  textColumn as text,
  wholeColumn as whole,
} from "./sql/rows";

const moments = (expression: string): string => `CONVERT(varchar(23), ${expression}, 126)`;
const lsns = (expression: string): string => `CONVERT(varchar(25), ${expression})`;

/** Rows of each history that are read; the newest full one is read besides, however old it is. */
const HISTORY_ROWS = 200;

const backupSetsSql = (
  database: string,
): string => `SELECT bs.backup_set_id AS backupSetId, bs.backup_set_uuid AS backupSetUuid, bs.type,
  bs.name, bs.description, bs.server_name AS serverName, bs.database_name AS databaseName, bs.position, bs.is_copy_only AS isCopyOnly,
  bs.is_force_offline AS isForceOffline, bs.is_readonly AS isReadOnly, bs.has_backup_checksums AS hasBackupChecksums,
  bs.is_damaged AS isDamaged, bs.begins_log_chain AS beginsLogChain, ${lsns("bs.first_lsn")} AS firstLsn,
  ${lsns("bs.last_lsn")} AS lastLsn, ${lsns("bs.checkpoint_lsn")} AS checkpointLsn,
  ${lsns("bs.database_backup_lsn")} AS databaseBackupLsn, bs.first_recovery_fork_guid AS firstRecoveryForkGuid,
  bs.last_recovery_fork_guid AS lastRecoveryForkGuid, ${lsns("bs.fork_point_lsn")} AS forkPointLsn, bs.family_guid AS familyGuid,
  bs.database_guid AS databaseGuid, CONVERT(varchar(20), bs.backup_size) AS backupSizeBytes,
  CONVERT(varchar(20), bs.compressed_backup_size) AS compressedBackupSizeBytes, ${moments("bs.backup_start_date")} AS startDate,
  ${moments("bs.backup_finish_date")} AS finishDate, bs.time_zone AS timeZone, mf.physical_device_name AS physicalDeviceName
FROM msdb.dbo.backupset AS bs
LEFT JOIN msdb.dbo.backupmediafamily AS mf ON mf.media_set_id = bs.media_set_id AND mf.family_sequence_number = 1
WHERE bs.backup_set_id IN (SELECT TOP (${HISTORY_ROWS}) b.backup_set_id FROM msdb.dbo.backupset AS b
    WHERE b.database_name = ${database} ORDER BY b.backup_set_id DESC)
  OR bs.backup_set_id IN (SELECT MAX(b.backup_set_id) FROM msdb.dbo.backupset AS b
    WHERE b.database_name = ${database} AND b.type = 'D')
  OR bs.backup_set_id IN (SELECT TOP (${HISTORY_ROWS}) r.backup_set_id FROM msdb.dbo.restorehistory AS r
    WHERE r.destination_database_name = ${database} AND r.restore_type IN ('D', 'I', 'L') ORDER BY r.restore_history_id DESC)
  OR bs.backup_set_id IN (SELECT r.backup_set_id FROM msdb.dbo.restorehistory AS r WHERE r.restore_history_id IN
    (SELECT MAX(n.restore_history_id) FROM msdb.dbo.restorehistory AS n
     WHERE n.destination_database_name = ${database} AND n.restore_type = 'D'))
ORDER BY bs.backup_set_id DESC;`;
const backupSetRow = z.object({
  backupSetId: whole,
  backupSetUuid: guid,
  type: text.transform((type) => type.trim()),
  name: text.nullable(),
  description: text.nullable(),
  serverName: text.nullable(),
  databaseName: text,
  position: whole.nullable(),
  isCopyOnly: flag.nullable().transform(Boolean),
  isForceOffline: flag.nullable().transform(Boolean),
  isReadOnly: flag.nullable().transform(Boolean),
  hasBackupChecksums: flag.nullable().transform(Boolean),
  isDamaged: flag.nullable().transform(Boolean),
  beginsLogChain: flag.nullable().transform(Boolean),
  firstLsn: lsn.nullable(),
  lastLsn: lsn.nullable(),
  checkpointLsn: lsn.nullable(),
  databaseBackupLsn: lsn.nullable(),
  firstRecoveryForkGuid: guid.nullable(),
  lastRecoveryForkGuid: guid.nullable(),
  forkPointLsn: lsn.nullable(),
  familyGuid: guid.nullable(),
  databaseGuid: guid.nullable(),
  backupSizeBytes: whole.nullable(),
  compressedBackupSizeBytes: whole.nullable(),
  startDate: moment,
  finishDate: moment,
  timeZone: whole.nullable(),
  physicalDeviceName: text.nullable(),
});

const restoresSql = (
  database: string,
): string => `SELECT rh.restore_history_id AS restoreHistoryId, ${moments("rh.restore_date")} AS restoreDate,
  DATEDIFF(minute, rh.restore_date, GETDATE()) AS restoreAgeMinutes,
  rh.destination_database_name AS destinationDatabase, rh.restore_type AS restoreType, rh.[replace], rh.[recovery],
  rh.user_name AS restoredBy, rh.backup_set_id AS backupSetId
FROM msdb.dbo.restorehistory AS rh
WHERE rh.restore_history_id IN (SELECT TOP (${HISTORY_ROWS}) r.restore_history_id FROM msdb.dbo.restorehistory AS r
    WHERE r.destination_database_name = ${database} AND r.restore_type IN ('D', 'I', 'L') ORDER BY r.restore_history_id DESC)
  OR rh.restore_history_id IN (SELECT MAX(n.restore_history_id) FROM msdb.dbo.restorehistory AS n
    WHERE n.destination_database_name = ${database} AND n.restore_type = 'D')
ORDER BY rh.restore_history_id DESC;`;
const restoreRow = z.object({
  restoreHistoryId: whole,
  restoreDate: moment,
  restoreAgeMinutes: whole,
  destinationDatabase: text,
  restoreType: text.transform((type) => type.trim()),
  replace: flag.nullable().transform(Boolean),
  recovery: flag.nullable().transform(Boolean),
  restoredBy: text.nullable(),
  backupSetId: whole,
});

const countRow = z.object({ n: whole });

/** The histories of one database in this instance's msdb. */
export interface History {
  readonly backupSets: readonly BackupSetRow[];
  readonly restoreHistory: readonly RestoreHistoryRow[];
  readonly suspectPages: number;
}

/** Newest 200 backup sets and restores of the database, besides the newest full ones; pages marked as suspect. Throws DrError. */
export async function readHistory(server: SqlServer, database: string): Promise<History> {
  const name = quoteString(database);
  const [sets, restores, suspects] = await server.read(
    `${backupSetsSql(name)}
${restoresSql(name)}
SELECT COUNT(*) AS n FROM msdb.dbo.suspect_pages AS p WHERE p.database_id = DB_ID(${name}) AND p.event_type IN (1, 2, 3);`,
    [backupSetRow, restoreRow, countRow],
    { doing: "reading the backup and restore history in msdb" },
  );
  const byId = new Map(sets.map(({ backupSetId, ...set }) => [backupSetId, set]));
  return {
    backupSets: [...byId.values()].filter((set) => set.databaseName.toLowerCase() === database.toLowerCase()),
    restoreHistory: restores.flatMap(({ backupSetId, ...restore }) => {
      const backupSet = byId.get(backupSetId);
      return backupSet === undefined ? [] : [{ ...restore, backupSet }];
    }),
    suspectPages: suspects[0]?.n ?? 0,
  };
}

const primariesSql = (
  database: string,
): string => `SELECT p.primary_id AS primaryId, p.primary_database AS primaryDatabase,
  p.backup_directory AS backupDirectory, p.backup_share AS backupShare, p.backup_retention_period AS backupRetentionPeriod,
  p.backup_compression AS backupCompression, p.backup_job_id AS backupJobId, p.last_backup_file AS lastBackupFile,
  ${moments("p.last_backup_date")} AS lastBackupDate, DATEDIFF(minute, m.last_backup_date_utc, GETUTCDATE()) AS lastBackupAgeMinutes,
  m.primary_id AS monitorId, m.backup_threshold AS backupThreshold, m.threshold_alert AS thresholdAlert,
  m.threshold_alert_enabled AS thresholdAlertEnabled, m.history_retention_period AS historyRetentionPeriod
FROM msdb.dbo.log_shipping_primary_databases AS p
LEFT JOIN msdb.dbo.log_shipping_monitor_primary AS m ON m.primary_id = p.primary_id
WHERE p.primary_database = ${database};
SELECT s.primary_id AS primaryId, s.secondary_server AS secondaryServer, s.secondary_database AS secondaryDatabase
FROM msdb.dbo.log_shipping_primary_secondaries AS s;`;
const primaryRow = z.object({
  primaryId: guid,
  primaryDatabase: text,
  backupDirectory: text,
  backupShare: text,
  backupRetentionPeriod: whole,
  backupCompression: whole,
  backupJobId: guid.nullable(),
  lastBackupFile: text.nullable(),
  lastBackupDate: moment.nullable(),
  lastBackupAgeMinutes: whole.nullable(),
  monitorId: guid.nullable(),
  backupThreshold: whole.nullable(),
  thresholdAlert: whole.nullable(),
  thresholdAlertEnabled: flag.nullable(),
  historyRetentionPeriod: whole.nullable(),
});
const primarySecondaryRow = z.object({ primaryId: guid, secondaryServer: text, secondaryDatabase: text });

const secondariesSql = (
  database: string,
): string => `SELECT s.secondary_id AS secondaryId, s.primary_server AS primaryServer,
  s.primary_database AS primaryDatabase, s.backup_source_directory AS backupSourceDirectory,
  s.backup_destination_directory AS backupDestinationDirectory, s.file_retention_period AS fileRetentionPeriod,
  s.copy_job_id AS copyJobId, s.restore_job_id AS restoreJobId, s.last_copied_file AS lastCopiedFile,
  ${moments("s.last_copied_date")} AS lastCopiedDate, d.secondary_database AS secondaryDatabase, d.restore_delay AS restoreDelay,
  d.restore_all AS restoreAll, d.restore_mode AS restoreMode, d.disconnect_users AS disconnectUsers, d.block_size AS blockSize,
  d.buffer_count AS bufferCount, d.max_transfer_size AS maxTransferSize, d.last_restored_file AS lastRestoredFile,
  ${moments("d.last_restored_date")} AS lastRestoredDate, m.secondary_id AS monitorId, m.restore_threshold AS restoreThreshold,
  m.threshold_alert AS thresholdAlert, m.threshold_alert_enabled AS thresholdAlertEnabled,
  m.history_retention_period AS historyRetentionPeriod, m.last_copied_file AS monitorLastCopiedFile,
  m.last_restored_file AS monitorLastRestoredFile, DATEDIFF(minute, m.last_copied_date_utc, GETUTCDATE()) AS lastCopiedAgeMinutes,
  DATEDIFF(minute, m.last_restored_date_utc, GETUTCDATE()) AS lastRestoredAgeMinutes,
  m.last_restored_latency AS lastRestoredLatencyMinutes
FROM msdb.dbo.log_shipping_secondary AS s
LEFT JOIN msdb.dbo.log_shipping_secondary_databases AS d ON d.secondary_id = s.secondary_id
LEFT JOIN msdb.dbo.log_shipping_monitor_secondary AS m
  ON m.secondary_id = s.secondary_id AND m.secondary_database = d.secondary_database
WHERE s.primary_database = ${database} OR d.secondary_database = ${database};`;
const secondaryRow = z.object({
  secondaryId: guid,
  primaryServer: text,
  primaryDatabase: text,
  backupSourceDirectory: text,
  backupDestinationDirectory: text,
  fileRetentionPeriod: whole,
  copyJobId: guid.nullable(),
  restoreJobId: guid.nullable(),
  lastCopiedFile: text.nullable(),
  lastCopiedDate: moment.nullable(),
  secondaryDatabase: text.nullable(),
  restoreDelay: whole.nullable(),
  restoreAll: flag.nullable(),
  restoreMode: z.union([whole, flag.transform(Number)]).nullable(),
  disconnectUsers: flag.nullable(),
  blockSize: whole.nullable(),
  bufferCount: whole.nullable(),
  maxTransferSize: whole.nullable(),
  lastRestoredFile: text.nullable(),
  lastRestoredDate: moment.nullable(),
  monitorId: guid.nullable(),
  restoreThreshold: whole.nullable(),
  thresholdAlert: whole.nullable(),
  thresholdAlertEnabled: flag.nullable(),
  historyRetentionPeriod: whole.nullable(),
  monitorLastCopiedFile: text.nullable(),
  monitorLastRestoredFile: text.nullable(),
  lastCopiedAgeMinutes: whole.nullable(),
  lastRestoredAgeMinutes: whole.nullable(),
  lastRestoredLatencyMinutes: whole.nullable(),
});

const ALERT_SQL = `SELECT j.job_id AS jobId, j.enabled FROM msdb.dbo.log_shipping_monitor_alert AS a
JOIN msdb.dbo.sysjobs AS j ON j.job_id = a.alert_job_id;`;
const alertRow = z.object({ jobId: guid, enabled: flag });

/** Log shipping of one database as both halves of msdb tell it. */
export interface LogShippingReading {
  readonly logShippingPrimary: readonly LogShippingPrimaryRow[];
  readonly logShippingSecondary: readonly LogShippingSecondaryRow[];
  readonly alertJob: InstanceObservation["alertJob"];
}

/** Registrations of the database as primary and as secondary, their monitor rows and jobs. Throws DrError. */
export async function readLogShipping(
  server: SqlServer,
  database: string,
  jobs: ReadonlyMap<string, AgentJob>,
): Promise<LogShippingReading> {
  const name = quoteString(database);
  const [primaries, pairs, secondaries, alerts] = await server.read(
    `${primariesSql(name)}\n${secondariesSql(name)}\n${ALERT_SQL}`,
    [primaryRow, primarySecondaryRow, secondaryRow, alertRow],
    { doing: "reading log shipping in msdb" },
  );
  const job = (id: string | null): AgentJob | null => (id === null ? null : (jobs.get(id) ?? null));
  return {
    logShippingPrimary: primaries.map((row) => {
      const { monitorId, backupThreshold, thresholdAlert, thresholdAlertEnabled, historyRetentionPeriod, ...primary } =
        row;
      return {
        ...primary,
        backupJob: job(primary.backupJobId),
        secondaries: pairs
          .filter((pair) => pair.primaryId === primary.primaryId)
          .map(({ secondaryServer, secondaryDatabase }) => ({ secondaryServer, secondaryDatabase })),
        monitor:
          monitorId === null
            ? null
            : {
                backupThreshold: backupThreshold ?? 0,
                thresholdAlert: thresholdAlert ?? 0,
                thresholdAlertEnabled: thresholdAlertEnabled ?? false,
                historyRetentionPeriod: historyRetentionPeriod ?? 0,
              },
      };
    }),
    logShippingSecondary: secondaries.map((row) => secondaryOf(row, job)),
    alertJob: alerts[0] ?? null,
  };
}

function secondaryOf(
  row: z.output<typeof secondaryRow>,
  job: (id: string | null) => AgentJob | null,
): LogShippingSecondaryRow {
  return {
    secondaryId: row.secondaryId,
    primaryServer: row.primaryServer,
    primaryDatabase: row.primaryDatabase,
    backupSourceDirectory: row.backupSourceDirectory,
    backupDestinationDirectory: row.backupDestinationDirectory,
    fileRetentionPeriod: row.fileRetentionPeriod,
    copyJobId: row.copyJobId,
    restoreJobId: row.restoreJobId,
    copyJob: job(row.copyJobId),
    restoreJob: job(row.restoreJobId),
    lastCopiedFile: row.lastCopiedFile,
    lastCopiedDate: row.lastCopiedDate,
    database:
      row.secondaryDatabase === null
        ? null
        : {
            secondaryDatabase: row.secondaryDatabase,
            restoreDelay: row.restoreDelay ?? 0,
            restoreAll: row.restoreAll ?? false,
            restoreMode: row.restoreMode ?? 0,
            disconnectUsers: row.disconnectUsers ?? false,
            blockSize: row.blockSize ?? -1,
            bufferCount: row.bufferCount ?? -1,
            maxTransferSize: row.maxTransferSize,
            lastRestoredFile: row.lastRestoredFile,
            lastRestoredDate: row.lastRestoredDate,
          },
    monitor:
      row.monitorId === null
        ? null
        : {
            restoreThreshold: row.restoreThreshold ?? 0,
            thresholdAlert: row.thresholdAlert ?? 0,
            thresholdAlertEnabled: row.thresholdAlertEnabled ?? false,
            historyRetentionPeriod: row.historyRetentionPeriod ?? 0,
            lastCopiedFile: row.monitorLastCopiedFile,
            lastRestoredFile: row.monitorLastRestoredFile,
            lastCopiedAgeMinutes: row.lastCopiedAgeMinutes,
            lastRestoredAgeMinutes: row.lastRestoredAgeMinutes,
            lastRestoredLatencyMinutes: row.lastRestoredLatencyMinutes,
          },
  };
}
