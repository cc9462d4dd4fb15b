/** Binds FROM and WHERE: tables, derived tables, functions, joins; equalities become hash joins. */
import type { Condition, Expression, FunctionTableSource, JoinSource, TableSource, ValuesTableSource } from "./ast";
import { comparison, converted, typeOfAll } from "./bound-values";
import type { Collation } from "./collation";
import { bindCondition } from "./conditions";
import { bindExpression } from "./expressions";
import type { ObjectName, Table, UpdatableTable } from "./host";
import { applyNode, filterNode, joinNode, ONE_ROW, scanNode, type JoinKey, type SourceNode } from "./joins";
import { bindErrors } from "./language-errors";
import { bindCommonTable, bindQuery, type QueryPlan } from "./queries";
import { newFrame, type Bound, type Frame, type Scope, type Source, type Test } from "./scope";
import { INT } from "./types";
import type { Column, Row, SqlType } from "./values";

/** One AND-part of a condition, with the sources that it looks at. */
interface Conjunct {
  readonly test: Test;
  readonly slots: ReadonlySet<number>;
  readonly equality?: {
    readonly left: Bound;
    readonly right: Bound;
    readonly leftSlots: ReadonlySet<number>;
    readonly rightSlots: ReadonlySet<number>;
  };
}

/** Reads a table for UPDATE or DELETE: the rows as they are found, with what finds them again. */
export interface TargetScan {
  readonly slot: number;
  rows(needed: ReadonlySet<number>): Iterable<Row>;
}

/** Name of a table as messages and column prefixes know it. */
export function fullName(name: ObjectName): string {
  return [name.server, name.database, name.schema, name.name].filter((part) => part !== undefined).join(".");
}

function splitConjuncts(condition: Condition | undefined): Condition[] {
  if (condition === undefined) return [];
  return condition.kind === "and"
    ? [...splitConjuncts(condition.left), ...splitConjuncts(condition.right)]
    : [condition];
}

function tracked<T>(scope: Scope, bind: () => T): { readonly bound: T; readonly slots: Set<number> } {
  const kept = scope.uses;
  const slots = new Set<number>();
  scope.uses = slots;
  try {
    return { bound: bind(), slots };
  } finally {
    scope.uses = kept;
    if (kept !== undefined) for (const slot of slots) kept.add(slot);
  }
}

function bindConjunct(condition: Condition, scope: Scope): Conjunct {
  if (condition.kind !== "comparison" || condition.operator !== "=") {
    const { bound, slots } = tracked(scope, () => bindCondition(condition, scope));
    return { test: bound, slots };
  }
  const left = tracked(scope, () => bindExpression(condition.left, scope));
  const right = tracked(scope, () => bindExpression(condition.right, scope));
  const test = comparison("=", left.bound, right.bound, scope.environment);
  return {
    test,
    slots: new Set([...left.slots, ...right.slots]),
    equality: { left: left.bound, right: right.bound, leftSlots: left.slots, rightSlots: right.slots },
  };
}

function within(slots: ReadonlySet<number>, node: SourceNode): boolean {
  for (const slot of slots) if (slot < node.from || slot >= node.to) return false;
  return true;
}

/** Equalities that a hash join can use, and the tests that remain. */
function splitKeys(
  conjuncts: readonly Conjunct[],
  left: SourceNode,
  right: SourceNode,
): { readonly keys: JoinKey[]; readonly tests: Test[] } {
  const keys: JoinKey[] = [];
  const tests: Test[] = [];
  for (const { equality, test } of conjuncts) {
    const usable = equality !== undefined && equality.leftSlots.size > 0 && equality.rightSlots.size > 0;
    if (usable && within(equality.leftSlots, left) && within(equality.rightSlots, right)) keys.push(equality);
    else if (usable && within(equality.leftSlots, right) && within(equality.rightSlots, left))
      keys.push({ left: equality.right, right: equality.left });
    else tests.push(test);
  }
  return { keys, tests };
}

/** Joins parts from left to right; each condition is asked as soon as its sources are there. */
function joinAll(parts: readonly SourceNode[], conjuncts: readonly Conjunct[], scope: Scope): SourceNode {
  const open = new Set(conjuncts);
  const take = (node: SourceNode): Conjunct[] => {
    const ready = [...open].filter((conjunct) => within(conjunct.slots, node));
    for (const conjunct of ready) open.delete(conjunct);
    return ready;
  };
  let joined: SourceNode | undefined;
  for (const part of parts) {
    const filtered = filterNode(
      part,
      take(part).map((conjunct) => conjunct.test),
    );
    if (joined === undefined) {
      joined = filtered;
      continue;
    }
    const span: SourceNode = { from: joined.from, to: part.to, run: part.run.bind(part) };
    const { keys, tests } = splitKeys(take(span), joined, part);
    joined = joinNode({
      type: "INNER",
      left: joined,
      right: filtered,
      keys,
      tests,
      sources: scope.sources,
      environment: scope.environment,
    });
  }
  const all = joined ?? ONE_ROW;
  return filterNode(
    all,
    [...open].map((conjunct) => conjunct.test),
  );
}

/** Binds FROM and WHERE of a query. */
export function bindFrom(
  from: readonly TableSource[],
  where: Condition | undefined,
  scope: Scope,
  target?: TargetScan,
): SourceNode {
  const parts: SourceNode[] = [];
  const conjuncts: Conjunct[] = [];
  for (const source of from) flatten(source, scope, parts, conjuncts, target);
  const clause = scope.clause;
  scope.clause = "WHERE clause";
  for (const condition of splitConjuncts(where)) conjuncts.push(bindConjunct(condition, scope));
  scope.clause = clause;
  return joinAll(parts, conjuncts, scope);
}

/** Inner and cross joins are parts like those between commas: their conditions hold for all of the row. */
function flatten(
  source: TableSource,
  scope: Scope,
  parts: SourceNode[],
  conjuncts: Conjunct[],
  target: TargetScan | undefined,
): void {
  if (source.kind !== "join" || (source.type !== "INNER" && source.type !== "CROSS")) {
    parts.push(bindSource(source, scope, target));
    return;
  }
  const start = scope.sources.length;
  flatten(source.left, scope, parts, conjuncts, target);
  flatten(source.right, scope, parts, conjuncts, target);
  if (source.on !== undefined) conjuncts.push(...bindOn(source.on, scope, start));
}

function bindOn(condition: Condition, scope: Scope, start: number): Conjunct[] {
  const kept = scope.visible;
  scope.visible = { from: start, to: scope.sources.length };
  try {
    return splitConjuncts(condition).map((part) => bindConjunct(part, scope));
  } finally {
    scope.visible = kept;
  }
}

function bindSource(source: TableSource, scope: Scope, target: TargetScan | undefined): SourceNode {
  switch (source.kind) {
    case "table": {
      const common =
        source.name.schema === undefined && source.name.database === undefined
          ? scope.commonTable(source.name.name)
          : undefined;
      const name: ObjectName = source.alias === undefined ? source.name : { name: source.alias };
      if (common !== undefined)
        return planSource(bindCommonTable(common), name, source.alias !== undefined, scope, () => newFrame(undefined));
      return tableSource(scope.environment.table(source.name), name, source.alias !== undefined, scope, target);
    }
    case "tableVariable":
      return tableSource(
        scope.environment.tableVariable(source.name),
        { name: source.alias ?? source.name },
        source.alias !== undefined,
        scope,
        target,
      );
    case "tableFunction":
      return functionSource(source, scope);
    case "derivedTable": {
      const plan = bindQuery(source.query, outerOf(scope), { derived: source.alias });
      if (plan.correlated) scope.correlated = true;
      return planSource(
        renamed(plan, source.columnAliases, source.alias),
        { name: source.alias },
        true,
        scope,
        (frame) => frame.outer as Frame,
      );
    }
    case "valuesTable":
      return valuesSource(source, scope, false);
    case "join":
      return bindJoin(source, scope, target);
  }
}

function outerOf(scope: Scope): Scope {
  return scope.outer ?? scope;
}

function tableSource(
  table: Table,
  name: ObjectName,
  hasAlias: boolean,
  scope: Scope,
  target: TargetScan | undefined,
): SourceNode {
  const collations = table.columns.map((_, index) => scope.environment.collationOf(table, index));
  const source = scope.addSource(name, hasAlias, table.columns, collations);
  const updated = target?.slot === source.slot ? target : undefined;
  return scanNode(source, scope.environment, () =>
    updated === undefined ? table.scan(source.needed) : updated.rows(source.needed),
  );
}

/** Gives the columns of a derived table or common table expression their names. @throws BindError 8155, 8156, 8158, 8159 */
export function renamed(plan: QueryPlan, names: readonly string[] | undefined, table: string): QueryPlan {
  if (names !== undefined) {
    if (names.length < plan.columns.length) throw bindErrors.moreColumnNames(table);
    if (names.length > plan.columns.length) throw bindErrors.fewerColumnNames(table);
  }
  const columns = plan.columns.map((column, index): Column => ({ ...column, name: names?.[index] ?? column.name }));
  const seen = new Set<string>();
  columns.forEach((column, index) => {
    if (column.name === "") throw bindErrors.noColumnName(index + 1, table);
    const folded = column.name.toLowerCase();
    if (seen.has(folded)) throw bindErrors.duplicateColumnName(column.name, table);
    seen.add(folded);
  });
  return { ...plan, columns };
}

function planSource(
  plan: QueryPlan,
  name: ObjectName,
  hasAlias: boolean,
  scope: Scope,
  outer: (frame: Frame) => Frame,
): SourceNode {
  const columns = plan.columns.map(({ name: column, type, nullable }): Column => ({ name: column, type, nullable }));
  const source = scope.addSource(name, hasAlias, columns, plan.collations);
  return scanNode(source, scope.environment, (frame) => plan.run(outer(frame)));
}

function functionSource(source: FunctionTableSource, scope: Scope): SourceNode {
  const { environment } = scope;
  const args = source.args.map((argument) => bindExpression(argument, scope));
  // The columns do not depend on the arguments; they are asked with NULL where these are not known yet.
  const shape = environment.host.tableFunction(
    source.name,
    args.map((argument) => argument.constant ?? null),
  );
  if (shape === undefined) throw bindErrors.invalidObject(fullName(source.name));
  const columns = shape.columns.map((column, index): Column => ({
    ...column,
    name: source.columnAliases?.[index] ?? column.name,
  }));
  const bound = scope.addSource({ name: source.alias ?? source.name.name }, source.alias !== undefined, columns, []);
  return scanNode(bound, environment, (frame) => {
    const table = environment.host.tableFunction(
      source.name,
      args.map((argument) => argument.evaluate(frame)),
    );
    return table === undefined ? [] : table.scan(bound.needed);
  });
}

function valuesSource(source: ValuesTableSource, scope: Scope, isApplied: boolean): SourceNode {
  const inner = isApplied ? scope : outerOf(scope);
  const rows = source.rows.map((row) => row.map((item: Expression) => bindExpression(item, inner)));
  const width = rows[0]?.length ?? 0;
  if (rows.some((row) => row.length !== width)) throw bindErrors.valuesRowLengths();
  if (source.columnAliases.length < width) throw bindErrors.moreColumnNames(source.alias);
  if (source.columnAliases.length > width) throw bindErrors.fewerColumnNames(source.alias);
  const types = source.columnAliases.map(
    (_, index): SqlType => typeOfAll(rows.map((row) => row[index] as Bound)) ?? INT,
  );
  const evaluators = rows.map((row) =>
    row.map((item, index) => converted(item, types[index] as SqlType, scope.environment)),
  );
  const columns = source.columnAliases.map((name, index): Column => ({
    name,
    type: types[index] as SqlType,
    nullable: rows.some((row) => row[index]?.nullable !== false),
  }));
  const collations = source.columnAliases.map((_, index): Collation | undefined =>
    rows[0]?.[index]?.coercibility === "explicit" ? rows[0][index].collation : undefined,
  );
  const bound = scope.addSource({ name: source.alias }, true, columns, collations);
  return scanNode(bound, scope.environment, (frame) =>
    evaluators.map((row): Row => row.map((evaluate) => evaluate(isApplied ? frame : (frame.outer ?? frame)))),
  );
}

function bindJoin(source: JoinSource, scope: Scope, target: TargetScan | undefined): SourceNode {
  const start = scope.sources.length;
  const left = wholeOf(source.left, scope, target);
  const middle = scope.sources.length;
  if (source.type === "CROSS APPLY" || source.type === "OUTER APPLY") {
    const right = applied(source.right, scope);
    if (source.type === "OUTER APPLY") markOptional(scope, middle, scope.sources.length);
    return applyNode(left, right, source.type === "OUTER APPLY", scope.sources);
  }
  const right = wholeOf(source.right, scope, target);
  const conjuncts = source.on === undefined ? [] : bindOn(source.on, scope, start);
  if (source.type === "LEFT" || source.type === "FULL") markOptional(scope, middle, scope.sources.length);
  if (source.type === "RIGHT" || source.type === "FULL") markOptional(scope, start, middle);
  const [first, second] = source.type === "RIGHT" ? [right, left] : [left, right];
  const { keys, tests } = splitKeys(conjuncts, first, second);
  const type = source.type === "FULL" ? "FULL" : source.type === "INNER" || source.type === "CROSS" ? "INNER" : "LEFT";
  return joinNode({
    type,
    left: first,
    right: second,
    keys,
    tests,
    sources: scope.sources,
    environment: scope.environment,
  });
}

/** One side of an outer join: inner joins inside it are joined first. */
function wholeOf(source: TableSource, scope: Scope, target: TargetScan | undefined): SourceNode {
  const parts: SourceNode[] = [];
  const conjuncts: Conjunct[] = [];
  flatten(source, scope, parts, conjuncts, target);
  return joinAll(parts, conjuncts, scope);
}

/** The right side of APPLY may name the sources on its left. */
function applied(source: TableSource, scope: Scope): SourceNode {
  if (source.kind === "valuesTable") return valuesSource(source, scope, true);
  if (source.kind !== "derivedTable") return bindSource(source, scope, undefined);
  const plan = bindQuery(source.query, scope, { derived: source.alias });
  return planSource(
    renamed(plan, source.columnAliases, source.alias),
    { name: source.alias },
    true,
    scope,
    (frame) => frame,
  );
}

function markOptional(scope: Scope, from: number, to: number): void {
  for (const source of scope.sources.slice(from, to)) source.optional = true;
}

/** True when a source can be changed by INSERT, UPDATE and DELETE. */
export function isUpdatable(table: Table): table is UpdatableTable {
  return (table as Partial<UpdatableTable>).updatable === true;
}

/** The source of a scope that an UPDATE or DELETE names, by alias or by table name. */
export function findTarget(scope: Scope, name: ObjectName): Source | undefined {
  return scope.matching(name)[0];
}
