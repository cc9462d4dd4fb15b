/** PowerShell's conversions and comparisons between values (about_Type_Conversion, about_Comparison_Operators). */
import { DateTime } from "./date-time";
import { failure, runtimeFailure } from "./error-record";
import { CustomObject, EnumerationMember, Hashtable, NativeObject, type Value, isNull, typeName } from "./values";

/** Text of a number under the invariant culture. */
export function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  return String(value)
    .replace(/e([+-])(\d)$/, "E$10$2")
    .replace("e", "E");
}

/** What a value becomes inside a double-quoted string and under [string]. */
export function toText(value: Value): string {
  if (isNull(value)) return "";
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return numberText(value);
  if (Array.isArray(value)) return value.map((item) => toText(item)).join(" ");
  if (value instanceof Uint8Array) return [...value].join(" ");
  if (value instanceof CustomObject && value.isCustom && value.display === undefined)
    return `@{${value
      .properties()
      .map(([name, property]) => `${name}=${Array.isArray(property) ? "System.Object[]" : toText(property)}`)
      .join("; ")}}`;
  return value.text();
}

export function toBoolean(value: Value): boolean {
  if (isNull(value)) return false;
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  if (typeof value === "string") return value !== "";
  if (Array.isArray(value)) return value.length > 1 || (value.length === 1 && toBoolean(value[0]));
  if (value instanceof EnumerationMember) return value.value !== 0;
  return true;
}

/** A number, or undefined where PowerShell would fail to convert. */
export function tryNumber(value: Value): number | undefined {
  if (isNull(value)) return 0;
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof EnumerationMember) return value.value;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (text === "") return 0;
  if (/^[+-]?0x[0-9a-f]+$/i.test(text)) return Number(text.replace(/^\+/, ""));
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  return Number(text);
}

/** As `tryNumber`; throws InvalidCastFromStringToInteger's text where there is no number. */
export function toNumber(value: Value, type = "System.Int32"): number {
  const number = tryNumber(value);
  if (number !== undefined) return number;
  if (typeof value === "string")
    throw failure(
      "InvalidCastFromStringToInteger",
      "InvalidArgument",
      "System.Management.Automation.RuntimeException",
      `Cannot convert value "${value}" to type "${type}". Error: "Input string was not in a correct format."`,
    );
  throw runtimeFailure(
    "ConvertToFinalInvalidCastException",
    `Cannot convert the "${toText(value)}" value of type "${typeName(value)}" to type "${type}".`,
  );
}

/** The items that a value sends down a pipeline: arrays are unrolled, AutomationNull is nothing, $null is one object. */
export function enumerate(value: Value): readonly Value[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  if (value instanceof Uint8Array) return [...value];
  return [value];
}

/** What a list of results is as one value: nothing, the one, or an array. */
export function collapse(items: readonly Value[]): Value {
  if (items.length === 0) return undefined;
  return items.length === 1 ? items[0] : [...items];
}

/** `-eq` of two single values: the left one decides how they are compared. */
export function equals(left: Value, right: Value, caseSensitive = false): boolean {
  if (isNull(left) || isNull(right)) return isNull(left) && isNull(right);
  const fold = (text: string): string => (caseSensitive ? text : text.toLowerCase());
  if (typeof left === "string") return fold(left) === fold(toText(right));
  if (typeof left === "boolean") return left === toBoolean(right);
  if (typeof left === "number") {
    const number = tryNumber(right);
    return number !== undefined && left === number;
  }
  if (left instanceof EnumerationMember)
    return typeof right === "string" ? fold(left.name) === fold(right.trim()) : tryNumber(right) === left.value;
  if (left instanceof DateTime) {
    const other = right instanceof DateTime ? right : DateTime.parse(toText(right));
    return other?.milliseconds === left.milliseconds;
  }
  if (left instanceof NativeObject && typeof right === "string" && !(left instanceof Hashtable))
    return fold(left.text()) === fold(right);
  return left === right;
}

/** Order of two single values: negative, 0, positive. Throws NotIcomparable for objects without order. */
export function compareValues(left: Value, right: Value, caseSensitive = false): number {
  const order = (a: string, b: string): number => {
    const [x, y] = caseSensitive ? [a, b] : [a.toLowerCase(), b.toLowerCase()];
    return x < y ? -1 : x > y ? 1 : 0;
  };
  if (isNull(left)) return isNull(right) ? 0 : -1;
  if (isNull(right)) return 1;
  if (typeof left === "number" || typeof left === "boolean" || left instanceof EnumerationMember)
    return (tryNumber(left) as number) - toNumber(right);
  if (left instanceof DateTime) {
    const other = right instanceof DateTime ? right : DateTime.parse(toText(right));
    if (other !== undefined) return left.milliseconds - other.milliseconds;
  }
  if (typeof left === "string" || left instanceof NativeObject === false) return order(toText(left), toText(right));
  if (left instanceof CustomObject && left.display !== undefined) return order(left.display, toText(right));
  throw runtimeFailure("NotIcomparable", `Cannot compare "${toText(left)}" because it is not IComparable.`);
}

/** A wildcard pattern (* ? [a-z]) as an expression over the whole text (about_Wildcards). */
export function wildcard(pattern: string, caseSensitive = false): RegExp {
  const body = pattern.replace(
    /`(.)|\*|\?|\[([^\]]+)\]|[\\^$.|+(){}[\]]/g,
    (token, escaped: string | undefined, set: string | undefined) => {
      if (escaped !== undefined) return escaped.replace(/[\\^$.|+(){}[\]*?]/, "\\$&");
      if (token === "*") return "[\\s\\S]*";
      if (token === "?") return "[\\s\\S]";
      if (set !== undefined) return `[${set.replace(/[\\^]/g, "\\$&")}]`;
      return `\\${token}`;
    },
  );
  return new RegExp(`^${body}$`, caseSensitive ? "u" : "iu");
}
