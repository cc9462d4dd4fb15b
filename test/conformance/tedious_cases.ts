/** tedious, the driver below the product's own `mssql`, against one instance of a lab: tsx tedious_cases.ts LAB.json */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Connection, type ConnectionConfiguration, Request, TYPES } from "tedious";
import { version } from "tedious/package.json";
import { z } from "zod";

const address = z.object({
  site: z.string(),
  role: z.string(),
  host: z.string(),
  port: z.number(),
  user: z.string(),
  password: z.string(),
});
const { instances } = z
  .object({ instances: z.array(address) })
  .parse(JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")));

const longWait = "WAITFOR DELAY '00:02:00'";
const largeResultRows = 100_000;
/** More rows than anybody waits for. */
const endlessRows = "SELECT a.chatId, b.channelId, a.content FROM mgc.dbo.tblChat AS a CROSS JOIN mgc.dbo.tblChat AS b";

interface Message {
  readonly number: number;
  readonly class: number;
  readonly state: number;
  readonly message: string;
}

/** What a request brought: rows by result set, messages and errors in order. */
interface Answer {
  readonly sets: readonly unknown[][][];
  readonly rows: readonly unknown[][];
  readonly heard: readonly Message[];
  readonly errors: readonly Message[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly failure: Error | undefined;
}

function say(line: Readonly<Record<string, unknown>>): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

async function run(name: string, body: () => Promise<unknown>): Promise<void> {
  say({ begin: name });
  try {
    await body();
    say({ case: name, passed: true, found: "" });
  } catch (error) {
    say({ case: name, passed: false, found: error instanceof Error ? error.message : String(error) });
  }
}

function instance(site: string, role: string): z.infer<typeof address> {
  const found = instances.find((one) => one.site === site && one.role === role);
  if (found === undefined) throw new Error(`the lab's JSON has no ${role} of the site ${site}`);
  return found;
}

/** A connection during `use`; `wire` goes through the relay that watches those of a role. */
async function connected<T>(
  use: (connection: Connection) => Promise<T>,
  options: ConnectionConfiguration["options"] & { readonly wire?: string; readonly password?: string } = {},
): Promise<T> {
  const { wire, password, ...rest } = options;
  const at = wire === undefined ? instance("backup", "principal") : instance("wire", wire);
  const connection = new Connection({
    server: at.host,
    authentication: { type: "default", options: { userName: at.user, password: password ?? at.password } },
    options: {
      port: at.port,
      database: "master",
      encrypt: false,
      trustServerCertificate: true,
      requestTimeout: 0,
      ...rest,
    },
  });
  const ended = new Promise((resolve) => connection.once("end", resolve));
  try {
    await new Promise<void>((resolve, reject) => {
      connection.on("error", () => undefined);
      connection.connect((error) => (error === undefined ? resolve() : reject(error)));
    });
    return await use(connection);
  } finally {
    connection.close();
    await ended;
  }
}

/** Runs a request to its end; `rowSeen` may cancel it. */
function ask(
  connection: Connection,
  text: string,
  method: "execSql" | "execSqlBatch" | "callProcedure" = "execSqlBatch",
  prepare: (request: Request) => void = () => undefined,
): Promise<Answer> {
  return new Promise((resolve) => {
    const sets: unknown[][][] = [];
    const heard: Message[] = [];
    const errors: Message[] = [];
    const outputs: Record<string, unknown> = {};
    const listen = (message: Message): number => heard.push(message);
    const fail = (message: Message): number => errors.push(message);
    const request = new Request(text, (error) => {
      connection.off("infoMessage", listen).off("errorMessage", fail);
      resolve({ sets, rows: sets.flat(), heard, errors, outputs, failure: error ?? undefined });
    });
    request.on("columnMetadata", () => sets.push([]));
    request.on("row", (row: { readonly value: unknown }[]) => sets.at(-1)?.push(row.map(({ value }) => value)));
    request.on("returnValue", (name, value) => (outputs[name] = value));
    connection.on("infoMessage", listen).on("errorMessage", fail);
    prepare(request);
    connection[method](request);
  });
}

async function answered(connection: Connection, text: string): Promise<readonly unknown[][]> {
  const answer = await ask(connection, text);
  if (answer.failure !== undefined) throw answer.failure;
  return answer.rows;
}

async function alive(connection: Connection): Promise<void> {
  assert.deepEqual(await answered(connection, "SELECT 40 + 2"), [[42]]);
}

const protectedBy = (wire: string, encrypt: boolean, expected: string) => () =>
  connected(
    async (connection) => {
      const text = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID";
      assert.deepEqual(await answered(connection, text), [[expected]]);
    },
    { wire, encrypt },
  );

/** tedious says only ELOGIN; what the server said is in its events, with 4060 before 18456. */
const refused = (change: { readonly database?: string; readonly password?: string }, text: RegExp) => () =>
  assert.rejects(
    connected(async () => undefined, { wire: "refused login", ...change }),
    text,
  );

async function severalResults(connection: Connection): Promise<void> {
  const answer = await ask(
    connection,
    "DECLARE @n int = 3; PRINT N'first'; SELECT @n AS n WHERE 1 = 0; SELECT @n AS n, N'Grüße' AS greeting; " +
      "CREATE TABLE #t (id int NOT NULL, text nvarchar(20) NULL); INSERT INTO #t (id, text) VALUES (1, N'one'), (2, NULL); " +
      "UPDATE #t SET text = N'two' WHERE id = 2; SELECT id, text FROM #t ORDER BY id; DROP TABLE #t; " +
      "SELECT CAST(NULL AS bigint) AS nothing;",
  );
  assert.deepEqual(answer.sets, [
    [],
    [[3, "Grüße"]],
    [
      [1, "one"],
      [2, "two"],
    ],
    [[null]],
  ]);
  assert.deepEqual(
    answer.heard.map(({ message }) => message),
    ["first"],
  );
}

async function severities(connection: Connection): Promise<void> {
  const quiet = [0, 1, 5, 9, 10];
  const text = quiet.map((severity) => `RAISERROR(N'severity %d', ${String(severity)}, 7, ${String(severity)})`);
  const { heard } = await ask(connection, `PRINT N'printed' ${text.join(" ")}`);
  assert.deepEqual(
    heard.map((one) => [one.number, one.class, one.message]),
    [
      [0, 0, "printed"],
      ...quiet.map((severity) => [50000, severity === 10 ? 0 : severity, `severity ${String(severity)}`]),
    ],
  );
  for (const severity of [11, 12, 14, 16, 18]) {
    const { errors } = await ask(connection, `RAISERROR(N'an error', ${String(severity)}, 3)`);
    assert.deepEqual(
      errors.map((one) => [one.number, one.class, one.state]),
      [[50000, severity, 3]],
    );
  }
  await alive(connection);
}

async function severityOfTheConnection(connection: Connection): Promise<void> {
  const ended = new Promise((resolve) => connection.once("end", resolve));
  const { errors } = await ask(connection, "RAISERROR(N'fatal', 20, 1) WITH LOG");
  assert.deepEqual(
    errors.map((one) => [one.number, one.class]),
    [[50000, 20]],
  );
  await ended;
}

async function errorAfterRow(connection: Connection): Promise<void> {
  const answer = await ask(connection, "SELECT 10 / v.n AS q FROM (VALUES (5), (0)) AS v (n)");
  assert.deepEqual([answer.rows, answer.errors.map(({ number }) => number)], [[[2]], [8134]]);
  await alive(connection);
}

async function twoErrors(connection: Connection): Promise<void> {
  const { errors } = await ask(connection, String.raw`BACKUP DATABASE [nosuch] TO DISK = N'C:\nosuch.bak'`);
  assert.deepEqual(
    errors.map(({ number }) => number),
    [911, 3013],
  );
  await alive(connection);
}

/** Cancels once another connection sees the wait: an attention that comes too early would find nothing. */
async function cancelledWait(connection: Connection): Promise<void> {
  const waiting = "SELECT COUNT(*) FROM sys.dm_exec_requests WHERE command = N'WAITFOR'";
  const answer = await connected(async (other) => {
    const running = ask(connection, longWait);
    for (;;) {
      const [row] = await answered(other, waiting);
      if (row?.[0] !== 0) break;
    }
    connection.cancel();
    return running;
  });
  assert.match(String(answer.failure), /Canceled/);
  await alive(connection);
}

async function cancelledRows(connection: Connection): Promise<void> {
  const answer = await ask(connection, endlessRows, "execSqlBatch", (request) => {
    request.once("row", () => connection.cancel());
  });
  assert.match(String(answer.failure), /Canceled/);
  await alive(connection);
}

const timeOut = () =>
  connected(
    async (connection) => {
      const answer = await ask(connection, longWait);
      assert.match(String(answer.failure), /Timeout/);
      await alive(connection);
    },
    { wire: "attention", requestTimeout: 500 },
  );

type Type = (typeof TYPES)[keyof typeof TYPES];

/** The value comes back as it was sent, and NULL as NULL. */
const roundTrip =
  (type: Type, sent: unknown, shown: unknown, options: Record<string, unknown> = {}, as = "@p") =>
  () =>
    connected(async (connection) => {
      for (const [given, expected] of [
        [sent, shown],
        [null, null],
      ] as const) {
        const answer = await ask(connection, `SELECT ${as} AS v`, "execSql", (request) =>
          request.addParameter("p", type, given, options),
        );
        if (answer.failure !== undefined) throw answer.failure;
        assert.deepEqual(answer.rows, [[expected]]);
      }
    });

async function procedure(connection: Connection): Promise<void> {
  const answer = await ask(connection, "sp_executesql", "callProcedure", (request) => {
    request.addParameter("stmt", TYPES.NVarChar, "SELECT @b = @a * 2");
    request.addParameter("params", TYPES.NVarChar, "@a int, @b int OUTPUT");
    request.addParameter("a", TYPES.Int, 21);
    request.addOutputParameter("b", TYPES.Int);
  });
  assert.deepEqual([answer.failure, answer.outputs], [undefined, { b: 42 }]);
}

async function transactions(connection: Connection): Promise<void> {
  const step = (begin: (done: (error?: Error | null) => void) => void): Promise<void> =>
    new Promise((resolve, reject) => begin((error) => (error == null ? resolve() : reject(error))));
  await answered(connection, "CREATE TABLE #t (id int NOT NULL)");
  await step((done) => connection.beginTransaction(done));
  await answered(connection, "INSERT INTO #t (id) VALUES (1)");
  await step((done) => connection.commitTransaction(done));
  await step((done) => connection.beginTransaction(done));
  await answered(connection, "INSERT INTO #t (id) VALUES (2)");
  await step((done) => connection.rollbackTransaction(done));
  assert.deepEqual(await answered(connection, "SELECT id FROM #t"), [[1]]);
}

async function reset(connection: Connection): Promise<void> {
  await answered(connection, "USE mgc; CREATE TABLE #kept (id int); SET LOCK_TIMEOUT 7");
  await new Promise<void>((resolve, reject) =>
    connection.reset((error) => (error == null ? resolve() : reject(error))),
  );
  const text = "SELECT DB_NAME(), @@LOCK_TIMEOUT, OBJECT_ID(N'tempdb..#kept')";
  assert.deepEqual(await answered(connection, text), [["master", -1, null]]);
}

async function largeResult(connection: Connection): Promise<void> {
  let count = 0;
  const text = `SELECT TOP (${String(largeResultRows)}) channelId, chatId, chatDate, userId, content FROM mgc.dbo.tblChat`;
  const failure = await new Promise<Error | null | undefined>((resolve) => {
    const request = new Request(text, resolve);
    request.on("row", () => (count += 1));
    connection.execSqlBatch(request);
  });
  if (failure != null) throw failure;
  assert.equal(count, largeResultRows);
}

async function main(): Promise<void> {
  const on = (body: (connection: Connection) => Promise<void>, wire?: string) => () =>
    connected(body, wire === undefined ? {} : { wire });
  say({ client: "tedious", version });
  await run("without TLS", protectedBy("without TLS", false, "FALSE"));
  await run("TLS throughout", protectedBy("TLS throughout", true, "TRUE"));
  await run("wrong password", refused({ password: "wrong" }, /Login failed/));
  await run("unknown database", refused({ database: "nosuch" }, /Login failed|nosuch/));
  await run("several statements, several results", on(severalResults));
  await run("PRINT and RAISERROR", on(severities));
  await run("RAISERROR of severity 20", on(severityOfTheConnection));
  await run("error after a row", on(errorAfterRow));
  await run("two errors of one statement", on(twoErrors));
  await run("attention in WAITFOR", on(cancelledWait, "attention"));
  await run("attention in rows without end", on(cancelledRows, "attention"));
  await run("time-out in WAITFOR", timeOut);
  const guid = "6F9619FF-8B86-D011-B42D-00C04FC964FF";
  const lsn = "1234567890123456789012345";
  const large = Buffer.alloc(20_000, "bytes");
  const at = new Date(Date.UTC(2013, 1, 28, 23, 59, 58, 997));
  await run("parameter: int", roundTrip(TYPES.Int, -2147483648, -2147483648));
  await run("parameter: bigint", roundTrip(TYPES.BigInt, "9223372036854775807", "9223372036854775807"));
  await run("parameter: bit", roundTrip(TYPES.Bit, true, true));
  await run("parameter: empty text", roundTrip(TYPES.NVarChar, "", ""));
  await run(
    "parameter: text beyond ASCII",
    roundTrip(TYPES.NVarChar, "Grüße, 部屋 😀 'quoted' ’typographic’", "Grüße, 部屋 😀 'quoted' ’typographic’"),
  );
  await run("parameter: 4,000 characters", roundTrip(TYPES.NVarChar, "ß".repeat(4000), "ß".repeat(4000)));
  await run(
    "parameter: 9,000 characters",
    roundTrip(TYPES.NVarChar, "ß".repeat(9000), "ß".repeat(9000), { length: Infinity }),
  );
  await run(
    "parameter: short binary",
    roundTrip(TYPES.VarBinary, Buffer.from([0, 255, 16]), Buffer.from([0, 255, 16])),
  );
  await run("parameter: 20,000 bytes", roundTrip(TYPES.VarBinary, large, large, { length: Infinity }));
  await run("parameter: datetime", roundTrip(TYPES.DateTime, at, at));
  await run(
    "parameter: datetime2",
    roundTrip(TYPES.DateTime2, at, "2013-02-28 23:59:58.9970000", { scale: 7 }, "CONVERT(nvarchar(30), @p, 121)"),
  );
  await run("parameter: uniqueidentifier", roundTrip(TYPES.UniqueIdentifier, guid, guid));
  // tedious has doubles only: the LSN travels as text, as in the product.
  await run(
    "parameter: numeric(25, 0)",
    roundTrip(TYPES.VarChar, lsn, lsn, {}, "CONVERT(varchar(30), CAST(@p AS numeric(25, 0)))"),
  );
  await run("procedure by name", on(procedure));
  await run("transactions", on(transactions));
  await run("reset of the session", on(reset));
  await run("100,000 rows", on(largeResult));
  say({ end: true });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
