/** Connection and login, as a client on the wire meets them. */
import assert from "node:assert/strict";
import { type Connection, Request } from "tedious";
import { connect, eventually, run as ask } from "../tds-clients";
import { cite } from "./sources";
import { chatDatabase, DEFAULT_SERVER, PASSWORD, refuses, type Rule, SHARE } from "./support";
import { mirrored } from "./mirrored";
import { attempt, encrypted, open, served, type Told } from "./wire";

const SA = { userName: "sa", password: PASSWORD } as const;
const READER = "CREATE LOGIN reader WITH PASSWORD = N'Reader-1'";
const reader = { userName: "reader", password: "Reader-1" } as const;

/** Number and severity of what a refused client was told. */
function pairs(told: Told): (readonly [number, number])[] {
  return told.errors.map(({ number, class: severity }) => [number, severity] as const);
}

async function value(connection: Connection, query: string): Promise<unknown> {
  const { error, rows } = await ask(connection, query);
  assert.equal(error, undefined, query);
  return rows[0]?.[0];
}

/** Runs a statement that never ends by itself, cancels it when the server runs it, answers whether an error came. */
async function cancelled(connection: Connection, batch: string, isRunning: () => Promise<boolean>): Promise<void> {
  const order: string[] = [];
  const onError = (): number => order.push("error");
  connection.on("errorMessage", onError);
  const ended = new Promise<Error | null | undefined>((resolve) => {
    connection.execSqlBatch(new Request(batch, (error) => resolve(error)));
  });
  while (!(await isRunning())) await new Promise(setImmediate);
  connection.cancel();
  const error = await ended;
  connection.off("errorMessage", onError);
  assert.equal((error as { readonly code?: string } | undefined)?.code, "ECANCEL");
  assert.deepEqual(order, [], "attention is no error of the server");
}

const OPENED: readonly (readonly [number, number])[] = [
  [4060, 11],
  [18456, 14],
];
const DEFAULT_NOT_OPENED: readonly (readonly [number, number])[] = [
  [4064, 11],
  [18456, 14],
];

export const connectionRules: readonly Rule[] = [
  {
    number: "A1",
    certainty: "documented",
    source: cite("errors18000", "error18456"),
    title: "wrong password: 18456 with state 1, and the server closes",
    run: (estate) =>
      served(estate, async (port) => {
        const told = await attempt(port, { ...SA, password: "wrong" });
        assert.deepEqual(pairs(told), [[18456, 14]]);
        assert.equal(told.errors[0]?.state, 1);
        assert.equal(told.errors[0]?.message, "Login failed for user 'sa'.");
      }),
  },
  {
    number: "A2",
    certainty: "documented",
    source: cite("error18456"),
    title: "unknown login: the client is told what it is told of a wrong password; the true state is in the log",
    run: (estate) =>
      served(estate, async (port) => {
        const told = await attempt(port, { ...SA, userName: "nobody" });
        assert.deepEqual(pairs(told), [[18456, 14]]);
        assert.equal(told.errors[0]?.state, 1);
        await attempt(port, { ...SA, password: "wrong" });
        const log = (await estate.errorLog()).filter((line) => line.number === 18456).map((line) => line.text);
        assert.match(log[0] ?? "", /State: 5/);
        assert.match(log[1] ?? "", /State: 8/);
      }),
  },
  {
    number: "A3",
    certainty: "documented",
    source: cite("errors18000"),
    title: "login disabled, password right: 18470",
    run: (estate) =>
      served(estate, async (port) => {
        await estate.run(`${READER}; ALTER LOGIN reader DISABLE`);
        const told = await attempt(port, reader);
        assert.deepEqual(pairs(told), [[18470, 14]]);
        assert.equal(told.errors[0]?.message, "Login failed for user 'reader'. Reason: The account is disabled.");
      }),
  },
  {
    number: "A4",
    certainty: "documented",
    source: cite("errors18000"),
    title: "Windows Authentication only: a SQL login is 18456; a login of an untrusted domain is 18452",
    run: async (estate) => {
      await estate.start(DEFAULT_SERVER, { windowsAuthenticationOnly: true });
      await served(estate, async (port) => {
        assert.deepEqual(pairs(await attempt(port, SA)), [[18456, 14]]);
        assert.deepEqual(pairs(await attempt(port, { ...SA, domain: "ELSEWHERE" })), [[18452, 14]]);
      });
    },
  },
  {
    number: "A5",
    certainty: "documented",
    source: cite("errors4000"),
    title: "LOGIN7 names an absent database: 4060, 18456",
    run: (estate) =>
      served(estate, async (port) => {
        const told = await attempt(port, SA, { database: "nowhere" });
        assert.deepEqual(pairs(told), OPENED);
        assert.match(told.errors[0]?.message ?? "", /^Cannot open database "nowhere" requested by the login\./);
      }),
  },
  {
    number: "A6",
    certainty: "well known",
    source: "",
    title: "LOGIN7 names a database that is a mirror, OFFLINE, SUSPECT or RESTORING: 4060, 18456",
    run: async (estate) => {
      await mirrored(estate);
      await served(
        estate,
        async (port) => assert.deepEqual(pairs(await attempt(port, SA, { database: "mgc" })), OPENED),
        "SQL-P2",
      );
      await estate.run("ALTER DATABASE mgc SET PARTNER OFF");
      await served(estate, async (port) => {
        const database = (await estate.instance()).core.require("mgc");
        for (const change of [
          "ALTER DATABASE mgc SET OFFLINE",
          "ALTER DATABASE mgc SET ONLINE; SELECT 1 AS suspect",
          `BACKUP LOG mgc TO DISK = N'${SHARE}\\tail.trn' WITH NORECOVERY`,
        ]) {
          const { rows } = await estate.run(change);
          if (rows.length > 0) database.change({ state: "SUSPECT" });
          assert.deepEqual(pairs(await attempt(port, SA, { database: "mgc" })), OPENED, change);
          if (rows.length > 0) database.change({ state: "ONLINE" });
        }
      });
    },
  },
  {
    number: "A7",
    certainty: "documented",
    source: cite("errors4000"),
    title: "no database named, default database not openable: 4064, 18456",
    run: (estate) =>
      served(estate, async (port) => {
        await estate.run(`CREATE DATABASE mgc; ${READER}; ALTER LOGIN reader WITH DEFAULT_DATABASE = mgc`);
        assert.deepEqual(pairs(await attempt(port, reader)), DEFAULT_NOT_OPENED);
      }),
  },
  {
    number: "A8",
    certainty: "well known",
    source: "",
    title: "LOGIN7 names a database in which the principal has no user: 4060, 18456",
    run: (estate) =>
      served(estate, async (port) => {
        await estate.run(`CREATE DATABASE mgc; ${READER}`);
        assert.deepEqual(pairs(await attempt(port, reader, { database: "mgc" })), OPENED);
      }),
  },
  {
    number: "A9",
    certainty: "well known",
    source: cite("protocol"),
    title: "a login is told its database, collation and language, and 5701 and 5703",
    run: (estate) =>
      served(estate, async (port) => {
        await estate.run("CREATE DATABASE mgc");
        const told = await attempt(port, SA, { database: "mgc" });
        assert.deepEqual(pairs(told), []);
        // The driver sets its language once more when it is in: 5703 comes again.
        assert.deepEqual(told.information.slice(0, 2), [5701, 5703]);
        for (const change of ["database mgc", "collation", "language us_english"])
          assert.ok(told.changes.includes(change), change);
      }),
  },
  {
    number: "A10",
    certainty: "well known",
    source: cite("protocol"),
    title: "TLS for the login only, throughout as the client asks, or required by the server",
    run: async (estate) => {
      const query = "SELECT encrypt_option FROM sys.dm_exec_connections WHERE session_id = @@SPID";
      await encrypted(estate, "off", async (port) => {
        for (const encrypt of [false, true])
          await open(port, SA, { encrypt, serverName: "localhost" }, async (connection) => {
            assert.equal(await value(connection, query), encrypt ? "TRUE" : "FALSE");
          });
      });
      await encrypted(estate, "required", async (port) => {
        await assert.rejects(connect(port, { encrypt: false }, SA), /requires encryption/);
        await open(port, SA, { encrypt: true, serverName: "localhost" }, async (connection) => {
          assert.equal(await value(connection, query), "TRUE");
        });
      });
    },
  },
  {
    number: "A11",
    certainty: "well known",
    source: cite("protocol"),
    title: "attention ends the statement without an error; session, temporary tables, options and transaction stay",
    run: (estate) =>
      served(estate, (port) =>
        open(port, SA, {}, async (connection) => {
          const id = await value(connection, "SELECT @@SPID");
          await ask(connection, "CREATE TABLE #kept (a int); SET LOCK_TIMEOUT 1234; BEGIN TRANSACTION");
          const running = async (): Promise<boolean> =>
            (await estate.rows(`SELECT 1 AS one FROM sys.dm_exec_requests WHERE session_id = ${String(id)}`)).length >
            0;
          await cancelled(connection, "WAITFOR DELAY '00:10:00'", running);
          assert.equal(await value(connection, "SELECT @@SPID"), id);
          assert.equal(await value(connection, "SELECT COUNT(*) FROM #kept"), 0);
          assert.equal(await value(connection, "SELECT @@LOCK_TIMEOUT"), 1234);
          assert.equal(await value(connection, "SELECT @@TRANCOUNT"), 1);
          await ask(connection, "SET XACT_ABORT ON");
          await cancelled(connection, "WAITFOR DELAY '00:10:00'", running);
          assert.equal(await value(connection, "SELECT @@TRANCOUNT"), 0);
        }),
      ),
  },
  {
    number: "A12",
    certainty: "well known",
    source: "",
    title: "the socket is cut: transaction undone, application locks and the single user's place free, BACKUP aborted",
    run: async (estate) => {
      let meanwhile: (() => Promise<void>) | undefined;
      await estate.start("SQL-P1", { transferred: async () => meanwhile?.() });
      await served(estate, async (port) => {
        for (const batch of chatDatabase) await estate.run(batch);
        const backing = await connect(port, {}, SA);
        const { sessions: connected } = await estate.instance();
        let cut = false;
        meanwhile = async () => {
          meanwhile = undefined;
          backing.close();
          await eventually("the server has seen the cut", () => connected.all().some((session) => session.isEnded));
          cut = true;
        };
        void ask(backing, `BACKUP DATABASE mgc TO DISK = N'${SHARE}\\cut.bak'`);
        await eventually("the session of the backup has ended", () => cut && connected.all().length === 1);
        const sets = "SELECT COUNT(*) FROM msdb.dbo.backupset";
        assert.equal(await estate.value(sets), "1");
        const connection = await connect(port, {}, SA);
        await ask(connection, "USE mgc; ALTER DATABASE mgc SET SINGLE_USER WITH ROLLBACK IMMEDIATE");
        await ask(
          connection,
          "EXEC sp_getapplock @Resource = N'r', @LockMode = N'Exclusive', @LockOwner = N'Session'; BEGIN TRANSACTION; INSERT dbo.t VALUES (2)",
        );
        await estate.refuses("USE mgc", [[924, 14]]);
        connection.close();
        const { sessions } = await estate.instance();
        await eventually("the server has ended the session", () => sessions.all().length === 1);
        await estate.run("USE mgc");
        assert.equal(await estate.value("SELECT COUNT(*) FROM dbo.t"), "1");
        const lock =
          "DECLARE @r int; EXEC @r = sp_getapplock @Resource = N'r', @LockMode = N'Exclusive', @LockOwner = N'Session', @LockTimeout = 0; SELECT @r";
        assert.equal(await estate.value(lock), "0");
      });
    },
  },
  {
    number: "A13",
    certainty: "well known",
    source: "",
    title: "an error of severity 20: the connection is closed after it",
    run: (estate) =>
      served(estate, async (port) => {
        const connection = await connect(port, {}, SA);
        const ended = new Promise((resolve) => connection.once("end", resolve));
        await ask(connection, "RAISERROR(N'over', 20, 1) WITH LOG");
        await ended;
      }),
  },
  {
    number: "A14",
    certainty: "well known",
    source: cite("protocol"),
    title: "reset: options default, temporary tables gone, database of the login, application locks released",
    run: (estate) =>
      served(estate, (port) =>
        open(port, SA, {}, async (connection) => {
          await ask(connection, "CREATE TABLE #gone (a int); SET LOCK_TIMEOUT 1234; USE msdb");
          await ask(
            connection,
            "EXEC sp_getapplock @Resource = N'r', @LockMode = N'Exclusive', @LockOwner = N'Session'",
          );
          await new Promise<void>((resolve, reject) => {
            connection.reset((error) => (error ? reject(error) : resolve()));
          });
          assert.equal(await value(connection, "SELECT DB_NAME()"), "master");
          assert.equal(await value(connection, "SELECT @@LOCK_TIMEOUT"), -1);
          assert.equal((await ask(connection, "SELECT * FROM #gone")).error?.number, 208);
          const held = "SELECT COUNT(*) FROM sys.dm_tran_locks WHERE resource_type = N'APPLICATION'";
          assert.equal(await value(connection, held), 0);
        }),
      ),
  },
  {
    number: "A15",
    certainty: "documented",
    source: cite("errors0"),
    title: "USE of an unknown database: 911, the context stays",
    run: async (estate) => {
      await estate.refuses("USE nowhere", [
        [911, 16, /^Database 'nowhere' does not exist\. Make sure that the name is entered correctly\.$/],
      ]);
      assert.equal(await estate.value("SELECT DB_NAME()"), "master");
    },
  },
  {
    number: "A16",
    certainty: "documented",
    source: cite("errors0"),
    title: "USE without a user in it: 916",
    run: async (estate) => {
      await estate.run(`CREATE DATABASE mgc; ${READER}`);
      await refuses(await estate.connect({ user: "reader", password: "Reader-1" }), "USE mgc", [
        [
          916,
          14,
          /^The server principal "reader" is not able to access the database "mgc" under the current security context\.$/,
        ],
      ]);
    },
  },
  {
    number: "A17",
    certainty: "documented",
    source: cite("errors18000"),
    title: "started with -m: one administrator; a second connection, and any other login, is 18461",
    run: async (estate) => {
      await estate.run(READER);
      await estate.stop();
      await estate.start(DEFAULT_SERVER, { singleUser: true });
      await served(estate, async (port) => {
        assert.deepEqual(pairs(await attempt(port, reader)), [[18461, 14]]);
        await open(port, SA, {}, async () => {
          const told = await attempt(port, SA);
          assert.deepEqual(pairs(told), [[18461, 14]]);
          assert.match(told.errors[0]?.message ?? "", /Only one administrator can connect at this time\.$/);
        });
      });
    },
  },
  {
    number: "A18",
    certainty: "well known",
    source: "",
    title: "KILL: the client's connection is dead",
    run: (estate) =>
      served(estate, async (port) => {
        const connection = await connect(port, {}, SA);
        const id = await value(connection, "SELECT @@SPID");
        const ended = new Promise((resolve) => connection.once("end", resolve));
        await estate.run(`KILL ${String(id)}`);
        await ended;
        const left = await estate.rows(`SELECT 1 AS one FROM sys.dm_exec_sessions WHERE session_id = ${String(id)}`);
        assert.equal(left.length, 0);
      }),
  },
];
