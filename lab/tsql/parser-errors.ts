import { SqlError } from "./errors";

/**
 * A batch that does not parse. Nothing of it runs; the batch ends.
 * `line` is where SQL Server reports it, from 1. Numbers and texts: sql-docs "Database engine events and errors" 0-999
 * and 1000-1999. Nearly all are of severity 15.
 */
export class ParseError extends SqlError {
  readonly line: number;

  constructor(
    number: number,
    text: string,
    line: number,
    options: { readonly severity?: number; readonly state?: number; readonly followers?: readonly SqlError[] } = {},
  ) {
    super(number, options.severity ?? 15, text, {
      state: options.state ?? 1,
      endsBatch: true,
      ...(options.followers === undefined ? {} : { followers: options.followers }),
    });
    this.name = "ParseError";
    this.line = line;
  }
}

/** 102 at a line. */
export function syntaxError(near: string, line: number): ParseError {
  return new ParseError(102, `Incorrect syntax near '${near}'.`, line);
}

/** 155: a word in a list of options that knows no such word. `list`: BACKUP, RESTORE, dateadd … */
export function unknownOption(option: string, list: string, line: number): ParseError {
  return new ParseError(155, `'${option}' is not a recognized ${list} option.`, line);
}

/** 195: a name where only names of one kind are known. `kind`: "SET option", "built-in function name". */
export function unrecognized(name: string, kind: string, line: number): ParseError {
  return new ParseError(195, `'${name}' is not a recognized ${kind}.`, line);
}
