import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Observation } from "../../estate/observation-types";
import { plan } from "../../estate/plan";
import { failbackKeys } from "../../estate/plan-types";
import { outputsOf, stepShown } from "../../providers/outputs";
import { assertKnownState, STATE_VERSION } from "../../providers/state-version";
import {
  backupSet,
  desired,
  fencedBackup,
  guid,
  mirrored,
  observation,
  restore,
  shell,
  steady,
  steadyPrimary,
} from "./support/estate";

const wanted = desired();
const seen = (given: Observation) => ({ observation: given, plan: plan(given, wanted) });
const set = backupSet();
const home = steadyPrimary({ restoreHistory: [restore(set)] });

describe("outputs of the resources", () => {
  it("are those of the whole failback on the proof that the chat is back, and the set on F3", () => {
    const after = seen(steady({ primary: home }));
    assert.deepEqual(outputsOf("F7b", wanted, after, "/reports/1.json"), {
      stateVersion: 1,
      authority: "primary",
      poolState: "Normal",
      activeServers: ["chat-p1.dci.discovery.com", "chat-p2.dci.discovery.com"],
      backupSetId: set.backupSetUuid,
      backupFile: set.physicalDeviceName,
      report: "/reports/1.json",
    });
    assert.deepEqual(outputsOf("F3", wanted, after, ""), {
      stateVersion: 1,
      backupSetId: set.backupSetUuid,
      file: set.physicalDeviceName,
    });
    for (const key of failbackKeys.filter((one) => !["F3", "F7b"].includes(one))) {
      assert.deepEqual(outputsOf(key, wanted, after, ""), { stateVersion: 1 }, key);
    }
  });

  it("name the set under the fence while the way home is gone, and none before", () => {
    const cleared = shell({ activeServers: [] });
    const underWay = observation({ shell: cleared, backup: fencedBackup({ backupSets: [set] }) });
    assert.equal(outputsOf("F3", wanted, seen(underWay), "")["backupSetId"], set.backupSetUuid);
    assert.deepEqual(outputsOf("F3", wanted, seen(observation()), ""), {
      stateVersion: 1,
      backupSetId: "",
      file: "",
    });
  });

  it("take no set of another origin for the one that came home", () => {
    const foreign = restore(backupSet({ serverName: "SQL-TEST", backupSetUuid: guid("9") }));
    const primary = steadyPrimary({ restoreHistory: [foreign] });
    assert.equal(outputsOf("F3", wanted, seen(steady({ primary })), "")["backupSetId"], "");
    const mirror = steadyPrimary({ restoreHistory: [restore(backupSet({ serverName: "sql-b2" }))] });
    assert.equal(outputsOf("F3", wanted, seen(steady({ primary: mirror })), "")["backupSetId"], set.backupSetUuid);
  });

  it("say the version of the state, and no later one is read", () => {
    assert.doesNotThrow(() => assertKnownState({ stateVersion: STATE_VERSION, pool: "a" }));
    assert.doesNotThrow(() => assertKnownState({ pool: "written before there was a version" }));
    for (const stateVersion of [STATE_VERSION + 1, "x", null])
      assert.throws(() => assertKnownState({ stateVersion }), /a later version.*CONFIGURATION_INVALID.*newer one/);
  });

  it("know no report where none was ever written", () => {
    assert.equal(outputsOf("F7b", wanted, seen(steady()), undefined)["report"], "");
  });
});

describe("step of the closing resource", () => {
  const suspended = { ...mirrored("SQL-P2"), state: "SUSPENDED" };
  const drifted = plan(steady({ primary: steadyPrimary({}, { mirroring: suspended }) }), wanted);

  it("follows another one that is open, since its outputs tell how the run ended", () => {
    assert.equal(stepShown("done", "F7b", wanted, drifted), "open: its outputs follow F8-chat");
  });

  it("stays what it is on every other resource, when it is open itself, and when nothing is", () => {
    assert.equal(stepShown("done", "F5", wanted, drifted), "done");
    assert.equal(
      stepShown("open: no chat server is connected", "F7b", wanted, drifted),
      "open: no chat server is connected",
    );
    assert.equal(stepShown("done", "F7b", wanted, plan(steady(), wanted)), "done");
  });
});
