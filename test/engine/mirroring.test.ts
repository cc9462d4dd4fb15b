import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { labConfiguration } from "../../tools/lab-configuration";
import { TestEstate } from "./support/estate";

const session =
  "SELECT mirroring_state_desc AS state FROM sys.database_mirroring WHERE database_id = DB_ID(N'mgc') AND mirroring_guid IS NOT NULL;";
const copies = "SELECT name, state_desc FROM sys.databases WHERE database_id > 4 ORDER BY name;";

describe("a steady pool whose primary site is mirrored", function () {
  this.timeout(300_000);
  let estate: TestEstate;
  let adopted: readonly string[];
  before(async () => {
    estate = await TestEstate.start("steady");
    adopted = await changesOfUp();
  });
  after(() => estate.stop());

  /** The stack's configuration with other settings of its pool. */
  const configure = (settings: Record<string, unknown>): void =>
    estate.reconfigure(estate.stack, labConfiguration(estate.lab, settings));
  const mirroring = (more: Record<string, unknown>) => ({ mirroring: { by: "ALTER DATABASE", ...more } });
  /** Runs an `up` and answers what it changed, without what probes and jobs leave. */
  const changesOfUp = async (...options: string[]): Promise<string[]> => {
    const lines = await estate.journalLength();
    const up = await estate.stack.up(...options);
    assert.equal(up.code, 0, up.output);
    return (await estate.changesSince(lines)).flatMap((line) => line.changes);
  };
  const settled = async (): Promise<void> =>
    assert.deepEqual(await changesOfUp("--expect-no-changes"), [], "something is left to do");

  it("is adopted by the first up, which writes nothing", async () => {
    assert.deepEqual(adopted, []);
    await settled();
  });

  it("names a session that was suspended behind its back, and resumes that alone", async () => {
    await estate.ask("primary", "ALTER DATABASE mgc SET PARTNER SUSPEND;");
    const preview = await estate.stack.preview("--diff", "--expect-no-changes");
    assert.equal(preview.code, 7, preview.output);
    assert.match(preview.output, /session *: "suspended" => "running"/);
    assert.deepEqual(await changesOfUp(), ["ALTER DATABASE"]);
    assert.equal((await estate.ask("primary", session))[0]?.["state"], "SYNCHRONIZED");
    const outputs = (await estate.stack.outputs())["pools"] as Record<string, Record<string, unknown>>;
    const { summary } = estate.report(outputs["lyncpc"]?.["report"]);
    assert.deepEqual(
      summary.steps.map((step) => step.key),
      ["F0", "F8-chat"],
    );
  });

  it("leaves old copies on mirrors as they are unless it is told to let them go", async () => {
    const file = String.raw`\\files.dci.discovery.com\lslogs\mirror\former.bak`;
    await estate.ask("primary", `BACKUP DATABASE mgc TO DISK = N'${file}' WITH COPY_ONLY, FORMAT;`);
    await estate.ask("backup", `RESTORE DATABASE mgc FROM DISK = N'${file}' WITH NORECOVERY;`, "mirror");
    await estate.ask("primary", "ALTER DATABASE mgc SET PARTNER OFF;");
    const lines = await estate.journalLength();
    const refused = await estate.stack.up();
    assert.notEqual(refused.code, 0, refused.output);
    assert.match(refused.output, /mgc on SQL-P2 is RESTORING, left over from an earlier mirroring/);
    assert.match(refused.output, /mirroring\.dropLeftovers/);
    assert.deepEqual(await estate.changesSince(lines), []);

    configure(mirroring({ dropLeftovers: true }));
    const preview = await estate.stack.preview();
    assert.match(preview.output, /F8 +Drop the former mirror's copies +SQL-B2 +mgc RESTORING/);
    const changes = await changesOfUp();
    assert.equal(changes.filter((change) => change === "DROP DATABASE").length, 1, changes.join(", "));
    assert.equal((await estate.ask("primary", session))[0]?.["state"], "SYNCHRONIZED");
    assert.deepEqual(await estate.ask("backup", copies, "mirror"), []);
    await settled();
  });

  it("names a mirror that does not answer as drift, and makes nothing anew", async () => {
    await estate.run("fault", "instance-stop", "--instance", "SQL-P2");
    try {
      const preview = await estate.stack.preview("--expect-no-changes");
      assert.equal(preview.code, 7, preview.output);
      assert.match(preview.output, /warning: mgc on SQL-P1 is mirrored to SQL-P2, DISCONNECTED/);
      assert.deepEqual(await changesOfUp(), []);
    } finally {
      await estate.run("fault", "instance-start", "--instance", "SQL-P2");
    }
  });

  it("closes a link that somebody else took out of log shipping's chain", async () => {
    const file = String.raw`\\files.dci.discovery.com\lslogs\mirror\foreign.trn`;
    await estate.ask("primary", "EXEC msdb.dbo.sp_start_job N'LSBackup_mgc';");
    await estate.run("chat", "send");
    await estate.ask("primary", `BACKUP LOG mgc TO DISK = N'${file}' WITH FORMAT;`);
    const preview = await estate.stack.preview("--expect-no-changes");
    assert.equal(preview.code, 7, preview.output);
    assert.match(preview.output, /log chain goes on in .*foreign\.trn/);
    const changes = await changesOfUp();
    assert.deepEqual(
      changes.filter((change) => change.startsWith("RESTORE")),
      ["RESTORE LOG"],
    );
    const [shipped] = await estate.ask(
      "primary",
      "SELECT last_backup_file AS f FROM msdb.dbo.log_shipping_primary_databases;",
    );
    const [restored] = await estate.ask(
      "backup",
      "SELECT last_restored_file AS f FROM msdb.dbo.log_shipping_secondary_databases;",
    );
    const name = (path: unknown): string => String(path).split("\\").at(-1) ?? "";
    assert.equal(name(restored?.["f"]), name(shipped?.["f"]));
  });

  it("is not done while no chat server pings, and says what to look at", async () => {
    configure({ ...mirroring({}), health: { timeoutSeconds: 2 } });
    await estate.run("chat", "stop");
    const lines = await estate.journalLength();
    const up = await estate.stack.up();
    assert.notEqual(up.code, 0, up.output);
    assert.match(up.output, /F7b: the chat did not come back within 2 s/);
    assert.match(up.output, /Get-CsWindowsService -ComputerName chat-p1\.dci\.discovery\.com/);
    assert.deepEqual(await estate.changesSince(lines), []);
    await estate.run("chat", "start", "--rate", "0");
    assert.deepEqual(await changesOfUp(), []);
  });

  it("is proved by a test message where the site names its registrar", async () => {
    const { pools } = labConfiguration(estate.lab) as { pools: { primary: object }[] };
    configure({ ...mirroring({}), primary: { ...pools[0]?.primary, registrar: "lyncfe.dci.discovery.com" } });
    await estate.shell(
      "Set-CsPersistentChatActiveServer -ActiveServers @{Remove='chat-p1.dci.discovery.com'} -Confirm:$false",
    );
    const before = (await estate.chat()).stored;
    const up = await estate.stack.up();
    assert.equal(up.code, 0, up.output);
    assert.ok((await estate.chat()).stored >= before + 2, "one message each way");
    const outputs = (await estate.stack.outputs())["pools"] as Record<string, Record<string, unknown>>;
    const report = estate.report(outputs["lyncpc"]?.["report"]);
    assert.deepEqual(
      report.summary.steps.map((step) => step.key),
      ["F0", "F6", "F7b"],
    );
    assert.ok((report.summary.recoverySeconds ?? -1) >= 0);
  });
});
