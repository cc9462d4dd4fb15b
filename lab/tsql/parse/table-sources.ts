/** The FROM clause. Source: "FROM clause plus JOIN, APPLY, PIVOT (Transact-SQL)", "Hints (Transact-SQL) - Table". */
import type { Expression, JoinSource, TableSource, TableTarget } from "../ast";
import { ParseError } from "../parser-errors";
import { parseCondition } from "./conditions";
import type { Cursor } from "./cursor";
import { parseExpression } from "./expressions";
import { parseColumnNames, parseObjectName } from "./names";
import { parseSubquery, startsSubquery } from "./queries";

const HINTS = new Set(
  `NOLOCK READUNCOMMITTED UPDLOCK REPEATABLEREAD SERIALIZABLE READCOMMITTED READCOMMITTEDLOCK TABLOCK TABLOCKX PAGLOCK
  ROWLOCK NOWAIT READPAST XLOCK HOLDLOCK NOEXPAND FORCESEEK FORCESCAN FASTFIRSTROW INDEX KEEPIDENTITY KEEPDEFAULTS
  IGNORE_CONSTRAINTS IGNORE_TRIGGERS`.split(/\s+/),
);

/** Sources between commas. */
export function parseFrom(cursor: Cursor): TableSource[] {
  return cursor.list(() => parseJoins(cursor, parseSource(cursor)));
}

/** The kind of join that is next, read, or undefined. */
function acceptJoin(cursor: Cursor): JoinSource["type"] | undefined {
  if (cursor.accept("CROSS", "JOIN")) return "CROSS";
  if (cursor.accept("CROSS", "APPLY")) return "CROSS APPLY";
  if (cursor.accept("OUTER", "APPLY")) return "OUTER APPLY";
  if (cursor.accept("JOIN")) return "INNER";
  const type = cursor.acceptOneOf(["INNER", "LEFT", "RIGHT", "FULL"]);
  if (type === undefined) return undefined;
  if (type !== "INNER") cursor.accept("OUTER");
  // Join hints change how, not what.
  cursor.acceptOneOf(["LOOP", "HASH", "MERGE", "REMOTE"]);
  cursor.expect("JOIN");
  return type;
}

function parseJoins(cursor: Cursor, first: TableSource): TableSource {
  let left = first;
  for (let type = acceptJoin(cursor); type !== undefined; type = acceptJoin(cursor))
    left = parseJoin(cursor, left, type);
  return left;
}

/** `a JOIN b JOIN c ON … ON …`: joins that stand before the ON belong to the right side. */
function parseJoin(cursor: Cursor, left: TableSource, type: JoinSource["type"]): JoinSource {
  let right = parseSource(cursor);
  if (type === "CROSS" || type === "CROSS APPLY" || type === "OUTER APPLY") return { kind: "join", type, left, right };
  while (!cursor.is("ON")) {
    const inner = acceptJoin(cursor);
    if (inner === undefined) throw cursor.unexpected();
    right = parseJoin(cursor, right, inner);
  }
  cursor.expect("ON");
  return { kind: "join", type, left, right, on: parseCondition(cursor) };
}

function parseSource(cursor: Cursor): TableSource {
  if (cursor.is("(")) return parseParenthesized(cursor);
  if (cursor.token.type === "variable") {
    return { kind: "tableVariable", name: cursor.variable(), ...parseAlias(cursor) };
  }
  const name = parseObjectName(cursor);
  if (cursor.is("(") && !startsOldHints(cursor)) {
    const args = cursor.parenthesized(() => (cursor.is(")") ? [] : cursor.list(() => parseExpression(cursor))));
    const alias = parseAlias(cursor);
    const columnAliases =
      alias.alias !== undefined && cursor.is("(") ? { columnAliases: parseColumnNames(cursor) } : {};
    return { kind: "tableFunction", name, args, ...alias, ...columnAliases };
  }
  const early = startsOldHints(cursor) ? parseHintList(cursor) : [];
  const alias = parseAlias(cursor);
  return { kind: "table", name, ...alias, hints: [...early, ...parseHints(cursor)] };
}

function parseParenthesized(cursor: Cursor): TableSource {
  if (cursor.is("(", "VALUES")) {
    cursor.expect("(", "VALUES");
    const rows = parseRows(cursor, () => parseExpression(cursor));
    cursor.expect(")");
    return { kind: "valuesTable", rows, alias: parseRequiredAlias(cursor), columnAliases: parseColumnNames(cursor) };
  }
  if (startsSubquery(cursor)) {
    const derived = cursor.attempt(() => parseDerivedTable(cursor));
    if (derived !== undefined) return derived;
    if (cursor.peek(1).word === "SELECT") return parseDerivedTable(cursor);
  }
  return cursor.parenthesized(() => parseJoins(cursor, parseSource(cursor)));
}

function parseDerivedTable(cursor: Cursor): TableSource {
  const query = parseSubquery(cursor);
  const alias = parseRequiredAlias(cursor);
  return { kind: "derivedTable", query, alias, ...(cursor.is("(") ? { columnAliases: parseColumnNames(cursor) } : {}) };
}

/**
 * Rows of VALUES, all of one length (10709).
 * @param parseValue reads one value
 */
export function parseRows<Value extends Expression | { readonly kind: "default" }>(
  cursor: Cursor,
  parseValue: () => Value,
): Value[][] {
  const { line } = cursor;
  const rows = cursor.list(() => cursor.parenthesized(() => cursor.list(parseValue)));
  if (rows.some((row) => row.length !== rows[0]?.length)) {
    throw new ParseError(
      10709,
      "The number of columns for each row in a table value constructor must be the same.",
      line,
      { severity: 16 },
    );
  }
  return rows;
}

function parseAlias(cursor: Cursor): { readonly alias?: string } {
  return cursor.accept("AS") || cursor.isIdentifier() ? { alias: cursor.identifier() } : {};
}

function parseRequiredAlias(cursor: Cursor): string {
  cursor.accept("AS");
  return cursor.identifier();
}

/** Whether `(NOLOCK)` or another hint without WITH is next, and not the arguments of a function. */
function startsOldHints(cursor: Cursor): boolean {
  return cursor.is("(") && HINTS.has(cursor.peek(1).word) && [")", ",", "("].includes(cursor.peek(2).word);
}

/** WITH (hints) or hints alone in parentheses; empty when neither is next. */
function parseHints(cursor: Cursor): string[] {
  if (startsOldHints(cursor)) return parseHintList(cursor);
  if (!cursor.accept("WITH", "(")) return [];
  return parseHintWords(cursor);
}

function parseHintList(cursor: Cursor): string[] {
  cursor.expect("(");
  return parseHintWords(cursor);
}

/** Hints behind the opening parenthesis, between commas or spaces, and the closing one. */
function parseHintWords(cursor: Cursor): string[] {
  const hints: string[] = [];
  do {
    const { token } = cursor;
    if (!HINTS.has(token.word)) {
      if (token.type !== "word") throw cursor.unexpected();
      throw new ParseError(
        321,
        `"${token.text}" is not a recognized table hints option. If it is intended as a parameter to a table-valued ` +
          "function or to the CHANGETABLE function, ensure that your database compatibility mode is set to 90.",
        token.line,
      );
    }
    hints.push(cursor.next().word);
    if (cursor.accept("=")) cursor.next();
    else if (cursor.is("(")) skipHintArguments(cursor);
    cursor.accept(",");
  } while (!cursor.is(")"));
  cursor.expect(")");
  return hints;
}

/** Names or numbers of indexes: which index reads a table does not change what it holds. */
function skipHintArguments(cursor: Cursor): void {
  cursor.parenthesized(() =>
    cursor.list(() => {
      if (cursor.token.type === "integer") cursor.next();
      else {
        cursor.identifier();
        if (cursor.is("(")) parseColumnNames(cursor);
      }
    }),
  );
}

/** What INSERT, UPDATE and DELETE change: a table with its hints, or a table variable. No alias. */
export function parseTarget(cursor: Cursor): TableTarget {
  if (cursor.token.type === "variable") return { kind: "tableVariable", name: cursor.variable() };
  const name = parseObjectName(cursor);
  return { kind: "table", name, hints: parseHints(cursor) };
}
