/** Database mirroring, continued: failover, interruption, and what a mirrored database allows and refuses. */
import assert from "node:assert/strict";
import { COPY, MIRROR, mirrored, prepared, roleAndState, until } from "./mirrored";
import { FAILOVER, TO_MIRROR } from "./mirroring";
import { cite } from "./sources";
import {
  alterFailed,
  chatDatabase,
  DEFAULT_SERVER,
  loginErrors,
  RuleEstate,
  refuses,
  terminating,
  type NotHeld,
  type Rule,
  SHARE,
} from "./support";

export const mirroringSessionRules: readonly Rule[] = [
  {
    number: "C20",
    certainty: "documented",
    source: cite("roleSwitching", "mirroringAndShipping"),
    title: "FAILOVER swaps the roles, ends the sessions, undoes open work, writes 1480, and keeps the log chain",
    run: async (estate) => {
      await mirrored(estate);
      const last = "SELECT last_log_backup_lsn FROM sys.database_recovery_status WHERE database_id = DB_ID(N'mgc')";
      const chain = await estate.value(last);
      const client = await estate.connect({ database: "mgc" });
      await refuses(client, "BEGIN TRANSACTION; INSERT dbo.t VALUES (2)", []);
      await estate.run(FAILOVER);
      await refuses(client, "SELECT 1", [[596, 21]]);
      assert.deepEqual(await roleAndState(estate, MIRROR), ["PRINCIPAL", "SYNCHRONIZED"]);
      assert.deepEqual(await roleAndState(estate), ["MIRROR", "SYNCHRONIZED"]);
      assert.equal(await estate.value("SELECT COUNT(*) FROM mgc.dbo.t", MIRROR), "1");
      for (const server of [DEFAULT_SERVER, MIRROR])
        assert.ok((await estate.errorLog(server)).some((line) => line.number === 1480));
      await estate.run(`BACKUP LOG mgc TO DISK = N'${SHARE}\\after.trn'`, MIRROR);
      const [header] = await estate.rows(`RESTORE HEADERONLY FROM DISK = N'${SHARE}\\after.trn'`, MIRROR);
      assert.equal(header?.["FirstLSN"], chain);
    },
  },
  {
    number: "C21",
    certainty: "documented",
    source: cite("alterMirroring", "errors1000"),
    title: "TIMEOUT below 5 is stored as 5, above 32767 is 1476",
    run: async (estate) => {
      await mirrored(estate);
      await estate.run("ALTER DATABASE mgc SET PARTNER TIMEOUT 2");
      const query = "SELECT mirroring_connection_timeout FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc')";
      assert.equal(await estate.value(query), "5");
      await estate.refuses("ALTER DATABASE mgc SET PARTNER TIMEOUT 32768", [[1476, 16], alterFailed]);
    },
  },
  {
    number: "C22",
    certainty: "documented",
    source: cite("alterMirroring"),
    title: "SUSPEND on either: SUSPENDED, the principal serves, the log waits for DATABASE_MIRRORING after BACKUP LOG",
    run: async (estate) => {
      await mirrored(estate);
      await estate.run("ALTER DATABASE mgc SET PARTNER SUSPEND", MIRROR);
      assert.deepEqual(await roleAndState(estate), ["PRINCIPAL", "SUSPENDED"]);
      await estate.run(`INSERT mgc.dbo.t VALUES (2); BACKUP LOG mgc TO DISK = N'${SHARE}\\s.trn'`);
      const wait = await estate.value("SELECT log_reuse_wait_desc FROM sys.databases WHERE name = N'mgc'");
      assert.equal(wait, "DATABASE_MIRRORING");
    },
  },
  {
    number: "C23",
    certainty: "documented",
    source: cite("alterMirroring"),
    title: "mirror lost, no witness: DISCONNECTED, the principal serves",
    run: async (estate) => {
      await mirrored(estate);
      await estate.stop(MIRROR);
      assert.deepEqual(await roleAndState(estate), ["PRINCIPAL", "DISCONNECTED"]);
      await estate.run("INSERT mgc.dbo.t VALUES (2)");
    },
  },
  {
    number: "C26",
    certainty: "assumed",
    source: cite("alterMirroring", "errors1000"),
    title: "FORCE_SERVICE_ALLOW_DATA_LOSS while the principal is up: 1455",
    run: async (estate) => {
      await mirrored(estate);
      const force = "ALTER DATABASE mgc SET PARTNER FORCE_SERVICE_ALLOW_DATA_LOSS";
      await estate.refuses(force, [[1455, 16], alterFailed], MIRROR);
    },
  },
  {
    number: "C27",
    certainty: "documented",
    source: cite("alterMirroring"),
    title: "service forced: the mirror is principal, SUSPENDED; what the old principal had more is lost on RESUME",
    run: async (estate) => {
      await mirrored(estate);
      await estate.run("ALTER DATABASE mgc SET PARTNER SUSPEND; INSERT mgc.dbo.t VALUES (2)");
      await estate.stop();
      await estate.run("ALTER DATABASE mgc SET PARTNER FORCE_SERVICE_ALLOW_DATA_LOSS", MIRROR);
      await estate.run("INSERT mgc.dbo.t VALUES (3)", MIRROR);
      await estate.instance();
      assert.deepEqual(await roleAndState(estate, MIRROR), ["PRINCIPAL", "SUSPENDED"]);
      await estate.run("ALTER DATABASE mgc SET PARTNER RESUME", MIRROR);
      await until(() => roleAndState(estate, MIRROR), "SYNCHRONIZED");
      await estate.run(FAILOVER, MIRROR);
      assert.deepEqual(
        (await estate.rows("SELECT a FROM mgc.dbo.t ORDER BY a")).map((row) => row["a"]),
        ["1", "3"],
      );
    },
  },
  {
    number: "C29",
    certainty: "documented",
    source: cite("mirroringAndBackup"),
    title: "BACKUP DATABASE and BACKUP LOG are allowed on the principal",
    run: async (estate) => {
      await mirrored(estate);
      await estate.run(`BACKUP DATABASE mgc TO DISK = N'${SHARE}\\p.bak'; BACKUP LOG mgc TO DISK = N'${SHARE}\\p.trn'`);
    },
  },
  {
    number: "C30",
    certainty: "assumed",
    source: cite("mirroringAndBackup"),
    title: "BACKUP LOG WITH NORECOVERY on the principal is refused; both copies stay as they were",
    run: async (estate) => {
      await mirrored(estate);
      await estate.refuses(`BACKUP LOG mgc TO DISK = N'${SHARE}\\tail.trn' WITH NORECOVERY`, [
        [1468, 16],
        terminating("BACKUP LOG"),
      ]);
      assert.deepEqual(await roleAndState(estate), ["PRINCIPAL", "SYNCHRONIZED"]);
      await estate.run("INSERT mgc.dbo.t VALUES (2)");
    },
  },
  {
    number: "C31",
    certainty: "assumed",
    source: cite("mirroringAndBackup", "errors3000"),
    title: "BACKUP on the mirror is refused: 3059, on 10.50 954",
    run: async (estate) => {
      const statement = `BACKUP DATABASE mgc TO DISK = N'${SHARE}\\m.bak'`;
      await mirrored(estate);
      await estate.refuses(statement, [[3059, 16], terminating("BACKUP DATABASE")], MIRROR);
      const older = new RuleEstate();
      try {
        for (const on of [DEFAULT_SERVER, MIRROR])
          await older.start(on, { version: { major: 10, minor: 50, build: 6000 } });
        await mirrored(older);
        await older.refuses(statement, [[954, 14], terminating("BACKUP DATABASE")], MIRROR);
      } finally {
        await older.close();
      }
    },
  },
  {
    number: "C32",
    certainty: "documented",
    source: cite("errors3000", "mirroringAndBackup"),
    title: "RESTORE over the principal or the mirror: 3104",
    run: async (estate) => {
      await mirrored(estate);
      for (const server of [DEFAULT_SERVER, MIRROR])
        await estate.refuses(
          `RESTORE DATABASE mgc FROM DISK = N'${COPY.full}' WITH REPLACE`,
          [[3104, 16, /^RESTORE cannot operate on database 'mgc' because it is/], terminating("RESTORE DATABASE")],
          server,
        );
    },
  },
  {
    number: "C33",
    certainty: "documented",
    source: cite("errors1000", "errors0"),
    title: "SINGLE_USER, READ_ONLY, OFFLINE, RECOVERY SIMPLE: 1468; another name: 957",
    run: async (estate) => {
      await mirrored(estate);
      for (const option of ["SINGLE_USER", "READ_ONLY", "OFFLINE", "RECOVERY SIMPLE"])
        await estate.refuses(`ALTER DATABASE mgc SET ${option}`, [[1468, 16], alterFailed]);
      await estate.refuses("ALTER DATABASE mgc MODIFY NAME = other", [[957, 17], alterFailed]);
    },
  },
  {
    number: "C34",
    certainty: "documented",
    source: cite("databaseMirroring"),
    title: "on the mirror's instance only sysadmin sees the mirroring columns",
    run: async (estate) => {
      await mirrored(estate);
      await estate.run("CREATE LOGIN reader WITH PASSWORD = N'Reader-1'", MIRROR);
      assert.deepEqual(await loginErrors(estate.connect({ user: "reader", password: "Reader-1" }, MIRROR)), []);
      const reader = await estate.connect({ user: "reader", password: "Reader-1" }, MIRROR);
      const query =
        "SELECT COUNT(*) AS rows, COUNT(mirroring_role) AS roles FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc')";
      const { rows } = await refuses(reader, query, []);
      assert.equal(rows[0]?.["roles"], "0");
      assert.deepEqual(await roleAndState(estate, MIRROR), ["MIRROR", "SYNCHRONIZED"]);
    },
  },
  {
    number: "C35",
    certainty: "documented",
    source: cite("databaseMirroring"),
    title: "a database without mirroring has a row in sys.database_mirroring, NULL but for database_id",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      const [row] = await estate.rows("SELECT * FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc')");
      assert.ok(row);
      const { database_id: id, ...others } = row;
      assert.notEqual(id, null);
      assert.ok(Object.values(others).every((value) => value === null));
    },
  },
  {
    number: "C37",
    certainty: "well known",
    source: "",
    title: "the mirror's instance restarts: the session reconnects and catches up by itself",
    run: async (estate) => {
      await mirrored(estate);
      await estate.stop(MIRROR);
      await estate.run("INSERT mgc.dbo.t VALUES (2)");
      assert.deepEqual(await roleAndState(estate), ["PRINCIPAL", "DISCONNECTED"]);
      await estate.instance(MIRROR);
      await until(() => roleAndState(estate), "SYNCHRONIZED");
    },
  },
  {
    number: "C38",
    certainty: "documented",
    source: cite("alterMirroring"),
    title: "SET PARTNER answers before the partners agree: the state reaches SYNCHRONIZED when it is polled",
    run: async (estate) => {
      await prepared(estate);
      await estate.run("INSERT mgc.dbo.t VALUES (2)");
      await estate.run(TO_MIRROR);
      await until(() => roleAndState(estate), "SYNCHRONIZED");
    },
  },
];

export const mirroringNotHeld: readonly NotHeld[] = [
  {
    number: "C36",
    reason: "The lab's mirroring always can follow a log backup; 3051 has no state from which it could arise.",
  },
];
