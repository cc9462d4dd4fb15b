/** Entering a database: by USE, a three-part name or a login. */
import type { SqlError } from "../tsql/errors";
import type { Database } from "./database";
import { isRoleMember, userOf } from "./database-principals";
import type { ServerSession } from "./server-session";
import { sessionError } from "./session-errors";

/** Owner, dbcreator, sysadmin: who enters a RESTRICTED_USER database (923). db_owner members do as well. */
function entersRestricted(database: Database, session: ServerSession): boolean {
  if (session.isSysadmin || session.instance.principals.isMember(session.principal, "dbcreator")) return true;
  const user = userOf(database, session);
  return user !== undefined && isRoleMember(database, user, "db_owner", session.transactions);
}

/**
 * Why a session cannot enter a database; undefined when it can. In this order: its state (921 to 955), the single
 * user's place (924), restricted access (923), no user in it (916).
 */
export function refusal(session: ServerSession, database: Database): SqlError | undefined {
  const state = database.unusable();
  if (state !== undefined) return state;
  if (database.options.userAccess === "SINGLE_USER" && !database.isInStandby) {
    const holder = session.instance.sessions.in(database).find((other) => other !== session);
    if (holder !== undefined) return sessionError(924, database.name);
  }
  if (database.options.userAccess === "RESTRICTED_USER" && !entersRestricted(database, session))
    return sessionError(923, database.name);
  if (userOf(database, session) === undefined) return sessionError(916, session.principal.name, database.name);
  return undefined;
}

/** The database of that name, entered as `session`. Throws 911 and what {@link refusal} answers. */
export function openDatabase(session: ServerSession, name: string): Database {
  const database = session.instance.core.require(name);
  const refused = refusal(session, database);
  if (refused !== undefined) throw refused;
  return database;
}
