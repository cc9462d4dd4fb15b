/**
 * Errors of SQL Server Agent's and log shipping's procedures, with SQL Server's numbers and texts.
 * Source: sql-docs relational-databases/errors-events/includes/sql-server-2016-database-engine-events-and-errors-14000-14999.md,
 * …-31000-41399.md, …-21000-21999.md, …-5000-5999.md; 22022 comes from the extended procedure that tells the Agent.
 */
import { SqlError } from "../tsql/errors";

/** Severity and text by number; `%` stands for the arguments in their order. */
const TEMPLATES = {
  229: [14, "The % permission was denied on the object '%', database '%', schema '%'."],
  5001: [16, "User must be in the master database."],
  14234: [16, "The specified '%' is invalid (valid values are returned by %)."],
  14243: [10, "Job '%' started successfully."],
  14254: [10, "Job '%' stopped successfully."],
  14256: [
    16,
    'Cannot start the job "%" (ID %) because it does not have any job server or servers defined. Associate the job with a job server by calling sp_add_jobserver.',
  ],
  14257: [
    16,
    'Cannot stop the job "%" (ID %) because it does not have any job server or servers defined. Associate the job with a job server by calling sp_add_jobserver.',
  ],
  14258: [16, "Cannot perform this operation while SQLServerAgent is starting. Try again later."],
  14261: [16, "The specified % ('%') already exists."],
  14262: [16, "The specified % ('%') does not exist."],
  14266: [16, "The specified '%' is invalid (valid values are: %)."],
  14269: [16, "Job '%' is already targeted at server '%'."],
  14278: [16, "The schedule for this job is invalid (reason: %)."],
  14284: [16, "Cannot specify a job ID for a new job. An ID will be assigned by the procedure."],
  14287: [16, "The '%' supplied has an invalid %."],
  14288: [16, "% cannot be before %."],
  14293: [16, "There are two or more jobs named '%'. Specify % instead of % to uniquely identify the job."],
  14294: [16, "Supply either % or % to identify the job."],
  14366: [16, "Only members of sysadmin role can modify the owner of a schedule."],
  14371: [16, 'There are two or more schedules named "%". Specify % instead of % to uniquely identify the schedule.'],
  14372: [16, "The schedule was not deleted because it is being used by one or more jobs."],
  14373: [16, "Supply either % or % to identify the schedule."],
  14374: [16, 'The specified schedule name "%" is not associated with the job "%".'],
  14377: [
    16,
    "The schedule was not attached to the specified job. The caller must own the job or the operation must be performed by a sysadmin.",
  ],
  14391: [16, "Only owner of a job or members of sysadmin role can detach a schedule."],
  14393: [16, "Only owner of a job or members of role sysadmin or SQLAgentOperatorRole can start and stop the job."],
  14394: [16, "Only owner of a job schedule or members of sysadmin role can modify or delete the job schedule."],
  14420: [
    16,
    "The log shipping primary database %.% has backup threshold of % minutes and has not performed a backup log operation for % minutes. Check agent log and logshipping monitor information.",
  ],
  14421: [
    16,
    "The log shipping secondary database %.% has restore threshold of % minutes and is out of sync. No restore was performed for % minutes. Restored latency is % minutes. Check agent log and logshipping monitor information.",
  ],
  14515: [16, "Only a member of the sysadmin server role can add a job for a different owner with @owner_login_name."],
  14525: [16, "Only members of sysadmin role are allowed to update or delete jobs owned by a different login."],
  14528: [16, 'Job "%" has no steps defined.'],
  15010: [
    16,
    "The database '%' does not exist. Supply a valid database name. To see available databases, use sys.databases.",
  ],
  21089: [16, "Only members of the sysadmin fixed server role can perform this operation."],
  22022: [16, "SQLServerAgent %"],
  // Severity 10 here: the entry is made all the same, and the procedure goes on. No page tells where 32007 (16) is raised.
  32008: [10, "Database % is not ONLINE. The backup job will not be performed until this database is brought online."],
  32009: [16, "A log shipping primary entry already exists for database %."],
  32010: [16, "Database % does not exist as log shipping primary."],
  32011: [
    16,
    "Primary Database % has active log shipping secondary database(s). Drop the secondary database(s) first.",
  ],
  32012: [16, "Secondary %.% already exists for primary %."],
  32013: [16, "A log shipping entry already exists for secondary database %."],
  32014: [16, "Database % does not exist as log shipping secondary."],
  32015: [16, "The primary database % cannot have SIMPLE recovery for log shipping to work properly."],
  32016: [
    16,
    "The specified agent_id % or agent_type % do not form a valid pair for log shipping monitoring processing.",
  ],
  32017: [
    16,
    "Log shipping is supported on Enterprise, Developer and Standard editions of SQL Server. This instance has % and is not supported.",
  ],
  32022: [
    16,
    "Cannot add a log shipping job with name %. A job with same name already exists in the system and this job does not belong to log shipping category.",
  ],
  32023: [
    16,
    "An entry for primary server %, primary database % does not exist on this secondary. Register the primary first.",
  ],
  32024: [16, "An entry for primary server %, primary database % already exists."],
  32025: [
    16,
    "Primary Server %, Database % has active log shipping secondary database(s) on the secondary. Drop the secondary database(s) first.",
  ],
  32028: [16, "Invalid value = % for parameter @threshold_alert was specified."],
  32029: [
    10,
    "Log shipping backup agent [%] has verified log backup file '%.wrk' and renamed it as '%.trn'. This is an informational message only. No user action is required.",
  ],
  32052: [
    16,
    "Parameter '%' cannot be null or empty. Specify a value for the named parameter and retry the operation.",
  ],
  32054: [16, "There was an error establishing a link to the remote monitor server."],
} as const satisfies Readonly<Record<number, readonly [severity: number, text: string]>>;

/** A number of {@link agentError}. */
export type AgentErrorNumber = keyof typeof TEMPLATES;

/**
 * An error, or a message where its severity is 10, by its number.
 * @param args what SQL Server puts into the text, in the order of the text
 */
export function agentError(number: AgentErrorNumber, ...args: readonly (string | number)[]): SqlError {
  const [severity, template] = TEMPLATES[number];
  let next = 0;
  return new SqlError(
    number,
    severity,
    template.replaceAll("%", () => String(args[next++] ?? "")),
  );
}
