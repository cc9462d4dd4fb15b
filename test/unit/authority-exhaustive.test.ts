import assert from "node:assert/strict";
import { decideAuthority } from "../../estate/authority";
import { type AuthorityFacts, authorityFactValues } from "../../estate/authority-facts";
import { authorityRows } from "../../estate/authority-rows";

type Mutable = { -readonly [Fact in keyof AuthorityFacts]: AuthorityFacts[Fact] };

/** Calls `visit` with every combination of the facts; the object is the same one each time. */
function everyCombination(visit: (facts: AuthorityFacts) => void): number {
  const names = Object.keys(authorityFactValues) as (keyof AuthorityFacts)[];
  const facts = Object.fromEntries(names.map((name) => [name, authorityFactValues[name][0]])) as unknown as Mutable;
  let visited = 0;
  const walk = (at: number): void => {
    const name = names[at];
    if (name === undefined) {
      visited += 1;
      visit(facts);
      return;
    }
    for (const value of authorityFactValues[name]) {
      (facts as Record<string, string>)[name] = value;
      walk(at + 1);
    }
  };
  walk(0);
  return visited;
}

const backupIsOpen = (facts: AuthorityFacts): boolean => ["mirrored", "online", "fenced"].includes(facts.backupCopy);

describe("authority, over every combination of its facts", function () {
  this.timeout(60_000);

  it("changes nothing where it is unclear or no row matches, and never overwrites what is not proved to be spare", () => {
    const matched = new Set<number>();
    const wrong: string[] = [];
    const report = (what: string, facts: AuthorityFacts): void => {
      if (wrong.length < 5) wrong.push(`${what}: ${JSON.stringify(facts)}`);
    };
    const combinations = Object.values(authorityFactValues).reduce((product, values) => product * values.length, 1);
    const visited = everyCombination((facts) => {
      const row = decideAuthority(facts);
      const index = authorityRows.indexOf(row);
      if (index >= 0) matched.add(index);
      if ((row.outcome === "unclear" || index < 0) && row.allows.length > 0)
        report("a refusal that allows steps", facts);
      if ((row.outcome === "unclear") !== (row.code !== undefined)) report("a code without refusal, or none", facts);
      // A primary that has applied the backup's tail is only opened by F4; nothing is restored there.
      const opens = row.outcome === "primary" && facts.backupCopy === "afterTail" && facts.tail === "applied";
      const restores = row.allows.includes("F4") && !opens;
      if (restores !== (row.outcome === "backup")) report("F4 without the backup being the truth", facts);
      // By log alone: both copies are closed, and the backup's tail is what the primary lacks.
      const byLog = facts.backupCopy === "afterTail" && ["restoring", "afterTail"].includes(facts.primaryCopy);
      if (restores && !backupIsOpen(facts) && !byLog) report("F4 from a copy that is not online", facts);
      if (restores && facts.poolState !== "FailedOver") report("the way home in a pool that is not failed over", facts);
      if (restores && ["silent", "unread"].includes(facts.primaryCopy))
        report("F4 on an instance that does not answer", facts);
      if (row.allows.length > 0 && (facts.primaryCopy === "elsewhere" || facts.backupCopy === "elsewhere"))
        report("steps beside a mirror that holds its own copy", facts);
      // What the primary alone may hold goes only with an acknowledgement.
      const holdsMore = ["primaryMore", "bothMore"].includes(facts.comparison);
      if (
        restores &&
        facts.primaryCopy === "online" &&
        holdsMore &&
        facts.primaryContent !== "empty" &&
        facts.acknowledged === "no"
      ) {
        report("an unacknowledged primary with more than the backup is overwritten", facts);
      }
      if (restores && facts.primaryCopy === "online" && ["primary", "both"].includes(facts.live)) {
        report("a primary in use is overwritten", facts);
      }
      // F5 may overwrite the backup's copy: only of a primary that is open and answers, or after the way home.
      if (row.allows.includes("F5") && !restores && facts.primaryCopy !== "online")
        report("F5 from a copy not online", facts);
      if (row.seeds === true && facts.poolState === "FailedOver" && facts.restoredFrom === "none") {
        report("the backup of a failed-over pool is seeded from a primary that was never restored from it", facts);
      }
      if (row.seeds === true && facts.backupCopy === "restoring" && facts.poolState === "Normal") {
        const spare = facts.follows !== "ahead" || facts.acknowledged === "yes";
        if (!spare) report("a backup that may hold more is seeded over without acknowledgement", facts);
      }
      if (facts.poolState === "unknown" && row.allows.length > 0)
        report("steps although the pool's state is unknown", facts);
    });
    assert.equal(visited, combinations);
    assert.deepEqual(wrong, []);
    const never = authorityRows.filter((_, index) => !matched.has(index)).map((row) => row.number);
    assert.deepEqual(never, [], "rows that no combination reaches");
  });

  it("has every number of the table, and findings only for 37 to 40", () => {
    const numbers = [...new Set(authorityRows.map((row) => row.number))].sort((left, right) => left - right);
    const findingsOnly = [37, 38, 39, 40];
    const expected = Array.from({ length: 42 }, (_, at) => at + 1).filter((number) => !findingsOnly.includes(number));
    assert.deepEqual(numbers, expected);
  });
});
