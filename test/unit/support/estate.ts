/** Observations of the estate played in tests: a pool failed over to a mirrored backup, and the same pool in steady state. */
import assert from "node:assert/strict";
import { parseConfiguration, type Configuration } from "../../../estate/configuration";
import { type Desired, desiredOf } from "../../../estate/desired";
import type {
  AgentJob,
  BackupSetRow,
  ContentFingerprint,
  DatabaseFile,
  DatabaseObservation,
  InstanceObservation,
  InstanceRole,
  LogShippingPrimaryRow,
  LogShippingSecondaryRow,
  Observation,
  RestoreHistoryRow,
  SessionRow,
  ShellObservation,
} from "../../../estate/observation-types";

/** A GUID whose digits are all the one given: easy to tell apart in a failure's text. */
export const guid = (digit: string): string =>
  `${digit.repeat(8)}-${digit.repeat(4)}-${digit.repeat(4)}-${digit.repeat(4)}-${digit.repeat(12)}`;

export const families = { pool: guid("A"), rebuilt: guid("B") };
export const forks = { backup: guid("1"), primary: guid("2"), rebuilt: guid("3"), older: guid("4") };

/** The raw configuration of one pool, as a stack's file would hold it. A fresh copy at each call. */
export function rawConfiguration() {
  const instance = (server: string, port: number) => ({
    server,
    host: `${server.toLowerCase()}.dci.discovery.com`,
    port,
  });
  return {
    pools: [
      {
        name: "pool1",
        fqdn: "lyncpc.dci.discovery.com",
        primary: {
          dataCentre: "DC1",
          principal: instance("SQL-P1", 14331),
          mirror: instance("SQL-P2", 14332),
          activeServers: ["chat-p1.dci.discovery.com", "chat-p2.dci.discovery.com"] as unknown[],
        },
        backup: {
          dataCentre: "DC2",
          principal: instance("SQL-B1", 14333),
          mirror: instance("SQL-B2", 14334),
          activeServers: ["chat-b1.dci.discovery.com", "chat-b2.dci.discovery.com"] as unknown[],
        },
        logShipping: { share: String.raw`\\files.dci.discovery.com\lslogs`, copyFolder: String.raw`D:\LSCopy` },
      },
    ] as Record<string, unknown>[],
    active: "primary",
    sql: { user: "pchatdr" } as Record<string, unknown>,
  };
}

/** The parsed configuration after a change to the raw one. */
export function configuration(
  change: (raw: ReturnType<typeof rawConfiguration>) => void = () => undefined,
): Configuration {
  const raw = rawConfiguration();
  change(raw);
  const parsed = parseConfiguration(raw);
  assert.ok(parsed.ok, parsed.ok ? "" : JSON.stringify(parsed.problems));
  return parsed.value;
}

/** What the stack `primary` wants of pool1; `pool` members are merged over the usual ones. */
export function desired(pool: Record<string, unknown> = {}, top: Record<string, unknown> = {}): Desired {
  const value = configuration((raw) => {
    Object.assign(raw.pools[0] ?? {}, pool);
    Object.assign(raw, top);
  });
  return desiredOf(value, "pool1");
}

/** One database row. ONLINE, read-write, not mirrored unless changed. */
export function database(name: string, change: Partial<DatabaseObservation> = {}): DatabaseObservation {
  return {
    name,
    state: "ONLINE",
    userAccess: "MULTI_USER",
    isReadOnly: false,
    isInStandby: false,
    recoveryModel: "FULL",
    createDate: "2013-01-01T00:00:00",
    logReuseWait: "NOTHING",
    ownerName: "sa",
    isTrustworthy: false,
    isBrokerEnabled: false,
    isDbChaining: false,
    isEncrypted: false,
    isAutoUpdateStatisticsAsync: false,
    compatibilityLevel: 110,
    databaseGuid: guid("D"),
    familyGuid: families.pool,
    recoveryForkGuid: forks.backup,
    firstRecoveryForkGuid: forks.backup,
    forkPointLsn: null,
    lastLogBackupLsn: "1000",
    mirroring: null,
    ...change,
  };
}

/** A mirroring session as the principal sees it. */
export function mirrored(partner: string, role = "PRINCIPAL"): NonNullable<DatabaseObservation["mirroring"]> {
  return {
    guid: guid("E"),
    role,
    state: "SYNCHRONIZED",
    safetyLevel: "FULL",
    witnessName: null,
    partnerInstance: partner,
    failoverLsn: null,
    endOfLogLsn: null,
  };
}

/** Data and log file of mgc; `redo` for a RESTORING copy. */
export function files(redo?: { readonly fork: string; readonly lsn: string } | "incomplete"): readonly DatabaseFile[] {
  const at = redo === "incomplete" ? undefined : redo;
  const one = (fileId: number, type: string, logicalName: string, physicalName: string): DatabaseFile => ({
    database: "mgc",
    fileId,
    type,
    logicalName,
    physicalName,
    state: redo === undefined ? "ONLINE" : "RESTORING",
    sizeBytes: 64 * 1024 * 1024,
    redoStartLsn: at?.lsn ?? null,
    redoStartForkGuid: at?.fork ?? null,
    redoTargetLsn: null,
    redoTargetForkGuid: null,
    differentialBaseLsn: null,
    differentialBaseGuid: null,
    backupLsn: null,
  });
  return [
    one(1, "ROWS", "mgc", String.raw`D:\SQLData\mgc.mdf`),
    one(2, "LOG", "mgc_log", String.raw`E:\SQLLog\mgc_log.ldf`),
  ];
}

/** A full set of mgc taken read-only on SQL-B1 unless changed. */
export function backupSet(change: Partial<BackupSetRow> = {}): BackupSetRow {
  return {
    backupSetUuid: guid("5"),
    type: "D",
    name: "mgc-Full Database Backup",
    description: "pchat-dr 7f3a F3",
    serverName: "SQL-B1",
    databaseName: "mgc",
    position: 1,
    isCopyOnly: false,
    isForceOffline: false,
    isReadOnly: true,
    hasBackupChecksums: true,
    isDamaged: false,
    beginsLogChain: false,
    firstLsn: "1900",
    lastLsn: "2000",
    checkpointLsn: "1900",
    databaseBackupLsn: "0",
    firstRecoveryForkGuid: forks.backup,
    lastRecoveryForkGuid: forks.backup,
    forkPointLsn: null,
    familyGuid: families.pool,
    databaseGuid: guid("D"),
    backupSizeBytes: 64 * 1024 * 1024,
    compressedBackupSizeBytes: null,
    startDate: "2013-05-01T02:00:00",
    finishDate: "2013-05-01T02:00:10",
    physicalDeviceName: String.raw`\\files.dci.discovery.com\lslogs\failback\mgc_full_7f3a.bak`,
    ...change,
  };
}

/** A row of restorehistory for a set; the greater the id the newer. */
export function restore(set: BackupSetRow, restoreHistoryId = 10): RestoreHistoryRow {
  return {
    restoreHistoryId,
    restoreDate: "2013-05-01T02:05:00",
    restoreAgeMinutes: 10_000,
    destinationDatabase: "mgc",
    restoreType: set.type,
    replace: true,
    recovery: true,
    restoredBy: "pchatdr",
    backupSet: set,
  };
}

/** Content with so many messages in each of two rooms; 0 gives what Topology Builder leaves. */
export function content(messages: number, change: Partial<ContentFingerprint> = {}): ContentFingerprint {
  const channel = (channelId: number) => ({
    channelId,
    count: String(messages),
    minChatId: "1",
    maxChatId: String(messages),
    sumChatId: String((messages * (messages + 1)) / 2),
    sumBytes: String(messages * 100),
    checksum: null,
  });
  return {
    level: 1,
    channels: messages === 0 ? [] : [channel(1), channel(2)],
    tableRows: messages === 0 ? { "dbo.tblNode": 1 } : { "dbo.tblNode": 3, "dbo.tblChat": 2 * messages },
    tableChecksums: null,
    systemRevision: String(messages),
    configPoolId: guid("F"),
    lastChatIds: messages === 0 ? 0 : 2,
    nodes: messages === 0 ? 1 : 3,
    pings: [],
    ...change,
  };
}

/** One instance: answering, sysadmin, Agent running, no database unless changed. */
export function instance(serverName: string, change: Partial<InstanceObservation> = {}): InstanceObservation {
  const account = serverName.toLowerCase().replace("sql-", "");
  const service = (name: string, user: string) => ({ name, status: "Running", startup: "Automatic", account: user });
  return {
    server: {
      serverName,
      productVersion: "11.0.7001.0",
      productLevel: "SP4",
      edition: "Developer Edition (64-bit)",
      engineEdition: 3,
      collation: "SQL_Latin1_General_CP1_CI_AS",
      isClustered: false,
      login: "pchatdr",
      isSysadmin: true,
      permissions: ["CONTROL SERVER"],
      startTime: "2013-04-01T00:00:00",
      defaultDataPath: String.raw`D:\SQLData`,
      defaultLogPath: String.raw`E:\SQLLog`,
      agentXpsEnabled: true,
      mirroringPort: 5022,
    },
    services: {
      engine: service("SQL Server (MSSQLSERVER)", String.raw`DCI\svc-sql-${account}`),
      agent: service("SQL Server Agent (MSSQLSERVER)", String.raw`DCI\svc-agent-${account}`),
    },
    databases: [],
    files: files(),
    volumes: [{ mountPoint: "D:\\", availableBytes: 1e11, totalBytes: 2e11 }],
    restoreHistory: [],
    backupSets: [],
    sessions: [],
    logShippingPrimary: [],
    logShippingSecondary: [],
    alertJob: { jobId: guid("0"), enabled: true },
    strayShippingJobs: [],
    strayMonitorRows: [],
    foreignLogBackupJobs: [],
    content: null,
    complianceRows: 0,
    suspectPages: 0,
    locks: [],
    verification: null,
    logWrites: { bytesWritten: "5000", serverStartTime: "2013-04-01T00:00:00" },
    logSpace: { totalBytes: 1e8, usedBytes: 1e6 },
    editionFeatures: [],
    chatUsers: [],
    loginSids: [],
    folders: [],
    ...change,
  };
}

/** The shell's part: pool failed over, backup's servers active unless changed. */
export function shell(change: Partial<ShellObservation> = {}): ShellObservation {
  const numbers = [1, 2, 3, 4];
  return {
    stateIdentity: "PersistentChatServer:lyncpc.dci.discovery.com",
    poolState: "FailedOver",
    serviceIdentity: "PersistentChatServer:lyncpc.dci.discovery.com",
    activeServers: ["chat-b1.dci.discovery.com", "chat-b2.dci.discovery.com"],
    inactiveServers: [],
    machines: ["b", "p"].flatMap((site) => numbers.map((number) => `chat-${site}${number}.dci.discovery.com`)),
    stores: {},
    poolGuid: guid("F"),
    replication: [],
    ...change,
  };
}

/** An instance that answers and cannot be read, with the code of the failure. */
export interface Unread {
  readonly unread: string;
}

/** The parts of an observation; an instance that is null does not answer. */
export interface Parts {
  readonly shell?: ShellObservation | null;
  readonly primary?: InstanceObservation | Unread | null;
  readonly backup?: InstanceObservation | Unread | null;
  readonly primaryMirror?: InstanceObservation | Unread | null;
  readonly backupMirror?: InstanceObservation | Unread | null;
}

/** An observation of its parts; those left out are the failed-over estate's. */
export function observation(parts: Parts = {}): Observation {
  const failed = (code: string, message: string, address: string, hint: string) =>
    ({ reachable: false, begun: 0, ended: 1, failure: { code, message, address, hint } }) as const;
  const section = <Value extends object>(value: Value | Unread | null, address: string) => {
    if (value === null) return failed("UNREACHABLE", "no answer within 15 s", address, "Start the instance.");
    if ("unread" in value) return failed(value.unread, "the reading failed", address, "Mend the reading.");
    return { reachable: true, begun: 0, ended: 1, value } as const;
  };
  const instances: Partial<Record<InstanceRole, InstanceObservation | Unread | null>> = {
    primary: parts.primary === undefined ? rebuiltPrimary() : parts.primary,
    primaryMirror: parts.primaryMirror === undefined ? instance("SQL-P2") : parts.primaryMirror,
    backup: parts.backup === undefined ? failedOverBackup() : parts.backup,
    backupMirror: parts.backupMirror === undefined ? backupMirror() : parts.backupMirror,
  };
  return {
    pool: "pool1",
    shell: section(parts.shell === undefined ? shell() : parts.shell, "powershell.exe"),
    instances: Object.fromEntries(
      Object.entries(instances).map(([role, value]) => [role, section(value ?? null, `127.0.0.1 (${role})`)]),
    ),
  };
}

/** The primary as Topology Builder rebuilt it: empty databases of another family. */
export function rebuiltPrimary(change: Partial<InstanceObservation> = {}, chat: Partial<DatabaseObservation> = {}) {
  const rebuilt = {
    familyGuid: families.rebuilt,
    recoveryForkGuid: forks.rebuilt,
    firstRecoveryForkGuid: forks.rebuilt,
  };
  return instance("SQL-P1", {
    databases: [database("mgc", { ...rebuilt, ...chat }), database("mgccomp", rebuilt)],
    content: content(0),
    ...change,
  });
}

/** The backup that the pool runs on: mirrored, written to. */
export function failedOverBackup(change: Partial<InstanceObservation> = {}, chat: Partial<DatabaseObservation> = {}) {
  return instance("SQL-B1", {
    databases: [
      database("mgc", { mirroring: mirrored("SQL-B2"), ...chat }),
      database("mgccomp", { mirroring: mirrored("SQL-B2") }),
    ],
    content: content(100),
    ...change,
  });
}

/** The backup after F1, F2 and the fence. */
export function fencedBackup(change: Partial<InstanceObservation> = {}, chat: Partial<DatabaseObservation> = {}) {
  return failedOverBackup(
    { databases: [database("mgc", { isReadOnly: true, ...chat }), database("mgccomp")], ...change },
    chat,
  );
}

/** The primary after F4: restored from `set`, equal, open. */
export function restoredPrimary(
  set: BackupSetRow,
  change: Partial<InstanceObservation> = {},
  chat: Partial<DatabaseObservation> = {},
) {
  const fork = {
    recoveryForkGuid: forks.primary,
    firstRecoveryForkGuid: set.lastRecoveryForkGuid,
    forkPointLsn: set.lastLsn,
  };
  return instance("SQL-P1", {
    databases: [database("mgc", { ...fork, ...chat }), database("mgccomp")],
    content: content(100),
    restoreHistory: [restore(set)],
    ...change,
  });
}

/** The backup's mirror with its RESTORING copy. */
export function backupMirror() {
  return instance("SQL-B2", {
    databases: [database("mgc", { state: "RESTORING", familyGuid: null }), database("mgccomp", { state: "RESTORING" })],
    files: files({ fork: forks.backup, lsn: "1500" }),
  });
}

/** One of the three log shipping jobs, every 15 minutes. */
export function job(name: string, change: Partial<AgentJob> = {}): AgentJob {
  return {
    jobId: guid("7").replace("7", String(name.length % 10)),
    name,
    enabled: true,
    running: false,
    ownerName: "sa",
    proxyId: null,
    schedules: [
      {
        scheduleId: name.length,
        name: "DefaultSchedule",
        enabled: true,
        freqType: 4,
        freqInterval: 1,
        freqSubdayType: 4,
        freqSubdayInterval: 15,
        freqRecurrenceFactor: 0,
        activeStartTime: 0,
        activeEndTime: 235900,
        activeStartDate: 20130101,
        activeEndDate: 99991231,
        inForce: true,
        jobs: 1,
        modified: "2013-01-01T00:00:00",
      },
    ],
    lastRunOutcome: 1,
    modified: "2013-01-01T00:00:00",
    ...change,
  };
}

/** The primary's registration as wanted. */
export function primaryRow(change: Partial<LogShippingPrimaryRow> = {}): LogShippingPrimaryRow {
  return {
    primaryId: guid("8"),
    primaryDatabase: "mgc",
    backupDirectory: String.raw`\\files.dci.discovery.com\lslogs`,
    backupShare: String.raw`\\files.dci.discovery.com\lslogs`,
    backupRetentionPeriod: 4320,
    backupCompression: 2,
    backupJobId: guid("7"),
    backupJob: job("LSBackup_mgc"),
    lastBackupFile: "mgc_20130501021500.trn",
    lastBackupDate: "2013-05-01T02:15:00",
    lastBackupAgeMinutes: 3,
    secondaries: [{ secondaryServer: "SQL-B1", secondaryDatabase: "mgc" }],
    monitor: { backupThreshold: 60, thresholdAlert: 14420, thresholdAlertEnabled: true, historyRetentionPeriod: 5760 },
    ...change,
  };
}

/** The secondary's registration as wanted. */
export function secondaryRow(change: Partial<LogShippingSecondaryRow> = {}): LogShippingSecondaryRow {
  return {
    secondaryId: guid("9"),
    primaryServer: "SQL-P1",
    primaryDatabase: "mgc",
    backupSourceDirectory: String.raw`\\files.dci.discovery.com\lslogs`,
    backupDestinationDirectory: String.raw`D:\LSCopy`,
    fileRetentionPeriod: 4320,
    copyJobId: guid("7"),
    restoreJobId: guid("7"),
    copyJob: job("LSCopy_SQL-P1_mgc"),
    restoreJob: job("LSRestore_SQL-P1_mgc"),
    lastCopiedFile: "mgc_20130501021500.trn",
    lastCopiedDate: "2013-05-01T02:16:00",
    database: {
      secondaryDatabase: "mgc",
      restoreDelay: 0,
      restoreAll: true,
      restoreMode: 0,
      disconnectUsers: false,
      blockSize: -1,
      bufferCount: -1,
      maxTransferSize: null,
      lastRestoredFile: "mgc_20130501021500.trn",
      lastRestoredDate: "2013-05-01T02:17:00",
    },
    monitor: {
      restoreThreshold: 45,
      thresholdAlert: 14421,
      thresholdAlertEnabled: true,
      historyRetentionPeriod: 5760,
      lastCopiedFile: "mgc_20130501021500.trn",
      lastRestoredFile: "mgc_20130501021500.trn",
      lastCopiedAgeMinutes: 2,
      lastRestoredAgeMinutes: 1,
      lastRestoredLatencyMinutes: 1,
    },
    ...change,
  };
}

/** A session of a chat server in mgc. */
export function chatSession(hostName: string): SessionRow {
  return {
    sessionId: 70,
    database: "mgc",
    hostName,
    programName: "Lync Persistent Chat",
    loginName: "pchatsvc",
    loginTime: "2013-05-01T02:00:00",
    lastBatch: "2013-05-01T02:20:00",
    openTransactions: 0,
    command: "AWAITING COMMAND",
  };
}

/** The primary in steady state: in use, mirrored and shipping. */
export function steadyPrimary(change: Partial<InstanceObservation> = {}, chat: Partial<DatabaseObservation> = {}) {
  const fork = { recoveryForkGuid: forks.primary, firstRecoveryForkGuid: forks.primary, lastLogBackupLsn: "3000" };
  const mirroring = mirrored("SQL-P2");
  return instance("SQL-P1", {
    databases: [database("mgc", { ...fork, mirroring, ...chat }), database("mgccomp", { mirroring })],
    content: content(120),
    logShippingPrimary: [primaryRow()],
    sessions: [chatSession("chat-p1.dci.discovery.com")],
    ...change,
  });
}

/** The backup in steady state: RESTORING, up to the last log. */
export function steadyBackup(change: Partial<InstanceObservation> = {}, chat: Partial<DatabaseObservation> = {}) {
  return instance("SQL-B1", {
    databases: [
      database("mgc", {
        state: "RESTORING",
        recoveryForkGuid: null,
        firstRecoveryForkGuid: null,
        lastLogBackupLsn: null,
        ...chat,
      }),
      database("mgccomp"),
    ],
    files: files({ fork: forks.primary, lsn: "3000" }),
    restoreHistory: [restore(backupSet({ serverName: "SQL-P1", backupSetUuid: guid("6"), isReadOnly: false }))],
    logShippingSecondary: [secondaryRow()],
    ...change,
  });
}

/** The pool on the primary, as wanted. */
export const steadyShell = (change: Partial<ShellObservation> = {}): ShellObservation =>
  shell({
    poolState: "Normal",
    activeServers: ["chat-p1.dci.discovery.com", "chat-p2.dci.discovery.com"],
    ...change,
  });

/** Steady state of the whole estate. */
export function steady(parts: Parts = {}): Observation {
  return observation({ shell: steadyShell(), primary: steadyPrimary(), backup: steadyBackup(), ...parts });
}
