/** Functions with a syntax of their own: CASE, CAST, CONVERT, COALESCE, NULLIF, IIF, those with a datepart or without parentheses. */
import type { ConvertExpression, Expression } from "../ast";
import { ParseError, unknownOption, unrecognized } from "../parser-errors";
import { parseCondition } from "./conditions";
import type { Cursor } from "./cursor";
import { parseDataType } from "./data-types";
import { parseExpression } from "./expressions";
import { varcharLiteral } from "./literals";

const FROM_11 = ["TRY_CONVERT", "TRY_CAST", "IIF"];

/** "DATEADD (Transact-SQL)": dateparts and their abbreviations. */
const DATEPARTS = new Set(
  `YEAR YY YYYY QUARTER QQ Q MONTH MM M DAYOFYEAR DY Y DAY DD D WEEK WK WW WEEKDAY DW W HOUR HH MINUTE MI N SECOND SS S
  MILLISECOND MS MICROSECOND MCS NANOSECOND NS TZOFFSET TZ ISO_WEEK ISOWK ISOWW`.split(/\s+/),
);
const DATEPART_FUNCTIONS = ["DATEADD", "DATEDIFF", "DATENAME", "DATEPART"];

/** CASE or a built-in function with its own syntax if one is next. */
export function parseBuiltIn(cursor: Cursor): Expression | undefined {
  if (cursor.accept("CASE")) return parseCase(cursor);
  const { token } = cursor;
  if (token.type !== "word" || cursor.peek(1).word !== "(") return undefined;
  if (FROM_11.includes(token.word) && cursor.version.major < 11) {
    throw unrecognized(token.text, "built-in function name", token.line);
  }
  switch (token.word) {
    case "CAST":
    case "TRY_CAST":
      cursor.next();
      return parseCast(cursor, token.word);
    case "CONVERT":
    case "TRY_CONVERT":
      cursor.next();
      return parseConvert(cursor, token.word);
    case "COALESCE":
      cursor.next();
      return { kind: "coalesce", args: cursor.parenthesized(() => cursor.list(() => parseExpression(cursor))) };
    case "NULLIF":
      cursor.next();
      return parseNullIf(cursor);
    case "IIF":
      cursor.next();
      return parseIif(cursor);
    default:
      return DATEPART_FUNCTIONS.includes(token.word) ? parseDateFunction(cursor) : undefined;
  }
}

function parseCase(cursor: Cursor): Expression {
  const operand = cursor.is("WHEN") ? undefined : parseExpression(cursor);
  const branches: { readonly test: Expression; readonly result: Expression }[] = [];
  const searched: { readonly condition: ReturnType<typeof parseCondition>; readonly result: Expression }[] = [];
  do {
    cursor.expect("WHEN");
    if (operand === undefined) {
      const condition = parseCondition(cursor);
      cursor.expect("THEN");
      searched.push({ condition, result: parseExpression(cursor) });
    } else {
      const test = parseExpression(cursor);
      cursor.expect("THEN");
      branches.push({ test, result: parseExpression(cursor) });
    }
  } while (cursor.is("WHEN"));
  const otherwise = cursor.accept("ELSE") ? { otherwise: parseExpression(cursor) } : {};
  cursor.expect("END");
  if (operand === undefined) return { kind: "searchedCase", branches: searched, ...otherwise };
  return {
    kind: "simpleCase",
    operand,
    branches: branches.map(({ test, result }) => ({ value: test, result })),
    ...otherwise,
  };
}

function parseCast(cursor: Cursor, name: "CAST" | "TRY_CAST"): ConvertExpression {
  return cursor.parenthesized(() => {
    const operand = parseExpression(cursor);
    cursor.expect("AS");
    return { kind: "convert", function: name, type: parseDataType(cursor, "conversion"), operand };
  });
}

function parseConvert(cursor: Cursor, name: "CONVERT" | "TRY_CONVERT"): ConvertExpression {
  return cursor.parenthesized(() => {
    const type = parseDataType(cursor, "conversion");
    cursor.expect(",");
    const operand = parseExpression(cursor);
    const style = cursor.accept(",") ? { style: parseExpression(cursor) } : {};
    return { kind: "convert", function: name, type, operand, ...style };
  });
}

function parseNullIf(cursor: Cursor): Expression {
  return cursor.parenthesized(() => {
    const left = parseExpression(cursor);
    cursor.expect(",");
    return { kind: "nullIf", left, right: parseExpression(cursor) };
  });
}

function parseIif(cursor: Cursor): Expression {
  return cursor.parenthesized(() => {
    const condition = parseCondition(cursor);
    cursor.expect(",");
    const result = parseExpression(cursor);
    cursor.expect(",");
    return { kind: "searchedCase", branches: [{ condition, result }], otherwise: parseExpression(cursor) };
  });
}

/** The datepart is a word and no expression: 1023 for anything else, 155 for an unknown word. */
function parseDateFunction(cursor: Cursor): Expression {
  const name = cursor.next().text;
  return cursor.parenthesized(() => {
    const datepart = cursor.next();
    if (datepart.type !== "word") {
      throw new ParseError(1023, `Invalid parameter 1 specified for ${name.toLowerCase()}.`, datepart.line);
    }
    if (!DATEPARTS.has(datepart.word)) throw unknownOption(datepart.text, name.toLowerCase(), datepart.line);
    const args = [varcharLiteral(datepart.text)];
    const rest = cursor.accept(",") ? cursor.list(() => parseExpression(cursor)) : [];
    return { kind: "function", name: { name }, args: [...args, ...rest], star: false, distinct: false };
  });
}

const NILADIC = ["CURRENT_TIMESTAMP", "CURRENT_USER", "SESSION_USER", "SYSTEM_USER", "USER"];

/** A function that is called without parentheses, if one is next. */
export function parseNiladicFunction(cursor: Cursor): Expression | undefined {
  const name = cursor.acceptOneOf(NILADIC);
  return name === undefined ? undefined : { kind: "function", name: { name }, args: [], star: false, distinct: false };
}
