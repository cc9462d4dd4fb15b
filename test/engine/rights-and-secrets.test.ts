import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { labConfiguration } from "../../tools/lab-configuration";
import { TestEstate } from "./support/estate";

const share = String.raw`\\files.dci.discovery.com\lslogs`;
const agent = String.raw`DCI\svc-agent-b1`;

describe("Preflight at up", function () {
  this.timeout(180_000);
  let estate: TestEstate;
  before(async () => {
    estate = await TestEstate.start("failed-over");
  });
  after(() => estate.stop());

  const cases = [
    { what: "the backup's Agent may not list the share", host: "*", path: share, access: "list", folder: share },
    {
      what: "the backup's Agent may not write the copy folder",
      host: "SQL-B1",
      path: String.raw`D:\LSCopy`,
      access: "write",
      folder: String.raw`D:\LSCopy`,
    },
  ];
  for (const { what, host, path, access, folder } of cases) {
    it(`refuses before F1 when ${what}, naming account, folder and right`, async () => {
      const right = ["--host", host, "--account", agent, "--path", path, "--access", access];
      await estate.run("fault", "deny", ...right);
      const lines = await estate.journalLength();
      try {
        const up = await estate.stack.up();
        assert.notEqual(up.code, 0, up.output);
        assert.ok(up.output.includes(agent), up.output);
        assert.ok(up.output.includes(folder), up.output);
        assert.match(up.output, /lacks the right to /);
        const [state] = await estate.ask("backup", "SELECT is_read_only FROM sys.databases WHERE name = N'mgc';");
        assert.equal(state?.["is_read_only"], false);
        const shell = (await estate.changesSince(lines)).filter((line) => line.kind === "cmdlet");
        assert.deepEqual(shell, []);
        const mirrored = await estate.ask(
          "backup",
          "SELECT 1 AS x FROM sys.database_mirroring WHERE mirroring_guid IS NOT NULL;",
        );
        assert.equal(mirrored.length, 2);
      } finally {
        await estate.run("fault", "allow", ...right);
      }
    });
  }
});

describe("a rotated password", function () {
  this.timeout(180_000);
  let estate: TestEstate;
  before(async () => {
    estate = await TestEstate.start("steady");
    const up = await estate.stack.up();
    assert.equal(up.code, 0, up.output);
  });
  after(() => estate.stop());

  it("works with the settings of npm run env, and fails with the hint without them", async () => {
    const rotated = "An0ther-Passw0rd-Of-The-Lab";
    await estate.ask("primary", `ALTER LOGIN [pchatdr] WITH PASSWORD = N'${rotated}';`);
    for (const [site, role] of [
      ["primary", "mirror"],
      ["backup", "principal"],
      ["backup", "mirror"],
    ] as const) {
      await estate.ask(site, `ALTER LOGIN [pchatdr] WITH PASSWORD = N'${rotated}';`, role);
    }
    estate.stack.configure({ active: "primary", ...labConfiguration(estate.lab) });
    await estate.stack.setPassword(rotated);
    const plain = await estate.stack.preview();
    assert.notEqual(plain.code, 0, plain.output);
    assert.match(plain.output, /PULUMI_RUN_PROGRAM=true/);
    const withSettings = await estate.stack.run(["preview", ...estate.stack.where()], { PULUMI_RUN_PROGRAM: "true" });
    assert.equal(withSettings.code, 0, withSettings.output);
    assert.ok(!`${plain.output}${withSettings.output}`.includes(rotated));
  });
});
