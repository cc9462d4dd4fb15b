/** The static side of a .NET type, and bytes. */
import { enumerate, toNumber, toText } from "./conversions";
import { runtimeFailure } from "./error-record";
import type { Session } from "./session";
import type { Value } from "./values";

/** Static side of a type. Names in lower case. */
export interface StaticType {
  readonly fullName: string;
  readonly properties?: Readonly<Record<string, (session: Session) => Value>>;
  /** Setters of static properties. */
  readonly settable?: readonly string[];
  readonly methods?: Readonly<Record<string, (args: readonly Value[], session: Session) => Value>>;
  /** [type]value. */
  readonly convert?: (value: Value) => Value;
}

/** A byte array, or a list of numbers that fit. */
export function bytesOf(value: Value): Uint8Array {
  if (value instanceof Uint8Array) return value;
  return Uint8Array.from(enumerate(value), (item) => {
    const number = toNumber(item, "System.Byte");
    if (number < 0 || number > 255)
      throw runtimeFailure(
        "InvalidCastIConvertible",
        `Cannot convert value "${toText(item)}" to type "System.Byte". Error: "Value was either too large or too small for an unsigned byte."`,
      );
    return number;
  });
}
