/** Binds whole queries: common table expressions, set operations, ORDER BY around them, subqueries. */
import type { Query, QueryBody, QuerySpecification, SetOperation } from "./ast";
import { converted } from "./bound-values";
import { DEFAULT_COLLATION, type Collation } from "./collation";
import { bindErrors, runErrors } from "./language-errors";
import { ALL_ROWS, limited, rowKey, sorted, type Keyed, type Rows, type SortKey } from "./ordering";
import { renamed } from "./sources";
import { bindSelect, bindWindow, itemPosition } from "./select";
import {
  newFrame,
  plainBound,
  Scope,
  type CommonTable,
  type Evaluate,
  type Frame,
  type RecursiveSource,
} from "./scope";
import { commonType, isCharacter } from "./types";
import type { Column, Row, SqlType, SqlValue } from "./values";

/** A query that is bound and can be run any number of times. */
export interface QueryPlan {
  readonly columns: readonly Column[];
  readonly collations: readonly Collation[];
  readonly explicitCollations: readonly boolean[];
  /** It looks at rows of a query around it. */
  readonly correlated: boolean;
  /** SELECT @v = …: its rows are empty, running it sets the variables. */
  readonly assigns?: boolean;
  run(outer: Frame): Rows;
}

export interface QueryOptions {
  /** Inside an expression: ORDER BY needs TOP (1033). */
  readonly subquery?: boolean;
  /** Name of the derived table or common table expression that the query makes. */
  readonly derived?: string;
}

/** Binds a query. `outer` is the scope around it. @throws BindError */
export function bindQuery(query: Query, outer: Scope, options: QueryOptions = {}): QueryPlan {
  const commonTables = new Map<string, CommonTable>();
  for (const definition of query.commonTables) {
    const own = new Scope(outer.environment, undefined);
    for (const [name, table] of commonTables) own.commonTables.set(name, table);
    const table: CommonTable = { definition, scope: own };
    commonTables.set(definition.name.toLowerCase(), table);
  }
  const nested = options.subquery === true || options.derived !== undefined;
  const { body } = query;
  if (
    nested &&
    query.orderBy.length > 0 &&
    query.offset === undefined &&
    !(body.kind === "select" && body.top !== undefined)
  )
    throw bindErrors.orderBySubquery();
  if (body.kind === "select")
    return bindSelect(body, outer, { commonTables, orderBy: query.orderBy, offset: query.offset });
  const plan = bindSetOperation(body, outer, commonTables);
  if (query.orderBy.length === 0 && query.offset === undefined) return plan;
  const keys = query.orderBy.map(({ expression, descending }): SortKey & { readonly position: number } => {
    const inner = expression.kind === "collate" ? expression.operand : expression;
    const position = itemPosition(inner, plan.columns);
    if (position < 0) throw bindErrors.orderByUnion();
    return {
      type: (plan.columns[position] as Column).type,
      collation: plan.collations[position] ?? DEFAULT_COLLATION,
      descending,
      position,
    };
  });
  const window = bindWindow(undefined, query.offset, outer);
  return {
    ...plan,
    run: (frame) =>
      sorted(
        keyed(
          plan.run(frame),
          keys.map((key) => key.position),
        ),
        keys,
        window(frame),
      ),
  };
}

function* keyed(rows: Rows, positions: readonly number[]): Generator<Keyed | undefined, void, undefined> {
  for (const row of rows)
    yield row === undefined ? undefined : { row, keys: positions.map((position) => row[position] as SqlValue) };
}

function bindBody(body: QueryBody, outer: Scope, commonTables: ReadonlyMap<string, CommonTable>): QueryPlan {
  if (body.kind === "select") return bindSelect(body, outer, { commonTables, orderBy: [], offset: undefined });
  return bindSetOperation(body, outer, commonTables);
}

function bindSetOperation(
  operation: SetOperation,
  outer: Scope,
  commonTables: ReadonlyMap<string, CommonTable>,
): QueryPlan {
  const left = bindBody(operation.left, outer, commonTables);
  const right = bindBody(operation.right, outer, commonTables);
  return combined(operation.operator, left, right, outer, literalNulls(operation.left), literalNulls(operation.right));
}

/** Positions where a SELECT has the NULL literal: it takes the type of the other side. */
function literalNulls(body: QueryBody): readonly boolean[] {
  if (body.kind !== "select") return [];
  return body.items.map(
    (item) => item.kind === "expression" && item.expression.kind === "literal" && item.expression.value === null,
  );
}

function combined(
  operator: SetOperation["operator"],
  left: QueryPlan,
  right: QueryPlan,
  outer: Scope,
  leftNulls: readonly boolean[],
  rightNulls: readonly boolean[],
): QueryPlan {
  if (left.columns.length !== right.columns.length) throw bindErrors.setOperationColumns();
  const types = left.columns.map((column, index): SqlType => {
    const other = (right.columns[index] as Column).type;
    return leftNulls[index] === true
      ? other
      : rightNulls[index] === true
        ? column.type
        : commonType(column.type, other);
  });
  const columns = left.columns.map((column, index): Column => ({
    name: column.name,
    type: types[index] as SqlType,
    nullable: operator === "EXCEPT" ? column.nullable : column.nullable || (right.columns[index] as Column).nullable,
  }));
  const collations = columns.map((column, index) => {
    const first = left.collations[index] ?? DEFAULT_COLLATION;
    const second = right.collations[index] ?? DEFAULT_COLLATION;
    return isCharacter(column.type) &&
      right.explicitCollations[index] === true &&
      left.explicitCollations[index] !== true
      ? second
      : first;
  });
  const key = rowKey(columns, collations);
  const first = converter(left.columns, types, leftNulls, outer);
  const second = converter(right.columns, types, rightNulls, outer);
  const correlated = (): boolean => left.correlated || right.correlated;
  return {
    columns,
    collations,
    explicitCollations: columns.map(
      (_, index) => left.explicitCollations[index] === true || right.explicitCollations[index] === true,
    ),
    get correlated() {
      return correlated();
    },
    run: (frame) => combine(operator, mapped(left.run(frame), first), mapped(right.run(frame), second), key),
  };
}

/** Converts the rows of one side to the types of the result. */
function converter(
  columns: readonly Column[],
  types: readonly SqlType[],
  nulls: readonly boolean[],
  outer: Scope,
): (row: Row) => Row {
  let current: Row = [];
  const evaluators = columns.map((column, index): Evaluate => {
    const bound = { ...plainBound(column.type, () => current[index] as SqlValue), isNull: nulls[index] === true };
    return converted(bound, types[index] as SqlType, outer.environment);
  });
  const frame = newFrame(undefined);
  return (row) => {
    current = row;
    return evaluators.map((evaluate) => evaluate(frame));
  };
}

function* mapped(rows: Rows, convert: (row: Row) => Row): Rows {
  for (const row of rows) yield row === undefined ? undefined : convert(row);
}

function* combine(operator: SetOperation["operator"], left: Rows, right: Rows, key: (row: Row) => unknown): Rows {
  if (operator === "UNION ALL") {
    yield* left;
    yield* right;
    return;
  }
  const seen = new Set<unknown>();
  if (operator === "UNION") {
    for (const rows of [left, right])
      for (const row of rows) {
        if (row === undefined) yield undefined;
        else if (!seen.has(key(row))) {
          seen.add(key(row));
          yield row;
        }
      }
    return;
  }
  const others = new Set<unknown>();
  for (const row of right)
    if (row === undefined) yield undefined;
    else others.add(key(row));
  for (const row of left) {
    if (row === undefined) {
      yield undefined;
      continue;
    }
    const of = key(row);
    if (seen.has(of) || others.has(of) !== (operator === "INTERSECT")) continue;
    seen.add(of);
    yield row;
  }
}

/** Binds a common table expression where it is named. A reference to itself reads the rows of the round before. */
export function bindCommonTable(table: CommonTable): QueryPlan {
  const { definition, scope } = table;
  if (table.recursive !== undefined) return recursivePlan(table.recursive);
  const { query } = definition;
  if (
    query.body.kind === "setOperation" &&
    query.body.operator === "UNION ALL" &&
    namesTable(query.body.right, definition.name)
  )
    return renamed(bindRecursive(table, query.body), undefined, definition.name);
  return renamed(bindQuery(query, scope, { derived: definition.name }), definition.columns, definition.name);
}

function recursivePlan(source: RecursiveSource): QueryPlan {
  return {
    columns: source.columns,
    collations: source.columns.map(() => DEFAULT_COLLATION),
    explicitCollations: [],
    correlated: true,
    *run() {
      yield* source.rows;
    },
  };
}

function namesTable(value: unknown, name: string): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return value.some((item) => namesTable(item, name));
  const node = value as {
    readonly kind?: string;
    readonly name?: { readonly name?: string; readonly schema?: string };
  };
  if (node.kind === "table" && node.name?.schema === undefined && node.name?.name?.toLowerCase() === name.toLowerCase())
    return true;
  return Object.values(node).some((item) => namesTable(item, name));
}

/** MAXRECURSION by default ("WITH common_table_expression"). */
const MAXIMUM_RECURSION = 100;

function bindRecursive(table: CommonTable, operation: SetOperation): QueryPlan {
  const { definition, scope } = table;
  const anchor = renamed(bindBody(operation.left, scope, new Map()), definition.columns, definition.name);
  const working: RecursiveSource = {
    columns: anchor.columns.map((column): Column => ({ name: column.name, type: column.type, nullable: true })),
    rows: [],
  };
  const inner = new Scope(scope.environment, undefined);
  for (const [name, other] of scope.commonTables) inner.commonTables.set(name, other);
  inner.commonTables.set(definition.name.toLowerCase(), { definition, scope, recursive: working });
  const member = bindBody(operation.right, inner, new Map());
  if (member.columns.length !== anchor.columns.length) throw bindErrors.setOperationColumns();
  const convert = converter(
    member.columns,
    anchor.columns.map((column) => column.type),
    literalNulls(operation.right),
    scope,
  );
  return {
    ...anchor,
    columns: working.columns,
    *run(frame) {
      let next: Row[] = [];
      for (const row of anchor.run(frame)) {
        if (row !== undefined) next.push(row);
        yield row;
      }
      for (let round = 0; next.length > 0; round += 1) {
        if (round > MAXIMUM_RECURSION) throw runErrors.recursionLimit(MAXIMUM_RECURSION);
        working.rows = next;
        next = [];
        for (const row of member.run(newFrame(undefined))) {
          if (row === undefined) {
            yield undefined;
            continue;
          }
          const result = convert(row);
          next.push(result);
          yield result;
        }
      }
    },
  };
}

/** The values of the first column of a subquery, one after the other. */
export function subqueryValues(plan: QueryPlan): (frame: Frame) => Generator<SqlValue, void, undefined> {
  return function* (frame) {
    // A subquery is evaluated in one go: it never hands control back in the middle of an expression.
    for (const row of plan.run(frame)) if (row !== undefined) yield row[0] ?? null;
  };
}

/** True when the query has INTO: it makes a table instead of a result set. */
export function intoOf(query: Query): QuerySpecification["into"] {
  let body: QueryBody = query.body;
  while (body.kind === "setOperation") body = body.left;
  return body.into;
}

/** Rows of a plan without an order, cut to what ROWCOUNT asks for. */
export function firstRows(rows: Rows, count: number): Rows {
  return count === 0 ? rows : limited(rows, { ...ALL_ROWS, count });
}
