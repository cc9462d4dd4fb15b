/**
 * The shape of an observation: everything that is read of one pool's estate, as plain values that survive JSON.
 *
 * Conventions of every type in this file:
 * - LSN: a string of decimal digits (numeric(25,0) does not fit a JavaScript number); compare with `compareLsn` of relations.ts.
 * - GUID: upper case with hyphens, as SQL Server prints them.
 * - time: ISO 8601 text as the server reported it. Evidence for people only; no decision compares clocks of two machines.
 * - `null`: SQL Server answered NULL, or the reading login may not see it. Null is never taken for "no".
 */

/** Decimal digits of a numeric(25,0) log sequence number. */
export type Lsn = string;
/** Upper-case uniqueidentifier, for instance `6F9619FF-8B86-D011-B42D-00C04FC964FF`. */
export type Guid = string;

/** Which of the pool's four instances; `primary` and `backup` are the sites' principals as configured. */
export type InstanceRole = "primary" | "primaryMirror" | "backup" | "backupMirror";

/** Why a section could not be read. `code` is a code of errors.ts; no member ever holds a secret. */
export interface SectionFailure {
  readonly code: string;
  readonly message: string;
  /** What was addressed: host and port of the instance, or the shell's executable. */
  readonly address: string;
  readonly hint?: string;
}

/**
 * One independently read part of the estate. `begun` and `ended` are milliseconds of the reading process's monotonic clock:
 * a section begun before the last change of its part ended must not be used.
 */
export type Section<Value> =
  | { readonly reachable: true; readonly begun: number; readonly ended: number; readonly value: Value }
  | { readonly reachable: false; readonly begun: number; readonly ended: number; readonly failure: SectionFailure };

/** Everything that one observation of a pool holds. An instance that is not configured has no section. */
export interface Observation {
  /** `pool.name` of the configuration. */
  readonly pool: string;
  readonly shell: Section<ShellObservation>;
  readonly instances: { readonly [Role in InstanceRole]?: Section<InstanceObservation> };
}

// ---------------------------------------------------------------- shell

/** What the Management Shell says of the pool (Get-CsPersistentChatState, Get-CsService, Get-CsPool, replication status). */
export interface ShellObservation {
  /** Identity as Get-CsPersistentChatState returned it, to be passed back unchanged. */
  readonly stateIdentity: string;
  /** `Normal`, `FailedOver`, or what the product said instead. */
  readonly poolState: string;
  /** Identity of Get-CsService -PersistentChatServer, for Set-CsPersistentChatActiveServer. */
  readonly serviceIdentity: string;
  /** FQDNs, lower case, sorted. */
  readonly activeServers: readonly string[];
  readonly inactiveServers: readonly string[];
  /** Computers of the pool by Get-CsPool; lower case, sorted. Includes the inactive ones. */
  readonly machines: readonly string[];
  /** Stores of the topology by property name of Get-CsService, e.g. `PersistentChatDatabase: sql-p1.contoso.local`. */
  readonly stores: { readonly [property: string]: string };
  /** Pool's guid of the topology, where the shell tells it. */
  readonly poolGuid: Guid | null;
  readonly replication: readonly ReplicaStatus[];
}

/** One row of Get-CsManagementStoreReplicationStatus, for a machine of the pool. */
export interface ReplicaStatus {
  readonly replicaFqdn: string;
  readonly upToDate: boolean;
  readonly lastStatusReport: string | null;
  readonly lastUpdateCreation: string | null;
}

// ---------------------------------------------------------------- instance

/** What one SQL Server instance says. */
export interface InstanceObservation {
  readonly server: ServerObservation;
  readonly services: ServicesObservation;
  /** Rows of sys.databases for mgc and mgccomp; a database that does not exist has no row. */
  readonly databases: readonly DatabaseObservation[];
  /** Rows of sys.master_files for mgc and mgccomp. */
  readonly files: readonly DatabaseFile[];
  readonly volumes: readonly VolumeSpace[];
  /** Of mgc, then of mgccomp: newest first (restore_history_id descending), restore types D, I, L; at most 200 each. */
  readonly restoreHistory: readonly RestoreHistoryRow[];
  /**
   * Backup sets of mgc, then of mgccomp, in this instance's msdb, restored ones included: newest first (backup_set_id
   * descending); at most 200 each.
   */
  readonly backupSets: readonly BackupSetRow[];
  /** Sessions whose database is mgc or mgccomp, ours left out. */
  readonly sessions: readonly SessionRow[];
  readonly logShippingPrimary: readonly LogShippingPrimaryRow[];
  readonly logShippingSecondary: readonly LogShippingSecondaryRow[];
  /** Log shipping's alert job of this instance; null when there is none. */
  readonly alertJob: { readonly jobId: Guid; readonly enabled: boolean } | null;
  /** Jobs that call sqllogship for a registration that this instance does not have: every run of theirs fails (32016). */
  readonly strayShippingJobs: readonly StrayShippingJob[];
  /** Rows of log shipping's monitor about mgc on this instance that belong to no registration: they raise 14420 or 14421. */
  readonly strayMonitorRows: readonly StrayMonitorRow[];
  /** Other enabled Agent jobs whose steps back up the log of mgc (they break the chain). Names. */
  readonly foreignLogBackupJobs: readonly string[];
  /** Null when mgc cannot be read (not ONLINE: 927, 942) or the login is no user of it (916). */
  readonly content: ContentFingerprint | null;
  /** Rows of mgccomp.dbo.tblComplianceData; null when there is no mgccomp or it cannot be read. */
  readonly complianceRows: number | null;
  /** Rows of msdb.dbo.suspect_pages for mgc (event types 1 to 3). */
  readonly suspectPages: number;
  /** Application locks `pchat-dr:…` in master, ours included. */
  readonly locks: readonly LockHolder[];
  /** What RESTORE VERIFYONLY said here of the set that F4 would restore; null (or left out) when nobody asked. */
  readonly verification?: SetVerification | null;
  /** Headers of the log files in `folders`, read when a failover would apply them; null (or left out) when nobody asked. */
  readonly logFiles?: LogFiles | null;
  /** The job that backs up the log of mgc while the backup site serves, and its command; null when there is none. */
  readonly logBackupJob?: LogBackupJobObservation | null;
  readonly logWrites: LogWriteCounter | null;
  readonly logSpace: LogSpace | null;
  /** Rows of mgc's sys.dm_db_persisted_sku_features: what the edition of a target must offer. */
  readonly editionFeatures: readonly string[];
  /** SQL users of mgc, those whose login is not here included; null when mgc cannot be read. Windows accounts need none: the domain knows them. */
  readonly chatUsers: readonly ChatUser[] | null;
  /** Sids of the instance's SQL logins, hexadecimal. */
  readonly loginSids: readonly string[];
  /** Log files `mgc_*.trn` and `.wrk` that the engine sees, by folder; empty when the login may not list. */
  readonly folders: readonly FolderListing[];
}

/** A SQL user of the chat database. */
export interface ChatUser {
  readonly name: string;
  /** Null for a user that no login of the instance has. */
  readonly login: string | null;
  /** Hexadecimal, without 0x: by it, not by the name, a user finds its login on another instance. */
  readonly sid: string;
}

/** Identity, version and our login's rights. */
export interface ServerObservation {
  /** @@SERVERNAME; null after a rename without sp_addserver (32053 in log shipping). */
  readonly serverName: string | null;
  /** `11.0.7001.0`. */
  readonly productVersion: string;
  readonly productLevel: string;
  readonly edition: string;
  /** SERVERPROPERTY('EngineEdition'): 2 Standard, 3 Enterprise and Developer, 4 Express. */
  readonly engineEdition: number;
  readonly collation: string;
  readonly isClustered: boolean;
  readonly login: string;
  readonly isSysadmin: boolean;
  /** Names of fn_my_permissions(NULL, 'SERVER'). */
  readonly permissions: readonly string[];
  readonly startTime: string | null;
  /** SERVERPROPERTY('InstanceDefaultDataPath'), 2012 and later; null before. */
  readonly defaultDataPath: string | null;
  readonly defaultLogPath: string | null;
  /** `Agent XPs` of sys.configurations; null when it could not be read. */
  readonly agentXpsEnabled: boolean | null;
  /** Port of its database mirroring endpoint that is started for partners; null where there is none. */
  readonly mirroringPort: number | null;
}

/** sys.dm_server_services (2008 R2 SP1 and later); null where the instance cannot tell. */
export interface ServicesObservation {
  readonly engine: ServiceObservation | null;
  readonly agent: ServiceObservation | null;
}

export interface ServiceObservation {
  readonly name: string;
  /** `Running`, `Stopped`, … */
  readonly status: string;
  /** `Automatic`, `Manual`, `Disabled`. */
  readonly startup: string;
  readonly account: string;
}

/** One row of 01_observe_forks.sql: sys.databases with its recovery status and mirroring. */
export interface DatabaseObservation {
  readonly name: string;
  /** ONLINE, RESTORING, RECOVERING, RECOVERY_PENDING, SUSPECT, EMERGENCY, OFFLINE. */
  readonly state: string;
  /** MULTI_USER, RESTRICTED_USER, SINGLE_USER. */
  readonly userAccess: string;
  readonly isReadOnly: boolean;
  readonly isInStandby: boolean;
  /** FULL, BULK_LOGGED, SIMPLE. */
  readonly recoveryModel: string;
  readonly createDate: string;
  readonly logReuseWait: string | null;
  /** Null when the owner's SID has no login here. */
  readonly ownerName: string | null;
  readonly isTrustworthy: boolean;
  readonly isBrokerEnabled: boolean;
  readonly isDbChaining: boolean;
  readonly isEncrypted: boolean;
  readonly isAutoUpdateStatisticsAsync: boolean;
  readonly compatibilityLevel: number;
  readonly databaseGuid: Guid | null;
  readonly familyGuid: Guid | null;
  readonly recoveryForkGuid: Guid | null;
  readonly firstRecoveryForkGuid: Guid | null;
  readonly forkPointLsn: Lsn | null;
  readonly lastLogBackupLsn: Lsn | null;
  /** Null when the database is not mirrored, or the login may not see it (ServerObservation.isSysadmin false). */
  readonly mirroring: MirroringObservation | null;
}

/** sys.database_mirroring where mirroring_guid is not NULL. */
export interface MirroringObservation {
  readonly guid: Guid;
  /** PRINCIPAL or MIRROR. */
  readonly role: string;
  /** SYNCHRONIZED, SYNCHRONIZING, SUSPENDED, DISCONNECTED, PENDING_FAILOVER, UNSYNCHRONIZED. */
  readonly state: string;
  /** FULL, OFF, UNKNOWN. */
  readonly safetyLevel: string;
  readonly witnessName: string | null;
  readonly partnerInstance: string | null;
  readonly failoverLsn: Lsn | null;
  readonly endOfLogLsn: Lsn | null;
}

/** sys.master_files. */
export interface DatabaseFile {
  readonly database: string;
  readonly fileId: number;
  /** ROWS or LOG (FILESTREAM, FULLTEXT where present). */
  readonly type: string;
  readonly logicalName: string;
  readonly physicalName: string;
  readonly state: string;
  /** sys.master_files.size in bytes (its 8 KiB pages multiplied). */
  readonly sizeBytes: number;
  readonly redoStartLsn: Lsn | null;
  readonly redoStartForkGuid: Guid | null;
  readonly redoTargetLsn: Lsn | null;
  readonly redoTargetForkGuid: Guid | null;
  readonly differentialBaseLsn: Lsn | null;
  readonly differentialBaseGuid: Guid | null;
  readonly backupLsn: Lsn | null;
}

/** sys.dm_os_volume_stats of the volumes that hold the instance's database files. */
export interface VolumeSpace {
  readonly mountPoint: string;
  readonly availableBytes: number;
  readonly totalBytes: number;
}

/** msdb.dbo.backupset with the file of its first media family. */
export interface BackupSetRow {
  readonly backupSetUuid: Guid;
  /** D full, I differential, L log. */
  readonly type: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly serverName: string | null;
  readonly databaseName: string;
  readonly position: number | null;
  readonly isCopyOnly: boolean;
  /** Tail of the log, taken WITH NORECOVERY. */
  readonly isForceOffline: boolean;
  /** The database was read-only while it was backed up. */
  readonly isReadOnly: boolean;
  readonly hasBackupChecksums: boolean;
  readonly isDamaged: boolean;
  readonly beginsLogChain: boolean;
  readonly firstLsn: Lsn | null;
  readonly lastLsn: Lsn | null;
  readonly checkpointLsn: Lsn | null;
  readonly databaseBackupLsn: Lsn | null;
  readonly firstRecoveryForkGuid: Guid | null;
  readonly lastRecoveryForkGuid: Guid | null;
  readonly forkPointLsn: Lsn | null;
  readonly familyGuid: Guid | null;
  readonly databaseGuid: Guid | null;
  readonly backupSizeBytes: number | null;
  readonly compressedBackupSizeBytes: number | null;
  readonly startDate: string;
  readonly finishDate: string;
  /** Difference of the server's clock to UTC in quarters of an hour; 127, or null, is not known. */
  readonly timeZone?: number | null;
  readonly physicalDeviceName: string | null;
}

/** One set of a file, by RESTORE HEADERONLY. */
export interface LogSet {
  readonly file: string;
  readonly backupSetUuid: Guid;
  /** 2 is a log set. */
  readonly backupType: number;
  readonly databaseName: string;
  readonly serverName: string;
  readonly familyGuid: Guid;
  readonly firstRecoveryForkGuid: Guid;
  readonly recoveryForkGuid: Guid;
  readonly firstLsn: Lsn;
  /** The first record behind the set. */
  readonly lastLsn: Lsn;
  readonly isDamaged: boolean;
  /** Tail of the log, taken WITH NORECOVERY: its database writes no more. */
  readonly isForceOffline: boolean;
  /** End of the backup by the clock of its server, ISO 8601 without a zone. */
  readonly finishDate: string;
}

/** A file that could not be read as a backup, with the instance's own words. */
export interface UnreadableLogFile {
  readonly file: string;
  readonly message: string;
}

/** Every log file that was found beside the copy. */
export interface LogFiles {
  readonly sets: readonly LogSet[];
  readonly unreadable: readonly UnreadableLogFile[];
}

/** msdb.dbo.restorehistory joined to the backupset that was restored (02_history.sql). */
export interface RestoreHistoryRow {
  readonly restoreHistoryId: number;
  readonly restoreDate: string;
  /** Minutes since then by the server's own clock. */
  readonly restoreAgeMinutes: number;
  readonly destinationDatabase: string;
  /** D, I or L. */
  readonly restoreType: string;
  readonly replace: boolean;
  readonly recovery: boolean;
  readonly restoredBy: string | null;
  readonly backupSet: BackupSetRow;
}

/** sys.sysprocesses of mgc and mgccomp (03_sessions_2008r2.sql). */
export interface SessionRow {
  readonly sessionId: number;
  readonly database: string;
  readonly hostName: string;
  readonly programName: string;
  readonly loginName: string;
  readonly loginTime: string;
  readonly lastBatch: string;
  readonly openTransactions: number;
  /** `command` of the session's present request, e.g. `BACKUP DATABASE`. */
  readonly command: string;
}

/** An Agent job as log shipping refers to it; a registration whose job is gone has null instead. */
export interface AgentJob {
  readonly jobId: Guid;
  readonly name: string;
  readonly enabled: boolean;
  /** Runs at this moment (sysjobactivity). */
  readonly running: boolean;
  readonly ownerName: string | null;
  /** proxy_id of the step that calls sqllogship, null without a proxy. */
  readonly proxyId: number | null;
  readonly schedules: readonly JobSchedule[];
  /** Newest sysjobhistory row of step 0: 0 failed, 1 succeeded, 2 retry, 3 cancelled; null when it never ran. */
  readonly lastRunOutcome: number | null;
  /** sysjobs.date_modified. */
  readonly modified: string;
}

/** The Agent job of {@link InstanceObservation.logBackupJob}. */
export interface LogBackupJobObservation {
  readonly job: AgentJob;
  /** Text of its first step, at most 4,000 characters. */
  readonly command: string;
}

/** msdb.dbo.sysschedules attached to a job. */
export interface JobSchedule {
  readonly scheduleId: number;
  readonly name: string;
  readonly enabled: boolean;
  readonly freqType: number;
  readonly freqInterval: number;
  readonly freqSubdayType: number;
  readonly freqSubdayInterval: number;
  readonly freqRecurrenceFactor: number;
  readonly activeStartTime: number;
  readonly activeEndTime: number;
  /** Dates as YYYYMMDD; 99991231 is no end. */
  readonly activeStartDate: number;
  readonly activeEndDate: number;
  /** Today, by the server's own calendar, lies between these dates. */
  readonly inForce: boolean;
  /** How many jobs it is attached to. */
  readonly jobs: number;
  /** sysschedules.date_modified. */
  readonly modified: string;
}

/** An Agent job that ships for nobody. */
export interface StrayShippingJob {
  readonly jobId: Guid;
  readonly name: string;
  readonly enabled: boolean;
}

/** A row of log_shipping_monitor_primary or log_shipping_monitor_secondary without its registration. */
export interface StrayMonitorRow {
  readonly part: "primary" | "secondary";
  /** primary_id or secondary_id. */
  readonly id: Guid;
}

/** msdb.dbo.log_shipping_primary_databases with its secondaries, job and monitor row. Minutes throughout. */
export interface LogShippingPrimaryRow {
  readonly primaryId: Guid;
  readonly primaryDatabase: string;
  readonly backupDirectory: string;
  readonly backupShare: string;
  readonly backupRetentionPeriod: number;
  /** 0 off, 1 on, 2 server default. */
  readonly backupCompression: number;
  readonly backupJobId: Guid | null;
  readonly backupJob: AgentJob | null;
  readonly lastBackupFile: string | null;
  readonly lastBackupDate: string | null;
  /** Minutes between last_backup_date_utc and the server's own GETUTCDATE(); null when never. */
  readonly lastBackupAgeMinutes: number | null;
  readonly secondaries: readonly { readonly secondaryServer: string; readonly secondaryDatabase: string }[];
  readonly monitor: {
    readonly backupThreshold: number;
    readonly thresholdAlert: number;
    readonly thresholdAlertEnabled: boolean;
    readonly historyRetentionPeriod: number;
  } | null;
}

/** msdb.dbo.log_shipping_secondary with its secondary database, jobs and monitor row. Minutes throughout. */
export interface LogShippingSecondaryRow {
  readonly secondaryId: Guid;
  readonly primaryServer: string;
  readonly primaryDatabase: string;
  readonly backupSourceDirectory: string;
  readonly backupDestinationDirectory: string;
  readonly fileRetentionPeriod: number;
  readonly copyJobId: Guid | null;
  readonly restoreJobId: Guid | null;
  readonly copyJob: AgentJob | null;
  readonly restoreJob: AgentJob | null;
  readonly lastCopiedFile: string | null;
  readonly lastCopiedDate: string | null;
  /** Row of log_shipping_secondary_databases; null when only the first half is registered. */
  readonly database: {
    readonly secondaryDatabase: string;
    readonly restoreDelay: number;
    readonly restoreAll: boolean;
    /** 0 NORECOVERY, 1 STANDBY. */
    readonly restoreMode: number;
    readonly disconnectUsers: boolean;
    readonly blockSize: number;
    readonly bufferCount: number;
    readonly maxTransferSize: number | null;
    readonly lastRestoredFile: string | null;
    readonly lastRestoredDate: string | null;
  } | null;
  readonly monitor: {
    readonly restoreThreshold: number;
    readonly thresholdAlert: number;
    readonly thresholdAlertEnabled: boolean;
    readonly historyRetentionPeriod: number;
    readonly lastCopiedFile: string | null;
    readonly lastRestoredFile: string | null;
    /** Minutes by the server's own clock; null when never. */
    readonly lastCopiedAgeMinutes: number | null;
    readonly lastRestoredAgeMinutes: number | null;
    readonly lastRestoredLatencyMinutes: number | null;
  } | null;
}

// ---------------------------------------------------------------- content

/** What mgc holds, for comparison of two copies (sums as decimal digits: bigint overflows in big rooms). */
export interface ContentFingerprint {
  readonly level: 1 | 2;
  readonly channels: readonly ChannelFingerprint[];
  /** Rows per user table from sys.partitions, by `schema.table`; tables that the chat servers refresh are left out. */
  readonly tableRows: { readonly [table: string]: number };
  /** Level 2 only: CHECKSUM_AGG(BINARY_CHECKSUM(…)) by `schema.table`. */
  readonly tableChecksums: { readonly [table: string]: string } | null;
  /** tblSystemRevision.sysRevision. */
  readonly systemRevision: string | null;
  /** tblConfig.configPoolID, when all rows agree; null when absent. */
  readonly configPoolId: Guid | null;
  /** Rows of tblLastChatId with a last id above 0. */
  readonly lastChatIds: number;
  /** Rows of tblNode. */
  readonly nodes: number;
  readonly pings: readonly ServerPing[];
}

/** tblChat of one channel. `count`, `minChatId`, `maxChatId`, `sumChatId` and `sumBytes` are decimal digits. */
export interface ChannelFingerprint {
  readonly channelId: number;
  readonly count: string;
  readonly minChatId: string;
  readonly maxChatId: string;
  readonly sumChatId: string;
  /** Sum of DATALENGTH(content). */
  readonly sumBytes: string;
  /** Level 2 only: CHECKSUM_AGG over the channel's rows. */
  readonly checksum: string | null;
}

/** One row of tblServerIdentity: a chat server that wrote to this copy. */
export interface ServerPing {
  readonly serverAddress: string;
  /** serverLastPingTime; the same server's text is compared with itself only. */
  readonly lastPingTime: string;
  /** True when the time moved between the two reads of one observation. */
  readonly moved: boolean;
}

// ---------------------------------------------------------------- lock, log, folders

/** A session that holds an application lock of this product in master (09_applock.sql). */
export interface LockHolder {
  readonly resource: string;
  readonly sessionId: number;
  readonly hostName: string;
  readonly programName: string;
  readonly loginName: string;
  readonly loginTime: string;
  readonly lastRequestEndTime: string | null;
  readonly hostProcessId: number | null;
  /** CONTEXT_INFO as text: stack and run. */
  readonly context: string;
  /** True when the session is this process's own. */
  readonly ours: boolean;
}

/** RESTORE VERIFYONLY … WITH CHECKSUM of one set's file, as this instance's engine reads it. */
export interface SetVerification {
  readonly backupSetUuid: Guid;
  readonly file: string;
  readonly valid: boolean;
  /** The server's error when it is not valid, otherwise null. */
  readonly message: string | null;
}

/** Bytes written to mgc's log file since the instance started (12_logio.sql); decimal digits. */
export interface LogWriteCounter {
  readonly bytesWritten: string;
  readonly serverStartTime: string;
}

export interface LogSpace {
  readonly totalBytes: number;
  readonly usedBytes: number;
}

/** Names of files in one folder, as the engine's account sees it. File names are hostile input. */
export interface FolderListing {
  readonly path: string;
  readonly files: readonly string[];
}
