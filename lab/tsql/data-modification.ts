/**
 * INSERT, UPDATE, DELETE and TRUNCATE TABLE: what is to change is read first, then changed (no row is seen twice).
 * Sources: "INSERT", "UPDATE", "DELETE", "OUTPUT clause (Transact-SQL)".
 */
import type { DefaultValue, DeleteStatement, Expression, InsertStatement, OutputClause, TableTarget, UpdateStatement } from "./ast";
import { operation } from "./arithmetic";
import { rowCountOf } from "./bound-values";
import { checkConversion, convertForColumn, convertValue } from "./conversion";
import type { ExecutionScope } from "./execution-scope";
import { bindExpression } from "./expressions";
import type { ObjectName, Table, UpdatableTable } from "./host";
import { bindErrors } from "./language-errors";
import { columnIndex, MemoryTable } from "./memory-table";
import { bindQuery } from "./queries";
import { newFrame, Scope, type Bound, type Evaluate, type Frame } from "./scope";
import { bindFrom, findTarget, fullName, isUpdatable, type TargetScan } from "./sources";
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

function targetTable(target: TableTarget, scope: ExecutionScope): UpdatableTable {
  const table: Table = target.kind === "tableVariable" ? scope.tableVariable(target.name) : scope.table(target.name);
  if (!isUpdatable(table)) throw bindErrors.notUpdatable(target.kind === "tableVariable" ? target.name : fullName(target.name));
  return table;
}

function nameOf(target: TableTarget): ObjectName {
  return target.kind === "tableVariable" ? { name: target.name } : target.name;
}

/** Converts to a column: implicitly, too long text refused (8152). */
function columnConverter(from: SqlType, column: Column, isNull: boolean, scope: ExecutionScope): (value: SqlValue) => SqlValue {
  if (isNull) return () => null;
  checkConversion(from, column.type, false);
  const ansi = (): boolean => scope.state.settings.ansiWarnings;
  return (value) =>
    ansi()
      ? convertForColumn(value, from, column.type, { dateFormat: scope.dateFormat() })
      : convertValue(value, from, column.type, { dateFormat: scope.dateFormat() });
}

interface BoundOutput {
  readonly columns: readonly Column[] | undefined;
  emit(inserted: Row | undefined, deleted: Row | undefined, frame: Frame | undefined): Row;
  into: ((row: Row) => void) | undefined;
}

/** OUTPUT sees `inserted` and `deleted`, and for UPDATE and DELETE the other sources of the statement. */
function bindOutput(output: OutputClause | undefined, table: UpdatableTable, scope: ExecutionScope, which: "inserted" | "deleted" | "both", query?: Scope): BoundOutput | undefined {
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
      return [{ name: item.alias ?? (item.expression.kind === "column" ? item.expression.name : ""), bound: bindExpression(item.expression, own) }];
    const starred = item.table === undefined ? sources.slice(0, 1) : own.matching(item.table);
    return starred.flatMap((source) =>
      source.columns.map((column) => ({ name: column.name, bound: bindExpression({ kind: "column", table: { name: source.name.name }, name: column.name }, own) })),
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
  return { columns: output.into === undefined ? columns : undefined, emit, into: output.into === undefined ? undefined : intoTable(output.into, columns, scope) };
}

function intoTable(into: NonNullable<OutputClause["into"]>, columns: readonly Column[], scope: ExecutionScope): (row: Row) => void {
  const table = targetTable(into.target, scope);
  const positions = into.columns.length > 0 ? into.columns.map((name) => columnIndex(table.columns, name)) : defaultPositions(table);
  if (positions.length !== columns.length) throw bindErrors.insertColumnCount();
  const converters = positions.map((at, index) => columnConverter((columns[index] as Column).type, table.columns[at] as Column, false, scope));
  return (row) => {
    const values: (SqlValue | undefined)[] = table.columns.map(() => undefined);
    positions.forEach((at, index) => (values[at] = (converters[index] as (value: SqlValue) => SqlValue)(row[index] as SqlValue)));
    table.insert(values);
  };
}

/** Columns of INSERT without a column list: all but identity and timestamp. */
function defaultPositions(table: UpdatableTable): number[] {
  return table.columns.flatMap((column, index) => (column.identity === true || column.type.name === "timestamp" ? [] : [index]));
}

function distinctNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name.toLowerCase())) throw bindErrors.columnTwice(name);
    seen.add(name.toLowerCase());
  }
}

type Insertable = readonly (SqlValue | undefined)[];

/** Binds INSERT. `captured`: the rows of INSERT … EXEC with their columns. */
export function bindInsert(statement: InsertStatement, scope: ExecutionScope, captured?: readonly { readonly columns: readonly Column[]; readonly rows: readonly Row[] }[]): Modification {
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
    if (column.identity === true && identity !== undefined) return convertValue(identity, { name: "bigint" }, column.type);
    return null;
  });
}

async function show(output: BoundOutput, inserted: Row | undefined, deleted: Row | undefined, frame: Frame | undefined, emit: (row: Row) => void | Promise<void>): Promise<void> {
  const row = output.emit(inserted, deleted, frame);
  if (output.into !== undefined) output.into(row);
  else await emit(row);
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
  const plan = bindQuery({ ...source.query, commonTables: [...statement.commonTables, ...source.query.commonTables] }, scope.root());
  if (plan.columns.length < positions.length) throw given ? bindErrors.selectFewer() : bindErrors.insertColumnCount();
  if (plan.columns.length > positions.length) throw given ? bindErrors.selectMore() : bindErrors.insertColumnCount();
  const nulls = source.query.body.kind === "select" ? source.query.body.items.map((item) => item.kind === "expression" && item.expression.kind === "literal" && item.expression.value === null) : [];
  const place = placer(table, positions, plan.columns, nulls, scope);
  return { source: lazily(() => plan.run(newFrame(undefined))), values: place };
}

/** A plan is run when the statement runs, not when it is bound. */
function lazily(run: () => Iterable<Row | undefined>): RowSource {
  return { [Symbol.iterator]: () => run()[Symbol.iterator]() };
}

function placer(table: UpdatableTable, positions: readonly number[], columns: readonly Column[], nulls: readonly boolean[], scope: ExecutionScope): (row: Row) => Insertable {
  const converters = positions.map((at, index) => columnConverter((columns[index] as Column).type, table.columns[at] as Column, nulls[index] === true, scope));
  return (row) => {
    const values: (SqlValue | undefined)[] = table.columns.map(() => undefined);
    positions.forEach((at, index) => (values[at] = (converters[index] as (value: SqlValue) => SqlValue)(row[index] as SqlValue)));
    return values;
  };
}

function capturedRows(captured: readonly { readonly columns: readonly Column[]; readonly rows: readonly Row[] }[], table: UpdatableTable, positions: readonly number[], scope: ExecutionScope): InsertRows {
  const placed: Insertable[] = [];
  for (const { columns, rows } of captured) {
    if (columns.length !== positions.length) throw bindErrors.insertColumnCount();
    const place = placer(table, positions, columns, [], scope);
    for (const row of rows) placed.push(place(row));
  }
  return { source: placed as readonly Row[], values: (row) => row as Insertable };
}

function valueRows(rows: readonly (readonly (Expression | DefaultValue)[])[], table: UpdatableTable, positions: readonly number[], given: boolean, scope: ExecutionScope): InsertRows {
  const root = scope.root();
  const bound = rows.map((row) => {
    if (row.length < positions.length) throw given ? bindErrors.valuesMore() : bindErrors.insertColumnCount();
    if (row.length > positions.length) throw given ? bindErrors.valuesFewer() : bindErrors.insertColumnCount();
    return row.map((item, index): Evaluate | undefined => {
      if (item.kind === "default") return undefined;
      const value = bindExpression(item, root);
      const convert = columnConverter(value.type, table.columns[positions[index] as number] as Column, value.isNull, scope);
      return (frame) => convert(value.evaluate(frame));
    });
  });
  const frame = newFrame(undefined);
  const build = (evaluators: readonly (Evaluate | undefined)[]): Insertable => {
    const values: (SqlValue | undefined)[] = table.columns.map(() => undefined);
    positions.forEach((at, index) => (values[at] = evaluators[index]?.(frame)));
    return values;
  };
  return { source: lazily(() => bound.map(build) as unknown as readonly Row[]), values: (row) => row as Insertable };
}

/** The source that UPDATE or DELETE changes, among those of its FROM clause or alone. */
interface BoundTarget {
  readonly table: UpdatableTable;
  readonly query: Scope;
  readonly slot: number;
  readonly plan: ReturnType<typeof bindFrom>;
  /** Frame of the row that is being read. */
  readonly frame: Frame;
  locatorOf(row: Row): number | bigint;
}

function bindTarget(statement: UpdateStatement | DeleteStatement, scope: ExecutionScope): BoundTarget {
  const name = nameOf(statement.target);
  const query = new Scope(scope, scope.root());
  for (const definition of statement.commonTables)
    query.commonTables.set(definition.name.toLowerCase(), { definition, scope: new Scope(scope, undefined) });
  let table: UpdatableTable | undefined;
  const locators = new WeakMap<Row, number | bigint>();
  // The slot is known once FROM is bound: a first binding finds it, the second reads through it.
  const probe = new Scope(scope, scope.root());
  let slot = 0;
  if (statement.from.length > 0) {
    for (const [key, value] of query.commonTables) probe.commonTables.set(key, value);
    bindFrom(statement.from, undefined, probe);
    const found = findTarget(probe, name);
    slot = found?.slot ?? -1;
  }
  const from = statement.from.length > 0 && slot >= 0 ? statement.from : [statement.target, ...statement.from];
  if (slot < 0) slot = 0;
  const scan: TargetScan = {
    slot,
    *rows(needed) {
      for (const { locator, row } of (table as UpdatableTable).locate(needed)) {
        locators.set(row, locator);
        yield row;
      }
    },
  };
  const plan = bindFrom(from, statement.where, query, scan);
  const source = query.sources[slot];
  table = targetOf(statement, from, source?.name ?? name, scope);
  return { table, query, slot, plan, frame: newFrame(newFrame(undefined)), locatorOf: (row) => locators.get(row) as number | bigint };
}

/** The table behind the target: the target itself, or the source of FROM whose alias it names. */
function targetOf(statement: UpdateStatement | DeleteStatement, from: readonly unknown[], name: ObjectName, scope: ExecutionScope): UpdatableTable {
  const behind = findNamed(from, name.name) ?? statement.target;
  return targetTable(behind, scope);
}

function findNamed(value: unknown, name: string): TableTarget | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) {
    for (const item of value) {
      const found = findNamed(item, name);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  const node = value as { readonly kind?: string; readonly alias?: string; readonly left?: unknown; readonly right?: unknown };
  if (node.kind === "join") return findNamed(node.left, name) ?? findNamed(node.right, name);
  if (node.kind !== "table" && node.kind !== "tableVariable") return undefined;
  const source = value as TableTarget;
  const own = source.alias ?? (source.kind === "table" ? source.name.name : source.name);
  return own.toLowerCase() === name.toLowerCase() ? source : undefined;
}

/** Binds UPDATE. */
export function bindUpdate(statement: UpdateStatement, scope: ExecutionScope): Modification {
  const target = bindTarget(statement, scope);
  const { table, query, slot } = target;
  const assigned = statement.assignments.flatMap(({ column }) => (column === undefined ? [] : [column.name]));
  distinctNames(assigned);
  const setters = statement.assignments.map((assignment) => bindSetter(assignment, table, query, slot, scope));
  table.columns.forEach((_, index) => query.sources[slot]?.needed.add(index));
  const output = bindOutput(statement.output, table, scope, "both", query);
  const top = statement.top === undefined ? Infinity : rowCountOf(scope.evaluate(statement.top.count));
  return {
    table,
    isTemporary: table instanceof MemoryTable,
    output: output?.columns,
    apply: async (drain, emit) => {
      const changes = new Map<number | bigint, { readonly before: Row; readonly after: Row; readonly rows: Row[] }>();
      await drain(framesOf(target), (row) => {
        const locator = target.locatorOf(row);
        // A row that several rows of a join meet is changed once, by the first.
        if (changes.size >= top || changes.has(locator)) return;
        const after = [...row];
        const { frame } = target;
        for (const setter of setters) setter(frame, after);
        changes.set(locator, { before: row, after, rows: [...frame.rows] });
      });
      for (const [locator, { before, after, rows }] of changes) {
        table.update(locator, after);
        if (output !== undefined) await show(output, after, before, { ...newFrame(undefined), rows }, emit);
      }
      return changes.size;
    },
  };
}

type Setter = (frame: Frame, after: SqlValue[]) => void;

function bindSetter(assignment: UpdateStatement["assignments"][number], table: UpdatableTable, query: Scope, slot: number, scope: ExecutionScope): Setter {
  const at = assignment.column === undefined ? undefined : columnIndex(table.columns, assignment.column.name);
  const column = at === undefined ? undefined : (table.columns[at] as Column);
  if (column?.identity === true) throw bindErrors.identityUpdate(column.name);
  const variable = assignment.variable === undefined ? undefined : scope.variable(assignment.variable);
  if (assignment.value.kind === "default") {
    return (_frame, after) => {
      if (at !== undefined) after[at] = table.defaultValue?.(at) ?? null;
    };
  }
  const value = bindExpression(assignment.value, query);
  const base = column?.type ?? (variable?.type as SqlType);
  const compound = assignment.operator === "=" ? undefined : operation(assignment.operator.slice(0, -1) as Parameters<typeof operation>[0], base, value.isNull ? base : value.type);
  const from = compound?.type ?? value.type;
  const toColumn = column === undefined ? undefined : columnConverter(from, column, value.isNull && compound === undefined, scope);
  return (frame, after) => {
    let result = value.evaluate(frame);
    if (compound !== undefined) {
      const old = at === undefined ? (variable?.value ?? null) : ((frame.rows[slot] as Row)[at] as SqlValue);
      result = old === null || result === null ? null : compound.apply(old, result);
    }
    if (at !== undefined && toColumn !== undefined) after[at] = toColumn(result);
    if (variable !== undefined) {
      const stored = at === undefined ? result : (after[at] as SqlValue);
      variable.value = convertValue(stored, at === undefined ? from : (column as Column).type, variable.type, { dateFormat: scope.dateFormat() });
    }
  };
}

/** Rows of the target that the statement finds. */
function* framesOf(target: BoundTarget): Generator<Row | undefined, void, undefined> {
  const { frame } = target;
  for (const has of target.plan.run(frame)) yield has ? (frame.rows[target.slot] as Row) : undefined;
}

/** Binds DELETE. */
export function bindDelete(statement: DeleteStatement, scope: ExecutionScope): Modification {
  const target = bindTarget(statement, scope);
  const { table, query, slot } = target;
  if (statement.output !== undefined) table.columns.forEach((_, index) => query.sources[slot]?.needed.add(index));
  const output = bindOutput(statement.output, table, scope, "deleted", query);
  const top = statement.top === undefined ? Infinity : rowCountOf(scope.evaluate(statement.top.count));
  return {
    table,
    isTemporary: table instanceof MemoryTable,
    output: output?.columns,
    apply: async (drain, emit) => {
      const found = new Map<number | bigint, { readonly row: Row; readonly rows: readonly Row[] }>();
      await drain(framesOf(target), (row) => {
        const locator = target.locatorOf(row);
        if (found.size >= top || found.has(locator)) return;
        found.set(locator, { row, rows: output === undefined ? [] : [...target.frame.rows] });
      });
      for (const [locator, { row, rows }] of found) {
        table.delete(locator);
        if (output !== undefined) await show(output, undefined, row, { ...newFrame(undefined), rows: [...rows] }, emit);
      }
      return found.size;
    },
  };
}

/** TRUNCATE TABLE: every row, without a count. */
export function bindTruncate(name: ObjectName, scope: ExecutionScope): Modification {
  const table = targetTable({ kind: "table", name, hints: [] }, scope);
  return {
    table,
    isTemporary: table instanceof MemoryTable,
    output: undefined,
    apply: async (drain) => {
      const locators: (number | bigint)[] = [];
      await drain(
        lazily(function* () {
          for (const located of table.locate(new Set())) {
            locators.push(located.locator);
            if (scope.due()) yield undefined;
          }
        }),
        () => undefined,
      );
      for (const locator of locators) table.delete(locator);
      return 0;
    },
  };
}
