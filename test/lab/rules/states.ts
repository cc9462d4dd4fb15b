/** States and user access of databases: what they refuse, and with which error. */
import assert from "node:assert/strict";
import { MIRROR, mirrored } from "./mirrored";
import { cite } from "./sources";
import { alterFailed, chatDatabase, refusal, refuses, type Rule, type RuleEstate, SHARE } from "./support";

const TAIL = `BACKUP LOG mgc TO DISK = N'${SHARE}\\tail.trn' WITH FORMAT, NORECOVERY`;
const restoring = [...chatDatabase, TAIL];
const offline = [...chatDatabase, "ALTER DATABASE mgc SET OFFLINE WITH ROLLBACK IMMEDIATE"];
const STATE = "SELECT state_desc FROM sys.databases WHERE name = N'mgc'";
const ACCESS = "SELECT user_access_desc FROM sys.databases WHERE name = N'mgc'";
const COUNT = "SELECT COUNT(*) FROM mgc.dbo.t";

async function make(estate: RuleEstate, ...more: readonly string[]): Promise<void> {
  for (const batch of [...chatDatabase, ...more]) await estate.run(batch);
}

export const stateRules: readonly Rule[] = [
  {
    number: "B1",
    certainty: "documented",
    source: cite("errors0"),
    title: "RESTORING: USE and a three-part name are refused with 927",
    run: async (estate) => {
      for (const batch of restoring) await estate.run(batch);
      for (const batch of ["USE mgc", "SELECT * FROM mgc.dbo.t"])
        await estate.refuses(batch, [
          [927, 14, /^Database 'mgc' cannot be opened\. It is in the middle of a restore\.$/],
        ]);
    },
  },
  {
    number: "B2",
    certainty: "documented",
    source: cite("errors0"),
    title: "mirror: USE is refused with 954",
    run: async (estate) => {
      await mirrored(estate);
      await estate.refuses("USE mgc", [[954, 14, /It is acting as a mirror database/]], MIRROR);
    },
  },
  {
    number: "B3",
    certainty: "documented",
    source: cite("errors0"),
    title: "OFFLINE: USE is refused with 942",
    run: refusal({ before: offline, statement: "USE mgc", errors: [[942, 14, /because it is offline/]] }),
  },
  {
    number: "B4",
    certainty: "documented",
    source: cite("errors0"),
    title: "SUSPECT: USE is refused with 926",
    run: async (estate) => {
      await make(estate);
      (await estate.instance()).core.require("mgc").change({ state: "SUSPECT" });
      await estate.refuses("USE mgc", [[926, 14, /It has been marked SUSPECT by recovery/]]);
    },
  },
  {
    number: "B5",
    certainty: "documented",
    source: cite("errors0"),
    title: "RECOVERING: USE is refused with 922; RECOVERY_PENDING, its files not accessible: with 945",
    run: async (estate) => {
      await make(estate);
      const { core } = await estate.instance();
      core.require("mgc").change({ state: "RECOVERING" });
      await estate.refuses("USE mgc", [[922, 14]]);
      core.require("mgc").change({ state: "RECOVERY_PENDING" });
      await estate.refuses("USE mgc", [[945, 16]]);
    },
  },
  {
    number: "B7",
    certainty: "documented",
    source: cite("errors0"),
    title: "SINGLE_USER held by another session: USE is refused with 924",
    run: async (estate) => {
      await make(estate, "USE mgc; ALTER DATABASE mgc SET SINGLE_USER WITH ROLLBACK IMMEDIATE");
      await refuses(await estate.connect(), "USE mgc", [
        [924, 14, /is already open and can only have one user at a time/],
      ]);
    },
  },
  {
    number: "B8",
    certainty: "documented",
    source: cite("errors0"),
    title: "RESTRICTED_USER: an ordinary user is refused with 923; dbcreator and sysadmin enter",
    run: async (estate) => {
      await make(
        estate,
        `CREATE LOGIN chat WITH PASSWORD = N'Chat-1'; CREATE LOGIN maker WITH PASSWORD = N'Maker-1';
         EXEC sp_addsrvrolemember N'maker', N'dbcreator';
         USE mgc; CREATE USER chat FOR LOGIN chat; CREATE USER maker FOR LOGIN maker; USE master;
         ALTER DATABASE mgc SET RESTRICTED_USER`,
      );
      await refuses(await estate.connect({ user: "chat", password: "Chat-1" }), "USE mgc", [[923, 14]]);
      await refuses(await estate.connect({ user: "maker", password: "Maker-1" }), "USE mgc", []);
      await estate.run("USE mgc");
    },
  },
  {
    number: "B9",
    certainty: "documented",
    source: cite("errors3000"),
    title: "READ_ONLY: INSERT, UPDATE, DELETE and CREATE are refused with 3906",
    run: async (estate) => {
      await make(estate, "ALTER DATABASE mgc SET READ_ONLY WITH ROLLBACK IMMEDIATE", "USE mgc");
      for (const batch of [
        "INSERT dbo.t VALUES (2)",
        "UPDATE dbo.t SET a = 9",
        "DELETE dbo.t",
        "CREATE TABLE dbo.u (a int)",
      ])
        await estate.refuses(batch, [
          [3906, 16, /^Failed to update database "mgc" because the database is read-only\.$/],
        ]);
    },
  },
  {
    number: "B10",
    certainty: "documented",
    source: cite("databases"),
    title: "sys.databases lists every database: RESTORING 1, OFFLINE 6, STANDBY is ONLINE with is_in_standby 1",
    run: async (estate) => {
      await make(estate);
      const query = "SELECT state, state_desc, is_in_standby FROM sys.databases WHERE name = N'mgc'";
      const shown = async (): Promise<readonly (string | null)[]> => Object.values((await estate.rows(query))[0] ?? {});
      assert.deepEqual(await shown(), ["0", "ONLINE", "0"]);
      await estate.run("ALTER DATABASE mgc SET OFFLINE");
      assert.deepEqual(await shown(), ["6", "OFFLINE", "0"]);
      await estate.run(`ALTER DATABASE mgc SET ONLINE; ${TAIL}`);
      assert.deepEqual(await shown(), ["1", "RESTORING", "0"]);
      await estate.run("RESTORE DATABASE mgc WITH STANDBY = N'D:\\SQLData\\mgc.undo'");
      assert.deepEqual(await shown(), ["0", "ONLINE", "1"]);
    },
  },
  {
    number: "B11",
    certainty: "documented",
    source: cite("errors5000"),
    title: "RESTORING: SET MULTI_USER, RECOVERY and READ_ONLY are refused with 5052",
    run: async (estate) => {
      for (const batch of restoring) await estate.run(batch);
      for (const option of ["MULTI_USER", "RECOVERY SIMPLE", "READ_ONLY"])
        await estate.refuses(`ALTER DATABASE mgc SET ${option}`, [
          [5052, 16, /is not permitted while a database is in the RESTORING state/],
          alterFailed,
        ]);
    },
  },
  {
    number: "B12",
    certainty: "documented",
    source: cite("errors5000"),
    title: "SINGLE_USER WITH ROLLBACK IMMEDIATE ends the sessions of others, undoes their work, and says 5060 (100%)",
    run: async (estate) => {
      await make(estate);
      const other = await estate.connect({ database: "mgc" });
      await refuses(other, "BEGIN TRANSACTION; INSERT dbo.t VALUES (2)", []);
      const answer = await estate.run("ALTER DATABASE mgc SET SINGLE_USER WITH ROLLBACK IMMEDIATE");
      assert.match(answer.messages.find((message) => message.number === 5060)?.text ?? "", /100%/);
      await refuses(other, "SELECT 1", [[596, 21]]);
      assert.equal(await estate.value(COUNT), "1");
    },
  },
  {
    number: "B13",
    certainty: "documented",
    source: cite("errors5000"),
    title: "users present: SET SINGLE_USER WITH NO_WAIT is refused at once with 5070",
    run: async (estate) => {
      await make(estate);
      await estate.connect({ database: "mgc" });
      await estate.refuses("ALTER DATABASE mgc SET SINGLE_USER WITH NO_WAIT", [[5070, 16], alterFailed]);
    },
  },
  {
    number: "B14",
    certainty: "well known",
    source: cite("errors5000"),
    title: "users present: SET SINGLE_USER without termination waits; LOCK_TIMEOUT ends it with 5061",
    run: async (estate) => {
      await make(estate);
      const other = await estate.connect({ database: "mgc" });
      await estate.refuses("SET LOCK_TIMEOUT 30; ALTER DATABASE mgc SET SINGLE_USER", [[5061, 16], alterFailed]);
      const waiting = estate.run("SET LOCK_TIMEOUT -1; ALTER DATABASE mgc SET SINGLE_USER");
      await refuses(other, "USE master", []);
      await waiting;
      assert.equal(await estate.value(ACCESS), "SINGLE_USER");
    },
  },
  {
    number: "B15",
    certainty: "documented",
    source: cite("errors5000"),
    title: "SINGLE_USER held by another session: every ALTER DATABASE is refused with 5064",
    run: async (estate) => {
      await make(estate, "USE mgc; ALTER DATABASE mgc SET SINGLE_USER");
      const other = await estate.connect();
      for (const option of ["MULTI_USER WITH ROLLBACK IMMEDIATE", "READ_ONLY", "RECOVERY SIMPLE"])
        await refuses(other, `ALTER DATABASE mgc SET ${option}`, [[5064, 16], alterFailed]);
    },
  },
  {
    number: "B16",
    certainty: "well known",
    source: "",
    title: "SINGLE_USER set from master: nobody has the place, the next USE takes it",
    run: async (estate) => {
      await make(estate, "ALTER DATABASE mgc SET SINGLE_USER WITH ROLLBACK IMMEDIATE");
      await refuses(await estate.connect(), "USE mgc", []);
      await estate.refuses("USE mgc", [[924, 14]]);
    },
  },
  {
    number: "B17",
    certainty: "documented",
    source: cite("errors5000"),
    title: "ALTER DATABASE of an unknown name is refused with 5011",
    run: refusal({
      statement: "ALTER DATABASE nowhere SET READ_ONLY",
      errors: [
        [5011, 14, /^User does not have permission to alter database 'nowhere', the database does not exist, or/],
        alterFailed,
      ],
    }),
  },
  {
    number: "B18",
    certainty: "documented",
    source: cite("errors0"),
    title: "in a transaction ALTER, CREATE and DROP DATABASE are refused with 226",
    run: async (estate) => {
      await make(estate);
      for (const [name, statement] of [
        ["ALTER DATABASE", "ALTER DATABASE mgc SET READ_ONLY"],
        ["CREATE DATABASE", "CREATE DATABASE other"],
        ["DROP DATABASE", "DROP DATABASE mgc"],
      ] as const)
        await estate.refuses(`BEGIN TRANSACTION; ${statement}; IF @@TRANCOUNT > 0 ROLLBACK`, [
          [226, 16, new RegExp(`^${name} statement not allowed within multi-statement transaction\\.$`)],
        ]);
    },
  },
  {
    number: "B19",
    certainty: "well known",
    source: "",
    title: "READ_ONLY and OFFLINE WITH ROLLBACK IMMEDIATE undo the work of the sessions there",
    run: async (estate) => {
      await make(estate);
      for (const [option, back] of [
        ["READ_ONLY", "READ_WRITE"],
        ["OFFLINE", "ONLINE"],
      ] as const) {
        const other = await estate.connect({ database: "mgc" });
        await refuses(other, "BEGIN TRANSACTION; INSERT dbo.t VALUES (2)", []);
        await estate.run(`ALTER DATABASE mgc SET ${option} WITH ROLLBACK IMMEDIATE`);
        await refuses(other, "SELECT 1", [[596, 21]]);
        await estate.run(`ALTER DATABASE mgc SET ${back}`);
        assert.equal(await estate.value(COUNT), "1");
      }
    },
  },
  {
    number: "B20",
    certainty: "well known",
    source: "",
    title: "OFFLINE survives a restart; SET ONLINE recovers the database",
    run: async (estate) => {
      for (const batch of offline) await estate.run(batch);
      await estate.restart();
      assert.equal(await estate.value(STATE), "OFFLINE");
      await estate.run("ALTER DATABASE mgc SET ONLINE");
      assert.equal(await estate.value(COUNT), "1");
    },
  },
  {
    number: "B21",
    certainty: "well known",
    source: "",
    title: "CREATE DATABASE of an existing name is refused with 1801",
    run: refusal({
      before: chatDatabase,
      statement: "CREATE DATABASE mgc",
      errors: [[1801, 16, /^Database 'mgc' already exists\. Choose a different database name\.$/]],
    }),
  },
  {
    number: "B22",
    certainty: "documented",
    source: cite("errors3000"),
    title: "DROP DATABASE in use by others or by the session itself is refused with 3702",
    run: async (estate) => {
      await make(estate);
      const other = await estate.connect({ database: "mgc" });
      await estate.refuses("DROP DATABASE mgc", [[3702, 16]]);
      await refuses(other, "DROP DATABASE mgc", [[3702, 16]]);
    },
  },
  {
    number: "B23",
    certainty: "well known",
    source: "",
    title: "DROP of a RESTORING database succeeds; its files are gone, the history in msdb stays",
    run: async (estate) => {
      for (const batch of restoring) await estate.run(batch);
      const { core } = await estate.instance();
      const before = await estate.value("SELECT COUNT(*) FROM msdb.dbo.backupset");
      await estate.run("DROP DATABASE mgc");
      assert.throws(() => core.locate("D:\\SQLData\\mgc.mdf", "read"), /cannot find the file/);
      assert.equal(await estate.value("SELECT COUNT(*) FROM msdb.dbo.backupset"), before);
    },
  },
  {
    number: "B24",
    certainty: "documented",
    source: cite("errors3000"),
    title: "DROP of a mirrored database is refused with 3743",
    run: async (estate) => {
      await mirrored(estate);
      await estate.refuses("DROP DATABASE mgc", [
        [3743, 16, /Database mirroring must be removed before you drop the database\.$/],
      ]);
    },
  },
  {
    number: "B25",
    certainty: "documented",
    source: cite("errors3000"),
    title: "DROP of an absent database is refused with 3701",
    run: refusal({
      statement: "DROP DATABASE nowhere",
      errors: [[3701, 11, /^Cannot drop the database 'nowhere', because it does not exist or you do not have/]],
    }),
  },
  {
    number: "B26",
    certainty: "well known",
    source: "",
    title: "restart: RESTORING stays RESTORING; ONLINE keeps what was committed and nothing else",
    run: async (estate) => {
      await make(estate, "CREATE DATABASE other; BACKUP DATABASE other TO DISK = N'D:\\SQLData\\o.bak'");
      await estate.run("BACKUP LOG other TO DISK = N'D:\\SQLData\\o.trn' WITH NORECOVERY");
      await refuses(await estate.connect({ database: "mgc" }), "BEGIN TRANSACTION; INSERT dbo.t VALUES (2)", []);
      await estate.restart();
      assert.equal(await estate.value("SELECT state_desc FROM sys.databases WHERE name = N'other'"), "RESTORING");
      assert.equal(await estate.value(COUNT), "1");
    },
  },
  {
    number: "B27",
    certainty: "documented",
    source: cite("errors5000"),
    title: "options that are set are told to the error log: 5084",
    run: async (estate) => {
      await make(estate, "ALTER DATABASE mgc SET READ_ONLY");
      const entry = (await estate.errorLog()).filter((line) => line.number === 5084).at(-1);
      assert.match(entry?.text ?? "", /READ_ONLY.* ON .*mgc/);
    },
  },
  {
    number: "B28",
    certainty: "documented",
    source: cite("masterFiles"),
    title: "sys.master_files.state follows the database: 1 while RESTORING, 6 OFFLINE",
    run: async (estate) => {
      await make(estate);
      const states = async (): Promise<(string | null)[]> =>
        (await estate.rows("SELECT state FROM sys.master_files WHERE database_id = DB_ID(N'mgc')")).map(
          (row) => row["state"] ?? null,
        );
      assert.deepEqual(await states(), ["0", "0"]);
      await estate.run("ALTER DATABASE mgc SET OFFLINE");
      assert.deepEqual(await states(), ["6", "6"]);
      await estate.run(`ALTER DATABASE mgc SET ONLINE; ${TAIL}`);
      assert.deepEqual(await states(), ["1", "1"]);
    },
  },
  {
    number: "B29",
    certainty: "documented",
    source: cite("masterFiles", "pointOfRestore"),
    title: "sys.master_files.redo_start_lsn is NULL unless the database is RESTORING",
    run: async (estate) => {
      await make(estate);
      const query =
        "SELECT CASE WHEN redo_start_lsn IS NULL THEN 'no' ELSE 'yes' END FROM sys.master_files WHERE database_id = DB_ID(N'mgc') AND type = 0";
      assert.equal(await estate.value(query), "no");
      await estate.run(TAIL);
      assert.equal(await estate.value(query), "yes");
      await estate.run("RESTORE DATABASE mgc WITH RECOVERY");
      assert.equal(await estate.value(query), "no");
    },
  },
];
