import { deepEqual } from "node:assert/strict";
import fc from "fast-check";
import { evaluated, property, rowsOf } from "./support/fuzz";

type Cell = number | null;

const cell = fc.option(fc.integer({ min: 0, max: 3 }), { nil: null });
const column = fc.array(cell, { maxLength: 5 });

const written = (value: Cell): string => (value === null ? "CAST(NULL AS int)" : String(value));
/** A derived table with one column, x. */
const table = (values: readonly Cell[], name: string): string =>
  values.length === 0
    ? `(SELECT CAST(1 AS int) AS x WHERE 1 = 0) AS ${name}`
    : `(VALUES ${values.map((value) => `(${written(value)})`).join(", ")}) AS ${name} (x)`;

const present = (values: readonly Cell[]): number[] => values.filter((value) => value !== null);
const distinct = <T>(values: readonly T[]): T[] => [...new Set(values)];
const ordered = (values: readonly Cell[]): Cell[] => [...values].sort((left, right) => (left ?? -1) - (right ?? -1));
const matches = (left: readonly Cell[], right: readonly Cell[]): number =>
  left.flatMap((one) => right.filter((other) => one !== null && one === other)).length;

async function single(query: string, expected: readonly Cell[]): Promise<void> {
  deepEqual(
    (await rowsOf(query)).map((row) => row[0] ?? null),
    expected,
    query,
  );
}

/** From high to low ("Data type precedence"); each can be implicitly converted into the ones before it. */
const precedence = [
  "float",
  "real",
  "decimal(9, 2)",
  "money",
  "smallmoney",
  "bigint",
  "int",
  "smallint",
  "tinyint",
  "bit",
];
const times = ["datetime2(7)", "datetime", "smalldatetime", "date"];
const texts = ["nvarchar(20)", "varchar(20)", "char(20)"];
const pair = fc
  .constantFrom(precedence, times, texts)
  .chain((list) => fc.tuple(fc.constant(list), fc.constantFrom(...list), fc.constantFrom(...list)));

describe("T-SQL by chance: tables", () => {
  property("joins and subqueries never match NULL", fc.tuple(column, column), async ([a, b]) => {
    const [left, right] = [table(a, "a"), table(b, "b")];
    const inner = matches(a, b);
    const lonelyLeft = a.filter((one) => matches([one], b) === 0).length;
    const lonelyRight = b.filter((one) => matches(a, [one]) === 0).length;
    await single(`SELECT COUNT(*) FROM ${left} JOIN ${right} ON a.x = b.x`, [inner]);
    await single(`SELECT COUNT(*) FROM ${left}, ${right} WHERE b.x = a.x`, [inner]);
    await single(`SELECT COUNT(*) FROM ${left} LEFT JOIN ${right} ON a.x = b.x`, [inner + lonelyLeft]);
    await single(`SELECT COUNT(*) FROM ${left} RIGHT JOIN ${right} ON a.x = b.x`, [inner + lonelyRight]);
    await single(`SELECT COUNT(*) FROM ${left} FULL JOIN ${right} ON a.x = b.x`, [inner + lonelyLeft + lonelyRight]);
    await single(`SELECT COUNT(*) FROM ${left} CROSS JOIN ${right}`, [a.length * b.length]);
    await single(`SELECT COUNT(*) FROM ${left} CROSS APPLY (SELECT 1 AS one FROM ${right} WHERE b.x = a.x) c`, [inner]);
    const held = a.length - lonelyLeft;
    await single(`SELECT COUNT(*) FROM ${left} WHERE EXISTS (SELECT * FROM ${right} WHERE b.x = a.x)`, [held]);
    await single(`SELECT COUNT(*) FROM ${left} WHERE a.x IN (SELECT b.x FROM ${right})`, [held]);
    // One NULL in the list, or on the left of a list with rows, makes NOT IN unknown.
    const notIn =
      b.length === 0 ? a.length : b.includes(null) ? 0 : present(a).filter((one) => !b.includes(one)).length;
    await single(`SELECT COUNT(*) FROM ${left} WHERE a.x NOT IN (SELECT b.x FROM ${right})`, [notIn]);
  });

  property("set operations treat NULL as one value", fc.tuple(column, column), async ([a, b]) => {
    const [left, right] = [`SELECT x FROM ${table(a, "a")}`, `SELECT x FROM ${table(b, "b")}`];
    await single(`${left} UNION ALL ${right} ORDER BY x`, ordered([...a, ...b]));
    await single(`${left} UNION ${right} ORDER BY x`, ordered(distinct([...a, ...b])));
    await single(`${left} INTERSECT ${right} ORDER BY x`, ordered(distinct(a.filter((one) => b.includes(one)))));
    await single(`${left} EXCEPT ${right} ORDER BY x`, ordered(distinct(a.filter((one) => !b.includes(one)))));
    await single(`SELECT DISTINCT x FROM ${table(a, "a")} ORDER BY x DESC`, ordered(distinct(a)).reverse());
  });

  property("aggregates leave NULL out, and of nothing are NULL", column, async (values) => {
    const some = present(values);
    const sum = some.reduce((total, one) => total + one, 0);
    const expected = [
      values.length,
      some.length,
      distinct(some).length,
      some.length === 0 ? null : sum,
      some.length === 0 ? null : Math.min(...some),
      some.length === 0 ? null : Math.max(...some),
      some.length === 0 ? null : Math.trunc(sum / some.length),
    ];
    const query = `SELECT COUNT(*), COUNT(x), COUNT(DISTINCT x), SUM(x), MIN(x), MAX(x), AVG(x) FROM ${table(values, "a")}`;
    deepEqual(await rowsOf(query), [expected], query);
  });

  property("groups, HAVING, TOP and row numbers", fc.tuple(column, fc.nat(6)), async ([values, top]) => {
    const from = table(values, "a");
    const groups = ordered(distinct(values)).map((key) => [key, values.filter((one) => one === key).length]);
    deepEqual(await rowsOf(`SELECT x, COUNT(*) FROM ${from} GROUP BY x ORDER BY x`), groups);
    const several = groups.filter(([, count]) => (count ?? 0) > 1);
    deepEqual(await rowsOf(`SELECT x, COUNT(*) FROM ${from} GROUP BY x HAVING COUNT(*) > 1 ORDER BY x`), several);
    const sorted = ordered(values);
    await single(`SELECT TOP (${String(top)}) x FROM ${from} ORDER BY x`, sorted.slice(0, top));
    await single(`SELECT x FROM ${from} ORDER BY x OFFSET ${String(top)} ROWS`, sorted.slice(top));
    const numbered = await rowsOf(
      `SELECT x, ROW_NUMBER() OVER (ORDER BY x), RANK() OVER (ORDER BY x), DENSE_RANK() OVER (ORDER BY x) FROM ${from} ORDER BY 2`,
    );
    deepEqual(
      numbered.map((row) => row.map(String)),
      sorted.map((one, at) => [one, at + 1, sorted.indexOf(one) + 1, distinct(sorted).indexOf(one) + 1].map(String)),
    );
  });

  property(
    "INSERT, UPDATE and DELETE leave what their conditions say",
    fc.tuple(column, cell, cell),
    async ([values, from, to]) => {
      const rows =
        values.length === 0 ? "" : `INSERT #t (x) VALUES ${values.map((value) => `(${written(value)})`).join(", ")};`;
      const make = `CREATE TABLE #t (x int NULL); ${rows}`;
      const isMatch = (one: Cell): boolean => one !== null && one === from;
      const updated = values.map((one) => (isMatch(one) ? to : one));
      await single(
        `${make} UPDATE #t SET x = ${written(to)} WHERE x = ${written(from)}; SELECT x FROM #t ORDER BY x`,
        ordered(updated),
      );
      await single(
        `${make} DELETE FROM #t WHERE x = ${written(from)}; SELECT x FROM #t ORDER BY x`,
        ordered(values.filter((one) => !isMatch(one))),
      );
      await single(`${make} UPDATE #t SET x = ${written(to)} WHERE x = ${written(from)}; SELECT @@ROWCOUNT`, [
        values.filter(isMatch).length,
      ]);
      await single(`${make} BEGIN TRAN; DELETE #t; ROLLBACK; SELECT x FROM #t ORDER BY x`, ordered(values));
    },
  );

  property("the type of higher precedence wins in CASE, COALESCE and UNION", pair, async ([list, a, b]) => {
    const winner = list[Math.min(list.indexOf(a), list.indexOf(b))]?.replace(/\(.*/, "");
    const [left, right] = [`CAST(NULL AS ${a})`, `CAST(NULL AS ${b})`];
    for (const expression of [
      `CASE WHEN 1 = 1 THEN ${left} ELSE ${right} END`,
      `COALESCE(${left}, ${right})`,
      `(SELECT TOP (1) x FROM (SELECT ${left} AS x UNION ALL SELECT ${right}) u)`,
    ]) {
      const found = await evaluated(expression);
      const name = "value" in found ? found.type.name : found.error;
      deepEqual(name, winner === "decimal" && name === "numeric" ? "numeric" : winner, expression);
    }
  });
});
