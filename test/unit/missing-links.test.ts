import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { missingLinks } from "../../estate/missing-links";
import type { BackupSetRow } from "../../estate/observation-types";
import { plan, stepOf } from "../../estate/plan";
import { backupSet, desired, files, forks, guid, steady, steadyBackup, steadyPrimary } from "./support/estate";

const share = String.raw`\\files.dci.discovery.com\lslogs`;
const log = (lastLsn: string, change: Partial<BackupSetRow> = {}): BackupSetRow =>
  backupSet({
    type: "L",
    serverName: "SQL-P1",
    backupSetUuid: guid("8"),
    isReadOnly: false,
    firstLsn: "3000",
    lastLsn,
    lastRecoveryForkGuid: forks.primary,
    physicalDeviceName: String.raw`E:\nightly\mgc.trn`,
    ...change,
  });
const links = (...sets: BackupSetRow[]): (string | null)[] =>
  missingLinks(steadyPrimary({ backupSets: sets }), steadyBackup(), desired().logShipping).map((set) => set.lastLsn);

describe("links of the log chain that log shipping does not know of", () => {
  it("are log backups elsewhere that the secondary has not had, oldest first", () =>
    assert.deepEqual(links(log("3200"), log("3100")), ["3100", "3200"]));

  it("are none that it has had, that lie in its folder, or that are copy-only", () => {
    assert.deepEqual(links(log("3000")), []);
    assert.deepEqual(links(log("3100", { physicalDeviceName: `${share}\\mgc_20130501021500.wrk` })), []);
    assert.deepEqual(links(log("3100", { physicalDeviceName: `${share}\\mirror\\mgc.trn` })), ["3100"]);
    assert.deepEqual(links(log("3100", { isCopyOnly: true })), []);
  });

  it("are none of another recovery path, another instance or another kind of backup", () => {
    assert.deepEqual(links(log("3100", { lastRecoveryForkGuid: forks.older })), []);
    assert.deepEqual(links(log("3100", { serverName: "SQL-B1" })), []);
    assert.deepEqual(links(log("3100", { type: "D" })), []);
  });

  it("are restored on the secondary by F5, which then proves a cycle", () => {
    const seen = steady({
      primary: steadyPrimary(
        { backupSets: [log("3100", { hasBackupChecksums: false })] },
        { lastLogBackupLsn: "3100" },
      ),
    });
    const step = stepOf(plan(seen, desired()), "F5");
    assert.match(step.reason, /log chain/);
    assert.deepEqual(
      step.statements.map((one) => `${one.where}: ${one.text}`),
      ["SQL-B1: RESTORE LOG [mgc] FROM DISK = N'E:\\nightly\\mgc.trn' WITH FILE = 1, NORECOVERY, STATS = 5;"],
    );
  });

  it("do not matter to a secondary that is seeded anew", () => {
    const cut = steadyBackup({ files: files("incomplete") });
    const seen = steady({ primary: steadyPrimary({ backupSets: [log("3100")] }), backup: cut });
    assert.doesNotMatch(stepOf(plan(seen, desired()), "F5").reason, /log chain/);
  });
});
