/** Log shipping: one cycle, many cycles, and everything that keeps a file from being applied. */
import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { COPY_FOLDER, SHARE } from "./agent-estate";
import { JOBS, ShippingEstate } from "./log-shipping-estate";

const ERRORS = "SELECT message, source FROM msdb.dbo.log_shipping_monitor_error_detail ORDER BY sequence_number";

describe("log shipping", () => {
  let estate: ShippingEstate;

  beforeEach(async () => {
    estate = new ShippingEstate();
    await estate.seed();
  });

  afterEach(() => estate.dispose());

  it("brings the rows of SQL-P1 to SQL-B1, cycle after cycle, with one file name in all three places", async () => {
    await estate.register();
    await estate.say("one");
    await estate.cycle();
    const [first, copied, restored] = await estate.lastFiles();
    assert.match(first ?? "", /^mgc_\d{14}\.trn$/);
    assert.deepEqual([copied, restored], [first, first]);
    await estate.say("two", "three");
    await estate.cycle();
    const [second] = await estate.lastFiles();
    assert.ok((second ?? "") > (first ?? ""));
    const state = await estate.secondary.row("SELECT state_desc FROM sys.databases WHERE name = N'mgc'");
    assert.equal(state["state_desc"], "RESTORING");
    assert.deepEqual(await estate.secondary.run(ERRORS), []);
    assert.deepEqual(await estate.recovered(), ["one", "two", "three"]);
  });

  it("ships what was changed and deleted, new tables and users: the secondary ends with the same rows", async () => {
    await estate.register();
    await estate.say("one", "two", "three");
    await estate.cycle();
    await estate.primary.run(`USE mgc; UPDATE dbo.tblChat SET content = N'edited' WHERE content = N'one';
DELETE dbo.tblChat WHERE content = N'two';
CREATE TABLE dbo.tblNode (nodeId int NOT NULL PRIMARY KEY, nodeName nvarchar(50) NULL);
INSERT dbo.tblNode VALUES (1, N'Root'), (2, NULL); CREATE USER reader WITHOUT LOGIN; USE master;`);
    await estate.cycle();
    await estate.secondary.run("RESTORE DATABASE mgc WITH RECOVERY");
    for (const query of [
      "SELECT chatId, content FROM mgc.dbo.tblChat ORDER BY chatId",
      "SELECT nodeId, nodeName FROM mgc.dbo.tblNode ORDER BY nodeId",
      "SELECT name FROM mgc.sys.database_principals WHERE name = N'reader'",
    ]) {
      const rows = await estate.primary.run(query);
      assert.ok(rows.length > 0, query);
      assert.deepEqual(await estate.secondary.run(query), rows);
    }
  });

  it("leaves the journal of its statements under a name of its own, and no .wrk behind", async () => {
    await estate.register();
    await estate.cycle();
    const said = estate.journal.filter((entry) => entry.client === "SQLAgent - sqllogship");
    assert.deepEqual(
      said.map((entry) => [entry.instance, entry.login, entry.changes[0]]),
      [
        ["SQL-P1", "DCI\\svc-agent-p1", "BACKUP LOG"],
        ["SQL-P1", "DCI\\svc-agent-p1", said[1]?.changes[0]],
        ["SQL-B1", "DCI\\svc-agent-b1", "RESTORE LOG"],
      ],
    );
    const left = readdirSync(estate.files.shareDirectory(SHARE));
    assert.deepEqual(
      left.filter((name) => name.endsWith(".wrk")),
      [],
    );
  });

  it("writes two backups of one second into two files", async () => {
    await estate.register();
    await estate.primary.succeed(JOBS.backup);
    await estate.primary.succeed(JOBS.backup);
    const names = readdirSync(estate.files.shareDirectory(SHARE)).filter((name) => name.endsWith(".trn"));
    assert.equal(new Set(names).size, 2);
  });

  it("tells each run in log_shipping_monitor_history_detail with its session and end", async () => {
    await estate.register();
    await estate.cycle();
    const sql = `SELECT DISTINCT session_id, session_status FROM msdb.dbo.log_shipping_monitor_history_detail WHERE agent_type = `;
    for (const [server, type] of [
      [estate.primary, 0],
      [estate.secondary, 1],
      [estate.secondary, 2],
    ] as const) {
      const rows = await server.run(`${sql}${String(type)} ORDER BY session_status`);
      assert.deepEqual(
        rows.map((row) => [row["session_id"], row["session_status"]]),
        [
          [1, 0],
          [1, 1],
          [1, 2],
        ],
      );
    }
  });

  it("fails the copy when the Agent's account may not write the copy folder, and goes on when it may again", async () => {
    await estate.register();
    await estate.say("late");
    await estate.primary.succeed(JOBS.backup);
    const denial = { host: "SQL-B1", account: "DCI\\svc-agent-b1", path: COPY_FOLDER, access: "write" } as const;
    estate.files.deny(denial);
    const rows = await estate.secondary.runJob(JOBS.copy);
    assert.deepEqual(
      rows.map((row) => row["run_status"]),
      [0, 0],
    );
    assert.match(String(rows[0]?.["message"]), /Process Exit Code 1\. {2}The step failed\.$/);
    const [error] = await estate.secondary.run(ERRORS);
    assert.match(String(error?.["message"]), /^Access to the path 'D:\\LSCopy\\mgc_\d{14}\.trn' is denied\.$/);
    estate.files.allow(denial);
    await estate.secondary.succeed(JOBS.copy);
    await estate.secondary.succeed(JOBS.restore);
    assert.deepEqual(await estate.recovered(), ["late"]);
  });

  it("fails the copy when the share cannot be listed", async () => {
    await estate.register();
    estate.files.deny({ host: "*", account: "DCI\\svc-agent-b1", path: SHARE, access: "list" });
    const [step] = await estate.secondary.runJob(JOBS.copy);
    assert.equal(step?.["run_status"], 0);
  });

  it("deletes files past their retention, its own only, and only warns when it may not", async () => {
    await estate.register();
    const share = estate.files.shareDirectory(SHARE);
    for (const name of ["mgc_20200101000000.trn", "mgccomp_20200101000000.trn", "mgc_notes.trn"])
      writeFileSync(join(share, name), "old");
    estate.files.deny({
      host: "*",
      account: "DCI\\svc-agent-p1",
      path: `${SHARE}\\mgc_20200101000000.trn`,
      access: "delete",
    });
    await estate.primary.succeed(JOBS.backup);
    assert.ok(readdirSync(share).includes("mgc_20200101000000.trn"));
    const [error] = await estate.primary.run(ERRORS);
    assert.match(String(error?.["message"]), /^Could not delete old log backup files\. Access to the path/);
    estate.files.allow({ account: "DCI\\svc-agent-p1" });
    await estate.primary.succeed(JOBS.backup);
    const left = readdirSync(share);
    assert.deepEqual(
      ["mgc_20200101000000.trn", "mgccomp_20200101000000.trn", "mgc_notes.trn"].filter((name) => left.includes(name)),
      ["mgccomp_20200101000000.trn", "mgc_notes.trn"],
    );
  });

  it("lets readers in between restores in standby mode", async () => {
    await estate.register(", @restore_mode = 1, @disconnect_users = 1");
    await estate.say("read me");
    await estate.cycle();
    assert.deepEqual(await estate.secondary.run("SELECT content FROM mgc.dbo.tblChat"), [{ content: "read me" }]);
    await estate.say("and me");
    await estate.cycle();
    assert.equal((await estate.secondary.run("SELECT content FROM mgc.dbo.tblChat")).length, 2);
  });
});
