/**
 * sp_getapplock and sp_releaseapplock.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-getapplock-transact-sql.md, sp-releaseapplock-….
 */
import type { ProcedureCall } from "../../tsql/host";
import { SYSNAME, type SqlType } from "../../tsql/values";
import { lockModeNames, type LockedResource, type LockOwner } from "../application-locks";
import { databasePrincipal } from "../database-principals";
import type { ServerSession } from "../server-session";
import { sessionError } from "../session-errors";
import {
  parameter,
  numberArgument,
  type ProcedureAnswer,
  type ServerProcedure,
  textArgument,
} from "./server-procedure";

const RESOURCE: SqlType = { name: "nvarchar", length: 255 };
const WORD: SqlType = { name: "varchar", length: 32 };

/** Validation error: the message goes out and the procedure returns -999. */
const INVALID: ProcedureAnswer = { returnCode: -999 };

function refuse(call: ProcedureCall, number: 1228 | 1230, ...args: readonly string[]): ProcedureAnswer {
  for (const message of sessionError(number, ...args).messages(1, "xp_userlock")) call.sink.message(message);
  return INVALID;
}

/** Resource and owner of a call, or the answer that refuses it. */
function target(
  call: ProcedureCall,
  session: ServerSession,
): { readonly resource: LockedResource; readonly owner: LockOwner } | ProcedureAnswer {
  const name = textArgument(call, "@Resource");
  if (name === null || name === "") return refuse(call, 1228, "@Resource");
  const kind = textArgument(call, "@LockOwner")?.toLowerCase();
  if (kind !== "session" && kind !== "transaction") return refuse(call, 1228, "@LockOwner");
  const principal = databasePrincipal(session.database, textArgument(call, "@DbPrincipal") ?? "public");
  if (principal === undefined) return refuse(call, 1230);
  // A lock of a transaction needs one: without BEGIN TRAN the call is invalid.
  if (kind === "transaction" && !session.transactions.isExplicit) return refuse(call, 1228, "@LockOwner");
  return {
    resource: { databaseId: session.database.id, principalId: principal.principalId, name },
    owner: { sessionId: session.id, kind: kind === "session" ? "Session" : "Transaction" },
  };
}

const getApplicationLock: ServerProcedure = {
  name: "master.sys.sp_getapplock",
  changes: false,
  parameters: [
    parameter("@Resource", RESOURCE, { standard: null }),
    parameter("@LockMode", WORD, { standard: null }),
    parameter("@LockOwner", WORD, { standard: "Transaction" }),
    parameter("@LockTimeout", { name: "int" }, { standard: null }),
    parameter("@DbPrincipal", SYSNAME, { standard: "public" }),
  ],
  async execute(call, session) {
    const wanted = target(call, session);
    if ("returnCode" in wanted) return wanted;
    const mode = lockModeNames[(textArgument(call, "@LockMode") ?? "").toLowerCase()];
    if (mode === undefined) return refuse(call, 1228, "@LockMode");
    // NULL: the session's LOCK_TIMEOUT, as @@LOCK_TIMEOUT says.
    const timeout = numberArgument(call, "@LockTimeout") ?? session.transactions.lockTimeout;
    if (timeout < -1) return refuse(call, 1228, "@LockTimeout");
    const locks = session.instance.applicationLocks;
    return { returnCode: await locks.acquire(wanted.resource, wanted.owner, mode, timeout, call.signal) };
  },
};

const releaseApplicationLock: ServerProcedure = {
  name: "master.sys.sp_releaseapplock",
  changes: false,
  parameters: [
    parameter("@Resource", RESOURCE, { standard: null }),
    parameter("@LockOwner", WORD, { standard: "Transaction" }),
    parameter("@DbPrincipal", SYSNAME, { standard: "public" }),
  ],
  execute(call, session) {
    const wanted = target(call, session);
    if ("returnCode" in wanted) return Promise.resolve(wanted);
    if (session.instance.applicationLocks.release(wanted.resource, wanted.owner))
      return Promise.resolve({ returnCode: 0 });
    const principal = textArgument(call, "@DbPrincipal") ?? "public";
    for (const message of sessionError(1223, principal, wanted.resource.name).messages(1, "xp_userlock"))
      call.sink.message(message);
    return Promise.resolve(INVALID);
  },
};

export const applicationLockProcedures: readonly ServerProcedure[] = [getApplicationLock, releaseApplicationLock];
