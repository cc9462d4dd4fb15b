/**
 * Aggregate functions: type of the result and accumulation. NULL values are left out, with warning 8153.
 * Source: "Aggregate functions (Transact-SQL)", "SUM", "AVG" (their return types), sql-docs.
 */
import type { Collation } from "./collation";
import { comparatorOf, keyOf } from "./comparison";
import { convertValue } from "./conversion";
import { decimalToNumber, fits } from "./decimal";
import { bindErrors, runErrors } from "./language-errors";
import { BIGINT, FLOAT, INT, decimalType, exactShape, familyOf, isLarge } from "./types";
import { Decimal, type SqlType, type SqlValue } from "./values";

type Present = Exclude<SqlValue, null>;

export interface Accumulator {
  add(value: Present): void;
  result(): SqlValue;
}

export interface Aggregate {
  readonly type: SqlType;
  create(): Accumulator;
}

const NAMES = new Set([
  "COUNT",
  "COUNT_BIG",
  "SUM",
  "AVG",
  "MIN",
  "MAX",
  "STDEV",
  "STDEVP",
  "VAR",
  "VARP",
  "CHECKSUM_AGG",
]);

export function isAggregateName(name: string): boolean {
  return NAMES.has(name.toUpperCase());
}

/** Binds an aggregate to the type of its argument. `name` in upper case. @throws BindError 8117 */
export function aggregateOf(name: string, type: SqlType, collation: Collation): Aggregate {
  switch (name) {
    case "COUNT":
    case "COUNT_BIG":
      return count(name === "COUNT_BIG");
    case "SUM":
      return sum(type);
    case "AVG":
      return average(type);
    case "MIN":
    case "MAX":
      return extreme(name, type, collation);
    case "CHECKSUM_AGG":
      if (familyOf(type) !== "integer" || type.name === "bigint") throw bindErrors.operandInvalid(type, "checksum_agg");
      return {
        type: INT,
        create: () => {
          let result: number | null = null;
          return { add: (value) => (result = (result ?? 0) ^ (value as number)), result: () => result };
        },
      };
    default:
      return deviation(name, type);
  }
}

function count(big: boolean): Aggregate {
  return {
    type: big ? BIGINT : INT,
    create: () => {
      let rows = 0;
      return {
        add: () => {
          rows += 1;
        },
        result: () => (big ? BigInt(rows) : rows),
      };
    },
  };
}

function checkSummable(type: SqlType, word: string): void {
  const family = familyOf(type);
  const summable =
    (family === "integer" && type.name !== "bit") || family === "decimal" || family === "money" || family === "float";
  if (!summable) throw bindErrors.operandInvalid(type, word);
}

/** Sum of exact values in units of the scale, of floats as double. */
function unitsOf(value: Present): bigint {
  return value instanceof Decimal ? value.unscaled : BigInt(value as number | bigint);
}

function sumType(type: SqlType): SqlType {
  switch (familyOf(type)) {
    case "integer":
      return type.name === "bigint" ? BIGINT : INT;
    case "decimal":
      return decimalType(38, exactShape(type).scale);
    case "money":
      return { name: "money" };
    default:
      return FLOAT;
  }
}

function exactResult(units: bigint, type: SqlType): SqlValue {
  if (type.name === "bigint" || type.name === "int") {
    if (units !== BigInt.asIntN(type.name === "int" ? 32 : 64, units)) throw runErrors.expressionOverflow(type);
    return type.name === "int" ? Number(units) : units;
  }
  const result = new Decimal(units, exactShape(type).scale);
  if (!fits(result, exactShape(type).precision)) throw runErrors.expressionOverflow(type);
  return result;
}

function sum(type: SqlType): Aggregate {
  checkSummable(type, "sum");
  const result = sumType(type);
  if (result === FLOAT)
    return {
      type: FLOAT,
      create: () => {
        let total: number | null = null;
        return { add: (value) => (total = (total ?? 0) + (value as number)), result: () => total };
      },
    };
  return {
    type: result,
    create: () => {
      let total: bigint | undefined;
      return {
        add: (value) => (total = (total ?? 0n) + unitsOf(value)),
        result: () => (total === undefined ? null : exactResult(total, result)),
      };
    },
  };
}

function average(type: SqlType): Aggregate {
  checkSummable(type, "avg");
  const total = sumType(type);
  const { scale } = exactShape(type);
  const result = familyOf(type) === "decimal" ? decimalType(38, Math.max(scale, 6)) : total;
  return {
    type: result,
    create: () => {
      let rows = 0n;
      let units = 0n;
      let floats = 0;
      return {
        add: (value) => {
          rows += 1n;
          if (total === FLOAT) floats += value as number;
          else units += unitsOf(value);
        },
        result: () => {
          if (rows === 0n) return null;
          if (total === FLOAT) return floats / Number(rows);
          exactResult(units, total);
          const more = familyOf(type) === "decimal" ? (result.scale as number) - scale : 0;
          return exactResult((units * 10n ** BigInt(more)) / rows, result);
        },
      };
    },
  };
}

function extreme(name: "MIN" | "MAX", type: SqlType, collation: Collation): Aggregate {
  if (
    type.name === "bit" ||
    type.name === "text" ||
    type.name === "ntext" ||
    type.name === "image" ||
    type.name === "xml"
  )
    throw bindErrors.operandInvalid(type, name.toLowerCase());
  const compare = comparatorOf(type, collation);
  const wanted = name === "MIN" ? -1 : 1;
  return {
    type,
    create: () => {
      let best: SqlValue = null;
      return {
        add: (value) => {
          if (best === null || Math.sign(compare(value, best)) === wanted) best = value;
        },
        result: () => best,
      };
    },
  };
}

function deviation(name: string, type: SqlType): Aggregate {
  checkSummable(type, name.toLowerCase());
  const population = name.endsWith("P");
  return {
    type: FLOAT,
    create: () => {
      let rows = 0;
      let mean = 0;
      let squares = 0;
      return {
        // Welford's method: no loss of digits where the values lie close together.
        add: (value) => {
          const number =
            value instanceof Decimal ? decimalToNumber(value) : (convertValue(value, type, FLOAT) as number);
          rows += 1;
          const difference = number - mean;
          mean += difference / rows;
          squares += difference * (number - mean);
        },
        result: () => {
          const divisor = population ? rows : rows - 1;
          if (divisor <= 0) return null;
          const variance = squares / divisor;
          return name.startsWith("STDEV") ? Math.sqrt(variance) : variance;
        },
      };
    },
  };
}

/** The same aggregate over distinct values. @throws BindError 421 for types that cannot be compared */
export function distinctOf(aggregate: Aggregate, type: SqlType, collation: Collation): Aggregate {
  if (isLarge(type) && type.length !== "max") throw bindErrors.operandInvalid(type, "distinct");
  const key = keyOf(type, collation);
  return {
    type: aggregate.type,
    create: () => {
      const seen = new Set<string | number | bigint | null>();
      const inner = aggregate.create();
      return {
        add: (value) => {
          const of = key(value);
          if (seen.has(of)) return;
          seen.add(of);
          inner.add(value);
        },
        result: () => inner.result(),
      };
    },
  };
}
