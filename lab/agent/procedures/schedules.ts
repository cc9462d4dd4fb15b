/**
 * sp_add_schedule, sp_update_schedule, sp_delete_schedule, sp_attach_schedule, sp_detach_schedule, sp_add_jobschedule,
 * sp_update_jobschedule.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-{add-schedule,update-schedule,delete-schedule,
 * attach-schedule,detach-schedule,add-jobschedule,update-jobschedule}-transact-sql.md.
 */
import type { TableWriter } from "../../server/msdb/system-tables";
import { numberArgument, parameter, textArgument } from "../../server/procedures/server-procedure";
import type { SqlValue } from "../../tsql/values";
import { agentError } from "../agent-errors";
import { datetime } from "../calendar-numbers";
import { deleteUnusedSchedule } from "../delete-job";
import { type NamedSchedule, schedulesOf } from "../job-rows";
import { numberOf, sameName } from "../row-values";
import { type AgentProcedure, answer, type Caller, optional, output, SUCCESS, TYPES } from "./caller";
import { identifyJob, identifySchedule, JOB_PARAMETERS, ownerSid, requireOwner, sidBytes } from "./job-identity";
import { attach, insertSchedule, scheduleParameters, type ScheduleValues, scheduleValues } from "./schedule-values";

const { bit, int, guid, sysname } = TYPES;
const AUTOMATIC_POST = optional("@automatic_post", bit, 1);
const SCHEDULE_PARAMETERS = [optional("@schedule_id", int), optional("@schedule_name", sysname)];

const addSchedule: AgentProcedure = {
  name: "sp_add_schedule",
  parameters: [
    parameter("@schedule_name", sysname),
    ...scheduleParameters(),
    optional("@owner_login_name", sysname),
    output("@schedule_uid", guid),
    output("@schedule_id", int),
    optional("@originating_server", sysname),
  ],
  async execute(caller) {
    const name = textArgument(caller.call, "@schedule_name") ?? "";
    const owner = ownerSid(caller);
    const values = scheduleValues(caller);
    const { scheduleId, uid } = await caller.change((writer) => insertSchedule(caller, writer, name, owner, values));
    return answer({ "@schedule_id": scheduleId, "@schedule_uid": uid });
  },
};

function requireScheduleOwner(caller: Caller, schedule: NamedSchedule): void {
  if (!caller.isSysadmin && schedule.ownerSid !== caller.sid) throw agentError(14394);
}

/** Writes the given fields, a new name and a new owner to a schedule. */
async function changeSchedule(caller: Caller, schedule: NamedSchedule, owner?: Uint8Array): Promise<void> {
  requireScheduleOwner(caller, schedule);
  const mine = (row: { readonly [column: string]: SqlValue }): boolean => row["schedule_id"] === schedule.scheduleId;
  const [present] = caller.rows("sysschedules", mine);
  const values: ScheduleValues = scheduleValues(caller, present);
  const newName = textArgument(caller.call, "@new_name");
  await caller.change((writer: TableWriter) =>
    writer.update("sysschedules", mine, (row) => ({
      ...values,
      ...(newName === null ? {} : { name: newName }),
      ...(owner === undefined ? {} : { owner_sid: owner }),
      date_modified: datetime(caller.instance.localTime()),
      version_number: numberOf(row, "version_number") + 1,
    })),
  );
}

const updateSchedule: AgentProcedure = {
  name: "sp_update_schedule",
  parameters: [
    optional("@schedule_id", int),
    optional("@name", sysname),
    optional("@new_name", sysname),
    ...scheduleParameters("none"),
    optional("@owner_login_name", sysname),
    AUTOMATIC_POST,
  ],
  async execute(caller) {
    const schedule = identifySchedule(caller, "@name");
    const newOwner = textArgument(caller.call, "@owner_login_name") !== null;
    if (newOwner && !caller.isSysadmin) throw agentError(14366);
    await changeSchedule(caller, schedule, newOwner ? ownerSid(caller) : undefined);
    return SUCCESS;
  },
};

const deleteSchedule: AgentProcedure = {
  name: "sp_delete_schedule",
  parameters: [...SCHEDULE_PARAMETERS, optional("@force_delete", bit, 0), AUTOMATIC_POST],
  async execute(caller) {
    const schedule = identifySchedule(caller);
    requireScheduleOwner(caller, schedule);
    const force = numberArgument(caller.call, "@force_delete") === 1;
    await caller.change((writer) => {
      if (force) writer.delete("sysjobschedules", (row) => row["schedule_id"] === schedule.scheduleId);
      if (!deleteUnusedSchedule(writer, schedule.scheduleId)) throw agentError(14372);
    });
    return SUCCESS;
  },
};

const attachSchedule: AgentProcedure = {
  name: "sp_attach_schedule",
  parameters: [...JOB_PARAMETERS, ...SCHEDULE_PARAMETERS, AUTOMATIC_POST],
  async execute(caller) {
    const job = identifyJob(caller);
    const schedule = identifySchedule(caller);
    // The caller must own both, or be sysadmin.
    if (!caller.isSysadmin && (job.ownerSid !== caller.sid || schedule.ownerSid !== caller.sid))
      throw agentError(14377);
    await caller.change((writer) => {
      attach(writer, job.jobId, schedule.scheduleId);
    });
    return SUCCESS;
  },
};

const detachSchedule: AgentProcedure = {
  name: "sp_detach_schedule",
  parameters: [...JOB_PARAMETERS, ...SCHEDULE_PARAMETERS, optional("@delete_unused_schedule", bit, 0), AUTOMATIC_POST],
  async execute(caller) {
    const job = identifyJob(caller);
    const schedule = identifySchedule(caller);
    if (!caller.isSysadmin && job.ownerSid !== caller.sid) throw agentError(14391);
    await caller.change((writer) => {
      const detached = writer.delete(
        "sysjobschedules",
        (row) => row["job_id"] === job.jobId && row["schedule_id"] === schedule.scheduleId,
      );
      if (detached === 0) throw agentError(14374, schedule.name, job.name);
      if (numberArgument(caller.call, "@delete_unused_schedule") === 1)
        deleteUnusedSchedule(writer, schedule.scheduleId);
    });
    return SUCCESS;
  },
};

const addJobSchedule: AgentProcedure = {
  name: "sp_add_jobschedule",
  parameters: [
    ...JOB_PARAMETERS,
    parameter("@name", sysname),
    ...scheduleParameters({ freq_type: 1, freq_interval: 0 }),
    output("@schedule_id", int),
    AUTOMATIC_POST,
    output("@schedule_uid", guid),
  ],
  async execute(caller) {
    const job = identifyJob(caller);
    requireOwner(caller, job);
    const name = textArgument(caller.call, "@name") ?? "";
    const values = scheduleValues(caller);
    const { scheduleId, uid } = await caller.change((writer) => {
      const inserted = insertSchedule(caller, writer, name, sidBytes(caller.sid), values);
      attach(writer, job.jobId, inserted.scheduleId);
      return inserted;
    });
    return answer({ "@schedule_id": scheduleId, "@schedule_uid": uid });
  },
};

const updateJobSchedule: AgentProcedure = {
  name: "sp_update_jobschedule",
  parameters: [
    ...JOB_PARAMETERS,
    parameter("@name", sysname),
    optional("@new_name", sysname),
    ...scheduleParameters("none"),
    AUTOMATIC_POST,
  ],
  async execute(caller) {
    const job = identifyJob(caller);
    requireOwner(caller, job);
    const name = textArgument(caller.call, "@name") ?? "";
    const [schedule] = schedulesOf(caller.rows, job.jobId).filter((one) => sameName(one.name, name));
    if (schedule === undefined) throw agentError(14374, name, job.name);
    await changeSchedule(caller, schedule);
    return SUCCESS;
  },
};

export const scheduleProcedures: readonly AgentProcedure[] = [
  addSchedule,
  updateSchedule,
  deleteSchedule,
  attachSchedule,
  detachSchedule,
  addJobSchedule,
  updateJobSchedule,
];
