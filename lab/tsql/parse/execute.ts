/** EXECUTE and EXECUTE AS. Source: "EXECUTE (Transact-SQL)", "EXECUTE AS (Transact-SQL)". */
import type { ExecuteArgument, ExecuteStatement, ExecuteStringStatement, Expression, Statement } from "../ast";
import { ParseError } from "../parser-errors";
import { parseConstant, parseStringOrVariable } from "./constants";
import type { Cursor } from "./cursor";
import { nvarcharLiteral } from "./literals";
import { parseObjectName } from "./names";

/** Behind EXEC as a statement: what {@link parseExecute} reads, or AS { LOGIN | USER } = 'name'. */
export function parseExecuteStatement(cursor: Cursor, line: number): Statement {
  if (!cursor.accept("AS")) return parseExecute(cursor, line);
  const principal = cursor.expectOneOf(["LOGIN", "USER"] as const);
  cursor.expect("=");
  return { kind: "executeAs", line, principal, name: parseStringOrVariable(cursor) };
}

/** Behind EXEC: [@rc =] procedure arguments, or ('text' + @variable). */
export function parseExecute(cursor: Cursor, line: number): ExecuteStatement | ExecuteStringStatement {
  if (cursor.is("(")) return { kind: "executeString", line, text: cursor.parenthesized(() => parseText(cursor)) };
  if (cursor.token.type !== "variable") return parseImplicitExecute(cursor, line);
  const variable = cursor.variable();
  if (!cursor.accept("=")) {
    return { kind: "execute", line, procedure: { kind: "variable", name: variable }, args: parseArguments(cursor) };
  }
  if (cursor.token.type === "variable") {
    const procedure = { kind: "variable", name: cursor.variable() } as const;
    return { kind: "execute", line, returnVariable: variable, procedure, args: parseArguments(cursor) };
  }
  return { ...parseImplicitExecute(cursor, line), returnVariable: variable };
}

/** A procedure by its name, without EXEC. */
export function parseImplicitExecute(cursor: Cursor, line: number): ExecuteStatement {
  const name = parseObjectName(cursor);
  return { kind: "execute", line, procedure: { kind: "name", name }, args: parseArguments(cursor) };
}

/** Literals and variables joined by +: nothing else is allowed inside EXEC (…). */
function parseText(cursor: Cursor): Expression {
  let text: Expression = parseStringOrVariable(cursor);
  while (cursor.accept("+")) {
    text = { kind: "binary", operator: "+", left: text, right: parseStringOrVariable(cursor) };
  }
  return text;
}

function startsArgument(cursor: Cursor): boolean {
  const { token } = cursor;
  if (token.type === "end") return false;
  if (token.type === "operator") return token.word === "-" || token.word === "+";
  return token.type !== "word" || cursor.isIdentifier() || token.word === "NULL" || token.word === "DEFAULT";
}

function parseArguments(cursor: Cursor): ExecuteArgument[] {
  const args: ExecuteArgument[] = [];
  if (startsArgument(cursor)) {
    let named = false;
    do {
      const { line } = cursor;
      const argument = parseArgument(cursor);
      if (named && argument.name === undefined) throw positionalAfterNamed(args.length + 1, line);
      named ||= argument.name !== undefined;
      args.push(argument);
    } while (cursor.accept(","));
  }
  if (cursor.accept("WITH")) cursor.expect("RECOMPILE");
  return args;
}

function positionalAfterNamed(position: number, line: number): ParseError {
  return new ParseError(
    119,
    `Must pass parameter number ${String(position)} and subsequent parameters as '@name = value'. After the form ` +
      "'@name = value' has been used, all subsequent parameters must be passed in the form '@name = value'.",
    line,
  );
}

function parseArgument(cursor: Cursor): ExecuteArgument {
  if (cursor.token.type === "variable" && cursor.peek(1).word === "=") {
    const name = cursor.variable();
    cursor.expect("=");
    return { name, ...parseArgumentValue(cursor) };
  }
  return parseArgumentValue(cursor);
}

function parseArgumentValue(cursor: Cursor): Pick<ExecuteArgument, "value" | "output"> {
  const { line } = cursor;
  const value = parseValue(cursor);
  const output = cursor.acceptOneOf(["OUTPUT", "OUT"]) !== undefined;
  if (output && value.kind !== "variable") {
    throw new ParseError(179, "Cannot use the OUTPUT option when passing a constant to a stored procedure.", line);
  }
  return { value, output };
}

function parseValue(cursor: Cursor): ExecuteArgument["value"] {
  if (cursor.accept("DEFAULT")) return { kind: "default" };
  if (cursor.token.type === "variable") return { kind: "variable", name: cursor.variable() };
  if (cursor.token.type === "global") return { kind: "globalVariable", name: cursor.next().text };
  // A bare word is a string.
  if (cursor.isIdentifier()) return nvarcharLiteral(cursor.identifier());
  return parseConstant(cursor);
}
