/** Database mirroring: SET PARTNER, removal, failover, and what a mirrored database refuses. */
import assert from "node:assert/strict";
import { ADDRESS, COPY, ENDPOINT, MIRROR, mirrored, prepared, roleAndState } from "./mirrored";
import { cite } from "./sources";
import { alterFailed, chatDatabase, DEFAULT_SERVER, refusal, type Rule, SHARE } from "./support";

const OFF = "ALTER DATABASE mgc SET PARTNER OFF";
/** Manual failover. */
export const FAILOVER = "ALTER DATABASE mgc SET PARTNER FAILOVER";
/** SET PARTNER on the principal. */
export const TO_MIRROR = `ALTER DATABASE mgc SET PARTNER = '${ADDRESS.mirror}'`;
const STATE = "SELECT state_desc FROM sys.databases WHERE name = N'mgc'";

/** Removal on either side, with the same end. */
function removed(on: string): Rule["run"] {
  return async (estate) => {
    await mirrored(estate);
    await estate.run(OFF, on);
    for (const server of [DEFAULT_SERVER, MIRROR]) {
      assert.deepEqual(await roleAndState(estate, server), [null, null]);
      assert.ok((await estate.errorLog(server)).some((line) => line.number === 1443));
    }
    assert.equal(await estate.value(STATE), "ONLINE");
    assert.equal(await estate.value(STATE, MIRROR), "RESTORING");
  };
}

export const mirroringRules: readonly Rule[] = [
  {
    number: "C1",
    certainty: "documented",
    source: cite("errors1000"),
    title: "not mirrored: SET PARTNER OFF is refused with 1416",
    run: refusal({
      before: chatDatabase,
      statement: OFF,
      errors: [[1416, 16, /^Database "mgc" is not configured for database mirroring\.$/], alterFailed],
    }),
  },
  {
    number: "C2",
    certainty: "documented",
    source: cite("removeMirroring", "errors1000"),
    title: "OFF on the principal ends mirroring on both: principal ONLINE, mirror RESTORING, 1443 in the log",
    run: removed(DEFAULT_SERVER),
  },
  {
    number: "C3",
    certainty: "documented",
    source: cite("removeMirroring"),
    title: "OFF on the mirror has the same end",
    run: removed(MIRROR),
  },
  {
    number: "C4",
    certainty: "documented",
    source: cite("removeMirroring"),
    title: "OFF while disconnected ends it here at once; the other learns of it when it is back",
    run: async (estate) => {
      await mirrored(estate);
      await estate.stop(MIRROR);
      await estate.run(OFF);
      assert.deepEqual(await roleAndState(estate), [null, null]);
      await estate.instance(MIRROR);
      assert.deepEqual(await roleAndState(estate, MIRROR), [null, null]);
    },
  },
  {
    number: "C5",
    certainty: "documented",
    source: cite("removeMirroring"),
    title: "after OFF the mirror's copy can be recovered, on a recovery fork of its own",
    run: async (estate) => {
      await mirrored(estate);
      await estate.run(OFF);
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY", MIRROR);
      assert.equal(await estate.value("SELECT COUNT(*) FROM mgc.dbo.t", MIRROR), "1");
      const fork = "SELECT recovery_fork_guid FROM sys.database_recovery_status WHERE database_id = DB_ID(N'mgc')";
      assert.notEqual(await estate.value(fork), await estate.value(fork, MIRROR));
    },
  },
  {
    number: "C6",
    certainty: "documented",
    source: cite("removeMirroring"),
    title: "after OFF the former mirror's copy can be dropped",
    run: async (estate) => {
      await mirrored(estate);
      await estate.run(OFF);
      await estate.run("DROP DATABASE mgc", MIRROR);
    },
  },
  {
    number: "C7",
    certainty: "documented",
    source: cite("errors1000", "removeMirroring"),
    title: "log backups since OFF that the copy has not: SET PARTNER is refused with 1478",
    run: async (estate) => {
      await mirrored(estate);
      await estate.run(OFF);
      await estate.run(`INSERT mgc.dbo.t VALUES (2); BACKUP LOG mgc TO DISK = N'${SHARE}\\since.trn'`);
      await estate.run(`ALTER DATABASE mgc SET PARTNER = '${ADDRESS.principal}'`, MIRROR);
      await estate.refuses(TO_MIRROR, [[1478, 16], alterFailed]);
    },
  },
  {
    number: "C8",
    certainty: "assumed",
    source: cite("alterMirroring", "errors1000"),
    title: "the mirror has not been told yet: SET PARTNER on the principal is refused with 1418",
    run: async (estate) => {
      await prepared(estate, { told: false });
      await estate.refuses(TO_MIRROR, [[1418, 16, /can not be reached or does not exist/], alterFailed]);
    },
  },
  {
    number: "C9",
    certainty: "documented",
    source: cite("errors1000"),
    title: "endpoint stopped, or another port: 1418",
    run: async (estate) => {
      await prepared(estate);
      await estate.refuses(TO_MIRROR.replace("5022", "5023"), [[1418, 16], alterFailed]);
      await estate.run("ALTER ENDPOINT Mirroring STATE = STOPPED", MIRROR);
      await estate.refuses(TO_MIRROR, [[1418, 16], alterFailed]);
    },
  },
  {
    number: "C10",
    certainty: "documented",
    source: cite("errors1000"),
    title: "the remote copy is not RESTORING: 1464",
    run: async (estate) => {
      await prepared(estate, { told: false });
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY", MIRROR);
      await estate.refuses(TO_MIRROR, [[1464, 16], alterFailed]);
    },
  },
  {
    number: "C11",
    certainty: "documented",
    source: cite("errors1000"),
    title: "the remote copy cannot be opened after half a restore: 1419; it is absent: 1448",
    run: async (estate) => {
      await prepared(estate, { told: false });
      (await estate.instance(MIRROR)).core.require("mgc").change({ redo: null });
      await estate.refuses(TO_MIRROR, [[1419, 16], alterFailed]);
      await estate.run("DROP DATABASE mgc", MIRROR);
      await estate.refuses(TO_MIRROR, [[1448, 16], alterFailed]);
    },
  },
  {
    number: "C12",
    certainty: "documented",
    source: cite("errors1000"),
    title: "the remote copy is of another family: 1407",
    run: async (estate) => {
      await prepared(estate);
      await estate.run("DROP DATABASE mgc");
      for (const batch of chatDatabase) await estate.run(batch);
      await estate.refuses(TO_MIRROR, [
        [1407, 16, /^The remote copy of database "mgc" is not related to the local copy of the database\.$/],
        alterFailed,
      ]);
    },
  },
  {
    number: "C13",
    certainty: "documented",
    source: cite("errors1000"),
    title: "SIMPLE 1465, read-only 1466, EMERGENCY 1467, auto-close 1469, single-user 1488",
    run: async (estate) => {
      await prepared(estate);
      for (const [set, back, number] of [
        ["READ_ONLY", "READ_WRITE", 1466],
        ["SINGLE_USER", "MULTI_USER", 1488],
        ["AUTO_CLOSE ON", "AUTO_CLOSE OFF", 1469],
        ["RECOVERY SIMPLE", "RECOVERY FULL", 1465],
        ["EMERGENCY", "ONLINE", 1467],
      ] as const) {
        await estate.run(`ALTER DATABASE mgc SET ${set}`);
        await estate.refuses(TO_MIRROR, [[number, 16], alterFailed]);
        await estate.run(`ALTER DATABASE mgc SET ${back}`);
      }
    },
  },
  {
    number: "C14",
    certainty: "documented",
    source: cite("errors1000"),
    title: "already a partner: 1405; the remote copy is one already: 1410",
    run: async (estate) => {
      await mirrored(estate);
      await estate.refuses(TO_MIRROR, [[1405, 16], alterFailed]);
      const third = "SQL-B1";
      await estate.run(`${ENDPOINT}; RESTORE DATABASE mgc FROM DISK = N'${COPY.full}'`, third);
      await estate.refuses(TO_MIRROR, [[1410, 16], alterFailed], third);
    },
  },
  {
    number: "C15",
    certainty: "documented",
    source: cite("errors1000"),
    title: "bulk changes that no log backup has: 1475",
    run: async (estate) => {
      await prepared(estate, { told: false });
      await estate.run("ALTER DATABASE mgc SET RECOVERY BULK_LOGGED");
      await (await estate.instance()).core.require("mgc").bulkInsert("dbo", "t", [[2], [3]]);
      await estate.run("ALTER DATABASE mgc SET RECOVERY FULL");
      await estate.refuses(TO_MIRROR, [[1475, 16], alterFailed]);
      await estate.run(`BACKUP LOG mgc TO DISK = N'${SHARE}\\bulk.trn'`);
      await estate.run(`RESTORE LOG mgc FROM DISK = N'${SHARE}\\bulk.trn' WITH NORECOVERY`, MIRROR);
      await estate.run(`ALTER DATABASE mgc SET PARTNER = '${ADDRESS.principal}'`, MIRROR);
      await estate.run(TO_MIRROR);
    },
  },
  {
    number: "C16",
    certainty: "documented",
    source: cite("errors1000"),
    title: "the own instance as partner: 1452",
    run: async (estate) => {
      await prepared(estate);
      await estate.refuses(`ALTER DATABASE mgc SET PARTNER = '${ADDRESS.principal}'`, [[1452, 16], alterFailed]);
    },
  },
  {
    number: "C17",
    certainty: "documented",
    source: cite("alterMirroring", "errors1000"),
    title: "FAILOVER, RESUME, SAFETY and TIMEOUT on the mirror: 1470",
    run: async (estate) => {
      await mirrored(estate);
      for (const option of ["FAILOVER", "RESUME", "SAFETY OFF", "TIMEOUT 20"])
        await estate.refuses(`ALTER DATABASE mgc SET PARTNER ${option}`, [[1470, 16], alterFailed], MIRROR);
    },
  },
  {
    number: "C18",
    certainty: "documented",
    source: cite("errors1000"),
    title: "FAILOVER with SAFETY OFF: 1477; not synchronized: 1422",
    run: async (estate) => {
      await mirrored(estate);
      await estate.run("ALTER DATABASE mgc SET PARTNER SAFETY OFF");
      await estate.refuses(FAILOVER, [[1477, 16], alterFailed]);
      await estate.run("ALTER DATABASE mgc SET PARTNER SAFETY FULL; ALTER DATABASE mgc SET PARTNER SUSPEND");
      await estate.refuses(FAILOVER, [[1422, 16], alterFailed]);
    },
  },
  {
    number: "C19",
    certainty: "documented",
    source: cite("alterMirroring", "errors5000"),
    title: "FAILOVER from another database than master: 5001",
    run: async (estate) => {
      await mirrored(estate);
      await estate.refuses(`USE mgc; ${FAILOVER}`, [
        [5001, 16, /^User must be in the master database\.$/],
        alterFailed,
      ]);
    },
  },
];
