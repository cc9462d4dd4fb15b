/** A copy of mgc on a second instance that takes the first one's logs, for rules of LSNs and recovery paths. */
import assert from "node:assert/strict";
import { chatDatabase, DEFAULT_SERVER, type Answer, type RuleEstate, SHARE } from "./support";

/** The instance with the copy. */
export const COPY = "SQL-B1";

/** A row as text. */
export type Row = Answer["rows"][number];

/** A file on the share as a device. */
export function disk(file: string): string {
  return `DISK = N'${SHARE}\\${file}'`;
}

export async function insert(estate: RuleEstate, value: number, on = DEFAULT_SERVER): Promise<void> {
  await estate.run(`INSERT mgc.dbo.t VALUES (${String(value)})`, on);
}

/** Takes a full backup; answers the header of its set. */
export async function backupFull(estate: RuleEstate, file: string, on = DEFAULT_SERVER): Promise<Row> {
  await estate.run(`BACKUP DATABASE mgc TO ${disk(file)} WITH FORMAT`, on);
  return header(estate, file, on);
}

/** Takes a log backup; answers the header of its set. @param more further options, with a leading comma */
export async function backupLog(estate: RuleEstate, file: string, on = DEFAULT_SERVER, more = ""): Promise<Row> {
  await estate.run(`BACKUP LOG mgc TO ${disk(file)} WITH FORMAT${more}`, on);
  return header(estate, file, on);
}

/** RESTORE HEADERONLY of the first set of a file. */
export async function header(estate: RuleEstate, file: string, on = DEFAULT_SERVER): Promise<Row> {
  const [row] = await estate.rows(`RESTORE HEADERONLY FROM ${disk(file)} WITH FILE = 1`, on);
  assert.ok(row, `no set in ${file}`);
  return row;
}

export function restoreFull(file: string, more = "NORECOVERY"): string {
  return `RESTORE DATABASE mgc FROM ${disk(file)} WITH ${more}`;
}

export function restoreLog(file: string, more = "NORECOVERY"): string {
  return `RESTORE LOG mgc FROM ${disk(file)} WITH ${more}`;
}

/** Where the roll forward goes on: redo_start_lsn and redo_start_fork_guid of the data file. */
export async function position(
  estate: RuleEstate,
  on = COPY,
): Promise<{ readonly lsn: string | null; readonly fork: string | null }> {
  const [row] = await estate.rows(
    "SELECT redo_start_lsn AS lsn, redo_start_fork_guid AS fork FROM sys.master_files WHERE database_id = DB_ID(N'mgc') AND type_desc = N'ROWS'",
    on,
  );
  assert.ok(row);
  return { lsn: row["lsn"] ?? null, fork: row["fork"] ?? null };
}

/** The row of mgc in sys.database_recovery_status. */
export async function recoveryStatus(estate: RuleEstate, on = DEFAULT_SERVER): Promise<Row> {
  const [row] = await estate.rows("SELECT * FROM sys.database_recovery_status WHERE database_id = DB_ID(N'mgc')", on);
  assert.ok(row);
  return row;
}

/** The rows of the table. */
export async function content(estate: RuleEstate, on = COPY): Promise<readonly (string | null | undefined)[]> {
  return (await estate.rows("SELECT a FROM mgc.dbo.t ORDER BY a", on)).map((row) => row["a"]);
}

/** mgc with one row, its full backup full.bak, and a copy of it RESTORING on the second instance. */
export async function seeded(estate: RuleEstate): Promise<Row> {
  for (const batch of chatDatabase) await estate.run(batch);
  const set = await backupFull(estate, "full.bak");
  await estate.run(restoreFull("full.bak"), COPY);
  return set;
}
