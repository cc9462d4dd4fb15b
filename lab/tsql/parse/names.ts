/** Names of objects. Source: "Transact-SQL syntax conventions", multipart names. */
import type { ObjectName } from "../host";
import { ParseError } from "../parser-errors";
import type { Cursor } from "./cursor";

const MAXIMUM_PARTS = 4;

/** The parts of a name as an object's: the last is its own, empty ones are left out. `parts` has one to four. */
export function objectNameOf(parts: readonly string[]): ObjectName {
  const [name = "", schema = "", database = "", server = ""] = [...parts].reverse();
  return {
    ...(server === "" ? {} : { server }),
    ...(database === "" ? {} : { database }),
    ...(schema === "" ? {} : { schema }),
    name,
  };
}

/** Parts between dots, of which inner ones may be empty: `msdb..sysjobs` has three. */
export function parseNameParts(cursor: Cursor): string[] {
  const parts = [cursor.identifier()];
  while (cursor.is(".") && (cursor.isIdentifier(1) || cursor.peek(1).word === ".")) {
    cursor.next();
    parts.push(cursor.is(".") ? "" : cursor.identifier());
  }
  return parts;
}

/** A name of up to four parts; 117 beyond. */
export function parseObjectName(cursor: Cursor): ObjectName {
  const line = cursor.line;
  const parts = parseNameParts(cursor);
  if (parts.length > MAXIMUM_PARTS) throw tooManyPrefixes("object", parts, MAXIMUM_PARTS - 1, line);
  return objectNameOf(parts);
}

/** 117. `kind`: "object", "column". */
export function tooManyPrefixes(kind: string, parts: readonly string[], most: number, line: number): ParseError {
  return new ParseError(
    117,
    `The ${kind} name '${parts.join(".")}' contains more than the maximum number of prefixes. The maximum is ${String(most)}.`,
    line,
  );
}

/** `( a, b )`: names of columns. */
export function parseColumnNames(cursor: Cursor): string[] {
  return cursor.parenthesized(() => cursor.list(() => cursor.identifier()));
}
