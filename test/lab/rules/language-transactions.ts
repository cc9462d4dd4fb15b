/** Transactions and language, second part: transactions, locks, names, releases. */
import assert from "node:assert/strict";
import { ask, run } from "../server-catalog-estate";
import type { Session } from "../../../lab/tds/backend";
import { told } from "./language";
import { cite } from "./sources";
import { type NotHeld, refuses, type Rule, type RuleEstate } from "./support";

const APPLICATION_LOCKS = "sp_getapplock (Transact-SQL)";
const TABLE = "CREATE TABLE tempdb.dbo.t (a int NOT NULL PRIMARY KEY); INSERT tempdb.dbo.t VALUES (1)";

interface Lock {
  readonly mode?: string;
  readonly timeout?: number;
  readonly owner?: string;
}

/** Asks for an application lock; answers sp_getapplock's return code as text. */
async function lock(
  session: Session,
  name: string,
  { mode = "Exclusive", timeout = 0, owner = "Session" }: Lock = {},
): Promise<string | null | undefined> {
  const batch = `DECLARE @rc int; EXEC @rc = sp_getapplock @Resource = N'${name}', @LockMode = '${mode}', @LockOwner = '${owner}', @LockTimeout = ${String(timeout)}; SELECT @rc AS rc`;
  return (await ask(session, batch)).rows[0]?.["rc"];
}

async function release(session: Session, name: string): Promise<void> {
  await run(session, `EXEC sp_releaseapplock @Resource = N'${name}', @LockOwner = 'Session'`);
}

/** Comes back when so many requests wait for a lock. */
async function waiting(estate: RuleEstate, count = 1): Promise<void> {
  const text = "SELECT COUNT(*) AS n FROM sys.dm_tran_locks WHERE request_status = 'WAIT'";
  while ((await estate.value(text)) !== String(count)) await new Promise(setImmediate);
}

const pair = async (estate: RuleEstate): Promise<readonly [Session, Session]> => [
  await estate.connect(),
  await estate.connect(),
];

/** An instance of SQL Server 2008 R2 with this build. */
async function old(estate: RuleEstate, build: number): Promise<string> {
  await estate.start("SQL-OLD", { version: { major: 10, minor: 50, build } });
  return "SQL-OLD";
}

export const transactionRules: readonly Rule[] = [
  told(
    {
      number: "J21",
      certainty: "documented",
      source: cite("errors3000", "errors0"),
      title: "COMMIT alone: 3902; ROLLBACK alone: 3903; a count that EXEC changes: 266; doomed: 3930",
    },
    { batch: "COMMIT", errors: [[3902, 16]] },
    { batch: "ROLLBACK", errors: [[3903, 16]] },
    {
      batch:
        "SET XACT_ABORT ON; CREATE TABLE #t (a int); BEGIN TRAN; BEGIN TRY SELECT CAST('x' AS int) END TRY BEGIN CATCH INSERT #t VALUES (1) END CATCH",
      errors: [[3930, 16]],
    },
  ),
  told(
    {
      number: "J22",
      certainty: "documented",
      source: "@@TRANCOUNT (Transact-SQL)",
      title: "BEGIN TRAN counts up, COMMIT down, ROLLBACK to 0",
    },
    { batch: "BEGIN TRAN; BEGIN TRAN; SELECT @@TRANCOUNT AS n", rows: [{ n: "2" }] },
    { batch: "COMMIT; SELECT @@TRANCOUNT AS n", rows: [{ n: "1" }] },
    { batch: "BEGIN TRAN; ROLLBACK; SELECT @@TRANCOUNT AS n", rows: [{ n: "0" }] },
  ),
  told(
    {
      number: "J23",
      certainty: "documented",
      source: cite("errors3000"),
      title: "IMPLICIT_TRANSACTIONS: a SELECT opens one, then BACKUP is refused with 3021",
    },
    { batch: "CREATE DATABASE mgc" },
    { batch: "SET IMPLICIT_TRANSACTIONS ON; SELECT name FROM sys.databases WHERE database_id = 0" },
    { batch: "SELECT @@TRANCOUNT AS n", rows: [{ n: "1" }] },
    {
      batch: "BACKUP DATABASE mgc TO DISK = N'D:\\SQLData\\x.bak'",
      errors: [
        [3021, 16],
        [3013, 16],
      ],
    },
  ),
  {
    number: "J24",
    certainty: "well known",
    source: "",
    title: "LOCK_TIMEOUT passed: 1222, and the transaction stays",
    run: async (estate) => {
      await estate.run(TABLE);
      const [one, other] = await pair(estate);
      await run(one, "BEGIN TRAN; INSERT tempdb.dbo.t VALUES (2)");
      await refuses(other, "SET LOCK_TIMEOUT 20; BEGIN TRAN; INSERT tempdb.dbo.t VALUES (3)", [[1222, 16]]);
      assert.deepEqual((await run(other, "SELECT @@TRANCOUNT AS n")).rows, [{ n: "1" }]);
    },
  },
  {
    number: "J25",
    certainty: "documented",
    source: cite("errors1000"),
    title: "a circle of waits: 1205 for one of both, its transaction is rolled back, the other goes on",
    run: async (estate) => {
      await estate.run(`${TABLE}; CREATE DATABASE mgc; USE mgc; CREATE TABLE dbo.t (a int); USE master`);
      const [one, other] = await pair(estate);
      await run(one, "BEGIN TRAN; INSERT tempdb.dbo.t VALUES (2)");
      await run(other, "BEGIN TRAN; INSERT mgc.dbo.t VALUES (2)");
      const waits = ask(one, "INSERT mgc.dbo.t VALUES (3)");
      await refuses(other, "INSERT tempdb.dbo.t VALUES (3)", [[1205, 13, /was deadlocked on .* deadlock victim/]]);
      assert.deepEqual((await waits).errors, []);
      assert.deepEqual((await run(other, "SELECT @@TRANCOUNT AS n")).rows, [{ n: "0" }]);
      await run(one, "COMMIT");
      assert.deepEqual((await run(other, "SELECT a FROM mgc.dbo.t")).rows, [{ a: "3" }]);
    },
  },
  told(
    {
      number: "J26",
      certainty: "documented",
      source: "SET XACT_ABORT (Transact-SQL)",
      title: "XACT_ABORT ON: an error at run time rolls back and ends the batch",
    },
    { batch: TABLE },
    {
      batch:
        "SET XACT_ABORT ON; BEGIN TRAN; INSERT tempdb.dbo.t VALUES (2); INSERT tempdb.dbo.t VALUES (1); INSERT tempdb.dbo.t VALUES (3)",
      errors: [[2627, 14]],
    },
    { batch: "SELECT @@TRANCOUNT AS n, COUNT(*) AS rows FROM tempdb.dbo.t", rows: [{ n: "0", rows: "1" }] },
  ),
  told(
    { number: "J27", certainty: "well known", title: "GO is no T-SQL: 2812 alone, 102 after a statement" },
    { batch: "GO", errors: [[2812, 16]] },
    { batch: "SELECT 1 AS a\nGO\nSELECT 2 AS b", errors: [[102, 15]] },
  ),
  told(
    {
      number: "J29",
      certainty: "documented",
      source: "sp_executesql (Transact-SQL); EXECUTE (Transact-SQL)",
      title: "EXEC('…') and sp_executesql have variables and a USE of their own",
    },
    { batch: "DECLARE @a int = 1; EXEC('SELECT @a')", errors: [[137, 15]] },
    { batch: "EXEC('USE msdb'); SELECT DB_NAME() AS name", rows: [{ name: "master" }] },
    { batch: "EXEC sp_executesql N'USE msdb'; SELECT DB_NAME() AS name", rows: [{ name: "master" }] },
  ),
  {
    number: "J30",
    certainty: "well known",
    source: "",
    title: "no rows: the columns are told all the same",
    run: async (estate) => {
      const { sets } = await estate.run("SELECT name FROM sys.databases WHERE 1 = 0");
      assert.deepEqual(
        sets.map((set) => [set.columns.map((column) => column.name), set.rows.length]),
        [[["name"], 0]],
      );
    },
  },
  {
    number: "J31",
    certainty: "well known",
    source: "",
    title: "each statement of a batch is told as done with its count, which NOCOUNT suppresses",
    run: async (estate) => {
      const counts = async (batch: string): Promise<readonly (bigint | number | undefined)[]> => {
        const found: (bigint | number | undefined)[] = [];
        const session = await estate.connect();
        await session.batch(
          batch,
          {
            columns: () => undefined,
            row: () => undefined,
            message: () => undefined,
            environment: () => undefined,
            done: ({ rowCount }) => void found.push(rowCount),
          },
          new AbortController().signal,
        );
        return found.filter((count) => count !== undefined).map(Number);
      };
      assert.deepEqual(await counts("SELECT 1 AS a; SELECT 2 AS b UNION ALL SELECT 3"), [1, 2]);
      assert.deepEqual(await counts("SET NOCOUNT ON; SELECT 1 AS a; SELECT 2 AS b UNION ALL SELECT 3"), []);
    },
  },
  {
    number: "J32",
    certainty: "documented",
    source: `${APPLICATION_LOCKS}; ${cite("errors1000")}`,
    title: "sp_getapplock: 0 granted, 1 after a wait, -1 in time, -3 deadlock, -999 without its transaction; 1228",
    run: async (estate) => {
      const [one, other] = await pair(estate);
      assert.equal(await lock(one, "r"), "0");
      assert.equal(await lock(other, "r"), "-1");
      const granted = lock(other, "r", { timeout: -1 });
      await waiting(estate);
      await release(one, "r");
      assert.equal(await granted, "1");
      assert.equal(await lock(one, "t", { owner: "Transaction" }), "-999");
      assert.equal(await lock(one, "s"), "0");
      const blocked = lock(one, "r", { timeout: -1 });
      await waiting(estate);
      assert.equal(await lock(other, "s", { timeout: -1 }), "-3");
      await release(other, "r");
      await blocked;
      await refuses(one, "EXEC sp_getapplock @Resource = N'x', @LockMode = 'Nonsense', @LockOwner = 'Session'", [
        [1228, 16],
      ]);
    },
  },
  {
    number: "J33",
    certainty: "documented",
    source: APPLICATION_LOCKS,
    title: "an application lock belongs to its database and to its name with case",
    run: async (estate) => {
      const [one, other] = await pair(estate);
      assert.equal(await lock(one, "r"), "0");
      assert.equal(await lock(other, "R"), "0");
      await run(other, "USE msdb");
      assert.equal(await lock(other, "r"), "0");
      await run(other, "USE master");
      assert.equal(await lock(other, "r"), "-1");
    },
  },
  {
    number: "J34",
    certainty: "documented",
    source: APPLICATION_LOCKS,
    title: "a session's application lock survives COMMIT and ROLLBACK, is counted, and ends with the session",
    run: async (estate) => {
      const [one, other] = await pair(estate);
      await run(one, "BEGIN TRAN");
      assert.equal(await lock(one, "r"), "0");
      await run(one, "ROLLBACK");
      assert.equal(await lock(one, "r"), "0");
      await release(one, "r");
      assert.equal(await lock(other, "r"), "-1");
      await release(one, "r");
      assert.equal(await lock(other, "r"), "0");
      const next = lock(one, "r", { timeout: -1 });
      await waiting(estate);
      other.close();
      assert.equal(await next, "1");
    },
  },
  {
    number: "J35",
    certainty: "documented",
    source: APPLICATION_LOCKS,
    title: "resource_description shows the first 32 characters of an application lock's name",
    run: async (estate) => {
      await lock(await estate.connect(), `${"n".repeat(32)}-rest`);
      const found = await estate.value(
        "SELECT resource_description FROM sys.dm_tran_locks WHERE resource_type = N'APPLICATION'",
      );
      assert.match(found ?? "", /^0:\[n{32}\]:\([0-9a-f]{8}\)$/);
    },
  },
  {
    number: "J36",
    certainty: "documented",
    source: "sys.dm_exec_sessions (Transact-SQL)",
    title: "sys.dm_exec_sessions has database_id from SQL Server 2012 on: 207 before",
    run: async (estate) => {
      const query = "SELECT database_id FROM sys.dm_exec_sessions WHERE session_id = @@SPID";
      await estate.refuses(query, [[207, 16]], await old(estate, 6000));
      assert.equal(await estate.value(query), "1");
    },
  },
  {
    number: "J37",
    certainty: "well known",
    source: "sys.dm_server_services (Transact-SQL); sys.dm_os_volume_stats (Transact-SQL)",
    title: "sys.dm_server_services and sys.dm_os_volume_stats came with SQL Server 2008 R2 SP1: 208 before",
    run: async (estate) => {
      const queries = ["SELECT 1 AS a FROM sys.dm_server_services", "SELECT 1 AS a FROM sys.dm_os_volume_stats(1, 1)"];
      const first = await old(estate, 1600);
      for (const query of queries) await estate.refuses(query, [[208, 16]], first);
      for (const query of queries) assert.notDeepEqual(await estate.rows(query), []);
    },
  },
  {
    number: "J38",
    certainty: "well known",
    source: "",
    title: "SERVERPROPERTY('InstanceDefaultDataPath') is NULL on SQL Server 2008 R2",
    run: async (estate) => {
      const query = "SELECT CONVERT(nvarchar(260), SERVERPROPERTY('InstanceDefaultDataPath')) AS p";
      assert.equal(await estate.value(query, await old(estate, 6000)), null);
      assert.notEqual(await estate.value(query), null);
    },
  },
  {
    number: "J39",
    certainty: "documented",
    source: cite("errors0"),
    title: "WAITFOR DELAY ends at the client's attention; a time without sense: 148",
    run: async (estate) => {
      const [one] = await pair(estate);
      const attention = new AbortController();
      const waits = ask(one, "WAITFOR DELAY '00:10:00'", attention.signal);
      attention.abort();
      await waits;
      await refuses(one, "WAITFOR DELAY 'soon'", [[148, 15]]);
    },
  },
  told(
    { number: "J40", certainty: "well known", title: "a varchar literal keeps only its code page: N is needed" },
    { batch: "SELECT '日' AS narrow, N'日' AS wide", rows: [{ narrow: "?", wide: "日" }] },
  ),
];

export const transactionsNotHeld: readonly NotHeld[] = [
  { number: "J28", reason: "object names are compared without case whatever collation a database has" },
];
