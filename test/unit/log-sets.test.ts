import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { remainingLogs } from "../../estate/log-sets";
import type { LogSet } from "../../estate/observation-types";
import { families, forks, guid } from "./support/estate";

const fork = forks.primary;

function logSet(file: string, firstLsn: string, lastLsn: string, change: Partial<LogSet> = {}): LogSet {
  return {
    file,
    backupSetUuid: guid("6"),
    backupType: 2,
    databaseName: "mgc",
    serverName: "SQL-P1",
    familyGuid: families.pool,
    firstRecoveryForkGuid: fork,
    recoveryForkGuid: fork,
    firstLsn,
    lastLsn,
    isDamaged: false,
    isForceOffline: false,
    finishDate: "2013-05-01T02:15:00",
    ...change,
  };
}

const remaining = (sets: readonly LogSet[], lsn = "3000", family: string | null = families.pool) =>
  remainingLogs({ fork, lsn }, { sets, unreadable: [] }, "mgc", family);
const names = (sets: readonly LogSet[]): string[] => sets.map((set) => set.file);

describe("log sets that a copy can still be given", () => {
  it("go by their headers, whatever their names say", () => {
    const { apply, reached, gap } = remaining([
      logSet("a.trn", "3400", "3900"),
      logSet("b.trn", "3200", "3400"),
      logSet("z.trn", "2900", "3200"),
    ]);
    assert.deepEqual(names(apply), ["z.trn", "b.trn", "a.trn"]);
    assert.deepEqual(reached, { fork, lsn: "3900" });
    assert.equal(gap, null);
  });

  it("leave out what is applied already, and prefer the set that reaches farthest", () => {
    const { apply } = remaining([
      logSet("old.trn", "2000", "3000"),
      logSet("short.trn", "3000", "3100"),
      logSet("long.trn", "2500", "3300"),
    ]);
    assert.deepEqual(names(apply), ["long.trn"]);
  });

  it("compare LSNs as numbers of any length", () => {
    const { apply } = remaining([logSet("next.trn", "99999999999999999", "100000000000000001")], "99999999999999999");
    assert.deepEqual(names(apply), ["next.trn"]);
  });

  it("stop at a hole and say from where to where", () => {
    const { apply, gap, reached } = remaining([logSet("1.trn", "3000", "3100"), logSet("3.trn", "3200", "3300")]);
    assert.deepEqual(names(apply), ["1.trn"]);
    assert.equal(reached.lsn, "3100");
    assert.deepEqual(gap, { from: "3100", to: "3200" });
  });

  it("follow a set onto the fork that it ends on, and no other", () => {
    const { apply, foreign } = remaining([
      logSet("cross.trn", "3000", "3100", { recoveryForkGuid: forks.backup }),
      logSet("after.trn", "3100", "3200", { firstRecoveryForkGuid: forks.backup, recoveryForkGuid: forks.backup }),
      logSet("foreign.trn", "3100", "9000", { firstRecoveryForkGuid: forks.older, recoveryForkGuid: forks.older }),
    ]);
    assert.deepEqual(names(apply), ["cross.trn", "after.trn"]);
    assert.deepEqual(names(foreign), ["foreign.trn"]);
  });

  it("are of this database and family, log sets and whole", () => {
    const { apply, foreign } = remaining([
      logSet("other.trn", "3000", "3100", { databaseName: "mgccomp" }),
      logSet("family.trn", "3000", "3100", { familyGuid: families.rebuilt }),
      logSet("full.bak", "3000", "3100", { backupType: 1 }),
      logSet("damaged.trn", "3000", "3100", { isDamaged: true }),
    ]);
    assert.deepEqual([apply, foreign], [[], []]);
  });

  it("are found whatever the order in which files were listed", () => {
    const chain = Array.from({ length: 6 }, (_, at) =>
      logSet(`${String(at)}.trn`, String(3000 + at * 100), String(3100 + at * 100)),
    );
    const expected = names(chain);
    // Every rotation and its reverse.
    for (let shift = 0; shift < chain.length; shift += 1) {
      const rotated = [...chain.slice(shift), ...chain.slice(0, shift)];
      assert.deepEqual(names(remaining(rotated).apply), expected);
      assert.deepEqual(names(remaining(rotated.reverse()).apply), expected);
    }
  });
});
