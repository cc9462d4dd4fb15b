import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { before, describe, it } from "mocha";
import { configuration, rawConfiguration } from "./support/estate";
import { desiredOf } from "../../estate/desired";
import { DrError } from "../../estate/errors";
import { desiredInputs } from "../../estate/plan-inputs";
import type { StepKey } from "../../estate/plan-types";
import { handler } from "../../providers/host";
import { type Kind, kinds } from "../../providers/stub";

/** Kinds of the stack that makes the primary active. */
const keys: Readonly<Partial<Record<Kind, StepKey>>> = {
  Preflight: "F0",
  ClearedActiveServers: "F1",
  DatabaseMirroring: "F2-compliance",
  WriteFence: "F2b",
  DatabaseBackup: "F3",
  DatabaseRestore: "F4",
  LogShipping: "F5",
  ActiveServers: "F6",
  PoolState: "F7",
  ChatService: "F7b",
  DroppedMirrorCopies: "F8-leftovers",
};
const ofPrimary = kinds.filter((kind) => keys[kind] !== undefined);
const others = ofPrimary.filter((kind) => kind !== "Preflight");

function withoutMirrors({ pools: [pool] }: ReturnType<typeof rawConfiguration>): void {
  for (const site of ["primary", "backup"]) (pool?.[site] as Record<string, unknown>)["mirror"] = undefined;
}

/** The handlers as a provider process runs them, with an estate of which nothing answers. */
describe("handlers without an estate", () => {
  let port = 0;

  // A port that was free a moment ago, where nobody listens now.
  before(async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    port = (server.address() as AddressInfo).port;
    server.close();
    await once(server, "close");
    const raw = rawConfiguration();
    withoutMirrors(raw);
    const { pools, active, sql } = raw;
    for (const site of ["primary", "backup"]) {
      const sites = pools[0]?.[site] as Record<string, unknown>;
      sites["principal"] = { ...(sites["principal"] as object), host: site === "primary" ? "127.0.0.1" : "127.0.0.2" };
      Object.assign(sites["principal"] as object, { port });
    }
    const values: Record<string, string> = {
      pools: JSON.stringify(pools),
      active,
      sql: JSON.stringify(sql),
      shell: JSON.stringify({ executable: "/nowhere/pwsh" }),
      sqlPassword: "hunter22",
    };
    const config = { get: (key: string) => values[key], require: (key: string) => values[key] ?? "" };
    for (const kind of kinds) await handler(kind).configure({ config });
  });

  const inputsOf = (kind: Kind): Record<string, unknown> => ({
    pool: "pool1",
    ...desiredInputs(desiredOf(configuration(withoutMirrors), "pool1"), keys[kind] ?? "F0"),
  });
  const run = (kind: Kind) => ({ urn: `urn:pulumi:primary::p::pulumi-nodejs:dynamic/x:${kind}::n`, dryRun: false });
  const check = (kind: Kind, change: Record<string, unknown> = {}) =>
    handler(kind).check({}, { ...inputsOf(kind), ...change, run: run(kind) });
  const failure = async (action: Promise<unknown>): Promise<DrError> => {
    const thrown = await action.then(
      () => assert.fail("it was not refused"),
      (error: unknown) => error,
    );
    assert.ok(thrown instanceof DrError, String(thrown));
    assert.equal(thrown.stack, "see there");
    assert.ok(!thrown.message.includes("hunter22"));
    return thrown;
  };

  for (const kind of others) {
    it(`check of ${kind} needs no estate, and keeps neither run nor anything that moves`, async () => {
      assert.deepEqual(await check(kind), { inputs: { ...inputsOf(kind), step: "done" }, failures: [] });
    });
  }

  it("check lets what is not known yet pass", async () => {
    const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const checked = await check("ActiveServers", { activeServers: unknown });
    assert.deepEqual(checked, { inputs: { ...inputsOf("ActiveServers"), activeServers: unknown } });
  });

  it("check refuses inputs that are not the configuration's, each by its name", async () => {
    const { failures } = await check("DatabaseBackup", { copyOnly: true, database: "model", folders: "x" });
    assert.deepEqual(
      failures?.map((one) => one.property),
      ["database", "copyOnly", "folders"],
    );
    assert.match(failures?.[0]?.reason ?? "", /expected "mgc", as the configuration of pool pool1 has it/);
  });

  it("check of Preflight names what does not answer", async () => {
    const { failures, inputs } = (await check("Preflight")) as { failures?: { reason: string }[]; inputs: unknown };
    assert.deepEqual((inputs as { plan: unknown }).plan, []);
    const text = (failures ?? []).map((one) => one.reason).join("\n");
    assert.ok(text.includes("/nowhere/pwsh"), text);
  });

  it("read tells the whole reason under Preflight and one short line elsewhere, and never an empty id", async () => {
    const whole = await failure(handler("Preflight").read("primary/pool1/F0", inputsOf("Preflight")));
    assert.equal(whole.code, "AUTHORITY_UNCLEAR");
    assert.match(whole.message, /SQL-P1/);
    for (const kind of others) {
      const short = await failure(handler(kind).read(`primary/pool1/${String(keys[kind])}`, inputsOf(kind)));
      assert.equal(short.message, `${kind}: not read, see Preflight. [AUTHORITY_UNCLEAR]`);
    }
  });

  it("diff lets nothing pass for unchanged", async () => {
    for (const kind of ofPrimary) {
      const refused = await failure(handler(kind).diff("id", { step: "done" }, { ...inputsOf(kind), step: "done" }));
      assert.equal(refused.code, "AUTHORITY_UNCLEAR", kind);
    }
  });

  it("create and update begin nothing", async () => {
    const preflight = await failure(handler("Preflight").create({ ...inputsOf("Preflight"), step: "done" }));
    assert.equal(preflight.code, "PREFLIGHT_FAILED");
    for (const kind of others) {
      const inputs = { ...inputsOf(kind), step: "done" };
      assert.equal((await failure(handler(kind).create(inputs))).code, "AUTHORITY_UNCLEAR", kind);
      assert.equal((await failure(handler(kind).update("id", inputs, inputs))).code, "AUTHORITY_UNCLEAR", kind);
    }
  });

  it("a resource of the other stack is refused with the way out", async () => {
    const refused = await failure(handler("TailLogBackup").create({ pool: "pool1", step: "done" }));
    assert.match(refused.message, /active site is the primary has no TailLogBackup.*use the other stack/);
  });

  it("a pool that the configuration does not have is told once, with the way out", async () => {
    const gone = await failure(handler("Preflight").read("primary/old/F0", { pool: "old" }));
    assert.match(gone.message, /no pool "old".*pulumi state delete/);
    const short = await failure(handler("PoolState").read("primary/old/F7", { pool: "old" }));
    assert.equal(short.summary, "PoolState: not read, see Preflight");
  });
});
