/** BACKUP, continued: the tail of the log, interruption, texts, history. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../server-catalog-estate";
import { cite } from "./sources";
import { chatDatabase, numbers, refusal, SHARE, terminating, type Rule } from "./support";

const BAK = `${SHARE}\\mgc.bak`;
const BACKUP = `BACKUP DATABASE mgc TO DISK = N'${BAK}'`;
const TAIL = `BACKUP LOG mgc TO DISK = N'${SHARE}\\tail.trn' WITH NORECOVERY`;
const STATE = "SELECT state_desc FROM sys.databases WHERE name = N'mgc'";
const SETS = "SELECT COUNT(*) FROM msdb.dbo.backupset";
const OF_LOG = terminating("BACKUP LOG");
const FULL = terminating("BACKUP DATABASE");

export const backupTailRules: readonly Rule[] = [
  {
    number: "D22",
    certainty: "documented",
    source: cite("errors3000", "suspectPages"),
    title: "CHECKSUM meets a bad page: 3043, a suspect page; CONTINUE_AFTER_ERROR: 3042, is_damaged, RESTORE is 3183",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      (await estate.instance()).core.require("mgc").damagePage(5);
      const suspect = "SELECT page_id, event_type, error_count FROM msdb.dbo.suspect_pages";
      // Nobody looks at the checksums of pages unless he is told to.
      await estate.run(BACKUP);
      assert.deepEqual(await estate.rows(suspect), []);
      await estate.refuses(`${BACKUP} WITH CHECKSUM`, [
        [3043, 16, /^BACKUP 'mgc' detected an error on page \(1:5\) in file '.*mgc\.mdf'\.$/],
        FULL,
      ]);
      const page = { page_id: "5", event_type: "2" };
      assert.deepEqual(await estate.rows(suspect), [{ ...page, error_count: "1" }]);
      const whole = `${BACKUP} WITH FORMAT, CHECKSUM, CONTINUE_AFTER_ERROR`;
      assert.ok(numbers(await estate.run(whole)).includes(3042));
      assert.deepEqual(await estate.rows(suspect), [{ ...page, error_count: "2" }]);
      const last = "SELECT TOP (1) is_damaged FROM msdb.dbo.backupset ORDER BY backup_set_id DESC";
      assert.equal(await estate.value(last), "1");
      const restore = `RESTORE DATABASE mgc FROM DISK = N'${BAK}' WITH REPLACE`;
      await estate.refuses(restore, [[3183, 16, /page \(1:5\)/], terminating("RESTORE DATABASE")]);
      await estate.run(`RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\first.bak' WITH REPLACE`);
      assert.deepEqual(await estate.rows(suspect), [{ ...page, event_type: "4", error_count: "2" }]);
      await estate.run(`${BACKUP} WITH FORMAT, CHECKSUM`);
    },
  },
  {
    number: "D28",
    certainty: "well known",
    source: cite("errors3000"),
    title: "the tail while others are in the database: 3101, the database stays ONLINE",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      await estate.connect({ database: "mgc" });
      await estate.refuses(TAIL, [
        [3101, 16, /^Exclusive access could not be obtained because the database is in use\.$/],
        OF_LOG,
      ]);
      assert.equal(await estate.value(STATE), "ONLINE");
    },
  },
  {
    number: "D29",
    certainty: "assumed",
    source: cite("errors3000"),
    title: "the tail from inside the database: 3102",
    run: refusal({
      before: chatDatabase,
      statement: `USE mgc; ${TAIL}`,
      errors: [[3102, 16, /cannot process database 'mgc' because it is in use by this session/], OF_LOG],
      after: { [STATE]: "ONLINE" },
    }),
  },
  {
    number: "D30",
    certainty: "assumed",
    source: "",
    title: "the tail of a SINGLE_USER database: RESTORING, and SINGLE_USER again after recovery",
    run: async (estate) => {
      for (const batch of [...chatDatabase, "ALTER DATABASE mgc SET SINGLE_USER", TAIL]) await estate.run(batch);
      assert.equal(await estate.value(STATE), "RESTORING");
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY");
      const access = "SELECT user_access_desc FROM sys.databases WHERE name = N'mgc'";
      assert.equal(await estate.value(access), "SINGLE_USER");
    },
  },
  {
    number: "D31",
    certainty: "documented",
    source: cite("backup", "tailLog"),
    title:
      "NO_TRUNCATE works on SUSPECT, where an ordinary log backup is 926, and closes it with NORECOVERY; OFFLINE and EMERGENCY are refused",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      const log = `BACKUP LOG mgc TO DISK = N'${SHARE}\\suspect.trn'`;
      const database = (await estate.instance()).core.require("mgc");
      await database.markSuspect();
      await estate.refuses(log, [[926, 14], OF_LOG]);
      const last =
        "SELECT TOP (1) CONVERT(varchar(25), last_lsn) AS lsn, is_copy_only, is_force_offline, has_incomplete_metadata, is_damaged FROM msdb.dbo.backupset ORDER BY backup_set_id DESC";
      await estate.run(`${log} WITH NO_TRUNCATE, FORMAT`);
      const [open] = await estate.rows(last);
      assert.equal(await estate.value(STATE), "SUSPECT");
      await estate.run(`${log} WITH NO_TRUNCATE, NORECOVERY, FORMAT, CHECKSUM`);
      const [closing] = await estate.rows(last);
      assert.equal(await estate.value(STATE), "RESTORING");
      const flags = { lsn: open?.["lsn"], is_copy_only: "1", has_incomplete_metadata: "1", is_damaged: "0" };
      assert.deepEqual(
        [open, closing],
        [
          { ...flags, is_force_offline: "0" },
          { ...flags, is_force_offline: "1" },
        ],
      );
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY; ALTER DATABASE mgc SET OFFLINE");
      await estate.refuses(`${log} WITH NO_TRUNCATE`, [[942, 14], OF_LOG]);
      await estate.run("ALTER DATABASE mgc SET ONLINE; ALTER DATABASE mgc SET EMERGENCY");
      await estate.refuses(`${log} WITH NO_TRUNCATE`, [[3033, 16], OF_LOG]);
    },
  },
  {
    number: "D32",
    certainty: "well known",
    source: cite("errors1000"),
    title: "COMPRESSION on Express Edition: 1844",
    run: async (estate) => {
      await estate.start("SQL-P1", { edition: "Express" });
      for (const batch of chatDatabase) await estate.run(batch);
      await estate.refuses(`${BACKUP} WITH COMPRESSION`, [
        [1844, 16, /^BACKUP DATABASE WITH COMPRESSION is not supported on Express Edition \(64-bit\)\.$/],
        terminating("BACKUP DATABASE"),
      ]);
      await estate.run(BACKUP);
    },
  },
  {
    number: "D33",
    certainty: "documented",
    source: cite("errors3000"),
    title: "attention during BACKUP: 3204, a partial file (3256), no row in msdb, the database untouched",
    run: async (estate) => {
      const stop = new AbortController();
      let armed = false;
      await estate.start("SQL-P1", {
        transferred: () => {
          if (armed) stop.abort();
          return Promise.resolve();
        },
      });
      for (const batch of chatDatabase) await estate.run(batch);
      const before = await estate.value(SETS);
      armed = true;
      const { errors } = await ask(await estate.sa(), BACKUP, stop.signal);
      assert.deepEqual(errors, [3204, 3013]);
      assert.equal(await estate.value(SETS), before);
      assert.equal(await estate.value(STATE), "ONLINE");
      assert.ok(existsSync(join(estate.files.shareDirectory(SHARE), "mgc.bak")));
      armed = false;
      await estate.refuses(`RESTORE DATABASE mgc FROM DISK = N'${BAK}' WITH REPLACE`, [
        [3256, 16],
        terminating("RESTORE DATABASE"),
      ]);
    },
  },
  {
    number: "D34",
    certainty: "documented",
    source: cite("backup"),
    title: "NAME and DESCRIPTION are kept as written; without NAME there is none",
    run: async (estate) => {
      const name = "n".repeat(128);
      for (const batch of [...chatDatabase, `${BACKUP} WITH NAME = N'${name}', DESCRIPTION = N'größer 😀'`, BACKUP])
        await estate.run(batch);
      const [first, second] = await estate.rows(`RESTORE HEADERONLY FROM DISK = N'${BAK}'`);
      assert.deepEqual([first?.["BackupName"], first?.["BackupDescription"]], [name, "größer 😀"]);
      assert.equal(second?.["BackupName"], null);
      const last = "SELECT TOP (1) name FROM msdb.dbo.backupset ORDER BY backup_set_id DESC";
      assert.equal(await estate.value(last), null);
    },
  },
  {
    number: "D35",
    certainty: "documented",
    source: cite("backup"),
    title: "an option of a later version, ENCRYPTION on 11: 155",
    run: refusal({
      before: chatDatabase,
      statement: `${BACKUP} WITH ENCRYPTION (ALGORITHM = AES_256, SERVER CERTIFICATE = c)`,
      errors: [[155, 15, /^'ENCRYPTION' is not a recognized BACKUP option\.$/]],
    }),
  },
  {
    number: "D36",
    certainty: "documented",
    source: cite("errors3000"),
    title: "msdb cannot be written: 3009, the backup is good",
    run: async (estate) => {
      for (const batch of [...chatDatabase, "ALTER DATABASE msdb SET READ_ONLY WITH ROLLBACK IMMEDIATE"])
        await estate.run(batch);
      const answer = await estate.refuses(BACKUP, [
        [3906, 16],
        [3009, 16, /The backup\/restore operation was still successful\.$/],
      ]);
      assert.ok(answer.messages.some((message) => message.number === 3014));
      await estate.run(`RESTORE VERIFYONLY FROM DISK = N'${BAK}'`);
    },
  },
];
