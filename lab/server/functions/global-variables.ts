/** Global variables of the server: sql-docs t-sql/functions/*-transact-sql.md, "Configuration functions". */
import { SYSNAME, type SqlType, type SqlValue } from "../../tsql/values";
import { versionText } from "../product";
import type { ServerSession } from "../server-session";

interface GlobalVariable {
  readonly type: SqlType;
  readonly value: (session: ServerSession) => SqlValue;
}

const INT: SqlType = { name: "int" };

const VARIABLES: Readonly<Record<string, GlobalVariable>> = {
  "@@SERVERNAME": { type: SYSNAME, value: (session) => session.instance.name },
  "@@SERVICENAME": { type: SYSNAME, value: () => "MSSQLSERVER" },
  "@@SPID": { type: { name: "smallint" }, value: (session) => session.id },
  "@@VERSION": {
    type: { name: "nvarchar", length: 300 },
    value: (session) => versionText(session.instance.version, session.instance.edition),
  },
  "@@MICROSOFTVERSION": {
    type: INT,
    // major in the highest byte, minor below it, build in the low word.
    value: ({ instance: { version } }) => version.major * 0x1000000 + version.minor * 0x10000 + version.build,
  },
  "@@CONNECTIONS": { type: INT, value: (session) => session.instance.connectionCount },
  "@@MAX_CONNECTIONS": { type: INT, value: () => 32767 },
  "@@MAX_PRECISION": { type: { name: "tinyint" }, value: () => 38 },
  "@@LANGUAGE": { type: SYSNAME, value: () => "us_english" },
  "@@LANGID": { type: { name: "smallint" }, value: () => 0 },
  "@@LOCK_TIMEOUT": { type: INT, value: (session) => session.transactions.lockTimeout },
  "@@DBTS": { type: { name: "varbinary", length: 8 }, value: () => Uint8Array.of(0, 0, 0, 0, 0, 0, 7, 0xd0) },
  "@@NESTLEVEL": { type: INT, value: () => 0 },
  "@@OPTIONS": { type: INT, value: () => 5496 },
  "@@TEXTSIZE": { type: INT, value: () => 2147483647 },
  "@@REMSERVER": { type: SYSNAME, value: () => null },
  "@@CPU_BUSY": { type: INT, value: () => 0 },
  "@@IDLE": { type: INT, value: () => 0 },
  "@@IO_BUSY": { type: INT, value: () => 0 },
  "@@TIMETICKS": { type: INT, value: () => 31250 },
  "@@PACK_RECEIVED": { type: INT, value: () => 0 },
  "@@PACK_SENT": { type: INT, value: () => 0 },
  "@@PACKET_ERRORS": { type: INT, value: () => 0 },
  "@@TOTAL_ERRORS": { type: INT, value: () => 0 },
  "@@TOTAL_READ": { type: INT, value: () => 0 },
  "@@TOTAL_WRITE": { type: INT, value: () => 0 },
};

/** A global variable with both at signs, in any case; undefined when the server has none of that name. */
export function globalVariable(
  name: string,
  session: ServerSession,
): { readonly type: SqlType; readonly value: SqlValue } | undefined {
  const variable = VARIABLES[name.toUpperCase()];
  return variable === undefined ? undefined : { type: variable.type, value: variable.value(session) };
}
