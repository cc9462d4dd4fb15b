import assert from "node:assert/strict";
import {
  compareContents,
  compareLsn,
  differingChannels,
  fencedSetOf,
  fenceEvidence,
  followsOf,
  isEmptyContent,
  partedAt,
  positionOf,
  reachOf,
  restoredFrom,
  salvageMark,
  salvageOf,
} from "../../estate/relations";
import {
  backupSet,
  content,
  failedOverBackup,
  fencedBackup,
  files,
  forks,
  guid,
  rebuiltPrimary,
  restore,
  restoredPrimary,
  steadyBackup,
  steadyPrimary,
} from "./support/estate";

describe("relations of two copies", () => {
  it("compares LSNs as numbers of any length", () => {
    assert.ok(compareLsn("9", "10") < 0);
    assert.ok(compareLsn("9000000000000000000000001", "9000000000000000000000000") > 0);
    assert.equal(compareLsn("0010", "10"), 0);
  });

  it("takes the smallest position of the data files, and none for a cut restore", () => {
    assert.deepEqual(positionOf(steadyBackup(), "mgc"), { kind: "at", fork: forks.primary, lsn: "3000" });
    assert.equal(positionOf(steadyBackup({ files: files("incomplete") }), "mgc").kind, "incomplete");
    assert.equal(positionOf(steadyBackup({ files: [] }), "mgc").kind, "unknown");
  });

  it("knows the end of the log at least to the newest own set on this fork", () => {
    const log = backupSet({ type: "L", lastLsn: "2500" });
    const foreign = backupSet({ type: "L", lastLsn: "9000", lastRecoveryForkGuid: forks.older });
    assert.deepEqual(reachOf(failedOverBackup({ backupSets: [log, foreign] }), "mgc"), {
      fork: forks.backup,
      lsn: "2500",
    });
  });

  describe("follows", () => {
    const leader = steadyPrimary();
    it("on the leader's fork, with no log in between", () =>
      assert.ok(followsOf(steadyBackup(), leader, "mgc").follows));

    it("not on another fork, not without a position, not of another family", () => {
      const at = (fork: string, lsn: string) => steadyBackup({ files: files({ fork, lsn }) });
      assert.match(followsOf(at(forks.older, "3000"), leader, "mgc").reason, /recovery forks/);
      assert.match(followsOf(steadyBackup({ files: files("incomplete") }), leader, "mgc").reason, /never finished/);
      const stranger = steadyBackup({ restoreHistory: [] }, { familyGuid: guid("0") });
      assert.match(followsOf(stranger, leader, "mgc").reason, /family/);
    });

    it("across a fork up to its point, by the catalogue or by the log set that crossed it", () => {
      const at = (lsn: string) => steadyBackup({ files: files({ fork: forks.backup, lsn }) });
      const crossing = { firstRecoveryForkGuid: forks.backup, forkPointLsn: "2000", lastLogBackupLsn: "2000" };
      const young = steadyPrimary({}, crossing);
      assert.ok(followsOf(at("2000"), young, "mgc").follows);
      assert.match(followsOf(at("2001"), young, "mgc").reason, /past the fork point/);
      const log = backupSet({
        type: "L",
        serverName: "SQL-P1",
        firstLsn: "1900",
        lastLsn: "3000",
        forkPointLsn: "2000",
        firstRecoveryForkGuid: forks.backup,
        lastRecoveryForkGuid: forks.primary,
      });
      assert.ok(followsOf(at("2000"), steadyPrimary({ backupSets: [log] }), "mgc").follows);
      assert.ok(!followsOf(at("2000"), steadyPrimary(), "mgc").follows);
    });

    it("not when the leader cannot take a log backup", () => {
      const reason = followsOf(steadyBackup(), steadyPrimary({}, { lastLogBackupLsn: null }), "mgc").reason;
      assert.match(reason, /before a full backup/);
    });
  });

  it("knows where two online copies of one family parted", () => {
    const primary = steadyPrimary({}, { forkPointLsn: "2500" });
    assert.deepEqual(partedAt(primary, failedOverBackup({}, { forkPointLsn: "2000" }), "mgc"), { lsn: "2000" });
    assert.equal(partedAt(rebuiltPrimary(), failedOverBackup(), "mgc"), null);
    assert.equal(partedAt(steadyPrimary(), steadyBackup(), "mgc"), null);
  });

  it("finds the set that a copy was restored from by its uuid in both msdbs", () => {
    const set = backupSet({ serverName: "sql-b1" });
    assert.equal(restoredFrom(restoredPrimary(set), failedOverBackup({ backupSets: [set] }), "mgc"), set);
    const other = backupSet({ backupSetUuid: guid("0") });
    assert.equal(restoredFrom(restoredPrimary(set), failedOverBackup({ backupSets: [other] }), "mgc"), undefined);
    const newer = restore(backupSet({ serverName: "SQL-X" }), 11);
    const restored = restoredPrimary(set, { restoreHistory: [restore(set, 10), newer] });
    assert.equal(restoredFrom(restored, failedOverBackup({ backupSets: [set] }), "mgc"), undefined);
  });

  it("takes a set for one under the present fence only while everything about it holds", () => {
    const of = (set: Parameters<typeof backupSet>[0], copyOnly = false) =>
      fencedSetOf(fencedBackup({ backupSets: [backupSet(set)] }), "mgc", copyOnly);
    const counter = { bytesWritten: "5000", serverStartTime: "2013-04-01T00:00:00" };
    assert.ok(of({}));
    assert.ok(of({ description: `pchat-dr 7f3a F3 ${fenceEvidence(counter)}` }));
    assert.equal(of({ description: `x ${fenceEvidence({ ...counter, bytesWritten: "4999" })}` }), undefined);
    assert.equal(
      of({ description: `x ${fenceEvidence({ ...counter, serverStartTime: "2013-03-01T00:00:00" })}` }),
      undefined,
    );
    assert.equal(of({ isReadOnly: false }), undefined);
    assert.equal(of({ hasBackupChecksums: false }), undefined);
    assert.equal(of({ isDamaged: true }), undefined);
    assert.equal(of({ isCopyOnly: true }), undefined);
    assert.ok(of({ isCopyOnly: true }, true));
    assert.equal(of({ lastRecoveryForkGuid: forks.older }), undefined);
    assert.equal(of({ serverName: "SQL-P1" }), undefined);
    assert.equal(fencedSetOf(failedOverBackup({ backupSets: [backupSet()] }), "mgc", false), undefined);
  });

  it("finds the salvage that still holds all of the present fork", () => {
    const counter = { bytesWritten: "5000", serverStartTime: "2013-04-01T00:00:00" };
    const of = (change: Parameters<typeof backupSet>[0], copy: Parameters<typeof steadyPrimary>[1] = {}) => {
      const salvage = backupSet({
        serverName: "SQL-P1",
        isCopyOnly: true,
        description: `${salvageMark} 7f3a ${fenceEvidence(counter)}`,
        lastRecoveryForkGuid: forks.primary,
        ...change,
      });
      return salvageOf(steadyPrimary({ backupSets: [salvage] }, { isReadOnly: true, ...copy }), "mgc");
    };
    assert.ok(of({}));
    assert.equal(of({ lastRecoveryForkGuid: forks.older }), undefined);
    assert.equal(of({ description: "nightly" }), undefined);
    assert.equal(of({ isReadOnly: false }), undefined);
    assert.equal(of({}, { isReadOnly: false }), undefined, "it can be written to again");
    assert.equal(of({ description: `${salvageMark} 7f3a` }), undefined, "nothing says what was written since");
    const other = fenceEvidence({ ...counter, bytesWritten: "4000" });
    assert.equal(of({ description: `${salvageMark} 7f3a ${other}` }), undefined, "it was written to since");
  });

  it("compares contents both ways", () => {
    assert.equal(compareContents(content(10), content(10)), "equal");
    assert.equal(compareContents(content(11), content(10)), "primaryMore");
    assert.equal(compareContents(content(10), content(11)), "backupMore");
    assert.equal(compareContents(null, content(1)), "unknown");
    const [first, second] = content(10).channels;
    assert.ok(first && second);
    const left = content(10, { channels: [{ ...first, count: "11" }, second] });
    const right = content(10, { channels: [first, { ...second, sumChatId: "99" }] });
    assert.equal(compareContents(left, right), "bothMore");
    assert.deepEqual(differingChannels(left, right), [1, 2]);
    // The same ids with other bytes in one room.
    assert.equal(
      compareContents(content(10, { channels: [{ ...first, sumBytes: "1001" }, second] }), content(10)),
      "bothMore",
    );
  });

  it("takes sums beyond bigint", () => {
    const huge = "99999999999999999999999999999999999998";
    const [first] = content(10).channels;
    assert.ok(first);
    const left = content(10, { channels: [{ ...first, sumChatId: `${huge.slice(0, -1)}9` }] });
    assert.equal(compareContents(left, content(10, { channels: [{ ...first, sumChatId: huge }] })), "primaryMore");
  });

  it("finds by checksum what counts do not show", () => {
    const full = (checksum: string) =>
      content(10, {
        level: 2,
        tableChecksums: {},
        channels: content(10).channels.map((channel) => ({ ...channel, checksum })),
      });
    assert.equal(compareContents(full("1"), full("1")), "equal");
    assert.equal(compareContents(full("1"), full("2")), "bothMore");
  });

  it("knows what Topology Builder leaves from a database in use", () => {
    assert.ok(isEmptyContent(content(0)));
    assert.ok(!isEmptyContent(content(1)));
    assert.ok(!isEmptyContent(content(0, { nodes: 2 })));
    assert.ok(!isEmptyContent(content(0, { lastChatIds: 1 })));
  });
});
