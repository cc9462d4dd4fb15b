/** Functions on characters and their codes: ASCII, CHAR, NCHAR, UNICODE, SOUNDEX, COLLATIONPROPERTY. Source: sql-docs. */
import { codePageBytes, codePageText, collationOf } from "./collation";
import {
  integerArgument,
  textArgument,
  type BoundArgument,
  type BuiltInFunction,
  type FunctionTable,
} from "./function-binding";
import { INT, characterType } from "./types";
import type { SqlType, SqlValue } from "./values";

/** A function of one text that answers a number. */
function measure(type: (argument: BoundArgument) => SqlType, of: (text: string) => SqlValue): BuiltInFunction {
  return {
    least: 1,
    most: 1,
    bind: (args, _context, name) => {
      const text = textArgument(args[0] as BoundArgument, 1, name);
      return { type: type(args[0] as BoundArgument), call: ([value]) => of(text(value as SqlValue)) };
    },
  };
}

function fromCode(unicode: boolean): BuiltInFunction {
  return {
    least: 1,
    most: 1,
    bind: (args, _context, name) => {
      const code = integerArgument(args[0] as BoundArgument, 1, name);
      return {
        type: { name: unicode ? "nchar" : "char", length: 1 },
        call: ([value]) => {
          const number = code(value as SqlValue);
          if (number < 0 || number > (unicode ? 0xffff : 0xff)) return null;
          return unicode ? String.fromCharCode(number) : codePageText(Uint8Array.of(number));
        },
      };
    },
  };
}

/** SOUNDEX: a letter and three digits. */
function soundex(text: string): string {
  const codes: Readonly<Record<string, string>> = {
    B: "1",
    F: "1",
    P: "1",
    V: "1",
    C: "2",
    G: "2",
    J: "2",
    K: "2",
    Q: "2",
    S: "2",
    X: "2",
    Z: "2",
    D: "3",
    T: "3",
    L: "4",
    M: "5",
    N: "5",
    R: "6",
  };
  const letters = /^[A-Z]+/.exec(text.toUpperCase())?.[0] ?? "";
  if (letters === "") return "0000";
  let result = letters.charAt(0);
  let previous = codes[result] ?? "";
  for (const letter of letters.slice(1)) {
    const code = codes[letter] ?? "";
    if (code !== "" && code !== previous) result += code;
    if (letter !== "H" && letter !== "W") previous = code;
  }
  return result.slice(0, 4).padEnd(4, "0");
}

const collationProperty: BuiltInFunction = {
  least: 2,
  most: 2,
  bind: (args, _context, name) => {
    const collation = textArgument(args[0] as BoundArgument, 1, name);
    const property = textArgument(args[1] as BoundArgument, 2, name);
    return {
      type: INT,
      call: ([value, wanted]) => {
        const found = collationOf(collation(value as SqlValue));
        switch (property(wanted as SqlValue).toLowerCase()) {
          case "codepage":
            return 1252;
          case "lcid":
            return 1033;
          case "comparisonstyle":
            return found.name.toLowerCase().includes("_bin") ? 0 : found.caseSensitive ? 196608 : 196609;
          default:
            return null;
        }
      },
    };
  },
};

export const CHARACTER_FUNCTIONS: FunctionTable = {
  CHAR: fromCode(false),
  NCHAR: fromCode(true),
  ASCII: measure(
    () => INT,
    (text) => (text === "" ? null : (codePageBytes(text.charAt(0))[0] ?? 0)),
  ),
  UNICODE: measure(
    () => INT,
    (text) => (text === "" ? null : text.charCodeAt(0)),
  ),
  SOUNDEX: measure(() => characterType(false, 4), soundex),
  COLLATIONPROPERTY: collationProperty,
};
