import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "mocha";
import type { RunningCli } from "../../tools/lab-stack";
import { TestEstate } from "./support/estate";

describe("a failback that is interrupted in F4", function () {
  this.timeout(240_000);
  let estate: TestEstate;
  beforeEach(async () => {
    estate = await TestEstate.start("failed-over", "--database-size", "64MiB");
  });
  afterEach(() => estate.stop());

  it("tells a damaged file once, and the next plain up takes a new backup and converges", async () => {
    await slow(estate);
    const running = estate.stack.start(["up", "--yes", "--skip-preview", ...estate.stack.where()]);
    await reached(estate, running, "RESTORE DATABASE");
    const [set] = await estate.ask(
      "backup",
      "SELECT TOP (1) f.physical_device_name AS f FROM msdb.dbo.backupset AS b JOIN msdb.dbo.backupmediafamily AS f " +
        "ON f.media_set_id = b.media_set_id WHERE b.database_name = N'mgc' AND b.type = 'D' ORDER BY b.backup_set_id DESC;",
    );
    // Near its end, where the restore has not been yet.
    const file = String(set?.["f"]);
    await estate.run("fault", "damage", "--file", file, "--offset", String(60 * 1024 * 1024));
    const first = await running.done;
    assert.equal(first.code, 1, first.output);
    const causes = first.output.split("\n").filter((line) => /^ +error: SQL-P1/.test(line));
    assert.equal(causes.length, 1, first.output);
    assert.match(causes[0] ?? "", /RESTORE|page|damage|checksum/i);
    await fast(estate);
    const second = await estate.stack.up();
    assert.equal(second.code, 0, second.output);
    assert.equal((await estate.stack.preview("--expect-no-changes")).code, 0);
  });

  it("goes on after its provider was killed", async () => {
    await slow(estate);
    const running = estate.stack.start(["up", "--yes", "--skip-preview", ...estate.stack.where()]);
    await reached(estate, running, "RESTORE DATABASE");
    process.kill(await providerOf(running), "SIGKILL");
    const first = await running.done;
    assert.notEqual(first.code, 0, first.output);
    await fast(estate);
    const second = await estate.stack.up();
    assert.equal(second.code, 0, second.output);
    assert.equal((await estate.stack.preview("--expect-no-changes")).code, 0);
  });

  it("finishes its step when the CLI was killed, holds the lock until then, and goes on after pulumi cancel", async () => {
    await slow(estate);
    const running = estate.stack.start(["up", "--yes", "--skip-preview", ...estate.stack.where()]);
    await reached(estate, running, "RESTORE DATABASE");
    const provider = await providerOf(running);
    running.process.kill("SIGKILL");
    await running.done;
    await estate.stack.must(["cancel", "--yes", "--stack", "primary"]);
    const meanwhile = await estate.stack.up();
    assert.notEqual(meanwhile.code, 0, meanwhile.output);
    assert.match(meanwhile.output, /another run works on this pool: pchat-dr primary/);
    await fast(estate);
    await eventually(() => !isAlive(provider), "the provider ends by itself after its step");
    const state = "SELECT state_desc FROM sys.databases WHERE name = N'mgc';";
    assert.equal((await estate.ask("primary", state))[0]?.["state_desc"], "ONLINE");
    const second = await estate.stack.up();
    assert.equal(second.code, 0, second.output);
    assert.equal((await estate.stack.preview("--expect-no-changes")).code, 0);
  });
});

/** So slow that what a test does in the middle of a restore does not race with its end. */
function slow(estate: TestEstate): Promise<string> {
  const bytesPerSecond = 8 * 1024 * 1024;
  return estate.run("fault", "disk-speed", "--instance", "SQL-P1", "--bytes-per-second", String(bytesPerSecond));
}

function fast(estate: TestEstate): Promise<string> {
  return estate.run("fault", "disk-speed", "--instance", "SQL-P1", "--bytes-per-second", "0");
}

/** Waits until the lab has begun what the text names; the journal has a line when it ended, requests are visible before. */
async function reached(estate: TestEstate, running: RunningCli, command: string): Promise<void> {
  const sql = `SELECT COUNT(*) AS n FROM sys.dm_exec_requests WHERE command = N'${command}';`;
  await eventually(async () => {
    if (running.process.exitCode !== null) throw new Error(`the run ended before ${command}:\n${running.output()}`);
    return Number((await estate.ask("primary", sql))[0]?.["n"]) > 0;
  }, `${command} begins on the primary`);
}

/** The dynamic provider below a running CLI. */
async function providerOf(running: RunningCli): Promise<number> {
  const { execFileSync } = await import("node:child_process");
  const rows = execFileSync("ps", ["-eo", "pid,ppid,args"], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/));
  const children = new Set([String(running.process.pid)]);
  for (let depth = 0; depth < 4; depth += 1)
    for (const row of rows) if (children.has(row[1] ?? "")) children.add(row[0] ?? "");
  const provider = rows.find(
    (row) => children.has(row[0] ?? "") && row.some((word) => word.includes("dynamic-provider")),
  );
  if (provider === undefined) throw new Error("the run has no dynamic provider");
  return Number(provider[0]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not within 60 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
