/**
 * EXECUTE AS LOGIN and USER. The session is the other login until REVERT, also outside of the database of a user.
 * Source: sql-docs t-sql/statements/execute-as-transact-sql.md.
 */
import type { ExecuteAsStatement } from "../../tsql/ast";
import { databasePrincipal, isRoleMember, userOf } from "../database-principals";
import type { ServerPrincipal } from "../server-principals";
import type { ServerSession } from "../server-session";
import { sessionError } from "../session-errors";
import { evaluatedText, type Execution } from "./execution";

/** Who holds IMPERSONATE on every user of the current database: its owner, db_owner, CONTROL SERVER. */
function controlsDatabase(session: ServerSession): boolean {
  const user = userOf(session.database, session);
  return user !== undefined && isRoleMember(session.database, user, "db_owner", session.transactions);
}

function loginNamed(name: string, session: ServerSession): ServerPrincipal | undefined {
  const login = session.instance.principals.find(name);
  const allowed = login === session.principal || session.hasServerPermission("CONTROL SERVER");
  return login?.type === "R" || !allowed ? undefined : login;
}

/** The login behind a user of the current database; dbo's is the owner's. */
function loginOfUser(name: string, session: ServerSession): ServerPrincipal | undefined {
  const user = databasePrincipal(session.database, name, session.transactions);
  if (user === undefined || user.type === "R") return undefined;
  const login = session.instance.principals.findBySid(user.sid);
  return login === session.principal || controlsDatabase(session) ? login : undefined;
}

/** Throws 15406 for a login, 15517 for a user: unknown, not to be impersonated (its sid has no login), or no right. */
export function executeAs(statement: ExecuteAsStatement, execution: Execution): void {
  const { session } = execution;
  const name = evaluatedText(execution, statement.name) ?? "";
  const login = statement.principal === "LOGIN" ? loginNamed(name, session) : loginOfUser(name, session);
  if (login === undefined) throw sessionError(statement.principal === "LOGIN" ? 15406 : 15517, name);
  session.impersonate(login);
}
