/** Binds conditions: comparisons, LIKE, IN, BETWEEN, EXISTS, ANY, ALL, with three-valued logic (null = unknown). */
import type { Condition, InListCondition, InQueryCondition, LikeCondition, QuantifiedComparison } from "./ast";
import { commonCollation, comparison, converted, typeOfAll } from "./bound-values";
import { keyOf, type KeyOf } from "./comparison";
import { bindExpression } from "./expressions";
import { bindErrors } from "./language-errors";
import { likeMatcher } from "./like";
import { bindQuery, subqueryValues, type QueryPlan } from "./queries";
import { plainBound, type Bound, type Frame, type Scope, type Test } from "./scope";
import { NVARCHAR_MAX, familyOf, isCharacter } from "./types";
import type { SqlValue } from "./values";

/** Binds a condition. */
export function bindCondition(condition: Condition, scope: Scope): Test {
  switch (condition.kind) {
    case "comparison":
      return comparison(
        condition.operator,
        bindExpression(condition.left, scope),
        bindExpression(condition.right, scope),
        scope.environment,
      );
    case "and": {
      const left = bindCondition(condition.left, scope);
      const right = bindCondition(condition.right, scope);
      return (frame) => {
        const a = left(frame);
        if (a === false) return false;
        const b = right(frame);
        return b === false ? false : a === null || b === null ? null : true;
      };
    }
    case "or": {
      const left = bindCondition(condition.left, scope);
      const right = bindCondition(condition.right, scope);
      return (frame) => {
        const a = left(frame);
        if (a === true) return true;
        const b = right(frame);
        return b === true ? true : a === null || b === null ? null : false;
      };
    }
    case "not":
      return negated(bindCondition(condition.operand, scope), true);
    case "isNull": {
      const { evaluate } = bindExpression(condition.operand, scope);
      const wanted = !condition.negated;
      return (frame) => (evaluate(frame) === null) === wanted;
    }
    case "between": {
      const operand = bindExpression(condition.operand, scope);
      const low = comparison(">=", operand, bindExpression(condition.low, scope), scope.environment);
      const high = comparison("<=", operand, bindExpression(condition.high, scope), scope.environment);
      const both: Test = (frame) => {
        const a = low(frame);
        if (a === false) return false;
        const b = high(frame);
        return b === false ? false : a === null || b === null ? null : true;
      };
      return negated(both, condition.negated);
    }
    case "like":
      return negated(like(condition, scope), condition.negated);
    case "inList":
      return negated(inList(condition, scope), condition.negated);
    case "inQuery":
      return negated(inQuery(condition, scope), condition.negated);
    case "exists": {
      const plan = bindQuery(condition.query, scope, { subquery: true });
      const rows = subqueryValues(plan);
      let kept: boolean | undefined;
      const test = (frame: Frame): boolean => rows(frame).next().done !== true;
      return plan.correlated ? test : (frame) => (kept ??= test(frame));
    }
    case "quantified":
      return quantified(condition, scope);
  }
}

function negated(test: Test, negate: boolean): Test {
  if (!negate) return test;
  return (frame) => {
    const result = test(frame);
    return result === null ? null : !result;
  };
}

function textOf(bound: Bound, position: number, scope: Scope): (frame: Frame) => string | null {
  const family = familyOf(bound.type);
  if (!bound.isNull && (family === "xml" || family === "sql_variant" || bound.type.name === "image"))
    throw bindErrors.argumentInvalid(bound.type, position, "like");
  if (isCharacter(bound.type)) return bound.evaluate as (frame: Frame) => string | null;
  return converted(bound, NVARCHAR_MAX, scope.environment) as (frame: Frame) => string | null;
}

function like(condition: LikeCondition, scope: Scope): Test {
  const operand = bindExpression(condition.operand, scope);
  const pattern = bindExpression(condition.pattern, scope);
  const text = textOf(operand, 1, scope);
  const patternText = textOf(pattern, 2, scope);
  const escapeText =
    condition.escape === undefined ? undefined : textOf(bindExpression(condition.escape, scope), 3, scope);
  const { collation } = commonCollation([operand, pattern], "like");
  let last:
    | { readonly pattern: string; readonly escape: string | undefined; readonly matches: (text: string) => boolean }
    | undefined;
  return (frame) => {
    const value = text(frame);
    if (value === null) return null;
    const wanted = patternText(frame);
    if (wanted === null) return null;
    const escape = escapeText?.(frame);
    if (escape === null) return null;
    if (last?.pattern !== wanted || last.escape !== escape)
      last = { pattern: wanted, escape, matches: likeMatcher(wanted, escape, collation) };
    return last.matches(value);
  };
}

function inList(condition: InListCondition, scope: Scope): Test {
  const operand = bindExpression(condition.operand, scope);
  const tests = condition.list.map((item) => comparison("=", operand, bindExpression(item, scope), scope.environment));
  return (frame) => {
    let unknown = false;
    for (const test of tests) {
      const result = test(frame);
      if (result === true) return true;
      if (result === null) unknown = true;
    }
    return unknown ? null : false;
  };
}

/** The only column of a subquery as a bound whose value is set from outside. */
function slotOf(plan: QueryPlan): { readonly bound: Bound; set(value: SqlValue): void } {
  const [only, second] = plan.columns;
  if (only === undefined || second !== undefined) throw bindErrors.oneExpression();
  let current: SqlValue = null;
  const bound: Bound = {
    ...plainBound(only.type, () => current),
    collation: plan.collations[0] ?? plainBound(only.type, () => null).collation,
    coercibility: isCharacter(only.type) ? "implicit" : "default",
  };
  return {
    bound,
    set: (value) => {
      current = value;
    },
  };
}

function inQuery(condition: InQueryCondition, scope: Scope): Test {
  const operand = bindExpression(condition.operand, scope);
  const plan = bindQuery(condition.query, scope, { subquery: true });
  const slot = slotOf(plan);
  const values = subqueryValues(plan);
  const equal = comparison("=", operand, slot.bound, scope.environment);
  if (!plan.correlated) return inSet(operand, slot.bound, values, scope);
  return (frame) => {
    let unknown = false;
    for (const value of values(frame)) {
      slot.set(value);
      const result = equal(frame);
      if (result === true) return true;
      if (result === null) unknown = true;
    }
    return unknown ? null : false;
  };
}

/** An uncorrelated IN reads its query once and looks its values up. */
function inSet(operand: Bound, member: Bound, values: (frame: Frame) => Iterable<SqlValue>, scope: Scope): Test {
  const type = typeOfAll([operand, member]) ?? member.type;
  const key: KeyOf = keyOf(type, commonCollation([operand, member], "equal to").collation);
  const wanted = converted(operand, type, scope.environment);
  let raw: SqlValue = null;
  const memberValue = converted({ ...member, evaluate: () => raw }, type, scope.environment);
  let known: { readonly keys: Set<ReturnType<KeyOf>>; readonly hasNull: boolean } | undefined;
  const read = (frame: Frame): NonNullable<typeof known> => {
    const keys = new Set<ReturnType<KeyOf>>();
    let hasNull = false;
    for (const value of values(frame)) {
      raw = value;
      if (value === null) hasNull = true;
      else keys.add(key(memberValue(frame)));
    }
    return { keys, hasNull };
  };
  return (frame) => {
    known ??= read(frame);
    const value = wanted(frame);
    if (value === null) return known.keys.size === 0 && !known.hasNull ? false : null;
    if (known.keys.has(key(value))) return true;
    return known.hasNull ? null : false;
  };
}

function quantified(condition: QuantifiedComparison, scope: Scope): Test {
  const operand = bindExpression(condition.left, scope);
  const plan = bindQuery(condition.query, scope, { subquery: true });
  const slot = slotOf(plan);
  const values = subqueryValues(plan);
  const test = comparison(condition.operator, operand, slot.bound, scope.environment);
  // ANY stops at the first true, ALL at the first false; the rest is unknown or the opposite.
  const decisive = condition.quantifier === "ANY";
  return (frame) => {
    let unknown = false;
    for (const value of values(frame)) {
      slot.set(value);
      const result = test(frame);
      if (result === decisive) return decisive;
      if (result === null) unknown = true;
    }
    return unknown ? null : !decisive;
  };
}
