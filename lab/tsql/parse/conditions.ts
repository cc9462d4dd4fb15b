/** Conditions. Source: "Search condition (Transact-SQL)", "Predicates (Transact-SQL)". */
import type { ComparisonOperator, Condition, Expression } from "../ast";
import { ParseError } from "../parser-errors";
import type { Cursor } from "./cursor";
import { continueExpression, parseExpression } from "./expressions";
import { parseSubquery, startsSubquery } from "./queries";

const COMPARISONS: ReadonlyMap<string, ComparisonOperator> = new Map([
  ["=", "="],
  ["<>", "<>"],
  ["!=", "<>"],
  ["<", "<"],
  ["!>", "<="],
  ["<=", "<="],
  [">", ">"],
  ["!<", ">="],
  [">=", ">="],
]);

const CONDITION_KINDS: ReadonlySet<string> = new Set<Condition["kind"]>([
  "comparison",
  "quantified",
  "and",
  "or",
  "not",
  "isNull",
  "between",
  "like",
  "inList",
  "inQuery",
  "exists",
]);

function isCondition(node: Condition | Expression): node is Condition {
  return CONDITION_KINDS.has(node.kind);
}

/**
 * A condition; 4145 when what stands there is a value.
 * A parenthesis may hold either, and only what follows it tells, so the functions below read both.
 */
export function parseCondition(cursor: Cursor): Condition {
  return required(cursor, parseOr(cursor));
}

function required(cursor: Cursor, node: Condition | Expression): Condition {
  if (isCondition(node)) return node;
  const near = cursor.atEnd ? cursor.peek(-1) : cursor.token;
  throw new ParseError(
    4145,
    `An expression of non-boolean type specified in a context where a condition is expected, near '${near.text}'.`,
    near.line,
  );
}

function parseOr(cursor: Cursor): Condition | Expression {
  let left = parseAnd(cursor);
  while (cursor.is("OR")) {
    const operand = required(cursor, left);
    cursor.next();
    left = { kind: "or", left: operand, right: required(cursor, parseAnd(cursor)) };
  }
  return left;
}

function parseAnd(cursor: Cursor): Condition | Expression {
  let left = parseNot(cursor);
  while (cursor.is("AND")) {
    const operand = required(cursor, left);
    cursor.next();
    left = { kind: "and", left: operand, right: required(cursor, parseNot(cursor)) };
  }
  return left;
}

function parseNot(cursor: Cursor): Condition | Expression {
  if (!cursor.accept("NOT")) return parsePredicate(cursor);
  return { kind: "not", operand: required(cursor, parseNot(cursor)) };
}

function parsePredicate(cursor: Cursor): Condition | Expression {
  if (cursor.accept("EXISTS")) return { kind: "exists", query: parseSubquery(cursor) };
  if (!cursor.is("(") || cursor.peek(1).word === "SELECT") return parsePredicateTail(cursor, parseExpression(cursor));
  if (startsSubquery(cursor)) {
    // ((SELECT 1) UNION (SELECT 2)) is one subquery, ((SELECT 1) = 2) is none.
    const query = cursor.attempt(() => parseSubquery(cursor));
    if (query !== undefined) return parsePredicateTail(cursor, continueExpression(cursor, { kind: "subquery", query }));
  }
  const inner = cursor.parenthesized(() => parseOr(cursor));
  return isCondition(inner) ? inner : parsePredicateTail(cursor, continueExpression(cursor, inner));
}

function parsePredicateTail(cursor: Cursor, operand: Expression): Condition | Expression {
  const comparison = COMPARISONS.get(cursor.token.word);
  if (comparison !== undefined) {
    cursor.next();
    return parseComparison(cursor, operand, comparison);
  }
  if (cursor.accept("IS")) {
    const negated = cursor.accept("NOT");
    cursor.expect("NULL");
    return { kind: "isNull", operand, negated };
  }
  const negated = ["BETWEEN", "IN", "LIKE"].includes(cursor.peek(1).word) && cursor.accept("NOT");
  if (cursor.accept("BETWEEN")) {
    const low = parseExpression(cursor);
    cursor.expect("AND");
    return { kind: "between", operand, low, high: parseExpression(cursor), negated };
  }
  if (cursor.accept("LIKE")) {
    const pattern = parseExpression(cursor);
    const escape = cursor.accept("ESCAPE") ? { escape: parseExpression(cursor) } : {};
    return { kind: "like", operand, pattern, ...escape, negated };
  }
  if (cursor.accept("IN")) {
    if (cursor.peek(1).word === "SELECT") return { kind: "inQuery", operand, query: parseSubquery(cursor), negated };
    const list = cursor.parenthesized(() => cursor.list(() => parseExpression(cursor)));
    return { kind: "inList", operand, list, negated };
  }
  return operand;
}

function parseComparison(cursor: Cursor, left: Expression, operator: ComparisonOperator): Condition {
  const quantifier = cursor.acceptOneOf(["ANY", "SOME", "ALL"]);
  if (quantifier === undefined) return { kind: "comparison", operator, left, right: parseExpression(cursor) };
  return {
    kind: "quantified",
    operator,
    quantifier: quantifier === "ALL" ? "ALL" : "ANY",
    left,
    query: parseSubquery(cursor),
  };
}
