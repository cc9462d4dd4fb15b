/** INSERT: VALUES, SELECT, EXEC, DEFAULT VALUES. All rows are read before the first is inserted. Source: "INSERT (Transact-SQL)". */
import type { DefaultValue, Expression, InsertStatement } from "./ast";
import { rowCountOf } from "./bound-values";
import { convertValue } from "./conversion";
import type { ExecutionScope } from "./execution-scope";
import { bindExpression } from "./expressions";
import type { UpdatableTable } from "./host";
import { bindErrors } from "./language-errors";
import { columnIndex, MemoryTable } from "./memory-table";
import { bindQuery } from "./queries";
import { newFrame, type Evaluate } from "./scope";
import type { Column, Row, SqlValue } from "./values";

import {
  bindOutput,
  columnConverter,
  defaultPositions,
  distinctNames,
  lazily,
  show,
  targetTable,
  type Modification,
  type RowSource,
} from "./modification";

type Insertable = readonly (SqlValue | undefined)[];

/** Binds INSERT. `captured`: the rows of INSERT … EXEC with their columns. */
export function bindInsert(
  statement: InsertStatement,
  scope: ExecutionScope,
  captured?: readonly { readonly columns: readonly Column[]; readonly rows: readonly Row[] }[],
): Modification {
  const table = targetTable(statement.target, scope);
  if (statement.columns !== undefined) distinctNames(statement.columns);
  const positions = statement.columns?.map((name) => columnIndex(table.columns, name)) ?? insertPositions(table);
  const top = statement.top === undefined ? Infinity : rowCountOf(scope.evaluate(statement.top.count));
  const output = bindOutput(statement.output, table, scope, "inserted");
  const rows = insertRows(statement, table, positions, scope, captured);
  return {
    table,
    isTemporary: table instanceof MemoryTable,
    output: output?.columns,
    apply: async (drain, emit) => {
      const collected: Insertable[] = [];
      await drain(rows.source, (row) => {
        if (collected.length < top) collected.push(rows.values(row));
      });
      for (const values of collected) {
        const identity = table.insert(values);
        if (identity !== undefined) scope.state.identity = scope.state.scopeIdentity = identity;
        if (output !== undefined) await show(output, insertedRow(table, values, identity), undefined, undefined, emit);
      }
      return collected.length;
    },
  };
}

function insertPositions(table: UpdatableTable): number[] {
  // With IDENTITY_INSERT ON the identity column takes part only in a column list.
  return defaultPositions(table);
}

/** What a row looks like after INSERT, as far as the statement knows it: defaults are shown as NULL. */
function insertedRow(table: UpdatableTable, values: Insertable, identity: bigint | undefined): Row {
  return table.columns.map((column, index) => {
    const value = values[index];
    if (value !== undefined) return value;
    if (column.identity === true && identity !== undefined)
      return convertValue(identity, { name: "bigint" }, column.type);
    return null;
  });
}

interface InsertRows {
  readonly source: RowSource;
  values(row: Row): Insertable;
}

function insertRows(
  statement: InsertStatement,
  table: UpdatableTable,
  positions: readonly number[],
  scope: ExecutionScope,
  captured: readonly { readonly columns: readonly Column[]; readonly rows: readonly Row[] }[] | undefined,
): InsertRows {
  const { source } = statement;
  const given = statement.columns !== undefined;
  if (source.kind === "defaultValues") return { source: [[]], values: () => table.columns.map(() => undefined) };
  if (source.kind === "values") return valueRows(source.rows, table, positions, given, scope);
  if (source.kind === "execute") return capturedRows(captured ?? [], table, positions, scope);
  const plan = bindQuery(
    { ...source.query, commonTables: [...statement.commonTables, ...source.query.commonTables] },
    scope.root(),
  );
  if (plan.columns.length < positions.length) throw given ? bindErrors.selectFewer() : bindErrors.insertColumnCount();
  if (plan.columns.length > positions.length) throw given ? bindErrors.selectMore() : bindErrors.insertColumnCount();
  const nulls =
    source.query.body.kind === "select"
      ? source.query.body.items.map(
          (item) => item.kind === "expression" && item.expression.kind === "literal" && item.expression.value === null,
        )
      : [];
  const place = placer(table, positions, plan.columns, nulls, scope);
  return { source: lazily(() => plan.run(newFrame(undefined))), values: place };
}

function placer(
  table: UpdatableTable,
  positions: readonly number[],
  columns: readonly Column[],
  nulls: readonly boolean[],
  scope: ExecutionScope,
): (row: Row) => Insertable {
  const converters = positions.map((at, index) =>
    columnConverter((columns[index] as Column).type, table.columns[at] as Column, nulls[index] === true, scope),
  );
  return (row) => {
    const values: (SqlValue | undefined)[] = table.columns.map(() => undefined);
    positions.forEach(
      (at, index) => (values[at] = (converters[index] as (value: SqlValue) => SqlValue)(row[index] as SqlValue)),
    );
    return values;
  };
}

function capturedRows(
  captured: readonly { readonly columns: readonly Column[]; readonly rows: readonly Row[] }[],
  table: UpdatableTable,
  positions: readonly number[],
  scope: ExecutionScope,
): InsertRows {
  const placed: Insertable[] = [];
  for (const { columns, rows } of captured) {
    if (columns.length !== positions.length) throw bindErrors.insertColumnCount();
    const place = placer(table, positions, columns, [], scope);
    for (const row of rows) placed.push(place(row));
  }
  return { source: placed as readonly Row[], values: (row) => row };
}

function valueRows(
  rows: readonly (readonly (Expression | DefaultValue)[])[],
  table: UpdatableTable,
  positions: readonly number[],
  given: boolean,
  scope: ExecutionScope,
): InsertRows {
  const root = scope.root();
  const bound = rows.map((row) => {
    if (row.length < positions.length) throw given ? bindErrors.valuesMore() : bindErrors.insertColumnCount();
    if (row.length > positions.length) throw given ? bindErrors.valuesFewer() : bindErrors.insertColumnCount();
    return row.map((item, index): Evaluate | undefined => {
      if (item.kind === "default") return undefined;
      const value = bindExpression(item, root);
      const convert = columnConverter(
        value.type,
        table.columns[positions[index] as number] as Column,
        value.isNull,
        scope,
      );
      return (frame) => convert(value.evaluate(frame));
    });
  });
  const frame = newFrame(undefined);
  const build = (evaluators: readonly (Evaluate | undefined)[]): Insertable => {
    const values: (SqlValue | undefined)[] = table.columns.map(() => undefined);
    positions.forEach((at, index) => (values[at] = evaluators[index]?.(frame)));
    return values;
  };
  return { source: lazily(() => bound.map(build) as unknown as readonly Row[]), values: (row) => row };
}
