/** Columns of msdb's rows as values of TypeScript. */
import type { NamedRow } from "../server/msdb/system-tables";
import { CalendarTime } from "../tsql/values";
import { millisecondsOf } from "./calendar-numbers";

/** A text or uniqueidentifier column; undefined = NULL. */
export function optionalText(row: NamedRow, column: string): string | undefined {
  const value = row[column];
  return typeof value === "string" ? value : undefined;
}

/** A text column that is not NULL. Throws Error when it is. */
export function textOf(row: NamedRow, column: string): string {
  const value = optionalText(row, column);
  if (value === undefined) throw new Error(`msdb of the lab: expected a text in column ${column}, found NULL.`);
  return value;
}

/** A bit, tinyint or int column; undefined = NULL. */
export function optionalNumber(row: NamedRow, column: string): number | undefined {
  const value = row[column];
  return typeof value === "number" ? value : undefined;
}

/** A bit, tinyint or int column that is not NULL. Throws Error when it is. */
export function numberOf(row: NamedRow, column: string): number {
  const value = optionalNumber(row, column);
  if (value === undefined) throw new Error(`msdb of the lab: expected a number in column ${column}, found NULL.`);
  return value;
}

/** A datetime column as milliseconds since 1970; undefined = NULL. */
export function timeOf(row: NamedRow, column: string): number | undefined {
  const value = row[column];
  return value instanceof CalendarTime ? millisecondsOf(value) : undefined;
}

/** A varbinary column as upper-case hexadecimal text, "" = NULL. */
export function hexOf(row: NamedRow, column: string): string {
  const value = row[column];
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex").toUpperCase() : "";
}

/** Compares names as the server's collation does: without case. */
export function sameName(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** A filter of rows whose text or guid column has this value, without case. */
export function where(column: string, value: string): (row: NamedRow) => boolean {
  return (row) => sameName(optionalText(row, column) ?? "", value);
}
