import assert from "node:assert/strict";
import type { Desired } from "../../estate/desired";
import { lockResource } from "../../estate/lock-resource";
import type { InstanceObservation, Observation } from "../../estate/observation-types";
import { errorsOf, plan, refusalOf, stepOf } from "../../estate/plan";
import {
  backupSet,
  content,
  database,
  desired,
  failedOverBackup,
  files,
  forks,
  guid,
  instance,
  mirrored,
  observation,
  rebuiltPrimary,
  restore,
  restoredPrimary,
  steady,
  steadyBackup,
  steadyPrimary,
  steadyShell,
} from "./support/estate";

const wanted = desired();
const errors = (seen: Observation, want: Desired = wanted): string[] =>
  errorsOf(plan(seen, want), true).map((one) => one.id);
const set = backupSet();

describe("findings of Preflight", () => {
  const agentStopped = (server: InstanceObservation): InstanceObservation => ({
    ...server,
    services: {
      ...server.services,
      agent: { name: "SQLSERVERAGENT", status: "Stopped", startup: "Manual", account: "x" },
    },
  });

  it("warns of a mirror of the backup site that could not be read while the backup's copy is closed", () => {
    const seeded = { primary: restoredPrimary(set), backup: steadyBackup({ backupSets: [set] }) };
    const warned = (seen: Observation): boolean =>
      plan(seen, wanted).findings.some(({ id, severity }) => id === "mirror-unread:backup" && severity === "warning");
    assert.equal(warned(observation({ ...seeded, backupMirror: null })), true);
    assert.equal(warned(observation({ ...seeded, backupMirror: { unread: "LOGIN_FAILED" } })), true);
    assert.equal(warned(observation(seeded)), false);
    assert.equal(warned(observation({ backupMirror: null })), false);
    assert.equal(warned(steady({ backupMirror: null })), false);
  });

  const cases: readonly (readonly [string, Observation, string, Desired?])[] = [
    ["the Agent is stopped", observation({ backup: agentStopped(failedOverBackup()) }), "agent-not-running:backup"],
    [
      "the login is no sysadmin",
      observation({ primary: rebuiltPrimary({ server: { ...instance("SQL-P1").server, isSysadmin: false } }) }),
      "not-sysadmin:primary",
    ],
    [
      "the instance has another name",
      observation({ primary: { ...rebuiltPrimary(), server: instance("SQL-P7").server } }),
      "server-name:primary",
    ],
    [
      "releases differ",
      observation({
        primary: rebuiltPrimary({ server: { ...instance("SQL-P1").server, productVersion: "10.50.6000.34" } }),
      }),
      "version",
    ],
    [
      "compliance rows were not fetched",
      observation({ backup: failedOverBackup({ complianceRows: 3 }) }),
      "compliance-rows",
    ],
    [
      "the primary lacks mgccomp",
      observation({
        primary: rebuiltPrimary({
          databases: [database("mgc", { familyGuid: guid("B"), recoveryForkGuid: forks.rebuilt })],
        }),
      }),
      "no-database:mgccomp",
    ],
    [
      "the primary is mirrored already",
      observation({ primary: rebuiltPrimary({}, { mirroring: mirrored("SQL-P2") }) }),
      "primary-mirrored",
    ],
    [
      "the primary has no room",
      observation({
        primary: rebuiltPrimary({ files: [], volumes: [{ mountPoint: "D:\\", availableBytes: 1, totalBytes: 9 }] }),
      }),
      "space",
    ],
    [
      "the backup is not in FULL",
      observation({ backup: failedOverBackup({}, { recoveryModel: "SIMPLE" }) }),
      "recovery-model",
    ],
    ["the third copy is missing", observation({ backupMirror: instance("SQL-B2") }), "mirror-copy"],
    [
      "the account is anonymous on the share",
      observation({
        backup: {
          ...failedOverBackup(),
          services: {
            engine: null,
            agent: { name: "a", status: "Running", startup: "Automatic", account: "NT AUTHORITY\\LocalService" },
          },
        },
      }),
      "account:backup:agent",
    ],
    ["nobody watches", observation(), "unattended", desired({}, { unattended: true })],
    [
      "a server is no machine of the pool",
      steady({ shell: steadyShell({ machines: ["chat-p1.dci.discovery.com"] }) }),
      "no-machine-of-pool:chat-p2.dci.discovery.com",
    ],
  ];
  for (const [what, seen, id, want] of cases) {
    it(`stops when ${what}`, () => {
      const whole = plan(seen, want ?? wanted);
      const finding = errorsOf(whole, true).find((one) => one.id === id);
      assert.ok(finding, `${id} among ${whole.findings.map((one) => one.id).join(", ")}`);
      assert.ok(finding.hint.length > 0);
      assert.ok(finding.blocks.length > 0);
      for (const key of finding.blocks.includes("F1") ? (["F1", "F4"] as const) : []) {
        assert.equal(refusalOf(whole, key)?.code, "PREFLIGHT_FAILED");
      }
    });
  }

  it("finds users whose login the primary lacks: an error while chat servers log in so, else a warning", () => {
    const chatUsers = [{ name: "pchatsvc", login: "pchatsvc", sid: "0A0B" }];
    const session = {
      sessionId: 60,
      database: "mgc",
      hostName: "CHAT-B1",
      programName: "Lync Persistent Chat",
      loginName: "pchatsvc",
      loginTime: "2013-05-01T01:00:00",
      lastBatch: "2013-05-01T02:00:00",
      openTransactions: 0,
      command: "AWAITING COMMAND",
    };
    const found = (sessions: readonly (typeof session)[], loginSids: readonly string[]): string | undefined => {
      const seen = observation({
        backup: failedOverBackup({ chatUsers, sessions }),
        primary: rebuiltPrimary({ loginSids }),
      });
      return plan(seen, wanted).findings.find(({ id }) => id === "logins")?.severity;
    };
    assert.equal(found([session], []), "error");
    assert.equal(found([], ["0C0D"]), "warning");
    assert.equal(found([session], ["0A0B"]), undefined);
  });

  it("finds them on the way to the backup site too, and once its copy is open those that no login there has", () => {
    const away = desired({}, { active: "backup", failover: { mode: "planned" } });
    const of = (seen: Observation) => plan(seen, away).findings.find(({ id }) => id === "logins");
    const user = { name: "pchatsvc", login: "pchatsvc", sid: "0A0B" };
    const leaving = (loginSids: readonly string[], sessions?: readonly []) =>
      of(
        steady({
          primary: steadyPrimary({ chatUsers: [user], ...(sessions === undefined ? {} : { sessions }) }),
          backup: steadyBackup({ loginSids }),
        }),
      );
    const error = leaving([]);
    assert.equal(error?.severity, "error");
    assert.ok(error.blocks.includes("P1"));
    assert.match(
      error.message,
      /^SQL-B1 has no login with the sid of pchatsvc in mgc, as SQL-P1 has: the chat servers/,
    );
    assert.match(error.hint, /^Create them on SQL-B1, .*CREATE LOGIN \[pchatsvc\] .*SID = 0x0A0B;$/);
    assert.equal(leaving([], [])?.severity, "warning");
    assert.equal(leaving(["0A0B"]), undefined);
    const arrived = (login: string | null) =>
      of(observation({ primary: null, backup: failedOverBackup({ chatUsers: [{ ...user, login }] }) }));
    assert.equal(arrived("pchatsvc"), undefined);
    const orphan = arrived(null);
    assert.deepEqual([orphan?.severity, orphan?.hint.includes("SID = 0x0A0B")], ["warning", true]);
  });

  it("does not hold a user that no login has anywhere against the primary", () => {
    const chatUsers = [{ name: "left", login: null, sid: "0A0B" }];
    const seen = observation({ backup: failedOverBackup({ chatUsers }) });
    assert.ok(!plan(seen, wanted).findings.some(({ id }) => id === "logins"));
  });

  it("accepts what was acknowledged", () => {
    const want = desired({ acknowledge: { complianceRows: true, missingMirrorCopy: true } });
    const seen = observation({ backup: failedOverBackup({ complianceRows: 3 }), backupMirror: null });
    assert.deepEqual(errors(seen, want), []);
  });

  it("names the holder of the lock, at up only", () => {
    const holder = {
      resource: lockResource("lyncpc.dci.discovery.com").slice(0, 32),
      sessionId: 77,
      hostName: "ops1",
      programName: "pchat-dr primary 7f3a ops@ops1",
      loginName: "pchatdr",
      loginTime: "2013-05-01T02:00:00",
      lastRequestEndTime: null,
      hostProcessId: 4711,
      context: "primary/7f3a",
      ours: false,
    };
    const seen = observation({ backup: failedOverBackup({ locks: [holder] }) });
    const whole = plan(seen, wanted);
    assert.deepEqual(errorsOf(whole, false), []);
    assert.match(errorsOf(whole, true)[0]?.message ?? "", /pchat-dr primary 7f3a ops@ops1.*4711.*since 2013-05-01/);
    assert.deepEqual(errors(observation({ backup: failedOverBackup({ locks: [{ ...holder, ours: true }] }) })), []);
    assert.deepEqual(
      errors(observation({ backup: failedOverBackup({ locks: [{ ...holder, resource: "pchat-dr:other" }] }) })),
      [],
    );
  });

  it("tells a shell that does not answer once", () => {
    assert.deepEqual(errors(observation({ shell: null })), ["unreachable:shell"]);
  });

  it("only warns of a stopped Agent while nothing of log shipping is to be done", () => {
    const seen = steady({ backup: agentStopped(steadyBackup()) });
    assert.deepEqual(errors(seen), []);
    assert.ok(
      plan(seen, wanted).findings.some((one) => one.id === "agent-not-running:backup" && one.severity === "warning"),
    );
  });

  it("says which old log files lie in the way, once for both engines", () => {
    const folder = {
      path: String.raw`\\files.dci.discovery.com\lslogs`,
      files: ["mgc_20130430010000.trn", "other.trn"],
    };
    const seen = observation({
      primary: rebuiltPrimary({ folders: [folder] }),
      backup: failedOverBackup({ folders: [folder] }),
    });
    const told = plan(seen, wanted).findings.filter((one) => one.id.startsWith("stale-log-files"));
    assert.equal(told.length, 1);
    assert.match(told[0]?.message ?? "", /^1 log file /);
  });

  it("keeps an old restore from passing for the present one", () => {
    // The uuid is known on both sides, but the backup has gone on since: the primary is stale.
    const backup = failedOverBackup({ backupSets: [set], content: content(300) });
    const whole = plan(
      observation({ primary: restoredPrimary(set, { restoreHistory: [restore(set)] }), backup }),
      wanted,
    );
    assert.equal(whole.authority.number, 22);
    assert.ok(stepOf(whole, "F3").open && stepOf(whole, "F4").open);
  });

  it("never seeds over a copy that the row of authority does not give up", () => {
    // The backup closed by its tail, which the primary applied, but not within reach of the primary's next log.
    const tail = backupSet({ type: "L", isForceOffline: true, backupSetUuid: guid("C"), lastLsn: "2100" });
    const full = backupSet({ isReadOnly: false });
    const backup = instance("SQL-B1", {
      databases: [database("mgc", { state: "RESTORING" }), database("mgccomp")],
      files: files({ fork: forks.older, lsn: "2100" }),
      backupSets: [tail, full],
    });
    const primary = restoredPrimary(full, { restoreHistory: [restore(tail, 11), restore(full, 10)] });
    const whole = plan(observation({ primary, backup }), wanted);
    assert.equal(whole.authority.number, 24);
    assert.ok(errorsOf(whole, false).some((one) => one.id === "seed-refused"));
    assert.equal(refusalOf(whole, "F5")?.code, "PREFLIGHT_FAILED");
  });
});
