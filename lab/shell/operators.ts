/** PowerShell's binary and unary operators over values (about_Operators). */
import {
  collapse,
  compareValues,
  enumerate,
  equals,
  toBoolean,
  toNumber,
  toText,
  tryNumber,
  wildcard,
} from "./conversions";
import { DateTime } from "./date-time";
import { failure, runtimeFailure } from "./error-record";
import { formatString } from "./format-operator";
import { CustomObject, Hashtable, type Value, isNull, shortTypeName, typeName } from "./values";

/** What an operator may leave behind: -match fills $Matches. */
export interface OperatorEffects {
  matches(groups: Hashtable): void;
}

/** A .NET regular expression; what JavaScript does not know is refused. */
export function regularExpression(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern.replace(/^\(\?i\)/, ""), flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw runtimeFailure("InvalidRegularExpression", `The regular expression pattern ${pattern} is not valid.`, reason);
  }
}

/** Applies `-op`, `+`, `..`; the operator in lower case. -and, -or and the type operators are the evaluator's. */
export function binary(operator: string, left: Value, right: Value, effects: OperatorEffects): Value {
  if (!operator.startsWith("-") || operator === "-") return arithmetic(operator, left, right);
  const sensitive = /^-c(?!ontains)/.test(operator);
  const word = operator
    .replace(/^-[ci](?=contains|eq|ge|gt|in|le|like|lt|match|ne|not|replace|split)/, "-")
    .replace(/^-i(?=n$)/, "-i");
  switch (word) {
    case "-eq":
    case "-ne":
    case "-gt":
    case "-ge":
    case "-lt":
    case "-le":
    case "-like":
    case "-notlike":
      return filtering(left, (item) => comparison(word, item, right, sensitive));
    case "-match":
    case "-notmatch":
      return matching(word === "-notmatch", left, right, sensitive, effects);
    case "-contains":
    case "-notcontains":
      return enumerate(left).some((item) => equals(item, right, sensitive)) === (word === "-contains");
    case "-in":
    case "-notin":
      return enumerate(right).some((item) => equals(item, left, sensitive)) === (word === "-in");
    case "-replace":
      return replacing(left, right, sensitive);
    case "-split":
      return enumerate(left).flatMap((item) => splitting(toText(item), right, sensitive));
    case "-join":
      return enumerate(left)
        .map((item) => toText(item))
        .join(toText(right));
    case "-f":
      return formatString(toText(left), Array.isArray(right) ? right : [right]);
    case "-band":
      return toNumber(left) & toNumber(right);
    case "-bor":
      return toNumber(left) | toNumber(right);
    case "-bxor":
      return toNumber(left) ^ toNumber(right);
    case "-shl":
      return toNumber(left) << toNumber(right);
    case "-shr":
      return toNumber(left) >> toNumber(right);
    default:
      throw runtimeFailure("UnexpectedToken", `Unexpected token '${operator}' in expression or statement.`);
  }
}

/** On an array a comparison answers the items for which it holds. */
function filtering(left: Value, test: (item: Value) => boolean): Value {
  return Array.isArray(left) ? left.filter((item) => test(item)) : test(left);
}

function comparison(word: string, left: Value, right: Value, sensitive: boolean): boolean {
  switch (word) {
    case "-eq":
      return equals(left, right, sensitive);
    case "-ne":
      return !equals(left, right, sensitive);
    case "-gt":
      return compareValues(left, right, sensitive) > 0;
    case "-ge":
      return compareValues(left, right, sensitive) >= 0;
    case "-lt":
      return compareValues(left, right, sensitive) < 0;
    case "-le":
      return compareValues(left, right, sensitive) <= 0;
    default:
      return wildcard(toText(right), sensitive).test(toText(left)) === (word === "-like");
  }
}

function matching(not: boolean, left: Value, right: Value, sensitive: boolean, effects: OperatorEffects): Value {
  const pattern = regularExpression(toText(right), sensitive ? "" : "i");
  if (Array.isArray(left)) return left.filter((item) => pattern.test(toText(item)) !== not);
  const match = pattern.exec(toText(left));
  if (match !== null && !not) {
    const groups = new Hashtable(match.map((group, index) => [String(index), group ?? null] as const));
    for (const [name, group] of Object.entries(match.groups ?? {})) groups.set(name, group ?? null);
    effects.matches(groups);
  }
  return (match !== null) !== not;
}

function replacing(left: Value, right: Value, sensitive: boolean): Value {
  const [pattern, replacement] = Array.isArray(right) ? right : [right, ""];
  const expression = regularExpression(toText(pattern), sensitive ? "g" : "gi");
  const by = toText(replacement)
    .replace(/\$\{(\w+)\}/g, (_, name: string) => (/^\d+$/.test(name) ? `$${name}` : `$<${name}>`))
    .replace(/\$0/g, () => "$&");
  if (Array.isArray(left)) return left.map((item) => toText(item).replace(expression, by));
  return toText(left).replace(expression, by);
}

function splitting(text: string, right: Value, sensitive: boolean): Value[] {
  const [pattern, limit] = Array.isArray(right) ? right : [right, 0];
  const parts = text.split(regularExpression(toText(pattern), sensitive ? "" : "i"));
  const most = tryNumber(limit) ?? 0;
  if (most <= 0 || parts.length <= most) return parts;
  let rest = text;
  const first = parts.slice(0, most - 1);
  const expression = regularExpression(toText(pattern), sensitive ? "" : "i");
  for (const part of first) rest = rest.slice(part.length).replace(expression, "");
  return [...first, rest];
}

function methodNotFound(operator: string, left: Value): Error {
  const names: Record<string, string> = {
    "+": "op_Addition",
    "-": "op_Subtraction",
    "*": "op_Multiply",
    "/": "op_Division",
    "%": "op_Modulus",
  };
  const name = names[operator] ?? operator;
  return runtimeFailure(
    "MethodNotFound",
    `Method invocation failed because [${typeName(left)}] does not contain a method named '${name}'.`,
    name,
    "String",
  );
}

function arithmetic(operator: string, left: Value, right: Value): Value {
  if (operator === "..") return range(toNumber(left), toNumber(right));
  if (operator === "+") {
    if (typeof left === "string") return left + toText(right);
    if (Array.isArray(left)) return [...left, ...enumerate(right)];
    if (left instanceof Hashtable && right instanceof Hashtable) return merged(left, right);
    if (isNull(left)) return right;
  }
  if (operator === "*") {
    if (typeof left === "string") return left.repeat(toNumber(right));
    if (Array.isArray(left)) return Array.from({ length: toNumber(right) }, () => left).flat();
  }
  if (operator === "-" && left instanceof DateTime && right instanceof DateTime)
    return timeSpan(left.milliseconds - right.milliseconds);
  if (typeof left === "object" && left !== null && tryNumber(left) === undefined) throw methodNotFound(operator, left);
  const [a, b] = [toNumber(left), toNumber(right)];
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "/":
    case "%":
      if (b === 0)
        throw failure(
          "RuntimeException",
          "NotSpecified",
          "System.Management.Automation.RuntimeException",
          "Attempted to divide by zero.",
        );
      return operator === "/" ? a / b : a % b;
    default:
      throw runtimeFailure("UnexpectedToken", `Unexpected token '${operator}' in expression or statement.`);
  }
}

function range(from: number, to: number): Value[] {
  const [a, b] = [Math.round(from), Math.round(to)];
  return Array.from({ length: Math.abs(b - a) + 1 }, (_, index) => (b < a ? a - index : a + index));
}

function merged(left: Hashtable, right: Hashtable): Hashtable {
  for (const [key] of right.entries())
    if (left.has(key))
      throw runtimeFailure(
        "AddHashTableToHashTable",
        `Item has already been added. Key in dictionary: '${key}'  Key being added: '${key}'`,
      );
  return new Hashtable([...left.entries(), ...right.entries()], left.ordered);
}

/** System.TimeSpan, as the difference of two dates. */
export function timeSpan(milliseconds: number): CustomObject {
  const whole = Math.trunc(milliseconds / 1000);
  const pad = (value: number): string => String(Math.abs(value)).padStart(2, "0");
  const [days, hours] = [Math.trunc(whole / 86_400), Math.trunc(whole / 3600) % 24];
  const [minutes, seconds] = [Math.trunc(whole / 60) % 60, whole % 60];
  const text = `${milliseconds < 0 ? "-" : ""}${days === 0 ? "" : `${String(Math.abs(days))}.`}${pad(hours)}:${pad(minutes)}:${pad(seconds)}`;
  return new CustomObject(
    [
      ["Days", days],
      ["Hours", hours],
      ["Minutes", minutes],
      ["Seconds", seconds],
      ["Milliseconds", milliseconds % 1000],
      ["Ticks", milliseconds * 10_000],
      ["TotalDays", milliseconds / 86_400_000],
      ["TotalHours", milliseconds / 3_600_000],
      ["TotalMinutes", milliseconds / 60_000],
      ["TotalSeconds", milliseconds / 1000],
      ["TotalMilliseconds", milliseconds],
    ],
    ["System.TimeSpan", "System.ValueType"],
    text,
  );
}

/** `-not`, `!`, `-`, `+`, `,`, `-join`, `-split`, `-bnot`. */
export function unary(operator: string, operand: Value): Value {
  switch (operator) {
    case "!":
    case "-not":
      return !toBoolean(operand);
    case "-":
      return -toNumber(operand);
    case "+":
      return toNumber(operand);
    case ",":
      return [operand ?? null];
    case "-join":
      return enumerate(operand)
        .map((item) => toText(item))
        .join("");
    case "-split":
      return collapse(enumerate(operand).flatMap((item) => toText(item).trim().split(/\s+/)));
    case "-bnot":
      return ~toNumber(operand);
    default:
      throw runtimeFailure(
        "UnexpectedToken",
        `Unexpected token '${operator}' in expression or statement.`,
        shortTypeName(operand),
      );
  }
}
