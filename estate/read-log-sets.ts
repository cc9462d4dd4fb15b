/**
 * Reads the headers of log files as an engine sees them. LSNs are numeric(25,0), which the driver would round: they come as
 * text through a table variable, whose columns are those that the instance itself sent (they differ by version).
 */
import { z } from "zod";
import { headerRow } from "./backup-header";
import { DrError } from "./errors";
import type { LogFiles, LogSet, UnreadableLogFile } from "./observation-types";
import { printable } from "./printable";
import type { SqlServer } from "./sql/connection";
import { quoteName, quoteString } from "./sql/quote";
import { guidColumn, lsnColumn, momentColumn, textColumn } from "./sql/rows";
import { readBackupHeader } from "./statements";
import { verifyLog } from "./statements-failover";

/** Files that are read side by side. */
const READERS = 4;

/** BackupType of a log set (restore-statements-headeronly-transact-sql). */
const LOG_SET = 2;

const exactRow = z.object({
  firstLsn: lsnColumn,
  lastLsn: lsnColumn,
  firstFork: guidColumn,
  finishDate: momentColumn,
});
const flagsRow = headerRow.extend({ IsForceOffline: z.coerce.boolean(), DatabaseName: textColumn });

/** What was read of one file. */
type FileReading = { readonly sets: readonly LogSet[] } | { readonly unreadable: UnreadableLogFile };

/** Reads files side by side; what a file that is whole says is kept, since it never changes. */
export class LogFileReader {
  readonly #known = new Map<string, FileReading>();

  /** Headers of all files; one that is no whole backup is told with the instance's words. Throws when the instance is gone. */
  async read(server: SqlServer, files: readonly string[]): Promise<LogFiles> {
    const waiting = files.filter((file) => !this.#known.has(file));
    const fresh = new Map<string, FileReading>();
    const reader = async (): Promise<void> => {
      for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
        fresh.set(file, await readingOf(server, file));
      }
    };
    await Promise.all(Array.from({ length: READERS }, reader));
    for (const [file, reading] of fresh) {
      // A file that cannot be read now may be on its way; a .wrk still grows.
      if ("sets" in reading && !/\.wrk$/i.test(file)) this.#known.set(file, reading);
    }
    const readings = files.flatMap((file) => this.#known.get(file) ?? fresh.get(file) ?? []);
    return {
      sets: readings.flatMap((reading) => ("sets" in reading ? reading.sets : [])),
      unreadable: readings.flatMap((reading) => ("sets" in reading ? [] : [reading.unreadable])),
    };
  }
}

async function readingOf(server: SqlServer, file: string): Promise<FileReading> {
  try {
    return { sets: await readLogFile(server, file) };
  } catch (thrown) {
    if (!(thrown instanceof DrError) || thrown.number === undefined) throw thrown;
    return { unreadable: { file, message: thrown.summary } };
  }
}

/** The sets of one file: our own and log shipping's files hold one. Throws what the instance said (3201, 3241 …). */
async function readLogFile(server: SqlServer, file: string): Promise<LogSet[]> {
  const doing = `reading the header of ${printable(file, 260)}`;
  const { recordsets } = await server.query(readBackupHeader(file), { doing });
  const rows = recordsets[0] ?? [];
  const [first] = rows;
  // Several sets in one file were appended by somebody: FILE = 1 would be a guess.
  if (first === undefined || rows.length > 1) return [];
  const header = flagsRow.safeParse(first);
  if (!header.success) return [];
  const [[exact]] = await server.read(exactHeader(file, Object.keys(first)), [exactRow], { doing });
  if (exact === undefined) return [];
  const { data } = header;
  // A file whose backup was cut off, or still grows, has a header all the same.
  if (data.BackupType === LOG_SET)
    await server.query(verifyLog(file), { doing: `verifying ${printable(file, 260)}`, timeout: 0 });
  return [
    {
      file,
      backupSetUuid: data.BackupSetGUID,
      backupType: data.BackupType,
      databaseName: data.DatabaseName,
      serverName: data.ServerName,
      familyGuid: data.FamilyGUID,
      firstRecoveryForkGuid: exact.firstFork,
      recoveryForkGuid: data.RecoveryForkID,
      firstLsn: exact.firstLsn,
      lastLsn: exact.lastLsn,
      isDamaged: data.IsDamaged,
      isForceOffline: data.IsForceOffline,
      finishDate: exact.finishDate,
    },
  ];
}

/** @param columns names of RESTORE HEADERONLY's columns on this instance, in order */
function exactHeader(file: string, columns: readonly string[]): string {
  const definitions = columns.map((name) => `${quoteName(name)} ${/Date$/i.test(name) ? "datetime" : "nvarchar(400)"}`);
  return `DECLARE @header TABLE (${definitions.join(", ")});
INSERT @header EXEC (${quoteString(readBackupHeader(file))});
SELECT h.FirstLSN AS firstLsn, h.LastLSN AS lastLsn, h.FirstRecoveryForkID AS firstFork,
  CONVERT(varchar(23), h.BackupFinishDate, 126) AS finishDate FROM @header AS h;`;
}
