/** Cmdlets that pass objects on: ForEach-Object, Where-Object, Select-Object, Sort-Object, Measure-Object. */
import type { CmdletDefinition, CmdletContext } from "../cmdlet";
import { inputOf } from "../cmdlet";
import { compareValues, enumerate, equals, toBoolean, toNumber, toText, wildcard } from "../conversions";
import { failure } from "../error-record";
import { findMethod, getMember } from "../members";
import { binary } from "../operators";
import { ScriptBlock } from "../session";
import { collect } from "../signals";
import { CustomObject, Hashtable, NativeObject, type Value, isNull, typeName } from "../values";
import { inputObject, parameter } from "./parameters";

/** Value of a property name or of a calculated property's script block. */
async function valueOf(context: CmdletContext, item: Value, property: Value): Promise<Value> {
  if (!(property instanceof ScriptBlock)) return getMember(item, toText(property));
  const results = await collect(context.invoke(property, item));
  return results.length === 1 ? results[0] : results.length === 0 ? null : results;
}

const forEachObject: CmdletDefinition = {
  metadata: {
    name: "ForEach-Object",
    implementingType: "Microsoft.PowerShell.Commands.ForEachObjectCommand",
    defaultSet: "ScriptBlockSet",
    parameters: [
      inputObject,
      parameter("Process", "object", { position: 0, mandatory: true, sets: ["ScriptBlockSet"] }),
      parameter("Begin", "script", { sets: ["ScriptBlockSet"] }),
      parameter("End", "script", { sets: ["ScriptBlockSet"] }),
      parameter("MemberName", "string", { sets: ["PropertyAndMethodSet"], mandatory: true }),
      parameter("ArgumentList", "object[]", { sets: ["PropertyAndMethodSet"] }),
    ],
  },
  async *run(context, input) {
    const { bound } = context;
    const begin = bound.value("Begin");
    const end = bound.value("End");
    const process = bound.has("MemberName") ? bound.value("MemberName") : bound.value("Process");
    if (begin instanceof ScriptBlock) yield* context.invoke(begin, null);
    for await (const item of inputOf(context, input)) {
      if (process instanceof ScriptBlock) {
        yield* context.invoke(process, item);
        continue;
      }
      const name = toText(process);
      const value = getMember(item, name);
      const method = isNull(value) ? findMethod(item, name) : undefined;
      yield* enumerate(method === undefined ? value : await method(enumerate(bound.value("ArgumentList"))));
    }
    if (end instanceof ScriptBlock) yield* context.invoke(end, null);
  },
};

const COMPARISONS = [
  "eq",
  "ne",
  "gt",
  "ge",
  "lt",
  "le",
  "like",
  "notlike",
  "match",
  "notmatch",
  "contains",
  "notcontains",
  "in",
  "notin",
];

const whereObject: CmdletDefinition = {
  metadata: {
    name: "Where-Object",
    implementingType: "Microsoft.PowerShell.Commands.WhereObjectCommand",
    parameters: [
      inputObject,
      parameter("FilterScript", "object", { position: 0, mandatory: true, aliases: ["Property"] }),
      parameter("Value", "object", { position: 1 }),
      ...COMPARISONS.map((name) => parameter(name.toUpperCase(), "object")),
    ],
  },
  async *run(context, input) {
    const { bound } = context;
    const filter = bound.value("FilterScript");
    const operator = COMPARISONS.find((name) => bound.has(name));
    for await (const item of inputOf(context, input)) {
      if (filter instanceof ScriptBlock) {
        const results = await collect(context.invoke(filter, item));
        if (toBoolean(results.length === 1 ? results[0] : results)) yield item;
        continue;
      }
      const value = getMember(item, toText(filter));
      const holds =
        operator === undefined
          ? value
          : binary(`-${operator}`, value, bound.value(operator), { matches: () => undefined });
      if (toBoolean(holds)) yield item;
    }
  },
};

/** Name and expression of a property as Select-Object takes it: a name with wildcards, or @{Name=…; Expression=…}. */
async function selectInto(
  context: CmdletContext,
  item: Value,
  property: Value,
  into: Map<string, [string, Value]>,
): Promise<void> {
  if (property instanceof Hashtable) {
    const key = (...names: string[]): Value =>
      property.entries().find(([name]) => names.some((wanted) => wanted.startsWith(name.toLowerCase())))?.[1];
    const name = toText(key("name", "label"));
    const expression = key("expression");
    if (expression === undefined)
      throw failure(
        "DictionaryKeyUnknown2",
        "InvalidArgument",
        "System.NotSupportedException",
        "The Expression key has a type that is not valid.",
      );
    into.set(name.toLowerCase(), [name, await valueOf(context, item, expression)]);
    return;
  }
  const name = toText(property);
  if (property instanceof ScriptBlock) {
    into.set(name.toLowerCase(), [name, await valueOf(context, item, property)]);
    return;
  }
  if (/[*?[]/.test(name)) {
    const properties = item instanceof NativeObject ? item.properties() : [];
    for (const [other, value] of properties)
      if (wildcard(name).test(other)) into.set(other.toLowerCase(), [other, value]);
    return;
  }
  const own =
    item instanceof NativeObject
      ? item.properties().find(([other]) => other.toLowerCase() === name.toLowerCase())
      : undefined;
  into.set(name.toLowerCase(), [own?.[0] ?? name, getMember(item, name)]);
}

const selectObject: CmdletDefinition = {
  metadata: {
    name: "Select-Object",
    implementingType: "Microsoft.PowerShell.Commands.SelectObjectCommand",
    parameters: [
      inputObject,
      parameter("Property", "object[]", { position: 0 }),
      parameter("ExcludeProperty", "string[]"),
      parameter("ExpandProperty", "string"),
      parameter("First", "integer"),
      parameter("Last", "integer"),
      parameter("Skip", "integer"),
      parameter("Unique", "switch"),
    ],
  },
  async *run(context, input) {
    const { bound } = context;
    const properties = enumerate(bound.value("Property"));
    const expand = bound.text("ExpandProperty");
    const excluded = bound.texts("ExcludeProperty").map((pattern) => wildcard(pattern));
    const first = bound.number("First") ?? Infinity;
    const last = bound.number("Last");
    let skip = bound.number("Skip") ?? 0;
    let count = 0;
    const seen: Value[] = [];
    const kept: Value[] = [];
    const emit = async function* (item: Value): AsyncGenerator<Value, void> {
      let result = item;
      if (properties.length > 0) {
        const selected = new Map<string, [string, Value]>();
        for (const property of properties) await selectInto(context, item, property, selected);
        const left = [...selected.values()].filter(([name]) => !excluded.some((pattern) => pattern.test(name)));
        result = new CustomObject(left, [`Selected.${typeName(item)}`, "System.Management.Automation.PSCustomObject"]);
      }
      if (expand !== undefined) {
        yield* enumerate(getMember(item, expand));
        return;
      }
      if (bound.flag("Unique")) {
        if (seen.some((other) => equals(toText(other), toText(result), true))) return;
        seen.push(result);
      }
      yield result;
    };
    if (first <= 0) return;
    for await (const item of inputOf(context, input)) {
      if (skip > 0) {
        skip -= 1;
        continue;
      }
      if (last !== undefined) {
        kept.push(item);
        continue;
      }
      yield* emit(item);
      count += 1;
      if (count >= first) return;
    }
    for (const item of kept.slice(last === 0 ? kept.length : -(last ?? 0))) yield* emit(item);
  },
};

const sortObject: CmdletDefinition = {
  metadata: {
    name: "Sort-Object",
    implementingType: "Microsoft.PowerShell.Commands.SortObjectCommand",
    parameters: [
      inputObject,
      parameter("Property", "object[]", { position: 0 }),
      parameter("Descending", "switch"),
      parameter("Unique", "switch"),
      parameter("CaseSensitive", "switch"),
    ],
  },
  async *run(context, input) {
    const { bound } = context;
    const properties = bound.has("Property") ? enumerate(bound.value("Property")) : undefined;
    const rows: { item: Value; keys: Value[] }[] = [];
    for (const item of await collect(inputOf(context, input))) {
      const keys: Value[] = properties === undefined ? [item] : [];
      for (const property of properties ?? []) {
        const expression = property instanceof Hashtable ? (property.get("Expression") ?? property.get("e")) : property;
        keys.push(await valueOf(context, item, expression));
      }
      rows.push({ item, keys });
    }
    const order = (a: Value[], b: Value[]): number => {
      for (const [index, key] of a.entries()) {
        const compared = compareValues(key, b[index], bound.flag("CaseSensitive"));
        if (compared !== 0) return bound.flag("Descending") ? -compared : compared;
      }
      return 0;
    };
    rows.sort((a, b) => order(a.keys, b.keys));
    const unique = rows.filter(
      (row, index) => index === 0 || order((rows[index - 1] as typeof row).keys, row.keys) !== 0,
    );
    yield* (bound.flag("Unique") ? unique : rows).map(({ item }) => item);
  },
};

const measureObject: CmdletDefinition = {
  metadata: {
    name: "Measure-Object",
    implementingType: "Microsoft.PowerShell.Commands.MeasureObjectCommand",
    parameters: [
      inputObject,
      parameter("Property", "string", { position: 0 }),
      parameter("Sum", "switch"),
      parameter("Average", "switch"),
      parameter("Maximum", "switch"),
      parameter("Minimum", "switch"),
    ],
  },
  async *run(context, input) {
    const { bound } = context;
    const property = bound.text("Property");
    const items = await collect(inputOf(context, input));
    const values =
      property === undefined ? items : items.map((item) => getMember(item, property)).filter((value) => !isNull(value));
    const numbers = ["Sum", "Average", "Maximum", "Minimum"].some((name) => bound.flag(name))
      ? values.map((value) => toNumber(value))
      : [];
    const sum = numbers.reduce((total, number) => total + number, 0);
    yield new CustomObject(
      [
        ["Count", values.length],
        ["Average", bound.flag("Average") && numbers.length > 0 ? sum / numbers.length : null],
        ["Sum", bound.flag("Sum") ? sum : null],
        ["Maximum", bound.flag("Maximum") && numbers.length > 0 ? Math.max(...numbers) : null],
        ["Minimum", bound.flag("Minimum") && numbers.length > 0 ? Math.min(...numbers) : null],
        ["Property", property ?? null],
      ],
      ["Microsoft.PowerShell.Commands.GenericMeasureInfo"],
    );
  },
};

export const pipelineCmdlets: readonly CmdletDefinition[] = [
  forEachObject,
  whereObject,
  selectObject,
  sortObject,
  measureObject,
];
