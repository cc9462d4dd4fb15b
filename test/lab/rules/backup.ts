/** BACKUP DATABASE and BACKUP LOG: devices, media, states, the tail of the log. */
import assert from "node:assert/strict";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cite } from "./sources";
import { chatDatabase, numbers, refusal, refuses, SHARE, terminating, type ExpectedError, type Rule } from "./support";

const BAK = `${SHARE}\\mgc.bak`;
const BACKUP = `BACKUP DATABASE mgc TO DISK = N'${BAK}'`;
const LOG = `BACKUP LOG mgc TO DISK = N'${SHARE}\\mgc.trn'`;
const HEADER = `RESTORE HEADERONLY FROM DISK = N'${BAK}'`;
const LAST_LOG = "SELECT last_log_backup_lsn FROM sys.database_recovery_status WHERE database_id = DB_ID(N'mgc')";
const SETS = "SELECT COUNT(*) FROM msdb.dbo.backupset";
const STATE = "SELECT state_desc FROM sys.databases WHERE name = N'mgc'";
const FULL = terminating("BACKUP DATABASE");
const OF_LOG = terminating("BACKUP LOG");

/** A refusal after chatDatabase and these batches. */
function refused(statement: string, errors: readonly ExpectedError[], ...before: readonly string[]): Rule["run"] {
  return refusal({ before: [...chatDatabase, ...before], statement, errors });
}

/** 3201 with the error of Windows. */
function cannotOpen(system: RegExp): readonly ExpectedError[] {
  return [
    [3201, 16, new RegExp(`^Cannot open backup device '.*'\\. Operating system error ${system.source}\\.$`)],
    FULL,
  ];
}

export const backupRules: readonly Rule[] = [
  {
    number: "D1",
    certainty: "documented",
    source: cite("errors3000", "errors4000", "backupSet"),
    title: "a good backup says 3211, 4035 per file, 3014, and has its rows in msdb",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      const told = numbers(await estate.run(`${BACKUP} WITH STATS = 50`));
      assert.equal(told.filter((number) => number === 4035).length, 2);
      assert.ok(told.includes(3211));
      assert.equal(told.at(-1), 3014);
      const rows = await estate.value(
        `SELECT COUNT(*) FROM msdb.dbo.backupset s JOIN msdb.dbo.backupmediaset m ON m.media_set_id = s.media_set_id
         JOIN msdb.dbo.backupmediafamily f ON f.media_set_id = s.media_set_id
         JOIN msdb.dbo.backupfile b ON b.backup_set_id = s.backup_set_id
         WHERE f.physical_device_name = N'${BAK}'`,
      );
      assert.equal(rows, "2");
    },
  },
  {
    number: "D2",
    certainty: "documented",
    source: cite("errors3000"),
    title: "a failed backup: cause, then 3013; 3041 in the error log; no row in msdb",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      const before = await estate.value(SETS);
      await estate.refuses(`BACKUP DATABASE mgc TO DISK = N'${SHARE}\\none\\x.bak'`, [[3201, 16], FULL]);
      assert.ok((await estate.errorLog()).some((line) => line.number === 3041));
      assert.equal(await estate.value(SETS), before);
    },
  },
  {
    number: "D3",
    certainty: "well known",
    source: "",
    title: "absent database: 911",
    run: refusal({ statement: BACKUP, errors: [[911, 16], FULL] }),
  },
  {
    number: "D4",
    certainty: "documented",
    source: cite("errors0", "errors3000"),
    title: "OFFLINE 942, EMERGENCY 3033, RESTORING 927, STANDBY 3036",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      for (const [before, number, severity] of [
        ["ALTER DATABASE mgc SET OFFLINE", 942, 14],
        ["ALTER DATABASE mgc SET ONLINE; ALTER DATABASE mgc SET EMERGENCY", 3033, 16],
        [`ALTER DATABASE mgc SET ONLINE; ${LOG} WITH NORECOVERY`, 927, 14],
        ["RESTORE DATABASE mgc WITH STANDBY = N'D:\\SQLData\\mgc.undo'", 3036, 16],
      ] as const) {
        await estate.run(before);
        await estate.refuses(BACKUP, [[number, severity], FULL]);
      }
    },
  },
  {
    number: "D5",
    certainty: "documented",
    source: cite("errors3000"),
    title: "folder absent: 3201 with 3(The system cannot find the path specified.)",
    run: refused(
      `BACKUP DATABASE mgc TO DISK = N'${SHARE}\\none\\x.bak'`,
      cannotOpen(/3\(The system cannot find the path specified\.\)/),
    ),
  },
  {
    number: "D6",
    certainty: "well known",
    source: cite("error3201"),
    title: "3201 for the account without right (5), an unknown host (53), an unknown share (67)",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      for (const [path, system] of [
        ["\\\\nowhere\\lslogs\\x.bak", /53\(The network path was not found\.\)/],
        ["\\\\files.dci.discovery.com\\none\\x.bak", /67\(The network name cannot be found\.\)/],
      ] as const)
        await estate.refuses(`BACKUP DATABASE mgc TO DISK = N'${path}'`, cannotOpen(system));
      estate.files.deny({ host: "*", account: "DCI\\svc-sql-p1", path: SHARE, access: "write" });
      await estate.refuses(BACKUP, cannotOpen(/5\(Access is denied\.\)/));
    },
  },
  {
    number: "D7",
    certainty: "documented",
    source: cite("errors3000"),
    title: "the share is full in the middle: 3202 with 112, the partial file stays",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      estate.files.freeBytes.set(SHARE, 100_000);
      await estate.refuses(BACKUP, [
        [3202, 16, /^Write on ".*" failed: 112\(There is not enough space on the disk\.\)$/],
        FULL,
      ]);
      assert.equal(statSync(join(estate.files.shareDirectory(SHARE), "mgc.bak")).size, 100_000);
    },
  },
  {
    number: "D8",
    certainty: "documented",
    source: cite("backup"),
    title: "NOINIT is the default: the set is appended at the next position",
    run: async (estate) => {
      for (const batch of [...chatDatabase, BACKUP, BACKUP]) await estate.run(batch);
      assert.deepEqual(
        (await estate.rows(HEADER)).map((row) => row["Position"]),
        ["1", "2"],
      );
    },
  },
  {
    number: "D9",
    certainty: "documented",
    source: cite("backup", "errors4000"),
    title: "INIT overwrites the sets; one that has not expired is refused with 4030 unless SKIP",
    run: async (estate) => {
      for (const batch of [...chatDatabase, BACKUP, `${BACKUP} WITH INIT, RETAINDAYS = 5`]) await estate.run(batch);
      assert.equal((await estate.rows(HEADER)).length, 1);
      assert.ok(numbers(await estate.refuses(`${BACKUP} WITH INIT`, [FULL])).includes(4030));
      await estate.run(`${BACKUP} WITH INIT, SKIP, NAME = N'one'`);
      await estate.refuses(`${BACKUP} WITH INIT, NAME = N'two'`, [FULL]);
    },
  },
  {
    number: "D10",
    certainty: "documented",
    source: cite("backup", "errors3000"),
    title: "FORMAT makes new media, over any set; with NOINIT it is refused with 3031",
    run: async (estate) => {
      for (const batch of [...chatDatabase, `${BACKUP} WITH RETAINDAYS = 5`, BACKUP, `${BACKUP} WITH FORMAT`])
        await estate.run(batch);
      assert.equal((await estate.rows(HEADER)).length, 1);
      await estate.refuses(`${BACKUP} WITH FORMAT, NOINIT`, [[3031, 16], FULL]);
    },
  },
  {
    number: "D11",
    certainty: "documented",
    source: cite("backup", "errors3000"),
    title: "a file that is no backup: 3242 unless FORMAT",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      writeFileSync(join(estate.files.shareDirectory(SHARE), "mgc.bak"), "not a backup");
      await estate.refuses(BACKUP, [[3242, 16], FULL]);
      await estate.run(`${BACKUP} WITH FORMAT`);
    },
  },
  {
    number: "D12",
    certainty: "documented",
    source: cite("errors3000"),
    title: "compressed onto uncompressed media: 3098",
    run: refused(`${BACKUP} WITH COMPRESSION`, [[3098, 16], FULL], BACKUP),
  },
  {
    number: "D13",
    certainty: "documented",
    source: cite("errors3000"),
    title: "one device of a set of two: 3132",
    run: refused(
      BACKUP,
      [
        [3132, 16, /^The media set has 2 media families but only 1 are provided\. All members must be provided\.$/],
        FULL,
      ],
      `${BACKUP}, DISK = N'${SHARE}\\second.bak' WITH FORMAT`,
    ),
  },
  {
    number: "D14",
    certainty: "documented",
    source: cite("errors3000"),
    title: "65 devices 3205, a path that is too long 3057, an empty one 3044",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      const devices = Array.from({ length: 65 }, (_, index) => `DISK = N'${SHARE}\\${String(index)}.bak'`);
      for (const [list, number] of [
        [devices.join(", "), 3205],
        [`DISK = N'D:\\${"x".repeat(300)}'`, 3057],
        ["DISK = N''", 3044],
      ] as const)
        await estate.refuses(`BACKUP DATABASE mgc TO ${list}`, [[number, 16], FULL]);
    },
  },
  {
    number: "D15",
    certainty: "documented",
    source: cite("errors3000"),
    title: "BLOCKSIZE that is no power of two 3253, out of range 3250",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      await estate.refuses(`${BACKUP} WITH BLOCKSIZE = 1000`, [[3253, 16], FULL]);
      await estate.refuses(`${BACKUP} WITH BLOCKSIZE = 131072`, [[3250, 16], FULL]);
    },
  },
  {
    number: "D16",
    certainty: "documented",
    source: cite("errors0", "backup"),
    title: "WITH an unknown word, TRUNCATE_ONLY or NO_LOG: 155, nothing of the batch runs",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      for (const word of ["SOMETHING", "TRUNCATE_ONLY", "NO_LOG"])
        await estate.refuses(`${LOG} WITH ${word}`, [
          [155, 15, new RegExp(`^'${word}' is not a recognized BACKUP option\\.$`)],
        ]);
    },
  },
  {
    number: "D17",
    certainty: "documented",
    source: cite("errors3000"),
    title: "in an explicit or implicit transaction: 3021",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      const within: readonly ExpectedError[] = [
        [3021, 16, /^Cannot perform a backup or restore operation within a transaction\.$/],
        FULL,
      ];
      await estate.refuses(`BEGIN TRANSACTION; ${BACKUP}; ROLLBACK`, within);
      await estate.refuses(`SET IMPLICIT_TRANSACTIONS ON; SELECT a FROM mgc.dbo.t; ${BACKUP}; ROLLBACK`, within);
    },
  },
  {
    number: "D18",
    certainty: "documented",
    source: cite("error3023"),
    title: "a second BACKUP DATABASE at the same time: 3023; BACKUP LOG beside it is allowed, not into its file (32)",
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
      let done = false;
      meanwhile = async () => {
        await refuses(other, `BACKUP DATABASE mgc TO DISK = N'${SHARE}\\other.bak'`, [[3023, 16], FULL]);
        await refuses(other, `BACKUP LOG mgc TO DISK = N'${BAK}'`, [
          [3201, 16, /32\(The process cannot access the file because it is being used by another process\.\)/],
          OF_LOG,
        ]);
        await refuses(other, LOG, []);
        done = true;
      };
      await estate.run(BACKUP);
      assert.ok(done);
    },
  },
  {
    number: "D19",
    certainty: "documented",
    source: cite("errors4000"),
    title: "SIMPLE: BACKUP LOG is refused with 4208",
    run: refused(LOG, [[4208, 16], OF_LOG], "ALTER DATABASE mgc SET RECOVERY SIMPLE"),
  },
  {
    number: "D20",
    certainty: "documented",
    source: cite("errors4000", "recoveryStatus"),
    title: "no full backup, or a chain broken by SIMPLE: BACKUP LOG is 4214, last_log_backup_lsn NULL",
    run: async (estate) => {
      const none: readonly ExpectedError[] = [
        [4214, 16, /^BACKUP LOG cannot be performed because there is no current database backup\.$/],
        OF_LOG,
      ];
      await estate.run("CREATE DATABASE mgc");
      await estate.refuses(LOG, none);
      await estate.run(`${BACKUP}; ALTER DATABASE mgc SET RECOVERY SIMPLE; ALTER DATABASE mgc SET RECOVERY FULL`);
      await estate.refuses(LOG, none);
      assert.equal(await estate.value(LAST_LOG), null);
    },
  },
  {
    number: "D21",
    certainty: "documented",
    source: cite("errors3000"),
    title: "DIFFERENTIAL without a base: 3035",
    run: refusal({
      before: ["CREATE DATABASE mgc"],
      statement: `${BACKUP} WITH DIFFERENTIAL`,
      errors: [[3035, 16], FULL],
    }),
  },
  {
    number: "D23",
    certainty: "documented",
    source: cite("backup"),
    title: "COPY_ONLY moves neither the differential base nor last_log_backup_lsn",
    run: async (estate) => {
      for (const batch of chatDatabase) await estate.run(batch);
      const base =
        "SELECT differential_base_lsn FROM sys.master_files WHERE database_id = DB_ID(N'mgc') AND type_desc = N'ROWS'";
      const before = [await estate.value(base), await estate.value(LAST_LOG)];
      await estate.run(`${BACKUP} WITH COPY_ONLY; ${LOG} WITH COPY_ONLY`);
      assert.deepEqual([await estate.value(base), await estate.value(LAST_LOG)], before);
      assert.equal(
        await estate.value("SELECT COUNT(*) FROM msdb.dbo.backupset WHERE is_copy_only = 1 AND database_name = N'mgc'"),
        "2",
      );
      await estate.run(`${BACKUP} WITH DIFFERENTIAL, COPY_ONLY`);
      const last = "SELECT TOP (1) type FROM msdb.dbo.backupset ORDER BY backup_set_id DESC";
      assert.equal(await estate.value(last), "I");
    },
  },
  {
    number: "D24",
    certainty: "well known",
    source: cite("backup"),
    title: "a full backup does not move last_log_backup_lsn",
    run: async (estate) => {
      for (const batch of [...chatDatabase, LOG, "INSERT mgc.dbo.t VALUES (2)"]) await estate.run(batch);
      const before = await estate.value(LAST_LOG);
      await estate.run(BACKUP);
      assert.equal(await estate.value(LAST_LOG), before);
    },
  },
  {
    number: "D25",
    certainty: "documented",
    source: cite("recoverToLsn", "recoveryStatus"),
    title: "log sets join: first_lsn of the next is last_lsn of this, which is last_log_backup_lsn",
    run: async (estate) => {
      for (const batch of [...chatDatabase, LOG, "INSERT mgc.dbo.t VALUES (2)", LOG]) await estate.run(batch);
      const [first, second] = await estate.rows(`RESTORE HEADERONLY FROM DISK = N'${SHARE}\\mgc.trn'`);
      assert.equal(second?.["FirstLSN"], first?.["LastLSN"]);
      assert.equal(await estate.value(LAST_LOG), second?.["LastLSN"]);
    },
  },
  {
    number: "D26",
    certainty: "documented",
    source: cite("errors4000"),
    title: "READ_ONLY: a full backup with is_readonly 1; BACKUP LOG with 4217",
    run: async (estate) => {
      for (const batch of [...chatDatabase, "ALTER DATABASE mgc SET READ_ONLY", BACKUP]) await estate.run(batch);
      assert.equal(
        await estate.value("SELECT TOP (1) is_readonly FROM msdb.dbo.backupset ORDER BY backup_set_id DESC"),
        "1",
      );
      assert.ok(numbers(await estate.run(LOG)).includes(4217));
    },
  },
  {
    number: "D27",
    certainty: "documented",
    source: cite("tailLog", "headerOnly"),
    title: "the tail WITH NORECOVERY leaves the database RESTORING; is_force_offline 1, Flags 256",
    run: async (estate) => {
      for (const batch of [...chatDatabase, `${LOG} WITH NORECOVERY`]) await estate.run(batch);
      assert.equal(await estate.value(STATE), "RESTORING");
      const last = "SELECT TOP (1) is_force_offline FROM msdb.dbo.backupset ORDER BY backup_set_id DESC";
      assert.equal(await estate.value(last), "1");
      const [header] = await estate.rows(`RESTORE HEADERONLY FROM DISK = N'${SHARE}\\mgc.trn'`);
      assert.equal(Number(header?.["Flags"]) & 256, 256);
    },
  },
];
