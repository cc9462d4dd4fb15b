/**
 * Types and values of T-SQL as the lab's rooms pass them to each other.
 * Source: "Data types (Transact-SQL)", sql-docs t-sql/data-types/data-types-transact-sql.md.
 */

export type SqlTypeName =
  | "bit"
  | "tinyint"
  | "smallint"
  | "int"
  | "bigint"
  | "decimal"
  | "numeric"
  | "money"
  | "smallmoney"
  | "float"
  | "real"
  | "date"
  | "time"
  | "smalldatetime"
  | "datetime"
  | "datetime2"
  | "datetimeoffset"
  | "char"
  | "varchar"
  | "text"
  | "nchar"
  | "nvarchar"
  | "ntext"
  | "binary"
  | "varbinary"
  | "image"
  | "timestamp"
  | "uniqueidentifier"
  | "xml"
  | "sql_variant";

/**
 * A data type with its length, precision and scale.
 * `length` is in characters for n-types, in bytes otherwise; `"max"` only for varchar, nvarchar and varbinary.
 * sysname is `{ name: "nvarchar", length: 128 }`.
 */
export interface SqlType {
  readonly name: SqlTypeName;
  readonly length?: number | "max";
  /** decimal, numeric: 1 to 38. */
  readonly precision?: number;
  /** decimal, numeric: 0 to precision; time, datetime2, datetimeoffset: 0 to 7. */
  readonly scale?: number;
}

/** An exact number: `unscaled / 10 ** scale`. decimal, numeric, money, smallmoney. */
export class Decimal {
  constructor(
    readonly unscaled: bigint,
    readonly scale: number,
  ) {}
}

/** A point of the calendar; one class for date, time, smalldatetime, datetime, datetime2, datetimeoffset. */
export class CalendarTime {
  /**
   * @param days whole days since 0001-01-01 (0 for `time`)
   * @param ticks 100-nanosecond units since midnight, 0 to 863_999_999_999
   * @param offsetMinutes datetimeoffset only; `days` and `ticks` are UTC then
   */
  constructor(
    readonly days: number,
    readonly ticks: number,
    readonly offsetMinutes?: number,
  ) {}
}

/** A sql_variant that is not NULL: a value with its base type. */
export class Variant {
  constructor(
    readonly type: SqlType,
    readonly value: Exclude<SqlValue, null | Variant>,
  ) {}
}

/**
 * A value. By type: bit, tinyint, smallint, int, float, real → number; bigint → bigint; decimal family → Decimal;
 * character types, xml and uniqueidentifier (36 upper-case characters) → string; binary types → Uint8Array;
 * date and time types → CalendarTime; sql_variant → Variant. NULL of every type → null.
 */
export type SqlValue = null | number | bigint | string | Uint8Array | Decimal | CalendarTime | Variant;

/** A row: one value per column, in the order of the columns. */
export type Row = readonly SqlValue[];

/** A column of a result set, a table or a view. An expression without alias has the name "". */
export interface Column {
  readonly name: string;
  readonly type: SqlType;
  readonly nullable: boolean;
  readonly identity?: boolean;
}

export const SYSNAME: SqlType = { name: "nvarchar", length: 128 };
