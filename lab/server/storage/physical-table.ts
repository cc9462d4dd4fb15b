/** A table as it lies in SQLite: `t<object_id>` with the locator `id`, a column c<n> per column, k<n> per compound key. */
import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import type { Row, SqlValue } from "../../tsql/values";
import type { Connection } from "./data-file";
import type { KeyDefinition, StoredRow, TableDefinition } from "./definitions";
import { affinityOf, decoderOf, encode, keyText } from "./encoding";

/** Types whose stored form compares equal exactly when SQL Server's values do. */
const PLAIN_KEYS: ReadonlySet<string> = new Set(["bit", "tinyint", "smallint", "int", "bigint", "uniqueidentifier"]);

/** SQL text and conversions for one table. Made once per definition. */
export class PhysicalTable {
  static readonly #made = new WeakMap<TableDefinition, PhysicalTable>();

  readonly name: string;
  readonly insertSql: string;
  readonly updateSql: string;
  readonly deleteSql: string;
  /** Row values in their stored form, without the locator: columns, then shadow keys. */
  readonly width: number;
  readonly #decoders: readonly ((raw: SQLOutputValue) => SqlValue)[];
  /** Keys that need a text of their own: nullable columns, text, decimals, times. */
  readonly #shadows: readonly KeyDefinition[];

  private constructor(readonly definition: TableDefinition) {
    this.name = `t${String(definition.id)}`;
    this.#decoders = definition.columns.map((column) => decoderOf(column.type));
    this.#shadows = definition.keys.filter((key) => !this.#isPlain(key));
    this.width = definition.columns.length + this.#shadows.length;
    const names = this.#columnNames();
    this.insertSql = `INSERT INTO ${this.name} (id, ${names.join(", ")}) VALUES (${["?", ...names.map(() => "?")].join(", ")})`;
    this.updateSql = `UPDATE ${this.name} SET ${names.map((name) => `${name} = ?`).join(", ")} WHERE id = ?`;
    this.deleteSql = `DELETE FROM ${this.name} WHERE id = ?`;
  }

  static of(definition: TableDefinition): PhysicalTable {
    let table = this.#made.get(definition);
    if (table === undefined) {
      table = new PhysicalTable(definition);
      this.#made.set(definition, table);
    }
    return table;
  }

  create(connection: Connection): void {
    const columns = this.definition.columns.map((column, index) => `c${String(index)} ${affinityOf(column.type)}`);
    const shadows = this.#shadows.map((_, index) => `k${String(index)} TEXT`);
    connection.exec(`CREATE TABLE ${this.name} (id INTEGER PRIMARY KEY, ${[...columns, ...shadows].join(", ")})`);
    this.definition.keys.forEach((key, index) => {
      connection.exec(`CREATE UNIQUE INDEX ${this.name}_${String(index)} ON ${this.name} (${this.#indexed(key)})`);
    });
  }

  drop(connection: Connection): void {
    connection.exec(`DROP TABLE ${this.name}`);
  }

  /** A row in its stored form, shadow keys included. */
  encode(row: Row): SQLInputValue[] {
    const raw = row.map(encode);
    for (const key of this.#shadows) raw.push(keyText(key.columns.map((column) => row[column] as SqlValue)));
    return raw;
  }

  /** Integers wider than a JavaScript number are in the columns: the statement must answer bigints. */
  needsBigints(positions: readonly number[]): boolean {
    return positions.some((position) => this.definition.columns[position]?.type.name === "bigint");
  }

  /** Answers a row from the columns at `positions`, read in that order from `raw[first]`; the others are null. */
  decode(raw: readonly SQLOutputValue[], positions: readonly number[], first: number): SqlValue[] {
    const row = new Array<SqlValue>(this.definition.columns.length).fill(null);
    for (let index = 0; index < positions.length; index += 1) {
      const position = positions[index] as number;
      row[position] = (this.#decoders[position] as (value: SQLOutputValue) => SqlValue)(
        raw[first + index] as SQLOutputValue,
      );
    }
    return row;
  }

  /** A stored row (an image of the log) as values. */
  decodeImage(raw: readonly SQLOutputValue[]): SqlValue[] {
    return this.#decoders.map((decode, index) => decode(raw[index] as SQLOutputValue));
  }

  /** SELECT of the locator and the columns at `positions`, from a locator on, in the order of the locators. */
  selectSql(positions: readonly number[]): string {
    const columns = ["id", ...positions.map((position) => `c${String(position)}`)].join(", ");
    return `SELECT ${columns} FROM ${this.name} WHERE id > ? ORDER BY id LIMIT ?`;
  }

  /** Stored rows (columns and shadow keys) whose locators lie between two values. @param most -1: all */
  rowsBetween(connection: Connection, first: number, last: number, most = -1): StoredRow[] {
    const names = this.#columnNames().join(", ");
    const sql = `SELECT id, ${names} FROM ${this.name} WHERE id BETWEEN ? AND ? ORDER BY id LIMIT ?`;
    const found = connection.prepare(sql, true).all(first, last, most) as unknown as SQLInputValue[][];
    return found.map(([row, ...values]) => ({ row: Number(row), values }));
  }

  /** Which key a row would violate, apart from the row with the locator `except`. */
  violatedKey(connection: Connection, row: Row, except: number): KeyDefinition | undefined {
    const raw = this.encode(row);
    return this.definition.keys.find((key) => {
      const shadow = this.#shadows.indexOf(key);
      const values =
        shadow >= 0 ? [raw[this.definition.columns.length + shadow]] : key.columns.map((column) => raw[column]);
      const names = shadow >= 0 ? [`k${String(shadow)}`] : key.columns.map((column) => `c${String(column)}`);
      const condition = names.map((name) => `${name} = ?`).join(" AND ");
      const statement = connection.prepare(`SELECT 1 FROM ${this.name} WHERE ${condition} AND id <> ?`);
      return statement.get(...(values as SQLInputValue[]), except) !== undefined;
    });
  }

  #isPlain(key: KeyDefinition): boolean {
    return key.columns.every((position) => {
      const column = this.definition.columns[position];
      return column !== undefined && !column.nullable && PLAIN_KEYS.has(column.type.name);
    });
  }

  #indexed(key: KeyDefinition): string {
    const shadow = this.#shadows.indexOf(key);
    if (shadow >= 0) return `k${String(shadow)}`;
    return key.columns.map((column) => `c${String(column)}`).join(", ");
  }

  #columnNames(): string[] {
    return [
      ...this.definition.columns.map((_, index) => `c${String(index)}`),
      ...this.#shadows.map((_, index) => `k${String(index)}`),
    ];
  }
}
