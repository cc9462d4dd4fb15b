/**
 * The schedules of one Agent job: what they say, and the calls after which the job runs every so many minutes, by one
 * schedule. Columns are those of dbo.sysschedules in sql-docs. Pure.
 */
import type { AgentJob, JobSchedule } from "./observation-types";
import { addSchedule, changeSchedule, detachSchedule, everyMinutes } from "./statements-log-shipping";

/** What a job's schedules read as when they are as wanted. */
export function wantedSchedules(minutes: number): readonly string[] {
  return [everyText(minutes)];
}

/** The attached schedules in words, sorted. */
export function scheduleTexts(job: AgentJob): readonly string[] {
  return job.schedules.map(scheduleText).sort();
}

/** One schedule in words: `every 15 minutes`, and whatever else it says. */
export function scheduleText(schedule: JobSchedule): string {
  const { activeStartTime, activeEndTime, activeStartDate, activeEndDate, inForce, enabled } = schedule;
  const wanted = everyMinutes(1);
  const allDay = activeStartTime === wanted.active_start_time && activeEndTime === wanted.active_end_time;
  return [
    frequencyText(schedule),
    ...(allDay ? [] : [`from ${timeText(activeStartTime)} to ${timeText(activeEndTime)}`]),
    ...(inForce || activeEndDate !== noEnd ? [] : [`not before ${dateText(activeStartDate)}`]),
    ...(activeEndDate === noEnd ? [] : [`until ${dateText(activeEndDate)}`]),
    ...(enabled ? [] : ["disabled"]),
  ].join(", ");
}

/** True when the schedule runs every so many minutes, all day, every day, without an end. */
export function isEvery(schedule: JobSchedule, minutes: number): boolean {
  const wanted = everyMinutes(minutes);
  return (
    schedule.enabled &&
    schedule.inForce &&
    schedule.activeEndDate === noEnd &&
    schedule.freqType === wanted.freq_type &&
    schedule.freqInterval === wanted.freq_interval &&
    schedule.freqSubdayType === wanted.freq_subday_type &&
    schedule.freqSubdayInterval === wanted.freq_subday_interval &&
    schedule.activeStartTime === wanted.active_start_time &&
    schedule.activeEndTime === wanted.active_end_time
  );
}

/** True when no schedule starts the job any more. */
export function isNeverStarted(job: AgentJob): boolean {
  return !job.schedules.some((schedule) => schedule.enabled && schedule.inForce);
}

/**
 * The batches after which one schedule is left, and that as wanted; none where it is so already. An attached schedule is
 * changed by its id: names are not unique (14371). One that other jobs use too is theirs: it is detached, not changed. A
 * detached schedule stays in msdb.
 * @param name of the schedule that is made where there is none to change
 */
export function scheduleCalls(job: AgentJob, name: string, minutes: number): readonly string[] {
  const right = job.schedules.find((schedule) => isEvery(schedule, minutes));
  const kept = right ?? job.schedules.find((schedule) => schedule.jobs === 1);
  const rest = job.schedules.filter((schedule) => schedule !== kept);
  return [
    ...(kept === undefined ? [addSchedule(job.jobId, name, minutes)] : []),
    ...(kept === undefined || kept === right ? [] : [changeSchedule(kept.scheduleId, minutes, hasBegun(kept))]),
    ...rest.map((schedule) => detachSchedule(job.jobId, schedule.scheduleId)),
  ];
}

// One that rests because of its last day has begun: only that day is changed then.
function hasBegun(schedule: JobSchedule): boolean {
  return schedule.inForce || schedule.activeEndDate !== noEnd;
}

const noEnd = everyMinutes(1).active_end_date;

// freq_type 4: daily; freq_subday_type 4: minutes. Everything else is told by its columns.
function frequencyText({ freqType, freqInterval, freqSubdayType, freqSubdayInterval }: JobSchedule): string {
  if (freqType === 4 && freqInterval === 1 && freqSubdayType === 4) return everyText(freqSubdayInterval);
  return (
    `freq_type ${String(freqType)}, freq_interval ${String(freqInterval)}, ` +
    `freq_subday_type ${String(freqSubdayType)}, freq_subday_interval ${String(freqSubdayInterval)}`
  );
}

function everyText(minutes: number): string {
  return `every ${String(minutes)} ${minutes === 1 ? "minute" : "minutes"}`;
}

// HHMMSS as a number.
function timeText(time: number): string {
  const digits = String(time).padStart(6, "0");
  return `${digits.slice(0, 2)}:${digits.slice(2, 4)}:${digits.slice(4)}`;
}

// YYYYMMDD as a number.
function dateText(date: number): string {
  const digits = String(date).padStart(8, "0");
  return `${digits.slice(0, 4)}-${digits.slice(4, 6)}-${digits.slice(6)}`;
}
