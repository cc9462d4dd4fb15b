/** USE, KILL, CHECKPOINT, DBCC, RECONFIGURE, SHUTDOWN. Source: the pages of these names under t-sql. */
import type { DbccStatement, KillStatement, Statement, UseStatement } from "../ast";
import { parseConstantOrVariable } from "./constants";
import type { Cursor } from "./cursor";
import { nvarcharLiteral } from "./literals";

/** Behind USE. */
export function parseUse(cursor: Cursor, line: number): UseStatement {
  return { kind: "use", line, database: cursor.identifier() };
}

/** Behind KILL: a session id (negative for orphaned distributed transactions) or a unit of work. */
export function parseKill(cursor: Cursor, line: number): KillStatement {
  const session = cursor.isString() ? cursor.string() : parseSessionId(cursor);
  const statusOnly = cursor.accept("WITH");
  if (statusOnly) cursor.expect("STATUSONLY");
  return { kind: "kill", line, session, statusOnly };
}

function parseSessionId(cursor: Cursor): number {
  const negative = cursor.accept("-");
  const id = cursor.integer();
  return negative ? -id : id;
}

/** Behind CHECKPOINT. */
export function parseCheckpoint(cursor: Cursor, line: number): Statement {
  if (cursor.token.type !== "integer") return { kind: "checkpoint", line };
  return { kind: "checkpoint", line, duration: cursor.integer() };
}

/** Behind DBCC. Which commands exist is the server's knowledge. */
export function parseDbcc(cursor: Cursor, line: number): DbccStatement {
  const command = cursor.identifier().toUpperCase();
  const args = cursor.is("(") ? cursor.parenthesized(() => parseDbccArguments(cursor)) : [];
  const options = cursor.accept("WITH") ? cursor.list(() => cursor.identifier().toUpperCase()) : [];
  return { kind: "dbcc", line, command, args, options };
}

function parseDbccArguments(cursor: Cursor): DbccStatement["args"] {
  if (cursor.is(")")) return [];
  return cursor.list(() =>
    cursor.isIdentifier() ? nvarcharLiteral(cursor.identifier()) : parseConstantOrVariable(cursor),
  );
}

/** Behind RECONFIGURE. */
export function parseReconfigure(cursor: Cursor, line: number): Statement {
  const override = cursor.accept("WITH");
  if (override) cursor.expect("OVERRIDE");
  return { kind: "reconfigure", line, override };
}

/** Behind SHUTDOWN. */
export function parseShutdown(cursor: Cursor, line: number): Statement {
  const noWait = cursor.accept("WITH");
  if (noWait) cursor.expect("NOWAIT");
  return { kind: "shutdown", line, noWait };
}
