import assert from "node:assert/strict";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { before, describe, it } from "mocha";
import { z } from "zod";
import { DrError } from "../../estate/errors";
import { SqlServer, type Progress, type ServerError } from "../../estate/sql/connection";
import type { SqlEndpoint } from "../../estate/sql/endpoint";
import { createCertificate, type Certificate } from "../../lab/tds/certificate";
import { serve, type TdsServerOptions } from "../../lab/tds/server";
import type { ResultSink } from "../../lab/tsql/results";
import type { SqlType, SqlValue } from "../../lab/tsql/values";
import { column, message, PASSWORD, ScriptedBackend, USER, type BatchScript } from "./tds-scripted-backend";

const INT: SqlType = { name: "int" };
const TEXT: SqlType = { name: "varchar", length: 40 };

async function rows(sink: ResultSink, columns: Record<string, SqlType>, ...values: SqlValue[][]): Promise<void> {
  sink.columns(Object.entries(columns).map(([name, type]) => column(type, name)));
  for (const row of values) await sink.row(row);
  sink.done({ command: 0xc1, rowCount: values.length, error: false });
}

/** What every dedicated session is asked first; the rest is the test's. */
function scripted(script: BatchScript): ScriptedBackend {
  return new ScriptedBackend(async (text, sink, signal, connection) => {
    if (text.startsWith("SELECT @@SPID AS session_id")) {
      return rows(sink, { session_id: INT, login_time: TEXT }, [77, "2013-05-01T02:13:00.123"]);
    }
    if (text.startsWith("SET XACT_ABORT OFF")) return sink.done({ command: 0, error: false });
    return script(text, sink, signal, connection);
  });
}

function endpointOf(port: number, more: Partial<SqlEndpoint> = {}): SqlEndpoint {
  return {
    server: "SQL-P1",
    host: "127.0.0.1",
    port,
    instance: undefined,
    user: USER,
    password: PASSWORD,
    encrypt: false,
    trustServerCertificate: true,
    connectTimeoutSeconds: 5,
    requestTimeoutSeconds: 10,
    ...more,
  };
}

const IDENTITY = { stack: "primary", run: "7f3a" };

async function withInstance(
  backend: ScriptedBackend,
  use: (server: SqlServer, close: () => Promise<void>) => Promise<void>,
  endpoint: Partial<SqlEndpoint> = {},
  options: TdsServerOptions = { encryption: "notSupported" },
): Promise<void> {
  const tds = await serve(backend, options);
  const server = new SqlServer(endpointOf(tds.port, endpoint), IDENTITY);
  let closed = false;
  const close = async (): Promise<void> => {
    if (!closed) await tds.close();
    closed = true;
  };
  try {
    await use(server, close);
  } finally {
    await server.close();
    await close();
  }
}

/** Waits for a condition, at most five seconds. */
async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    assert(performance.now() < deadline, `not within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof DrError, String(error));
    assert.equal(error.code, code, error.message);
    assert(!error.message.includes(PASSWORD) && !JSON.stringify(error).includes(PASSWORD));
    return true;
  };
}

describe("SQL adapter: reading", () => {
  it("reads several result sets of one batch, checked, under its own program name", async () => {
    const backend = scripted(async (_text, sink) => {
      await rows(sink, { n: INT }, [1], [2]);
      sink.message(message(0, 0, "noted"));
      await rows(sink, { name: TEXT });
    });
    await withInstance(backend, async (server) => {
      const schemas = [z.object({ n: z.int() }), z.object({ name: z.string() })] as const;
      assert.deepEqual(await server.read("SELECT", schemas, { doing: "reading" }), [[{ n: 1 }, { n: 2 }], []]);
      assert.equal((await server.query("SELECT", { doing: "reading" })).messages[0]?.text, "noted");
      await assert.rejects(server.read("SELECT", [schemas[0]], { doing: "reading" }), hasCode("UNEXPECTED_ANSWER"));
      for (const login of backend.logins) {
        assert.match(login.applicationName, /^pchat-dr primary 7f3a \S+@/);
        assert.equal(login.clientProcessId, process.pid);
      }
    });
  });

  it("sends a batch as it stands and nothing besides", async () => {
    const backend = scripted((_text, sink) => rows(sink, { n: INT }, [1]));
    await withInstance(backend, async (server) => {
      await server.query("SELECT 1 AS n;", { doing: "reading" });
      await server.query("SELECT 2 AS n;", { doing: "reading" });
    });
    const asked = backend.events.filter((event) => event !== "close" && event !== "reset");
    assert.deepEqual(asked, ["batch SELECT 1 AS n;", "batch SELECT 2 AS n;"]);
  });

  it("tells the cause of several errors", async () => {
    const backend = scripted((_text, sink) => {
      sink.message(message(911, 16, "Database 'x' does not exist."));
      sink.message(message(3013, 16, "BACKUP DATABASE is terminating abnormally."));
      sink.done({ command: 0, error: true });
    });
    await withInstance(backend, async (server) => {
      await assert.rejects(server.query("BACKUP", { doing: "backing up" }), (error) => {
        assert(error instanceof DrError);
        assert.deepEqual([error.number, [...error.numbers]], [911, [911, 3013]]);
        return /^SQL-P1 \(127\.0\.0\.1:\d+\): backing up failed: Database 'x' does not exist\./.test(error.message);
      });
    });
  });

  it("gives up a reading at its time limit and goes on", async () => {
    const backend = scripted(async (text, sink, signal) => {
      if (text === "slow") await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
      else await rows(sink, { n: INT }, [1]);
    });
    await withInstance(backend, async (server) => {
      await assert.rejects(server.query("slow", { doing: "reading", timeout: 50 }), hasCode("TIMEOUT"));
      assert.equal((await server.query("quick", { doing: "reading" })).recordsets.length, 1);
    });
  });
});

describe("SQL adapter: connecting", () => {
  let certificate: Certificate;
  before(async () => {
    certificate = await createCertificate(["localhost", "127.0.0.1"]);
  });

  it("tells a refused login, without the password", async () => {
    await withInstance(
      scripted(() => undefined),
      (server) => assert.rejects(server.query("SELECT 1", { doing: "reading" }), hasCode("LOGIN_FAILED")),
      { password: "wrong-password" },
    );
  });

  it("tells an address that nobody listens on, with instance and port", async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, "127.0.0.1", resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const server = new SqlServer(endpointOf(port), IDENTITY);
    await assert.rejects(server.query("SELECT 1", { doing: "reading" }), (error) => {
      hasCode("UNREACHABLE")(error);
      return new RegExp(`SQL-P1 \\(127\\.0\\.0\\.1:${port}\\)`).test(String(error));
    });
    await server.close();
  });

  for (const encrypt of [false, true]) {
    it(`gives up on a port that takes the connection and says nothing (encrypt ${encrypt})`, async () => {
      const silent: Server = createServer((socket) => socket.on("error", () => undefined).resume());
      await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
      const { port } = silent.address() as AddressInfo;
      const server = new SqlServer(endpointOf(port, { connectTimeoutSeconds: 1, encrypt }), IDENTITY);
      try {
        await assert.rejects(server.query("SELECT 1", { doing: "reading" }), hasCode("UNREACHABLE"));
      } finally {
        await server.close();
        await new Promise((resolve) => silent.close(resolve));
      }
    });
  }

  it("holds the login back when the server declines the encryption that was asked for", async () => {
    const backend = scripted(() => undefined);
    await withInstance(
      backend,
      (server) => assert.rejects(server.query("SELECT 1", { doing: "reading" }), hasCode("ENCRYPTION_DECLINED")),
      { encrypt: true },
    );
    assert.deepEqual(backend.logins, []);
  });

  for (const encryption of ["off", "required"] as const) {
    it(`encrypts the whole session where the server can (${encryption})`, async () => {
      const seen: boolean[] = [];
      const backend = scripted((_text, sink, _signal, connection) => {
        seen.push(connection.encrypted);
        return rows(sink, { n: INT }, [1]);
      });
      const use = async (server: SqlServer): Promise<void> => void (await server.query("SELECT 1", { doing: "x" }));
      await withInstance(backend, use, { encrypt: true }, { encryption, certificate });
      assert.deepEqual(seen, [true]);
    });
  }

  it("refuses a certificate that it has no reason to trust", async () => {
    const backend = scripted(() => undefined);
    await withInstance(
      backend,
      (server) => assert.rejects(server.query("SELECT 1", { doing: "x" }), hasCode("CERTIFICATE_REFUSED")),
      { encrypt: true, trustServerCertificate: false },
      { encryption: "off", certificate },
    );
    assert.deepEqual(backend.logins, []);
  });
});

describe("SQL adapter: batches of their own session", () => {
  it("run after the settings, hand on messages and report progress read by another session", async () => {
    const finish: (() => void)[] = [];
    const backend = scripted(async (text, sink) => {
      if (text.includes("sys.dm_exec_requests")) {
        assert.match(text, /session_id = 77;/);
        const columns = {
          command: TEXT,
          percent_complete: { name: "real" },
          estimated_completion_time: { name: "bigint" },
        } as const;
        return rows(sink, { ...columns, wait_type: TEXT }, ["RESTORE DATABASE", 50, 1500n, null]);
      }
      sink.message(message(3211, 0, "50 percent processed."));
      await new Promise<void>((resolve) => finish.push(resolve));
      sink.done({ command: 0, error: false });
    });
    await withInstance(backend, async (server) => {
      const messages: ServerError[] = [];
      const seen: Progress[] = [];
      await server.batch("RESTORE DATABASE [mgc] …", {
        doing: "RESTORE DATABASE [mgc]",
        onMessage: (said) => messages.push(said),
        onProgress: (progress) => {
          seen.push(progress);
          for (const end of finish) end();
        },
        progressInterval: 10,
      });
      assert.equal(messages[0]?.number, 3211);
      assert.deepEqual(seen[0], { command: "RESTORE DATABASE", percent: 50, remaining: 1500, waitType: null });
      const batches = backend.events.filter((event) => event.startsWith("batch "));
      const sent = batches.findIndex((event) => event.startsWith("batch RESTORE"));
      assert.match(batches[sent - 1] ?? "", /^batch SET XACT_ABORT OFF;/);
    });
  });

  it("are stopped by their signal", async () => {
    const backend = scripted(
      (_text, _sink, signal) =>
        new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true })),
    );
    await withInstance(backend, async (server) => {
      const stop = new AbortController();
      const running = server.batch("BACKUP", { doing: "BACKUP", signal: stop.signal });
      await until(() => backend.events.includes("batch BACKUP"), "the batch is running");
      stop.abort();
      await assert.rejects(running, hasCode("CANCELLED"));
    });
  });

  it("end with CONNECTION_LOST, once the old session is gone, when the server cuts them", async () => {
    let counts = 0;
    const backend = scripted(async (text, sink, _signal, connection) => {
      if (text.startsWith("SELECT COUNT(*) AS n FROM sys.dm_exec_sessions")) {
        assert.match(text, /session_id = 77 AND .* = '2013-05-01T02:13:00\.123';/);
        counts += 1;
        return rows(sink, { n: INT }, [counts < 2 ? 1 : 0]);
      }
      connection.terminate();
    });
    await withInstance(backend, async (server) => {
      await assert.rejects(server.batch("BACKUP", { doing: "BACKUP DATABASE [mgc]" }), (error) => {
        hasCode("CONNECTION_LOST")(error);
        return /the old session has ended/.test(String(error));
      });
      assert.equal(counts, 2);
    });
  });

  it("never go on in another session than the one they began in", async () => {
    const backend = scripted(async (text, sink, _signal, connection) => {
      if (text === "cut") return connection.terminate();
      await rows(sink, { n: INT }, [1]);
    });
    await withInstance(backend, async (server) => {
      const connection = await server.connect();
      assert.equal(connection.sessionId, 77);
      await connection.send("one", { doing: "x", timeout: 0 });
      await assert.rejects(connection.send("cut", { doing: "x", timeout: 0 }), hasCode("CONNECTION_LOST"));
      assert(connection.lost);
      await assert.rejects(connection.send("two", { doing: "x", timeout: 0 }), hasCode("CONNECTION_LOST"));
      assert(!backend.events.includes("batch two"));
    });
  });

  it("see an idle session end", async () => {
    const backend = scripted((_text, sink) => rows(sink, { n: INT }, [1]));
    await withInstance(backend, async (server, stop) => {
      const connection = await server.connect();
      await stop();
      await until(() => connection.lost, "the loss is noticed");
      await assert.rejects(connection.send("two", { doing: "x", timeout: 0 }), hasCode("CONNECTION_LOST"));
    });
  });

  it("leave no session behind", async () => {
    const backend = scripted((_text, sink) => rows(sink, { n: INT }, [1]));
    const tds = await serve(backend, { encryption: "notSupported" });
    try {
      const server = new SqlServer(endpointOf(tds.port), IDENTITY);
      await Promise.all([server.query("a", { doing: "x" }), server.batch("b", { doing: "x" }), server.connect()]);
      await server.close();
      await until(() => tds.connections === 0, "every connection is closed");
      await assert.rejects(server.query("c", { doing: "x" }), hasCode("CANCELLED"));
    } finally {
      await tds.close();
    }
  });
});
