/** UPDATE, DELETE and TRUNCATE TABLE: what is to change is found first, then changed, so that no row is met twice. Sources: their pages in sql-docs. */
import type { DeleteStatement, TableTarget, UpdateStatement } from "./ast";
import { operation } from "./arithmetic";
import { rowCountOf } from "./bound-values";
import { convertValue } from "./conversion";
import type { ExecutionScope } from "./execution-scope";
import { bindExpression } from "./expressions";
import type { ObjectName, UpdatableTable } from "./host";
import { bindErrors } from "./language-errors";
import { columnIndex, MemoryTable } from "./memory-table";
import { newFrame, Scope, type Frame } from "./scope";
import { bindFrom, findTarget, type TargetScan } from "./sources";
import type { Column, Row, SqlValue } from "./values";

import {
  bindOutput,
  columnConverter,
  distinctNames,
  lazily,
  nameOf,
  show,
  targetTable,
  type Modification,
} from "./modification";

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
  for (const definition of statement.commonTables) {
    const own = new Scope(scope, undefined);
    for (const [key, value] of query.commonTables) own.commonTables.set(key, value);
    query.commonTables.set(definition.name.toLowerCase(), { definition, scope: own });
  }
  const locators = new WeakMap<Row, number | bigint>();
  // The slot is known once FROM is bound: a first binding finds it, the second reads through it.
  const probe = new Scope(scope, scope.root());
  for (const [key, value] of query.commonTables) probe.commonTables.set(key, value);
  bindFrom(statement.from, undefined, probe);
  const found = findTarget(probe, name);
  const from = found === undefined ? [statement.target, ...statement.from] : statement.from;
  const slot = found?.slot ?? 0;
  const table = targetOf(statement, from, found?.name ?? name, scope);
  const scan: TargetScan = {
    slot,
    *rows(needed) {
      for (const { locator, row } of table.locate(needed)) {
        locators.set(row, locator);
        yield row;
      }
    },
  };
  const plan = bindFrom(from, statement.where, query, scan);
  return {
    table,
    query,
    slot,
    plan,
    frame: newFrame(newFrame(undefined)),
    locatorOf: (row) => locators.get(row) as number | bigint,
  };
}

/** The table behind the target: the target itself, or the source of FROM whose alias it names. */
function targetOf(
  statement: UpdateStatement | DeleteStatement,
  from: readonly unknown[],
  name: ObjectName,
  scope: ExecutionScope,
): UpdatableTable {
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
  const node = value as {
    readonly kind?: string;
    readonly alias?: string;
    readonly left?: unknown;
    readonly right?: unknown;
  };
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

function bindSetter(
  assignment: UpdateStatement["assignments"][number],
  table: UpdatableTable,
  query: Scope,
  slot: number,
  scope: ExecutionScope,
): Setter {
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
  const base = column?.type ?? variable?.type ?? value.type;
  const compound =
    assignment.operator === "="
      ? undefined
      : operation(
          assignment.operator.slice(0, -1) as Parameters<typeof operation>[0],
          base,
          value.isNull ? base : value.type,
        );
  const from = compound?.type ?? value.type;
  const toColumn =
    column === undefined ? undefined : columnConverter(from, column, value.isNull && compound === undefined, scope);
  return (frame, after) => {
    let result = value.evaluate(frame);
    if (compound !== undefined) {
      const old = at === undefined ? (variable?.value ?? null) : ((frame.rows[slot] as Row)[at] as SqlValue);
      result = old === null || result === null ? null : compound.apply(old, result);
    }
    if (at !== undefined && toColumn !== undefined) after[at] = toColumn(result);
    if (variable !== undefined) {
      const stored = at === undefined ? result : (after[at] as SqlValue);
      variable.value = convertValue(stored, at === undefined ? from : (column as Column).type, variable.type, {
        dateFormat: scope.dateFormat(),
      });
    }
  };
}

/** Rows of the target that the statement finds. */
function* framesOf(target: BoundTarget): Generator<Row | undefined, void, undefined> {
  const { frame } = target;
  for (const has of target.plan.run(frame)) yield has ? frame.rows[target.slot] : undefined;
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
