/** BACKUP DATABASE and BACKUP LOG: sql-docs t-sql/statements/backup-transact-sql.md. */
import type { BackupOptionName, BackupStatement } from "../../tsql/ast";
import { SqlError } from "../../tsql/errors";
import type { CalendarTime, SqlValue } from "../../tsql/values";
import type { BackupRequest } from "../backup/request";
import { hasDatabasePermission } from "../database-permissions";
import { numberOf, textOf } from "../functions/definition";
import { recordBackup } from "../msdb/history";
import { EDITIONS } from "../product";
import { sessionError } from "../session-errors";
import { calendarText } from "../sql-text";
import { devicePaths } from "./backup-devices";
import { evaluatedText, type Execution, followed, requesterOf } from "./execution";
import { optionTime } from "./option-time";

/** Pairs that exclude each other (3031). */
const CONFLICTS: readonly (readonly [BackupOptionName, BackupOptionName])[] = [
  ["FORMAT", "NOINIT"],
  ["FORMAT", "NOFORMAT"],
  ["FORMAT", "NOSKIP"],
  ["INIT", "NOINIT"],
  ["SKIP", "NOSKIP"],
  ["COMPRESSION", "NO_COMPRESSION"],
  ["CHECKSUM", "NO_CHECKSUM"],
  ["STOP_ON_ERROR", "CONTINUE_AFTER_ERROR"],
  ["NORECOVERY", "STANDBY"],
  ["EXPIREDATE", "RETAINDAYS"],
];

/** "BACKUP DATABASE is terminating abnormally." */
export function terminatedAbnormally(statement: string): SqlError {
  return new SqlError(3013, 16, `${statement} is terminating abnormally.`);
}

/** Options as written, looked up by name; the last one of a name counts. */
class BackupOptions {
  readonly #values = new Map<BackupOptionName, SqlValue>();

  constructor(statement: BackupStatement, { context }: Execution) {
    for (const { name, value } of statement.options)
      this.#values.set(name, value === undefined ? null : context.evaluate(value));
    for (const [one, other] of CONFLICTS)
      if (this.has(one) && this.has(other))
        throw new SqlError(
          3031,
          16,
          `Option '${one.toLowerCase()}' conflicts with option(s) '${other.toLowerCase()}'. Remove the conflicting option and reissue the statement.`,
        );
  }

  has(name: BackupOptionName): boolean {
    return this.#values.has(name);
  }

  text(name: BackupOptionName): string | undefined {
    return textOf(this.#values.get(name)) ?? undefined;
  }

  number(name: BackupOptionName): number | undefined {
    return numberOf(this.#values.get(name)) ?? undefined;
  }

  /** EXPIREDATE as milliseconds since 1970 of the local clock. */
  date(name: BackupOptionName): number | undefined {
    return optionTime(this.#values.get(name) ?? null);
  }
}

/** Absent keys instead of undefined ones: an option that was not written is not in the request. */
function present<T extends object>(options: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

/** Executes BACKUP. Errors are the cause and 3013; success writes msdb's history. */
export async function backup(statement: BackupStatement, execution: Execution): Promise<void> {
  const { session, context } = execution;
  const { instance } = session;
  const name = `BACKUP ${statement.type}`;
  const outcome = await followed(
    () => terminatedAbnormally(name),
    async () => {
      if (context.transactionCount > 0) throw sessionError(3021);
      const database = instance.core.require(evaluatedText(execution, statement.database) ?? "");
      if (database.hasStore && !hasDatabasePermission(database, session, name))
        throw sessionError(262, name, database.name);
      const options = new BackupOptions(statement, execution);
      if (options.has("COMPRESSION") && instance.edition === "Express")
        throw sessionError(1844, `${name} WITH COMPRESSION`, EDITIONS[instance.edition].text);
      const compression = options.has("COMPRESSION")
        ? true
        : !options.has("NO_COMPRESSION") && instance.configuration.value("backup compression default") === 1;
      const optional = present({
        name: options.text("NAME"),
        description: options.text("DESCRIPTION"),
        mediaName: options.text("MEDIANAME"),
        mediaDescription: options.text("MEDIADESCRIPTION"),
        expireDate: options.date("EXPIREDATE"),
        retainDays: options.number("RETAINDAYS"),
        blockSize: options.number("BLOCKSIZE"),
        standby: options.text("STANDBY"),
        stats: options.has("STATS") ? (options.number("STATS") ?? 10) : undefined,
      });
      const request: BackupRequest = {
        kind: statement.type === "LOG" ? "log" : "database",
        database: database.name,
        devices: devicePaths(statement.devices, execution),
        differential: options.has("DIFFERENTIAL"),
        copyOnly: options.has("COPY_ONLY"),
        init: options.has("INIT") || options.has("FORMAT"),
        format: options.has("FORMAT"),
        skip: options.has("SKIP") || options.has("FORMAT"),
        checksum: options.has("CHECKSUM"),
        continueAfterError: options.has("CONTINUE_AFTER_ERROR"),
        compression,
        noRecovery: options.has("NORECOVERY"),
        noTruncate: options.has("NO_TRUNCATE"),
        ...optional,
        requester: requesterOf(execution),
      };
      return instance.core.backup(request);
    },
  );
  instance.errorLog.write(
    18264,
    10,
    backedUpText(name, outcome.history.header.databaseName, instance.localCalendarNow()),
  );
  session.noteChange(name);
  await recordBackup(instance, outcome);
}

function backedUpText(name: string, database: string, now: CalendarTime): string {
  const what = name === "BACKUP LOG" ? "Log was backed up." : "Database backed up.";
  return `${what} Database: ${database}, date(time): ${calendarText(now)}. This is an informational message only. No user action is required.`;
}
