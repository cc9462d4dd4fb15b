import { formatCalendar } from "../tsql/calendar-text";
import { codePageBytes } from "../tsql/collation";
import { guidBytes } from "../tsql/conversion-text";
import { rescale } from "../tsql/decimal";
import { CalendarTime, Decimal, Variant } from "../tsql/values";
import type { SqlType, SqlValue } from "../tsql/values";
import type { ByteWriter } from "./byte-writer";
import {
  calendarTextLength,
  writeDate,
  writeDatetime,
  writeDatetime2,
  writeDatetimeOffset,
  writeSmalldatetime,
  writeTime,
} from "./calendar-bytes";
import { TdsVersion } from "./login7";
import {
  COLLATION,
  MAX_LENGTH,
  MAXIMUM_SHORT_BYTES,
  PLP_NULL,
  SHORT_NULL,
  TypeToken,
  calendarTokens,
  decimalSize,
  decimalTokens,
  fixedTypes,
  isBinary,
  isUnicode,
  stringTokens,
} from "./type-tokens";

/** A value that is not NULL. */
export type Present = Exclude<SqlValue, null>;

/** How the values of one column or output parameter become bytes. */
export interface ValueWriter {
  /** UserType of COLMETADATA: 80 for timestamp, 0 for the others. */
  readonly userType: number;
  /** TYPE_INFO (MS-TDS 2.2.5.6). */
  typeInfo(out: ByteWriter): void;
  /** TYPE_VARBYTE (MS-TDS 2.2.5.5) of a value. */
  value(out: ByteWriter, value: Present): void;
  /** TYPE_VARBYTE of NULL. */
  nullValue(out: ByteWriter): void;
}

const TIMESTAMP_USER_TYPE = 80;
/** CONVERT's style yyyy-mm-dd hh:mi:ss.fffffff. */
const ODBC_CANONICAL_STYLE = 121;
/** Maximum length in the TYPE_INFO of sql_variant: 8,000 bytes of value and what describes it. */
const VARIANT_MAXIMUM = 8009;

/**
 * The writer for a type. text, ntext and image are sent as their (max) twins; to clients before TDS 7.3 the four newer
 * date and time types are sent as nvarchar. A value that does not fit its type throws TypeError: an error of the engine.
 * @param nullable whether the column may hold NULL
 */
export function valueWriter(type: SqlType, tdsVersion: number, nullable = true): ValueWriter {
  const fixed = fixedTypes.find(({ name }) => name === type.name);
  if (fixed !== undefined) {
    // System.Data.SqlClient reads columns without fNullable as types without a length, whatever TYPE_INFO says.
    if (!nullable && fixed.token !== fixed.nullable) return fixedLengthWriter(fixed.token, type);
    return byteLengthWriter([fixed.nullable, fixed.size], rawWriter(type));
  }
  const decimal = decimalTokens.get(type.name);
  if (decimal !== undefined) {
    const precision = type.precision ?? 18;
    return byteLengthWriter([decimal, decimalSize(precision), precision, type.scale ?? 0], rawWriter(type));
  }
  const calendar = calendarTokens.get(type.name);
  if (calendar !== undefined) {
    if (tdsVersion < TdsVersion.v7_3A) return calendarTextWriter(type);
    return byteLengthWriter(type.name === "date" ? [calendar] : [calendar, type.scale ?? 7], rawWriter(type));
  }
  switch (type.name) {
    case "sql_variant":
      return variantWriter;
    case "xml":
      // Zero: no schema collection.
      return partsWriter(Buffer.from([TypeToken.xml, 0]), rawBytes(type));
    case "text":
      return stringWriter({ name: "varchar", length: "max" });
    case "ntext":
      return stringWriter({ name: "nvarchar", length: "max" });
    case "image":
      return stringWriter({ name: "varbinary", length: "max" });
    case "timestamp":
      return { ...stringWriter({ name: "binary", length: 8 }), userType: TIMESTAMP_USER_TYPE };
    default:
      return stringWriter(type);
  }
}

/** Types whose values have one byte of length; NULL is length 0. */
function byteLengthWriter(typeInfo: readonly number[], raw: (out: ByteWriter, value: Present) => void): ValueWriter {
  const info = Buffer.from(typeInfo);
  return {
    userType: 0,
    typeInfo: (out) => out.bytes(info),
    value: (out, value) => {
      const at = out.length;
      out.uint8(0);
      raw(out, value);
      out.patchUint8(at, out.length - at - 1);
    },
    nullValue: (out) => out.uint8(0),
  };
}

/** Types without a length (MS-TDS 2.2.5.4.1): their NULL exists only in the bitmap of NBCROW. */
function fixedLengthWriter(token: number, type: SqlType): ValueWriter {
  return {
    userType: 0,
    typeInfo: (out) => out.uint8(token),
    value: rawWriter(type),
    nullValue: () => {
      throw new TypeError(`A column of ${type.name} that is not nullable has a NULL.`);
    },
  };
}

/** Character and binary types: two bytes of length, or parts for (max). */
function stringWriter(type: SqlType): ValueWriter {
  const token = stringTokens.get(type.name);
  if (token === undefined) throw new TypeError(`The type ${type.name} cannot be sent in TDS.`);
  const bytesPerCharacter = isUnicode(type.name) ? 2 : 1;
  const longest =
    type.length === "max"
      ? MAX_LENGTH
      : Math.min(Math.max(1, type.length ?? MAXIMUM_SHORT_BYTES) * bytesPerCharacter, MAXIMUM_SHORT_BYTES);
  const info = Buffer.concat([
    Buffer.from([token, longest & 0xff, longest >> 8]),
    isBinary(type.name) ? Buffer.alloc(0) : COLLATION,
  ]);
  const bytesOf = rawBytes(type);
  if (type.length === "max") return partsWriter(info, bytesOf);
  return {
    userType: 0,
    typeInfo: (out) => out.bytes(info),
    value: (out, value) => {
      const bytes = bytesOf(value);
      if (bytes.length > MAXIMUM_SHORT_BYTES) {
        throw new TypeError(`A value of ${bytes.length} bytes for ${type.name}, which holds ${longest} at most.`);
      }
      out.uint16(bytes.length);
      out.bytes(bytes);
    },
    nullValue: (out) => out.uint16(SHORT_NULL),
  };
}

/** (max) types and xml: the whole length, one part, an empty part as end. */
function partsWriter(info: Buffer, bytesOf: (value: Present) => Uint8Array): ValueWriter {
  return {
    userType: 0,
    typeInfo: (out) => out.bytes(info),
    value: (out, value) => {
      const bytes = bytesOf(value);
      out.uint64(BigInt(bytes.length));
      if (bytes.length > 0) {
        out.uint32(bytes.length);
        out.bytes(bytes);
      }
      out.uint32(0);
    },
    nullValue: (out) => out.uint64(PLP_NULL),
  };
}

/** What clients before TDS 7.3 get instead of date, time, datetime2 and datetimeoffset: ISO text. */
function calendarTextWriter(type: SqlType): ValueWriter {
  const writer = stringWriter({ name: "nvarchar", length: calendarTextLength(type) });
  const textOf = (value: Present): string => {
    const found = formatCalendar(calendarTime(type, value), type, ODBC_CANONICAL_STYLE);
    if (found === undefined) throw new TypeError(`A value of ${type.name} has no text of style 121.`);
    return found;
  };
  return { ...writer, value: (out, value) => writer.value(out, textOf(value)) };
}

/** sql_variant: the value's own type travels with each value (MS-TDS 2.2.5.5.4). */
const variantWriter: ValueWriter = {
  userType: 0,
  typeInfo: (out) => {
    out.uint8(TypeToken.variant);
    out.uint32(VARIANT_MAXIMUM);
  },
  value: (out, value) => {
    if (!(value instanceof Variant)) throw mismatch({ name: "sql_variant" }, value);
    const at = out.length;
    out.uint32(0);
    out.bytes(variantProperties(value.type));
    rawWriter(value.type)(out, value.value);
    out.patchUint32(at, out.length - at - 4);
  },
  nullValue: (out) => out.uint32(0),
};

/** Type byte, count of property bytes and the properties of a value inside a sql_variant. */
function variantProperties(type: SqlType): Buffer {
  const fixed = fixedTypes.find(({ name }) => name === type.name);
  if (fixed !== undefined) return Buffer.from([fixed.token, 0]);
  const decimal = decimalTokens.get(type.name);
  if (decimal !== undefined) return Buffer.from([decimal, 2, type.precision ?? 18, type.scale ?? 0]);
  const calendar = calendarTokens.get(type.name);
  if (calendar !== undefined) {
    return Buffer.from(type.name === "date" ? [calendar, 0] : [calendar, 1, type.scale ?? 7]);
  }
  const token = stringTokens.get(type.name);
  if (token === undefined) throw new TypeError(`A sql_variant cannot hold ${type.name}.`);
  const length = Buffer.from([MAXIMUM_SHORT_BYTES & 0xff, MAXIMUM_SHORT_BYTES >> 8]);
  return isBinary(type.name)
    ? Buffer.concat([Buffer.from([token, 2]), length])
    : Buffer.concat([Buffer.from([token, 7]), COLLATION, length]);
}

/** Writes a value of a type without any length before it. */
function rawWriter(type: SqlType): (out: ByteWriter, value: Present) => void {
  switch (type.name) {
    case "bit":
    case "tinyint":
      return (out, value) => out.uint8(integer(type, value));
    case "smallint":
      return (out, value) => out.int16(integer(type, value));
    case "int":
      return (out, value) => out.int32(integer(type, value));
    case "bigint":
      return (out, value) => {
        if (typeof value !== "bigint") throw mismatch(type, value);
        out.int64(value);
      };
    case "real":
      return (out, value) => out.float(number(type, value));
    case "float":
      return (out, value) => out.double(number(type, value));
    case "smallmoney":
      return (out, value) => out.int32(Number(unscaled(type, value, 4)));
    case "money":
      return (out, value) => {
        // The high half comes first, each half little-endian.
        const amount = unscaled(type, value, 4);
        out.int32(Number(amount >> 32n));
        out.uint32(Number(amount & 0xffffffffn));
      };
    case "decimal":
    case "numeric": {
      const size = decimalSize(type.precision ?? 18);
      const scale = type.scale ?? 0;
      return (out, value) => writeDecimal(out, unscaled(type, value, scale), size);
    }
    case "datetime":
      return (out, value) => writeDatetime(out, calendarTime(type, value));
    case "smalldatetime":
      return (out, value) => writeSmalldatetime(out, calendarTime(type, value));
    case "date":
      return (out, value) => writeDate(out, calendarTime(type, value));
    case "time":
      return (out, value) => writeTime(out, calendarTime(type, value), type.scale ?? 7);
    case "datetime2":
      return (out, value) => writeDatetime2(out, calendarTime(type, value), type.scale ?? 7);
    case "datetimeoffset":
      return (out, value) => writeDatetimeOffset(out, calendarTime(type, value), type.scale ?? 7);
    default: {
      const bytesOf = rawBytes(type);
      return (out, value) => out.bytes(bytesOf(value));
    }
  }
}

/** The bytes of a character or binary value or a GUID. */
function rawBytes(type: SqlType): (value: Present) => Uint8Array {
  switch (type.name) {
    case "nchar":
    case "nvarchar":
    case "xml":
      return (value) => Buffer.from(text(type, value), "utf16le");
    case "char":
    case "varchar":
      return (value) => codePageBytes(text(type, value));
    case "uniqueidentifier":
      return (value) => guidBytes(text(type, value));
    case "binary":
    case "varbinary":
      return (value) => {
        if (!(value instanceof Uint8Array)) throw mismatch(type, value);
        return value;
      };
    default:
      throw new TypeError(`The type ${type.name} has no bytes in TDS.`);
  }
}

/** Sign, then the magnitude little-endian in `size - 1` bytes. */
function writeDecimal(out: ByteWriter, value: bigint, size: number): void {
  out.uint8(value < 0n ? 0 : 1);
  let magnitude = value < 0n ? -value : value;
  for (let written = 1; written < size; written += 4) {
    out.uint32(Number(magnitude & 0xffffffffn));
    magnitude >>= 32n;
  }
  if (magnitude !== 0n) throw new TypeError(`The decimal ${value} does not fit its precision.`);
}

/** The unscaled number of a decimal at the scale that is sent. */
function unscaled(type: SqlType, value: Present, scale: number): bigint {
  if (!(value instanceof Decimal)) throw mismatch(type, value);
  return rescale(value, scale).unscaled;
}

function integer(type: SqlType, value: Present): number {
  if (typeof value !== "number" || !Number.isInteger(value)) throw mismatch(type, value);
  return value;
}

function number(type: SqlType, value: Present): number {
  if (typeof value !== "number") throw mismatch(type, value);
  return value;
}

function text(type: SqlType, value: Present): string {
  if (typeof value !== "string") throw mismatch(type, value);
  return value;
}

function calendarTime(type: SqlType, value: Present): CalendarTime {
  if (!(value instanceof CalendarTime)) throw mismatch(type, value);
  return value;
}

function mismatch(type: SqlType, value: Present): TypeError {
  const found = typeof value === "object" ? value.constructor.name : `${typeof value} ${String(value)}`;
  return new TypeError(`A value of ${type.name} was expected of the engine, found ${found}.`);
}
