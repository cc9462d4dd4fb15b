/**
 * Functions about principals and permissions.
 * Source: sql-docs t-sql/functions/{suser-sname,suser-sid,is-srvrolemember,is-rolemember,has-perms-by-name,has-dbaccess,
 * original-login,user-name,current-user}-transact-sql.md.
 */
import { SYSNAME } from "../../tsql/values";
import { databasePermissionNames, objectPermissionNames } from "../catalog/permissions-function";
import { bit, hexBytes, hexText } from "../catalog/values";
import { refusal } from "../database-access";
import { hasDatabasePermission } from "../database-permissions";
import { databasePrincipal, databasePrincipals, isRoleMember, userOf } from "../database-principals";
import { parseObjectName } from "../object-name";
import { serverPermission } from "../server-permissions";
import { windowsSid } from "../server-principals";
import type { ServerSession } from "../server-session";
import { define, type FunctionTable, numberOf, textOf } from "./definition";

const INT = { name: "int" } as const;
const SID = { name: "varbinary", length: 85 } as const;

const currentUser = define(SYSNAME, (_, session) => userOf(session.database, session)?.name ?? "guest");
const currentLogin = define(SYSNAME, (_, session) => session.principal.name);

/** HAS_PERMS_BY_NAME: NULL where the securable, its class or the permission is not valid. */
function hasPermission(
  session: ServerSession,
  securable: string | null,
  kind: string | null,
  permission: string | null,
): number | null {
  if (permission === null) return null;
  const wanted = permission.trim().toUpperCase();
  switch (kind?.trim().toUpperCase()) {
    case undefined:
    case "SERVER": {
      if (securable !== null && securable.toLowerCase() !== session.instance.name.toLowerCase()) return null;
      if (wanted === "ANY") return 1;
      const known = serverPermission(wanted);
      return known === undefined ? null : bit(session.hasServerPermission(known));
    }
    case "DATABASE": {
      const database = securable === null ? session.database : session.instance.core.database(securable);
      if (database === undefined) return null;
      if (wanted === "CREATE DATABASE") return bit(session.hasServerPermission("CREATE ANY DATABASE"));
      if (refusal(session, database) !== undefined) return bit(session.isSysadmin);
      if (wanted === "ANY" || wanted === "CONNECT") return 1;
      if (!(databasePermissionNames as readonly string[]).includes(wanted)) return null;
      return bit(hasDatabasePermission(database, session, wanted));
    }
    case "OBJECT": {
      const name = securable === null ? undefined : parseObjectName(securable);
      const database =
        name?.database === undefined || name.database === ""
          ? session.database
          : session.instance.core.database(name.database);
      if (name === undefined || database === undefined || refusal(session, database) !== undefined) return null;
      const schema = name.schema === undefined || name.schema === "" ? "dbo" : name.schema;
      const table = database.table(session.transactions, schema, name.name);
      if (table === undefined) {
        const procedure = session.instance.procedures.find(name, database.name);
        return procedure === undefined || wanted !== "EXECUTE" ? null : 1;
      }
      const names = wanted === "ANY" ? objectPermissionNames : objectPermissionNames.filter((one) => one === wanted);
      if (names.length === 0) return null;
      return bit(names.some((one) => hasDatabasePermission(database, session, one, table.definition)));
    }
    default:
      return null;
  }
}

/** IS_SRVROLEMEMBER: NULL for an unknown role or login. */
function isServerRoleMember(session: ServerSession, role: string | null, login: string | null): number | null {
  const { principals } = session.instance;
  if (role === null || principals.find(role)?.type !== "R") return null;
  const principal = login === null ? session.principal : principals.find(login);
  return principal === undefined || principal.type === "R" ? null : bit(principals.isMember(principal, role));
}

export const securityFunctions: FunctionTable = {
  SUSER_SNAME: define(SYSNAME, (args, session) => {
    if (args.length === 0) return session.principal.name;
    const sid = args[0];
    return sid instanceof Uint8Array ? (session.instance.principals.findBySid(hexText(sid))?.name ?? null) : null;
  }),
  SUSER_NAME: define(SYSNAME, (args, session) => {
    if (args.length === 0) return session.principal.name;
    const id = numberOf(args[0]);
    return session.instance.principals.all().find((principal) => principal.id === id)?.name ?? null;
  }),
  SUSER_SID: define(SID, (args, session) => {
    if (args.length === 0) return hexBytes(session.principal.sid);
    const name = textOf(args[0]);
    const principal = name === null ? undefined : session.instance.principals.find(name);
    if (principal !== undefined) return hexBytes(principal.sid);
    // A Windows account has its sid without a login here.
    return name?.includes("\\") === true ? hexBytes(windowsSid(name)) : null;
  }),
  SUSER_ID: define(INT, (args, session) => {
    const name = args.length === 0 ? session.principal.name : textOf(args[0]);
    return name === null ? null : (session.instance.principals.find(name)?.id ?? null);
  }),
  SYSTEM_USER: currentLogin,
  ORIGINAL_LOGIN: define(SYSNAME, (_, session) => session.originalPrincipal.name),
  CURRENT_USER: currentUser,
  SESSION_USER: currentUser,
  USER: currentUser,
  USER_NAME: define(SYSNAME, (args, session) => {
    if (args.length === 0) return userOf(session.database, session)?.name ?? null;
    const id = numberOf(args[0]);
    return (
      databasePrincipals(session.database, session.transactions).find((user) => user.principalId === id)?.name ?? null
    );
  }),
  USER_ID: define(INT, (args, session) => {
    const name = textOf(args[0]);
    const user =
      args.length === 0
        ? userOf(session.database, session)
        : name === null
          ? undefined
          : databasePrincipal(session.database, name, session.transactions);
    return user?.principalId ?? null;
  }),
  DATABASE_PRINCIPAL_ID: define(INT, (args, session) => {
    const name = textOf(args[0]);
    const user =
      args.length === 0
        ? userOf(session.database, session)
        : name === null
          ? undefined
          : databasePrincipal(session.database, name, session.transactions);
    return user?.principalId ?? null;
  }),
  IS_SRVROLEMEMBER: define(INT, (args, session) => isServerRoleMember(session, textOf(args[0]), textOf(args[1]))),
  IS_MEMBER: define(INT, ([role], session) => roleMember(session, textOf(role), null)),
  IS_ROLEMEMBER: define(INT, ([role, user], session) => roleMember(session, textOf(role), textOf(user))),
  HAS_PERMS_BY_NAME: define(INT, ([securable, kind, permission], session) =>
    hasPermission(session, textOf(securable), textOf(kind), textOf(permission)),
  ),
  HAS_DBACCESS: define(INT, ([name], session) => {
    const wanted = textOf(name);
    const database = wanted === null ? undefined : session.instance.core.database(wanted);
    return database === undefined ? null : bit(refusal(session, database) === undefined);
  }),
};

function roleMember(session: ServerSession, role: string | null, name: string | null): number | null {
  const { database, transactions } = session;
  const user = name === null ? userOf(database, session) : databasePrincipal(database, name, transactions);
  if (role === null || user === undefined || databasePrincipal(database, role, transactions)?.type !== "R") return null;
  return bit(isRoleMember(database, user, role, transactions));
}
