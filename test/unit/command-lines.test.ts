import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, it } from "mocha";

const project = join(__dirname, "..", "..");

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs one of the project's programs. It is ended as soon as it says more than what a command line is answered with. */
function run(program: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const child = spawn(process.execPath, ["--require", "tsx/cjs", join(project, program), ...args], {
    cwd: project,
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, errors] = ["", ""];
  const began = /^(== |starting a lab|export |seed \d+)/m;
  const look = (): void => void (!child.killed && began.test(output + errors) && child.kill("SIGTERM"));
  child.stdout.on("data", (chunk: Buffer) => ((output += chunk.toString("utf8")), look()));
  child.stderr.on("data", (chunk: Buffer) => ((errors += chunk.toString("utf8")), look()));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output, errors }));
  });
}

describe("a command line", function () {
  this.timeout(60_000);

  for (const [program, wrong] of [
    ["tools/demo.ts", ["--cycl"]],
    ["tools/demo.ts", ["cycle"]],
    ["tools/env.ts", ["--bogus"]],
    ["test/chaos/main.ts", ["--seed", "abc"]],
    ["test/chaos/main.ts", ["--rounds", "0"]],
    ["bench/main.ts", ["backup", "--database-size", "abc"]],
    ["bench/main.ts", ["backup", "--rounds", "0"]],
  ] as const)
    it(`is refused by ${program} before anything is begun: ${wrong.join(" ")}`, async () => {
      const { code, output, errors } = await run(program, wrong);
      assert.equal(code, 1, errors);
      assert.equal(output, "");
      assert.match(errors, /^error: .+/);
      assert.match(errors, /Usage: |is invalid\. Expected/);
    });

  it("of chaos that SIGTERM ends leaves nothing behind", async () => {
    const folder = mkdtempSync(join(tmpdir(), "persistent-chat-lines-"));
    try {
      // `run` sends it as soon as the seed is told.
      const { code, errors } = await run("test/chaos/main.ts", ["--seed", "1"], { TMPDIR: folder });
      assert.equal(code, 1);
      assert.equal(errors, "error: SIGTERM came\n");
      assert.deepEqual(
        readdirSync(folder).filter((name) => name.startsWith("persistent-chat-")),
        [],
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("of a stack that is not there leaves the CLI's words where a review reads the plan", async () => {
    const folder = mkdtempSync(join(tmpdir(), "persistent-chat-lines-"));
    try {
      const environment = { PULUMI_BACKEND_URL: pathToFileURL(folder).href, PULUMI_CONFIG_PASSPHRASE: "" };
      const preview = ["preview", "--stack", "nope", "--folder", join(folder, "promotion")];
      const { code, output, errors } = await run("tools/promote.ts", preview, environment);
      assert.notEqual(code, 0);
      assert.match(errors, /^error: no stack named 'nope' found/);
      assert.equal(readFileSync(join(folder, "promotion", "plan.md"), "utf8"), output);
      assert.match(output, /^### Persistent Chat, stack nope: no plan, the preview failed \(exit code \d+\)$/m);
      assert.match(output, /^error: no stack named 'nope' found$/m);
      assert.doesNotMatch(output, /No resource changes/);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it("is explained by the demo, and by env where no shell executes it", async () => {
    const [demo, env] = await Promise.all([run("tools/demo.ts", ["--help"]), run("tools/env.ts", ["--help"])]);
    assert.deepEqual([demo.code, env.code, env.output], [0, 0, ""]);
    assert.match(demo.output, /--cycle/);
    assert.match(env.errors, /--powershell/);
  });
});
