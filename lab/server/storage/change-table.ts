/**
 * Which rows were changed, with the LSN of the last change: what the differential bitmap of SQL Server is to extents
 * ("Differential Backups (SQL Server)"). A differential backup holds the rows that changed since its base.
 */
import { lsnKey } from "../log-sequence-number";
import type { Connection } from "./data-file";

/** Rows of a table by their locators, `first` to `last`. */
export interface ChangedRange {
  readonly table: number;
  readonly first: number;
  readonly last: number;
}

/** The last locator that there can be: a range up to it is the whole table. */
export const LAST_LOCATOR = Number.MAX_SAFE_INTEGER;

/** Ranges that are read at a time. */
const RANGES_PER_READ = 500;

export class ChangeTable {
  constructor(private readonly connection: Connection) {}

  /** Notes a change in the open transaction. */
  note({ table, first, last }: ChangedRange, lsn: bigint): void {
    this.connection
      .prepare("INSERT OR REPLACE INTO changed (table_id, first, last, lsn) VALUES (?, ?, ?, ?)")
      .run(table, first, last, lsnKey(lsn));
  }

  /** How many ranges were changed at an LSN or later. */
  count(since: bigint): number {
    return Number(this.connection.rows("SELECT count(*) FROM changed WHERE lsn >= ?", lsnKey(since))[0]?.[0]);
  }

  /** Ranges that were changed at an LSN or later, table by table; not all at once. */
  *since(since: bigint): Generator<ChangedRange, void, undefined> {
    for (let after = [-1, -1, -1]; ;) {
      const rows = this.connection.rows(
        `SELECT table_id, first, last FROM changed WHERE (table_id, first, last) > (?, ?, ?) AND lsn >= ?
         ORDER BY table_id, first, last LIMIT ?`,
        ...after,
        lsnKey(since),
        RANGES_PER_READ,
      ) as number[][];
      for (const [table, first, last] of rows as [number, number, number][]) yield { table, first, last };
      if (rows.length < RANGES_PER_READ) return;
      after = rows.at(-1) as number[];
    }
  }

  /** Forgets changes before an LSN: no backup will be based on less. */
  forget(before: bigint): void {
    this.connection.prepare("DELETE FROM changed WHERE lsn < ?").run(lsnKey(before));
  }
}
