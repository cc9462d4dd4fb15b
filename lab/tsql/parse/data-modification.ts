/** SELECT as a statement, INSERT, UPDATE, DELETE, TRUNCATE TABLE. Source: the pages of these names under t-sql. */
import type {
  CommonTableExpression,
  DefaultValue,
  DeleteStatement,
  Expression,
  InsertStatement,
  OutputClause,
  Statement,
  UpdateAssignment,
  UpdateStatement,
} from "../ast";
import { ParseError } from "../parser-errors";
import { parseCondition } from "./conditions";
import type { Cursor } from "./cursor";
import { parseExecute } from "./execute";
import { parseExpression } from "./expressions";
import { objectNameOf, parseColumnNames, parseNameParts, parseObjectName } from "./names";
import { ASSIGNMENT_OPERATORS, parseQuery, parseQueryHints, parseSelectItem, parseTop } from "./queries";
import { parseFrom, parseRows, parseTarget } from "./table-sources";

/** INSERT … VALUES takes no more rows. */
const MAXIMUM_ROWS = 1000;

export function parseSelect(cursor: Cursor, line: number, commonTables: readonly CommonTableExpression[]): Statement {
  return { kind: "selectStatement", line, query: parseQuery(cursor, commonTables) };
}

/** Behind INSERT. */
export function parseInsert(
  cursor: Cursor,
  line: number,
  commonTables: readonly CommonTableExpression[],
): InsertStatement {
  const top = parseTop(cursor);
  cursor.accept("INTO");
  const target = parseTarget(cursor);
  const hasColumns = cursor.is("(") && !["SELECT", "("].includes(cursor.peek(1).word);
  const columns = hasColumns ? { columns: parseColumnNames(cursor) } : {};
  const output = parseOutput(cursor);
  return {
    kind: "insert",
    line,
    commonTables,
    ...top,
    target,
    ...columns,
    ...output,
    source: parseInsertSource(cursor),
  };
}

function parseInsertSource(cursor: Cursor): InsertStatement["source"] {
  const { line } = cursor;
  if (cursor.accept("DEFAULT", "VALUES")) return { kind: "defaultValues" };
  if (cursor.acceptOneOf(["EXEC", "EXECUTE"]) !== undefined) {
    return { kind: "execute", statement: parseExecute(cursor, line) };
  }
  if (!cursor.accept("VALUES")) return { kind: "query", query: parseQuery(cursor, []) };
  const rows = parseRows(cursor, () => parseValueOrDefault(cursor));
  if (rows.length > MAXIMUM_ROWS) {
    throw new ParseError(
      10738,
      "The number of row value expressions in the INSERT statement exceeds the maximum allowed number of " +
        `${String(MAXIMUM_ROWS)} row values.`,
      line,
    );
  }
  return { kind: "values", rows };
}

function parseValueOrDefault(cursor: Cursor): Expression | DefaultValue {
  return cursor.accept("DEFAULT") ? { kind: "default" } : parseExpression(cursor);
}

function parseOutput(cursor: Cursor): { readonly output?: OutputClause } {
  if (!cursor.accept("OUTPUT")) return {};
  const items = cursor.list(() => parseSelectItem(cursor));
  if (!cursor.accept("INTO")) return { output: { items } };
  const target = parseTarget(cursor);
  const named = cursor.is("(") && !["SELECT", "("].includes(cursor.peek(1).word);
  return { output: { items, into: { target, columns: named ? parseColumnNames(cursor) : [] } } };
}

/** Behind UPDATE. */
export function parseUpdate(
  cursor: Cursor,
  line: number,
  commonTables: readonly CommonTableExpression[],
): UpdateStatement {
  const top = parseTop(cursor);
  const target = parseTarget(cursor);
  cursor.expect("SET");
  const assignments = cursor.list(() => parseAssignment(cursor));
  const output = parseOutput(cursor);
  return { kind: "update", line, commonTables, ...top, target, assignments, ...output, ...parseConstraint(cursor) };
}

/** FROM, WHERE and OPTION of UPDATE and DELETE. */
function parseConstraint(cursor: Cursor): Pick<UpdateStatement, "from" | "where" | "hints"> {
  const from = cursor.accept("FROM") ? parseFrom(cursor) : [];
  const where = cursor.accept("WHERE") ? { where: parseCondition(cursor) } : {};
  return { from, ...where, hints: parseQueryHints(cursor) };
}

function parseAssignment(cursor: Cursor): UpdateAssignment {
  if (cursor.token.type !== "variable") return parseColumnAssignment(cursor);
  const variable = cursor.variable();
  const operator = cursor.expectOneOf(ASSIGNMENT_OPERATORS);
  const chained = operator === "=" ? cursor.attempt(() => parseColumnAssignment(cursor)) : undefined;
  return chained === undefined ? { variable, operator, value: parseExpression(cursor) } : { ...chained, variable };
}

function parseColumnAssignment(cursor: Cursor): UpdateAssignment {
  const parts = parseNameParts(cursor);
  const operator = cursor.expectOneOf(ASSIGNMENT_OPERATORS);
  const table = parts.length > 1 ? { table: objectNameOf(parts.slice(0, -1)) } : {};
  const column = { kind: "column", ...table, name: parts.at(-1) ?? "" } as const;
  return { column, operator, value: parseValueOrDefault(cursor) };
}

/** Behind DELETE. */
export function parseDelete(
  cursor: Cursor,
  line: number,
  commonTables: readonly CommonTableExpression[],
): DeleteStatement {
  const top = parseTop(cursor);
  cursor.accept("FROM");
  const target = parseTarget(cursor);
  const output = parseOutput(cursor);
  return { kind: "delete", line, commonTables, ...top, target, ...output, ...parseConstraint(cursor) };
}

/** Behind TRUNCATE. */
export function parseTruncate(cursor: Cursor, line: number): Statement {
  cursor.expect("TABLE");
  return { kind: "truncateTable", line, table: parseObjectName(cursor) };
}
