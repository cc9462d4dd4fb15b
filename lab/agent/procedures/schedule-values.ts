/**
 * The fields of a schedule as parameters, and what SQL Server refuses in them.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-add-schedule-transact-sql.md.
 */
import { randomUUID } from "node:crypto";
import type { ProcedureParameter } from "../../tsql/host";
import type { NamedRow, TableWriter } from "../../server/msdb/system-tables";
import { agentError } from "../agent-errors";
import { dateNumber, datetime, dayOfNumber, timeOfNumber } from "../calendar-numbers";
import { numberOf } from "../row-values";
import { type Caller, optional, TYPES } from "./caller";

/** Fields with the value that sp_add_schedule gives them; `active_start_date` NULL means today. */
const FIELDS: readonly (readonly [string, number | null])[] = [
  ["enabled", 1],
  ["freq_type", 0],
  ["freq_interval", 1],
  ["freq_subday_type", 0],
  ["freq_subday_interval", 0],
  ["freq_relative_interval", 0],
  ["freq_recurrence_factor", 0],
  ["active_start_date", null],
  ["active_end_date", 99991231],
  ["active_start_time", 0],
  ["active_end_time", 235959],
];

/** Values of a schedule by column. */
export type ScheduleValues = Record<string, number>;

/** Parameters of the fields. `standards` replace the values of sp_add_schedule; "none": what is not given stays as it is. */
export function scheduleParameters(standards: Readonly<Record<string, number>> | "none" = {}): ProcedureParameter[] {
  return FIELDS.map(([field, standard]) => {
    const type = field === "enabled" ? TYPES.tinyint : TYPES.int;
    return optional(`@${field}`, type, standards === "none" ? null : (standards[field] ?? standard));
  });
}

/** The fields that the call gives, over those of a present row where there is one; checked. Throws 14266, 14278, 14287, 14288. */
export function scheduleValues(caller: Caller, present?: NamedRow): ScheduleValues {
  const values: ScheduleValues = {};
  for (const [field] of FIELDS) {
    const given = caller.call.arguments.get(`@${field}`) ?? null;
    const value = typeof given === "number" ? given : present === undefined ? null : numberOf(present, field);
    values[field] = value ?? dateNumber(caller.instance.localTime());
  }
  values["enabled"] = values["enabled"] === 0 ? 0 : 1;
  check(values);
  return values;
}

function check(values: ScheduleValues): void {
  const value = (field: string): number => values[field] ?? 0;
  const type = value("freq_type");
  if (![1, 4, 8, 16, 32, 64, 128].includes(type))
    throw agentError(14266, "freq_type", "0x1, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80");
  for (const field of ["active_start_date", "active_end_date"])
    if (dayOfNumber(value(field)) === undefined) throw agentError(14287, field, "date");
  if (value("active_start_date") < 19_900_101) throw agentError(14266, "active_start_date", ">= 19900101");
  for (const field of ["active_start_time", "active_end_time"])
    if (timeOfNumber(value(field)) === undefined) throw agentError(14287, field, "time");
  if (value("active_end_date") < value("active_start_date"))
    throw agentError(14288, "active_end_date", "active_start_date");
  if (type === 64 || type === 128) {
    for (const field of ["freq_interval", "freq_subday_type", "freq_subday_interval"]) values[field] = 0;
    return;
  }
  const reason = frequencyProblem(value);
  if (reason !== undefined) throw agentError(14278, reason);
  // Once, and daily without a subday type, mean "at the start time".
  if (type === 1 || value("freq_subday_type") === 0) values["freq_subday_type"] = 1;
}

/** Messages 14572 to 14577. */
function frequencyProblem(value: (field: string) => number): string | undefined {
  const interval = value("freq_interval");
  switch (value("freq_type")) {
    case 4:
      if (interval < 1) return "@freq_interval must be at least 1 for a daily job.";
      break;
    case 8:
      if (interval < 1 || interval > 127)
        return "@freq_interval must be a valid day of the week bitmask [Sunday = 1 .. Saturday = 64] for a weekly job.";
      break;
    case 16:
      if (interval < 1 || interval > 31) return "@freq_interval must be between 1 and 31 for a monthly job.";
      break;
    case 32:
      if (![1, 2, 4, 8, 16].includes(value("freq_relative_interval")))
        return "@freq_relative_interval must be one of 1st (0x1), 2nd (0x2), 3rd [0x4], 4th (0x8) or Last (0x10).";
      if (interval < 1 || interval > 10)
        return "@freq_interval must be between 1 and 10 (1 = Sunday .. 7 = Saturday, 8 = Day, 9 = Weekday, 10 = Weekend-day) for a monthly-relative job.";
      break;
    default:
  }
  if ([8, 16, 32].includes(value("freq_type")) && value("freq_recurrence_factor") < 1)
    return "@freq_recurrence_factor must be at least 1.";
  const subday = value("freq_subday_type");
  if (![0, 1, 2, 4, 8].includes(subday)) throw agentError(14266, "freq_subday_type", "0x1, 0x2, 0x4, 0x8");
  // Seconds from 10 on, minutes and hours from 1 on.
  if (subday > 1 && value("freq_subday_interval") < (subday === 2 ? 10 : 1))
    throw agentError(14266, "freq_subday_interval", subday === 2 ? "10..59" : "1..59");
  return undefined;
}

/** Inserts a schedule; answers its ids. */
export function insertSchedule(
  caller: Caller,
  writer: TableWriter,
  name: string,
  owner: Uint8Array,
  values: ScheduleValues,
): { readonly scheduleId: number; readonly uid: string } {
  const uid = randomUUID().toUpperCase();
  const now = datetime(caller.instance.localTime());
  const scheduleId = writer.insert("sysschedules", {
    schedule_uid: uid,
    originating_server_id: 0,
    name,
    owner_sid: owner,
    ...values,
    date_created: now,
    date_modified: now,
    version_number: 1,
  });
  if (scheduleId === undefined) throw new Error("msdb of the lab: sysschedules gave no schedule_id.");
  return { scheduleId, uid };
}

/** Ties a schedule to a job; the Agent plans it at its next look. */
export function attach(writer: TableWriter, jobId: string, scheduleId: number): void {
  const same = (row: NamedRow): boolean => row["job_id"] === jobId && row["schedule_id"] === scheduleId;
  if (writer.rows("sysjobschedules", same).length > 0) return;
  writer.insert("sysjobschedules", { schedule_id: scheduleId, job_id: jobId, next_run_date: 0, next_run_time: 0 });
}
