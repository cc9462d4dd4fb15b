import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { type Outcome, evaluated, property } from "./support/fuzz";

const types = ["tinyint", "smallint", "int", "bigint"] as const;
type Integer = (typeof types)[number];

const ranges: Readonly<Record<Integer, readonly [bigint, bigint]>> = {
  tinyint: [0n, 255n],
  smallint: [-(2n ** 15n), 2n ** 15n - 1n],
  int: [-(2n ** 31n), 2n ** 31n - 1n],
  bigint: [-(2n ** 63n), 2n ** 63n - 1n],
};
const overflow = 8115;
const divideByZero = 8134;

/** What an integer expression is: its type, and its value or the errors that evaluating it may meet. */
interface Expected {
  readonly text: string;
  readonly type: Integer;
  readonly value: bigint | "error";
  readonly errors: ReadonlySet<number>;
}

const leaf = fc.constantFrom(...types).chain((type) => {
  const [low, high] = ranges[type];
  const near = (at: bigint): fc.Arbitrary<bigint> =>
    fc.bigInt({ min: at < low + 3n ? low : at - 3n, max: at > high - 3n ? high : at + 3n });
  return fc
    .oneof(near(0n), near(low), near(high), fc.bigInt({ min: low, max: high }))
    .map((value): Expected => ({ text: `CAST(${String(value)} AS ${type})`, type, value, errors: new Set() }));
});

const operators: Readonly<Record<string, (left: bigint, right: bigint) => bigint>> = {
  "+": (left, right) => left + right,
  "-": (left, right) => left - right,
  "*": (left, right) => left * right,
  "/": (left, right) => left / right,
  "%": (left, right) => left % right,
};

/** The type of higher precedence ("Data type precedence"); truncation towards zero, as BigInt does it. */
function applied(sign: string, left: Expected, right: Expected): Expected {
  const type = types.indexOf(left.type) >= types.indexOf(right.type) ? left.type : right.type;
  const text = `(${left.text} ${sign} ${right.text})`;
  const errors = new Set([...left.errors, ...right.errors]);
  if (left.value === "error" || right.value === "error") return { text, type, value: "error", errors };
  if ((sign === "/" || sign === "%") && right.value === 0n)
    return { text, type, value: "error", errors: errors.add(divideByZero) };
  const value = operators[sign]?.(left.value, right.value) ?? 0n;
  const [low, high] = ranges[type];
  if (value < low || value > high) return { text, type, value: "error", errors: errors.add(overflow) };
  return { text, type, value, errors };
}

const { expression } = fc.letrec<{ expression: Expected }>((tie) => ({
  expression: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    leaf,
    fc
      .tuple(tie("expression"), fc.constantFrom(...Object.keys(operators)), tie("expression"))
      .map(([left, sign, right]) => applied(sign, left, right)),
  ),
}));

function agrees(found: Outcome, expected: Expected): void {
  if (expected.value === "error") {
    equal(
      "error" in found && expected.errors.has(found.error),
      true,
      `${expected.text}: ${JSON.stringify(found, shown)}`,
    );
    return;
  }
  deepEqual(
    "value" in found ? [found.text, found.type.name] : found,
    [String(expected.value), expected.type],
    expected.text,
  );
}

const shown = (_: string, value: unknown): unknown => (typeof value === "bigint" ? String(value) : value);

/** A decimal literal's parts: digits without a point, and how many of them stand behind it. */
const decimal = fc.tuple(fc.integer({ min: 1, max: 18 }), fc.nat(18)).chain(([precision, least]) => {
  const scale = Math.min(least, precision);
  const most = 10n ** BigInt(precision) - 1n;
  return fc.bigInt({ min: -most, max: most }).map((digits) => ({ precision, scale, digits }));
});

type Decimal = { readonly precision: number; readonly scale: number; readonly digits: bigint };

function pointed(digits: bigint, scale: number): string {
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, "0");
  const whole = text.slice(0, text.length - scale);
  const sign = digits < 0n ? "-" : "";
  return scale === 0 ? `${sign}${whole}` : `${sign}${whole}.${text.slice(-scale)}`;
}

const cast = ({ precision, scale, digits }: Decimal): string =>
  `CAST(${pointed(digits, scale)} AS decimal(${String(precision)}, ${String(scale)}))`;

/** Precision and scale of a result ("Precision, scale, and length"); none here goes beyond 38. */
const results: Readonly<Record<string, (a: Decimal, b: Decimal) => readonly [precision: number, scale: number]>> = {
  "+": (a, b) => {
    const scale = Math.max(a.scale, b.scale);
    return [scale + Math.max(a.precision - a.scale, b.precision - b.scale) + 1, scale];
  },
  "*": (a, b) => [a.precision + b.precision + 1, a.scale + b.scale],
  "/": (a, b) => {
    const scale = Math.max(6, a.scale + b.precision + 1);
    return [a.precision - a.scale + b.scale + scale, scale];
  },
};

const largest = 38;
const leastScale = 6;

/** What is left of a scale when the precision would go beyond 38: digits before the point are kept if that leaves 6. */
function reduced(sign: string, a: Decimal, b: Decimal): readonly [precision: number, scale: number] {
  const [precision, scale] = results[sign]?.(a, b) ?? [0, 0];
  if (precision <= largest) return [precision, scale];
  if (sign === "+") return [largest, Math.min(scale, largest - Math.max(a.precision - a.scale, b.precision - b.scale))];
  const whole = precision - scale;
  return [largest, whole > largest - leastScale ? Math.min(scale, leastScale) : Math.min(scale, largest - whole)];
}

const wide = fc
  .tuple(fc.integer({ min: 1, max: largest }), fc.nat(largest))
  .map(([precision, scale]): Decimal => ({ precision, scale: Math.min(scale, precision), digits: 0n }));

function exact(sign: string, a: Decimal, b: Decimal, scale: number): bigint {
  const at = (value: Decimal): bigint => value.digits * 10n ** BigInt(scale - value.scale);
  if (sign === "+") return at(a) + at(b);
  if (sign === "-") return at(a) - at(b);
  if (sign === "*") return a.digits * b.digits;
  return (a.digits * 10n ** BigInt(scale - a.scale + b.scale)) / b.digits;
}

describe("T-SQL by chance: numbers", () => {
  property("integers: type, value, 8115 and 8134", expression, async (expected) => {
    agrees(await evaluated(expected.text), expected);
  });

  property(
    "integers: one NULL makes the whole NULL",
    fc.tuple(expression, fc.constantFrom(...Object.keys(operators))),
    async ([one, sign]) => {
      fc.pre(one.value !== "error");
      for (const text of [
        `${one.text} ${sign} CAST(NULL AS int)`,
        `CAST(NULL AS int) ${sign} ${one.text}`,
        `-(${one.text} + NULL)`,
      ]) {
        const found = await evaluated(text);
        equal("value" in found && found.value === null, true, text);
      }
    },
  );

  property(
    "integers: narrowing keeps the value or refuses it",
    fc.tuple(leaf, fc.constantFrom(...types)),
    async ([one, type]) => {
      const [low, high] = ranges[type];
      const found = await evaluated(`CAST(${one.text} AS ${type})`);
      if (one.value !== "error" && one.value >= low && one.value <= high)
        deepEqual("value" in found ? [found.text, found.type.name] : found, [String(one.value), type]);
      // 220 where the type is tinyint or smallint, 8115 where it is int.
      else equal("error" in found && [220, overflow].includes(found.error), true, one.text);
    },
  );

  property(
    "decimals: precision, scale and value of + - * /",
    fc.tuple(decimal, fc.constantFrom("+", "-", "*", "/"), decimal),
    async ([a, sign, b]) => {
      fc.pre(sign !== "/" || b.digits !== 0n);
      const [precision, scale] = results[sign === "-" ? "+" : sign]?.(a, b) ?? [0, 0];
      fc.pre(precision <= 38);
      const text = `${cast(a)} ${sign} ${cast(b)}`;
      const found = await evaluated(text);
      const expected = [pointed(exact(sign, a, b, scale), scale), precision, scale];
      deepEqual("value" in found ? [found.text, found.type.precision, found.type.scale] : found, expected, text);
    },
  );

  property(
    "decimals: precision and scale beyond 38",
    fc.tuple(wide, fc.constantFrom("+", "*", "/"), wide),
    async ([a, sign, b]) => {
      const most = pointed(10n ** BigInt(b.precision) - 1n, b.scale);
      const divisor = `CAST(${most} AS decimal(${String(b.precision)}, ${String(b.scale)}))`;
      const text = `${cast(a)} ${sign} ${sign === "/" ? divisor : cast(b)}`;
      const found = await evaluated(text);
      deepEqual("value" in found ? [found.type.precision, found.type.scale] : found, reduced(sign, a, b), text);
    },
  );

  property(
    "decimals: rounding half away from zero when the scale shrinks",
    fc.tuple(decimal, fc.nat(18)),
    async ([one, wish]) => {
      const scale = Math.min(wish, one.scale);
      const unit = 10n ** BigInt(one.scale - scale);
      const half = unit / 2n;
      const rounded = unit === 1n ? one.digits : (one.digits + (one.digits < 0n ? -half : half)) / unit;
      const found = await evaluated(`CAST(${cast(one)} AS decimal(38, ${String(scale)}))`);
      equal("value" in found ? found.text : found.error, pointed(rounded, scale), cast(one));
    },
  );

  property("comparison is by value, whatever type and scale", fc.tuple(leaf, leaf, decimal), async ([a, b, c]) => {
    fc.pre(a.value !== "error" && b.value !== "error");
    const scaled = (value: bigint): bigint => value * 10n ** BigInt(c.scale);
    const cases: readonly (readonly [string, boolean])[] = [
      [`${a.text} < ${b.text}`, a.value < b.value],
      [`${a.text} = ${b.text}`, a.value === b.value],
      [`${a.text} >= ${cast(c)}`, scaled(a.value) >= c.digits],
      [`${cast(c)} = CAST(${cast(c)} AS decimal(38, 18))`, true],
    ];
    for (const [text, expected] of cases) {
      const found = await evaluated(`CASE WHEN ${text} THEN 1 ELSE 0 END`);
      equal("value" in found ? found.value : found.error, Number(expected), text);
    }
  });
});
