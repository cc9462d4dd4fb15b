/** RESTORE DATABASE: what it refuses before it touches anything. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { cite } from "./sources";
import { chatDatabase, refusal, refuses, SHARE, terminating, type ExpectedError, type Rule } from "./support";

export const BAK = `${SHARE}\\mgc.bak`;
export const BACKUP = `BACKUP DATABASE mgc TO DISK = N'${BAK}' WITH FORMAT, CHECKSUM`;
export const TAIL = `BACKUP LOG mgc TO DISK = N'${SHARE}\\tail.trn' WITH FORMAT, NORECOVERY`;
export const RESTORE = `RESTORE DATABASE mgc FROM DISK = N'${BAK}'`;
export const STATE = "SELECT state_desc FROM sys.databases WHERE name = N'mgc'";
export const COUNT = "SELECT COUNT(*) FROM mgc.dbo.t";
export const FULL = terminating("RESTORE DATABASE");
export const OF_LOG = terminating("RESTORE LOG");
/** Behind the cause when a file has no place. */
const UNPLACED: readonly ExpectedError[] = [[3156, 16], [3119, 16], FULL];

/** A backup of mgc with one row, and mgc as it is then. */
export const backedUp: readonly string[] = [...chatDatabase, BACKUP];
const OTHER = `RESTORE DATABASE other FROM DISK = N'${BAK}'`;

function moved(data: string, log = "E:\\SQLLog\\other.ldf"): string {
  return `${OTHER} WITH MOVE N'mgc' TO N'${data}', MOVE N'mgc_log' TO N'${log}'`;
}

function refused(statement: string, errors: readonly ExpectedError[], ...before: readonly string[]): Rule["run"] {
  return refusal({ before: [...backedUp, ...before], statement, errors });
}

export const restoreRules: readonly Rule[] = [
  {
    number: "E1",
    certainty: "documented",
    source: cite("restore"),
    title: "neither RECOVERY nor NORECOVERY: the database is ONLINE afterwards",
    run: async (estate) => {
      for (const batch of [...backedUp, `${RESTORE} WITH REPLACE`]) await estate.run(batch);
      assert.equal(await estate.value(STATE), "ONLINE");
    },
  },
  {
    number: "E2",
    certainty: "documented",
    source: cite("errors4000"),
    title: "no FILE: the first set; FILE beyond the last: 4038",
    run: async (estate) => {
      for (const batch of [
        ...backedUp,
        `INSERT mgc.dbo.t VALUES (2); BACKUP DATABASE mgc TO DISK = N'${BAK}'`,
        `${RESTORE} WITH REPLACE`,
      ])
        await estate.run(batch);
      assert.equal(await estate.value(COUNT), "1");
      await estate.refuses(`${RESTORE} WITH REPLACE, FILE = 3`, [[4038, 16, /^Cannot find file ID 3 on device/], FULL]);
    },
  },
  {
    number: "E3",
    certainty: "documented",
    source: cite("errors3000", "restore"),
    title: "the database is in use: 3101",
    run: async (estate) => {
      for (const batch of backedUp) await estate.run(batch);
      await estate.connect({ database: "mgc" });
      await estate.refuses(`${RESTORE} WITH REPLACE`, [[3101, 16], FULL]);
    },
  },
  {
    number: "E4",
    certainty: "documented",
    source: cite("errors3000"),
    title: "from inside the database: 3102",
    run: refused(`USE mgc; ${RESTORE} WITH REPLACE`, [[3102, 16], FULL]),
  },
  {
    number: "E5",
    certainty: "documented",
    source: cite("errors3000"),
    title: "in a transaction: 3021",
    run: refused(`BEGIN TRANSACTION; ${RESTORE} WITH REPLACE; ROLLBACK`, [[3021, 16], FULL]),
  },
  {
    number: "E6",
    certainty: "documented",
    source: cite("errors3000", "restore"),
    title: "an existing database of another family, without REPLACE: 3154",
    run: refused(
      RESTORE,
      [[3154, 16, /^The backup set holds a backup of a database other than the existing 'mgc' database\.$/], FULL],
      "DROP DATABASE mgc; CREATE DATABASE mgc",
    ),
  },
  {
    number: "E7",
    certainty: "documented",
    source: cite("errors3000", "error3159"),
    title: "FULL, ONLINE, log not backed up, without REPLACE: 3159",
    run: refused(RESTORE, [[3159, 16, /^The tail of the log for the database "mgc" has not been backed up\./], FULL]),
  },
  {
    number: "E8",
    certainty: "documented",
    source: cite("tailLog"),
    title: "after the tail WITH NORECOVERY no REPLACE is needed",
    run: async (estate) => {
      for (const batch of [...backedUp, TAIL, RESTORE]) await estate.run(batch);
      assert.equal(await estate.value(COUNT), "1");
    },
  },
  {
    number: "E9",
    certainty: "documented",
    source: cite("errors3000"),
    title: "a file that is nobody's is in the place: 3142 without REPLACE",
    run: async (estate) => {
      for (const batch of [...backedUp, "DROP DATABASE mgc"]) await estate.run(batch);
      writeFileSync((await estate.instance()).core.locate("D:\\SQLData\\mgc.mdf", "write").file, "left");
      await estate.refuses(RESTORE, [[3142, 16], ...UNPLACED]);
      await estate.run(`${RESTORE} WITH REPLACE`);
    },
  },
  {
    number: "E10",
    certainty: "well known",
    source: cite("errors3000"),
    title: "the file of another database is in the place: 1834, also with REPLACE",
    run: async (estate) => {
      for (const batch of backedUp) await estate.run(batch);
      for (const statement of [OTHER, `${OTHER} WITH REPLACE`])
        await estate.refuses(statement, [[1834, 16], ...UNPLACED]);
    },
  },
  {
    number: "E11",
    certainty: "well known",
    source: cite("errors5000", "errors3000"),
    title: "target folder absent: 5133",
    run: refused(moved("D:\\Nowhere\\other.mdf"), [
      [5133, 16, /^Directory lookup for the file ".*" failed with the operating system error [23]\(/],
      ...UNPLACED,
    ]),
  },
  {
    number: "E12",
    certainty: "well known",
    source: cite("errors5000"),
    title: "target folder without right: 5123 with 5(Access is denied.)",
    run: async (estate) => {
      for (const batch of backedUp) await estate.run(batch);
      estate.files.makeFolder("SQL-P1", "D:\\Closed");
      estate.files.deny({ host: "*", account: "DCI\\svc-sql-p1", path: "D:\\Closed", access: "write" });
      await estate.refuses(moved("D:\\Closed\\other.mdf"), [[5123, 16, /5\(Access is denied\.\)/], ...UNPLACED]);
    },
  },
  {
    number: "E13",
    certainty: "documented",
    source: cite("errors3000"),
    title: "volume too small: 3257 with both numbers, nothing is written",
    run: async (estate) => {
      for (const batch of [...backedUp, TAIL]) await estate.run(batch);
      estate.files.freeBytes.set("SQL-P2|D:", 1000);
      await estate.refuses(
        RESTORE,
        [[3257, 16, /requires \d+ additional free bytes, while only 1000 bytes are available/], [3119, 16], FULL],
        "SQL-P2",
      );
      assert.equal((await estate.rows(STATE, "SQL-P2")).length, 0);
    },
  },
  {
    number: "E14",
    certainty: "documented",
    source: cite("errors3000", "errors4000"),
    title: "MOVE of an unknown file 3234, twice the same 4353, two files to one place 3176",
    run: async (estate) => {
      for (const batch of backedUp) await estate.run(batch);
      await estate.refuses(`${OTHER} WITH MOVE N'nope' TO N'D:\\SQLData\\n.mdf'`, [[3234, 16], FULL]);
      await estate.refuses(`${OTHER} WITH MOVE N'mgc' TO N'D:\\SQLData\\o.mdf', MOVE N'mgc' TO N'D:\\SQLData\\p.mdf'`, [
        [4353, 16],
        FULL,
      ]);
      await estate.refuses(moved("D:\\SQLData\\o.mdf", "D:\\SQLData\\o.mdf"), [[3176, 16], [3119, 16], FULL]);
    },
  },
  {
    number: "E20",
    certainty: "documented",
    source: cite("errors3000"),
    title: "RESTORE DATABASE WITH RECOVERY on ONLINE: 3153",
    run: refused("RESTORE DATABASE mgc WITH RECOVERY", [
      [3153, 16, /^The database is already fully recovered\.$/],
      FULL,
    ]),
  },
  {
    number: "E21",
    certainty: "documented",
    source: cite("errors3000"),
    title: "RESTORE LOG on ONLINE 3117, on an absent database 3118",
    run: async (estate) => {
      const log = `DISK = N'${SHARE}\\log.trn'`;
      for (const batch of [...backedUp, `BACKUP LOG mgc TO ${log}`]) await estate.run(batch);
      await estate.refuses(`RESTORE LOG mgc FROM ${log}`, [[3117, 16], OF_LOG]);
      await estate.refuses(`RESTORE LOG nowhere FROM ${log}`, [[3118, 16], OF_LOG]);
    },
  },
  {
    number: "E22",
    certainty: "documented",
    source: cite("errors3000"),
    title: "RESTORE DATABASE from a log set: 3135",
    run: refused(`RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\tail.trn'`, [[3135, 16], FULL], TAIL),
  },
  {
    number: "E23",
    certainty: "documented",
    source: cite("errors3000"),
    title: "a set of a newer version: 3169 with both versions",
    run: async (estate) => {
      await estate.start("SQL-P1", { version: { major: 12, minor: 0, build: 6024 } });
      for (const batch of backedUp) await estate.run(batch);
      await estate.refuses(RESTORE, [[3169, 16, /version 12\.00\.6024.*version 11\.00\.7001/], FULL], "SQL-P2");
    },
  },
  {
    number: "E26",
    certainty: "documented",
    source: cite("errors3000"),
    title: "CHECKSUM asked of a set without: 3187",
    run: refused(
      `${RESTORE} WITH REPLACE, CHECKSUM`,
      [[3187, 16], FULL],
      `BACKUP DATABASE mgc TO DISK = N'${BAK}' WITH FORMAT, NO_CHECKSUM`,
    ),
  },
  {
    number: "E27",
    certainty: "documented",
    source: cite("errors3000"),
    title: "not all stripes 3132; one of them twice 3227",
    run: async (estate) => {
      const [one, two] = [`DISK = N'${SHARE}\\one.bak'`, `DISK = N'${SHARE}\\two.bak'`];
      for (const batch of [...chatDatabase, `BACKUP DATABASE mgc TO ${one}, ${two}`]) await estate.run(batch);
      await estate.refuses(`RESTORE DATABASE mgc FROM ${one} WITH REPLACE`, [[3132, 16], FULL]);
      await estate.refuses(`RESTORE DATABASE mgc FROM ${one}, ${one} WITH REPLACE`, [[3227, 16], FULL]);
    },
  },
  {
    number: "E28",
    certainty: "documented",
    source: cite("errors3000"),
    title: "the file is absent: 3201 with 2(The system cannot find the file specified.)",
    run: refusal({
      statement: RESTORE,
      errors: [
        [3201, 16, /^Cannot open backup device '.*'\. Operating system error 2\(The system cannot find the file/],
        FULL,
      ],
    }),
  },
  {
    number: "E30",
    certainty: "documented",
    source: cite("restore"),
    title: "REPLACE lifts neither 3101 nor 3110 nor 3169; of 3104, 3183, 3241 other rules tell",
    run: async (estate) => {
      await estate.start("SQL-P2", { version: { major: 12, minor: 0, build: 6024 } });
      for (const batch of backedUp) await estate.run(batch);
      const newer = `${SHARE}\\newer.bak`;
      await estate.run(`CREATE DATABASE mgc; BACKUP DATABASE mgc TO DISK = N'${newer}'`, "SQL-P2");
      await estate.refuses(`RESTORE DATABASE mgc FROM DISK = N'${newer}' WITH REPLACE`, [[3169, 16], FULL]);
      const inside = await estate.connect({ database: "mgc" });
      await estate.refuses(`${RESTORE} WITH REPLACE`, [[3101, 16], FULL]);
      inside.close();
      await estate.run("CREATE LOGIN reader WITH PASSWORD = N'Reader-1'");
      const reader = await estate.connect({ user: "reader", password: "Reader-1" });
      await refuses(reader, `${RESTORE} WITH REPLACE`, [[3110, 14], FULL]);
    },
  },
];
