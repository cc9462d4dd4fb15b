import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { readDrifts, writeDrift } from "../../estate/drift/drift-file";
import { driftRun, type PreviewAnswer, previewAnswer } from "../../estate/drift/drift-outcome";
import { driftLines } from "../../estate/drift/drift-text";
import type { Drift, DriftRow } from "../../estate/drift/drift-types";
import { lastDone } from "../../estate/drift/last-done";
import { DrError } from "../../estate/errors";
import { forThisRun } from "../../estate/run-mode";
import { configuration } from "./support/estate";

const row: DriftRow = {
  step: "F5",
  resource: "LogShipping",
  property: "secondary.copyJob.enabled",
  desired: true,
  observed: false,
  severity: "protection",
  since: { relation: "at", time: "2013-05-02T01:00:00.123", clock: "SQL-B1", source: "sysjobs" },
  mendedBy: "up",
  hint: "",
};
const unread = { what: "SQL-B1", address: "10.0.0.1:1433", message: "no answer", code: "UNREACHABLE" };
const drift = (change: Partial<Drift> = {}): Drift => ({
  pool: "pool1",
  stack: "primary",
  time: "2013-05-02T02:00:00.000Z",
  authority: "authority: primary: as wanted [row 28]",
  rows: [],
  unread: [],
  attended: "",
  ...change,
});
const answer = (exitCode: number, change: Partial<PreviewAnswer> = {}): PreviewAnswer => ({
  exitCode,
  state: [],
  errors: [],
  ...change,
});
const created = { resource: "PoolState lyncpc-pool-state", operation: "create" };

describe("outcome of a drift run", () => {
  const cases: readonly (readonly [string, PreviewAnswer, readonly Drift[], string, number])[] = [
    ["all was read and is as wanted", answer(0), [drift()], "clean", 0],
    ["a property differs", answer(7), [drift(), drift({ rows: [row] })], "drift", 7],
    ["what differs keeps no resource open", answer(0), [drift({ rows: [row] })], "drift", 7],
    ["the preview was refused, and drift is known", answer(1), [drift({ rows: [row] })], "drift", 7],
    ["the stack has no state yet", answer(7, { state: [created] }), [drift()], "drift", 7],
    ["Pulumi has changes of its own", answer(7), [drift()], "drift", 7],
    ["a part was not read", answer(0), [drift({ unread: [unread] })], "unknown", 1],
    ["a part was not read, and another differs", answer(7), [drift({ rows: [row], unread: [unread] })], "unknown", 1],
    ["the preview failed", answer(255), [drift()], "unknown", 255],
    ["there is no such stack", answer(6), [], "unknown", 6],
    ["nobody told anything", answer(0), [], "unknown", 1],
    ["nobody told what differs", answer(7), [], "unknown", 1],
  ];
  for (const [what, preview, pools, outcome, code] of cases) {
    it(`is ${outcome} where ${what}`, () => {
      const run = driftRun("primary", preview, pools);
      assert.deepEqual([run.outcome, run.exitCode], [outcome, code]);
    });
  }

  it("reads the preview's JSON behind warnings in text", () => {
    const urn = (type: string, name: string) => `urn:pulumi:primary::p::persistent-chat:Failback$${type}::${name}`;
    const steps = [
      { op: "create", urn: urn("pulumi-nodejs:dynamic/persistent-chat:PoolState", "lyncpc-pool-state") },
      { op: "update", urn: urn("pulumi-nodejs:dynamic/persistent-chat:LogShipping", "lyncpc-log-shipping") },
      { op: "same", urn: urn("pulumi-nodejs:dynamic/persistent-chat:Preflight", "lyncpc-preflight") },
      { op: "create", urn: "urn:pulumi:primary::p::persistent-chat:Failback::lyncpc" },
    ];
    const diagnostics = [
      { severity: "info", message: "the plan" },
      { severity: "error", message: "error: it is stopped\n" },
      {
        severity: "error",
        message:
          "error: pulumi-nodejs:dynamic/persistent-chat:Preflight resource 'x': property plan value {[]} has a problem: it is stopped\n",
      },
      { severity: "error", message: "error: preview failed" },
    ];
    const read = previewAnswer(255, `warning: {old}\n${JSON.stringify({ steps, diagnostics })}\n`, "");
    assert.deepEqual(read, { exitCode: 255, state: [created], errors: ["it is stopped"] });
  });

  it("tells the CLI's own words where no preview began", () => {
    const read = previewAnswer(6, "", "error: no stack named 'x' found\n");
    assert.deepEqual(read, { exitCode: 6, state: [], errors: ["no stack named 'x' found"] });
    assert.equal(previewAnswer(null, "", "killed").exitCode, 1);
  });
});

describe("text of a drift run", () => {
  it("is an aligned table, with hints, what was not read, and the refusal", () => {
    const byHand: DriftRow = {
      ...row,
      step: "F0",
      resource: "Preflight",
      property: "SQL Server Agent of SQL-B1",
      desired: "Running",
      observed: "Stopped",
      since: { relation: "after", time: "2013-05-02T00:45:00", clock: "SQL-B1", source: "the last file" },
      mendedBy: "person",
      hint: "Start the service.",
    };
    const list: DriftRow = {
      ...row,
      step: "F6",
      resource: "ActiveServers",
      property: "activeServers",
      desired: ["chat-p1.dci.discovery.com", "chat-p2.dci.discovery.com"],
      observed: [],
      severity: "service",
      since: null,
      mendedBy: "attended-up",
    };
    const pool = drift({ rows: [list, row, byHand], unread: [unread], attended: "change which site is active (F6)" });
    assert.deepEqual(driftLines(driftRun("primary", answer(7), [pool])), [
      "Pool pool1, authority: primary: as wanted [row 28]",
      "  3 differences: 1 service, 2 protection",
      "  Severity    Step  Resource       Property                    Desired           Observed           Since                               Mended by",
      "  service     F6    ActiveServers  activeServers               chat-p1, chat-p2  no active servers  unknown                             attended-up",
      "  protection  F5    LogShipping    secondary.copyJob.enabled   true              false              2013-05-02 01:00:00 (SQL-B1)        up",
      "  protection  F0    Preflight      SQL Server Agent of SQL-B1  Running           Stopped            after 2013-05-02 00:45:00 (SQL-B1)  person",
      "  by hand: Start the service.",
      "  not read: SQL-B1 (10.0.0.1:1433): no answer [UNREACHABLE]",
      "  an unattended up refuses this: it would change which site is active (F6)",
      "",
      "Stack primary: could not tell.",
    ]);
  });

  it("paints a whole line by its severity, and nothing else", () => {
    const lines = driftLines(driftRun("primary", answer(7), [drift({ rows: [row] })]), (severity, text) =>
      text.replace(/^ */, `<${severity}>`),
    );
    assert.equal(lines.filter((line) => line.startsWith("<protection>protection  F5")).length, 1);
    assert.equal(lines.join().split("<").length, 2);
  });

  it("shows no control characters of the estate, and no value that never ends", () => {
    const hostile = { ...row, observed: `\u001b[2J${"x".repeat(2000)}`, hint: "do\u0007it" };
    const text = driftLines(driftRun("primary", answer(7), [drift({ rows: [hostile] })])).join("");
    assert.doesNotMatch(text, /[\u0000-\u001f]/);
    assert.ok(text.length < 2000);
  });

  it("tells errors only where it could not tell", () => {
    const failed = answer(1, { errors: ["SQL-P1: no answer\n  SQL-P1: could not be read"] });
    assert.deepEqual(driftLines(driftRun("primary", failed, [])).slice(0, 2), [
      "error: SQL-P1: no answer",
      "  SQL-P1: could not be read",
    ]);
    assert.ok(
      !driftLines(driftRun("primary", failed, [drift({ rows: [row] })]))
        .join()
        .includes("no answer"),
    );
  });
});

describe("files of a drift run", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "persistent-chat-drift-test-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("come back as they were written, one per pool, the later over the earlier", () => {
    writeDrift(folder, drift({ rows: [row] }));
    writeDrift(folder, drift());
    writeDrift(folder, drift({ pool: "pool0", rows: [row] }));
    assert.deepEqual(readDrifts(folder), [drift({ pool: "pool0", rows: [row] }), drift()]);
  });

  it("refuse a folder that is none, naming the variable", () => {
    writeFileSync(join(folder, "file"), "");
    assert.throws(
      () => writeDrift(join(folder, "file", "below"), drift()),
      (thrown) => thrown instanceof DrError && /PERSISTENT_CHAT_DR_DRIFT/.test(thrown.message),
    );
  });

  const report = (name: string, change: Record<string, unknown> = {}): void =>
    writeFileSync(
      join(folder, `${name}-primary.json`),
      JSON.stringify({
        stack: "primary",
        pool: "pool1",
        ended: `${name}:00Z`,
        outcome: "succeeded",
        summary: { steps: [], left: [] },
        entries: [],
        ...change,
      }),
    );

  it("tell by the newest report of the pool and stack when each step was done", () => {
    report("2013-05-01T01");
    report("2013-05-01T02", { summary: { left: ["F7"] } });
    report("2013-05-01T03", { outcome: "failed" });
    report("2013-05-01T04", { pool: "pool2" });
    report("2013-05-01T05", { stack: "backup" });
    report("2013-05-01T06", { ended: null });
    writeFileSync(join(folder, "2013-05-01T07-primary.json"), "{ half of a");
    writeFileSync(join(folder, "notes.json"), "{}");
    const found = lastDone("pool1", "primary", folder);
    assert.deepEqual(found.get("F6"), {
      relation: "after",
      time: "2013-05-01T02:00Z",
      clock: "UTC",
      source: join(folder, "2013-05-01T02-primary.json"),
    });
    assert.equal(found.get("F7")?.time, "2013-05-01T01:00Z");
    assert.equal(lastDone("pool1", "primary", join(folder, "none")).size, 0);
  });
});

describe("settings of one run", () => {
  it("make it more careful, and never less", () => {
    const plain = configuration();
    const careful = configuration((raw) => Object.assign(raw, { unattended: true, adopt: true }));
    const modes = (value: typeof plain, environment: NodeJS.ProcessEnv) => {
      const { unattended, adopt } = forThisRun(value, environment);
      return [unattended, adopt];
    };
    assert.deepEqual(modes(plain, {}), [false, false]);
    assert.deepEqual(modes(plain, { PERSISTENT_CHAT_DR_UNATTENDED: "true" }), [true, false]);
    assert.deepEqual(modes(plain, { PERSISTENT_CHAT_DR_ADOPT: "true" }), [false, true]);
    const off = { PERSISTENT_CHAT_DR_UNATTENDED: "false", PERSISTENT_CHAT_DR_ADOPT: "" };
    assert.deepEqual(modes(careful, off), [true, true]);
  });

  it("refuse a word that is neither yes nor no", () => {
    assert.throws(
      () => forThisRun(configuration(), { PERSISTENT_CHAT_DR_UNATTENDED: "yes" }),
      (thrown) =>
        thrown instanceof DrError &&
        thrown.code === "CONFIGURATION_INVALID" &&
        /PERSISTENT_CHAT_DR_UNATTENDED is not understood; expected true, false, or not set; found yes/.test(
          thrown.message,
        ),
    );
  });
});
