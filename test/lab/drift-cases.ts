/**
 * Every property of every resource of the stack `primary`: how somebody changes it behind the product's back, what drift
 * names, and who mends it. Data for drift-table.test.ts.
 */
import type { DriftRow } from "../../estate/drift/drift-types";
import type { Fault } from "../../lab/control-commands";
import type { Deed } from "./drift-estate";

/** What a drift report must say of a change, without what moves by itself. */
export type ExpectedRow = Pick<DriftRow, "step" | "property" | "observed" | "severity"> & {
  /** Given where the property is none of the resource's inputs. */
  readonly desired?: DriftRow["desired"];
  /** The observed value is the beginning of the text: an age follows. */
  readonly begins?: true;
};

/** One thing that goes otherwise at night. */
export interface DriftCase {
  readonly what: string;
  /** Inputs that it is about, as `F5 primary.share`; a half that is gone is about all of its members. */
  readonly about: readonly string[];
  readonly deeds: readonly Deed[];
  readonly rows: readonly ExpectedRow[];
  /** What an unattended `up` changes, in its order, by the lab's journal; null where nothing of ours mends it. */
  readonly up: readonly string[] | null;
  /** Given where an unattended `up` refuses: its words, and what an attended one changes (null: it refuses too). */
  readonly refused?: { readonly says: RegExp; readonly attended: readonly string[] | null };
  /** What a person does where nothing of ours mends it. */
  readonly byHand?: readonly Deed[];
  /** What an unattended `up` changes once a person has done that. */
  readonly then?: readonly string[];
  /** What a person clears away afterwards, because nothing of ours removes it. */
  readonly tidy?: readonly Deed[];
}

const P = "SQL-P1";
const B = "SQL-B1";
const on = (name: typeof P | typeof B | "SQL-B2", sql: string): Deed => ({ on: name, sql });
/** A mirror made anew by ALTER DATABASE, over the RESTORING copy that the old session left. */
const madeMirror = [
  `${P}: BACKUP DATABASE`,
  "SQL-P2: RESTORE DATABASE",
  `${P}: BACKUP LOG`,
  "SQL-P2: RESTORE LOG",
  "SQL-P2: ALTER DATABASE",
  `${P}: ALTER DATABASE`,
];
/** Log shipping's backup job rests meanwhile: its next log backup would be a link that the mirror lacks. */
const restingJob = [`${P}: EXEC sp_update_job`];
const fault = (action: "agent-stop" | "agent-start", instance: string): Deed => ({
  fault: { action, instance } satisfies Fault,
});
const row = (
  step: ExpectedRow["step"],
  property: string,
  observed: ExpectedRow["observed"],
  severity: ExpectedRow["severity"],
): ExpectedRow => ({ step, property, observed, severity });

/** A parameter of one of the three sp_change procedures, set to something else. */
function parameter(
  part: "primary" | "secondary",
  procedure: "primary_database" | "secondary_primary" | "secondary_database",
  name: string,
  value: string | number,
  property: string,
  severity: "cosmetic" | "protection",
  observed: ExpectedRow["observed"] = value,
): DriftCase {
  const which = {
    primary_database: "@database = N'mgc'",
    secondary_primary: "@primary_server = N'SQL-P1', @primary_database = N'mgc'",
    secondary_database: "@secondary_database = N'mgc'",
  }[procedure];
  const server = part === "primary" ? P : B;
  const written = typeof value === "string" ? `N'${value}'` : String(value);
  return {
    what: `${part}.${property} is changed`,
    about: [`F5 ${part}.${property}`],
    deeds: [on(server, `EXEC master.dbo.sp_change_log_shipping_${procedure} ${which}, @${name} = ${written};`)],
    rows: [row("F5", `${part}.${property}`, observed, severity)],
    up: [`${server}: EXEC sp_change_log_shipping_${procedure}`],
  };
}

/** What happens to a job; with a name for its schedule, everything that can happen to that. */
function jobCases(property: string, server: typeof P | typeof B, name: string, schedule?: string): DriftCase[] {
  const about = (last: string): string => `F5 ${property}.${last}`;
  const update = [`${server}: EXEC sp_update_job`];
  const changed = [`${server}: EXEC sp_update_schedule`];
  const scheduleId =
    `DECLARE @id int; SELECT @id = js.schedule_id FROM msdb.dbo.sysjobschedules AS js ` +
    `JOIN msdb.dbo.sysjobs AS j ON j.job_id = js.job_id WHERE j.name = N'${name}';`;
  const schedules = (
    what: string,
    sql: string,
    observed: readonly string[],
    severity: "cosmetic" | "protection",
    up = changed,
    tidy: readonly Deed[] = [],
  ): DriftCase => ({
    what: `the schedule of ${name} ${what}`,
    about: [about("schedules")],
    deeds: [on(server, `${scheduleId} ${sql}`)],
    rows: [row("F5", `${property}.schedules`, observed, severity)],
    up,
    tidy,
  });
  const update15 = "EXEC msdb.dbo.sp_update_schedule @schedule_id = @id,";
  const every15 = "every 15 minutes";
  const cases = [
    {
      what: `${name} is disabled`,
      about: [about("enabled")],
      deeds: [on(server, `EXEC msdb.dbo.sp_update_job @job_name = N'${name}', @enabled = 0;`)],
      rows: [row("F5", `${property}.enabled`, false, "protection")],
      up: update,
    },
    {
      what: `${name} is renamed`,
      about: [about("name")],
      deeds: [on(server, `EXEC msdb.dbo.sp_update_job @job_name = N'${name}', @new_name = N'Old ${name}';`)],
      rows: [row("F5", `${property}.name`, `Old ${name}`, "cosmetic")],
      up: update,
    },
    schedules("runs every hour", `${update15} @freq_subday_interval = 60;`, ["every 60 minutes"], "cosmetic"),
  ];
  if (schedule === undefined) return cases;
  return [
    ...cases,
    schedules(
      "runs by day only",
      `${update15} @active_start_time = 80000, @active_end_time = 180000;`,
      [`${every15}, from 08:00:00 to 18:00:00`],
      "cosmetic",
    ),
    schedules("is disabled", `${update15} @enabled = 0;`, [`${every15}, disabled`], "protection"),
    schedules(
      "has ended",
      `${update15} @active_start_date = 20120101, @active_end_date = 20130101;`,
      [`${every15}, until 2013-01-01`],
      "protection",
    ),
    schedules(
      "begins in years",
      `${update15} @active_start_date = 20990101;`,
      [`${every15}, not before 2099-01-01`],
      "protection",
    ),
    schedules(
      "is taken off it",
      `EXEC msdb.dbo.sp_detach_schedule @job_name = N'${name}', @schedule_id = @id;`,
      [],
      "protection",
      [`${server}: EXEC sp_add_schedule`, `${server}: EXEC sp_attach_schedule`],
    ),
    schedules(
      "is there twice, under one name",
      `EXEC msdb.dbo.sp_add_schedule @schedule_name = N'${schedule}', @freq_type = 4, @freq_interval = 1, @freq_subday_type = 4,
        @freq_subday_interval = 15, @active_start_time = 0, @active_end_time = 235900, @schedule_id = @id OUTPUT;
      EXEC msdb.dbo.sp_attach_schedule @job_name = N'${name}', @schedule_id = @id;`,
      [every15, every15],
      "cosmetic",
      [`${server}: EXEC sp_detach_schedule`],
    ),
    schedules(
      "is replaced by one that another job uses too",
      `EXEC msdb.dbo.sp_detach_schedule @job_name = N'${name}', @schedule_id = @id;
      EXEC msdb.dbo.sp_add_schedule @schedule_name = N'Nightly', @freq_type = 4, @freq_interval = 1, @freq_subday_type = 1,
        @active_start_time = 30000, @schedule_id = @id OUTPUT;
      EXEC msdb.dbo.sp_add_job @job_name = N'Night work';
      EXEC msdb.dbo.sp_attach_schedule @job_name = N'Night work', @schedule_id = @id;
      EXEC msdb.dbo.sp_attach_schedule @job_name = N'${name}', @schedule_id = @id;`,
      ["freq_type 4, freq_interval 1, freq_subday_type 1, freq_subday_interval 0, from 03:00:00 to 23:59:59"],
      "cosmetic",
      [`${server}: EXEC sp_add_schedule`, `${server}: EXEC sp_attach_schedule`, `${server}: EXEC sp_detach_schedule`],
      [on(server, "EXEC msdb.dbo.sp_delete_job @job_name = N'Night work';")],
    ),
  ];
}

function alertJobCases(part: "primary" | "secondary", server: typeof P | typeof B): DriftCase[] {
  const name = "DECLARE @job uniqueidentifier; SELECT @job = alert_job_id FROM msdb.dbo.log_shipping_monitor_alert;";
  const one = (what: string, sql: string, observed: string, up: string): DriftCase => ({
    what: `the alert job of ${server} is ${what}`,
    about: [`F5 ${part}.alertJob`],
    deeds: [on(server, `${name} ${sql}`)],
    rows: [row("F5", `${part}.alertJob`, observed, "protection")],
    up: [`${server}: ${up}`],
  });
  return [
    one("disabled", "EXEC msdb.dbo.sp_update_job @job_id = @job, @enabled = 0;", "disabled", "EXEC sp_update_job"),
    one("deleted", "EXEC msdb.dbo.sp_delete_job @job_id = @job;", "missing", "EXEC sp_add_log_shipping_alert_job"),
  ];
}

const late = (
  part: "primary" | "secondary",
  table: string,
  column: string,
  property: string,
  threshold: number,
): DriftCase => {
  const server = part === "primary" ? P : B;
  return {
    what: `${property} is late`,
    about: [],
    deeds: [on(server, `UPDATE msdb.dbo.${table} SET ${column} = DATEADD(minute, -180, GETUTCDATE());`)],
    rows: [
      {
        ...row("F5", property, "180 minutes old (mgc_", "protection"),
        desired: `at most ${String(threshold)} minutes old`,
        begins: true,
      },
    ],
    up: cycle,
  };
};

/** Each folder is written and read as the engines, then as the Agents, before a part is registered. */
const oneOffJob = (name: typeof P | typeof B): readonly string[] =>
  ["add_job", "add_jobstep", "add_jobserver", "start_job", "delete_job"].map((verb) => `${name}: EXEC sp_${verb}`);
const probes = [...oneOffJob(B), ...oneOffJob(P)];
const cycle = [`${P}: EXEC sp_start_job`, `${B}: EXEC sp_start_job`, `${B}: EXEC sp_start_job`];

/** What it takes to make one half of a registration anew, and to prove it by a cycle. */
const anew = (removed: readonly string[], added: readonly string[]): readonly string[] => [
  ...[B, P].map((name) => `${name}: BACKUP DATABASE`),
  ...probes,
  ...removed,
  ...added,
  ...cycle,
];
const primaryRemoved = [
  `${P}: EXEC sp_delete_log_shipping_primary_secondary`,
  `${P}: EXEC sp_delete_log_shipping_primary_database`,
];
const primaryAdded = [
  `${P}: EXEC sp_add_log_shipping_primary_database`,
  `${P}: EXEC sp_add_schedule`,
  `${P}: EXEC sp_attach_schedule`,
  `${P}: EXEC sp_add_log_shipping_alert_job`,
  `${P}: EXEC sp_add_log_shipping_primary_secondary`,
  `${P}: EXEC sp_update_job`,
];
/** Log files of the old fork are moved out of the way before a seed. */
const oldFilesMoved = [...oneOffJob(P), ...oneOffJob(B)];
const secondaryRemoved = [`${B}: EXEC sp_delete_log_shipping_secondary_database`];
const secondaryAdded = [
  `${B}: EXEC sp_add_log_shipping_secondary_primary`,
  `${B}: EXEC sp_add_schedule`,
  `${B}: EXEC sp_attach_schedule`,
  `${B}: EXEC sp_add_schedule`,
  `${B}: EXEC sp_attach_schedule`,
  `${B}: EXEC sp_add_log_shipping_secondary_database`,
  `${B}: EXEC sp_add_log_shipping_alert_job`,
  `${B}: EXEC sp_update_job`,
  `${B}: EXEC sp_update_job`,
];

const someId = "11111111-2222-3333-4444-555555555555";

/** Half a registration goes, or a leftover of one appears (dbatools issues 8058, 8394 and 8670 are of this kind). */
const pairCases: readonly DriftCase[] = [
  {
    what: "the backup job is deleted",
    about: ["F5 primary.server", "F5 primary.database"],
    deeds: [on(P, "EXEC msdb.dbo.sp_delete_job @job_name = N'LSBackup_mgc';")],
    rows: [{ ...row("F5", "primary", "the backup job is gone", "protection"), desired: "registered" }],
    up: anew(primaryRemoved, primaryAdded),
  },
  {
    what: "the monitor loses its row of the primary",
    about: ["F5 primary.server"],
    deeds: [on(P, "DELETE FROM msdb.dbo.log_shipping_monitor_primary;")],
    rows: [{ ...row("F5", "primary", "the monitor has no row of it", "protection"), desired: "registered" }],
    up: anew(primaryRemoved, primaryAdded),
  },
  {
    what: "the monitor loses its row of the secondary",
    about: ["F5 secondary.server"],
    deeds: [on(B, "DELETE FROM msdb.dbo.log_shipping_monitor_secondary;")],
    rows: [{ ...row("F5", "secondary", "the monitor has no row of it", "protection"), desired: "registered" }],
    up: anew(secondaryRemoved, secondaryAdded),
  },
  {
    what: "the copy job ships for an id that nobody knows",
    about: ["F5 secondary.server"],
    deeds: [
      on(
        B,
        `EXEC msdb.dbo.sp_update_jobstep @job_name = N'LSCopy_SQL-P1_mgc', @step_id = 1, @command = N'sqllogship.exe -Copy ${someId} -server SQL-B1';`,
      ),
    ],
    rows: [
      {
        ...row("F5", "secondary", "the copy job runs for another registration", "protection"),
        desired: "registered",
      },
    ],
    up: anew(secondaryRemoved, secondaryAdded),
  },
  {
    what: "the primary is unregistered",
    about: ["F5 primary.server", "F5 primary.database"],
    deeds: [
      on(
        P,
        `EXEC master.dbo.sp_delete_log_shipping_primary_secondary @primary_database = N'mgc', @secondary_server = N'SQL-B1', @secondary_database = N'mgc';
        EXEC master.dbo.sp_delete_log_shipping_primary_database @database = N'mgc';`,
      ),
    ],
    rows: [{ ...row("F5", "primary", "not registered", "protection"), desired: "registered" }],
    up: anew([], primaryAdded),
  },
  {
    what: "the secondary is unregistered",
    about: ["F5 secondary.server", "F5 secondary.database"],
    deeds: [on(B, "EXEC master.dbo.sp_delete_log_shipping_secondary_database @secondary_database = N'mgc';")],
    rows: [{ ...row("F5", "secondary", "not registered", "protection"), desired: "registered" }],
    up: anew([], secondaryAdded),
  },
  {
    what: "the secondary is registered for another primary",
    about: ["F5 secondary.primary"],
    deeds: [
      on(
        B,
        String.raw`EXEC master.dbo.sp_delete_log_shipping_secondary_database @secondary_database = N'mgc';
        EXEC master.dbo.sp_add_log_shipping_secondary_primary @primary_server = N'SQL-OLD', @primary_database = N'mgc',
          @backup_source_directory = N'\\files.dci.discovery.com\lslogs', @backup_destination_directory = N'D:\LSCopy',
          @copy_job_name = N'LSCopy_SQL-OLD_mgc', @restore_job_name = N'LSRestore_SQL-OLD_mgc', @file_retention_period = 4320;
        EXEC master.dbo.sp_add_log_shipping_secondary_database @secondary_database = N'mgc', @primary_server = N'SQL-OLD',
          @primary_database = N'mgc', @restore_delay = 0, @restore_all = 1, @restore_mode = 0, @disconnect_users = 0,
          @restore_threshold = 45, @threshold_alert = 14421, @threshold_alert_enabled = 1, @history_retention_period = 5760;`,
      ),
    ],
    rows: [{ ...row("F5", "secondary", "ships from SQL-OLD", "protection"), desired: "registered" }],
    up: anew(secondaryRemoved, secondaryAdded),
  },
  {
    what: "the backup is registered as a primary too",
    about: [],
    deeds: [
      on(
        B,
        String.raw`EXEC master.dbo.sp_add_log_shipping_primary_database @database = N'mgc', @backup_directory = N'D:\Back',
          @backup_share = N'\\files.dci.discovery.com\back', @backup_job_name = N'LSBackup_mgc';`,
      ),
    ],
    rows: [{ ...row("F5", "SQL-B1 primary", "stale registration", "protection"), desired: "removed" }],
    up: [`${B}: EXEC sp_delete_log_shipping_primary_database`],
  },
  {
    what: "somebody else backs up the log",
    about: [],
    deeds: [
      on(P, String.raw`BACKUP LOG mgc TO DISK = N'\\files.dci.discovery.com\lslogs\mirror\foreign.trn' WITH FORMAT;`),
    ],
    rows: [
      {
        ...row(
          "F5",
          "log chain",
          String.raw`goes on in \\files.dci.discovery.com\lslogs\mirror\foreign.trn`,
          "protection",
        ),
        desired: "restored on SQL-B1",
      },
    ],
    // The jobs first take what lies in front of the link.
    up: [`${B}: EXEC sp_start_job`, `${B}: EXEC sp_start_job`, `${B}: RESTORE LOG`, ...cycle],
  },
  {
    what: "the monitor knows a primary that is not registered",
    about: [],
    deeds: [
      on(
        P,
        `INSERT INTO msdb.dbo.log_shipping_monitor_primary (primary_id, primary_server, primary_database, backup_threshold, threshold_alert, threshold_alert_enabled, history_retention_period)
        VALUES ('${someId}', N'SQL-P1', N'mgc', 60, 14420, 1, 5760);`,
      ),
    ],
    rows: [
      {
        ...row("F5", "primary in the monitor of SQL-P1", "a row without registration", "protection"),
        desired: "removed",
      },
    ],
    up: [`${P}: DELETE`],
  },
  {
    what: "the monitor knows a secondary that is not registered",
    about: [],
    deeds: [
      on(
        B,
        `INSERT INTO msdb.dbo.log_shipping_monitor_secondary (secondary_server, secondary_database, secondary_id, primary_server, primary_database, restore_threshold, threshold_alert, threshold_alert_enabled, history_retention_period)
        VALUES (N'SQL-B1', N'mgc', '${someId}', N'SQL-P1', N'mgc', 45, 14421, 1, 5760);`,
      ),
    ],
    rows: [
      {
        ...row("F5", "secondary in the monitor of SQL-B1", "a row without registration", "protection"),
        desired: "removed",
      },
    ],
    up: [`${B}: DELETE`],
  },
  {
    what: "a pair of jobs of an earlier set-up still runs",
    about: [],
    deeds: [
      on(
        B,
        ["Copy", "Restore"]
          .map(
            (kind) => `EXEC msdb.dbo.sp_add_job @job_name = N'LS${kind}_SQL-P2_mgc';
        EXEC msdb.dbo.sp_add_jobstep @job_name = N'LS${kind}_SQL-P2_mgc', @step_name = N'ship', @subsystem = N'CmdExec', @command = N'sqllogship.exe -${kind} ${someId} -server SQL-B1';`,
          )
          .join("\n"),
      ),
    ],
    rows: ["Copy", "Restore"].map((kind) => ({
      ...row("F5", `job LS${kind}_SQL-P2_mgc on SQL-B1`, "runs without registration", "protection"),
      desired: "disabled",
    })),
    up: [`${B}: EXEC sp_update_job`, `${B}: EXEC sp_update_job`],
    tidy: ["Copy", "Restore"].map((kind) => on(B, `EXEC msdb.dbo.sp_delete_job @job_name = N'LS${kind}_SQL-P2_mgc';`)),
  },
];

const servers = (site: "p" | "b", ...numbers: readonly number[]): readonly string[] =>
  numbers.map((number) => `chat-${site}${String(number)}.dci.discovery.com`);
const identity = "PersistentChatServer:lyncpc.dci.discovery.com";
const list = (names: readonly string[]): string =>
  `Set-CsPersistentChatActiveServer -Identity ${identity} -ActiveServers ${names.length === 0 ? "$Null" : names.map((name) => `'${name}'`).join(",")} -Confirm:$false`;
const setList = ["shell: Set-CsPersistentChatActiveServer"];

const serviceCases: readonly DriftCase[] = [
  {
    what: "a server of the site is taken off the list",
    about: ["F6 activeServers"],
    deeds: [{ shell: list(servers("p", 1, 2, 3)) }],
    rows: [row("F6", "activeServers", servers("p", 1, 2, 3), "service")],
    up: setList,
  },
  {
    what: "the list is cleared",
    about: ["F6 activeServers"],
    deeds: [{ shell: list([]) }],
    rows: [row("F6", "activeServers", [], "service")],
    up: null,
    refused: { says: /this run is unattended and would change which site is active \(F6\)/, attended: setList },
  },
  {
    what: "servers of the other site are on the list",
    about: ["F6 activeServers"],
    deeds: [{ shell: list(servers("b", 1, 2)) }],
    rows: [row("F6", "activeServers", servers("b", 1, 2), "service")],
    up: null,
    // Remove comes before Add.
    refused: {
      says: /this run is unattended and would change which site is active \(F6\)/,
      attended: [...setList, ...setList],
    },
  },
  {
    what: "the pool is set to FailedOver, and nothing else was done",
    about: ["F7 poolState"],
    deeds: [{ shell: `Set-CsPersistentChatState -Identity ${identity} -PoolState FailedOver -Confirm:$false` }],
    rows: [row("F7", "poolState", "FailedOver", "service")],
    up: null,
    refused: {
      says: /this run is unattended and would change which site is active \(F7\)/,
      attended: ["shell: Set-CsPersistentChatState"],
    },
  },
];

/** Mirrors are F8's: resumed, or made anew. */
const mirrorCases: readonly DriftCase[] = [
  ...(["chat", "compliance"] as const).map((which): DriftCase => ({
    what: `mirroring of ${which} is suspended`,
    about: [`F8-${which} session`],
    deeds: [on(P, `ALTER DATABASE ${which === "chat" ? "mgc" : "mgccomp"} SET PARTNER SUSPEND;`)],
    rows: [row(`F8-${which}`, "session", "suspended", "protection")],
    up: [`${P}: ALTER DATABASE`],
  })),
  {
    what: "the compliance database's mirror is taken off",
    about: ["F8-compliance partner", "F8-compliance session"],
    deeds: [on(P, "ALTER DATABASE mgccomp SET PARTNER OFF;")],
    rows: [
      row("F8-compliance", "partner", "none", "protection"),
      row("F8-compliance", "session", "none", "protection"),
    ],
    up: madeMirror,
  },
  {
    what: "a copy is left over on the backup's mirror",
    about: ["F8-leftovers leftovers"],
    deeds: [
      on(
        P,
        String.raw`BACKUP DATABASE mgc TO DISK = N'\\files.dci.discovery.com\lslogs\mirror\former.bak' WITH COPY_ONLY, FORMAT;`,
      ),
      on(
        "SQL-B2",
        String.raw`RESTORE DATABASE mgc FROM DISK = N'\\files.dci.discovery.com\lslogs\mirror\former.bak' WITH NORECOVERY;`,
      ),
    ],
    rows: [row("F8-leftovers", "leftovers", ["mgc"], "cosmetic")],
    up: ["SQL-B2: DROP DATABASE"],
  },
];

/** What no step mends. */
const personCases: readonly DriftCase[] = [
  ...([P, B] as const).map((name): DriftCase => ({
    what: `SQL Server Agent of ${name} is stopped`,
    about: [],
    deeds: [fault("agent-stop", name)],
    rows: [{ ...row("F0", `SQL Server Agent of ${name}`, "Stopped", "protection"), desired: "Running" }],
    up: null,
    byHand: [fault("agent-start", name)],
  })),
  {
    what: "the mirror's host goes down",
    about: [],
    deeds: [{ fault: { action: "instance-stop", instance: "SQL-P2" } }],
    rows: ["mgc", "mgccomp"].map((name) => ({
      ...row("F0", `session of ${name} on SQL-P1`, "DISCONNECTED", "protection"),
      desired: "running",
    })),
    up: null,
    byHand: [{ fault: { action: "instance-start", instance: "SQL-P2" } }],
  },
  {
    what: "no chat server runs",
    about: ["F7b service"],
    deeds: [{ chat: "stop" }],
    rows: [row("F7b", "service", "not running", "service")],
    up: null,
    refused: { says: /F7b: the chat did not come back within 2 s/, attended: null },
    byHand: [{ chat: "start" }],
  },
  {
    what: "the primary's database is closed, and its mirror gone",
    about: ["F4 state", "F8-chat partner"],
    // A mirrored database cannot be made read-only (1468).
    deeds: [
      on(P, "ALTER DATABASE mgc SET PARTNER OFF;"),
      on(P, "ALTER DATABASE mgc SET READ_ONLY, RESTRICTED_USER WITH ROLLBACK IMMEDIATE;"),
    ],
    rows: [
      row("F0", "state", "ONLINE, read-only, RESTRICTED_USER", "service"),
      row("F8-chat", "partner", "none", "protection"),
      row("F8-chat", "session", "none", "protection"),
    ],
    up: null,
    refused: {
      says: /mgc on SQL-P1 is ONLINE, read-only, RESTRICTED_USER: chat servers cannot write to it/,
      attended: null,
    },
    byHand: [on(P, "ALTER DATABASE mgc SET READ_WRITE, MULTI_USER WITH ROLLBACK IMMEDIATE;")],
    then: [...restingJob, ...madeMirror, ...restingJob],
  },
];

/** Cases after which the estate is another one: the last of a lab, each with a lab's end behind it. */
export const lastCases: readonly DriftCase[] = [
  {
    what: "the secondary's copy is dropped",
    about: [],
    deeds: [on(B, "DROP DATABASE mgc;")],
    rows: [
      {
        ...row("F5", "secondary.copy", "SQL-B1 has no mgc", "protection"),
        desired: "follows SQL-P1",
      },
    ],
    up: null,
    refused: {
      says: /this run is unattended and would overwrite the copy on SQL-B1 \(F5\)/,
      attended: anew(secondaryRemoved, [
        ...oldFilesMoved,
        `${P}: BACKUP DATABASE`,
        `${B}: RESTORE DATABASE`,
        ...secondaryAdded,
      ]),
    },
  },
];

/** The cases of a pool at home, each of which leaves it as it was. */
export const steadyCases: readonly DriftCase[] = [
  parameter("primary", "primary_database", "backup_directory", String.raw`D:\Logs`, "backupDirectory", "protection"),
  parameter("primary", "primary_database", "backup_share", String.raw`\\old\share`, "share", "protection"),
  parameter("primary", "primary_database", "backup_retention_period", 60, "retentionMinutes", "cosmetic"),
  parameter("primary", "primary_database", "backup_threshold", 600, "thresholdMinutes", "protection"),
  parameter("primary", "primary_database", "threshold_alert", 14421, "alert", "protection"),
  parameter("primary", "primary_database", "threshold_alert_enabled", 0, "alertEnabled", "protection", false),
  parameter("primary", "primary_database", "history_retention_period", 60, "historyMinutes", "cosmetic"),
  parameter("primary", "primary_database", "backup_compression", 1, "compression", "cosmetic"),
  {
    what: "the primary does not name its secondary any more",
    about: ["F5 primary.secondary"],
    deeds: [
      on(
        P,
        "EXEC master.dbo.sp_delete_log_shipping_primary_secondary @primary_database = N'mgc', @secondary_server = N'SQL-B1', @secondary_database = N'mgc';",
      ),
    ],
    rows: [row("F5", "primary.secondary", "none", "protection")],
    up: [`${P}: EXEC sp_add_log_shipping_primary_secondary`],
  },
  parameter(
    "secondary",
    "secondary_primary",
    "backup_source_directory",
    String.raw`\\old\share`,
    "source",
    "protection",
  ),
  parameter(
    "secondary",
    "secondary_primary",
    "backup_destination_directory",
    String.raw`E:\Copy`,
    "copyFolder",
    "protection",
  ),
  parameter("secondary", "secondary_primary", "file_retention_period", 60, "retentionMinutes", "cosmetic"),
  parameter("secondary", "secondary_database", "restore_delay", 30, "restoreDelayMinutes", "protection"),
  parameter("secondary", "secondary_database", "restore_all", 0, "restoreAll", "protection", false),
  parameter("secondary", "secondary_database", "restore_mode", 1, "restoreMode", "protection", "STANDBY"),
  parameter("secondary", "secondary_database", "disconnect_users", 1, "disconnectUsers", "cosmetic", true),
  parameter("secondary", "secondary_database", "restore_threshold", 600, "thresholdMinutes", "protection"),
  parameter("secondary", "secondary_database", "threshold_alert", 14420, "alert", "protection"),
  parameter("secondary", "secondary_database", "threshold_alert_enabled", 0, "alertEnabled", "protection", false),
  parameter("secondary", "secondary_database", "history_retention_period", 60, "historyMinutes", "cosmetic"),
  ...jobCases("primary.backupJob", P, "LSBackup_mgc"),
  ...jobCases("secondary.copyJob", B, "LSCopy_SQL-P1_mgc", "DefaultCopyJobSchedule"),
  ...jobCases("secondary.restoreJob", B, "LSRestore_SQL-P1_mgc"),
  ...alertJobCases("primary", P),
  ...alertJobCases("secondary", B),
  late("primary", "log_shipping_monitor_primary", "last_backup_date_utc", "primary.lastBackup", 60),
  late("secondary", "log_shipping_monitor_secondary", "last_copied_date_utc", "secondary.lastCopy", 45),
  late("secondary", "log_shipping_monitor_secondary", "last_restored_date_utc", "secondary.lastRestore", 45),
  ...pairCases,
  ...mirrorCases,
  ...serviceCases,
  ...personCases,
];

/** What a pool that was failed over by hand shows; no unattended run may touch any of it. */
export const failedOverRows: readonly ExpectedRow[] = [
  { ...row("F0", "authority", "backup", "service"), desired: "primary" },
  row("F1", "activeServers", servers("b", 1, 2, 3, 4), "service"),
  row("F2-chat", "partner", "SQL-B2", "service"),
  row("F2-compliance", "partner", "SQL-B2", "service"),
  row("F2b", "fence", "none", "service"),
  { ...row("F3", "step", "no full set under the present fence", "service"), desired: "done" },
  row("F4", "source", "none", "service"),
  row("F6", "activeServers", [], "service"),
  row("F7", "poolState", "FailedOver", "service"),
  { ...row("F5", "primary", "not registered", "protection"), desired: "registered" },
  { ...row("F5", "secondary", "not registered", "protection"), desired: "registered" },
  row("F8-chat", "partner", "none", "protection"),
  row("F8-chat", "session", "none", "protection"),
  row("F8-compliance", "partner", "none", "protection"),
  row("F8-compliance", "session", "none", "protection"),
  row("F8-leftovers", "leftovers", ["mgc", "mgccomp"], "cosmetic"),
];

/**
 * Inputs that say where and how a step acts. Nothing in the estate holds them, so nothing in the estate can differ from
 * them: they change with the configuration only.
 */
export const addresses: readonly string[] = [
  "F2-chat instance",
  "F2-chat database",
  "F2-compliance instance",
  "F2-compliance database",
  "F2b instance",
  "F2b database",
  "F3 instance",
  "F3 database",
  "F3 folder",
  "F3 name",
  "F3 copyOnly",
  "F3 compression",
  "F4 instance",
  "F4 database",
  "F4 compare",
  "F7b instance",
  "F7b database",
  "F7b check",
  "F8-chat instance",
  "F8-chat database",
  "F8-compliance instance",
  "F8-compliance database",
  "F8-leftovers instance",
];

/** Inputs that hold the plan itself: they follow from all others. */
export const derived: readonly string[] = ["F0 plan"];
