/** Log shipping of a small database from SQL-P1 to SQL-B1 while the end may come at any moment. */
import assert from "node:assert/strict";
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { jobsOf, registerPrimary, registerSecondary } from "../lab/log-shipping-estate";
import { isWhole } from "./checks";
import type { Expected } from "./expected";
import { type InstanceName, SHARE } from "./victim-protocol";
import type { Victim } from "./victim-process";

const DATABASE = "news";
const JOBS = jobsOf(DATABASE);
const STANDBY = "STANDBY = N'D:\\SQLData\\news.tuf'";
const JOB_ENDS_WITHIN_MS = 15_000;
const POLL_MS = 10;

export class Shipping {
  constructor(
    private readonly victim: Victim,
    private readonly expected: Expected,
    /** Folder that plays the share. */
    private readonly share: string,
  ) {}

  /** One more row, and a whole cycle: afterwards the secondary has all rows that were told. */
  async ship(): Promise<void> {
    const { victim, expected } = this;
    if (!expected.ships) await this.#register();
    await this.#finishNames();
    const text = `news ${String(expected.news.length + 1)}`;
    await victim.run(
      "SQL-P1",
      `IF NOT EXISTS (SELECT * FROM news.dbo.news WHERE content = N'${text}') INSERT news.dbo.news VALUES (N'${text}')`,
    );
    expected.news.push(text);
    await this.#job("SQL-P1", JOBS.backup);
    await this.#job("SQL-B1", JOBS.copy);
    await this.#job("SQL-B1", JOBS.restore);
    const rows = await victim.run("SQL-B1", "SELECT content FROM news.dbo.news ORDER BY content");
    const found = rows.map((row) => row["content"]);
    assert.deepEqual(found, [...expected.news].sort(), "the secondary's rows");
  }

  /** What was registered is registered still. */
  async check(): Promise<void> {
    if (!this.expected.ships) return;
    for (const [instance, table, jobs] of [
      ["SQL-P1", "log_shipping_primary_databases", "1"],
      ["SQL-B1", "log_shipping_secondary_databases", "2"],
    ] as const) {
      const [row] = await this.victim.run(
        instance,
        `SELECT (SELECT COUNT(*) FROM msdb.dbo.${table}) AS databases,
  (SELECT COUNT(*) FROM msdb.dbo.sysjobs WHERE name LIKE N'LS%news') AS jobs`,
      );
      assert.deepEqual({ ...row }, { databases: "1", jobs }, `log shipping on ${instance}`);
    }
  }

  async #register(): Promise<void> {
    const { victim } = this;
    const seed = `${SHARE}\\news.bak`;
    await victim.run(
      "SQL-P1",
      "IF DB_ID(N'news') IS NULL CREATE DATABASE news; ALTER DATABASE news SET RECOVERY FULL;",
    );
    await victim.run(
      "SQL-P1",
      `USE news; IF OBJECT_ID(N'dbo.news') IS NULL CREATE TABLE dbo.news (content nvarchar(100) NOT NULL); USE master;
BACKUP DATABASE news TO DISK = N'${seed}' WITH FORMAT`,
    );
    await victim.run("SQL-B1", `RESTORE DATABASE news FROM DISK = N'${seed}' WITH REPLACE, ${STANDBY}`);
    await victim.run("SQL-P1", registerPrimary(DATABASE));
    await victim.run("SQL-B1", registerSecondary(", @restore_mode = 1, @disconnect_users = 1", DATABASE));
    this.expected.ships = true;
  }

  /** A set that was whole when the end came before its file had its name: the operator gives it the name. */
  async #finishNames(): Promise<void> {
    for (const name of readdirSync(this.share).filter((one) => /^news_\d{14}\.wrk$/.test(one))) {
      if (!(await isWhole(this.victim, `${SHARE}\\${name}`))) continue;
      renameSync(join(this.share, name), join(this.share, name.replace(/\.wrk$/, ".trn")));
    }
  }

  async #job(instance: InstanceName, name: string): Promise<void> {
    const { victim } = this;
    const [before] = await victim.run(instance, "SELECT ISNULL(MAX(instance_id), 0) AS id FROM msdb.dbo.sysjobhistory");
    await victim.run(instance, `EXEC msdb.dbo.sp_start_job @job_name = N'${name}'`);
    const deadline = Date.now() + JOB_ENDS_WITHIN_MS;
    for (;;) {
      const rows = await victim.run(
        instance,
        `SELECT h.step_id, h.run_status, h.message FROM msdb.dbo.sysjobhistory h JOIN msdb.dbo.sysjobs j ON j.job_id = h.job_id
WHERE j.name = N'${name}' AND h.instance_id > ${String(before?.["id"])} ORDER BY h.instance_id`,
      );
      const outcome = rows.find((row) => row["step_id"] === "0");
      if (outcome !== undefined) {
        assert.equal(outcome["run_status"], "1", `${name}: ${rows.map((row) => row["message"]).join("\n")}`);
        return;
      }
      assert.ok(Date.now() < deadline, `${name} does not end`);
      await delay(POLL_MS);
    }
  }
}
