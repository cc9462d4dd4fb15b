import { deepEqual, equal, ok } from "node:assert/strict";
import { describe, it } from "mocha";
import type { ResultSink } from "../../lab/tsql/results";
import type { Column, Row, SqlValue } from "../../lab/tsql/values";
import { Decimal } from "../../lab/tsql/values";
import { RecordingSink, StoredTable, TestSession } from "./support/memory-host";

const column = (name: string, type: Column["type"], nullable = true): Column => ({ name, type, nullable });

/** Channels and messages; one channel without messages, one message without a channel. */
function chatSession(): TestSession {
  const session = new TestSession();
  session.host.tables.set(
    "channel",
    new StoredTable(
      [
        column("id", { name: "int" }, false),
        column("name", { name: "nvarchar", length: 20 }),
        column("site", { name: "varchar", length: 5 }),
      ],
      [
        [1, "Ops", "P"],
        [2, "Trading", "P"],
        [3, "Legal", "B"],
      ],
    ),
  );
  session.host.tables.set(
    "message",
    new StoredTable(
      [
        column("id", { name: "bigint" }, false),
        column("channel", { name: "int" }),
        column("words", { name: "int" }),
        column("text", { name: "nvarchar", length: 100 }),
      ],
      [
        [1n, 1, 3, "one two three"],
        [2n, 1, 5, "a b c d e"],
        [3n, 2, null, null],
        [4n, 2, 1, "Hello"],
        [5n, 9, 2, "lost one"],
      ],
    ),
  );
  return session;
}

function plain(rows: readonly Row[]): unknown[] {
  const show = (value: SqlValue): unknown =>
    typeof value === "bigint"
      ? Number(value)
      : value instanceof Decimal
        ? Number(value.unscaled) / 10 ** value.scale
        : value;
  return rows.map((row) => row.map(show));
}

const QUERIES: readonly (readonly [query: string, rows: readonly (readonly unknown[])[]])[] = [
  ["SELECT name FROM channel WHERE site = 'p' ORDER BY name DESC", [["Trading"], ["Ops"]]],
  [
    "SELECT c.name, m.id FROM channel c JOIN message m ON m.channel = c.id ORDER BY m.id",
    [
      ["Ops", 1],
      ["Ops", 2],
      ["Trading", 3],
      ["Trading", 4],
    ],
  ],
  [
    "SELECT c.name, m.id FROM channel c LEFT JOIN message m ON m.channel = c.id AND m.words > 3 ORDER BY c.id",
    [
      ["Ops", 2],
      ["Trading", null],
      ["Legal", null],
    ],
  ],
  ["SELECT c.id, m.id FROM channel c RIGHT JOIN message m ON m.channel = c.id WHERE c.id IS NULL", [[null, 5]]],
  [
    "SELECT c.id, m.id FROM channel c FULL JOIN message m ON m.channel = c.id WHERE c.id IS NULL OR m.id IS NULL ORDER BY c.id",
    [
      [null, 5],
      [3, null],
    ],
  ],
  ["SELECT c.id, m.id FROM channel c, message m WHERE c.id = m.channel AND m.words = 5", [[1, 2]]],
  ["SELECT COUNT(*) FROM channel CROSS JOIN message", [[15]]],
  [
    "SELECT a.id, b.id FROM channel a JOIN channel b ON a.id < b.id ORDER BY 1, 2",
    [
      [1, 2],
      [1, 3],
      [2, 3],
    ],
  ],
  [
    "SELECT channel, COUNT(*) n, SUM(words), AVG(words), MIN(words), MAX(id) FROM message GROUP BY channel ORDER BY channel",
    [
      [1, 2, 8, 4, 3, 2],
      [2, 2, 1, 1, 1, 4],
      [9, 1, 2, 2, 2, 5],
    ],
  ],
  ["SELECT COUNT(*), COUNT(words), COUNT(DISTINCT channel), SUM(words) FROM message", [[5, 4, 3, 11]]],
  ["SELECT SUM(words), COUNT(*) FROM message WHERE id > 100", [[null, 0]]],
  ["SELECT site, COUNT(*) FROM channel GROUP BY site HAVING COUNT(*) > 1", [["P", 2]]],
  [
    "SELECT UPPER(site) + '!', COUNT(*) FROM channel GROUP BY UPPER(site) ORDER BY COUNT(*)",
    [
      ["B!", 1],
      ["P!", 2],
    ],
  ],
  [
    "SELECT (SELECT name FROM channel c WHERE c.id = m.channel) FROM message m ORDER BY m.id",
    [["Ops"], ["Ops"], ["Trading"], ["Trading"], [null]],
  ],
  ["SELECT name FROM channel c WHERE EXISTS (SELECT 1 FROM message WHERE channel = c.id AND words > 2)", [["Ops"]]],
  ["SELECT id FROM channel WHERE id NOT IN (SELECT channel FROM message WHERE channel IS NOT NULL)", [[3]]],
  [
    "SELECT c.id, (SELECT COUNT(*) FROM message m WHERE m.channel = c.id) FROM channel c GROUP BY c.id ORDER BY c.id",
    [
      [1, 2],
      [2, 2],
      [3, 0],
    ],
  ],
  ["SELECT DISTINCT site FROM channel ORDER BY site", [["B"], ["P"]]],
  ["SELECT TOP (2) id FROM message ORDER BY id DESC", [[5], [4]]],
  ["SELECT TOP 1 WITH TIES site FROM channel ORDER BY site DESC", [["P"], ["P"]]],
  ["SELECT TOP 50 PERCENT id FROM message ORDER BY id", [[1], [2], [3]]],
  ["SELECT id FROM message ORDER BY id OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY", [[2], [3]]],
  ["SELECT id AS x FROM channel ORDER BY x DESC", [[3], [2], [1]]],
  ["SELECT id FROM channel ORDER BY LEN(name), id", [[1], [3], [2]]],
  ["SELECT id FROM channel UNION SELECT channel FROM message ORDER BY id", [[1], [2], [3], [9]]],
  ["SELECT id FROM channel EXCEPT SELECT channel FROM message", [[3]]],
  ["SELECT id FROM channel INTERSECT SELECT channel FROM message ORDER BY 1", [[1], [2]]],
  ["SELECT NULL UNION ALL SELECT 'x'", [[null], ["x"]]],
  ["SELECT d.n FROM (SELECT COUNT(*) FROM message) AS d(n)", [[5]]],
  [
    "WITH big AS (SELECT * FROM message WHERE words > 2), one AS (SELECT TOP 1 id FROM big ORDER BY id) SELECT id FROM one",
    [[1]],
  ],
  ["WITH r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 4) SELECT n FROM r", [[1], [2], [3], [4]]],
  [
    "SELECT c.id, x.id FROM channel c CROSS APPLY (SELECT TOP 1 id FROM message m WHERE m.channel = c.id ORDER BY id DESC) x",
    [
      [1, 2],
      [2, 4],
    ],
  ],
  [
    "SELECT c.id, x.id FROM channel c OUTER APPLY (SELECT id FROM message m WHERE m.channel = c.id AND m.words > 4) x ORDER BY c.id",
    [
      [1, 2],
      [2, null],
      [3, null],
    ],
  ],
  ["SELECT v.a + f.n FROM (VALUES (1), (10)) AS v(a) CROSS APPLY numbers(2) AS f", [[2], [3], [11], [12]]],
  [
    "SELECT id, ROW_NUMBER() OVER (PARTITION BY channel ORDER BY id DESC) FROM message ORDER BY id",
    [
      [1, 2],
      [2, 1],
      [3, 2],
      [4, 1],
      [5, 1],
    ],
  ],
  [
    "SELECT site, RANK() OVER (ORDER BY site), DENSE_RANK() OVER (ORDER BY site) FROM channel ORDER BY id",
    [
      ["P", 2, 2],
      ["P", 2, 2],
      ["B", 1, 1],
    ],
  ],
  [
    "SELECT id, SUM(words) OVER (PARTITION BY channel), SUM(words) OVER (ORDER BY id) FROM message ORDER BY id",
    [
      [1, 8, 3],
      [2, 8, 8],
      [3, 1, 8],
      [4, 1, 9],
      [5, 2, 11],
    ],
  ],
  [
    "SELECT channel, SUM(COUNT(*)) OVER () FROM message GROUP BY channel ORDER BY 1",
    [
      [1, 5],
      [2, 5],
      [9, 5],
    ],
  ],
  ["SELECT SUM(CONVERT(decimal(38, 0), id)) FROM message", [[15]]],
  ["SELECT CASE WHEN CHECKSUM_AGG(BINARY_CHECKSUM(id, text)) IS NULL THEN 0 ELSE 1 END FROM message", [[1]]],
  ["SELECT * FROM channel AS c WHERE 1 = 0", []],
  ["SELECT c.* FROM channel c JOIN message m ON m.channel = c.id WHERE m.id = 4", [[2, "Trading", "P"]]],
  ["SELECT name FROM test.dbo.channel WITH (NOLOCK) WHERE dbo.channel.id = 1", [["Ops"]]],
  ["SELECT m.channel FROM message m GROUP BY m.channel ORDER BY SUM(m.words) DESC", [[1], [9], [2]]],
];

const REFUSALS: readonly (readonly [query: string, number: number, text: string])[] = [
  ["SELECT nope FROM channel", 207, "Invalid column name 'nope'."],
  ["SELECT c.nope FROM channel c", 207, "Invalid column name 'nope'."],
  ["SELECT x.id FROM channel c", 4104, 'The multi-part identifier "x.id" could not be bound.'],
  ["SELECT id FROM channel, message", 209, "Ambiguous column name 'id'."],
  ["SELECT 1 FROM nope", 208, "Invalid object name 'nope'."],
  ["SELECT 1 FROM #nope", 208, "Invalid object name '#nope'."],
  [
    "SELECT name, COUNT(*) FROM channel GROUP BY site",
    8120,
    "Column 'channel.name' is invalid in the select list because it is not contained in either an aggregate function or the GROUP BY clause.",
  ],
  [
    "SELECT COUNT(*) FROM channel WHERE COUNT(*) > 1",
    147,
    "An aggregate may not appear in the WHERE clause unless it is in a subquery contained in a HAVING clause or a select list, and the column being aggregated is an outer reference.",
  ],
  [
    "SELECT id FROM channel ORDER BY 2",
    108,
    "The ORDER BY position number 2 is out of range of the number of items in the select list.",
  ],
  [
    "SELECT DISTINCT site FROM channel ORDER BY id",
    145,
    "ORDER BY items must appear in the select list if SELECT DISTINCT is specified.",
  ],
  [
    "SELECT id FROM channel UNION SELECT id, name FROM channel",
    205,
    "All queries combined using a UNION, INTERSECT or EXCEPT operator must have an equal number of expressions in their target lists.",
  ],
  [
    "SELECT (SELECT id FROM channel)",
    512,
    "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.",
  ],
  [
    "SELECT id FROM channel WHERE id = (SELECT id, name FROM channel)",
    116,
    "Only one expression can be specified in the select list when the subquery is not introduced with EXISTS.",
  ],
  ["SELECT SUM(2147483647) FROM channel", 8115, "Arithmetic overflow error converting expression to data type int."],
  ["SELECT SUM(name) FROM channel", 8117, "Operand data type nvarchar is invalid for sum operator."],
  [
    "SELECT 1 FROM channel a, channel a",
    1011,
    "The correlation name 'a' is specified multiple times in a FROM clause.",
  ],
  ["SELECT 1 FROM (SELECT 1 + 1) AS d", 8155, "No column name was specified for column 1 of 'd'."],
];

describe("T-SQL queries", () => {
  for (const [query, rows] of QUERIES)
    it(query, async () => {
      deepEqual(plain(await chatSession().rows(query)), rows);
    });

  for (const [query, number, text] of REFUSALS)
    it(`${query} is refused with ${String(number)}`, async () => {
      const sink = await chatSession().run(query);
      deepEqual(
        sink.messages.map((message) => [message.number, message.text]),
        [[number, text]],
      );
    });

  it("asks a table for the columns that the statement uses", async () => {
    const session = chatSession();
    await session.rows("SELECT id FROM message WHERE channel = 1");
    deepEqual([...((session.host.tables.get("message") as StoredTable).asked ?? [])].sort(), [0, 1]);
  });

  it("types and nullability of columns are told even without rows", async () => {
    const sink = await chatSession().run("SELECT id, name, COUNT(*) AS n FROM channel WHERE 1 = 0 GROUP BY id, name");
    deepEqual(
      sink.results[0]?.columns.map(({ name, type, nullable }) => [name, type.name, nullable]),
      [
        ["id", "int", false],
        ["name", "nvarchar", true],
        ["n", "int", false],
      ],
    );
    deepEqual(sink.dones, [{ command: 0xc1, error: false, rowCount: 0 }]);
  });

  it("warns of NULL that an aggregate leaves out", async () => {
    const sink = await chatSession().run("SELECT SUM(words) FROM message");
    deepEqual(
      sink.messages.map((message) => [message.number, message.class]),
      [[8153, 0]],
    );
  });

  it("rows before an error have left, then the error, then DONE with the error bit", async () => {
    const sink = await new TestSession().run("SELECT 10 / (3 - n) FROM numbers(5)");
    deepEqual(sink.results[0]?.rows, [[5], [10]]);
    deepEqual(sink.order, ["columns", "message 8134", "done"]);
    equal(sink.dones[0]?.error, true);
  });

  it("streams: waits where the sink asks for it, and hands control back while it works", async () => {
    const session = new TestSession();
    let waited = 0;
    let turns = 0;
    let running = true;
    const tick = (): void => {
      turns += 1;
      if (running) setImmediate(tick);
    };
    setImmediate(tick);
    const sink = new RecordingSink();
    const row: ResultSink["row"] = () => {
      waited += 1;
      return waited % 10_000 === 0 ? Promise.resolve() : undefined;
    };
    Object.assign(sink, { row });
    await session.session.batch(
      "SELECT n, n % 7 FROM numbers(100000) WHERE n % 2 = 0",
      sink,
      new AbortController().signal,
    );
    running = false;
    equal(waited, 50_000);
    equal(sink.dones[0]?.rowCount, 50_000);
    ok(turns > 1);
  });

  it("an attention ends a query that would never end", async () => {
    const controller = new AbortController();
    const sink = new RecordingSink();
    sink.row = () => {
      controller.abort();
    };
    const session = new TestSession();
    await session.session.batch(
      "SELECT a.n FROM numbers(100000) a CROSS JOIN numbers(100000) b",
      sink,
      controller.signal,
    );
    deepEqual(sink.errors, []);
    deepEqual(await session.rows("SELECT 1"), [[1]]);
  });

  it("a hash join of 20,000 rows with 20,000 rows", async () => {
    deepEqual(
      await new TestSession().rows("SELECT COUNT(*) FROM numbers(20000) a JOIN numbers(20000) b ON a.n = b.n + 1"),
      [[19999]],
    );
  });
});
