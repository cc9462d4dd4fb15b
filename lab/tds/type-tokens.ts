import type { SqlTypeName } from "../tsql/values";

/** Type bytes of TYPE_INFO (MS-TDS 2.2.5.4). */
export const TypeToken = {
  null: 0x1f,
  image: 0x22,
  text: 0x23,
  guid: 0x24,
  intN: 0x26,
  dateN: 0x28,
  timeN: 0x29,
  datetime2N: 0x2a,
  datetimeOffsetN: 0x2b,
  int1: 0x30,
  bit: 0x32,
  int2: 0x34,
  int4: 0x38,
  datetime4: 0x3a,
  float4: 0x3b,
  money8: 0x3c,
  datetime8: 0x3d,
  float8: 0x3e,
  variant: 0x62,
  ntext: 0x63,
  bitN: 0x68,
  decimalN: 0x6a,
  numericN: 0x6c,
  floatN: 0x6d,
  moneyN: 0x6e,
  datetimeN: 0x6f,
  money4: 0x7a,
  int8: 0x7f,
  varbinary: 0xa5,
  varchar: 0xa7,
  binary: 0xad,
  char: 0xaf,
  nvarchar: 0xe7,
  nchar: 0xef,
  xml: 0xf1,
} as const;

/** Types whose values have one size: their byte where NULL is impossible, that of the nullable twin, the size in bytes. */
export const fixedTypes: readonly {
  readonly name: SqlTypeName;
  readonly token: number;
  readonly nullable: number;
  readonly size: number;
}[] = [
  { name: "tinyint", token: TypeToken.int1, nullable: TypeToken.intN, size: 1 },
  { name: "smallint", token: TypeToken.int2, nullable: TypeToken.intN, size: 2 },
  { name: "int", token: TypeToken.int4, nullable: TypeToken.intN, size: 4 },
  { name: "bigint", token: TypeToken.int8, nullable: TypeToken.intN, size: 8 },
  { name: "bit", token: TypeToken.bit, nullable: TypeToken.bitN, size: 1 },
  { name: "real", token: TypeToken.float4, nullable: TypeToken.floatN, size: 4 },
  { name: "float", token: TypeToken.float8, nullable: TypeToken.floatN, size: 8 },
  { name: "smallmoney", token: TypeToken.money4, nullable: TypeToken.moneyN, size: 4 },
  { name: "money", token: TypeToken.money8, nullable: TypeToken.moneyN, size: 8 },
  { name: "smalldatetime", token: TypeToken.datetime4, nullable: TypeToken.datetimeN, size: 4 },
  { name: "datetime", token: TypeToken.datetime8, nullable: TypeToken.datetimeN, size: 8 },
  { name: "uniqueidentifier", token: TypeToken.guid, nullable: TypeToken.guid, size: 16 },
];

/** Length in TYPE_INFO of a (max) type, whose values are sent in parts (PLP, MS-TDS 2.2.5.2.3). */
export const MAX_LENGTH = 0xffff;
/** Length before the data of a PLP value that is NULL. */
export const PLP_NULL = 0xffffffffffffffffn;
/** Length before the data of a PLP value whose sender did not know it. */
export const PLP_UNKNOWN_LENGTH = 0xfffffffffffffffen;
/** Length of a NULL of the types with two bytes of length. */
export const SHORT_NULL = 0xffff;
/** Largest value that is not (max), and largest sql_variant without its own overhead, in bytes. */
export const MAXIMUM_SHORT_BYTES = 8000;

/** SQL_Latin1_General_CP1_CI_AS: LCID 0x0409, flags, sort order 52 (MS-TDS 2.2.5.1.2). */
export const COLLATION = Buffer.from([0x09, 0x04, 0xd0, 0x00, 0x34]);

/** Bytes of a decimal's value by its precision, with the byte of the sign (MS-TDS 2.2.5.5.1.6). */
export function decimalSize(precision: number): number {
  if (precision <= 9) return 5;
  if (precision <= 19) return 9;
  return precision <= 28 ? 13 : 17;
}

/** Character and binary types with two bytes of length, or (max). */
export const stringTokens: ReadonlyMap<SqlTypeName, number> = new Map([
  ["char", TypeToken.char],
  ["varchar", TypeToken.varchar],
  ["nchar", TypeToken.nchar],
  ["nvarchar", TypeToken.nvarchar],
  ["binary", TypeToken.binary],
  ["varbinary", TypeToken.varbinary],
]);

/** Date and time types of SQL Server 2008; all but date have a scale. */
export const calendarTokens: ReadonlyMap<SqlTypeName, number> = new Map([
  ["date", TypeToken.dateN],
  ["time", TypeToken.timeN],
  ["datetime2", TypeToken.datetime2N],
  ["datetimeoffset", TypeToken.datetimeOffsetN],
]);

/** The exact numbers with precision and scale. */
export const decimalTokens: ReadonlyMap<SqlTypeName, number> = new Map([
  ["decimal", TypeToken.decimalN],
  ["numeric", TypeToken.numericN],
]);

/** Two bytes a character. */
export function isUnicode(name: SqlTypeName): boolean {
  return name === "nchar" || name === "nvarchar";
}

/** No collation. */
export function isBinary(name: SqlTypeName): boolean {
  return name === "binary" || name === "varbinary";
}

/** The name that a map of this file has for a type byte. */
export function nameOf(tokens: ReadonlyMap<SqlTypeName, number>, token: number): SqlTypeName | undefined {
  for (const [name, candidate] of tokens) if (candidate === token) return name;
  return undefined;
}
