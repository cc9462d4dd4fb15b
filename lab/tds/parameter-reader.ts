import { codePageText } from "../tsql/collation";
import { guidOfBytes } from "../tsql/conversion-text";
import { Decimal, Variant } from "../tsql/values";
import type { SqlType, SqlValue } from "../tsql/values";
import { ByteReader } from "./byte-reader";
import { readCalendarTime } from "./calendar-bytes";
import { ProtocolError } from "./protocol-error";
import {
  MAX_LENGTH,
  PLP_NULL,
  PLP_UNKNOWN_LENGTH,
  SHORT_NULL,
  TypeToken,
  calendarTokens,
  decimalTokens,
  fixedTypes,
  isBinary,
  isUnicode,
  nameOf,
  stringTokens,
} from "./type-tokens";

/** A parameter's type and value as the client sent them. */
export interface TypedValue {
  readonly type: SqlType;
  readonly value: SqlValue;
}

const RPC_STREAM =
  "The incoming tabular data stream (TDS) remote procedure call (RPC) protocol stream is incorrect. Parameter";
const LONG_NULL = 0xffffffff;
const COLLATION_SIZE = 5;

const nullableTokens: ReadonlySet<number> = new Set(fixedTypes.map(({ nullable }) => nullable));

/**
 * Reads TYPE_INFO and the value behind it. NULLTYPE reads as NULL of type int, as an untyped NULL is in T-SQL.
 * @param label number and name of the parameter for errors, e.g. `1 ("@a")`
 * @throws ProtocolError 8009 for a type that is unknown or not served (table-valued, CLR), 8016 for a wrong length
 */
export function readTypedValue(reader: ByteReader, label: string): TypedValue {
  const token = reader.uint8();
  const wrongLength = (): ProtocolError =>
    new ProtocolError(
      `${RPC_STREAM} ${label}: Data type ${hex(token)} has an invalid data length or metadata length.`,
      8016,
    );
  const guarded = (type: SqlType, bytes: Buffer | undefined): TypedValue => {
    if (bytes === undefined) return { type, value: null };
    try {
      return { type, value: presentValue(type, bytes) };
    } catch (error) {
      // Fewer bytes than the type has: Buffer's own RangeError.
      if (error instanceof RangeError) throw wrongLength();
      throw error;
    }
  };

  if (token === TypeToken.null) return { type: { name: "int" }, value: null };
  const fixed = fixedTypes.find((type) => type.token === token);
  if (fixed !== undefined && token !== TypeToken.guid) return guarded({ name: fixed.name }, reader.bytes(fixed.size));
  if (nullableTokens.has(token)) {
    const size = reader.uint8();
    // Microsoft's JDBC driver declares a NULL uniqueidentifier with the length 0, which MS-TDS 2.2.5.4.2 allows.
    const isNullGuid = token === TypeToken.guid && size === 0;
    const found = fixedTypes.find((type) => type.nullable === token && (type.size === size || isNullGuid));
    if (found === undefined) throw wrongLength();
    const bytes = byteLengthData(reader);
    if (bytes !== undefined && bytes.length > size) throw wrongLength();
    return guarded({ name: found.name }, bytes);
  }
  const decimal = nameOf(decimalTokens, token);
  if (decimal !== undefined) {
    reader.uint8(); // size, which follows from the precision
    const precision = reader.uint8();
    const scale = reader.uint8();
    if (precision < 1 || precision > 38 || scale > precision) throw wrongLength();
    return guarded({ name: decimal, precision, scale }, byteLengthData(reader));
  }
  const calendar = nameOf(calendarTokens, token);
  if (calendar !== undefined) {
    if (calendar === "date") return guarded({ name: calendar }, byteLengthData(reader));
    const scale = reader.uint8();
    if (scale > 7) throw wrongLength();
    return guarded({ name: calendar, scale }, byteLengthData(reader));
  }
  const string = nameOf(stringTokens, token);
  if (string !== undefined) {
    const length = reader.uint16();
    if (!isBinary(string)) reader.bytes(COLLATION_SIZE);
    if (length === MAX_LENGTH) return guarded({ name: string, length: "max" }, parts(reader));
    const characters = isUnicode(string) ? length / 2 : length;
    return guarded({ name: string, length: Math.max(1, characters) }, shortLengthData(reader));
  }
  switch (token) {
    case TypeToken.text:
    case TypeToken.ntext:
    case TypeToken.image: {
      reader.uint32(); // maximum length, always 2 GB
      if (token !== TypeToken.image) reader.bytes(COLLATION_SIZE);
      const length = reader.uint32();
      const name = token === TypeToken.text ? "text" : token === TypeToken.ntext ? "ntext" : "image";
      return guarded({ name }, length === LONG_NULL ? undefined : reader.bytes(length));
    }
    case TypeToken.xml:
      if (reader.uint8() !== 0) {
        // Names of database, schema and collection; the value is text all the same.
        reader.shortText();
        reader.shortText();
        reader.text(reader.uint16());
      }
      return guarded({ name: "xml" }, parts(reader));
    case TypeToken.variant: {
      reader.uint32(); // maximum length
      const length = reader.uint32();
      const type: SqlType = { name: "sql_variant" };
      return { type, value: length === 0 ? null : variant(new ByteReader(reader.bytes(length)), wrongLength) };
    }
    default:
      throw new ProtocolError(`${RPC_STREAM} ${label}: Data type ${hex(token)} is unknown.`, 8009);
  }
}

function byteLengthData(reader: ByteReader): Buffer | undefined {
  const length = reader.uint8();
  return length === 0 ? undefined : reader.bytes(length);
}

function shortLengthData(reader: ByteReader): Buffer | undefined {
  const length = reader.uint16();
  return length === SHORT_NULL ? undefined : reader.bytes(length);
}

/** A value in parts; the length before them is not needed to read them. */
function parts(reader: ByteReader): Buffer | undefined {
  const total = reader.uint64();
  if (total === PLP_NULL) return undefined;
  const chunks: Buffer[] = [];
  for (let length = reader.uint32(); length > 0; length = reader.uint32()) chunks.push(reader.bytes(length));
  const bytes = Buffer.concat(chunks);
  if (total !== PLP_UNKNOWN_LENGTH && BigInt(bytes.length) !== total) throw new ProtocolError();
  return bytes;
}

/** Type byte, properties and value of a sql_variant. */
function variant(reader: ByteReader, wrongLength: () => ProtocolError): Variant {
  const token = reader.uint8();
  const properties = reader.bytes(reader.uint8());
  const bytes = reader.bytes(reader.remaining);
  const type = variantType(token, properties, bytes.length);
  if (type === undefined) throw wrongLength();
  try {
    return new Variant(type, presentValue(type, bytes));
  } catch (error) {
    if (error instanceof RangeError) throw wrongLength();
    throw error;
  }
}

function variantType(token: number, properties: Buffer, size: number): SqlType | undefined {
  // A client may name the fixed type or its nullable twin.
  const fixed = fixedTypes.find((type) => (type.token === token || type.nullable === token) && type.size === size);
  if (fixed !== undefined) return { name: fixed.name };
  const [first, second] = properties;
  const decimal = nameOf(decimalTokens, token);
  if (decimal !== undefined) return { name: decimal, precision: first ?? 38, scale: second ?? 0 };
  const calendar = nameOf(calendarTokens, token);
  if (calendar !== undefined) return calendar === "date" ? { name: calendar } : { name: calendar, scale: first ?? 7 };
  const string = nameOf(stringTokens, token);
  return string && { name: string, length: Math.max(1, isUnicode(string) ? size / 2 : size) };
}

/** A value from the bytes after its length. */
function presentValue(type: SqlType, bytes: Buffer): Exclude<SqlValue, null | Variant> {
  switch (type.name) {
    case "bit":
      return bytes.readUInt8(0) === 0 ? 0 : 1;
    case "tinyint":
      return bytes.readUInt8(0);
    case "smallint":
      return bytes.readInt16LE(0);
    case "int":
      return bytes.readInt32LE(0);
    case "bigint":
      return bytes.readBigInt64LE(0);
    case "real":
      return bytes.readFloatLE(0);
    case "float":
      return bytes.readDoubleLE(0);
    case "smallmoney":
      return new Decimal(BigInt(bytes.readInt32LE(0)), 4);
    case "money":
      return new Decimal((BigInt(bytes.readInt32LE(0)) << 32n) | BigInt(bytes.readUInt32LE(4)), 4);
    case "decimal":
    case "numeric": {
      let magnitude = 0n;
      for (let index = bytes.length - 1; index > 0; index--)
        magnitude = (magnitude << 8n) | BigInt(bytes.readUInt8(index));
      return new Decimal(bytes.readUInt8(0) === 0 ? -magnitude : magnitude, type.scale ?? 0);
    }
    case "date":
    case "time":
    case "smalldatetime":
    case "datetime":
    case "datetime2":
    case "datetimeoffset":
      return readCalendarTime(type, bytes);
    case "uniqueidentifier":
      return guidOfBytes(bytes);
    case "char":
    case "varchar":
    case "text":
      return codePageText(bytes);
    case "nchar":
    case "nvarchar":
    case "ntext":
      return bytes.toString("utf16le");
    case "xml":
      return bytes.toString("utf16le").replace(/^\uFEFF/, "");
    default:
      // A copy: the message's buffer must not live as long as the value.
      return Uint8Array.from(bytes);
  }
}

function hex(token: number): string {
  return `0x${token.toString(16).toUpperCase().padStart(2, "0")}`;
}
