/** Log sequence numbers and the chain of log backups: what fits a copy that rolls forward, and what the chain keeps. */
import assert from "node:assert/strict";
import { mirrored, MIRROR, COPY as MIRROR_SEED } from "./mirrored";
import { FAILOVER } from "./mirroring";
import {
  backupFull,
  backupLog,
  content,
  COPY,
  disk,
  header,
  insert,
  position,
  recoveryStatus,
  restoreFull,
  restoreLog,
  seeded,
} from "./restored-copy";
import { cite } from "./sources";
import { chatDatabase, refuses, type ExpectedError, type Rule, terminating } from "./support";

const OF_LOG = terminating("RESTORE LOG");
const STATE = "SELECT state_desc FROM sys.databases WHERE name = N'mgc'";
const LOG_FILE = "FROM sys.master_files WHERE database_id = DB_ID(N'mgc') AND type_desc = N'LOG'";

/** 4305: the set begins behind the position. */
function tooRecent(first: string | null | undefined, needed: string | null): readonly ExpectedError[] {
  const text = `^The log in this backup set begins at LSN ${String(first)}, which is too recent to apply to the database\\. An earlier log backup that includes LSN ${String(needed)} can be restored\\.$`;
  return [[4305, 16, new RegExp(text)], OF_LOG];
}

/** 4326: the set ends before the position. */
function tooEarly(last: string | null | undefined, needed: string | null): readonly ExpectedError[] {
  const text = `^The log in this backup set terminates at LSN ${String(last)}, which is too early to apply to the database\\. A more recent log backup that includes LSN ${String(needed)} can be restored\\.$`;
  return [[4326, 16, new RegExp(text)], OF_LOG];
}

export const sequenceRules: readonly Rule[] = [
  {
    number: "F1",
    certainty: "documented",
    source: cite("recoverToLsn"),
    title: "LSNs are numeric(25,0) and grow with every committed write",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      const ends: bigint[] = [];
      for (const value of [2, 3, 4]) {
        await insert(estate, value);
        const set = await backupLog(estate, "copy.trn", undefined, ", COPY_ONLY");
        ends.push(BigInt(String(set["LastLSN"])));
      }
      assert.deepEqual(
        ends,
        [...new Set(ends)].sort((one, other) => (one < other ? -1 : 1)),
      );
      const { sets } = await estate.run("SELECT TOP (1) last_lsn FROM msdb.dbo.backupset");
      const type = sets[0]?.columns[0]?.type;
      assert.deepEqual(type, { name: "numeric", precision: 25, scale: 0 });
    },
  },
  {
    number: "F2",
    certainty: "documented",
    source: cite("recoverToLsn", "backupSet"),
    title: "last_lsn is the next record's: a copy that took the set goes on just there, with the next set's first",
    run: async (estate) => {
      await seeded(estate);
      await insert(estate, 2);
      const first = await backupLog(estate, "first.trn");
      await insert(estate, 3);
      const second = await backupLog(estate, "second.trn");
      await estate.run(restoreLog("first.trn"), COPY);
      assert.equal((await position(estate)).lsn, first["LastLSN"]);
      assert.equal(second["FirstLSN"], first["LastLSN"]);
      await estate.run(restoreLog("second.trn", "RECOVERY"), COPY);
      assert.deepEqual(await content(estate), ["1", "2", "3"]);
    },
  },
  {
    number: "F3",
    certainty: "documented",
    source: cite("backupSet"),
    title:
      "a full set: first_lsn <= checkpoint_lsn <= last_lsn; database_backup_lsn is 0, then the last full's checkpoint_lsn",
    run: async (estate) => {
      await estate.run(`CREATE DATABASE mgc; BACKUP DATABASE mgc TO ${disk("full.bak")}`);
      await estate.run("CREATE TABLE mgc.dbo.t (a int NOT NULL); INSERT mgc.dbo.t VALUES (1)");
      await estate.run(`BACKUP DATABASE mgc TO ${disk("full.bak")}; BACKUP LOG mgc TO ${disk("full.bak")}`);
      const sets = await estate.rows(
        "SELECT first_lsn, checkpoint_lsn, last_lsn, database_backup_lsn FROM msdb.dbo.backupset ORDER BY backup_set_id",
      );
      for (const set of sets.slice(0, 2)) {
        assert.ok(BigInt(String(set["first_lsn"])) <= BigInt(String(set["checkpoint_lsn"])));
        assert.ok(BigInt(String(set["checkpoint_lsn"])) <= BigInt(String(set["last_lsn"])));
      }
      assert.deepEqual(
        sets.map((set) => set["database_backup_lsn"]),
        ["0", sets[0]?.["checkpoint_lsn"], sets[1]?.["checkpoint_lsn"]],
      );
    },
  },
  {
    number: "F4",
    certainty: "documented",
    source: cite("recoverToLsn", "masterFiles"),
    title: "a log set that holds the position is applied, also one that began before it; the position is its LastLSN",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      await insert(estate, 2);
      const full = await backupFull(estate, "full.bak");
      await insert(estate, 3);
      const log = await backupLog(estate, "log.trn");
      assert.ok(BigInt(String(log["FirstLSN"])) < BigInt(String(full["LastLSN"])));
      await estate.run(restoreFull("full.bak"), COPY);
      assert.equal((await position(estate)).lsn, full["LastLSN"]);
      await estate.run(restoreLog("log.trn"), COPY);
      assert.equal((await position(estate)).lsn, log["LastLSN"]);
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY", COPY);
      assert.deepEqual(await content(estate), ["1", "2", "3"]);
    },
  },
  {
    number: "F5",
    certainty: "documented",
    source: cite("errors4000"),
    title: "a set that begins behind the position: 4305; state and position stay",
    run: async (estate) => {
      await seeded(estate);
      await insert(estate, 2);
      await backupLog(estate, "missing.trn");
      const late = await backupLog(estate, "late.trn");
      const before = await position(estate);
      await estate.refuses(restoreLog("late.trn"), tooRecent(late["FirstLSN"], before.lsn), COPY);
      assert.equal(await estate.value(STATE, COPY), "RESTORING");
      assert.deepEqual(await position(estate), before);
    },
  },
  {
    number: "F6",
    certainty: "documented",
    source: cite("errors4000"),
    title: "a set that ends before the position: 4326; state and position stay",
    run: async (estate) => {
      await seeded(estate);
      const early = await backupLog(estate, "early.trn");
      await insert(estate, 2);
      await backupLog(estate, "late.trn");
      for (const file of ["early.trn", "late.trn"]) await estate.run(restoreLog(file), COPY);
      const before = await position(estate);
      await estate.refuses(restoreLog("early.trn"), tooEarly(early["LastLSN"], before.lsn), COPY);
      assert.equal(await estate.value(STATE, COPY), "RESTORING");
      assert.deepEqual(await position(estate), before);
    },
  },
  {
    number: "F7",
    certainty: "assumed",
    source: "",
    title: "the set that was applied last once more: it succeeds and nothing changes",
    run: async (estate) => {
      await seeded(estate);
      await insert(estate, 2);
      await backupLog(estate, "log.trn");
      await estate.run(restoreLog("log.trn"), COPY);
      const before = await position(estate);
      await estate.run(restoreLog("log.trn"), COPY);
      assert.deepEqual(await position(estate), before);
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY", COPY);
      assert.deepEqual(await content(estate), ["1", "2"]);
    },
  },
  {
    number: "F19",
    certainty: "documented",
    source: cite("recoveryStatus", "changeRoles"),
    title: "a chain that was restored and recovered: BACKUP LOG needs no new full backup",
    run: async (estate) => {
      await seeded(estate);
      await insert(estate, 2);
      const log = await backupLog(estate, "log.trn");
      await estate.run(restoreLog("log.trn", "RECOVERY"), COPY);
      assert.equal((await recoveryStatus(estate, COPY))["last_log_backup_lsn"], log["LastLSN"]);
      await insert(estate, 3, COPY);
      assert.equal((await backupLog(estate, "own.trn", COPY))["FirstLSN"], log["LastLSN"]);
    },
  },
  {
    number: "F20",
    certainty: "documented",
    source: cite("errors4000", "backupSet", "recoveryStatus"),
    title: "SIMPLE and back: no chain until a full backup, whose first log set begins one; an older copy gets 4305",
    run: async (estate) => {
      await seeded(estate);
      await estate.run("ALTER DATABASE mgc SET RECOVERY SIMPLE; ALTER DATABASE mgc SET RECOVERY FULL");
      assert.equal((await recoveryStatus(estate))["last_log_backup_lsn"], null);
      await insert(estate, 2);
      await backupFull(estate, "anew.bak");
      await insert(estate, 3);
      const log = await backupLog(estate, "anew.trn");
      assert.equal(log["BeginsLogChain"], "1");
      assert.equal((await backupLog(estate, "next.trn"))["BeginsLogChain"], "0");
      const { lsn } = await position(estate);
      await estate.refuses(restoreLog("anew.trn"), tooRecent(log["FirstLSN"], lsn), COPY);
    },
  },
  {
    number: "F21",
    certainty: "documented",
    source: cite("applyLogs"),
    title: "a log backup of somebody else between two of ours: ours joins theirs, and without theirs it is 4305",
    run: async (estate) => {
      await seeded(estate);
      await backupLog(estate, "ours.trn");
      await insert(estate, 2);
      const theirs = await backupLog(estate, "theirs.trn");
      const next = await backupLog(estate, "next.trn");
      assert.equal(next["FirstLSN"], theirs["LastLSN"]);
      await estate.run(restoreLog("ours.trn"), COPY);
      await estate.refuses(restoreLog("next.trn"), tooRecent(next["FirstLSN"], (await position(estate)).lsn), COPY);
      for (const file of ["theirs.trn", "next.trn"]) await estate.run(restoreLog(file), COPY);
    },
  },
  {
    number: "F22",
    certainty: "documented",
    source: cite("mirroringAndShipping"),
    title: "after a mirroring failover the new principal's log sets go on the chain of a third copy",
    run: async (estate) => {
      await mirrored(estate);
      for (const batch of [
        `RESTORE DATABASE mgc FROM DISK = N'${MIRROR_SEED.full}' WITH NORECOVERY`,
        `RESTORE LOG mgc FROM DISK = N'${MIRROR_SEED.log}' WITH NORECOVERY`,
      ])
        await estate.run(batch, COPY);
      await insert(estate, 2);
      await backupLog(estate, "old-principal.trn");
      await insert(estate, 3);
      await estate.run(FAILOVER);
      await insert(estate, 4, MIRROR);
      await backupLog(estate, "new-principal.trn", MIRROR);
      for (const file of ["old-principal.trn", "new-principal.trn"]) await estate.run(restoreLog(file), COPY);
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY", COPY);
      assert.deepEqual(await content(estate), ["1", "2", "3", "4"]);
    },
  },
  {
    number: "F23",
    certainty: "assumed",
    source: cite("errors4000", "recoverToLsn"),
    title:
      "a log of the time of the data backup: RECOVERY is refused with 4318, NORECOVERY goes on from the data set's end",
    run: async (estate) => {
      let meanwhile: (() => Promise<void>) | undefined;
      await estate.start("SQL-P1", {
        transferred: async () => {
          const work = meanwhile;
          meanwhile = undefined;
          await work?.();
        },
      });
      for (const batch of chatDatabase) await estate.run(batch);
      const other = await estate.connect();
      meanwhile = async () => {
        const during = `BACKUP LOG mgc TO ${disk("during.trn")}; INSERT mgc.dbo.t VALUES (2)`;
        await refuses(other, during, []);
      };
      const full = await backupFull(estate, "full.bak");
      const during = await header(estate, "during.trn");
      assert.ok(BigInt(String(during["LastLSN"])) < BigInt(String(full["LastLSN"])));
      await insert(estate, 3);
      await backupLog(estate, "next.trn");
      await estate.run(restoreFull("full.bak"), COPY);
      const text = `^File 'mgc' has been rolled forward to LSN ${String(full["LastLSN"])}\\. This log terminates at LSN ${String(during["LastLSN"])}, which is too early to apply the WITH RECOVERY option\\.`;
      await estate.refuses(restoreLog("during.trn", "RECOVERY"), [[4318, 16, new RegExp(text)], OF_LOG], COPY);
      await estate.run(restoreLog("during.trn"), COPY);
      assert.equal((await position(estate)).lsn, full["LastLSN"]);
      await estate.run(restoreLog("next.trn", "RECOVERY"), COPY);
      assert.deepEqual(await content(estate), ["1", "2", "3"]);
    },
  },
  {
    number: "F24",
    certainty: "well known",
    source: cite("databases"),
    title: "a log that is not backed up: LOG_BACKUP, the log file grows; a full disk refuses writes with 9002",
    run: async (estate) => {
      const grow = `SET NOCOUNT ON; DECLARE @n int; SET @n = 0;
        BEGIN TRANSACTION; WHILE @n < 300 BEGIN SET @n = @n + 1; INSERT mgc.dbo.wide VALUES (REPLICATE(N'€', 4000)); END; COMMIT`;
      const size = async (): Promise<number> => Number(await estate.value(`SELECT size ${LOG_FILE}`));
      for (const batch of [...chatDatabase, "CREATE TABLE mgc.dbo.wide (text nvarchar(4000) NOT NULL)"])
        await estate.run(batch);
      const before = await size();
      await estate.run(grow);
      assert.ok((await size()) > before);
      const wait = "SELECT log_reuse_wait_desc FROM sys.databases WHERE name = N'mgc'";
      assert.equal(await estate.value(wait), "LOG_BACKUP");
      estate.files.freeBytes.set("SQL-P1|E:", 0);
      const full: ExpectedError = [9002, 17, /^The transaction log for database 'mgc' is full due to 'LOG_BACKUP'\.$/];
      await estate.refuses(`SET XACT_ABORT ON; ${grow}`, [full]);
      await estate.run(`BACKUP LOG mgc TO ${disk("free.trn")}; INSERT mgc.dbo.wide VALUES (N'x')`);
    },
  },
  {
    number: "F25",
    certainty: "documented",
    source: cite("recoveryStatus"),
    title: "sys.database_recovery_status of an OFFLINE database: NULL but for database_id",
    run: async (estate) => {
      for (const batch of [...chatDatabase, "ALTER DATABASE mgc SET OFFLINE"]) await estate.run(batch);
      const { database_id: id, ...others } = await recoveryStatus(estate);
      assert.notEqual(id, null);
      assert.deepEqual(new Set(Object.values(others)), new Set([null]));
    },
  },
];
