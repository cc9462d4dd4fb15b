/** RESTORE, continued: damaged media, interruption, what is there afterwards, and the statements that only look. */
import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { ask } from "../server-catalog-estate";
import { BACKUP, BAK, backedUp, COUNT, FULL, OF_LOG, RESTORE, STATE, TAIL } from "./restore";
import { cite } from "./sources";
import { numbers, refuses, SHARE, terminating, type Rule, type RuleEstate } from "./support";

const REDO = "SELECT redo_start_lsn FROM sys.master_files WHERE database_id = DB_ID(N'mgc') AND type_desc = N'ROWS'";
const STATUS = "FROM sys.database_recovery_status WHERE database_id = DB_ID(N'mgc')";
/** An instance that has not made the backup. */
const ELSEWHERE = "SQL-P2";

function media(estate: RuleEstate): string {
  return join(estate.files.shareDirectory(SHARE), "mgc.bak");
}

/** Turns one bit of the media. */
function flip(file: string, at: number): void {
  const byte = readFileSync(file)[at];
  assert.notEqual(byte, undefined, `the media has no byte ${String(at)}`);
  const handle = openSync(file, "r+");
  writeSync(handle, Buffer.from([(byte ?? 0) ^ 1]), 0, 1, at);
  closeSync(handle);
}

/** A byte within a page of the set: behind the header of the media, the set's and the first piece's. */
const IN_A_PAGE = 65_536 * 2 + 4096 + 8192 * 3 + 77;
/** A byte within the header of the media. */
const IN_THE_HEADER = 20;

async function after(estate: RuleEstate, ...more: readonly string[]): Promise<void> {
  for (const batch of [...backedUp, ...more]) await estate.run(batch);
}

export const restoreResultRules: readonly Rule[] = [
  {
    number: "E15",
    certainty: "documented",
    source: cite("restore"),
    title: "over an existing database: the set's content, options and owner; TRUSTWORTHY off; 4035, 3014",
    run: async (estate) => {
      await after(estate, "INSERT mgc.dbo.t VALUES (2)", "ALTER DATABASE mgc SET RECOVERY SIMPLE");
      await estate.run("ALTER DATABASE mgc SET TRUSTWORTHY ON");
      const told = numbers(await estate.run(`${RESTORE} WITH REPLACE`));
      assert.ok(told.includes(4035));
      assert.equal(told.at(-1), 3014);
      const [row] = await estate.rows(
        "SELECT recovery_model_desc, user_access_desc, is_trustworthy_on, SUSER_SNAME(owner_sid) AS owner FROM sys.databases WHERE name = N'mgc'",
      );
      assert.deepEqual(Object.values(row ?? {}), ["FULL", "MULTI_USER", "0", "sa"]);
      assert.equal(await estate.value(COUNT), "1");
    },
  },
  {
    number: "E16",
    certainty: "documented",
    source: cite("restore"),
    title: "a set that was READ_ONLY: the database is READ_ONLY",
    run: async (estate) => {
      await after(estate, "ALTER DATABASE mgc SET READ_ONLY", BACKUP, "ALTER DATABASE mgc SET READ_WRITE");
      await estate.run(`${RESTORE} WITH REPLACE`);
      assert.equal(await estate.value("SELECT is_read_only FROM sys.databases WHERE name = N'mgc'"), "1");
    },
  },
  {
    number: "E17",
    certainty: "documented",
    source: cite("restore", "recoveryStatus"),
    title: "absent database: created, with a new database_guid and the set's family_guid",
    run: async (estate) => {
      await after(estate);
      await estate.run(RESTORE, ELSEWHERE);
      const family = `SELECT family_guid ${STATUS}`;
      assert.equal(await estate.value(family, ELSEWHERE), await estate.value(family));
      const guid = `SELECT database_guid ${STATUS}`;
      assert.notEqual(await estate.value(guid, ELSEWHERE), await estate.value(guid));
      await estate.run("CREATE LOGIN reader WITH PASSWORD = N'Reader-1'; DROP DATABASE mgc", ELSEWHERE);
      const reader = await estate.connect({ user: "reader", password: "Reader-1" }, ELSEWHERE);
      await refuses(reader, RESTORE, [[262, 14], FULL]);
    },
  },
  {
    number: "E18",
    certainty: "documented",
    source: cite("masterFiles"),
    title: "NORECOVERY: RESTORING, redo_start_lsn and its fork are there",
    run: async (estate) => {
      await after(estate, `${RESTORE} WITH REPLACE, NORECOVERY`);
      assert.equal(await estate.value(STATE), "RESTORING");
      assert.notEqual(await estate.value(REDO), null);
      assert.notEqual(await estate.value(REDO.replace("redo_start_lsn", "redo_start_fork_guid")), null);
    },
  },
  {
    number: "E19",
    certainty: "documented",
    source: cite("restore"),
    title: "RESTORE DATABASE WITH RECOVERY on RESTORING: ONLINE, no row in restorehistory",
    run: async (estate) => {
      await after(estate, `${RESTORE} WITH REPLACE, NORECOVERY`);
      const history = "SELECT COUNT(*) FROM msdb.dbo.restorehistory";
      const before = await estate.value(history);
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY");
      assert.equal(await estate.value(STATE), "ONLINE");
      assert.equal(await estate.value(history), before);
    },
  },
  {
    number: "E24",
    certainty: "documented",
    source: cite("errors3000"),
    title: "a flipped bit in a page: 3183 with the page; in the header: 3241",
    run: async (estate) => {
      await after(estate);
      flip(media(estate), IN_A_PAGE);
      await estate.refuses(`${RESTORE} WITH REPLACE`, [[3183, 16, /error on page \(1:\d+\)/], FULL]);
      flip(media(estate), IN_THE_HEADER);
      await estate.refuses(`${RESTORE} WITH REPLACE`, [[3241, 16], FULL]);
    },
  },
  {
    number: "E25",
    certainty: "documented",
    source: cite("errors3000"),
    title: "a file that was cut: 3203 with 38; HEADERONLY lists the set as incomplete",
    run: async (estate) => {
      await after(estate);
      truncateSync(media(estate), statSync(media(estate)).size - 80_000);
      await estate.refuses(`${RESTORE} WITH REPLACE`, [
        [3203, 16, /^Read on ".*" failed: 38\(Reached the end of the file\.\)$/],
        FULL,
      ]);
      assert.equal((await estate.rows(`RESTORE HEADERONLY FROM DISK = N'${BAK}'`)).length, 1);
    },
  },
  {
    number: "E29",
    certainty: "documented",
    source: cite("errors3000", "errors4000"),
    title: "interrupted: 3204; RESTORING without redo_start_lsn; RESTORE LOG is 4319; a full restore works again",
    run: async (estate) => {
      const stop = new AbortController();
      let armed = false;
      await estate.start("SQL-P1", {
        transferred: () => {
          if (armed) stop.abort();
          return Promise.resolve();
        },
      });
      const log = `DISK = N'${SHARE}\\log.trn'`;
      await after(estate, `BACKUP LOG mgc TO ${log}`);
      armed = true;
      const { errors } = await ask(await estate.sa(), `${RESTORE} WITH REPLACE`, stop.signal);
      armed = false;
      assert.deepEqual(errors, [3204, 3013]);
      await estate.restart();
      assert.deepEqual([await estate.value(STATE), await estate.value(REDO)], ["RESTORING", null]);
      await estate.refuses(`RESTORE LOG mgc FROM ${log}`, [[4319, 16], OF_LOG]);
      await estate.run(RESTORE);
      assert.equal(await estate.value(COUNT), "1");
    },
  },
  {
    number: "E31",
    certainty: "documented",
    source: cite("headerOnly"),
    title: "HEADERONLY: one row per set; containment from 11, KeyAlgorithm only from 12",
    run: async (estate) => {
      await after(estate, `BACKUP DATABASE mgc TO DISK = N'${BAK}'`);
      const rows = await estate.rows(`RESTORE HEADERONLY FROM DISK = N'${BAK}'`);
      assert.equal(rows.length, 2);
      const columns = Object.keys(rows[0] ?? {}).map((name) => name.toLowerCase());
      assert.ok(columns.includes("containment"));
      assert.ok(!columns.includes("keyalgorithm"));
      await estate.start("SQL-P2", { version: { major: 12, minor: 0, build: 6024 } });
      const [later] = await estate.rows(`RESTORE HEADERONLY FROM DISK = N'${BAK}'`, "SQL-P2");
      assert.ok(Object.keys(later ?? {}).some((name) => name.toLowerCase() === "keyalgorithm"));
    },
  },
  {
    number: "E32",
    certainty: "documented",
    source: cite("errors3000"),
    title: "FILELISTONLY, LABELONLY, VERIFYONLY and HEADERONLY of an absent file: 3201, 3013 with their names",
    run: async (estate) => {
      for (const [statement, name] of [
        ["HEADERONLY", "RESTORE HEADERONLY"],
        ["FILELISTONLY", "RESTORE FILELIST"],
        ["LABELONLY", "RESTORE LABELONLY"],
        ["VERIFYONLY", "VERIFY DATABASE"],
      ] as const)
        await estate.refuses(`RESTORE ${statement} FROM DISK = N'${BAK}'`, [[3201, 16], terminating(name)]);
    },
  },
  {
    number: "E33",
    certainty: "documented",
    source: cite("errors3000"),
    title: "VERIFYONLY of a good set: 3262, no database changes; LOADHISTORY writes the history",
    run: async (estate) => {
      await after(estate);
      const verify = `RESTORE VERIFYONLY FROM DISK = N'${BAK}'`;
      const answer = await estate.run(verify, ELSEWHERE);
      assert.equal(answer.messages.at(-1)?.text, "The backup set on file 1 is valid.");
      const sets = "SELECT COUNT(*) FROM msdb.dbo.backupset";
      assert.equal(await estate.value(sets, ELSEWHERE), "0");
      await estate.run(`${verify} WITH LOADHISTORY`, ELSEWHERE);
      assert.equal(await estate.value(sets, ELSEWHERE), "1");
      assert.equal((await estate.rows(STATE, ELSEWHERE)).length, 0);
    },
  },
  {
    number: "E34",
    certainty: "documented",
    source: cite("backupSet", "restoreHistory"),
    title: "a restore writes backupset (same uuid, original server_name), restorehistory and restorefile where it runs",
    run: async (estate) => {
      await after(estate);
      await estate.run(`${RESTORE} WITH NORECOVERY`, ELSEWHERE);
      const uuid = "SELECT TOP (1) backup_set_uuid FROM msdb.dbo.backupset ORDER BY backup_set_id DESC";
      assert.equal(await estate.value(uuid, ELSEWHERE), await estate.value(uuid));
      const [row] = await estate.rows(
        `SELECT s.server_name, h.restore_type, h.replace, h.recovery FROM msdb.dbo.restorehistory h
         JOIN msdb.dbo.backupset s ON s.backup_set_id = h.backup_set_id`,
        ELSEWHERE,
      );
      assert.deepEqual(Object.values(row ?? {}), ["SQL-P1", "D", "0", "0"]);
      assert.equal(await estate.value("SELECT COUNT(*) FROM msdb.dbo.restorefile", ELSEWHERE), "2");
    },
  },
  {
    number: "E35",
    certainty: "documented",
    source: cite("restore"),
    title: "WITH RESTRICTED_USER: user access is RESTRICTED_USER afterwards",
    run: async (estate) => {
      await after(estate, `${RESTORE} WITH REPLACE, RESTRICTED_USER`);
      const access = "SELECT user_access_desc FROM sys.databases WHERE name = N'mgc'";
      assert.equal(await estate.value(access), "RESTRICTED_USER");
    },
  },
  {
    number: "E36",
    certainty: "well known",
    source: "",
    title: "REPLACE over a RESTORING or an OFFLINE database is allowed",
    run: async (estate) => {
      await after(estate, TAIL, `${RESTORE} WITH REPLACE`, "ALTER DATABASE mgc SET OFFLINE", `${RESTORE} WITH REPLACE`);
      assert.equal(await estate.value(COUNT), "1");
    },
  },
  {
    number: "E37",
    certainty: "documented",
    source: cite("requests"),
    title: "while it runs: command RESTORE DATABASE with percent_complete; others are refused with 927 or 952",
    run: async (estate) => {
      let meanwhile: (() => Promise<void>) | undefined;
      await estate.start("SQL-P1", {
        transferred: async () => {
          const work = meanwhile;
          meanwhile = undefined;
          await work?.();
        },
      });
      await after(estate);
      const other = await estate.connect();
      let done = false;
      meanwhile = async () => {
        const query =
          "SELECT command, CASE WHEN percent_complete BETWEEN 0 AND 100 THEN 1 ELSE 0 END AS complete FROM sys.dm_exec_requests WHERE session_id <> @@SPID AND command LIKE N'RESTORE%'";
        const { rows } = await refuses(other, query, []);
        assert.deepEqual(rows, [{ command: "RESTORE DATABASE", complete: "1" }]);
        const { errors } = await ask(other, "USE mgc");
        assert.ok(errors[0] === 927 || errors[0] === 952, String(errors[0]));
        done = true;
      };
      await estate.run(`${RESTORE} WITH REPLACE`);
      assert.ok(done);
    },
  },
  {
    number: "E38",
    certainty: "well known",
    source: "",
    title:
      "a set with TDE where the certificate is absent: 33111; HEADERONLY reads it; with the certificate it restores",
    run: async (estate) => {
      const key = `FILE = N'${SHARE}\\tde.cer' WITH PRIVATE KEY (FILE = N'${SHARE}\\tde.pvk'`;
      await after(
        estate,
        "CREATE MASTER KEY ENCRYPTION BY PASSWORD = N'Master-1'",
        "CREATE CERTIFICATE tde WITH SUBJECT = N'TDE of mgc'",
        `BACKUP CERTIFICATE tde TO ${key}, ENCRYPTION BY PASSWORD = N'Key-1')`,
        "USE mgc; CREATE DATABASE ENCRYPTION KEY WITH ALGORITHM = AES_256 ENCRYPTION BY SERVER CERTIFICATE tde",
        "ALTER DATABASE mgc SET ENCRYPTION ON",
        `BACKUP DATABASE mgc TO DISK = N'${BAK}' WITH FORMAT`,
      );
      await estate.refuses(RESTORE, [[33111, 16, /with thumbprint '0x[0-9A-F]{40}'\.$/], FULL], ELSEWHERE);
      assert.equal((await estate.rows(`RESTORE HEADERONLY FROM DISK = N'${BAK}'`, ELSEWHERE)).length, 1);
      await estate.run("CREATE MASTER KEY ENCRYPTION BY PASSWORD = N'Master-2'", ELSEWHERE);
      const bring = (password: string) =>
        `CREATE CERTIFICATE other FROM ${key}, DECRYPTION BY PASSWORD = N'${password}')`;
      await estate.refuses(bring("Key-2"), [[15465, 16]], ELSEWHERE);
      await estate.run(bring("Key-1"), ELSEWHERE);
      await estate.run(RESTORE, ELSEWHERE);
      const encrypted = "SELECT is_encrypted FROM sys.databases WHERE name = N'mgc'";
      assert.equal(await estate.value(encrypted, ELSEWHERE), "1");
    },
  },
  {
    number: "E39",
    certainty: "documented",
    source: cite("skuFeatures"),
    title: "a set with a feature of Enterprise on a lesser edition: restored, not started: 3167, 3013, 909, 933",
    run: async (estate) => {
      await estate.start("SQL-P2", { edition: "Express" });
      await after(estate);
      const table = "CREATE TABLE mgc.dbo.small (id int NOT NULL PRIMARY KEY) WITH (DATA_COMPRESSION = PAGE)";
      await estate.run(table);
      await estate.run(`BACKUP DATABASE mgc TO DISK = N'${BAK}' WITH FORMAT`);
      const features = await estate.rows(
        "USE mgc; SELECT feature_name, feature_id FROM sys.dm_db_persisted_sku_features",
      );
      assert.deepEqual(features, [{ feature_name: "Compression", feature_id: "100" }]);
      const started = [[3167, 16], FULL, [909, 21, /object 'small'/], [933, 21]] as const;
      await estate.refuses(RESTORE, started, ELSEWHERE);
      // Assumed: it stays RESTORING.
      assert.equal(await estate.value(STATE, ELSEWHERE), "RESTORING");
      await estate.run("DROP DATABASE mgc; CREATE DATABASE mgc", ELSEWHERE);
      await estate.refuses(table, [[7738, 16]], ELSEWHERE);
    },
  },
];
