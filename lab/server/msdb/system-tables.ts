/** Tables of msdb for the server's own code: rows by column names instead of by position. */
import type { SqlValue } from "../../tsql/values";
import type { Database } from "../database";
import type { ServerSession } from "../server-session";
import type { StoredTable } from "../storage/stored-table";
import { TransactionScope } from "../storage/transaction";

/** A row by column names. `undefined` in an insert: default, identity or NULL. */
export type NamedRow = Readonly<Record<string, SqlValue>>;
export type RowFilter = (row: NamedRow) => boolean;

/** Changes tables of msdb inside one transaction. */
export interface TableWriter {
  rows(table: string, where?: RowFilter): NamedRow[];
  /** Columns that are not named get their default, identity or NULL. Answers the identity value, if any. */
  insert(table: string, row: NamedRow): number | undefined;
  /** Sets the columns that `change` names in every row that fits; answers how many. */
  update(table: string, where: RowFilter, change: NamedRow | ((row: NamedRow) => NamedRow)): number;
  delete(table: string, where: RowFilter): number;
}

/**
 * msdb of one instance. Reads may be made at any time; changes wait for their turn as statements do. With a session
 * they are part of its transaction and see its rows, without one they are a transaction of their own.
 */
export class SystemTables {
  constructor(private readonly database: Database) {}

  /** Rows of a table of schema dbo. Throws Error for a table that msdb of the lab does not have. */
  rows(table: string, where?: RowFilter, session?: ServerSession): NamedRow[] {
    const scope = session?.transactions ?? new TransactionScope(0);
    return namedRows(this.#table(table, scope), where).map(({ row }) => row);
  }

  /** Runs `work`; throws what a statement would throw that waits for a lock or writes (1222, 515, 2627 …). */
  async change<T>(work: (writer: TableWriter) => T, session?: ServerSession, signal?: AbortSignal): Promise<T> {
    if (session === undefined) return this.database.write((scope) => work(this.#writer(scope)), signal);
    const scope = session.transactions;
    await scope.enlist(this.database, signal);
    return scope.within(() => work(this.#writer(scope)));
  }

  #table(name: string, scope: TransactionScope): StoredTable {
    const table = this.database.table(scope, "dbo", name);
    if (table === undefined) throw new Error(`msdb of the lab has no table dbo.${name}.`);
    return table;
  }

  #writer(scope: TransactionScope): TableWriter {
    const tableOf = (name: string): StoredTable => this.#table(name, scope);
    return {
      rows: (table, where) => namedRows(tableOf(table), where).map(({ row }) => row),
      insert: (name, row) => {
        const table = tableOf(name);
        refuseUnknown(table, row);
        const identity = table.insert(table.columns.map((column) => row[column.name]));
        return identity === undefined ? undefined : Number(identity);
      },
      update: (name, where, change) => {
        const table = tableOf(name);
        const found = namedRows(table, where);
        for (const { locator, row } of found) {
          const changed = typeof change === "function" ? change(row) : change;
          refuseUnknown(table, changed);
          const next = { ...row, ...changed };
          table.update(
            locator,
            table.columns.map((column) => next[column.name] ?? null),
          );
        }
        return found.length;
      },
      delete: (name, where) => {
        const table = tableOf(name);
        const found = namedRows(table, where);
        for (const { locator } of found) table.delete(locator);
        return found.length;
      },
    };
  }
}

function namedRows(
  table: StoredTable,
  where: RowFilter = () => true,
): { readonly locator: number | bigint; readonly row: NamedRow }[] {
  const found: { readonly locator: number | bigint; readonly row: NamedRow }[] = [];
  for (const { locator, row } of table.locate()) {
    const named = Object.fromEntries(table.columns.map((column, index) => [column.name, row[index] ?? null]));
    if (where(named)) found.push({ locator, row: named });
  }
  return found;
}

function refuseUnknown(table: StoredTable, row: NamedRow): void {
  for (const name of Object.keys(row))
    if (!table.columns.some((column) => column.name === name))
      throw new Error(`Table ${table.definition.name} of the lab's msdb has no column ${name}.`);
}
