/** FOREIGN KEY constraints: kept as definitions of the database, checked when rows change (547). */
import { SqlError } from "../tsql/errors";
import { DEFAULT_COLLATION } from "../tsql/collation";
import { Decimal, CalendarTime, type Row, type SqlValue, Variant } from "../tsql/values";
import type { Database } from "./database";
import type { StoredTable } from "./storage/stored-table";
import type { TransactionScope } from "./storage/transaction";

export interface ForeignKey {
  readonly name: string;
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  readonly referencedSchema: string;
  readonly referencedTable: string;
  /** Empty: the primary key of the referenced table. */
  readonly referencedColumns: readonly string[];
  readonly cascadesDelete: boolean;
}

const KIND = "foreignKey";

export function foreignKeysOf(database: Database, scope?: TransactionScope): readonly ForeignKey[] {
  return database.definitions<ForeignKey>(KIND, scope).map(({ value }) => value);
}

export function putForeignKey(database: Database, scope: TransactionScope, key: ForeignKey): void {
  database.putDefinition(scope, KIND, `${key.schema}.${key.name}`, key);
}

export function removeForeignKey(database: Database, scope: TransactionScope, key: ForeignKey): void {
  database.putDefinition(scope, KIND, `${key.schema}.${key.name}`, undefined);
}

function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Text that equal values share: the collation's key for text, trailing blanks aside. */
function keyText(value: SqlValue): string {
  if (typeof value === "string") return `s${DEFAULT_COLLATION.key(value)}`;
  if (value instanceof Decimal) return `n${String(value.unscaled)}/${String(value.scale)}`;
  if (value instanceof CalendarTime) return `c${String(value.days)}/${String(value.ticks)}`;
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString("hex")}`;
  return value instanceof Variant ? keyText(value.value) : `n${String(value)}`;
}

function positions(table: StoredTable, names: readonly string[]): number[] {
  if (names.length === 0) return [...(table.definition.keys.find((key) => key.kind === "primary key")?.columns ?? [])];
  return names.map((name) => table.columns.findIndex((column) => same(column.name, name)));
}

/** Values of the columns as one text; undefined where one is NULL: such a row refers to nothing. */
function reference(row: Row, columns: readonly number[]): string | undefined {
  const values = columns.map((column) => row[column] ?? null);
  return values.includes(null) ? undefined : values.map(keyText).join("|");
}

function violated(
  verb: string,
  kind: string,
  key: ForeignKey,
  database: Database,
  table: string,
  column: string,
): SqlError {
  return new SqlError(
    547,
    16,
    `The ${verb} statement conflicted with the ${kind} constraint "${key.name}". The conflict occurred in database "${database.name}", table "${table}", column '${column}'.`,
  );
}

/** The constraints that one table is part of, for the time of one statement. */
export class ForeignKeyCheck {
  readonly #outgoing: readonly ForeignKey[];
  readonly #incoming: readonly ForeignKey[];

  constructor(private readonly table: StoredTable) {
    const all = foreignKeysOf(table.database, table.scope);
    const { schema, name } = table.definition;
    this.#outgoing = all.filter((key) => same(key.schema, schema) && same(key.table, name));
    this.#incoming = all.filter((key) => same(key.referencedSchema, schema) && same(key.referencedTable, name));
  }

  /** A row that is about to be in the table. Throws 547. */
  written(verb: "INSERT" | "UPDATE", row: Row): void {
    for (const key of this.#outgoing) {
      const parent = this.#other(key.referencedSchema, key.referencedTable);
      const wanted = reference(row, positions(this.table, key.columns));
      if (wanted === undefined || parent === undefined) continue;
      const columns = positions(parent, key.referencedColumns);
      // A row may refer to itself.
      if (parent.definition.id === this.table.definition.id && reference(row, columns) === wanted) continue;
      if (!contains(parent, columns, wanted))
        throw violated(
          verb,
          "FOREIGN KEY",
          key,
          this.table.database,
          `${key.referencedSchema}.${key.referencedTable}`,
          parent.columns[columns[0] ?? 0]?.name ?? "",
        );
    }
  }

  /** A row that is about to leave, or to change from `row` to `next`. Throws 547, or deletes what refers to it (CASCADE). */
  removed(verb: "DELETE" | "UPDATE", row: Row, next?: Row): void {
    for (const key of this.#incoming) {
      const columns = positions(this.table, key.referencedColumns);
      const gone = reference(row, columns);
      if (gone === undefined || (next !== undefined && reference(next, columns) === gone)) continue;
      const child = this.#other(key.schema, key.table);
      if (child === undefined) continue;
      const own = positions(child, key.columns);
      if (key.cascadesDelete && verb === "DELETE") {
        const check = new ForeignKeyCheck(child);
        for (const located of [...child.locate()])
          if (reference(located.row, own) === gone) {
            check.removed("DELETE", located.row);
            child.delete(located.locator);
          }
      } else if (contains(child, own, gone)) {
        const full = `${key.schema}.${key.table}`;
        throw violated(verb, "REFERENCE", key, this.table.database, full, key.columns[0] ?? "");
      }
    }
  }

  get isEmpty(): boolean {
    return this.#outgoing.length === 0 && this.#incoming.length === 0;
  }

  /** Whether a row's leaving can matter: only then its values are needed. */
  get isReferenced(): boolean {
    return this.#incoming.length > 0;
  }

  #other(schema: string, name: string): StoredTable | undefined {
    return this.table.database.table(this.table.scope, schema, name);
  }
}

function contains(table: StoredTable, columns: readonly number[], wanted: string): boolean {
  for (const row of table.scan(new Set(columns))) if (reference(row, columns) === wanted) return true;
  return false;
}
