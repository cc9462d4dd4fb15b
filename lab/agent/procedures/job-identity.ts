/** How procedures name a job or a schedule, and who may change it. */
import type { ProcedureParameter } from "../../tsql/host";
import { textArgument, numberArgument } from "../../server/procedures/server-procedure";
import { agentError } from "../agent-errors";
import { type Job, jobOf, type NamedSchedule, scheduleOf } from "../job-rows";
import { sameName } from "../row-values";
import { type Caller, optional, TYPES } from "./caller";

/** @job_id and @job_name: one of them names the job. */
export const JOB_PARAMETERS: readonly ProcedureParameter[] = [
  optional("@job_id", TYPES.guid),
  optional("@job_name", TYPES.sysname),
];

/**
 * The job that @job_id or @job_name names. Throws 14294 both or neither, 14262 unknown or not the caller's to see, 14293.
 * @param mayOmit answers undefined instead of 14294 when neither is given
 */
export function identifyJob(caller: Caller): Job;
export function identifyJob(caller: Caller, mayOmit: true): Job | undefined;
export function identifyJob(caller: Caller, mayOmit?: true): Job | undefined {
  const id = textArgument(caller.call, "@job_id");
  const name = textArgument(caller.call, "@job_name");
  if (id === null && name === null && mayOmit === true) return undefined;
  if ((id === null) === (name === null)) throw agentError(14294, "@job_id", "@job_name");
  const jobs = caller
    .rows("sysjobs")
    .map(jobOf)
    .filter((job) => (id === null ? sameName(job.name, name ?? "") : job.jobId === id.toUpperCase()))
    .filter((job) => maySee(caller, job));
  if (jobs.length > 1) throw agentError(14293, name ?? "", "@job_id", "@job_name");
  const [job] = jobs;
  if (job === undefined) throw agentError(14262, id === null ? "@job_name" : "@job_id", id ?? name ?? "");
  return job;
}

/** SQLAgentReaderRole and sysadmin see every job, others their own. */
export function maySee(caller: Caller, job: Job): boolean {
  return caller.isSysadmin || job.ownerSid === caller.sid || caller.isInRole("SQLAgentReaderRole");
}

/** Throws 14525 unless the caller owns the job or is sysadmin. */
export function requireOwner(caller: Caller, job: Job): void {
  if (!caller.isSysadmin && job.ownerSid !== caller.sid) throw agentError(14525);
}

/**
 * The schedule that @schedule_id or a name parameter names. Throws 14373, 14262, 14371 for a name that several have.
 * @param nameParameter "@schedule_name", or "@name" of sp_update_schedule
 */
export function identifySchedule(caller: Caller, nameParameter = "@schedule_name"): NamedSchedule {
  const id = numberArgument(caller.call, "@schedule_id");
  const name = textArgument(caller.call, nameParameter);
  if ((id === null) === (name === null)) throw agentError(14373, "@schedule_id", nameParameter);
  const found = caller
    .rows("sysschedules")
    .map(scheduleOf)
    .filter((one) => (id === null ? sameName(one.name, name ?? "") : one.scheduleId === id));
  if (found.length > 1) throw agentError(14371, name ?? "", "@schedule_id", nameParameter);
  const [schedule] = found;
  if (schedule === undefined)
    throw agentError(14262, id === null ? nameParameter : "@schedule_id", id === null ? (name ?? "") : id);
  return schedule;
}

/** The sid of an owner named by @owner_login_name, the caller's by default. Throws 14234 unknown, 14515 not the caller's to give. */
export function ownerSid(caller: Caller): Uint8Array {
  const name = textArgument(caller.call, "@owner_login_name");
  if (name === null) return sidBytes(caller.sid);
  const principal = caller.instance.principals.find(name);
  if (principal === undefined || principal.type === "R") throw agentError(14234, "@owner_login_name", "sp_helplogins");
  if (!caller.isSysadmin && principal.sid !== caller.sid) throw agentError(14515);
  return sidBytes(principal.sid);
}

/** A sid as varbinary. */
export function sidBytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}
