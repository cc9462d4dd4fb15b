import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { answered, evaluated, literal, property, rowsOf } from "./support/fuzz";

/** Letters in both cases, digits and blanks: what the default collation, CI_AS, must fold or keep apart. */
const word = fc.string({ unit: fc.constantFrom("a", "A", "b", "B", "é", "É", "1", " ", "'", "%"), maxLength: 6 });
const plain = fc.string({ unit: fc.constantFrom("a", "b", "c", "1", " "), maxLength: 12 });
const prefix = fc.constantFrom("", "N");

const trimmed = (text: string): string => text.replace(/ +$/, "");
/** Equal without case and without blanks at the end. */
const same = (left: string, right: string): boolean => trimmed(left).toLowerCase() === trimmed(right).toLowerCase();

/** A condition's answer: 1 or 0. */
async function truth(condition: string): Promise<unknown> {
  const found = await evaluated(`CASE WHEN ${condition} THEN 1 ELSE 0 END`);
  return "value" in found ? found.value : found.error;
}

describe("T-SQL by chance: texts", () => {
  property(
    "= and <> fold case and forget blanks at the end",
    fc.tuple(word, word, prefix, prefix),
    async ([a, b, n, m]) => {
      const [left, right] = [literal(a, n), literal(b, m)];
      equal(await truth(`${left} = ${right}`), Number(same(a, b)), `${left} = ${right}`);
      equal(await truth(`${left} <> ${right}`), Number(!same(a, b)));
      equal(await truth(`${left} = UPPER(${left}) + '  '`), 1);
      equal(await truth(`${left} IN ('x', ${right})`), Number(same(a, b) || same(a, "x")));
    },
  );

  property("a binary collation keeps case apart, but not blanks at the end", fc.tuple(word, word), async ([a, b]) => {
    const condition = `${literal(a)} COLLATE Latin1_General_BIN = ${literal(b)}`;
    equal(await truth(condition), Number(trimmed(a) === trimmed(b)), condition);
  });

  property(
    "DISTINCT, GROUP BY, UNION and COUNT(DISTINCT) agree with =",
    fc.array(word, { minLength: 1, maxLength: 6 }),
    async (words) => {
      const expected = words.filter((one, at) => words.findIndex((other) => same(one, other)) === at).length;
      const values = words.map((one) => `(${literal(one)})`).join(", ");
      for (const batch of [
        `SELECT COUNT(*) FROM (SELECT DISTINCT w FROM (VALUES ${values}) v (w)) x`,
        `SELECT COUNT(*) FROM (SELECT w, COUNT(*) AS n FROM (VALUES ${values}) v (w) GROUP BY w) x`,
        `SELECT COUNT(DISTINCT w) FROM (VALUES ${values}) v (w)`,
        `SELECT COUNT(*) FROM (${words.map((one) => `SELECT ${literal(one)} AS w`).join(" UNION ")}) x`,
      ])
        deepEqual(await rowsOf(batch), [[expected]], batch);
    },
  );

  property("LEN forgets blanks at the end, DATALENGTH does not", word, async (text) => {
    const [narrow, wide] = [literal(text, ""), literal(text)];
    const batch = `SELECT LEN(${narrow}), LEN(${wide}), DATALENGTH(${narrow}), DATALENGTH(${wide}), LEN(${wide} + '|') - 1`;
    deepEqual(await rowsOf(batch), [
      [trimmed(text).length, trimmed(text).length, text.length, text.length * 2, text.length],
    ]);
  });

  property("LIKE: % and _ and a set, escaped or not", fc.tuple(plain, plain), async ([text, part]) => {
    const contains = text.toLowerCase().includes(part.toLowerCase());
    equal(await truth(`${literal(text)} LIKE ${literal(`%${part}%`)}`), Number(contains));
    equal(await truth(`${literal(text)} LIKE ${literal("_".repeat(text.length))}`), 1);
    equal(await truth(`${literal(`${text}%`)} LIKE ${literal(`${text}!%`)} ESCAPE '!'`), 1);
    equal(await truth(`${literal(`${text}x`)} LIKE ${literal(`${text}[^x]`)}`), 0);
    equal(await truth(`${literal(text)} NOT LIKE ${literal(`%${part}%`)}`), Number(!contains));
  });

  property(
    "functions on parts agree with a plain reading",
    fc.tuple(plain, plain, fc.nat(8), fc.nat(8)),
    async ([text, part, at, count]) => {
      const one = literal(text);
      const cases: readonly (readonly [string, string | number | null])[] = [
        [`LEFT(${one}, ${String(count)})`, text.slice(0, count)],
        [`RIGHT(${one}, ${String(count)})`, count === 0 ? "" : text.slice(-count)],
        [`SUBSTRING(${one}, ${String(at + 1)}, ${String(count)})`, text.slice(at, at + count)],
        [`CHARINDEX(${literal(part)}, ${one})`, part === "" ? 0 : text.indexOf(part) + 1],
        [`REVERSE(${one})`, [...text].reverse().join("")],
        [`LTRIM(RTRIM(${one}))`, trimmed(text).replace(/^ +/, "")],
        [`UPPER(${one})`, text.toUpperCase()],
        [`REPLICATE(${one}, ${String(count)})`, text.repeat(count)],
      ];
      for (const [expression, expected] of cases) {
        const found = await evaluated(expression);
        equal("value" in found ? found.value : found.error, expected, expression);
      }
    },
  );

  property(
    "a string beside a number becomes one, or 245",
    fc.tuple(
      fc.oneof(plain, fc.integer({ min: -99999, max: 99999 }).map(String)),
      fc.integer({ min: -9999, max: 9999 }),
    ),
    async ([text, number]) => {
      const isNumber = /^ *-?\d+ *$/.test(text);
      // An empty text, or one of blanks, is 0.
      const expected = isNumber || text.trim() === "" ? Number(text) + number : 245;
      for (const expression of [
        `${literal(text)} + (${String(number)})`,
        `(${String(number)}) + ${literal(text, "")}`,
      ]) {
        const found = await evaluated(expression);
        equal("value" in found ? found.value : found.error, expected, expression);
      }
    },
  );

  property(
    "text is cut by CAST and by variables, refused by columns",
    fc.tuple(plain, fc.integer({ min: 1, max: 8 })),
    async ([text, length]) => {
      const type = `varchar(${String(length)})`;
      const cut = text.slice(0, length);
      const cast = await evaluated(`CAST(${literal(text, "")} AS ${type})`);
      equal("value" in cast ? cast.value : cast.error, cut);
      deepEqual(await rowsOf(`DECLARE @v ${type} = ${literal(text, "")}; SELECT @v`), [[cut]]);
      // Only blanks may be cut when a row is stored.
      const stored = await answered(
        `DECLARE @t TABLE (v ${type}); INSERT @t VALUES (${literal(text, "")}); SELECT v FROM @t`,
      );
      const fits = trimmed(text).length <= length;
      deepEqual("value" in stored ? stored.value : stored.error, fits ? cut : 8152);
      const padded = await evaluated(`DATALENGTH(CAST(${literal(text, "")} AS char(${String(length)})))`);
      equal("value" in padded ? padded.value : padded.error, length);
    },
  );

  property(
    "a number that is too long for its text is *, or 8115 in nvarchar",
    fc.tuple(fc.integer(), fc.integer({ min: 1, max: 12 })),
    async ([number, length]) => {
      // As a constant the smallest int is a numeric with a sign.
      const text = String(number);
      const narrow = await evaluated(`CAST(CAST(${text} AS int) AS varchar(${String(length)}))`);
      equal("value" in narrow ? narrow.value : narrow.error, text.length <= length ? text : "*");
      const wide = await evaluated(`CAST(CAST(${text} AS int) AS nvarchar(${String(length)}))`);
      equal("value" in wide ? wide.value : wide.error, text.length <= length ? text : 8115);
    },
  );

  property(
    "values come back from their texts",
    fc.tuple(
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.uuid(),
      fc.uint8Array({ minLength: 1, maxLength: 8 }),
      fc.integer({ min: 0, max: 2_958_463 * 86_400 }),
    ),
    async ([int, big, guid, bytes, seconds]) => {
      const hexadecimal = `0x${Buffer.from(bytes).toString("hex")}`;
      const day = `DATEADD(second, ${String(seconds % 86_400)}, DATEADD(day, ${String(Math.floor(seconds / 86_400))}, CAST(0 AS datetime)))`;
      for (const condition of [
        `CAST(CAST(${String(int)} AS varchar(20)) AS int) = ${String(int)}`,
        `CAST(CONVERT(nvarchar(30), CAST(${String(big)} AS bigint)) AS bigint) = ${String(big)}`,
        `CAST(CAST(CAST('${guid}' AS uniqueidentifier) AS varchar(36)) AS uniqueidentifier) = '${guid.toUpperCase()}'`,
        `CONVERT(varbinary(8), CONVERT(varchar(20), ${hexadecimal}, 1), 1) = ${hexadecimal}`,
        `CONVERT(datetime, CONVERT(varchar(30), ${day}, 121), 121) = ${day}`,
        `CONVERT(datetime, CONVERT(varchar(30), ${day}, 126), 126) = ${day}`,
      ])
        equal(await truth(condition), 1, condition);
    },
  );
});
