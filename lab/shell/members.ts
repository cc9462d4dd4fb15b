/** Properties and methods of values: strings, arrays, numbers, and the members that every object has. */
import { enumerate, equals, numberText, toNumber, toText } from "./conversions";
import { dotNetError, runtimeFailure } from "./error-record";
import { formatNumber } from "./format-operator";
import {
  CustomObject,
  GrowableList,
  Hashtable,
  type Method,
  NativeObject,
  type Value,
  isNull,
  typeName,
} from "./values";

/** The object behind `.GetType()` and `[type]`. */
export function typeObject(fullName: string): CustomObject {
  const name = fullName.split(".").at(-1) as string;
  return new CustomObject(
    [
      ["Name", name],
      ["FullName", fullName],
      ["IsArray", fullName.endsWith("[]")],
      ["BaseType", null],
    ],
    ["System.RuntimeType"],
    fullName,
  );
}

/** Names and values as PSObject.Properties lists them. */
function propertiesOf(target: Value): CustomObject[] {
  const listed: readonly (readonly [string, Value])[] = target instanceof NativeObject ? target.properties() : [];
  return listed.map(
    ([name, value]) =>
      new CustomObject(
        [
          ["Name", name],
          ["Value", value],
          ["MemberType", "NoteProperty"],
          ["TypeNameOfValue", typeName(value)],
        ],
        ["System.Management.Automation.PSNoteProperty"],
      ),
  );
}

/** `$target.name`. What is not there is $null; on an array the items are asked. */
export function getMember(target: Value, name: string): Value {
  const lower = name.toLowerCase();
  if (isNull(target)) return lower === "count" || lower === "length" ? 0 : null;
  if (lower === "psobject")
    return new CustomObject(
      [
        ["Properties", propertiesOf(target)],
        ["TypeNames", target instanceof NativeObject ? [...target.typeNames] : [typeName(target)]],
      ],
      ["System.Management.Automation.PSObject"],
    );
  if (Array.isArray(target) || target instanceof Uint8Array) {
    if (lower === "count" || lower === "length" || lower === "longlength") return target.length;
    if (lower === "rank") return 1;
    const found = enumerate(target).flatMap((item) => {
      const value = getMember(item, name);
      return isNull(value) ? [] : enumerate(value);
    });
    return found.length === 0 ? null : found.length === 1 ? found[0] : found;
  }
  if (typeof target === "string" && lower === "length") return target.length;
  if (target instanceof NativeObject) {
    const value = target.property(name);
    if (value !== undefined) return value;
  }
  return lower === "count" || lower === "length" ? 1 : null;
}

/** `$target.name = value`. Throws PropertyNotFound's text where it cannot be set. */
export function setMember(target: Value, name: string, value: Value): void {
  const settable = target instanceof Hashtable || target instanceof CustomObject;
  if (settable && target.setProperty(name, value ?? null)) return;
  throw runtimeFailure(
    isNull(target) ? "PropertyNotFound" : "PropertyAssignmentException",
    `The property '${name}' cannot be found on this object. Verify that the property exists and can be set.`,
  );
}

/** `$target[index]`: arrays and strings from either end, hashtables by key, lists of indexes. */
export function getIndex(target: Value, index: Value): Value {
  if (isNull(target)) throw runtimeFailure("NullArray", "Cannot index into a null array.");
  if (target instanceof Hashtable)
    return Array.isArray(index)
      ? index.map((key) => target.get(toText(key)) ?? null)
      : (target.get(toText(index)) ?? null);
  const list: readonly Value[] = typeof target === "string" ? [...target] : enumerate(target);
  const one = (position: Value): Value => {
    const at = Math.round(toNumber(position));
    return list[at < 0 ? list.length + at : at];
  };
  if (Array.isArray(index)) return index.map((position) => one(position)).filter((item) => item !== undefined);
  if (target instanceof NativeObject && !Array.isArray(target))
    throw runtimeFailure("CannotIndex", `Unable to index into an object of type ${typeName(target)}.`);
  return one(index) ?? null;
}

export function setIndex(target: Value, index: Value, value: Value): void {
  if (target instanceof Hashtable) return target.set(toText(index), value);
  if (isNull(target)) throw runtimeFailure("NullArray", "Cannot index into a null array.");
  if (!Array.isArray(target))
    throw runtimeFailure("CannotIndex", `Unable to index into an object of type ${typeName(target)}.`);
  const at = Math.round(toNumber(index));
  const position = at < 0 ? target.length + at : at;
  if (position < 0 || position >= target.length)
    throw runtimeFailure(
      "System.IndexOutOfRangeException",
      "Index was outside the bounds of the array.",
      String(at),
      "Int32",
    );
  target[position] = value ?? null;
}

/** Method of a value, or undefined where it has none of that name. */
export function findMethod(target: Value, name: string): Method | undefined {
  const lower = name.toLowerCase();
  const own = target instanceof NativeObject ? target.method(name) : undefined;
  if (own !== undefined) return own;
  const special =
    typeof target === "string"
      ? stringMethod(target, lower)
      : Array.isArray(target)
        ? arrayMethod(target, lower)
        : undefined;
  if (special !== undefined) return special;
  switch (lower) {
    case "tostring":
      return (args) => {
        if (typeof target === "number")
          return typeof args[0] === "string" ? formatNumber(target, args[0]) : numberText(target);
        return Array.isArray(target) ? "System.Object[]" : toText(target);
      };
    case "gettype":
      return () => typeObject(typeName(target));
    case "equals":
      return (args) => equals(target, args[0], true);
    case "gethashcode":
      return () => toText(target).length;
    case "compareto":
      return (args) => Math.sign(toNumber(target) - toNumber(args[0]));
    default:
      return undefined;
  }
}

/** The error for a method that is not there. */
export function methodNotFound(target: Value, name: string): Error {
  if (isNull(target))
    return runtimeFailure("InvokeMethodOnNull", "You cannot call a method on a null-valued expression.");
  return runtimeFailure(
    "MethodNotFound",
    `Method invocation failed because [${typeName(target)}] does not contain a method named '${name}'.`,
    name,
    "String",
  );
}

function arrayMethod(target: Value[], name: string): Method | undefined {
  const growable = target instanceof GrowableList;
  switch (name) {
    case "add":
      return (args) => {
        const length = grow(target, growable).push(args[0]);
        return target instanceof GrowableList && target.generic ? undefined : length - 1;
      };
    case "addrange":
      return (args) => void grow(target, growable).push(...enumerate(args[0]));
    case "clear":
      return () => void grow(target, growable).splice(0);
    case "toarray":
      return growable ? () => Array.from(target) : undefined;
    case "contains":
      return (args) => target.some((item) => equals(item, args[0], true));
    case "indexof":
      return (args) => target.findIndex((item) => equals(item, args[0], true));
    case "getenumerator":
      return () => target;
    case "clone":
      return () => [...target];
    default:
      return undefined;
  }
}

/** Arrays have a fixed size: only lists take more. */
function grow(target: Value[], growable: boolean): Value[] {
  if (!growable) throw dotNetError("System.NotSupportedException", "Collection was of a fixed size.");
  return target;
}

function stringMethod(text: string, name: string): Method | undefined {
  const first = (args: readonly Value[]): string => toText(args[0]);
  const ignoresCase = (args: readonly Value[]): boolean => /ignorecase/i.test(toText(args[1]));
  const folded = (args: readonly Value[]): [string, string] =>
    ignoresCase(args) ? [text.toLowerCase(), first(args).toLowerCase()] : [text, first(args)];
  const characters = (args: readonly Value[]): string => {
    const set = args.flatMap((argument) => enumerate(argument).map((item) => toText(item))).join("");
    return set === "" ? "\\s" : set.replace(/[\\\]^-]/g, "\\$&");
  };
  switch (name) {
    case "toupper":
    case "toupperinvariant":
      return () => text.toUpperCase();
    case "tolower":
    case "tolowerinvariant":
      return () => text.toLowerCase();
    case "trim":
      return (args) => text.replace(new RegExp(`^[${characters(args)}]+|[${characters(args)}]+$`, "g"), "");
    case "trimstart":
      return (args) => text.replace(new RegExp(`^[${characters(args)}]+`), "");
    case "trimend":
      return (args) => text.replace(new RegExp(`[${characters(args)}]+$`), "");
    case "replace":
      return (args) => text.replaceAll(first(args), toText(args[1]));
    case "contains":
      return (args) => text.includes(first(args));
    case "startswith":
      return (args) => folded(args)[0].startsWith(folded(args)[1]);
    case "endswith":
      return (args) => folded(args)[0].endsWith(folded(args)[1]);
    case "indexof":
      return (args) => folded(args)[0].indexOf(folded(args)[1]);
    case "lastindexof":
      return (args) => text.lastIndexOf(first(args));
    case "substring":
      return (args) => substring(text, toNumber(args[0]), args[1] === undefined ? undefined : toNumber(args[1]));
    case "split":
      return (args) => text.split(new RegExp(`[${characters(args)}]`));
    case "padleft":
      return (args) => text.padStart(toNumber(args[0]), args[1] === undefined ? " " : toText(args[1]));
    case "padright":
      return (args) => text.padEnd(toNumber(args[0]), args[1] === undefined ? " " : toText(args[1]));
    case "insert":
      return (args) => text.slice(0, toNumber(args[0])) + toText(args[1]) + text.slice(toNumber(args[0]));
    case "remove":
      return (args) => {
        const [start, count] = [toNumber(args[0]), args[1] === undefined ? text.length : toNumber(args[1])];
        return text.slice(0, start) + text.slice(start + count);
      };
    case "tochararray":
      return () => [...text];
    default:
      return undefined;
  }
}

function substring(text: string, start: number, length: number | undefined): string {
  if (start < 0 || start > text.length)
    throw dotNetError("System.ArgumentOutOfRangeException", "startIndex cannot be larger than length of string.");
  if (length !== undefined && start + length > text.length)
    throw dotNetError(
      "System.ArgumentOutOfRangeException",
      "Index and length must refer to a location within the string.",
    );
  return text.slice(start, length === undefined ? undefined : start + length);
}
