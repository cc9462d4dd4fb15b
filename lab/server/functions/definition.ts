/** How the functions of the server are written down. */
import type { ScalarFunction } from "../../tsql/host";
import { Variant, type SqlType, type SqlValue } from "../../tsql/values";
import type { ServerSession } from "../server-session";

/** A scalar function: its result's type and its value for one session. */
export interface FunctionDefinition {
  readonly type: SqlType;
  call(args: readonly SqlValue[], session: ServerSession): SqlValue;
}

export type FunctionTable = Readonly<Record<string, FunctionDefinition>>;

export function define(type: SqlType, call: FunctionDefinition["call"]): FunctionDefinition {
  return { type, call };
}

/** The function as the language calls it. */
export function bind(definition: FunctionDefinition, session: ServerSession): ScalarFunction {
  return { type: () => definition.type, call: (args) => definition.call(args, session) };
}

/** Text of an argument; numbers become text as CAST would make them; NULL stays null. */
export function textOf(value: SqlValue | undefined): string | null {
  if (value instanceof Variant) return textOf(value.value);
  if (typeof value === "string") return value.replace(/ +$/, "");
  return typeof value === "number" || typeof value === "bigint" ? String(value) : null;
}

/** Whole number of an argument; text that is none, and NULL, become null. */
export function numberOf(value: SqlValue | undefined): number | null {
  if (value instanceof Variant) return numberOf(value.value);
  if (typeof value === "number") return Math.trunc(value);
  if (typeof value === "bigint") return Number(value);
  if (typeof value === "string" && /^\s*-?\d+\s*$/.test(value)) return Number(value);
  return null;
}

/** sql_variant of an int. */
export function intVariant(value: number): Variant {
  return new Variant({ name: "int" }, value);
}

/** sql_variant of an nvarchar(128). */
export function textVariant(value: string): Variant {
  return new Variant({ name: "nvarchar", length: 128 }, value);
}
