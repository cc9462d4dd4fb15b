import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { describe, it } from "mocha";

const project = join(__dirname, "..", "..");

interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Runs one of the project's programs. It is ended as soon as it says more than what a command line is answered with. */
function run(program: string, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ["--require", "tsx/cjs", join(project, program), ...args], {
    cwd: project,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, errors] = ["", ""];
  const began = /^(== |starting a lab|export |seed \d+)/m;
  const look = (): void => void (began.test(output + errors) && child.kill("SIGTERM"));
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
  ] as const)
    it(`is refused by ${program} before anything is begun: ${wrong.join(" ")}`, async () => {
      const { code, output, errors } = await run(program, ...wrong);
      assert.equal(code, 1, errors);
      assert.equal(output, "");
      assert.match(errors, /^error: .+/);
      assert.match(errors, /Usage: /);
    });

  it("is explained by the demo, and by env where no shell executes it", async () => {
    const [demo, env] = await Promise.all([run("tools/demo.ts", "--help"), run("tools/env.ts", "--help")]);
    assert.deepEqual([demo.code, env.code, env.output], [0, 0, ""]);
    assert.match(demo.output, /--cycle/);
    assert.match(env.errors, /--powershell/);
  });
});
