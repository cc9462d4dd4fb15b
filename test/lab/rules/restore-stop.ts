/** RESTORE to a point before the end of the log: STOPAT, STOPATMARK, STOPBEFOREMARK. */
import assert from "node:assert/strict";
import {
  backupFull,
  backupLog,
  content,
  COPY,
  header,
  insert,
  position,
  recoveryStatus,
  restoreFull,
  restoreLog,
} from "./restored-copy";
import { cite } from "./sources";
import type { RuleEstate } from "./support";
import { chatDatabase, DEFAULT_SERVER, numbers, type Rule, terminating } from "./support";

const FULL = terminating("RESTORE DATABASE");
const OF_LOG = terminating("RESTORE LOG");
const STATE = "SELECT state_desc FROM sys.databases WHERE name = N'mgc'";

/** A clock that the rule sets: it tells minutes after noon. */
class Clock {
  #minute = 0;

  /** Lets it be so many minutes after noon. */
  set(minute: number): void {
    this.#minute = minute;
  }

  get utc(): number {
    return Date.UTC(2020, 3, 15, 12, this.#minute);
  }
}

/** A minute after noon as STOPAT takes it. */
const at = (minute: number): string => `STOPAT = 'Apr 15, 2020 12:${String(minute).padStart(2, "0")}:30 PM'`;

/** mgc backed up at noon, and rows 2 at 12:01, 3 (marked) at 12:02, 4 at 12:03, the log backup log.trn at 12:04. */
async function logged(estate: RuleEstate): Promise<Clock> {
  const clock = new Clock();
  for (const on of [DEFAULT_SERVER, COPY]) await estate.start(on, { utcTime: () => clock.utc });
  for (const batch of chatDatabase) await estate.run(batch);
  await backupFull(estate, "full.bak");
  clock.set(1);
  await insert(estate, 2);
  clock.set(2);
  await estate.run("BEGIN TRANSACTION three WITH MARK N'the third'; INSERT mgc.dbo.t VALUES (3); COMMIT");
  clock.set(3);
  await insert(estate, 4);
  clock.set(4);
  await backupLog(estate, "log.trn");
  await estate.run(restoreFull("full.bak"), COPY);
  return clock;
}

/** The copy recovers from log.trn with these options and has these rows then. */
async function recovers(estate: RuleEstate, options: string, rows: readonly string[]): Promise<void> {
  await estate.run(restoreFull("full.bak", "NORECOVERY, REPLACE"), COPY);
  const told = numbers(await estate.run(restoreLog("log.trn", `${options}, RECOVERY`), COPY));
  assert.ok(!told.includes(4322) && !told.includes(4329));
  assert.deepEqual(await content(estate), rows);
}

/** LSN of the marked transaction's commit. */
async function markedAt(estate: RuleEstate): Promise<string> {
  return String(await estate.value("SELECT lsn FROM msdb.dbo.logmarkhistory WHERE mark_name = N'three'"));
}

export const restoreStopRules: readonly Rule[] = [
  {
    number: "E40",
    certainty: "documented",
    source: cite("errors4000", "restoreArguments"),
    title: "STOPAT before what was rolled forward: 4335; before the data set: 4338; nothing changes",
    run: async (estate) => {
      await logged(estate);
      await estate.run(restoreLog("log.trn"), COPY);
      const before = await position(estate);
      await backupLog(estate, "next.trn");
      await estate.refuses(
        restoreLog("next.trn", at(2)),
        [[4335, 16, /^The specified STOPAT time is too early\./], OF_LOG],
        COPY,
      );
      assert.deepEqual(await position(estate), before);
      await backupFull(estate, "late.bak");
      const early = /^The STOPAT clause specifies a point too early to allow this backup set to be restored\./;
      await estate.refuses(restoreFull("late.bak", `REPLACE, ${at(2)}`), [[4338, 16, early], FULL], COPY);
      assert.deepEqual(await position(estate), before);
    },
  },
  {
    number: "E41",
    certainty: "documented",
    source: cite("pointInTime", "recoveryPaths"),
    title:
      "STOPAT in the set, RECOVERY: all that was committed until then; the database goes on from there on a new fork",
    run: async (estate) => {
      await logged(estate);
      await recovers(estate, at(1), ["1", "2"]);
      await recovers(estate, at(2), ["1", "2", "3"]);
      const set = await header(estate, "log.trn");
      const point = BigInt(String((await recoveryStatus(estate, COPY))["fork_point_lsn"]));
      assert.ok(point > BigInt(String(set["FirstLSN"])) && point < BigInt(String(set["LastLSN"])));
      await insert(estate, 5, COPY);
      const own = await backupLog(estate, "own.trn", COPY);
      assert.equal(BigInt(String(own["FirstLSN"])), point);
      assert.deepEqual(await content(estate), ["1", "2", "3", "5"]);
    },
  },
  {
    number: "E42",
    certainty: "documented",
    source: cite("pointInTime", "errors4000"),
    title: "STOPAT behind the set, RECOVERY: 4322 and RESTORING; the next set with the same STOPAT recovers",
    run: async (estate) => {
      const clock = await logged(estate);
      clock.set(5);
      await insert(estate, 5);
      clock.set(6);
      await insert(estate, 6);
      await backupLog(estate, "next.trn");
      assert.ok(numbers(await estate.run(restoreLog("log.trn", `${at(5)}, RECOVERY`), COPY)).includes(4322));
      assert.equal(await estate.value(STATE, COPY), "RESTORING");
      await estate.run(restoreLog("next.trn", `${at(5)}, RECOVERY`), COPY);
      assert.deepEqual(await content(estate), ["1", "2", "3", "4", "5"]);
    },
  },
  {
    number: "E43",
    certainty: "documented",
    source: cite("markedTransactions", "restoreArguments", "logMarkHistory"),
    title: "STOPATMARK takes the marked transaction, STOPBEFOREMARK leaves it out; logmarkhistory has its row",
    run: async (estate) => {
      await logged(estate);
      await recovers(estate, "STOPATMARK = 'three'", ["1", "2", "3"]);
      await recovers(estate, "STOPBEFOREMARK = 'three'", ["1", "2"]);
      const [row] = await estate.rows(
        "SELECT database_name, mark_name, description, user_name FROM msdb.dbo.logmarkhistory",
      );
      assert.deepEqual(row, { database_name: "mgc", mark_name: "three", description: "the third", user_name: "dbo" });
    },
  },
  {
    number: "E44",
    certainty: "documented",
    source: cite("restoreArguments", "errors4000"),
    title: "a mark that the set has not: 4329 and RESTORING; AFTER takes the first of that name from then on",
    run: async (estate) => {
      const clock = await logged(estate);
      const told = numbers(await estate.run(restoreLog("log.trn", "STOPATMARK = 'THREE', RECOVERY"), COPY));
      assert.ok(told.includes(4329));
      assert.equal(await estate.value(STATE, COPY), "RESTORING");
      clock.set(5);
      await estate.run("BEGIN TRANSACTION three WITH MARK; INSERT mgc.dbo.t VALUES (5); COMMIT");
      await insert(estate, 6);
      await estate.run(`BACKUP LOG mgc TO DISK = N'\\\\files.dci.discovery.com\\lslogs\\marked.trn'`);
      await estate.run(restoreFull("full.bak", "NORECOVERY, REPLACE"), COPY);
      const after = "STOPATMARK = 'three' AFTER 'Apr 15, 2020 12:04 PM'";
      for (const file of ["log.trn", "marked.trn"]) await estate.run(restoreLog(file, `${after}, RECOVERY`), COPY);
      assert.deepEqual(await content(estate), ["1", "2", "3", "4", "5"]);
    },
  },
  {
    number: "E45",
    certainty: "documented",
    source: cite("stopAtLsn", "errors4000"),
    title: "'lsn:…' takes or leaves out the record; a later set is 4305 then; no number: 4334",
    run: async (estate) => {
      await logged(estate);
      const lsn = await markedAt(estate);
      await recovers(estate, `STOPATMARK = 'lsn:${lsn}'`, ["1", "2", "3"]);
      await recovers(estate, `STOPBEFOREMARK = 'lsn:${lsn}'`, ["1", "2"]);
      await estate.run(restoreFull("full.bak", "NORECOVERY, REPLACE"), COPY);
      const invalid = /^The named mark does not identify a valid LSN\.$/;
      await estate.refuses(restoreLog("log.trn", "STOPATMARK = 'lsn:three'"), [[4334, 16, invalid], OF_LOG], COPY);
      await estate.run(restoreLog("log.trn", `NORECOVERY, STOPATMARK = 'lsn:${lsn}'`), COPY);
      await backupLog(estate, "next.trn");
      await estate.refuses(restoreLog("next.trn"), [[4305, 16], OF_LOG], COPY);
      // The same set again goes on where it was left.
      await estate.run(restoreLog("log.trn", "RECOVERY"), COPY);
      assert.deepEqual(await content(estate), ["1", "2", "3", "4"]);
    },
  },
  {
    number: "E46",
    certainty: "documented",
    source: cite("restoreArguments", "error3159", "errors4000"),
    title:
      "RESTORE DATABASE with STOPAT: no 3159, RESTORING with 4322; the time is in the set: whole, and 4343; a mark: 4340",
    run: async (estate) => {
      const clock = await logged(estate);
      const [stop, whole] = [restoreFull("full.bak", at(3)), restoreFull("slow.bak", `REPLACE, ${at(5)}`)];
      clock.set(5);
      assert.ok(numbers(await estate.run(stop)).includes(4322));
      assert.equal(await estate.value(STATE), "RESTORING");
      await estate.run(restoreLog("log.trn", `${at(3)}, RECOVERY`));
      assert.deepEqual(await content(estate, DEFAULT_SERVER), ["1", "2", "3", "4"]);
      await estate.refuses(restoreFull("full.bak", "REPLACE, STOPATMARK = 'three'"), [[4340, 16], FULL], COPY);
      await estate.stop();
      await estate.start(DEFAULT_SERVER, {
        utcTime: () => clock.utc,
        transferred: () => {
          clock.set(6);
          return Promise.resolve();
        },
      });
      await backupFull(estate, "slow.bak");
      const beyond =
        /^The database has been rolled forward to the end of this backup set and beyond the specified point/;
      await estate.refuses(whole, [[4343, 16, beyond], FULL], COPY);
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY", COPY);
      assert.deepEqual(await content(estate), ["1", "2", "3", "4"]);
    },
  },
  {
    number: "E47",
    certainty: "documented",
    source: cite("pointInTime", "errors4000"),
    title: "no stop within a set with bulk-logged changes: 4341; the set as a whole is applied",
    run: async (estate) => {
      const clock = await logged(estate);
      await estate.run(restoreLog("log.trn"), COPY);
      await estate.run("ALTER DATABASE mgc SET RECOVERY BULK_LOGGED");
      clock.set(5);
      await (await estate.instance()).core.require("mgc").bulkInsert("dbo", "t", [[5]]);
      clock.set(6);
      await insert(estate, 6);
      await backupLog(estate, "bulk.trn");
      const bulk =
        /^This log backup contains bulk-logged changes\. It cannot be used to stop at an arbitrary point in time\.$/;
      await estate.refuses(restoreLog("bulk.trn", at(5)), [[4341, 16, bulk], OF_LOG], COPY);
      await estate.run(restoreLog("bulk.trn", "RECOVERY"), COPY);
      assert.deepEqual(await content(estate), ["1", "2", "3", "4", "5", "6"]);
    },
  },
  {
    number: "E48",
    certainty: "documented",
    source: cite("restoreHistory"),
    title: "restorehistory tells where a restore stopped: stop_at, or stop_at_mark_name and stop_before",
    run: async (estate) => {
      await logged(estate);
      await recovers(estate, at(1), ["1", "2"]);
      await recovers(estate, "STOPBEFOREMARK = 'three'", ["1", "2"]);
      const rows = await estate.rows(
        "SELECT CONVERT(nvarchar(30), stop_at, 126) AS at, stop_at_mark_name AS mark, stop_before AS before FROM msdb.dbo.restorehistory WHERE restore_type = 'L' ORDER BY restore_history_id",
        COPY,
      );
      assert.deepEqual(rows, [
        { at: "2020-04-15T12:01:30", mark: null, before: null },
        { at: null, mark: "three", before: "1" },
      ]);
    },
  },
  {
    number: "E49",
    certainty: "documented",
    source: cite("beginTransaction"),
    title: "only the first mark of a transaction counts (3920), and only where it has written and committed",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      const marked = "BEGIN TRANSACTION outer_one; BEGIN TRANSACTION m1 WITH MARK;";
      const told = numbers(
        await estate.run(
          `${marked} BEGIN TRANSACTION m2 WITH MARK; INSERT mgc.dbo.t VALUES (2); COMMIT; COMMIT; COMMIT`,
        ),
      );
      assert.ok(told.includes(3920));
      await estate.run(`${marked} SELECT a FROM mgc.dbo.t; COMMIT; COMMIT`);
      await estate.run(`${marked} INSERT mgc.dbo.t VALUES (3); ROLLBACK`);
      assert.deepEqual(await estate.rows("SELECT mark_name FROM msdb.dbo.logmarkhistory"), [{ mark_name: "m1" }]);
    },
  },
];
