/**
 * Permissions inside a database: what was granted and denied, what the fixed roles hold. Kept as definitions of the
 * database, so that backup and restore carry them.
 * Source: sql-docs t-sql/statements/{grant,deny,revoke}-transact-sql.md, relational-databases/security/
 * authentication-access/database-level-roles.md.
 */
import type { Database } from "./database";
import { isRoleMember, userOf } from "./database-principals";
import type { ServerSession } from "./server-session";
import type { UserDefinition } from "./storage/definitions";
import type { TransactionScope } from "./storage/transaction";

/** One row of sys.database_permissions. */
export interface DatabasePermission {
  /** DATABASE, SCHEMA or OBJECT. */
  readonly scope: "DATABASE" | "SCHEMA" | "OBJECT";
  /** "" for the database, `schema`, or `schema.object`. */
  readonly securable: string;
  readonly permission: string;
  readonly grantee: string;
  readonly state: "G" | "W" | "D";
}

const KIND = "permission";

function keyOf(permission: Omit<DatabasePermission, "state">): string {
  return [permission.scope, permission.securable, permission.permission, permission.grantee].join("|").toLowerCase();
}

export function databasePermissions(database: Database, scope?: TransactionScope): readonly DatabasePermission[] {
  return database.definitions<DatabasePermission>(KIND, scope).map(({ value }) => value);
}

/** GRANT and DENY: one permission per grantee and securable. */
export function putPermission(database: Database, scope: TransactionScope, permission: DatabasePermission): void {
  database.putDefinition(scope, KIND, keyOf(permission), permission);
}

/** REVOKE. */
export function removePermission(
  database: Database,
  scope: TransactionScope,
  permission: Omit<DatabasePermission, "state">,
): void {
  const key = keyOf(permission);
  if (database.definition(KIND, key, scope) !== undefined) database.putDefinition(scope, KIND, key, undefined);
}

/** What fixed database roles hold. db_owner holds CONTROL of the database. */
const ROLE_PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  db_owner: ["CONTROL"],
  db_datareader: ["SELECT"],
  db_datawriter: ["INSERT", "UPDATE", "DELETE"],
  db_backupoperator: ["BACKUP DATABASE", "BACKUP LOG", "CHECKPOINT"],
  db_ddladmin: ["CREATE TABLE", "CREATE SCHEMA", "ALTER ANY SCHEMA", "ALTER"],
  db_accessadmin: ["ALTER ANY USER", "CREATE SCHEMA"],
  db_securityadmin: ["ALTER ANY ROLE", "CREATE SCHEMA", "VIEW DEFINITION"],
};

const ROLE_DENIALS: Readonly<Record<string, readonly string[]>> = {
  db_denydatareader: ["SELECT"],
  db_denydatawriter: ["INSERT", "UPDATE", "DELETE"],
};

/** Permissions of the server's scope that include one inside every database. */
function grantedByServer(session: ServerSession, permission: string): boolean {
  if (permission === "ALTER") return session.hasServerPermission("ALTER ANY DATABASE");
  if (permission === "VIEW DEFINITION") return session.hasServerPermission("VIEW ANY DEFINITION");
  return session.hasServerPermission("CONTROL SERVER");
}

/**
 * Whether a session has a permission in a database.
 * @param object table or view that it is asked for; absent: the database itself
 */
export function hasDatabasePermission(
  database: Database,
  session: ServerSession,
  permission: string,
  object?: { readonly schema: string; readonly name: string },
): boolean {
  if (session.isSysadmin || grantedByServer(session, permission)) return true;
  const user = userOf(database, session);
  if (user === undefined) return false;
  if (user.name === "dbo") return true;
  const member = (role: string): boolean => isRoleMember(database, user, role, session.transactions);
  if (Object.entries(ROLE_DENIALS).some(([role, denied]) => denied.includes(permission) && member(role))) return false;
  const rows = databasePermissions(database, session.transactions).filter((row) =>
    applies(row, user, member, permission, object),
  );
  if (rows.some((row) => row.state === "D")) return false;
  if (rows.length > 0) return true;
  return Object.entries(ROLE_PERMISSIONS).some(
    ([role, held]) => (held.includes(permission) || held.includes("CONTROL")) && member(role),
  );
}

function applies(
  row: DatabasePermission,
  user: UserDefinition,
  member: (role: string) => boolean,
  permission: string,
  object: { readonly schema: string; readonly name: string } | undefined,
): boolean {
  if (row.permission !== permission && row.permission !== "CONTROL") return false;
  if (row.grantee.toLowerCase() !== user.name.toLowerCase() && !member(row.grantee)) return false;
  if (row.scope === "DATABASE") return true;
  if (object === undefined) return false;
  const securable = row.securable.toLowerCase();
  if (row.scope === "SCHEMA") return securable === object.schema.toLowerCase();
  return securable === `${object.schema}.${object.name}`.toLowerCase();
}
