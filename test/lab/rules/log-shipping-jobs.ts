/** The jobs of log shipping: what a run of each leaves behind, and what makes it fail. */
import assert from "node:assert/strict";
import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { until } from "../agent-estate";
import { JOBS, registerPrimary, type ShippingEstate } from "../log-shipping-estate";
import { FAILOVER } from "./mirroring";
import { COPY_FOLDER, mirrorInside, onPair, onShipping, SHARE, statuses, told, wrong } from "./shipping-pair";
import { cite } from "./sources";
import type { Rule } from "./support";

/** Names of mgc's log files in the folder that plays the share, in order. */
function shared(estate: ShippingEstate): readonly string[] {
  return readdirSync(estate.files.shareDirectory(SHARE))
    .filter((name) => /^mgc_\d{14}\.trn$/.test(name))
    .sort();
}

/** Names of the log files in SQL-B1's copy folder, in order. */
function copied(estate: ShippingEstate): readonly string[] {
  const { file } = estate.files.locate("SQL-B1", "DCI\\svc-agent-b1", COPY_FOLDER, "list");
  return readdirSync(file).sort();
}

/** Says something on the primary, backs its log up and copies it. */
async function ship(estate: ShippingEstate, text: string): Promise<void> {
  await estate.say(text);
  await estate.primary.succeed(JOBS.backup);
  await estate.secondary.succeed(JOBS.copy);
}

const LAST_RESTORED = "SELECT last_restored_file AS f FROM msdb.dbo.log_shipping_secondary_databases";

export const shippingJobRules: readonly Rule[] = [
  onShipping(
    {
      number: "G20",
      certainty: "documented",
      source: cite("errors31000", "shippingProgram", "addPrimary"),
      title:
        "backup job: <db>_<UTC time>.wrk, verified and renamed .trn (32029); last_backup_file; old files are deleted",
    },
    async (estate) => {
      const { primary } = estate;
      const share = estate.files.shareDirectory(SHARE);
      for (const name of ["mgc_20200101000000.trn", "mgccomp_20200101000000.trn"])
        writeFileSync(join(share, name), "old");
      const begun = primary.instance.utcTime();
      await primary.succeed(JOBS.backup);
      const [name, ...others] = shared(estate);
      assert.deepEqual(others, []);
      assert.ok(name !== undefined);
      const time = Date.parse(name.replace(/^mgc_(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)\.trn$/, "$1-$2-$3T$4:$5:$6Z"));
      assert.ok(time > begun - 1000 && time <= primary.instance.utcTime(), name);
      const work = `${SHARE}\\${name.replace(".trn", ".wrk")}`;
      const sent = estate.journal
        .filter((entry) => entry.client === "SQLAgent - sqllogship")
        .map((entry) => entry.text);
      assert.equal(sent.length, 2);
      assert.ok(sent[0]?.startsWith(`BACKUP LOG [mgc] TO DISK = N'${work}'`));
      assert.ok(sent[1]?.startsWith(`RESTORE VERIFYONLY FROM DISK = N'${work}'`));
      assert.ok(
        (await told(primary)).some((text) => /has verified log backup file '.*\.wrk' and renamed it/.test(text)),
      );
      for (const table of ["primary_databases", "monitor_primary"]) {
        const row = await primary.row(
          `SELECT last_backup_file AS f, last_backup_date AS d FROM msdb.dbo.log_shipping_${table}`,
        );
        assert.equal(row["f"], `${SHARE}\\${name}`);
        assert.notEqual(row["d"], null);
      }
      assert.ok(readdirSync(share).includes("mgccomp_20200101000000.trn"));
    },
  ),
  onPair(
    {
      number: "G21",
      certainty: "documented",
      source: cite("mirroringAndShipping"),
      title: "backup job of a mirror: it succeeds, says why in the history, and writes no file",
    },
    async (estate) => {
      const mirror = await mirrorInside(estate);
      await mirror.run(registerPrimary());
      await mirror.succeed(JOBS.backup);
      assert.ok((await told(mirror)).some((text) => /^Database mgc is not ONLINE\./.test(text)));
      assert.deepEqual(await wrong(mirror), []);
      assert.deepEqual(shared(estate), []);
    },
  ),
  onShipping(
    {
      number: "G22",
      certainty: "documented",
      source: cite("shippingProgram", "configureShipping"),
      title:
        "copy job: files behind last_copied_file, with the Agent's rights; denied: it fails with a row in error_detail",
    },
    async (estate) => {
      const { secondary, files } = estate;
      // The rights of the engine's account do not matter here.
      files.deny({ host: "*", account: "DCI\\svc-sql-b1", path: SHARE, access: "read" });
      for (const text of ["one", "two"]) await ship(estate, text);
      assert.deepEqual(copied(estate), shared(estate));
      const [first, second] = shared(estate);
      const last = "SELECT last_copied_file AS f FROM msdb.dbo.log_shipping_secondary";
      assert.deepEqual(await secondary.row(last), { f: `${COPY_FOLDER}\\${String(second)}` });
      // A file that was copied before does not come again.
      const folder = files.locate("SQL-B1", "DCI\\svc-agent-b1", COPY_FOLDER, "list").file;
      unlinkSync(join(folder, String(first)));
      await ship(estate, "three");
      assert.deepEqual(copied(estate), shared(estate).slice(1));
      files.deny({ host: "*", account: "DCI\\svc-agent-b1", path: SHARE, access: "read" });
      await estate.primary.succeed(JOBS.backup);
      assert.deepEqual(statuses(await secondary.runJob(JOBS.copy)), [0, 0]);
      assert.match((await wrong(secondary)).join("\n"), /^Access to the path '.*\.trn' is denied\.$/);
    },
  ),
  onShipping(
    {
      number: "G23",
      certainty: "documented",
      source: cite("aboutShipping", "shippingProgram"),
      title:
        "restore job: all files that fit and are older than restore_delay, in order; none fits: it succeeds and moves nothing",
    },
    async (estate) => {
      const { secondary } = estate;
      const delay = (minutes: number): string =>
        `EXEC master.dbo.sp_change_log_shipping_secondary_database @secondary_database = N'mgc', @restore_delay = ${String(minutes)}`;
      await secondary.run(delay(600));
      for (const text of ["one", "two"]) await ship(estate, text);
      await secondary.succeed(JOBS.restore);
      assert.deepEqual(await secondary.row(LAST_RESTORED), { f: null });
      await secondary.run(delay(0));
      await secondary.succeed(JOBS.restore);
      const restored = await secondary.row(LAST_RESTORED);
      assert.equal(restored["f"], `${COPY_FOLDER}\\${String(shared(estate).at(-1))}`);
      await secondary.succeed(JOBS.restore);
      assert.deepEqual(await secondary.row(LAST_RESTORED), restored);
      assert.ok(
        (await told(secondary)).some((text) => /^Could not find a log backup file that could be applied/.test(text)),
      );
      assert.deepEqual(await estate.recovered(), ["one", "two"]);
    },
  ),
  onShipping(
    {
      number: "G24",
      certainty: "assumed",
      source: "",
      title: "restore job: 4326 is skipped; 4305 looks for an older file and fails when none fits; 3241 and 4330 fail",
    },
    async (estate) => {
      const { primary, secondary, files } = estate;
      const fails = async (expected: RegExp): Promise<void> => {
        assert.deepEqual(statuses(await secondary.runJob(JOBS.restore)), [0, 0]);
        assert.match(String((await wrong(secondary)).at(-1)), expected);
      };
      for (const text of ["one", "two"]) {
        await ship(estate, text);
        await secondary.succeed(JOBS.restore);
      }
      // Registered anew, both files come again: the first one ends before the copy's position.
      await estate.register();
      await ship(estate, "three");
      await secondary.succeed(JOBS.restore);
      assert.equal((await told(secondary)).filter((text) => text.startsWith("Skipped log backup file.")).length, 1);
      // Put back to the seed, the next file is too recent, and the older ones are found.
      await secondary.run(`RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\seed.bak' WITH REPLACE, NORECOVERY`);
      await ship(estate, "four");
      await secondary.succeed(JOBS.restore);
      // A damaged file.
      await ship(estate, "five");
      const folder = files.locate("SQL-B1", "DCI\\svc-agent-b1", COPY_FOLDER, "list").file;
      const damaged = join(folder, String(copied(estate).at(-1)));
      copyFileSync(damaged, `${damaged}.good`);
      const handle = openSync(damaged, "r+");
      writeSync(handle, Buffer.from([(readFileSync(damaged)[20] ?? 0) ^ 1]), 0, 1, 20);
      closeSync(handle);
      await fails(/The media family on device '.*' is incorrectly formed\./);
      copyFileSync(`${damaged}.good`, damaged);
      await secondary.succeed(JOBS.restore);
      // Somebody else takes a log backup: the chain has a gap.
      await estate.say("six");
      await primary.run("BACKUP LOG mgc TO DISK = N'D:\\SQLData\\elsewhere.trn'");
      await ship(estate, "seven");
      await fails(/which is too recent to apply to the database\./);
      // The primary is put back: its next log is on another path, and begins on the copy's path before the copy's position.
      await primary.run(`ALTER DATABASE mgc SET SINGLE_USER WITH ROLLBACK IMMEDIATE;
        RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\seed.bak' WITH REPLACE, RECOVERY; ALTER DATABASE mgc SET MULTI_USER`);
      unlinkSync(join(folder, String(copied(estate).at(-1))));
      await ship(estate, "other path");
      await fails(/it is on a recovery path that is inconsistent with the database\./);
    },
  ),
  onShipping(
    {
      number: "G25",
      certainty: "well known",
      source: cite("errors3000"),
      title: "restore job on a secondary that was recovered by hand: it fails with 3117's text",
    },
    async (estate) => {
      await estate.secondary.run("RESTORE DATABASE mgc WITH RECOVERY");
      await ship(estate, "never arrives");
      assert.deepEqual(statuses(await estate.secondary.runJob(JOBS.restore)), [0, 0]);
      assert.match(String((await wrong(estate.secondary)).at(-1)), /no files are ready to rollforward\./);
    },
  ),
  onShipping(
    {
      number: "G26",
      certainty: "well known",
      source: "",
      title: "a new registration has copied nothing: the first copy takes every <db>_*.trn, stale ones too",
    },
    async (estate) => {
      const share = estate.files.shareDirectory(SHARE);
      for (const name of ["mgc_20200101000000.trn", "mgccomp_20200101000000.trn", "mgc_notes.trn"])
        writeFileSync(join(share, name), "stale");
      await estate.secondary.succeed(JOBS.copy);
      assert.deepEqual(copied(estate), ["mgc_20200101000000.trn"]);
    },
  ),
  onShipping(
    {
      number: "G27",
      certainty: "documented",
      source: cite("error14420", "error14421", "errors14000", "addAlertJob"),
      title:
        "alert job, every two minutes: 14420 of a late backup, 14421 of a late restore, while the alert is enabled",
    },
    async (estate) => {
      await estate.cycle();
      for (const [server, rows, column, number] of [
        [estate.primary, "monitor_primary", "last_backup_date_utc", 14420],
        [estate.secondary, "monitor_secondary", "last_restored_date_utc", 14421],
      ] as const) {
        const table = `msdb.dbo.log_shipping_${rows}`;
        await server.run(
          `UPDATE ${table} SET ${column} = DATEADD(hour, -2, GETUTCDATE()), threshold_alert_enabled = 0`,
        );
        await server.run("EXEC master.dbo.sp_add_log_shipping_alert_job");
        assert.deepEqual(
          await server.row(
            "SELECT freq_type, freq_interval, freq_subday_type, freq_subday_interval FROM msdb.dbo.sysschedules",
          ),
          { freq_type: 4, freq_interval: 1, freq_subday_type: 4, freq_subday_interval: 2 },
        );
        const job = `LSAlert_${server.instance.name}`;
        await server.succeed(job);
        const monitor = await server.row("EXEC master.dbo.sp_help_log_shipping_monitor");
        assert.deepEqual([monitor["status"], monitor["database_name"]], [1, "mgc"]);
        await server.run(`UPDATE ${table} SET threshold_alert_enabled = 1`);
        const failed = `SELECT h.message FROM msdb.dbo.sysjobhistory h JOIN msdb.dbo.sysjobs j ON j.job_id = h.job_id
          WHERE j.name = N'${job}' AND h.step_id = 1 AND h.run_status = 0`;
        // Nobody starts it: it runs by its schedule.
        const [row] = await until(
          () => server.run(failed),
          (rows) => rows.length > 0,
        );
        assert.match(String(row?.["message"]), new RegExp(`\\(Error ${String(number)}\\)`));
        assert.ok(server.instance.errorLog.entries.some((entry) => entry.number === number));
      }
    },
    600,
  ),
  onPair(
    {
      number: "G29",
      certainty: "documented",
      source: cite("mirroringAndShipping"),
      title:
        "a mirroring failover inside the site: the secondary goes on from the same share, its primary's name stays",
    },
    async (estate) => {
      const { primary, secondary } = estate;
      const mirror = await mirrorInside(estate);
      await estate.register();
      await mirror.run(registerPrimary());
      await estate.say("before");
      await estate.cycle();
      await estate.say("not yet shipped");
      await primary.run(FAILOVER);
      await mirror.run("INSERT mgc.dbo.tblChat (content) VALUES (N'after')");
      for (const server of [primary, mirror]) await server.succeed(JOBS.backup);
      assert.equal(shared(estate).length, 2);
      for (const job of [JOBS.copy, JOBS.restore]) await secondary.succeed(job);
      const name = "SELECT primary_server AS s FROM msdb.dbo.log_shipping_secondary";
      assert.deepEqual(await secondary.row(name), { s: "SQL-P1" });
      assert.deepEqual(await estate.recovered(), ["before", "not yet shipped", "after"]);
    },
  ),
];
