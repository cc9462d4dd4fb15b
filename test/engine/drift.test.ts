import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import type { DriftRun } from "../../estate/drift/drift-outcome";
import { projectDirectory } from "../../tools/pulumi-cli";
import { TestEstate } from "./support/estate";

const UNATTENDED = { PERSISTENT_CHAT_DR_UNATTENDED: "true" };
const ADOPT = { PERSISTENT_CHAT_DR_ADOPT: "true" };

interface ToolResult {
  readonly code: number | null;
  readonly output: string;
}

/** `npm run drift -- --stack primary` on the stack of a test. */
function drift(estate: TestEstate, ...options: readonly string[]): Promise<ToolResult> {
  const tool = ["--require", require.resolve("tsx/cjs"), join(projectDirectory, "tools", "drift.ts")];
  const child = spawn(process.execPath, [...tool, "--stack", "primary", ...options], {
    cwd: estate.stack.folder,
    env: estate.stack.environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output }));
  });
}

const quietUp = (estate: TestEstate): string[] => ["up", "--yes", "--skip-preview", ...estate.stack.where()];

async function driftJson(estate: TestEstate): Promise<DriftRun> {
  const { code, output } = await drift(estate, "--json");
  const run = JSON.parse(output) as DriftRun;
  assert.equal(code, run.exitCode, output);
  return run;
}

const told = (run: DriftRun): string[] =>
  run.pools.flatMap((pool) =>
    pool.rows.map((row) => `${row.severity} ${row.resource} ${row.property}: ${JSON.stringify(row.observed)}`),
  );

describe("drift of a pool at home, by the real CLI", function () {
  this.timeout(300_000);
  let estate: TestEstate;
  before(async () => {
    estate = await TestEstate.start("steady");
    // What a DBA has left behind before the estate came under management.
    await estate.ask("backup", "EXEC msdb.dbo.sp_update_job @job_name = N'LSCopy_SQL-P1_mgc', @enabled = 0;");
    await estate.ask(
      "primary",
      "EXEC master.dbo.sp_change_log_shipping_primary_database @database = N'mgc', @backup_retention_period = 60;",
    );
  });
  after(() => estate.stop());

  it("adopts the estate as it is, without a change, and shows the true differences afterwards", async () => {
    const lines = await estate.journalLength();
    const up = await estate.stack.run(["up", "--yes", ...estate.stack.where()], ADOPT);
    assert.equal(up.code, 0, up.output);
    assert.match(up.output, /adopt: an up records the estate as it is and changes nothing/);
    assert.deepEqual(await estate.changesSince(lines), []);
    const preview = await estate.stack.preview("--diff", "--expect-no-changes");
    assert.equal(preview.code, 7, preview.output);
    assert.match(preview.output, /~ enabled *: false => true/);
    assert.match(preview.output, /~ retentionMinutes *: 60 => 4320/);
    assert.deepEqual(await estate.changesSince(lines), []);
  });

  it("is named with both values, severity and date, and ends with 7", async () => {
    const lines = await estate.journalLength();
    const run = await driftJson(estate);
    assert.deepEqual(told(run), [
      "protection LogShipping secondary.copyJob.enabled: false",
      "cosmetic LogShipping primary.retentionMinutes: 60",
    ]);
    assert.equal(run.exitCode, 7);
    assert.deepEqual(run.preview.state, []);
    assert.match(run.pools[0]?.rows[0]?.since?.source ?? "", /^sysjobs\.date_modified of LSCopy_SQL-P1_mgc$/);
    assert.equal(run.pools[0]?.rows[1]?.since, null);
    assert.deepEqual(await estate.changesSince(lines), []);
  });

  it("is mended by an unattended up, and nothing else is written", async () => {
    const lines = await estate.journalLength();
    const up = await estate.stack.run(quietUp(estate), UNATTENDED);
    assert.equal(up.code, 0, up.output);
    const changes = await estate.changesSince(lines);
    assert.deepEqual(
      changes.flatMap((line) => line.changes.map((change) => `${line.instance ?? ""}: ${change}`)),
      ["SQL-P1: EXEC sp_change_log_shipping_primary_database", "SQL-B1: EXEC sp_update_job"],
    );
    const clean = await drift(estate);
    assert.equal(clean.code, 0, clean.output);
    assert.match(clean.output, /^Stack primary: clean: everything was read and is as desired\.$/m);
  });

  it("dates what msdb does not date by the last report", async () => {
    await estate.shell(
      "Set-CsPersistentChatActiveServer -ActiveServers @{Remove='chat-p1.dci.discovery.com'} -Confirm:$false",
    );
    await estate.run("fault", "agent-stop", "--instance", "SQL-B1");
    try {
      const found = await drift(estate);
      assert.equal(found.code, 7, found.output);
      assert.match(found.output, /service +F6 +ActiveServers +activeServers .*after \d{4}-\d\d-\d\d .* \(UTC\) +up/);
      assert.match(found.output, /protection +F0 +Preflight +SQL Server Agent of SQL-B1 +Running +Stopped .* person/);
    } finally {
      await estate.run("fault", "agent-start", "--instance", "SQL-B1");
    }
  });

  it("is neither clean nor drift while the primary does not answer", async () => {
    await estate.run("fault", "instance-stop", "--instance", "SQL-P1");
    try {
      const unknown = await drift(estate);
      assert.notEqual(unknown.code, 0, unknown.output);
      assert.notEqual(unknown.code, 7, unknown.output);
      assert.match(unknown.output, /not read: SQL-P1 .*\[UNREACHABLE\]/);
      assert.match(unknown.output, /^Stack primary: could not tell\.$/m);
    } finally {
      await estate.run("fault", "instance-start", "--instance", "SQL-P1");
    }
  });
});

describe("drift of a pool that was failed over, by the real CLI", function () {
  this.timeout(300_000);
  let estate: TestEstate;
  let lines: number;
  before(async () => {
    estate = await TestEstate.start("failed-over");
    lines = await estate.journalLength();
  });
  after(() => estate.stop());
  const unchanged = async (): Promise<void> => assert.deepEqual(await estate.changesSince(lines), []);

  it("is adopted in the middle of the outage, when the primary does not even answer", async () => {
    await estate.run("fault", "instance-stop", "--instance", "SQL-P1");
    try {
      const up = await estate.stack.run(quietUp(estate), ADOPT);
      assert.equal(up.code, 0, up.output);
    } finally {
      await estate.run("fault", "instance-start", "--instance", "SQL-P1");
    }
    await unchanged();
    const state = await estate.stack.state();
    assert.match(state, /"step": "open: authority: unclear \(P_UNREACHABLE\)/);
    assert.doesNotMatch(state, /"poolState": "Normal",\s*"step": "open/);
  });

  it("shows the true differences once all can be read", async () => {
    const preview = await estate.stack.preview("--diff", "--expect-no-changes");
    assert.equal(preview.code, 7, preview.output);
    assert.match(preview.output, /~ poolState: "FailedOver" => "Normal"/);
    assert.match(preview.output, /~ partner : "SQL-B2" => "none"/);
    await unchanged();
  });

  it("is refused by an unattended up before its first change, in one sentence", async () => {
    const up = await estate.stack.run(quietUp(estate), UNATTENDED);
    assert.equal(up.code, 1, up.output);
    assert.match(
      up.output,
      /error: [^\n]*this run is unattended and would bring the chat home \(F1, F2, F2b, F3, F4, F5, F6, F7, F7b, F8\)\. A person starts that/,
    );
    await unchanged();
  });

  it("is named as service drift, which a person mends", async () => {
    const run = await driftJson(estate);
    assert.equal(run.exitCode, 7);
    const pool = run.pools[0];
    assert.deepEqual(
      pool?.rows.filter((row) => row.severity === "service").map((row) => row.step),
      ["F0", "F1", "F2-chat", "F2-compliance", "F2b", "F3", "F4", "F6", "F7"],
    );
    assert.ok(pool?.rows.every((row) => row.mendedBy === "attended-up"));
    await unchanged();
  });
});
