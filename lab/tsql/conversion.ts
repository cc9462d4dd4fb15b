/**
 * Conversion of a value from one type to another: CAST, CONVERT, implicit conversion, assignment.
 * Source: "CAST and CONVERT (Transact-SQL)", "Data type conversion (Database Engine)".
 */
import {
  calendarToNumber,
  fitCalendar,
  numberToCalendar,
  threeHundredths,
  DAYS_TO_1900,
  TICKS_PER_DAY,
} from "./calendar";
import { formatOfStyle, parseCalendar, type DateFormat } from "./calendar-text";
import { toCodePage } from "./collation";
import { fitText, guidBytes, guidOfBytes, parseGuid, parseMoney, plainText, textToBytes } from "./conversion-text";
import { decimalText, decimalToNumber, fits, integralPart, numberToDecimal, parseDecimal, rescale } from "./decimal";
import { bindErrors, runErrors } from "./language-errors";
import { conversionAllowed, exactShape, familyOf, isFixedLength, isLarge, isUnicode } from "./types";
import { CalendarTime, Decimal, Variant, type SqlType, type SqlValue } from "./values";

export interface ConversionOptions {
  /** Third argument of CONVERT; 0 when there is none. */
  readonly style?: number;
  /** SET DATEFORMAT of the session; mdy when there is none. */
  readonly dateFormat?: DateFormat;
}

type Present = Exclude<SqlValue, null>;

const INTEGER_RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  tinyint: [0n, 255n],
  smallint: [-32768n, 32767n],
  int: [-2147483648n, 2147483647n],
  bigint: [-9223372036854775808n, 9223372036854775807n],
};
const MONEY_LIMITS: Readonly<Record<string, bigint>> = { money: 9223372036854775807n, smallmoney: 2147483647n };

/** Refuses what the chart of conversions does not have. @throws BindError 206, 257, 529 */
export function checkConversion(from: SqlType, to: SqlType, explicit: boolean): void {
  const allowed = conversionAllowed(from, to);
  if (allowed === "implicit" || (allowed === "explicit" && explicit)) return;
  if (allowed === "explicit") throw bindErrors.implicitNotAllowed(from, to);
  throw explicit ? bindErrors.explicitNotAllowed(from, to) : bindErrors.operandClash(from, to);
}

/** True when every value of `from` already is a value of `to`. */
export function isSameType(from: SqlType, to: SqlType): boolean {
  if (from.name !== to.name) {
    const decimals = familyOf(from) === "decimal" && familyOf(to) === "decimal";
    return decimals && from.precision === to.precision && from.scale === to.scale;
  }
  if (isFixedLength(to)) return from.length === to.length;
  const longEnough =
    to.length === undefined || to.length === "max" || (typeof from.length === "number" && from.length <= to.length);
  return longEnough && (from.precision ?? 18) === (to.precision ?? 18) && (from.scale ?? -1) === (to.scale ?? -1);
}

/** Converts a value; NULL stays NULL. @throws SqlError the conversion error of the pair of types */
export function convertValue(value: SqlValue, from: SqlType, to: SqlType, options: ConversionOptions = {}): SqlValue {
  if (value === null) return null;
  if (value instanceof Variant)
    return to.name === "sql_variant" ? value : convertValue(value.value, value.type, to, options);
  if (isSameType(from, to)) return value;
  const style = options.style ?? 0;
  switch (familyOf(to)) {
    case "integer":
      return toInteger(value, from, to);
    case "decimal":
      return toDecimal(value, from, to);
    case "money":
      return toMoney(value, from, to);
    case "float":
      return toFloat(value, from, to);
    case "character":
    case "xml": {
      const text = plainText(value, from, to, style);
      return fitText(isUnicode(to) || to.name === "xml" ? text : toCodePage(text), from, to);
    }
    case "calendar":
      return toCalendar(value, from, to, style, options.dateFormat ?? "mdy");
    case "binary":
      return toBinary(value, from, to, style);
    case "uniqueidentifier":
      if (typeof value === "string") return parseGuid(value);
      if (value instanceof Uint8Array) return guidOfBytes(value);
      throw bindErrors.operandClash(from, to);
    case "sql_variant":
      return new Variant(from, value);
  }
}

function integerOf(value: bigint, from: SqlType, to: SqlType): SqlValue {
  if (to.name === "bit") return value === 0n ? 0 : 1;
  const [low, high] = INTEGER_RANGES[to.name] as readonly [bigint, bigint];
  if (value < low || value > high) {
    const small = to.name === "tinyint" || to.name === "smallint";
    if (familyOf(from) === "decimal") throw runErrors.overflow(from, to);
    throw small ? runErrors.smallOverflow(to, value.toString()) : runErrors.expressionOverflow(to);
  }
  return to.name === "bigint" ? value : Number(value);
}

function toInteger(value: Present, from: SqlType, to: SqlType): SqlValue {
  if (typeof value === "number") {
    if (familyOf(from) !== "float") return integerOf(BigInt(value), from, to);
    if (!Number.isFinite(value)) throw runErrors.expressionOverflow(to);
    if (to.name === "bit") return value === 0 ? 0 : 1;
    const whole = BigInt(Math.trunc(value));
    const [low, high] = INTEGER_RANGES[to.name] as readonly [bigint, bigint];
    if (whole < low || whole > high)
      throw to.name === "bigint" ? runErrors.expressionOverflow(to) : runErrors.typeOverflow(to, value.toFixed(6));
    return to.name === "bigint" ? whole : Number(whole);
  }
  if (typeof value === "bigint") return integerOf(value, from, to);
  if (value instanceof Decimal) {
    if (to.name === "bit") return value.unscaled === 0n ? 0 : 1;
    // money rounds, decimal is cut ("Data type conversion").
    return integerOf(familyOf(from) === "money" ? rescale(value, 0).unscaled : integralPart(value), from, to);
  }
  if (typeof value === "string") return textToInteger(value, from, to);
  if (value instanceof CalendarTime) return integerOf(BigInt(Math.round(calendarToNumber(value))), from, to);
  return bytesToInteger(value as Uint8Array, to);
}

function textToInteger(text: string, from: SqlType, to: SqlType): SqlValue {
  const trimmed = text.trim();
  if (to.name === "bit") {
    if (/^true$/i.test(trimmed)) return 1;
    if (/^false$/i.test(trimmed)) return 0;
  }
  if (trimmed === "") return to.name === "bigint" ? 0n : 0;
  if (!/^[+-]?\s*\d+$/.test(trimmed)) {
    if (to.name === "bigint") throw runErrors.convertingType(from, to);
    throw runErrors.conversionFailed(from, text.trimEnd(), to);
  }
  const number = BigInt(trimmed.replace(/[+\s]/g, ""));
  if (to.name === "bit") return number === 0n ? 0 : 1;
  const [low, high] = INTEGER_RANGES[to.name] as readonly [bigint, bigint];
  if (number < low || number > high) {
    if (to.name === "bigint") throw runErrors.expressionOverflow(to);
    if (to.name === "int") throw runErrors.textOverflowInt(from, trimmed);
    throw runErrors.textOverflowSmall(from, trimmed, to.name === "smallint" ? "INT2" : "INT1");
  }
  return to.name === "bigint" ? number : Number(number);
}

/** The last bytes of the value, big-endian, in two's complement. */
function bytesToInteger(bytes: Uint8Array, to: SqlType): SqlValue {
  if (to.name === "bit") return bytes.some((byte) => byte !== 0) ? 1 : 0;
  const width = to.name === "bigint" ? 8 : to.name === "int" ? 4 : to.name === "smallint" ? 2 : 1;
  let number = 0n;
  for (const byte of bytes.slice(Math.max(0, bytes.length - width))) number = (number << 8n) | BigInt(byte);
  const signed = to.name === "tinyint" ? number : BigInt.asIntN(width * 8, number);
  return to.name === "bigint" ? signed : Number(signed);
}

function toDecimal(value: Present, from: SqlType, to: SqlType): Decimal {
  const { precision, scale } = exactShape(to);
  let exact: Decimal | undefined;
  if (value instanceof Decimal) exact = value;
  else if (typeof value === "bigint") exact = new Decimal(value, 0);
  else if (typeof value === "number")
    exact = familyOf(from) === "float" ? numberToDecimal(value, scale) : new Decimal(BigInt(value), 0);
  else if (typeof value === "string") exact = parseDecimal(value.trim());
  else if (value instanceof CalendarTime) exact = numberToDecimal(calendarToNumber(value), scale);
  if (exact === undefined) throw runErrors.convertingType(from, to);
  const result = rescale(exact, scale);
  if (!fits(result, precision)) throw runErrors.overflow(from, to);
  return result;
}

function toMoney(value: Present, from: SqlType, to: SqlType): Decimal {
  let units: bigint;
  if (value instanceof Decimal) units = rescale(value, 4).unscaled;
  else if (typeof value === "bigint") units = value * 10_000n;
  else if (typeof value === "number")
    units = familyOf(from) === "float" ? numberToDecimal(value, 4).unscaled : BigInt(value) * 10_000n;
  else if (typeof value === "string") units = parseMoney(value);
  else if (value instanceof CalendarTime) units = numberToDecimal(calendarToNumber(value), 4).unscaled;
  else units = bytesToInteger(value as Uint8Array, { name: "bigint" }) as bigint;
  const limit = MONEY_LIMITS[to.name] as bigint;
  if (units > limit || units < -limit - 1n) throw runErrors.overflow(from, to);
  return new Decimal(units, 4);
}

function toFloat(value: Present, from: SqlType, to: SqlType): number {
  let number: number;
  if (typeof value === "number") number = value;
  else if (typeof value === "bigint") number = Number(value);
  else if (value instanceof Decimal) number = decimalToNumber(value);
  else if (typeof value === "string") {
    const trimmed = value.trim();
    if (trimmed !== "" && !/^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(trimmed))
      throw runErrors.convertingType(from, to);
    number = Number(trimmed);
  } else if (value instanceof CalendarTime) number = calendarToNumber(value);
  else throw bindErrors.operandClash(from, to);
  const narrow = to.name === "real" ? Math.fround(number) : number;
  if (!Number.isFinite(narrow)) throw runErrors.typeOverflow(to, number.toFixed(6));
  return narrow;
}

function toCalendar(
  value: Present,
  from: SqlType,
  to: SqlType,
  style: number,
  sessionFormat: DateFormat,
): CalendarTime {
  if (value instanceof CalendarTime) {
    const kept = to.name === "datetimeoffset" && value.offsetMinutes === undefined;
    return fitCalendar(kept ? new CalendarTime(value.days, value.ticks, 0) : value, from, to);
  }
  if (typeof value === "string") {
    const classic = to.name === "datetime" || to.name === "smalldatetime";
    const parsed = parseCalendar(value, formatOfStyle(style) ?? sessionFormat);
    if (parsed === "malformed") throw runErrors.dateConversion();
    // The classic types tell a wrong day (242) from a wrong form (241); the newer ones do not.
    if (parsed === "outOfRange") throw classic ? runErrors.dateRange(from, to) : runErrors.dateConversion();
    if (classic && parsed.hasOffset && parsed.value.offsetMinutes !== 0) throw runErrors.dateConversion();
    const point =
      to.name === "datetimeoffset" && !parsed.hasOffset
        ? new CalendarTime(parsed.value.days, parsed.value.ticks, 0)
        : parsed.value;
    return fitCalendar(point, from, to);
  }
  if (value instanceof Uint8Array) return bytesToCalendar(value, from, to);
  if (value instanceof Decimal) return numberToCalendar(decimalToNumber(value), to);
  if (typeof value === "bigint" || typeof value === "number") return numberToCalendar(Number(value), to);
  throw bindErrors.operandClash(from, to);
}

/** datetime as binary(8): days since 1900 and 1/300 s, big-endian. */
function bytesToCalendar(bytes: Uint8Array, from: SqlType, to: SqlType): CalendarTime {
  const padded = Buffer.concat([Buffer.alloc(Math.max(0, 8 - bytes.length)), Buffer.from(bytes)]).subarray(-8);
  const days = padded.readInt32BE(0) + DAYS_TO_1900;
  const units = padded.readUInt32BE(4);
  if (units >= 300 * 86_400) throw runErrors.dateRange(from, to);
  return fitCalendar(new CalendarTime(days, Math.round((units * 10) / 3) * 10_000), { name: "datetime" }, to);
}

function integerBytes(value: bigint, width: number): Uint8Array {
  const bytes = new Uint8Array(width);
  let rest = BigInt.asUintN(width * 8, value);
  for (let index = width - 1; index >= 0; index -= 1) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}

/** A value as its bytes: how CAST(x AS varbinary) shows it, and what HASHBYTES and CHECKSUM read. */
export function valueBytes(value: Present, from: SqlType, to: SqlType, style = 0): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === "string")
    return from.name === "uniqueidentifier" ? guidBytes(value) : textToBytes(value, from, to, style);
  if (typeof value === "bigint") return integerBytes(value, 8);
  if (typeof value === "number") {
    if (familyOf(from) === "float") {
      const buffer = Buffer.alloc(from.name === "real" ? 4 : 8);
      if (from.name === "real") buffer.writeFloatBE(value);
      else buffer.writeDoubleBE(value);
      return new Uint8Array(buffer);
    }
    return integerBytes(BigInt(value), from.name === "int" ? 4 : from.name === "smallint" ? 2 : 1);
  }
  if (value instanceof Decimal) return decimalBytes(value, from);
  if (value instanceof CalendarTime) return calendarBytes(value, from);
  return valueBytes(value.value, value.type, to, style);
}

/** numeric: precision, scale, 0, sign, magnitude little-endian; money: eight bytes big-endian. */
function decimalBytes(value: Decimal, from: SqlType): Uint8Array {
  if (familyOf(from) === "money") return integerBytes(value.unscaled, from.name === "money" ? 8 : 4);
  const { precision } = exactShape(from);
  const width = precision <= 9 ? 4 : precision <= 19 ? 8 : precision <= 28 ? 12 : 16;
  const magnitude = integerBytes(value.unscaled < 0n ? -value.unscaled : value.unscaled, width).reverse();
  return Uint8Array.from([precision, value.scale, 0, value.unscaled < 0n ? 0 : 1, ...magnitude]);
}

function calendarBytes(value: CalendarTime, from: SqlType): Uint8Array {
  const buffer = Buffer.alloc(8);
  if (from.name === "smalldatetime") {
    buffer.writeUInt16BE(value.days - DAYS_TO_1900, 0);
    buffer.writeUInt16BE(Math.floor((value.ticks / TICKS_PER_DAY) * 1440 + 0.5), 2);
    return new Uint8Array(buffer.subarray(0, 4));
  }
  buffer.writeInt32BE(value.days - DAYS_TO_1900, 0);
  buffer.writeUInt32BE(threeHundredths(value.ticks), 4);
  return new Uint8Array(buffer);
}

function toBinary(value: Present, from: SqlType, to: SqlType, style: number): Uint8Array {
  const bytes = valueBytes(value, from, to, style);
  const length =
    to.name === "timestamp" ? 8 : isLarge(to) || to.length === undefined ? Infinity : (to.length as number);
  const leftAligned = typeof value === "string" || value instanceof Uint8Array;
  if (bytes.length > length) return leftAligned ? bytes.slice(0, length) : bytes.slice(bytes.length - length);
  if ((to.name !== "binary" && to.name !== "timestamp") || bytes.length === length) return bytes;
  const padded = new Uint8Array(length);
  padded.set(bytes, leftAligned ? 0 : length - bytes.length);
  return padded;
}

/** A short text of any value, as errors (2627) and PRINT of variants show it. */
export function displayText(value: SqlValue, type: SqlType): string {
  if (value === null) return "<NULL>";
  if (value instanceof Decimal) return decimalText(value);
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString("hex")}`;
  return plainText(value, type, { name: "nvarchar", length: "max" }, 0);
}

/**
 * Converts for a column of a table: like convertValue, but a text or binary value that is too long is refused.
 * @throws SqlError 8152
 */
export function convertForColumn(
  value: SqlValue,
  from: SqlType,
  to: SqlType,
  options: ConversionOptions = {},
): SqlValue {
  if (value !== null && to.length !== undefined && to.length !== "max") {
    const source = familyOf(from);
    if (typeof value === "string" && familyOf(to) === "character" && source === "character") {
      // Trailing blanks beyond the length are cut without an error (ANSI_PADDING ON).
      if (value.length > to.length && value.slice(to.length).trimEnd() !== "") throw runErrors.truncated();
    } else if (value instanceof Uint8Array && familyOf(to) === "binary" && value.length > to.length)
      throw runErrors.truncated();
  }
  return convertValue(value, from, to, options);
}
