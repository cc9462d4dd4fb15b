/** A stored table as one session sees it. */
import type { LocatedRow, UpdatableTable } from "../../tsql/host";
import { Decimal, type Row, type SqlValue } from "../../tsql/values";
import type { Database } from "../database";
import type { ColumnDefinition, KeyDefinition, NewRow, TableDefinition } from "./definitions";
import { shownInError } from "./encoding";
import { storageErrors } from "./errors";
import { PhysicalTable } from "./physical-table";
import type { DatabaseStore } from "./store";
import type { TransactionScope } from "./transaction";

/** Rows that one read takes from the file: no SQLite statement stays open while a client is slow. */
const ROWS_PER_READ = 512;

/** What `insertUnlogged` has written: the locators of the first and last row, and how much. */
export interface UnloggedRows {
  readonly first: number;
  readonly last: number;
  readonly bytes: number;
  readonly count: number;
}

/**
 * Rows of a table. Reads see what is committed, and what the session itself has written. Writes need the session to be
 * the database's writer: `TransactionScope.enlist` beforehand waits for it, otherwise 1222 comes at once.
 */
export class StoredTable implements UpdatableTable {
  readonly updatable = true;
  readonly #physical: PhysicalTable;

  constructor(
    readonly database: Database,
    readonly definition: TableDefinition,
    readonly scope: TransactionScope,
  ) {
    this.#physical = PhysicalTable.of(definition);
  }

  get columns(): readonly ColumnDefinition[] {
    return this.definition.columns;
  }

  *scan(needed?: ReadonlySet<number>): Iterable<Row> {
    for (const { row } of this.locate(needed)) yield row;
  }

  *locate(needed?: ReadonlySet<number>): Iterable<LocatedRow> {
    const positions = this.definition.columns.map((_, index) => index).filter((index) => needed?.has(index) ?? true);
    const sql = this.#physical.selectSql(positions);
    const bigints = this.#physical.needsBigints(positions);
    let after = 0;
    for (;;) {
      const store = this.#store();
      const connection = this.scope.isWriting(this.database) ? store.file.writer : store.file.reader;
      const found = connection.prepare(sql, bigints).all(after, ROWS_PER_READ) as unknown as (number | bigint)[][];
      for (const raw of found) {
        after = Number(raw[0]);
        yield { locator: after, row: this.#physical.decode(raw, positions, 1) };
      }
      this.database.countRead(found.length);
      if (found.length < ROWS_PER_READ) return;
    }
  }

  /** Number of rows, without reading them (sys.partitions.rows). */
  count(): number {
    const store = this.#store();
    const connection = this.scope.isWriting(this.database) ? store.file.writer : store.file.reader;
    return Number(connection.rows(`SELECT count(*) FROM ${this.#physical.name}`)[0]?.[0]);
  }

  insert(values: NewRow): bigint | undefined {
    return this.scope.within(() => {
      const store = this.#writable();
      const { row, identity } = this.#complete(values, store);
      this.refuseUnchecked(row, "INSERT");
      const locator = store.takeLocator(this.definition);
      const raw = this.#physical.encode(row);
      this.#guarded(row, locator, () => store.file.writer.prepare(this.#physical.insertSql).run(locator, ...raw));
      store.append("LOP_INSERT_ROWS", this.definition.id, locator, raw);
      return identity;
    });
  }

  update(locator: number | bigint, row: Row): void {
    this.scope.within(() => {
      const store = this.#writable();
      this.#refuseNulls(row, "UPDATE");
      this.refuseUnchecked(row, "UPDATE");
      const raw = this.#physical.encode(row);
      const at = Number(locator);
      this.#guarded(row, at, () => store.file.writer.prepare(this.#physical.updateSql).run(...raw, at));
      store.append("LOP_MODIFY_ROW", this.definition.id, at, raw);
    });
  }

  delete(locator: number | bigint): void {
    this.scope.within(() => {
      const store = this.#writable();
      store.file.writer.prepare(this.#physical.deleteSql).run(Number(locator));
      store.append("LOP_DELETE_ROWS", this.definition.id, Number(locator));
    });
  }

  /** Writes rows without a log record each; `bulkLoad` logs their range. Answers the locators used. */
  insertUnlogged(rows: Iterable<NewRow>): UnloggedRows {
    const store = this.#writable();
    const statement = store.file.writer.prepare(this.#physical.insertSql);
    let [first, last, bytes, count] = [0, 0, 0, 0];
    for (const values of rows) {
      const { row } = this.#complete(values, store);
      const raw = this.#physical.encode(row);
      last = store.takeLocator(this.definition);
      first ||= last;
      count += 1;
      this.#guarded(row, last, () => statement.run(last, ...raw));
      for (const value of raw)
        bytes += typeof value === "string" ? value.length : value instanceof Uint8Array ? value.byteLength : 8;
    }
    return { first, last, bytes, count };
  }

  #store(): DatabaseStore {
    return this.database.openStore();
  }

  #writable(): DatabaseStore {
    this.database.assertWritable();
    this.scope.enlistNow(this.database);
    return this.#store();
  }

  #complete(values: NewRow, store: DatabaseStore): { readonly row: Row; readonly identity: bigint | undefined } {
    let identity: bigint | undefined;
    const row = this.definition.columns.map((column, index): SqlValue => {
      const given = values[index];
      if (column.generated !== undefined) {
        identity = this.#identity(column, given, store);
        return this.#identityValue(column, identity);
      }
      if (given !== undefined) return given;
      if (column.default === undefined) return null;
      return this.database.evaluateDefault(column.default.text, column.type);
    });
    this.#refuseNulls(row, "INSERT");
    return { row, identity };
  }

  #identity(column: ColumnDefinition, given: SqlValue | undefined, store: DatabaseStore): bigint {
    const { seed, increment } = column.generated as { seed: bigint; increment: bigint };
    const last = store.lastIdentity(this.definition.id);
    if (given === undefined || given === null) {
      const next = last === undefined ? seed : last + increment;
      store.setLastIdentity(this.definition.id, next);
      return next;
    }
    // SET IDENTITY_INSERT ON: a value beyond the last one becomes the last one.
    const value = typeof given === "object" && "unscaled" in given ? given.unscaled : BigInt(given as number | bigint);
    if (last === undefined || (increment > 0n ? value > last : value < last))
      store.setLastIdentity(this.definition.id, value);
    return value;
  }

  #identityValue(column: ColumnDefinition, value: bigint): SqlValue {
    if (column.type.name === "bigint") return value;
    if (column.type.name === "decimal" || column.type.name === "numeric") return new Decimal(value, 0);
    return Number(value);
  }

  #refuseNulls(row: Row, verb: "INSERT" | "UPDATE"): void {
    this.definition.columns.forEach((column, index) => {
      if (!column.nullable && (row[index] ?? null) === null)
        throw storageErrors.nullNotAllowed(column.name, this.#fullName(), verb);
    });
  }

  /** Throws 547 for a row that a CHECK constraint does not let in. */
  refuseUnchecked(row: Row, verb: "INSERT" | "UPDATE" | "ALTER TABLE"): void {
    const { schema, name, checks = [] } = this.definition;
    for (const check of checks)
      if (this.database.instance.environment.checkTest(check.text, this.columns)(row) === false)
        throw storageErrors.checkViolated(verb, check.name, this.database.name, `${schema}.${name}`, check.columns);
  }

  #guarded(row: Row, locator: number, write: () => void): void {
    try {
      write();
    } catch (error) {
      // SQLITE_CONSTRAINT and its extended codes (unique 2067, primary key 1555).
      if (
        (error as { errcode?: number }).errcode === undefined ||
        (Number((error as { errcode: number }).errcode) & 0xff) !== 19
      )
        throw error;
      const key = this.#physical.violatedKey(this.#store().file.writer, row, locator);
      if (key === undefined) throw error;
      throw this.#duplicate(key, row);
    }
  }

  #duplicate(key: KeyDefinition, row: Row): Error {
    const table = `${this.definition.schema}.${this.definition.name}`;
    const shown = key.columns.map((column) => shownInError(row[column] ?? null)).join(", ");
    if (key.kind === "unique index") return storageErrors.duplicateIndex(table, key.name, shown);
    const kind = key.kind === "primary key" ? "PRIMARY KEY" : "UNIQUE KEY";
    return storageErrors.duplicateConstraint(kind, key.name, table, shown);
  }

  #fullName(): string {
    return `${this.database.name}.${this.definition.schema}.${this.definition.name}`;
  }
}
