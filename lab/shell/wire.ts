/** PowerShell's values to and from what the control port carries. */
import type { ObjectValue, WireValue } from "../control-protocol";
import { toText } from "./conversions";
import { DateTime } from "./date-time";
import type { NativeObject } from "./values";
import { Credential, CustomObject, EnumerationMember, Hashtable, type Value, isNull } from "./values";

/** A value as JSON, a credential with its password. Objects give their properties; what has none gives its text. */
export function toWire(value: Value): WireValue {
  if (isNull(value)) return null;
  if (typeof value !== "object") return value;
  if (Array.isArray(value) || value instanceof Uint8Array) return [...value].map((item) => toWire(item));
  if (value instanceof EnumerationMember)
    return { enumeration: value.typeNames[0] as string, name: value.name, value: value.value };
  if (value instanceof DateTime) return { date: new Date(value.milliseconds).toISOString() };
  if (value instanceof Credential)
    return {
      type: "System.Management.Automation.PSCredential",
      text: value.userName,
      properties: { UserName: value.userName, Password: value.password.reveal() },
    };
  if (value instanceof Hashtable)
    return { table: value.entries().map(([key, entry]) => [key, toWire(entry)] as const) };
  return objectToWire(value);
}

function objectToWire(value: NativeObject): WireValue {
  const properties = value.properties();
  if (properties.length === 0) return toText(value);
  return {
    type: value.typeNames[0] as string,
    text: toText(value),
    properties: Object.fromEntries(properties.map(([name, property]) => [name, toWire(property)] as const)),
  };
}

/** @param remote the object came through a remote session: it is a property bag of type Deserialized.… */
export function fromWire(value: WireValue, remote: boolean): Value {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return (value as readonly WireValue[]).map((item) => fromWire(item, remote));
  if ("enumeration" in value) return new EnumerationMember(value.enumeration, value.name, value.value);
  if ("date" in value) return new DateTime(Date.parse(value.date), true);
  if ("table" in value)
    return new Hashtable(value.table.map(([key, entry]) => [key, fromWire(entry, remote)] as const));
  const { type, text, properties } = value as ObjectValue;
  const entries = Object.entries(properties).map(([name, property]) => [name, fromWire(property, remote)] as const);
  return new ServerObject(entries, [`${remote ? "Deserialized." : ""}${type}`, "System.Object"], text);
}

/** An object of the management store: displayed by its properties, not by its text. */
class ServerObject extends CustomObject {
  readonly #name: string | undefined;

  constructor(entries: Iterable<readonly [string, Value]>, typeNames: readonly string[], name: string | undefined) {
    super(entries, typeNames);
    this.#name = name;
  }

  override text(): string {
    return this.#name ?? super.text();
  }
}
