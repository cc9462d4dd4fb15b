/** Values, names and types written as T-SQL. */
import { dateOf, TICKS_PER_SECOND, wallClock } from "../tsql/calendar";
import { decimalText } from "../tsql/decimal";
import type { CalendarTime } from "../tsql/values";
import { Decimal, type SqlType, type SqlValue, Variant } from "../tsql/values";

/** QUOTENAME: in brackets, closing brackets doubled. */
export function quoteIdentifier(name: string): string {
  return `[${name.replaceAll("]", "]]")}]`;
}

/** `yyyy-mm-ddThh:mm:ss.fff`, the form that T-SQL reads under every language setting. */
export function calendarText(value: CalendarTime): string {
  const wall = wallClock(value);
  const { year, month, day } = dateOf(wall.days);
  const two = (part: number): string => String(part).padStart(2, "0");
  const seconds = Math.floor(wall.ticks / TICKS_PER_SECOND);
  const fraction = String(Math.floor((wall.ticks % TICKS_PER_SECOND) / 10_000)).padStart(3, "0");
  const time = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}.${fraction}`;
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${time}`;
}

/** A value as a literal. Text is written N'…' unless the type is a char or varchar. */
export function sqlLiteral(value: SqlValue, type?: SqlType): string {
  if (value === null) return "NULL";
  if (typeof value === "string") {
    const prefix = type?.name === "varchar" || type?.name === "char" ? "" : "N";
    return `${prefix}'${value.replaceAll("'", "''")}'`;
  }
  if (typeof value === "number") return type?.name === "float" ? value.toExponential() : String(value);
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex").toUpperCase()}`;
  if (value instanceof Variant) return sqlLiteral(value.value, value.type);
  if (value instanceof Decimal) return decimalText(value);
  return `'${calendarText(value)}'`;
}

/** A type as a column definition writes it: nvarchar(128), numeric(25,0), datetime2(7). */
export function typeDeclaration(type: SqlType): string {
  if (type.precision !== undefined && (type.name === "numeric" || type.name === "decimal"))
    return `${type.name}(${String(type.precision)},${String(type.scale ?? 0)})`;
  if (type.length !== undefined) return `${type.name}(${String(type.length)})`;
  return type.scale === undefined ? type.name : `${type.name}(${String(type.scale)})`;
}
