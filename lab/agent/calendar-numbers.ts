/**
 * Dates, times and durations as msdb's Agent tables keep them: int yyyymmdd, int hhmmss.
 * Source: sql-docs relational-databases/system-tables/dbo-sysjobhistory-transact-sql.md (run_date, run_time, run_duration).
 * All milliseconds are those of the instance's local clock since 1970.
 */
import { fitCalendar, fromEpoch } from "../tsql/calendar";
import type { CalendarTime } from "../tsql/values";

/** Milliseconds of a day. */
export const DAY = 86_400_000;

/** yyyymmdd. */
export function dateNumber(local: number): number {
  const date = new Date(local);
  return date.getUTCFullYear() * 10_000 + (date.getUTCMonth() + 1) * 100 + date.getUTCDate();
}

/** hhmmss; the fraction of a second is dropped. */
export function timeNumber(local: number): number {
  const date = new Date(local);
  return date.getUTCHours() * 10_000 + date.getUTCMinutes() * 100 + date.getUTCSeconds();
}

/** hhmmss of a length of time in milliseconds; hours may pass 24. */
export function durationNumber(milliseconds: number): number {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  return Math.floor(seconds / 3600) * 10_000 + (Math.floor(seconds / 60) % 60) * 100 + (seconds % 60);
}

/** Midnight of a yyyymmdd; undefined when there is no such day. */
export function dayOfNumber(date: number): number | undefined {
  const [year, month, day] = [Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100];
  const at = Date.UTC(year, month - 1, day);
  return dateNumber(at) === date ? at : undefined;
}

/** Milliseconds after midnight of a hhmmss; undefined when there is no such time. */
export function timeOfNumber(time: number): number | undefined {
  const [hour, minute, second] = [Math.floor(time / 10_000), Math.floor(time / 100) % 100, time % 100];
  if (time < 0 || hour > 23 || minute > 59 || second > 59) return undefined;
  return ((hour * 60 + minute) * 60 + second) * 1000;
}

/** Value of a datetime column, rounded to its 1/300 s. */
export function datetime(milliseconds: number): CalendarTime {
  return fitCalendar(fromEpoch(milliseconds), { name: "datetime2", scale: 7 }, { name: "datetime" });
}

/** Milliseconds since 1970 of a datetime's value. */
export function millisecondsOf(value: CalendarTime): number {
  const epoch = fromEpoch(0);
  return (value.days - epoch.days) * DAY + Math.round(value.ticks / 10_000);
}
