/** Users and roles of a database: CREATE, ALTER, DROP USER and ROLE. */
import type {
  AlterRoleStatement,
  AlterUserStatement,
  CreateRoleStatement,
  CreateUserStatement,
  DropPrincipalStatement,
} from "../../tsql/ast";
import type { Database } from "../database";
import { hasDatabasePermission } from "../database-permissions";
import { accountSid, databasePrincipal, databasePrincipals, newUser, nextPrincipalId } from "../database-principals";
import { schemasOf } from "../schemas";
import { sessionError } from "../session-errors";
import type { UserDefinition } from "../storage/definitions";
import { changing, type Execution } from "./execution";

function require(execution: Execution, permission: "ALTER ANY USER" | "ALTER ANY ROLE"): Database {
  const { database } = execution.session;
  database.assertWritable();
  if (!hasDatabasePermission(database, execution.session, permission)) throw sessionError(15247);
  return database;
}

export async function createUser(statement: CreateUserStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  const database = require(execution, "ALTER ANY USER");
  const scope = session.transactions;
  if (databasePrincipal(database, statement.name, scope) !== undefined) throw sessionError(15023, statement.name);
  const loginName = statement.login === undefined ? statement.name : statement.login;
  const login = loginName === null ? undefined : session.instance.principals.find(loginName);
  const account = loginName === null ? undefined : accountSid(loginName);
  if (loginName !== null && login === undefined && account === undefined) throw sessionError(15007, loginName);
  const sid = login?.sid ?? account ?? "";
  if (sid !== "" && databasePrincipals(database, scope).some((user) => user.sid === sid && user.type !== "R"))
    throw sessionError(15063);
  await changing(execution, database, () => {
    const user = newUser(database, scope, statement.name, login, statement.defaultSchema);
    database.putUser(scope, { ...user, sid, ...(login === undefined && account !== undefined ? { type: "U" } : {}) });
  });
  session.noteChange("CREATE USER");
}

function find(
  database: Database,
  execution: Execution,
  verb: string,
  kind: "user" | "role",
  name: string,
): UserDefinition {
  const user = database
    .users(execution.session.transactions)
    .find((one) => one.name.toLowerCase() === name.toLowerCase());
  if (user === undefined || (user.type === "R") !== (kind === "role")) throw sessionError(15151, verb, kind, name);
  return user;
}

/** A user under its new name, sid or schema; ALTER USER … WITH LOGIN is what mends an orphaned one. */
export async function alterUser(statement: AlterUserStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  const database = require(execution, "ALTER ANY USER");
  const user = find(database, execution, "alter", "user", statement.name);
  const login = statement.login === undefined ? undefined : session.instance.principals.find(statement.login);
  if (statement.login !== undefined && login === undefined) throw sessionError(15007, statement.login);
  await changing(execution, database, () => {
    database.removeUser(session.transactions, user.name);
    database.putUser(session.transactions, {
      ...user,
      name: statement.newName ?? user.name,
      sid: login?.sid ?? user.sid,
      defaultSchema: statement.defaultSchema ?? user.defaultSchema,
    });
  });
  session.noteChange("ALTER USER");
}

export async function dropUser(statement: DropPrincipalStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  const role = statement.kind === "dropRole";
  const database = require(execution, role ? "ALTER ANY ROLE" : "ALTER ANY USER");
  const user = find(database, execution, "drop", role ? "role" : "user", statement.name);
  const scope = session.transactions;
  if (schemasOf(database, scope).some((schema) => schema.principalId === user.principalId)) throw sessionError(15138);
  if (role && databasePrincipals(database, scope).some((one) => one.roles.includes(user.name)))
    throw sessionError(15144);
  await changing(execution, database, () => {
    database.removeUser(scope, user.name);
  });
  session.noteChange(role ? "DROP ROLE" : "DROP USER");
}

export async function createRole(statement: CreateRoleStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  const database = require(execution, "ALTER ANY ROLE");
  const scope = session.transactions;
  if (databasePrincipal(database, statement.name, scope) !== undefined) throw sessionError(15023, statement.name);
  await changing(execution, database, () => {
    database.putUser(scope, {
      principalId: nextPrincipalId(database, scope),
      name: statement.name,
      sid: "",
      type: "R",
      defaultSchema: "",
      roles: [],
    });
  });
  session.noteChange("CREATE ROLE");
}

/** ALTER ROLE … ADD and DROP MEMBER; sp_addrolemember and sp_droprolemember. */
export async function changeRole(execution: Execution, role: string, member: string, add: boolean): Promise<void> {
  const { session } = execution;
  const database = require(execution, "ALTER ANY ROLE");
  const scope = session.transactions;
  const target = databasePrincipal(database, role, scope);
  if (target?.type !== "R" || target.name === "public") throw sessionError(15151, "alter", "role", role);
  const user = databasePrincipal(database, member, scope);
  if (user === undefined) throw sessionError(15151, add ? "add" : "drop", "principal", member);
  const others = user.roles.filter((name) => name.toLowerCase() !== role.toLowerCase());
  await changing(execution, database, () => {
    database.putUser(scope, { ...user, roles: add ? [...others, target.name] : others });
  });
}

export async function alterRole(statement: AlterRoleStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  const { action } = statement;
  if (action.kind === "rename") {
    const database = require(execution, "ALTER ANY ROLE");
    const role = find(database, execution, "alter", "role", statement.name);
    await changing(execution, database, () => {
      database.removeUser(session.transactions, role.name);
      database.putUser(session.transactions, { ...role, name: action.name });
    });
  } else await changeRole(execution, statement.name, action.name, action.kind === "addMember");
  session.noteChange("ALTER ROLE");
}
