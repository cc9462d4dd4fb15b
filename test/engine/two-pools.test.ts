import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { labConfiguration } from "../../tools/lab-configuration";
import type { LabStack } from "../../tools/lab-stack";
import { TestEstate } from "./support/estate";

describe("two pools in one configuration", function () {
  this.timeout(240_000);
  let estate: TestEstate;
  before(async () => {
    estate = await TestEstate.start("failed-over", "--pools", "2");
    estate.reconfigure(estate.stack, labConfiguration(estate.lab, { compare: "full" }));
  });
  after(() => estate.stop());

  it("come home side by side, in one provider process, with one shell", async () => {
    const lines = await estate.journalLength();
    const up = await estate.stack.up();
    assert.equal(up.code, 0, up.output);
    const pools = (await estate.stack.outputs())["pools"] as Record<string, Record<string, unknown>>;
    const steps = Object.values(pools).map((pool) => estate.report(pool["report"]).summary.steps);
    assert.equal(steps.length, 2);
    const [one = [], other = []] = steps.map((list) => list.filter((step) => step.key !== "F0"));
    const begun = (list: typeof one): number => Date.parse(list[0]?.started ?? "");
    const ended = (list: typeof one): number => Date.parse(list.at(-1)?.ended ?? "");
    assert.ok(begun(one) < ended(other) && begun(other) < ended(one), "the pools' steps overlap in time");
    const journal = (await estate.journal()).slice(lines);
    // Install-CsMirrorDatabase lasts, and runs in a shell of its own so that no other pool waits for it.
    const cmdlets = journal.filter((line) => line.kind === "cmdlet" && !line.text.includes("Install-CsMirrorDatabase"));
    const shells = new Set(cmdlets.map((line) => line.client));
    assert.equal(shells.size, 1, [...shells].join(", "));
    // Each pair of copies was compared with checksums over all that a message is.
    const compared = journal.filter((line) => /BINARY_CHECKSUM\(.*varbinary\(max\).*\[content\]/.test(line.text));
    assert.deepEqual([...new Set(compared.map((line) => line.instance))].sort(), [
      "SQL-B1",
      "SQL-B3",
      "SQL-P1",
      "SQL-P3",
    ]);
    const runs = new Set(journal.filter((line) => line.client.startsWith("pchat-dr")).map((line) => line.client));
    assert.equal(runs.size, 1, [...runs].join(", "));
  });
});

describe("two pools, of which some fail over", function () {
  this.timeout(240_000);
  let estate: TestEstate;
  let stack: LabStack;
  const configure = (names?: readonly string[]): void => {
    const { pools } = labConfiguration(estate.lab, { mirroring: { chat: false, compliance: false } });
    estate.reconfigure(stack, {
      failover: { mode: "planned", ...(names === undefined ? {} : { pools: names }) },
      pools,
    });
  };
  const owner = (name: string): Promise<unknown> =>
    estate.ask(
      "backup",
      `EXEC msdb.dbo.sp_update_job @job_name = N'LSCopy_SQL-P3_mgc', @owner_login_name = N'${name}';`,
      "principal",
      1,
    );
  const poolState = async (pool: string): Promise<unknown> =>
    ((await stack.outputs())["pools"] as Record<string, Record<string, unknown>>)[pool]?.["poolState"];
  /** What was changed of one pool: on its instances, or by a cmdlet that names it. */
  const changesOf = async (pool: number, since: number): Promise<readonly string[]> => {
    const { fqdn, instances } = estate.lab.pools[pool] as (typeof estate.lab.pools)[number];
    const names = Object.values(instances).flatMap(({ principal, mirror }) => [principal, mirror]);
    const lines = await estate.changesSince(since);
    return lines.flatMap((line) =>
      names.includes(line.instance ?? "") || line.text.includes(`:${fqdn}`) ? line.changes : [],
    );
  };

  before(async () => {
    estate = await TestEstate.start("steady", "--pools", "2");
    stack = await estate.backupStack();
  });
  after(() => estate.stop());

  it("goes to its end with one while the other's step fails", async () => {
    // A CmdExec step whose owner is no sysadmin cannot run without a proxy.
    await owner("pchatsvc");
    configure();
    const up = await stack.up("--continue-on-error");
    assert.notEqual(up.code, 0, up.output);
    assert.match(up.output, /lyncpc2-remaining-logs.*\n?.*job LSCopy_SQL-P3_mgc failed/);
    assert.match(up.output, /lyncpc-log-backups created/);
    assert.ok(!/lyncpc2-(removed-log-shipping|recovery)/.test(up.output), up.output);
    const state = "SELECT state_desc AS s FROM sys.databases WHERE name = N'mgc';";
    assert.equal((await estate.ask("backup", state))[0]?.["s"], "ONLINE");
    assert.equal((await estate.ask("backup", state, "principal", 1))[0]?.["s"], "RESTORING");
  });

  it("is held up by no pool that is not named, whatever can be said of that one", async () => {
    await estate.run("fault", "instance-stop", "--instance", "SQL-B3");
    await estate.ask("backup", "EXEC msdb.dbo.sp_update_job @job_name = N'pchat-dr log backup mgc', @enabled = 0;");
    configure(["lyncpc"]);
    const lines = await estate.journalLength();
    // What was configured since the last run counts in the refresh too.
    const up = await stack.up("--run-program");
    assert.equal(up.code, 0, up.output);
    assert.match(up.output, /unclear \(B_UNREACHABLE\).*failover\.pools does not name this pool, so it is left alone/);
    assert.deepEqual(await changesOf(0, lines), ["EXEC sp_update_job"]);
    assert.deepEqual(await changesOf(1, lines), []);
    await estate.run("fault", "instance-start", "--instance", "SQL-B3");
    await owner("sa");
  });

  it("moves the one that is named, and leaves the other as it is", async () => {
    configure(["lyncpc2"]);
    const lines = await estate.journalLength();
    const up = await stack.up();
    assert.equal(up.code, 0, up.output);
    assert.deepEqual(await changesOf(0, lines), []);
    assert.ok((await changesOf(1, lines)).includes("RESTORE DATABASE"), up.output);
    assert.deepEqual([await poolState("lyncpc"), await poolState("lyncpc2")], ["FailedOver", "FailedOver"]);
  });

  it("brings one home while the other's Preflight refuses, and the other once that is mended", async () => {
    const home = estate.stack;
    estate.reconfigure(home, labConfiguration(estate.lab, { mirroring: { chat: false, compliance: false } }));
    await estate.run("fault", "agent-stop", "--instance", "SQL-B3");
    const goOn = { PULUMI_CONTINUE_ON_ERROR: "true" };
    const preview = await home.run(["preview", ...home.where()], goOn);
    assert.match(preview.output, /lyncpc2[^]*SQL Server Agent of SQL-B3 is Stopped/);
    assert.match(preview.output, /an error above stops an up of this pool; it holds up no other/);
    const lines = await estate.journalLength();
    // Without the variable no step is begun for any pool; the other's folders may have been probed by then.
    assert.notEqual((await home.up()).code, 0);
    const begun = (await estate.changesSince(lines)).filter(
      ({ kind, text }) => kind === "cmdlet" || /\bmgc\b/.test(text),
    );
    assert.deepEqual(begun, []);
    const first = await home.run(["up", "--yes", "--skip-preview", ...home.where()], goOn);
    assert.notEqual(first.code, 0, first.output);
    assert.match(first.output, /lyncpc-chat-service created/);
    assert.match(first.output, /lyncpc2-preflight \*\*creating failed/);
    assert.deepEqual(await changesOf(1, lines), []);
    await estate.run("fault", "agent-start", "--instance", "SQL-B3");
    const second = await home.run(["up", "--yes", "--skip-preview", ...home.where()], goOn);
    assert.equal(second.code, 0, second.output);
    assert.match(second.output, /lyncpc2-chat-service created/);
  });
});
