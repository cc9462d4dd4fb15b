import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { otherThanSaid } from "../../tools/lab-ledger";

describe("loss in the clients' ledger", () => {
  const said = "2026-11-27T20:24:01Z";
  const at = (id: string, second: string, instance = "SQL-P1") => ({
    id,
    time: `2026-11-27T20:24:${second}Z`,
    instance,
  });
  const stored = [at("kept", "00.900"), at("either", "01.500"), at("gone", "02.000"), at("later", "09.000", "SQL-B1")];
  const lost = (...ids: string[]) => ids.map((id) => ({ id }));

  it("is as said when all behind the position is lost and nothing else", () => {
    assert.deepEqual(otherThanSaid(said, "SQL-P1", stored, lost("gone")), []);
    assert.deepEqual(otherThanSaid(said, "SQL-P1", stored, lost("either", "gone")), []);
  });

  it("is otherwise when less or more is lost", () => {
    assert.deepEqual(otherThanSaid(said, "SQL-P1", stored, lost()), [
      "2026-11-27T20:24:02.000Z: still there, and it was given up",
    ]);
    assert.deepEqual(otherThanSaid(said, "SQL-P1", stored, lost("kept", "gone", "later")), [
      "2026-11-27T20:24:00.900Z: lost, and it was promised",
      "2026-11-27T20:24:09.000Z: lost, and it was stored on SQL-B1",
    ]);
  });
});
