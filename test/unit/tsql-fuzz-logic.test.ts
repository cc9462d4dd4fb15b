import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { evaluated, property, rowsOf } from "./support/fuzz";

/** True, false, unknown. */
type Truth = boolean | null;

interface Condition {
  readonly text: string;
  readonly truth: Truth;
}

const number = fc.option(fc.integer({ min: -2, max: 2 }), { nil: null });
const written = (value: number | null): string => (value === null ? "CAST(NULL AS int)" : String(value));

const not = (truth: Truth): Truth => (truth === null ? null : !truth);
const and = (left: Truth, right: Truth): Truth =>
  left === false || right === false ? false : left === null || right === null ? null : true;
const or = (left: Truth, right: Truth): Truth => not(and(not(left), not(right)));
const compared = (left: number | null, right: number | null, holds: (l: number, r: number) => boolean): Truth =>
  left === null || right === null ? null : holds(left, right);

const comparisons: readonly (readonly [string, (left: number, right: number) => boolean])[] = [
  ["=", (left, right) => left === right],
  ["<>", (left, right) => left !== right],
  ["!=", (left, right) => left !== right],
  ["<", (left, right) => left < right],
  ["!<", (left, right) => left >= right],
  [">", (left, right) => left > right],
  ["<=", (left, right) => left <= right],
  [">=", (left, right) => left >= right],
];

/** Comparisons, lists, ranges and IS NULL over small numbers and NULL, joined by AND, OR and NOT. */
const { condition } = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { depthSize: "medium", withCrossShrink: true },
    fc.tuple(number, fc.constantFrom(...comparisons), number).map(([left, [sign, holds], right]) => ({
      text: `${written(left)} ${sign} ${written(right)}`,
      truth: compared(left, right, holds),
    })),
    fc.tuple(number, fc.boolean()).map(([value, negated]) => ({
      text: `${written(value)} IS ${negated ? "NOT " : ""}NULL`,
      truth: (value === null) !== negated,
    })),
    fc.tuple(number, fc.array(number, { minLength: 1, maxLength: 4 }), fc.boolean()).map(([value, list, negated]) => {
      const found = list.map((one) => compared(value, one, (left, right) => left === right)).reduce(or, false);
      return {
        text: `${written(value)} ${negated ? "NOT " : ""}IN (${list.map(written).join(", ")})`,
        truth: negated ? not(found) : found,
      };
    }),
    fc.tuple(number, number, number, fc.boolean()).map(([value, low, high, negated]) => {
      const between = and(
        compared(value, low, (left, right) => left >= right),
        compared(value, high, (left, right) => left <= right),
      );
      return {
        text: `${written(value)} ${negated ? "NOT " : ""}BETWEEN ${written(low)} AND ${written(high)}`,
        truth: negated ? not(between) : between,
      };
    }),
    tie("condition").map(({ text, truth }) => ({ text: `NOT (${text})`, truth: not(truth) })),
    fc.tuple(tie("condition"), tie("condition")).map(([left, right]) => ({
      text: `(${left.text}) AND (${right.text})`,
      truth: and(left.truth, right.truth),
    })),
    fc.tuple(tie("condition"), tie("condition")).map(([left, right]) => ({
      text: `(${left.text}) OR (${right.text})`,
      truth: or(left.truth, right.truth),
    })),
  ),
}));

describe("T-SQL by chance: three-valued logic", () => {
  property("CASE tells true, false and unknown", condition, async ({ text, truth }) => {
    const found = await evaluated(`CASE WHEN ${text} THEN 1 WHEN NOT (${text}) THEN 0 END`);
    deepEqual("value" in found ? found.value : found, truth === null ? null : Number(truth));
  });

  property("AND binds before OR, NOT before both", fc.tuple(condition, condition, condition), async ([a, b, c]) => {
    const [x, y, z] = [a, b, c].map(({ text }) => `(${text})`);
    const text = `${String(x)} OR NOT ${String(y)} AND ${String(z)}`;
    const truth = or(a.truth, and(not(b.truth), c.truth));
    const found = await evaluated(`CASE WHEN ${text} THEN 1 WHEN NOT (${text}) THEN 0 END`);
    deepEqual("value" in found ? found.value : found, truth === null ? null : Number(truth));
  });

  property("WHERE, HAVING, ON and IF take only what is true", condition, async ({ text, truth }) => {
    const expected = truth === true ? 1 : 0;
    const batches = [
      `SELECT COUNT(*) FROM (SELECT 1 AS a) t WHERE ${text}`,
      `SELECT COUNT(*) FROM (SELECT COUNT(*) AS a FROM (SELECT 1 AS a) t HAVING ${text}) x`,
      `SELECT COUNT(*) FROM (SELECT 1 AS a) t JOIN (SELECT 2 AS b) u ON ${text}`,
      `SELECT COUNT(u.b) FROM (SELECT 1 AS a) t LEFT JOIN (SELECT 2 AS b) u ON ${text}`,
      `IF ${text} SELECT 1 ELSE SELECT 0`,
    ];
    for (const batch of batches) deepEqual(await rowsOf(batch), [[expected]], batch);
  });

  property(
    "COALESCE, ISNULL, NULLIF, CASE and IIF treat NULL by its rules",
    fc.tuple(number, number, number),
    async ([a, b, c]) => {
      const [x, y, z] = [a, b, c].map(written);
      const expected = [
        a ?? b ?? c,
        a ?? b,
        a === b && a !== null ? null : a,
        a === b && a !== null ? c : b,
        a !== null && b !== null && a < b ? b : c,
      ];
      const text = `SELECT COALESCE(${x}, ${y}, ${z}), ISNULL(${x}, ${y}), NULLIF(${x}, ${y}), CASE ${x} WHEN ${y} THEN ${z} ELSE ${y} END, IIF(${x} < ${y}, ${y}, ${z})`;
      deepEqual(await rowsOf(text), [expected], text);
    },
  );
});
