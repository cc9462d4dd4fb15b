import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { waitFor } from "../../estate/steps/wait";

describe("waiting for the estate", () => {
  const counting = () => {
    let looks = 0;
    return { look: () => Promise.resolve(++looks), looks: () => looks };
  };

  it("ends with the look that holds", async () => {
    const { look, looks } = counting();
    const outcome = await waitFor(look, (seen) => seen === 3, { limitSeconds: 60, interval: 1 });
    assert.deepEqual([outcome, looks()], [{ seen: 3, satisfied: true }, 3]);
  });

  it("takes one look however short the limit is, and tells what it saw", async () => {
    const { look } = counting();
    assert.deepEqual(await waitFor(look, () => false, { limitSeconds: 0 }), { seen: 1, satisfied: false });
  });

  it("ends when the limit has passed", async () => {
    const { look } = counting();
    const { satisfied, seen } = await waitFor(look, () => false, { limitSeconds: 0.02, interval: 1 });
    assert.ok(!satisfied && seen > 0);
  });

  it("passes on what a look throws", async () => {
    await assert.rejects(
      waitFor(
        () => Promise.reject(new Error("no answer")),
        () => true,
        { limitSeconds: 60 },
      ),
      /no answer/,
    );
  });
});
