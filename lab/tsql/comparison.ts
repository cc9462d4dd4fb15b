/**
 * Order and equality of two values of one type, and keys by which rows are hashed.
 * Sources: "Comparison operators", "uniqueidentifier" (its byte order), "Binary strings": trailing zeros do not count.
 */
import { compareCalendar } from "./calendar";
import { type Collation } from "./collation";
import { guidBytes } from "./conversion-text";
import { compareDecimal, decimalText } from "./decimal";
import { familyOf } from "./types";
import type { Variant } from "./values";
import { CalendarTime, Decimal, type SqlType, type SqlValue } from "./values";

export type Comparator = (left: Exclude<SqlValue, null>, right: Exclude<SqlValue, null>) => number;

function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return 0;
}

/** Bytes of a uniqueidentifier from the most to the least significant for comparison: the node first. */
const GUID_ORDER = [10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3];

function compareGuids(left: string, right: string): number {
  if (left === right) return 0;
  const a = guidBytes(left);
  const b = guidBytes(right);
  for (const index of GUID_ORDER) {
    const difference = (a[index] as number) - (b[index] as number);
    if (difference !== 0) return difference < 0 ? -1 : 1;
  }
  return 0;
}

function compareNative(left: number | bigint | string, right: number | bigint | string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Families of sql_variant from the highest to the lowest ("sql_variant (Transact-SQL)"). */
const VARIANT_FAMILIES = [
  "sql_variant",
  "calendar",
  "float",
  "decimal",
  "money",
  "integer",
  "character",
  "uniqueidentifier",
  "binary",
];

function compareVariants(left: Variant, right: Variant, collation: Collation): number {
  const exact = (type: SqlType): boolean => ["decimal", "money", "integer"].includes(familyOf(type));
  const leftFamily = familyOf(left.type);
  const rightFamily = familyOf(right.type);
  if (leftFamily === rightFamily || (exact(left.type) && exact(right.type))) {
    const number = (value: SqlValue): Decimal =>
      value instanceof Decimal ? value : new Decimal(BigInt(value as number | bigint), 0);
    if (exact(left.type)) return compareDecimal(number(left.value), number(right.value));
    return comparatorOf(left.type, collation)(left.value, right.value);
  }
  return VARIANT_FAMILIES.indexOf(rightFamily) - VARIANT_FAMILIES.indexOf(leftFamily);
}

/** Compares two values of the type that are not NULL: below 0, 0, above 0. */
export function comparatorOf(type: SqlType, collation: Collation): Comparator {
  switch (familyOf(type)) {
    case "character":
    case "xml":
      return (left, right) => collation.compare(left as string, right as string);
    case "integer":
    case "float":
      return (left, right) => compareNative(left as number | bigint, right as number | bigint);
    case "decimal":
    case "money":
      return (left, right) => compareDecimal(left as Decimal, right as Decimal);
    case "calendar":
      return (left, right) => compareCalendar(left as CalendarTime, right as CalendarTime);
    case "binary":
      return (left, right) => compareBytes(left as Uint8Array, right as Uint8Array);
    case "uniqueidentifier":
      return (left, right) => compareGuids(left as string, right as string);
    case "sql_variant":
      return (left, right) => compareVariants(left as Variant, right as Variant, collation);
  }
}

/** Order for ORDER BY, MIN and MAX: NULL is the lowest value. */
export function nullableComparator(type: SqlType, collation: Collation): (left: SqlValue, right: SqlValue) => number {
  const compare = comparatorOf(type, collation);
  return (left, right) => (left === null ? (right === null ? 0 : -1) : right === null ? 1 : compare(left, right));
}

function trimZeros(bytes: Uint8Array): string {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end -= 1;
  return Buffer.from(bytes.subarray(0, end)).toString("latin1");
}

function decimalKey(value: Decimal): string {
  const text = decimalText(value);
  return value.scale === 0 ? text : text.replace(/\.?0+$/, "");
}

export type KeyOf = (value: SqlValue) => string | number | bigint | null;

/** A primitive that is the same for exactly the values that are equal; null for NULL. */
export function keyOf(type: SqlType, collation: Collation): KeyOf {
  switch (familyOf(type)) {
    case "character":
    case "xml":
      return (value) => (value === null ? null : collation.key(value as string));
    case "integer":
    case "float":
    case "uniqueidentifier":
      return (value) => value as string | number | bigint | null;
    case "decimal":
    case "money":
      return (value) => (value === null ? null : decimalKey(value as Decimal));
    case "calendar":
      return (value) => (value instanceof CalendarTime ? `${String(value.days)}:${String(value.ticks)}` : null);
    case "binary":
      return (value) => (value === null ? null : trimZeros(value as Uint8Array));
    case "sql_variant":
      return (value) => {
        if (value === null) return null;
        const variant = value as Variant;
        const family = familyOf(variant.type);
        const group = family === "money" || family === "integer" ? "decimal" : family;
        return `${group}:${String(keyOf(variant.type, collation)(variant.value))}`;
      };
  }
}

/** One key for several values: rows of equal values have equal keys; NULL equals NULL here, as GROUP BY and DISTINCT have it. */
export function compositeKey(keys: readonly KeyOf[]): (values: readonly SqlValue[]) => string | number | bigint | null {
  const only = keys.length === 1 ? keys[0] : undefined;
  if (only !== undefined) return (values) => only(values[0] as SqlValue);
  return (values) => {
    let text = "";
    for (let index = 0; index < keys.length; index += 1) {
      const key = (keys[index] as KeyOf)(values[index] as SqlValue);
      // Length before the text: no two rows of different values can meet in one key.
      if (key === null) text += "-;";
      else {
        const part = String(key);
        text += `${String(part.length)}:${part};`;
      }
    }
    return text;
  };
}
