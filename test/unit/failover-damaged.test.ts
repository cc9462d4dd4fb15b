import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { authorityOf } from "../../estate/authority";
import { failoverContextOf } from "../../estate/failover-context";
import { lossOf } from "../../estate/loss";
import type { BackupSetRow, LogSet, Observation } from "../../estate/observation-types";
import { openSteps, plan, planLines, refusalOf, stepOf } from "../../estate/plan";
import { contextOf } from "../../estate/plan-context";
import { failoverKeys } from "../../estate/plan-types";
import { endingRefusal } from "../../estate/step-refusals";
import {
  backupSet,
  desired,
  failedOverBackup,
  families,
  files,
  forks,
  guid,
  job,
  mirrored,
  observation,
  restore,
  secondaryRow,
  shell,
  steady,
  steadyBackup,
  steadyPrimary,
  steadyShell,
} from "./support/estate";

const now = new Date("2013-05-01T03:00:00Z");
const disaster = desired({}, { active: "backup", failover: { mode: "disaster" } });
const fork = forks.primary;

/** What the primary's msdb and the file's header say of the tail that was saved. */
const savedRow = (change: Partial<BackupSetRow> = {}): BackupSetRow =>
  backupSet({
    type: "L",
    serverName: "SQL-P1",
    backupSetUuid: guid("C"),
    isForceOffline: true,
    isCopyOnly: true,
    isReadOnly: false,
    firstLsn: "3000",
    lastLsn: "3500",
    firstRecoveryForkGuid: fork,
    lastRecoveryForkGuid: fork,
    finishDate: "2013-05-01T04:50:00",
    timeZone: 8,
    physicalDeviceName: String.raw`\\files.dci.discovery.com\lslogs\failback\mgc_tail_7f3a.trn`,
    ...change,
  });
const savedSet = (change: Partial<LogSet> = {}): LogSet => ({
  file: String.raw`\\files.dci.discovery.com\lslogs\failback\mgc_tail_7f3a.trn`,
  backupSetUuid: guid("C"),
  backupType: 2,
  databaseName: "mgc",
  serverName: "SQL-P1",
  familyGuid: families.pool,
  firstRecoveryForkGuid: fork,
  recoveryForkGuid: fork,
  firstLsn: "3000",
  lastLsn: "3500",
  isDamaged: false,
  isForceOffline: true,
  finishDate: "2013-05-01T04:50:00",
  ...change,
});
const lastLog = restore(
  backupSet({ serverName: "SQL-P1", type: "L", isReadOnly: false, finishDate: "2013-05-01T04:00:00", timeZone: 8 }),
);
const idle = [
  secondaryRow({ copyJob: job("LSCopy", { enabled: false }), restoreJob: job("LSRestore", { enabled: false }) }),
];
const secondary = (sets: readonly LogSet[] = [], change: Parameters<typeof steadyBackup>[0] = {}) =>
  steadyBackup({ restoreHistory: [lastLog], logFiles: { sets, unreadable: [] }, ...change });
const damaged = (state: string, chat: Parameters<typeof steadyPrimary>[1] = {}) =>
  steadyPrimary({ content: null, sessions: [] }, { state, ...chat });
const closed = (set = savedRow()) =>
  steadyPrimary(
    { content: null, sessions: [], files: files({ fork, lsn: "3500" }), backupSets: [set] },
    { state: "RESTORING", mirroring: null },
  );
const seen = (primary: ReturnType<typeof steadyPrimary>, backup = secondary()): Observation =>
  steady({ primary, primaryMirror: null, backup });
const keys = (whole: Observation) => openSteps(plan(whole, disaster, now)).map((step) => step.key);
const text = (whole: Observation) => planLines(plan(whole, disaster, now)).join("\n");

describe("failover from a primary that answers with a damaged database", () => {
  for (const state of ["SUSPECT", "RECOVERY_PENDING"]) {
    it(`${state}: its mirroring ends and its tail is tried, and nothing waits for either`, () => {
      const whole = plan(seen(damaged(state)), disaster, now);
      assert.deepEqual(
        openSteps(whole).map((step) => step.key),
        failoverKeys.filter((key) => key !== "F0"),
      );
      assert.match(
        stepOf(whole, "P3").statements[0]?.text ?? "",
        /^BACKUP LOG \[mgc\][^;]*\nWITH NO_TRUNCATE, NORECOVERY, FORMAT, INIT, SKIP, CHECKSUM, [^;]*;$/,
      );
      for (const key of ["P2", "P3"] as const) {
        assert.equal(endingRefusal(whole, key), undefined, key);
        assert.equal(stepOf(whole, key).skipped, "");
      }
      const cleared = steady({ ...parts(damaged(state)), shell: steadyShell({ activeServers: [] }) });
      assert.equal(refusalOf(plan(cleared, disaster, now), "O3"), undefined);
    });
  }

  for (const state of ["OFFLINE", "EMERGENCY"]) {
    it(`${state}: BACKUP is refused even with NO_TRUNCATE, so the tail is left out with the reason`, () => {
      const whole = seen(damaged(state));
      assert.ok(!keys(whole).includes("P3"));
      assert.ok(text(whole).includes(`skipped: P3 Tail-log backup of mgc: mgc on SQL-P1 is ${state}`), text(whole));
      assert.ok(!text(whole).includes("NO_TRUNCATE"));
    });
  }

  it("promises nothing before the tail is taken", () => {
    const lines = text(seen(damaged("SUSPECT")));
    assert.match(
      lines,
      /what SQL-P1 wrote after LSN 3000 of fork [-2]+ is lost unless its tail can still be taken \(P3\)/,
    );
    assert.match(lines, /info: SQL-P1 answers, and its mgc is SUSPECT: its log is backed up first/);
    const strict = desired({}, { active: "backup", failover: { mode: "disaster", maximumLossMinutes: 5 } });
    const errors = plan(seen(damaged("SUSPECT")), strict, now).findings.filter(({ severity }) => severity === "error");
    assert.deepEqual(
      errors.map(({ id }) => id),
      ["loss-too-great"],
    );
  });

  it("after a refusal goes on with the loss as it was said, without hope", () => {
    const context = failoverContextOf(contextOf(seen(damaged("SUSPECT")), disaster));
    const loss = lossOf(context, now, true);
    assert.equal(loss.nothing, false);
    assert.match(loss.text, /^what SQL-P1 wrote after LSN 3000 of fork [-2]+ is lost; its last log backup/);
  });

  it("asks for the tail even where no other log is left to apply: what it gives is applied", () => {
    const whole = seen(damaged("SUSPECT"), secondary([], { logShippingSecondary: idle }));
    assert.ok(keys(whole).includes("O3"));
    assert.equal(endingRefusal(plan(whole, disaster, now), "O3"), undefined);
  });

  it("applies the tail that was saved, and then nothing is lost", () => {
    const whole = seen(closed(), secondary([savedSet()]));
    const open = keys(whole);
    assert.ok(open.includes("O3") && !open.includes("P2") && !open.includes("P3"), open.join(", "));
    assert.match(text(whole), /nothing is lost: the backup stands at LSN 3500, the end of the primary's tail/);
    assert.ok(!text(whole).includes("skipped: P3"), text(whole));
    assert.notEqual(endingRefusal(plan(whole, disaster, now), "O3"), undefined, "the tail must be applied to its end");
  });

  it("of a tail taken without closing the copy counts what it holds, and promises no more", () => {
    const set = savedSet({ isForceOffline: false });
    const whole = seen(damaged("SUSPECT"), secondary([set], { logShippingSecondary: idle }));
    const loss = lossOf(failoverContextOf(contextOf(whole, disaster)), now, true);
    assert.deepEqual([loss.nothing, loss.recovered?.lsn, loss.windowMinutes], [false, "3500", 10]);
  });

  it("never applies a tail that met damage, and says why", () => {
    const whole = seen(closed(savedRow({ isDamaged: true })), secondary([savedSet({ isDamaged: true })]));
    const lines = text(whole);
    assert.match(lines, /mgc_tail_7f3a\.trn is not applied: it met damage when it was taken \(IsDamaged\)/);
    assert.match(lines, /what SQL-P1 wrote after LSN 3000 of fork [-2]+ is lost; /);
    const context = failoverContextOf(contextOf(whole, disaster));
    assert.deepEqual([context.tail, context.remaining?.apply], [undefined, []]);
  });

  it("names the mirror that answers: a failover inside the site is better", () => {
    const mirror = steadyPrimary({}, { state: "RESTORING", mirroring: mirrored("SQL-P1", "MIRROR") });
    const whole = steady({ primary: damaged("SUSPECT"), primaryMirror: mirror, backup: secondary() });
    assert.ok(plan(whole, disaster, now).findings.some(({ id }) => id === "mirror-answers"));
  });
});

describe("the way home to a primary whose damaged copy was closed", () => {
  const applied = restore(savedRow(), 20);
  const home = (backup: ReturnType<typeof failedOverBackup>, pool = {}) => {
    const whole = observation({ shell: shell(), primary: closed(), backup });
    return { authority: authorityOf(whole, desired(pool)), context: contextOf(whole, desired(pool)) };
  };

  it("is by full backup and never by log alone, and needs no word where the backup has the tail", () => {
    const { authority, context } = home(failedOverBackup({ restoreHistory: [applied] }));
    assert.deepEqual([authority.number, authority.outcome, authority.resume], [5, "backup", "F1"]);
    assert.deepEqual([context.chainHome, context.renewsPrimary], [null, true]);
  });

  it("needs the acknowledgement where the backup has it not", () => {
    assert.equal(home(failedOverBackup()).authority.code, "P_UNREADABLE");
    const acknowledged = home(failedOverBackup(), { acknowledge: { unreadablePrimary: true } });
    assert.equal(acknowledged.authority.outcome, "backup");
  });
});

function parts(primary: ReturnType<typeof steadyPrimary>) {
  return { primary, primaryMirror: null, backup: secondary() };
}
