import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, afterEach, before, describe, it } from "mocha";
import { cliPath } from "../../tools/pulumi-cli";
import { TestEstate } from "./support/estate";

/** Lines of the plan that a preview prints: `1.  F1  Active servers …`. */
function planLines(output: string): string[] {
  return output.split("\n").filter((line) => /^\s*\d+\.\s+F\d/.test(line));
}

describe("preview of a pool that has failed over", function () {
  this.timeout(120_000);
  let estate: TestEstate;
  let lines: number;
  before(async () => {
    estate = await TestEstate.start("failed-over");
  });
  after(() => estate.stop());
  const unchanged = async (): Promise<void> => assert.deepEqual(await estate.changesSince(lines), []);
  beforeEach(async () => {
    lines = await estate.journalLength();
  });
  afterEach(unchanged);

  it("prints the numbered plan once, under Preflight, in a first run without state", async () => {
    const result = await estate.stack.preview();
    assert.equal(result.code, 0, result.output);
    const plan = planLines(result.output);
    assert.deepEqual(
      plan.map((line) => line.trim().split(/\s+/)[1]),
      ["F1", "F2", "F2", "F2b", "F3", "F4", "F5", "F6", "F7", "F7b", "F8", "F8"],
      result.output,
    );
    assert.match(result.output, /Preflight \(lyncpc-preflight\):\n\s+Pool lyncpc, authority: backup/);
  });

  it("prints it with --diff and --json too", async () => {
    const diff = await estate.stack.preview("--diff");
    assert.equal(diff.code, 0, diff.output);
    assert.equal(planLines(diff.output).length, 12, diff.output);
    const json = await estate.stack.preview("--json");
    assert.equal(json.code, 0, json.output);
    const parsed = JSON.parse(json.output.slice(json.output.indexOf("{"))) as {
      diagnostics: { urn?: string; message: string }[];
    };
    const told = parsed.diagnostics.filter((one) => one.urn?.endsWith("lyncpc-preflight") === true);
    assert.equal(told.length, 1, json.output);
    assert.equal(planLines(told[0]?.message ?? "").length, 12);
  });

  it("leaves no process behind when its reader goes away", async () => {
    const before = await providers();
    for (let round = 0; round < 20; round += 1) await previewIntoHead(estate);
    const left = async (): Promise<number> => (await providers()).filter((pid) => !before.includes(pid)).length;
    const deadline = Date.now() + 15_000;
    while ((await left()) > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(await left(), 0);
  }).timeout(300_000);

  it("says which address does not answer, in at most two places, and leaves the state as it is", async () => {
    await estate.run("fault", "instance-stop", "--instance", "SQL-P1");
    try {
      const begun = Date.now();
      const result = await estate.stack.preview();
      assert.notEqual(result.code, 0, result.output);
      assert.ok(Date.now() - begun < 30_000, "took 30 seconds or more");
      const port = String(estate.lab.instances.find((instance) => instance.name === "SQL-P1")?.port);
      const told = result.output
        .split("\n")
        .filter((line) => line.includes(port) && !line.includes("resource 'lyncpc-preflight'"));
      assert.ok(told.length > 0 && told.length <= 2, result.output);
    } finally {
      await estate.run("fault", "instance-start", "--instance", "SQL-P1");
    }
  });

  it("refuses while SQL Server Agent of the backup is stopped", async () => {
    await estate.run("fault", "agent-stop", "--instance", "SQL-B1");
    try {
      const result = await estate.stack.preview();
      assert.notEqual(result.code, 0, result.output);
      assert.match(result.output, /SQL-B1[^\n]*Agent|Agent[^\n]*SQL-B1/);
    } finally {
      await estate.run("fault", "agent-start", "--instance", "SQL-B1");
    }
  });

  it("writes nothing for a single step out of turn", async () => {
    const result = await estate.stack.up("--target", "**PoolState::lyncpc-pool-state");
    assert.notEqual(result.code, 0, result.output);
  });
});

/** Process ids of dynamic providers on this machine. */
function providers(): Promise<number[]> {
  return new Promise((resolve, reject) => {
    const list = spawn("ps", ["-eo", "pid,args"], { stdio: ["ignore", "pipe", "ignore"] });
    let text = "";
    list.stdout.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
    list.on("error", reject);
    list.on("close", () => {
      const lines = text.split("\n").filter((line) => line.includes("cmd/dynamic-provider"));
      resolve(lines.map((line) => Number(line.trim().split(/\s+/)[0])));
    });
  });
}

/** `pulumi preview | head -3`: three lines are read, then the pipe is closed. */
function previewIntoHead(estate: TestEstate): Promise<void> {
  const child = spawn(cliPath(), ["preview", ...estate.stack.where()], {
    cwd: estate.stack.folder,
    env: estate.stack.environment,
    stdio: ["ignore", "pipe", "ignore"],
  });
  return new Promise((resolve, reject) => {
    let seen = "";
    child.stdout.on("data", (chunk: Buffer) => {
      seen += chunk.toString("utf8");
      if (seen.split("\n").length > 3) child.stdout.destroy();
    });
    child.on("error", reject);
    child.on("close", () => resolve());
  });
}
