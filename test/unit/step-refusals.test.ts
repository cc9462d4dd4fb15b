import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { DrError } from "../../estate/errors";
import type { Observation } from "../../estate/observation-types";
import { plan } from "../../estate/plan";
import { failbackKeys, type StepKey } from "../../estate/plan-types";
import { beginningRefusal, endingRefusal } from "../../estate/step-refusals";
import {
  backupSet,
  desired,
  failedOverBackup,
  fencedBackup,
  observation,
  restoredPrimary,
  shell,
  steady,
  steadyShell,
} from "./support/estate";

const begin = (seen: Observation, key: StepKey, passed = true): DrError | undefined =>
  beginningRefusal(plan(seen, desired()), key, passed);

describe("refusal of a step before it begins", () => {
  it("lets the first step begin once Preflight has passed, and only then", () => {
    assert.equal(begin(observation(), "F0", false), undefined);
    assert.equal(begin(observation(), "F1"), undefined);
    const refusal = begin(observation(), "F1", false);
    assert.equal(refusal?.code, "EARLIER_STEP_OPEN");
    assert.match(refusal?.summary ?? "", /^F1 not begun: F0 \(Preflight\) has not passed in this run/);
  });

  it("names the step that is open before the one that was targeted", () => {
    for (const key of failbackKeys.slice(4).filter((one) => one !== "F8-leftovers")) {
      const refusal = begin(observation(), key);
      assert.equal(refusal?.code, "EARLIER_STEP_OPEN", key);
      assert.match(refusal?.summary ?? "", new RegExp(`^${key} not begun: F1 is still open`));
    }
  });

  it("needs no Preflight for a list that drifted alone", () => {
    const drifted = steady({ shell: steadyShell({ activeServers: [] }) });
    assert.equal(begin(drifted, "F6", false), undefined);
    assert.equal(begin(drifted, "F7", false), undefined);
  });

  it("has no word against a step that is done", () => {
    for (const key of failbackKeys) assert.equal(begin(steady(), key, false), undefined, key);
  });

  it("lets no step pass for done while authority is unclear", () => {
    const silent = observation({ primary: null });
    assert.equal(begin(silent, "F0")?.code, "PREFLIGHT_FAILED");
    for (const key of failbackKeys.slice(1)) assert.equal(begin(silent, key)?.code, "AUTHORITY_UNCLEAR", key);
  });

  it("stops Preflight for every error that blocks an open step, all at once", () => {
    const compliance = failedOverBackup({ complianceRows: 7, suspectPages: 1 });
    const refusal = begin(observation({ backup: compliance }), "F0");
    assert.match(refusal?.summary ?? "", /1\. [^]*2\. /);
    assert.match(refusal?.summary ?? "", /nothing was changed/);
  });
});

describe("refusal of a step after it was done", () => {
  const end = (seen: Observation, key: StepKey): DrError | undefined => endingRefusal(plan(seen, desired()), key);

  it("is quiet where the estate reads back as planned", () => {
    for (const key of failbackKeys) assert.equal(end(steady(), key), undefined, key);
    assert.equal(end(observation(), "F0"), undefined);
  });

  it("tells a step that is open again", () => {
    const refusal = end(observation({ shell: shell() }), "F1");
    assert.equal(refusal?.code, "READ_BACK_DIFFERS");
    assert.match(refusal?.found ?? "", /2 active servers/);
  });

  it("tells authority that became unclear behind a step", () => {
    const set = backupSet();
    const session = {
      sessionId: 71,
      database: "mgc",
      hostName: "chat-p1",
      programName: "",
      loginName: "",
      loginTime: "",
      lastBatch: "",
      openTransactions: 0,
      command: "",
    };
    const seen = observation({
      shell: shell({ activeServers: [] }),
      primary: restoredPrimary(set, { sessions: [session] }),
      backup: fencedBackup({ backupSets: [set] }),
    });
    assert.match(end(seen, "F4")?.summary ?? "", /F4 was done, and now authority: unclear \(BOTH_LIVE\)/);
  });
});
