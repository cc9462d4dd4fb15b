/** Places where only a constant, or a constant or a variable, may stand. */
import type { Literal, VariableReference } from "../ast";
import type { Cursor } from "./cursor";
import { literalOf, negated, nvarcharLiteral } from "./literals";

/** A constant with or without sign. */
export function parseConstant(cursor: Cursor): Literal {
  const sign = cursor.acceptOneOf(["-", "+"]);
  const literal = literalOf(cursor.token);
  const value = literal === undefined || sign !== "-" ? literal : negated(literal);
  const signed = typeof value?.value === "string" && sign !== undefined;
  if (value === undefined || signed) throw cursor.unexpected();
  cursor.next();
  return value;
}

/** A constant or `@variable`. */
export function parseConstantOrVariable(cursor: Cursor): Literal | VariableReference {
  return cursor.token.type === "variable" ? { kind: "variable", name: cursor.variable() } : parseConstant(cursor);
}

/** A string constant or `@variable`. */
export function parseStringOrVariable(cursor: Cursor): Literal | VariableReference {
  if (cursor.token.type !== "variable" && !cursor.isString()) throw cursor.unexpected();
  return parseConstantOrVariable(cursor);
}

/** A name, as nvarchar literal, or `@variable` that holds it. */
export function parseNameOrVariable(cursor: Cursor): Literal | VariableReference {
  return cursor.token.type === "variable"
    ? { kind: "variable", name: cursor.variable() }
    : nvarcharLiteral(cursor.identifier());
}

/** ON or OFF. */
export function parseOnOff(cursor: Cursor): boolean {
  return cursor.expectOneOf(["ON", "OFF"]) === "ON";
}
