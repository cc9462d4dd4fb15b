import assert from "node:assert/strict";
import { describe, it } from "mocha";
import type { LogSet } from "../../estate/observation-types";
import { errorsOf, openSteps, plan, planLines, recordsOnly, refusalOf, stepOf } from "../../estate/plan";
import { sectionOf } from "../../estate/plan-inputs";
import { failoverKeys } from "../../estate/plan-types";
import {
  backupSet,
  chatSession,
  desired,
  failedOverBackup,
  families,
  files,
  forks,
  guid,
  instance,
  job,
  observation,
  rawConfiguration,
  restore,
  secondaryRow,
  shell,
  steady,
  steadyBackup,
  steadyPrimary,
  steadyShell,
} from "./support/estate";
import { logBackupCommand } from "../../estate/statements-failover";

const now = new Date("2013-05-01T03:00:00Z");
const wanted = (failover: Record<string, unknown> = {}, top: Record<string, unknown> = {}) =>
  desired({}, { active: "backup", failover, ...top });
const planned = wanted({ mode: "planned" });
const disaster = (more: Record<string, unknown> = {}) => wanted({ mode: "disaster", ...more });
const keys = (seen: ReturnType<typeof steady>, want = planned) =>
  openSteps(plan(seen, want, now)).map((step) => step.key);
const errors = (seen: ReturnType<typeof steady>, want = planned) =>
  errorsOf(plan(seen, want, now), true).map((finding) => finding.id);

const fork = forks.primary;
const logSet = (change: Partial<LogSet> = {}): LogSet => ({
  file: String.raw`D:\LSCopy\mgc_20130501021500.trn`,
  backupSetUuid: guid("6"),
  backupType: 2,
  databaseName: "mgc",
  serverName: "SQL-P1",
  familyGuid: families.pool,
  firstRecoveryForkGuid: fork,
  recoveryForkGuid: fork,
  firstLsn: "3000",
  lastLsn: "3200",
  isDamaged: false,
  isForceOffline: false,
  finishDate: "2013-05-01T04:15:00",
  ...change,
});
/** The secondary's last log set was taken at 04:00 of a clock two hours ahead of UTC. */
const restoredLog = restore(
  backupSet({ serverName: "SQL-P1", type: "L", isReadOnly: false, finishDate: "2013-05-01T04:00:00", timeZone: 8 }),
);
const secondary = (sets: readonly LogSet[] = [], change: Parameters<typeof steadyBackup>[0] = {}) =>
  steadyBackup({ restoreHistory: [restoredLog], logFiles: { sets, unreadable: [] }, ...change });
const lost = (sets: readonly LogSet[] = []) => steady({ primary: null, primaryMirror: null, backup: secondary(sets) });

describe("plan of a failover", () => {
  it("planned: closes the primary first and applies its tail before the backup opens", () => {
    assert.deepEqual(keys(steady()), [
      "P1",
      "P2",
      "P3",
      "O3",
      "O1",
      "O4",
      "O5",
      "O7",
      "O7b",
      "O8",
      "O6-chat",
      "O6-compliance",
    ]);
    const whole = plan(steady(), planned, now);
    assert.deepEqual(errorsOf(whole, true), []);
    assert.match(
      stepOf(whole, "P3").statements[0]?.text ?? "",
      /SET SINGLE_USER.*BACKUP LOG \[mgc\].*WITH NORECOVERY/s,
    );
    assert.match(planLines(whole).join("\n"), /nothing is lost: the primary is closed by its tail/);
  });

  it("planned: mirroring ends before the tail, which a mirrored principal refuses", () => {
    const order = keys(steady());
    assert.ok(order.indexOf("P2") < order.indexOf("P3"));
    assert.equal(refusalOf(plan(steady(), planned, now), "P3")?.code, "EARLIER_STEP_OPEN");
  });

  it("disaster: steps that need the primary are left out, each with its reason", () => {
    const whole = plan(lost(), disaster(), now);
    assert.deepEqual(
      openSteps(whole).map((step) => step.key),
      ["P1", "O3", "O1", "O4", "O5", "O7", "O7b", "O8", "O6-chat", "O6-compliance"],
    );
    const lines = planLines(whole);
    assert.ok(lines.includes("skipped: P2 Remove mirroring of mgc: SQL-P1 does not answer"), lines.join("\n"));
    assert.ok(lines.includes("skipped: P3 Tail-log backup of mgc: SQL-P1 does not answer"), lines.join("\n"));
  });

  it("disaster: a primary that answers and could not be read is refused with why, and left out once that is named", () => {
    const seen = steady({ primary: { unread: "LOGIN_FAILED" }, primaryMirror: null, backup: secondary() });
    const refused = errorsOf(plan(seen, disaster(), now), false);
    assert.deepEqual(
      refused.map((finding) => finding.id),
      ["authority:P_UNREADABLE"],
    );
    assert.match(refused[0]?.message ?? "", /answers and could not be read.*the reading failed \[LOGIN_FAILED\]/);
    assert.match(refused[0]?.hint ?? "", /Mend the reading\. .*acknowledge\.primaryFailures/);
    const acknowledge = { primaryFailures: ["LOGIN_FAILED"] };
    const passed = plan(seen, desired({ acknowledge }, { active: "backup", failover: { mode: "disaster" } }), now);
    assert.deepEqual(errorsOf(passed, true), []);
    assert.match(
      planLines(passed).join("\n"),
      /skipped: P3 .*: SQL-P1 answers and could not be read \(LOGIN_FAILED\): taken for gone by acknowledgement/,
    );
  });

  it("tells beforehand that an up would stop at a primary that refuses the lock", () => {
    const serving = (unread: string) => observation({ primary: { unread }, backup: failedOverBackup() });
    assert.deepEqual(errors(serving("LOGIN_FAILED"), wanted()), ["lock-refused:primary"]);
    assert.deepEqual(errorsOf(plan(serving("LOGIN_FAILED"), wanted(), now), false), []);
    assert.deepEqual(errors(serving("TIMEOUT"), wanted()), []);
    const acknowledge = { primaryFailures: ["LOGIN_FAILED"] };
    assert.deepEqual(errors(serving("LOGIN_FAILED"), desired({ acknowledge }, { active: "backup" })), []);
  });

  it("disaster: says beforehand what is lost, as a position and as a window by the primary's own clock", () => {
    const text = planLines(plan(lost([logSet()]), disaster(), now)).join("\n");
    assert.match(text, /what SQL-P1 wrote after LSN 3200 of fork 22222222-2222-2222-2222-222222222222 is lost/);
    // 04:15 at UTC+2 is 02:15; three quarters of an hour until now.
    assert.match(text, /ended 2013-05-01T02:15:00Z, so up to 45 minutes of messages, counted to now/);
    const told = disaster({ outageSince: "2013-05-01T02:20:00Z" });
    assert.match(
      planLines(plan(lost([logSet()]), told, now)).join("\n"),
      /up to 5 minutes .* the outage at 2013-05-01T02:20:00Z/,
    );
  });

  it("disaster: tells no window where the clocks contradict each other, and lets no limit pass by it", () => {
    const early = new Date("2013-05-01T02:14:00Z");
    const limited = disaster({ maximumLossMinutes: 5 });
    const text = planLines(plan(lost([logSet()]), limited, early)).join("\n");
    assert.match(
      text,
      /ended 2013-05-01T02:15:00Z, which is not before now: clocks differ, and for how long .* cannot/,
    );
    assert.match(text, /loses a time that cannot be told, more than failover\.maximumLossMinutes \(5\)/);
    // A window without a tail is never 0.
    const atOnce = new Date("2013-05-01T02:15:01Z");
    assert.match(planLines(plan(lost([logSet()]), limited, atOnce)).join("\n"), /up to 1 minute of messages/);
  });

  it("disaster: names a hole in the log, and that what lies behind it cannot be applied", () => {
    const sets = [logSet({ lastLsn: "3100" }), logSet({ file: "later.trn", firstLsn: "3200", lastLsn: "3300" })];
    const text = planLines(plan(lost(sets), disaster(), now)).join("\n");
    assert.match(
      text,
      /log up to LSN 3200 is known of and cannot be applied; the log between LSN 3100 and 3200 is in no file/,
    );
  });

  it("disaster: a tail makes the loss zero only where the primary is seen closed behind it", () => {
    const tail = logSet({ isForceOffline: true });
    const applied = restore({ ...restoredLog.backupSet, isForceOffline: true, lastLsn: "3000" }, 50);
    const stopped = secondary([], { restoreHistory: [applied, restoredLog] });
    // A planned move that was stopped behind its tail and given up leaves the same history: the primary served again.
    for (const backup of [secondary([tail]), stopped]) {
      for (const primary of [null, instance("SQL-P1")]) {
        const whole = plan(steady({ primary, primaryMirror: null, backup }), disaster(), now);
        const loss = whole.findings.find(({ id }) => id === "loss");
        assert.equal(loss?.severity, "warning");
        assert.match(loss.message, /^nothing is lost if SQL-P1 was not opened again after its tail/);
        assert.match(loss.message, /what SQL-P1 wrote after LSN 3[02]00 of fork [-2]+ is lost; .* up to \d+ minutes/);
        const limited = plan(
          steady({ primary, primaryMirror: null, backup }),
          disaster({ maximumLossMinutes: 5 }),
          now,
        );
        assert.deepEqual(
          errorsOf(limited, true).map(({ id }) => id),
          ["loss-too-great"],
        );
      }
    }
    const own = backupSet({
      type: "L",
      serverName: "SQL-P1",
      backupSetUuid: guid("6"),
      isForceOffline: true,
      firstLsn: "3000",
      lastLsn: "3200",
      firstRecoveryForkGuid: fork,
      lastRecoveryForkGuid: fork,
    });
    const closed = steadyPrimary(
      { files: files({ fork, lsn: "3200" }), backupSets: [own], content: null, sessions: [] },
      { state: "RESTORING" },
    );
    const seen = steady({ primary: closed, primaryMirror: null, backup: secondary([tail]) });
    assert.match(
      planLines(plan(seen, disaster(), now)).join("\n"),
      /info: nothing is lost: the backup stands at LSN 3200, the end of the primary's tail/,
    );
  });

  it("disaster: a tail below a later seed says nothing of the copy", () => {
    const applied = restore({ ...restoredLog.backupSet, isForceOffline: true }, 50);
    const seed = restore(backupSet({ serverName: "SQL-P1", isReadOnly: false, timeZone: 8 }), 60);
    const backup = secondary([], { restoreHistory: [seed, applied] });
    const lines = planLines(plan(steady({ primary: null, primaryMirror: null, backup }), disaster(), now)).join("\n");
    assert.doesNotMatch(lines, /nothing is lost/);
    assert.match(lines, /what SQL-P1 wrote after LSN 3000 .* is lost/);
  });

  it("refuses a loss beyond what is allowed until it is acknowledged", () => {
    assert.deepEqual(errors(lost(), disaster({ maximumLossMinutes: 30 })), ["loss-too-great"]);
    assert.deepEqual(errors(lost(), disaster({ maximumLossMinutes: 30, acknowledgeLoss: true })), []);
    assert.deepEqual(errors(lost(), disaster({ maximumLossMinutes: 90 })), []);
  });

  it("moves nothing without a mode, and shows what it would do", () => {
    const whole = plan(steady(), wanted(), now);
    assert.ok(openSteps(whole).length > 0);
    assert.deepEqual(errorsOf(whole, false), []);
    assert.deepEqual(errors(steady(), wanted()), ["failover-mode"]);
    // Another stack may be the selected one.
    assert.match(errorsOf(whole, true)[0]?.hint ?? "", /pulumi config set -s backup --path \S+failover\.mode planned/);
    for (const key of failoverKeys.slice(1)) assert.equal(refusalOf(whole, key)?.code, "PREFLIGHT_FAILED", key);
  });

  it("leaves a pool that is not named where it is, mends what drifts there, and refuses nothing because of it", () => {
    const others = wanted({ mode: "planned", pools: ["pool2"] }, { pools: twoPools() });
    const named = wanted({ mode: "planned", pools: ["pool1"] }, { pools: twoPools() });
    assert.deepEqual([keys(steady(), others), errors(steady(), others)], [[], []]);
    assert.match(
      planLines(plan(steady(), others, now))[0] ?? "",
      /it stays so: failover\.pools does not name this pool/,
    );
    assert.ok(keys(steady(), named).includes("O4"));
    assert.ok(keys(observation({ primary: null, primaryMirror: null }), others).includes("O8"));
    const unread = plan(steady({ backup: null }), others, now);
    assert.deepEqual([recordsOnly(others, unread), recordsOnly(named, unread)], [true, false]);
    assert.equal(recordsOnly(others, plan(steady(), others, now)), false);
  });

  it("is started by no schedule", () =>
    assert.deepEqual(errors(steady(), wanted({ mode: "planned" }, { unattended: true })), ["unattended"]));

  it("does not move again within the configured time, unless that is acknowledged", () => {
    const recent = { ...restore(backupSet()), restoreAgeMinutes: 20 };
    const seen = steady({ primary: steadyPrimary({ restoreHistory: [recent] }) });
    assert.deepEqual(errors(seen, planned), []);
    const guard = { quietMinutes: 60 };
    assert.deepEqual(errors(seen, wanted({ mode: "planned" }, { guard })), ["recent-move"]);
    const acknowledged = wanted({ mode: "planned" }, { guard: { ...guard, acknowledgeRecentMove: true } });
    assert.deepEqual(errors(seen, acknowledged), []);
  });

  it("names a mirror that answers when its principal does not", () => {
    const mirror = steadyPrimary(
      {},
      { state: "RESTORING", mirroring: { ...session("SQL-P1"), role: "MIRROR", state: "DISCONNECTED" } },
    );
    const whole = plan(steady({ primary: null, primaryMirror: mirror, backup: secondary() }), disaster(), now);
    assert.ok(whole.findings.some((finding) => finding.id === "mirror-answers"));
  });

  it("warns of a mirror that could not be read while its principal does not serve", () => {
    const ids = (seen: ReturnType<typeof steady>, want = disaster()) =>
      plan(seen, want, now).findings.map((finding) => finding.id);
    assert.ok(ids(lost()).includes("mirror-unread:primary"));
    assert.deepEqual(errors(lost(), disaster()), []);
    assert.ok(!ids(steady({ primary: null, backup: secondary() })).includes("mirror-unread:primary"));
    assert.ok(!ids(steady({ primaryMirror: null }), planned).includes("mirror-unread:primary"));
    const unread = steady({ primary: null, primaryMirror: { unread: "TIMEOUT" }, backup: secondary() });
    const refused = errorsOf(plan(unread, disaster(), now), false)[0]?.message ?? "";
    assert.match(refused, /its mirror answers and could not be read.*primaryMirror\): the reading failed \[TIMEOUT\]/);
    assert.doesNotMatch(refused, /UNREACHABLE/);
  });

  it("goes on where a run was cut", () => {
    const cleared = steadyShell({ activeServers: [] });
    const tail = backupSet({
      type: "L",
      serverName: "SQL-P1",
      isForceOffline: true,
      firstLsn: "3000",
      lastLsn: "3500",
      firstRecoveryForkGuid: fork,
      lastRecoveryForkGuid: fork,
    });
    const closed = steadyPrimary(
      { files: files({ fork, lsn: "3500" }), backupSets: [tail], content: null, sessions: [] },
      { state: "RESTORING" },
    );
    const left = [logSet({ lastLsn: "3500", isForceOffline: true })];
    assert.deepEqual(keys(steady({ shell: cleared, primary: closed, backup: secondary(left) })), [
      "O3",
      "O1",
      "O4",
      "O5",
      "O7",
      "O7b",
      "O8",
      "O6-chat",
      "O6-compliance",
    ]);
    const applied = { files: files({ fork, lsn: "3500" }), logFiles: { sets: [], unreadable: [] } };
    const idle = secondaryRow({
      copyJob: job("LSCopy", { enabled: false }),
      restoreJob: job("LSRestore", { enabled: false }),
    });
    assert.deepEqual(
      keys(
        steady({
          shell: cleared,
          primary: closed,
          backup: secondary([], { ...applied, logShippingSecondary: [idle] }),
        }),
      ),
      ["O1", "O4", "O5", "O7", "O7b", "O8", "O6-chat", "O6-compliance"],
    );
    assert.deepEqual(
      keys(
        steady({ shell: cleared, primary: closed, backup: secondary([], { ...applied, logShippingSecondary: [] }) }),
      ),
      ["O4", "O5", "O7", "O7b", "O8", "O6-chat", "O6-compliance"],
    );
    const recovered = failedOverBackup({ restoreHistory: [restoredLog] }, { mirroring: null });
    assert.deepEqual(keys(steady({ shell: cleared, primary: closed, backup: recovered })), [
      "O5",
      "O7",
      "O7b",
      "O8",
      "O6-chat",
    ]);
    assert.deepEqual(keys(observation({ shell: shell({ activeServers: [] }), primary: closed, backup: recovered })), [
      "O7",
      "O7b",
      "O8",
      "O6-chat",
    ]);
  });

  it("has nothing to do on a backup that serves, and mends what drifts there without a mode", () => {
    const { logBackups } = planned;
    const logBackupJob = { job: job(logBackups.job), command: logBackupCommand("mgc", logBackups.folder) };
    const serving = (change: Parameters<typeof failedOverBackup>[0] = {}) =>
      observation({
        primary: null,
        primaryMirror: null,
        backup: failedOverBackup({ logBackupJob, sessions: [chatSession("chat-b1.dci.discovery.com")], ...change }),
      });
    assert.deepEqual(keys(serving(), wanted()), []);
    const disabled = { ...logBackupJob, job: job(logBackups.job, { enabled: false }) };
    assert.deepEqual(keys(serving({ logBackupJob: disabled }), wanted()), ["O8"]);
    assert.deepEqual(errors(serving({ logBackupJob: disabled }), wanted()), []);
    const { inputs } = sectionOf(
      serving({ logBackupJob: disabled }),
      wanted(),
      plan(serving({ logBackupJob: disabled }), wanted(), now),
      "O8",
    );
    assert.equal(inputs["enabled"], false);
  });
});

// The second pool shares nothing with the first.
function twoPools() {
  const { pools } = rawConfiguration();
  const second = JSON.stringify({ ...pools[0], name: "pool2" }).replaceAll(/sql-|lyncpc|lslogs/gi, "other$&");
  return [pools[0], JSON.parse(second) as unknown];
}

function session(partner: string) {
  return {
    guid: guid("E"),
    role: "PRINCIPAL",
    state: "SYNCHRONIZED",
    safetyLevel: "FULL",
    witnessName: null,
    partnerInstance: partner,
    failoverLsn: null,
    endOfLogLsn: null,
  };
}
