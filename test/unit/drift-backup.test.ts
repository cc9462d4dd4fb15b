import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { driftOf } from "../../estate/drift/drift";
import type { Drift } from "../../estate/drift/drift-types";
import type { InstanceObservation, Observation } from "../../estate/observation-types";
import { plan, stepOf } from "../../estate/plan";
import { logBackupCommand } from "../../estate/statements-failover";
import { blockingFindings } from "../../estate/steps/preflight-findings";
import {
  chatSession,
  desired,
  failedOverBackup,
  job,
  mirrored,
  observation,
  secondaryRow,
  shell,
  steady,
  steadyPrimary,
} from "./support/estate";

const wanted = desired({}, { active: "backup" });
const unattended = desired({}, { active: "backup", failover: { mode: "planned" }, unattended: true });
const { logBackups } = wanted;

const driftIn = (seen: Observation): Drift =>
  driftOf({ observation: seen, plan: plan(seen, wanted) }, wanted, {
    stack: "backup",
    time: "now",
    lastDone: new Map(),
  });
const rows = (drift: Drift): string[] =>
  drift.rows.map(
    (row) => `${row.severity} ${row.step} ${row.property}: ${JSON.stringify(row.observed)} (${row.mendedBy})`,
  );
const jobOf = (change: Parameters<typeof job>[1] = {}) => ({
  job: job(logBackups.job, change),
  command: logBackupCommand("mgc", logBackups.folder),
});
/** The pool serves from the backup site, and the primary site is gone unless it is given. */
const serving = (
  change: Partial<InstanceObservation> = {},
  chat: Parameters<typeof failedOverBackup>[1] = {},
  servers?: readonly string[],
  primary: InstanceObservation | null = null,
): Observation =>
  observation({
    primary,
    primaryMirror: null,
    backup: failedOverBackup(
      { logBackupJob: jobOf(), sessions: [chatSession("chat-b1.dci.discovery.com")], ...change },
      chat,
    ),
    ...(servers === undefined ? {} : { shell: shell({ activeServers: servers }) }),
  });

describe("drift of a pool that serves from the backup site", () => {
  it("is empty, although the primary site is gone", () => {
    const drift = driftIn(serving());
    assert.deepEqual([drift.rows, drift.unread, drift.attended], [[], [], ""]);
  });

  it("names the log backups that nobody takes any more", () => {
    const [schedule] = job(logBackups.job).schedules;
    assert.ok(schedule);
    const found = (change: Parameters<typeof job>[1]) => driftIn(serving({ logBackupJob: jobOf(change) }));
    assert.deepEqual(rows(found({ enabled: false })), ["protection O8 enabled: false (up)"]);
    assert.equal(found({ enabled: false, modified: "2013-05-02T01:00:00" }).rows[0]?.since?.clock, "SQL-B1");
    assert.deepEqual(rows(found({ schedules: [{ ...schedule, freqSubdayInterval: 60 }] })), [
      'cosmetic O8 schedules: ["every 60 minutes"] (up)',
    ]);
    assert.deepEqual(rows(found({ schedules: [] })), ["protection O8 schedules: [] (up)"]);
    const gone = driftIn(serving({ logBackupJob: null })).rows;
    assert.deepEqual(
      gone.map(({ property, severity }) => `${severity} ${property}`),
      ["protection job", "protection folder", "protection schedules", "protection enabled"],
    );
  });

  it("takes off a registration that came back, and neither opens nor closes a copy for it", () => {
    const again = serving({ logShippingSecondary: [secondaryRow()] });
    assert.deepEqual(rows(driftIn(again)), ['protection O1 registration: "SQL-P1" (up)']);
    const step = stepOf(plan(again, wanted), "O1");
    assert.equal(step.probed, false);
    assert.deepEqual(
      step.statements.map(({ where, text }) => `${where} ${/sp_\w+/.exec(text)?.[0] ?? ""}`),
      ["SQL-B1 sp_delete_log_shipping_secondary_database"],
    );
  });

  it("names a primary that came back with its copy open, and leaves it to a person", () => {
    const back = (chat: Parameters<typeof steadyPrimary>[1]) =>
      serving({}, {}, undefined, steadyPrimary({ sessions: [] }, chat));
    assert.deepEqual(rows(driftIn(back({}))), ['service F0 state: "ONLINE, read-write" (person)']);
    assert.deepEqual(blockingFindings(plan(back({}), wanted), "up"), []);
    assert.deepEqual(rows(driftIn(back({ isReadOnly: true }))), []);
  });

  it("resumes a mirror of the backup site, and leaves to a person what is more than that", () => {
    const found = (state: string) => rows(driftIn(serving({}, { mirroring: { ...mirrored("SQL-B2"), state } })));
    assert.deepEqual(found("SUSPENDED"), ['protection O6-chat session: "suspended" (up)']);
    assert.deepEqual(found("DISCONNECTED"), ['protection F0 session of mgc on SQL-B1: "DISCONNECTED" (person)']);
    assert.deepEqual(rows(driftIn(serving({}, { recoveryModel: "SIMPLE" }))), [
      'protection F0 recovery model of mgc on SQL-B1: "SIMPLE" (person)',
    ]);
  });

  it("lets nobody begin while the copy that serves is closed, and only a person bring its servers back", () => {
    const closed = serving({}, { userAccess: "RESTRICTED_USER" });
    assert.deepEqual(rows(driftIn(closed)), ['service F0 state: "ONLINE, read-write, RESTRICTED_USER" (person)']);
    assert.deepEqual(
      blockingFindings(plan(closed, wanted), "up").map((finding) => finding.id),
      ["backup-closed"],
    );
    assert.equal(driftIn(serving({}, {}, [])).attended, "change which site is active (O7)");
    assert.equal(driftIn(serving({}, {}, ["chat-b1.dci.discovery.com"])).attended, "");
  });

  it("is the whole move while the pool runs on the primary site, which no unattended up begins", () => {
    const drift = driftIn(steady());
    assert.equal(rows(drift)[0], 'service F0 authority: "primary" (attended-up)');
    assert.match(drift.attended, /^fail the pool over to SQL-B1 \(P1, P2, P3, O3, O1, O4, O5, O7, O7b, O8, O6\)$/);
    const whole = plan(steady(), unattended);
    assert.deepEqual(blockingFindings(whole, "preview"), []);
    assert.deepEqual(
      blockingFindings(whole, "up").map((finding) => finding.message),
      [`this run is unattended and would ${drift.attended}`],
    );
  });
});
