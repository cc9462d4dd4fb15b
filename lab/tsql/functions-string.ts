/** String functions. Source: "String functions (Transact-SQL)", sql-docs. */
import { codePageBytes, codePageText, collationOf } from "./collation";
import { convertValue, valueBytes } from "./conversion";
import { numberToDecimal, decimalText } from "./decimal";
import { integerArgument, textArgument, unicodeOf, type BoundArgument, type BuiltInFunction, type FunctionTable } from "./function-binding";
import { runErrors } from "./language-errors";
import { patternIndex } from "./like";
import { formatMessage } from "./message-format";
import { BIGINT, FLOAT, INT, NVARCHAR_MAX, characterType, displayLength, familyOf, isCharacter, isFixedLength, isLarge, isUnicode, lengthOf } from "./types";
import type { SqlType, SqlValue } from "./values";

/** Type of a text made from an argument: its own length, as varchar or nvarchar. */
function likeArgument(argument: BoundArgument): SqlType {
  if (isCharacter(argument.type) && !argument.isNull) {
    if (argument.type.name === "text") return characterType(false, "max");
    if (argument.type.name === "ntext") return characterType(true, "max");
    return characterType(unicodeOf(argument), lengthOf(argument.type));
  }
  if (familyOf(argument.type) === "binary") return characterType(false, lengthOf(argument.type));
  return characterType(false, displayLength(argument.type));
}

function mapText(change: (text: string) => string): BuiltInFunction {
  return {
    least: 1,
    most: 1,
    bind: (args, _context, name) => {
      const argument = args[0] as BoundArgument;
      const text = textArgument(argument, 1, name);
      return { type: likeArgument(argument), call: ([value]) => change(text(value as SqlValue)) };
    },
  };
}

function sidePart(take: (text: string, count: number) => string): BuiltInFunction {
  return {
    least: 2,
    most: 2,
    bind: (args, _context, name) => {
      const text = textArgument(args[0] as BoundArgument, 1, name);
      const count = integerArgument(args[1] as BoundArgument, 2, name);
      return {
        type: likeArgument(args[0] as BoundArgument),
        call: ([value, length]) => {
          const wanted = count(length as SqlValue);
          if (wanted < 0) throw runErrors.invalidLength(name.toLowerCase());
          return take(text(value as SqlValue), wanted);
        },
      };
    },
  };
}

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

function sizeType(argument: BoundArgument): SqlType {
  return argument.type.length === "max" ? BIGINT : INT;
}

const len: BuiltInFunction = {
  least: 1,
  most: 1,
  bind: (args, _context, name) => {
    const argument = args[0] as BoundArgument;
    const type = sizeType(argument);
    const answer = (size: number): SqlValue => (type === BIGINT ? BigInt(size) : size);
    if (familyOf(argument.type) === "binary" && !argument.isNull) return { type, call: ([value]) => answer((value as Uint8Array).length) };
    const text = textArgument(argument, 1, name);
    return { type, call: ([value]) => answer(text(value as SqlValue).replace(/ +$/, "").length) };
  },
};

const STORED_BYTES: Readonly<Record<string, number>> = {
  bit: 1, tinyint: 1, smallint: 2, int: 4, bigint: 8, smallmoney: 4, money: 8, real: 4, float: 8,
  date: 3, smalldatetime: 4, datetime: 8, uniqueidentifier: 16, timestamp: 8,
};

function storedBytes(value: SqlValue, type: SqlType): number {
  if (value === null) return 0;
  if (typeof value === "string" && type.name !== "uniqueidentifier") return value.length * (isUnicode(type) || type.name === "xml" ? 2 : 1);
  if (value instanceof Uint8Array) return value.length;
  if (type.name === "sql_variant" && typeof value === "object" && "value" in value) return storedBytes(value.value, value.type);
  const fixed = STORED_BYTES[type.name];
  if (fixed !== undefined) return fixed;
  if (familyOf(type) === "decimal") {
    const precision = type.precision ?? 18;
    return precision <= 9 ? 5 : precision <= 19 ? 9 : precision <= 28 ? 13 : 17;
  }
  const scale = type.scale ?? 7;
  const time = scale <= 2 ? 3 : scale <= 4 ? 4 : 5;
  return type.name === "time" ? time : type.name === "datetime2" ? time + 3 : time + 5;
}

const dataLength: BuiltInFunction = {
  least: 1,
  most: 1,
  bind: (args) => {
    const argument = args[0] as BoundArgument;
    const type = isLarge(argument.type) && argument.type.length === "max" ? BIGINT : INT;
    return { type, call: ([value]) => (type === BIGINT ? BigInt(storedBytes(value as SqlValue, argument.type)) : storedBytes(value as SqlValue, argument.type)) };
  },
};

const substring: BuiltInFunction = {
  least: 3,
  most: 3,
  bind: (args, _context, name) => {
    const argument = args[0] as BoundArgument;
    const start = integerArgument(args[1] as BoundArgument, 2, name);
    const length = integerArgument(args[2] as BoundArgument, 3, name);
    const bounds = (from: SqlValue, count: SqlValue): [number, number] => {
      const first = start(from) - 1;
      const size = length(count);
      if (size < 0) throw runErrors.invalidLength("SUBSTRING".toLowerCase());
      return [Math.max(0, first), Math.max(0, first + size)];
    };
    if (familyOf(argument.type) === "binary" && !argument.isNull)
      return { type: { name: "varbinary", length: lengthOf(argument.type) }, call: ([value, from, count]) => (value as Uint8Array).slice(...bounds(from as SqlValue, count as SqlValue)) };
    const text = textArgument(argument, 1, name);
    return { type: likeArgument(argument), call: ([value, from, count]) => text(value as SqlValue).slice(...bounds(from as SqlValue, count as SqlValue)) };
  },
};

const charIndex: BuiltInFunction = {
  least: 2,
  most: 3,
  bind: (args, _context, name) => {
    const wanted = textArgument(args[0] as BoundArgument, 1, name);
    const text = textArgument(args[1] as BoundArgument, 2, name);
    const start = args[2] === undefined ? undefined : integerArgument(args[2], 3, name);
    const { collation } = args[1] as BoundArgument;
    const type = sizeType(args[1] as BoundArgument);
    return {
      type,
      call: ([value, within, from]) => {
        const whole = text(within as SqlValue);
        const sought = wanted(value as SqlValue);
        const fold = (part: string): string => (collation.caseSensitive ? part : part.toLowerCase());
        const at = sought === "" ? -1 : fold(whole).indexOf(fold(sought), Math.max(0, (start?.(from as SqlValue) ?? 1) - 1));
        return type === BIGINT ? BigInt(at + 1) : at + 1;
      },
    };
  },
};

const patIndex: BuiltInFunction = {
  least: 2,
  most: 2,
  bind: (args, _context, name) => {
    const pattern = textArgument(args[0] as BoundArgument, 1, name);
    const text = textArgument(args[1] as BoundArgument, 2, name);
    const { collation } = args[1] as BoundArgument;
    const type = sizeType(args[1] as BoundArgument);
    return {
      type,
      call: ([sought, within]) => {
        const at = patternIndex(pattern(sought as SqlValue), text(within as SqlValue), collation);
        return type === BIGINT ? BigInt(at) : at;
      },
    };
  },
};

const replace: BuiltInFunction = {
  least: 3,
  most: 3,
  bind: (args, _context, name) => {
    const [text, sought, put] = args.map((argument, index) => textArgument(argument, index + 1, name));
    const unicode = args.some(unicodeOf);
    const { collation } = args[0] as BoundArgument;
    const large = args.some((argument) => isLarge(argument.type));
    return {
      type: large ? characterType(unicode, "max") : characterType(unicode, unicode ? 4000 : 8000),
      call: ([value, from, to]) => {
        const whole = text!(value as SqlValue);
        const pattern = sought!(from as SqlValue);
        if (pattern === "") return whole;
        const flags = collation.caseSensitive ? "g" : "gi";
        const replacement = put!(to as SqlValue);
        return whole.replace(new RegExp(pattern.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"), flags), () => replacement);
      },
    };
  },
};

const replicate: BuiltInFunction = {
  least: 2,
  most: 2,
  bind: (args, _context, name) => {
    const argument = args[0] as BoundArgument;
    const text = textArgument(argument, 1, name);
    const count = integerArgument(args[1] as BoundArgument, 2, name);
    const unicode = unicodeOf(argument);
    const large = isLarge(argument.type);
    const limit = unicode ? 4000 : 8000;
    return {
      type: characterType(unicode, large ? "max" : limit),
      call: ([value, times]) => {
        const repeats = count(times as SqlValue);
        if (repeats < 0) return null;
        const piece = text(value as SqlValue);
        const room = large ? repeats : Math.min(repeats, Math.ceil(limit / Math.max(1, piece.length)));
        const result = piece.repeat(room);
        return large ? result : result.slice(0, limit);
      },
    };
  },
};

const stuff: BuiltInFunction = {
  least: 4,
  most: 4,
  nullable: true,
  bind: (args, _context, name) => {
    const text = textArgument(args[0] as BoundArgument, 1, name);
    const start = integerArgument(args[1] as BoundArgument, 2, name);
    const length = integerArgument(args[2] as BoundArgument, 3, name);
    const put = textArgument(args[3] as BoundArgument, 4, name);
    const unicode = unicodeOf(args[0] as BoundArgument) || unicodeOf(args[3] as BoundArgument);
    const large = args.some((argument, index) => index !== 1 && index !== 2 && isLarge(argument.type));
    return {
      type: characterType(unicode, large ? "max" : unicode ? 4000 : 8000),
      call: ([value, from, count, added]) => {
        if (value === null || from === null || count === null) return null;
        const whole = text(value as SqlValue);
        const first = start(from as SqlValue);
        const size = length(count as SqlValue);
        if (first < 1 || first > whole.length || size < 0) return null;
        return whole.slice(0, first - 1) + (added === null ? "" : put(added as SqlValue)) + whole.slice(first - 1 + size);
      },
    };
  },
};

const str: BuiltInFunction = {
  least: 1,
  most: 3,
  bind: (args, _context, name) => {
    const source = (args[0] as BoundArgument).type;
    const width = args[1] === undefined ? undefined : integerArgument(args[1], 2, name);
    const places = args[2] === undefined ? undefined : integerArgument(args[2], 3, name);
    return {
      type: characterType(false, typeof args[1]?.constant === "number" ? args[1].constant : 10),
      call: ([value, length, decimals]) => {
        const size = width?.(length as SqlValue) ?? 10;
        const number = convertValue(value as SqlValue, source, FLOAT) as number;
        const scale = Math.min(16, Math.max(0, places?.(decimals as SqlValue) ?? 0));
        let text = decimalText(numberToDecimal(number, scale));
        if (text.length > size && text.includes(".")) {
          const room = Math.max(0, size - text.indexOf(".") - 1);
          text = decimalText(numberToDecimal(number, room));
        }
        return text.length > size ? "*".repeat(Math.max(0, size)) : text.padStart(size);
      },
    };
  },
};

const quoteName: BuiltInFunction = {
  least: 1,
  most: 2,
  bind: (args, _context, name) => {
    const text = textArgument(args[0] as BoundArgument, 1, name);
    const quote = args[1] === undefined ? undefined : textArgument(args[1], 2, name);
    return {
      type: characterType(true, 258),
      call: ([value, character]) => {
        const whole = text(value as SqlValue);
        if (whole.length > 128) return null;
        const given = quote?.(character as SqlValue) ?? "[";
        const pairs: Readonly<Record<string, readonly [string, string]>> = {
          "[": ["[", "]"], "]": ["[", "]"], "'": ["'", "'"], '"': ['"', '"'], "(": ["(", ")"], ")": ["(", ")"],
          "<": ["<", ">"], ">": ["<", ">"], "{": ["{", "}"], "}": ["{", "}"], "`": ["`", "`"],
        };
        const pair = pairs[given.charAt(0)];
        if (pair === undefined) return null;
        return pair[0] + whole.replaceAll(pair[1], pair[1] + pair[1]) + pair[1];
      },
    };
  },
};

/** Splits a name at its dots, outside of brackets and quotes; undefined when a part is never closed or there are more than four. */
export function nameParts(text: string): string[] | undefined {
  const parts: string[] = [];
  let at = 0;
  do {
    let part = "";
    const open = text.charAt(at);
    if (open === "[" || open === '"') {
      const close = open === "[" ? "]" : '"';
      at += 1;
      for (;;) {
        if (at >= text.length) return undefined;
        if (text.charAt(at) === close) {
          if (text.charAt(at + 1) !== close) break;
          at += 1;
        }
        part += text.charAt(at);
        at += 1;
      }
      at += 1;
      if (at < text.length && text.charAt(at) !== ".") return undefined;
    } else {
      while (at < text.length && text.charAt(at) !== ".") part += text.charAt(at++);
    }
    parts.push(part);
    at += 1;
  } while (at <= text.length);
  return parts.length > 4 ? undefined : parts;
}

const parseName: BuiltInFunction = {
  least: 2,
  most: 2,
  bind: (args, _context, name) => {
    const text = textArgument(args[0] as BoundArgument, 1, name);
    const piece = integerArgument(args[1] as BoundArgument, 2, name);
    return {
      type: characterType(true, 128),
      call: ([value, which]) => {
        const parts = nameParts(text(value as SqlValue))?.reverse();
        const part = parts?.[piece(which as SqlValue) - 1];
        return part === undefined || part === "" || part.length > 128 ? null : part;
      },
    };
  },
};

const concat: BuiltInFunction = {
  least: 2,
  most: 254,
  nullable: true,
  since: 11,
  bind: (args, _context, name) => {
    const texts = args.map((argument, index) => textArgument(argument, index + 1, name));
    const unicode = args.some(unicodeOf);
    const lengths = args.map((argument) => lengthOf(likeArgument(argument)));
    const sum = lengths.reduce<number>((total, length) => total + (length === "max" ? 0 : length), 0);
    const limit = unicode ? 4000 : 8000;
    const large = lengths.includes("max");
    return {
      type: characterType(unicode, large ? "max" : Math.min(limit, sum)),
      call: (values) => {
        const joined = values.map((value, index) => (value === null ? "" : (texts[index] as (value: SqlValue) => string)(value))).join("");
        return large ? joined : joined.slice(0, limit);
      },
    };
  },
};

const formatMessageFunction: BuiltInFunction = {
  least: 1,
  most: 21,
  nullable: true,
  bind: (args, _context, name) => {
    const text = textArgument(args[0] as BoundArgument, 1, name);
    return { type: characterType(true, 2048), call: ([format, ...values]) => (format === null ? null : formatMessage(text(format as SqlValue), values)) };
  },
};

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

const space: BuiltInFunction = {
  least: 1,
  most: 1,
  bind: (args, _context, name) => {
    const count = integerArgument(args[0] as BoundArgument, 1, name);
    return { type: characterType(false, 8000), call: ([value]) => (count(value as SqlValue) < 0 ? null : " ".repeat(Math.min(8000, count(value as SqlValue)))) };
  },
};

/** SOUNDEX: a letter and three digits. */
function soundex(text: string): string {
  const codes: Readonly<Record<string, string>> = { B: "1", F: "1", P: "1", V: "1", C: "2", G: "2", J: "2", K: "2", Q: "2", S: "2", X: "2", Z: "2", D: "3", T: "3", L: "4", M: "5", N: "5", R: "6" };
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

export const STRING_FUNCTIONS: FunctionTable = {
  LEN: len,
  DATALENGTH: dataLength,
  LEFT: sidePart((text, count) => text.slice(0, count)),
  RIGHT: sidePart((text, count) => (count === 0 ? "" : text.slice(-count))),
  SUBSTRING: substring,
  CHARINDEX: charIndex,
  PATINDEX: patIndex,
  REPLACE: replace,
  REPLICATE: replicate,
  STUFF: stuff,
  STR: str,
  QUOTENAME: quoteName,
  PARSENAME: parseName,
  CONCAT: concat,
  FORMATMESSAGE: formatMessageFunction,
  LTRIM: mapText((text) => text.replace(/^ +/, "")),
  RTRIM: mapText((text) => text.replace(/ +$/, "")),
  UPPER: mapText((text) => text.toUpperCase()),
  LOWER: mapText((text) => text.toLowerCase()),
  REVERSE: mapText((text) => [...text].reverse().join("")),
  SPACE: space,
  CHAR: fromCode(false),
  NCHAR: fromCode(true),
  ASCII: measure(() => INT, (text) => (text === "" ? null : (codePageBytes(text.charAt(0))[0] ?? 0))),
  UNICODE: measure(() => INT, (text) => (text === "" ? null : text.charCodeAt(0))),
  SOUNDEX: measure(() => characterType(false, 4), soundex),
  COLLATIONPROPERTY: collationProperty,
};

/** Bytes of a text argument as HASHBYTES and CHECKSUM read them. */
export function argumentBytes(value: SqlValue, type: SqlType): Uint8Array {
  return value === null ? new Uint8Array() : valueBytes(value, type, isFixedLength(type) ? type : NVARCHAR_MAX);
}
