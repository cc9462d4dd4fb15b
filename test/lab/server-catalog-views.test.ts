import assert from "node:assert/strict";
import { systemViewNames } from "../../lab/server/catalog/registry";
import type { Instance } from "../../lab/server/instance";
import type { Session } from "../../lab/tds/backend";
import { Estate, SHARE, ask, connect, run } from "./server-catalog-estate";

const VERSION_2008_R2 = { major: 10, minor: 50, build: 6000 };

describe("lab/server: system views and functions", () => {
  let estate: Estate;
  let instance: Instance;
  let sa: Session;

  beforeEach(async () => {
    estate = new Estate();
    instance = await estate.start("SQL-P1");
    sa = await connect(instance);
  });

  afterEach(async () => {
    await estate.close();
  });

  it("answers SELECT * of every view, with a value where the documentation has NOT NULL", async () => {
    await run(
      sa,
      "CREATE DATABASE mgc; USE mgc; CREATE TABLE dbo.t (a int NOT NULL PRIMARY KEY, b nvarchar(20) NULL); INSERT dbo.t VALUES (1, N'x')",
    );
    const old = await estate.start("SQL-OLD", { version: VERSION_2008_R2 });
    const there = await connect(old);
    for (const name of systemViewNames) {
      await run(sa, `SELECT * FROM ${name}`);
      await run(there, `SELECT * FROM ${name}`);
    }
    for (const call of [
      "sys.dm_io_virtual_file_stats(NULL, NULL)",
      "sys.dm_os_volume_stats(DB_ID('mgc'), 1)",
      "fn_my_permissions(NULL, 'SERVER')",
    ])
      assert.ok((await run(sa, `SELECT * FROM ${call}`)).rows.length > 0, call);
  });

  it("has the documented types where clients insist on them", async () => {
    const answer = await run(
      sa,
      "SELECT state, recovery_model, user_access, is_read_only, compatibility_level, create_date, owner_sid FROM sys.databases",
    );
    assert.deepEqual(
      answer.sets[0]?.columns.map((column) => column.type.name),
      ["tinyint", "tinyint", "tinyint", "bit", "tinyint", "datetime", "varbinary"],
    );
    const lsn = await run(sa, "SELECT last_log_backup_lsn FROM sys.database_recovery_status");
    assert.deepEqual(lsn.sets[0]?.columns[0]?.type, { name: "numeric", precision: 25, scale: 0 });
  });

  it("leaves out on SQL Server 2008 R2 what came with 2012", async () => {
    const old = await estate.start("SQL-OLD", { version: VERSION_2008_R2 });
    const there = await connect(old);
    assert.deepEqual((await ask(there, "SELECT database_id FROM sys.dm_exec_sessions")).errors, [207]);
    await run(sa, "SELECT database_id FROM sys.dm_exec_sessions");
    const { rows } = await run(
      there,
      "SELECT SERVERPROPERTY('InstanceDefaultDataPath') AS path, SERVERPROPERTY('ProductVersion') AS version, SERVERPROPERTY('ProductLevel') AS level",
    );
    assert.deepEqual(rows[0], { path: null, version: "10.50.6000.34", level: "SP3" });
    const now = await run(
      sa,
      "SELECT SERVERPROPERTY('InstanceDefaultDataPath') AS path, SERVERPROPERTY('EngineEdition') AS engine",
    );
    assert.deepEqual(now.rows[0], { path: "D:\\SQLData\\", engine: "3" });
  });

  it("shows sessions, their requests and context_info", async () => {
    const worker = await connect(instance, { program: "pchat-dr primary 7f3a ops@OPS-1" });
    await run(
      worker,
      "DECLARE @c varbinary(128); SET @c = CONVERT(varbinary(128), N'primary/7f3a'); SET CONTEXT_INFO @c",
    );
    const { rows } = await run(
      sa,
      `SELECT host_name, program_name, login_name, status, host_process_id, CONVERT(nvarchar(12), SUBSTRING(context_info, 1, 24)) AS context, database_id
       FROM sys.dm_exec_sessions WHERE session_id <> @@SPID`,
    );
    assert.deepEqual(rows, [
      {
        host_name: "OPS-1",
        program_name: "pchat-dr primary 7f3a ops@OPS-1",
        login_name: "sa",
        status: "sleeping",
        host_process_id: "4711",
        context: "primary/7f3a",
        database_id: "1",
      },
    ]);
    const abort = new AbortController();
    const waiting = ask(worker, "WAITFOR DELAY '00:00:30'", abort.signal);
    const requests = await run(
      sa,
      "SELECT command, status, wait_type FROM sys.dm_exec_requests WHERE session_id <> @@SPID",
    );
    assert.deepEqual(requests.rows, [{ command: "WAITFOR", status: "suspended", wait_type: "WAITFOR" }]);
    await run(sa, `KILL ${String(worker.id)}`);
    await waiting;
    assert.equal((await run(sa, "SELECT * FROM sys.dm_exec_sessions")).rows.length, 1);
    abort.abort();
  });

  it("refuses KILL as SQL Server does", async () => {
    for (const [text, number] of [
      [`KILL ${String(sa.id)}`, 6104],
      ["KILL 20", 6107],
      ["KILL 999", 6106],
      ["KILL 0", 6101],
      ["BEGIN TRAN; KILL 999; ROLLBACK", 6115],
    ] as const)
      assert.deepEqual((await ask(sa, text)).errors, [number], text);
  });

  it("shows the two services with their accounts, and Agent as its room says", async () => {
    const read = async (): Promise<unknown> =>
      (await run(sa, "SELECT servicename, status, service_account FROM sys.dm_server_services")).rows;
    assert.deepEqual(await read(), [
      { servicename: "SQL Server (MSSQLSERVER)", status: "4", service_account: "DCI\\svc-sql-p1" },
      { servicename: "SQL Server Agent (MSSQLSERVER)", status: "1", service_account: "DCI\\svc-agent-sql-p1" },
    ]);
    instance.agentState = () => "running";
    const { rows } = await run(sa, "SELECT value_in_use FROM sys.configurations WHERE name = 'Agent XPs'");
    assert.equal(rows[0]?.["value_in_use"], "1");
  });

  it("lists tables, columns, keys and rows of a database from another one", async () => {
    await run(
      sa,
      `CREATE DATABASE mgc; USE mgc;
       CREATE TABLE dbo.tblChat (id bigint IDENTITY(10, 5) NOT NULL, content nvarchar(50) NOT NULL DEFAULT (N'none'), at datetime2(3) NULL, amount numeric(10, 2) NULL, CONSTRAINT PK_tblChat PRIMARY KEY CLUSTERED (id));
       INSERT dbo.tblChat DEFAULT VALUES; INSERT dbo.tblChat (content) VALUES (N'x'); USE master`,
    );
    const columns = await run(
      sa,
      `SELECT c.name, y.name AS type, c.max_length, c.precision, c.scale, c.is_nullable, c.is_identity
       FROM mgc.sys.columns AS c JOIN mgc.sys.tables AS t ON t.object_id = c.object_id JOIN mgc.sys.types AS y ON y.user_type_id = c.user_type_id
       ORDER BY c.column_id`,
    );
    assert.deepEqual(
      columns.rows.map((row) => Object.values(row).join(" ")),
      ["id bigint 8 19 0 0 1", "content nvarchar 100 0 0 0 0", "at datetime2 7 23 3 1 0", "amount numeric 9 10 2 1 0"],
    );
    const { rows } = await run(
      sa,
      "SELECT OBJECT_NAME(OBJECT_ID('mgc.dbo.tblChat'), DB_ID('mgc')) AS name, OBJECT_ID('mgc..tblNothing') AS none, OBJECT_ID('sys.databases') / ABS(OBJECT_ID('sys.databases')) AS sign",
    );
    assert.deepEqual(rows[0], { name: "tblChat", none: null, sign: "-1" });
    const counted = await run(sa, "SELECT rows, index_id FROM mgc.sys.partitions");
    assert.deepEqual(counted.rows[0], { rows: "2", index_id: "1" });
    const values = await run(sa, "SELECT id, content FROM mgc.dbo.tblChat ORDER BY id");
    assert.deepEqual(values.rows, [
      { id: "10", content: "none" },
      { id: "15", content: "x" },
    ]);
    assert.deepEqual((await ask(sa, "INSERT mgc.dbo.tblChat (id) VALUES (1)")).errors, [544]);
    await run(
      sa,
      "USE mgc; SET IDENTITY_INSERT dbo.tblChat ON; INSERT dbo.tblChat (id) VALUES (1); SET IDENTITY_INSERT dbo.tblChat OFF",
    );
  });

  it("keeps foreign keys, unique indexes and changes of tables", async () => {
    await run(
      sa,
      `CREATE DATABASE mgc; USE mgc;
       CREATE TABLE dbo.room (id int NOT NULL PRIMARY KEY, name nvarchar(20) NOT NULL);
       CREATE TABLE dbo.chat (id int NOT NULL PRIMARY KEY, room int NOT NULL CONSTRAINT FK_room FOREIGN KEY REFERENCES dbo.room (id));
       CREATE UNIQUE INDEX IX_name ON dbo.room (name);
       INSERT dbo.room VALUES (1, N'Dispatch'); INSERT dbo.chat VALUES (1, 1)`,
    );
    assert.deepEqual((await ask(sa, "INSERT dbo.chat VALUES (2, 9)")).errors, [547]);
    assert.deepEqual((await ask(sa, "DELETE dbo.room")).errors, [547]);
    assert.deepEqual((await ask(sa, "INSERT dbo.room VALUES (2, N'dispatch')")).errors, [2601]);
    assert.deepEqual((await ask(sa, "DROP TABLE dbo.room")).errors, [3726]);
    await run(
      sa,
      "ALTER TABLE dbo.room ADD topic nvarchar(40) NOT NULL DEFAULT (N'-'); ALTER TABLE dbo.room ALTER COLUMN name varchar(30) NOT NULL",
    );
    assert.deepEqual((await run(sa, "SELECT * FROM dbo.room")).rows, [{ id: "1", name: "Dispatch", topic: "-" }]);
    await run(sa, "ALTER TABLE dbo.chat DROP CONSTRAINT FK_room; DROP TABLE dbo.room");
    assert.deepEqual((await ask(sa, "SELECT * FROM dbo.room")).errors, [208]);
    assert.deepEqual((await ask(sa, "CREATE TABLE nowhere.t (a int)")).errors, [2760]);
    await run(sa, "BEGIN TRAN; CREATE TABLE dbo.gone (a int); INSERT dbo.gone VALUES (1); ROLLBACK");
    assert.deepEqual((await ask(sa, "SELECT * FROM dbo.gone")).errors, [208]);
  });

  it("writes msdb's history of backups and restores, and the rows can be read and changed", async () => {
    await run(
      sa,
      `CREATE DATABASE mgc;
       BACKUP DATABASE mgc TO DISK = N'${SHARE}\\a.bak' WITH CHECKSUM, NAME = N'mgc-Full Database Backup', DESCRIPTION = N'run 7f3a';
       BACKUP LOG mgc TO DISK = N'${SHARE}\\a.trn'`,
    );
    const other = await estate.start("SQL-B1");
    const there = await connect(other);
    await run(
      there,
      `RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\a.bak' WITH NORECOVERY; RESTORE LOG mgc FROM DISK = N'${SHARE}\\a.trn'`,
    );
    const taken = await run(
      sa,
      "SELECT backup_set_uuid, type, name, description, has_backup_checksums FROM msdb.dbo.backupset ORDER BY backup_set_id",
    );
    assert.deepEqual(
      taken.rows.map((row) => [row["type"], row["name"], row["description"], row["has_backup_checksums"]]),
      [
        ["D", "mgc-Full Database Backup", "run 7f3a", "1"],
        ["L", null, null, "0"],
      ],
    );
    const restored = await run(
      there,
      `SELECT bs.backup_set_uuid, rh.restore_type, rh.recovery, bs.server_name, mf.physical_device_name
       FROM msdb.dbo.restorehistory AS rh JOIN msdb.dbo.backupset AS bs ON bs.backup_set_id = rh.backup_set_id
       JOIN msdb.dbo.backupmediafamily AS mf ON mf.media_set_id = bs.media_set_id ORDER BY rh.restore_history_id`,
    );
    assert.deepEqual(
      restored.rows.map((row) => [
        row["restore_type"],
        row["recovery"],
        row["server_name"],
        row["physical_device_name"],
      ]),
      [
        ["D", "0", "SQL-P1", `${SHARE}\\a.bak`],
        ["L", "1", "SQL-P1", `${SHARE}\\a.trn`],
      ],
    );
    assert.deepEqual(
      restored.rows.map((row) => row["backup_set_uuid"]),
      taken.rows.map((row) => row["backup_set_uuid"]),
    );
    assert.deepEqual((await ask(sa, `BACKUP DATABASE mgc TO DISK = N'\\\\nowhere\\x\\a.bak'`)).errors, [3201, 3013]);
    assert.equal((await run(sa, "SELECT COUNT(*) AS n FROM msdb.dbo.backupset")).rows[0]?.["n"], "2");
    assert.ok(instance.errorLog.entries.some((entry) => entry.number === 3041));
    await run(sa, "DELETE msdb.dbo.backupfile; UPDATE msdb.dbo.backupset SET description = N'kept'");
  });
});
