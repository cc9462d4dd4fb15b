import assert from "node:assert/strict";
import { authorityOf, decideAuthority } from "../../estate/authority";
import type { AuthorityFacts } from "../../estate/authority-facts";
import type { Authority, UnclearCode } from "../../estate/authority";
import type { Observation } from "../../estate/observation-types";
import {
  backupSet,
  content,
  database,
  desired,
  failedOverBackup,
  families,
  fencedBackup,
  files,
  forks,
  guid,
  instance,
  mirrored,
  observation,
  type Parts,
  rebuiltPrimary,
  restore,
  restoredPrimary,
  shell,
  steady,
  steadyBackup,
  steadyPrimary,
  steadyShell,
} from "./support/estate";

const decide = (seen: Observation, pool: Record<string, unknown> = {}): Authority => authorityOf(seen, desired(pool));
const failedOver = (parts: Parts = {}, pool: Record<string, unknown> = {}): Authority =>
  decide(observation(parts), pool);
const normal = (parts: Parts = {}): Authority => decide(steady(parts));

function expectRow(authority: Authority, number: number, outcome: Authority["outcome"], code?: UnclearCode): void {
  assert.deepEqual(
    { number: authority.number, outcome: authority.outcome, code: authority.code },
    { number, outcome, code },
    authority.evidence.join("\n"),
  );
  if (outcome === "unclear") assert.deepEqual(authority.allows, []);
}

const oldPrimary = (change: Parameters<typeof steadyPrimary>[0] = {}) =>
  steadyPrimary({ content: content(50), sessions: [], ...change });
const session = (hostName: string) => ({
  sessionId: 60,
  database: "mgc",
  hostName,
  programName: "ChannelService",
  loginName: "DCI\\svc",
  loginTime: "2013-05-01T01:00:00",
  lastBatch: "2013-05-01T02:00:00",
  openTransactions: 0,
  command: "AWAITING COMMAND",
});
const tailSet = (serverName: string) =>
  backupSet({
    type: "L",
    serverName,
    isForceOffline: true,
    backupSetUuid: guid("C"),
    firstLsn: "2000",
    lastLsn: "2100",
  });

describe("authority, row by row", () => {
  it("1: the primary's instance does not answer, or could not be read", () => {
    expectRow(failedOver({ primary: null }), 1, "unclear", "P_UNREACHABLE");
    const acknowledge = { primaryFailures: ["LOGIN_FAILED"] };
    expectRow(failedOver({ primary: { unread: "LOGIN_FAILED" } }, { acknowledge }), 1, "unclear", "P_UNREACHABLE");
  });

  it("2: the backup does not answer and the pool is on the primary: what runs at home may be mended, nothing else", () => {
    const authority = normal({ backup: null });
    expectRow(authority, 2, "primary");
    assert.deepEqual(authority.allows, ["F0", "F6", "F7", "F7b", "F8"]);
  });

  it("3: the backup does not answer and the pool is on it", () =>
    expectRow(failedOver({ backup: null }), 3, "unclear", "B_UNREACHABLE"));

  for (const state of ["SUSPECT", "RECOVERY_PENDING", "EMERGENCY"]) {
    it(`4: the backup's database is ${state}`, () =>
      expectRow(failedOver({ backup: failedOverBackup({}, { state, mirroring: null }) }), 4, "unclear", "B_DAMAGED"));
  }

  for (const state of ["SUSPECT", "RECOVERY_PENDING", "EMERGENCY", "OFFLINE"]) {
    const primary = rebuiltPrimary({ content: null }, { state, familyGuid: null, recoveryForkGuid: null });
    it(`5: the primary's database is ${state}: refused until acknowledged`, () => {
      expectRow(failedOver({ primary }), 5, "unclear", "P_UNREADABLE");
      expectRow(failedOver({ primary }, { acknowledge: { unreadablePrimary: true } }), 5, "backup");
    });
  }

  it("6: the primary is damaged and the backup is a secondary", () =>
    expectRow(normal({ primary: steadyPrimary({}, { state: "SUSPECT" }) }), 6, "unclear", "P_DAMAGED"));

  it("7: the primary has no mgc", () =>
    expectRow(failedOver({ primary: instance("SQL-P1", { content: null }) }), 7, "backup"));

  it("8: the primary has no mgc and the backup is RESTORING", () =>
    expectRow(normal({ primary: instance("SQL-P1") }), 8, "unclear", "NO_ONLINE_COPY"));

  it("9: rebuilt and empty primary, mirrored backup", () => {
    const authority = failedOver();
    expectRow(authority, 9, "backup");
    assert.equal(authority.resume, "F1");
  });

  it("10: rebuilt and empty primary, backup without mirror, fenced or not", () => {
    expectRow(failedOver({ backup: failedOverBackup({}, { mirroring: null }) }), 10, "backup");
    expectRow(failedOver({ backup: fencedBackup() }), 10, "backup");
  });

  it("11: the primary has a private tail: refused until its fork is named, then salvaged", () => {
    const primary = oldPrimary({ content: content(90) });
    const refused = failedOver({ primary });
    expectRow(refused, 11, "unclear", "P_HAS_PRIVATE_TAIL");
    assert.equal(refused.acknowledgement, "privateTail");
    assert.match(refused.evidence.join("\n"), /room 1: primary 90 to chatId 90, backup 100 to chatId 100/);
    expectRow(
      failedOver({ primary }, { acknowledge: { privateTail: forks.older } }),
      11,
      "unclear",
      "P_HAS_PRIVATE_TAIL",
    );
    const acknowledged = failedOver({ primary }, { acknowledge: { privateTail: `{${forks.primary.toLowerCase()}}` } });
    expectRow(acknowledged, 11, "backup");
    assert.equal(acknowledged.salvage, true);
  });

  it("12: the backup holds nothing that the primary lacks", () => {
    const primary = oldPrimary({ content: content(100) });
    expectRow(failedOver({ primary }), 12, "unclear", "P_NEWER");
    expectRow(failedOver({ primary }, { acknowledge: { privateTail: forks.primary } }), 12, "unclear", "P_NEWER");
  });

  it("13: chat servers at work on both copies, by session or by ping", () => {
    const live = session("CHAT-P1");
    expectRow(failedOver({ primary: oldPrimary({ sessions: [live] }) }), 13, "unclear", "BOTH_LIVE");
    const pings = [{ serverAddress: "chat-p1.dci.discovery.com", lastPingTime: "2013-05-01T02:00:00", moved: true }];
    expectRow(failedOver({ primary: oldPrimary({ content: content(50, { pings }) }) }), 13, "unclear", "BOTH_LIVE");
    const stranger = { ...session("DBA-LAPTOP"), programName: "SSMS" };
    expectRow(failedOver({ primary: oldPrimary({ sessions: [stranger] }) }), 11, "unclear", "P_HAS_PRIVATE_TAIL");
  });

  it("14: the primary holds data of another family: refused until its fork is named", () => {
    const primary = rebuiltPrimary({ content: content(5) });
    expectRow(failedOver({ primary }), 14, "unclear", "P_FOREIGN_DATA");
    expectRow(
      failedOver({ primary }, { acknowledge: { privateTail: forks.rebuilt } }),
      14,
      "unclear",
      "P_FOREIGN_DATA",
    );
    expectRow(failedOver({ primary }, { acknowledge: { foreignData: forks.rebuilt } }), 14, "backup");
  });

  it("15: a database of another pool, which no acknowledgement passes", () => {
    const primary = rebuiltPrimary({ content: content(5, { configPoolId: guid("0") }) });
    expectRow(failedOver({ primary }, { acknowledge: { foreignData: forks.rebuilt } }), 15, "unclear", "WRONG_POOL");
  });

  it("16: half a restore on the primary", () => {
    const primary = rebuiltPrimary(
      { files: files("incomplete"), content: null },
      { state: "RESTORING", familyGuid: null },
    );
    const authority = failedOver({ primary, backup: fencedBackup({ backupSets: [backupSet()] }) });
    expectRow(authority, 16, "backup");
    assert.equal(authority.resume, "F4");
  });

  it("16: a primary that stands at a position is no half a restore, whatever its history says", () => {
    const former = { files: files({ fork: forks.primary, lsn: "9000" }), content: null };
    for (const restoreHistory of [[], [restore(backupSet({ serverName: "SQL-X" }))]]) {
      const primary = rebuiltPrimary({ ...former, restoreHistory }, { state: "RESTORING", familyGuid: families.pool });
      const authority = failedOver({ primary });
      expectRow(authority, 16, "unclear", "P_RESTORING");
      assert.match(authority.evidence.join("\n"), /SQL-P1: mgc RESTORING[^]*at 9000 of fork 2222/);
    }
  });

  it("17: the primary is RESTORING from a set of the backup", () => {
    const set = backupSet({ isReadOnly: false });
    const primary = restoredPrimary(
      set,
      { files: files({ fork: forks.backup, lsn: "2000" }), content: null },
      { state: "RESTORING" },
    );
    const backup = failedOverBackup({ backupSets: [set] }, { lastLogBackupLsn: "2000", mirroring: null });
    expectRow(failedOver({ primary, backup }), 17, "backup");
  });

  it("18: the primary at the tail of a planned failover, which the backup applied", () => {
    const tail = { ...tailSet("SQL-P1"), lastRecoveryForkGuid: forks.backup };
    const primary = instance("SQL-P1", {
      databases: [database("mgc", { state: "RESTORING" }), database("mgccomp")],
      files: files({ fork: forks.backup, lsn: "2100" }),
      backupSets: [tail],
    });
    expectRow(failedOver({ primary, backup: failedOverBackup({ restoreHistory: [restore(tail)] }) }), 18, "backup");
  });

  it("19: the primary is a mirror", () => {
    const primary = rebuiltPrimary({}, { state: "RESTORING", mirroring: mirrored("SQL-X", "MIRROR") });
    expectRow(failedOver({ primary }), 19, "unclear", "P_IS_MIRROR");
  });

  it("20: restored from the set under the present fence", () => {
    const set = backupSet();
    const backup = fencedBackup({ backupSets: [set] });
    expectRow(failedOver({ primary: restoredPrimary(set), backup }), 20, "backup");
    // Not yet compared, since it is single-user or read by nobody: still the backup.
    expectRow(failedOver({ primary: restoredPrimary(set, { content: null }), backup }), 20, "backup");
  });

  it("21: restored and equal, the backup open but idle", () => {
    const set = backupSet();
    const backup = failedOverBackup({ backupSets: [set] }, { mirroring: null });
    expectRow(failedOver({ primary: restoredPrimary(set), backup }), 21, "backup");
  });

  it("22: restored, and the backup holds more", () => {
    const set = backupSet();
    const backup = failedOverBackup({ backupSets: [set], content: content(101) });
    expectRow(failedOver({ primary: restoredPrimary(set), backup }), 22, "backup");
  });

  it("23: restored, and the primary holds more, under the present fence too", () => {
    const set = backupSet();
    const primary = restoredPrimary(set, { content: content(101) });
    expectRow(failedOver({ primary, backup: failedOverBackup({ backupSets: [set] }) }), 23, "unclear", "BOTH_WRITTEN");
    expectRow(failedOver({ primary, backup: fencedBackup({ backupSets: [set] }) }), 23, "unclear", "BOTH_WRITTEN");
    const acknowledged = { acknowledge: { privateTail: forks.primary } };
    const home = failedOver({ primary, backup: failedOverBackup({ backupSets: [set] }) }, acknowledged);
    expectRow(home, 23, "backup");
    assert.equal(home.salvage, true);
  });

  const closedBackup = (tail = tailSet("SQL-B1")) =>
    instance("SQL-B1", {
      databases: [database("mgc", { state: "RESTORING" }), database("mgccomp")],
      files: files({ fork: forks.backup, lsn: "2100" }),
      backupSets: [tail, backupSet({ isReadOnly: false })],
    });

  it("24: the primary applied the backup's tail and is open", () => {
    const tail = tailSet("SQL-B1");
    const set = backupSet({ isReadOnly: false });
    const primary = restoredPrimary(set, { restoreHistory: [restore(tail, 11), restore(set, 10)] });
    const authority = failedOver({ primary, backup: closedBackup(tail) });
    expectRow(authority, 24, "primary");
    assert.ok(!authority.allows.includes("F3"));
    // Restored anew since: the tail below that restore says nothing of the copy.
    const anew = restoredPrimary(set, { restoreHistory: [restore(set, 12), restore(tail, 11), restore(set, 10)] });
    expectRow(failedOver({ primary: anew, backup: closedBackup(tail) }), 27, "unclear", "SWAP_UNFINISHED");
  });

  it("25: the backup closed by its tail, the primary still RESTORING", () => {
    const set = backupSet({ isReadOnly: false });
    const primary = restoredPrimary(set, { files: files({ fork: forks.backup, lsn: "2000" }) }, { state: "RESTORING" });
    expectRow(failedOver({ primary, backup: closedBackup() }), 25, "backup");
  });

  it("26: both RESTORING without a tail", () => {
    const primary = steadyPrimary({ files: files({ fork: forks.primary, lsn: "10" }) }, { state: "RESTORING" });
    expectRow(normal({ primary }), 26, "unclear", "NO_ONLINE_COPY");
  });

  it("27: the backup closed by its tail, the primary never restored from it", () =>
    expectRow(failedOver({ backup: closedBackup() }), 27, "unclear", "SWAP_UNFINISHED"));

  it("28: steady", () => expectRow(normal(), 28, "primary"));

  it("29: the backup could follow, but is not registered", () => {
    expectRow(normal({ backup: steadyBackup({ logShippingSecondary: [] }) }), 29, "primary");
    expectRow(normal({ primary: steadyPrimary({ logShippingPrimary: [] }) }), 29, "primary");
  });

  it("30: same family, but a restore that was cut or with a gap", () => {
    expectRow(normal({ backup: steadyBackup({ files: files("incomplete") }) }), 30, "primary");
    const gap = steadyBackup({ files: files({ fork: forks.primary, lsn: "2000" }) });
    const log = (firstLsn: string, lastLsn: string) =>
      backupSet({ type: "L", serverName: "SQL-P1", firstLsn, lastLsn, lastRecoveryForkGuid: forks.primary });
    expectRow(
      normal({ backup: gap, primary: steadyPrimary({ backupSets: [log("2500", "3000"), log("1500", "1900")] }) }),
      30,
      "primary",
    );
    const closed = steadyPrimary({ backupSets: [log("2500", "3000"), log("1900", "2500")] });
    expectRow(normal({ backup: gap, primary: closed }), 28, "primary");
  });

  it("30: a backup that is ahead of a primary which was put back is kept until its fork and LSN are named", () => {
    const nightly = backupSet({ serverName: "SQL-P1", lastLsn: "2500", lastRecoveryForkGuid: forks.primary });
    const primary = steadyPrimary(
      { restoreHistory: [restore(nightly, 99)], content: content(50) },
      { recoveryForkGuid: forks.older, forkPointLsn: "2500", lastLogBackupLsn: "2500" },
    );
    const refused = normal({ primary });
    expectRow(refused, 30, "unclear", "B_MAY_BE_LAST");
    assert.equal(refused.acknowledgement, "backupCopy");
    assert.match(refused.evidence.join("\n"), /at LSN 3000, past the fork point 2500/);
    const naming = (fork: string, lsn: string, parts: Parts = {}) =>
      decide(steady({ primary, ...parts }), { acknowledge: { backupCopy: { fork, lsn } } });
    expectRow(naming(forks.primary, "3000"), 30, "primary");
    assert.equal(naming(forks.primary, "3000").seeds, true);
    expectRow(naming(forks.older, "3000"), 30, "unclear", "B_MAY_BE_LAST");
    expectRow(naming(forks.primary, "2900"), 30, "unclear", "B_MAY_BE_LAST");
    // Rolled forward by somebody since it was given up.
    const further = steadyBackup({ files: files({ fork: forks.primary, lsn: "3100" }) });
    expectRow(naming(forks.primary, "3000", { backup: further }), 30, "unclear", "B_MAY_BE_LAST");
    // Not past what was restored on the primary: nothing of it is lost.
    const behind = steadyBackup({ files: files({ fork: forks.primary, lsn: "2400" }) });
    const restored = { restoreHistory: [restore(nightly)] };
    const noCrossing = { recoveryForkGuid: forks.rebuilt, firstRecoveryForkGuid: forks.rebuilt };
    const noLogs = steadyPrimary(restored, noCrossing);
    expectRow(normal({ primary: noLogs, backup: behind }), 30, "primary");
    // A fork that the primary is not known to come from.
    const otherFork = steadyBackup({ files: files({ fork: forks.older, lsn: "1" }) });
    expectRow(normal({ backup: otherFork }), 30, "unclear", "B_MAY_BE_LAST");
  });

  it("31: another or unknown family, and the primary has chat", () => {
    const backup = steadyBackup({ restoreHistory: [] }, { familyGuid: guid("0") });
    expectRow(normal({ backup }), 31, "unclear", "B_MAY_BE_LAST");
    const given = { acknowledge: { backupCopy: { fork: forks.primary, lsn: "3000" } } };
    expectRow(decide(steady({ backup }), given), 31, "primary");
    // Chat servers find an empty primary by themselves: being in use is no proof that it holds anything.
    const reused = rebuiltPrimary({ sessions: [session("CHAT-P1")] });
    expectRow(normal({ primary: reused }), 31, "unclear", "B_MAY_BE_LAST");
    const elsewhere = files({ fork: forks.older, lsn: "3000" });
    expectRow(
      normal({ backup: steadyBackup({ restoreHistory: [], files: elsewhere }, { familyGuid: null }) }),
      31,
      "unclear",
      "B_MAY_BE_LAST",
    );
    // Its fork says what its family would, and a restore that was cut holds nothing.
    const unknown = steadyBackup({ restoreHistory: [] }, { familyGuid: null });
    expectRow(normal({ backup: unknown }), 31, "primary");
    expectRow(normal({ backup: { ...unknown, files: files("incomplete") } }), 31, "primary");
    expectRow(
      normal({ backup: unknown, primary: steadyPrimary({ content: content(0), sessions: [] }) }),
      31,
      "unclear",
      "B_MAY_BE_LAST",
    );
  });

  it("32: an empty rebuilt primary beside the secondary of a pool that was never failed over", () =>
    expectRow(normal({ primary: rebuiltPrimary() }), 32, "unclear", "B_MAY_BE_LAST"));

  it("33: Normal by hand before log shipping, the primary live and covering", () => {
    const set = backupSet();
    const primary = restoredPrimary(set, { content: content(105), sessions: [session("CHAT-P1")] });
    const backup = failedOverBackup({ backupSets: [set] });
    const authority = decide(observation({ shell: steadyShell(), primary, backup }));
    expectRow(authority, 33, "primary");
    assert.ok(authority.allows.includes("F2"));
  });

  it("34: Normal, both online, nothing proves which", () =>
    expectRow(decide(observation({ shell: steadyShell() })), 34, "unclear", "BOTH_ONLINE"));

  it("35: Normal, and the backup has no mgc", () => expectRow(normal({ backup: instance("SQL-B1") }), 35, "primary"));

  it("36: failed over to a backup without mgc", () =>
    expectRow(failedOver({ backup: instance("SQL-B1") }), 36, "unclear", "B_MISSING"));

  it("37: a secondary in standby is a secondary", () => {
    const backup = steadyBackup({}, { state: "ONLINE", isInStandby: true, isReadOnly: true });
    expectRow(normal({ backup }), 28, "primary");
  });

  it("38: the mirror is principal now and stands for its site", () => {
    const chat = { familyGuid: guid("B"), mirroring: mirrored("SQL-P1") };
    const primaryMirror = instance("SQL-P2", {
      databases: [database("mgc", chat), database("mgccomp")],
      content: content(0),
    });
    const primary = rebuiltPrimary({}, { state: "RESTORING", mirroring: mirrored("SQL-P2", "MIRROR") });
    const authority = failedOver({ primary, primaryMirror });
    expectRow(authority, 9, "backup");
    assert.equal(authority.principals.primary, "primaryMirror");
  });

  it("39 and 40: reverse and stale registrations decide nothing", () => {
    const row = steadyPrimary().logShippingPrimary;
    const authority = failedOver({
      primary: rebuiltPrimary({ logShippingPrimary: row }),
      backup: failedOverBackup({ logShippingPrimary: row }),
    });
    expectRow(authority, 9, "backup");
  });

  it("41: seeded, and the pool still FailedOver: the primary, by the set it was restored from", () => {
    const set = backupSet();
    const seeded = instance("SQL-B1", {
      databases: [database("mgc", { state: "RESTORING", recoveryForkGuid: null }), database("mgccomp")],
      files: files({ fork: forks.primary, lsn: "2100" }),
      backupSets: [set],
      restoreHistory: [restore(backupSet({ serverName: "SQL-P1", backupSetUuid: guid("6") }))],
    });
    const primary = restoredPrimary(set);
    expectRow(failedOver({ primary, backup: seeded }), 41, "primary");
    // The seed cut in the middle.
    expectRow(failedOver({ primary, backup: { ...seeded, files: files("incomplete") } }), 41, "primary");
    // Without that restore only a backup that still follows proves it, and then nothing is seeded.
    const following = failedOver({ primary: oldPrimary(), backup: seeded });
    expectRow(following, 41, "primary");
    assert.equal(following.seeds, undefined);
    const cut = { ...seeded, files: files("incomplete") };
    expectRow(failedOver({ primary: oldPrimary(), backup: cut }), 0, "unclear", "UNKNOWN_COMBINATION");
    // Nor does an old restore, when the backup was backed up again since and does not follow.
    const later = {
      ...seeded,
      files: files("incomplete"),
      backupSets: [backupSet({ backupSetUuid: guid("0"), isReadOnly: false }), set],
    };
    expectRow(failedOver({ primary, backup: later }), 0, "unclear", "UNKNOWN_COMBINATION");
  });

  it("41: a backup that wrote on after its last full set, and was put back from it and its log, is kept", () => {
    const set = backupSet();
    const log = backupSet({
      type: "L",
      backupSetUuid: guid("C"),
      isReadOnly: false,
      firstLsn: "2000",
      lastLsn: "8000",
    });
    const putBack = (at: Parameters<typeof files>[0], backupSets = [log, set]) =>
      instance("SQL-B1", {
        databases: [database("mgc", { state: "RESTORING", recoveryForkGuid: null }), database("mgccomp")],
        files: files(at),
        backupSets,
        restoreHistory: [restore(log, 12), restore(set, 11)],
      });
    const primary = restoredPrimary(set);
    const beyond = { fork: forks.backup, lsn: "8000" };
    expectRow(failedOver({ primary, backup: putBack(beyond) }), 41, "unclear", "B_MAY_BE_LAST");
    // Where it stands says so even when its msdb does not know its log sets any more.
    expectRow(failedOver({ primary, backup: putBack(beyond, [set]) }), 41, "unclear", "B_MAY_BE_LAST");
    // Nor is it spare while only the full set is back, or half of it: the rest is in its log files.
    const begun = putBack({ fork: forks.backup, lsn: "2000" });
    expectRow(failedOver({ primary, backup: begun }), 41, "unclear", "B_MAY_BE_LAST");
    expectRow(normal({ primary, backup: begun }), 30, "unclear", "B_MAY_BE_LAST");
    expectRow(failedOver({ primary, backup: putBack("incomplete") }), 0, "unclear", "UNKNOWN_COMBINATION");
  });

  it("42: the backup's mirror took over after a failback that was given up, and serves", () => {
    const set = backupSet();
    const seeded = steadyBackup({ backupSets: [set] });
    const primary = restoredPrimary(set);
    const served = (change: Parameters<typeof failedOverBackup>[0] = {}) =>
      failedOverBackup({ server: instance("SQL-B2").server, ...change }, { mirroring: null });
    const authority = failedOver({ primary, backup: seeded, backupMirror: served() });
    expectRow(authority, 42, "unclear", "MIRROR_ONLINE");
    assert.match(authority.message, /SQL-B2$/);
    assert.match(authority.evidence.join("\n"), /^SQL-B2: mgc ONLINE, .*200 messages/m);
    expectRow(failedOver({ primary, backup: null, backupMirror: served() }), 42, "unclear", "MIRROR_ONLINE");
    const gone = normal({ primary: null, primaryMirror: steadyPrimary({}, { mirroring: null }) });
    expectRow(gone, 42, "unclear", "MIRROR_ONLINE");
    // Its RESTORING copy, or none that can be read, is the ordinary case of F5.
    for (const backupMirror of [undefined, null, { unread: "LOGIN_FAILED" }]) {
      expectRow(failedOver({ primary, backup: seeded, backupMirror }), 41, "primary");
    }
    // A leftover that somebody opened at the site that does not serve, and nobody uses.
    expectRow(normal({ backupMirror: served() }), 28, "primary");
    const live = served({ sessions: [session("CHAT-B1")] });
    expectRow(normal({ backupMirror: live }), 42, "unclear", "MIRROR_ONLINE");
  });

  it("no row: refused with all facts", () => {
    const authority = decide(observation({ shell: shell({ poolState: "Weird" }) }));
    expectRow(authority, 0, "unclear", "UNKNOWN_COMBINATION");
    assert.match(authority.evidence.join("\n"), /poolState=unknown/);
  });

  it("is a function of its facts alone", () => {
    const facts: AuthorityFacts = failedOver().facts;
    assert.equal(decideAuthority(facts), decideAuthority({ ...facts }));
  });
});
