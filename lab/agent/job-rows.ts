/**
 * Jobs, steps and schedules as the rows of msdb tell them.
 * Source: sql-docs relational-databases/system-tables/dbo-{sysjobs,sysjobsteps,sysschedules}-transact-sql.md.
 */
import type { NamedRow } from "../server/msdb/system-tables";
import { hexOf, numberOf, optionalNumber, optionalText, textOf } from "./row-values";
import type { Schedule } from "./schedule";

/** Reads rows of a table of msdb: the instance's tables, or those inside a transaction. */
export type RowReader = (table: string, where?: (row: NamedRow) => boolean) => readonly NamedRow[];

export interface Job {
  /** Upper case. */
  readonly jobId: string;
  readonly name: string;
  readonly enabled: boolean;
  /** Hexadecimal. */
  readonly ownerSid: string;
  readonly startStepId: number;
  readonly categoryId: number;
  /** 0 never, 1 after success, 2 after failure, 3 always: the job removes itself. */
  readonly deleteLevel: number;
}

export interface JobStep {
  readonly stepId: number;
  readonly name: string;
  readonly uid: string | undefined;
  /** TSQL, CmdExec, PowerShell … */
  readonly subsystem: string;
  readonly command: string;
  readonly flags: number;
  readonly successCode: number;
  /** 1 quit with success, 2 quit with failure, 3 next step, 4 the step that is named. */
  readonly onSuccessAction: number;
  readonly onSuccessStepId: number;
  readonly onFailAction: number;
  readonly onFailStepId: number;
  readonly databaseName: string | undefined;
  readonly databaseUserName: string | undefined;
  readonly retryAttempts: number;
  /** Minutes. */
  readonly retryInterval: number;
  readonly proxyId: number | undefined;
}

/** A schedule with its identity. */
export interface NamedSchedule extends Schedule {
  readonly scheduleId: number;
  readonly name: string;
  /** Hexadecimal. */
  readonly ownerSid: string;
}

export function jobOf(row: NamedRow): Job {
  return {
    jobId: textOf(row, "job_id"),
    name: textOf(row, "name"),
    enabled: numberOf(row, "enabled") !== 0,
    ownerSid: hexOf(row, "owner_sid"),
    startStepId: numberOf(row, "start_step_id"),
    categoryId: numberOf(row, "category_id"),
    deleteLevel: numberOf(row, "delete_level"),
  };
}

export function stepOf(row: NamedRow): JobStep {
  return {
    stepId: numberOf(row, "step_id"),
    name: textOf(row, "step_name"),
    uid: optionalText(row, "step_uid"),
    subsystem: textOf(row, "subsystem"),
    command: optionalText(row, "command") ?? "",
    flags: numberOf(row, "flags"),
    successCode: numberOf(row, "cmdexec_success_code"),
    onSuccessAction: numberOf(row, "on_success_action"),
    onSuccessStepId: numberOf(row, "on_success_step_id"),
    onFailAction: numberOf(row, "on_fail_action"),
    onFailStepId: numberOf(row, "on_fail_step_id"),
    databaseName: optionalText(row, "database_name"),
    databaseUserName: optionalText(row, "database_user_name"),
    retryAttempts: numberOf(row, "retry_attempts"),
    retryInterval: numberOf(row, "retry_interval"),
    proxyId: optionalNumber(row, "proxy_id"),
  };
}

export function scheduleOf(row: NamedRow): NamedSchedule {
  return {
    scheduleId: numberOf(row, "schedule_id"),
    name: textOf(row, "name"),
    ownerSid: hexOf(row, "owner_sid"),
    enabled: numberOf(row, "enabled") !== 0,
    freqType: numberOf(row, "freq_type"),
    freqInterval: numberOf(row, "freq_interval"),
    freqSubdayType: numberOf(row, "freq_subday_type"),
    freqSubdayInterval: numberOf(row, "freq_subday_interval"),
    freqRelativeInterval: numberOf(row, "freq_relative_interval"),
    freqRecurrenceFactor: numberOf(row, "freq_recurrence_factor"),
    activeStartDate: numberOf(row, "active_start_date"),
    activeEndDate: numberOf(row, "active_end_date"),
    activeStartTime: numberOf(row, "active_start_time"),
    activeEndTime: numberOf(row, "active_end_time"),
  };
}

/** A job by its id; undefined when there is none. */
export function findJob(rows: RowReader, jobId: string): Job | undefined {
  const wanted = jobId.toUpperCase();
  const row = rows("sysjobs", (one) => one["job_id"] === wanted)[0];
  return row === undefined ? undefined : jobOf(row);
}

/** The steps of a job by step_id. */
export function stepsOf(rows: RowReader, jobId: string): readonly JobStep[] {
  return rows("sysjobsteps", (one) => one["job_id"] === jobId)
    .map(stepOf)
    .sort((one, other) => one.stepId - other.stepId);
}

/** The schedules that are attached to a job. */
export function schedulesOf(rows: RowReader, jobId: string): readonly NamedSchedule[] {
  const ids = new Set(
    rows("sysjobschedules", (one) => one["job_id"] === jobId).map((one) => numberOf(one, "schedule_id")),
  );
  return rows("sysschedules", (one) => ids.has(numberOf(one, "schedule_id"))).map(scheduleOf);
}

/** Whether a job has a job server (sp_add_jobserver). */
export function hasServer(rows: RowReader, jobId: string): boolean {
  return rows("sysjobservers", (one) => one["job_id"] === jobId).length > 0;
}
