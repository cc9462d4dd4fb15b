/**
 * sp_start_job and sp_stop_job.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-{start,stop}-job-transact-sql.md.
 */
import { textArgument } from "../../server/procedures/server-procedure";
import type { Agent } from "../agent";
import { agentError } from "../agent-errors";
import { hasServer, type Job, stepsOf } from "../job-rows";
import { sameName } from "../row-values";
import { type AgentProcedure, type Caller, optional, SUCCESS, TYPES } from "./caller";
import { identifyJob } from "./job-identity";

const { int, guid, sysname } = TYPES;

function requireOperator(caller: Caller, job: Job): void {
  if (caller.isSysadmin || job.ownerSid === caller.sid || caller.isInRole("SQLAgentOperatorRole")) return;
  throw agentError(14393);
}

/** Asks the Agent to run a job: the answer means that it was asked, not that the job ran. */
function startJob(agent: Agent): AgentProcedure {
  return {
    name: "sp_start_job",
    parameters: [
      optional("@job_name", sysname),
      optional("@job_id", guid),
      optional("@error_flag", int, 1),
      optional("@server_name", sysname),
      optional("@step_name", sysname),
      optional("@output_flag", int, 1),
    ],
    execute(caller) {
      const job = identifyJob(caller);
      requireOperator(caller, job);
      if (!hasServer(caller.rows, job.jobId)) throw agentError(14256, job.name, job.jobId);
      const steps = stepsOf(caller.rows, job.jobId);
      if (steps.length === 0) throw agentError(14528, job.name);
      const stepName = textArgument(caller.call, "@step_name");
      const first = stepName === null ? undefined : steps.find((step) => sameName(step.name, stepName));
      if (stepName !== null && first === undefined) throw agentError(14262, "@step_name", stepName);
      agent.startJob(job, caller.login, first?.stepId);
      if (caller.call.arguments.get("@output_flag") !== 0) caller.tell(agentError(14243, job.name), "sp_start_job");
      return Promise.resolve(SUCCESS);
    },
  };
}

function stopJob(agent: Agent): AgentProcedure {
  return {
    name: "sp_stop_job",
    parameters: [
      optional("@job_name", sysname),
      optional("@job_id", guid),
      optional("@originating_server", sysname),
      optional("@server_name", sysname),
    ],
    execute(caller) {
      const job = identifyJob(caller);
      requireOperator(caller, job);
      if (!hasServer(caller.rows, job.jobId)) throw agentError(14257, job.name, job.jobId);
      agent.stopJob(job, caller.login);
      caller.tell(agentError(14254, job.name), "sp_stop_job");
      return Promise.resolve(SUCCESS);
    },
  };
}

export function startStopProcedures(agent: Agent): readonly AgentProcedure[] {
  return [startJob(agent), stopJob(agent)];
}
