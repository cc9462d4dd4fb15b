/**
 * What every built-in function is made of: how many arguments it takes, its type for the types of its arguments, and
 * the helpers that read arguments. Errors of number of arguments are 174 and 189, of types 8116.
 */
import type { Collation } from "./collation";
import { convertValue } from "./conversion";
import { bindErrors } from "./language-errors";
import { INT, NVARCHAR_MAX, VARCHAR_MAX, familyOf, isCharacter, isNumeric, isUnicode } from "./types";
import type { CalendarTime, SqlType, SqlValue } from "./values";

/** An argument as it is known when the statement is bound. */
export interface BoundArgument {
  readonly type: SqlType;
  /** The NULL literal, which has no type of its own. */
  readonly isNull: boolean;
  /** Value where it is a literal. */
  readonly constant: SqlValue | undefined;
  readonly collation: Collation;
}

/** What a function may ask of the session that runs it. */
export interface FunctionContext {
  /** Clock of the instance at the start of the statement, as datetime2(7) in the instance's zone. */
  readonly now: () => CalendarTime;
  readonly dateFirst: () => number;
  readonly versionMajor: number;
  /** RAND: next value, or the first one after a seed. */
  readonly random: (seed: number | undefined) => number;
  /** ERROR_NUMBER() and its kin: the error that the innermost CATCH handles. */
  readonly caught: () => CaughtError | undefined;
  /** XACT_STATE(): 1, 0 or -1. */
  readonly transactionState: () => number;
  readonly scopeIdentity: () => SqlValue;
  readonly contextInfo: () => Uint8Array | null;
  readonly rowCount: () => bigint;
  readonly sessionOptions: () => number;
}

export interface CaughtError {
  readonly number: number;
  readonly message: string;
  readonly severity: number;
  readonly state: number;
  readonly line: number;
  readonly procedure: string;
}

export interface BoundFunction {
  readonly type: SqlType;
  call(args: readonly SqlValue[]): SqlValue;
}

export interface BuiltInFunction {
  readonly least: number;
  readonly most: number;
  /** False where the function looks at NULL itself; otherwise a NULL argument makes NULL. */
  readonly nullable?: boolean;
  /** Lowest major version that has it: 195 below. */
  readonly since?: number;
  bind(args: readonly BoundArgument[], context: FunctionContext, name: string): BoundFunction;
}

export type FunctionTable = Readonly<Record<string, BuiltInFunction>>;

/** Reads an argument as text; numbers and dates are converted. @throws BindError 8116 for text, image, xml, sql_variant */
export function textArgument(argument: BoundArgument, position: number, name: string): (value: SqlValue) => string {
  const family = familyOf(argument.type);
  if (argument.isNull || isCharacter(argument.type)) return (value) => value as string;
  if (
    family === "xml" ||
    family === "sql_variant" ||
    argument.type.name === "image" ||
    argument.type.name === "timestamp"
  )
    throw bindErrors.argumentInvalid(argument.type, position, name);
  return (value) => convertValue(value, argument.type, VARCHAR_MAX) as string;
}

/** Reads an argument as int. @throws BindError 8116 */
export function integerArgument(argument: BoundArgument, position: number, name: string): (value: SqlValue) => number {
  const { type } = argument;
  if (argument.isNull || type.name === "int" || type.name === "smallint" || type.name === "tinyint")
    return (value) => value as number;
  if (!isNumeric(type) && !isCharacter(type) && familyOf(type) !== "binary")
    throw bindErrors.argumentInvalid(type, position, name);
  return (value) => convertValue(value, type, INT) as number;
}

export function unicodeOf(argument: BoundArgument): boolean {
  return isUnicode(argument.type) && !argument.isNull;
}

/** varchar or nvarchar with the greatest length. */
export function largeText(unicode: boolean): SqlType {
  return unicode ? NVARCHAR_MAX : VARCHAR_MAX;
}
