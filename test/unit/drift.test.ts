import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { Desired } from "../../estate/desired";
import { driftOf } from "../../estate/drift/drift";
import type { Drift, Since } from "../../estate/drift/drift-types";
import type { LastDone } from "../../estate/drift/last-done";
import type { DatabaseObservation, InstanceObservation, Observation } from "../../estate/observation-types";
import { errorsOf, plan, stepOf } from "../../estate/plan";
import { failbackKeys } from "../../estate/plan-types";
import { blockingFindings } from "../../estate/steps/preflight-findings";
import {
  backupSet,
  content,
  database,
  desired,
  files,
  forks,
  instance,
  job,
  mirrored,
  observation,
  type Parts,
  primaryRow,
  rebuiltPrimary,
  restore,
  secondaryRow,
  steady,
  steadyBackup,
  steadyPrimary,
  steadyShell,
} from "./support/estate";

const wanted = desired();
const unattended = desired({}, { unattended: true });
const none: LastDone = new Map();
const since: Since = { relation: "after", time: "2013-05-01T00:00:00.000Z", clock: "UTC", source: "reports/x.json" };

const driftIn = (seen: Observation, want: Desired = wanted, lastDone: LastDone = none): Drift =>
  driftOf({ observation: seen, plan: plan(seen, want) }, want, { stack: "primary", time: "now", lastDone });
const textOf = (value: unknown): string =>
  typeof value === "string" ? value : Array.isArray(value) ? value.join(", ") : JSON.stringify(value);
const rows = (drift: Drift): string[] =>
  drift.rows.map((row) => `${row.severity} ${row.resource} ${row.property}: ${textOf(row.observed)} (${row.mendedBy})`);
const copyJob = (change: Parameters<typeof job>[1]): Parts => ({
  backup: steadyBackup({ logShippingSecondary: [secondaryRow({ copyJob: job("LSCopy_SQL-P1_mgc", change) })] }),
});
const withChat = (change: Partial<DatabaseObservation>): Parts => ({ primary: steadyPrimary({}, change) });
const agent = (instance: InstanceObservation, status: string): InstanceObservation => ({
  ...instance,
  services: { ...instance.services, agent: { name: "SQLSERVERAGENT", status, startup: "Automatic", account: "x" } },
});

describe("drift", () => {
  it("is empty for an estate as wanted", () => {
    assert.deepEqual(driftIn(steady()), {
      pool: "pool1",
      stack: "primary",
      time: "now",
      authority: "authority: primary: the pool runs on the primary and the backup follows it [row 28]",
      rows: [],
      unread: [],
      attended: "",
    });
  });

  it("stands by severity, then in the order of the steps", () => {
    const seen = steady({
      ...copyJob({ enabled: false, name: "Copy" }),
      shell: steadyShell({ activeServers: ["chat-p1.dci.discovery.com"] }),
    });
    assert.deepEqual(rows(driftIn(seen)), [
      "service ActiveServers activeServers: chat-p1.dci.discovery.com (up)",
      "protection LogShipping secondary.copyJob.enabled: false (up)",
      "cosmetic LogShipping secondary.copyJob.name: Copy (up)",
    ]);
  });

  it("calls another interval cosmetic, and a job that nothing starts a loss of protection", () => {
    const [schedule] = job("LSCopy_SQL-P1_mgc").schedules;
    assert.ok(schedule);
    const found = (change: Partial<typeof schedule>) =>
      driftIn(steady(copyJob({ schedules: [{ ...schedule, ...change }] }))).rows.map((row) => row.severity);
    assert.deepEqual(found({ freqSubdayInterval: 60 }), ["cosmetic"]);
    assert.deepEqual(found({ enabled: false }), ["protection"]);
    assert.deepEqual(found({ inForce: false, activeEndDate: 20130101 }), ["protection"]);
    assert.deepEqual(driftIn(steady(copyJob({ schedules: [] }))).rows[0]?.severity, "protection");
  });

  it("does not name another spelling of a path or a name", () => {
    const row = secondaryRow({ backupDestinationDirectory: String.raw`d:\lscopy`, fileRetentionPeriod: 60 });
    const seen = steady({ backup: steadyBackup({ logShippingSecondary: [row] }) });
    assert.deepEqual(rows(driftIn(seen)), ["cosmetic LogShipping secondary.retentionMinutes: 60 (up)"]);
  });

  it("names every late file with its age, although no setting changed", () => {
    const row = secondaryRow();
    assert.ok(row.monitor);
    const monitor = { ...row.monitor, lastCopiedAgeMinutes: 46, lastRestoredAgeMinutes: 300 };
    const seen = steady({
      primary: steadyPrimary({ logShippingPrimary: [primaryRow({ lastBackupAgeMinutes: 61 })] }),
      backup: steadyBackup({ logShippingSecondary: [{ ...row, monitor }] }),
    });
    const drift = driftIn(seen);
    assert.deepEqual(rows(drift), [
      "protection LogShipping primary.lastBackup: 61 minutes old (mgc_20130501021500.trn) (up)",
      "protection LogShipping secondary.lastCopy: 46 minutes old (mgc_20130501021500.trn) (up)",
      "protection LogShipping secondary.lastRestore: 300 minutes old (mgc_20130501021500.trn) (up)",
    ]);
    assert.deepEqual(drift.rows[2]?.desired, "at most 45 minutes old");
    assert.deepEqual(drift.rows[2]?.since, {
      relation: "after",
      time: "2013-05-01T02:17:00",
      clock: "SQL-B1",
      source: "the last restore of log shipping",
    });
    // The delay that is configured is no lateness.
    const delayed = desired({ logShipping: { ...wanted.pool.logShipping, restoreDelayMinutes: 300 } });
    assert.ok(!rows(driftIn(seen, delayed)).join().includes("lastRestore"));
  });

  it("has a row for whatever keeps a step open", () => {
    const seens = [
      observation(),
      observation({ primary: rebuiltPrimary() }),
      steady({ backup: steadyBackup({ files: files("incomplete") }) }),
    ];
    for (const seen of seens) {
      const whole = plan(seen, wanted);
      const told = new Set(driftIn(seen).rows.map((row) => row.step));
      // A proof that only follows other steps is no difference of its own.
      const keys = failbackKeys.slice(1).filter((key) => key !== "F7b");
      for (const key of keys) assert.equal(told.has(key), stepOf(whole, key).open, key);
    }
  });

  it("tells what could not be read, and calls nothing drift because of it", () => {
    const drift = driftIn(steady({ primary: null }));
    assert.deepEqual(drift.rows, []);
    assert.deepEqual(drift.unread, [
      { what: "SQL-P1", address: "127.0.0.1 (primary)", message: "no answer within 15 s", code: "UNREACHABLE" },
    ]);
    assert.deepEqual(
      driftIn(steady({ shell: null })).unread.map((one) => one.what),
      ["Management Shell"],
    );
    // What no comparison needs may be away: the principal tells how its session is.
    assert.deepEqual(driftIn(steady({ backupMirror: null, primaryMirror: null })).unread, []);
  });

  it("tells a backup that does not answer as both: a loss of protection, and something that could not be read", () => {
    const drift = driftIn(steady({ backup: null }));
    assert.deepEqual(rows(drift), ["protection Preflight SQL-B1: does not answer (person)"]);
    assert.deepEqual(
      drift.unread.map((one) => one.what),
      ["SQL-B1"],
    );
  });

  it("names what only a person mends, with what to do, and opens Preflight because of it", () => {
    const cases: readonly (readonly [Parts, string])[] = [
      [
        { backup: agent(steadyBackup(), "Stopped") },
        "protection Preflight SQL Server Agent of SQL-B1: Stopped (person)",
      ],
      [
        withChat({ mirroring: { ...mirrored("SQL-P2"), state: "DISCONNECTED" } }),
        "protection DatabaseMirroring session of mgc on SQL-P1: DISCONNECTED (person)",
      ],
      [withChat({ recoveryModel: "SIMPLE" }), "protection Preflight recovery model of mgc on SQL-P1: SIMPLE (person)"],
      [withChat({ isReadOnly: true }), "service DatabaseRestore state: ONLINE, read-only (person)"],
    ];
    for (const [parts, told] of cases) {
      const seen = steady(parts);
      const drift = driftIn(seen);
      assert.deepEqual(rows(drift), [told]);
      assert.notEqual(drift.rows[0]?.hint, "");
      const preflight = stepOf(plan(seen, wanted), "F0");
      assert.ok(preflight.open, told);
      assert.notEqual(preflight.reason, "probed before the first change");
    }
    // Sessions that catch up are on their way.
    assert.deepEqual(
      driftIn(steady(withChat({ mirroring: { ...mirrored("SQL-P2"), state: "SYNCHRONIZING" } }))).rows,
      [],
    );
  });

  it("leaves the primary's own mirror to F8, whose up resumes it or makes it anew", () => {
    const found = (mirroring: DatabaseObservation["mirroring"]) => rows(driftIn(steady(withChat({ mirroring }))));
    assert.deepEqual(found({ ...mirrored("SQL-P2"), state: "SUSPENDED" }), [
      "protection DatabaseMirroring session: suspended (up)",
    ]);
    assert.deepEqual(found(null), [
      "protection DatabaseMirroring partner: none (up)",
      "protection DatabaseMirroring session: none (up)",
    ]);
  });

  it("leaves a mirror that no up can make to a person, with what to do", () => {
    // What an ended session leaves on the mirror, which only the configuration lets go.
    const leftover = instance("SQL-P2", {
      databases: [database("mgc", { state: "RESTORING", recoveryForkGuid: null })],
      files: files({ fork: forks.primary, lsn: "2000" }),
    });
    const { rows: told } = driftIn(steady({ ...withChat({ mirroring: null }), primaryMirror: leftover }));
    assert.deepEqual(
      told.map(({ property, mendedBy }) => [property, mendedBy]),
      [
        ["partner", "person"],
        ["session", "person"],
      ],
    );
    for (const { hint } of told) assert.match(hint, /mirroring\.dropLeftovers/);
  });

  it("tells a chat that does not run as a person's matter, and not while an up is yet to bring it back", () => {
    const silent = { content: content(120), sessions: [] };
    assert.deepEqual(rows(driftIn(steady({ primary: steadyPrimary(silent) }))), [
      "service ChatService service: not running (person)",
    ]);
    assert.ok(driftIn(observation()).rows.every((row) => row.step !== "F7b"));
  });

  it("lets no up pass over a primary that is closed, and every preview", () => {
    const whole = plan(steady(withChat({ userAccess: "SINGLE_USER" })), wanted);
    assert.deepEqual(errorsOf(whole, false), []);
    assert.deepEqual(
      [blockingFindings(whole, "preview"), blockingFindings(whole, "up")].map((found) => found.map((one) => one.id)),
      [[], ["primary-closed"]],
    );
  });
});

describe("since when", () => {
  it("is what msdb dates: a job, its schedule, the primary's last restore or its creation", () => {
    const [schedule] = job("LSCopy_SQL-P1_mgc").schedules;
    assert.ok(schedule);
    const jobs = driftIn(
      steady(
        copyJob({
          enabled: false,
          modified: "2013-05-02T01:00:00",
          schedules: [
            { ...schedule, freqSubdayInterval: 60, modified: "2013-05-02T02:00:00" },
            { ...schedule, enabled: false, modified: "2013-05-02T03:00:00" },
          ],
        }),
      ),
    ).rows;
    assert.deepEqual(
      jobs.map((row) => [row.property, row.since]),
      [
        [
          "secondary.copyJob.enabled",
          {
            relation: "at",
            time: "2013-05-02T01:00:00",
            clock: "SQL-B1",
            source: "sysjobs.date_modified of LSCopy_SQL-P1_mgc",
          },
        ],
        [
          "secondary.copyJob.schedules",
          {
            relation: "at",
            time: "2013-05-02T03:00:00",
            clock: "SQL-B1",
            source: "sysschedules.date_modified of DefaultSchedule",
          },
        ],
      ],
    );
    const rebuilt = driftIn(observation()).rows.find((row) => row.property === "authority");
    assert.equal(rebuilt?.since?.source, "sys.databases.create_date of mgc");
    const restored = rebuiltPrimary({ restoreHistory: [restore(backupSet({ serverName: "SQL-X" }))] });
    const put = driftIn(observation({ primary: restored })).rows.find((row) => row.property === "authority");
    assert.equal(put?.since?.source, "restorehistory.restore_date of mgc");
    assert.equal(put?.since?.time, "2013-05-01T02:05:00");
  });

  it("is after our own last report where msdb dates nothing, and unknown without one", () => {
    const seen = steady({ shell: steadyShell({ poolState: "FailedOver" }) });
    assert.equal(driftIn(seen).rows[0]?.since, null);
    assert.deepEqual(driftIn(seen, wanted, new Map([["F7", since]])).rows[0]?.since, since);
    assert.equal(driftIn(seen, wanted, new Map([["F6", since]])).rows[0]?.since, null);
  });

  it("is after the last shipped file for an Agent that stands still, and never after a report of ours", () => {
    const seen = steady({ backup: agent(steadyBackup(), "Stopped") });
    assert.equal(driftIn(seen, wanted, new Map([["F5", since]])).rows[0]?.since?.time, "2013-05-01T02:17:00");
    const gone = steady(withChat({ mirroring: { ...mirrored("SQL-P2"), state: "DISCONNECTED" } }));
    assert.equal(driftIn(gone, wanted, new Map([["F8-chat", since]])).rows[0]?.since, null);
  });
});

describe("an unattended run", () => {
  const servers = (...names: string[]): Parts => ({
    shell: steadyShell({ activeServers: names.map((name) => `${name}.dci.discovery.com`) }),
  });
  const cases: readonly (readonly [string, Observation, string])[] = [
    ["a failback is due", observation(), "bring the chat home (F1, F2, F2b, F3, F4, F5, F6, F7, F7b, F8)"],
    [
      "the pool's state differs",
      steady({ shell: steadyShell({ poolState: "FailedOver" }) }),
      "change which site is active (F7)",
    ],
    ["nobody is active", steady(servers()), "change which site is active (F6)"],
    ["a server of the other site is active", steady(servers("chat-p1", "CHAT-B1")), "change which site is active (F6)"],
    ["a server of the site is missing", steady(servers("chat-p1")), ""],
    ["a job is disabled", steady(copyJob({ enabled: false })), ""],
    [
      "the secondary cannot follow",
      steady({ backup: steadyBackup({ files: files("incomplete") }) }),
      "overwrite the copy on SQL-B1 (F5)",
    ],
  ];
  for (const [what, seen, refused] of cases) {
    it(`${refused === "" ? "may begin" : "refuses"} where ${what}`, () => {
      assert.equal(driftIn(seen).attended, refused);
      const whole = plan(seen, unattended);
      // A preview changes nothing: there it is said, and stops nothing.
      const stopping = (when: "preview" | "up") =>
        blockingFindings(whole, when).flatMap((one) => (one.id === "unattended" ? [one.message] : []));
      assert.deepEqual(stopping("preview"), []);
      assert.deepEqual(stopping("up"), refused === "" ? [] : [`this run is unattended and would ${refused}`]);
      assert.ok(!plan(seen, wanted).findings.some((one) => one.id === "unattended"));
    });
  }
});
