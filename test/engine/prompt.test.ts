import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { after, before, describe, it } from "mocha";
import { cliPath } from "../../tools/pulumi-cli";
import { TestEstate } from "./support/estate";

describe("an operator at the prompt", function () {
  this.timeout(180_000);
  let estate: TestEstate;
  before(async () => {
    estate = await TestEstate.start("failed-over");
    const up = await estate.stack.up();
    assert.equal(up.code, 0, up.output);
  });
  after(() => estate.stop());

  it("is refused by Preflight when the pool failed over between the preview and the yes", async () => {
    await estate.shell(
      "Set-CsPersistentChatActiveServer -ActiveServers @{Remove='chat-p1.dci.discovery.com'} -Confirm:$false",
    );
    const terminal = atTerminal(estate);
    await terminal.until(/Do you want to perform this update/);
    // One drifted list: the plan stands once on the screen, and nothing else is to be done.
    assert.equal(terminal.screen().match(/^\s*1\.\s+F6/gm)?.length, 1, terminal.screen());
    await estate.run("scenario", "failed-over");
    const lines = await estate.journalLength();
    // The choice is a list: up to "yes", then enter.
    terminal.type("\u001b[A\r");
    const code = await terminal.ended;
    assert.notEqual(code, 0, terminal.screen());
    assert.match(terminal.screen(), /Preflight[\s\S]*violates plan/);
    assert.deepEqual(await estate.changesSince(lines), []);
  });
});

interface Terminal {
  type(keys: string): void;
  /** What stands on it, without control sequences. */
  screen(): string;
  until(text: RegExp): Promise<void>;
  readonly ended: Promise<number | null>;
}

/** `pulumi up` under a pseudo-terminal, with the settings of `npm run env`. */
function atTerminal(estate: TestEstate): Terminal {
  const where = estate.stack.where().filter((option) => option !== "--non-interactive");
  const command = [cliPath(), "up", ...where].map((word) => `'${word}'`).join(" ");
  const child = spawn("script", ["--quiet", "--return", "--command", command, "/dev/null"], {
    cwd: estate.stack.folder,
    env: { ...estate.stack.environment, TERM: "xterm", PULUMI_OPTION_STRICT: "true", PULUMI_RUN_PROGRAM: "true" },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  const screen = (): string => text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "").replace(/\r/g, "");
  const ended = new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  return {
    type: (keys) => void child.stdin.write(keys),
    screen,
    until: async (expected) => {
      const deadline = Date.now() + 60_000;
      while (!expected.test(screen())) {
        if (child.exitCode !== null || Date.now() > deadline)
          throw new Error(`${String(expected)} did not come:\n${screen()}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    ended,
  };
}
