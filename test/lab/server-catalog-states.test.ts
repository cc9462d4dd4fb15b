import assert from "node:assert/strict";
import type { Instance } from "../../lab/server/instance";
import type { Session } from "../../lab/tds/backend";
import { Estate, SHARE, ask, connect, run } from "./server-catalog-estate";

describe("lab/server: states of databases", () => {
  let estate: Estate;
  let instance: Instance;
  let sa: Session;

  beforeEach(async () => {
    estate = new Estate();
    instance = await estate.start("SQL-B1");
    sa = await connect(instance);
    await run(
      sa,
      `CREATE DATABASE mgc;
       BACKUP DATABASE mgc TO DISK = N'${SHARE}\\full.bak';
       USE mgc; CREATE TABLE dbo.t (a int NOT NULL PRIMARY KEY); INSERT dbo.t VALUES (1); USE master`,
    );
  });

  afterEach(async () => {
    await estate.close();
  });

  async function state(): Promise<Readonly<Record<string, string | null>> | undefined> {
    const { rows } = await run(
      sa,
      "SELECT state, state_desc, user_access_desc, is_read_only, recovery_model_desc FROM sys.databases WHERE name = 'mgc'",
    );
    return rows[0];
  }

  it("tells the client of USE, and keeps the context when the database is unknown (911)", async () => {
    const answer = await run(sa, "USE mgc");
    assert.deepEqual(answer.changes, [{ kind: "database", from: "master", to: "mgc" }]);
    assert.deepEqual(
      answer.messages.map((message) => [message.number, message.class]),
      [[5701, 0]],
    );
    const refused = await ask(sa, "USE nowhere; SELECT DB_NAME() AS name");
    assert.deepEqual(refused.errors, [911]);
    assert.equal((await run(sa, "SELECT DB_NAME() AS name")).rows[0]?.["name"], "mgc");
  });

  it("ends the other sessions WITH ROLLBACK IMMEDIATE and gives the single place to who asked from inside", async () => {
    let dropped = false;
    const chat = await connect(instance, { database: "mgc", terminated: () => void (dropped = true) });
    await run(chat, "BEGIN TRAN; INSERT dbo.t VALUES (2)");
    const answer = await run(sa, "USE mgc; ALTER DATABASE mgc SET SINGLE_USER WITH ROLLBACK IMMEDIATE");
    assert.ok(answer.messages.some((message) => message.number === 5060 && message.text.includes("100%")));
    assert.equal(dropped, true);
    assert.deepEqual((await ask(chat, "SELECT 1")).errors, [596]);
    assert.equal((await run(sa, "SELECT COUNT(*) AS n FROM dbo.t")).rows[0]?.["n"], "1");
    const other = await connect(instance);
    assert.deepEqual((await ask(other, "USE mgc")).errors, [924]);
    assert.deepEqual((await ask(other, "SELECT * FROM mgc.dbo.t")).errors, [924]);
    assert.deepEqual((await ask(other, "ALTER DATABASE mgc SET MULTI_USER")).errors, [5064, 5069]);
    // From master nobody holds the place: the next USE takes it.
    await run(sa, "USE master");
    await run(other, "USE mgc");
    assert.deepEqual((await ask(sa, "USE mgc")).errors, [924]);
    await run(other, "ALTER DATABASE mgc SET MULTI_USER");
    assert.equal((await state())?.["user_access_desc"], "MULTI_USER");
  });

  it("refuses NO_WAIT while others are there (5070), waits without a termination until LOCK_TIMEOUT (5061)", async () => {
    const chat = await connect(instance, { database: "mgc" });
    assert.deepEqual((await ask(sa, "ALTER DATABASE mgc SET SINGLE_USER WITH NO_WAIT")).errors, [5070, 5069]);
    assert.deepEqual((await ask(sa, "SET LOCK_TIMEOUT 50; ALTER DATABASE mgc SET SINGLE_USER")).errors, [5061, 5069]);
    const waiting = run(sa, "SET LOCK_TIMEOUT -1; ALTER DATABASE mgc SET SINGLE_USER");
    await run(chat, "USE master");
    await waiting;
    assert.equal((await state())?.["user_access_desc"], "SINGLE_USER");
  });

  it("fences with READ_ONLY: every write is 3906, also of no row, and READ_WRITE opens it again", async () => {
    await run(sa, "ALTER DATABASE mgc SET READ_ONLY WITH ROLLBACK IMMEDIATE");
    assert.deepEqual((await ask(sa, "INSERT mgc.dbo.t VALUES (3)")).errors, [3906]);
    assert.deepEqual((await ask(sa, "UPDATE mgc.dbo.t SET a = 9 WHERE a = 77")).errors, [3906]);
    assert.deepEqual((await ask(sa, "DELETE mgc.dbo.t")).errors, [3906]);
    assert.deepEqual((await ask(sa, "USE mgc; CREATE TABLE dbo.u (a int)")).errors, [3906]);
    assert.equal((await state())?.["is_read_only"], "1");
    await run(sa, "ALTER DATABASE mgc SET READ_WRITE; INSERT mgc.dbo.t VALUES (3)");
    const entry = instance.errorLog.entries.filter((line) => line.number === 5084);
    assert.ok(entry.length >= 2);
  });

  it("refuses what the state does not allow: 927, 5052, 942, 5011, 226, 3021", async () => {
    await run(sa, `BACKUP LOG mgc TO DISK = N'${SHARE}\\tail.trn' WITH NORECOVERY`);
    assert.equal((await state())?.["state"], "1");
    assert.deepEqual((await ask(sa, "USE mgc")).errors, [927]);
    assert.deepEqual((await ask(sa, "SELECT * FROM mgc.dbo.t")).errors, [927]);
    assert.deepEqual((await ask(sa, "ALTER DATABASE mgc SET MULTI_USER")).errors, [5052, 5069]);
    assert.deepEqual((await ask(sa, `BACKUP DATABASE mgc TO DISK = N'${SHARE}\\x.bak'`)).errors, [927, 3013]);
    await run(sa, "RESTORE DATABASE mgc WITH RECOVERY");
    assert.deepEqual((await ask(sa, "RESTORE DATABASE mgc WITH RECOVERY")).errors, [3153, 3013]);
    assert.deepEqual((await ask(sa, "ALTER DATABASE nowhere SET READ_ONLY")).errors, [5011, 5069]);
    assert.deepEqual((await ask(sa, "BEGIN TRAN; ALTER DATABASE mgc SET READ_ONLY; ROLLBACK")).errors, [226]);
    const inside = await ask(sa, `BEGIN TRAN; BACKUP DATABASE mgc TO DISK = N'${SHARE}\\x.bak'; ROLLBACK`);
    assert.deepEqual(inside.errors, [3021, 3013]);
    await run(sa, "ALTER DATABASE mgc SET OFFLINE WITH ROLLBACK IMMEDIATE");
    assert.deepEqual((await ask(sa, "USE mgc")).errors, [942]);
    await run(sa, "ALTER DATABASE mgc SET ONLINE");
  });

  it("creates and drops databases with their refusals", async () => {
    assert.deepEqual((await ask(sa, "CREATE DATABASE mgc")).errors, [1801]);
    const user = await connect(instance, { database: "mgc" });
    assert.deepEqual((await ask(sa, "DROP DATABASE mgc")).errors, [3702]);
    assert.deepEqual((await ask(user, "DROP DATABASE mgc")).errors, [3702]);
    await run(user, "USE master; DROP DATABASE mgc");
    assert.deepEqual((await ask(sa, "DROP DATABASE mgc")).errors, [3701]);
    assert.deepEqual((await ask(sa, "DROP DATABASE msdb")).errors, [3708]);
  });

  it("keeps RESTRICTED_USER for owner, dbcreator and sysadmin (923)", async () => {
    await run(sa, "CREATE LOGIN chat WITH PASSWORD = N'Chat-1'; USE mgc; CREATE USER chat FOR LOGIN chat; USE master");
    const chat = await connect(instance, { user: "chat", password: "Chat-1" });
    await run(sa, "ALTER DATABASE mgc SET RESTRICTED_USER");
    assert.deepEqual((await ask(chat, "USE mgc")).errors, [923]);
    await run(sa, "USE mgc");
  });

  it("reads what a session of another transaction has committed, and waits to write", async () => {
    const one = await connect(instance, { database: "mgc" });
    const other = await connect(instance, { database: "mgc" });
    await run(one, "BEGIN TRAN; INSERT dbo.t VALUES (10)");
    assert.equal((await run(other, "SELECT COUNT(*) AS n FROM dbo.t")).rows[0]?.["n"], "1");
    const waiting = run(other, "INSERT dbo.t VALUES (11)");
    assert.deepEqual((await ask(sa, "SET LOCK_TIMEOUT 30; INSERT mgc.dbo.t VALUES (12)")).errors, [1222]);
    await run(one, "COMMIT");
    await waiting;
    assert.equal((await run(sa, "SELECT COUNT(*) AS n FROM mgc.dbo.t")).rows[0]?.["n"], "3");
  });

  it("mirrors between two instances through their endpoints, and forbids what mirroring forbids", async () => {
    const mirror = await estate.start("SQL-B2");
    const there = await connect(mirror);
    const endpoint =
      "CREATE ENDPOINT Mirroring STATE = STARTED AS TCP (LISTENER_PORT = 5022) FOR DATABASE_MIRRORING (ROLE = PARTNER)";
    for (const session of [sa, there]) await run(session, endpoint);
    await run(
      sa,
      `BACKUP DATABASE mgc TO DISK = N'${SHARE}\\m.bak' WITH FORMAT; BACKUP LOG mgc TO DISK = N'${SHARE}\\m.trn' WITH FORMAT`,
    );
    await run(
      there,
      `RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\m.bak' WITH NORECOVERY; RESTORE LOG mgc FROM DISK = N'${SHARE}\\m.trn' WITH NORECOVERY`,
    );
    await run(there, "ALTER DATABASE mgc SET PARTNER = 'TCP://sql-b1.dci.discovery.com:5022'");
    await run(sa, "ALTER DATABASE mgc SET PARTNER = 'TCP://sql-b2.dci.discovery.com:5022'");
    const { rows } = await run(
      sa,
      "SELECT mirroring_role_desc AS role, mirroring_partner_instance AS partner, mirroring_safety_level_desc AS safety FROM sys.database_mirroring WHERE database_id = DB_ID('mgc')",
    );
    assert.deepEqual(rows[0], { role: "PRINCIPAL", partner: "SQL-B2", safety: "FULL" });
    assert.deepEqual((await ask(there, "USE mgc")).errors, [954]);
    for (const option of ["SINGLE_USER WITH ROLLBACK IMMEDIATE", "READ_ONLY", "OFFLINE", "RECOVERY SIMPLE"])
      assert.deepEqual((await ask(sa, `ALTER DATABASE mgc SET ${option}`)).errors, [1468, 5069], option);
    assert.deepEqual((await ask(sa, "DROP DATABASE mgc")).errors, [3743]);
    const sets = await run(there, "SELECT name, state_desc, role_desc FROM sys.database_mirroring_endpoints");
    assert.deepEqual(sets.rows[0], { name: "Mirroring", state_desc: "STARTED", role_desc: "PARTNER" });
    await run(sa, "ALTER DATABASE mgc SET PARTNER OFF");
    assert.deepEqual((await ask(sa, "ALTER DATABASE mgc SET PARTNER OFF")).errors, [1416, 5069]);
    assert.deepEqual((await ask(there, "USE mgc")).errors, [927]);
  });
});
