/** Binds a query specification: SELECT list, FROM, WHERE, GROUP BY, HAVING, DISTINCT, ORDER BY, TOP. */
import { operation } from "./arithmetic";
import { isAggregateName } from "./aggregates";
import type { Expression, OffsetClause, OrderItem, QuerySpecification, SelectItem, TopClause } from "./ast";
import { rowCountOf } from "./bound-values";
import { DEFAULT_COLLATION, collationOf } from "./collation";
import { bindCondition } from "./conditions";
import { checkConversion, convertValue } from "./conversion";
import { bindExpression } from "./expressions";
import { groupNode } from "./grouping";
import type { Flow, SourceNode } from "./joins";
import { bindErrors } from "./language-errors";
import { ALL_ROWS, limited, rowKey, sorted, type Keyed, type Rows, type SortKey, type Window } from "./ordering";
import { fullName, bindFrom } from "./sources";
import {
  isQuery,
  newFrame,
  structuralKey,
  type Bound,
  type CommonTable,
  type Environment,
  type Evaluate,
  type Frame,
  Scope,
  type Source,
  type Test,
} from "./scope";
import type { Column, Row, SqlValue } from "./values";
import type { QueryPlan } from "./queries";
import { windowNode } from "./windows";

/** One column of the result while it is bound. */
interface Item {
  readonly name: string;
  readonly bound: Bound;
  readonly expression: Expression | undefined;
}

interface FlowNode {
  run(frame: Frame): Flow;
}

/** True when an expression contains an aggregate of this query: not one with OVER, not one inside a subquery. */
function hasAggregate(value: unknown): boolean {
  if (typeof value !== "object" || value === null || isQuery(value)) return false;
  if (Array.isArray(value)) return value.some(hasAggregate);
  const node = value as {
    readonly kind?: string;
    readonly name?: { readonly name: string; readonly schema?: string };
    readonly over?: unknown;
  };
  if (
    node.kind === "function" &&
    node.over === undefined &&
    node.name !== undefined &&
    node.name.schema === undefined &&
    isAggregateName(node.name.name)
  )
    return true;
  return Object.values(node).some(hasAggregate);
}

export interface SelectOptions {
  readonly commonTables: ReadonlyMap<string, CommonTable>;
  readonly orderBy: readonly OrderItem[];
  readonly offset: OffsetClause | undefined;
}

/** Binds one SELECT. @throws BindError */
export function bindSelect(specification: QuerySpecification, outer: Scope, options: SelectOptions): QueryPlan {
  const scope = new Scope(outer.environment, outer);
  const { environment } = scope;
  for (const [name, table] of options.commonTables) scope.commonTables.set(name, table);
  let node: FlowNode = bindFrom(specification.from, specification.where, scope);
  const isGrouped =
    specification.groupBy.length > 0 ||
    hasAggregate(specification.items) ||
    hasAggregate(specification.having) ||
    hasAggregate(options.orderBy) ||
    specification.having !== undefined;
  if (isGrouped) node = group(node as SourceNode, specification, scope);
  const having = bindHaving(specification, scope);
  if (having !== undefined) node = tested(node, having);
  scope.windows = [];
  scope.clause = "select list";
  if (specification.items.some((item) => item.kind === "assign"))
    return assignments(specification, node, scope, options);
  const items = specification.items.flatMap((item) => bindItem(item, scope));
  const order = bindOrder(options.orderBy, items, specification, scope);
  const windows = scope.windows;
  const ready: FlowNode = node;
  if (windows.length > 0) node = windowNode(ready, windows, environment);
  const columns = items.map(({ name, bound }): Column => ({
    name,
    type: bound.type,
    nullable: bound.nullable,
    ...(bound.identity === true ? { identity: true } : {}),
  }));
  const collations = items.map(({ bound }) => bound.collation);
  const window = bindWindow(specification.top, options.offset, scope);
  const project = projection(items, order);
  const distinct = specification.distinct ? rowKey(columns, collations) : undefined;
  const flow = node;
  return {
    columns,
    collations,
    explicitCollations: items.map(({ bound }) => bound.coercibility === "explicit"),
    get correlated() {
      return scope.correlated;
    },
    run: (outerFrame) => {
      const frame = newFrame(outerFrame);
      const asked = window(frame);
      if (order.length === 0) return limited(plainRows(flow, frame, project, distinct), asked);
      return sorted(keyedRows(flow, frame, project, distinct), order, asked);
    },
  };
}

function group(node: SourceNode, specification: QuerySpecification, scope: Scope): FlowNode {
  scope.clause = "GROUP BY clause";
  const bounds = specification.groupBy.map((expression) => bindExpression(expression, scope));
  const keys = specification.groupBy.map((expression) => structuralKey(expression, scope));
  scope.grouping = { keys, bounds, aggregates: [] };
  scope.grouped = true;
  return groupNode(node, scope.grouping, scope.environment);
}

function bindHaving(specification: QuerySpecification, scope: Scope): Test | undefined {
  if (specification.having === undefined) return undefined;
  scope.clause = "HAVING clause";
  return bindCondition(specification.having, scope);
}

function tested(node: FlowNode, test: Test): FlowNode {
  return {
    *run(frame) {
      for (const has of node.run(frame)) if (!has || test(frame) === true) yield has;
    },
  };
}

/** `*` and `t.*` become the columns of the sources. @throws BindError 107 */
function bindItem(item: SelectItem, scope: Scope): Item[] {
  if (item.kind === "star") {
    const sources: readonly Source[] = item.table === undefined ? scope.sources : scope.matching(item.table);
    if (sources.length === 0)
      throw item.table === undefined ? bindErrors.syntaxNear("*") : bindErrors.prefixUnknown(fullName(item.table));
    return sources.flatMap((source) => source.columns.map((column, index) => starItem(source, column, index, scope)));
  }
  if (item.kind === "assign") throw bindErrors.mixedAssignment();
  const bound = bindExpression(item.expression, scope);
  return [
    {
      name: item.alias ?? (item.expression.kind === "column" ? columnName(item.expression, scope) : ""),
      bound,
      expression: item.expression,
    },
  ];
}

/** A column in the result is named as the table spells it. */
function columnName(expression: Expression & { readonly kind: "column" }, scope: Scope): string {
  const found = scope.resolve(expression);
  return found.source.columns[found.index]?.name ?? expression.name;
}

function starItem(source: Source, column: Column, index: number, scope: Scope): Item {
  const own = source.collations[index];
  if (scope.grouped) {
    const expression: Expression = { kind: "column", table: { name: source.name.name }, name: column.name };
    return { name: column.name, bound: bindExpression(expression, scope), expression };
  }
  source.needed.add(index);
  const { slot } = source;
  const bound: Bound = {
    type: column.type,
    evaluate: (frame) => (frame.rows[slot] as Row)[index] as SqlValue,
    nullable: column.nullable || source.optional,
    collation: own ?? DEFAULT_COLLATION,
    coercibility: "implicit",
    isNull: false,
    constant: undefined,
    ...(column.identity === true ? { identity: true } : {}),
  };
  return {
    name: column.name,
    bound,
    expression: { kind: "column", table: { name: source.name.name }, name: column.name },
  };
}

type OrderKey = SortKey & { readonly evaluate: Evaluate | undefined; readonly position: number };

/** @throws BindError 108, 145, 209, 408 */
function bindOrder(
  orderBy: readonly OrderItem[],
  items: readonly Item[],
  specification: QuerySpecification,
  scope: Scope,
): OrderKey[] {
  scope.clause = "ORDER BY clause";
  return orderBy.map(({ expression, descending }, index): OrderKey => {
    // ORDER BY name COLLATE …: the name may be an alias all the same.
    const inner = expression.kind === "collate" ? expression.operand : expression;
    const position = itemPosition(inner, items);
    if (position >= 0) {
      const { bound } = items[position] as Item;
      const collation = expression.kind === "collate" ? collationOf(expression.collation) : bound.collation;
      return { type: bound.type, collation, descending, evaluate: undefined, position };
    }
    if (inner.kind === "literal") throw bindErrors.orderByConstant(index + 1);
    const bound = bindExpression(expression, scope);
    if (specification.distinct) {
      const key = structuralKey(expression, scope);
      const at = items.findIndex(
        (item) => item.expression !== undefined && structuralKey(item.expression, scope) === key,
      );
      if (at < 0) throw bindErrors.orderByDistinct();
      return { type: bound.type, collation: bound.collation, descending, evaluate: undefined, position: at };
    }
    return { type: bound.type, collation: bound.collation, descending, evaluate: bound.evaluate, position: -1 };
  });
}

/** Position of the select item that an ordinal or a bare name means; -1 when it means none. */
export function itemPosition(expression: Expression, items: readonly { readonly name: string }[]): number {
  if (expression.kind === "literal" && typeof expression.value === "number" && expression.type.name === "int") {
    if (expression.value < 1 || expression.value > items.length) throw bindErrors.orderByPosition(expression.value);
    return expression.value - 1;
  }
  if (expression.kind !== "column" || expression.table !== undefined) return -1;
  const wanted = expression.name.toLowerCase();
  return items.findIndex((item) => item.name.toLowerCase() === wanted);
}

/** TOP, OFFSET and FETCH. */
export function bindWindow(
  top: TopClause | undefined,
  offset: OffsetClause | undefined,
  scope: Scope,
): (frame: Frame) => Window {
  if (top !== undefined) {
    const count = bindExpression(top.count, scope);
    return (frame) => {
      const number = rowCountOf(count.evaluate(frame));
      return {
        offset: 0,
        count: top.percent ? number : Math.trunc(number),
        percent: top.percent,
        withTies: top.withTies,
      };
    };
  }
  if (offset === undefined) return () => ALL_ROWS;
  const skip = bindExpression(offset.offset, scope);
  const fetch = offset.fetch === undefined ? undefined : bindExpression(offset.fetch, scope);
  return (frame) => ({
    offset: rowCountOf(skip.evaluate(frame)),
    count: fetch === undefined ? Infinity : rowCountOf(fetch.evaluate(frame)),
    percent: false,
    withTies: false,
  });
}

interface Projection {
  row(frame: Frame): Row;
  keys(frame: Frame, row: Row): readonly SqlValue[];
}

function projection(items: readonly Item[], order: readonly OrderKey[]): Projection {
  const evaluators = items.map(({ bound }) => bound.evaluate);
  return {
    row: (frame) => {
      const row: SqlValue[] = [];
      for (const evaluate of evaluators) row.push(evaluate(frame));
      return row;
    },
    keys: (frame, row) =>
      order.map((key) => (key.evaluate === undefined ? (row[key.position] as SqlValue) : key.evaluate(frame))),
  };
}

function* keyedRows(
  node: FlowNode,
  frame: Frame,
  project: Projection,
  distinct: ((row: Row) => unknown) | undefined,
): Generator<Keyed | undefined, void, undefined> {
  const seen = new Set<unknown>();
  for (const has of node.run(frame)) {
    if (!has) {
      yield undefined;
      continue;
    }
    const row = project.row(frame);
    if (distinct !== undefined) {
      const key = distinct(row);
      if (seen.has(key)) continue;
      seen.add(key);
    }
    yield { row, keys: project.keys(frame, row) };
  }
}

function* plainRows(
  node: FlowNode,
  frame: Frame,
  project: Projection,
  distinct: ((row: Row) => unknown) | undefined,
): Rows {
  const seen = new Set<unknown>();
  for (const has of node.run(frame)) {
    if (!has) {
      yield undefined;
      continue;
    }
    const row = project.row(frame);
    if (distinct !== undefined) {
      const key = distinct(row);
      if (seen.has(key)) continue;
      seen.add(key);
    }
    yield row;
  }
}

/** SELECT @v = …: each row assigns; with ORDER BY in that order. The rows of the plan are empty. */
function assignments(
  specification: QuerySpecification,
  node: FlowNode,
  scope: Scope,
  options: SelectOptions,
): QueryPlan {
  const { environment } = scope;
  const assign = specification.items.map((item) => {
    if (item.kind !== "assign") throw bindErrors.mixedAssignment();
    return bindAssignment(item.variable, item.operator, bindExpression(item.expression, scope), environment);
  });
  const order = bindOrder(options.orderBy, [], specification, scope);
  const windows = scope.windows ?? [];
  const window = bindWindow(specification.top, options.offset, scope);
  const flow: FlowNode = windows.length > 0 ? windowNode(node, windows, environment) : node;
  const run = function* (outerFrame: Frame): Rows {
    const frame = newFrame(outerFrame);
    const captured: Projection = {
      row: (at) => [...at.rows] as unknown as Row,
      keys: (at) => order.map((key) => (key.evaluate as Evaluate)(at)),
    };
    const asked = window(frame);
    const rows =
      order.length === 0
        ? limited(plainRows(flow, frame, { row: () => [], keys: () => [] }, undefined), asked)
        : sorted(keyedRows(flow, frame, captured, undefined), order, asked);
    for (const row of rows) {
      if (row === undefined) {
        yield undefined;
        continue;
      }
      // Sorted rows come back as the rows of their sources.
      if (order.length > 0) row.forEach((source, slot) => ((frame.rows as unknown[])[slot] = source));
      for (const each of assign) each(frame);
      yield [];
    }
  };
  return { columns: [], collations: [], explicitCollations: [], correlated: true, assigns: true, run };
}

/** `@v = value`, `@v += value`. */
export function bindAssignment(
  name: string,
  operator: string,
  value: Bound,
  environment: Environment,
): (frame: Frame) => void {
  const variable = environment.variable(name);
  const arithmeticOperator = operator === "=" ? undefined : (operator.slice(0, -1) as Parameters<typeof operation>[0]);
  const bound =
    arithmeticOperator === undefined
      ? undefined
      : operation(arithmeticOperator, variable.type, value.isNull ? variable.type : value.type);
  const type = bound?.type ?? value.type;
  if (!value.isNull) checkConversion(type, variable.type, false);
  return (frame) => {
    let result = value.evaluate(frame);
    if (bound !== undefined)
      result = result === null || variable.value === null ? null : bound.apply(variable.value, result);
    variable.value = convertValue(result, type, variable.type, { dateFormat: environment.dateFormat() });
  };
}
