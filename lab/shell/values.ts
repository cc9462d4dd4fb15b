/**
 * PowerShell's objects as the interpreter holds them. Numbers are JavaScript's: an integer within 32 bits is Int32,
 * within 53 bits Int64, anything else Double. `undefined` is AutomationNull: what a command without output yields.
 */

export type Value = undefined | null | boolean | number | string | Value[] | Uint8Array | NativeObject;

/** A method that a script calls. Answers undefined for void. */
export type Method = (args: readonly Value[]) => Value | Promise<Value>;

/** An object with named members; names compare without case. */
export abstract class NativeObject {
  /** Full .NET name first, base types after it. */
  abstract readonly typeNames: readonly string[];

  /** Properties in the order in which they are displayed. */
  properties(): readonly (readonly [string, Value])[] {
    return [];
  }

  /** A property's value; undefined = there is none of that name (PowerShell answers $null then). */
  property(name: string): Value {
    const wanted = name.toLowerCase();
    return this.properties().find(([other]) => other.toLowerCase() === wanted)?.[1];
  }

  method(name: string): Method | undefined {
    return name.toLowerCase() === "tostring" ? () => this.text() : undefined;
  }

  /** What ToString() gives. */
  text(): string {
    return this.typeNames[0] ?? "System.Object";
  }
}

/** A key as the table keeps it. */
function keyText(key: Value): string {
  if (typeof key === "string") return key;
  if (key instanceof NativeObject) return key.text();
  return typeof key === "number" || typeof key === "boolean" ? String(key) : "";
}

/** @{ … } and [ordered]@{ … }. Keys are strings here; they compare without case. */
export class Hashtable extends NativeObject {
  readonly #entries = new Map<string, { key: string; value: Value }>();

  constructor(
    entries: Iterable<readonly [string, Value]> = [],
    readonly ordered = false,
  ) {
    super();
    for (const [key, value] of entries) this.set(key, value);
  }

  get typeNames(): readonly string[] {
    return [this.ordered ? "System.Collections.Specialized.OrderedDictionary" : "System.Collections.Hashtable"];
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): Value {
    return this.#entries.get(key.toLowerCase())?.value;
  }

  has(key: string): boolean {
    return this.#entries.has(key.toLowerCase());
  }

  set(key: string, value: Value): void {
    this.#entries.set(key.toLowerCase(), { key: this.#entries.get(key.toLowerCase())?.key ?? key, value });
  }

  delete(key: string): void {
    this.#entries.delete(key.toLowerCase());
  }

  entries(): (readonly [string, Value])[] {
    return [...this.#entries.values()].map(({ key, value }) => [key, value] as const);
  }

  override property(name: string): Value {
    if (this.has(name)) return this.get(name);
    switch (name.toLowerCase()) {
      case "count":
        return this.size;
      case "keys":
        return this.entries().map(([key]) => key);
      case "values":
        return this.entries().map(([, value]) => value);
      default:
        return undefined;
    }
  }

  setProperty(name: string, value: Value): boolean {
    this.set(name, value);
    return true;
  }

  override method(name: string): Method | undefined {
    switch (name.toLowerCase()) {
      case "containskey":
      case "contains":
        return (args) => this.has(keyText(args[0]));
      case "add":
        return (args) => this.set(keyText(args[0]), args[1]) as undefined;
      case "remove":
        return (args) => this.delete(keyText(args[0])) as undefined;
      case "getenumerator":
        return () =>
          this.entries().map(
            ([key, value]) =>
              new CustomObject(
                [
                  ["Name", key],
                  ["Key", key],
                  ["Value", value],
                ],
                ["System.Collections.DictionaryEntry"],
              ),
          );
      default:
        return super.method(name);
    }
  }
}

/** [pscustomobject] and every object that is no more than its properties. */
export class CustomObject extends NativeObject {
  readonly #properties: [string, Value][];

  constructor(
    properties: Iterable<readonly [string, Value]> = [],
    readonly typeNames: readonly string[] = ["System.Management.Automation.PSCustomObject", "System.Object"],
    readonly display?: string,
  ) {
    super();
    this.#properties = [...properties].map(([name, value]) => [name, value]);
  }

  override properties(): readonly (readonly [string, Value])[] {
    return this.#properties;
  }

  /** False = there is none of that name. */
  setProperty(name: string, value: Value): boolean {
    const wanted = name.toLowerCase();
    const entry = this.#properties.find(([other]) => other.toLowerCase() === wanted);
    if (entry === undefined) return false;
    entry[1] = value;
    return true;
  }

  /** Add-Member. */
  add(name: string, value: Value): void {
    if (!this.setProperty(name, value)) this.#properties.push([name, value]);
  }

  get isCustom(): boolean {
    return (
      this.typeNames[0] === "System.Management.Automation.PSCustomObject" || this.typeNames[0]!.startsWith("Selected.")
    );
  }

  override text(): string {
    if (this.display !== undefined) return this.display;
    return this.isCustom ? "" : super.text();
  }
}

/** A member of an enumeration. */
export class EnumerationMember extends NativeObject {
  readonly typeNames: readonly string[];

  constructor(
    type: string,
    readonly name: string,
    readonly value: number,
  ) {
    super();
    this.typeNames = [type, "System.Enum", "System.ValueType"];
  }

  override properties(): readonly (readonly [string, Value])[] {
    return [["value__", this.value]];
  }

  override text(): string {
    return this.name;
  }
}

/** System.Security.SecureString: its text leaves only through PSCredential.GetNetworkCredential(). */
export class SecureString extends NativeObject {
  readonly typeNames = ["System.Security.SecureString"];
  readonly #plain: string;

  constructor(plain: string) {
    super();
    this.#plain = plain;
  }

  reveal(): string {
    return this.#plain;
  }

  override properties(): readonly (readonly [string, Value])[] {
    return [["Length", this.#plain.length]];
  }
}

/** System.Management.Automation.PSCredential. */
export class Credential extends NativeObject {
  readonly typeNames = ["System.Management.Automation.PSCredential"];

  constructor(
    readonly userName: string,
    readonly password: SecureString,
  ) {
    super();
  }

  override properties(): readonly (readonly [string, Value])[] {
    return [
      ["UserName", this.userName],
      ["Password", this.password],
    ];
  }

  override method(name: string): Method | undefined {
    if (name.toLowerCase() !== "getnetworkcredential") return super.method(name);
    const [domain, user] = this.userName.includes("\\")
      ? (this.userName.split("\\", 2) as [string, string])
      : ["", this.userName];
    return () =>
      new CustomObject(
        [
          ["UserName", user],
          ["Password", this.password.reveal()],
          ["Domain", domain],
        ],
        ["System.Net.NetworkCredential"],
      );
  }
}

/** ArrayList and List[T]: an array that grows. */
export class GrowableList extends Array<Value> {
  /** List[T].Add answers nothing, ArrayList.Add the position. */
  generic = false;

  /** Derived arrays (map, filter) are plain ones: they are results, not lists. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }
}

/** Whether a value is absent: $null or AutomationNull. */
export function isNull(value: Value): value is null | undefined {
  return value === null || value === undefined;
}

/** Full .NET name of a value's type, as GetType().FullName gives it. */
export function typeName(value: Value): string {
  if (isNull(value)) return "System.Object";
  switch (typeof value) {
    case "string":
      return "System.String";
    case "boolean":
      return "System.Boolean";
    case "number":
      if (!Number.isInteger(value)) return "System.Double";
      if (Math.abs(value) <= 0x7fffffff) return "System.Int32";
      return Number.isSafeInteger(value) ? "System.Int64" : "System.Double";
    default:
      if (value instanceof GrowableList) return "System.Collections.ArrayList";
      if (Array.isArray(value)) return "System.Object[]";
      if (value instanceof Uint8Array) return "System.Byte[]";
      return value.typeNames[0] ?? "System.Object";
  }
}

/** Last part of the type's name: `String`, `Object[]`. */
export function shortTypeName(value: Value): string {
  return typeName(value).split(".").at(-1) as string;
}
