/** GRANT, DENY, REVOKE and ALTER AUTHORIZATION: sql-docs t-sql/statements/{grant,deny,revoke,alter-authorization}-transact-sql.md. */
import type { AlterAuthorizationStatement, PermissionStatement } from "../../tsql/ast";
import { SqlError } from "../../tsql/errors";
import { objectPermissionNames } from "../catalog/permissions-function";
import type { Database } from "../database";
import { openDatabase } from "../database-access";
import {
  type DatabasePermission,
  hasDatabasePermission,
  putPermission,
  removePermission,
} from "../database-permissions";
import { databasePrincipal } from "../database-principals";
import { schemaOf } from "../schemas";
import { type ServerPermission, serverPermission } from "../server-permissions";
import type { ServerSession } from "../server-session";
import { sessionError } from "../session-errors";
import { changing, type Execution } from "./execution";
import { requireLogin } from "./logins";

/** Permissions on a database that GRANT takes beside those on objects. */
const DATABASE_PERMISSIONS: ReadonlySet<string> = new Set([
  "CONNECT",
  "CONTROL",
  "CREATE TABLE",
  "CREATE SCHEMA",
  "CREATE VIEW",
  "CREATE PROCEDURE",
  "CREATE FUNCTION",
  "ALTER",
  "ALTER ANY USER",
  "ALTER ANY ROLE",
  "ALTER ANY SCHEMA",
  "BACKUP DATABASE",
  "BACKUP LOG",
  "CHECKPOINT",
  "SHOWPLAN",
  "VIEW DATABASE STATE",
  "VIEW DEFINITION",
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "EXECUTE",
  "REFERENCES",
]);

const STATES = { GRANT: "G", DENY: "D" } as const;

function onServer(
  statement: PermissionStatement,
  permissions: readonly ServerPermission[],
  session: ServerSession,
): void {
  if (session.database.name !== "master")
    throw new SqlError(
      4621,
      16,
      "Permissions at the server scope can only be granted when the current database is master",
    );
  if (!session.hasServerPermission("CONTROL SERVER"))
    throw new SqlError(4613, 16, "Grantor does not have GRANT permission.");
  const { principals } = session.instance;
  for (const name of statement.principals) {
    const role = principals.find(name);
    const grantee = role?.name === "public" ? role : requireLogin(session.instance, "find", name);
    principals.alter(grantee, (one) => {
      for (const permission of permissions) {
        if (statement.action === "REVOKE") delete one.permissions[permission];
        else
          one.permissions[permission] =
            statement.action === "GRANT" && statement.grantOption ? "W" : STATES[statement.action];
      }
    });
  }
}

/** What is secured: the database, a schema of it, or a table. */
function securableOf(
  statement: PermissionStatement,
  session: ServerSession,
): { readonly database: Database; readonly scope: DatabasePermission["scope"]; readonly securable: string } {
  const { securable } = statement;
  if (securable === undefined) return { database: session.database, scope: "DATABASE", securable: "" };
  const { name } = securable;
  switch (securable.class) {
    case "DATABASE":
      return { database: openDatabase(session, name.name), scope: "DATABASE", securable: "" };
    case "SCHEMA":
      if (schemaOf(session.database, name.name, session.transactions) === undefined)
        throw sessionError(15151, "find", "schema", name.name);
      return { database: session.database, scope: "SCHEMA", securable: name.name };
    case "OBJECT": {
      const database =
        name.database === undefined || name.database === "" ? session.database : openDatabase(session, name.database);
      const schema = name.schema === undefined || name.schema === "" ? "dbo" : name.schema;
      const isTable = database.table(session.transactions, schema, name.name) !== undefined;
      const isKnown =
        isTable ||
        session.instance.procedures.find(name, database.name) !== undefined ||
        schema.toLowerCase() === "sys";
      if (!isKnown) throw sessionError(15151, "find", "object", name.name);
      return { database, scope: "OBJECT", securable: `${schema}.${name.name}` };
    }
    default:
      throw sessionError(15151, "find", securable.class.toLowerCase(), name.name);
  }
}

async function inDatabase(
  statement: PermissionStatement,
  names: readonly string[],
  execution: Execution,
): Promise<void> {
  const { session } = execution;
  const { database, scope, securable } = securableOf(statement, session);
  database.assertWritable();
  if (!hasDatabasePermission(database, session, "CONTROL"))
    throw new SqlError(4613, 16, "Grantor does not have GRANT permission.");
  for (const name of statement.principals)
    if (databasePrincipal(database, name, session.transactions) === undefined)
      throw sessionError(15151, "find", "user", name);
  await changing(execution, database, () => {
    for (const permission of names)
      for (const grantee of statement.principals) {
        const row = { scope, securable, permission, grantee };
        if (statement.action === "REVOKE") removePermission(database, session.transactions, row);
        else
          putPermission(database, session.transactions, {
            ...row,
            state: statement.action === "GRANT" && statement.grantOption ? "W" : STATES[statement.action],
          });
      }
  });
}

/** Executes GRANT, DENY and REVOKE. Throws 102 for an unknown permission, 4613, 4621, 15151. */
export async function changePermissions(statement: PermissionStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  const names = statement.permissions.map(({ name }) => name);
  const server = names.map(serverPermission);
  // The names of server permissions are not those of database permissions, CONTROL and ALTER aside.
  const onServerOnly =
    statement.securable === undefined &&
    names.every((name, index) => server[index] !== undefined && !DATABASE_PERMISSIONS.has(name));
  if (onServerOnly)
    onServer(
      statement,
      server.filter((one) => one !== undefined),
      session,
    );
  else {
    const expanded = names.flatMap((name) =>
      name === "ALL" ? ["SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES"] : [name],
    );
    const allowed =
      statement.securable?.class === "OBJECT"
        ? new Set<string>([...objectPermissionNames, "EXECUTE"])
        : DATABASE_PERMISSIONS;
    for (const name of expanded)
      if (!allowed.has(name)) throw new SqlError(102, 15, `Incorrect syntax near '${name}'.`);
    await inDatabase(statement, expanded, execution);
  }
  session.noteChange(statement.action);
}

/** ALTER AUTHORIZATION ON DATABASE and ON SCHEMA. */
export async function alterAuthorization(statement: AlterAuthorizationStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  const target = statement.principal ?? "dbo";
  if (statement.class === "DATABASE") {
    await changeOwner(execution, session.instance.core.require(statement.name.name), target);
  } else if (statement.class === "SCHEMA") {
    const { database } = session;
    const schema = schemaOf(database, statement.name.name, session.transactions);
    const owner = databasePrincipal(database, target, session.transactions);
    if (schema === undefined || schema.id <= 4) throw sessionError(15151, "find", "schema", statement.name.name);
    if (owner === undefined) throw sessionError(15151, "find", "principal", target);
    await changing(execution, database, () => {
      database.putDefinition(session.transactions, "schema", schema.name, {
        ...schema,
        principalId: owner.principalId,
      });
    });
  } else if (statement.class === "ENDPOINT") {
    if (session.instance.endpoints.find(statement.name.name) === undefined)
      throw sessionError(15151, "find", "endpoint", statement.name.name);
    requireLogin(session.instance, "find", target);
  } else throw sessionError(15151, "find", statement.class.toLowerCase(), statement.name.name);
  session.noteChange("ALTER AUTHORIZATION");
}

/** The new owner of a database: a login that is no user in it (15110). */
export async function changeOwner(execution: Execution, database: Database, login: string): Promise<void> {
  const { session } = execution;
  const principal = requireLogin(session.instance, "find", login);
  database.assertWritable();
  if (!session.isSysadmin && database.ownerSid !== session.principal.sid) throw sessionError(15247);
  if (database.users(session.transactions).some((user) => user.sid === principal.sid)) throw sessionError(15110);
  await database.setOwner(principal.sid);
}
