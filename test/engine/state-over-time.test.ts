import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { labConfiguration } from "../../tools/lab-configuration";
import { Checkout } from "./support/checkout";
import { TestEstate } from "./support/estate";

/**
 * `pulumi stack export` of the stack `primary` after its first `up` on a steady lab, by the version in the file's name: taken once and
 * never changed. What was of that machine stands in double braces; its secret is the lab's password under the passphrase of every lab's
 * stack. A version that changes what stands in the state adds its own.
 */
const SAMPLES = ["primary-0.1.0.json"] as const;

interface State {
  readonly deployment: {
    readonly resources: { readonly urn: string; readonly type: string; readonly outputs?: Record<string, unknown> }[];
  };
}

describe("a state of an earlier version", function () {
  this.timeout(300_000);
  let estate: TestEstate;
  before(async () => {
    estate = await TestEstate.start("steady");
  });
  after(() => estate.stop());

  /** Puts a text in the place of the stack's state. */
  const put = async (text: string): Promise<void> => {
    const file = join(estate.stack.folder, "sample.json");
    writeFileSync(file, text);
    await estate.stack.must(["stack", "import", "--file", file, "--stack", "primary"]);
  };

  const sample = (name: string): string => {
    const text = readFileSync(join(__dirname, "states", name), "utf8");
    return text.replace(/\{\{([^}]+)\}\}/g, (_, what: string) => {
      if (what === "shell") return estate.lab.shell.executable;
      const instance = estate.lab.instances.find((one) => one.name === what);
      assert.ok(instance !== undefined, what);
      return String(instance.port);
    });
  };

  const ours = async (): Promise<State["deployment"]["resources"]> =>
    (JSON.parse(await estate.stack.state()) as State).deployment.resources.filter((one) =>
      one.type.startsWith("pulumi-nodejs:dynamic/persistent-chat:"),
    );

  /** Kinds that came later are created, which records them. */
  const assertNothingReplaced = (output: string): void =>
    assert.doesNotMatch(output, /\breplaced?\b|\+-|-\+|\+\+|\bdeleted?\b/i, output);

  for (const name of SAMPLES) {
    it(`${name} is read, found in order and taken over without a write`, async () => {
      await put(sample(name));
      const lines = await estate.journalLength();
      const before = (await ours()).map((resource) => resource.urn);
      const preview = await estate.stack.preview("--diff");
      assert.equal(preview.code, 0, preview.output);
      assertNothingReplaced(preview.output);
      assert.doesNotMatch(preview.output, /to update/);
      const up = await estate.stack.up();
      assert.equal(up.code, 0, up.output);
      const again = await estate.stack.preview("--expect-no-changes");
      assert.equal(again.code, 0, again.output);
      assert.deepEqual(await estate.changesSince(lines), []);
      const resources = await ours();
      assert.equal(before.length, 10);
      for (const urn of before)
        assert.ok(
          resources.some((resource) => resource.urn === urn),
          urn,
        );
      for (const { urn, outputs } of resources) assert.equal(outputs?.["stateVersion"], 1, urn);
    });

    it(`${name} shows drift with both values`, async () => {
      await put(sample(name));
      const shipping = (minutes: number) =>
        estate.ask(
          "primary",
          `EXEC master.dbo.sp_change_log_shipping_primary_database @database = N'mgc', @backup_retention_period = ${String(minutes)};`,
        );
      await shipping(60);
      try {
        const preview = await estate.stack.preview("--diff");
        assert.equal(preview.code, 0, preview.output);
        assert.match(preview.output, /~ retentionMinutes *: 60 => 4320/);
        assertNothingReplaced(preview.output);
      } finally {
        await shipping(4320);
      }
    });

    it(`${name} is read by a checkout that moved`, async () => {
      await put(sample(name));
      const checkout = Checkout.create(estate.lab);
      const project = join(estate.stack.folder, "Pulumi.yaml");
      const before = readFileSync(project, "utf8");
      try {
        const moved = { ...(JSON.parse(before) as object), main: checkout.folder };
        writeFileSync(project, JSON.stringify(moved));
        const preview = await estate.stack.preview("--diff");
        assert.equal(preview.code, 0, preview.output);
        assertNothingReplaced(preview.output);
        assert.doesNotMatch(preview.output, /to update/);
      } finally {
        writeFileSync(project, before);
        checkout.remove();
      }
    });

    it(`${name} and a renamed server: what differs is told, nothing is replaced`, async () => {
      await put(sample(name));
      const renamed = (change: (pool: RenamedPool) => void): void => {
        const configuration = structuredClone(labConfiguration(estate.lab)) as { pools: RenamedPool[] };
        const [pool] = configuration.pools;
        assert.ok(pool !== undefined);
        change(pool);
        estate.stack.configure({ active: "primary", ...configuration });
      };
      const lines = await estate.journalLength();
      try {
        // The file server.
        renamed((pool) => (pool.logShipping.share = String.raw`\\files2.dci.discovery.com\lslogs`));
        const share = await estate.stack.preview("--diff");
        assert.match(share.output, /~ share *: "\\\\\\\\files\.dci[^\n]*" => "\\\\\\\\files2\.dci/);
        assertNothingReplaced(share.output);
        // An instance: it calls itself otherwise.
        renamed((pool) => (pool.primary.principal.server = "SQL-P9"));
        const instance = await estate.stack.preview("--diff");
        assert.notEqual(instance.code, 0, instance.output);
        assert.match(instance.output, /the instance configured as SQL-P9 calls itself SQL-P1/);
        assertNothingReplaced(instance.output);
        // Its address: read with the present configuration.
        renamed((pool) => (pool.primary.principal.host = "localhost"));
        const where = ["preview", ...estate.stack.where(), "--diff"];
        const address = await estate.stack.run(where, { PULUMI_RUN_PROGRAM: "true" });
        assert.equal(address.code, 0, address.output);
        assertNothingReplaced(address.output);
        assert.doesNotMatch(address.output, /to update/);
      } finally {
        estate.stack.configure({ active: "primary", ...labConfiguration(estate.lab) });
      }
      assert.deepEqual(await estate.changesSince(lines), []);
    });
  }

  it("of a later version is refused, once in full, with what to do", async () => {
    const later = JSON.parse(sample(SAMPLES[0])) as State;
    for (const { outputs } of later.deployment.resources) if (outputs !== undefined) outputs["stateVersion"] = 2;
    await put(JSON.stringify(later));
    const preview = await estate.stack.preview();
    assert.notEqual(preview.code, 0, preview.output);
    const told = preview.output.split("\n").filter((line) => /^ +error: .*written by a later version/.test(line));
    assert.equal(told.length, 1, preview.output);
    assert.match(told[0] ?? "", /expected state version 1 or less; found 2.*newer one/);
    assertNothingReplaced(preview.output);
  });
});

interface RenamedPool {
  primary: { principal: { server: string; host: string } };
  logShipping: { share: string };
}
