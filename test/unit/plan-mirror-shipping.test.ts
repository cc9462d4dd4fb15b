import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { severityOf } from "../../estate/drift/severity";
import type { InstanceObservation } from "../../estate/observation-types";
import { openSteps, plan, stepOf } from "../../estate/plan";
import { contextOf } from "../../estate/plan-context";
import { desiredInputs, sectionOf } from "../../estate/plan-inputs";
import type { StepKey } from "../../estate/plan-types";
import {
  database,
  desired,
  instance,
  job,
  mirrored,
  observation,
  type Parts,
  primaryRow,
  steady,
  steadyPrimary,
} from "./support/estate";

const wanted = desired({ mirroring: { logShipping: true } });
const own = desired({ mirroring: { logShipping: true, by: "ALTER DATABASE" } });
const mirror = (change: Partial<InstanceObservation> = {}): InstanceObservation =>
  instance("SQL-P2", {
    databases: ["mgc", "mgccomp"].map((name) =>
      database(name, { state: "RESTORING", mirroring: mirrored("SQL-P1", "MIRROR") }),
    ),
    ...change,
  });
const registered = mirror({ logShippingPrimary: [primaryRow()], alertJob: steadyPrimary().alertJob });
const bare: Parts = { primaryMirror: mirror() };
const openKeys = (parts: Parts, want = wanted): StepKey[] =>
  openSteps(plan(steady(parts), want)).map((step) => step.key);
const findings = (parts: Parts, want = wanted): string[] => plan(steady(parts), want).findings.map((one) => one.id);
const sent = (parts: Parts, want = wanted): string[] =>
  stepOf(plan(steady(parts), want), "F8-shipping").statements.map((one) => `${one.where}: ${one.text}`);

describe("log shipping of the primary's mirror", () => {
  it("is left alone unless it is asked for, and the site names a mirror", () => {
    assert.deepEqual(openKeys(bare, desired()), []);
    assert.deepEqual(openKeys(bare), ["F8-shipping"]);
    const without = { ...wanted, pool: { ...wanted.pool, primary: { ...wanted.pool.primary, mirror: undefined } } };
    assert.deepEqual(openKeys({ primaryMirror: null }, without), []);
  });

  it("reads back as done where the mirror has the primary's half as the primary has it", () => {
    assert.deepEqual(openKeys({ primaryMirror: registered }), []);
    const seen = steady({ primaryMirror: registered });
    const section = sectionOf(seen, wanted, plan(seen, wanted), "F8-shipping");
    assert.deepEqual(section, { inputs: desiredInputs(wanted, "F8-shipping"), step: "done" });
    assert.equal((section.inputs["primary"] as { server?: string }).server, "SQL-P2");
  });

  it("registers between a failover to the mirror and one back", () => {
    const shape = sent(bare).map((text) => text.replace(/^([^:]*: ).*?(Mirror|Primary|sp_\w+|N'SQL-B1').*$/s, "$1$2"));
    assert.deepEqual(shape, [
      "Management Shell: Mirror",
      "SQL-P2: sp_add_log_shipping_primary_database",
      "SQL-P2: sp_add_log_shipping_primary_secondary",
      "SQL-P2: sp_update_job",
      "Management Shell: Primary",
    ]);
    assert.match(sent(bare)[1] ?? "", /@schedule_name = N'LSBackupSchedule_SQL-P21'/);
    assert.match(
      sent(bare)[0] ?? "",
      /Invoke-CsDatabaseFailover -PoolFqdn .* -DatabaseType 'PersistentChat' -NewPrincipal .* -Confirm:\$false/,
    );
    const [first, ...rest] = sent(bare, own);
    assert.equal(first, "SQL-P1: ALTER DATABASE [mgc] SET PARTNER FAILOVER;");
    assert.equal(rest.at(-1), "SQL-P2: ALTER DATABASE [mgc] SET PARTNER FAILOVER;");
  });

  it("moves nobody for what msdb alone can mend", () => {
    const disabled = {
      ...registered,
      logShippingPrimary: [primaryRow({ backupJob: job("LSBackup_mgc", { enabled: false }) })],
    };
    assert.deepEqual(openKeys({ primaryMirror: disabled }), ["F8-shipping"]);
    assert.equal(sent({ primaryMirror: disabled }).length, 1);
    assert.match(sent({ primaryMirror: disabled })[0] ?? "", /^SQL-P2: [^]*sp_update_job/);
    const late = { ...registered, logShippingPrimary: [primaryRow({ backupRetentionPeriod: 60 })] };
    assert.deepEqual(
      sent({ primaryMirror: late }).map((text) => /Failover|sp_change_\w+/.exec(text)?.[0]),
      ["Failover", "sp_change_log_shipping_primary_database", "Failover"],
    );
  });

  it("is begun by a person where it takes failovers, and mended by anybody where it does not", () => {
    const alone = (parts: Parts) => plan(steady(parts), { ...wanted, unattended: true }).findings;
    assert.match(alone(bare)[0]?.message ?? "", /unattended and would fail mgc over to its mirror and back \(F8\)/);
    const disabled = {
      ...registered,
      logShippingPrimary: [primaryRow({ backupJob: job("LSBackup_mgc", { enabled: false }) })],
    };
    assert.deepEqual(alone({ primaryMirror: disabled }), []);
  });

  it("is told of, and moves nobody, while the partners cannot change their roles", () => {
    for (const change of [{ state: "SYNCHRONIZING" }, { safetyLevel: "OFF" }]) {
      const primary = steadyPrimary({}, { mirroring: { ...mirrored("SQL-P2"), ...change } });
      assert.deepEqual(findings({ ...bare, primary }), ["no-failover:mgc"]);
      assert.deepEqual(findings({ primaryMirror: registered, primary }), []);
    }
  });

  it("is told of where the mirror's Agent is stopped", () => {
    const { services } = registered;
    assert.ok(services.agent !== null);
    const stopped = { ...registered, services: { ...services, agent: { ...services.agent, status: "Stopped" } } };
    assert.deepEqual(findings({ primaryMirror: stopped }), ["agent-not-running:primaryMirror"]);
    assert.deepEqual(findings({ primaryMirror: stopped }, desired()), []);
  });

  it("waits for the mirror after a failback", () => {
    const whole = plan(observation(bare), wanted);
    assert.equal(stepOf(whole, "F8-shipping").open, true);
    assert.equal(stepOf(whole, "F8-shipping").stage > stepOf(whole, "F8-chat").stage, true);
  });

  it("shows drift of the mirror's job with its own severity", () => {
    const context = contextOf(steady({ primaryMirror: registered }), wanted);
    assert.equal(severityOf(context, "F8-shipping", "primary.share"), "protection");
    assert.equal(severityOf(context, "F8-shipping", "primary.retentionMinutes"), "cosmetic");
  });
});
