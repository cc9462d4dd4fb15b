/** Expressions, by precedence. Source: "Operator precedence (Transact-SQL)", "Expressions (Transact-SQL)". */
import type { BinaryExpression, Expression, FunctionCall, UnaryExpression } from "../ast";
import type { Cursor } from "./cursor";
import { parseBuiltIn, parseNiladicFunction } from "./built-ins";
import { literalOf } from "./literals";
import { objectNameOf, parseNameParts, tooManyPrefixes } from "./names";
import { parseOrderBy, parseSubquery, startsSubquery } from "./queries";

/** + - & | ^ and the signs share a level; * / % bind tighter, so a sign takes a whole product: -a * b is -(a * b). */
const ADDITIVE = 1;
const MULTIPLICATIVE = 2;

const BINARY_LEVELS: ReadonlyMap<string, number> = new Map([
  ["+", ADDITIVE],
  ["-", ADDITIVE],
  ["&", ADDITIVE],
  ["|", ADDITIVE],
  ["^", ADDITIVE],
  ["*", MULTIPLICATIVE],
  ["/", MULTIPLICATIVE],
  ["%", MULTIPLICATIVE],
]);

/** server, database, schema, table before a column. */
const MAXIMUM_COLUMN_PREFIXES = 4;

/** An expression that has a value; comparisons are left to the caller. */
export function parseExpression(cursor: Cursor): Expression {
  return parseLevel(cursor, ADDITIVE);
}

/** The rest of an expression of which a part was read already. */
export function continueExpression(cursor: Cursor, left: Expression): Expression {
  return parseOperators(cursor, parseCollate(cursor, left), ADDITIVE);
}

function parseLevel(cursor: Cursor, level: number): Expression {
  return parseOperators(cursor, parseOperand(cursor), level);
}

function parseOperators(cursor: Cursor, first: Expression, level: number): Expression {
  let left = first;
  for (;;) {
    const operatorLevel = BINARY_LEVELS.get(cursor.token.word);
    if (operatorLevel === undefined || operatorLevel < level) return left;
    const operator = cursor.next().word as BinaryExpression["operator"];
    left = { kind: "binary", operator, left, right: parseLevel(cursor, operatorLevel + 1) };
  }
}

function parseOperand(cursor: Cursor): Expression {
  const sign = cursor.acceptOneOf<UnaryExpression["operator"]>(["-", "+", "~"]);
  if (sign === "~") return { kind: "unary", operator: sign, operand: parseOperand(cursor) };
  if (sign !== undefined) return { kind: "unary", operator: sign, operand: parseLevel(cursor, MULTIPLICATIVE) };
  return parseCollate(cursor, parsePrimary(cursor));
}

function parseCollate(cursor: Cursor, operand: Expression): Expression {
  if (!cursor.accept("COLLATE")) return operand;
  return { kind: "collate", operand, collation: cursor.identifier() };
}

function parsePrimary(cursor: Cursor): Expression {
  const { token } = cursor;
  const literal = literalOf(token);
  if (literal !== undefined) {
    cursor.next();
    return literal;
  }
  if (token.type === "variable") return { kind: "variable", name: cursor.next().text };
  if (token.type === "global") return { kind: "globalVariable", name: cursor.next().text };
  if (cursor.is("(")) return parseParenthesis(cursor);
  return parseBuiltIn(cursor) ?? parseNiladicFunction(cursor) ?? parseNamed(cursor);
}

function parseParenthesis(cursor: Cursor): Expression {
  if (startsSubquery(cursor)) {
    const query = cursor.attempt(() => parseSubquery(cursor));
    if (query !== undefined) return { kind: "subquery", query };
    // One parenthesis before SELECT can be nothing else: let the subquery tell its error.
    if (cursor.peek(1).word === "SELECT") return { kind: "subquery", query: parseSubquery(cursor) };
  }
  return cursor.parenthesized(() => parseExpression(cursor));
}

/** A column, or a call of a function by its name. LEFT and RIGHT are reserved and functions nevertheless. */
function parseNamed(cursor: Cursor): Expression {
  const { line } = cursor;
  if (cursor.is("LEFT", "(") || cursor.is("RIGHT", "(")) {
    return parseCall(cursor, [cursor.next().text]);
  }
  const parts = parseNameParts(cursor);
  if (cursor.is("(")) return parseCall(cursor, parts);
  if (parts.length > MAXIMUM_COLUMN_PREFIXES + 1) throw tooManyPrefixes("column", parts, MAXIMUM_COLUMN_PREFIXES, line);
  const name = parts.at(-1) ?? "";
  return parts.length === 1
    ? { kind: "column", name }
    : { kind: "column", table: objectNameOf(parts.slice(0, -1)), name };
}

const STAR_FUNCTIONS = ["COUNT", "COUNT_BIG", "CHECKSUM", "BINARY_CHECKSUM"];

function parseCall(cursor: Cursor, parts: readonly string[]): FunctionCall {
  const name = objectNameOf(parts);
  cursor.expect("(");
  const star = parts.length === 1 && STAR_FUNCTIONS.includes(name.name.toUpperCase()) && cursor.accept("*");
  const distinct = !star && cursor.accept("DISTINCT");
  if (!star && !distinct) cursor.accept("ALL");
  const args = star || (!distinct && cursor.is(")")) ? [] : cursor.list(() => parseExpression(cursor));
  cursor.expect(")");
  const call: FunctionCall = { kind: "function", name, args, star, distinct };
  return cursor.accept("OVER") ? { ...call, over: parseOver(cursor) } : call;
}

function parseOver(cursor: Cursor): NonNullable<FunctionCall["over"]> {
  return cursor.parenthesized(() => ({
    partitionBy: cursor.accept("PARTITION", "BY") ? cursor.list(() => parseExpression(cursor)) : [],
    orderBy: parseOrderBy(cursor),
  }));
}
