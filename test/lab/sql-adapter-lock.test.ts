import assert from "node:assert/strict";
import { hostname } from "node:os";
import { describe, it } from "mocha";
import type { PoolConfiguration } from "../../estate/configuration";
import { DrError, type DrErrorCode } from "../../estate/errors";
import { closeEstate, type Estate } from "../../estate/estate";
import { EstateLock } from "../../estate/lock";
import { lockResource } from "../../estate/lock-resource";
import { observe } from "../../estate/observe";
import { ManagementShell } from "../../estate/shell/management-shell";
import { SqlServer } from "../../estate/sql/connection";
import type { SqlEndpoint } from "../../estate/sql/endpoint";
import { serve, type TdsServer } from "../../lab/tds/server";
import type { ResultSink } from "../../lab/tsql/results";
import type { SqlType, SqlValue } from "../../lab/tsql/values";
import { column, message, PASSWORD, ScriptedBackend, USER } from "./tds-scripted-backend";

const INT: SqlType = { name: "int" };
const TEXT: SqlType = { name: "nvarchar", length: 256 };
const BYTES: SqlType = { name: "varbinary", length: 128 };
const FQDN = "lyncpc.contoso.com";
const IDENTITY = { stack: "primary", run: "7f3a" };

async function rows(sink: ResultSink, columns: Record<string, SqlType>, ...values: SqlValue[][]): Promise<void> {
  sink.columns(Object.entries(columns).map(([name, type]) => column(type, name)));
  for (const row of values) await sink.row(row);
  sink.done({ command: 0xc1, rowCount: values.length, error: false });
}

/** An instance that keeps one application lock, as far as the lock's own statements go. */
class LockBackend extends ScriptedBackend {
  holder: string | undefined;
  /** What APPLOCK_MODE says to the holder. */
  mode = "Exclusive";
  heartbeats = 0;
  idleSince = "2013-05-01T02:13:00.000";

  constructor() {
    super(async (text, sink) => {
      if (text.startsWith("SELECT @@SPID AS session_id")) {
        return rows(sink, { session_id: INT, login_time: TEXT }, [60, "2013-05-01T02:13:00.000"]);
      }
      if (text.includes("sp_getapplock")) {
        const free = this.holder === undefined;
        if (free) this.holder = /CONVERT\(varbinary\(128\), N'([^']*)'\)/.exec(text)?.[1] ?? "";
        return rows(sink, { rc: INT }, [free ? 0 : -1]);
      }
      if (text.includes("sp_releaseapplock")) {
        this.holder = undefined;
        return sink.done({ command: 0xe0, error: false });
      }
      if (text.includes("APPLOCK_MODE")) return rows(sink, { mode: TEXT }, [this.mode]);
      if (text.includes("sys.dm_tran_locks")) return this.#holders(sink);
      assert.equal(text, "SELECT 1 AS alive;");
      this.heartbeats += 1;
      await rows(sink, { alive: INT }, [1]);
    });
  }

  async #holders(sink: ResultSink): Promise<void> {
    const columns = {
      resource: TEXT,
      sessionId: INT,
      hostName: TEXT,
      programName: TEXT,
      loginName: TEXT,
      loginTime: TEXT,
      lastRequestEndTime: TEXT,
      hostProcessId: INT,
      context: BYTES,
    };
    const began = "2013-05-01T02:13:00.000";
    const program = "pchat-dr backup 1a2b ops@console";
    const context = Buffer.from(this.holder ?? "", "utf16le");
    const resource = `0:[${lockResource(FQDN).slice(0, 32)}]:(0a1b2c3d)`;
    await rows(
      sink,
      columns,
      ["0:[another product's lock]:(99)", 55, "x", "x", "x", began, began, 1, null],
      [resource, 61, "console", program, "pchatdr", began, this.idleSince, 4711, context],
    );
    await rows(sink, { now: TEXT }, ["2013-05-01T02:15:30.000"]);
  }
}

interface Home {
  readonly backend: LockBackend;
  readonly port: number;
  /** May be called twice. */
  close(): Promise<void>;
}

async function home(): Promise<Home> {
  const backend = new LockBackend();
  const tds: TdsServer = await serve(backend, { encryption: "notSupported" });
  let closing: Promise<void> | undefined;
  return { backend, port: tds.port, close: () => (closing ??= tds.close()) };
}

function serverAt(server: string, port: number): SqlServer {
  const login = { user: USER, password: PASSWORD, encrypt: false, trustServerCertificate: true };
  const times = { connectTimeoutSeconds: 2, requestTimeoutSeconds: 10 };
  const endpoint: SqlEndpoint = { server, host: "127.0.0.1", port, instance: undefined, ...login, ...times };
  return new SqlServer(endpoint, IDENTITY);
}

function estateOf(backup: number, primary: number): Estate {
  const pool = {
    name: "pool1",
    fqdn: FQDN,
    databases: { chat: "mgc", compliance: "mgccomp" },
  } as unknown as PoolConfiguration;
  const nothing = { connectionUri: undefined, user: undefined, password: undefined };
  const shell = new ManagementShell({ ...nothing, executable: "/nonexistent/pwsh", timeoutSeconds: 5 });
  return { pool, shell, instances: { backup: serverAt("SQL-B1", backup), primary: serverAt("SQL-P1", primary) } };
}

async function withHomes(use: (estate: Estate, backup: Home, primary: Home) => Promise<void>): Promise<void> {
  const [backup, primary] = await Promise.all([home(), home()]);
  const estate = estateOf(backup.port, primary.port);
  try {
    await use(estate, backup, primary);
  } finally {
    await closeEstate(estate);
    await Promise.all([backup.close(), primary.close()]);
  }
}

function hasCode(code: string, text = /./): (error: unknown) => boolean {
  return (error) => {
    assert(error instanceof DrError, String(error));
    assert.equal(error.code, code, error.message);
    return text.test(error.message);
  };
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5000;
  while (!condition()) {
    assert(performance.now() < deadline, `not within 5 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("the estate's lock", () => {
  it("is taken at the backup, then at the primary, sends its heartbeat and is given back", () =>
    withHomes(async (estate, backup, primary) => {
      const lock = await EstateLock.acquire(estate, IDENTITY, { heartbeatSeconds: 0.01 });
      assert.deepEqual([backup.backend.holder, primary.backend.holder], ["primary/7f3a", "primary/7f3a"]);
      assert.match(lock.places.join(), /^SQL-B1 .*SQL-P1 /);
      await until(() => primary.backend.heartbeats > 0, "a heartbeat at both homes");
      await lock.assertHeld();
      await lock.release();
      await lock.release();
      assert.deepEqual([backup.backend.holder, primary.backend.holder], [undefined, undefined]);
      await assert.rejects(lock.assertHeld(), hasCode("LOCK_LOST"));
    }));

  it("says who holds it and since when, and leaves nothing taken", () =>
    withHomes(async (estate, backup, primary) => {
      primary.backend.holder = "backup/1a2b";
      const acquire = EstateLock.acquire(estate, IDENTITY, { heartbeatSeconds: 10 });
      const holder = /SQL-P1 .*pchat-dr backup 1a2b ops@console \(console, process 4711\), since 2013-05-01T02:13:00/;
      await assert.rejects(acquire, hasCode("LOCK_HELD", holder));
      assert.equal(backup.backend.holder, undefined);
    }));

  it("suspects a holder without a sign of life, and kills nobody", () =>
    withHomes(async (estate, backup) => {
      backup.backend.holder = "backup/1a2b";
      const acquire = (): Promise<EstateLock> => EstateLock.acquire(estate, IDENTITY, { heartbeatSeconds: 10 });
      await assert.rejects(acquire(), hasCode("LOCK_HELD", /no sign of life.*KILL 61/));
      backup.backend.idleSince = "2013-05-01T02:15:25.000";
      await assert.rejects(acquire(), hasCode("LOCK_HELD", /a run that is alive/));
      assert(!backup.backend.events.some((event) => event.includes("KILL")));
    }));

  it("goes without a primary that does not answer, never without the backup", () =>
    withHomes(async (estate, backup, primary) => {
      await primary.close();
      const lock = await EstateLock.acquire(estate, IDENTITY, { heartbeatSeconds: 10 });
      assert.equal(lock.places.length, 1);
      await lock.release();
      await backup.close();
      await assert.rejects(EstateLock.acquire(estate, IDENTITY, { heartbeatSeconds: 10 }), hasCode("UNREACHABLE"));
    }));

  it("goes without a primary that refuses only where that is acknowledged, and never by the word for another run's lock", () =>
    withHomes(async (estate, backup, primary) => {
      const { instances } = estate;
      const refusing = new SqlServer({ ...serverAt("SQL-P1", primary.port).endpoint, password: "another" }, IDENTITY);
      const acquire = (leavesOut: readonly DrErrorCode[], whole: Estate): Promise<EstateLock> =>
        EstateLock.acquire(whole, IDENTITY, { heartbeatSeconds: 10, leavesOut });
      const refused: Estate = { ...estate, instances: { ...instances, primary: refusing } };
      await assert.rejects(acquire([], refused), hasCode("LOGIN_FAILED", /SQL-P1/));
      assert.equal(backup.backend.holder, undefined);
      const lock = await acquire(["LOGIN_FAILED"], refused);
      assert.equal(lock.places.length, 1);
      await lock.release();
      await refusing.close();
      primary.backend.holder = "backup/1a2b";
      await assert.rejects(acquire(["LOGIN_FAILED", "SQL_ERROR"], estate), hasCode("LOCK_HELD"));
    }));

  it("is lost with its session, and when the server says so", () =>
    withHomes(async (estate, backup, primary) => {
      const lock = await EstateLock.acquire(estate, IDENTITY, { heartbeatSeconds: 10 });
      primary.backend.mode = "NoLock";
      await assert.rejects(lock.assertHeld(), hasCode("LOCK_LOST", /SQL-P1.*mode NoLock/));
      await lock.release();
      primary.backend.mode = "Exclusive";
      const other = await EstateLock.acquire(estate, IDENTITY, { heartbeatSeconds: 10 });
      await backup.close();
      await assert.rejects(other.assertHeld(), hasCode("LOCK_LOST", /SQL-B1/));
      await other.release();
    }));

  it("has a name whose shown part tells long pools apart", () => {
    assert.equal(lockResource("LyncPC.Contoso.com"), "pchat-dr:lyncpc.contoso.com");
    const long = (site: string): string => lockResource(`persistentchat.${site}.europe.contoso.com`).slice(0, 32);
    assert.notEqual(long("north"), long("south"));
    assert(lockResource(`${"x".repeat(60)}.`.repeat(4) + "com").length <= 255);
  });
});

describe("an observation of what does not answer", () => {
  it("has a failure per section, with address and hint, and does not throw", () =>
    withHomes(async (estate, backup, primary) => {
      await Promise.all([backup.close(), primary.close()]);
      const observation = await observe(estate);
      for (const role of ["backup", "primary"] as const) {
        const section = observation.instances[role];
        assert(section?.reachable === false);
        assert.equal(section.failure.code, "UNREACHABLE");
        assert.match(section.failure.address, /^127\.0\.0\.1:\d+$/);
        assert(section.failure.hint !== undefined && section.ended >= section.begun);
      }
      assert(!observation.shell.reachable);
      assert.equal(observation.shell.failure.code, "SHELL_UNAVAILABLE");
    }));

  it("names the rights that the login lacks instead of reading rows it may not see", async () => {
    const backend = new ScriptedBackend(async (text, sink) => {
      assert(!text.includes("sys.dm_tran_locks"), "nothing is asked that would be cut short");
      if (!text.includes("fn_my_permissions")) return sink.message(message(262, 14, "not asked for"));
      const texts = [
        "serverName",
        "productVersion",
        "productLevel",
        "edition",
        "collation",
        "defaultDataPath",
        "defaultLogPath",
        "login",
      ];
      const numbers = ["engineEdition", "isClustered", "isSysadmin", "agentXpsEnabled", "mirroringPort"];
      const columns: Record<string, SqlType> = Object.fromEntries<SqlType>([
        ...texts.map((name): [string, SqlType] => [name, TEXT]),
        ...numbers.map((name): [string, SqlType] => [name, INT]),
      ]);
      await rows(sink, columns, [
        ...texts.map((name) => (name === "productVersion" ? "11.0.7001.0" : "observer")),
        3,
        0,
        0,
        1,
        5022,
      ]);
      await rows(sink, { permission: TEXT }, ["CONNECT SQL"], ["VIEW ANY DATABASE"]);
      await rows(sink, { name: TEXT });
      await rows(sink, { database: TEXT });
    });
    const tds = await serve(backend, { encryption: "notSupported" });
    const estate = estateOf(tds.port, tds.port);
    try {
      const section = (await observe(estate)).instances.primary;
      assert(section?.reachable === false);
      assert.equal(section.failure.code, "PERMISSION_DENIED");
      assert.equal(
        section.failure.hint,
        "GRANT VIEW SERVER STATE TO [observer]; GRANT VIEW ANY DEFINITION TO [observer];",
      );
    } finally {
      await closeEstate(estate);
      await tds.close();
    }
    assert.equal(backend.logins[0]?.hostName.toLowerCase(), hostname().toLowerCase());
  });
});
