import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { failbackKeys } from "../../estate/plan-types";
import { addresses, derived, failedOverRows, lastCases, steadyCases } from "./drift-cases";
import { mirrorShippingCases } from "./drift-cases-mirror";
import { DriftEstate } from "./drift-estate";
import { assertCovered, assertLeftToPerson, assertRows, assertShown, play, playWhole, refusal } from "./drift-play";

describe("drift of a pool at home", function () {
  this.timeout(60_000);
  let estate: DriftEstate;
  before(async () => {
    estate = await DriftEstate.start("steady");
  });
  after(() => estate.stop());

  it("is clean as long as nobody changes anything", async () => {
    const { drift } = await estate.look();
    assert.deepEqual([drift.rows, drift.unread, drift.attended], [[], [], ""]);
  });

  it("has a case for every input of every resource", () => {
    // Log shipping of the mirror has a lab of its own: drift-table-mirror.test.ts.
    const cases = [...steadyCases, ...mirrorShippingCases];
    assertCovered(estate.desired(), failbackKeys, [
      ...cases.flatMap((one) => one.about),
      ...addresses,
      ...derived,
      ...failedOverRows.filter((row) => row.desired === undefined).map(({ step, property }) => `${step} ${property}`),
    ]);
  });

  for (const one of steadyCases) it(one.what, () => playWhole(estate, one));

  for (const one of lastCases) it(one.what, () => play(estate, one));

  it("names a copy that was opened by hand, decides nothing, and lets nobody begin", async () => {
    await estate.does({ on: "SQL-B1", sql: "RESTORE DATABASE mgc WITH RECOVERY;" });
    const { drift } = await estate.look();
    const unclear = { step: "F0", property: "authority", desired: "primary", severity: "service" } as const;
    assertRows(drift, [{ ...unclear, observed: "unclear (BOTH_ONLINE)" }], estate.desired());
    const mark = await estate.mark();
    for (const unattended of [true, false]) {
      assert.match(await refusal(estate.up(estate.desired({ unattended }))), /authority: unclear \(BOTH_ONLINE\)/);
      assert.match(await refusal(estate.step("F5", estate.desired({ unattended }))), /BOTH_ONLINE/);
    }
    assert.deepEqual(await estate.changesSince(mark), []);
  });
});

describe("drift of a pool that was failed over", function () {
  this.timeout(60_000);
  let estate: DriftEstate;
  before(async () => {
    estate = await DriftEstate.start("failed-over");
  });
  after(() => estate.stop());

  it("names every resource with both values, and that a person brings the chat home", async () => {
    const { drift, seen } = await estate.look();
    assertRows(drift, failedOverRows, estate.desired());
    assertShown(
      seen,
      failedOverRows.filter((row) => row.step !== "F0"),
      estate.desired(),
    );
    assert.ok(drift.rows.every((row) => row.mendedBy === "attended-up"));
    assert.equal(drift.attended, "bring the chat home (F1, F2, F2b, F3, F4, F5, F6, F7, F7b, F8)");
  });

  it("is mended by no unattended run, as a whole or step by step, and touched by none that adopts", () =>
    assertLeftToPerson(
      estate,
      /this run is unattended and would bring the chat home \(F1, F2, F2b, F3, F4, F5, F6, F7, F7b, F8\)/,
    ));
});
