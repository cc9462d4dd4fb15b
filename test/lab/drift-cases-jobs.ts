/** What can happen to an Agent job and to its schedule behind the product's back: data for both drift tables. */
import type { StepKey } from "../../estate/plan-types";
import { type DriftCase, on, row } from "./drift-case";
import type { Deed, InstanceName } from "./drift-estate";

/** A job that a step keeps as it is wanted. */
export interface JobOfStep {
  readonly step: StepKey;
  /** In front of its properties: `primary.backupJob.`, or nothing. */
  readonly path: string;
  /** Property that holds its name. */
  readonly named: string;
  readonly server: InstanceName;
  readonly name: string;
}

/**
 * What happens to a job.
 * @param schedule name of its schedule; where it is given, everything that can happen to that
 */
export function jobCases({ step, path, named, server, name }: JobOfStep, schedule?: string): DriftCase[] {
  const about = (last: string): string => `${step} ${path}${last}`;
  const update = [`${server}: EXEC sp_update_job`];
  const changed = [`${server}: EXEC sp_update_schedule`];
  const scheduleId =
    `DECLARE @id int; SELECT @id = js.schedule_id FROM msdb.dbo.sysjobschedules AS js ` +
    `JOIN msdb.dbo.sysjobs AS j ON j.job_id = js.job_id WHERE j.name = N'${name}';`;
  const schedules = (
    what: string,
    sql: string,
    observed: readonly string[],
    severity: "cosmetic" | "protection",
    up = changed,
    tidy: readonly Deed[] = [],
  ): DriftCase => ({
    what: `the schedule of ${name} ${what}`,
    about: [about("schedules")],
    deeds: [on(server, `${scheduleId} ${sql}`)],
    rows: [row(step, `${path}schedules`, observed, severity)],
    up,
    tidy,
  });
  const update15 = "EXEC msdb.dbo.sp_update_schedule @schedule_id = @id,";
  const every15 = "every 15 minutes";
  const cases = [
    {
      what: `${name} is disabled`,
      about: [about("enabled")],
      deeds: [on(server, `EXEC msdb.dbo.sp_update_job @job_name = N'${name}', @enabled = 0;`)],
      rows: [row(step, `${path}enabled`, false, "protection")],
      up: update,
    },
    {
      what: `${name} is renamed`,
      about: [about(named)],
      deeds: [on(server, `EXEC msdb.dbo.sp_update_job @job_name = N'${name}', @new_name = N'Old ${name}';`)],
      rows: [row(step, `${path}${named}`, `Old ${name}`, "cosmetic")],
      up: update,
    },
    schedules("runs every hour", `${update15} @freq_subday_interval = 60;`, ["every 60 minutes"], "cosmetic"),
  ];
  if (schedule === undefined) return cases;
  return [
    ...cases,
    schedules(
      "runs by day only",
      `${update15} @active_start_time = 80000, @active_end_time = 180000;`,
      [`${every15}, from 08:00:00 to 18:00:00`],
      "cosmetic",
    ),
    schedules("is disabled", `${update15} @enabled = 0;`, [`${every15}, disabled`], "protection"),
    schedules(
      "has ended",
      `${update15} @active_start_date = 20120101, @active_end_date = 20130101;`,
      [`${every15}, until 2013-01-01`],
      "protection",
    ),
    schedules(
      "begins in years",
      `${update15} @active_start_date = 20990101;`,
      [`${every15}, not before 2099-01-01`],
      "protection",
    ),
    schedules(
      "is taken off it",
      `EXEC msdb.dbo.sp_detach_schedule @job_name = N'${name}', @schedule_id = @id;`,
      [],
      "protection",
      [`${server}: EXEC sp_add_schedule`, `${server}: EXEC sp_attach_schedule`],
    ),
    schedules(
      "is there twice, under one name",
      `EXEC msdb.dbo.sp_add_schedule @schedule_name = N'${schedule}', @freq_type = 4, @freq_interval = 1, @freq_subday_type = 4,
        @freq_subday_interval = 15, @active_start_time = 0, @active_end_time = 235900, @schedule_id = @id OUTPUT;
      EXEC msdb.dbo.sp_attach_schedule @job_name = N'${name}', @schedule_id = @id;`,
      [every15, every15],
      "cosmetic",
      [`${server}: EXEC sp_detach_schedule`],
    ),
    schedules(
      "is replaced by one that another job uses too",
      `EXEC msdb.dbo.sp_detach_schedule @job_name = N'${name}', @schedule_id = @id;
      EXEC msdb.dbo.sp_add_schedule @schedule_name = N'Nightly', @freq_type = 4, @freq_interval = 1, @freq_subday_type = 1,
        @active_start_time = 30000, @schedule_id = @id OUTPUT;
      EXEC msdb.dbo.sp_add_job @job_name = N'Night work';
      EXEC msdb.dbo.sp_attach_schedule @job_name = N'Night work', @schedule_id = @id;
      EXEC msdb.dbo.sp_attach_schedule @job_name = N'${name}', @schedule_id = @id;`,
      ["freq_type 4, freq_interval 1, freq_subday_type 1, freq_subday_interval 0, from 03:00:00 to 23:59:59"],
      "cosmetic",
      [`${server}: EXEC sp_add_schedule`, `${server}: EXEC sp_attach_schedule`, `${server}: EXEC sp_detach_schedule`],
      [on(server, "EXEC msdb.dbo.sp_delete_job @job_name = N'Night work';")],
    ),
  ];
}
