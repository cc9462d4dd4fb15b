import assert from "node:assert/strict";
import { Estate, PASSWORD, ask, connect, loginErrors, run } from "./server-catalog-estate";

describe("lab/server: logins", () => {
  let estate: Estate;

  beforeEach(() => {
    estate = new Estate();
  });

  afterEach(async () => {
    await estate.close();
  });

  it("refuses wrong password, unknown login, disabled login and unknown database with SQL Server's numbers", async () => {
    const instance = await estate.start("SQL-P1");
    const sa = await connect(instance);
    await run(
      sa,
      "CREATE LOGIN reader WITH PASSWORD = N'Reader-1'; CREATE LOGIN gone WITH PASSWORD = N'Gone-1'; ALTER LOGIN gone DISABLE",
    );
    assert.deepEqual(await loginErrors(connect(instance, { password: "wrong" })), [18456]);
    assert.deepEqual(await loginErrors(connect(instance, { user: "nobody" })), [18456]);
    assert.deepEqual(await loginErrors(connect(instance, { user: "gone", password: "Gone-1" })), [18470]);
    assert.deepEqual(await loginErrors(connect(instance, { user: "gone", password: "wrong" })), [18456]);
    assert.deepEqual(await loginErrors(connect(instance, { database: "absent" })), [4060, 18456]);
    await run(sa, "CREATE DATABASE mgc");
    assert.deepEqual(
      await loginErrors(connect(instance, { user: "reader", password: "Reader-1", database: "mgc" })),
      [4060, 18456],
    );
    await run(sa, "ALTER LOGIN reader WITH DEFAULT_DATABASE = mgc");
    assert.deepEqual(await loginErrors(connect(instance, { user: "reader", password: "Reader-1" })), [4064, 18456]);
    await run(sa, "USE mgc; CREATE USER reader FOR LOGIN reader");
    const reader = await connect(instance, { user: "reader", password: "Reader-1" });
    assert.equal((await run(reader, "SELECT DB_NAME() AS name")).rows[0]?.["name"], "mgc");
    assert.deepEqual(
      reader.greeting.map((part) => ("number" in part ? part.number : part.kind)),
      ["database", 5701, "language", 5703],
    );
  });

  it("refuses a login into a database that cannot be opened with 4060, not with the reason", async () => {
    const instance = await estate.start("SQL-P1");
    const sa = await connect(instance);
    await run(sa, "CREATE DATABASE mgc; ALTER DATABASE mgc SET OFFLINE");
    assert.deepEqual(await loginErrors(connect(instance, { database: "mgc" })), [4060, 18456]);
    assert.deepEqual((await ask(sa, "USE mgc")).errors, [942]);
    await run(sa, "ALTER DATABASE mgc SET ONLINE; USE mgc");
  });

  it("keeps logins over a restart; ALTER LOGIN makes the old password fail", async () => {
    const options = {};
    const instance = await estate.start("SQL-P1", options);
    const sa = await connect(instance);
    await run(
      sa,
      "CREATE LOGIN pchatdr WITH PASSWORD = N'One-1', SID = 0x0102030405060708090A0B0C0D0E0F10; ALTER SERVER ROLE sysadmin ADD MEMBER pchatdr",
    );
    await run(sa, "ALTER LOGIN pchatdr WITH PASSWORD = N'Two-2'");
    assert.deepEqual(await loginErrors(connect(instance, { user: "pchatdr", password: "One-1" })), [18456]);
    await instance.stop();
    const again = await estate.start("SQL-P1", options);
    const session = await connect(again, { user: "PCHATDR", password: "Two-2" });
    const { rows } = await run(
      session,
      "SELECT IS_SRVROLEMEMBER('sysadmin') AS admin, SUSER_SNAME() AS name, CONVERT(varchar(40), SUSER_SID(), 2) AS sid, IS_SRVROLEMEMBER('nonsense') AS unknown",
    );
    assert.deepEqual(rows[0], { admin: "1", name: "pchatdr", sid: "0102030405060708090A0B0C0D0E0F10", unknown: null });
    assert.ok(again.errorLog.entries.every((entry) => !entry.text.includes("Two-2")));
  });

  it("masks passwords in the journal and tells rows, first error and changes", async () => {
    const instance = await estate.start("SQL-P1");
    const sa = await connect(instance, { program: "pchat-dr primary 7f3a" });
    await ask(sa, "CREATE LOGIN a WITH PASSWORD = N'Top''Secret'; SELECT 1 AS one UNION SELECT 2; USE absent");
    await sa.procedure(
      "master.sys.sp_who",
      [],
      {
        columns: () => undefined,
        row: () => undefined,
        message: () => undefined,
        done: () => undefined,
        environment: () => undefined,
      },
      new AbortController().signal,
    );
    const [batch, call] = estate.journal.slice(-2);
    assert.equal(batch?.client, "pchat-dr primary 7f3a");
    assert.equal(batch.login, "sa");
    assert.equal(batch.rows, 2);
    assert.equal(batch.error?.number, 911);
    assert.deepEqual(batch.changes, ["CREATE LOGIN"]);
    assert.ok(!batch.text.includes("Secret"));
    assert.equal(call?.kind, "rpc");
    assert.equal(call.text, "EXEC master.sys.sp_who");
  });

  it("gives a least-rights login what it was granted, and no more", async () => {
    const instance = await estate.start("SQL-P1");
    const sa = await connect(instance);
    await run(
      sa,
      `CREATE DATABASE mgc;
       CREATE LOGIN observer WITH PASSWORD = N'Observer-1';
       USE mgc; CREATE TABLE dbo.t (a int); INSERT dbo.t VALUES (1); CREATE USER observer FOR LOGIN observer; USE master`,
    );
    const observer = await connect(instance, { user: "observer", password: "Observer-1" });
    assert.deepEqual((await ask(observer, "SELECT * FROM sys.dm_exec_connections")).errors, [300, 297]);
    assert.deepEqual((await run(observer, "SELECT session_id FROM sys.dm_exec_sessions")).rows.length, 1);
    assert.equal((await run(observer, "SELECT * FROM sys.master_files")).rows.length, 0);
    assert.deepEqual((await ask(observer, "SELECT * FROM mgc.dbo.t")).errors, [229]);
    assert.deepEqual((await ask(observer, "SELECT * FROM msdb.dbo.backupset")).errors, [229]);
    assert.deepEqual((await ask(observer, "BACKUP DATABASE mgc TO DISK = N'D:\\SQLData\\x.bak'")).errors, [262, 3013]);
    assert.deepEqual((await ask(observer, "RESTORE HEADERONLY FROM DISK = N'D:\\SQLData\\x.bak'")).errors, [262, 3013]);
    assert.deepEqual((await ask(observer, "ALTER DATABASE mgc SET READ_ONLY")).errors, [5011, 5069]);
    assert.deepEqual((await ask(observer, "KILL 60")).errors, [6102]);
    assert.deepEqual((await ask(observer, "CREATE LOGIN x WITH PASSWORD = N'X-1'")).errors, [15247]);
    await run(
      sa,
      `GRANT VIEW SERVER STATE TO observer; GRANT VIEW ANY DEFINITION TO observer; GRANT CREATE ANY DATABASE TO observer;
       USE mgc; EXEC sp_addrolemember N'db_datareader', N'observer';
       USE msdb; CREATE USER observer FOR LOGIN observer; EXEC sp_addrolemember N'db_datareader', N'observer'`,
    );
    assert.equal((await run(observer, "SELECT * FROM mgc.dbo.t")).rows.length, 1);
    assert.equal((await run(observer, "SELECT session_id FROM sys.dm_exec_sessions")).rows.length, 2);
    assert.equal((await run(observer, "SELECT * FROM sys.master_files")).rows.length, 10);
    assert.equal((await run(observer, "SELECT * FROM msdb.dbo.syscategories")).rows.length, 22);
    assert.deepEqual((await ask(observer, "INSERT mgc.dbo.t VALUES (2)")).errors, [229]);
    assert.deepEqual(
      (await ask(observer, "RESTORE HEADERONLY FROM DISK = N'D:\\SQLData\\x.bak'")).errors,
      [3201, 3013],
    );
    const { rows } = await run(
      observer,
      "SELECT HAS_PERMS_BY_NAME(NULL, NULL, 'VIEW SERVER STATE') AS a, HAS_PERMS_BY_NAME(NULL, NULL, 'SHUTDOWN') AS b, HAS_PERMS_BY_NAME('mgc', 'DATABASE', 'SELECT') AS c, HAS_PERMS_BY_NAME('x', 'NONSENSE', 'SELECT') AS d",
    );
    assert.deepEqual(rows[0], { a: "1", b: "0", c: "1", d: null });
    const permissions = await run(observer, "SELECT permission_name FROM fn_my_permissions(NULL, 'SERVER')");
    assert.ok(permissions.rows.some((row) => row["permission_name"] === "VIEW SERVER STATE"));
    assert.equal(PASSWORD.length > 0, true);
  });

  it("enters no database without a user in it, and finds an orphaned user again by ALTER USER", async () => {
    const instance = await estate.start("SQL-P1");
    const sa = await connect(instance);
    await run(
      sa,
      "CREATE DATABASE mgc; CREATE LOGIN chat WITH PASSWORD = N'Chat-1'; USE mgc; CREATE USER chat FOR LOGIN chat",
    );
    await run(sa, "USE master; DROP LOGIN chat; CREATE LOGIN chat WITH PASSWORD = N'Chat-1'");
    const chat = await connect(instance, { user: "chat", password: "Chat-1" });
    assert.deepEqual((await ask(chat, "USE mgc")).errors, [916]);
    await run(sa, "USE mgc; ALTER USER chat WITH LOGIN = chat");
    await run(chat, "USE mgc");
  });
});
