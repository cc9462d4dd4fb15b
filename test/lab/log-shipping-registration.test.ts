/** The procedures that register log shipping: what they write, what they refuse, and the product's own statements. */
import assert from "node:assert/strict";
import type { DesiredLogShipping } from "../../estate/desired";
import * as statements from "../../estate/statements-log-shipping";
import { COPY_FOLDER, SHARE } from "./agent-estate";
import { JOBS, ShippingEstate } from "./log-shipping-estate";

const DESIRED: DesiredLogShipping = {
  primaryServer: "SQL-P1",
  secondaryServer: "SQL-B1",
  database: "mgc",
  share: SHARE,
  backupDirectory: SHARE,
  copyFolder: COPY_FOLDER,
  jobs: JOBS,
  schedules: { backup: "LSBackupSchedule_mgc", copy: "LSCopySchedule_mgc", restore: "LSRestoreSchedule_mgc" },
  scheduleMinutes: { backup: 15, copy: 15, restore: 15 },
  retentionMinutes: 4320,
  backupThresholdMinutes: 60,
  restoreThresholdMinutes: 45,
  historyMinutes: 5760,
  restoreDelayMinutes: 0,
  compression: 2,
};

// Registration beside its job and its monitor's row: a part that is missing shows as NULL.
const PRIMARY_PAIR = `SELECT p.primary_database AS db, j.name AS job, j.enabled, m.primary_id AS monitor
FROM msdb.dbo.log_shipping_primary_databases AS p
LEFT JOIN msdb.dbo.sysjobs AS j ON j.job_id = p.backup_job_id
LEFT JOIN msdb.dbo.log_shipping_monitor_primary AS m ON m.primary_id = p.primary_id;`;
const SECONDARY_PAIR = `SELECT s.primary_server AS server, d.secondary_database AS db, jc.name AS copyJob, jc.enabled AS copyEnabled,
  jr.name AS restoreJob, m.secondary_id AS monitor
FROM msdb.dbo.log_shipping_secondary AS s
LEFT JOIN msdb.dbo.log_shipping_secondary_databases AS d ON d.secondary_id = s.secondary_id
LEFT JOIN msdb.dbo.sysjobs AS jc ON jc.job_id = s.copy_job_id
LEFT JOIN msdb.dbo.sysjobs AS jr ON jr.job_id = s.restore_job_id
LEFT JOIN msdb.dbo.log_shipping_monitor_secondary AS m ON m.secondary_id = s.secondary_id AND m.secondary_database = d.secondary_database;`;

describe("log shipping, registration", () => {
  let estate: ShippingEstate;

  beforeEach(async () => {
    estate = new ShippingEstate();
    await estate.seed();
  });

  afterEach(() => estate.dispose());

  it("takes the product's statements from the first registration to the last removal", async () => {
    const { primary, secondary } = estate;
    await primary.run(statements.addPrimary(DESIRED));
    await primary.run(statements.addPrimarySecondary(DESIRED));
    await secondary.run(statements.addSecondary(DESIRED));
    const mine = await primary.row(PRIMARY_PAIR);
    assert.deepEqual([mine["db"], mine["job"], mine["enabled"]], ["mgc", JOBS.backup, 0]);
    assert.ok(mine["monitor"] !== null);
    const theirs = await secondary.row(SECONDARY_PAIR);
    assert.deepEqual(
      [theirs["server"], theirs["db"], theirs["copyJob"], theirs["copyEnabled"], theirs["restoreJob"]],
      ["SQL-P1", "mgc", JOBS.copy, 0, JOBS.restore],
    );
    for (const [server, names] of [
      [primary, [JOBS.backup]],
      [secondary, [JOBS.copy, JOBS.restore]],
    ] as const)
      for (const name of names) await server.run(statements.enableJobByName(name));
    await estate.say("shipped");
    await estate.cycle();
    const [backup, copied, restored] = await estate.lastFiles();
    assert.deepEqual([copied, restored], [backup, backup]);

    const changed = { ...DESIRED, backupThresholdMinutes: 90, restoreThresholdMinutes: 75, retentionMinutes: 1000 };
    await primary.run(statements.changePrimary(changed));
    await secondary.run(statements.changeSecondaryPrimary(changed));
    await secondary.run(statements.changeSecondaryDatabase(changed));
    const read = await primary.row("EXEC master.dbo.sp_help_log_shipping_primary_database @database = N'mgc'");
    assert.deepEqual([read["backup_threshold"], read["backup_retention_period"]], [90, 1000]);
    const readBack = await secondary.row(
      "EXEC master.dbo.sp_help_log_shipping_secondary_database @secondary_database = N'mgc'",
    );
    assert.deepEqual([readBack["restore_threshold"], readBack["file_retention_period"]], [75, 1000]);

    const job = String(
      (await primary.row("SELECT job_id FROM msdb.dbo.sysjobs WHERE name LIKE N'LSBackup%'"))["job_id"],
    );
    await primary.run(statements.renameJob(job, "LSBackup_renamed"));
    await primary.run(statements.addSchedule(job, "second", 30));
    const id = Number(
      (await primary.row("SELECT schedule_id FROM msdb.dbo.sysschedules WHERE name = N'second'"))["schedule_id"],
    );
    await primary.run(statements.changeSchedule(id, 5));
    await primary.run(statements.enableJob(job, false));
    await primary.run(statements.startJob(job));
    await primary.run(statements.addAlertJob());

    const refused = await primary.ask(statements.deletePrimary("mgc"));
    assert.deepEqual(refused.errors, [32011, 50000]);
    await primary.run(statements.deletePrimarySecondary("mgc", "SQL-B1", "mgc"));
    await primary.agent.idle();
    await primary.run(statements.deletePrimary("mgc"));
    await secondary.run(statements.deleteSecondaryDatabase("mgc"));
    for (const server of [primary, secondary]) {
      assert.deepEqual(await server.run("SELECT name FROM msdb.dbo.sysjobs"), []);
      for (const table of [
        "primary_databases",
        "primary_secondaries",
        "secondary",
        "secondary_databases",
        "monitor_alert",
      ])
        assert.deepEqual(await server.run(`SELECT * FROM msdb.dbo.log_shipping_${table}`), [], table);
    }
    const state = await secondary.row("SELECT state_desc FROM sys.databases WHERE name = N'mgc'");
    assert.equal(state["state_desc"], "RESTORING");
  });

  it("replaces a registration with @overwrite and leaves one job of each name", async () => {
    await estate.register();
    await estate.register();
    assert.deepEqual(await estate.primary.run("SELECT name FROM msdb.dbo.sysjobs"), [{ name: JOBS.backup }]);
    assert.equal((await estate.secondary.run("SELECT name FROM msdb.dbo.sysjobs")).length, 2);
    assert.equal((await estate.secondary.run(SECONDARY_PAIR)).length, 1);
  });
});
