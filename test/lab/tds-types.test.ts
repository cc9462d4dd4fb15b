import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { TYPES } from "tedious";
import type { Connection, Request } from "tedious";
import { codePageText } from "../../lab/tsql/collation";
import { CalendarTime, Decimal, Variant } from "../../lab/tsql/values";
import type { SqlType, SqlValue } from "../../lab/tsql/values";
import { ByteReader } from "../../lab/tds/byte-reader";
import { ByteWriter } from "../../lab/tds/byte-writer";
import { TdsVersion } from "../../lab/tds/login7";
import { readTypedValue } from "../../lab/tds/parameter-reader";
import { valueWriter } from "../../lab/tds/value-writer";
import { run, withConnection, withServer } from "./tds-clients";
import { ScriptedBackend, column } from "./tds-scripted-backend";

/** Small seeded generator (mulberry32): a failing run can be repeated with the seed it prints. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

type Random = ReturnType<typeof generator>;

const TICKS_PER_DAY = 864_000_000_000;
const DAYS_TO_1900 = 693_595;
const LAST_DAY = 3_652_058;

const bytesOf = (random: Random, most: number): Uint8Array =>
  Uint8Array.from({ length: random(most + 1) }, () => random(256));
const unicode = (random: Random, most: number): string =>
  String.fromCharCode(...Array.from({ length: random(most + 1) }, () => 1 + random(0xd7ff)));
const western = (random: Random, most: number): string => codePageText(bytesOf(random, most));
const decimal = (random: Random, digits: number, scale: number): Decimal => {
  const text = Array.from({ length: 1 + random(digits) }, () => random(10)).join("");
  return new Decimal(random(2) === 0 ? BigInt(text) : -BigInt(text), scale);
};
const ticks = (random: Random, scale: number): number => random(TICKS_PER_DAY / 10 ** (7 - scale)) * 10 ** (7 - scale);
const integer = (random: Random, bits: number): bigint => {
  const edges = [0n, 1n, -1n, -(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n];
  const edge = edges[random(10)];
  if (edge !== undefined) return edge;
  return BigInt.asIntN(bits, (BigInt(random(2 ** 32)) << 32n) | BigInt(random(2 ** 32)));
};
const guid = (random: Random): string =>
  [8, 4, 4, 4, 12]
    .map((digits) => Array.from({ length: digits }, () => random(16).toString(16).toUpperCase()).join(""))
    .join("-");
const float32 = (random: Random): number => Math.fround((random(2 ** 32) - 2 ** 31) / 2 ** random(40));

/** Every type of values.ts with a generator of its values, other than sql_variant. */
const types: readonly (readonly [SqlType, (random: Random) => Exclude<SqlValue, null | Variant>])[] = [
  [{ name: "bit" }, (random) => random(2)],
  [{ name: "tinyint" }, (random) => random(256)],
  [{ name: "smallint" }, (random) => Number(integer(random, 16))],
  [{ name: "int" }, (random) => Number(integer(random, 32))],
  [{ name: "bigint" }, (random) => integer(random, 64)],
  ...[1, 9, 10, 19, 20, 25, 28, 29, 38].flatMap((precision) =>
    (["decimal", "numeric"] as const).map((name) => {
      const scale = precision === 25 ? 0 : Math.floor(precision / 2);
      return [{ name, precision, scale }, (random: Random) => decimal(random, precision, scale)] as const;
    }),
  ),
  [{ name: "money" }, (random) => new Decimal(integer(random, 64), 4)],
  [{ name: "smallmoney" }, (random) => new Decimal(integer(random, 32), 4)],
  [{ name: "float" }, (random) => (random(2 ** 32) - 2 ** 31) * 1.1 ** (random(400) - 200)],
  [{ name: "real" }, float32],
  [{ name: "date" }, (random) => new CalendarTime(random(LAST_DAY + 1), 0)],
  [{ name: "smalldatetime" }, (random) => new CalendarTime(DAYS_TO_1900 + random(65_535), random(1440) * 600_000_000)],
  [
    { name: "datetime" },
    // The milliseconds that datetime knows: .000, .003, .007 …
    (random) =>
      new CalendarTime(639_905 + random(LAST_DAY - 639_905), Math.round((random(25_920_000) * 10) / 3) * 10_000),
  ],
  ...[0, 1, 2, 3, 4, 5, 6, 7].flatMap((scale) => [
    [{ name: "time", scale }, (random: Random) => new CalendarTime(0, ticks(random, scale))] as const,
    [
      { name: "datetime2", scale },
      (random: Random) => new CalendarTime(random(LAST_DAY + 1), ticks(random, scale)),
    ] as const,
    [
      { name: "datetimeoffset", scale },
      (random: Random) => new CalendarTime(1 + random(LAST_DAY), ticks(random, scale), random(1681) - 840),
    ] as const,
  ]),
  [{ name: "char", length: 30 }, (random) => western(random, 30)],
  [{ name: "varchar", length: 8000 }, (random) => western(random, 8000)],
  [{ name: "varchar", length: "max" }, (random) => western(random, 9000)],
  [{ name: "nchar", length: 30 }, (random) => unicode(random, 30)],
  [{ name: "nvarchar", length: 4000 }, (random) => unicode(random, 4000)],
  [{ name: "nvarchar", length: "max" }, (random) => unicode(random, 9000)],
  [{ name: "binary", length: 30 }, (random) => bytesOf(random, 30)],
  [{ name: "varbinary", length: 8000 }, (random) => bytesOf(random, 8000)],
  [{ name: "varbinary", length: "max" }, (random) => bytesOf(random, 9000)],
  [{ name: "uniqueidentifier" }, guid],
  [{ name: "xml" }, (random) => `<a>${unicode(random, 100)}</a>`],
];

/** Types that are sent as another one. */
const sentAs: readonly (readonly [SqlType, SqlType, SqlValue])[] = [
  [{ name: "text" }, { name: "varchar", length: "max" }, "text"],
  [{ name: "ntext" }, { name: "nvarchar", length: "max" }, "ntext"],
  [{ name: "image" }, { name: "varbinary", length: "max" }, Uint8Array.of(1, 2)],
  [{ name: "timestamp" }, { name: "binary", length: 8 }, Uint8Array.of(0, 0, 0, 0, 0, 0, 7, 209)],
];

function throughBytes(type: SqlType, value: SqlValue, tdsVersion: number = TdsVersion.v7_4, nullable = true): unknown {
  const out = new ByteWriter();
  const writer = valueWriter(type, tdsVersion, nullable);
  writer.typeInfo(out);
  if (value === null) writer.nullValue(out);
  else writer.value(out, value);
  let bytes = Buffer.alloc(0);
  out.take(out.length, out.length, (piece) => (bytes = Buffer.from(piece)));
  const reader = new ByteReader(bytes);
  const read = readTypedValue(reader, '1 ("@p")');
  assert.equal(reader.remaining, 0, `bytes left over after ${JSON.stringify(type)}`);
  return read;
}

describe("TDS: bytes of every type", () => {
  const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 32);

  for (const [type, make] of types) {
    it(`${JSON.stringify(type)} (seed ${seed})`, () => {
      const random = generator(seed);
      assert.deepEqual(throughBytes(type, null), { type, value: null });
      for (let round = 0; round < 50; round++) {
        const value = make(random);
        assert.deepEqual(throughBytes(type, value), { type, value });
        const isLong =
          type.length === "max" || type.name === "xml" || (value instanceof Uint8Array && value.length < 1);
        if (isLong || value === "") continue;
        const variant = throughBytes({ name: "sql_variant" }, new Variant(type, value));
        assert.deepEqual(variant, {
          type: { name: "sql_variant" },
          value: new Variant(type.length === undefined ? type : { ...type, length: lengthOf(value) }, value),
        });
      }
    });
  }

  it("NULL of sql_variant", () => {
    assert.deepEqual(throughBytes({ name: "sql_variant" }, null), { type: { name: "sql_variant" }, value: null });
  });

  for (const [type, make] of types) {
    it(`${JSON.stringify(type)} that is never NULL (seed ${seed})`, () => {
      const value = make(generator(seed));
      assert.deepEqual(throughBytes(type, value, TdsVersion.v7_4, false), { type, value });
    });
  }

  it("what is never NULL has no length: four bytes of int behind its type (MS-TDS 2.2.5.4.1)", () => {
    const out = new ByteWriter();
    const writer = valueWriter({ name: "int" }, TdsVersion.v7_4, false);
    writer.typeInfo(out);
    writer.value(out, 258);
    out.take(out.length, out.length, (piece) => assert.deepEqual([...piece], [0x38, 2, 1, 0, 0]));
    assert.throws(() => writer.nullValue(out), /not nullable has a NULL/);
  });

  it("a NULL uniqueidentifier whose type says length 0", () => {
    const reader = new ByteReader(Buffer.from([0x24, 0, 0]));
    assert.deepEqual(readTypedValue(reader, "1"), { type: { name: "uniqueidentifier" }, value: null });
  });

  for (const [type, twin, value] of sentAs) {
    it(`${type.name} travels as ${twin.name}`, () => {
      assert.deepEqual(throughBytes(type, value), { type: twin, value });
      assert.deepEqual(throughBytes(type, null), { type: twin, value: null });
    });
  }

  it("date and time types are text for clients before TDS 7.3", () => {
    const value = new CalendarTime(735_000, 863_999_999_999, 90);
    assert.deepEqual(throughBytes({ name: "date" }, new CalendarTime(735_000, 0), TdsVersion.v7_2), {
      type: { name: "nvarchar", length: 10 },
      value: "2013-05-13",
    });
    assert.deepEqual(
      throughBytes({ name: "datetime2", scale: 3 }, new CalendarTime(735_000, 36_000_000_001), TdsVersion.v7_2),
      {
        type: { name: "nvarchar", length: 23 },
        value: "2013-05-13 01:00:00.000",
      },
    );
    assert.deepEqual(throughBytes({ name: "datetimeoffset", scale: 7 }, value, TdsVersion.v7_2), {
      type: { name: "nvarchar", length: 34 },
      value: "2013-05-14 01:29:59.9999999 +01:30",
    });
  });

  it("rounds to what a type can hold, over midnight too", () => {
    const lastTick = new CalendarTime(735_000, TICKS_PER_DAY - 1);
    const next = new CalendarTime(735_001, 0);
    for (const type of [{ name: "datetime" }, { name: "smalldatetime" }, { name: "datetime2", scale: 3 }] as const) {
      assert.deepEqual(throughBytes(type, lastTick), { type, value: next });
    }
    const money: SqlType = { name: "decimal", precision: 10, scale: 2 };
    assert.deepEqual(throughBytes(money, new Decimal(-12_345n, 3)), { type: money, value: new Decimal(-1235n, 2) });
  });

  it("refuses values of the wrong kind", () => {
    assert.throws(
      () => throughBytes({ name: "int" }, "1"),
      /A value of int was expected of the engine, found string 1/,
    );
    assert.throws(() => throughBytes({ name: "bigint" }, 1), TypeError);
    assert.throws(() => throughBytes({ name: "decimal", precision: 3 }, new Decimal(10n ** 20n, 0)), TypeError);
  });

  it("varchar is code page 1252", () => {
    const type: SqlType = { name: "varchar", length: 10 };
    assert.deepEqual(throughBytes(type, "€“é漢"), { type, value: "€“é?" });
  });

  it("answers 8009 for a type that is not served and 8016 for a wrong length", () => {
    const read = (...bytes: number[]): unknown => readTypedValue(new ByteReader(Buffer.from(bytes)), '2 ("@t")');
    assert.throws(() => read(0xf3), { number: 8009, message: /Parameter 2 \("@t"\): Data type 0xF3 is unknown\./ });
    assert.throws(() => read(0x26, 3, 3, 1, 2, 3), { number: 8016 });
    assert.throws(() => read(0x26, 4, 4, 1, 2), { number: 4002 });
    assert.deepEqual(read(0x1f), { type: { name: "int" }, value: null });
  });
});

function lengthOf(value: SqlValue): number | undefined {
  return typeof value === "string" || value instanceof Uint8Array ? value.length : undefined;
}

describe("TDS: types against tedious", () => {
  const day = new Date(Date.UTC(2013, 4, 14));
  const instant = new Date(Date.UTC(2013, 4, 14, 21, 5, 33, 120));
  const longText = "漢字 é ".repeat(3000);

  /** Type, what is sent, what must come back. */
  const cases: readonly (readonly [
    keyof typeof TYPES,
    unknown,
    { readonly precision?: number; readonly scale?: number; readonly length?: number }?,
    unknown?,
  ])[] = [
    ["Bit", true],
    ["TinyInt", 255],
    ["SmallInt", -32768],
    ["Int", -2147483648],
    ["BigInt", "9223372036854775807"],
    ["Decimal", -12345.678, { precision: 12, scale: 3 }],
    ["Numeric", 4711, { precision: 5, scale: 0 }],
    ["Money", 922337203685.4775],
    ["SmallMoney", -214748.3648],
    ["Float", 1.1e-200],
    ["Real", 0.5],
    ["Date", day],
    ["Time", new Date(Date.UTC(1970, 0, 1, 21, 5, 33, 120)), { scale: 3 }],
    ["SmallDateTime", new Date(Date.UTC(2013, 4, 14, 21, 5))],
    ["DateTime", instant],
    ["DateTime2", instant, { scale: 7 }],
    ["DateTimeOffset", instant, { scale: 3 }],
    ["Char", "été", { length: 3 }],
    ["VarChar", "100 € – “é”"],
    ["VarChar", "é".repeat(9000)],
    ["Text", "text"],
    ["NChar", "漢字", { length: 2 }],
    ["NVarChar", "漢字 '\u{1F600}"],
    ["NVarChar", longText],
    ["NVarChar", ""],
    ["NText", "ntext 漢"],
    ["Binary", Buffer.from([1, 2, 3]), { length: 3 }],
    ["VarBinary", Buffer.from([0, 255])],
    ["VarBinary", Buffer.alloc(9000, 7)],
    ["Image", Buffer.from([1, 2, 3, 4])],
    ["UniqueIdentifier", "0E984725-C51C-4BF4-9960-E1C80E27ABA0"],
  ];

  async function echo(
    connection: Connection,
    name: keyof typeof TYPES,
    value: unknown,
    options: object,
  ): Promise<unknown> {
    const { rows, error } = await run(connection, "SELECT @p", "execSql", (request: Request) =>
      request.addParameter("p", TYPES[name], value, options),
    );
    assert.equal(error, undefined);
    return rows[0]?.[0];
  }

  it("parameters of every type come back as they were sent, and as NULL", async () => {
    await withServer(new ScriptedBackend(), {}, ({ port }) =>
      withConnection(port, {}, async (connection) => {
        for (const [name, value, options = {}] of cases) {
          const back = await echo(connection, name, value, options);
          assert.deepEqual(back instanceof Date ? new Date(back.getTime()) : back, value, name);
          assert.equal(await echo(connection, name, null, options), null, `NULL of ${name}`);
        }
      }),
    );
  });

  it("output parameters of every type", async () => {
    await withServer(new ScriptedBackend(), {}, ({ port }) =>
      withConnection(port, {}, async (connection) => {
        for (const [name, value, options = {}] of cases) {
          // tedious declares no output of the legacy large types.
          if (name === "Text" || name === "NText" || name === "Image") continue;
          const { returnValues, error } = await run(connection, "SET @p = @p", "execSql", (request) =>
            request.addOutputParameter("p", TYPES[name], value, options),
          );
          assert.equal(error, undefined);
          const back = returnValues["p"];
          assert.deepEqual(back instanceof Date ? new Date(back.getTime()) : back, value, name);
        }
      }),
    );
  });

  it("columns that no parameter can have: xml, timestamp, sql_variant", async () => {
    const backend = new ScriptedBackend((_text, sink) => {
      sink.columns(
        [{ name: "xml" }, { name: "timestamp" }, ...Array.from({ length: 5 }, () => ({ name: "sql_variant" }))].map(
          (type) => column(type as SqlType),
        ),
      );
      const row: SqlValue[] = [
        "<é/>",
        Uint8Array.of(0, 0, 0, 0, 0, 0, 7, 209),
        new Variant({ name: "int" }, 5),
        new Variant({ name: "nvarchar", length: 20 }, "漢"),
        new Variant({ name: "varchar", length: 20 }, "11.0.7001.0"),
        new Variant({ name: "datetime" }, new CalendarTime(735_000, 0)),
        new Variant({ name: "numeric", precision: 25, scale: 0 }, new Decimal(35_000_000_000n, 0)),
      ];
      void sink.row(row);
      void sink.row(row.map(() => null));
      sink.done({ command: 0xc1, rowCount: 2, error: false });
    });
    await withServer(backend, {}, ({ port }) =>
      withConnection(port, {}, async (connection) => {
        const { rows } = await run(connection, "SELECT");
        const expected = [
          "<é/>",
          Buffer.from([0, 0, 0, 0, 0, 0, 7, 209]),
          5,
          "漢",
          "11.0.7001.0",
          new Date(Date.UTC(2013, 4, 13)),
          35_000_000_000,
        ];
        assert.deepEqual(rows, [expected, expected.map(() => null)]);
      }),
    );
  });
});
