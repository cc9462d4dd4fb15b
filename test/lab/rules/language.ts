/** Transactions and language, first part: what a batch is told. Each case is one batch, or several in one session. */
import assert from "node:assert/strict";
import { cite } from "./sources";
import { type ExpectedError, type NotHeld, numbers, refuses, type Rule, type RuleEstate } from "./support";

/** A batch, the errors it is told, and its first result set as text. */
interface Case {
  readonly batch: string;
  readonly errors?: readonly ExpectedError[];
  readonly rows?: readonly Readonly<Record<string, string | null>>[];
}

type Described = Omit<Rule, "run" | "source"> & { readonly source?: string };

/** A rule whose batches run one after another in one session of sa. */
export function told(rule: Described, ...cases: readonly Case[]): Rule {
  return {
    source: "",
    ...rule,
    run: async (estate: RuleEstate) => {
      const session = await estate.connect();
      for (const { batch, errors = [], rows } of cases) {
        const answer = await refuses(session, batch, errors);
        if (rows !== undefined) assert.deepEqual(answer.rows, rows, batch);
      }
    },
  };
}

const TABLE = `CREATE TABLE #t (a int NOT NULL PRIMARY KEY, b varchar(3) NULL)`;
const NEAR = /^Incorrect syntax near/;
const errors0 = cite("errors0");

export const languageRules: readonly Rule[] = [
  told(
    {
      number: "J1",
      certainty: "documented",
      source: errors0,
      title: "a batch with wrong syntax runs nothing: 102, 156",
    },
    { batch: `${TABLE}; SELECT 1 +;`, errors: [[102, 15, NEAR]] },
    { batch: "CREATE TABLE #u (a int); SELECT FROM WHERE", errors: [[156, 15, NEAR]] },
    { batch: "SELECT OBJECT_ID('tempdb..#t') AS t, OBJECT_ID('tempdb..#u') AS u", rows: [{ t: null, u: null }] },
  ),
  {
    number: "J2",
    certainty: "documented",
    source: cite("errors0"),
    title: "THROW is unknown to SQL Server 2008 R2: 102",
    run: async (estate) => {
      await estate.start("SQL-OLD", { version: { major: 10, minor: 50, build: 6000 } });
      await estate.refuses("THROW 50001, N'x', 1", [[102, 15, NEAR]], "SQL-OLD");
      await estate.refuses("THROW 50001, N'x', 1", [[50001, 16, /^x$/]]);
    },
  },
  told(
    { number: "J3", certainty: "documented", source: errors0, title: "open quote: 105 and 102; open comment: 113" },
    {
      batch: "SELECT 'open",
      errors: [
        [105, 15, /^Unclosed quotation mark after the character string 'open'\.$/],
        [102, 15, NEAR],
      ],
    },
    { batch: "SELECT 1 /* open", errors: [[113, 15, /^Missing end comment mark/]] },
  ),
  told(
    {
      number: "J4",
      certainty: "documented",
      source: errors0,
      title: "variable not declared: 137; declared twice: 134",
    },
    { batch: "SELECT @a", errors: [[137, 15, /^Must declare the scalar variable "@a"\.$/]] },
    { batch: "DECLARE @a int; DECLARE @a int", errors: [[134, 15]] },
  ),
  told(
    {
      number: "J5",
      certainty: "documented",
      source: errors0,
      title: "unknown table: 208 when its statement runs, the batch ends; unknown column: 207",
    },
    {
      batch: `${TABLE}; INSERT #t VALUES (1, 'x'); SELECT * FROM dbo.nowhere; INSERT #t VALUES (2, 'y')`,
      errors: [[208, 16]],
    },
    { batch: "SELECT a FROM #t", rows: [{ a: "1" }] },
    { batch: "SELECT nothing FROM #t", errors: [[207, 16, /^Invalid column name 'nothing'\.$/]] },
  ),
  told(
    { number: "J6", certainty: "well known", title: "unknown procedure: 2812" },
    { batch: "EXEC dbo.nowhere", errors: [[2812, 16, /^Could not find stored procedure 'dbo\.nowhere'\.$/]] },
  ),
  told(
    {
      number: "J7",
      certainty: "documented",
      source: errors0,
      title: "parameter missing: 201; too many: 8144; unknown: 8145; positional after named: 119",
    },
    { batch: "EXEC sp_addrolemember N'db_owner'", errors: [[201, 16]] },
    { batch: "EXEC sp_releaseapplock N'r', 'Session', 'public', 1", errors: [[8144, 16]] },
    { batch: "EXEC sp_addrolemember @rolename = N'db_owner', @membername = N'x', @nonsense = 1", errors: [[8145, 16]] },
    { batch: "EXEC sp_getapplock @Resource = N'r', N'Exclusive'", errors: [[119, 15]] },
  ),
  told(
    { number: "J8", certainty: "documented", source: errors0, title: "sp_executesql with a varchar statement: 214" },
    { batch: "EXEC sp_executesql 'SELECT 1'", errors: [[214, 16]] },
  ),
  told(
    {
      number: "J9",
      certainty: "documented",
      source: errors0,
      title: "identifier of 129 characters: 103; QUOTENAME of them: NULL; ] and ' are doubled",
    },
    { batch: `SELECT 1 AS [${"x".repeat(129)}]`, errors: [[103, 15]] },
    {
      batch: "SELECT QUOTENAME(REPLICATE('x', 129)) AS long, QUOTENAME(N'a]b') AS name, 'a''b' AS text, 1 AS [c]]d]",
      rows: [{ long: null, name: "[a]]b]", text: "a'b", "c]d": "1" }],
    },
  ),
  told(
    {
      number: "J10",
      certainty: "documented",
      source: errors0,
      title: "'x' to int: 245, to a date: 241; the batch ends and the transaction is rolled back",
    },
    { batch: "BEGIN TRAN; SELECT CAST('x' AS int); SELECT 1 AS after", errors: [[245, 16]] },
    { batch: "SELECT @@TRANCOUNT AS n", rows: [{ n: "0" }] },
    { batch: "SELECT CAST('x' AS datetime)", errors: [[241, 16]] },
    {
      batch: "BEGIN TRAN; BEGIN TRY SELECT CAST('x' AS int) END TRY BEGIN CATCH SET NOCOUNT ON END CATCH; ROLLBACK",
    },
  ),
  told(
    { number: "J11", certainty: "well known", title: "SUM of int overflows: 8115" },
    {
      batch: "SELECT SUM(a) AS s FROM (VALUES (2147483647), (1)) AS v (a)",
      errors: [[8115, 16, /^Arithmetic overflow error converting expression to data type int\.$/]],
    },
  ),
  told(
    { number: "J12", certainty: "well known", title: "division by zero: 8134, and the batch goes on" },
    { batch: `${TABLE}; SELECT 1 / 0; INSERT #t VALUES (1, 'x')`, errors: [[8134, 16]] },
    { batch: "SELECT a FROM #t", rows: [{ a: "1" }] },
  ),
  told(
    { number: "J13", certainty: "well known", title: "text too long for its column: 8152, that statement undone" },
    { batch: `${TABLE}; INSERT #t VALUES (1, 'x'), (2, 'long'); INSERT #t VALUES (3, 'y')`, errors: [[8152, 16]] },
    { batch: "SELECT a FROM #t", rows: [{ a: "3" }] },
  ),
  told(
    {
      number: "J14",
      certainty: "well known",
      title: "NULL into NOT NULL: 515; duplicate key: 2627, of an index: 2601; FOREIGN KEY and CHECK: 547",
    },
    { batch: `${TABLE}; INSERT #t VALUES (1, 'x')` },
    { batch: "INSERT #t VALUES (NULL, 'x')", errors: [[515, 16]] },
    { batch: "INSERT #t VALUES (1, 'x')", errors: [[2627, 14]] },
    { batch: "CREATE DATABASE keys" },
    {
      batch:
        "USE keys; CREATE TABLE dbo.p (a int NOT NULL PRIMARY KEY); CREATE TABLE dbo.c (a int REFERENCES dbo.p (a))",
    },
    { batch: "INSERT dbo.c VALUES (1)", errors: [[547, 16]] },
    {
      batch:
        "CREATE TABLE dbo.k (a int NULL CONSTRAINT positive CHECK (a > 0), b nvarchar(9) NULL); CREATE UNIQUE INDEX one ON dbo.k (b)",
    },
    {
      batch: "INSERT dbo.k VALUES (0, N'x')",
      errors: [
        [
          547,
          16,
          /^The INSERT statement conflicted with the CHECK constraint "positive"\. The conflict occurred in database "keys", table "dbo\.k", column 'a'\.$/,
        ],
      ],
    },
    { batch: "INSERT dbo.k VALUES (1, N'x'), (NULL, N'y')" },
    { batch: "UPDATE dbo.k SET a = a - 1", errors: [[547, 16]] },
    { batch: "INSERT dbo.k VALUES (2, N'x')", errors: [[2601, 14]] },
    { batch: "ALTER TABLE dbo.k ADD CONSTRAINT known CHECK (b IN (N'x', N'z'))", errors: [[547, 16]] },
    { batch: "DELETE dbo.k WHERE b = N'y'; ALTER TABLE dbo.k ADD CONSTRAINT known CHECK (b IN (N'x', N'z'))" },
    { batch: "INSERT dbo.k VALUES (3, N'w')", errors: [[547, 16]] },
    {
      batch: "ALTER TABLE dbo.k DROP COLUMN b",
      errors: [
        [5074, 16],
        [4922, 16],
      ],
    },
    {
      batch: "ALTER TABLE dbo.k DROP CONSTRAINT known; INSERT dbo.k VALUES (3, N'w'); SELECT a FROM dbo.k",
      rows: [{ a: "1" }, { a: "3" }],
    },
    {
      batch: "CREATE TABLE dbo.w (a int CHECK (nowhere > 0))",
      errors: [
        [207, 16],
        [1750, 16],
      ],
    },
  ),
  told(
    {
      number: "J15",
      certainty: "documented",
      source: "@@ERROR (Transact-SQL); @@ROWCOUNT (Transact-SQL)",
      title: "@@ERROR and @@ROWCOUNT are of the last statement only",
    },
    { batch: `${TABLE}; INSERT #t VALUES (1, 'x'), (2, 'y')` },
    {
      batch:
        "DECLARE @r int, @e int; UPDATE #t SET b = 'z'; SET @r = @@ROWCOUNT; SELECT @e = @@ERROR; SELECT @r AS r, @e AS e",
      rows: [{ r: "2", e: "0" }],
    },
    {
      batch:
        "DECLARE @e int, @f int; INSERT #t VALUES (1, 'x'); SET @e = @@ERROR; SET @f = @@ERROR; SELECT @e AS e, @f AS f",
      errors: [[2627, 14]],
      rows: [{ e: "2627", f: "0" }],
    },
  ),
  {
    number: "J16",
    certainty: "well known",
    source: "",
    title: "RAISERROR up to 10 informs, 11 to 18 is error 50000, above 18 needs WITH LOG: 2754",
    run: async (estate) => {
      const soft = await estate.run("RAISERROR('note', 10, 1); SELECT @@ERROR AS e");
      assert.deepEqual(
        soft.messages.map((one) => [one.number, one.class, one.text]),
        [[50000, 0, "note"]],
      );
      assert.deepEqual(soft.rows, [{ e: "0" }]);
      assert.deepEqual(await estate.rows("RAISERROR('note', 10, 1) WITH SETERROR; SELECT @@ERROR AS e"), [
        { e: "50000" },
      ]);
      await estate.refuses("RAISERROR('hard', 16, 1)", [[50000, 16, /^hard$/]]);
      await estate.refuses("RAISERROR('fatal', 19, 1)", [[2754, 16]]);
    },
  },
  {
    number: "J17",
    certainty: "well known",
    source: "",
    title: "PRINT informs with severity 0; STATS arrives before the statement's end",
    run: async (estate) => {
      const printed = await estate.run("PRINT 'hello'");
      assert.deepEqual(
        printed.messages.map((one) => [one.number, one.class, one.text]),
        [[0, 0, "hello"]],
      );
      await estate.run("CREATE DATABASE mgc");
      const found = numbers(await estate.run("BACKUP DATABASE mgc TO DISK = N'D:\\SQLData\\x.bak' WITH STATS = 50"));
      assert.ok(found.includes(3211), `expected 3211 (percent), found ${found.join(", ")}`);
      assert.ok(found.indexOf(3211) < found.indexOf(3014), "expected 3211 before 3014");
    },
  },
  told(
    {
      number: "J18",
      certainty: "documented",
      source: "TRY...CATCH (Transact-SQL)",
      title: "TRY catches 11 to 19 at run time, not what the same scope cannot compile",
    },
    {
      batch: "BEGIN TRY RAISERROR('x', 16, 1) END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n END CATCH",
      rows: [{ n: "50000" }],
    },
    {
      batch: "BEGIN TRY SELECT * FROM dbo.nowhere END TRY BEGIN CATCH SELECT 1 AS caught END CATCH",
      errors: [[208, 16]],
      rows: [],
    },
    {
      batch: "BEGIN TRY EXEC('SELECT * FROM dbo.nowhere') END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n END CATCH",
      rows: [{ n: "208" }],
    },
  ),
  told(
    { number: "J19", certainty: "well known", title: "CATCH around BACKUP gets the last error only: 3013" },
    {
      batch:
        "BEGIN TRY BACKUP DATABASE nowhere TO DISK = N'D:\\SQLData\\x.bak' END TRY BEGIN CATCH SELECT ERROR_NUMBER() AS n END CATCH",
      rows: [{ n: "3013" }],
    },
  ),
  told(
    { number: "J20", certainty: "well known", title: "without TRY the client is told both errors in their order" },
    {
      batch: "BACKUP DATABASE nowhere TO DISK = N'D:\\SQLData\\x.bak'",
      errors: [
        [911, 16],
        [3013, 16],
      ],
    },
  ),
];

export const languageNotHeld: readonly NotHeld[] = [];
