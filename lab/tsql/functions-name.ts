/** Functions on names, messages and sizes of values: QUOTENAME, PARSENAME, FORMATMESSAGE, DATALENGTH. Source: their pages in sql-docs. */
import { valueBytes } from "./conversion";
import {
  integerArgument,
  textArgument,
  type BoundArgument,
  type BuiltInFunction,
  type FunctionTable,
} from "./function-binding";
import { formatMessage } from "./message-format";
import { BIGINT, INT, NVARCHAR_MAX, characterType, familyOf, isFixedLength, isLarge, isUnicode } from "./types";
import type { SqlType, SqlValue } from "./values";

const STORED_BYTES: Readonly<Record<string, number>> = {
  bit: 1,
  tinyint: 1,
  smallint: 2,
  int: 4,
  bigint: 8,
  smallmoney: 4,
  money: 8,
  real: 4,
  float: 8,
  date: 3,
  smalldatetime: 4,
  datetime: 8,
  uniqueidentifier: 16,
  timestamp: 8,
};

function storedBytes(value: SqlValue, type: SqlType): number {
  if (value === null) return 0;
  if (typeof value === "string" && type.name !== "uniqueidentifier")
    return value.length * (isUnicode(type) || type.name === "xml" ? 2 : 1);
  if (value instanceof Uint8Array) return value.length;
  if (type.name === "sql_variant" && typeof value === "object" && "value" in value)
    return storedBytes(value.value, value.type);
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
    return {
      type,
      call: ([value]) =>
        type === BIGINT
          ? BigInt(storedBytes(value as SqlValue, argument.type))
          : storedBytes(value as SqlValue, argument.type),
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
          "[": ["[", "]"],
          "]": ["[", "]"],
          "'": ["'", "'"],
          '"': ['"', '"'],
          "(": ["(", ")"],
          ")": ["(", ")"],
          "<": ["<", ">"],
          ">": ["<", ">"],
          "{": ["{", "}"],
          "}": ["{", "}"],
          "`": ["`", "`"],
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

const formatMessageFunction: BuiltInFunction = {
  least: 1,
  most: 21,
  nullable: true,
  bind: (args, _context, name) => {
    const text = textArgument(args[0] as BoundArgument, 1, name);
    return {
      type: characterType(true, 2048),
      call: ([format, ...values]) => (format === null ? null : formatMessage(text(format as SqlValue), values)),
    };
  },
};

/** Bytes of a text argument as HASHBYTES and CHECKSUM read them. */
export function argumentBytes(value: SqlValue, type: SqlType): Uint8Array {
  return value === null ? new Uint8Array() : valueBytes(value, type, isFixedLength(type) ? type : NVARCHAR_MAX);
}

export const NAME_FUNCTIONS: FunctionTable = {
  DATALENGTH: dataLength,
  QUOTENAME: quoteName,
  PARSENAME: parseName,
  FORMATMESSAGE: formatMessageFunction,
};
