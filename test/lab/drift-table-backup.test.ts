import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { failoverKeys } from "../../estate/plan-types";
import { addresses, atHomeRows, derived, movedCases, servingCases } from "./drift-cases-backup";
import { DriftEstate } from "./drift-estate";
import { assertCovered, assertLeftToPerson, assertRows, assertShown, play, playWhole } from "./drift-play";

describe("drift of a pool that serves from the backup site", function () {
  this.timeout(60_000);
  let estate: DriftEstate;
  before(async () => {
    estate = await DriftEstate.start("failed-over", "backup");
  });
  after(() => estate.stop());

  it("is first that nobody backs up its log, which an unattended run mends", async () => {
    const missing = atHomeRows.filter((row) => row.step === "O8");
    assertRows((await estate.look()).drift, missing, estate.desired());
    await estate.up();
    const { drift } = await estate.look();
    assert.deepEqual([drift.rows, drift.unread, drift.attended], [[], [], ""]);
  });

  it("has a case for every input of every resource", () => {
    assertCovered(estate.desired(), failoverKeys, [
      ...[...servingCases, ...movedCases].flatMap((one) => one.about),
      ...atHomeRows.filter((row) => row.desired === undefined).map(({ step, property }) => `${step} ${property}`),
      ...addresses,
      ...derived,
    ]);
  });

  for (const one of servingCases) it(one.what, () => playWhole(estate, one));

  it("is empty although the primary site is gone", async () => {
    for (const instance of ["SQL-P1", "SQL-P2"]) await estate.does({ fault: { action: "instance-stop", instance } });
    const { drift } = await estate.look();
    assert.deepEqual([drift.rows, drift.unread, drift.attended], [[], [], ""]);
  });
});

describe("drift of a pool at home that is to serve from the backup site", function () {
  this.timeout(60_000);
  let estate: DriftEstate;
  before(async () => {
    estate = await DriftEstate.start("steady", "backup");
  });
  after(() => estate.stop());

  it("names every resource with both values, and that a person moves the chat", async () => {
    const { drift, seen } = await estate.look();
    assertRows(drift, atHomeRows, estate.desired());
    assertShown(
      seen,
      atHomeRows.filter((row) => row.step !== "F0"),
      estate.desired(),
    );
    assert.ok(drift.rows.every((row) => row.mendedBy === "attended-up"));
    assert.equal(drift.attended, "fail the pool over to SQL-B1 (P1, P2, P3, O3, O1, O4, O5, O7, O7b, O8, O6)");
  });

  it("is mended by no unattended run, as a whole or step by step, and touched by none that adopts", () =>
    assertLeftToPerson(
      estate,
      /this run is unattended and would fail the pool over to SQL-B1 \(P1, P2, P3, O3, O1, O4, O5, O7, O7b, O8, O6\)/,
    ));

  it("is none any more once a person has moved it", async () => {
    await estate.up(estate.desired({ unattended: false, mode: "planned" }));
    const { drift } = await estate.look();
    assert.deepEqual([drift.rows, drift.unread, drift.attended], [[], [], ""]);
  });

  for (const one of movedCases) it(one.what, () => play(estate, one));
});
