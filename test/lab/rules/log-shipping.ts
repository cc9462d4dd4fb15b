/** The procedures of log shipping: what they write, and what they refuse. */
import assert from "node:assert/strict";
import { AgentEstate } from "../agent-estate";
import { JOBS, registerPrimary, registerSecondary } from "../log-shipping-estate";
import { COPY_FOLDER, type Described, onPair, onShipping, refused, SHARE } from "./shipping-pair";
import { cite, type sources } from "./sources";
import type { NotHeld, Rule } from "./support";

const EXEC = "EXEC master.dbo.";
const PRIMARY = `@database = N'mgc', @backup_directory = N'${SHARE}', @backup_share = N'${SHARE}', @backup_job_name = N'${JOBS.backup}'`;
const PAIR = "@primary_server = N'SQL-P1', @primary_database = N'mgc'";
const SECONDARY = `${PAIR}, @backup_source_directory = N'${SHARE}', @backup_destination_directory = N'${COPY_FOLDER}', @copy_job_name = N'${JOBS.copy}', @restore_job_name = N'${JOBS.restore}'`;
const THIRD = "@primary_database = N'mgc', @secondary_server = N'SQL-B1', @secondary_database = N'mgc'";

const addPrimary = (parameters = PRIMARY): string => `${EXEC}sp_add_log_shipping_primary_database ${parameters}`;
const addSecondary = (parameters = SECONDARY): string => `${EXEC}sp_add_log_shipping_secondary_primary ${parameters}`;
const addDatabase = `${EXEC}sp_add_log_shipping_secondary_database @secondary_database = N'mgc', ${PAIR}`;

const documented = (number: string, title: string, ...documents: readonly (keyof typeof sources)[]): Described => ({
  number,
  certainty: "documented",
  source: cite(...documents),
  title,
});
const assumed = (number: string, title: string, ...documents: readonly (keyof typeof sources)[]): Described => ({
  ...documented(number, title, ...documents),
  certainty: "assumed",
});

export const shippingRules: readonly Rule[] = [
  onPair(
    assumed("G1", "a caller who is no member of sysadmin, also with CONTROL SERVER: 21089", "configureShipping"),
    async ({ primary }) => {
      await primary.run("CREATE LOGIN almost WITH PASSWORD = 'Pa55word!x'; GRANT CONTROL SERVER TO almost;");
      const only = /^Only members of the sysadmin fixed server role can perform this operation\.$/;
      for (const call of [addPrimary(), addSecondary(), `${EXEC}sp_help_log_shipping_monitor`])
        await refused(primary, call, [[21089, 16, only]], "almost");
    },
  ),
  onPair(
    assumed(
      "G2",
      "called by its short name outside of master: 5001, return code 1; by its full name it runs",
      "addPrimary",
    ),
    async ({ primary }) => {
      const call = "DECLARE @rc int; EXEC @rc = sp_add_log_shipping_alert_job; SELECT @rc AS rc;";
      await refused(primary, `USE msdb; ${call}`, [[5001, 16, /^User must be in the master database\.$/]]);
      const answer = await primary.ask(`USE msdb; ${call}`);
      assert.deepEqual(answer.sets.at(-1), [{ rc: 1 }]);
      await primary.run(`USE msdb; ${call.replace("sp_add", "master.dbo.sp_add")}`);
    },
  ),
  onPair(
    documented(
      "G3",
      "sp_add_log_shipping_primary_database: its rows, a disabled job with one CmdExec step, both ids, 0",
      "addPrimary",
      "shippingProgram",
    ),
    async ({ primary }) => {
      const made = await primary.row(`DECLARE @rc int, @job uniqueidentifier, @id uniqueidentifier;
        ${addPrimary(`${PRIMARY}, @backup_job_id = @job OUTPUT, @primary_id = @id OUTPUT`).replace("EXEC ", "EXEC @rc = ")};
        SELECT @rc AS rc, @job AS job, @id AS id`);
      assert.equal(made["rc"], 0);
      const row = await primary.row(`SELECT p.primary_id, p.backup_job_id, m.primary_database, j.enabled
        FROM msdb.dbo.log_shipping_primary_databases p JOIN msdb.dbo.log_shipping_monitor_primary m ON m.primary_id = p.primary_id
        JOIN msdb.dbo.sysjobs j ON j.job_id = p.backup_job_id`);
      assert.deepEqual(row, {
        primary_id: made["id"],
        backup_job_id: made["job"],
        primary_database: "mgc",
        enabled: 0,
      });
      const steps = await primary.run("SELECT subsystem, command FROM msdb.dbo.sysjobsteps");
      assert.deepEqual(
        steps.map((step) => step["subsystem"]),
        ["CmdExec"],
      );
      const command = new RegExp(`\\\\sqllogship\\.exe" -Backup ${String(made["id"])} -server SQL-P1$`);
      assert.match(String(steps[0]?.["command"]), command);
    },
  ),
  onShipping(
    documented("G4", "an entry is there: 32009; no such database: 15010", "errors31000", "errors15000"),
    async ({ primary }) => {
      const there = /^A log shipping primary entry already exists for database mgc\.$/;
      await refused(primary, addPrimary(), [[32009, 16, there]]);
      const none = /^The database 'none' does not exist\. Supply a valid database name\./;
      await refused(primary, addPrimary(PRIMARY.replace("N'mgc'", "N'none'")), [[15010, 16, none]]);
    },
  ),
  onPair(documented("G5", "recovery model SIMPLE: 32015", "errors31000"), async ({ primary }) => {
    await primary.run("ALTER DATABASE mgc SET RECOVERY SIMPLE");
    const simple = /^The primary database mgc cannot have SIMPLE recovery for log shipping to work properly\.$/;
    await refused(primary, addPrimary(), [[32015, 16, simple]]);
  }),
  onPair(
    documented("G6", "the database is not ONLINE: the notice 32008, and the entry is made", "errors31000"),
    async ({ secondary }) => {
      const { errors, messages } = await secondary.ask(addPrimary());
      assert.deepEqual(errors, []);
      const notice = messages.find((message) => message.number === 32008);
      assert.match(String(notice?.text), /^Database mgc is not ONLINE\. The backup job will not be performed until/);
      assert.equal((await secondary.run("SELECT * FROM msdb.dbo.log_shipping_primary_databases")).length, 1);
    },
  ),
  {
    ...documented("G7", "an edition without log shipping, Express: 32017", "errors31000"),
    run: async () => {
      const estate = new AgentEstate();
      try {
        const express = await estate.start("SQL-P1", { edition: "Express" });
        await express.run("CREATE DATABASE mgc");
        const edition = /This instance has Express Edition \(64-bit\) and is not supported\.$/;
        await refused(express, addPrimary(), [[32017, 16, edition]]);
      } finally {
        await estate.dispose();
      }
    },
  },
  onPair(
    documented("G8", "a required parameter is NULL: 32052; it is missing: 201", "errors31000", "errors0"),
    async ({ primary }) => {
      const empty = /^Parameter '@backup_job_name' cannot be null or empty\./;
      await refused(primary, addPrimary(PRIMARY.replace(`N'${JOBS.backup}'`, "NULL")), [[32052, 16, empty]]);
      const missing = /expects parameter '@backup_job_name', which was not supplied\.$/;
      await refused(primary, addPrimary(PRIMARY.replace(/, @backup_job_name.*$/, "")), [[201, 16, missing]]);
    },
  ),
  onPair(
    documented("G10", "@threshold_alert is neither 14420 nor 14421: 32028", "errors31000"),
    async ({ primary }) => {
      const alert = /^Invalid value = 14422 for parameter @threshold_alert was specified\.$/;
      await refused(primary, addPrimary(`${PRIMARY}, @threshold_alert = 14422`), [[32028, 16, alert]]);
    },
  ),
  onPair(
    documented("G11", "a job of that name that is none of log shipping's: 32022, and no entry", "errors31000"),
    async ({ primary }) => {
      await primary.run(`EXEC msdb.dbo.sp_add_job @job_name = N'${JOBS.backup}'`);
      const taken = /^Cannot add a log shipping job with name LSBackup_mgc\. A job with same name already exists/;
      await refused(primary, addPrimary(), [[32022, 16, taken]]);
      assert.deepEqual(await primary.run("SELECT * FROM msdb.dbo.log_shipping_primary_databases"), []);
    },
  ),
  onPair(
    documented("G12", "a secondary of no primary: 32010; the same secondary twice: 32012", "errors31000"),
    async ({ primary }) => {
      const add = `${EXEC}sp_add_log_shipping_primary_secondary ${THIRD}`;
      const absent = /^Database mgc does not exist as log shipping primary\.$/;
      await refused(primary, add, [[32010, 16, absent]]);
      await primary.run(`${addPrimary()}; ${add}`);
      await refused(primary, add, [[32012, 16, /^Secondary SQL-B1\.mgc already exists for primary mgc\.$/]]);
    },
  ),
  onPair(
    documented(
      "G13",
      "sp_add_log_shipping_secondary_primary: two disabled jobs and three ids; once more: 32024",
      "addSecondaryPrimary",
      "errors31000",
    ),
    async ({ secondary }) => {
      const ids = "@copy_job_id = @copy OUTPUT, @restore_job_id = @restore OUTPUT, @secondary_id = @id OUTPUT";
      const made = await secondary.row(`DECLARE @copy uniqueidentifier, @restore uniqueidentifier, @id uniqueidentifier;
        ${addSecondary(`${SECONDARY}, ${ids}`)}; SELECT @copy AS copy_job_id, @restore AS restore_job_id, @id AS secondary_id`);
      const row = "SELECT copy_job_id, restore_job_id, secondary_id FROM msdb.dbo.log_shipping_secondary";
      assert.deepEqual(await secondary.row(row), made);
      assert.deepEqual(await secondary.run("SELECT name, enabled FROM msdb.dbo.sysjobs ORDER BY name"), [
        { name: JOBS.copy, enabled: 0 },
        { name: JOBS.restore, enabled: 0 },
      ]);
      const there = /^An entry for primary server SQL-P1, primary database mgc already exists\.$/;
      await refused(secondary, addSecondary(), [[32024, 16, there]]);
    },
  ),
  onPair(
    documented("G14", "a secondary database before its primary: 32023; twice: 32013", "errors31000"),
    async ({ secondary }) => {
      const first =
        /^An entry for primary server SQL-P1, primary database mgc does not exist on this secondary\. Register the primary first\.$/;
      await refused(secondary, addDatabase, [[32023, 16, first]]);
      await secondary.run(`${addSecondary()}; ${addDatabase}`);
      const there = /^A log shipping entry already exists for secondary database mgc\.$/;
      await refused(secondary, addDatabase, [[32013, 16, there]]);
    },
  ),
  onPair(
    documented("G15", "a primary with secondaries is not deleted: 32011; none there: 32010", "errors31000"),
    async ({ primary }) => {
      const remove = `${EXEC}sp_delete_log_shipping_primary_database @database = N'mgc'`;
      await refused(primary, remove, [[32010, 16]]);
      await primary.run(registerPrimary());
      const active = /^Primary Database mgc has active log shipping secondary database\(s\)\./;
      await refused(primary, remove, [[32011, 16, active]]);
      await primary.run(`${EXEC}sp_delete_log_shipping_primary_secondary ${THIRD}; ${remove}`);
      assert.deepEqual(await primary.run("SELECT name FROM msdb.dbo.sysjobs"), []);
    },
  ),
  onPair(
    documented(
      "G16",
      "the last secondary database takes entry and jobs along and stays RESTORING; none there: 32014",
      "deleteSecondaryDatabase",
      "errors31000",
    ),
    async ({ secondary }) => {
      const remove = `${EXEC}sp_delete_log_shipping_secondary_database @secondary_database = N'mgc'`;
      const absent = /^Database mgc does not exist as log shipping secondary\.$/;
      await refused(secondary, remove, [[32014, 16, absent]]);
      await secondary.run(registerSecondary());
      await secondary.run(remove);
      for (const table of ["log_shipping_secondary", "log_shipping_monitor_secondary", "sysjobs"])
        assert.deepEqual(await secondary.run(`SELECT * FROM msdb.dbo.${table}`), [], table);
      const state = await secondary.row("SELECT state_desc FROM sys.databases WHERE name = N'mgc'");
      assert.deepEqual(state, { state_desc: "RESTORING" });
    },
  ),
  onShipping(
    documented("G17", "a primary's entry on the secondary that has databases is not deleted: 32025", "errors31000"),
    async ({ secondary }) => {
      const active =
        /^Primary Server SQL-P1, Database mgc has active log shipping secondary database\(s\) on the secondary\./;
      await refused(secondary, `${EXEC}sp_delete_log_shipping_secondary_primary ${PAIR}`, [[32025, 16, active]]);
    },
  ),
  onPair(
    documented(
      "G18",
      "a change of what is not there: 32010, 32014; of what is there: only the given columns change",
      "changePrimary",
      "errors31000",
    ),
    async ({ primary, secondary }) => {
      const change = `${EXEC}sp_change_log_shipping_primary_database @database = N'mgc', @backup_threshold = 90`;
      const changeDatabase = `${EXEC}sp_change_log_shipping_secondary_database @secondary_database = N'mgc', @restore_delay = 5`;
      await refused(primary, change, [[32010, 16]]);
      await refused(secondary, changeDatabase, [[32014, 16]]);
      await primary.run(registerPrimary());
      await secondary.run(registerSecondary());
      for (const [server, statement, tables, changed] of [
        [primary, change, ["primary_databases", "monitor_primary"], { backup_threshold: 90 }],
        [secondary, changeDatabase, ["secondary_databases", "monitor_secondary"], { restore_delay: 5 }],
      ] as const) {
        const read = async (): Promise<object> =>
          Object.assign(
            {},
            ...(await Promise.all(tables.map((one) => server.row(`SELECT * FROM msdb.dbo.log_shipping_${one}`)))),
          ) as object;
        const before = await read();
        await server.run(statement);
        assert.deepEqual(await read(), { ...before, ...changed });
      }
    },
  ),
  onShipping(
    documented("G19", "an id and a type of agent that do not belong together: 32016", "errors31000"),
    async ({ primary }) => {
      const { id } = await primary.row("SELECT primary_id AS id FROM msdb.dbo.log_shipping_primary_databases");
      const refresh = (type: number): string =>
        `${EXEC}sp_refresh_log_shipping_monitor @agent_id = '${String(id)}', @agent_type = ${String(type)}, @mode = 1`;
      await primary.run(refresh(0));
      const pair = new RegExp(`^The specified agent_id ${String(id)} or agent_type 1 do not form a valid pair`);
      await refused(primary, refresh(1), [[32016, 16, pair]]);
    },
  ),
  onPair(documented("G28", "sp_add_log_shipping_alert_job twice: one job", "addAlertJob"), async ({ primary }) => {
    const add = `DECLARE @job uniqueidentifier; ${EXEC}sp_add_log_shipping_alert_job @job OUTPUT; SELECT @job AS job`;
    assert.deepEqual(await primary.row(add), await primary.row(add));
    assert.deepEqual(await primary.run("SELECT name, enabled FROM msdb.dbo.sysjobs"), [
      { name: "LSAlert_SQL-P1", enabled: 1 },
    ]);
  }),
  onPair(
    documented(
      "G30",
      "a schedule's name given twice: two schedules, which cannot be attached by name: 14371",
      "errors14000",
    ),
    async ({ primary }) => {
      await primary.run(registerPrimary());
      const add = `EXEC msdb.dbo.sp_add_schedule @schedule_name = N'LSBackupSchedule_mgc', @freq_type = 4, @freq_interval = 1;`;
      await primary.run(`${add} ${add}`);
      const attach = `EXEC msdb.dbo.sp_attach_schedule @job_name = N'${JOBS.backup}', @schedule_name = N'LSBackupSchedule_mgc'`;
      await refused(primary, attach, [[14371, 16, /^There are two or more schedules named "LSBackupSchedule_mgc"\./]]);
      assert.deepEqual(await primary.run("SELECT schedule_id FROM msdb.dbo.sysjobschedules"), []);
    },
  ),
];

export const shippingNotHeld: readonly NotHeld[] = [
  { number: "G9", reason: "@@SERVERNAME is never NULL: the lab has no sp_dropserver (32053)." },
];
