/** Helpers on bound expressions: conversion, comparison, collation precedence, evaluation as text. */
import { operation, type ArithmeticOperator } from "./arithmetic";
import { collationOf, type Collation } from "./collation";
import { comparatorOf } from "./comparison";
import { checkConversion, convertValue, isSameType } from "./conversion";
import { SqlError } from "./errors";
import { bindErrors, runErrors } from "./language-errors";
import { commonType, decimalType, familyOf, isCharacter, isLarge } from "./types";
import { plainBound, type Bound, type Environment, type Evaluate, type Frame, type Test } from "./scope";
import { Decimal, type SqlType, type SqlValue } from "./values";

/** An operand as a value of `type`. A literal is converted once, when it is first needed. */
export function converted(bound: Bound, type: SqlType, environment: Environment): Evaluate {
  if (bound.isNull) return () => null;
  checkConversion(bound.type, type, false);
  if (isSameType(bound.type, type)) return bound.evaluate;
  const from = bound.type;
  if (bound.constant !== undefined) {
    const { constant } = bound;
    let known: { readonly value: SqlValue } | undefined;
    return () =>
      (known ??= { value: convertValue(constant, from, type, { dateFormat: environment.dateFormat() }) }).value;
  }
  const { evaluate } = bound;
  return (frame) => convertValue(evaluate(frame), from, type, { dateFormat: environment.dateFormat() });
}

/** Type that several operands get together; NULL literals have no say. */
export function typeOfAll(bounds: readonly Bound[]): SqlType | undefined {
  let type: SqlType | undefined;
  for (const bound of bounds) if (!bound.isNull) type = type === undefined ? bound.type : commonType(type, bound.type);
  return type;
}

const STRENGTH = { explicit: 2, implicit: 1, default: 0 } as const;

export interface CollationChoice {
  readonly collation: Collation;
  readonly coercibility: Bound["coercibility"];
}

/** Collation precedence: explicit beats implicit beats default; two different of one strength conflict (468). */
export function commonCollation(bounds: readonly Bound[], operation: string): CollationChoice {
  let chosen: Bound | undefined;
  for (const bound of bounds) {
    if (!isCharacter(bound.type) || bound.isNull) continue;
    if (chosen === undefined || STRENGTH[bound.coercibility] > STRENGTH[chosen.coercibility]) chosen = bound;
    else if (
      STRENGTH[bound.coercibility] === STRENGTH[chosen.coercibility] &&
      bound.coercibility !== "default" &&
      bound.collation.name.toLowerCase() !== chosen.collation.name.toLowerCase()
    )
      throw bindErrors.collationConflict(bound.collation.name, chosen.collation.name, operation);
  }
  const first = chosen ?? bounds[0];
  return first === undefined
    ? { collation: collationOf("database_default"), coercibility: "default" }
    : { collation: first.collation, coercibility: first.coercibility };
}

const COMPARISON_WORDS: Readonly<Record<string, string>> = {
  "=": "equal to",
  "<>": "not equal to",
  "<": "less than",
  "<=": "less than or equal to",
  ">": "greater than",
  ">=": "greater than or equal to",
};

function decide(operator: string): (order: number) => boolean {
  switch (operator) {
    case "=":
      return (order) => order === 0;
    case "<>":
      return (order) => order !== 0;
    case "<":
      return (order) => order < 0;
    case "<=":
      return (order) => order <= 0;
    case ">":
      return (order) => order > 0;
    default:
      return (order) => order >= 0;
  }
}

/** Type in which two operands are compared. @throws BindError 402, 206, 257 */
export function comparisonType(left: Bound, right: Bound, operator: string): SqlType {
  const type = typeOfAll([left, right]) ?? left.type;
  for (const bound of [left, right]) {
    const uncomparable = (isLarge(bound.type) && bound.type.length !== "max") || familyOf(bound.type) === "xml";
    if (uncomparable && !bound.isNull)
      throw bindErrors.incompatible(left.type, right.type, COMPARISON_WORDS[operator] ?? operator);
  }
  return type;
}

/** A test of two operands; unknown (null) when either is NULL. */
export function comparison(operator: string, left: Bound, right: Bound, environment: Environment): Test {
  const type = comparisonType(left, right, operator);
  const { collation } = commonCollation([left, right], COMPARISON_WORDS[operator] ?? operator);
  const first = converted(left, type, environment);
  const second = converted(right, type, environment);
  const compare = comparatorOf(type, collation);
  const decided = decide(operator);
  return (frame) => {
    const a = first(frame);
    if (a === null) return null;
    const b = second(frame);
    return b === null ? null : decided(compare(a, b));
  };
}

/** An integer literal beside a decimal counts as numeric of just its digits: 2.0/3 has six decimals, not twelve. */
function exactLiteral(bound: Bound, other: Bound): Pick<Bound, "type" | "evaluate"> {
  const { constant } = bound;
  const isInteger =
    (typeof constant === "number" || typeof constant === "bigint") && familyOf(bound.type) === "integer";
  if (!isInteger || familyOf(other.type) !== "decimal") return bound;
  const value = new Decimal(BigInt(constant), 0);
  const digits = (value.unscaled < 0n ? -value.unscaled : value.unscaled).toString().length;
  return { type: decimalType(digits, 0), evaluate: () => value };
}

/** `left operator right` as a bound expression. */
export function arithmetic(operator: ArithmeticOperator, left: Bound, right: Bound, environment: Environment): Bound {
  const first = exactLiteral(left, right);
  const second = exactLiteral(right, left);
  const leftType = left.isNull ? right.type : first.type;
  const rightType = right.isNull ? left.type : second.type;
  const bound = operation(operator, leftType, rightType);
  const nulls = left.isNull || right.isNull;
  const choice = isCharacter(bound.type) ? commonCollation([left, right], "add") : undefined;
  const evaluate = (frame: Frame): SqlValue => {
    const a = first.evaluate(frame);
    if (a === null) return null;
    const b = second.evaluate(frame);
    return b === null ? null : bound.apply(a, b);
  };
  const guarded = nulls ? () => null : orNull(evaluate, environment);
  return { ...plainBound(bound.type, guarded, left.nullable || right.nullable), ...choice };
}

/** With ARITHABORT and ANSI_WARNINGS OFF a division by zero or an overflow is NULL ("SET ARITHABORT"). */
export function orNull(evaluate: Evaluate, environment: Environment): Evaluate {
  return (frame) => {
    try {
      return evaluate(frame);
    } catch (error) {
      if (error instanceof SqlError && (error.number === 8134 || error.number === 8115) && environment.errorsToNull())
        return null;
      throw error;
    }
  };
}

/** Value of TOP, OFFSET and FETCH. @throws SqlError 1014, 1060 */
export function rowCountOf(value: SqlValue): number {
  if (value === null) throw runErrors.topInvalid();
  const number = Number(value);
  if (!Number.isFinite(number)) throw runErrors.topInvalid();
  if (number < 0) throw runErrors.topNegative();
  return number;
}
