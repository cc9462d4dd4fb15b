/**
 * Users and roles of a database, and as whom a login enters it. Users travel with backup and restore; their logins do not.
 * Source: sql-docs relational-databases/security/authentication-access/database-level-roles.md, principals-database-engine.md.
 */
import type { Database } from "./database";
import type { ServerPrincipal } from "./server-principals";
import { windowsSid } from "./server-principals";
import type { ServerSession } from "./server-session";
import type { UserDefinition } from "./storage/definitions";
import type { TransactionScope } from "./storage/transaction";

const fixed = (principalId: number, name: string, type: "S" | "R", sid = "", defaultSchema = ""): UserDefinition => ({
  principalId,
  name,
  sid,
  type,
  defaultSchema,
  roles: [],
});

/** Principals that every database has; the owner's sid stands for dbo's. */
const FIXED: readonly UserDefinition[] = [
  fixed(0, "public", "R"),
  fixed(1, "dbo", "S", "01", "dbo"),
  fixed(2, "guest", "S", "00", "guest"),
  fixed(3, "INFORMATION_SCHEMA", "S"),
  fixed(4, "sys", "S"),
  fixed(16384, "db_owner", "R"),
  fixed(16385, "db_accessadmin", "R"),
  fixed(16386, "db_securityadmin", "R"),
  fixed(16387, "db_ddladmin", "R"),
  fixed(16389, "db_backupoperator", "R"),
  fixed(16390, "db_datareader", "R"),
  fixed(16391, "db_datawriter", "R"),
  fixed(16392, "db_denydatareader", "R"),
  fixed(16393, "db_denydatawriter", "R"),
];

/** Databases that let a login in as guest: guest is enabled there by setup. */
const GUEST_DATABASES: ReadonlySet<string> = new Set(["master", "tempdb", "msdb"]);

/** Roles that msdb brings. */
const MSDB_ROLES: readonly UserDefinition[] = [
  fixed(16400, "SQLAgentUserRole", "R"),
  { ...fixed(16401, "SQLAgentReaderRole", "R"), roles: ["SQLAgentUserRole"] },
  { ...fixed(16402, "SQLAgentOperatorRole", "R"), roles: ["SQLAgentReaderRole"] },
];

/** Every principal of a database, the fixed ones first. dbo has the owner's sid. */
export function databasePrincipals(database: Database, scope?: TransactionScope): readonly UserDefinition[] {
  const stored = database.users(scope);
  const known = new Set(stored.map((user) => user.name.toLowerCase()));
  const builtIn = [...FIXED, ...(database.id === 4 ? MSDB_ROLES : [])]
    .filter((user) => !known.has(user.name.toLowerCase()))
    .map((user) => (user.name === "dbo" ? { ...user, sid: database.ownerSid } : user));
  return [...builtIn, ...stored].sort((one, other) => one.principalId - other.principalId);
}

/** By name without case; undefined when there is none. */
export function databasePrincipal(
  database: Database,
  name: string,
  scope?: TransactionScope,
): UserDefinition | undefined {
  return databasePrincipals(database, scope).find((user) => user.name.toLowerCase() === name.toLowerCase());
}

/** A free principal_id for a new user or role. */
export function nextPrincipalId(database: Database, scope: TransactionScope): number {
  const taken = databasePrincipals(database, scope).map((user) => user.principalId);
  return Math.max(4, ...taken.filter((id) => id < 16384)) + 1;
}

/**
 * The user as which a login is in a database: dbo for sysadmin and the owner, else the user with its sid, else guest
 * where that is enabled. Undefined: it may not enter (916).
 */
export function userOf(database: Database, session: ServerSession): UserDefinition | undefined {
  return userOfLogin(database, session.principal, session.isSysadmin, session.transactions);
}

export function userOfLogin(
  database: Database,
  principal: ServerPrincipal,
  isSysadmin: boolean,
  scope?: TransactionScope,
): UserDefinition | undefined {
  const principals = databasePrincipals(database, scope);
  if (isSysadmin || database.ownerSid === principal.sid) return principals.find((user) => user.name === "dbo");
  const own = principals.find((user) => user.sid === principal.sid && user.type !== "R");
  if (own !== undefined) return own;
  return GUEST_DATABASES.has(database.name.toLowerCase())
    ? principals.find((user) => user.name === "guest")
    : undefined;
}

/** Whether a user is a member of a role, directly or through other roles. Everybody is in public. */
export function isRoleMember(
  database: Database,
  user: UserDefinition,
  role: string,
  scope?: TransactionScope,
): boolean {
  const wanted = role.toLowerCase();
  if (wanted === "public") return true;
  // dbo stands above the roles: it is a member of db_owner and passes every check.
  if (user.name === "dbo") return wanted === "db_owner" || databasePrincipal(database, role, scope)?.type === "R";
  const seen = new Set<string>();
  const open = [...user.roles];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (next.toLowerCase() === wanted) return true;
    if (seen.has(next.toLowerCase())) continue;
    seen.add(next.toLowerCase());
    open.push(...(databasePrincipal(database, next, scope)?.roles ?? []));
  }
  return false;
}

/** A user for a login, as CREATE USER makes it. */
export function newUser(
  database: Database,
  scope: TransactionScope,
  name: string,
  login: ServerPrincipal | undefined,
  defaultSchema = "dbo",
): UserDefinition {
  return {
    principalId: nextPrincipalId(database, scope),
    name,
    sid: login?.sid ?? "",
    type: login?.type === "U" ? "U" : login?.type === "G" ? "G" : "S",
    defaultSchema,
    roles: [],
  };
}

/** Sid of a Windows account that has no login here (CREATE USER [DOMAIN\name]). */
export function accountSid(name: string): string | undefined {
  return name.includes("\\") ? windowsSid(name) : undefined;
}
