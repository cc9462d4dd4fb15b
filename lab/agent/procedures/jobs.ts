/**
 * sp_add_job, sp_update_job, sp_delete_job, sp_add_jobserver.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-{add-job,update-job,delete-job,add-jobserver}-transact-sql.md.
 */
import { randomUUID } from "node:crypto";
import type { ProcedureParameter } from "../../tsql/host";
import { numberArgument, parameter, textArgument } from "../../server/procedures/server-procedure";
import type { SqlValue } from "../../tsql/values";
import type { Agent } from "../agent";
import { agentError } from "../agent-errors";
import { datetime } from "../calendar-numbers";
import { deleteJob } from "../delete-job";
import { StopRequest } from "../job-run";
import { numberOf, sameName, textOf } from "../row-values";
import { type AgentProcedure, answer, type Caller, optional, output, SUCCESS, TYPES } from "./caller";
import { identifyJob, JOB_PARAMETERS, ownerSid, requireOwner } from "./job-identity";

const { bit, tinyint, int, guid, sysname, text } = TYPES;

const NOTIFICATIONS: readonly ProcedureParameter[] = [
  optional("@notify_email_operator_name", sysname),
  optional("@notify_netsend_operator_name", sysname),
  optional("@notify_page_operator_name", sysname),
];

/** Levels by parameter and column: when a job notifies or deletes itself (0 never, 1 success, 2 failure, 3 always). */
const LEVELS = [
  "notify_level_eventlog",
  "notify_level_email",
  "notify_level_netsend",
  "notify_level_page",
  "delete_level",
];

/** Levels that were given. Throws 14266 for one that does not exist. */
function levels(caller: Caller): Record<string, SqlValue> {
  const given: Record<string, SqlValue> = {};
  for (const level of LEVELS) {
    const value = numberArgument(caller.call, `@${level}`);
    if (value === null) continue;
    if (value < 0 || value > 3) throw agentError(14266, `@${level}`, "0, 1, 2, 3");
    given[level] = value;
  }
  return given;
}

/** category_id of @category_name. Throws 14234 for an unknown one. */
function categoryId(caller: Caller, fallback: number): number {
  const name = textArgument(caller.call, "@category_name");
  if (name === null) return fallback;
  const found = caller.rows(
    "syscategories",
    (row) => row["category_class"] === 1 && sameName(textOf(row, "name"), name),
  );
  const [category] = found;
  if (category === undefined) throw agentError(14234, "@category_name", "sp_help_category");
  return numberOf(category, "category_id");
}

function refuseTaken(caller: Caller, name: string, parameterName: string, except?: string): void {
  const taken = caller.rows("sysjobs", (row) => sameName(textOf(row, "name"), name) && row["job_id"] !== except);
  if (taken.length > 0) throw agentError(14261, parameterName, name);
}

const addJob: AgentProcedure = {
  name: "sp_add_job",
  parameters: [
    parameter("@job_name", sysname),
    optional("@enabled", tinyint, 1),
    optional("@description", text(512)),
    optional("@start_step_id", int, 1),
    optional("@category_name", sysname),
    optional("@category_id", int),
    optional("@owner_login_name", sysname),
    optional("@notify_level_eventlog", int, 2),
    optional("@notify_level_email", int, 0),
    optional("@notify_level_netsend", int, 0),
    optional("@notify_level_page", int, 0),
    ...NOTIFICATIONS,
    optional("@delete_level", int, 0),
    output("@job_id", guid),
    optional("@originating_server", sysname),
  ],
  async execute(caller) {
    const { call, instance } = caller;
    const name = (textArgument(call, "@job_name") ?? "").trimEnd();
    if (textArgument(call, "@job_id") !== null) throw agentError(14284);
    const owner = ownerSid(caller);
    refuseTaken(caller, name, "@job_name");
    const jobId = randomUUID().toUpperCase();
    const now = datetime(instance.localTime());
    const row = {
      job_id: jobId,
      originating_server_id: 0,
      name,
      enabled: numberArgument(call, "@enabled") === 0 ? 0 : 1,
      description: textArgument(call, "@description") ?? "No description available.",
      start_step_id: numberArgument(call, "@start_step_id") ?? 1,
      category_id: numberArgument(call, "@category_id") ?? categoryId(caller, 0),
      owner_sid: owner,
      notify_email_operator_id: 0,
      notify_netsend_operator_id: 0,
      notify_page_operator_id: 0,
      ...levels(caller),
      date_created: now,
      date_modified: now,
      version_number: 1,
    };
    await caller.change((writer) => writer.insert("sysjobs", row));
    return answer({ "@job_id": jobId });
  },
};

const updateJob: AgentProcedure = {
  name: "sp_update_job",
  parameters: [
    ...JOB_PARAMETERS,
    optional("@new_name", sysname),
    optional("@enabled", tinyint),
    optional("@description", text(512)),
    optional("@start_step_id", int),
    optional("@category_name", sysname),
    optional("@owner_login_name", sysname),
    ...LEVELS.filter((level) => level !== "delete_level").map((level) => optional(`@${level}`, int)),
    ...NOTIFICATIONS,
    optional("@delete_level", int),
    optional("@automatic_post", bit, 1),
  ],
  async execute(caller) {
    const { call, instance } = caller;
    const job = identifyJob(caller);
    requireOwner(caller, job);
    const newName = textArgument(call, "@new_name");
    if (newName !== null) refuseTaken(caller, newName, "@new_name", job.jobId);
    const enabled = numberArgument(call, "@enabled");
    const description = textArgument(call, "@description");
    const startStep = numberArgument(call, "@start_step_id");
    const change: Record<string, SqlValue> = {
      ...levels(caller),
      ...(newName === null ? {} : { name: newName }),
      ...(enabled === null ? {} : { enabled: enabled === 0 ? 0 : 1 }),
      ...(description === null ? {} : { description }),
      ...(startStep === null ? {} : { start_step_id: startStep }),
      ...(textArgument(call, "@category_name") === null ? {} : { category_id: categoryId(caller, job.categoryId) }),
      ...(textArgument(call, "@owner_login_name") === null ? {} : { owner_sid: ownerSid(caller) }),
    };
    await caller.change((writer) =>
      writer.update(
        "sysjobs",
        (row) => row["job_id"] === job.jobId,
        (row) => ({
          ...change,
          date_modified: datetime(instance.localTime()),
          version_number: numberOf(row, "version_number") + 1,
        }),
      ),
    );
    return SUCCESS;
  },
};

function deleteJobProcedure(agent: Agent): AgentProcedure {
  return {
    name: "sp_delete_job",
    parameters: [
      ...JOB_PARAMETERS,
      optional("@originating_server", sysname),
      optional("@delete_history", bit, 1),
      optional("@delete_unused_schedule", bit, 1),
    ],
    async execute(caller) {
      const job = identifyJob(caller);
      requireOwner(caller, job);
      await caller.change((writer) => {
        deleteJob(writer, job.jobId, {
          history: numberArgument(caller.call, "@delete_history") !== 0,
          unusedSchedules: numberArgument(caller.call, "@delete_unused_schedule") !== 0,
        });
      });
      // The Agent hears of the deletion and ends what still runs.
      agent.runOf(job.jobId)?.stop(new StopRequest(`User ${caller.login}`));
      return SUCCESS;
    },
  };
}

const addJobServer: AgentProcedure = {
  name: "sp_add_jobserver",
  parameters: [...JOB_PARAMETERS, optional("@server_name", text(30)), optional("@automatic_post", bit, 1)],
  async execute(caller) {
    const job = identifyJob(caller);
    requireOwner(caller, job);
    const server = textArgument(caller.call, "@server_name") ?? "(local)";
    if (!sameName(server, "(local)") && !sameName(server, caller.instance.name))
      throw agentError(14262, "@server_name", server);
    const present = caller.rows("sysjobservers", (row) => row["job_id"] === job.jobId).length > 0;
    if (present) throw agentError(14269, job.name, caller.instance.name);
    await caller.change((writer) =>
      writer.insert("sysjobservers", {
        job_id: job.jobId,
        server_id: 0,
        // 5: the outcome is not known, the job has not run yet.
        last_run_outcome: 5,
        last_outcome_message: null,
        last_run_date: 0,
        last_run_time: 0,
        last_run_duration: 0,
      }),
    );
    return SUCCESS;
  },
};

export function jobProcedures(agent: Agent): readonly AgentProcedure[] {
  return [addJob, updateJob, deleteJobProcedure(agent), addJobServer];
}
