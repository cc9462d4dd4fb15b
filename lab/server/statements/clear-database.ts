/** Getting a database to oneself: WITH ROLLBACK IMMEDIATE, ROLLBACK AFTER, NO_WAIT, or waiting. */
import type { Termination } from "../../tsql/ast";
import type { Database } from "../database";
import { isRoleMember, userOf } from "../database-principals";
import type { ServerSession } from "../server-session";
import { sessionError } from "../session-errors";
import type { WantedChange } from "./database-options";
import { type Execution, inform } from "./execution";

/** How often the sessions of a database are looked at while a statement waits for them to leave. */
const LOOK_MS = 20;

/** Sessions that stand in the way of a change: all others, for RESTRICTED_USER only those that it shuts out. */
function inTheWay(database: Database, execution: Execution, wanted: WantedChange): readonly ServerSession[] {
  const others = execution.session.instance.sessions.in(database).filter((other) => other !== execution.session);
  if (wanted.options.userAccess !== "RESTRICTED_USER" || wanted.state !== undefined) return others;
  return others.filter((other) => {
    const user = userOf(database, other);
    return (
      !other.isSysadmin &&
      !other.instance.principals.isMember(other.principal, "dbcreator") &&
      (user === undefined || !isRoleMember(database, user, "db_owner"))
    );
  });
}

async function leave(execution: Execution, until: number, isFree: () => boolean): Promise<boolean> {
  const { session, context } = execution;
  if (session.request !== undefined) session.request.waitType = "LCK_M_X";
  try {
    while (!isFree()) {
      if (context.signal.aborted || Date.now() >= until) return false;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return true;
  } finally {
    if (session.request !== undefined) delete session.request.waitType;
  }
}

/**
 * Comes back when no session is in the way of the change. Throws 5070 (NO_WAIT and somebody is there), 5061 (LOCK_TIMEOUT
 * passed or the client cancelled the wait).
 */
export async function clearDatabase(
  database: Database,
  termination: Termination | undefined,
  execution: Execution,
  wanted: WantedChange,
): Promise<void> {
  const present = (): readonly ServerSession[] => inTheWay(database, execution, wanted);
  if (present().length === 0) return;
  if (termination?.kind === "noWait") throw sessionError(5070, database.name);
  if (termination === undefined) {
    const { lockTimeout } = execution.session.transactions;
    const until = lockTimeout < 0 ? Number.POSITIVE_INFINITY : Date.now() + lockTimeout;
    if (!(await leave(execution, until, () => present().length === 0))) throw sessionError(5061, database.name);
    return;
  }
  if (termination.kind === "rollbackAfter")
    await leave(execution, Date.now() + termination.seconds * 1000, () => present().length === 0);
  // Whoever came in meanwhile is sent away as well.
  while (present().length > 0 && !execution.session.isEnded)
    await Promise.race([Promise.all(present().map((other) => other.kill())), ended(execution.session)]);
  inform(execution, 5060, "Nonqualified transactions are being rolled back. Estimated rollback completion: 100%.");
}

/** Two sessions that end each other must not wait for each other for ever. */
function ended(session: ServerSession): Promise<void> {
  return new Promise((resolve) => {
    if (session.endSignal.aborted) resolve();
    else session.endSignal.addEventListener("abort", () => resolve(), { once: true });
  });
}
