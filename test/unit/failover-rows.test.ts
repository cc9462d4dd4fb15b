import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type Authority, authorityOf, decideFailover, type UnclearCode } from "../../estate/authority";
import { authorityFactValues } from "../../estate/authority-facts";
import { type FailoverFacts, failoverFactValues } from "../../estate/failover-facts";
import { failoverRows } from "../../estate/failover-rows";
import {
  backupSet,
  content,
  database,
  desired,
  failedOverBackup,
  fencedBackup,
  files,
  forks,
  guid,
  instance,
  mirrored,
  type Parts,
  rebuiltPrimary,
  restore,
  shell,
  steady,
  steadyBackup,
  steadyPrimary,
} from "./support/estate";

const decide = (
  mode: "planned" | "disaster" | undefined,
  parts: Parts = {},
  acknowledge: Record<string, unknown> = {},
): Authority =>
  authorityOf(
    steady(parts),
    desired({ acknowledge }, { active: "backup", failover: mode === undefined ? {} : { mode } }),
  );

function expectRow(authority: Authority, number: number, outcome: Authority["outcome"], code?: UnclearCode): void {
  assert.deepEqual(
    { number: authority.number, outcome: authority.outcome, code: authority.code },
    { number, outcome, code },
    authority.evidence.join("\n"),
  );
  if (outcome === "unclear") assert.deepEqual(authority.allows, []);
}

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
const tail = backupSet({
  type: "L",
  serverName: "SQL-P1",
  backupSetUuid: guid("C"),
  isForceOffline: true,
  firstLsn: "3000",
  lastLsn: "3500",
  firstRecoveryForkGuid: forks.primary,
  lastRecoveryForkGuid: forks.primary,
});
const closedPrimary = () =>
  steadyPrimary(
    { files: files({ fork: forks.primary, lsn: "3500" }), backupSets: [tail], content: null },
    { state: "RESTORING" },
  );
/** The backup after its recovery: ONLINE, from log shipping's sets of the primary. */
const recovered = (later: NonNullable<Parameters<typeof failedOverBackup>[0]>["restoreHistory"] = []) =>
  failedOverBackup(
    { restoreHistory: [...later, restore(backupSet({ serverName: "SQL-P1", isReadOnly: false }))] },
    { mirroring: null },
  );

/** The site's mirror that took over, its session ended by PARTNER OFF: it serves. */
const tookOver = (change: Parameters<typeof steadyPrimary>[0] = {}, chat: Parameters<typeof steadyPrimary>[1] = {}) =>
  steadyPrimary({ server: instance("SQL-P2").server, ...change }, { mirroring: null, ...chat });

describe("authority of a failover", () => {
  it("51: the backup does not answer", () =>
    expectRow(decide("disaster", { backup: null }), 51, "unclear", "B_UNREACHABLE"));

  it("52: the backup's database is damaged", () =>
    expectRow(decide("disaster", { backup: steadyBackup({}, { state: "SUSPECT" }) }), 52, "unclear", "B_DAMAGED"));

  it("53: the backup has no such database", () =>
    expectRow(decide("disaster", { backup: instance("SQL-B1") }), 53, "unclear", "B_MISSING"));

  it("54: two pools", () =>
    expectRow(
      decide("planned", { backup: failedOverBackup({ content: content(1, { configPoolId: guid("0") }) }) }),
      54,
      "unclear",
      "WRONG_POOL",
    ));

  it("55: chat on both sides", () =>
    expectRow(
      decide("planned", {
        shell: shell(),
        primary: steadyPrimary({ sessions: [session("CHAT-P1")] }),
        backup: failedOverBackup(),
      }),
      55,
      "unclear",
      "BOTH_LIVE",
    ));

  it("56: a failback stopped before its point of no return", () =>
    expectRow(decide("planned", { shell: shell(), primary: rebuiltPrimary(), backup: fencedBackup() }), 56, "backup"));

  it("57: arrived, with or without a mode", () => {
    for (const mode of ["planned", "disaster", undefined] as const) {
      const authority = decide(mode, { shell: shell(), primary: null, backup: failedOverBackup() });
      expectRow(authority, 57, "backup");
      assert.notEqual(authority.moves, true);
    }
  });

  it("58: both online and the pool Normal", () =>
    expectRow(decide("planned", { backup: recovered() }), 58, "unclear", "BOTH_ONLINE"));

  it("59: recovered, and the pool's state is still to be set", () => {
    const planned = decide("planned", { primary: closedPrimary(), backup: recovered() });
    expectRow(planned, 59, "backup");
    assert.equal(planned.resume, "O5");
    expectRow(decide("disaster", { primary: null, backup: recovered() }), 59, "backup");
    // A planned move that stopped behind O4, and whose primary went away meanwhile.
    const behindTail = recovered([restore(tail, 20)]);
    expectRow(decide("planned", { primary: null, backup: behindTail }), 59, "backup");
    const unread = { primary: { unread: "LOGIN_FAILED" }, backup: behindTail };
    expectRow(decide("planned", unread), 73, "unclear", "P_UNREADABLE");
    expectRow(decide("planned", unread, { primaryFailures: ["LOGIN_FAILED"] }), 59, "backup");
  });

  it("69: recovered by somebody, and a planned move does not see the primary, which may serve", () => {
    const other = restore({ ...tail, serverName: "SQL-X" }, 20);
    const below = [restore(backupSet({ serverName: "SQL-P1", isReadOnly: false }), 30), restore(tail, 20)];
    for (const primary of [null, { unread: "TIMEOUT" }]) {
      for (const backup of [
        recovered(),
        recovered(below),
        recovered([restore({ ...tail, isForceOffline: false }, 20)]),
      ]) {
        const acknowledge = { primaryFailures: ["TIMEOUT"] };
        expectRow(decide("planned", { primary, backup }, acknowledge), 69, "unclear", "PRIMARY_GONE");
      }
    }
    expectRow(decide("planned", { primary: null, backup: recovered([other]) }), 60, "unclear", "B_FOREIGN");
  });

  it("60: an online copy of unknown origin", () =>
    expectRow(decide("disaster", { primary: null, backup: failedOverBackup() }), 60, "unclear", "B_FOREIGN"));

  it("61: a restore into the backup was cut off", () =>
    expectRow(
      decide("disaster", { primary: null, backup: steadyBackup({ files: files("incomplete") }) }),
      61,
      "unclear",
      "B_INCOMPLETE",
    ));

  it("62: the backup closed itself for a way home that did not end", () => {
    const own = backupSet({
      ...tail,
      serverName: "SQL-B1",
      firstRecoveryForkGuid: forks.backup,
      lastRecoveryForkGuid: forks.backup,
    });
    const backup = steadyBackup({ files: files({ fork: forks.backup, lsn: "3500" }), backupSets: [own] });
    const primary = rebuiltPrimary(
      { files: files({ fork: forks.backup, lsn: "3000" }), content: null, restoreHistory: [restore(backupSet())] },
      { state: "RESTORING" },
    );
    expectRow(decide("planned", { shell: shell(), primary, backup }), 62, "backup");
  });

  it("63 and 64: the primary was rebuilt before the pool failed over", () => {
    expectRow(decide("disaster", { primary: rebuiltPrimary() }), 63, "backup");
    expectRow(decide("planned", { primary: rebuiltPrimary() }), 64, "unclear", "B_MAY_BE_LAST");
    expectRow(decide("disaster", { primary: rebuiltPrimary(), backup: recovered() }), 63, "backup");
  });

  it("65: a disaster with a primary that serves is refused", () => {
    const authority = decide("disaster");
    expectRow(authority, 65, "unclear", "PRIMARY_ONLINE");
    assert.match(authority.hint ?? "", /planned/);
  });

  it("66: planned, and without a mode, the backup follows", () => {
    for (const mode of ["planned", undefined] as const) {
      const authority = decide(mode);
      expectRow(authority, 66, "primary");
      assert.equal(authority.moves, true);
    }
  });

  it("67: the backup cannot follow", () =>
    expectRow(
      decide("planned", { backup: steadyBackup({ files: files({ fork: forks.older, lsn: "3000" }) }) }),
      67,
      "unclear",
      "CANNOT_FOLLOW",
    ));

  it("68: the primary is closed by its tail", () =>
    expectRow(decide("planned", { primary: closedPrimary() }), 68, "backup"));

  it("69 and 70: the primary is gone", () => {
    for (const primary of [null, instance("SQL-P1"), steadyPrimary({ content: null }, { state: "SUSPECT" })]) {
      expectRow(decide("planned", { primary }), 69, "unclear", "PRIMARY_GONE");
      expectRow(decide("disaster", { primary }), 70, "backup");
    }
  });

  it("73: the primary answers and is not read: only what nobody answers for is gone", () => {
    for (const unread of ["TIMEOUT", "PERMISSION_DENIED", "LOGIN_FAILED", "CERTIFICATE_REFUSED", "UNEXPECTED_ANSWER"]) {
      for (const backup of [steadyBackup(), recovered()]) {
        expectRow(decide("disaster", { primary: { unread }, backup }), 73, "unclear", "P_UNREADABLE");
        expectRow(decide(undefined, { primary: { unread }, backup }), 73, "unclear", "P_UNREADABLE");
      }
      expectRow(decide("planned", { primary: { unread } }), 69, "unclear", "PRIMARY_GONE");
      const arrived = { shell: shell(), primary: { unread }, backup: failedOverBackup() };
      expectRow(decide(undefined, arrived), 57, "backup");
    }
  });

  it("73: passed by naming the very failure", () => {
    const primary = { unread: "LOGIN_FAILED" };
    const other = decide("disaster", { primary }, { primaryFailures: ["TIMEOUT", "SQL_ERROR"] });
    expectRow(other, 73, "unclear", "P_UNREADABLE");
    assert.equal(other.acknowledgement, "primaryFailures");
    const named = { primaryFailures: ["TIMEOUT", "LOGIN_FAILED"] };
    expectRow(decide("disaster", { primary }, named), 70, "backup");
    expectRow(decide("disaster", { primary, backup: recovered() }, named), 59, "backup");
    expectRow(decide("planned", { primary }, named), 69, "unclear", "PRIMARY_GONE");
  });

  it("73: the mirror answers and is not read while the principal does not serve", () => {
    const primaryMirror = { unread: "TIMEOUT" };
    for (const primary of [null, instance("SQL-P1"), steadyPrimary({ content: null }, { state: "SUSPECT" })]) {
      expectRow(decide("disaster", { primary, primaryMirror }), 73, "unclear", "P_UNREADABLE");
      expectRow(decide("planned", { primary, primaryMirror }), 69, "unclear", "PRIMARY_GONE");
      expectRow(decide("disaster", { primary, primaryMirror }, { primaryFailures: ["TIMEOUT"] }), 70, "backup");
    }
    // Its principal serves, or was closed by its tail: nothing is asked of the mirror.
    expectRow(decide("planned", { primaryMirror }), 66, "primary");
    expectRow(decide("planned", { primary: closedPrimary(), primaryMirror }), 68, "backup");
    const both = { primary: { unread: "LOGIN_FAILED" }, primaryMirror };
    expectRow(decide("disaster", both, { primaryFailures: ["LOGIN_FAILED"] }), 73, "unclear", "P_UNREADABLE");
    expectRow(decide("disaster", both, { primaryFailures: ["LOGIN_FAILED", "TIMEOUT"] }), 70, "backup");
  });

  it("74: the mirror took over and its session was ended: its copy is not left behind", () => {
    const gone = [
      null,
      instance("SQL-P1"),
      { unread: "TIMEOUT" },
      steadyPrimary({ content: null }, { state: "SUSPECT" }),
    ];
    for (const primary of gone) {
      for (const mode of ["planned", "disaster", undefined] as const) {
        for (const backup of [steadyBackup(), recovered()]) {
          const authority = decide(
            mode,
            { primary, primaryMirror: tookOver(), backup },
            { primaryFailures: ["TIMEOUT"] },
          );
          expectRow(authority, 74, "unclear", "MIRROR_ONLINE");
          assert.match(authority.message, /SQL-P2$/);
          assert.match(authority.evidence.join("\n"), /^SQL-P2: mgc ONLINE, .*240 messages/m);
        }
      }
    }
    // The session is still there, and the principal was rebuilt without the database.
    const principal = tookOver({}, { mirroring: { ...mirrored("SQL-P1"), state: "DISCONNECTED" } });
    const rebuilt = decide("disaster", { primary: instance("SQL-P1"), primaryMirror: principal });
    expectRow(rebuilt, 74, "unclear", "MIRROR_ONLINE");
    // Without its host nothing contradicts the session: the mirror is the principal.
    expectRow(decide("disaster", { primary: null, primaryMirror: principal }), 65, "unclear", "PRIMARY_ONLINE");
  });

  it("74: beside a principal that is ONLINE only a mirror that is at work counts", () => {
    const idle = tookOver({ sessions: [] });
    expectRow(decide("planned", { primaryMirror: idle }), 66, "primary");
    expectRow(decide("planned", { primaryMirror: tookOver() }), 74, "unclear", "MIRROR_ONLINE");
    const arrived = { shell: shell(), primary: null, backup: failedOverBackup() };
    expectRow(decide("planned", { ...arrived, primaryMirror: idle }), 57, "backup");
    expectRow(decide("planned", { ...arrived, primaryMirror: tookOver() }), 74, "unclear", "MIRROR_ONLINE");
    const opened = tookOver({ server: instance("SQL-B2").server, sessions: [] });
    expectRow(decide("planned", { backupMirror: opened }), 66, "primary");
    expectRow(decide("disaster", { primary: null, primaryMirror: null, backupMirror: opened }), 70, "backup");
    expectRow(decide("planned", { backupMirror: tookOver() }), 74, "unclear", "MIRROR_ONLINE");
  });

  it("70: a mirror that took nothing over leaves a plain disaster", () => {
    const session = { ...mirrored("SQL-P1", "MIRROR"), state: "DISCONNECTED" };
    const copies = [
      null,
      instance("SQL-P2"),
      tookOver({ content: null, sessions: [] }, { state: "RESTORING", mirroring: session }),
      tookOver({ content: null, sessions: [] }, { state: "RESTORING" }),
      tookOver({ content: null, sessions: [] }, { state: "OFFLINE" }),
    ];
    for (const primaryMirror of copies) {
      expectRow(decide("disaster", { primary: null, primaryMirror }), 70, "backup");
    }
  });

  it("71: nothing says where the backup's copy came from", () => {
    const backup = steadyBackup({ restoreHistory: [], logShippingSecondary: [] });
    expectRow(decide("disaster", { primary: null, backup }), 71, "unclear", "B_FOREIGN");
  });

  it("72: two RESTORING copies", () => {
    const primary = instance("SQL-P1", {
      databases: [database("mgc", { state: "RESTORING" })],
      files: files({ fork: forks.primary, lsn: "2500" }),
      restoreHistory: [restore(backupSet())],
    });
    expectRow(decide("disaster", { primary }), 72, "unclear", "NO_ONLINE_COPY");
  });

  it("a pool that the mode does not name is left where it is", () => {
    const seen = steady();
    const other = desired({ name: "pool1" }, { active: "backup", failover: { mode: "planned", pools: ["pool1"] } });
    assert.equal(other.mode, "planned");
    const unset = desired({}, { active: "backup" });
    assert.equal(unset.mode, null);
    assert.equal(authorityOf(seen, unset).moves, true);
  });
});

describe("authority of a failover, over every combination of its facts", function () {
  this.timeout(60_000);

  // Facts that no row of a failover asks for are held at one value: they would only multiply the walk.
  const values: Readonly<Record<string, readonly string[]>> = {
    ...authorityFactValues,
    ...failoverFactValues,
    restoredFrom: ["none"],
    comparison: ["unknown"],
    registration: ["whole"],
    tail: ["none"],
  };

  it("opens the backup's copy only where no other serves, and loses nothing silently", () => {
    const names = Object.keys(values);
    const matched = new Set<number>();
    const wrong: string[] = [];
    const facts: Record<string, string> = {};
    let visited = 0;
    const report = (what: string): void => {
      if (wrong.length < 5) wrong.push(`${what}: ${JSON.stringify(facts)}`);
    };
    const judge = (): void => {
      visited += 1;
      const seen = facts as unknown as FailoverFacts;
      const row = decideFailover(seen);
      const index = failoverRows.indexOf(row);
      if (index >= 0) matched.add(index);
      if ((row.outcome === "unclear" || index < 0) && row.allows.length > 0) report("a refusal that allows steps");
      const opens = row.allows.includes("O4");
      if (opens && row.moves !== true) report("a move that needs no mode");
      const recovers = opens && ["restoring", "afterTail"].includes(seen.backupCopy);
      if (recovers && seen.backupPosition === "incomplete") report("a cut restore is recovered");
      // A primary that serves is closed by its tail first (P3), or it is an empty rebuild that nobody uses.
      const empty = seen.family === "different" && seen.primaryContent === "empty";
      if (recovers && seen.primaryCopy === "online" && !row.allows.includes("P3"))
        report("an open primary is left behind");
      if (recovers && seen.primaryCopy === "online" && !empty && row.outcome !== "primary")
        report("loss without a tail");
      if (recovers && seen.mode === "disaster" && seen.primaryCopy === "online" && !empty)
        report("a disaster that is none");
      if (opens && ["primary", "both"].includes(seen.live) && seen.primaryCopy === "online" && row.outcome === "backup")
        report("a primary in use is given up");
      const lets = row.moves === true && row.allows.includes("O5");
      const unseenPlanned = seen.mode === "planned" && ["silent", "unread"].includes(seen.primaryCopy);
      if (lets && unseenPlanned && seen.poolState === "Normal" && seen.tailRestored === "no")
        report("a planned move beside a primary that was not read");
      const elsewhere = seen.primaryCopy === "elsewhere" || seen.backupCopy === "elsewhere";
      if (elsewhere && row.allows.length > 0) report("steps beside a mirror that holds its own copy");
      if (recovers && seen.otherPrimary === "unread" && seen.primaryCopy === "silent")
        report("a mirror that may have taken over is left behind");
      const unseen = seen.primaryCopy === "unread" && seen.acknowledged === "no";
      if (unseen && (recovers || (lets && seen.poolState === "Normal")))
        report("a primary that answers is taken for gone");
      if (row.allows.length > 0 && ["silent", "absent", "damaged", "other"].includes(seen.backupCopy))
        report("steps on a backup without a usable copy");
    };
    const walk = (at: number): void => {
      const name = names[at];
      if (name === undefined) return judge();
      for (const value of values[name] ?? []) {
        facts[name] = value;
        walk(at + 1);
      }
    };
    walk(0);
    assert.equal(
      visited,
      Object.values(values).reduce((product, one) => product * one.length, 1),
    );
    assert.deepEqual(wrong, []);
    const never = failoverRows.filter((_, index) => !matched.has(index)).map((row) => row.number);
    assert.deepEqual(never, [], "rows that no combination reaches");
  });
});
