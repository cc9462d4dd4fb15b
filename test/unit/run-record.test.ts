import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { plan, stepOf } from "../../estate/plan";
import { RunRecord } from "../../estate/run-record";
import { desired, observation } from "./support/estate";

interface Written {
  outcome: string;
  ended: string | null;
  summary: {
    steps: { key: string; outcome: string; durationMs: number | null }[];
    left: string[];
    serviceBack?: string;
    recoverySeconds?: number | null;
  };
  entries: { step?: string; text: string; outcome: string }[];
}

describe("record of a run", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "record-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const whole = plan(observation(), desired());
  const begun = (): RunRecord =>
    new RunRecord({ identity: { stack: "primary", run: "7f3a" }, pool: "pool1", secrets: ["hunter22"], folder });
  const written = (record: RunRecord): Written => JSON.parse(readFileSync(record.path ?? "", "utf8")) as Written;

  it("writes nothing before its first change", async () => {
    const record = begun();
    const entry = { kind: "statement", where: "SQL-B1", text: "BACKUP" } as const;
    await record.execute(entry, () => Promise.resolve());
    assert.equal(record.path, undefined);
  });

  it("begins with the plan and its evidence", () => {
    const record = begun();
    record.open(whole);
    record.open(whole);
    const [decision, ...more] = written(record).entries;
    assert.match(decision?.text ?? "", /Clear the active servers/);
    assert.deepEqual([more, written(record).outcome], [[], "running"]);
  });

  it("measures the recovery from the first change on, Preflight left out", () => {
    const record = begun();
    record.open(whole);
    const first = record.begin(stepOf(whole, "F0"));
    assert.deepEqual([record.hasChanged, record.serviceIsBack().recoverySeconds], [false, null]);
    record.end(first, "succeeded");
    const second = record.begin(stepOf(whole, "F1"));
    assert.equal(record.hasChanged, true);
    const back = record.serviceIsBack();
    record.end(second, "succeeded", []);
    const { serviceBack, recoverySeconds } = written(record).summary;
    assert.deepEqual({ serviceBack, recoverySeconds }, back);
    assert.ok(typeof recoverySeconds === "number" && recoverySeconds >= 0 && recoverySeconds < 60);
  });

  it("says after every step how the run went so far, and what is left", async () => {
    const record = begun();
    record.open(whole);
    const first = record.begin(stepOf(whole, "F1"));
    const text = "Set-CsPersistentChatActiveServer -Password hunter22";
    await record.execute({ kind: "command", step: "F1", where: "shell", text }, () => Promise.resolve());
    assert.equal(written(record).outcome, "running");
    record.end(first, "succeeded", ["F2-chat", "F3"]);
    const between = written(record);
    assert.deepEqual([between.outcome, between.summary.left], ["succeeded", ["F2-chat", "F3"]]);
    assert.ok(between.ended !== null && !JSON.stringify(between).includes("hunter22"));

    const second = record.begin(stepOf(whole, "F2-chat"));
    record.readBack(stepOf(whole, "F2-chat"), { state: "ONLINE" });
    assert.deepEqual([written(record).outcome, written(record).ended], ["running", null]);
    record.end(second, "failed");
    const after = written(record);
    assert.equal(after.outcome, "failed");
    assert.deepEqual(
      after.summary.steps.map((step) => [step.key, step.outcome, typeof step.durationMs]),
      [
        ["F1", "succeeded", "number"],
        ["F2-chat", "failed", "number"],
      ],
    );
    assert.deepEqual(after.summary.left, ["F2-chat", "F3"]);
  });

  it("is running while one of two parallel steps is", () => {
    const record = begun();
    record.open(whole);
    const steps = (["F2-chat", "F2-compliance"] as const).map((key) => record.begin(stepOf(whole, key)));
    const [chat, compliance] = steps;
    assert.ok(chat && compliance);
    record.end(chat, "failed");
    assert.equal(written(record).outcome, "running");
    record.end(compliance, "succeeded");
    assert.equal(written(record).outcome, "failed");
  });
});
