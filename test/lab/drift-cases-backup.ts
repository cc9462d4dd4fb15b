/**
 * Every property of every resource of the stack `backup`: how somebody changes it behind the product's back, what drift
 * names, and who mends it. Data for drift-table-backup.test.ts.
 */
import {
  type DriftCase,
  type ExpectedRow,
  fault,
  list,
  madeMirror,
  on,
  poolState,
  row,
  servers,
  setList,
} from "./drift-case";
import { jobCases } from "./drift-cases-jobs";

const P = "SQL-P1";
const B = "SQL-B1";
/** Name of the job that backs up the log while the backup site serves. */
const job = "pchat-dr log backup mgc";
/** It rests while a mirror of mgc is made: its next log backup would be a link that the mirror lacks. */
const restingJob = [`${B}: EXEC sp_update_job`];
const share = String.raw`\\files.dci.discovery.com\lslogs`;

/** O8: the job that backs up the log. */
const logBackupCases: readonly DriftCase[] = [
  ...jobCases({ step: "O8", path: "", named: "job", server: B, name: job }, `${job}_schedule`),
  {
    what: "the log backups go to another folder",
    about: ["O8 folder"],
    deeds: [
      on(
        B,
        `DECLARE @command nvarchar(max);
        SELECT @command = REPLACE(s.command, N'${share}\\failback\\', N'D:\\Old\\') FROM msdb.dbo.sysjobsteps AS s
          JOIN msdb.dbo.sysjobs AS j ON j.job_id = s.job_id WHERE j.name = N'${job}';
        EXEC msdb.dbo.sp_update_jobstep @job_name = N'${job}', @step_id = 1, @command = @command;`,
      ),
    ],
    rows: [row("O8", "folder", String.raw`D:\Old`, "protection")],
    up: [`${B}: EXEC sp_update_jobstep`],
  },
  {
    what: "the job does something else",
    about: ["O8 folder"],
    deeds: [
      on(
        B,
        `EXEC msdb.dbo.sp_update_jobstep @job_name = N'${job}', @step_id = 1, @command = N'BACKUP LOG mgc TO DISK = N''NUL'';';`,
      ),
    ],
    rows: [row("O8", "folder", "another command", "protection")],
    up: [`${B}: EXEC sp_update_jobstep`],
  },
  {
    what: "the job is deleted",
    about: ["O8 job", "O8 folder", "O8 schedules", "O8 enabled"],
    deeds: [on(B, `EXEC msdb.dbo.sp_delete_job @job_name = N'${job}';`)],
    rows: [
      row("O8", "job", "none", "protection"),
      row("O8", "folder", "none", "protection"),
      row("O8", "schedules", [], "protection"),
      row("O8", "enabled", false, "protection"),
    ],
    up: ["add_job", "add_jobstep", "add_schedule", "attach_schedule", "add_jobserver"].map(
      (verb) => `${B}: EXEC sp_${verb}`,
    ),
  },
];

/** O1: log shipping that is registered once more would restore into the copy that serves. */
const registrationCases: readonly DriftCase[] = [
  {
    what: "the copy that serves is registered as a secondary again",
    about: ["O1 registration"],
    deeds: [
      on(
        B,
        String.raw`EXEC master.dbo.sp_add_log_shipping_secondary_primary @primary_server = N'SQL-P1', @primary_database = N'mgc',
          @backup_source_directory = N'${share}', @backup_destination_directory = N'D:\LSCopy',
          @copy_job_name = N'LSCopy_SQL-P1_mgc', @restore_job_name = N'LSRestore_SQL-P1_mgc', @file_retention_period = 4320;
        EXEC master.dbo.sp_add_log_shipping_secondary_database @secondary_database = N'mgc', @primary_server = N'SQL-P1',
          @primary_database = N'mgc', @restore_delay = 0, @restore_all = 1, @restore_mode = 0, @disconnect_users = 0,
          @restore_threshold = 45, @threshold_alert = 14421, @threshold_alert_enabled = 1, @history_retention_period = 5760;`,
      ),
    ],
    rows: [row("O1", "registration", P, "protection")],
    up: [`${B}: EXEC sp_delete_log_shipping_secondary_database`],
  },
];

/** Mirrors are O6's: resumed, or made anew. */
const mirrorCases: readonly DriftCase[] = [
  ...(["chat", "compliance"] as const).map((which): DriftCase => ({
    what: `mirroring of ${which} is suspended`,
    about: [`O6-${which} session`],
    deeds: [on(B, `ALTER DATABASE ${which === "chat" ? "mgc" : "mgccomp"} SET PARTNER SUSPEND;`)],
    rows: [row(`O6-${which}`, "session", "suspended", "protection")],
    up: [`${B}: ALTER DATABASE`],
  })),
  {
    what: "the compliance database's mirror is taken off",
    about: ["O6-compliance partner", "O6-compliance session"],
    deeds: [on(B, "ALTER DATABASE mgccomp SET PARTNER OFF;")],
    rows: [
      row("O6-compliance", "partner", "none", "protection"),
      row("O6-compliance", "session", "none", "protection"),
    ],
    up: madeMirror(B, "SQL-B2"),
  },
  {
    what: "the chat database's mirror is taken off",
    about: ["O6-chat partner", "O6-chat session"],
    deeds: [on(B, "ALTER DATABASE mgc SET PARTNER OFF;")],
    rows: [row("O6-chat", "partner", "none", "protection"), row("O6-chat", "session", "none", "protection")],
    up: [...restingJob, ...madeMirror(B, "SQL-B2"), ...restingJob],
  },
];

const moves = (steps: string): RegExp => new RegExp(`this run is unattended and would ${steps}`);

const serviceCases: readonly DriftCase[] = [
  {
    what: "a server of the site is taken off the list",
    about: ["O7 activeServers"],
    deeds: [list(servers("b", 1, 2, 3))],
    rows: [row("O7", "activeServers", servers("b", 1, 2, 3), "service")],
    up: setList,
  },
  {
    what: "the list is cleared",
    about: ["O7 activeServers"],
    deeds: [list([])],
    rows: [row("O7", "activeServers", [], "service")],
    up: null,
    refused: { says: moves("change which site is active \\(O7\\)"), attended: setList },
  },
  {
    what: "servers of the other site are on the list",
    about: ["O7 activeServers"],
    deeds: [list(servers("p", 1, 2))],
    rows: [row("O7", "activeServers", servers("p", 1, 2), "service")],
    up: null,
    // Remove comes before Add.
    refused: { says: moves("change which site is active \\(O7\\)"), attended: [...setList, ...setList] },
  },
];

/** What no step mends. */
const personCases: readonly DriftCase[] = [
  {
    what: "the pool is set to Normal beside a rebuilt primary, which is online too",
    about: [],
    deeds: [poolState("Normal")],
    rows: [{ ...row("F0", "authority", "unclear (BOTH_ONLINE)", "service"), desired: "backup" }],
    up: null,
    refused: { says: /authority: unclear \(BOTH_ONLINE\)/, attended: null },
    byHand: [poolState("FailedOver")],
  },
  {
    what: `SQL Server Agent of ${B} is stopped`,
    about: [],
    deeds: [fault("agent-stop", B)],
    rows: [{ ...row("F0", `SQL Server Agent of ${B}`, "Stopped", "protection"), desired: "Running" }],
    up: null,
    byHand: [fault("agent-start", B)],
  },
  {
    what: "the mirror's host goes down",
    about: [],
    deeds: [fault("instance-stop", "SQL-B2")],
    rows: ["mgc", "mgccomp"].map((name) => ({
      ...row("F0", `session of ${name} on SQL-B1`, "DISCONNECTED", "protection"),
      desired: "running",
    })),
    up: null,
    byHand: [fault("instance-start", "SQL-B2")],
  },
  {
    what: "no chat server runs",
    about: ["O7b service"],
    deeds: [{ chat: "stop" }],
    rows: [row("O7b", "service", "not running", "service")],
    up: null,
    refused: { says: /O7b: the chat did not come back within 2 s/, attended: null },
    byHand: [{ chat: "start" }],
  },
  {
    what: "the copy that serves lets in only some, and its mirror is gone",
    about: ["O6-chat partner"],
    // A mirrored database cannot be closed (1468).
    deeds: [
      on(B, "ALTER DATABASE mgc SET PARTNER OFF;"),
      on(B, "ALTER DATABASE mgc SET RESTRICTED_USER WITH ROLLBACK IMMEDIATE;"),
    ],
    rows: [
      row("F0", "state", "ONLINE, read-write, RESTRICTED_USER", "service"),
      row("O6-chat", "partner", "none", "protection"),
      row("O6-chat", "session", "none", "protection"),
    ],
    up: null,
    refused: {
      says: /mgc on SQL-B1 is ONLINE, read-write, RESTRICTED_USER: chat servers cannot write to it/,
      attended: null,
    },
    byHand: [on(B, "ALTER DATABASE mgc SET MULTI_USER WITH ROLLBACK IMMEDIATE;")],
    then: [...restingJob, ...madeMirror(B, "SQL-B2"), ...restingJob],
  },
  {
    what: "the copy that serves is made read-only, and its mirror is gone",
    about: ["O4 state", "O6-chat partner"],
    deeds: [
      on(B, "ALTER DATABASE mgc SET PARTNER OFF;"),
      on(B, "ALTER DATABASE mgc SET READ_ONLY WITH ROLLBACK IMMEDIATE;"),
    ],
    rows: [
      row("O4", "state", "ONLINE, read-only", "service"),
      row("O6-chat", "partner", "none", "protection"),
      row("O6-chat", "session", "none", "protection"),
    ],
    up: null,
    // A mode is never guessed, and nobody opens without one what somebody has closed.
    refused: {
      says: moves("fail the pool over to SQL-B1 \\(O4, O7b, O6\\)"),
      attended: [`${B}: ALTER DATABASE`, ...restingJob, ...madeMirror(B, "SQL-B2"), ...restingJob],
    },
    mode: "planned",
  },
];

/** The cases of a pool that serves from the backup site, each of which leaves it as it was. */
export const servingCases: readonly DriftCase[] = [
  ...logBackupCases,
  ...registrationCases,
  ...mirrorCases,
  ...serviceCases,
  ...personCases,
];

/** What stack `backup` shows of a pool that is at home; no unattended run may touch any of it. */
export const atHomeRows: readonly ExpectedRow[] = [
  { ...row("F0", "authority", "primary", "service"), desired: "backup" },
  row("P1", "activeServers", servers("p", 1, 2, 3, 4), "service"),
  row("P2", "partner", "SQL-P2", "service"),
  row("P3", "state", "ONLINE", "service"),
  row("O3", "remaining", "log not taken yet", "service"),
  row("O1", "registration", P, "service"),
  row("O4", "state", "RESTORING", "service"),
  row("O5", "poolState", "Normal", "service"),
  row("O7", "activeServers", [], "service"),
  row("O8", "job", "none", "protection"),
  row("O8", "folder", "none", "protection"),
  row("O8", "schedules", [], "protection"),
  row("O8", "enabled", false, "protection"),
  row("O6-chat", "partner", "none", "protection"),
  row("O6-chat", "session", "none", "protection"),
  row("O6-compliance", "partner", "none", "protection"),
  row("O6-compliance", "session", "none", "protection"),
];

/** What goes otherwise after a planned move, whose primary is closed behind its tail. */
export const movedCases: readonly DriftCase[] = [
  {
    what: "the pool is set to Normal, and nothing else was done",
    about: ["O5 poolState"],
    deeds: [poolState("Normal")],
    rows: [row("O5", "poolState", "Normal", "service")],
    up: null,
    refused: {
      says: moves("fail the pool over to SQL-B1 \\(O5, O7b\\)"),
      attended: ["shell: Set-CsPersistentChatState"],
    },
    mode: "planned",
  },
  {
    what: "the primary's copy is opened",
    about: ["P3 state"],
    deeds: [on(P, "RESTORE DATABASE mgc WITH RECOVERY;"), on(P, "ALTER DATABASE mgc SET MULTI_USER;")],
    rows: [{ ...row("F0", "state", "ONLINE, read-write", "service"), desired: "closed" }],
    up: null,
    byHand: [on(P, "ALTER DATABASE mgc SET READ_ONLY WITH ROLLBACK IMMEDIATE;")],
  },
];

/**
 * Inputs that say where and how a step acts. Nothing in the estate holds them, so nothing in the estate can differ from
 * them: they change with the configuration only.
 */
export const addresses: readonly string[] = [
  ...["P2", "P3", "O3", "O1", "O4", "O7b", "O8", "O6-chat", "O6-compliance"].flatMap((step) => [
    `${step} instance`,
    `${step} database`,
  ]),
  "P3 folder",
  "O7b check",
];

/** Inputs that hold the plan itself: they follow from all others. */
export const derived: readonly string[] = ["F0 plan"];
