/**
 * sp_add_jobstep, sp_update_jobstep, sp_delete_jobstep.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-{add,update,delete}-jobstep-transact-sql.md.
 */
import { randomUUID } from "node:crypto";
import type { ProcedureParameter } from "../../tsql/host";
import type { NamedRow, TableWriter } from "../../server/msdb/system-tables";
import { numberArgument, parameter, textArgument } from "../../server/procedures/server-procedure";
import type { SqlValue } from "../../tsql/values";
import { agentError } from "../agent-errors";
import { datetime } from "../calendar-numbers";
import { stepsOf } from "../job-rows";
import { numberOf, sameName, textOf } from "../row-values";
import { type AgentProcedure, answer, type Caller, optional, output, SUCCESS, TYPES } from "./caller";
import { identifyJob, JOB_PARAMETERS, requireOwner } from "./job-identity";

const { tinyint, int, guid, sysname, text } = TYPES;

/** Subsystems that an instance knows (sp_enum_sqlagent_subsystems). */
const SUBSYSTEMS = [
  "TSQL",
  "ActiveScripting",
  "CmdExec",
  "Snapshot",
  "LogReader",
  "Distribution",
  "Merge",
  "QueueReader",
  "ANALYSISQUERY",
  "ANALYSISCOMMAND",
  "SSIS",
  "PowerShell",
];

/** Parameters that go into a column of the same name, with the value of a new step. */
const PLAIN: readonly (readonly [string, ProcedureParameter["type"], SqlValue])[] = [
  ["command", text("max"), null],
  ["additional_parameters", text("max"), null],
  ["cmdexec_success_code", int, 0],
  ["on_success_action", tinyint, 1],
  ["on_success_step_id", int, 0],
  ["on_fail_action", tinyint, 2],
  ["on_fail_step_id", int, 0],
  ["server", sysname, null],
  ["database_name", sysname, null],
  ["database_user_name", sysname, null],
  ["retry_attempts", int, 0],
  ["retry_interval", int, 0],
  ["os_run_priority", int, 0],
  ["output_file_name", text(200), null],
  ["flags", int, 0],
];

const PROXY: readonly ProcedureParameter[] = [optional("@proxy_id", int), optional("@proxy_name", sysname)];

/** Values of a step that were given and are not NULL, checked. Throws 14234, 14266, 14262. */
function givenValues(caller: Caller): Record<string, SqlValue> {
  const values: Record<string, SqlValue> = {};
  for (const [column] of PLAIN) {
    const value = caller.call.arguments.get(`@${column}`) ?? null;
    if (value !== null) values[column] = value;
  }
  for (const action of ["on_success_action", "on_fail_action"]) {
    const value = values[action];
    if (typeof value === "number" && (value < 1 || value > 4)) throw agentError(14266, `@${action}`, "1, 2, 3, 4");
  }
  const subsystem = textArgument(caller.call, "@subsystem");
  if (subsystem !== null) {
    const known = SUBSYSTEMS.find((one) => sameName(one, subsystem));
    if (known === undefined) throw agentError(14234, "@subsystem", "sp_enum_sqlagent_subsystems");
    values["subsystem"] = known;
  }
  const proxy = proxyId(caller);
  if (proxy !== undefined) values["proxy_id"] = proxy;
  return values;
}

function proxyId(caller: Caller): number | undefined {
  const id = numberArgument(caller.call, "@proxy_id");
  const name = textArgument(caller.call, "@proxy_name");
  if (id === null && name === null) return undefined;
  const [proxy] = caller.rows("sysproxies", (row) =>
    id === null ? sameName(textOf(row, "name"), name ?? "") : row["proxy_id"] === id,
  );
  if (proxy === undefined) throw agentError(14262, id === null ? "@proxy_name" : "@proxy_id", id ?? name ?? "");
  return numberOf(proxy, "proxy_id");
}

function touchJob(caller: Caller, writer: TableWriter, jobId: string): void {
  writer.update(
    "sysjobs",
    (row) => row["job_id"] === jobId,
    (row) => ({
      date_modified: datetime(caller.instance.localTime()),
      version_number: numberOf(row, "version_number") + 1,
    }),
  );
}

/** Moves the steps at and behind `from`, and the actions that go to them. */
function renumber(writer: TableWriter, jobId: string, from: number, by: number): void {
  const moved = (row: NamedRow, column: string): number => {
    const id = numberOf(row, column);
    return id >= from ? id + by : id;
  };
  writer.update(
    "sysjobsteps",
    (row) => row["job_id"] === jobId,
    (row) => ({
      step_id: moved(row, "step_id"),
      on_success_step_id: moved(row, "on_success_step_id"),
      on_fail_step_id: moved(row, "on_fail_step_id"),
    }),
  );
}

const addStep: AgentProcedure = {
  name: "sp_add_jobstep",
  parameters: [
    ...JOB_PARAMETERS,
    optional("@step_id", int),
    parameter("@step_name", sysname),
    optional("@subsystem", text(40), "TSQL"),
    ...PLAIN.map(([column, type, standard]) => optional(`@${column}`, type, standard)),
    ...PROXY,
    output("@step_uid", guid),
  ],
  async execute(caller) {
    const job = identifyJob(caller);
    requireOwner(caller, job);
    const steps = stepsOf(caller.rows, job.jobId);
    const stepId = numberArgument(caller.call, "@step_id") ?? steps.length + 1;
    if (stepId < 1 || stepId > steps.length + 1) throw agentError(14266, "@step_id", `1..${String(steps.length + 1)}`);
    const name = textArgument(caller.call, "@step_name") ?? "";
    if (steps.some((step) => sameName(step.name, name))) throw agentError(14261, "@step_name", name);
    const values = givenValues(caller);
    const uid = randomUUID().toUpperCase();
    await caller.change((writer) => {
      // Behind the last step nothing moves, and an action may name the step before it is there.
      if (stepId <= steps.length) renumber(writer, job.jobId, stepId, 1);
      writer.insert("sysjobsteps", {
        ...Object.fromEntries(PLAIN.map(([column, , standard]) => [column, standard])),
        ...values,
        job_id: job.jobId,
        step_id: stepId,
        step_name: name,
        // Where a T-SQL step names no database it runs in master.
        database_name: values["database_name"] ?? (values["subsystem"] === "TSQL" ? "master" : null),
        last_run_outcome: 0,
        last_run_duration: 0,
        last_run_retries: 0,
        last_run_date: 0,
        last_run_time: 0,
        step_uid: uid,
      });
      touchJob(caller, writer, job.jobId);
    });
    return answer({ "@step_uid": uid });
  },
};

const updateStep: AgentProcedure = {
  name: "sp_update_jobstep",
  parameters: [
    ...JOB_PARAMETERS,
    parameter("@step_id", int),
    optional("@step_name", sysname),
    optional("@subsystem", text(40)),
    ...PLAIN.map(([column, type]) => optional(`@${column}`, type)),
    ...PROXY,
  ],
  async execute(caller) {
    const job = identifyJob(caller);
    requireOwner(caller, job);
    const stepId = requireStep(caller, job.jobId);
    const name = textArgument(caller.call, "@step_name");
    const steps = stepsOf(caller.rows, job.jobId);
    if (name !== null && steps.some((step) => sameName(step.name, name) && step.stepId !== stepId))
      throw agentError(14261, "@step_name", name);
    const change = { ...givenValues(caller), ...(name === null ? {} : { step_name: name }) };
    await caller.change((writer) => {
      writer.update("sysjobsteps", (row) => row["job_id"] === job.jobId && row["step_id"] === stepId, change);
      touchJob(caller, writer, job.jobId);
    });
    return SUCCESS;
  },
};

const deleteStep: AgentProcedure = {
  name: "sp_delete_jobstep",
  parameters: [...JOB_PARAMETERS, parameter("@step_id", int)],
  async execute(caller) {
    const job = identifyJob(caller);
    requireOwner(caller, job);
    // Step 0 stands for all of them.
    const all = numberArgument(caller.call, "@step_id") === 0;
    const stepId = all ? 0 : requireStep(caller, job.jobId);
    await caller.change((writer) => {
      writer.delete("sysjobsteps", (row) => row["job_id"] === job.jobId && (all || row["step_id"] === stepId));
      if (!all) renumber(writer, job.jobId, stepId + 1, -1);
      touchJob(caller, writer, job.jobId);
    });
    return SUCCESS;
  },
};

function requireStep(caller: Caller, jobId: string): number {
  const stepId = numberArgument(caller.call, "@step_id") ?? 0;
  const steps = stepsOf(caller.rows, jobId);
  if (!steps.some((step) => step.stepId === stepId)) throw agentError(14266, "@step_id", `1..${String(steps.length)}`);
  return stepId;
}

export const jobStepProcedures: readonly AgentProcedure[] = [addStep, updateStep, deleteStep];
