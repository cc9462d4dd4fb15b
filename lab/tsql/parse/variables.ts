/** DECLARE and SET. Source: "DECLARE @local_variable", "SET statements (Transact-SQL)". */
import type { DeclareStatement, Expression, Literal, SetValueStatement, Statement, VariableDeclaration } from "../ast";
import { ParseError, unrecognized } from "../parser-errors";
import { parseConstantOrVariable, parseOnOff } from "./constants";
import type { Cursor } from "./cursor";
import { parseDataType } from "./data-types";
import { parseExpression } from "./expressions";
import { varcharLiteral } from "./literals";
import { parseObjectName } from "./names";
import { ASSIGNMENT_OPERATORS } from "./queries";
import { parseTableElements } from "./tables";

/** Behind DECLARE. */
export function parseDeclare(cursor: Cursor, line: number): DeclareStatement {
  return { kind: "declare", line, declarations: cursor.list(() => parseDeclaration(cursor)) };
}

function parseDeclaration(cursor: Cursor): VariableDeclaration {
  const { line } = cursor;
  const name = cursor.variable();
  cursor.accept("AS");
  if (cursor.accept("TABLE")) return { kind: "table", name, ...parseTableElements(cursor, "variable") };
  const type = parseDataType(cursor, "definition");
  if (!cursor.accept("=")) return { kind: "scalar", name, type };
  if (cursor.version.major < 10) {
    throw new ParseError(139, "Cannot assign a default value to a local variable.", line);
  }
  return { kind: "scalar", name, type, value: parseExpression(cursor) };
}

/** Options that are ON or OFF. SHOWPLAN_* is not among them: the lab makes no plans. */
const SWITCHES = new Set(
  `ANSI_DEFAULTS ANSI_NULL_DFLT_OFF ANSI_NULL_DFLT_ON ANSI_NULLS ANSI_PADDING ANSI_WARNINGS ARITHABORT ARITHIGNORE
  CONCAT_NULL_YIELDS_NULL CURSOR_CLOSE_ON_COMMIT FMTONLY FORCEPLAN IMPLICIT_TRANSACTIONS NOCOUNT NOEXEC
  NO_BROWSETABLE NUMERIC_ROUNDABORT PARSEONLY QUOTED_IDENTIFIER REMOTE_PROC_TRANSACTIONS XACT_ABORT`.split(/\s+/),
);

const ISOLATION_LEVELS: readonly (readonly string[])[] = [
  ["READ", "UNCOMMITTED"],
  ["READ", "COMMITTED"],
  ["REPEATABLE", "READ"],
  ["SNAPSHOT"],
  ["SERIALIZABLE"],
];

/** Behind SET. */
export function parseSet(cursor: Cursor, line: number): Statement {
  if (cursor.token.type === "variable") {
    const variable = cursor.variable();
    const operator = cursor.expectOneOf(ASSIGNMENT_OPERATORS);
    return { kind: "setVariable", line, variable, operator, value: parseExpression(cursor) };
  }
  if (cursor.accept("IDENTITY_INSERT")) {
    const table = parseObjectName(cursor);
    return { kind: "setIdentityInsert", line, table, on: parseOnOff(cursor) };
  }
  if (cursor.accept("STATISTICS")) {
    const options = cursor.list(() => `STATISTICS ${cursor.expectOneOf(["IO", "TIME"])}`);
    return { kind: "setSwitch", line, options, on: parseOnOff(cursor) };
  }
  return parseValueOption(cursor, line) ?? parseSwitches(cursor, line);
}

function parseSwitches(cursor: Cursor, line: number): Statement {
  const options = cursor.list(() => {
    const { token } = cursor;
    if (!SWITCHES.has(token.word)) {
      if (!cursor.isIdentifier()) throw cursor.unexpected();
      throw unrecognized(token.text, "SET option", token.line);
    }
    return cursor.next().word;
  });
  return { kind: "setSwitch", line, options, on: parseOnOff(cursor) };
}

function parseValueOption(cursor: Cursor, line: number): Statement | undefined {
  if (cursor.accept("TRANSACTION")) {
    cursor.expect("ISOLATION", "LEVEL");
    const words = ISOLATION_LEVELS.find((candidate) => cursor.accept(...candidate));
    if (words === undefined) throw cursor.unexpected();
    return { kind: "setValue", line, option: "TRANSACTION ISOLATION LEVEL", value: varcharLiteral(words.join(" ")) };
  }
  const option = cursor.acceptOneOf<SetValueStatement["option"]>([
    "LOCK_TIMEOUT",
    "DEADLOCK_PRIORITY",
    "CONTEXT_INFO",
    "ROWCOUNT",
    "TEXTSIZE",
    "LANGUAGE",
    "DATEFIRST",
    "DATEFORMAT",
    "QUERY_GOVERNOR_COST_LIMIT",
  ]);
  return option === undefined ? undefined : { kind: "setValue", line, option, value: parseOptionValue(cursor, option) };
}

function parseOptionValue(cursor: Cursor, option: SetValueStatement["option"]): Expression {
  if (option === "DEADLOCK_PRIORITY") {
    const word = cursor.acceptOneOf(["LOW", "NORMAL", "HIGH"]);
    if (word !== undefined) return varcharLiteral(word);
  } else if (option === "LANGUAGE" || option === "DATEFORMAT") return parseWordOrConstant(cursor);
  return parseConstantOrVariable(cursor);
}

function parseWordOrConstant(cursor: Cursor): Expression | Literal {
  return cursor.isIdentifier() ? varcharLiteral(cursor.identifier()) : parseConstantOrVariable(cursor);
}
