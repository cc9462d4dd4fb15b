import assert from "node:assert/strict";
import { connect as connectSocket } from "node:net";
import { once } from "node:events";
import { describe, it } from "mocha";
import mssql from "mssql";
import { connect, eventually, run, withConnection, withScript, withServer } from "./tds-clients";
import { PASSWORD, ScriptedBackend, USER, column, message } from "./tds-scripted-backend";

const INT = { name: "int" } as const;

/** What is written to stderr meanwhile. */
async function captureErrors(during: () => Promise<void>): Promise<string> {
  const written: string[] = [];
  const write = process.stderr.write.bind(process.stderr);
  process.stderr.write = (chunk: string | Uint8Array): boolean => written.push(String(chunk)) > 0;
  try {
    await during();
  } finally {
    process.stderr.write = write;
  }
  return written.join("");
}

describe("TDS: login", () => {
  it("hands the engine what LOGIN7 says", async () => {
    const backend = new ScriptedBackend();
    await withServer(backend, {}, ({ port }) =>
      withConnection(port, { database: "mgc", appName: "wire test", workstationId: "host-1" }, async () => {}),
    );
    assert.deepEqual(backend.logins, [
      {
        user: USER,
        password: PASSWORD,
        database: "mgc",
        hostName: "host-1",
        applicationName: "wire test",
        clientProcessId: process.pid,
        language: "us_english",
      },
    ]);
    assert.deepEqual(backend.events, ["close"]);
  });

  it("refuses a wrong password with 18456 and closes", async () => {
    const backend = new ScriptedBackend();
    await withServer(backend, {}, async (server) => {
      await assert.rejects(connect(server.port, {}, { password: "wrong" }), {
        code: "ELOGIN",
        message: `Login failed for user '${USER}'.`,
      });
      await eventually("the connection is closed", () => server.connections === 0);
    });
  });

  it("sends 4060 before 18456 for a database that cannot be opened", async () => {
    await withServer(new ScriptedBackend(), {}, async ({ port }) => {
      const pool = new mssql.ConnectionPool({
        server: "127.0.0.1",
        port,
        user: USER,
        password: PASSWORD,
        database: "absent",
        options: { encrypt: false },
      });
      await assert.rejects(pool.connect(), { code: "ELOGIN" });
    });
  });

  for (const tdsVersion of ["7_2", "7_3_A", "7_3_B", "7_4"]) {
    it(`serves TDS ${tdsVersion}`, async () => {
      await withScript(
        (_text, sink) => {
          sink.columns([column(INT), column({ name: "nvarchar", length: 5 })]);
          void sink.row([null, "été"]);
          sink.done({ command: 0xc1, rowCount: 1, error: false });
        },
        async (connection) => {
          const { rows, error } = await run(connection, "SELECT");
          assert.equal(error, undefined);
          assert.deepEqual(rows, [[null, "été"]]);
        },
        { tdsVersion },
      );
    });
  }

  it("closes on a client of TDS 7.1", async () => {
    await withServer(new ScriptedBackend(), {}, async ({ port }) => {
      await assert.rejects(connect(port, { tdsVersion: "7_1" }));
    });
  });

  it("closes on bytes that are no TDS, such as the raw TLS of TDS 8", async () => {
    await withServer(new ScriptedBackend(), {}, async ({ port }) => {
      const socket = connectSocket(port, "127.0.0.1");
      socket.write(Buffer.from([0x16, 0x03, 0x01, 0x00, 0x05, 1, 2, 3, 4, 5]));
      socket.resume();
      await once(socket, "close");
    });
  });
});

describe("TDS: batches", () => {
  it("keeps the order of result sets, messages and counts", async () => {
    await withScript(
      (_text, sink) => {
        sink.message(message(0, 0, "printed"));
        sink.columns([column(INT, "a")]);
        void sink.row([1]);
        void sink.row([2]);
        sink.done({ command: 0xc1, rowCount: 2, error: false });
        sink.message(message(50000, 10, "raised"));
        sink.done({ command: 0, error: false });
        sink.columns([column(INT, "b"), column({ name: "bit" }, "c")]);
        void sink.row([3, null]);
        sink.done({ command: 0xc1, rowCount: 1, error: false });
        sink.done({ command: 0xc3, rowCount: 5, error: false });
      },
      async (connection) => {
        const { rows, order, error } = await run(connection, "x");
        assert.equal(error, undefined);
        assert.deepEqual(rows, [[1], [2], [3, null]]);
        assert.deepEqual(order, [
          "info 0",
          "columns",
          "row",
          "row",
          "done 2",
          "info 50000",
          "done -",
          "columns",
          "row",
          "done 1",
          "done 5",
        ]);
      },
    );
  });

  it("gives mssql all errors of a statement, the last one first", async () => {
    const backend = new ScriptedBackend((_text, sink) => {
      sink.message(message(911, 16, "Database 'x' does not exist."));
      sink.message(message(3013, 16, "BACKUP DATABASE is terminating abnormally."));
      sink.done({ command: 0, error: true });
    });
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
        await assert.rejects(pool.request().batch("BACKUP"), (error) => {
          assert(error instanceof mssql.RequestError);
          // The declarations of mssql lack the errors before the last one.
          const { precedingErrors } = error as { precedingErrors?: readonly { number: number }[] };
          assert.equal(error.number, 3013);
          assert.deepEqual(
            precedingErrors?.map((preceding) => preceding.number),
            [911],
          );
          return true;
        });
      } finally {
        await pool.close();
      }
    });
  });

  it("sends an error after rows", async () => {
    await withScript(
      (_text, sink) => {
        sink.columns([column(INT)]);
        void sink.row([1]);
        sink.message(message(8134, 16, "Divide by zero error encountered."));
        sink.done({ command: 0xc1, rowCount: 1, error: true });
      },
      async (connection) => {
        const { rows, error } = await run(connection, "x");
        assert.deepEqual(rows, [[1]]);
        assert.equal(error?.number, 8134);
      },
    );
  });

  it("ends a response that the engine left without DONE", async () => {
    await withScript(
      (text, sink) => {
        if (text === "error") sink.message(message(208, 16, "Invalid object name."));
      },
      async (connection) => {
        assert.equal((await run(connection, "nothing")).error, undefined);
        assert.equal((await run(connection, "error")).error?.number, 208);
        assert.equal((await run(connection, "nothing")).error, undefined);
      },
    );
  });

  it("lets messages out before the statement ends", async () => {
    let finish = (): void => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    await withScript(
      async (_text, sink) => {
        sink.message(message(3211, 0, "10 percent processed."));
        await finished;
        sink.message(message(3014, 0, "BACKUP DATABASE successfully processed 8 pages."));
        sink.done({ command: 0, error: false });
      },
      async (connection) => {
        connection.once("infoMessage", finish);
        const { order } = await run(connection, "BACKUP");
        assert.deepEqual(order, ["info 3211", "info 3014", "done -"]);
      },
    );
  });

  it("closes behind an error of class 20 or above", async () => {
    await withScript(
      (_text, sink) => {
        sink.message(message(596, 21, "Cannot continue the execution because the session is in the kill state."));
        sink.done({ command: 0, error: true });
      },
      async (connection, backend) => {
        const { error } = await run(connection, "x");
        assert.equal(error?.number, 596);
        await eventually("the session is closed", () => backend.events.includes("close"));
      },
    );
  });

  it("makes a failure of the engine an error of class 20, then closes", async () => {
    const written = await captureErrors(() =>
      withScript(
        () => Promise.reject(new Error("row store is gone")),
        async (connection, backend) => {
          const { error } = await run(connection, "x");
          assert.deepEqual([error?.number, error?.message], [3624, "row store is gone"]);
          await eventually("the session is closed", () => backend.events.includes("close"));
        },
      ),
    );
    assert.match(written, /SQL-P1: a session failed: Error: row store is gone/);
  });

  it("does the same with a failure of the login", async () => {
    const backend = new ScriptedBackend();
    backend.login = () => Promise.reject(new Error("no catalog"));
    const written = await captureErrors(() =>
      withServer(backend, {}, ({ port }) => assert.rejects(connect(port), { message: "no catalog" })),
    );
    assert.match(written, /SQL-P1: a session failed: Error: no catalog/);
  });

  it("drops the connection when the engine kills the session", async () => {
    await withScript(
      (_text, _sink, _signal, connection) => connection.terminate(),
      async (connection, backend) => {
        const { error } = await run(connection, "KILL");
        assert(error?.code === "ECLOSE" || error?.code === "ECONNRESET", String(error));
        await eventually("the session is closed", () => backend.events.includes("close"));
      },
    );
  });

  for (const packetSize of [512, 4096, 32767]) {
    it(`carries long batches and long values in packets of ${packetSize} bytes`, async () => {
      const long = "é§漢".repeat(20_000);
      await withScript(
        (text, sink) => {
          sink.columns([column({ name: "nvarchar", length: "max" })]);
          void sink.row([text]);
          sink.done({ command: 0xc1, rowCount: 1, error: false });
        },
        async (connection) => {
          const { rows } = await run(connection, long);
          assert.deepEqual(rows, [[long]]);
        },
        { packetSize },
      );
    });
  }

  it("sends many rows no faster than the client reads them", async () => {
    const count = 40_000;
    let sent = 0;
    let waited = false;
    await withScript(
      async (_text, sink) => {
        sink.columns([column(INT), column({ name: "varchar", length: 200 })]);
        for (; sent < count; sent++) {
          const pressure = sink.row([sent, "x".repeat(200)]);
          if (pressure !== undefined) {
            waited = true;
            await pressure;
          }
        }
        sink.done({ command: 0xc1, rowCount: count, error: false });
      },
      async (connection) => {
        let sentAtResume = count;
        const { rows, rowCount } = await run(connection, "x", "execSqlBatch", (request) => {
          request.once("row", () => {
            request.pause();
            let before = -1;
            // Two looks that show the same number: the server waits.
            const look = (): void => {
              if (sent === before) {
                sentAtResume = sent;
                request.resume();
              } else {
                before = sent;
                setTimeout(look, 100);
              }
            };
            look();
          });
        });
        assert.equal(rowCount, count);
        assert.deepEqual(
          rows.map(([number]) => number),
          Array.from({ length: count }, (_unused, index) => index),
        );
        assert(waited);
        assert(sentAtResume < count, `all ${count} rows were sent to a client that had stopped to read`);
      },
    );
  });
});
