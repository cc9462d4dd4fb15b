/**
 * Values as text: what CAST and CONVERT to char, varchar, nchar and nvarchar write, and how numbers, money,
 * uniqueidentifier and binary values are read from text. Source: "CAST and CONVERT (Transact-SQL)", styles.
 */
import { formatCalendar } from "./calendar-text";
import { codePageBytes, codePageText } from "./collation";
import { decimalText, divideRounded, powerOfTen } from "./decimal";
import { runErrors } from "./language-errors";
import { familyOf, isFixedLength, isUnicode } from "./types";
import { CalendarTime, Decimal, type SqlType, type SqlValue } from "./values";

/** float as SQL Server writes it: style 0 six digits, 1 eight, 2 sixteen in scientific notation. */
export function floatText(value: number, style: number): string {
  if (style === 1 || style === 2) return scientific(value.toExponential(style === 1 ? 7 : 15));
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(6));
  const size = Math.abs(rounded);
  if (size >= 1e-5 && size < 1e6)
    return String(rounded).includes("e") ? rounded.toFixed(10).replace(/0+$/, "") : String(rounded);
  return scientific(rounded.toExponential());
}

function scientific(text: string): string {
  const [mantissa, exponent] = text.split("e");
  const number = Number(exponent);
  return `${mantissa as string}e${number < 0 ? "-" : "+"}${String(Math.abs(number)).padStart(3, "0")}`;
}

function moneyText(value: Decimal, style: number): string {
  if (style === 2) return decimalText(value);
  const cents = new Decimal(divideRounded(value.unscaled, powerOfTen(2)), 2);
  const text = decimalText(cents);
  if (style !== 1) return text;
  const [whole, fraction] = text.split(".");
  return `${(whole as string).replace(/\B(?=(\d{3})+$)/g, ",")}.${fraction as string}`;
}

function hexadecimal(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex").toUpperCase();
}

/** Bytes as UTF-16 little-endian text; an odd last byte counts as its low byte. */
export function utf16Text(bytes: Uint8Array): string {
  const even = bytes.length % 2 === 0 ? bytes : Uint8Array.from([...bytes, 0]);
  return Buffer.from(even).toString("utf16le");
}

/** The text of a value before the target's length is applied. @throws SqlError 281 for a style that does not exist */
export function plainText(value: Exclude<SqlValue, null>, from: SqlType, to: SqlType, style: number): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return familyOf(from) === "float" ? floatText(value, style) : String(value);
  if (value instanceof Decimal) return familyOf(from) === "money" ? moneyText(value, style) : decimalText(value);
  if (value instanceof CalendarTime) {
    const classic = from.name === "datetime" || from.name === "smalldatetime";
    const text = formatCalendar(value, from, style === 0 && !classic ? 121 : style);
    if (text === undefined) throw runErrors.invalidStyle(style, from, "a character string");
    return text;
  }
  if (value instanceof Uint8Array) {
    if (style === 1) return `0x${hexadecimal(value)}`;
    if (style === 2) return hexadecimal(value);
    return isUnicode(to) ? utf16Text(value) : codePageText(value);
  }
  return plainText(value.value, value.type, to, style);
}

/**
 * Fits a text into the length of its type. Text and binary values are cut silently; numbers that do not fit raise 8115
 * or become `*` (integers into char and varchar).
 */
export function fitText(text: string, from: SqlType, to: SqlType): string {
  const length = to.length === "max" || to.length === undefined ? Infinity : to.length;
  let result = text;
  if (text.length > length) {
    const family = familyOf(from);
    if (family === "integer" && from.name !== "bigint" && !isUnicode(to)) result = "*";
    else if (family === "integer" || family === "decimal" || family === "money" || family === "float")
      throw family === "integer" ? runErrors.expressionOverflow(to) : runErrors.overflow(from, to);
    else if (family === "uniqueidentifier") throw runErrors.guidSpace();
    else result = text.slice(0, length);
  }
  return isFixedLength(to) && typeof to.length === "number" ? result.padEnd(to.length, " ") : result;
}

const GUID = /^\{?([0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12})\}?/;

/** Reads the 36 characters of a uniqueidentifier; what follows them is ignored, as SQL Server does. */
export function parseGuid(text: string): string {
  const found = GUID.exec(text.trimStart());
  if (found === null) throw runErrors.guidConversion();
  return (found[1] as string).toUpperCase();
}

/** Bytes of a uniqueidentifier as binary(16): the first three groups little-endian. */
export function guidBytes(guid: string): Uint8Array {
  const hex = Buffer.from(guid.replaceAll("-", ""), "hex");
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  return Uint8Array.from(order, (index) => hex[index] ?? 0);
}

export function guidOfBytes(bytes: Uint8Array): string {
  const order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
  const hex = Buffer.from(order.map((index) => bytes[index] ?? 0))
    .toString("hex")
    .toUpperCase();
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

const MONEY_TEXT = /^([+-]?)\s*(?:[$\u00A3\u20AC])?\s*([+-]?)([\d,]*)(?:\.(\d*))?$/;

/** Reads money: currency sign and thousands commas allowed. Answers ten-thousandths. @throws SqlError 235 */
export function parseMoney(text: string): bigint {
  const parts = MONEY_TEXT.exec(text.trim());
  if (parts === null) throw runErrors.moneySyntax();
  const whole = (parts[3] as string).replaceAll(",", "");
  const fraction = parts[4] ?? "";
  const unscaled = BigInt(whole + fraction.padEnd(5, "0").slice(0, 5) || "0");
  const rounded = divideRounded(unscaled, 10n);
  return parts[1] === "-" || parts[2] === "-" ? -rounded : rounded;
}

/** Text to bytes: style 0 the characters' bytes, 1 `0x…`, 2 hexadecimal digits. @throws SqlError 8114 */
export function textToBytes(text: string, from: SqlType, to: SqlType, style: number): Uint8Array {
  if (style === 0) return isUnicode(from) ? new Uint8Array(Buffer.from(text, "utf16le")) : codePageBytes(text);
  const digits = style === 1 ? (/^0x/i.test(text) ? text.slice(2) : undefined) : text;
  if (digits === undefined || digits.length % 2 !== 0 || !/^[0-9A-Fa-f]*$/.test(digits))
    throw runErrors.convertingType(from, to);
  return new Uint8Array(Buffer.from(digits, "hex"));
}
