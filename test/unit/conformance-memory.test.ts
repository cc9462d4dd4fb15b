import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { judgeMemory } from "../../tools/conformance-memory";

const MIB = 2 ** 20;

describe("memory that conformance watches", () => {
  const passed = (highest: number, after: number): boolean =>
    judgeMemory({ before: 200 * MIB, highest: highest * MIB, after: after * MIB }).passed;

  it("is judged by its peak, also where it fell again, and by where it stayed", () => {
    assert.deepEqual([passed(264, 230), passed(265, 230), passed(230, 265)], [true, false, false]);
  });
});
