/** Recovery paths: what begins a new fork, what the forks of a set say, and which copy may take whose logs. */
import assert from "node:assert/strict";
import {
  backupFull,
  backupLog,
  content,
  COPY,
  insert,
  position,
  recoveryStatus,
  restoreFull,
  restoreLog,
  type Row,
  seeded,
} from "./restored-copy";
import { cite } from "./sources";
import { type ExpectedError, type Rule, type RuleEstate, terminating } from "./support";

const OF_LOG = terminating("RESTORE LOG");
const OTHER_PATH: readonly ExpectedError[] = [
  [4330, 16, /^This backup set cannot be applied because it is on a recovery path that is inconsistent/],
  OF_LOG,
];
const STATE = "SELECT state_desc FROM sys.databases WHERE name = N'mgc'";

/** The tail of mgc's log, in tail.trn; mgc is RESTORING. */
async function takeTail(estate: RuleEstate): Promise<Row> {
  return backupLog(estate, "tail.trn", undefined, ", NORECOVERY");
}

/** mgc after its tail, and the copy recovered from it with a row of its own. Answers the tail's header. */
async function swapped(estate: RuleEstate): Promise<Row> {
  await seeded(estate);
  await insert(estate, 2);
  const tail = await takeTail(estate);
  await estate.run(restoreLog("tail.trn", "RECOVERY"), COPY);
  await insert(estate, 3, COPY);
  return tail;
}

export const forkRules: readonly Rule[] = [
  {
    number: "F8",
    certainty: "documented",
    source: cite("errors4000"),
    title: "a set of a fork that the copy is not on: 4330; state and position stay",
    run: async (estate) => {
      await seeded(estate);
      // Both go on from the full set, each on a fork of its own.
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY", COPY);
      await insert(estate, 2, COPY);
      await backupLog(estate, "copy.trn", COPY, ", NORECOVERY");
      await estate.run(restoreFull("full.bak", "RECOVERY, REPLACE"));
      for (const value of [3, 4]) await insert(estate, value);
      const other = await backupLog(estate, "other.trn");
      const before = await position(estate);
      assert.notEqual(other["FirstRecoveryForkID"], before.fork);
      assert.ok(BigInt(String(other["FirstLSN"])) <= BigInt(String(before.lsn)));
      assert.ok(BigInt(String(other["LastLSN"])) > BigInt(String(before.lsn)));
      await estate.refuses(restoreLog("other.trn"), OTHER_PATH, COPY);
      assert.equal(await estate.value(STATE, COPY), "RESTORING");
      assert.deepEqual(await position(estate), before);
    },
  },
  {
    number: "F9",
    certainty: "well known",
    source: cite("masterFiles", "recoveryPaths"),
    title: "a set that begins on the copy's fork but left it before the copy's position: 4330",
    run: async (estate) => {
      const full = await seeded(estate);
      await insert(estate, 2);
      await backupLog(estate, "log.trn");
      await estate.run(restoreFull("full.bak", "RECOVERY, REPLACE"), COPY);
      await insert(estate, 3, COPY);
      const fork = await backupLog(estate, "fork.trn", COPY);
      await estate.run(restoreFull("full.bak", "NORECOVERY, REPLACE"), COPY);
      await estate.run(restoreLog("log.trn"), COPY);
      const { lsn, fork: on } = await position(estate);
      assert.equal(fork["FirstRecoveryForkID"], on);
      assert.equal(fork["ForkPointLSN"], full["LastLSN"]);
      assert.ok(BigInt(String(fork["ForkPointLSN"])) < BigInt(String(lsn)));
      assert.ok(BigInt(String(fork["LastLSN"])) >= BigInt(String(lsn)));
      await estate.refuses(restoreLog("fork.trn"), OTHER_PATH, COPY);
    },
  },
  {
    number: "F10",
    certainty: "well known",
    source: cite("headerOnly", "masterFiles"),
    title:
      "a set that begins on the copy's fork and left it at or behind the position is applied; the copy follows its fork",
    run: async (estate) => {
      await swapped(estate);
      const log = await backupLog(estate, "log.trn", COPY);
      const { lsn, fork } = await position(estate, "SQL-P1");
      assert.equal(log["FirstRecoveryForkID"], fork);
      assert.ok(BigInt(String(log["ForkPointLSN"])) >= BigInt(String(lsn)));
      await estate.run(restoreLog("log.trn"));
      assert.deepEqual(await position(estate, "SQL-P1"), { lsn: log["LastLSN"], fork: log["RecoveryForkID"] });
    },
  },
  {
    number: "F11",
    certainty: "documented",
    source: cite("recoveryPaths", "recoveryStatus"),
    title: "a full set restored WITH RECOVERY: a new recovery_fork_guid, with the recovery point as fork point",
    run: async (estate) => {
      const full = await seeded(estate);
      const from = await recoveryStatus(estate);
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY", COPY);
      const status = await recoveryStatus(estate, COPY);
      assert.notEqual(status["recovery_fork_guid"], from["recovery_fork_guid"]);
      assert.equal(status["first_recovery_fork_guid"], from["recovery_fork_guid"]);
      assert.equal(status["fork_point_lsn"], full["LastLSN"]);
    },
  },
  {
    number: "F12",
    certainty: "assumed",
    source: cite("recoveryPaths", "removeMirroring"),
    title: "RECOVERY at the end of the last log with nothing to roll back begins a new fork too",
    run: async (estate) => {
      const tail = await swapped(estate);
      const status = await recoveryStatus(estate, COPY);
      assert.notEqual(status["recovery_fork_guid"], tail["RecoveryForkID"]);
      assert.equal(status["first_recovery_fork_guid"], tail["RecoveryForkID"]);
    },
  },
  {
    number: "F13",
    certainty: "documented",
    source: cite("backupSet", "recoveryStatus"),
    title: "family_guid stays through BACKUP and RESTORE, under another name too; CREATE DATABASE makes a new one",
    run: async (estate) => {
      const full = await seeded(estate);
      const family = (name: string): string =>
        `SELECT family_guid FROM sys.database_recovery_status WHERE database_id = DB_ID(N'${name}')`;
      assert.equal(await estate.value(family("mgc")), full["FamilyGUID"]);
      assert.equal(await estate.value(family("mgc"), COPY), full["FamilyGUID"]);
      await estate.run(
        `${restoreFull("full.bak", "RECOVERY, MOVE N'mgc' TO N'D:\\SQLData\\other.mdf', MOVE N'mgc_log' TO N'E:\\SQLLog\\other.ldf'").replace("mgc", "other")}
         CREATE DATABASE fresh`,
        COPY,
      );
      assert.equal(await estate.value(family("other"), COPY), full["FamilyGUID"]);
      assert.notEqual(await estate.value(family("fresh"), COPY), full["FamilyGUID"]);
    },
  },
  {
    number: "F14",
    certainty: "documented",
    source: cite("recoveryStatus"),
    title: "database_guid is new where RESTORE makes the database, and stays where it overwrites it",
    run: async (estate) => {
      await seeded(estate);
      const made = (await recoveryStatus(estate, COPY))["database_guid"];
      assert.notEqual(made, (await recoveryStatus(estate))["database_guid"]);
      await estate.run(restoreFull("full.bak", "NORECOVERY, REPLACE"), COPY);
      assert.equal((await recoveryStatus(estate, COPY))["database_guid"], made);
    },
  },
  {
    number: "F15",
    certainty: "assumed",
    source: cite("recoveryStatus"),
    title:
      "first and present fork differ after a recovery until the next log backup; then they are one, without a fork point",
    run: async (estate) => {
      await seeded(estate);
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY", COPY);
      const recovered = await recoveryStatus(estate, COPY);
      assert.notEqual(recovered["first_recovery_fork_guid"], recovered["recovery_fork_guid"]);
      await backupLog(estate, "log.trn", COPY);
      const after = await recoveryStatus(estate, COPY);
      assert.equal(after["recovery_fork_guid"], recovered["recovery_fork_guid"]);
      assert.equal(after["first_recovery_fork_guid"], recovered["recovery_fork_guid"]);
      assert.equal(after["fork_point_lsn"], null);
    },
  },
  {
    number: "F16",
    certainty: "documented",
    source: cite("backupSet", "headerOnly"),
    title: "a data set has one fork; a log set across a recovery has two and the fork point",
    run: async (estate) => {
      const tail = await swapped(estate);
      const full = await backupFull(estate, "own.bak", COPY);
      assert.equal(full["FirstRecoveryForkID"], full["RecoveryForkID"]);
      assert.equal(full["ForkPointLSN"], null);
      const across = await backupLog(estate, "across.trn", COPY);
      assert.equal(across["FirstRecoveryForkID"], tail["RecoveryForkID"]);
      assert.equal(across["RecoveryForkID"], full["RecoveryForkID"]);
      assert.equal(across["ForkPointLSN"], tail["LastLSN"]);
      const behind = await backupLog(estate, "behind.trn", COPY);
      assert.equal(behind["FirstRecoveryForkID"], behind["RecoveryForkID"]);
      assert.equal(behind["ForkPointLSN"], null);
    },
  },
  {
    number: "F17",
    certainty: "documented",
    source: cite("failOverToSecondary", "changeRoles"),
    title: "the tail recovered elsewhere: the database that gave it takes the new one's logs without a new seed",
    run: async (estate) => {
      await swapped(estate);
      await backupLog(estate, "first.trn", COPY);
      await insert(estate, 4, COPY);
      await backupLog(estate, "second.trn", COPY);
      for (const file of ["first.trn", "second.trn"]) await estate.run(restoreLog(file));
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY");
      assert.deepEqual(await content(estate, "SQL-P1"), ["1", "2", "3", "4"]);
    },
  },
  {
    number: "F18",
    certainty: "documented",
    source: cite("applyLogs", "errors3000"),
    title: "the database that gave the tail was recovered: the new one's logs are 3117",
    run: async (estate) => {
      await swapped(estate);
      await backupLog(estate, "log.trn", COPY);
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY");
      const errors: readonly ExpectedError[] = [
        [3117, 16, /^The log or differential backup cannot be restored because no files are ready to rollforward\.$/],
        OF_LOG,
      ];
      await estate.refuses(restoreLog("log.trn"), errors);
      assert.equal(await estate.value(STATE), "ONLINE");
    },
  },
];
