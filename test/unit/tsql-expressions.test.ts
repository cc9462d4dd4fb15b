import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "mocha";
import { displayText } from "../../lab/tsql/conversion";
import { typeText } from "../../lab/tsql/types";
import type { SqlType } from "../../lab/tsql/values";
import { TestSession } from "./support/memory-host";

/** `numeric(8,6)`, `varchar(3)`, `int` */
function describeType(type: SqlType): string {
  if (type.precision !== undefined && (type.name === "numeric" || type.name === "decimal"))
    return `${type.name}(${String(type.precision)},${String(type.scale ?? 0)})`;
  if (type.length !== undefined && type.length !== "max") return `${type.name}(${String(type.length)})`;
  return typeText(type);
}

/** expression → text of the value; and its type where it is given */
type Case = readonly [expression: string, value: string, type?: string];

const NUMBERS: readonly Case[] = [
  ["10 / 4", "2", "int"],
  ["-7 / 2", "-3"],
  ["-7 % 3", "-1"],
  ["2.0 / 3", "0.666666", "numeric(7,6)"],
  ["10.0 / 4.0", "2.500000"],
  ["CAST(1 AS decimal(38, 10)) / 3", "0.3333333333"],
  ["1.25 * 2.5", "3.125", "numeric(6,3)"],
  ["1.25 + 2", "3.25", "numeric(4,2)"],
  ["1e0 / 3", "0.333333", "float"],
  ["'5' + 3", "8", "int"],
  ["'5' + '3'", "53", "varchar(2)"],
  ["CAST(1.5 AS int)", "1"],
  ["CAST(-1.5 AS int)", "-1"],
  ["CAST($1.5 AS int)", "2"],
  ["CAST(2147483647 AS bigint) + 1", "2147483648", "bigint"],
  ["3000000000", "3000000000", "numeric(10,0)"],
  ["$10 / 3", "3.3333", "money"],
  ["CONVERT(varchar(20), $1234567.891, 1)", "1,234,567.89"],
  ["CONVERT(varchar(20), $1234567.891, 2)", "1234567.8910"],
  ["CAST(1e10 AS varchar(30))", "1e+010"],
  ["CAST(123456.7 AS float)", "123457"],
  ["CONVERT(varchar(30), 1e0 / 3, 2)", "3.333333333333333e-001"],
  ["5 & 3", "1"],
  ["5 | 3", "7"],
  ["5 ^ 3", "6"],
  ["~5", "-6"],
  ["CAST(200 AS tinyint) + CAST(50 AS tinyint)", "250", "tinyint"],
  ["CAST(12345 AS varchar(3))", "*"],
  ["ROUND(123.456, 2)", "123.460", "numeric(6,3)"],
  ["ROUND(123.456, 2, 1)", "123.450"],
  ["ROUND(150, -2)", "200"],
  ["FLOOR(-1.5)", "-2", "numeric(2,0)"],
  ["CEILING(1.2)", "2"],
  ["POWER(2, 10)", "1024", "int"],
  ["SQRT(16)", "4", "float"],
  ["ABS(-5)", "5"],
  ["SIGN(-2.5)", "-1.0"],
  ["ISNUMERIC('12.5')", "1"],
  ["ISNUMERIC('x')", "0"],
  ["CAST('abc' AS varbinary(10))", "0x616263"],
  ["CAST(0x00000105 AS int)", "261"],
  ["CAST(261 AS varbinary(4))", "0x00000105"],
  ["CONVERT(varchar(20), 0xABCD, 1)", "0xABCD"],
  ["CONVERT(varchar(20), 0xABCD, 2)", "ABCD"],
  ["CONVERT(varbinary(4), '0xABCD', 1)", "0xabcd"],
  ["CAST('12345678901234567890' AS decimal(25, 0))", "12345678901234567890"],
];

const TEXTS: readonly Case[] = [
  ["LEN('abc  ')", "3"],
  ["DATALENGTH(N'abc')", "6"],
  ["LEFT('abcdef', 2) + RIGHT('abcdef', 2)", "abef"],
  ["SUBSTRING('abcdef', 0, 3)", "ab"],
  ["CHARINDEX('C', 'abcdef')", "3"],
  ["CHARINDEX('b', 'abcabc', 3)", "5"],
  ["PATINDEX('%[0-9]%', 'ab1')", "3"],
  ["REPLACE('aXbxc', 'x', '-')", "a-b-c"],
  ["REPLICATE('ab', 3)", "ababab"],
  ["STUFF('abcdef', 2, 3, 'ZZ')", "aZZef"],
  ["LTRIM('  a') + RTRIM('b  ') + '|'", "ab|"],
  ["UPPER('ab') + LOWER('CD')", "ABcd"],
  ["REVERSE('abc')", "cba"],
  ["'[' + SPACE(2) + ']'", "[  ]"],
  ["STR(123.456, 8, 2)", "  123.46"],
  ["STR(123456, 3)", "***"],
  ["ASCII('A')", "65"],
  ["CHAR(65) + NCHAR(233)", "Aé"],
  ["UNICODE(N'é')", "233"],
  ["QUOTENAME('a]b')", "[a]]b]", "nvarchar(258)"],
  ["QUOTENAME('it''s', '''')", "'it''s'"],
  ["QUOTENAME(REPLICATE('x', 129))", "<NULL>"],
  ["PARSENAME('srv.db.dbo.t', 3)", "db"],
  ["CONCAT('a', NULL, 1)", "a1"],
  ["ISNULL(CAST(NULL AS varchar(2)), 'abc')", "ab", "varchar(2)"],
  ["COALESCE(NULL, 'abc')", "abc"],
  ["NULLIF('a', 'A')", "<NULL>"],
  ["CASE WHEN NULL = NULL THEN 1 ELSE 0 END", "0"],
  ["CASE 'b' WHEN 'B' THEN 'x' ELSE 'y' END", "x"],
  ["IIF(1 < 2, 'yes', 'no')", "yes", "varchar(3)"],
  ["'a' + NULL", "<NULL>"],
  ["'日'", "?"],
  ["N'日'", "日"],
  ["FORMATMESSAGE('%s has %d of %u, %x', 'disk', -5, 7, 255)", "disk has -5 of 7, ff"],
  ["CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)", "6F9619FF-8B86-D011-B42D-00C04FC964FF"],
  [
    "CAST(CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier) AS varbinary(16))",
    "0xff19966f868b11d0b42d00c04fc964ff",
  ],
  // BINARY_CHECKSUM takes 255 characters of nvarchar(max), any length of varbinary(max), and ignores text.
  ...(["nvarchar(max)", "varbinary(max)", "text"] as const).map((type, index): [string, string] => [
    `CASE WHEN BINARY_CHECKSUM(1, CONVERT(${type}, REPLICATE('a', 255) + 'b')) = BINARY_CHECKSUM(1, CONVERT(${type}, REPLICATE('a', 255) + 'c')) THEN 1 ELSE 0 END`,
    ["1", "0", "1"][index] ?? "",
  ]),
  ["CONVERT(varchar(40), HASHBYTES('MD5', 'abc'), 2)", "900150983CD24FB0D6963F7D28E17F72"],
  [
    "CONVERT(varchar(70), HASHBYTES('SHA2_256', 'abc'), 2)",
    "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
  ],
];

const DATES: readonly Case[] = [
  ["CONVERT(varchar(30), CAST('2024-02-03 04:05:06.789' AS datetime), 121)", "2024-02-03 04:05:06.790"],
  ["CONVERT(varchar(30), CAST('2024-02-03T04:05:06.998' AS datetime), 126)", "2024-02-03T04:05:06.997"],
  ["CONVERT(varchar(30), CAST('20240203' AS datetime), 126)", "2024-02-03T00:00:00"],
  ["CAST(CAST('20240203 16:05' AS datetime) AS varchar(30))", "Feb  3 2024  4:05PM"],
  ["CONVERT(varchar(10), CAST('20240203' AS datetime), 101)", "02/03/2024"],
  ["CONVERT(varchar(10), CAST('20240203' AS datetime), 103)", "03/02/2024"],
  ["CONVERT(varchar(8), CAST('20240203' AS datetime), 112)", "20240203"],
  ["CONVERT(varchar(8), CAST('20240203 04:05:06' AS datetime), 108)", "04:05:06"],
  ["CONVERT(varchar(19), CAST('20240203 04:05:06' AS datetime), 120)", "2024-02-03 04:05:06"],
  ["CONVERT(varchar(30), CONVERT(datetime, '03/02/2024', 103), 112)", "20240203"],
  ["CAST('2024-02-03 04:05:06.1234567' AS datetime2)", "2024-02-03 04:05:06.1234567"],
  ["CAST('2024-02-03' AS date)", "2024-02-03"],
  ["CAST('2024-02-03 10:00 +02:00' AS datetimeoffset(0))", "2024-02-03 10:00:00 +02:00"],
  ["CONVERT(varchar(30), CAST('20240131' AS datetime) + 1, 112)", "20240201"],
  ["CONVERT(varchar(30), DATEADD(month, 1, CAST('20240131' AS datetime)), 112)", "20240229"],
  ["DATEDIFF(day, '20240228', '20240301')", "2"],
  ["DATEDIFF(year, '20231231', '20240101')", "1"],
  ["DATEDIFF(second, '20240101', '20240102')", "86400"],
  ["DATEPART(weekday, CAST('20240204' AS date))", "1"],
  ["DATENAME(month, CAST('20240204' AS date))", "February"],
  ["DATENAME(dw, CAST('20240204' AS date))", "Sunday"],
  ["YEAR('20240204') * 100 + MONTH('20240204')", "202402"],
  ["ISDATE('2024-02-30')", "0"],
  ["CONVERT(varchar(40), CAST(0 AS datetime), 121)", "1900-01-01 00:00:00.000"],
  ["CAST(CAST('20240203 12:00' AS smalldatetime) AS varchar(20))", "Feb  3 2024 12:00PM"],
];

/** statement → number and text of the error */
const REFUSALS: readonly (readonly [statement: string, number: number, text: string])[] = [
  ["SELECT 1 / 0", 8134, "Divide by zero error encountered."],
  ["SELECT CAST('x' AS int)", 245, "Conversion failed when converting the varchar value 'x' to data type int."],
  ["SELECT N'x' + 1", 245, "Conversion failed when converting the nvarchar value 'x' to data type int."],
  ["SELECT CAST('x' AS decimal(5, 2))", 8114, "Error converting data type varchar to numeric."],
  ["SELECT CAST('x' AS float)", 8114, "Error converting data type varchar to float."],
  ["SELECT CAST('x' AS bigint)", 8114, "Error converting data type varchar to bigint."],
  ["SELECT CAST('x' AS datetime)", 241, "Conversion failed when converting date and/or time from character string."],
  [
    "SELECT CAST('20240230' AS datetime)",
    242,
    "The conversion of a varchar data type to a datetime data type resulted in an out-of-range value.",
  ],
  [
    "SELECT CAST('x' AS uniqueidentifier)",
    8169,
    "Conversion failed when converting from a character string to uniqueidentifier.",
  ],
  ["SELECT 2147483647 + 1", 8115, "Arithmetic overflow error converting expression to data type int."],
  ["SELECT CAST(70000 AS smallint)", 220, "Arithmetic overflow error for data type smallint, value = 70000."],
  ["SELECT CAST(1000 AS decimal(3, 0))", 8115, "Arithmetic overflow error converting int to data type numeric."],
  [
    "SELECT CAST('99999999999' AS int)",
    248,
    "The conversion of the varchar value '99999999999' overflowed an int column.",
  ],
  ["SELECT CAST(GETDATE() AS date) + 1", 206, "Operand type clash: date is incompatible with int"],
  ["SELECT CAST(1 AS xml)", 529, "Explicit conversion from data type int to xml is not allowed."],
  [
    "DECLARE @b varbinary(4) = 'x'",
    257,
    "Implicit conversion from data type varchar to varbinary is not allowed. Use the CONVERT function to run this query.",
  ],
  ["SELECT nosuch(1)", 195, "'nosuch' is not a recognized built-in function name."],
  [
    "SELECT dbo.nosuch(1)",
    4121,
    'Cannot find either column "dbo" or the user-defined function or aggregate "dbo.nosuch", or the name is ambiguous.',
  ],
  ["SELECT LEN('a', 'b')", 174, "The len function requires 1 argument(s)."],
  ["SELECT LEFT('abc', -1)", 537, "Invalid length parameter passed to the left function."],
  ["SELECT 'a' COLLATE Nonsense", 448, "Invalid collation 'Nonsense'."],
  ["SELECT 'a' - 'b'", 8117, "Operand data type varchar is invalid for subtract operator."],
  [
    "SELECT COALESCE(NULL, NULL)",
    4127,
    "At least one of the arguments to COALESCE must be an expression that is not the NULL constant.",
  ],
];

/** condition → true, false or unknown */
const CONDITIONS: readonly (readonly [condition: string, holds: boolean | undefined])[] = [
  ["'abc ' = 'ABC'", true],
  ["'abc' = 'ABC' COLLATE Latin1_General_BIN", false],
  ["'abc' = 'ABC' COLLATE Latin1_General_CS_AS", false],
  ["'é' = 'e'", false],
  ["'é' = 'e' COLLATE Latin1_General_CI_AI", true],
  ["1 = '1'", true],
  ["NULL = NULL", undefined],
  ["NOT (NULL = 1)", undefined],
  ["NULL IS NULL", true],
  ["1 IN (2, NULL)", undefined],
  ["1 NOT IN (2, NULL)", undefined],
  ["1 IN (1, NULL)", true],
  ["5 BETWEEN 1 AND 10", true],
  ["'mgc_log' LIKE 'mgc[_]%'", true],
  ["'mgcxlog' LIKE 'mgc[_]%'", false],
  ["'a%b' LIKE 'a!%b' ESCAPE '!'", true],
  ["'axb' LIKE 'a!%b' ESCAPE '!'", false],
  ["'abc' LIKE 'A_[^x]'", true],
  ["'x' LIKE NULL", undefined],
  ["0x01 = 0x0100", true],
  [
    "CAST('00000000-0000-0000-0000-010000000000' AS uniqueidentifier) > CAST('FFFFFFFF-FFFF-FFFF-FFFF-000000000000' AS uniqueidentifier)",
    true,
  ],
  ["CAST('20240203' AS datetime) = '2024-02-03'", true],
  ["1.0 = 1.000", true],
  ["EXISTS (SELECT 1 WHERE 1 = 0)", false],
  ["3 > ALL (SELECT n FROM numbers(2))", true],
  ["2 = ANY (SELECT n FROM numbers(2))", true],
];

describe("T-SQL expressions", () => {
  for (const [subject, cases] of [
    ["numbers", NUMBERS],
    ["texts", TEXTS],
    ["dates", DATES],
  ] as const) {
    describe(subject, () => {
      for (const [expression, value, type] of cases)
        it(`${expression} is ${value}`, async () => {
          const sink = await new TestSession().run(`SELECT ${expression} AS v`);
          deepEqual(sink.messages, []);
          const column = sink.results[0]?.columns[0];
          const shown = sink.results[0]?.rows[0]?.[0];
          equal(displayText(shown ?? null, column?.type ?? { name: "int" }), value);
          if (type !== undefined && column !== undefined) equal(describeType(column.type), type);
        });
    });
  }

  describe("refusals", () => {
    for (const [statement, number, text] of REFUSALS)
      it(`${statement} is refused with ${String(number)}`, async () => {
        const sink = await new TestSession().run(statement);
        deepEqual(
          sink.messages.map((message) => [message.number, message.text]),
          [[number, text]],
        );
      });
  });

  describe("conditions", () => {
    for (const [condition, holds] of CONDITIONS)
      it(`${condition} is ${holds === undefined ? "unknown" : String(holds)}`, async () => {
        const rows = await new TestSession().rows(
          `SELECT CASE WHEN ${condition} THEN 1 WHEN NOT (${condition}) THEN 0 END`,
        );
        deepEqual(rows, [[holds === undefined ? null : holds ? 1 : 0]]);
      });
  });

  it("GETDATE() is the same all through a statement", async () => {
    deepEqual(
      await new TestSession()
        .rows("SELECT DISTINCT GETDATE() - GETDATE() FROM numbers(50)")
        .then((rows) => rows.length),
      1,
    );
  });

  it("functions of 2012 are unknown to 2008 R2", async () => {
    deepEqual((await new TestSession(10).run("SELECT CONCAT('a', 'b')")).errors, [195]);
    deepEqual(await new TestSession(10).rows("SELECT HASHBYTES('SHA2_256', 'a')"), [[null]]);
  });
});
