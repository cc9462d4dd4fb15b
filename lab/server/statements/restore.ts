/** RESTORE in all its forms: sql-docs t-sql/statements/restore-statements*-transact-sql.md. */
import type { RestoreOptionName, RestoreStatement } from "../../tsql/ast";
import { SqlError } from "../../tsql/errors";
import type { SqlValue } from "../../tsql/values";
import type { RestoreOutcome } from "../backup/history";
import type { RowSet } from "../backup/inspect";
import type { InspectRequest, RestoreRequest } from "../backup/request";
import type { StopPoint } from "../backup/stop-point";
import { numberOf, textOf } from "../functions/definition";
import { recordRestore, recordVerified } from "../msdb/history";
import { noteRestoredPages } from "../msdb/suspect-pages";
import { sessionError } from "../session-errors";
import { terminatedAbnormally } from "./backup";
import { devicePaths } from "./backup-devices";
import { evaluatedText, type Execution, followed, requesterOf, sendRows } from "./execution";
import { optionTime } from "./option-time";

/** Name that 3013 puts into its text. */
const TERMINATED: Readonly<Record<RestoreStatement["type"], string>> = {
  DATABASE: "RESTORE DATABASE",
  LOG: "RESTORE LOG",
  HEADERONLY: "RESTORE HEADERONLY",
  FILELISTONLY: "RESTORE FILELIST",
  LABELONLY: "RESTORE LABELONLY",
  VERIFYONLY: "VERIFY DATABASE",
};

/** Options of piecemeal and restarted restores: not part of the lab, refused by their name. */
const UNKNOWN: readonly RestoreOptionName[] = ["PARTIAL", "RESTART"];

class RestoreOptions {
  readonly #values = new Map<RestoreOptionName, SqlValue>();
  readonly #after: SqlValue = null;

  constructor(statement: RestoreStatement, { context }: Execution) {
    for (const { name, value, after } of statement.options) {
      if (after !== undefined) this.#after = context.evaluate(after);
      if (UNKNOWN.includes(name)) throw new SqlError(155, 15, `'${name}' is not a recognized RESTORE option.`);
      this.#values.set(name, value === undefined ? null : context.evaluate(value));
    }
    if (this.has("NORECOVERY") && (this.has("RECOVERY") || this.has("STANDBY")))
      throw new SqlError(
        3031,
        16,
        "Option 'norecovery' conflicts with option(s) 'recovery'. Remove the conflicting option and reissue the statement.",
      );
  }

  has(name: RestoreOptionName): boolean {
    return this.#values.has(name);
  }

  text(name: RestoreOptionName): string | undefined {
    return textOf(this.#values.get(name)) ?? undefined;
  }

  number(name: RestoreOptionName): number | undefined {
    return numberOf(this.#values.get(name)) ?? undefined;
  }

  /** STOPAT, STOPATMARK or STOPBEFOREMARK. Throws 241, 242. */
  get stop(): StopPoint | undefined {
    if (this.has("STOPAT")) {
      const at = optionTime(this.#values.get("STOPAT") ?? null);
      return at === undefined ? undefined : { kind: "time", at };
    }
    const isExcluded = this.has("STOPBEFOREMARK");
    const name = this.text(isExcluded ? "STOPBEFOREMARK" : "STOPATMARK");
    if (name === undefined) return undefined;
    const lsn = /^lsn:(.*)$/i.exec(name)?.[1];
    if (lsn !== undefined)
      return { kind: "lsn", name, isExcluded, lsn: /^\d{1,25}$/.test(lsn) ? BigInt(lsn) : undefined };
    const after = optionTime(this.#after);
    return { kind: "mark", name, isExcluded, ...(after === undefined ? {} : { after }) };
  }

  get recovery(): Exclude<RestoreRequest["recovery"], undefined> {
    if (this.has("NORECOVERY")) return "NORECOVERY";
    return this.has("STANDBY") ? { standby: this.text("STANDBY") ?? "" } : "RECOVERY";
  }
}

/** Existing database: sysadmin, dbcreator or its owner (3110). Absent: CREATE DATABASE (262). */
function requireRestore({ session }: Execution, name: string): void {
  const database = session.instance.core.database(name);
  if (database === undefined) {
    requireCreate({ session });
    return;
  }
  const { principals } = session.instance;
  const allowed =
    session.isSysadmin ||
    principals.isMember(session.principal, "dbcreator") ||
    database.ownerSid === session.principal.sid;
  if (!allowed) throw sessionError(3110, name);
}

function requireCreate({ session }: Pick<Execution, "session">): void {
  if (session.hasServerPermission("CREATE ANY DATABASE")) return;
  throw sessionError(262, "CREATE DATABASE", "master");
}

function restoreRequest(
  statement: RestoreStatement,
  execution: Execution,
  options: RestoreOptions,
): Omit<RestoreRequest, "database"> {
  const file = options.number("FILE");
  const mediaName = options.text("MEDIANAME");
  const { stop } = options;
  const { context } = execution;
  return {
    devices: devicePaths(statement.devices, execution),
    ...(file === undefined ? {} : { file }),
    move: statement.moves.map((move) => ({
      logicalName: textOf(context.evaluate(move.logical)) ?? "",
      physicalName: textOf(context.evaluate(move.physical)) ?? "",
    })),
    replace: options.has("REPLACE"),
    recovery: options.recovery,
    checksum: options.has("CHECKSUM"),
    noChecksum: options.has("NO_CHECKSUM"),
    continueAfterError: options.has("CONTINUE_AFTER_ERROR"),
    restrictedUser: options.has("RESTRICTED_USER"),
    ...(mediaName === undefined ? {} : { mediaName }),
    ...(stop === undefined ? {} : { stop }),
    ...(options.has("STATS") ? { stats: options.number("STATS") ?? 10 } : {}),
    loadHistory: options.has("LOADHISTORY"),
    requester: requesterOf(execution),
  };
}

async function restoreDatabase(
  statement: RestoreStatement,
  execution: Execution,
  options: RestoreOptions,
): Promise<RestoreOutcome | undefined> {
  const { session } = execution;
  const { core } = session.instance;
  const name = evaluatedText(execution, statement.database) ?? "";
  requireRestore(execution, name);
  let outcome: RestoreOutcome | undefined;
  if (statement.devices.length === 0) {
    await core.recoverDatabase(name, requesterOf(execution), options.recovery);
  } else {
    const request: RestoreRequest = { ...restoreRequest(statement, execution, options), database: name };
    outcome = statement.type === "LOG" ? await core.restoreLog(request) : await core.restoreDatabase(request);
  }
  session.noteChange(`RESTORE ${statement.type}`);
  return outcome;
}

async function inspect(statement: RestoreStatement, execution: Execution, options: RestoreOptions): Promise<void> {
  const { core } = execution.session.instance;
  const file = options.number("FILE");
  const request: InspectRequest = {
    devices: devicePaths(statement.devices, execution),
    ...(file === undefined ? {} : { file }),
    requester: requesterOf(execution),
  };
  const read: Promise<RowSet> =
    statement.type === "HEADERONLY"
      ? core.headerOnly(request)
      : statement.type === "FILELISTONLY"
        ? core.fileListOnly(request)
        : core.labelOnly(request);
  const { columns, rows } = await read;
  await sendRows(execution, columns, rows);
}

/** Executes RESTORE. Errors are the cause, 3119 where it applies, and 3013. */
export async function restore(statement: RestoreStatement, execution: Execution): Promise<void> {
  const { session, context } = execution;
  let outcome: RestoreOutcome | undefined;
  await followed(
    () => terminatedAbnormally(TERMINATED[statement.type]),
    async () => {
      if (context.transactionCount > 0) throw sessionError(3021);
      const options = new RestoreOptions(statement, execution);
      if (statement.type === "DATABASE" || statement.type === "LOG") {
        outcome = await restoreDatabase(statement, execution, options);
        return;
      }
      requireCreate(execution);
      if (statement.type !== "VERIFYONLY") {
        await inspect(statement, execution, options);
        return;
      }
      const { history } = await session.instance.core.verifyOnly(restoreRequest(statement, execution, options));
      if (options.has("LOADHISTORY")) await recordVerified(session.instance, history);
    },
  );
  // Behind 3013's reach: a restore that msdb does not learn of has succeeded all the same.
  if (outcome === undefined) return;
  await recordRestore(session.instance, outcome);
  const restored = session.instance.core.database(outcome.restore?.destinationDatabase ?? "");
  if (restored !== undefined) await noteRestoredPages(session.instance.msdb, restored);
}
