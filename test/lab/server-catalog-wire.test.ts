import assert from "node:assert/strict";
import sql from "mssql";
import type { Instance } from "../../lab/server/instance";
import { serve, type TdsServer } from "../../lab/tds/server";
import { Estate, PASSWORD, SHARE } from "./server-catalog-estate";

describe("lab/server: over the wire with mssql", () => {
  let estate: Estate;
  let instance: Instance;
  let server: TdsServer;
  const pools: sql.ConnectionPool[] = [];

  beforeEach(async () => {
    estate = new Estate();
    instance = await estate.start("SQL-P1");
    server = await serve(instance, { encryption: "notSupported" });
  });

  afterEach(async () => {
    await Promise.all(pools.splice(0).map((pool) => pool.close()));
    await server.close();
    await estate.close();
  });

  async function open(database = "master"): Promise<sql.ConnectionPool> {
    const pool = new sql.ConnectionPool({
      server: "127.0.0.1",
      port: server.port,
      user: "sa",
      password: PASSWORD,
      database,
      requestTimeout: 15000,
      options: { encrypt: false, trustServerCertificate: true, appName: "pchat-dr test", useUTC: true },
      pool: { min: 0, max: 1 },
    });
    // The client's own connections that are dropped by the server are told here.
    pool.on("error", () => undefined);
    pools.push(pool);
    return pool.connect();
  }

  async function sessionId(pool: sql.ConnectionPool): Promise<number> {
    const { recordset } = await pool.request().query<{ readonly id: number }>("SELECT @@SPID AS id");
    return recordset[0]?.id ?? 0;
  }

  it("creates, backs up, restores and reads back as a program would", async () => {
    const pool = await open();
    await pool.request().batch("CREATE DATABASE mgc");
    await pool
      .request()
      .batch("USE mgc; CREATE TABLE dbo.t (id int IDENTITY(1,1) PRIMARY KEY, content nvarchar(max)); USE master");
    const inserted = await pool
      .request()
      .input("content", sql.NVarChar(sql.MAX), "größer 😀")
      .query("INSERT mgc.dbo.t (content) OUTPUT inserted.id VALUES (@content)");
    assert.equal((inserted.recordset[0] as { readonly id: number }).id, 1);
    const messages: string[] = [];
    const backup = pool.request();
    backup.on("info", (info: { readonly message: string }) => void messages.push(info.message));
    await backup.batch(`BACKUP DATABASE mgc TO DISK = N'${SHARE}\\mgc.bak' WITH FORMAT, CHECKSUM, STATS = 50`);
    assert.ok(messages.includes("100 percent processed."));
    const header = await pool.request().batch(`RESTORE HEADERONLY FROM DISK = N'${SHARE}\\mgc.bak'`);
    const row = header.recordset[0] as {
      readonly DatabaseName: string;
      readonly HasBackupChecksums: boolean;
      readonly BackupType: number;
    };
    assert.deepEqual([row.DatabaseName, row.HasBackupChecksums, row.BackupType], ["mgc", true, 1]);
    await pool.request().batch(`RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\mgc.bak' WITH REPLACE`);
    const read = await pool
      .request()
      .query("SELECT content FROM mgc.dbo.t; SELECT state, is_read_only FROM sys.databases WHERE name = 'mgc'");
    assert.equal((read.recordsets as unknown as { content: string }[][])[0]?.[0]?.content, "größer 😀");
  });

  it("hands over the cause before 3013, as the driver's preceding errors", async () => {
    const pool = await open();
    await assert.rejects(
      pool.request().batch("BACKUP DATABASE nothing TO DISK = N'D:\\SQLData\\x.bak'"),
      (error: sql.RequestError & { readonly precedingErrors?: readonly { readonly number: number }[] }) => {
        assert.equal(error.number, 3013);
        assert.deepEqual(
          error.precedingErrors?.map((one) => one.number),
          [911],
        );
        return true;
      },
    );
    assert.deepEqual((await pool.request().query("SELECT 1 AS one")).recordset[0], { one: 1 });
  });

  it("refuses a login and drops a killed session", async () => {
    await assert.rejects(
      open("nowhere"),
      (error: Error) => error.message.includes("nowhere") || error.message.includes("sa"),
    );
    const admin = await open();
    const victim = await open();
    const id = await sessionId(victim);
    const running = assert.rejects(victim.request().batch("WAITFOR DELAY '00:01:00'"));
    await admin.request().batch(`KILL ${String(id)}`);
    await running;
  });

  it("cancels a wait and keeps the session", async () => {
    const pool = await open();
    const before = await sessionId(pool);
    const request = pool.request();
    const waiting = assert.rejects(request.batch("WAITFOR DELAY '00:01:00'"));
    const observer = await open();
    for (;;) {
      const { recordset } = await observer
        .request()
        .query("SELECT session_id FROM sys.dm_exec_requests WHERE session_id <> @@SPID");
      if (recordset.length > 0) break;
    }
    request.cancel();
    await waiting;
    assert.equal(await sessionId(pool), before);
  });
});
