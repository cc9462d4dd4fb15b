import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { mirrorShippingCases } from "./drift-cases-mirror";
import { DriftEstate } from "./drift-estate";
import { playWhole } from "./drift-play";

describe("drift of log shipping that the primary's mirror knows too", function () {
  this.timeout(60_000);
  let estate: DriftEstate;
  before(async () => {
    estate = await DriftEstate.start("steady", "primary", { logShipping: true });
    await estate.up(estate.desired({ unattended: false }));
  });
  after(() => estate.stop());

  it("is none once a person has registered it", async () => {
    const { drift } = await estate.look();
    assert.deepEqual([drift.rows, drift.unread, drift.attended], [[], [], ""]);
  });

  for (const one of mirrorShippingCases) it(one.what, () => playWhole(estate, one));
});
