import assert from "node:assert/strict";
import { once } from "node:events";
import { describe, it } from "mocha";
import mssql from "mssql";
import { TYPES } from "tedious";
import { connect, eventually, run, withScript, withServer } from "./tds-clients";
import { PASSWORD, ScriptedBackend, USER, column, message } from "./tds-scripted-backend";
import type { BatchScript } from "./tds-scripted-backend";

describe("TDS: attention and the end of a connection", () => {
  const endless: BatchScript = async (text, sink, signal) => {
    if (text !== "endless") return sink.done({ command: 0, error: false });
    sink.columns([column({ name: "nvarchar", length: 100 })]);
    while (!signal.aborted) await sink.row(["row ".repeat(20)]);
  };
  const waiting: BatchScript = async (text, sink, signal) => {
    if (text !== "wait") return sink.done({ command: 0, error: false });
    await once(signal, "abort");
  };

  it("stops endless rows; the session lives on", async () => {
    await withScript(endless, async (connection, backend) => {
      const { error } = await run(connection, "endless", "execSqlBatch", (request) => {
        request.once("row", () => request.cancel());
      });
      assert.equal(error?.code, "ECANCEL");
      assert.equal((await run(connection, "next")).error, undefined);
      assert.deepEqual(backend.events, ["batch endless", "batch next"]);
    });
  });

  it("stops a statement that waits; the session lives on", async () => {
    await withScript(waiting, async (connection, backend) => {
      const { error } = await run(connection, "wait", "execSqlBatch", (request) => {
        void eventually("the statement runs", () => backend.events.length > 0).then(() => request.cancel());
      });
      assert.equal(error?.code, "ECANCEL");
      assert.equal((await run(connection, "next")).error, undefined);
    });
  });

  it("stops at the client's request time-out", async () => {
    await withScript(
      waiting,
      async (connection) => {
        assert.equal((await run(connection, "wait")).error?.code, "ETIMEOUT");
        assert.equal((await run(connection, "next")).error, undefined);
      },
      { requestTimeout: 50 },
    );
  });

  it("aborts the statement and closes the session when the socket is cut", async () => {
    let aborted = false;
    const backend = new ScriptedBackend(async (_text, _sink, signal) => {
      await once(signal, "abort");
      aborted = true;
    });
    await withServer(backend, {}, async (server) => {
      const connection = await connect(server.port);
      const answer = run(connection, "wait");
      await eventually("the statement runs", () => backend.events.length > 0);
      connection.close();
      assert.equal((await answer).error?.code, "ECLOSE");
      await eventually("the statement is aborted", () => aborted);
      await eventually("the connection is gone", () => server.connections === 0);
      assert.deepEqual(backend.events, ["batch wait", "close"]);
    });
  });

  it("close() ends connections and frees the port", async () => {
    const backend = new ScriptedBackend();
    let port = 0;
    await withServer(backend, {}, async (server) => {
      port = server.port;
      await connect(port);
      assert.equal(server.connections, 1);
    });
    assert.deepEqual(backend.events, ["close"]);
    await withServer(backend, { port }, async (server) => assert.equal(server.port, port));
  });
});

describe("TDS: procedures, transactions, reset", () => {
  const answerDone: BatchScript = (_text, sink) => sink.done({ command: 0, error: false });

  it("calls by name with named arguments, answers outputs by name and the return status", async () => {
    await withScript(answerDone, async (connection, backend) => {
      let status: number | undefined;
      const { rows, returnValues, order, error } = await run(connection, "dbo.sp_x", "callProcedure", (request) => {
        request.addParameter("a", TYPES.Int, 5);
        request.addOutputParameter("b", TYPES.NVarChar, "out", { length: 40 });
        request.on("doneProc", (_count: unknown, _more: unknown, returnStatus: number) => (status = returnStatus));
      });
      assert.equal(error, undefined);
      assert.deepEqual(backend.events, ["procedure dbo.sp_x"]);
      assert.deepEqual([rows, returnValues, status], [[[5, "out"]], { b: "out" }, 3]);
      assert.deepEqual(order, ["columns", "row", "doneInProc 1", "doneProc -"]);
    });
  });

  it("sends errors of a procedure and goes on", async () => {
    const failing: BatchScript = (_text, sink) => {
      sink.message(message(208, 16, "Invalid object name 'x'."));
    };
    await withScript(failing, async (connection) => {
      assert.equal((await run(connection, "script fails", "execSql")).error?.number, 208);
      assert.equal((await run(connection, "script fails", "execSql")).error?.number, 208);
    });
  });

  it("serves prepared statements of mssql and its SELECT 1 by sp_executesql", async () => {
    const backend = new ScriptedBackend();
    await withServer(backend, {}, async ({ port }) => {
      const pool = new mssql.ConnectionPool({
        server: "127.0.0.1",
        port,
        user: USER,
        password: PASSWORD,
        options: { encrypt: false },
      });
      await pool.connect();
      try {
        const statement = new mssql.PreparedStatement(pool);
        statement.input("p", mssql.Int);
        await statement.prepare("SELECT @p AS p");
        const { recordset } = await statement.execute({ p: 4 });
        await statement.unprepare();
        assert.deepEqual(recordset[0], { handle: 1, p: 4 });
      } finally {
        await pool.close();
      }
      const procedures = backend.events.filter((event) => event.startsWith("procedure"));
      assert.deepEqual(
        procedures.filter((event) => event !== "procedure sp_executesql"),
        ["procedure sp_prepare", "procedure sp_execute", "procedure sp_unprepare"],
      );
    });
  });

  it("begins, saves, rolls back and commits by transaction manager requests", async () => {
    await withScript(answerDone, async (connection, backend) => {
      const step = (start: (done: (error: Error | null | undefined) => void) => void): Promise<void> =>
        new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
      await step((done) => connection.beginTransaction(done));
      await step((done) => connection.saveTransaction(done, "s]1"));
      await step((done) => connection.rollbackTransaction(done, "s]1"));
      await step((done) => connection.commitTransaction(done));
      await step((done) => connection.beginTransaction(done));
      await step((done) => connection.rollbackTransaction(done));
      assert.deepEqual(backend.events, [
        "transaction begin",
        "batch SAVE TRANSACTION [s]]1]",
        "batch ROLLBACK TRANSACTION [s]]1]",
        "transaction commit",
        "transaction begin",
        "transaction rollback",
      ]);
    });
  });

  it("resets the session before the message that carries the bit", async () => {
    await withScript(answerDone, async (connection, backend) => {
      const acknowledged = once(connection, "resetConnection");
      await new Promise<void>((resolve, reject) => connection.reset((error) => (error ? reject(error) : resolve())));
      await acknowledged;
      await run(connection, "next");
      assert.deepEqual(backend.events, ["reset", "batch next"]);
    });
  });

  it("tells of a change of the database", async () => {
    await withScript(
      (_text, sink) => {
        sink.environment({ kind: "database", from: "master", to: "mgc" });
        sink.message(message(5701, 0, "Changed database context to 'mgc'."));
        sink.done({ command: 0, error: false });
      },
      async (connection) => {
        const changed = once(connection, "databaseChange");
        assert.deepEqual((await run(connection, "USE mgc")).order, ["info 5701", "done -"]);
        assert.deepEqual(await changed, ["mgc"]);
      },
    );
  });
});
