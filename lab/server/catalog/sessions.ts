/**
 * sys.dm_exec_sessions, sys.dm_exec_requests, sys.dm_exec_connections, sys.sysprocesses.
 * Source: sql-docs relational-databases/system-dynamic-management-views/sys-dm-exec-{sessions,requests,connections}-
 * transact-sql.md, relational-databases/system-compatibility-views/sys-sysprocesses-transact-sql.md.
 */
import { fromEpoch } from "../../tsql/calendar";
import type { SqlValue } from "../../tsql/values";
import type { ServerSession } from "../server-session";
import type { CatalogContext } from "./context";
import { hexBytes, padded, paddedBytes } from "./values";
import type { SystemView, ViewRow } from "./system-view";

const settings = `
  text_size int
  language nvarchar(128) null
  date_format nvarchar(3) null
  date_first smallint
  quoted_identifier bit
  arithabort bit
  ansi_null_dflt_on bit
  ansi_defaults bit
  ansi_warnings bit
  ansi_padding bit
  ansi_nulls bit
  concat_null_yields_null bit
  transaction_isolation_level smallint
  lock_timeout int
  deadlock_priority int
  row_count bigint
  prev_error int`;

/** Settings of a session as its client library left them; only those that the engine itself needs are followed. */
function settingsOf(session: ServerSession): ViewRow {
  return {
    text_size: 2147483647,
    language: "us_english",
    date_format: "mdy",
    date_first: 7,
    quoted_identifier: 1,
    arithabort: 1,
    ansi_null_dflt_on: 1,
    ansi_defaults: 0,
    ansi_warnings: 1,
    ansi_padding: 1,
    ansi_nulls: 1,
    concat_null_yields_null: 1,
    transaction_isolation_level: 2,
    lock_timeout: session.transactions.lockTimeout,
    deadlock_priority: session.deadlockPriority,
    row_count: BigInt(session.rowsSent),
    prev_error: session.lastError,
  };
}

function time(milliseconds: number | undefined): SqlValue {
  return milliseconds === undefined ? null : fromEpoch(milliseconds);
}

/** Sessions that the reader may see: all with VIEW SERVER STATE, else its own (sys.dm_exec_sessions, Permissions). */
function visibleSessions(context: CatalogContext): readonly ServerSession[] {
  const all = context.instance.sessions.all();
  return context.session.hasServerPermission("VIEW SERVER STATE") ? all : all.filter((one) => one === context.session);
}

export const sessions: SystemView = {
  name: "sys.dm_exec_sessions",
  columns: `
    session_id smallint
    login_time datetime
    host_name nvarchar(128) null
    program_name nvarchar(128) null
    host_process_id int null
    client_version int null
    client_interface_name nvarchar(32) null
    security_id varbinary(85)
    login_name nvarchar(128)
    nt_domain nvarchar(128) null
    nt_user_name nvarchar(128) null
    status nvarchar(30)
    context_info varbinary(128) null
    cpu_time int
    memory_usage int
    total_scheduled_time int
    total_elapsed_time int
    endpoint_id int
    last_request_start_time datetime
    last_request_end_time datetime null
    reads bigint
    writes bigint
    logical_reads bigint
    is_user_process bit
    ${settings}
    original_security_id varbinary(85)
    original_login_name nvarchar(128)
    last_successful_logon datetime null
    last_unsuccessful_logon datetime null
    unsuccessful_logons bigint null
    group_id int
    database_id smallint since 11
    authenticating_database_id int null since 11
    open_transaction_count int since 11`,
  *rows(context) {
    for (const session of visibleSessions(context))
      yield {
        session_id: session.id,
        login_time: fromEpoch(session.loginTime),
        host_name: session.hostName,
        program_name: session.programName,
        host_process_id: session.clientProcessId,
        client_version: 7,
        client_interface_name: session.connection === undefined ? null : "ODBC",
        security_id: hexBytes(session.principal.sid),
        login_name: session.principal.name,
        nt_domain: "",
        nt_user_name: "",
        status: session.request === undefined ? "sleeping" : "running",
        context_info: session.contextInfo,
        cpu_time: 0,
        memory_usage: 2,
        total_scheduled_time: 0,
        total_elapsed_time: session.totalElapsedMs,
        endpoint_id: session.connection === undefined ? 2 : 4,
        last_request_start_time: fromEpoch(session.lastRequestStart),
        last_request_end_time: time(session.lastRequestEnd),
        reads: 0n,
        writes: 0n,
        logical_reads: 0n,
        is_user_process: 1,
        ...settingsOf(session),
        original_security_id: hexBytes(session.originalPrincipal.sid),
        original_login_name: session.originalPrincipal.name,
        last_successful_logon: null,
        last_unsuccessful_logon: null,
        unsuccessful_logons: null,
        group_id: 2,
        database_id: session.database.id,
        authenticating_database_id: 1,
        open_transaction_count: session.transactionCount,
      };
  },
};

export const requests: SystemView = {
  name: "sys.dm_exec_requests",
  columns: `
    session_id smallint
    request_id int
    start_time datetime
    status nvarchar(30)
    command nvarchar(32)
    sql_handle varbinary(64) null
    statement_start_offset int null
    statement_end_offset int null
    plan_handle varbinary(64) null
    database_id smallint
    user_id int
    connection_id uniqueidentifier null
    blocking_session_id smallint null
    wait_type nvarchar(60) null
    wait_time int
    last_wait_type nvarchar(60)
    wait_resource nvarchar(256)
    open_transaction_count int
    open_resultset_count int
    transaction_id bigint
    context_info varbinary(128) null
    percent_complete real
    estimated_completion_time bigint
    cpu_time int
    total_elapsed_time int
    scheduler_id int null
    task_address varbinary(8) null
    reads bigint
    writes bigint
    logical_reads bigint
    ${settings}
    nest_level int
    granted_query_memory int
    executing_managed_code bit
    group_id int
    query_hash binary(8) null
    query_plan_hash binary(8) null`,
  *rows(context) {
    for (const session of visibleSessions(context)) {
      const request = session.request;
      if (request === undefined) continue;
      const progress = context.instance.progressOf(session.id);
      yield {
        session_id: session.id,
        request_id: 0,
        start_time: fromEpoch(request.startTime),
        status: request.waitType === undefined ? "running" : "suspended",
        command: progress?.command ?? request.command,
        database_id: progress?.databaseId ?? session.database.id,
        user_id: 1,
        connection_id: session.connectionId,
        blocking_session_id: 0,
        wait_type: request.waitType ?? null,
        wait_time: 0,
        last_wait_type: request.waitType ?? "MISCELLANEOUS",
        wait_resource: "",
        open_transaction_count: session.transactionCount,
        open_resultset_count: 1,
        transaction_id: 0n,
        context_info: session.contextInfo,
        percent_complete: progress?.percentComplete ?? 0,
        estimated_completion_time: BigInt(Math.round(progress?.estimatedCompletionMs ?? 0)),
        cpu_time: 0,
        total_elapsed_time: Math.max(0, context.instance.localTime() - request.startTime),
        scheduler_id: 0,
        reads: 0n,
        writes: 0n,
        logical_reads: 0n,
        ...settingsOf(session),
        nest_level: 0,
        granted_query_memory: 0,
        executing_managed_code: 0,
        group_id: 2,
      };
    }
  },
};

export const connections: SystemView = {
  name: "sys.dm_exec_connections",
  needs: "VIEW SERVER STATE",
  columns: `
    session_id int null
    most_recent_session_id int null
    connect_time datetime
    net_transport nvarchar(40)
    protocol_type nvarchar(40) null
    protocol_version int null
    endpoint_id int null
    encrypt_option nvarchar(40)
    auth_scheme nvarchar(40)
    node_affinity smallint
    num_reads int null
    num_writes int null
    last_read datetime null
    last_write datetime null
    net_packet_size int null
    client_net_address varchar(48) null
    client_tcp_port int null
    local_net_address varchar(48) null
    local_tcp_port int null
    connection_id uniqueidentifier
    parent_connection_id uniqueidentifier null
    most_recent_sql_handle varbinary(64) null`,
  *rows(context) {
    for (const session of context.instance.sessions.all()) {
      if (session.connection === undefined) continue;
      yield {
        session_id: session.id,
        most_recent_session_id: session.id,
        connect_time: fromEpoch(session.loginTime),
        net_transport: "TCP",
        protocol_type: "TSQL",
        // TDS 7.4, the number of LOGINACK.
        protocol_version: 0x74000004,
        endpoint_id: 4,
        encrypt_option: session.connection.encrypted ? "TRUE" : "FALSE",
        auth_scheme: "SQL",
        node_affinity: 0,
        last_read: time(session.lastRequestStart),
        last_write: time(session.lastRequestEnd),
        net_packet_size: 4096,
        client_net_address: session.connection.remoteAddress.slice(0, 48),
        connection_id: session.connectionId,
      };
    }
  },
};

export const processes: SystemView = {
  name: "sys.sysprocesses",
  columns: `
    spid smallint
    kpid smallint
    blocked smallint
    waittype binary(2)
    waittime bigint
    lastwaittype nchar(32)
    waitresource nchar(256)
    dbid smallint
    uid smallint null
    cpu int
    physical_io bigint
    memusage int
    login_time datetime
    last_batch datetime
    ecid smallint
    open_tran smallint
    status nchar(30)
    sid binary(86)
    hostname nchar(128)
    program_name nchar(128)
    hostprocess nchar(10)
    cmd nchar(16)
    nt_domain nchar(128)
    nt_username nchar(128)
    net_address nchar(12)
    net_library nchar(12)
    loginame nchar(128)
    context_info binary(128)
    sql_handle binary(20)
    stmt_start int
    stmt_end int
    request_id int`,
  *rows(context) {
    for (const session of visibleSessions(context)) {
      const running = session.request !== undefined;
      yield {
        spid: session.id,
        kpid: running ? 1000 + session.id : 0,
        blocked: 0,
        waittype: new Uint8Array(2),
        waittime: 0n,
        lastwaittype: padded("MISCELLANEOUS", 32),
        waitresource: padded("", 256),
        dbid: session.database.id,
        uid: 1,
        cpu: 0,
        physical_io: 0n,
        memusage: 2,
        login_time: fromEpoch(session.loginTime),
        last_batch: fromEpoch(session.lastRequestStart),
        ecid: 0,
        open_tran: session.transactionCount,
        status: padded(running ? "runnable" : "sleeping", 30),
        sid: paddedBytes(hexBytes(session.principal.sid), 86),
        hostname: padded(session.hostName, 128),
        program_name: padded(session.programName, 128),
        hostprocess: padded(String(session.clientProcessId), 10),
        cmd: padded(session.request?.command ?? "AWAITING COMMAND", 16),
        nt_domain: padded("", 128),
        nt_username: padded("", 128),
        net_address: padded("", 12),
        net_library: padded("TCP/IP", 12),
        loginame: padded(session.principal.name, 128),
        context_info: paddedBytes(session.contextInfo ?? new Uint8Array(0), 128),
        sql_handle: new Uint8Array(20),
        stmt_start: 0,
        stmt_end: 0,
        request_id: 0,
      };
    }
  },
};
