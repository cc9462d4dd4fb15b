/** Data types as they are written. Source: "Data types (Transact-SQL)", "Data type synonyms (Transact-SQL)". */
import { ParseError } from "../parser-errors";
import { SYSNAME, type SqlType, type SqlTypeName } from "../values";
import type { Cursor } from "./cursor";

/** Words that may be several and the type they mean, the longest first. */
const SYNONYMS: readonly (readonly [words: readonly string[], name: SqlTypeName])[] = [
  [["NATIONAL", "CHARACTER", "VARYING"], "nvarchar"],
  [["NATIONAL", "CHAR", "VARYING"], "nvarchar"],
  [["NATIONAL", "CHARACTER"], "nchar"],
  [["NATIONAL", "CHAR"], "nchar"],
  [["NATIONAL", "TEXT"], "ntext"],
  [["CHARACTER", "VARYING"], "varchar"],
  [["CHAR", "VARYING"], "varchar"],
  [["BINARY", "VARYING"], "varbinary"],
  [["DOUBLE", "PRECISION"], "float"],
  [["CHARACTER"], "char"],
  [["INTEGER"], "int"],
  [["DEC"], "decimal"],
  [["ROWVERSION"], "timestamp"],
];

const PLAIN: ReadonlySet<string> = new Set<SqlTypeName>([
  "bit",
  "tinyint",
  "smallint",
  "int",
  "bigint",
  "money",
  "smallmoney",
  "real",
  "date",
  "smalldatetime",
  "datetime",
  "text",
  "ntext",
  "image",
  "timestamp",
  "uniqueidentifier",
  "xml",
  "sql_variant",
]);
/** Most characters or bytes that a length may say. */
const SIZED: ReadonlyMap<string, number> = new Map<SqlTypeName, number>([
  ["char", 8000],
  ["varchar", 8000],
  ["nchar", 4000],
  ["nvarchar", 4000],
  ["binary", 8000],
  ["varbinary", 8000],
]);
const FRACTIONAL: ReadonlySet<string> = new Set<SqlTypeName>(["time", "datetime2", "datetimeoffset"]);

const MAXIMUM_PRECISION = 38;
const DEFAULT_PRECISION = 18;
const MAXIMUM_FLOAT_BITS = 53;
/** float(1) to float(24) are real. */
const MAXIMUM_REAL_BITS = 24;
const MAXIMUM_FRACTION = 7;

/** Where a type stands: 30 characters are meant without length in CAST and CONVERT, 1 elsewhere; 243 or 2715 when unknown. */
export type TypePlace = "definition" | "conversion";

/**
 * A data type with its length, precision and scale filled in. sysname is nvarchar(128), float(24) is real.
 * Throws 2715 or 243 (unknown type), 1001, 1002, 131, 2750, 2751 (length, precision, scale).
 */
export function parseDataType(cursor: Cursor, place: TypePlace): SqlType {
  const line = cursor.line;
  const written = parseTypeName(cursor);
  const name = written.toLowerCase();
  if (name === "sysname") return SYSNAME;
  if (PLAIN.has(name)) return { name: name as SqlTypeName };
  const most = SIZED.get(name);
  if (most !== undefined) return sizedType(cursor, name as SqlTypeName, most, place, line);
  if (FRACTIONAL.has(name)) {
    const scale = cursor.is("(") ? cursor.parenthesized(() => cursor.integer()) : MAXIMUM_FRACTION;
    if (scale > MAXIMUM_FRACTION) throw scaleError(scale, line);
    return { name: name as SqlTypeName, scale };
  }
  if (name === "float") {
    const bits = cursor.is("(") ? cursor.parenthesized(() => cursor.integer()) : MAXIMUM_FLOAT_BITS;
    if (bits < 1 || bits > MAXIMUM_FLOAT_BITS) throw lengthError(bits, line);
    return { name: bits <= MAXIMUM_REAL_BITS ? "real" : "float" };
  }
  if (name === "decimal" || name === "numeric") return exactType(cursor, name, line);
  throw place === "conversion"
    ? new ParseError(243, `Type ${written} is not a defined system type.`, line, { severity: 16 })
    : new ParseError(2715, `Column, parameter, or variable #1: Cannot find data type ${written}.`, line, {
        severity: 16,
        state: 6,
      });
}

function parseTypeName(cursor: Cursor): string {
  if (cursor.token.type === "word") {
    for (const [words, name] of SYNONYMS) if (cursor.accept(...words)) return name;
  }
  const name = cursor.identifier();
  // System types belong to sys; dbo is accepted for them too.
  if (/^(sys|dbo)$/i.test(name) && cursor.accept(".")) return cursor.identifier();
  return name;
}

function sizedType(cursor: Cursor, name: SqlTypeName, most: number, place: TypePlace, line: number): SqlType {
  if (!cursor.accept("(")) return { name, length: place === "conversion" ? 30 : 1 };
  const variable = name.includes("var");
  if (variable && cursor.accept("MAX")) {
    cursor.expect(")");
    return { name, length: "max" };
  }
  const length = cursor.integer();
  cursor.expect(")");
  if (length < 1) throw lengthError(length, line);
  if (length > most) {
    throw new ParseError(
      131,
      `The size (${String(length)}) given to the type '${name}' exceeds the maximum allowed for any data type (${String(most)}).`,
      line,
    );
  }
  return { name, length };
}

function exactType(cursor: Cursor, name: "decimal" | "numeric", line: number): SqlType {
  if (!cursor.accept("(")) return { name, precision: DEFAULT_PRECISION, scale: 0 };
  const precision = cursor.integer();
  const scale = cursor.accept(",") ? cursor.integer() : 0;
  cursor.expect(")");
  if (precision < 1) throw lengthError(precision, line);
  if (precision > MAXIMUM_PRECISION) {
    throw new ParseError(
      2750,
      `Column or parameter #1: Specified column precision ${String(precision)} is greater than the maximum precision of ${String(MAXIMUM_PRECISION)}.`,
      line,
      { severity: 16 },
    );
  }
  if (scale > precision) {
    throw new ParseError(
      2751,
      `Column or parameter #1: Specified column scale ${String(scale)} is greater than the specified precision of ${String(precision)}.`,
      line,
      { severity: 16 },
    );
  }
  return { name, precision, scale };
}

function lengthError(length: number, line: number): ParseError {
  return new ParseError(
    1001,
    `Line ${String(line)}: Length or precision specification ${String(length)} is invalid.`,
    line,
  );
}

function scaleError(scale: number, line: number): ParseError {
  return new ParseError(1002, `Line ${String(line)}: Specified scale ${String(scale)} is invalid.`, line);
}
