/** Indexes. Source: "CREATE INDEX (Transact-SQL)", "DROP INDEX (Transact-SQL)". */
import type { CreateIndexStatement, DropIndexStatement, IndexColumn } from "../ast";
import { unknownOption } from "../parser-errors";
import type { Cursor } from "./cursor";
import { parseColumnNames, parseObjectName } from "./names";

/** Options that decide about space and locks of an index, not about its content. */
const INDEX_OPTIONS = new Set(
  `PAD_INDEX FILLFACTOR SORT_IN_TEMPDB IGNORE_DUP_KEY STATISTICS_NORECOMPUTE DROP_EXISTING ONLINE ALLOW_ROW_LOCKS
  ALLOW_PAGE_LOCKS MAXDOP DATA_COMPRESSION`.split(/\s+/),
);

/** `( a, b DESC )`. */
export function parseIndexColumns(cursor: Cursor): IndexColumn[] {
  return cursor.parenthesized(() =>
    cursor.list(() => ({ name: cursor.identifier(), descending: cursor.acceptOneOf(["ASC", "DESC"]) === "DESC" })),
  );
}

/** What is kept of where and how rows are stored. */
interface IndexPlacement {
  readonly compression?: "ROW" | "PAGE";
}

/**
 * Reads `WITH (options)`, `ON filegroup` and `TEXTIMAGE_ON filegroup`, which say where and how rows are stored.
 * IGNORE_DUP_KEY = ON changes what INSERT does and is refused (102).
 */
export function parseIndexPlacement(cursor: Cursor): IndexPlacement {
  let placement: IndexPlacement = {};
  if (cursor.accept("WITH")) {
    if (cursor.accept("FILLFACTOR")) {
      cursor.expect("=");
      cursor.integer();
    } else
      cursor.parenthesized(() =>
        cursor.list(() => {
          placement = { ...placement, ...parseIndexOption(cursor) };
        }),
      );
  }
  // ON behind a referential action belongs to the constraint, which reads it itself.
  if (cursor.accept("ON")) skipFilegroup(cursor);
  if (cursor.accept("TEXTIMAGE_ON")) skipFilegroup(cursor);
  return placement;
}

function skipFilegroup(cursor: Cursor): void {
  if (cursor.isString()) cursor.string();
  else if (!cursor.accept("PRIMARY") && !cursor.accept("DEFAULT")) cursor.identifier();
}

function parseIndexOption(cursor: Cursor): IndexPlacement {
  const { token } = cursor;
  if (token.type !== "word") throw cursor.unexpected();
  if (!INDEX_OPTIONS.has(token.word)) throw unknownOption(token.text, "CREATE INDEX", token.line);
  cursor.next();
  cursor.expect("=");
  if (token.word === "IGNORE_DUP_KEY" && cursor.is("ON")) throw cursor.unexpected(token);
  if (cursor.token.type === "integer") {
    cursor.next();
    return {};
  }
  const value = cursor.expectOneOf(["ON", "OFF", "NONE", "ROW", "PAGE"] as const);
  return value === "ROW" || value === "PAGE" ? { compression: value } : {};
}

/** Behind CREATE, at UNIQUE, CLUSTERED, NONCLUSTERED or INDEX. */
export function parseCreateIndex(cursor: Cursor, line: number): CreateIndexStatement {
  const unique = cursor.accept("UNIQUE");
  const clustered = cursor.acceptOneOf(["CLUSTERED", "NONCLUSTERED"]) === "CLUSTERED";
  cursor.expect("INDEX");
  const name = cursor.identifier();
  cursor.expect("ON");
  const table = parseObjectName(cursor);
  const columns = parseIndexColumns(cursor);
  const included = cursor.accept("INCLUDE") ? parseColumnNames(cursor) : [];
  parseIndexPlacement(cursor);
  return { kind: "createIndex", line, name, table, unique, clustered, columns, included };
}

/** Behind DROP INDEX. */
export function parseDropIndex(cursor: Cursor, line: number): DropIndexStatement {
  const indexes = cursor.list(() => {
    const name = cursor.identifier();
    cursor.expect("ON");
    return { name, table: parseObjectName(cursor) };
  });
  return { kind: "dropIndex", line, indexes };
}
