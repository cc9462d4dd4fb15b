/** Default formatting: strings as they are, objects with up to four properties as a table, others as a list. */
import { toText } from "./conversions";
import { ErrorRecord } from "./error-record";
import { ScriptBlock } from "./session";
import { Credential, CustomObject, EnumerationMember, Hashtable, NativeObject, type Value, isNull } from "./values";

/** `{a, b}` for lists in a column, as $FormatEnumerationLimit cuts them. */
function cell(value: Value): string {
  if (Array.isArray(value))
    return `{${value
      .slice(0, 4)
      .map((item) => toText(item))
      .join(", ")}${value.length > 4 ? "..." : ""}}`;
  return toText(value);
}

function isPlain(value: Value): boolean {
  if (!(value instanceof NativeObject)) return true;
  if (value instanceof EnumerationMember || value instanceof ScriptBlock || value instanceof ErrorRecord) return true;
  if (value instanceof Hashtable || value instanceof Credential) return false;
  return value.properties().length === 0 || (value instanceof CustomObject && value.display !== undefined);
}

function propertiesOf(value: Value): readonly (readonly [string, Value])[] {
  if (value instanceof Hashtable) return value.entries();
  return value instanceof NativeObject ? value.properties() : [];
}

/** `Name : value` per line, a blank line before and after each object. */
export function formatList(values: readonly Value[]): string {
  const lines = values.flatMap((value) => {
    const properties = propertiesOf(value);
    const width = Math.max(0, ...properties.map(([name]) => name.length));
    return ["", ...properties.map(([name, property]) => `${name.padEnd(width)} : ${cell(property)}`)];
  });
  return ["", ...lines, "", ""].join("\n");
}

/** A table with a column per property of the first object. */
export function formatTable(values: readonly Value[]): string {
  const first = values[0];
  if (first === undefined) return "";
  const names = first instanceof Hashtable ? ["Name", "Value"] : propertiesOf(first).map(([name]) => name);
  const rows = values.flatMap((value) => {
    if (value instanceof Hashtable) return value.entries().map(([key, entry]) => [key, cell(entry)]);
    const properties = new Map(propertiesOf(value).map(([name, property]) => [name.toLowerCase(), property]));
    return [names.map((name) => cell(properties.get(name.toLowerCase())))];
  });
  const widths = names.map((name, index) => Math.max(name.length, ...rows.map((row) => (row[index] ?? "").length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((text, index) => text.padEnd(widths[index] ?? 0))
      .join(" ")
      .trimEnd();
  return ["", line(names), line(names.map((name) => "-".repeat(name.length))), ...rows.map(line), "", ""].join("\n");
}

/** Text that Out-Default writes for these objects, each line ended by a line feed; "" for nothing. */
export function formatObjects(values: readonly Value[]): string {
  let text = "";
  let group: Value[] = [];
  const flush = (): void => {
    if (group.length === 0) return;
    const small = group.every((value) => value instanceof Hashtable) || propertiesOf(group[0]).length <= 4;
    text += small ? formatTable(group) : formatList(group);
    group = [];
  };
  for (const value of values) {
    if (isNull(value)) continue;
    if (!isPlain(value)) {
      group.push(value);
      continue;
    }
    flush();
    if (value instanceof ErrorRecord) text += `${value.display()}\n`;
    else if (Array.isArray(value)) text += formatObjects(value);
    else text += `${toText(value)}\n`;
  }
  flush();
  return text;
}
