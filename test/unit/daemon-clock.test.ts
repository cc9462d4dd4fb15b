import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { labClock } from "../../lab/daemon-clock";

const MINUTE = 60_000;

describe("the lab's clock", () => {
  it("begins at the machine's time", () => {
    const began = Date.now();
    const { record, utcTime } = labClock(60);
    assert.ok(record.machine >= began && record.estate === record.machine);
    assert.ok(utcTime() >= record.estate);
  });

  it("went on at its own pace while the estate was down", () => {
    const down = { machine: Date.now() - MINUTE, estate: Date.now() + MINUTE, factor: 60 };
    const { record } = labClock(1, down);
    assert.equal(record.estate, down.estate + (record.machine - down.machine) * down.factor);
    assert.equal(record.factor, 1);
  });

  it("is not set back to the machine's, and does not stay behind it", () => {
    const [machine, factor] = [Date.now() - MINUTE, 1];
    const ahead = labClock(60, { machine, estate: machine + 60 * MINUTE, factor });
    assert.ok(ahead.utcTime() >= machine + 61 * MINUTE);
    const { record } = labClock(60, { machine, estate: machine - 60 * MINUTE, factor });
    assert.equal(record.estate, record.machine);
  });
});
