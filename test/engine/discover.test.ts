import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, before, describe, it } from "mocha";
import { labInstance } from "../../tools/lab-configuration";
import { projectDirectory } from "../../tools/pulumi-cli";
import { TestEstate } from "./support/estate";

describe("a configuration that was discovered", function () {
  this.timeout(120_000);
  let estate: TestEstate;
  let found: Record<string, unknown>;
  before(async () => {
    estate = await TestEstate.start("steady");
    const { instances, shell } = estate.lab;
    const run = spawnSync(
      process.execPath,
      [
        ...["--require", "tsx/cjs", "tools/discover.ts", "--print", "--json", "--trust-server-certificate"],
        ...["--shell", shell.executable, "--primary-data-centre", "east", "--backup-data-centre", "west"],
        // Whose servers the backup site makes active no read tells while the pool is at home.
        ...["--backup-servers", [1, 2, 3, 4].map((at) => `chat-b${String(at)}.dci.discovery.com`).join(",")],
        ...instances.flatMap(({ host, port }) => ["--sql", `${host}:${String(port)}`]),
      ],
      {
        cwd: projectDirectory,
        encoding: "utf8",
        env: { ...process.env, PERSISTENT_CHAT_DR_SQL_PASSWORD: labInstance(estate.lab, "primary").password },
      },
    );
    assert.equal(run.status, 0, `${run.stdout}${run.stderr}`);
    found = (JSON.parse(run.stdout) as { configuration: Record<string, unknown> }).configuration;
  });
  after(() => estate.stop());

  it("is ready to preview as it is, on both stacks, and finds the estate that it was read from", async () => {
    const lines = await estate.journalLength();
    estate.stack.configure({ ...found, active: "primary" });
    const home = await estate.stack.preview();
    assert.equal(home.code, 0, home.output);
    assert.match(home.output, /authority: primary: .*\[row 28\]\n +Nothing to do\./);
    const away = await estate.backupStack();
    away.configure({ ...found, active: "backup" });
    const there = await away.preview();
    assert.equal(there.code, 0, there.output);
    assert.match(there.output, /failover\.mode/);
    assert.deepEqual(await estate.changesSince(lines), []);
  });
});
