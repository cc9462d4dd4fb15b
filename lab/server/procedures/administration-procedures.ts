/**
 * System procedures of administration: sp_who, sp_who2, sp_databases, sp_helpdb, sp_configure, role and owner changes.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-{who,databases,helpdb,configure,addrolemember,
 * addsrvrolemember,changedbowner}-transact-sql.md. sp_who2 is not documented.
 */
import type { ProcedureCall } from "../../tsql/host";
import { SYSNAME, type SqlValue } from "../../tsql/values";
import { columnList } from "../column-list";
import { refusal } from "../database-access";
import type { Database } from "../database";
import type { ServerSession } from "../server-session";
import { sessionError } from "../session-errors";
import { calendarText } from "../sql-text";
import { fromEpoch } from "../../tsql/calendar";
import type { Execution } from "../statements/execution";
import { changeServerRole } from "../statements/logins";
import { changeOwner } from "../statements/permissions";
import { changeRole } from "../statements/users";
import { sendProcedureRows } from "./procedure-rows";
import {
  parameter,
  type ProcedureAnswer,
  type ServerProcedure,
  numberArgument,
  textArgument,
} from "./server-procedure";

const DONE: ProcedureAnswer = { returnCode: 0 };

/** A procedure's call as the statements know it: outside of any statement's transaction count. */
function execution(call: ProcedureCall, session: ServerSession): Execution {
  return {
    session,
    context: {
      sink: call.sink,
      signal: call.signal,
      line: 1,
      transactionCount: session.transactionCount,
      evaluate: () => null,
    },
  };
}

const WHO = columnList(`
  spid smallint
  ecid smallint
  status nchar(30)
  loginame nvarchar(128)
  hostname nchar(128)
  blk char(5)
  dbname nvarchar(128) null
  cmd nchar(16)
  request_id int`);

/** Sessions that sp_who lists: all, a session id, a login, or those that are active. */
function chosenSessions(session: ServerSession, login: string | null): readonly ServerSession[] {
  const all = session.hasServerPermission("VIEW SERVER STATE") ? session.instance.sessions.all() : [session];
  if (login === null) return all;
  if (login.toLowerCase() === "active") return all.filter((one) => one.request !== undefined);
  if (/^\d+$/.test(login)) return all.filter((one) => one.id === Number(login));
  if (session.instance.principals.find(login) === undefined) throw sessionError(15007, login);
  return all.filter((one) => one.principal.name.toLowerCase() === login.toLowerCase());
}

const who: ServerProcedure = {
  name: "master.sys.sp_who",
  changes: false,
  parameters: [parameter("@loginame", SYSNAME, { standard: null })],
  async execute(call, session) {
    const rows = chosenSessions(session, textArgument(call, "@loginame")).map((one): SqlValue[] => [
      one.id,
      0,
      (one.request === undefined ? "sleeping" : "runnable").padEnd(30),
      one.principal.name,
      one.hostName.slice(0, 128).padEnd(128),
      "0    ",
      one.database.name,
      (one.request?.command ?? "AWAITING COMMAND").slice(0, 16).padEnd(16),
      0,
    ]);
    await sendProcedureRows(call, WHO, rows);
    return DONE;
  },
};

const WHO2_NAMES = [
  "SPID",
  "Status",
  "Login",
  "HostName",
  "BlkBy",
  "DBName",
  "Command",
  "CPUTime",
  "DiskIO",
  "LastBatch",
  "ProgramName",
  "SPID",
  "REQUESTID",
];
const WHO2 = WHO2_NAMES.map((name) => ({ name, type: { name: "nvarchar", length: 128 } as const, nullable: true }));

const who2: ServerProcedure = {
  name: "master.sys.sp_who2",
  changes: false,
  parameters: [parameter("@loginame", SYSNAME, { standard: null })],
  async execute(call, session) {
    const rows = chosenSessions(session, textArgument(call, "@loginame")).map((one): SqlValue[] => [
      String(one.id).padEnd(5),
      one.request === undefined ? "sleeping" : "RUNNABLE",
      one.principal.name,
      one.hostName,
      "  .",
      one.database.name,
      one.request?.command ?? "AWAITING COMMAND",
      "0",
      "0",
      calendarText(fromEpoch(one.lastRequestStart)).slice(5, 19).replace("T", " ").replace("-", "/"),
      one.programName,
      String(one.id).padEnd(5),
      "0",
    ]);
    await sendProcedureRows(call, WHO2, rows);
    return DONE;
  },
};

function kilobytes(database: Database): number {
  return database.files.reduce((sum, file) => sum + database.filePages(file.fileId) * 8, 0);
}

const databases: ServerProcedure = {
  name: "master.sys.sp_databases",
  changes: false,
  parameters: [],
  async execute(call, session) {
    const columns = columnList("DATABASE_NAME sysname; DATABASE_SIZE int; REMARKS varchar(254) null");
    const rows = session.instance.core.databases
      .filter((database) => refusal(session, database) === undefined)
      .map((database) => [database.name, kilobytes(database), null]);
    await sendProcedureRows(call, columns, rows);
    return DONE;
  },
};

function statusText(database: Database): string {
  const { options } = database;
  return [
    `Status=${database.state}`,
    `Updateability=${database.isReadOnly ? "READ_ONLY" : "READ_WRITE"}`,
    `UserAccess=${options.userAccess}`,
    `Recovery=${options.recoveryModel}`,
    `Collation=${options.collation}`,
  ].join(", ");
}

const helpDatabase: ServerProcedure = {
  name: "master.sys.sp_helpdb",
  changes: false,
  parameters: [parameter("@dbname", SYSNAME, { standard: null })],
  async execute(call, session) {
    const name = textArgument(call, "@dbname");
    const { core, principals } = session.instance;
    const chosen =
      name === null ? core.databases : core.databases.filter((one) => one.name.toLowerCase() === name.toLowerCase());
    if (chosen.length === 0) throw sessionError(15010, name ?? "");
    const columns = columnList(`
      name sysname
      db_size nvarchar(13)
      owner sysname null
      dbid smallint
      created nvarchar(11)
      status nvarchar(600)
      compatibility_level tinyint`);
    await sendProcedureRows(
      call,
      columns,
      chosen.map((one) => [
        one.name,
        `${(kilobytes(one) / 1024).toFixed(2).padStart(10)} MB`,
        principals.findBySid(one.ownerSid)?.name ?? null,
        one.id,
        new Date(one.createDate).toUTCString().slice(5, 16),
        statusText(one),
        one.options.compatibilityLevel,
      ]),
    );
    const only = name === null ? undefined : chosen[0];
    if (only === undefined || refusal(session, only) !== undefined) return DONE;
    const fileColumns = columnList(`
      name sysname
      fileid smallint
      filename nvarchar(260)
      filegroup sysname null
      size nvarchar(18)
      maxsize nvarchar(18)
      growth nvarchar(18)
      usage varchar(9)`);
    await sendProcedureRows(
      call,
      fileColumns,
      only.files.map((file) => [
        file.name,
        file.fileId,
        file.physicalName,
        file.type === "LOG" ? null : "PRIMARY",
        `${String(only.filePages(file.fileId) * 8)} KB`,
        file.maxSize === -1 ? "Unlimited" : `${String(file.maxSize * 8)} KB`,
        file.isPercentGrowth ? `${String(file.growth)}%` : `${String(file.growth * 8)} KB`,
        file.type === "LOG" ? "log only" : "data only",
      ]),
    );
    return DONE;
  },
};

const CONFIGURE = columnList(`
  name nvarchar(35)
  minimum int
  maximum int
  config_value int
  run_value int`);

const configure: ServerProcedure = {
  name: "master.sys.sp_configure",
  parameters: [
    parameter("@configname", { name: "varchar", length: 35 }, { standard: null }),
    parameter("@configvalue", { name: "int" }, { standard: null }),
  ],
  async execute(call, session) {
    const { configuration } = session.instance;
    const name = textArgument(call, "@configname");
    const advanced = configuration.value("show advanced options") === 1;
    const options = configuration.matching(name ?? "").filter((option) => advanced || !option.isAdvanced);
    const value = numberArgument(call, "@configvalue");
    const only = options.length === 1 ? options[0] : undefined;
    if (name !== null && only === undefined) throw sessionError(15123, name);
    if (value === null || only === undefined) {
      const rows = options.map((one) => [
        one.name,
        one.minimum,
        one.maximum,
        configuration.configured(one),
        configuration.inUse(one),
      ]);
      await sendProcedureRows(call, CONFIGURE, rows);
      return DONE;
    }
    if (!session.hasServerPermission("ALTER SETTINGS")) throw sessionError(15247);
    if (value < only.minimum || value > only.maximum) throw sessionError(15129, value, only.name);
    const before = configuration.configured(only);
    configuration.configure(only, value);
    call.sink.message({
      number: 15457,
      state: 1,
      class: 0,
      text: `Configuration option '${only.name}' changed from ${String(before)} to ${String(value)}. Run the RECONFIGURE statement to install.`,
      procedure: "sp_configure",
      line: 1,
    });
    return DONE;
  },
};

/** sp_addrolemember, sp_droprolemember, sp_addsrvrolemember, sp_dropsrvrolemember: role and member, or member and role. */
function roleProcedure(name: string, ofServer: boolean, add: boolean): ServerProcedure {
  return {
    name: `master.sys.${name}`,
    parameters: ofServer
      ? [parameter("@loginame", SYSNAME), parameter("@rolename", SYSNAME, { standard: null })]
      : [parameter("@rolename", SYSNAME), parameter("@membername", SYSNAME)],
    async execute(call, session) {
      const role = textArgument(call, "@rolename") ?? "";
      const member = textArgument(call, ofServer ? "@loginame" : "@membername") ?? "";
      if (ofServer) changeServerRole(session, role, member, add);
      else await changeRole(execution(call, session), role, member, add);
      return DONE;
    },
  };
}

const changeDatabaseOwner: ServerProcedure = {
  name: "master.sys.sp_changedbowner",
  parameters: [parameter("@loginame", SYSNAME), parameter("@map", { name: "varchar", length: 5 }, { standard: null })],
  async execute(call, session) {
    await changeOwner(execution(call, session), session.database, textArgument(call, "@loginame") ?? "");
    return DONE;
  },
};

export const administrationProcedures: readonly ServerProcedure[] = [
  who,
  who2,
  databases,
  helpDatabase,
  configure,
  roleProcedure("sp_addrolemember", false, true),
  roleProcedure("sp_droprolemember", false, false),
  roleProcedure("sp_addsrvrolemember", true, true),
  roleProcedure("sp_dropsrvrolemember", true, false),
  changeDatabaseOwner,
];
