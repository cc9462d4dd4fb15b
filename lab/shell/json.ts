/** ConvertTo-Json and ConvertFrom-Json of Windows PowerShell 5.1, with what surprises in them. */
import { numberText, toText } from "./conversions";
import { DateTime } from "./date-time";
import { failure } from "./error-record";
import { CustomObject, EnumerationMember, Hashtable, NativeObject, type Value, isNull } from "./values";

/** JavaScriptSerializer escapes markup as well. */
function quote(text: string): string {
  const escaped = JSON.stringify(text).replace(/[<>&'\u0085\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  return escaped;
}

/**
 * @param depth levels of objects below the first that are written out; deeper ones become their ToString()
 * @param compress without the pretty printer of 5.1 (two blanks after the colon, children under their bracket)
 */
export function convertToJson(value: Value, depth: number, compress: boolean): string {
  return write(value, depth, compress, 0);
}

function write(value: Value, depth: number, compress: boolean, indent: number): string {
  if (isNull(value)) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "number") return Number.isFinite(value) ? numberText(value) : quote(numberText(value));
  if (typeof value === "string") return quote(value);
  if (value instanceof EnumerationMember) return String(value.value);
  if (value instanceof DateTime) return `"\\/Date(${String(Math.trunc(value.milliseconds))})\\/"`;
  if (Array.isArray(value) || value instanceof Uint8Array) {
    if (depth < 0) return quote(toText(value));
    const items = [...value];
    return brackets(
      "[",
      items.map((item) => ["", item] as const),
      "]",
      depth,
      compress,
      indent,
    );
  }
  if (depth < 0) return quote(toText(value));
  const entries =
    value instanceof Hashtable ? value.entries() : value instanceof NativeObject ? value.properties() : [];
  if (entries.length === 0 && !(value instanceof Hashtable) && !(value instanceof CustomObject && value.isCustom))
    return quote(toText(value));
  return brackets(
    "{",
    entries.map(([name, entry]) => [quote(name), entry] as const),
    "}",
    depth,
    compress,
    indent,
  );
}

function brackets(
  open: string,
  entries: readonly (readonly [string, Value])[],
  close: string,
  depth: number,
  compress: boolean,
  indent: number,
): string {
  const colon = compress ? ":" : ":  ";
  const parts = entries.map(([name, entry]) => {
    const label = name === "" ? "" : name + colon;
    return label + write(entry, depth - 1, compress, indent + 4 + label.length);
  });
  if (compress) return open + parts.join(",") + close;
  const pad = " ".repeat(indent + 4);
  return `${open}\r\n${parts.map((part) => pad + part).join(",\r\n")}\r\n${" ".repeat(indent)}${close}`;
}

/** Throws ArgumentException's "Invalid JSON primitive". */
export function convertFromJson(text: string): Value {
  try {
    return fromJson(JSON.parse(text) as unknown);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw failure(
      "System.ArgumentException",
      "NotSpecified",
      "System.ArgumentException",
      `Invalid JSON primitive: ${text.trim().split(/[\s,:{}[\]]/)[0] ?? ""}.`,
    );
  }
}

function fromJson(value: unknown): Value {
  if (Array.isArray(value)) return value.map((item) => fromJson(item));
  if (typeof value === "string") {
    const date = /^\/Date\((-?\d+)\)\/$/.exec(value);
    return date === null ? value : new DateTime(Number(date[1]), true);
  }
  if (typeof value === "object" && value !== null)
    return new CustomObject(Object.entries(value).map(([name, entry]) => [name, fromJson(entry)] as const));
  return typeof value === "number" || typeof value === "boolean" ? value : null;
}
