/** How values of SQL Server's types lie in SQLite columns, without loss. */
import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { DAYS_TO_1970, fitCalendar, fromEpoch } from "../../tsql/calendar";
import { DEFAULT_COLLATION } from "../../tsql/collation";
import { decimalText } from "../../tsql/decimal";
import { DATETIME } from "../../tsql/types";
import { CalendarTime, Decimal, Variant, type SqlType, type SqlValue } from "../../tsql/values";

type Decoder = (raw: SQLOutputValue) => SqlValue;

/** Affinity of the SQLite column: node:sqlite binds every JavaScript number as a double, INTEGER turns it back. */
export function affinityOf(type: SqlType): "INTEGER" | "REAL" | "BLOB" {
  switch (type.name) {
    case "bit":
    case "tinyint":
    case "smallint":
    case "int":
    case "bigint":
      return "INTEGER";
    case "float":
    case "real":
      return "REAL";
    default:
      return "BLOB";
  }
}

/** A value as it is bound. Text with a lone surrogate has no UTF-8 form: it is kept as UTF-16 bytes. */
export function encode(value: SqlValue): SQLInputValue {
  if (value === null || typeof value === "number" || typeof value === "bigint" || value instanceof Uint8Array)
    return value;
  if (typeof value === "string") return !/\p{Surrogate}/u.test(value) ? value : Buffer.from(value, "utf16le");
  if (value instanceof Decimal) return `${String(value.unscaled)}/${String(value.scale)}`;
  if (value instanceof CalendarTime) return encodeTime(value);
  const inner = encode(value.value) as Uint8Array | string | number | bigint;
  const bytes = inner instanceof Uint8Array;
  return JSON.stringify([value.type, bytes ? Buffer.from(inner).toString("hex") : inner.toString(), bytes]);
}

function encodeTime(value: CalendarTime): string {
  const text = `${String(value.days)}:${String(value.ticks)}`;
  return value.offsetMinutes === undefined ? text : `${text}:${String(value.offsetMinutes)}`;
}

/** Reads values of a column back. Integers arrive as number or bigint, as the statement was set. */
export function decoderOf(type: SqlType): Decoder {
  const decode = decoderOfPresent(type);
  return (raw) => (raw === null ? null : decode(raw));
}

function decoderOfPresent(type: SqlType): Decoder {
  switch (type.name) {
    case "bit":
    case "tinyint":
    case "smallint":
    case "int":
    case "float":
    case "real":
      return Number;
    case "bigint":
      return (raw) => BigInt(raw as bigint | number);
    case "decimal":
    case "numeric":
    case "money":
    case "smallmoney":
      return decodeDecimal;
    case "date":
    case "time":
    case "smalldatetime":
    case "datetime":
    case "datetime2":
    case "datetimeoffset":
      return decodeTime;
    case "binary":
    case "varbinary":
    case "image":
    case "timestamp":
      return (raw) => raw;
    case "sql_variant":
      return decodeVariant;
    default:
      return (raw) => (typeof raw === "string" ? raw : Buffer.from(raw as Uint8Array).toString("utf16le"));
  }
}

function decodeDecimal(raw: SQLOutputValue): Decimal {
  const text = raw as string;
  const at = text.indexOf("/");
  return new Decimal(BigInt(text.slice(0, at)), Number(text.slice(at + 1)));
}

function decodeTime(raw: SQLOutputValue): CalendarTime {
  const parts = (raw as string).split(":");
  const offset = parts[2];
  return offset === undefined
    ? new CalendarTime(Number(parts[0]), Number(parts[1]))
    : new CalendarTime(Number(parts[0]), Number(parts[1]), Number(offset));
}

function decodeVariant(raw: SQLOutputValue): Variant {
  const [type, text, bytes] = JSON.parse(raw as string) as [SqlType, string, boolean];
  const value = decoderOf(type)(bytes ? Buffer.from(text, "hex") : text);
  return new Variant(type, value as Exclude<SqlValue, null | Variant>);
}

/**
 * A key of several values as one text, so that a unique index compares as SQL Server does: NULL equals NULL, text
 * without case and trailing blanks (collation …_CI_AS), decimals by value.
 */
export function keyText(values: readonly SqlValue[]): string {
  return values.map((value) => partOfKey(value)).join("\u0001");
}

function partOfKey(value: SqlValue): string {
  if (value === null) return "\u0000";
  if (typeof value === "string") return `s${DEFAULT_COLLATION.key(value)}`;
  if (value instanceof Uint8Array) return `b${Buffer.from(value).toString("hex")}`;
  if (value instanceof Variant) return `v${partOfKey(value.value)}`;
  if (value instanceof Decimal) return `d${decimalText(value)}`;
  if (value instanceof CalendarTime) return `t${encodeTime(value)}`;
  return `n${String(value)}`;
}

/** A key value as errors 2627 and 2601 show it. */
export function shownInError(value: SqlValue): string {
  if (value === null) return "<NULL>";
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  if (value instanceof Variant) return shownInError(value.value);
  if (value instanceof Decimal) return decimalText(value);
  if (value instanceof CalendarTime) return shownTime(value);
  return String(value);
}

function shownTime(value: CalendarTime): string {
  const date = new Date((value.days - DAYS_TO_1970) * 86_400_000 + Math.floor(value.ticks / 10_000));
  return date.toISOString().replace("T", " ").replace("Z", "");
}

/** A `datetime` of milliseconds since 1970 of the server's local clock, in steps of 1/300 s. */
export function datetimeOf(localMilliseconds: number): CalendarTime {
  return fitCalendar(fromEpoch(localMilliseconds), { name: "datetime2", scale: 7 }, DATETIME);
}
