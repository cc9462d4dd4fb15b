import type { LocatedRow, UpdatableTable } from "../tsql/host";
import type { Column, Row, SqlValue } from "../tsql/values";
import type { Database } from "./database";
import { hasDatabasePermission } from "./database-permissions";
import { ForeignKeyCheck } from "./foreign-keys";
import type { ServerSession } from "./server-session";
import { sessionError } from "./session-errors";
import type { StoredTable } from "./storage/stored-table";

/** A stored table as one session may use it: 229 where a permission is missing, 3906 before the first row is looked for. */
export class GuardedTable implements UpdatableTable {
  readonly updatable = true;
  readonly columns: readonly Column[];
  readonly #known = new Map<string, boolean>();
  #foreignKeys: ForeignKeyCheck | undefined;

  constructor(
    private readonly table: StoredTable,
    private readonly session: ServerSession,
  ) {
    this.columns = table.columns.map((column) =>
      column.generated === undefined ? column : { ...column, identity: true },
    );
  }

  get database(): Database {
    return this.table.database;
  }

  scan(needed?: ReadonlySet<number>): Iterable<Row> {
    this.#require("SELECT");
    return this.table.scan(needed);
  }

  /** Rows that UPDATE or DELETE looks for: a read-only database refuses the statement even when none is found. */
  locate(needed?: ReadonlySet<number>): Iterable<LocatedRow> {
    this.database.assertWritable();
    if (!this.#has("UPDATE") && !this.#has("DELETE")) this.#require("UPDATE");
    return this.table.locate(needed);
  }

  insert(values: readonly (SqlValue | undefined)[]): bigint | undefined {
    this.#require("INSERT");
    this.#refuseIdentity(values);
    const keys = this.#keys();
    if (!keys.isEmpty)
      keys.written(
        "INSERT",
        this.columns.map((_, index) => values[index] ?? null),
      );
    return this.table.insert(values);
  }

  update(locator: number | bigint, row: Row): void {
    this.#require("UPDATE");
    const keys = this.#keys();
    keys.written("UPDATE", row);
    if (keys.isReferenced) keys.removed("UPDATE", this.#rowAt(locator), row);
    this.table.update(locator, row);
  }

  delete(locator: number | bigint): void {
    this.#require("DELETE");
    const keys = this.#keys();
    if (keys.isReferenced) keys.removed("DELETE", this.#rowAt(locator));
    this.table.delete(locator);
  }

  defaultValue(column: number): SqlValue {
    const definition = this.table.columns[column];
    return definition?.default === undefined
      ? null
      : this.database.evaluateDefault(definition.default.text, definition.type);
  }

  /** 544: a value for the identity column needs SET IDENTITY_INSERT ON. */
  #refuseIdentity(values: readonly (SqlValue | undefined)[]): void {
    const column = this.columns.findIndex((one) => one.identity === true);
    if (column < 0 || values[column] === undefined) return;
    const { schema, name } = this.table.definition;
    if (!this.session.insertsIdentity(`${this.database.name}.${schema}.${name}`)) throw sessionError(544, name);
  }

  #keys(): ForeignKeyCheck {
    this.#foreignKeys ??= new ForeignKeyCheck(this.table);
    return this.#foreignKeys;
  }

  #rowAt(locator: number | bigint): Row {
    for (const located of this.table.locate()) if (located.locator === locator) return located.row;
    return [];
  }

  #has(permission: string): boolean {
    // One object per use of a table in a statement: the answer holds for all of its rows.
    let known = this.#known.get(permission);
    if (known === undefined) {
      known = hasDatabasePermission(this.database, this.session, permission, this.table.definition);
      this.#known.set(permission, known);
    }
    return known;
  }

  #require(permission: string): void {
    if (this.#has(permission)) return;
    throw sessionError(229, permission, this.table.definition.name, this.database.name, this.table.definition.schema);
  }
}
