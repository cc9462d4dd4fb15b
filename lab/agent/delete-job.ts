/** Taking jobs and schedules out of msdb with everything that belongs to them. */
import type { TableWriter } from "../server/msdb/system-tables";
import { numberOf, optionalText } from "./row-values";

/** What goes with a job. */
export interface JobDeletion {
  readonly history: boolean;
  /** Schedules that no other job uses. */
  readonly unusedSchedules: boolean;
}

/** Deletes a job with its steps, server, attachments, activity and step logs. */
export function deleteJob(writer: TableWriter, jobId: string, options: JobDeletion): void {
  const mine = (row: { readonly [column: string]: unknown }): boolean => row["job_id"] === jobId;
  const schedules = writer.rows("sysjobschedules", mine).map((row) => numberOf(row, "schedule_id"));
  const stepIds = new Set(writer.rows("sysjobsteps", mine).map((row) => optionalText(row, "step_uid")));
  writer.delete("sysjobstepslogs", (row) => stepIds.has(optionalText(row, "step_uid")));
  for (const table of ["sysjobschedules", "sysjobservers", "sysjobactivity", "sysjobsteps", "sysjobs"])
    writer.delete(table, mine);
  if (options.history) writer.delete("sysjobhistory", mine);
  if (options.unusedSchedules) for (const scheduleId of schedules) deleteUnusedSchedule(writer, scheduleId);
}

/** Deletes a schedule that no job uses; answers whether it did. */
export function deleteUnusedSchedule(writer: TableWriter, scheduleId: number): boolean {
  const same = (row: { readonly [column: string]: unknown }): boolean => row["schedule_id"] === scheduleId;
  if (writer.rows("sysjobschedules", same).length > 0) return false;
  return writer.delete("sysschedules", same) > 0;
}
