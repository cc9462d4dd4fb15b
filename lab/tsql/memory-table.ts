/** Temporary tables and table variables: rows in memory, with identity, defaults, keys and checks. */
import type { ColumnDefinition, TableConstraint } from "./ast";
import { collationOf, DEFAULT_COLLATION, type Collation } from "./collation";
import { compositeKey, keyOf } from "./comparison";
import { displayText } from "./conversion";
import { SqlError } from "./errors";
import { bindErrors, runErrors } from "./language-errors";
import type { LocatedRow, UpdatableTable } from "./host";
import { Decimal, type Column, type Row, type SqlValue } from "./values";

/** What a table asks of whoever made it: defaults and checks are expressions of the language. */
export interface TableExpressions {
  default(definition: ColumnDefinition): (() => SqlValue) | undefined;
  check(
    constraint: Extract<TableConstraint, { kind: "check" }>,
    columns: readonly Column[],
  ): (row: Row) => boolean | null;
}

interface Key {
  readonly name: string;
  readonly isPrimary: boolean;
  readonly positions: readonly number[];
  readonly keyOf: (values: readonly SqlValue[]) => string | number | bigint | null;
  readonly present: Map<string | number | bigint | null, number>;
}

/** Remembers how to take a change back. */
export type UndoLog = ((undo: () => void) => void) | undefined;

/** A table that lives as long as its session or batch. */
export class MemoryTable implements UpdatableTable {
  readonly updatable = true;
  readonly columns: readonly Column[];
  readonly collations: readonly (Collation | undefined)[];
  /** SET IDENTITY_INSERT ON. */
  identityInsert = false;
  readonly #rows = new Map<number, Row>();
  readonly #keys: Key[] = [];
  readonly #checks: { readonly name: string; readonly test: (row: Row) => boolean | null }[] = [];
  readonly #defaults: readonly ((() => SqlValue) | undefined)[];
  readonly #identityAt: number;
  readonly #increment: bigint;
  #nextIdentity: bigint;
  #nextLocator = 1;

  /**
   * @param name as messages show it, `#t` or `@t`
   * @param undo where changes are remembered so that a rollback takes them back; table variables have none
   */
  constructor(
    readonly name: string,
    definitions: readonly ColumnDefinition[],
    constraints: readonly TableConstraint[],
    expressions: TableExpressions,
    private readonly undo: () => UndoLog,
  ) {
    const inPrimaryKey = new Set(
      constraints.flatMap((constraint) =>
        constraint.kind === "primaryKey" ? constraint.columns.map((column) => column.name.toLowerCase()) : [],
      ),
    );
    const seen = new Set<string>();
    for (const { name: column } of definitions) {
      if (seen.has(column.toLowerCase()))
        throw new SqlError(
          2705,
          16,
          `Column names in each table must be unique. Column name '${column}' in table '${name}' is specified more than once.`,
        );
      seen.add(column.toLowerCase());
    }
    this.columns = definitions.map((definition) => ({
      name: definition.name,
      type: definition.type,
      nullable:
        definition.nullable ?? (definition.identity === undefined && !inPrimaryKey.has(definition.name.toLowerCase())),
      ...(definition.identity === undefined ? {} : { identity: true }),
    }));
    this.collations = definitions.map((definition) =>
      definition.collation === undefined ? undefined : collationOf(definition.collation),
    );
    this.#defaults = definitions.map((definition) => expressions.default(definition));
    this.#identityAt = definitions.findIndex((definition) => definition.identity !== undefined);
    const identity = definitions[this.#identityAt]?.identity;
    this.#nextIdentity = identity?.seed ?? 1n;
    this.#increment = identity?.increment ?? 1n;
    for (const constraint of constraints) this.addConstraint(constraint, expressions);
  }

  defaultValue(column: number): SqlValue {
    return this.#defaults[column]?.() ?? null;
  }

  get rowCount(): number {
    return this.#rows.size;
  }

  private addConstraint(constraint: TableConstraint, expressions: TableExpressions): void {
    if (constraint.kind === "check") {
      this.#checks.push({
        name: constraint.name ?? `CK__${this.name}`,
        test: expressions.check(constraint, this.columns),
      });
      return;
    }
    if (constraint.kind !== "primaryKey" && constraint.kind !== "unique") return;
    const prefix = constraint.kind === "primaryKey" ? "PK" : "UQ";
    this.addKey(
      constraint.name ?? `${prefix}__${this.name}`,
      constraint.columns.map((column) => column.name),
      constraint.kind === "primaryKey",
    );
  }

  /** A unique key over columns; rows that are already there must fit. @throws SqlError 1911, 1505 */
  addKey(name: string, columns: readonly string[], isPrimary: boolean): void {
    const positions = columns.map((column) => {
      const at = this.columns.findIndex((own) => own.name.toLowerCase() === column.toLowerCase());
      if (at < 0) throw new SqlError(1911, 16, `Column name '${column}' does not exist in the target table or view.`);
      return at;
    });
    const key: Key = {
      name,
      isPrimary,
      positions,
      keyOf: compositeKey(
        positions.map((at) => keyOf((this.columns[at] as Column).type, this.collations[at] ?? DEFAULT_COLLATION)),
      ),
      present: new Map(),
    };
    for (const [locator, row] of this.#rows) this.claim(key, row, locator);
    this.#keys.push(key);
  }

  private claim(key: Key, row: Row, locator: number): void {
    const values = key.positions.map((at) => row[at] as SqlValue);
    const of = key.keyOf(values);
    if (key.present.has(of)) {
      const text = values
        .map((value, index) => displayText(value, (this.columns[key.positions[index] as number] as Column).type))
        .join(", ");
      throw key.isPrimary
        ? runErrors.duplicateKey(key.name, `dbo.${this.name}`, text)
        : new SqlError(
            2627,
            14,
            `Violation of UNIQUE KEY constraint '${key.name}'. Cannot insert duplicate key in object 'dbo.${this.name}'. The duplicate key value is (${text}).`,
          );
    }
    key.present.set(of, locator);
  }

  private release(key: Key, row: Row): void {
    key.present.delete(key.keyOf(key.positions.map((at) => row[at] as SqlValue)));
  }

  *scan(): Iterable<Row> {
    yield* this.#rows.values();
  }

  *locate(): Iterable<LocatedRow> {
    for (const [locator, row] of this.#rows) yield { locator, row };
  }

  insert(values: readonly (SqlValue | undefined)[]): bigint | undefined {
    let identity: bigint | undefined;
    const row = this.columns.map((_, index): SqlValue => {
      const value = values[index];
      if (index !== this.#identityAt) return value !== undefined ? value : (this.#defaults[index]?.() ?? null);
      if (value !== undefined && value !== null) {
        if (!this.identityInsert) throw runErrors.identityInsertOff(this.name);
        identity = bigOf(value);
        if (identity >= this.#nextIdentity) this.#nextIdentity = identity + this.#increment;
        return value;
      }
      identity = this.#nextIdentity;
      this.#nextIdentity += this.#increment;
      return this.identityValue(identity);
    });
    this.check(row, "INSERT");
    const locator = this.#nextLocator;
    this.claimAll(row, locator);
    this.#nextLocator += 1;
    this.#rows.set(locator, row);
    this.undo()?.(() => {
      this.drop(locator);
    });
    return identity;
  }

  private identityValue(identity: bigint): SqlValue {
    const name = this.columns[this.#identityAt]?.type.name;
    return name === "bigint"
      ? identity
      : name === "decimal" || name === "numeric"
        ? new Decimal(identity, 0)
        : Number(identity);
  }

  private claimAll(row: Row, locator: number): void {
    const done: Key[] = [];
    try {
      for (const key of this.#keys) {
        this.claim(key, row, locator);
        done.push(key);
      }
    } catch (error) {
      for (const key of done) this.release(key, row);
      throw error;
    }
  }

  update(locator: number, row: Row): void {
    const before = this.#rows.get(locator);
    if (before === undefined) return;
    this.check(row, "UPDATE");
    for (const key of this.#keys) this.release(key, before);
    try {
      this.claimAll(row, locator);
    } catch (error) {
      for (const key of this.#keys) this.claim(key, before, locator);
      throw error;
    }
    this.#rows.set(locator, row);
    this.undo()?.(() => {
      for (const key of this.#keys) this.release(key, row);
      for (const key of this.#keys) this.claim(key, before, locator);
      this.#rows.set(locator, before);
    });
  }

  delete(locator: number): void {
    const before = this.#rows.get(locator);
    if (before === undefined) return;
    this.drop(locator);
    this.undo()?.(() => {
      for (const key of this.#keys) this.claim(key, before, locator);
      this.#rows.set(locator, before);
    });
  }

  private drop(locator: number): void {
    const row = this.#rows.get(locator);
    if (row === undefined) return;
    for (const key of this.#keys) this.release(key, row);
    this.#rows.delete(locator);
  }

  /** @throws SqlError 515, 547 */
  private check(row: Row, operation: "INSERT" | "UPDATE"): void {
    this.columns.forEach((column, index) => {
      if (!column.nullable && row[index] === null)
        throw runErrors.nullNotAllowed(column.name, `tempdb.dbo.${this.name}`, operation);
    });
    for (const { name, test } of this.#checks)
      if (test(row) === false)
        throw new SqlError(
          547,
          16,
          `The ${operation} statement conflicted with the CHECK constraint "${name}". The conflict occurred in database "tempdb", table "${this.name}".`,
        );
  }
}

function bigOf(value: SqlValue): bigint {
  return value instanceof Decimal ? value.unscaled : BigInt(value as number | bigint);
}

/** @throws BindError 207 */
export function columnIndex(columns: readonly Column[], name: string): number {
  const at = columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());
  if (at < 0) throw bindErrors.invalidColumn(name);
  return at;
}
