import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { labConfiguration } from "../../tools/lab-configuration";
import { TestEstate } from "./support/estate";

describe("two pools in one configuration", function () {
  this.timeout(240_000);
  let estate: TestEstate;
  before(async () => {
    estate = await TestEstate.start("failed-over", "--pools", "2");
    estate.reconfigure(estate.stack, labConfiguration(estate.lab, { compare: "full" }));
  });
  after(() => estate.stop());

  it("come home side by side, in one provider process, with one shell", async () => {
    const lines = await estate.journalLength();
    const up = await estate.stack.up();
    assert.equal(up.code, 0, up.output);
    const pools = (await estate.stack.outputs())["pools"] as Record<string, Record<string, unknown>>;
    const steps = Object.values(pools).map((pool) => estate.report(pool["report"]).summary.steps);
    assert.equal(steps.length, 2);
    const [one = [], other = []] = steps.map((list) => list.filter((step) => step.key !== "F0"));
    const begun = (list: typeof one): number => Date.parse(list[0]?.started ?? "");
    const ended = (list: typeof one): number => Date.parse(list.at(-1)?.ended ?? "");
    assert.ok(begun(one) < ended(other) && begun(other) < ended(one), "the pools' steps overlap in time");
    const journal = (await estate.journal()).slice(lines);
    // Install-CsMirrorDatabase lasts, and runs in a shell of its own so that no other pool waits for it.
    const cmdlets = journal.filter((line) => line.kind === "cmdlet" && !line.text.includes("Install-CsMirrorDatabase"));
    const shells = new Set(cmdlets.map((line) => line.client));
    assert.equal(shells.size, 1, [...shells].join(", "));
    // Each pair of copies was compared with checksums over all that a message is.
    const compared = journal.filter((line) => /BINARY_CHECKSUM\(.*varbinary\(max\).*\[content\]/.test(line.text));
    assert.deepEqual([...new Set(compared.map((line) => line.instance))].sort(), [
      "SQL-B1",
      "SQL-B3",
      "SQL-P1",
      "SQL-P3",
    ]);
    const runs = new Set(journal.filter((line) => line.client.startsWith("pchat-dr")).map((line) => line.client));
    assert.equal(runs.size, 1, [...runs].join(", "));
  });
});
