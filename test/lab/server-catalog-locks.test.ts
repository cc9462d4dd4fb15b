import assert from "node:assert/strict";
import type { Instance } from "../../lab/server/instance";
import type { Session } from "../../lab/tds/backend";
import { Estate, ask, connect, run } from "./server-catalog-estate";

/** A call of sp_getapplock that answers its return code as rc. */
function lock(resource: string, mode: string, timeout: number, owner = "Session"): string {
  return `DECLARE @rc int; EXEC @rc = sp_getapplock @Resource = N'${resource}', @LockMode = '${mode}', @LockOwner = '${owner}', @LockTimeout = ${String(timeout)}, @DbPrincipal = 'public'; SELECT @rc AS rc`;
}

async function code(session: Session, batch: string): Promise<string | null | undefined> {
  return (await ask(session, batch)).rows[0]?.["rc"];
}

/** Comes back when somebody waits for a lock; the test's own time-out ends it otherwise. */
async function waits(session: Session, resource: string): Promise<void> {
  const text = `SELECT COUNT(*) AS n FROM sys.dm_tran_locks WHERE request_status = 'WAIT' AND resource_description LIKE '0:_${resource}]%'`;
  while ((await run(session, text)).rows[0]?.["n"] === "0") await new Promise(setImmediate);
}

describe("lab/server: application locks", () => {
  let estate: Estate;
  let instance: Instance;
  let one: Session;
  let other: Session;

  beforeEach(async () => {
    estate = new Estate();
    instance = await estate.start("SQL-B1");
    one = await connect(instance);
    other = await connect(instance);
  });

  afterEach(async () => {
    await estate.close();
  });

  it("grants, refuses at once with timeout 0, and grants a waiter when the holder lets go", async () => {
    assert.equal(await code(one, lock("pchat-dr:pool", "Exclusive", 0)), "0");
    assert.equal(await code(other, lock("pchat-dr:pool", "Shared", 0)), "-1");
    // The name is compared byte for byte, and belongs to the current database.
    assert.equal(await code(other, lock("PCHAT-DR:pool", "Exclusive", 0)), "0");
    assert.equal(await code(other, `USE msdb; ${lock("pchat-dr:pool", "Exclusive", 0)}`), "0");
    const waiting = code(other, `USE master; ${lock("pchat-dr:pool", "Exclusive", -1)}`);
    await waits(one, "pchat-dr:pool");
    await run(one, "EXEC sp_releaseapplock @Resource = N'pchat-dr:pool', @LockOwner = 'Session'");
    assert.equal(await waiting, "1");
    assert.equal(await code(one, lock("pchat-dr:pool", "Exclusive", 20)), "-1");
  });

  it("counts, survives COMMIT for the session's owner, and ends with the session", async () => {
    assert.equal(await code(one, lock("r", "Exclusive", 0)), "0");
    assert.equal(await code(one, `BEGIN TRAN; ${lock("r", "Exclusive", 0)}; COMMIT`), "0");
    await run(one, "EXEC sp_releaseapplock @Resource = N'r', @LockOwner = 'Session'");
    assert.equal(await code(other, lock("r", "Shared", 0)), "-1");
    assert.equal(
      (await run(one, "SELECT APPLOCK_MODE('public', 'r', 'Session') AS mode")).rows[0]?.["mode"],
      "Exclusive",
    );
    assert.equal(
      (await run(other, "SELECT APPLOCK_TEST('public', 'r', 'Shared', 'Session') AS free")).rows[0]?.["free"],
      "0",
    );
    one.close();
    assert.equal((await code(other, lock("r", "Shared", -1))) === null, false);
  });

  it("belongs to the transaction that took it, and needs one", async () => {
    assert.equal(await code(one, lock("t", "Exclusive", 0, "Transaction")), "-999");
    assert.equal(await code(one, `BEGIN TRAN; ${lock("t", "Exclusive", 0, "Transaction")}`), "0");
    assert.equal(await code(other, lock("t", "Exclusive", 0)), "-1");
    await run(one, "ROLLBACK");
    assert.equal(await code(other, lock("t", "Exclusive", 0)), "0");
    assert.deepEqual((await ask(one, lock("x", "Nonsense", 0))).errors, [1228]);
    assert.deepEqual(
      (await ask(one, "EXEC sp_releaseapplock @Resource = N'never', @LockOwner = 'Session'")).errors,
      [1223],
    );
  });

  it("chooses a victim of a deadlock (-3) and cancels a wait at the client's attention", async () => {
    await run(one, lock("a", "Exclusive", 0));
    await run(other, lock("b", "Exclusive", 0));
    const abort = new AbortController();
    const waiting = ask(one, lock("b", "Exclusive", -1), abort.signal);
    await waits(other, "b");
    assert.equal(await code(other, lock("a", "Exclusive", -1)), "-3");
    abort.abort();
    await waiting;
    const { rows } = await run(
      other,
      "SELECT request_session_id AS id, resource_description AS name, request_mode AS mode, request_status AS status FROM sys.dm_tran_locks WHERE resource_type = N'APPLICATION' ORDER BY 1",
    );
    assert.deepEqual(
      rows.map((row) => [row["id"], row["mode"], row["status"]]),
      [
        [String(one.id), "X", "GRANT"],
        [String(other.id), "X", "GRANT"],
      ],
    );
    assert.match(rows[0]?.["name"] ?? "", /^0:\[a\]:\([0-9a-f]{8}\)$/);
  });

  it("notes no change for a lock, and lets go at sp_reset_connection", async () => {
    await run(one, lock("r", "Exclusive", 0));
    assert.deepEqual(estate.journal.at(-1)?.changes, []);
    await one.reset();
    assert.equal(await code(other, lock("r", "Exclusive", 0)), "0");
  });
});
