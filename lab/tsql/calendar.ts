/**
 * Calendar arithmetic on CalendarTime: parts, DATEADD, DATEDIFF, rounding to the grain of a type, bytes.
 * Source: "Date and time data types and functions (Transact-SQL)", sql-docs.
 */
import { runErrors } from "./language-errors";
import { CalendarTime, type SqlType } from "./values";

/** 100-nanosecond units. */
export const TICKS_PER_SECOND = 10_000_000;
export const TICKS_PER_MINUTE = 60 * TICKS_PER_SECOND;
export const TICKS_PER_HOUR = 60 * TICKS_PER_MINUTE;
export const TICKS_PER_DAY = 24 * TICKS_PER_HOUR;

/** Days from 0001-01-01 to 1900-01-01, day 0 of datetime. */
export const DAYS_TO_1900 = 693_595;
/** Days from 0001-01-01 to 1970-01-01. */
export const DAYS_TO_1970 = 719_162;
const DAYS_TO_1753 = 639_905;
/** 9999-12-31 */
export const LAST_DAY = 3_652_058;
const MILLISECONDS_PER_DAY = 86_400_000;

export interface CalendarDate {
  readonly year: number;
  /** 1 to 12 */
  readonly month: number;
  readonly day: number;
}

/** Days since 0001-01-01 of a date of the Gregorian calendar; undefined when there is no such date in 1 to 9999. */
export function daysOf(year: number, month: number, day: number): number | undefined {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return Math.round(date.getTime() / MILLISECONDS_PER_DAY) + DAYS_TO_1970;
}

export function daysInMonth(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31;
}

export function dateOf(days: number): CalendarDate {
  const date = new Date((days - DAYS_TO_1970) * MILLISECONDS_PER_DAY);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Moves a value by ticks over midnight as needed. */
export function shifted(value: CalendarTime, ticks: number): CalendarTime {
  const sum = value.ticks + ticks;
  const days = Math.floor(sum / TICKS_PER_DAY);
  return new CalendarTime(value.days + days, sum - days * TICKS_PER_DAY, value.offsetMinutes);
}

/** What the wall clock of the value shows: for datetimeoffset the UTC point moved by its offset. */
export function wallClock(value: CalendarTime): CalendarTime {
  if (value.offsetMinutes === undefined) return value;
  const moved = shifted(new CalendarTime(value.days, value.ticks), value.offsetMinutes * TICKS_PER_MINUTE);
  return moved;
}

/** Milliseconds since 1970-01-01 UTC as a point of the calendar. */
export function fromEpoch(milliseconds: number, extraTicks = 0): CalendarTime {
  const days = Math.floor(milliseconds / MILLISECONDS_PER_DAY);
  return new CalendarTime(days + DAYS_TO_1970, (milliseconds - days * MILLISECONDS_PER_DAY) * 10_000 + extraTicks);
}

/** Ticks rounded to 1/300 s, the grain of datetime. The stored ticks are those of the milliseconds it displays. */
function roundToThreeHundredths(ticks: number): number {
  const units = Math.round((ticks * 3) / 100_000);
  return Math.round((units * 10) / 3) * 10_000;
}

/** Number of 1/300 s since midnight that a datetime stores. */
export function threeHundredths(ticks: number): number {
  return Math.round((ticks * 3) / 100_000);
}

/**
 * Rounds to what the type can hold: datetime 1/300 s, smalldatetime minutes, time/datetime2/datetimeoffset their scale;
 * date drops the time, time drops the date. @throws SqlError 242 outside of the type's range
 */
export function fitCalendar(value: CalendarTime, from: SqlType, to: SqlType): CalendarTime {
  const local = to.name === "datetimeoffset" ? value : wallClock(value);
  switch (to.name) {
    case "date":
      return new CalendarTime(local.days, 0);
    case "time": {
      const rounded = roundTicks(local.ticks, to.scale ?? 7);
      // A time that rounds up to midnight stays at the end of the day.
      return new CalendarTime(0, rounded >= TICKS_PER_DAY ? TICKS_PER_DAY - 10 ** (7 - (to.scale ?? 7)) : rounded);
    }
    case "datetime": {
      const base = from.name === "time" ? DAYS_TO_1900 : local.days;
      if (base < DAYS_TO_1753) throw runErrors.dateRange(from, to);
      return normal(new CalendarTime(base, roundToThreeHundredths(local.ticks)), from, to);
    }
    case "smalldatetime": {
      const base = from.name === "time" ? DAYS_TO_1900 : local.days;
      // 29.998 s and below round down, 29.999 s and above up (smalldatetime page).
      const minutes = Math.floor((local.ticks + TICKS_PER_MINUTE - 29.999 * TICKS_PER_SECOND) / TICKS_PER_MINUTE);
      const result = normal(new CalendarTime(base, minutes * TICKS_PER_MINUTE), from, to);
      if (result.days < DAYS_TO_1900 || result.days > DAYS_TO_1900 + 65_535) throw runErrors.dateRange(from, to);
      return result;
    }
    default: {
      const base = from.name === "time" ? DAYS_TO_1900 : local.days;
      const offset = to.name === "datetimeoffset" ? (value.offsetMinutes ?? 0) : undefined;
      return normal(new CalendarTime(base, roundTicks(local.ticks, to.scale ?? 7), offset), from, to);
    }
  }
}

function roundTicks(ticks: number, scale: number): number {
  const grain = 10 ** (7 - scale);
  return Math.round(ticks / grain) * grain;
}

function normal(value: CalendarTime, from: SqlType, to: SqlType): CalendarTime {
  const result =
    value.ticks >= TICKS_PER_DAY
      ? new CalendarTime(value.days + 1, value.ticks - TICKS_PER_DAY, value.offsetMinutes)
      : value;
  if (result.days < 0 || result.days > LAST_DAY) throw runErrors.dateRange(from, to);
  return result;
}

/** Days and fraction since 1900-01-01: what a datetime is as a number. */
export function calendarToNumber(value: CalendarTime): number {
  return value.days - DAYS_TO_1900 + value.ticks / TICKS_PER_DAY;
}

/** The datetime of a number of days since 1900-01-01. @throws SqlError 8115 beyond 1753 to 9999 */
export function numberToCalendar(days: number, to: SqlType): CalendarTime {
  const whole = Math.floor(days);
  const value = new CalendarTime(whole + DAYS_TO_1900, Math.round((days - whole) * TICKS_PER_DAY));
  if (!(value.days >= DAYS_TO_1753 && value.days <= LAST_DAY)) throw runErrors.expressionOverflow(to);
  return fitCalendar(value, to, to);
}

export type DatePart =
  | "year"
  | "quarter"
  | "month"
  | "dayofyear"
  | "day"
  | "week"
  | "weekday"
  | "hour"
  | "minute"
  | "second"
  | "millisecond"
  | "microsecond"
  | "nanosecond"
  | "tzoffset"
  | "iso_week";

const PART_NAMES: Readonly<Record<string, DatePart>> = {
  year: "year",
  yy: "year",
  yyyy: "year",
  quarter: "quarter",
  qq: "quarter",
  q: "quarter",
  month: "month",
  mm: "month",
  m: "month",
  dayofyear: "dayofyear",
  dy: "dayofyear",
  y: "dayofyear",
  day: "day",
  dd: "day",
  d: "day",
  week: "week",
  wk: "week",
  ww: "week",
  weekday: "weekday",
  dw: "weekday",
  w: "weekday",
  hour: "hour",
  hh: "hour",
  minute: "minute",
  mi: "minute",
  n: "minute",
  second: "second",
  ss: "second",
  s: "second",
  millisecond: "millisecond",
  ms: "millisecond",
  microsecond: "microsecond",
  mcs: "microsecond",
  nanosecond: "nanosecond",
  ns: "nanosecond",
  tzoffset: "tzoffset",
  tz: "tzoffset",
  iso_week: "iso_week",
  isowk: "iso_week",
  isoww: "iso_week",
};

/** The part that a word or its abbreviation names; undefined for any other word (155). */
export function datePartOf(word: string): DatePart | undefined {
  const folded = word.toLowerCase();
  return Object.hasOwn(PART_NAMES, folded) ? PART_NAMES[folded] : undefined;
}

function dayOfYear(days: number): number {
  const { year } = dateOf(days);
  return days - (daysOf(year, 1, 1) as number) + 1;
}

/** 0 = Monday; 0001-01-01 was a Monday. */
function weekdayFromMonday(days: number): number {
  return ((days % 7) + 7) % 7;
}

function isoWeek(days: number): number {
  const thursday = days - weekdayFromMonday(days) + 3;
  return Math.floor((dayOfYear(thursday) - 1) / 7) + 1;
}

/** Value of DATEPART. `dateFirst` is SET DATEFIRST, 1 = Monday to 7 = Sunday. */
export function datePart(part: DatePart, point: CalendarTime, dateFirst: number): number {
  const value = wallClock(point);
  const fraction = value.ticks % TICKS_PER_SECOND;
  switch (part) {
    case "year":
      return dateOf(value.days).year;
    case "quarter":
      return Math.floor((dateOf(value.days).month - 1) / 3) + 1;
    case "month":
      return dateOf(value.days).month;
    case "dayofyear":
      return dayOfYear(value.days);
    case "day":
      return dateOf(value.days).day;
    case "week": {
      const firstOfYear = value.days - dayOfYear(value.days) + 1;
      return Math.floor((dayOfYear(value.days) - 1 + weekdayNumber(firstOfYear, dateFirst) - 1) / 7) + 1;
    }
    case "weekday":
      return weekdayNumber(value.days, dateFirst);
    case "hour":
      return Math.floor(value.ticks / TICKS_PER_HOUR);
    case "minute":
      return Math.floor(value.ticks / TICKS_PER_MINUTE) % 60;
    case "second":
      return Math.floor(value.ticks / TICKS_PER_SECOND) % 60;
    case "millisecond":
      return Math.floor(fraction / 10_000);
    case "microsecond":
      return Math.floor(fraction / 10);
    case "nanosecond":
      return fraction * 100;
    case "tzoffset":
      return point.offsetMinutes ?? 0;
    case "iso_week":
      return isoWeek(value.days);
  }
}

function weekdayNumber(days: number, dateFirst: number): number {
  return ((weekdayFromMonday(days) - (dateFirst - 1) + 7) % 7) + 1;
}

export const MONTH_NAMES: readonly string[] = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const WEEKDAY_NAMES: readonly string[] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/** Value of DATENAME in us_english. */
export function dateName(part: DatePart, point: CalendarTime, dateFirst: number): string {
  if (part === "month") return MONTH_NAMES[dateOf(wallClock(point).days).month - 1] as string;
  if (part === "weekday") return WEEKDAY_NAMES[weekdayFromMonday(wallClock(point).days)] as string;
  if (part === "tzoffset") return offsetText(point.offsetMinutes ?? 0);
  return String(datePart(part, point, dateFirst));
}

export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "-" : "+"}${String(Math.floor(size / 60)).padStart(2, "0")}:${String(size % 60).padStart(2, "0")}`;
}

const TICKS_OF_PART: Partial<Record<DatePart, number>> = {
  hour: TICKS_PER_HOUR,
  minute: TICKS_PER_MINUTE,
  second: TICKS_PER_SECOND,
  millisecond: 10_000,
  microsecond: 10,
  nanosecond: 0.01,
};
const MONTHS_OF_PART: Partial<Record<DatePart, number>> = { year: 12, quarter: 3, month: 1 };

/** Value of DATEADD before it is fitted to its type. @throws SqlError 517 beyond the calendar */
export function dateAdd(part: DatePart, count: number, value: CalendarTime, type: SqlType): CalendarTime {
  const months = MONTHS_OF_PART[part];
  const moved = months !== undefined ? addMonths(value, count * months) : addTicks(part, count, value);
  if (type.name === "time") return new CalendarTime(0, moved?.ticks ?? value.ticks);
  if (moved === undefined || moved.days < 0 || moved.days > LAST_DAY) throw runErrors.dateAdd(type);
  if (
    (type.name === "datetime" && moved.days < DAYS_TO_1753) ||
    (type.name === "smalldatetime" && moved.days < DAYS_TO_1900)
  )
    throw runErrors.dateAdd(type);
  return moved;
}

function addMonths(value: CalendarTime, months: number): CalendarTime | undefined {
  const { year, month, day } = dateOf(value.days);
  const total = year * 12 + month - 1 + months;
  const newYear = Math.floor(total / 12);
  const newMonth = (total % 12) + 1;
  if (newYear < 1 || newYear > 9999) return undefined;
  const days = daysOf(newYear, newMonth, Math.min(day, daysInMonth(newYear, newMonth)));
  return days === undefined ? undefined : new CalendarTime(days, value.ticks, value.offsetMinutes);
}

function addTicks(part: DatePart, count: number, value: CalendarTime): CalendarTime {
  if (part === "week") return new CalendarTime(value.days + 7 * count, value.ticks, value.offsetMinutes);
  const ticks = TICKS_OF_PART[part];
  if (ticks === undefined) return new CalendarTime(value.days + count, value.ticks, value.offsetMinutes);
  const total = BigInt(value.ticks) + BigInt(Math.round(count * (ticks < 1 ? 1 : ticks) * (ticks < 1 ? ticks : 1)));
  const perDay = BigInt(TICKS_PER_DAY);
  let days = total / perDay;
  let rest = total % perDay;
  if (rest < 0n) {
    rest += perDay;
    days -= 1n;
  }
  return new CalendarTime(value.days + Number(days), Number(rest), value.offsetMinutes);
}

/** Value of DATEDIFF: boundaries of the part that lie between the two points (Sunday begins the week). */
export function dateDiff(part: DatePart, from: CalendarTime, to: CalendarTime): number {
  const months = MONTHS_OF_PART[part];
  if (months !== undefined) {
    const a = dateOf(from.days);
    const b = dateOf(to.days);
    const unit = (date: CalendarDate): number => Math.floor((date.year * 12 + date.month - 1) / months);
    return unit(b) - unit(a);
  }
  if (part === "week") return Math.floor((to.days + 1) / 7) - Math.floor((from.days + 1) / 7);
  const ticks = TICKS_OF_PART[part];
  if (ticks === undefined) return to.days - from.days;
  const perDay = BigInt(TICKS_PER_DAY);
  const absolute = (point: CalendarTime): bigint => BigInt(point.days) * perDay + BigInt(point.ticks);
  const difference =
    ticks < 1 ? (absolute(to) - absolute(from)) * 100n : absolute(to) / BigInt(ticks) - absolute(from) / BigInt(ticks);
  if (difference > 2147483647n || difference < -2147483648n) throw runErrors.dateDiff();
  return Number(difference);
}

export function compareCalendar(left: CalendarTime, right: CalendarTime): number {
  return left.days !== right.days
    ? left.days < right.days
      ? -1
      : 1
    : left.ticks < right.ticks
      ? -1
      : left.ticks > right.ticks
        ? 1
        : 0;
}
