/**
 * Exact numbers: text, scale, and the arithmetic of decimal and numeric with SQL Server's precision and scale.
 * Source: "Precision, scale, and length (Transact-SQL)", sql-docs.
 */
import { runErrors } from "./language-errors";
import { decimalType } from "./types";
import { Decimal, type SqlType } from "./values";

const POWERS: bigint[] = [1n];

/** 10 to the power of `exponent`. */
export function powerOfTen(exponent: number): bigint {
  for (let next = POWERS.length; next <= exponent; next += 1) POWERS.push((POWERS[next - 1] as bigint) * 10n);
  return POWERS[exponent] as bigint;
}

/** Integer division that rounds half away from zero, as SQL Server rounds decimals. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const negative = dividend < 0n !== divisor < 0n;
  const top = dividend < 0n ? -dividend : dividend;
  const bottom = divisor < 0n ? -divisor : divisor;
  const quotient = (top * 2n + bottom) / (bottom * 2n);
  return negative ? -quotient : quotient;
}

/** The value with another scale, rounded where digits are lost. */
export function rescale(value: Decimal, scale: number): Decimal {
  if (scale === value.scale) return value;
  if (scale > value.scale) return new Decimal(value.unscaled * powerOfTen(scale - value.scale), scale);
  return new Decimal(divideRounded(value.unscaled, powerOfTen(value.scale - scale)), scale);
}

/** True when the value has no more digits than the precision allows. */
export function fits(value: Decimal, precision: number): boolean {
  const limit = powerOfTen(precision);
  return value.unscaled < limit && value.unscaled > -limit;
}

/** Cuts the digits behind the point off. */
export function integralPart(value: Decimal): bigint {
  return value.unscaled / powerOfTen(value.scale);
}

export function decimalText(value: Decimal): string {
  const negative = value.unscaled < 0n;
  const digits = (negative ? -value.unscaled : value.unscaled).toString().padStart(value.scale + 1, "0");
  const whole = digits.slice(0, digits.length - value.scale);
  const text = value.scale === 0 ? whole : `${whole}.${digits.slice(digits.length - value.scale)}`;
  return negative ? `-${text}` : text;
}

const DECIMAL_TEXT = /^([+-]?)(\d*)(?:\.(\d*))?$/;

/** Reads `-12.50`; undefined when the text is no exact number. */
export function parseDecimal(text: string): Decimal | undefined {
  const parts = DECIMAL_TEXT.exec(text);
  if (parts === null) return undefined;
  const whole = parts[2] ?? "";
  const fraction = parts[3] ?? "";
  if (whole === "" && fraction === "") return undefined;
  const unscaled = BigInt(whole + fraction);
  return new Decimal(parts[1] === "-" ? -unscaled : unscaled, fraction.length);
}

/** The nearest double of an exact number. */
export function decimalToNumber(value: Decimal): number {
  return value.scale === 0 ? Number(value.unscaled) : Number(decimalText(value));
}

/** The exact number of a double, rounded to a scale; SQL Server keeps 17 significant digits. */
export function numberToDecimal(value: number, scale: number): Decimal {
  const magnitude = value === 0 ? 0 : Math.floor(Math.log10(Math.abs(value)));
  const [mantissa, exponentText] = value.toExponential(16).split("e");
  const exponent = Number(exponentText);
  const digits = BigInt((mantissa as string).replace(".", ""));
  const shift = exponent - 16 + scale;
  if (magnitude + scale > 60) return new Decimal(digits * powerOfTen(Math.max(0, shift)), scale);
  return new Decimal(shift >= 0 ? digits * powerOfTen(shift) : divideRounded(digits, powerOfTen(-shift)), scale);
}

export function compareDecimal(left: Decimal, right: Decimal): number {
  const scale = Math.max(left.scale, right.scale);
  const a = scale === left.scale ? left.unscaled : left.unscaled * powerOfTen(scale - left.scale);
  const b = scale === right.scale ? right.unscaled : right.unscaled * powerOfTen(scale - right.scale);
  return a < b ? -1 : a > b ? 1 : 0;
}

type Shape = { readonly precision: number; readonly scale: number };

/** Precision beyond 38 is cut: the digits before the point are kept and the scale gives way, but not below `least`. */
function limited(precision: number, scale: number, integral: number, least: number): SqlType {
  if (precision <= 38) return decimalType(precision, scale);
  return decimalType(38, Math.max(Math.min(scale, 38 - integral), Math.min(scale, least)));
}

/** For `*` and `/` six digits behind the point are kept ("Precision, scale, and length"). */
const LEAST_SCALE = 6;

/** Type of `left operator right` for two exact numbers. */
export function decimalResultType(operator: "+" | "-" | "*" | "/" | "%", left: Shape, right: Shape): SqlType {
  switch (operator) {
    case "+":
    case "-": {
      const scale = Math.max(left.scale, right.scale);
      const integral = Math.max(left.precision - left.scale, right.precision - right.scale);
      // The digit of a carry is given up first.
      return limited(integral + scale + 1, scale, integral, 0);
    }
    case "*": {
      const scale = left.scale + right.scale;
      const precision = left.precision + right.precision + 1;
      return limited(precision, scale, precision - scale, LEAST_SCALE);
    }
    case "/": {
      const scale = Math.max(6, left.scale + right.precision + 1);
      const integral = left.precision - left.scale + right.scale;
      return limited(integral + scale, scale, integral, LEAST_SCALE);
    }
    case "%": {
      const scale = Math.max(left.scale, right.scale);
      const integral = Math.min(left.precision - left.scale, right.precision - right.scale);
      return limited(integral + scale, scale, integral, 0);
    }
  }
}

/** Computes `left operator right` into the given result type. @throws SqlError 8134, 8115 */
export function decimalArithmetic(
  operator: "+" | "-" | "*" | "/" | "%",
  left: Decimal,
  right: Decimal,
  type: SqlType,
): Decimal {
  const scale = type.scale ?? 0;
  const result = exactResult(operator, left, right, scale);
  if (!fits(result, type.precision ?? 38)) throw runErrors.expressionOverflow(type);
  return result;
}

function exactResult(operator: "+" | "-" | "*" | "/" | "%", left: Decimal, right: Decimal, scale: number): Decimal {
  if (operator === "*") return rescale(new Decimal(left.unscaled * right.unscaled, left.scale + right.scale), scale);
  if (operator === "/") {
    if (right.unscaled === 0n) throw runErrors.divideByZero();
    const shift = scale + right.scale - left.scale;
    const top = shift >= 0 ? left.unscaled * powerOfTen(shift) : left.unscaled / powerOfTen(-shift);
    // Division cuts, it does not round (SELECT 2.0/3 ends in 6).
    return new Decimal(top / right.unscaled, scale);
  }
  const common = Math.max(left.scale, right.scale);
  const a = rescale(left, common).unscaled;
  const b = rescale(right, common).unscaled;
  if (operator === "%") {
    if (b === 0n) throw runErrors.divideByZero();
    return rescale(new Decimal(a % b, common), scale);
  }
  return rescale(new Decimal(operator === "+" ? a + b : a - b, common), scale);
}
