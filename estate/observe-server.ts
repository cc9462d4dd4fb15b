/** Readings of one instance that need no right in a user database: identity, rights, databases, files, sessions, volumes, locks. */
import { hostname } from "node:os";
import { z } from "zod";
import type {
  DatabaseFile,
  DatabaseObservation,
  InstanceObservation,
  LockHolder,
  LogSpace,
  LogWriteCounter,
  ServerObservation,
  ServiceObservation,
  SessionRow,
  VolumeSpace,
} from "./observation-types";
import { PROGRAM } from "./sql/client-name";
import type { SqlServer } from "./sql/connection";
import { quoteString } from "./sql/quote";
import {
  flagColumn as flag,
  guidColumn as guid,
  lsnColumn as lsn,
  momentColumn as moment,
  textColumn as text,
  wholeColumn as whole,
  digitsColumn as digits,
} from "./sql/rows";

/** Identity, version, rights, databases and files: one batch, four result sets that every login may ask for. */
export interface ServerReading {
  readonly server: Omit<ServerObservation, "startTime">;
  readonly databases: readonly DatabaseObservation[];
  readonly files: readonly DatabaseFile[];
}

const property = (name: string, type = "nvarchar(400)"): string => `CONVERT(${type}, SERVERPROPERTY('${name}'))`;
const moments = (expression: string): string => `CONVERT(varchar(23), ${expression}, 126)`;
const lsns = (expression: string): string => `CONVERT(varchar(25), ${expression})`;

const SERVER_SQL = `SELECT @@SERVERNAME AS serverName, ${property("ProductVersion")} AS productVersion,
  ${property("ProductLevel")} AS productLevel, ${property("Edition")} AS edition, ${property("EngineEdition", "int")} AS engineEdition,
  ${property("Collation")} AS collation, ${property("IsClustered", "int")} AS isClustered,
  ${property("InstanceDefaultDataPath")} AS defaultDataPath, ${property("InstanceDefaultLogPath")} AS defaultLogPath,
  SUSER_SNAME() AS login, IS_SRVROLEMEMBER('sysadmin') AS isSysadmin,
  (SELECT CONVERT(int, c.value_in_use) FROM sys.configurations AS c WHERE c.name = N'Agent XPs') AS agentXpsEnabled,
  (SELECT MIN(t.port) FROM sys.tcp_endpoints AS t JOIN sys.database_mirroring_endpoints AS e ON e.endpoint_id = t.endpoint_id
    WHERE e.state_desc = N'STARTED' AND e.role_desc IN (N'PARTNER', N'ALL')) AS mirroringPort;`;
const serverRow = z.object({
  serverName: text.nullable(),
  productVersion: z.string().regex(/^\d+(\.\d+){1,3}$/),
  productLevel: text,
  edition: text,
  engineEdition: whole,
  collation: text,
  isClustered: flag,
  defaultDataPath: text.nullable(),
  defaultLogPath: text.nullable(),
  login: text,
  isSysadmin: flag.nullable(),
  agentXpsEnabled: flag.nullable(),
  mirroringPort: whole.nullable(),
});

const PERMISSIONS_SQL = "SELECT p.permission_name AS permission FROM fn_my_permissions(NULL, 'SERVER') AS p;";
const permissionRow = z.object({ permission: text });

const databasesSql = (names: string): string => `SELECT d.name, d.state_desc AS state, d.user_access_desc AS userAccess,
  d.is_read_only AS isReadOnly, d.is_in_standby AS isInStandby, d.recovery_model_desc AS recoveryModel,
  ${moments("d.create_date")} AS createDate, d.log_reuse_wait_desc AS logReuseWait, SUSER_SNAME(d.owner_sid) AS ownerName,
  d.is_trustworthy_on AS isTrustworthy, d.is_broker_enabled AS isBrokerEnabled, d.is_db_chaining_on AS isDbChaining,
  d.is_encrypted AS isEncrypted, d.is_auto_update_stats_async_on AS isAutoUpdateStatisticsAsync,
  d.compatibility_level AS compatibilityLevel, r.database_guid AS databaseGuid, r.family_guid AS familyGuid,
  r.recovery_fork_guid AS recoveryForkGuid, r.first_recovery_fork_guid AS firstRecoveryForkGuid,
  ${lsns("r.fork_point_lsn")} AS forkPointLsn, ${lsns("r.last_log_backup_lsn")} AS lastLogBackupLsn,
  m.mirroring_guid AS mirroringGuid, m.mirroring_role_desc AS mirroringRole, m.mirroring_state_desc AS mirroringState,
  m.mirroring_safety_level_desc AS mirroringSafetyLevel, m.mirroring_witness_name AS mirroringWitness,
  m.mirroring_partner_instance AS mirroringPartner, ${lsns("m.mirroring_failover_lsn")} AS mirroringFailoverLsn,
  ${lsns("m.mirroring_end_of_log_lsn")} AS mirroringEndOfLogLsn
FROM sys.databases AS d
LEFT JOIN sys.database_recovery_status AS r ON r.database_id = d.database_id
LEFT JOIN sys.database_mirroring AS m ON m.database_id = d.database_id
WHERE d.name IN (${names});`;
const databaseRow = z
  .object({
    name: text,
    state: text,
    userAccess: text,
    isReadOnly: flag,
    isInStandby: flag,
    recoveryModel: text,
    createDate: moment,
    logReuseWait: text.nullable(),
    ownerName: text.nullable(),
    isTrustworthy: flag,
    isBrokerEnabled: flag,
    isDbChaining: flag,
    isEncrypted: flag,
    isAutoUpdateStatisticsAsync: flag.nullable().transform((on) => on === true),
    compatibilityLevel: whole,
    databaseGuid: guid.nullable(),
    familyGuid: guid.nullable(),
    recoveryForkGuid: guid.nullable(),
    firstRecoveryForkGuid: guid.nullable(),
    forkPointLsn: lsn.nullable(),
    lastLogBackupLsn: lsn.nullable(),
    mirroringGuid: guid.nullable(),
    mirroringRole: text.nullable(),
    mirroringState: text.nullable(),
    mirroringSafetyLevel: text.nullable(),
    mirroringWitness: text.nullable(),
    mirroringPartner: text.nullable(),
    mirroringFailoverLsn: lsn.nullable(),
    mirroringEndOfLogLsn: lsn.nullable(),
  })
  .transform((row): DatabaseObservation => {
    const {
      mirroringGuid,
      mirroringRole,
      mirroringState,
      mirroringSafetyLevel,
      mirroringWitness,
      mirroringPartner,
      mirroringFailoverLsn,
      mirroringEndOfLogLsn,
      ...database
    } = row;
    if (mirroringGuid === null) return { ...database, mirroring: null };
    const mirroring = {
      guid: mirroringGuid,
      role: mirroringRole ?? "",
      state: mirroringState ?? "",
      safetyLevel: mirroringSafetyLevel ?? "UNKNOWN",
      // sys.database_mirroring has an empty string, not NULL, where there is no witness.
      witnessName: mirroringWitness === "" ? null : mirroringWitness,
      partnerInstance: mirroringPartner,
      failoverLsn: mirroringFailoverLsn,
      endOfLogLsn: mirroringEndOfLogLsn,
    };
    return { ...database, mirroring };
  });

const filesSql = (
  names: string,
): string => `SELECT DB_NAME(f.database_id) AS [database], f.file_id AS fileId, f.type_desc AS [type],
  f.name AS logicalName, f.physical_name AS physicalName, f.state_desc AS state, CONVERT(bigint, f.size) * 8192 AS sizeBytes,
  ${lsns("f.redo_start_lsn")} AS redoStartLsn, f.redo_start_fork_guid AS redoStartForkGuid,
  ${lsns("f.redo_target_lsn")} AS redoTargetLsn, f.redo_target_fork_guid AS redoTargetForkGuid,
  ${lsns("f.differential_base_lsn")} AS differentialBaseLsn, f.differential_base_guid AS differentialBaseGuid,
  ${lsns("f.backup_lsn")} AS backupLsn
FROM sys.master_files AS f WHERE DB_NAME(f.database_id) IN (${names}) ORDER BY f.database_id, f.file_id;`;
const fileRow = z.object({
  database: text,
  fileId: whole,
  type: text,
  logicalName: text,
  physicalName: text,
  state: text,
  sizeBytes: whole,
  redoStartLsn: lsn.nullable(),
  redoStartForkGuid: guid.nullable(),
  redoTargetLsn: lsn.nullable(),
  redoTargetForkGuid: guid.nullable(),
  differentialBaseLsn: lsn.nullable(),
  differentialBaseGuid: guid.nullable(),
  backupLsn: lsn.nullable(),
});

// sys.dm_exec_sessions.database_id is 2012 and later; sysprocesses.dbid is the same on every version. A session whose
// context is elsewhere, but which works in the database by a three-part name, shows by its DATABASE lock.
const sessionsSql = (names: string): string => `SELECT p.spid AS sessionId, DB_NAME(p.dbid) AS [database],
  RTRIM(p.hostname) AS hostName, RTRIM(p.program_name) AS programName, RTRIM(p.loginame) AS loginName,
  ${moments("p.login_time")} AS loginTime, ${moments("p.last_batch")} AS lastBatch, p.open_tran AS openTransactions,
  RTRIM(p.cmd) AS command, RTRIM(p.hostprocess) AS hostProcess
FROM sys.sysprocesses AS p WHERE p.ecid = 0 AND p.spid > 50 AND p.spid <> @@SPID;
SELECT DISTINCT l.request_session_id AS sessionId, DB_NAME(l.resource_database_id) AS [database]
FROM sys.dm_tran_locks AS l WHERE l.resource_type = N'DATABASE' AND l.request_session_id <> @@SPID
  AND DB_NAME(l.resource_database_id) IN (${names});`;
const sessionRow = z.object({
  sessionId: whole,
  database: text.nullable(),
  hostName: text,
  programName: text,
  loginName: text,
  loginTime: moment,
  lastBatch: moment,
  openTransactions: whole,
  command: text,
  hostProcess: text,
});
const databaseLockRow = z.object({ sessionId: whole, database: text });

/** Reads what the first round of an observation needs. `names` are the databases looked at. Throws DrError. */
export async function readServer(server: SqlServer, names: readonly string[]): Promise<ServerReading> {
  const list = names.map(quoteString).join(", ");
  const first = [SERVER_SQL, PERMISSIONS_SQL, databasesSql(list), filesSql(list)].join("\n");
  const [identities, permissions, databases, files] = await server.read(
    first,
    [serverRow, permissionRow, databaseRow, fileRow],
    { doing: "reading the instance" },
  );
  const identity = identities[0];
  if (identity === undefined) throw new Error("SELECT @@SERVERNAME returned no row");
  return {
    server: {
      ...identity,
      isSysadmin: identity.isSysadmin === true,
      permissions: permissions.map((row) => row.permission),
    },
    databases,
    files,
  };
}

/** Sessions in the databases, by context or by lock, this process's own left out. Needs VIEW SERVER STATE. Throws DrError. */
export async function readSessions(server: SqlServer, names: readonly string[]): Promise<SessionRow[]> {
  const [sessions, locks] = await server.read(
    sessionsSql(names.map(quoteString).join(", ")),
    [sessionRow, databaseLockRow],
    { doing: "reading sessions" },
  );
  const wanted = new Map(names.map((name) => [name.toLowerCase(), name]));
  const locked = new Map(locks.map((lock) => [lock.sessionId, lock.database]));
  return sessions.flatMap(({ hostProcess, ...session }) => {
    const database = wanted.get((session.database ?? "").toLowerCase()) ?? locked.get(session.sessionId);
    if (database === undefined || isOurs(server, session.hostName, hostProcess, session.programName)) return [];
    return [{ ...session, database }];
  });
}

function isOurs(server: SqlServer, host: string, clientProcess: string, program: string): boolean {
  return program === server.applicationName && Number(clientProcess) === process.pid && host === hostname();
}

const startRow = z.object({ startTime: moment });
const lockRow = z.object({
  resource: text,
  sessionId: whole,
  hostName: text.nullable(),
  programName: text.nullable(),
  loginName: text,
  loginTime: moment,
  lastRequestEndTime: moment.nullable(),
  hostProcessId: whole.nullable(),
  context: z.instanceof(Buffer).nullable(),
});
const writesRow = z.object({ bytesWritten: digits, serverStartTime: moment });
const counterRow = z.object({ counter: text, kilobytes: whole });

/** The application locks of this product in master. */
export const LOCK_HOLDERS_SQL = `SELECT l.resource_description AS resource, s.session_id AS sessionId, s.host_name AS hostName,
  s.program_name AS programName, s.login_name AS loginName, ${moments("s.login_time")} AS loginTime,
  ${moments("s.last_request_end_time")} AS lastRequestEndTime, s.host_process_id AS hostProcessId, s.context_info AS context
FROM sys.dm_tran_locks AS l JOIN sys.dm_exec_sessions AS s ON s.session_id = l.request_session_id
WHERE l.resource_type = N'APPLICATION' AND l.resource_database_id = DB_ID(N'master') AND l.request_status = N'GRANT';`;

/** Rows of {@link LOCK_HOLDERS_SQL} as holders; locks of other products are left out. */
export function lockHolders(rows: readonly z.output<typeof lockRow>[], server: SqlServer): LockHolder[] {
  return rows.flatMap((row) => {
    // resource_description is `<database principal>:[<first 32 characters>]:(<hash>)`.
    const resource = /\[(.*)\]/.exec(row.resource)?.[1] ?? row.resource;
    if (!resource.startsWith(`${PROGRAM}:`)) return [];
    const host = row.hostName ?? "";
    const program = row.programName ?? "";
    return [
      {
        ...row,
        resource,
        hostName: host,
        programName: program,
        context: (row.context ?? Buffer.alloc(0)).toString("utf16le").replace(/\0+$/, ""),
        ours: isOurs(server, host, String(row.hostProcessId), program),
      },
    ];
  });
}

/** Schema of {@link LOCK_HOLDERS_SQL}. */
export const lockHolderRow = lockRow;

/** What the dynamic management views tell beside the sessions. Needs VIEW SERVER STATE. */
export interface ServerState {
  readonly startTime: string | null;
  readonly locks: readonly LockHolder[];
  readonly logWrites: LogWriteCounter | null;
  readonly logSpace: LogSpace | null;
}

/** Start time, application locks, write counter and fill of the chat database's log. Throws DrError. */
export async function readServerState(server: SqlServer, database: string): Promise<ServerState> {
  const name = quoteString(database);
  const textOfBatch = `SELECT ${moments("i.sqlserver_start_time")} AS startTime FROM sys.dm_os_sys_info AS i;
${LOCK_HOLDERS_SQL}
SELECT v.num_of_bytes_written AS bytesWritten, ${moments("i.sqlserver_start_time")} AS serverStartTime
FROM sys.dm_io_virtual_file_stats(DB_ID(${name}), NULL) AS v CROSS JOIN sys.dm_os_sys_info AS i
JOIN sys.master_files AS f ON f.database_id = v.database_id AND f.file_id = v.file_id
WHERE f.type = 1 AND v.database_id = DB_ID(${name});
SELECT RTRIM(c.counter_name) AS counter, c.cntr_value AS kilobytes FROM sys.dm_os_performance_counters AS c
WHERE c.instance_name = ${name} AND c.counter_name IN (N'Log File(s) Size (KB)', N'Log File(s) Used Size (KB)');`;
  const [starts, locks, writes, counters] = await server.read(textOfBatch, [startRow, lockRow, writesRow, counterRow], {
    doing: "reading the state of the server",
  });
  const kilobytes = new Map(counters.map((row) => [row.counter.toLowerCase(), row.kilobytes]));
  const total = kilobytes.get("log file(s) size (kb)");
  const used = kilobytes.get("log file(s) used size (kb)");
  return {
    startTime: starts[0]?.startTime ?? null,
    locks: lockHolders(locks, server),
    logWrites: allFiles(writes),
    logSpace: total === undefined || used === undefined ? null : { totalBytes: total * 1024, usedBytes: used * 1024 },
  };
}

// A database may have several log files, of which one is written at a time: only their sum proves that nothing was written.
function allFiles(files: readonly LogWriteCounter[]): LogWriteCounter | null {
  const [first] = files;
  if (first === undefined) return null;
  return { ...first, bytesWritten: files.reduce((sum, file) => sum + BigInt(file.bytesWritten), 0n).toString() };
}

const serviceRow = z.object({
  name: text,
  status: text.nullable(),
  startup: text.nullable(),
  account: text.nullable(),
});
const volumeRow = z.object({ mountPoint: text, availableBytes: whole, totalBytes: whole });

/** sys.dm_server_services and sys.dm_os_volume_stats: 2008 R2 Service Pack 1 and later. */
export function hasServiceViews(productVersion: string): boolean {
  const [major = 0, minor = 0, build = 0] = productVersion.split(".").map(Number);
  if (major !== 10) return major > 10;
  return minor >= 50 && build >= 2500;
}

/** The services and the volumes of the databases' files. Call only where {@link hasServiceViews}. Throws DrError. */
export async function readServices(
  server: SqlServer,
): Promise<Pick<InstanceObservation, "services"> & { readonly volumes: VolumeSpace[] }> {
  const [services, volumes] = await server.read(
    `SELECT s.servicename AS name, s.status_desc AS status, s.startup_type_desc AS startup, s.service_account AS account
FROM sys.dm_server_services AS s;
SELECT DISTINCT v.volume_mount_point AS mountPoint, v.available_bytes AS availableBytes, v.total_bytes AS totalBytes
FROM sys.master_files AS f CROSS APPLY sys.dm_os_volume_stats(f.database_id, f.file_id) AS v;`,
    [serviceRow, volumeRow],
    { doing: "reading services and volumes" },
  );
  const find = (prefix: string): ServiceObservation | null => {
    const row = services.find((service) => service.name.startsWith(prefix));
    if (row === undefined) return null;
    return { name: row.name, status: row.status ?? "", startup: row.startup ?? "", account: row.account ?? "" };
  };
  return { services: { engine: find("SQL Server ("), agent: find("SQL Server Agent") }, volumes };
}
