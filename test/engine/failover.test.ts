import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { labConfiguration } from "../../tools/lab-configuration";
import type { LabStack } from "../../tools/lab-stack";
import { messagesOf, otherThanSaid } from "../../tools/lab-ledger";
import { TestEstate } from "./support/estate";

const stateOf =
  "SELECT state_desc AS s, is_read_only AS r, user_access_desc AS u FROM sys.databases WHERE name = N'mgc';";
const positionOf =
  "SELECT CONVERT(varchar(25), redo_start_lsn) AS lsn FROM sys.master_files WHERE database_id = DB_ID(N'mgc') AND type = 0;";

interface Entry {
  readonly kind: string;
  readonly step?: string;
  readonly text: string;
  readonly detail?: Record<string, unknown>;
}

/** Entries of the report that a stack's outputs name. */
async function entriesOf(estate: TestEstate, stack: LabStack): Promise<readonly Entry[]> {
  const pools = (await stack.outputs())["pools"] as Record<string, Record<string, unknown>>;
  return (estate.report(pools["lyncpc"]?.["report"]) as unknown as { entries: Entry[] }).entries;
}

describe("failover, planned", function () {
  this.timeout(240_000);
  let estate: TestEstate;
  let stack: LabStack;
  before(async () => {
    estate = await TestEstate.start("steady", "--chat");
    stack = await estate.backupStack();
  });
  after(() => estate.stop());

  it("without a mode shows what it would do, says how to set it, and moves nothing", async () => {
    const lines = await estate.journalLength();
    const preview = await stack.preview();
    assert.equal(preview.code, 0, preview.output);
    assert.match(preview.output, /\d+\. +O8 +Back up the log of mgc/);
    const up = await stack.up();
    assert.notEqual(up.code, 0, up.output);
    assert.match(up.output, /moves nothing until failover\.mode says how\. Set it to planned .* or disaster/);
    assert.deepEqual(await estate.changesSince(lines), []);
  });

  it("refuses a disaster while the primary's database is online, and says what to do", async () => {
    const lines = await estate.journalLength();
    estate.reconfigure(stack, { failover: { mode: "disaster" } });
    const up = await stack.up();
    assert.notEqual(up.code, 0, up.output);
    assert.match(up.output, /unclear \(PRIMARY_ONLINE\): failover\.mode is disaster/);
    assert.match(up.output, /Set failover\.mode to planned: nothing is lost then/);
    assert.deepEqual(await estate.changesSince(lines), []);
  });

  it("stops at any error, and the next plain up goes on from there", async () => {
    // A CmdExec step whose owner is no sysadmin cannot run without a proxy: the job fails, after the primary was closed.
    estate.reconfigure(stack, { failover: { mode: "planned" } });
    await estate.ask(
      "backup",
      "EXEC msdb.dbo.sp_update_job @job_name = N'LSCopy_SQL-P1_mgc', @owner_login_name = N'pchatsvc';",
    );
    const up = await stack.up();
    assert.notEqual(up.code, 0, up.output);
    assert.match(up.output, /job LSCopy_SQL-P1_mgc failed/);
    assert.equal((await estate.ask("primary", stateOf))[0]?.["s"], "RESTORING");
    assert.equal((await estate.ask("backup", stateOf))[0]?.["s"], "RESTORING");
    await estate.ask(
      "backup",
      "EXEC msdb.dbo.sp_update_job @job_name = N'LSCopy_SQL-P1_mgc', @owner_login_name = N'sa';",
    );
    const second = await stack.up();
    assert.equal(second.code, 0, second.output);
  });

  it("leaves the backup open, the primary closed where it can follow, and nothing behind", async () => {
    assert.deepEqual({ ...(await estate.ask("backup", stateOf))[0] }, { s: "ONLINE", r: false, u: "MULTI_USER" });
    assert.equal((await estate.ask("primary", stateOf))[0]?.["s"], "RESTORING");
    const [primary] = await estate.ask("primary", positionOf);
    const [applied] = await estate.ask(
      "backup",
      "SELECT TOP (1) CONVERT(varchar(25), b.last_lsn) AS lsn, b.is_force_offline AS tail FROM msdb.dbo.restorehistory AS r " +
        "JOIN msdb.dbo.backupset AS b ON b.backup_set_id = r.backup_set_id ORDER BY r.restore_history_id DESC;",
    );
    assert.deepEqual({ ...applied }, { lsn: primary?.["lsn"], tail: true });
    await estate.run("chat", "send");
    const chat = await estate.chat();
    assert.ok(chat.stored > 0);
    assert.deepEqual(chat.lost, []);
  });

  it("backs up the log of the backup for as long as it serves", async () => {
    await estate.ask("backup", "EXEC msdb.dbo.sp_start_job @job_name = N'pchat-dr log backup mgc';");
    const taken = async (): Promise<unknown> =>
      (
        await estate.ask(
          "backup",
          "SELECT MAX(f.physical_device_name) AS f FROM msdb.dbo.backupset AS b JOIN msdb.dbo.backupmediafamily AS f " +
            "ON f.media_set_id = b.media_set_id WHERE b.type = 'L' AND b.server_name = N'SQL-B1' AND b.name = N'mgc log of the outage';",
        )
      )[0]?.["f"];
    const deadline = Date.now() + 20_000;
    while ((await taken()) === null && Date.now() < deadline) await new Promise((done) => setTimeout(done, 100));
    assert.match(String(await taken()), /\\failback\\mgc_log_\d{14}\.trn$/);
  });

  it("does nothing a second time, with the mode set or not", async () => {
    for (const failover of [{ mode: "planned" }, {}]) {
      estate.reconfigure(stack, { failover });
      const lines = await estate.journalLength();
      const up = await stack.up("--expect-no-changes");
      assert.equal(up.code, 0, up.output);
      assert.deepEqual(await estate.changesSince(lines), []);
    }
  });

  it("mends what drifts on the backup without a mode", async () => {
    await estate.ask("backup", "EXEC msdb.dbo.sp_update_job @job_name = N'pchat-dr log backup mgc', @enabled = 0;");
    const lines = await estate.journalLength();
    const up = await stack.up();
    assert.equal(up.code, 0, up.output);
    assert.deepEqual(
      (await estate.changesSince(lines)).flatMap((line) => line.changes),
      ["EXEC sp_update_job"],
    );
  });

  it("names a user that came with the database and that no login of the backup has", async () => {
    const batches = [
      "CREATE LOGIN [left] WITH PASSWORD = N'Some-Passw0rd';",
      "USE mgc; CREATE USER [left] FOR LOGIN [left]; CREATE USER [alone] WITHOUT LOGIN;",
      "DROP LOGIN [left];",
    ];
    for (const batch of batches) await estate.ask("backup", batch);
    const preview = await stack.preview();
    assert.equal(preview.code, 0, preview.output);
    assert.match(
      preview.output,
      /warning: SQL-B1 has no login with the sid of left in mgc: mgc is closed to them there/,
    );
    await estate.ask("backup", "USE mgc; DROP USER [left]; DROP USER [alone];");
  });

  it("lets nobody move the pool again within the configured time", async () => {
    estate.reconfigure(estate.stack, { guard: { quietMinutes: 60 } });
    const lines = await estate.journalLength();
    const up = await estate.stack.up();
    assert.notEqual(up.code, 0, up.output);
    assert.match(up.output, /the pool changed its site \d+ minutes ago, and guard\.quietMinutes is 60/);
    assert.deepEqual(await estate.changesSince(lines), []);
  });
});

describe("the way home of a planned failover", function () {
  this.timeout(240_000);
  let estate: TestEstate;
  let over: LabStack;
  before(async () => {
    estate = await TestEstate.start("steady", "--chat");
    over = await estate.backupStack({ failover: { mode: "planned" } });
    const up = await over.up();
    assert.equal(up.code, 0, up.output);
    await estate.run("chat", "send");
    // A log backup of the outage, so that the way home has more than one link.
    const backups = "SELECT COUNT(*) AS n FROM msdb.dbo.backupset WHERE type = 'L' AND server_name = N'SQL-B1';";
    await estate.ask("backup", "EXEC msdb.dbo.sp_start_job @job_name = N'pchat-dr log backup mgc';");
    const deadline = Date.now() + 20_000;
    while ((await estate.ask("backup", backups))[0]?.["n"] === 0 && Date.now() < deadline)
      await new Promise((done) => setTimeout(done, 100));
    await estate.run("chat", "send");
  });
  after(() => estate.stop());

  // The planned move ended the primary's session, and its mirror kept a copy: a new one takes its place.
  const mirroring = { dropLeftovers: true };

  it("needs no full backup, overwrites nothing, and loses nothing", async () => {
    const lines = await estate.journalLength();
    const up = await estate.homeWith({}, { mirroring });
    assert.equal(up.code, 0, up.output);
    const changes = (await estate.changesSince(lines)).flatMap((line) => line.changes);
    assert.equal(changes.filter((change) => change === "BACKUP LOG").length, 1, changes.join(", "));
    assert.ok(changes.filter((change) => change === "RESTORE LOG").length >= 2, changes.join(", "));
    const copies = (await estate.changesSince(lines)).filter((line) =>
      /BACKUP DATABASE \[mgc\]|RESTORE DATABASE \[mgc\] FROM/.test(line.text),
    );
    assert.deepEqual(copies, []);
    await estate.run("chat", "send");
    const chat = await estate.chat();
    assert.ok(chat.stored > 0);
    assert.deepEqual(chat.lost, []);
    assert.equal((await estate.stack.preview("--expect-no-changes")).code, 0);
  });

  it("names a link that is gone before anything is closed, and goes by full backup when it is told to", async () => {
    assert.equal((await over.up()).code, 0);
    await estate.ask(
      "backup",
      String.raw`BACKUP LOG mgc TO DISK = N'\\files.dci.discovery.com\lslogs\failback\gone.trn' WITH INIT;`,
    );
    await estate.run(
      "fault",
      "damage",
      "--file",
      String.raw`\\files.dci.discovery.com\lslogs\failback\gone.trn`,
      "--offset",
      "0",
    );
    const lines = await estate.journalLength();
    const refused = await estate.stack.up();
    assert.notEqual(refused.code, 0, refused.output);
    assert.match(refused.output, /cannot read .*gone\.trn, which is a link on the way home/);
    const changes = (await estate.changesSince(lines)).flatMap((line) => line.changes);
    assert.ok(!changes.includes("BACKUP LOG") && !changes.includes("RESTORE LOG"), changes.join(", "));
    // By full backup nothing tells any more where the old mirror's copy stood: it is left to a person.
    const home = await estate.homeWith({ missingMirrorCopy: true }, { wayHome: "full", mirroring: { chat: false } });
    assert.equal(home.code, 0, home.output);
    assert.deepEqual((await estate.chat()).lost, []);
  });
});

describe("failover, after a disaster", function () {
  this.timeout(240_000);
  let estate: TestEstate;
  let stack: LabStack;
  before(async () => {
    estate = await TestEstate.start("steady", "--chat");
    // One log backup that nobody has copied yet, under a name that sorts before all others.
    await estate.ask(
      "primary",
      String.raw`BACKUP LOG mgc TO DISK = N'\\files.dci.discovery.com\lslogs\mgc_00000000000000.trn' WITH INIT;`,
    );
    await estate.run("chat", "send");
    await estate.run("outage");
    stack = await estate.backupStack({ failover: { mode: "planned" } });
  });
  after(() => estate.stop());

  it("refuses a planned move that cannot close the primary", async () => {
    const lines = await estate.journalLength();
    const up = await stack.up();
    assert.notEqual(up.code, 0, up.output);
    assert.match(up.output, /unclear \(PRIMARY_GONE\)/);
    assert.deepEqual(await estate.changesSince(lines), []);
  });

  it("refuses to lose more than is allowed", async () => {
    estate.reconfigure(stack, {
      failover: { mode: "disaster", maximumLossMinutes: 5, outageSince: "2036-01-01T00:00:00Z" },
    });
    const lines = await estate.journalLength();
    const up = await stack.up();
    assert.notEqual(up.code, 0, up.output);
    assert.match(up.output, /more than failover\.maximumLossMinutes \(5\)/);
    assert.deepEqual(await estate.changesSince(lines), []);
  });

  it("says before it starts where the loss begins, and loses exactly what lies behind that position", async () => {
    estate.reconfigure(stack, { failover: { mode: "disaster" } });
    const preview = await stack.preview();
    assert.equal(preview.code, 0, preview.output);
    const stated = /what SQL-P1 wrote after LSN (\d+) of fork ([0-9A-F-]{36}) is lost; .* ended (\S+Z), so up to/.exec(
      preview.output,
    );
    assert.ok(stated, preview.output);
    const up = await stack.up();
    assert.equal(up.code, 0, up.output);
    const [restored] = await estate.ask(
      "backup",
      "SELECT TOP (1) CONVERT(varchar(25), b.last_lsn) AS lsn, f.physical_device_name AS f FROM msdb.dbo.restorehistory AS r " +
        "JOIN msdb.dbo.backupset AS b ON b.backup_set_id = r.backup_set_id " +
        "JOIN msdb.dbo.backupmediafamily AS f ON f.media_set_id = b.media_set_id ORDER BY r.restore_history_id DESC;",
    );
    assert.equal(restored?.["lsn"], stated[1]);
    assert.match(String(restored?.["f"]), /mgc_00000000000000\.trn$/);
    const { lost } = await estate.chat();
    assert.ok(lost !== null && lost.length > 0, "the message that was sent after the last log backup is lost");
    assert.deepEqual(otherThanSaid(stated[3] ?? "", "SQL-P1", messagesOf(estate.lab), lost), []);
  });

  it("records what it left out, each with its reason", async () => {
    const entries = await entriesOf(estate, stack);
    const plan = entries.find((entry) => entry.kind === "decision")?.text ?? "";
    assert.match(plan, /skipped: P2 Remove mirroring of mgc: SQL-P1 does not answer/);
    assert.match(plan, /skipped: P3 Tail-log backup of mgc: SQL-P1 does not answer/);
    const gate = entries.find((entry) => entry.detail?.["pointOfNoReturn"] !== undefined)?.detail;
    assert.equal((gate?.["loss"] as { nothing: boolean }).nothing, false);
  });

  it("is the way from which the failback brings the rebuilt primary home", async () => {
    await estate.run("rebuild");
    const { pools } = { pools: (await stack.outputs())["pools"] as Record<string, Record<string, unknown>> };
    assert.equal(pools["lyncpc"]?.["poolState"], "FailedOver");
    const acknowledge = { missingMirrorCopy: true };
    const home = await estate.homeWith(acknowledge);
    assert.equal(home.code, 0, home.output);
    assert.equal((await estate.ask("backup", stateOf))[0]?.["s"], "RESTORING");
    const [job] = await estate.ask(
      "backup",
      "SELECT COUNT(*) AS n FROM msdb.dbo.sysjobs WHERE name LIKE N'pchat-dr%';",
    );
    assert.equal(job?.["n"], 0);
    const before = (await estate.chat()).lost?.length;
    await estate.run("chat", "send");
    assert.equal((await estate.chat()).lost?.length, before);
  });
});

describe("failover, when the share went with the primary site", function () {
  this.timeout(180_000);
  let estate: TestEstate;
  before(async () => {
    estate = await TestEstate.start("steady", "--chat");
    await estate.run("outage", "--lose-share");
  });
  after(() => estate.stop());

  it("goes on without it, and says so", async () => {
    // A mirror is made from backups on the share: there is none before it is back.
    const { pools } = labConfiguration(estate.lab, { mirroring: { chat: false, compliance: false } });
    const stack = await estate.backupStack({ failover: { mode: "disaster" }, pools });
    const up = await stack.up();
    assert.equal(up.code, 0, up.output);
    assert.equal((await estate.ask("backup", stateOf))[0]?.["s"], "ONLINE");
    const entries = await entriesOf(estate, stack);
    const skipped = entries.flatMap((entry) =>
      entry.detail?.["skipped"] === undefined ? [] : [entry.detail["skipped"]],
    );
    assert.ok(skipped.includes("probes") && skipped.includes("job LSCopy_SQL-P1_mgc"), JSON.stringify(skipped));
  });
});

describe("failover, when the share does not answer and the primary is mirrored", function () {
  this.timeout(180_000);
  let estate: TestEstate;
  let stack: LabStack;
  before(async () => {
    estate = await TestEstate.start("steady", "--chat");
    await estate.run("chat", "send");
    await estate.run("fault", "share-off", "--share", estate.lab.share.unc);
    const { pools } = labConfiguration(estate.lab, { mirroring: { chat: false, compliance: false } });
    stack = await estate.backupStack({ failover: { mode: "planned" }, pools });
  });
  after(() => estate.stop());

  it("refuses a planned move before its mirror, its list or its database are touched", async () => {
    const lines = await estate.journalLength();
    const up = await stack.up();
    assert.notEqual(up.code, 0, up.output);
    assert.match(up.output, /the engines cannot use .*failback.*Operating system error 53/);
    const changes = (await estate.changesSince(lines)).flatMap((line) => line.changes);
    // A job of the Agent is made and removed again to look at the share as its account.
    assert.deepEqual(
      changes.filter((change) => !/^EXEC sp_(add|start|delete)_job/.test(change)),
      [],
    );
    const [mirroring] = await estate.ask(
      "primary",
      "SELECT mirroring_state_desc AS s FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc');",
    );
    assert.equal(mirroring?.["s"], "SYNCHRONIZED");
    assert.equal((await estate.ask("primary", stateOf))[0]?.["u"], "MULTI_USER");
  });

  it("goes on in a disaster without the tail of the damaged primary, each step left out with its reason", async () => {
    await estate.run("fault", "suspect", "--instance", "SQL-P1");
    const { pools } = labConfiguration(estate.lab, { mirroring: { chat: false, compliance: false } });
    estate.reconfigure(stack, { failover: { mode: "disaster" }, pools });
    const up = await stack.up();
    assert.equal(up.code, 0, up.output);
    assert.equal((await estate.ask("primary", stateOf))[0]?.["s"], "SUSPECT");
    assert.equal((await estate.ask("backup", stateOf))[0]?.["s"], "ONLINE");
    const entries = await entriesOf(estate, stack);
    const reasons = entries.flatMap(({ detail }) =>
      detail?.["skipped"] === undefined ? [] : [`${detail["skipped"] as string}: ${JSON.stringify(detail["reason"])}`],
    );
    const refused = "Operating system error 53";
    for (const [skipped, reason] of [
      ["probes", refused],
      ["tail of the damaged mgc", refused],
      ["job LSCopy_SQL-P1_mgc", "failed"],
    ] as const)
      assert.ok(
        reasons.some((one) => one.startsWith(skipped) && one.includes(reason)),
        reasons.join("\n"),
      );
    const { lost } = await estate.chat();
    assert.ok(lost !== null && lost.length > 0, "what was said to be lost is");
  });
});
