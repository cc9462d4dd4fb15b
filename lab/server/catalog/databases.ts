/**
 * sys.databases, sys.database_recovery_status, sys.database_mirroring, sysdatabases.
 * Source: sql-docs relational-databases/system-catalog-views/sys-{databases,database-recovery-status,
 * database-mirroring}-transact-sql.md, system-compatibility-views/sys-sysdatabases-transact-sql.md.
 */
import { fromEpoch } from "../../tsql/calendar";
import type { SqlValue } from "../../tsql/values";
import type { Database } from "../database";
import { encryptionKey } from "../encryption";
import { LOG_REUSE_WAITS } from "../log-manager";
import { MIRRORING_STATES, type MirroringView } from "../mirroring/record";
import { releaseOf } from "../product";
import { DATABASE_STATES } from "../storage/definitions";
import type { CatalogContext } from "./context";
import type { SystemView, ViewRow } from "./system-view";
import { bit, guid, hexBytes, whole } from "./values";

const USER_ACCESS = ["MULTI_USER", "SINGLE_USER", "RESTRICTED_USER"] as const;
const RECOVERY_MODELS = ["", "FULL", "BULK_LOGGED", "SIMPLE"] as const;
const PAGE_VERIFY = ["NONE", "TORN_PAGE_DETECTION", "CHECKSUM"] as const;

/**
 * Databases that a login sees: all with VIEW ANY DATABASE (public has it), else its own, master and tempdb
 * (sys.databases, Permissions).
 */
export function visibleDatabases(context: CatalogContext): readonly Database[] {
  const { session, instance } = context;
  const all = instance.core.databases;
  if (session.hasServerPermission("VIEW ANY DATABASE") || session.hasServerPermission("CREATE ANY DATABASE"))
    return all;
  return all.filter(
    (database) => database.id <= 2 || database.ownerSid === session.principal.sid || database === session.database,
  );
}

/** ON and OFF of an option that the engine only stores; `standard` until it was set. */
function stored(database: Database, name: string, standard: boolean): number {
  const value = database.options.others[name];
  return bit(value === undefined ? standard : value === "ON");
}

function collationOf(database: Database): SqlValue {
  // NULL while the database is not online, or AUTO_CLOSE has closed it (sys.databases, collation_name).
  return database.state === "ONLINE" ? database.options.collation : null;
}

function optionColumns(database: Database): ViewRow {
  const { options } = database;
  return {
    is_auto_create_stats_on: stored(database, "AUTO_CREATE_STATISTICS", true),
    is_auto_update_stats_on: stored(database, "AUTO_UPDATE_STATISTICS", true),
    is_auto_update_stats_async_on: bit(options.isAutoUpdateStatisticsAsync),
    is_ansi_null_default_on: stored(database, "ANSI_NULL_DEFAULT", false),
    is_ansi_nulls_on: stored(database, "ANSI_NULLS", false),
    is_ansi_padding_on: stored(database, "ANSI_PADDING", false),
    is_ansi_warnings_on: stored(database, "ANSI_WARNINGS", false),
    is_arithabort_on: stored(database, "ARITHABORT", false),
    is_concat_null_yields_null_on: stored(database, "CONCAT_NULL_YIELDS_NULL", false),
    is_numeric_roundabort_on: stored(database, "NUMERIC_ROUNDABORT", false),
    is_quoted_identifier_on: stored(database, "QUOTED_IDENTIFIER", false),
    is_recursive_triggers_on: stored(database, "RECURSIVE_TRIGGERS", false),
    is_cursor_close_on_commit_on: stored(database, "CURSOR_CLOSE_ON_COMMIT", false),
    is_local_cursor_default: bit(options.others["CURSOR_DEFAULT"] === "LOCAL"),
    is_fulltext_enabled: bit(database.id > 4),
    is_trustworthy_on: bit(options.isTrustworthy),
    is_db_chaining_on: bit(options.isChaining),
    is_parameterization_forced: bit(options.others["PARAMETERIZATION"] === "FORCED"),
    is_date_correlation_on: stored(database, "DATE_CORRELATION_OPTIMIZATION", false),
    is_honor_broker_priority_on: stored(database, "HONOR_BROKER_PRIORITY", false),
    is_broker_enabled: bit(options.isBrokerEnabled),
    target_recovery_time_in_seconds: Number(options.others["TARGET_RECOVERY_TIME"] ?? "0"),
  };
}

export const databases: SystemView = {
  name: "sys.databases",
  columns: `
    name sysname
    database_id int
    source_database_id int null
    owner_sid varbinary(85) null
    create_date datetime
    compatibility_level tinyint
    collation_name sysname null
    user_access tinyint null
    user_access_desc nvarchar(60) null
    is_read_only bit null
    is_auto_close_on bit
    is_auto_shrink_on bit null
    state tinyint null
    state_desc nvarchar(60) null
    is_in_standby bit null
    is_cleanly_shutdown bit null
    is_supplemental_logging_enabled bit null
    snapshot_isolation_state tinyint null
    snapshot_isolation_state_desc nvarchar(60) null
    is_read_committed_snapshot_on bit null
    recovery_model tinyint null
    recovery_model_desc nvarchar(60) null
    page_verify_option tinyint null
    page_verify_option_desc nvarchar(60) null
    is_auto_create_stats_on bit null
    is_auto_update_stats_on bit null
    is_auto_update_stats_async_on bit null
    is_ansi_null_default_on bit null
    is_ansi_nulls_on bit null
    is_ansi_padding_on bit null
    is_ansi_warnings_on bit null
    is_arithabort_on bit null
    is_concat_null_yields_null_on bit null
    is_numeric_roundabort_on bit null
    is_quoted_identifier_on bit null
    is_recursive_triggers_on bit null
    is_cursor_close_on_commit_on bit null
    is_local_cursor_default bit null
    is_fulltext_enabled bit null
    is_trustworthy_on bit null
    is_db_chaining_on bit null
    is_parameterization_forced bit null
    is_master_key_encrypted_by_server bit
    is_published bit
    is_subscribed bit
    is_merge_published bit
    is_distributor bit
    is_sync_with_backup bit
    service_broker_guid uniqueidentifier
    is_broker_enabled bit
    log_reuse_wait tinyint null
    log_reuse_wait_desc nvarchar(60) null
    is_date_correlation_on bit
    is_cdc_enabled bit
    is_encrypted bit null
    is_honor_broker_priority_on bit null
    replica_id uniqueidentifier null since 11
    group_database_id uniqueidentifier null since 11
    default_language_lcid smallint null since 11
    default_language_name nvarchar(128) null since 11
    default_fulltext_language_lcid int null since 11
    default_fulltext_language_name nvarchar(128) null since 11
    is_nested_triggers_on bit null since 11
    is_transform_noise_words_on bit null since 11
    two_digit_year_cutoff smallint null since 11
    containment tinyint null since 11
    containment_desc nvarchar(60) null since 11
    target_recovery_time_in_seconds int null since 11`,
  *rows(context) {
    for (const database of visibleDatabases(context)) {
      const { options } = database;
      yield {
        name: database.name,
        database_id: database.id,
        owner_sid: hexBytes(database.ownerSid),
        create_date: fromEpoch(database.createDate),
        compatibility_level: options.compatibilityLevel,
        collation_name: collationOf(database),
        user_access: USER_ACCESS.indexOf(options.userAccess),
        user_access_desc: options.userAccess,
        is_read_only: bit(database.isReadOnly),
        is_auto_close_on: bit(options.isAutoClose),
        is_auto_shrink_on: bit(options.isAutoShrink),
        state: DATABASE_STATES.indexOf(database.state),
        state_desc: database.state,
        is_in_standby: bit(database.isInStandby),
        is_cleanly_shutdown: 0,
        is_supplemental_logging_enabled: 0,
        snapshot_isolation_state: bit(options.allowSnapshotIsolation),
        snapshot_isolation_state_desc: options.allowSnapshotIsolation ? "ON" : "OFF",
        is_read_committed_snapshot_on: bit(options.isReadCommittedSnapshot),
        recovery_model: RECOVERY_MODELS.indexOf(options.recoveryModel),
        recovery_model_desc: options.recoveryModel,
        page_verify_option: PAGE_VERIFY.indexOf(options.pageVerify),
        page_verify_option_desc: options.pageVerify,
        ...optionColumns(database),
        is_master_key_encrypted_by_server: 0,
        is_published: 0,
        is_subscribed: 0,
        is_merge_published: 0,
        is_distributor: 0,
        is_sync_with_backup: 0,
        // Broker's guid is one of the copy; the copy's own guid serves for it.
        service_broker_guid: database.databaseGuid,
        log_reuse_wait: LOG_REUSE_WAITS[database.log.reuseWait],
        log_reuse_wait_desc: database.log.reuseWait,
        is_cdc_enabled: 0,
        is_encrypted: bit(encryptionKey(database)?.isOn === true),
        containment: 0,
        containment_desc: "NONE",
      };
    }
  },
};

export const recoveryStatus: SystemView = {
  name: "sys.database_recovery_status",
  columns: `
    database_id int
    database_guid uniqueidentifier null
    family_guid uniqueidentifier null
    last_log_backup_lsn numeric(25,0) null
    recovery_fork_guid uniqueidentifier null
    first_recovery_fork_guid uniqueidentifier null
    fork_point_lsn numeric(25,0) null`,
  *rows(context) {
    for (const database of visibleDatabases(context)) {
      const status = database.recovery;
      yield {
        database_id: database.id,
        database_guid: status === undefined ? null : guid(database.databaseGuid),
        family_guid: guid(status?.familyGuid),
        last_log_backup_lsn: whole(status?.lastLogBackupLsn),
        recovery_fork_guid: guid(status?.recoveryForkGuid),
        first_recovery_fork_guid: guid(status?.firstRecoveryForkGuid),
        fork_point_lsn: whole(status?.forkPointLsn),
      };
    }
  },
};

/** sys.database_mirroring.mirroring_witness_state. */
const WITNESS_STATES = ["UNKNOWN", "CONNECTED", "DISCONNECTED"] as const;

function witnessState({ witnessName, isWitnessConnected }: MirroringView): (typeof WITNESS_STATES)[number] {
  if (witnessName === "") return "UNKNOWN";
  return isWitnessConnected ? "CONNECTED" : "DISCONNECTED";
}

/** The columns that are NULL for a database that is not mirrored, or a mirror seen without sysadmin. */
function mirroringColumns(database: Database, context: CatalogContext): ViewRow {
  const view = database.mirroring;
  if (view === undefined || (database.state !== "ONLINE" && !context.session.isSysadmin)) return {};
  return {
    mirroring_guid: guid(view.guid),
    mirroring_state: MIRRORING_STATES[view.state],
    mirroring_state_desc: view.state,
    mirroring_role: view.role === "PRINCIPAL" ? 1 : 2,
    mirroring_role_desc: view.role,
    mirroring_role_sequence: view.roleSequence,
    mirroring_safety_level: view.safety === "FULL" ? 2 : 1,
    mirroring_safety_level_desc: view.safety,
    mirroring_safety_sequence: view.safetySequence,
    mirroring_partner_name: view.partnerName,
    mirroring_partner_instance: view.partnerInstance,
    mirroring_witness_name: view.witnessName,
    mirroring_witness_state: WITNESS_STATES.indexOf(witnessState(view)),
    mirroring_witness_state_desc: witnessState(view),
    mirroring_failover_lsn: whole(view.failoverLsn),
    mirroring_connection_timeout: view.timeout,
    mirroring_redo_queue_type: "UNLIMITED",
    mirroring_end_of_log_lsn: whole(view.endOfLogLsn),
    mirroring_replication_lsn: whole(view.failoverLsn),
  };
}

export const databaseMirroring: SystemView = {
  name: "sys.database_mirroring",
  columns: `
    database_id int
    mirroring_guid uniqueidentifier null
    mirroring_state tinyint null
    mirroring_state_desc nvarchar(60) null
    mirroring_role tinyint null
    mirroring_role_desc nvarchar(60) null
    mirroring_role_sequence int null
    mirroring_safety_level tinyint null
    mirroring_safety_level_desc nvarchar(60) null
    mirroring_safety_sequence int null
    mirroring_partner_name nvarchar(128) null
    mirroring_partner_instance nvarchar(128) null
    mirroring_witness_name nvarchar(128) null
    mirroring_witness_state tinyint null
    mirroring_witness_state_desc nvarchar(60) null
    mirroring_failover_lsn numeric(25,0) null
    mirroring_connection_timeout int null
    mirroring_redo_queue int null
    mirroring_redo_queue_type nvarchar(60) null
    mirroring_end_of_log_lsn numeric(25,0) null
    mirroring_replication_lsn numeric(25,0) null`,
  *rows(context) {
    for (const database of visibleDatabases(context))
      yield { database_id: database.id, ...mirroringColumns(database, context) };
  },
};

/** Status bits of sysdatabases: 8 trunc. log on chkpt, 16 torn page, 32 loading, 128 recovering, 512 offline, 1024 read only, 2048 dbo use only, 4096 single user. */
function oldStatus(database: Database): number {
  const { options } = database;
  return (
    (options.isAutoClose ? 1 : 0) +
    (options.recoveryModel === "SIMPLE" ? 8 : 0) +
    (options.pageVerify === "TORN_PAGE_DETECTION" ? 16 : 0) +
    (database.state === "RESTORING" ? 32 : 0) +
    (database.state === "RECOVERING" ? 128 : 0) +
    (database.state === "OFFLINE" ? 512 : 0) +
    (database.isReadOnly ? 1024 : 0) +
    (options.userAccess === "RESTRICTED_USER" ? 2048 : 0) +
    (options.userAccess === "SINGLE_USER" ? 4096 : 0) +
    (options.pageVerify === "CHECKSUM" ? 65536 : 0)
  );
}

export const oldDatabases: SystemView = {
  name: "sys.sysdatabases",
  columns: `
    name sysname
    dbid smallint
    sid varbinary(85) null
    mode smallint null
    status int null
    status2 int null
    crdate datetime
    reserved datetime null
    category int null
    cmptlevel tinyint
    filename nvarchar(260) null
    version smallint null`,
  *rows(context) {
    for (const database of visibleDatabases(context))
      yield {
        name: database.name,
        dbid: database.id,
        sid: hexBytes(database.ownerSid),
        mode: 0,
        status: oldStatus(database),
        status2: 0,
        crdate: fromEpoch(database.createDate),
        reserved: fromEpoch(Date.UTC(1900, 0, 1)),
        category: 0,
        cmptlevel: database.options.compatibilityLevel,
        filename: database.files[0]?.physicalName ?? null,
        version: database.state === "ONLINE" ? releaseOf(context.instance.version).databaseVersion : 0,
      };
  },
};
