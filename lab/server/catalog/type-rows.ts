/** Numbers of the data types as sys.types and sys.columns show them: sql-docs system-catalog-views/sys-types-transact-sql.md. */
import type { SqlType, SqlTypeName } from "../../tsql/values";

/** system_type_id, length in bytes, precision and scale of the types, in the order of sys.types. */
const TYPES: Readonly<Record<SqlTypeName, readonly [id: number, bytes: number, precision: number, scale: number]>> = {
  image: [34, 16, 0, 0],
  text: [35, 16, 0, 0],
  uniqueidentifier: [36, 16, 0, 0],
  date: [40, 3, 10, 0],
  time: [41, 5, 16, 7],
  datetime2: [42, 8, 27, 7],
  datetimeoffset: [43, 10, 34, 7],
  tinyint: [48, 1, 3, 0],
  smallint: [52, 2, 5, 0],
  int: [56, 4, 10, 0],
  smalldatetime: [58, 4, 16, 0],
  real: [59, 4, 24, 0],
  money: [60, 8, 19, 4],
  datetime: [61, 8, 23, 3],
  float: [62, 8, 53, 0],
  sql_variant: [98, 8016, 0, 0],
  ntext: [99, 16, 0, 0],
  bit: [104, 1, 1, 0],
  decimal: [106, 17, 38, 38],
  numeric: [108, 17, 38, 38],
  smallmoney: [122, 4, 10, 4],
  bigint: [127, 8, 19, 0],
  varbinary: [165, 8000, 0, 0],
  varchar: [167, 8000, 0, 0],
  binary: [173, 8000, 0, 0],
  char: [175, 8000, 0, 0],
  timestamp: [189, 8, 0, 0],
  nvarchar: [231, 8000, 0, 0],
  nchar: [239, 8000, 0, 0],
  xml: [241, -1, 0, 0],
};

export interface TypeNumbers {
  readonly systemTypeId: number;
  /** Bytes; -1 for the (max) types and xml. */
  readonly maxLength: number;
  readonly precision: number;
  readonly scale: number;
}

/** Every type by name, with the numbers of sys.types. */
export function allTypes(): readonly (TypeNumbers & { readonly name: SqlTypeName })[] {
  return (Object.keys(TYPES) as SqlTypeName[]).map((name) => {
    const [systemTypeId, maxLength, precision, scale] = TYPES[name];
    return { name, systemTypeId, maxLength, precision, scale };
  });
}

/** Bytes that decimal takes for a precision. */
function decimalBytes(precision: number): number {
  return precision <= 9 ? 5 : precision <= 19 ? 9 : precision <= 28 ? 13 : 17;
}

/** Bytes of time, datetime2 and datetimeoffset for a scale: 3 to 5 for the time, 3 for the date, 2 for the offset. */
function calendarBytes(name: SqlTypeName, scale: number): number {
  return (scale <= 2 ? 3 : scale <= 4 ? 4 : 5) + (name === "time" ? 0 : 3) + (name === "datetimeoffset" ? 2 : 0);
}

/** The numbers of a column's type: sys.columns.max_length, precision, scale. */
export function typeNumbers(type: SqlType): TypeNumbers {
  const [systemTypeId, bytes, precision, scale] = TYPES[type.name];
  if (type.name === "decimal" || type.name === "numeric") {
    const digits = type.precision ?? 18;
    return { systemTypeId, maxLength: decimalBytes(digits), precision: digits, scale: type.scale ?? 0 };
  }
  if (type.name === "time" || type.name === "datetime2" || type.name === "datetimeoffset") {
    const digits = type.scale ?? 7;
    const shown = precision - 7 + digits - (digits === 0 ? 1 : 0);
    return { systemTypeId, maxLength: calendarBytes(type.name, digits), precision: shown, scale: digits };
  }
  if (type.length === "max") return { systemTypeId, maxLength: -1, precision, scale };
  if (type.length === undefined) return { systemTypeId, maxLength: bytes, precision, scale };
  const factor = type.name === "nvarchar" || type.name === "nchar" ? 2 : 1;
  return { systemTypeId, maxLength: type.length * factor, precision, scale };
}
