import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { BackupHeader } from "../../estate/backup-header";
import type { Observation } from "../../estate/observation-types";
import { contextOf } from "../../estate/plan-context";
import { type GateEvidence, gateChecks } from "../../estate/point-of-no-return";
import {
  backupMirror,
  backupSet,
  content,
  database,
  desired,
  families,
  fencedBackup,
  files,
  forks,
  guid,
  instance,
  observation,
  type Parts,
  restore,
  restoredPrimary,
  shell,
  steadyPrimary,
  steadyShell,
} from "./support/estate";

const set = backupSet();

const seed = (change: Partial<BackupHeader> = {}): BackupHeader => ({
  BackupType: 1,
  DatabaseName: "mgc",
  ServerName: "SQL-P1",
  IsDamaged: false,
  HasBackupChecksums: true,
  BackupSetGUID: guid("6"),
  FamilyGUID: families.pool,
  RecoveryForkID: forks.primary,
  ...change,
});

const session = {
  sessionId: 71,
  database: "mgc",
  hostName: "REPORTS",
  programName: "Excel",
  loginName: "DCI\\reports",
  loginTime: "2013-05-01T02:00:00",
  lastBatch: "2013-05-01T02:00:00",
  openTransactions: 0,
  command: "SELECT",
};

/** After F4, before F5: the primary restored and equal, the backup fenced, nobody active. */
const home = (parts: Parts = {}): Observation =>
  observation({
    shell: shell({ activeServers: [] }),
    primary: restoredPrimary(set),
    backup: fencedBackup({ backupSets: [set] }),
    ...parts,
  });

/** Row 33: the pool was set Normal by hand before log shipping, chat is at work on the primary, the backup still ONLINE. */
const inUse = (parts: Parts = {}): Observation =>
  observation({
    shell: steadyShell(),
    primary: restoredPrimary(set, { content: content(120), sessions: [{ ...session, hostName: "chat-p1" }] }),
    backup: fencedBackup({ backupSets: [set] }, { isReadOnly: false }),
    ...parts,
  });

/** The primary came from the older fork, at that LSN, and cannot take log backups yet. */
const leftAt = (forkPointLsn: string) => ({
  firstRecoveryForkGuid: forks.older,
  forkPointLsn,
  lastLogBackupLsn: null,
});

/** Row 30: the backup's RESTORING copy of the same family stands where the primary had left that fork already, or beyond. */
const behind = (parts: Parts = {}): Observation =>
  observation({
    shell: steadyShell(),
    primary: steadyPrimary({}, leftAt("500")),
    backup: instance("SQL-B1", {
      databases: [database("mgc", { state: "RESTORING", recoveryForkGuid: null })],
      files: files({ fork: forks.older, lsn: "500" }),
      restoreHistory: [restore(backupSet({ serverName: "SQL-P1", backupSetUuid: guid("6") }))],
    }),
    ...parts,
  });

function evidence(seen: Observation, change: Partial<GateEvidence> = {}, pool: Record<string, unknown> = {}) {
  return {
    context: contextOf(seen, desired(pool)),
    seed: seed(),
    broughtHome: { backupSetUuid: set.backupSetUuid, error: null },
    comparedUnder: null,
    missing: [],
    locked: true as const,
    ...change,
  };
}

const failed = (given: GateEvidence): number[] =>
  gateChecks(given)
    .filter((check) => !check.holds)
    .map((check) => check.number);

describe("point of no return", () => {
  it("lets the restore over the fenced copy pass when all ten hold", () => {
    const checks = gateChecks(evidence(home()));
    assert.deepEqual(
      checks.map((check) => check.number),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
    );
    assert.deepEqual(failed(evidence(home())), []);
  });

  const copies: readonly (readonly [string, number, Parts])[] = [
    ["the primary's copy read-only", 1, { primary: restoredPrimary(set, {}, { isReadOnly: true }) }],
    ["the primary's copy in SIMPLE", 1, { primary: restoredPrimary(set, {}, { recoveryModel: "SIMPLE" }) }],
    ["damaged pages of the primary", 1, { primary: restoredPrimary(set, { suspectPages: 2 }) }],
    ["a primary that was restored from elsewhere", 2, { primary: restoredPrimary(set, { restoreHistory: [] }) }],
    ["a room that is not equal", 3, { backup: fencedBackup({ backupSets: [set], content: content(101) }) }],
    ["content that could not be read", 3, { primary: restoredPrimary(set, { content: null }) }],
    ["a fence that was taken off", 4, { backup: fencedBackup({ backupSets: [set] }, { isReadOnly: false }) }],
    [
      "a log that was written to since the backup",
      4,
      {
        backup: fencedBackup({
          backupSets: [backupSet({ description: "pchat-dr 7f3a F3 [fence 4999 2013-04-01T00:00:00]" })],
        }),
      },
    ],
    ["another session in the backup's copy", 8, { backup: fencedBackup({ backupSets: [set], sessions: [session] }) }],
    ["a mirror that lost its copy", 7, { backupMirror: instance("SQL-B2") }],
    ["a mirror that does not answer", 7, { backupMirror: null }],
    [
      "a mirror's copy of another family",
      7,
      {
        backupMirror: instance("SQL-B2", {
          databases: [database("mgc", { state: "RESTORING", familyGuid: families.rebuilt })],
        }),
      },
    ],
    ["a pool that is Normal already", 10, { shell: shell({ activeServers: [], poolState: "Normal" }) }],
    ["servers that are active again", 10, { shell: shell() }],
  ];
  for (const [what, number, parts] of copies) {
    it(`refuses ${what} (${String(number)})`, () => {
      assert.ok(failed(evidence(home(parts))).includes(number), failed(evidence(home(parts))).join());
    });
  }

  const readings: readonly (readonly [string, number, Partial<GateEvidence>])[] = [
    ["a seed of another family", 5, { seed: seed({ FamilyGUID: families.rebuilt }) }],
    ["a seed of another fork", 5, { seed: seed({ RecoveryForkID: forks.backup }) }],
    ["a seed of another instance", 5, { seed: seed({ ServerName: "SQL-P9" }) }],
    ["a damaged seed", 5, { seed: seed({ IsDamaged: true }) }],
    ["a file that cannot be read", 6, { broughtHome: { backupSetUuid: set.backupSetUuid, error: "3201" } }],
    ["the file of another set", 6, { broughtHome: { backupSetUuid: guid("9"), error: null } }],
    ["a lock that is not ours", 9, { locked: "mode NoLock" }],
  ];
  for (const [what, number, change] of readings) {
    it(`refuses ${what} (${String(number)})`, () => {
      assert.deepEqual(failed(evidence(home(), change)), [number]);
      const found = gateChecks(evidence(home(), change)).find((check) => check.number === number)?.found ?? "";
      assert.notEqual(found, "");
    });
  }

  it("goes on behind a restart of the backup's instance once both were found equal under the present fence", () => {
    const earlier = backupSet({ description: "pchat-dr 7f3a F3 [fence 5000 2013-04-01T00:00:00]" });
    const logWrites = { bytesWritten: "0", serverStartTime: "2013-05-01T03:00:00" };
    const restarted = (change = {}) => home({ backup: fencedBackup({ backupSets: [earlier], logWrites }, change) });
    assert.equal(contextOf(restarted(), desired()).authority.number, 21);
    assert.deepEqual(failed(evidence(restarted())), [4], "not compared");
    assert.deepEqual(failed(evidence(restarted(), { comparedUnder: logWrites })), []);
    const written = { ...logWrites, bytesWritten: "512" };
    assert.deepEqual(failed(evidence(restarted(), { comparedUnder: written })), [4], "written to since");
    assert.deepEqual(failed(evidence(restarted({ isReadOnly: false }), { comparedUnder: logWrites })), [4]);
  });

  it("goes on without a third copy where that is acknowledged, or where no mirror was ever configured", () => {
    const lost = home({ backupMirror: instance("SQL-B2") });
    assert.deepEqual(failed(evidence(lost, {}, { acknowledge: { missingMirrorCopy: true } })), []);
    const { pool } = desired();
    const backup = { ...pool.backup, mirror: undefined, activeServers: ["chat-b1.dci.discovery.com"] };
    assert.deepEqual(failed(evidence(home({ backupMirror: null }), {}, { backup })), []);
  });

  it("looks for the third copy on the configured principal when the mirror is principal", () => {
    const swapped = home({
      backup: instance("SQL-B1", { databases: [database("mgc", { state: "RESTORING", familyGuid: null })] }),
      backupMirror: instance("SQL-B2", { ...fencedBackup({ backupSets: [set] }) }),
    });
    const context = contextOf(swapped, desired());
    const seen = { ...context, backup: fencedBackup({ backupSets: [set] }) };
    const authority = { ...context.authority, principals: { primary: "primary", backup: "backupMirror" } as const };
    const third = gateChecks({ ...evidence(swapped), context: { ...seen, authority } }).find(
      (check) => check.number === 7,
    );
    assert.deepEqual([third?.found, third?.holds], ["RESTORING", true]);
  });

  it("refuses everything when authority is not clear any more", () => {
    const live = home({ primary: restoredPrimary(set, { sessions: [{ ...session, hostName: "chat-p1" }] }) });
    assert.ok(failed(evidence(live)).includes(0));
  });

  it("refuses when one of the two does not answer", () => {
    assert.deepEqual(failed(evidence(home({ backup: null }))), [0]);
    assert.deepEqual(failed(evidence(home({ shell: null }))), [0]);
  });

  it("lets a primary in use, which holds more, seed a backup that nobody uses (row 33)", () => {
    assert.equal(contextOf(inUse(), desired()).authority.number, 33);
    assert.deepEqual(failed(evidence(inUse())), []);
    const less = inUse({ backup: fencedBackup({ backupSets: [set], content: content(130) }, { isReadOnly: false }) });
    assert.ok(failed(evidence(less)).includes(3));
    // Counts are on the primary's side; a message of the backup's own is not.
    assert.deepEqual(failed(evidence(inUse(), { missing: ["room 12: text of messages one and another"] })), [3]);
    assert.deepEqual(failed(evidence(inUse(), { missing: null })), [3]);
    const used = inUse({
      backup: fencedBackup(
        { backupSets: [set], sessions: [{ ...session, hostName: "chat-b1" }] },
        { isReadOnly: false },
      ),
    });
    assert.ok([4, 8].every((number) => failed(evidence(used)).includes(number)));
    assert.ok(failed(evidence(inUse({ shell: shell() }))).includes(10));
  });

  it("asks of a RESTORING secondary only what concerns the primary, the seed, sessions and the lock", () => {
    const checks = gateChecks(evidence(behind(), { broughtHome: { backupSetUuid: null, error: "no such file" } }));
    assert.deepEqual(
      checks.map((check) => check.number),
      [0, 1, 5, 8, 9, 11],
    );
    assert.ok(checks.every((check) => check.holds));
    const ahead = behind({ primary: steadyPrimary({}, leftAt("499")) });
    assert.deepEqual(failed(evidence(ahead)), [0, 11]);
    const given = { acknowledge: { backupCopy: { fork: forks.older, lsn: "500" } } };
    assert.deepEqual(failed(evidence(ahead, {}, given)), []);
    assert.deepEqual(failed(evidence(behind({ primary: steadyPrimary({ suspectPages: 1 }, leftAt("500")) }))), [1]);
  });

  it("never overwrites a copy that follows: no row says so", () => {
    const follower = observation({ shell: steadyShell(), primary: steadyPrimary(), backupMirror: backupMirror() });
    assert.ok(failed(evidence(follower)).includes(0));
  });
});
