/** What INSERT, UPDATE and DELETE have in common: target, conversion to columns, OUTPUT. Source: "OUTPUT clause (Transact-SQL)". */
import type { OutputClause, TableTarget } from "./ast";
import { checkConversion, convertForColumn, convertValue } from "./conversion";
import type { ExecutionScope } from "./execution-scope";
import { bindExpression } from "./expressions";
import type { ObjectName, Table, UpdatableTable } from "./host";
import { bindErrors } from "./language-errors";
import { columnIndex } from "./memory-table";
import { newFrame, Scope, type Bound, type Frame } from "./scope";
import { fullName, isUpdatable } from "./sources";
import type { Column, Row, SqlType, SqlValue } from "./values";

/** Rows of a plan or capture, one after the other; undefined: hand control back. */
export type RowSource = Iterable<Row | undefined>;

/** What runs the reading part of a statement in slices. */
export type Drain = (rows: RowSource, each: (row: Row) => void | Promise<void>) => Promise<void>;

/** A modification that is bound; `apply` reads, changes and answers how many rows changed. */
export interface Modification {
  readonly table: UpdatableTable;
  readonly isTemporary: boolean;
  /** Columns of the result set of OUTPUT without INTO. */
  readonly output: readonly Column[] | undefined;
  apply(drain: Drain, emit: (row: Row) => void | Promise<void>): Promise<number>;
}

export function targetTable(target: TableTarget, scope: ExecutionScope): UpdatableTable {
  const table: Table = target.kind === "tableVariable" ? scope.tableVariable(target.name) : scope.table(target.name);
  if (!isUpdatable(table))
    throw bindErrors.notUpdatable(target.kind === "tableVariable" ? target.name : fullName(target.name));
  return table;
}

export function nameOf(target: TableTarget): ObjectName {
  return target.kind === "tableVariable" ? { name: target.name } : target.name;
}

/** Converts to a column: implicitly, too long text refused (8152). */
export function columnConverter(
  from: SqlType,
  column: Column,
  isNull: boolean,
  scope: ExecutionScope,
): (value: SqlValue) => SqlValue {
  if (isNull) return () => null;
  checkConversion(from, column.type, false);
  const ansi = (): boolean => scope.state.settings.ansiWarnings;
  return (value) =>
    ansi()
      ? convertForColumn(value, from, column.type, { dateFormat: scope.dateFormat() })
      : convertValue(value, from, column.type, { dateFormat: scope.dateFormat() });
}

export interface BoundOutput {
  readonly columns: readonly Column[] | undefined;
  emit(inserted: Row | undefined, deleted: Row | undefined, frame: Frame | undefined): Row;
  into: ((row: Row) => void) | undefined;
}

/** OUTPUT sees `inserted` and `deleted`, and for UPDATE and DELETE the other sources of the statement. */
export function bindOutput(
  output: OutputClause | undefined,
  table: UpdatableTable,
  scope: ExecutionScope,
  which: "inserted" | "deleted" | "both",
  query?: Scope,
): BoundOutput | undefined {
  if (output === undefined) return undefined;
  const own = new Scope(scope, undefined);
  const sources = [
    ...(which === "deleted" ? [] : [own.addSource({ name: "inserted" }, true, table.columns, [])]),
    ...(which === "inserted" ? [] : [own.addSource({ name: "deleted" }, true, table.columns, [])]),
    ...(query?.sources ?? []).map((source) => own.addSource(source.name, true, source.columns, source.collations)),
  ];
  const items = output.items.flatMap((item): { readonly name: string; readonly bound: Bound }[] => {
    if (item.kind === "assign") throw bindErrors.mixedAssignment();
    if (item.kind === "expression")
      return [
        {
          name: item.alias ?? (item.expression.kind === "column" ? item.expression.name : ""),
          bound: bindExpression(item.expression, own),
        },
      ];
    const starred = item.table === undefined ? sources.slice(0, 1) : own.matching(item.table);
    return starred.flatMap((source) =>
      source.columns.map((column) => ({
        name: column.name,
        bound: bindExpression({ kind: "column", table: { name: source.name.name }, name: column.name }, own),
      })),
    );
  });
  // The statement must read what OUTPUT shows of its other sources.
  query?.sources.forEach((source, index) => {
    const shown = own.sources[own.sources.length - query.sources.length + index];
    for (const at of shown?.needed ?? []) source.needed.add(at);
  });
  const frame = newFrame(undefined);
  const emit = (inserted: Row | undefined, deleted: Row | undefined, read: Frame | undefined): Row => {
    let slot = 0;
    if (which !== "deleted") frame.rows[slot++] = inserted as Row;
    if (which !== "inserted") frame.rows[slot++] = deleted as Row;
    for (const row of read?.rows ?? []) frame.rows[slot++] = row;
    return items.map(({ bound }) => bound.evaluate(frame));
  };
  const columns = items.map(({ name, bound }): Column => ({ name, type: bound.type, nullable: bound.nullable }));
  return {
    columns: output.into === undefined ? columns : undefined,
    emit,
    into: output.into === undefined ? undefined : intoTable(output.into, columns, scope),
  };
}

function intoTable(
  into: NonNullable<OutputClause["into"]>,
  columns: readonly Column[],
  scope: ExecutionScope,
): (row: Row) => void {
  const table = targetTable(into.target, scope);
  const positions =
    into.columns.length > 0 ? into.columns.map((name) => columnIndex(table.columns, name)) : defaultPositions(table);
  if (positions.length !== columns.length) throw bindErrors.insertColumnCount();
  const converters = positions.map((at, index) =>
    columnConverter((columns[index] as Column).type, table.columns[at] as Column, false, scope),
  );
  return (row) => {
    const values: (SqlValue | undefined)[] = table.columns.map(() => undefined);
    positions.forEach(
      (at, index) => (values[at] = (converters[index] as (value: SqlValue) => SqlValue)(row[index] as SqlValue)),
    );
    table.insert(values);
  };
}

/** Columns of INSERT without a column list: all but identity and timestamp. */
export function defaultPositions(table: UpdatableTable): number[] {
  return table.columns.flatMap((column, index) =>
    column.identity === true || column.type.name === "timestamp" ? [] : [index],
  );
}

export function distinctNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase())) throw bindErrors.columnTwice(name);
    seen.add(name.toLowerCase());
  }
}

export async function show(
  output: BoundOutput,
  inserted: Row | undefined,
  deleted: Row | undefined,
  frame: Frame | undefined,
  emit: (row: Row) => void | Promise<void>,
): Promise<void> {
  const row = output.emit(inserted, deleted, frame);
  if (output.into !== undefined) output.into(row);
  else await emit(row);
}

/** A plan is run when the statement runs, not when it is bound. */
export function lazily(run: () => Iterable<Row | undefined>): RowSource {
  return { [Symbol.iterator]: () => run()[Symbol.iterator]() };
}
