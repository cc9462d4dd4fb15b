/**
 * The operators + - * / % & | ^ and unary - ~: type of the result and its computation.
 * Source: "Operators (Transact-SQL)"; "Data type precedence"; "+ (String concatenation)".
 */
import { calendarToNumber, numberToCalendar } from "./calendar";
import { checkConversion, convertValue } from "./conversion";
import { decimalArithmetic, decimalResultType } from "./decimal";
import { bindErrors, runErrors } from "./language-errors";
import {
  characterType,
  commonType,
  decimalType,
  exactShape,
  familyOf,
  isCharacter,
  isLarge,
  isNumeric,
  isUnicode,
  precedenceOf,
} from "./types";
import type { CalendarTime } from "./values";
import { Decimal, type SqlType, type SqlValue } from "./values";

export type ArithmeticOperator = "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^";
type Present = Exclude<SqlValue, null>;

export interface Operation {
  readonly type: SqlType;
  /** Both values are present; NULL operands make NULL without a call. @throws SqlError 8115, 8134, conversion errors */
  apply(left: Present, right: Present): SqlValue;
}

const WORDS: Readonly<Record<ArithmeticOperator, string>> = {
  "+": "add",
  "-": "subtract",
  "*": "multiply",
  "/": "divide",
  "%": "modulo",
  "&": "'&'",
  "|": "'|'",
  "^": "'^'",
};

function isClassicCalendar(type: SqlType): boolean {
  return type.name === "datetime" || type.name === "smalldatetime";
}

/** Binds an operator to the types of its operands. @throws BindError 402, 8117, 206, 257 */
export function operation(operator: ArithmeticOperator, left: SqlType, right: SqlType): Operation {
  const word = WORDS[operator];
  if (operator === "&" || operator === "|" || operator === "^") return bitwise(operator, left, right);
  if (operator === "+" && isText(left) && isText(right)) return concatenation(left, right);
  if (operator === "+" && familyOf(left) === "binary" && familyOf(right) === "binary")
    return binaryConcatenation(left, right);
  const high = precedenceOf(left) >= precedenceOf(right) ? left : right;
  switch (familyOf(high)) {
    case "calendar":
      return calendarOperation(operator, left, right, high);
    case "float":
      return floatOperation(operator, left, right, high);
    case "decimal":
      return decimalOperation(operator, left, right);
    case "money":
      return moneyOperation(operator, left, right, high);
    case "integer":
      if (high.name === "bit") throw bindErrors.operandInvalid(high, word);
      return integerOperation(operator, left, right, high);
    default:
      if (familyOf(left) === "character" && familyOf(right) === "character")
        throw bindErrors.operandInvalid(high, word);
      throw left.name === right.name
        ? bindErrors.operandInvalid(high, word)
        : bindErrors.incompatible(left, right, word);
  }
}

function isText(type: SqlType): boolean {
  return isCharacter(type) && type.name !== "text" && type.name !== "ntext";
}

function concatenation(left: SqlType, right: SqlType): Operation {
  const unicode = isUnicode(left) || isUnicode(right);
  const limit = unicode ? 4000 : 8000;
  const large = isLarge(left) || isLarge(right);
  const length = large ? "max" : Math.min(limit, (left.length as number) + (right.length as number));
  const type = characterType(unicode, length);
  // Without a (max) operand the result is cut at 8000 bytes, silently.
  if (large) return { type, apply: (a, b) => (a as string) + (b as string) };
  return {
    type,
    apply: (a, b) => {
      const text = (a as string) + (b as string);
      return text.length > limit ? text.slice(0, limit) : text;
    },
  };
}

function binaryConcatenation(left: SqlType, right: SqlType): Operation {
  const large = isLarge(left) || isLarge(right);
  const length = large ? "max" : Math.min(8000, (left.length as number) + (right.length as number));
  return {
    type: { name: "varbinary", length },
    apply: (a, b) => {
      const joined = Buffer.concat([a as Uint8Array, b as Uint8Array]);
      return new Uint8Array(large ? joined : joined.subarray(0, 8000));
    },
  };
}

function converters(
  left: SqlType,
  right: SqlType,
  type: SqlType,
): [(value: Present) => Present, (value: Present) => Present] {
  checkConversion(left, type, false);
  checkConversion(right, type, false);
  const convert =
    (from: SqlType) =>
    (value: Present): Present =>
      convertValue(value, from, type) as Present;
  return [convert(left), convert(right)];
}

const RANGES: Readonly<Record<string, readonly [number, number]>> = {
  tinyint: [0, 255],
  smallint: [-32768, 32767],
  int: [-2147483648, 2147483647],
};

function integerOperation(operator: ArithmeticOperator, left: SqlType, right: SqlType, type: SqlType): Operation {
  const [first, second] = converters(left, right, type);
  if (type.name === "bigint")
    return { type, apply: (a, b) => bigResult(operator, first(a) as bigint, second(b) as bigint, type) };
  const [low, high] = RANGES[type.name] as readonly [number, number];
  return {
    type,
    apply: (a, b) => {
      const result = smallResult(operator, first(a) as number, second(b) as number);
      if (result < low || result > high) throw runErrors.expressionOverflow(type);
      return result === 0 ? 0 : result;
    },
  };
}

function smallResult(operator: ArithmeticOperator, a: number, b: number): number {
  switch (operator) {
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    default:
      if (b === 0) throw runErrors.divideByZero();
      return operator === "/" ? Math.trunc(a / b) : a % b;
  }
}

function bigResult(operator: ArithmeticOperator, a: bigint, b: bigint, type: SqlType): bigint {
  let result: bigint;
  if (operator === "+") result = a + b;
  else if (operator === "-") result = a - b;
  else if (operator === "*") result = a * b;
  else {
    if (b === 0n) throw runErrors.divideByZero();
    result = operator === "/" ? a / b : a % b;
  }
  if (result !== BigInt.asIntN(64, result)) throw runErrors.expressionOverflow(type);
  return result;
}

function decimalOperation(operator: ArithmeticOperator, left: SqlType, right: SqlType): Operation {
  const own = (type: SqlType, other: SqlType): SqlType => {
    if (isNumeric(type)) {
      const { precision, scale } = exactShape(type);
      return decimalType(precision, scale);
    }
    // A string takes the precision and scale of the number beside it.
    const { precision, scale } = exactShape(other);
    return decimalType(precision, scale);
  };
  const leftType = own(left, right);
  const rightType = own(right, left);
  checkConversion(left, leftType, false);
  checkConversion(right, rightType, false);
  const exact = operator as "+" | "-" | "*" | "/" | "%";
  const type = decimalResultType(exact, exactShape(leftType), exactShape(rightType));
  return {
    type,
    apply: (a, b) =>
      decimalArithmetic(
        exact,
        convertValue(a, left, leftType) as Decimal,
        convertValue(b, right, rightType) as Decimal,
        type,
      ),
  };
}

function moneyOperation(operator: ArithmeticOperator, left: SqlType, right: SqlType, type: SqlType): Operation {
  const [first, second] = converters(left, right, type);
  const limit = type.name === "money" ? 9223372036854775807n : 2147483647n;
  return {
    type,
    apply: (a, b) => {
      const x = (first(a) as Decimal).unscaled;
      const y = (second(b) as Decimal).unscaled;
      if ((operator === "/" || operator === "%") && y === 0n) throw runErrors.divideByZero();
      const units =
        operator === "+"
          ? x + y
          : operator === "-"
            ? x - y
            : operator === "*"
              ? (x * y) / 10_000n
              : operator === "/"
                ? (x * 10_000n) / y
                : x % y;
      if (units > limit || units < -limit - 1n) throw runErrors.expressionOverflow(type);
      return new Decimal(units, 4);
    },
  };
}

function floatOperation(operator: ArithmeticOperator, left: SqlType, right: SqlType, type: SqlType): Operation {
  if (operator === "%")
    throw left.name === right.name
      ? bindErrors.operandInvalid(type, "modulo")
      : bindErrors.incompatible(left, right, "modulo");
  const [first, second] = converters(left, right, type);
  return {
    type,
    apply: (a, b) => {
      const x = first(a) as number;
      const y = second(b) as number;
      if (operator === "/" && y === 0) throw runErrors.divideByZero();
      const exact = operator === "+" ? x + y : operator === "-" ? x - y : operator === "*" ? x * y : x / y;
      const result = type.name === "real" ? Math.fround(exact) : exact;
      if (!Number.isFinite(result)) throw runErrors.expressionOverflow(type);
      return result;
    },
  };
}

/** datetime and smalldatetime count as days since 1900; the newer types take part in no arithmetic (206). */
function calendarOperation(operator: ArithmeticOperator, left: SqlType, right: SqlType, type: SqlType): Operation {
  const other = type === left ? right : left;
  if (!isClassicCalendar(type)) {
    throw familyOf(other) === "calendar" || isCharacter(other)
      ? left.name === right.name
        ? bindErrors.operandInvalid(type, WORDS[operator])
        : bindErrors.incompatible(left, right, WORDS[operator])
      : bindErrors.operandClash(type === left ? left : right, other);
  }
  if (operator !== "+" && operator !== "-")
    throw left.name === right.name
      ? bindErrors.operandInvalid(type, WORDS[operator])
      : bindErrors.implicitNotAllowed(type, other);
  const days = (value: Present, from: SqlType): number => {
    const point = convertValue(value, from, type) as CalendarTime;
    return calendarToNumber(point);
  };
  checkConversion(left, type, false);
  checkConversion(right, type, false);
  return {
    type,
    apply: (a, b) =>
      numberToCalendar(operator === "+" ? days(a, left) + days(b, right) : days(a, left) - days(b, right), type),
  };
}

function bitwise(operator: "&" | "|" | "^", left: SqlType, right: SqlType): Operation {
  const allowed = (type: SqlType): boolean => familyOf(type) === "integer" || familyOf(type) === "binary";
  if (!allowed(left) || !allowed(right) || (familyOf(left) === "binary" && familyOf(right) === "binary"))
    throw left.name === right.name
      ? bindErrors.operandInvalid(left, WORDS[operator])
      : bindErrors.incompatible(left, right, WORDS[operator]);
  const type = familyOf(left) === "binary" ? right : familyOf(right) === "binary" ? left : commonType(left, right);
  const [first, second] = converters(left, right, type);
  const big = (value: Present): bigint => BigInt(value as number | bigint);
  return {
    type,
    apply: (a, b) => {
      const x = big(first(a));
      const y = big(second(b));
      const result = operator === "&" ? x & y : operator === "|" ? x | y : x ^ y;
      return type.name === "bigint" ? result : Number(result);
    },
  };
}

/** Unary minus. tinyint becomes smallint. @throws BindError 8117 */
export function negation(type: SqlType): { readonly type: SqlType; apply(value: Present): SqlValue } {
  if (!isNumeric(type) || type.name === "bit") throw bindErrors.operandInvalid(type, "minus");
  const result: SqlType = type.name === "tinyint" ? { name: "smallint" } : type;
  return {
    type: result,
    apply: (value) => {
      if (value instanceof Decimal) return new Decimal(-value.unscaled, value.scale);
      const low = result.name === "bigint" ? -9223372036854775808n : result.name === "int" ? -2147483648 : undefined;
      if (low !== undefined && value === low) throw runErrors.expressionOverflow(result);
      if (typeof value === "bigint") return -value;
      return value === 0 ? 0 : -(value as number);
    },
  };
}

/** ~: integers only. @throws BindError 8117 */
export function complement(type: SqlType): { readonly type: SqlType; apply(value: Present): SqlValue } {
  if (familyOf(type) !== "integer") throw bindErrors.operandInvalid(type, "'~'");
  return {
    type,
    apply: (value) => {
      if (typeof value === "bigint") return ~value;
      if (type.name === "bit") return value === 0 ? 1 : 0;
      return type.name === "tinyint" ? ~(value as number) & 0xff : ~(value as number);
    },
  };
}
