import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { labInstance } from "../../tools/lab-configuration";
import { TestEstate } from "./support/estate";

describe("failback", function () {
  this.timeout(180_000);
  let estate: TestEstate;
  let roomsBefore: string;
  let printed = "";
  before(async () => {
    estate = await TestEstate.start("failed-over", "--database-size", "64MiB");
    roomsBefore = await estate.rooms("backup");
    // With its preview, as a person runs it.
    const up = await estate.stack.run(["up", "--yes", ...estate.stack.where()]);
    printed += up.output;
    assert.equal(up.code, 0, up.output);
  });
  after(() => estate.stop());

  it("prints its plan once, in the preview", () => {
    assert.equal(printed.match(/^\s*\d+\.\s+F\d/gm)?.length, 12, printed);
  });

  it("brings every room home and opens it", async () => {
    assert.equal(await estate.rooms("primary"), roomsBefore);
    const [copy] = await estate.ask(
      "primary",
      "SELECT state_desc, is_read_only, user_access_desc, recovery_model_desc FROM sys.databases WHERE name = N'mgc';",
    );
    assert.deepEqual(
      { ...copy },
      { state_desc: "ONLINE", is_read_only: false, user_access_desc: "MULTI_USER", recovery_model_desc: "FULL" },
    );
  });

  it("restored the very set that was taken on the backup", async () => {
    const [restored] = await estate.ask(
      "primary",
      "SELECT TOP (1) b.backup_set_uuid, r.[replace], b.server_name FROM msdb.dbo.restorehistory AS r " +
        "JOIN msdb.dbo.backupset AS b ON b.backup_set_id = r.backup_set_id WHERE r.destination_database_name = N'mgc' ORDER BY r.restore_history_id DESC;",
    );
    assert.equal(restored?.["server_name"], "SQL-B1");
    assert.equal(restored?.["replace"], true);
    const pools = (await estate.stack.outputs())["pools"] as Record<string, Record<string, unknown>>;
    assert.equal(String(restored?.["backup_set_uuid"]).toUpperCase(), pools["lyncpc"]?.["backupSetId"]);
  });

  it("ships the primary's log to the backup, whose former mirror keeps its copy", async () => {
    const [primary] = await estate.ask(
      "primary",
      "SELECT last_backup_file AS f FROM msdb.dbo.log_shipping_primary_databases;",
    );
    const [secondary] = await estate.ask(
      "backup",
      "SELECT s.last_copied_file AS c, d.last_restored_file AS r FROM msdb.dbo.log_shipping_secondary AS s " +
        "JOIN msdb.dbo.log_shipping_secondary_databases AS d ON d.secondary_id = s.secondary_id;",
    );
    const name = (path: unknown): string => String(path).split("\\").at(-1) ?? "";
    assert.match(name(primary?.["f"]), /^mgc_\d{14}\.trn$/);
    assert.equal(name(secondary?.["c"]), name(primary?.["f"]));
    assert.equal(name(secondary?.["r"]), name(primary?.["f"]));
    const state = "SELECT state_desc FROM sys.databases WHERE name = N'mgc';";
    assert.equal((await estate.ask("backup", state))[0]?.["state_desc"], "RESTORING");
    assert.equal((await estate.ask("backup", state, "mirror"))[0]?.["state_desc"], "RESTORING");
    const mirrored = await estate.ask(
      "backup",
      "SELECT 1 AS x FROM sys.database_mirroring WHERE mirroring_guid IS NOT NULL;",
    );
    assert.deepEqual(mirrored, []);
  });

  it("ends with list, state and report in the outputs", async () => {
    const pools = (await estate.stack.outputs())["pools"] as Record<string, Record<string, unknown>>;
    const pool = pools["lyncpc"] ?? {};
    assert.equal(pool["authority"], "primary");
    assert.equal(pool["poolState"], "Normal");
    assert.deepEqual(pool["activeServers"], estate.lab.pools[0]?.machines.primary);
    const report = estate.report(pool["report"]);
    // Both databases' mirroring ends side by side, and is made one after the other.
    const keys = report.summary.steps.map((step) => step.key.replace(/^F2-.*/, "F2"));
    const beyond = ["F7b", "F8-chat", "F8-compliance"];
    assert.deepEqual(keys, ["F0", "F1", "F2", "F2", "F2b", "F3", "F4", "F5", "F6", "F7", ...beyond]);
    assert.ok(report.summary.steps.every((step) => step.outcome === "succeeded"));
  });

  it("measures the recovery from its first change to the first ping at home", () => {
    const { summary } = estate.report(String(printed.match(/report *: "(.*)"/)?.[1]));
    const ended = (key: string): number => Date.parse(summary.steps.find((step) => step.key === key)?.ended ?? "");
    const back = Date.parse(summary.serviceBack ?? "");
    const begun = Date.parse(summary.steps[1]?.started ?? "");
    assert.ok(back >= ended("F7") && back <= ended("F7b"), JSON.stringify(summary));
    assert.ok(Math.abs((summary.recoverySeconds ?? 0) - (back - begun) / 1000) < 1, JSON.stringify(summary));
  });

  it("mirrors the primary again, and log shipping goes on behind the product's own log backup", async () => {
    const sessions = await estate.ask(
      "primary",
      "SELECT DB_NAME(database_id) AS name, mirroring_role_desc, mirroring_state_desc, mirroring_partner_instance " +
        "FROM sys.database_mirroring WHERE mirroring_guid IS NOT NULL ORDER BY 1;",
    );
    assert.deepEqual(
      sessions.map((row) => Object.values(row)),
      ["mgc", "mgccomp"].map((name) => [name, "PRINCIPAL", "SYNCHRONIZED", "SQL-P2"]),
    );
    const [job] = await estate.ask("primary", "SELECT enabled FROM msdb.dbo.sysjobs WHERE name = N'LSBackup_mgc';");
    assert.equal(job?.["enabled"], 1);
    const newestLog = (condition: string): string =>
      `SELECT TOP (1) CONVERT(varchar(25), b.last_lsn) AS lsn FROM msdb.dbo.backupset AS b WHERE b.database_name = N'mgc' ` +
      `AND b.type = 'L' AND ${condition} ORDER BY b.backup_set_id DESC;`;
    const [taken] = await estate.ask("primary", newestLog("b.server_name = N'SQL-P1' AND b.is_copy_only = 0"));
    const [reached] = await estate.ask(
      "backup",
      "SELECT CONVERT(varchar(25), redo_start_lsn) AS lsn FROM sys.master_files WHERE database_id = DB_ID(N'mgc') AND type = 0;",
    );
    assert.equal(reached?.["lsn"], taken?.["lsn"], "the secondary has every link of the chain");
  });

  it("does nothing the second time", async () => {
    const lines = await estate.journalLength();
    const up = await estate.stack.up("--expect-no-changes");
    printed += up.output;
    assert.equal(up.code, 0, up.output);
    assert.deepEqual(await estate.changesSince(lines), []);
  });

  it("names a list that was changed behind its back, and mends that alone", async () => {
    await estate.shell(
      "Set-CsPersistentChatActiveServer -ActiveServers @{Remove='chat-p1.dci.discovery.com'} -Confirm:$false",
    );
    const preview = await estate.stack.preview("--diff", "--expect-no-changes");
    printed += preview.output;
    assert.equal(preview.code, 7, preview.output);
    assert.match(preview.output, /activeServers/);
    assert.match(preview.output, /chat-p1\.dci\.discovery\.com/);
    const lines = await estate.journalLength();
    const up = await estate.stack.up();
    assert.equal(up.code, 0, up.output);
    const changes = await estate.changesSince(lines);
    assert.deepEqual(
      changes.flatMap((line) => line.changes),
      changes.map(() => "Set-CsPersistentChatActiveServer"),
    );
    assert.equal((await estate.stack.preview("--expect-no-changes")).code, 0);
  });

  it("names a copy job that was disabled behind its back, and mends that alone", async () => {
    await estate.ask("backup", "EXEC msdb.dbo.sp_update_job @job_name = N'LSCopy_SQL-P1_mgc', @enabled = 0;");
    const preview = await estate.stack.preview("--diff", "--expect-no-changes");
    printed += preview.output;
    assert.equal(preview.code, 7, preview.output);
    assert.match(preview.output, /copyJob[^}]*~ enabled *: false => true/);
    const lines = await estate.journalLength();
    const up = await estate.stack.up();
    assert.equal(up.code, 0, up.output);
    const changes = (await estate.changesSince(lines)).flatMap((line) => line.changes);
    assert.deepEqual(changes, ["EXEC sp_update_job"]);
    assert.equal((await estate.stack.preview("--expect-no-changes")).code, 0);
  });

  it("never overwrites a backup that was opened by hand and holds a message of its own", async () => {
    const message = (text: string, after: number): string =>
      "INSERT INTO mgc.dbo.tblChat (channelId, chatId, chatDate, userId, isAlert, content) SELECT TOP (1) channelId, " +
      `chatId + ${String(after)}, chatDate, userId, isAlert, N'${text}' FROM mgc.dbo.tblChat ORDER BY channelId, chatId DESC;`;
    const opened =
      "EXEC master.dbo.sp_delete_log_shipping_secondary_database @secondary_database = N'mgc'; RESTORE DATABASE mgc WITH RECOVERY;";
    await estate.ask("backup", opened);
    // Both go on with the same chat id, and the primary further: by counts alone it would hold more.
    await estate.ask("backup", message("said on the backup", 1));
    for (const after of [1, 1]) await estate.ask("primary", message("said on the primary", after));
    const refused = await estate.stack.up();
    printed += refused.output;
    assert.equal(refused.code, 1, refused.output);
    assert.match(refused.output, /message by message/);
    assert.match(refused.output, /text of messages/);
    const own = "FROM mgc.dbo.tblChat WHERE content = N'said on the backup'";
    assert.equal((await estate.ask("backup", `SELECT COUNT(*) AS n ${own};`))[0]?.["n"], 1);

    await estate.ask("backup", `DELETE ${own};`);
    const up = await estate.stack.up();
    printed += up.output;
    assert.equal(up.code, 0, up.output);
    const state = "SELECT state_desc AS state FROM sys.databases WHERE name = N'mgc';";
    assert.equal((await estate.ask("backup", state))[0]?.["state"], "RESTORING");
    assert.equal((await estate.stack.preview("--expect-no-changes")).code, 0);
  });

  it("leaves the state as it is when the primary does not answer, and says so in at most two places", async () => {
    const before = await estate.stack.state();
    const { port } = labInstance(estate.lab, "primary");
    await estate.run("fault", "instance-stop", "--instance", "SQL-P1");
    try {
      const preview = await estate.stack.preview();
      printed += preview.output;
      assert.notEqual(preview.code, 0, preview.output);
      // Progress lines announce what the diagnostics then tell.
      const diagnostics = preview.output.slice(preview.output.indexOf("Diagnostics:"));
      const told = diagnostics
        .split("\n")
        .filter((line) => line.includes(`localhost:${String(port)}`) || line.includes(`127.0.0.1:${String(port)}`));
      assert.ok(told.length >= 1 && told.length <= 2, preview.output);
    } finally {
      await estate.run("fault", "instance-start", "--instance", "SQL-P1");
    }
    assert.equal(await estate.stack.state(), before);
    assert.equal((await estate.stack.preview("--expect-no-changes")).code, 0);
  });

  it("keeps the password out of state, reports, journal and output", async () => {
    const { password } = labInstance(estate.lab, "primary");
    const folder = join(estate.stack.folder, "reports");
    const reports = readdirSync(folder).map((file) => readFileSync(join(folder, file), "utf8"));
    assert.ok(reports.length > 0);
    const texts = [await estate.stack.state(), readFileSync(estate.lab.journal, "utf8"), printed, ...reports];
    const forms = [
      password,
      Buffer.from(password, "utf8").toString("base64"),
      Buffer.from(password, "utf16le").toString("base64"),
    ];
    for (const text of texts) for (const form of forms) assert.ok(!text.includes(form), "a password was written");
  });
});
