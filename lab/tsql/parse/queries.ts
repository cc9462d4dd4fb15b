/** SELECT and what may stand around it. Source: "SELECT (Transact-SQL)", "WITH common_table_expression". */
import type {
  AssignmentOperator,
  CommonTableExpression,
  OffsetClause,
  OrderItem,
  Query,
  QueryBody,
  QueryHint,
  QuerySpecification,
  SelectItem,
  TopClause,
} from "../ast";
import { ParseError } from "../parser-errors";
import { parseCondition } from "./conditions";
import type { Cursor } from "./cursor";
import { parseExpression } from "./expressions";
import { literalOf } from "./literals";
import { objectNameOf, parseColumnNames, parseObjectName } from "./names";
import { parseFrom } from "./table-sources";

export const ASSIGNMENT_OPERATORS: readonly AssignmentOperator[] = [
  "=",
  "+=",
  "-=",
  "*=",
  "/=",
  "%=",
  "&=",
  "|=",
  "^=",
];

/** Whether parentheses and then SELECT are next. */
export function startsSubquery(cursor: Cursor): boolean {
  let distance = 0;
  while (cursor.peek(distance).word === "(") distance++;
  return distance > 0 && cursor.peek(distance).word === "SELECT";
}

/** WITH name [(columns)] AS (query), …: empty when no WITH is next. */
export function parseCommonTables(cursor: Cursor): CommonTableExpression[] {
  if (!cursor.accept("WITH")) return [];
  return cursor.list(() => {
    const name = cursor.identifier();
    const columns = cursor.is("(") ? { columns: parseColumnNames(cursor) } : {};
    cursor.expect("AS");
    return { name, ...columns, query: parseSubquery(cursor) };
  });
}

/** A query of a statement, behind its WITH: ORDER BY, OPTION, INTO and assignments are allowed. */
export function parseQuery(cursor: Cursor, commonTables: readonly CommonTableExpression[]): Query {
  const body = parseBody(cursor);
  const orderBy = parseOrderBy(cursor);
  const offset = parseOffset(cursor, orderBy);
  return { kind: "query", commonTables, body, orderBy, ...offset, hints: parseQueryHints(cursor) };
}

/** A query in parentheses: subquery, derived table or common table expression. */
export function parseSubquery(cursor: Cursor): Query {
  return cursor.parenthesized(() => {
    const { line } = cursor;
    const body = parseBody(cursor);
    const orderBy = parseOrderBy(cursor);
    const offset = parseOffset(cursor, orderBy);
    refuseOutsideStatement(cursor, body, line);
    const limited = offset.offset !== undefined || (body.kind === "select" && body.top !== undefined);
    if (orderBy.length > 0 && !limited) {
      const limits = cursor.version.major >= 11 ? "TOP, OFFSET or FOR XML" : "TOP or FOR XML";
      throw new ParseError(
        1033,
        "The ORDER BY clause is invalid in views, inline functions, derived tables, subqueries, and common table " +
          `expressions, unless ${limits} is also specified.`,
        line,
      );
    }
    return { kind: "query", commonTables: [], body, orderBy, ...offset, hints: [] };
  });
}

/** INTO and assignments to variables belong to statements. */
function refuseOutsideStatement(cursor: Cursor, body: QueryBody, line: number): void {
  if (body.kind === "setOperation") {
    refuseOutsideStatement(cursor, body.left, line);
    refuseOutsideStatement(cursor, body.right, line);
    return;
  }
  if (body.into !== undefined) throw new ParseError(156, "Incorrect syntax near the keyword 'INTO'.", line);
  const assignment = body.items.find((item) => item.kind === "assign");
  if (assignment !== undefined) throw new ParseError(102, "Incorrect syntax near '='.", line);
}

/** UNION and EXCEPT associate to the left. */
function parseBody(cursor: Cursor): QueryBody {
  let left = parseIntersection(cursor);
  for (;;) {
    const operator = cursor.acceptOneOf(["UNION", "EXCEPT"]);
    if (operator === undefined) return left;
    const all = operator === "UNION" && cursor.accept("ALL");
    left = {
      kind: "setOperation",
      operator: all ? "UNION ALL" : operator,
      left,
      right: parseIntersection(cursor),
    };
  }
}

function parseIntersection(cursor: Cursor): QueryBody {
  let left = parseTerm(cursor);
  while (cursor.accept("INTERSECT")) {
    left = { kind: "setOperation", operator: "INTERSECT", left, right: parseTerm(cursor) };
  }
  return left;
}

function parseTerm(cursor: Cursor): QueryBody {
  return cursor.is("(") ? cursor.parenthesized(() => parseBody(cursor)) : parseSpecification(cursor);
}

function parseSpecification(cursor: Cursor): QuerySpecification {
  const { line } = cursor;
  cursor.expect("SELECT");
  const distinct = cursor.acceptOneOf(["ALL", "DISTINCT"]) === "DISTINCT";
  const top = parseTop(cursor);
  const items = cursor.list(() => parseSelectItem(cursor));
  const assignments = items.filter((item) => item.kind === "assign").length;
  if (assignments > 0 && assignments < items.length) {
    throw new ParseError(
      141,
      "A SELECT statement that assigns a value to a variable must not be combined with data-retrieval operations.",
      line,
    );
  }
  const into = cursor.accept("INTO") ? { into: parseObjectName(cursor) } : {};
  const from = cursor.accept("FROM") ? parseFrom(cursor) : [];
  const where = cursor.accept("WHERE") ? { where: parseCondition(cursor) } : {};
  const groupBy = cursor.accept("GROUP", "BY") ? cursor.list(() => parseExpression(cursor)) : [];
  const having = cursor.accept("HAVING") ? { having: parseCondition(cursor) } : {};
  return { kind: "select", distinct, ...top, items, ...into, from, ...where, groupBy, ...having };
}

/** TOP (expression) or TOP constant, [PERCENT] [WITH TIES]: as an object to spread, empty without TOP. */
export function parseTop(cursor: Cursor): { readonly top?: TopClause } {
  if (!cursor.accept("TOP")) return {};
  const constant = cursor.token.word === "NULL" ? undefined : literalOf(cursor.token);
  if (constant !== undefined) cursor.next();
  const count = constant ?? cursor.parenthesized(() => parseExpression(cursor));
  return { top: { count, percent: cursor.accept("PERCENT"), withTies: cursor.accept("WITH", "TIES") } };
}

/** One entry of a select list or of OUTPUT. */
export function parseSelectItem(cursor: Cursor): SelectItem {
  if (cursor.token.type === "variable") {
    const operator = ASSIGNMENT_OPERATORS.find((candidate) => candidate === cursor.peek(1).word);
    if (operator !== undefined) {
      const variable = cursor.variable();
      cursor.next();
      return { kind: "assign", variable, operator, expression: parseExpression(cursor) };
    }
  }
  const star = parseStar(cursor);
  if (star !== undefined) return star;
  if ((cursor.isIdentifier() || cursor.isString()) && cursor.peek(1).word === "=") {
    const alias = cursor.next().text;
    cursor.next();
    return { kind: "expression", expression: parseExpression(cursor), alias };
  }
  const expression = parseExpression(cursor);
  if (cursor.accept("AS") || cursor.isIdentifier() || cursor.isString()) {
    return { kind: "expression", expression, alias: cursor.isString() ? cursor.string() : cursor.identifier() };
  }
  return { kind: "expression", expression };
}

/** `*`, `t.*`, `schema.t.*`. */
function parseStar(cursor: Cursor): SelectItem | undefined {
  if (cursor.accept("*")) return { kind: "star" };
  let distance = 0;
  const parts: string[] = [];
  while (cursor.isIdentifier(distance) && cursor.peek(distance + 1).word === ".") {
    parts.push(cursor.peek(distance).text);
    distance += 2;
    while (cursor.peek(distance).word === ".") {
      parts.push("");
      distance++;
    }
  }
  if (distance === 0 || cursor.peek(distance).word !== "*") return undefined;
  for (let index = 0; index <= distance; index++) cursor.next();
  return { kind: "star", table: objectNameOf(parts) };
}

/** ORDER BY items; empty when no ORDER is next. */
export function parseOrderBy(cursor: Cursor): OrderItem[] {
  if (!cursor.accept("ORDER")) return [];
  cursor.expect("BY");
  return cursor.list(() => ({
    expression: parseExpression(cursor),
    descending: cursor.acceptOneOf(["ASC", "DESC"]) === "DESC",
  }));
}

/** OFFSET needs ORDER BY and version 11; otherwise the word is left for the caller to trip over. */
function parseOffset(cursor: Cursor, orderBy: readonly OrderItem[]): { readonly offset?: OffsetClause } {
  if (orderBy.length === 0 || cursor.version.major < 11 || !cursor.accept("OFFSET")) return {};
  const offset = parseExpression(cursor);
  cursor.expectOneOf(["ROW", "ROWS"]);
  if (!cursor.accept("FETCH")) return { offset: { offset } };
  cursor.expectOneOf(["FIRST", "NEXT"]);
  const fetch = parseExpression(cursor);
  cursor.expectOneOf(["ROW", "ROWS"]);
  cursor.expect("ONLY");
  return { offset: { offset, fetch } };
}

/** "Query Hints (Transact-SQL)": those of words alone, and those with a number or more behind them. */
const HINTS: readonly (readonly string[])[] = [
  ["HASH", "GROUP"],
  ["ORDER", "GROUP"],
  ["CONCAT", "UNION"],
  ["HASH", "UNION"],
  ["MERGE", "UNION"],
  ["LOOP", "JOIN"],
  ["MERGE", "JOIN"],
  ["HASH", "JOIN"],
  ["EXPAND", "VIEWS"],
  ["FORCE", "ORDER"],
  ["KEEP", "PLAN"],
  ["KEEPFIXED", "PLAN"],
  ["ROBUST", "PLAN"],
  ["PARAMETERIZATION", "SIMPLE"],
  ["PARAMETERIZATION", "FORCED"],
  ["RECOMPILE"],
];
const HINTS_WITH_NUMBER = ["FAST", "MAXDOP", "MAXRECURSION"];

/** OPTION (…); empty when no OPTION is next. */
export function parseQueryHints(cursor: Cursor): QueryHint[] {
  if (!cursor.accept("OPTION")) return [];
  return cursor.parenthesized(() =>
    cursor.list(() => {
      const words = HINTS.find((candidate) => cursor.accept(...candidate));
      if (words !== undefined) return { name: words.join(" ") };
      const name = cursor.expectOneOf(HINTS_WITH_NUMBER);
      const value = literalOf(cursor.token);
      if (cursor.token.type !== "integer" || value === undefined) throw cursor.unexpected();
      cursor.next();
      return { name, value };
    }),
  );
}
