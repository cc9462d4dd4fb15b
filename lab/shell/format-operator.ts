/** The -f operator and [string]::Format: composite formatting of .NET under the invariant culture. */
import { numberText, toText } from "./conversions";
import { DateTime } from "./date-time";
import { failure } from "./error-record";
import type { Value } from "./values";

/** Standard numeric formats D, N, F, X, P, G, C and custom ones of 0, # and a point. */
export function formatNumber(value: number, format: string): string {
  const standard = /^([dnfxpge])(\d*)$/i.exec(format);
  if (standard === null) return customNumber(value, format);
  const digits = standard[2] === "" ? undefined : Number(standard[2]);
  const sign = value < 0 ? "-" : "";
  const grouped = (text: string): string => text.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  switch ((standard[1] as string).toLowerCase()) {
    case "d":
      return sign + String(Math.abs(Math.round(value))).padStart(digits ?? 0, "0");
    case "n": {
      const [whole, fraction] = Math.abs(value)
        .toFixed(digits ?? 2)
        .split(".") as [string, string?];
      return sign + grouped(whole) + (fraction === undefined ? "" : `.${fraction}`);
    }
    case "f":
      return value.toFixed(digits ?? 2);
    case "x": {
      const text = (value < 0 ? value + 2 ** 32 : value).toString(16).padStart(digits ?? 0, "0");
      return standard[1] === "X" ? text.toUpperCase() : text;
    }
    case "p":
      return `${formatNumber(value * 100, `n${String(digits ?? 2)}`)} %`;
    case "e":
      return value.toExponential(digits ?? 6).replace(/e([+-])(\d+)$/, (_, exponentSign: string, exponent: string) => {
        return `${standard[1] as string}${exponentSign}${exponent.padStart(3, "0")}`;
      });
    default:
      return numberText(value);
  }
}

function customNumber(value: number, format: string): string {
  const [whole, fraction = ""] = format.split(".") as [string, string?];
  const least = (fraction.match(/0/g) ?? []).length;
  const most = fraction.length;
  let [integer, decimals = ""] = Math.abs(value).toFixed(most).split(".") as [string, string?];
  while (decimals.length > least && decimals.endsWith("0")) decimals = decimals.slice(0, -1);
  integer = integer.padStart((whole.match(/0/g) ?? []).length, "0");
  if (whole.includes(",")) integer = integer.replace(/\B(?=(\d{3})+(?!\d))/g, ",");
  return `${value < 0 ? "-" : ""}${integer}${decimals === "" ? "" : `.${decimals}`}`;
}

/** `{index[,alignment][:format]}`; throws FormatError as PowerShell does when an index is out of range. */
export function formatString(format: string, args: readonly Value[]): string {
  const wrong = (message: string): Error => {
    const text = `Error formatting a string: ${message}.`;
    return failure("FormatError", "InvalidOperation", "System.Management.Automation.RuntimeException", text, {
      name: format,
      type: "String",
    });
  };
  return format.replace(
    /\{\{|\}\}|\{(\d+)(?:,(-?\d+))?(?::([^}]*))?\}|[{}]/g,
    (token, index?: string, width?: string, how?: string) => {
      if (token === "{{") return "{";
      if (token === "}}") return "}";
      if (index === undefined) throw wrong("Input string was not in a correct format.");
      if (Number(index) >= args.length)
        throw wrong(
          "Index (zero based) must be greater than or equal to zero and less than the size of the argument list.",
        );
      const value = args[Number(index)];
      let text = toText(value);
      if (how !== undefined && typeof value === "number") text = formatNumber(value, how);
      if (how !== undefined && value instanceof DateTime) text = value.format(how);
      const wide = Number(width ?? 0);
      return wide < 0 ? text.padEnd(-wide) : text.padStart(wide);
    },
  );
}
