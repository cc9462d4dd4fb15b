/**
 * When a schedule runs next.
 * Source: sql-docs relational-databases/system-tables/dbo-sysschedules-transact-sql.md,
 * system-stored-procedures/sp-add-schedule-transact-sql.md.
 */
import { DAY, dayOfNumber, timeOfNumber } from "./calendar-numbers";

/** A row of sysschedules as far as it says when; the names are the columns'. */
export interface Schedule {
  readonly enabled: boolean;
  /** 1 once, 4 daily, 8 weekly, 16 monthly, 32 monthly relative, 64 when the Agent starts, 128 when the machine idles. */
  readonly freqType: number;
  readonly freqInterval: number;
  /** 1 at the start time, 2 seconds, 4 minutes, 8 hours. */
  readonly freqSubdayType: number;
  readonly freqSubdayInterval: number;
  readonly freqRelativeInterval: number;
  readonly freqRecurrenceFactor: number;
  readonly activeStartDate: number;
  readonly activeEndDate: number;
  readonly activeStartTime: number;
  readonly activeEndTime: number;
}

/** freq_type of a schedule that runs when the Agent starts. */
export const AT_AGENT_START = 64;

const SUBDAY_UNITS: Readonly<Record<number, number>> = { 2: 1000, 4: 60_000, 8: 3_600_000 };
/** A monthly schedule every 99 months of February 29th comes round within this time. */
const HORIZON_DAYS = 366 * 40;

/**
 * The first moment after `after` at which an enabled schedule runs; undefined when it never does again, or not by a clock.
 * @param after milliseconds of the local clock since 1970
 */
export function nextRun(schedule: Schedule, after: number): number | undefined {
  const first = dayOfNumber(schedule.activeStartDate);
  // 99991231, the default, means without end.
  const last = dayOfNumber(schedule.activeEndDate) ?? Number.POSITIVE_INFINITY;
  if (!schedule.enabled || first === undefined || ![1, 4, 8, 16, 32].includes(schedule.freqType)) return undefined;
  const today = Math.floor(after / DAY) * DAY;
  // A window that began yesterday may reach over midnight.
  for (
    let day = Math.max(first, today - DAY), count = 0;
    day <= last && count <= HORIZON_DAYS;
    day += DAY, count += 1
  ) {
    if (!runsOn(schedule, day, first)) {
      if (schedule.freqType === 1 && day > first) return undefined;
      continue;
    }
    const at = firstTime(schedule, day, after);
    if (at !== undefined) return at;
  }
  return undefined;
}

/** The first time of a day's window that lies after `after`. */
function firstTime(schedule: Schedule, day: number, after: number): number | undefined {
  const start = day + (timeOfNumber(schedule.activeStartTime) ?? 0);
  const unit = SUBDAY_UNITS[schedule.freqSubdayType];
  if (schedule.freqType === 1 || unit === undefined) return start > after ? start : undefined;
  const endTime = timeOfNumber(schedule.activeEndTime) ?? DAY - 1000;
  const overMidnight = schedule.activeEndTime < schedule.activeStartTime;
  const end = day + endTime + (overMidnight ? DAY : 0);
  const step = unit * Math.max(1, schedule.freqSubdayInterval);
  const passed = after < start ? 0 : Math.floor((after - start) / step) + 1;
  const at = start + passed * step;
  return at <= end ? at : undefined;
}

function runsOn(schedule: Schedule, day: number, first: number): boolean {
  const date = new Date(day);
  const begun = new Date(first);
  const every = Math.max(1, schedule.freqRecurrenceFactor);
  const months = (date.getUTCFullYear() - begun.getUTCFullYear()) * 12 + date.getUTCMonth() - begun.getUTCMonth();
  switch (schedule.freqType) {
    case 1:
      return day === first;
    case 4:
      return Math.round((day - first) / DAY) % Math.max(1, schedule.freqInterval) === 0;
    case 8: {
      // Weeks begin on Sunday, as the bit mask does (Sunday = 1 … Saturday = 64).
      const weekOf = (at: number, weekday: number): number => at - weekday * DAY;
      const weeks = Math.round((weekOf(day, date.getUTCDay()) - weekOf(first, begun.getUTCDay())) / (7 * DAY));
      return (schedule.freqInterval & (1 << date.getUTCDay())) !== 0 && weeks % every === 0;
    }
    case 16:
      return months % every === 0 && date.getUTCDate() === schedule.freqInterval;
    default:
      return months % every === 0 && isRelativeDay(schedule, date);
  }
}

/** freq_interval 1–7 Sunday to Saturday, 8 day, 9 weekday, 10 weekend day; freq_relative_interval 1, 2, 4, 8, 16 = last. */
function isRelativeDay(schedule: Schedule, date: Date): boolean {
  const fits = (at: Date): boolean => {
    const weekday = at.getUTCDay();
    const weekend = weekday === 0 || weekday === 6;
    if (schedule.freqInterval === 8) return true;
    if (schedule.freqInterval === 9) return !weekend;
    if (schedule.freqInterval === 10) return weekend;
    return weekday + 1 === schedule.freqInterval;
  };
  if (!fits(date)) return false;
  const sameMonth = (step: number): number => {
    let count = 0;
    for (let at = date.getTime() + step * DAY; new Date(at).getUTCMonth() === date.getUTCMonth(); at += step * DAY)
      if (fits(new Date(at))) count += 1;
    return count;
  };
  if (schedule.freqRelativeInterval === 16) return sameMonth(1) === 0;
  return sameMonth(-1) === Math.log2(schedule.freqRelativeInterval);
}
