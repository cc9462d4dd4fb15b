import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { parse, ParseError } from "../../lab/tsql/parser";

const SQL_2008_R2 = { major: 10, minor: 50 };
const SQL_2012 = { major: 11, minor: 0 };

interface Refusal {
  readonly text: string;
  readonly number: number;
  readonly message: string | RegExp;
  readonly line?: number;
  readonly version?: { readonly major: number; readonly minor: number };
}

const near = (token: string): string => `Incorrect syntax near '${token}'.`;
const nearKeyword = (word: string): string => `Incorrect syntax near the keyword '${word}'.`;

const REFUSALS: readonly Refusal[] = [
  // 102 and 156: what SQL Server names is the token that does not fit, at the end of the batch the last one.
  { text: "SELECT * FROM", number: 102, message: near("FROM") },
  { text: "SELECT 1,\n\n,2", number: 102, message: near(","), line: 3 },
  { text: "PRINT 'a' GO", number: 102, message: near("GO") },
  { text: "PRINT 'a'\nsp_who", number: 102, message: near("sp_who"), line: 2 },
  { text: "SELECT name FROM order", number: 156, message: nearKeyword("order") },
  { text: "BEGIN SELECT 1", number: 102, message: near("1") },
  { text: "BEGIN END", number: 156, message: nearKeyword("END") },
  { text: "BEGIN TRY END TRY BEGIN CATCH END CATCH", number: 156, message: nearKeyword("END") },
  { text: "SELECT 1 = 1", number: 102, message: near("=") },
  { text: "IF 1 = 1", number: 102, message: near("1") },
  { text: "SELECT (1 + 2", number: 102, message: near("2") },
  { text: "SELECT a FROM t FOR XML PATH('')", number: 156, message: nearKeyword("FOR") },
  { text: "CREATE PROCEDURE p AS SELECT 1", number: 156, message: nearKeyword("PROCEDURE") },
  { text: "CREATE VIEW v AS SELECT 1 AS a", number: 156, message: nearKeyword("VIEW") },
  { text: "CREATE TABLE t (a int, b AS a + 1)", number: 156, message: nearKeyword("AS") },
  { text: "USE @database", number: 102, message: near("@database") },
  { text: "ALTER DATABASE mgc SET PARTNER = @address", number: 102, message: near("@address") },
  { text: "ALTER DATABASE mgc SET FENCED", number: 102, message: near("FENCED") },
  { text: "RESTORE HEADERONLY", number: 102, message: near("HEADERONLY") },
  { text: "BACKUP DATABASE mgc", number: 102, message: near("mgc") },
  { text: "EXEC ('a' + UPPER(@b))", number: 102, message: near("UPPER") },
  { text: "EXEC p 1 2", number: 102, message: near("2") },
  { text: "SELECT { 1", number: 102, message: near("{") },
  // Later versions' words on 10.50.
  { text: "THROW 50000, N'x', 1;", number: 102, message: near("THROW"), version: SQL_2008_R2 },
  {
    text: "BEGIN TRY SELECT 1 END TRY BEGIN CATCH THROW END CATCH",
    number: 102,
    message: near("THROW"),
    version: SQL_2008_R2,
  },
  { text: "SELECT a FROM t ORDER BY a OFFSET 1 ROWS", number: 102, message: near("OFFSET"), version: SQL_2008_R2 },
  { text: "ALTER SERVER ROLE sysadmin ADD MEMBER a", number: 102, message: near("SERVER"), version: SQL_2008_R2 },
  {
    text: "SELECT TRY_CONVERT(int, '1')",
    number: 195,
    message: "'TRY_CONVERT' is not a recognized built-in function name.",
    version: SQL_2008_R2,
  },
  {
    text: "SELECT IIF(1 = 1, 2, 3)",
    number: 195,
    message: "'IIF' is not a recognized built-in function name.",
    version: SQL_2008_R2,
  },
  // THROW must follow a semicolon.
  { text: "PRINT 'a' THROW 50000, N'x', 1", number: 102, message: near("THROW") },
  { text: "THROW", number: 10704, message: /must be used inside a CATCH block/ },
  // Text that does not end.
  { text: "SELECT 1\nSELECT 'abc", number: 105, message: /after the character string 'abc'\.$/, line: 2 },
  { text: "SELECT [abc", number: 105, message: "Unclosed quotation mark after the character string 'abc'." },
  { text: "SELECT 1 /* a /* b */", number: 113, message: "Missing end comment mark '*/'." },
  // Names.
  {
    text: `SELECT ${"a".repeat(129)}`,
    number: 103,
    message: `The identifier that starts with '${"a".repeat(128)}' is too long. Maximum length is 128.`,
  },
  { text: "SELECT 1 AS []", number: 1038, message: /^An object or column name is missing or empty/ },
  {
    text: "SELECT * FROM a.b.c.d.e",
    number: 117,
    message: "The object name 'a.b.c.d.e' contains more than the maximum number of prefixes. The maximum is 3.",
  },
  // Options.
  {
    text: "BACKUP LOG mgc TO DISK = 'x' WITH TRUNCATE_ONLY",
    number: 155,
    message: "'TRUNCATE_ONLY' is not a recognized BACKUP option.",
  },
  {
    text: "BACKUP DATABASE mgc TO DISK = 'x' WITH NORECOVERY",
    number: 155,
    message: "'NORECOVERY' is not a recognized BACKUP option.",
  },
  {
    text: "RESTORE DATABASE mgc FROM DISK = 'x' WITH OVERWRITE",
    number: 155,
    message: "'OVERWRITE' is not a recognized RESTORE option.",
  },
  { text: "SELECT DATEADD(foo, 1, @d)", number: 155, message: "'foo' is not a recognized dateadd option." },
  { text: "SELECT DATEPART(@p, @d)", number: 1023, message: "Invalid parameter 1 specified for datepart." },
  { text: "SET FENCE ON", number: 195, message: "'FENCE' is not a recognized SET option." },
  { text: "SELECT * FROM t WITH (FAST)", number: 321, message: /^"FAST" is not a recognized table hints option/ },
  // Types.
  {
    text: "DECLARE @a strange",
    number: 2715,
    message: "Column, parameter, or variable #1: Cannot find data type strange.",
  },
  { text: "SELECT CAST(1 AS strange)", number: 243, message: "Type strange is not a defined system type." },
  {
    text: "DECLARE @a varchar(9000)",
    number: 131,
    message: "The size (9000) given to the type 'varchar' exceeds the maximum allowed for any data type (8000).",
  },
  { text: "DECLARE @a nvarchar(0)", number: 1001, message: "Line 1: Length or precision specification 0 is invalid." },
  {
    text: "DECLARE @a decimal(4, 5)",
    number: 2751,
    message: "Column or parameter #1: Specified column scale 5 is greater than the specified precision of 4.",
  },
  // Conditions and queries.
  {
    text: "IF @a SELECT 1",
    number: 4145,
    message: "An expression of non-boolean type specified in a context where a condition is expected, near 'SELECT'.",
  },
  { text: "SELECT 1 WHERE (1) AND 2 = 2", number: 4145, message: /near 'AND'\.$/ },
  { text: "SELECT @a = 1, b FROM t", number: 141, message: /^A SELECT statement that assigns a value/ },
  { text: "SELECT * FROM (SELECT a FROM t ORDER BY a) AS x", number: 1033, message: /unless TOP, OFFSET or FOR XML/ },
  {
    text: "SELECT * FROM (SELECT a FROM t ORDER BY a) AS x",
    number: 1033,
    message: /unless TOP or FOR XML/,
    version: SQL_2008_R2,
  },
  {
    text: "SELECT 1 WITH x AS (SELECT 1 AS a) SELECT a FROM x",
    number: 319,
    message: /^Incorrect syntax near the keyword 'with'\. If/,
  },
  { text: "INSERT t VALUES (1, 2), (3)", number: 10709, message: /^The number of columns for each row/ },
  {
    text: `INSERT t VALUES ${Array.from({ length: 1001 }, () => "(1)").join(",")}`,
    number: 10738,
    message: /maximum allowed number of 1000 row values\.$/,
  },
  {
    text: `SELECT ${"(".repeat(50_000)}1${")".repeat(50_000)}`,
    number: 191,
    message: /^Some part of your SQL statement is nested too deeply/,
  },
  // Control of flow and procedures.
  { text: "BREAK", number: 135, message: "Cannot use a BREAK statement outside the scope of a WHILE statement." },
  { text: "CONTINUE", number: 136, message: "Cannot use a CONTINUE statement outside the scope of a WHILE statement." },
  {
    text: "GOTO nowhere",
    number: 133,
    message: "A GOTO statement references the label 'nowhere' but the label has not been declared.",
  },
  { text: "again: PRINT 'a'; AGAIN: PRINT 'b'", number: 132, message: /^The label 'AGAIN' has already been declared/ },
  { text: "RETURN 1", number: 178, message: "A RETURN statement with a return value cannot be used in this context." },
  { text: "EXEC p @a = 1, 2", number: 119, message: /^Must pass parameter number 2 and subsequent parameters as/ },
  {
    text: "EXEC p 1 OUTPUT",
    number: 179,
    message: "Cannot use the OUTPUT option when passing a constant to a stored procedure.",
  },
];

describe("T-SQL parser: refusals", () => {
  for (const { text, number, message, line = 1, version = SQL_2012 } of REFUSALS) {
    const title = text.length > 70 ? `${text.slice(0, 70)}…` : text;
    it(`${String(number)} on ${String(version.major)}: ${title.replaceAll("\n", " ⏎ ")}`, () => {
      assert.throws(
        () => parse(text, version),
        (error: unknown) => {
          assert.ok(error instanceof ParseError, `expected a ParseError, found ${String(error)}`);
          if (typeof message === "string") assert.equal(error.message, message);
          else assert.match(error.message, message);
          assert.deepEqual({ number: error.number, line: error.line }, { number, line });
          assert.equal(error.endsBatch, true);
          return true;
        },
      );
    });
  }

  it("puts 102 behind 105, as SQL Server does", () => {
    assert.throws(
      () => parse("PRINT 'it''s", SQL_2012),
      (error: unknown) => {
        assert.ok(error instanceof ParseError);
        assert.deepEqual(
          error.messages(error.line).map((message) => [message.number, message.class, message.text]),
          [
            [105, 15, "Unclosed quotation mark after the character string 'it's'."],
            [102, 15, "Incorrect syntax near 'it's'."],
          ],
        );
        return true;
      },
    );
  });

  it("takes no batch in which a later statement does not parse", () => {
    assert.throws(() => parse("CREATE TABLE t (a int); INSERT t VALUES (1); SELEC 1", SQL_2012), /near 'SELEC'/);
  });
});
