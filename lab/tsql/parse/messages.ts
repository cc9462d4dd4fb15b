/** PRINT, RAISERROR, THROW, RETURN and WAITFOR. Source: the pages of these names under t-sql/language-elements. */
import type { Expression, RaiseErrorStatement, Statement } from "../ast";
import { ParseError } from "../parser-errors";
import { parseConstant, parseConstantOrVariable } from "./constants";
import type { Cursor } from "./cursor";
import { parseExpression } from "./expressions";

export function parsePrint(cursor: Cursor, line: number): Statement {
  return { kind: "print", line, value: parseExpression(cursor) };
}

/** RAISERROR (message, severity, state [, arguments]) [WITH options]. */
export function parseRaiseError(cursor: Cursor, line: number): RaiseErrorStatement {
  cursor.expect("(");
  const message = parseConstantOrVariable(cursor);
  cursor.expect(",");
  const severity = parseConstantOrVariable(cursor);
  cursor.expect(",");
  const state = parseConstantOrVariable(cursor);
  const args = cursor.accept(",") ? cursor.list(() => parseConstantOrVariable(cursor)) : [];
  cursor.expect(")");
  const options = cursor.accept("WITH")
    ? cursor.list(() => cursor.expectOneOf(["NOWAIT", "LOG", "SETERROR"] as const))
    : [];
  return { kind: "raiseError", line, message, severity, state, args, options };
}

/** THROW [number, message, state]; without values only inside CATCH (10704). */
export function parseThrow(cursor: Cursor, line: number): Statement {
  if (!["integer", "variable", "operator"].includes(cursor.token.type) || cursor.isOneOf([";"])) {
    if (cursor.catchDepth > 0) return { kind: "throw", line };
    throw new ParseError(
      10704,
      "To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW statement inside a " +
        "CATCH block, or add error parameters to the THROW statement.",
      line,
    );
  }
  const number = parseConstantOrVariable(cursor);
  cursor.expect(",");
  const message = parseConstantOrVariable(cursor);
  cursor.expect(",");
  return { kind: "throw", line, values: { number, message, state: parseConstantOrVariable(cursor) } };
}

/** Whether the next token can begin the value of RETURN and no statement. */
function startsValue(cursor: Cursor): boolean {
  const { token } = cursor;
  if (token.type === "end") return false;
  if (token.type === "operator") return ["(", "-", "+", "~"].includes(token.word);
  if (token.type === "word") return ["NULL", "CASE", "CAST", "CONVERT", "COALESCE", "NULLIF"].includes(token.word);
  return true;
}

/** A value belongs to procedures only: 178 in a batch. */
export function parseReturn(cursor: Cursor, line: number): Statement {
  if (!startsValue(cursor)) return { kind: "return", line };
  const value = parseExpression(cursor);
  if (cursor.allowReturnValue) return { kind: "return", line, value };
  throw new ParseError(178, "A RETURN statement with a return value cannot be used in this context.", line);
}

/** WAITFOR DELAY 'hh:mm:ss' | TIME 'hh:mm:ss'. */
export function parseWaitFor(cursor: Cursor, line: number): Statement {
  const type = cursor.expectOneOf(["DELAY", "TIME"]);
  const value: Expression =
    cursor.token.type === "variable" ? { kind: "variable", name: cursor.variable() } : parseStringConstant(cursor);
  return { kind: "waitFor", line, type, value };
}

function parseStringConstant(cursor: Cursor): Expression {
  if (!cursor.isString()) throw cursor.unexpected();
  return parseConstant(cursor);
}
