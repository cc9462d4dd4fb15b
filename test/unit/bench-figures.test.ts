import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Figure, figuresText, isAnyOver, judged } from "../../bench/figures";

const aim = { ratio: 2, peakMiB: 300 };
const figure = (ratio: number, peak?: number): Figure => ({
  what: "BACKUP DATABASE",
  seconds: [1],
  perSecond: { amount: 5, unit: "MiB" },
  ratio: { value: ratio, to: "cp" },
  ...(peak === undefined ? {} : { memory: { before: 200, peak } }),
});
const verdict = (...of: Parameters<typeof figure>): string | undefined => judged(figure(...of), aim).aim?.verdict;
const text = (figures: readonly Figure[]): string =>
  figuresText({
    name: "backup",
    date: "2013-05-01",
    machine: { cores: 2, memoryGiB: 4, node: "24.0.0" },
    conditions: {},
    figures,
  });

describe("figures of a measurement", () => {
  it("are over their aim in time or in memory, which is judged where it is told", () => {
    assert.deepEqual(
      [verdict(2, 299), verdict(2.01, 299), verdict(1, 300), verdict(1)],
      ["within", "over", "over", "within"],
    );
  });

  it("tell each verdict in a column of its own, where anything is aimed at", () => {
    const [plain, good, bad] = [figure(3, 400), judged(figure(1), aim), judged(figure(3), aim)];
    assert.deepEqual([isAnyOver([plain, good]), isAnyOver([good, bad])], [false, true]);
    assert.match(text([plain, good, bad]), / AIM\n.*400\n.* within\n.* over$/);
    assert.doesNotMatch(text([plain]), /AIM/);
  });
});
