import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { type Kind, stub } from "../../providers/stub";
import { labConfiguration } from "../../tools/lab-configuration";
import { Checkout } from "./support/checkout";
import { TestEstate } from "./support/estate";

/**
 * `pulumi stack export` of the stack `primary` after its first `up` on a steady lab, by the version in the file's name: taken once and
 * never changed. What was of that machine stands in double braces; its secret is the lab's password under the passphrase of every lab's
 * stack. A version that changes what stands in the state adds its own.
 */
const SAMPLES = ["primary-0.1.0.json"] as const;

interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
}

interface State {
  readonly deployment: {
    manifest: { readonly version: string; readonly magic: string };
    resources: StateResource[];
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

  /** Somebody changes how long log shipping keeps its files. */
  const retention = (minutes: number) =>
    estate.ask(
      "primary",
      `EXEC master.dbo.sp_change_log_shipping_primary_database @database = N'mgc', @backup_retention_period = ${String(minutes)};`,
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
      await retention(60);
      try {
        const preview = await estate.stack.preview("--diff");
        assert.equal(preview.code, 0, preview.output);
        assert.match(preview.output, /~ retentionMinutes *: 60 => 4320/);
        assertNothingReplaced(preview.output);
      } finally {
        await retention(4320);
      }
    });

    it(`${name} as another SDK and CLI would have written it differs in nothing that Pulumi shows`, async () => {
      await put(writtenBy("v3.216.0", sample(name)));
      const lines = await estate.journalLength();
      await retention(60);
      try {
        const preview = await estate.stack.preview("--diff");
        assert.equal(preview.code, 0, preview.output);
        assert.match(preview.output, /~ retentionMinutes *: 60 => 4320/);
        assertNothingReplaced(preview.output);
        assert.equal(/(\d+) to update/.exec(preview.output)?.[1], updatesOfDrift, preview.output);
        assert.doesNotMatch(preview.output, /__provider|load\.js/);
      } finally {
        await retention(4320);
      }
      const up = await estate.stack.up();
      assert.equal(up.code, 0, up.output);
      assertNothingReplaced(up.output);
      assert.doesNotMatch(up.output, /updated/);
      assert.deepEqual(await estate.changesSince(lines), []);
      const { deployment } = JSON.parse(await estate.stack.state()) as State;
      assert.notEqual(deployment.manifest.version, "v3.216.0");
      for (const { urn, type, inputs } of await ours())
        assert.equal(inputs?.["__provider"], stub(type.split(":").at(-1) as Kind), urn);
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

/** Preflight, which tells the plan, and log shipping. */
const updatesOfDrift = "2";

/**
 * The same state as other versions of Pulumi write it. Of the CLI's are the manifest, whose magic is the hash of its version
 * (pkg/resource/deploy), its list of plugins, and the times of a resource, which came with 3.60; of the SDK's are the source
 * positions and, for resources that extend pulumi.dynamic.Resource, the text of `__provider`: its serializer's
 * (sdk/nodejs/runtime/closure). That text is kept by a refresh, whatever the present one is.
 */
function writtenBy(version: string, text: string): string {
  const state = JSON.parse(text) as State;
  const { deployment } = state;
  const plugins = [{ name: "nodejs", type: "language", version }];
  Object.assign(deployment.manifest, { version, magic: createHash("sha256").update(version).digest("hex"), plugins });
  deployment.resources = deployment.resources.map((resource) => {
    const position = "project:///../elsewhere/providers/resource.ts#1,1";
    const times = { created: undefined, modified: undefined };
    const written = { ...resource, ...times, sourcePosition: position, stackTrace: [{ sourcePosition: position }] };
    const kind = resource.type.split(":").at(-1) ?? "";
    const text = serialized(`() => require(process.cwd() + "/providers/load.js").handler("${kind}")`);
    for (const properties of [written.inputs, written.outputs])
      if (properties?.["__provider"] !== undefined) properties["__provider"] = text;
    return written;
  });
  return JSON.stringify(state);
}

/** A function as the SDK's serializer writes it. */
function serialized(code: string): string {
  return `exports.handler = __f0;

function __f0() {
  return (function() {
    with({ this: undefined, arguments: undefined }) {

return ${code};

    }
  }).apply(undefined, undefined).apply(this, arguments);
}
`;
}

interface RenamedPool {
  primary: { principal: { server: string; host: string } };
  logShipping: { share: string };
}
