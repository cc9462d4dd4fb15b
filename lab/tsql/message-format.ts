/**
 * Substitution of RAISERROR and FORMATMESSAGE: `% [flag] [width] [. precision] [h | l] type`, types d i o s u x X.
 * Source: "RAISERROR (Transact-SQL)", sql-docs. A text longer than 2,047 characters is cut and ends in three dots.
 */
import { runErrors } from "./language-errors";
import type { SqlValue } from "./values";

const SPECIFICATION = /%(?:%|([-+0# ]*)(\*|\d+)?(?:\.(\*|\d+))?(?:h|l|I64)?(.?))/gs;
const LIMIT = 2047;

/** Fills the arguments in. @throws SqlError 2786 for a type that does not fit, 2787 for a specification that is none */
export function formatMessage(format: string, args: readonly SqlValue[]): string {
  let next = 0;
  const take = (): SqlValue | undefined => args[next++];
  const text = format.replace(
    SPECIFICATION,
    (
      all: string,
      flags: string | undefined,
      width: string | undefined,
      precision: string | undefined,
      kind: string | undefined,
    ) => {
      if (all === "%%") return "%";
      const size = (given: string | undefined): number | undefined => {
        if (given !== "*") return given === undefined ? undefined : Number(given);
        const value = take();
        if (typeof value !== "number") throw runErrors.raiseParameter(next);
        return value;
      };
      const wide = size(width);
      const exact = size(precision);
      if (kind === undefined || !"diosuxX".includes(kind) || kind === "") throw runErrors.raiseFormat(all);
      const position = next + 1;
      const value = take();
      return padded(piece(kind, value, position, exact, flags ?? ""), wide, flags ?? "", kind);
    },
  );
  return text.length > LIMIT ? `${text.slice(0, LIMIT - 3)}...` : text;
}

function piece(
  kind: string,
  value: SqlValue | undefined,
  position: number,
  precision: number | undefined,
  flags: string,
): string {
  if (value === undefined || value === null) return "(null)";
  if (kind === "s") {
    if (typeof value !== "string") throw runErrors.raiseParameter(position);
    return precision === undefined ? value : value.slice(0, precision);
  }
  if (typeof value !== "number" && typeof value !== "bigint") throw runErrors.raiseParameter(position);
  const number = BigInt(value);
  const unsigned = number < 0n ? BigInt.asUintN(32, number) : number;
  let digits: string;
  if (kind === "d" || kind === "i") digits = (number < 0n ? -number : number).toString();
  else if (kind === "u") digits = unsigned.toString();
  else if (kind === "o") digits = (flags.includes("#") ? "0" : "") + unsigned.toString(8);
  else {
    const hex = unsigned.toString(16);
    digits = (flags.includes("#") ? "0x" : "") + hex;
    if (kind === "X") digits = digits.toUpperCase();
  }
  if (precision !== undefined) digits = digits.padStart(precision, "0");
  const signed = kind === "d" || kind === "i";
  const sign = !signed ? "" : number < 0n ? "-" : flags.includes("+") ? "+" : flags.includes(" ") ? " " : "";
  return sign + digits;
}

function padded(text: string, width: number | undefined, flags: string, kind: string): string {
  if (width === undefined || text.length >= width) return text;
  if (flags.includes("-")) return text.padEnd(width);
  return text.padStart(width, flags.includes("0") && kind !== "s" ? "0" : " ");
}
