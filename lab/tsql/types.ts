/**
 * Data types: families, precedence, lengths, the common type of two types, and which conversions T-SQL allows.
 * Sources: "Data type precedence", "Precision, scale, and length", "CAST and CONVERT" (conversion chart), sql-docs.
 */
import type { SqlType, SqlTypeName } from "./values";

export type TypeFamily =
  | "integer"
  | "decimal"
  | "money"
  | "float"
  | "calendar"
  | "character"
  | "binary"
  | "uniqueidentifier"
  | "xml"
  | "sql_variant";

const FAMILIES: Readonly<Record<SqlTypeName, TypeFamily>> = {
  bit: "integer",
  tinyint: "integer",
  smallint: "integer",
  int: "integer",
  bigint: "integer",
  decimal: "decimal",
  numeric: "decimal",
  money: "money",
  smallmoney: "money",
  float: "float",
  real: "float",
  date: "calendar",
  time: "calendar",
  smalldatetime: "calendar",
  datetime: "calendar",
  datetime2: "calendar",
  datetimeoffset: "calendar",
  char: "character",
  varchar: "character",
  text: "character",
  nchar: "character",
  nvarchar: "character",
  ntext: "character",
  binary: "binary",
  varbinary: "binary",
  image: "binary",
  timestamp: "binary",
  uniqueidentifier: "uniqueidentifier",
  xml: "xml",
  sql_variant: "sql_variant",
};

/** Highest first, "Data type precedence (Transact-SQL)". */
const PRECEDENCE: readonly SqlTypeName[] = [
  "sql_variant",
  "xml",
  "datetimeoffset",
  "datetime2",
  "datetime",
  "smalldatetime",
  "date",
  "time",
  "float",
  "real",
  "decimal",
  "numeric",
  "money",
  "smallmoney",
  "bigint",
  "int",
  "smallint",
  "tinyint",
  "bit",
  "ntext",
  "text",
  "image",
  "timestamp",
  "uniqueidentifier",
  "nvarchar",
  "nchar",
  "varchar",
  "char",
  "varbinary",
  "binary",
];

const RANK: ReadonlyMap<SqlTypeName, number> = new Map(
  PRECEDENCE.map((name, index) => [name, PRECEDENCE.length - index]),
);

export const BIT: SqlType = { name: "bit" };
export const TINYINT: SqlType = { name: "tinyint" };
export const SMALLINT: SqlType = { name: "smallint" };
export const INT: SqlType = { name: "int" };
export const BIGINT: SqlType = { name: "bigint" };
export const FLOAT: SqlType = { name: "float" };
export const MONEY: SqlType = { name: "money" };
export const DATETIME: SqlType = { name: "datetime" };
export const DATE: SqlType = { name: "date" };
export const UNIQUEIDENTIFIER: SqlType = { name: "uniqueidentifier" };
export const VARIANT: SqlType = { name: "sql_variant" };
export const NVARCHAR_MAX: SqlType = { name: "nvarchar", length: "max" };
export const VARCHAR_MAX: SqlType = { name: "varchar", length: "max" };

/** The family of a type: conversions and operators are decided by it. */
export function familyOf(type: SqlType): TypeFamily {
  return FAMILIES[type.name];
}

export function isCharacter(type: SqlType): boolean {
  return FAMILIES[type.name] === "character";
}

/** nchar, nvarchar and ntext: two bytes a character. */
export function isUnicode(type: SqlType): boolean {
  return type.name === "nvarchar" || type.name === "nchar" || type.name === "ntext";
}

/** bit to bigint, decimal, money, float. */
export function isNumeric(type: SqlType): boolean {
  const family = FAMILIES[type.name];
  return family === "integer" || family === "decimal" || family === "money" || family === "float";
}

/** char, nchar and binary: values are padded to the length of the type. */
export function isFixedLength(type: SqlType): boolean {
  return type.name === "char" || type.name === "nchar" || type.name === "binary";
}

/** text, ntext and image, and the (max) types: up to 2^31 - 1 bytes. */
export function isLarge(type: SqlType): boolean {
  return type.length === "max" || type.name === "text" || type.name === "ntext" || type.name === "image";
}

export function precedenceOf(type: SqlType): number {
  return RANK.get(type.name) ?? 0;
}

/** varchar(n) or nvarchar(n); beyond 8000 bytes the (max) type. */
export function characterType(unicode: boolean, length: number | "max"): SqlType {
  const name = unicode ? "nvarchar" : "varchar";
  const limit = unicode ? 4000 : 8000;
  return { name, length: length === "max" || length > limit ? "max" : Math.max(1, length) };
}

export function decimalType(precision: number, scale: number): SqlType {
  return { name: "numeric", precision, scale };
}

/** Precision and scale of any exact number as it takes part in decimal arithmetic. */
export function exactShape(type: SqlType): { readonly precision: number; readonly scale: number } {
  switch (type.name) {
    case "bit":
      return { precision: 1, scale: 0 };
    case "tinyint":
      return { precision: 3, scale: 0 };
    case "smallint":
      return { precision: 5, scale: 0 };
    case "int":
      return { precision: 10, scale: 0 };
    case "bigint":
      return { precision: 19, scale: 0 };
    case "smallmoney":
      return { precision: 10, scale: 4 };
    case "money":
      return { precision: 19, scale: 4 };
    default:
      return { precision: type.precision ?? 18, scale: type.scale ?? 0 };
  }
}

/** How many characters a value of the type takes when it becomes a string implicitly (LEN of the widest). */
export function displayLength(type: SqlType): number | "max" {
  switch (type.name) {
    case "bit":
      return 1;
    case "tinyint":
      return 3;
    case "smallint":
      return 6;
    case "int":
      return 12;
    case "bigint":
      return 24;
    case "decimal":
    case "numeric":
      return 41;
    case "money":
    case "smallmoney":
      return 30;
    case "float":
    case "real":
      return 53;
    case "uniqueidentifier":
      return 36;
    case "date":
    case "time":
    case "smalldatetime":
    case "datetime":
    case "datetime2":
    case "datetimeoffset":
      return 40;
    case "text":
    case "ntext":
    case "image":
    case "xml":
    case "sql_variant":
      return "max";
    default:
      return type.length ?? 30;
  }
}

/** Length of the type in bytes or characters as declared; "max" for the large types. */
export function lengthOf(type: SqlType): number | "max" {
  return isLarge(type) ? "max" : (type.length ?? (type.name === "timestamp" ? 8 : 1));
}

function widerLength(left: SqlType, right: SqlType): number | "max" {
  const a = isCharacter(left) || familyOf(left) === "binary" ? lengthOf(left) : displayLength(left);
  const b = isCharacter(right) || familyOf(right) === "binary" ? lengthOf(right) : displayLength(right);
  return a === "max" || b === "max" ? "max" : Math.max(a, b);
}

function commonDecimal(left: SqlType, right: SqlType): SqlType {
  const a = exactShape(left);
  const b = exactShape(right);
  const scale = Math.max(a.scale, b.scale);
  const integral = Math.max(a.precision - a.scale, b.precision - b.scale);
  return integral + scale <= 38 ? decimalType(integral + scale, scale) : decimalType(38, Math.max(0, 38 - integral));
}

/**
 * The type that two expressions get together in CASE, COALESCE, UNION, IN and comparisons: the one of higher
 * precedence, wide enough for both where they are of one family.
 */
export function commonType(left: SqlType, right: SqlType): SqlType {
  if (left === right) return left;
  const [high, low] = precedenceOf(left) >= precedenceOf(right) ? [left, right] : [right, left];
  const family = familyOf(high);
  if (family === "decimal") {
    const other = familyOf(low);
    return other === "decimal" || other === "integer" || other === "money" ? commonDecimal(high, low) : high;
  }
  if (family === "character" && (isCharacter(low) || familyOf(low) === "binary")) {
    const length = widerLength(high, low);
    if (isLarge(high) && high.length !== "max") return high;
    const fixed = isFixedLength(high) && isFixedLength(low) && length === high.length && length === low.length;
    return fixed ? high : characterType(isUnicode(high), length);
  }
  if (family === "binary" && familyOf(low) === "binary" && high.name !== "image" && high.name !== "timestamp")
    return { name: "varbinary", length: widerLength(high, low) };
  if (
    (high.name === "time" || high.name === "datetime2" || high.name === "datetimeoffset") &&
    familyOf(low) === "calendar"
  ) {
    const scale =
      low.name === "datetime" ? 3 : low.name === "smalldatetime" || low.name === "date" ? 0 : (low.scale ?? 7);
    return { name: high.name, scale: Math.max(high.scale ?? 7, scale) };
  }
  return high;
}

export type Allowed = "implicit" | "explicit" | "never";

/** The chart of "CAST and CONVERT": how a value of one type may become one of another. */
export function conversionAllowed(from: SqlType, to: SqlType): Allowed {
  const source = familyOf(from);
  const target = familyOf(to);
  if (from.name === to.name) return "implicit";
  if (source === "sql_variant") return target === "xml" || isLarge(to) ? "never" : "explicit";
  if (target === "sql_variant")
    return source === "xml" || isLarge(from) || from.name === "timestamp" ? "never" : "implicit";
  if (source === "xml") return target === "character" || target === "binary" ? "explicit" : "never";
  if (target === "xml") return source === "character" || source === "binary" ? "implicit" : "never";
  if (source === "character") {
    if (target === "binary") return to.name === "timestamp" && isLarge(from) ? "never" : "explicit";
    if ((from.name === "text" || from.name === "ntext") && target !== "character") return "never";
    return "implicit";
  }
  if (target === "character") {
    if (source === "money") return to.name === "text" || to.name === "ntext" ? "never" : "explicit";
    if (source === "binary")
      return from.name === "image" || to.name === "text" || to.name === "ntext" ? "never" : "implicit";
    return to.name === "text" || to.name === "ntext" ? "never" : "implicit";
  }
  return betweenOthers(from, to);
}

function betweenOthers(from: SqlType, to: SqlType): Allowed {
  const source = familyOf(from);
  const target = familyOf(to);
  const classic = (type: SqlType): boolean => type.name === "datetime" || type.name === "smalldatetime";
  if (isNumeric(from) && isNumeric(to)) return "implicit";
  if (source === "calendar" && target === "calendar") {
    const clash = (from.name === "date" && to.name === "time") || (from.name === "time" && to.name === "date");
    return clash ? "never" : "implicit";
  }
  if (source === "binary" && target === "binary") return "implicit";
  if (source === "uniqueidentifier" || target === "uniqueidentifier")
    return (source === "binary" || target === "binary") && !isLarge(from) && !isLarge(to) ? "implicit" : "never";
  if (isNumeric(from) && target === "calendar") return classic(to) ? "implicit" : "never";
  if (source === "calendar" && isNumeric(to)) return classic(from) ? "explicit" : "never";
  if (source === "binary") {
    if (target === "float") return "never";
    if (target === "calendar") return classic(to) ? "implicit" : "explicit";
    return from.name === "image" ? "never" : "implicit";
  }
  if (target === "binary") {
    if (to.name === "image") return "never";
    return source === "float" || source === "calendar" ? "explicit" : "implicit";
  }
  return "never";
}

/** Name as errors 206, 257, 402, 529, 8117 write it. */
export function typeText(type: SqlType): string {
  return type.length === "max" ? `${type.name}(max)` : type.name;
}
