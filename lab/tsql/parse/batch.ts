/** Statements in their order: what may begin one, blocks, control of flow. Source: "Control-of-flow (Transact-SQL)". */
import type { Statement } from "../ast";
import { ParseError, syntaxError } from "../parser-errors";
import { parseBackup } from "./backup";
import { parseBackupCertificate } from "./certificates";
import { parseCheckpoint, parseDbcc, parseKill, parseReconfigure, parseShutdown, parseUse } from "./administration";
import { parseAlter, parseCreate, parseDrop } from "./definitions";
import { parseCondition } from "./conditions";
import type { Cursor } from "./cursor";
import { parseDelete, parseInsert, parseSelect, parseTruncate, parseUpdate } from "./data-modification";
import { parseExecuteStatement, parseImplicitExecute } from "./execute";
import { parsePermission } from "./permissions";
import { parsePrint, parseRaiseError, parseReturn, parseThrow, parseWaitFor } from "./messages";
import { parseCommonTables } from "./queries";
import { parseRestore } from "./restore";
import { parseDeclare, parseSet } from "./variables";
import { parseBeginTransaction, parseEndOfTransaction, parseSaveTransaction } from "./transactions";

/** Statements by the word that begins them. Each function is called with that word already read. */
const STATEMENTS: ReadonlyMap<string, (cursor: Cursor, line: number) => Statement> = new Map<
  string,
  (cursor: Cursor, line: number) => Statement
>([
  ["ALTER", parseAlter],
  [
    "BACKUP",
    (cursor, line) => (cursor.accept("CERTIFICATE") ? parseBackupCertificate(cursor, line) : parseBackup(cursor, line)),
  ],
  ["BEGIN", parseBegin],
  ["BREAK", (cursor, line) => parseLoopControl(cursor, line, "break")],
  ["CHECKPOINT", parseCheckpoint],
  ["COMMIT", (cursor, line) => parseEndOfTransaction(cursor, line, "commitTransaction")],
  ["CONTINUE", (cursor, line) => parseLoopControl(cursor, line, "continue")],
  ["CREATE", parseCreate],
  ["DBCC", parseDbcc],
  ["DECLARE", parseDeclare],
  ["DELETE", (cursor, line) => parseDelete(cursor, line, [])],
  ["DENY", (cursor, line) => parsePermission(cursor, line, "DENY")],
  ["DROP", parseDrop],
  ["EXEC", parseExecuteStatement],
  ["EXECUTE", parseExecuteStatement],
  ["GOTO", parseGoto],
  ["GRANT", (cursor, line) => parsePermission(cursor, line, "GRANT")],
  ["IF", parseIf],
  ["INSERT", (cursor, line) => parseInsert(cursor, line, [])],
  ["KILL", parseKill],
  ["PRINT", parsePrint],
  ["RAISERROR", parseRaiseError],
  ["RECONFIGURE", parseReconfigure],
  ["RESTORE", parseRestore],
  ["RETURN", parseReturn],
  ["REVERT", (_, line) => ({ kind: "revert", line })],
  ["REVOKE", (cursor, line) => parsePermission(cursor, line, "REVOKE")],
  ["ROLLBACK", (cursor, line) => parseEndOfTransaction(cursor, line, "rollbackTransaction")],
  ["SAVE", parseSaveTransaction],
  ["SET", parseSet],
  ["SHUTDOWN", parseShutdown],
  ["TRUNCATE", parseTruncate],
  ["UPDATE", (cursor, line) => parseUpdate(cursor, line, [])],
  ["USE", parseUse],
  ["WAITFOR", parseWaitFor],
  ["WHILE", parseWhile],
]);

/** All statements up to the end of the batch; labels of GOTO are looked up. */
export function parseBatch(cursor: Cursor): Statement[] {
  const statements = parseStatements(cursor, () => cursor.atEnd);
  const missing = cursor.gotos.find(({ label }) => !cursor.labels.has(label.toLowerCase()));
  if (missing !== undefined) {
    throw new ParseError(
      133,
      `A GOTO statement references the label '${missing.label}' but the label has not been declared.`,
      missing.line,
    );
  }
  return statements;
}

function skipSemicolons(cursor: Cursor): void {
  while (cursor.accept(";"));
}

function parseStatements(cursor: Cursor, ends: () => boolean): Statement[] {
  const statements: Statement[] = [];
  skipSemicolons(cursor);
  while (!ends()) {
    // At its end a block without END names the last token, as every text that is cut off.
    if (cursor.atEnd) throw cursor.unexpected();
    statements.push(parseStatement(cursor, statements.length === 0 || cursor.peek(-1).word === ";"));
    skipSemicolons(cursor);
  }
  return statements;
}

/** @param separated whether nothing stands before it that a semicolon would have to end: WITH and THROW need that */
function parseStatement(cursor: Cursor, separated: boolean): Statement {
  const { line, token } = cursor;
  if (token.word === "SELECT" || token.word === "(") return parseSelect(cursor, line, []);
  if (token.word === "WITH") return parseWith(cursor, line, separated);
  if (token.word === "THROW" && cursor.version.major < 11) throw syntaxError(token.text, line);
  if (token.word === "THROW" && separated) {
    cursor.next();
    return parseThrow(cursor, line);
  }
  const parse = STATEMENTS.get(token.word);
  if (parse !== undefined) {
    cursor.next();
    return parse(cursor, line);
  }
  if (cursor.isIdentifier() && cursor.peek(1).word === ":") return parseLabel(cursor, line);
  if (cursor.isIdentifier() && cursor.atStart) return parseImplicitExecute(cursor, line);
  throw cursor.unexpected();
}

/** A statement under IF, ELSE or WHILE. */
function parseNested(cursor: Cursor): Statement {
  return parseStatement(cursor, true);
}

function parseWith(cursor: Cursor, line: number, separated: boolean): Statement {
  if (!separated) {
    throw new ParseError(
      319,
      "Incorrect syntax near the keyword 'with'. If this statement is a common table expression, an xmlnamespaces " +
        "clause or a change tracking context clause, the previous statement must be terminated with a semicolon.",
      line,
    );
  }
  const commonTables = parseCommonTables(cursor);
  if (cursor.accept("INSERT")) return parseInsert(cursor, line, commonTables);
  if (cursor.accept("UPDATE")) return parseUpdate(cursor, line, commonTables);
  if (cursor.accept("DELETE")) return parseDelete(cursor, line, commonTables);
  return parseSelect(cursor, line, commonTables);
}

/** BEGIN … END, BEGIN TRY, BEGIN TRAN. Only the body of CATCH may be empty. */
function parseBegin(cursor: Cursor, line: number): Statement {
  if (cursor.isOneOf(["TRAN", "TRANSACTION"])) return parseBeginTransaction(cursor, line);
  if (cursor.accept("TRY")) return parseTryCatch(cursor, line);
  if (cursor.is("END")) throw cursor.unexpected();
  const statements = parseStatements(cursor, () => cursor.is("END"));
  cursor.expect("END");
  return { kind: "block", line, statements };
}

function parseTryCatch(cursor: Cursor, line: number): Statement {
  if (cursor.is("END")) throw cursor.unexpected();
  const body = parseStatements(cursor, () => cursor.is("END"));
  cursor.expect("END", "TRY");
  cursor.expect("BEGIN", "CATCH");
  cursor.catchDepth++;
  const handler = parseStatements(cursor, () => cursor.is("END"));
  cursor.catchDepth--;
  cursor.expect("END", "CATCH");
  return { kind: "tryCatch", line, body, handler };
}

function parseIf(cursor: Cursor, line: number): Statement {
  const condition = parseCondition(cursor);
  const then = parseNested(cursor);
  if (!cursor.accept("ELSE") && !cursor.accept(";", "ELSE")) return { kind: "if", line, condition, then };
  return { kind: "if", line, condition, then, otherwise: parseNested(cursor) };
}

function parseWhile(cursor: Cursor, line: number): Statement {
  const condition = parseCondition(cursor);
  cursor.loopDepth++;
  const body = parseNested(cursor);
  cursor.loopDepth--;
  return { kind: "while", line, condition, body };
}

function parseLoopControl(cursor: Cursor, line: number, kind: "break" | "continue"): Statement {
  if (cursor.loopDepth === 0) {
    const [number, word] = kind === "break" ? [135, "BREAK"] : [136, "CONTINUE"];
    throw new ParseError(number, `Cannot use a ${word} statement outside the scope of a WHILE statement.`, line);
  }
  return { kind, line };
}

function parseGoto(cursor: Cursor, line: number): Statement {
  const label = cursor.identifier();
  cursor.gotos.push({ label, line });
  return { kind: "goto", line, label };
}

function parseLabel(cursor: Cursor, line: number): Statement {
  const name = cursor.identifier();
  cursor.expect(":");
  const key = name.toLowerCase();
  if (cursor.labels.has(key)) {
    throw new ParseError(
      132,
      `The label '${name}' has already been declared. Label names must be unique within a query batch or stored procedure.`,
      line,
    );
  }
  cursor.labels.add(key);
  return { kind: "label", line, name };
}
