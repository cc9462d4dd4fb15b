/**
 * SQL Server authentication: who gets a session, and what the others are told.
 * Source: sql-docs relational-databases/errors-events/mssqlserver-18456-database-engine-error.md,
 * database-engine/configure-windows/start-sql-server-in-single-user-mode.md.
 */
import { type ClientConnection, LoginRefused, type LoginRequest } from "../tds/backend";
import type { SqlError } from "../tsql/errors";
import type { Database } from "./database";
import { refusal } from "./database-access";
import type { Instance } from "./instance";
import { passwordMatches, type ServerPrincipal } from "./server-principals";
import { ServerSession } from "./server-session";
import { sessionError } from "./session-errors";

/** The client is told state 1 of 18456 whatever the reason; the error log has the true state. */
function refuse(instance: Instance, login: string, trueState: number, ...before: readonly SqlError[]): LoginRefused {
  instance.errorLog.write(18456, 14, `Login failed for user '${login}'. State: ${String(trueState)}.`);
  const errors = [...before, sessionError(18456, login)];
  return new LoginRefused(errors.flatMap((error) => error.messages(1)));
}

/** The principal of name and password. Throws LoginRefused. */
function authenticate(instance: Instance, request: LoginRequest): ServerPrincipal {
  const principal = instance.principals.find(request.user);
  // 58: Windows Authentication only.
  if (instance.windowsAuthenticationOnly) throw refuse(instance, request.user, 58);
  // 5 unknown, 6 a Windows account with a password, 8 wrong password.
  if (principal === undefined || principal.type === "R") throw refuse(instance, request.user, 5);
  if (principal.type !== "S") throw refuse(instance, request.user, 6);
  if (principal.passwordHash === undefined || !passwordMatches(request.password, principal.passwordHash))
    throw refuse(instance, request.user, 8);
  if (principal.disabled) {
    instance.errorLog.write(18470, 14, `Login failed for user '${principal.name}'. Reason: The account is disabled.`);
    throw new LoginRefused(sessionError(18470, principal.name).messages(1));
  }
  if (!instance.principals.has(principal, "CONNECT SQL")) throw refuse(instance, principal.name, 12);
  return principal;
}

/** -m: an administrator, and nobody beside it. Throws LoginRefused with 18461. */
function refuseSecond(instance: Instance, principal: ServerPrincipal): void {
  if (instance.principals.isSysadmin(principal) && instance.sessions.all().length === 0) return;
  throw new LoginRefused(sessionError(18461, principal.name).messages(1));
}

/**
 * Opens a session, as the wire asks for one. The database is the one of LOGIN7 (4060), else the login's own (4064); in
 * both cases 18456 follows.
 */
export function login(instance: Instance, request: LoginRequest, connection: ClientConnection): ServerSession {
  const principal = authenticate(instance, request);
  if (instance.singleUser) refuseSecond(instance, principal);
  const session = openSession(instance, principal, {
    hostName: request.hostName,
    programName: request.applicationName,
    clientProcessId: request.clientProcessId,
    connection,
  });
  const name = request.database === "" ? principal.defaultDatabase : request.database;
  const database = instance.core.database(name);
  if (database !== undefined && refusal(session, database) === undefined) {
    session.enterAtLogin(database);
    return session;
  }
  instance.sessions.remove(session);
  const cause = request.database === "" ? sessionError(4064) : sessionError(4060, name);
  throw refuse(instance, principal.name, 38, cause);
}

/** A session in master, known to the instance. */
export function openSession(
  instance: Instance,
  principal: ServerPrincipal,
  origin: {
    readonly hostName: string;
    readonly programName: string;
    readonly clientProcessId: number;
    readonly connection?: ClientConnection;
    readonly database?: Database;
  },
): ServerSession {
  const session = new ServerSession(instance, {
    ...origin,
    id: instance.sessions.nextId(),
    principal,
    database: origin.database ?? instance.core.require("master"),
  });
  instance.sessions.add(session);
  instance.connectionCount += 1;
  return session;
}
