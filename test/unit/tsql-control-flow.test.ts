import { deepEqual, equal } from "node:assert/strict";
import { describe, it } from "mocha";
import { SqlError } from "../../lab/tsql/errors";
import { StoredTable, TestSession } from "./support/memory-host";

function withTable(): TestSession {
  const session = new TestSession();
  session.host.tables.set(
    "t",
    new StoredTable(
      [
        { name: "id", type: { name: "int" }, nullable: false },
        { name: "v", type: { name: "varchar", length: 5 }, nullable: true },
      ],
      [[1, "a"]],
    ),
  );
  return session;
}

const ids = (session: TestSession): unknown[] =>
  [...(session.host.tables.get("t") as StoredTable).scan()].map((row) => row[0]);

/** batch → what PRINT says */
const BATCHES: readonly (readonly [title: string, batch: string, printed: readonly string[]])[] = [
  ["IF and ELSE", "IF 1 = 2 PRINT 'a' ELSE IF NULL = 1 PRINT 'b' ELSE PRINT 'c'", ["c"]],
  [
    "WHILE with BREAK and CONTINUE",
    "DECLARE @i int = 0; WHILE 1 = 1 BEGIN SET @i += 1; IF @i = 2 CONTINUE; IF @i > 3 BREAK; PRINT @i END",
    ["1", "3"],
  ],
  ["GOTO", "DECLARE @i int = 0\nagain:\nSET @i += 1\nIF @i < 3 GOTO again\nPRINT @i", ["3"]],
  ["RETURN ends the batch", "PRINT 'a' RETURN PRINT 'b'", ["a"]],
  [
    "@@ROWCOUNT of SELECT, SET and IF",
    "SELECT n FROM numbers(3); PRINT @@ROWCOUNT; DECLARE @x int; SET @x = 1; PRINT @@ROWCOUNT; PRINT @@ROWCOUNT",
    ["3", "1", "0"],
  ],
  ["@@ERROR is of the last statement", "SELECT 1 / 0; PRINT @@ERROR; PRINT @@ERROR", ["8134", "0"]],
  [
    "SELECT assigns the last row",
    "DECLARE @x int = 7; SELECT @x = n FROM numbers(0); PRINT @x; SELECT @x = n FROM numbers(3) ORDER BY n; PRINT @x",
    ["7", "3"],
  ],
  [
    "SELECT concatenates rows",
    "DECLARE @s varchar(20) = ''; SELECT @s = @s + CAST(n AS varchar(5)) FROM numbers(3) ORDER BY n DESC; PRINT @s",
    ["321"],
  ],
  ["a value too long for a variable is cut", "DECLARE @s varchar(3) = 'abcdef'; PRINT @s", ["abc"]],
  [
    "TRY catches with number, text, severity, state and line",
    "BEGIN TRY\n  SELECT 1 / 0\nEND TRY BEGIN CATCH PRINT CONCAT(ERROR_NUMBER(), '|', ERROR_MESSAGE(), '|', ERROR_SEVERITY(), '|', ERROR_STATE(), '|', ERROR_LINE()) END CATCH; PRINT ISNULL(ERROR_NUMBER(), 0)",
    ["8134|Divide by zero error encountered.|16|1|2", "0"],
  ],
  [
    "TRY catches a conversion error",
    "BEGIN TRY SELECT CAST('x' AS int) END TRY BEGIN CATCH PRINT ERROR_NUMBER() END CATCH PRINT 'on'",
    ["245", "on"],
  ],
  [
    "nested TRY: an error of CATCH goes outwards",
    "BEGIN TRY BEGIN TRY SELECT 1 / 0 END TRY BEGIN CATCH RAISERROR('second', 16, 1) END CATCH END TRY BEGIN CATCH PRINT ERROR_MESSAGE() END CATCH",
    ["second"],
  ],
  [
    "an unknown table inside of EXEC is caught",
    "BEGIN TRY EXEC('SELECT * FROM nope') END TRY BEGIN CATCH PRINT ERROR_NUMBER() END CATCH",
    ["208"],
  ],
  [
    "RAISERROR 16 goes on without TRY, RAISERROR 10 is a message",
    "RAISERROR('bad %s %d', 16, 2, 'x', 5); PRINT @@ERROR; RAISERROR('note', 10, 1); PRINT @@ERROR",
    ["50000", "0"],
  ],
  [
    "THROW in CATCH hands the error on",
    "BEGIN TRY BEGIN TRY THROW 50001, 'mine', 3 END TRY BEGIN CATCH; THROW END CATCH END TRY BEGIN CATCH PRINT CONCAT(ERROR_NUMBER(), ERROR_MESSAGE(), ERROR_STATE()) END CATCH",
    ["50001mine3"],
  ],
  [
    "EXEC of a text has variables of its own",
    "DECLARE @a int = 1; EXEC('DECLARE @a int = 2; PRINT @a'); PRINT @a",
    ["2", "1"],
  ],
  [
    "sp_executesql with OUTPUT",
    "DECLARE @n int; EXEC sp_executesql N'SELECT @out = @in * 2', N'@in int, @out int OUTPUT', @in = 21, @out = @n OUTPUT; PRINT @n",
    ["42"],
  ],
  [
    "a table variable keeps its rows in a rollback",
    "DECLARE @t TABLE (id int); BEGIN TRAN; INSERT @t VALUES (1); ROLLBACK; SELECT id FROM @t; PRINT @@ROWCOUNT",
    ["1"],
  ],
  [
    "a temporary table does not",
    "CREATE TABLE #t (id int); BEGIN TRAN; INSERT #t VALUES (1); ROLLBACK; SELECT id FROM #t; PRINT @@ROWCOUNT",
    ["0"],
  ],
  [
    "SCOPE_IDENTITY and @@IDENTITY",
    "CREATE TABLE #t (id int IDENTITY(10, 5), v int); INSERT #t (v) VALUES (1), (2); PRINT SCOPE_IDENTITY(); PRINT @@IDENTITY",
    ["15", "15"],
  ],
  [
    "INSERT EXEC",
    "CREATE TABLE #t (id int); INSERT #t EXEC('SELECT n FROM numbers(4)'); PRINT @@ROWCOUNT; SELECT * FROM #t; PRINT @@ROWCOUNT",
    ["4", "4"],
  ],
  [
    "SELECT INTO",
    "SELECT n AS id, 'x' AS v INTO #t FROM numbers(2); PRINT @@ROWCOUNT; UPDATE #t SET v = 'y' WHERE id = 2; PRINT @@ROWCOUNT",
    ["2", "1"],
  ],
  [
    "UPDATE with FROM and OUTPUT INTO",
    "CREATE TABLE #a (id int, v int); INSERT #a VALUES (1, 1), (2, 2); DECLARE @o TABLE (old int, new int); UPDATE a SET v = a.v + b.n OUTPUT deleted.v, inserted.v INTO @o FROM #a a JOIN numbers(2) b ON b.n = a.id; DECLARE @s varchar(20) = ''; SELECT @s = @s + CONCAT(old, '>', new, ' ') FROM @o ORDER BY old; PRINT @s",
    ["1>2 2>4 "],
  ],
  [
    "DELETE with a join",
    "CREATE TABLE #a (id int); INSERT #a VALUES (1), (2), (3); DELETE a FROM #a AS a JOIN numbers(2) b ON a.id = b.n; PRINT @@ROWCOUNT; SELECT * FROM #a; PRINT @@ROWCOUNT",
    ["2", "1"],
  ],
  [
    "XACT_STATE",
    "PRINT XACT_STATE(); BEGIN TRAN; PRINT XACT_STATE(); BEGIN TRY SELECT CAST('x' AS int) END TRY BEGIN CATCH PRINT XACT_STATE(); ROLLBACK; PRINT XACT_STATE() END CATCH",
    ["0", "1", "-1", "0"],
  ],
  [
    "savepoints",
    "CREATE TABLE #t (id int); BEGIN TRAN; INSERT #t VALUES (1); SAVE TRAN s; INSERT #t VALUES (2); ROLLBACK TRAN s; COMMIT; SELECT * FROM #t; PRINT @@ROWCOUNT",
    ["1"],
  ],
  [
    "CONTEXT_INFO",
    "DECLARE @c varbinary(128) = CONVERT(varbinary(128), N'ab'); SET CONTEXT_INFO @c; PRINT CONVERT(varchar(8), CONTEXT_INFO(), 2)",
    ["61006200"],
  ],
];

describe("T-SQL control flow", () => {
  for (const [title, batch, printed] of BATCHES)
    it(title, async () => {
      deepEqual((await new TestSession().run(batch)).printed, printed);
    });

  it("a syntax error keeps the whole batch from running", async () => {
    const sink = await new TestSession().run("PRINT 'a'; SELEC 1");
    deepEqual(sink.printed, []);
    equal(sink.errors.length, 1);
  });

  it("variables: undeclared 137, declared twice 134, before anything runs", async () => {
    const session = new TestSession();
    const missing = await session.run("PRINT 'a'\nSET @x = 1");
    deepEqual(
      [missing.printed, missing.messages.map((m) => [m.number, m.class, m.line, m.text])],
      [[], [[137, 15, 2, 'Must declare the scalar variable "@x".']]],
    );
    deepEqual((await session.run("DECLARE @a int; DECLARE @A int")).errors, [134]);
    deepEqual((await session.run("SELECT * FROM @t")).errors, [1087]);
  });

  it("an unknown table ends the batch where it stands (deferred name resolution)", async () => {
    const sink = await new TestSession().run("PRINT 'a'; SELECT * FROM nope; PRINT 'b'");
    deepEqual([sink.printed, sink.errors], [["a"], [208]]);
  });

  it("an unknown table is not caught by TRY of the same scope", async () => {
    const sink = await new TestSession().run(
      "BEGIN TRY SELECT * FROM nope END TRY BEGIN CATCH PRINT 'caught' END CATCH",
    );
    deepEqual([sink.printed, sink.errors], [[], [208]]);
  });

  it("a conversion error ends the batch and rolls back; a division by zero does neither", async () => {
    const session = withTable();
    const sink = await session.run(
      "BEGIN TRAN; INSERT t VALUES (2, 'b'); SELECT 1 / 0; PRINT 'on'; SELECT CAST('x' AS int); PRINT 'never'",
    );
    deepEqual([sink.printed, sink.errors], [["on"], [8134, 245]]);
    deepEqual(
      sink.changes.map((change) => change.kind),
      ["beginTransaction", "rollbackTransaction"],
    );
    deepEqual(ids(session), [1]);
  });

  it("XACT_ABORT ON: any error rolls back and ends the batch", async () => {
    const session = withTable();
    const sink = await session.run(
      "SET XACT_ABORT ON; BEGIN TRAN; INSERT t VALUES (2, 'b'); SELECT 1 / 0; PRINT 'never'",
    );
    deepEqual([sink.printed, sink.errors, ids(session)], [[], [8134], [1]]);
    deepEqual(await session.rows("SELECT @@TRANCOUNT"), [[0]]);
  });

  it("a statement is whole or not at all, also inside a transaction", async () => {
    const session = withTable();
    const sink = await session.run(
      "BEGIN TRAN; INSERT t VALUES (2, 'b'); INSERT t SELECT 3, 'c' UNION ALL SELECT NULL, 'd'; COMMIT",
    );
    deepEqual([sink.errors, ids(session)], [[515], [1, 2]]);
  });

  it("too long for a column: 8152, nothing changed, the batch goes on", async () => {
    const session = withTable();
    const sink = await session.run("INSERT t VALUES (2, 'toolong'); PRINT 'on'");
    deepEqual([sink.errors, sink.printed, ids(session)], [[8152], ["on"], [1]]);
    deepEqual(session.host.calls, ["beginStatement", "endStatement false"]);
    deepEqual(session.host.changes, []);
  });

  it("autocommit, transactions by text and by request raise the same changes", async () => {
    const session = withTable();
    const text = await session.run("BEGIN TRAN; BEGIN TRAN; UPDATE t SET v = 'z'; COMMIT; COMMIT");
    deepEqual(
      text.changes.map((change) => change.kind),
      ["beginTransaction", "commitTransaction"],
    );
    deepEqual(session.host.calls, ["begin", "commit"]);
    deepEqual(session.host.changes, ["UPDATE"]);
    deepEqual((await session.run("COMMIT")).errors, [3902]);
    deepEqual((await session.run("ROLLBACK")).errors, [3903]);
  });

  it("IMPLICIT_TRANSACTIONS ON: the first statement opens one", async () => {
    const session = withTable();
    await session.run("SET IMPLICIT_TRANSACTIONS ON");
    deepEqual(await session.rows("SELECT @@TRANCOUNT"), [[0]]);
    await session.run("DELETE t");
    deepEqual(await session.rows("SELECT @@TRANCOUNT"), [[1]]);
    await session.run("IF @@TRANCOUNT > 0 ROLLBACK TRAN");
    deepEqual(ids(session), [1]);
  });

  it("a doomed transaction at the end of the batch is rolled back (3998)", async () => {
    const sink = await new TestSession().run(
      "SET XACT_ABORT ON; BEGIN TRAN; BEGIN TRY SELECT 1 / 0 END TRY BEGIN CATCH PRINT 'c' END CATCH",
    );
    deepEqual(sink.errors, [3998]);
  });

  it("NOCOUNT leaves the counts out", async () => {
    const sink = await new TestSession().run("SELECT 1; SET NOCOUNT ON; SELECT 1");
    deepEqual(
      sink.dones.map((done) => done.rowCount),
      [1, undefined, undefined],
    );
  });

  it("RAISERROR: severity 10 leaves with class 0, above 18 needs LOG", async () => {
    const sink = await new TestSession().run(
      "RAISERROR('note', 10, 1); RAISERROR('bad', 19, 1); RAISERROR('state', 11, 300)",
    );
    deepEqual(
      sink.messages.map((m) => [m.number, m.class, m.state, m.text]),
      [
        [50000, 0, 1, "note"],
        [
          2754,
          16,
          1,
          "Error severity levels greater than 18 can only be specified by members of the sysadmin role, using the WITH LOG option.",
        ],
        [50000, 11, 255, "state"],
      ],
    );
  });

  it("CATCH gets the last of several errors; without TRY the client gets both in order", async () => {
    const session = new TestSession();
    session.host.onExecute = () => {
      throw new SqlError(3201, 16, "Cannot open backup device.").followedBy(
        new SqlError(3013, 16, "BACKUP DATABASE is terminating abnormally."),
      );
    };
    deepEqual((await session.run("BACKUP DATABASE mgc TO DISK = N'x'")).errors, [3201, 3013]);
    deepEqual(
      (
        await session.run(
          "BEGIN TRY BACKUP DATABASE mgc TO DISK = N'x' END TRY BEGIN CATCH PRINT ERROR_NUMBER() END CATCH",
        )
      ).printed,
      ["3013"],
    );
    deepEqual((await session.run("BACKUP DATABASE mgc TO DISK = N'x'; PRINT @@ERROR")).printed, ["3013"]);
  });

  it("a server statement is given depth of transaction, line and values", async () => {
    const session = new TestSession();
    const seen: unknown[] = [];
    session.host.onExecute = (statement, context) => {
      seen.push(
        statement.kind,
        context.transactionCount,
        context.line,
        statement.kind === "backup" ? context.evaluate(statement.devices[0]!.path) : undefined,
      );
    };
    await session.run("BEGIN TRAN\nDECLARE @p nvarchar(20) = N'\\\\a\\b'\nBACKUP DATABASE mgc TO DISK = @p");
    deepEqual(seen, ["backup", 1, 3, "\\\\a\\b"]);
  });

  it("USE inside of EXEC does not last", async () => {
    const session = new TestSession();
    const sink = await session.run("EXEC('USE mgc'); PRINT 'x'");
    equal(session.host.database, "master");
    deepEqual(
      sink.changes.map((change) => change.kind),
      ["database", "database"],
    );
  });

  it("a temporary table of EXEC goes with it; one of the batch is seen inside", async () => {
    const session = new TestSession();
    deepEqual((await session.run("EXEC('CREATE TABLE #t (id int)'); SELECT * FROM #t")).errors, [208]);
    deepEqual(
      (await session.run("CREATE TABLE #t (id int); EXEC('INSERT #t VALUES (1)'); SELECT * FROM #t")).errors,
      [],
    );
  });

  it("WAITFOR is ended by an attention; a bad time is 148", async () => {
    const session = new TestSession();
    const controller = new AbortController();
    const waiting = session.run("WAITFOR DELAY '00:10:00'; PRINT 'never'", controller.signal);
    controller.abort();
    deepEqual((await waiting).printed, []);
    deepEqual((await session.run("WAITFOR DELAY 'soon'")).errors, [148]);
    deepEqual((await session.run("WAITFOR DELAY '00:00:00.010'; PRINT 'x'")).printed, ["x"]);
  });

  it("a loop without end is ended by an attention, and others have their turn", async () => {
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, 20);
    deepEqual(
      (await new TestSession().run("WHILE 1 = 1 BEGIN DECLARE @i int; SET @i = 1 END", controller.signal)).errors,
      [],
    );
  });

  it("ARITHABORT and ANSI_WARNINGS OFF: a division by zero is NULL", async () => {
    deepEqual(await new TestSession().rows("SET ARITHABORT OFF; SET ANSI_WARNINGS OFF; SELECT 1 / 0"), [[null]]);
  });

  it("reset: temporary tables, settings and the transaction are gone", async () => {
    const session = withTable();
    await session.run("SET NOCOUNT ON; CREATE TABLE #t (id int); BEGIN TRAN; DELETE t");
    await session.session.reset();
    deepEqual(ids(session), [1]);
    deepEqual((await session.run("SELECT 1")).dones[0]?.rowCount, 1);
    deepEqual((await session.run("SELECT * FROM #t")).errors, [208]);
  });
});
