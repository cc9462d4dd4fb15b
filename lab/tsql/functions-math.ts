/** Mathematical functions. Source: "Mathematical functions (Transact-SQL)", sql-docs. */
import { convertValue } from "./conversion";
import { decimalToNumber, divideRounded, fits, numberToDecimal, powerOfTen } from "./decimal";
import {
  integerArgument,
  type BoundArgument,
  type BoundFunction,
  type BuiltInFunction,
  type FunctionTable,
} from "./function-binding";
import { bindErrors, runErrors } from "./language-errors";
import { FLOAT, INT, decimalType, exactShape, familyOf, isCharacter, isNumeric } from "./types";
import { Decimal, type SqlType, type SqlValue } from "./values";

/** Type in which a numeric function works: integers below int as int, strings as float. @throws BindError 8116 */
function workingType(argument: BoundArgument, name: string): SqlType {
  const { type } = argument;
  if (argument.isNull) return INT;
  if (isCharacter(type)) return FLOAT;
  if (!isNumeric(type)) throw bindErrors.argumentInvalid(type, 1, name);
  if (type.name === "tinyint" || type.name === "smallint") return INT;
  if (type.name === "bit" || type.name === "real") return FLOAT;
  return type.name === "smallmoney" ? { name: "money" } : type;
}

/** A function from float to float. @throws SqlError 3623 where the result is no number */
function floating(count: 1 | 2, of: (x: number, y: number) => number): BuiltInFunction {
  return {
    least: count,
    most: count,
    bind: (args) => ({
      type: FLOAT,
      call: (values) => {
        const [x, y] = values.map(
          (value, index) => convertValue(value, (args[index] as BoundArgument).type, FLOAT) as number,
        );
        const result = of(x as number, y ?? 0);
        if (Number.isNaN(result)) throw runErrors.domain();
        if (!Number.isFinite(result)) throw runErrors.expressionOverflow(FLOAT);
        return result;
      },
    }),
  };
}

const abs: BuiltInFunction = {
  least: 1,
  most: 1,
  bind: (args, _context, name) => {
    const argument = args[0] as BoundArgument;
    const type = workingType(argument, name);
    return {
      type,
      call: ([given]) => {
        const value = convertValue(given as SqlValue, argument.type, type);
        if (value instanceof Decimal) return value.unscaled < 0n ? new Decimal(-value.unscaled, value.scale) : value;
        if (typeof value === "bigint") {
          if (value === -9223372036854775808n) throw runErrors.expressionOverflow(type);
          return value < 0n ? -value : value;
        }
        if (type.name === "int" && value === -2147483648) throw runErrors.expressionOverflow(type);
        return Math.abs(value as number);
      },
    };
  },
};

const sign: BuiltInFunction = {
  least: 1,
  most: 1,
  bind: (args, _context, name) => {
    const argument = args[0] as BoundArgument;
    const type = workingType(argument, name);
    return {
      type,
      call: ([given]) => {
        const value = convertValue(given as SqlValue, argument.type, type);
        if (value instanceof Decimal)
          return new Decimal(
            (value.unscaled < 0n ? -1n : value.unscaled > 0n ? 1n : 0n) * powerOfTen(value.scale),
            value.scale,
          );
        if (typeof value === "bigint") return value < 0n ? -1n : value > 0n ? 1n : 0n;
        return Math.sign(value as number);
      },
    };
  },
};

function roundUnits(value: Decimal, places: number, cut: boolean): bigint {
  const drop = value.scale - places;
  if (drop <= 0) return value.unscaled;
  const power = powerOfTen(Math.min(drop, 76));
  return (cut ? value.unscaled / power : divideRounded(value.unscaled, power)) * power;
}

const round: BuiltInFunction = {
  least: 2,
  most: 3,
  bind: (args, _context, name) => {
    const argument = args[0] as BoundArgument;
    const type = workingType(argument, name);
    const places = integerArgument(args[1] as BoundArgument, 2, name);
    const mode = args[2] === undefined ? undefined : integerArgument(args[2], 3, name);
    return {
      type,
      call: ([given, digits, how]) => {
        const value = convertValue(given as SqlValue, argument.type, type);
        const to = places(digits as SqlValue);
        const cut = mode !== undefined && mode(how as SqlValue) !== 0;
        if (value instanceof Decimal) {
          const result = new Decimal(roundUnits(value, to, cut), value.scale);
          if (!fits(result, exactShape(type).precision)) throw runErrors.expressionOverflow(type);
          return result;
        }
        if (typeof value === "bigint") return roundUnits(new Decimal(value, 0), to, cut);
        if (type.name === "int") {
          const result = Number(roundUnits(new Decimal(BigInt(value as number), 0), to, cut));
          if (Math.abs(result) > 2147483647) throw runErrors.expressionOverflow(type);
          return result;
        }
        const power = 10 ** to;
        const scaled = (value as number) * power;
        const whole = cut ? Math.trunc(scaled) : Math.sign(scaled) * Math.round(Math.abs(scaled));
        return to > 300 || !Number.isFinite(scaled) ? value : whole / power;
      },
    };
  },
};

/** FLOOR and CEILING: decimals keep their precision with scale 0. */
function towards(direction: -1 | 1): BuiltInFunction {
  return {
    least: 1,
    most: 1,
    bind: (args, _context, name) => {
      const argument = args[0] as BoundArgument;
      const working = workingType(argument, name);
      const type = familyOf(working) === "decimal" ? decimalType(exactShape(working).precision, 0) : working;
      return {
        type,
        call: ([given]) => {
          const value = convertValue(given as SqlValue, argument.type, working);
          if (value instanceof Decimal) {
            const power = powerOfTen(value.scale);
            const rest = value.unscaled % power;
            let whole = value.unscaled / power;
            if (rest !== 0n && rest < 0n === direction < 0) whole += BigInt(direction);
            return familyOf(type) === "money" ? new Decimal(whole * power, 4) : new Decimal(whole, 0);
          }
          if (typeof value === "bigint") return value;
          return direction < 0 ? Math.floor(value as number) : Math.ceil(value as number);
        },
      };
    },
  };
}

const power: BuiltInFunction = {
  least: 2,
  most: 2,
  bind: (args, _context, name): BoundFunction => {
    const base = args[0] as BoundArgument;
    const exponentType = (args[1] as BoundArgument).type;
    const type = workingType(base, name);
    return {
      type,
      call: ([x, y]) => {
        const exponent = convertValue(y as SqlValue, exponentType, FLOAT) as number;
        const value = convertValue(x as SqlValue, base.type, type);
        const isWhole = Number.isInteger(exponent) && exponent >= 0 && exponent < 128;
        if ((typeof value === "bigint" || type.name === "int") && isWhole) {
          const result = BigInt(value as number | bigint) ** BigInt(exponent);
          return convertValue(result, { name: "bigint" }, type.name === "int" ? type : checkedBigint(result, type));
        }
        const result = (value instanceof Decimal ? decimalToNumber(value) : Number(value)) ** exponent;
        if (Number.isNaN(result)) throw runErrors.domain();
        if (!Number.isFinite(result)) throw runErrors.expressionOverflow(type);
        if (value instanceof Decimal) return numberToDecimal(result, value.scale);
        return type === FLOAT ? result : convertValue(result, FLOAT, type);
      },
    };
  },
};

function checkedBigint(value: bigint, type: SqlType): SqlType {
  if (value !== BigInt.asIntN(64, value)) throw runErrors.expressionOverflow(type);
  return type;
}

const rand: BuiltInFunction = {
  least: 0,
  most: 1,
  bind: (args, context, name) => {
    const seed = args[0] === undefined ? undefined : integerArgument(args[0], 1, name);
    return { type: FLOAT, call: ([value]) => context.random(seed?.(value as SqlValue)) };
  },
};

const isNumericFunction: BuiltInFunction = {
  least: 1,
  most: 1,
  nullable: true,
  bind: (args) => {
    const { type } = args[0] as BoundArgument;
    return {
      type: INT,
      call: ([value]) => {
        if (value === null || value === undefined) return 0;
        if (isNumeric(type)) return 1;
        if (typeof value !== "string" || !isCharacter(type)) return 0;
        return looksNumeric(value.trim()) ? 1 : 0;
      },
    };
  },
};

/** Anything that converts to float, money or decimal, including a sign, a point or a currency sign alone. */
function looksNumeric(text: string): boolean {
  return (
    (/^[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d*)?$/.test(text) || /^[+-]?[$\u00A3\u20AC]?[+-]?[\d,]*\.?\d*$/.test(text)) &&
    text !== ""
  );
}

export const MATH_FUNCTIONS: FunctionTable = {
  ABS: abs,
  SIGN: sign,
  ROUND: round,
  FLOOR: towards(-1),
  CEILING: towards(1),
  POWER: power,
  RAND: rand,
  ISNUMERIC: isNumericFunction,
  SQRT: floating(1, Math.sqrt),
  SQUARE: floating(1, (x) => x * x),
  EXP: floating(1, Math.exp),
  LOG: {
    ...floating(1, Math.log),
    most: 2,
    bind: (args, context, name) =>
      (args.length === 2 ? floating(2, (x, base) => Math.log(x) / Math.log(base)) : floating(1, Math.log)).bind(
        args,
        context,
        name,
      ),
  },
  LOG10: floating(1, Math.log10),
  PI: { least: 0, most: 0, bind: () => ({ type: FLOAT, call: () => Math.PI }) },
  SIN: floating(1, Math.sin),
  COS: floating(1, Math.cos),
  TAN: floating(1, Math.tan),
  ATAN: floating(1, Math.atan),
  ATN2: floating(2, Math.atan2),
};
