/** String functions. Source: "String functions (Transact-SQL)", sql-docs. */
import { convertValue } from "./conversion";
import { numberToDecimal, decimalText } from "./decimal";
import {
  integerArgument,
  textArgument,
  unicodeOf,
  type BoundArgument,
  type BuiltInFunction,
  type FunctionTable,
} from "./function-binding";
import { runErrors } from "./language-errors";
import { patternIndex } from "./like";
import { BIGINT, FLOAT, INT, characterType, displayLength, familyOf, isCharacter, isLarge, lengthOf } from "./types";
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
    if (familyOf(argument.type) === "binary" && !argument.isNull)
      return { type, call: ([value]) => answer((value as Uint8Array).length) };
    const text = textArgument(argument, 1, name);
    return { type, call: ([value]) => answer(text(value as SqlValue).replace(/ +$/, "").length) };
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
      return {
        type: { name: "varbinary", length: lengthOf(argument.type) },
        call: ([value, from, count]) => (value as Uint8Array).slice(...bounds(from as SqlValue, count as SqlValue)),
      };
    const text = textArgument(argument, 1, name);
    return {
      type: likeArgument(argument),
      call: ([value, from, count]) => text(value as SqlValue).slice(...bounds(from as SqlValue, count as SqlValue)),
    };
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
        const at =
          sought === "" ? -1 : fold(whole).indexOf(fold(sought), Math.max(0, (start?.(from as SqlValue) ?? 1) - 1));
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
        return (
          whole.slice(0, first - 1) + (added === null ? "" : put(added as SqlValue)) + whole.slice(first - 1 + size)
        );
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
        const joined = values
          .map((value, index) => (value === null ? "" : (texts[index] as (value: SqlValue) => string)(value)))
          .join("");
        return large ? joined : joined.slice(0, limit);
      },
    };
  },
};

const space: BuiltInFunction = {
  least: 1,
  most: 1,
  bind: (args, _context, name) => {
    const count = integerArgument(args[0] as BoundArgument, 1, name);
    return {
      type: characterType(false, 8000),
      call: ([value]) => (count(value as SqlValue) < 0 ? null : " ".repeat(Math.min(8000, count(value as SqlValue)))),
    };
  },
};

export const STRING_FUNCTIONS: FunctionTable = {
  LEN: len,
  LEFT: sidePart((text, count) => text.slice(0, count)),
  RIGHT: sidePart((text, count) => (count === 0 ? "" : text.slice(-count))),
  SUBSTRING: substring,
  CHARINDEX: charIndex,
  PATINDEX: patIndex,
  REPLACE: replace,
  REPLICATE: replicate,
  STUFF: stuff,
  STR: str,
  CONCAT: concat,
  LTRIM: mapText((text) => text.replace(/^ +/, "")),
  RTRIM: mapText((text) => text.replace(/ +$/, "")),
  UPPER: mapText((text) => text.toUpperCase()),
  LOWER: mapText((text) => text.toLowerCase()),
  REVERSE: mapText((text) => [...text].reverse().join("")),
  SPACE: space,
};
