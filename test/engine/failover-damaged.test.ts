import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { labConfiguration, labInstance } from "../../tools/lab-configuration";
import type { LabStack } from "../../tools/lab-stack";
import { TestEstate } from "./support/estate";

interface Entry {
  readonly step?: string;
  readonly detail?: Record<string, unknown>;
}

describe("failover from primaries that answer with damaged databases", function () {
  this.timeout(240_000);
  let estate: TestEstate;
  let stack: LabStack;
  let up: Awaited<ReturnType<LabStack["up"]>>;
  let preview: Awaited<ReturnType<LabStack["preview"]>>;

  // The first pool's mgc is SUSPECT, its log whole. The second's data file cannot be opened any more: in the lab the log goes
  // with it. Neither's last messages were ever shipped.
  before(async () => {
    estate = await TestEstate.start("steady", "--chat", "--pools", "2");
    for (const { fqdn } of estate.lab.pools) await estate.run("chat", "send", "--pool", fqdn);
    await estate.run("fault", "suspect", "--instance", "SQL-P1");
    const { name } = labInstance(estate.lab, "primary", "principal", 1);
    await estate.run("fault", "instance-stop", "--instance", name);
    const file = String.raw`D:\SQLData\mgc.mdf`;
    await estate.run("fault", "deny", "--account", String.raw`DCI\svc-sql-p3`, "--path", file, "--access", "write");
    await estate.run("fault", "instance-start", "--instance", name);
    const { pools } = labConfiguration(estate.lab, { mirroring: { chat: false, compliance: false } });
    stack = await estate.backupStack({ failover: { mode: "disaster" }, pools });
    preview = await stack.preview();
    up = await stack.up();
  });
  after(() => estate.stop());

  const stateOf = async (site: "primary" | "backup", pool: number): Promise<unknown> =>
    (await estate.ask(site, "SELECT state_desc AS s FROM sys.databases WHERE name = N'mgc';", "principal", pool))[0]?.[
      "s"
    ];

  const details = async (pool: string): Promise<readonly (Entry & { readonly detail: Record<string, unknown> })[]> => {
    const pools = (await stack.outputs())["pools"] as Record<string, Record<string, unknown>>;
    const { entries } = estate.report(pools[pool]?.["report"]) as unknown as { entries: Entry[] };
    return entries.flatMap(({ step, detail }) =>
      detail === undefined ? [] : [{ ...(step === undefined ? {} : { step }), detail }],
    );
  };

  it("promises neither that the tail is saved nor that it is not", () => {
    assert.equal(preview.code, 0, preview.output);
    const promised =
      /what (SQL-P\d) wrote after LSN \d+ of fork \S+ is lost unless its tail can still be taken \(P3\)/g;
    const named = [...preview.output.matchAll(promised)].map((match) => match[1]);
    assert.deepEqual([...new Set(named)].sort(), ["SQL-P1", "SQL-P3"], preview.output);
  });

  it("saves the tail of a log that is whole, applies it, and loses nothing", async () => {
    assert.equal(up.code, 0, up.output);
    assert.equal(await stateOf("primary", 0), "RESTORING");
    assert.equal(await stateOf("backup", 0), "ONLINE");
    const [restored] = await estate.ask(
      "backup",
      "SELECT TOP (1) b.is_force_offline AS closed, b.is_copy_only AS copy, b.is_damaged AS damaged FROM msdb.dbo.restorehistory AS r " +
        "JOIN msdb.dbo.backupset AS b ON b.backup_set_id = r.backup_set_id WHERE r.restore_type = 'L' ORDER BY r.restore_history_id DESC;",
    );
    assert.deepEqual({ ...restored }, { closed: true, copy: true, damaged: false });
    const seen = await details("lyncpc");
    const header = seen.find(({ step, detail }) => step === "P3" && detail["header"] !== undefined)?.detail["header"];
    assert.deepEqual(header, { isDamaged: false, isForceOffline: true, hasIncompleteMetadata: true });
    const gate = seen.find(({ detail }) => detail["pointOfNoReturn"] !== undefined)?.detail;
    assert.equal((gate?.["loss"] as { nothing: boolean }).nothing, true);
    await estate.run("chat", "send");
    assert.deepEqual((await estate.chat()).lost, []);
  });

  it("tells the engine's words where it refuses, goes on, and loses what was said", async () => {
    assert.equal(await stateOf("primary", 1), "RECOVERY_PENDING");
    assert.equal(await stateOf("backup", 1), "ONLINE");
    const seen = await details("lyncpc2");
    const skipped = seen.find(({ step, detail }) => step === "P3" && detail["skipped"] !== undefined)?.detail;
    assert.match(String(skipped?.["reason"]), /Database 'mgc' cannot be opened due to inaccessible files/);
    const gate = seen.find(({ detail }) => detail["pointOfNoReturn"] !== undefined)?.detail;
    const loss = gate?.["loss"] as { nothing: boolean; text: string };
    assert.equal(loss.nothing, false);
    assert.ok(!loss.text.includes("unless"), loss.text);
    const { lost } = await estate.chat(1);
    assert.ok(lost !== null && lost.length > 0, "the message that was sent after the last log backup is lost");
  });

  it("has nothing left to do", async () => {
    const again = await stack.up("--expect-no-changes");
    assert.equal(again.code, 0, again.output);
  });

  it("is the way from which both come home, by full backup over the damaged files", async () => {
    const file = String.raw`D:\SQLData\mgc.mdf`;
    await estate.run("fault", "allow", "--account", String.raw`DCI\svc-sql-p3`, "--path", file, "--access", "write");
    const mirroring = { chat: false, compliance: false };
    // The first pool's copy holds nothing of its own any more; the second's is given up by name.
    const refused = await estate.homeWith({ missingMirrorCopy: true }, { mirroring });
    assert.notEqual(refused.code, 0, refused.output);
    assert.match(refused.output, /lyncpc2-preflight.*unclear \(P_UNREADABLE\)/);
    assert.ok(!/lyncpc-preflight.*P_UNREADABLE/.test(refused.output), refused.output);
    const home = await estate.homeWith({ missingMirrorCopy: true, unreadablePrimary: true }, { mirroring });
    assert.equal(home.code, 0, home.output);
    assert.deepEqual([await stateOf("primary", 0), await stateOf("primary", 1)], ["ONLINE", "ONLINE"]);
    assert.deepEqual((await estate.chat()).lost, []);
  });
});
