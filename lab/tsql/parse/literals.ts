/** Constants and their types. Source: "Constants (Transact-SQL)", "Data types (Transact-SQL)". */
import type { Literal } from "../ast";
import { toCodePage } from "../collation";
import { parseDecimal } from "../decimal";
import { ParseError } from "../parser-errors";
import type { Token } from "../lexer";
import { Decimal } from "../values";
import { characterType, decimalType, FLOAT, INT, MONEY } from "../types";

const MAXIMUM_INT = 2_147_483_647n;
const MAXIMUM_PRECISION = 38;
const MAXIMUM_BINARY_LENGTH = 8000;
const MONEY_SCALE = 4;
/** money is a 64-bit integer of ten-thousandths. */
const MAXIMUM_MONEY = 9_223_372_036_854_775_807n;

/** A varchar constant; characters outside the code page become question marks. */
export function varcharLiteral(text: string): Literal {
  return { kind: "literal", type: characterType(false, text.length), value: toCodePage(text) };
}

/** An nvarchar constant, also for names and bare words that stand for one. */
export function nvarcharLiteral(text: string): Literal {
  return { kind: "literal", type: characterType(true, text.length), value: text };
}

/** int up to 2147483647, numeric(p,0) beyond it; 1007 beyond 38 digits. */
function integerLiteral(token: Token): Literal {
  const value = BigInt(token.text);
  if (value <= MAXIMUM_INT) return { kind: "literal", type: INT, value: Number(value) };
  return decimalLiteral(token);
}

function decimalLiteral(token: Token): Literal {
  const value = parseDecimal(token.text);
  if (value === undefined) throw new RangeError(`literals: '${token.text}' is no decimal constant`);
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled;
  const precision = Math.max(magnitude.toString().length, value.scale, 1);
  if (precision > MAXIMUM_PRECISION) {
    throw new ParseError(
      1007,
      `The number '${token.text}' is out of the range for numeric representation (maximum precision ${String(MAXIMUM_PRECISION)}).`,
      token.line,
    );
  }
  return { kind: "literal", type: decimalType(precision, value.scale), value };
}

function floatLiteral(token: Token): Literal {
  const text = /[eE][+-]?$/.test(token.text) ? `${token.text}0` : token.text;
  const value = Number(text);
  if (!Number.isFinite(value)) {
    throw new ParseError(
      168,
      `The floating point value '${token.text}' is out of the range of computer representation (8 bytes).`,
      token.line,
    );
  }
  return { kind: "literal", type: FLOAT, value };
}

/** `$` alone is 0; digits beyond four decimals are rounded. */
function moneyLiteral(token: Token): Literal {
  const sign = token.text.startsWith("-") ? -1n : 1n;
  const [whole = "", fraction = ""] = token.text.replace(/^[+-]/, "").split(".");
  const kept = BigInt(`${whole}${fraction.slice(0, MONEY_SCALE).padEnd(MONEY_SCALE, "0")}`);
  const unscaled = sign * (kept + ((fraction[MONEY_SCALE] ?? "0") >= "5" ? 1n : 0n));
  if (unscaled > MAXIMUM_MONEY || unscaled < -MAXIMUM_MONEY - 1n) {
    throw new ParseError(293, "Cannot convert char value to money. The char value has incorrect syntax.", token.line, {
      severity: 16,
    });
  }
  return { kind: "literal", type: MONEY, value: new Decimal(unscaled, MONEY_SCALE) };
}

/** An odd number of digits has a zero put before it. */
function binaryLiteral(token: Token): Literal {
  const digits = token.text.length % 2 === 0 ? token.text : `0${token.text}`;
  const value = Uint8Array.from(Buffer.from(digits, "hex"));
  const length = value.length > MAXIMUM_BINARY_LENGTH ? "max" : Math.max(1, value.length);
  return { kind: "literal", type: { name: "varbinary", length }, value };
}

/** The literal of a token, or undefined when the token is none. NULL is of type int. */
export function literalOf(token: Token): Literal | undefined {
  switch (token.type) {
    case "string":
      return varcharLiteral(token.text);
    case "nationalString":
      return nvarcharLiteral(token.text);
    case "integer":
      return integerLiteral(token);
    case "decimal":
      return decimalLiteral(token);
    case "float":
      return floatLiteral(token);
    case "money":
      return moneyLiteral(token);
    case "binary":
      return binaryLiteral(token);
    default:
      return token.word === "NULL" ? { kind: "literal", type: INT, value: null } : undefined;
  }
}

/** The literal with its sign turned, for places where only constants may stand (`DBCC TRACEON (3226, -1)`). */
export function negated(literal: Literal): Literal | undefined {
  const { value } = literal;
  if (typeof value === "number") return { ...literal, value: value === 0 ? 0 : -value };
  if (value instanceof Decimal) return { ...literal, value: new Decimal(-value.unscaled, value.scale) };
  return undefined;
}
