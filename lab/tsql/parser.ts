/** The parser of T-SQL: text of a batch in, syntax tree out. The grammar is in parse/. */
import type { Batch } from "./ast";
import { tokenize } from "./lexer";
import { parseBatch } from "./parse/batch";
import { Cursor, type LanguageVersion } from "./parse/cursor";
import { ParseError } from "./parser-errors";

export { ParseError } from "./parser-errors";
export type { LanguageVersion } from "./parse/cursor";

export interface ParseOptions {
  /** Session's QUOTED_IDENTIFIER, ON by default: "x" is an identifier, otherwise a string. */
  readonly quotedIdentifier?: boolean;
  /** The text is the body of a procedure, where RETURN may have a value; off by default (178). */
  readonly allowReturnValue?: boolean;
}

/**
 * Parses a batch as a version of SQL Server does (10.50 = 2008 R2, 11 = 2012, 12 = 2014).
 * Throws ParseError, a SqlError with the `line`: 102, 103, 105 (with 102 behind it), 113, 119, 132, 133, 135, 136, 141,
 * 155, 156, 178, 179, 191, 195, 319, 321, 1033, 1038, 2715, 4145, 10704, 10709, 10738 and those of types and constants.
 * Names, variables and columns are not looked up here. `GO` is a word of client tools, not of the language.
 */
export function parse(text: string, version: LanguageVersion, options: ParseOptions = {}): Batch {
  const cursor = new Cursor(
    tokenize(text, options.quotedIdentifier ?? true),
    version,
    options.allowReturnValue ?? false,
  );
  try {
    return { kind: "batch", statements: parseBatch(cursor) };
  } catch (error) {
    // Recursive descent ends where the stack does; SQL Server has the same limit and an error for it.
    if (!(error instanceof RangeError && error.message.includes("call stack"))) throw error;
    throw new ParseError(
      191,
      "Some part of your SQL statement is nested too deeply. Rewrite the query or break it up into smaller queries.",
      cursor.line,
    );
  }
}
