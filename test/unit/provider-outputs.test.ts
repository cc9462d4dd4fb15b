import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Observation } from "../../estate/observation-types";
import { plan } from "../../estate/plan";
import { failbackKeys } from "../../estate/plan-types";
import { lastStep, outputsOf, stepShown } from "../../providers/outputs";
import {
  backupSet,
  desired,
  fencedBackup,
  guid,
  observation,
  restore,
  shell,
  steady,
  steadyPrimary,
  steadyShell,
} from "./support/estate";

const wanted = desired();
const seen = (given: Observation) => ({ observation: given, plan: plan(given, wanted) });
const set = backupSet();
const home = steadyPrimary({ restoreHistory: [restore(set)] });

describe("outputs of the resources", () => {
  it("are those of the whole failback on the last one, and the set on F3", () => {
    const after = seen(steady({ primary: home }));
    assert.deepEqual(outputsOf("F7", wanted, after, "/reports/1.json"), {
      authority: "primary",
      poolState: "Normal",
      activeServers: ["chat-p1.dci.discovery.com", "chat-p2.dci.discovery.com"],
      backupSetId: set.backupSetUuid,
      backupFile: set.physicalDeviceName,
      report: "/reports/1.json",
    });
    assert.deepEqual(outputsOf("F3", wanted, after, ""), {
      backupSetId: set.backupSetUuid,
      file: set.physicalDeviceName,
    });
    for (const key of failbackKeys.filter((one) => !["F3", "F7"].includes(one))) {
      assert.deepEqual(outputsOf(key, wanted, after, ""), {}, key);
    }
  });

  it("move to the active servers where these come last", () => {
    const swapped = desired({ activation: "state-first" });
    assert.deepEqual([lastStep(wanted), lastStep(swapped)], ["F7", "F6"]);
    assert.deepEqual(outputsOf("F7", swapped, seen(steady()), ""), {});
    assert.equal(outputsOf("F6", swapped, seen(steady()), "")["poolState"], "Normal");
  });

  it("name the set under the fence while the way home is gone, and none before", () => {
    const cleared = shell({ activeServers: [] });
    const underWay = observation({ shell: cleared, backup: fencedBackup({ backupSets: [set] }) });
    assert.equal(outputsOf("F3", wanted, seen(underWay), "")["backupSetId"], set.backupSetUuid);
    assert.deepEqual(outputsOf("F3", wanted, seen(observation()), ""), { backupSetId: "", file: "" });
  });

  it("take no set of another origin for the one that came home", () => {
    const foreign = restore(backupSet({ serverName: "SQL-TEST", backupSetUuid: guid("9") }));
    const primary = steadyPrimary({ restoreHistory: [foreign] });
    assert.equal(outputsOf("F3", wanted, seen(steady({ primary })), "")["backupSetId"], "");
    const mirror = steadyPrimary({ restoreHistory: [restore(backupSet({ serverName: "sql-b2" }))] });
    assert.equal(outputsOf("F3", wanted, seen(steady({ primary: mirror })), "")["backupSetId"], set.backupSetUuid);
  });

  it("know no report where none was ever written", () => {
    assert.equal(outputsOf("F7", wanted, seen(steady()), undefined)["report"], "");
  });
});

describe("step of the last resource", () => {
  const drifted = plan(steady({ shell: steadyShell({ activeServers: [] }) }), wanted);

  it("follows an earlier one that is open, since its outputs tell how the run ended", () => {
    assert.equal(stepShown("done", "F7", wanted, drifted), "open: its outputs follow F6");
  });

  it("stays what it is on every other resource, when it is open itself, and when nothing is", () => {
    assert.equal(stepShown("done", "F5", wanted, drifted), "done");
    assert.equal(stepShown("open: the pool is FailedOver", "F7", wanted, drifted), "open: the pool is FailedOver");
    assert.equal(stepShown("done", "F7", wanted, plan(steady(), wanted)), "done");
  });
});
