import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { isHalfMade, isLeftover, judgeLeftover, judgeSecondary, mirrorSetDescription } from "../../estate/leftovers";
import type { DatabaseObservation, InstanceObservation } from "../../estate/observation-types";
import {
  backupMirror,
  backupSet,
  database,
  families,
  files,
  forks,
  guid,
  instance,
  mirrored,
  restore,
  restoredPrimary,
  secondaryRow,
  steadyPrimary,
} from "./support/estate";

/** A mirror's instance with a RESTORING copy of mgc. */
const former = (
  at: { readonly fork: string; readonly lsn: string } | "incomplete",
  change: Partial<InstanceObservation> = {},
  chat: Partial<DatabaseObservation> = {},
) => instance("SQL-B2", { databases: [database("mgc", { state: "RESTORING", ...chat })], files: files(at), ...change });

describe("a RESTORING copy on a mirror", () => {
  it("is a leftover when no session and no log shipping holds it", () => {
    const at = { fork: forks.backup, lsn: "1500" };
    assert.equal(isLeftover(backupMirror(), "MGC"), true);
    assert.equal(isLeftover(former(at, {}, { mirroring: mirrored("SQL-B1", "MIRROR") }), "mgc"), false);
    assert.equal(isLeftover(former(at, { logShippingSecondary: [secondaryRow()] }), "mgc"), false);
    assert.equal(isLeftover(former(at, {}, { state: "ONLINE" }), "mgc"), false);
    assert.equal(isLeftover(instance("SQL-B2"), "mgc"), false);
  });

  const judged = (copy: InstanceObservation, holder: InstanceObservation) => judgeLeftover(copy, holder, "mgc");
  const set = backupSet({ lastLsn: "2000" });
  const home = restoredPrimary(set);

  it("is covered up to the end of the set that brought its fork here, and not behind it", () => {
    assert.equal(judged(former({ fork: forks.backup, lsn: "2000" }), home).covered, true);
    const behind = judged(former({ fork: forks.backup, lsn: "2001" }), home);
    assert.equal(behind.covered, false);
    assert.match(behind.reason, /past the fork point 2000/);
  });

  it("is covered on the holder's own fork, and when its restore was never finished", () => {
    assert.equal(judged(former({ fork: forks.primary, lsn: "2500" }), steadyPrimary()).covered, true);
    assert.equal(judged(former("incomplete"), steadyPrimary()).covered, true);
  });

  it("is not known to be covered on another fork, in another family, or beside a copy that is not online", () => {
    assert.match(judged(former({ fork: forks.older, lsn: "1" }), steadyPrimary()).reason, /not known to come from/);
    const stranger = former({ fork: forks.primary, lsn: "1" }, {}, { familyGuid: families.rebuilt });
    assert.match(judged(stranger, steadyPrimary()).reason, /one family/);
    const nameless = former({ fork: forks.primary, lsn: "1" }, {}, { familyGuid: null });
    assert.match(judged(nameless, steadyPrimary()).reason, /one family/);
    const closed = steadyPrimary({}, { state: "RESTORING" });
    assert.match(judged(former({ fork: forks.primary, lsn: "1" }), closed).reason, /not online/);
    const hidden = former({ fork: forks.primary, lsn: "1" }, { files: [] });
    assert.match(judged(hidden, steadyPrimary()).reason, /cannot be read/);
  });

  it("of log shipping is covered by its fork where its family cannot be read, and never in another family", () => {
    const nameless = former({ fork: forks.primary, lsn: "1" }, {}, { familyGuid: null });
    assert.equal(judgeSecondary(nameless, steadyPrimary(), "mgc").covered, true);
    const elsewhere = former({ fork: forks.older, lsn: "1" }, {}, { familyGuid: null });
    assert.match(judgeSecondary(elsewhere, steadyPrimary(), "mgc").reason, /not known to come from/);
    const stranger = { familyGuid: families.rebuilt };
    assert.match(
      judgeSecondary(former({ fork: forks.primary, lsn: "1" }, {}, stranger), steadyPrimary(), "mgc").reason,
      /another family/,
    );
    assert.equal(judgeSecondary(former("incomplete", {}, stranger), steadyPrimary(), "mgc").covered, true);
    assert.equal(judgeSecondary(former("incomplete"), steadyPrimary({}, { state: "OFFLINE" }), "mgc").covered, false);
  });

  it("counts as half made only as our last restore left it", () => {
    const log = backupSet({
      type: "L",
      description: mirrorSetDescription("7f3a"),
      lastLsn: "2500",
      backupSetUuid: guid("8"),
    });
    const at = (lsn: string, restores = [restore(log)]) =>
      isHalfMade(former({ fork: forks.primary, lsn }, { restoreHistory: restores }), "mgc");
    assert.equal(at("2500"), true);
    assert.equal(at("2600"), false, "a session has moved it on");
    assert.equal(at("2500", [restore({ ...log, description: "nightly" })]), false);
    assert.equal(at("2500", []), false);
    assert.equal(isHalfMade(former("incomplete", { restoreHistory: [restore(log)] }), "mgc"), true);
    // NULL for redo_start_lsn says that it cannot be rolled forward, not that it was ours.
    assert.equal(isHalfMade(former("incomplete"), "mgc"), false);
    assert.equal(isHalfMade(former("incomplete", { restoreHistory: [restore(backupSet())] }), "mgc"), false);
  });
});
