import assert from "node:assert/strict";
import type { LogShippingPrimaryRow, LogShippingSecondaryRow } from "../../estate/observation-types";
import { contextOf } from "../../estate/plan-context";
import { sectionOf } from "../../estate/plan-inputs";
import { plan } from "../../estate/plan";
import { type LogShippingChange, logShippingChanges } from "../../estate/plan-log-shipping";
import {
  backupSet,
  desired,
  failedOverBackup,
  job,
  observation,
  type Parts,
  primaryRow,
  rebuiltPrimary,
  secondaryRow,
  steady,
  steadyBackup,
  steadyPrimary,
} from "./support/estate";

const wanted = desired();
const changes = (parts: Parts): readonly LogShippingChange[] =>
  logShippingChanges(contextOf(steady(parts), wanted), "7f3a");
const ofPrimary = (change: Partial<LogShippingPrimaryRow>) =>
  changes({ primary: steadyPrimary({ logShippingPrimary: [primaryRow(change)] }) });
const ofSecondary = (change: Partial<LogShippingSecondaryRow>) =>
  changes({ backup: steadyBackup({ logShippingSecondary: [secondaryRow(change)] }) });
const shown = (found: readonly LogShippingChange[]) =>
  found.map(({ part, property, now, then }) => `${part} ${property}: ${now} => ${then}`);
const text = (found: readonly LogShippingChange[]) =>
  found.flatMap((change) => change.statements.map((one) => `${one.where}: ${one.text}`)).join("\n");

describe("log shipping, part by part", () => {
  it("changes nothing that is as wanted", () => assert.deepEqual(changes({}), []));

  it("mends the numbers of the primary with one call", () => {
    const found = ofPrimary({ backupRetentionPeriod: 60, backupShare: String.raw`\\old\share` });
    assert.deepEqual(shown(found), [
      String.raw`change-primary share: \\old\share => \\files.dci.discovery.com\lslogs`,
      "change-primary retentionMinutes: 60 => 4320",
    ]);
    assert.equal(text(found).split("sp_change_log_shipping_primary_database\n").length, 2);
    assert.match(text(found), /^SQL-P1: /);
    // Windows does not care for case.
    assert.deepEqual(ofPrimary({ backupShare: String.raw`\\FILES.dci.discovery.com\LSLOGS` }), []);
  });

  it("mends folders and options of the secondary, each with its own call", () => {
    const row = secondaryRow();
    assert.ok(row.database && row.monitor);
    const found = ofSecondary({
      backupDestinationDirectory: String.raw`D:\Old`,
      database: { ...row.database, restoreMode: 1 },
    });
    assert.deepEqual(shown(found), [
      String.raw`change-secondary copyFolder: D:\Old => D:\LSCopy`,
      "change-secondary restoreMode: STANDBY => NORECOVERY",
    ]);
    assert.match(
      text(found),
      /SQL-B1: [^]*sp_change_log_shipping_secondary_primary[^]*sp_change_log_shipping_secondary_database/,
    );
    const threshold = ofSecondary({ monitor: { ...row.monitor, restoreThreshold: 90 } });
    assert.deepEqual(shown(threshold), ["change-secondary restoreThresholdMinutes: 90 => 45"]);
  });

  it("enables a job, by id, and touches nothing else", () => {
    const disabled = job("LSCopy_SQL-P1_mgc", { enabled: false });
    const found = ofSecondary({ copyJob: disabled });
    assert.deepEqual(shown(found), ["jobs copy job enabled: false => true"]);
    assert.match(text(found), new RegExp(`sp_update_job\\n +@job_id = N'${disabled.jobId}', @enabled = 1;`));
    const seen = steady({ backup: steadyBackup({ logShippingSecondary: [secondaryRow({ copyJob: disabled })] }) });
    const { inputs, step } = sectionOf(seen, wanted, plan(seen, wanted), "F5");
    assert.deepEqual((inputs["secondary"] as { copyJob: unknown }).copyJob, {
      name: "LSCopy_SQL-P1_mgc",
      schedules: ["every 15 minutes"],
      enabled: false,
    });
    assert.equal(step, "open: copy job enabled");
  });

  it("changes an attached schedule by its id, and makes one only where there is none", () => {
    const [schedule] = job("LSBackup_mgc").schedules;
    assert.ok(schedule);
    const hourly = ofPrimary({
      backupJob: job("LSBackup_mgc", { schedules: [{ ...schedule, freqSubdayInterval: 60 }] }),
    });
    assert.deepEqual(shown(hourly), ["jobs backup job schedules: every 60 minutes => every 15 minutes"]);
    assert.match(text(hourly), new RegExp(`sp_update_schedule\\n +@schedule_id = ${schedule.scheduleId}, `));
    const none = ofPrimary({ backupJob: job("LSBackup_mgc", { schedules: [] }) });
    assert.match(text(none), /sp_add_schedule[^]*sp_attach_schedule/);
    const off = ofPrimary({ backupJob: job("LSBackup_mgc", { schedules: [{ ...schedule, enabled: false }] }) });
    assert.deepEqual(shown(off), ["jobs backup job schedules: every 15 minutes, disabled => every 15 minutes"]);
  });

  it("makes a broken registration anew: without job, without monitor, half a secondary", () => {
    const primary = ofPrimary({ backupJob: null });
    assert.deepEqual(
      primary.map((change) => change.part),
      ["remove-stale", "add-primary", "name-secondary", "jobs", "cycle"],
    );
    assert.match(
      text(primary),
      /sp_delete_log_shipping_primary_secondary[^]*sp_delete_log_shipping_primary_database[^]*sp_add_log_shipping_primary_database/,
    );
    const half = ofSecondary({ database: null });
    assert.deepEqual(
      half.map((change) => change.part),
      ["remove-stale", "add-secondary", "jobs", "jobs", "cycle"],
    );
    assert.match(text(half), /sp_delete_log_shipping_secondary_primary/);
    assert.deepEqual(
      ofSecondary({ monitor: null })
        .map((change) => change.part)
        .slice(0, 2),
      ["remove-stale", "add-secondary"],
    );
    assert.match(
      text(ofSecondary({ primaryServer: "SQL-OLD" })),
      /sp_delete_log_shipping_secondary_database[^]*@primary_server = N'SQL-P1'/,
    );
  });

  it("names the secondary on a primary that does not", () =>
    assert.deepEqual(shown(ofPrimary({ secondaries: [] })), ["name-secondary secondary: none => SQL-B1"]));

  it("removes a registration in the other direction", () => {
    const found = changes({ backup: steadyBackup({ logShippingPrimary: [primaryRow({ secondaries: [] })] }) });
    assert.deepEqual(shown(found), ["remove-stale SQL-B1 primary: stale registration => removed"]);
  });

  it("runs a cycle when the last one is too old, by the servers' own clocks", () => {
    const row = secondaryRow();
    assert.ok(row.monitor);
    assert.deepEqual(ofSecondary({ monitor: { ...row.monitor, lastRestoredAgeMinutes: 45 } }), []);
    const late = ofSecondary({ monitor: { ...row.monitor, lastRestoredAgeMinutes: 46 } });
    assert.deepEqual(
      late.map((change) => change.part),
      ["cycle"],
    );
    assert.deepEqual(
      ofPrimary({ lastBackupAgeMinutes: null }).map((change) => change.now),
      ["no backup so far"],
    );
  });

  it("sets all up after the way home, in the order that keeps the copy until the last moment", () => {
    const seen = observation({ primary: rebuiltPrimary(), backup: failedOverBackup({ backupSets: [backupSet()] }) });
    const found = logShippingChanges(contextOf(seen, wanted), "7f3a", true);
    assert.deepEqual(
      found.map((change) => change.part),
      ["add-primary", "name-secondary", "seed", "add-secondary", "jobs", "jobs", "jobs", "cycle"],
    );
    assert.match(text(found), /mgc_seed_7f3a\.bak/);
  });

  it("does not restore old files into a copy that is being seeded", () => {
    const backup = steadyBackup({ files: [] });
    const found = changes({ backup });
    assert.ok(found.some((change) => change.part === "remove-stale" && change.property === "SQL-B1 secondary"));
  });
});
