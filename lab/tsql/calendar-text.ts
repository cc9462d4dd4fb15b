/**
 * Dates and times as text: the styles of CONVERT, and the formats that a string may have when it becomes a date.
 * Source: "CAST and CONVERT (Transact-SQL)", date and time styles; "datetime (Transact-SQL)", supported formats.
 */
import {
  DAYS_TO_1900,
  MONTH_NAMES,
  TICKS_PER_DAY,
  TICKS_PER_HOUR,
  TICKS_PER_MINUTE,
  TICKS_PER_SECOND,
  dateOf,
  daysOf,
  offsetText,
  shifted,
  wallClock,
} from "./calendar";
import { CalendarTime, type SqlType } from "./values";

/** Order of the parts in a numeric date: SET DATEFORMAT. */
export type DateFormat = "mdy" | "dmy" | "ymd" | "ydm" | "myd" | "dym";

const two = (value: number): string => String(value).padStart(2, "0");

/** Digits behind the second that the type shows. */
function fractionDigits(type: SqlType): number {
  if (type.name === "datetime") return 3;
  if (type.name === "smalldatetime" || type.name === "date") return 0;
  return type.scale ?? 7;
}

/** A value in a style of CONVERT; undefined for a style that does not exist (281). */
export function formatCalendar(point: CalendarTime, type: SqlType, style: number): string | undefined {
  const value = wallClock(point);
  const { year, month, day } = dateOf(value.days);
  const hour = Math.floor(value.ticks / TICKS_PER_HOUR);
  const minute = Math.floor(value.ticks / TICKS_PER_MINUTE) % 60;
  const second = Math.floor(value.ticks / TICKS_PER_SECOND) % 60;
  const digits = fractionDigits(type);
  const fraction = String(value.ticks % TICKS_PER_SECOND)
    .padStart(7, "0")
    .slice(0, digits);
  const zone = type.name === "datetimeoffset" ? ` ${offsetText(point.offsetMinutes ?? 0)}` : "";
  const yearText = style >= 100 ? String(year).padStart(4, "0") : two(year % 100);
  const fullYear = String(year).padStart(4, "0");
  const monthName = (MONTH_NAMES[month - 1] as string).slice(0, 3);
  const blankDay = String(day).padStart(2, " ");
  const clock = `${two(hour)}:${two(minute)}:${two(second)}`;
  const isDate = type.name === "date";
  const isTime = type.name === "time";
  const twelve = `${String(hour % 12 === 0 ? 12 : hour % 12).padStart(2, " ")}:${two(minute)}`;
  const half = hour < 12 ? "AM" : "PM";
  const dateOnly = (text: string): string | undefined => (isTime ? undefined : text);
  const both = (date: string, time: string): string =>
    isDate ? date.trimEnd() : isTime ? time.trimStart() : `${date} ${time}${zone}`;
  switch (style) {
    case 0:
    case 100:
      return both(`${monthName} ${blankDay} ${fullYear}`, `${twelve}${half}`);
    case 1:
    case 101:
      return dateOnly(`${two(month)}/${two(day)}/${yearText}`);
    case 2:
    case 102:
      return dateOnly(`${yearText}.${two(month)}.${two(day)}`);
    case 3:
    case 103:
      return dateOnly(`${two(day)}/${two(month)}/${yearText}`);
    case 4:
    case 104:
      return dateOnly(`${two(day)}.${two(month)}.${yearText}`);
    case 5:
    case 105:
      return dateOnly(`${two(day)}-${two(month)}-${yearText}`);
    case 6:
    case 106:
      return dateOnly(`${two(day)} ${monthName} ${yearText}`);
    case 7:
    case 107:
      return dateOnly(`${monthName} ${two(day)}, ${yearText}`);
    case 8:
    case 24:
    case 108:
      return isDate ? undefined : clock;
    case 9:
    case 109:
      return both(
        `${monthName} ${blankDay} ${fullYear}`,
        `${twelve}:${two(second)}${digits === 0 ? "" : `${digits === 3 ? ":" : "."}${fraction}`}${half}`,
      );
    case 10:
    case 110:
      return dateOnly(`${two(month)}-${two(day)}-${yearText}`);
    case 11:
    case 111:
      return dateOnly(`${yearText}/${two(month)}/${two(day)}`);
    case 12:
    case 112:
      return dateOnly(`${yearText}${two(month)}${two(day)}`);
    case 13:
    case 113:
      return both(
        `${two(day)} ${monthName} ${fullYear}`,
        `${clock}${digits === 0 ? "" : `${digits === 3 ? ":" : "."}${fraction}`}`,
      );
    case 14:
    case 114:
      return isDate ? undefined : `${clock}${digits === 0 ? "" : `${digits === 3 ? ":" : "."}${fraction}`}`;
    case 20:
    case 120:
      return both(`${fullYear}-${two(month)}-${two(day)}`, clock);
    case 21:
    case 25:
    case 121:
      return both(
        `${fullYear}-${two(month)}-${two(day)}`,
        `${clock}${digits === 0 ? (type.name === "smalldatetime" ? ".000" : "") : `.${fraction}`}`,
      );
    case 23:
      return dateOnly(`${fullYear}-${two(month)}-${two(day)}`);
    case 126:
    case 127: {
      const date = `${fullYear}-${two(month)}-${two(day)}`;
      // datetime leaves the fraction out when it is zero; the newer types write every digit of their scale.
      const shown = digits > 0 && !(type.name === "datetime" && Number(fraction) === 0) ? `.${fraction}` : "";
      const suffix =
        style === 127 && type.name === "datetimeoffset" ? "Z" : type.name === "datetimeoffset" ? zone.trim() : "";
      return isDate ? date : isTime ? `${clock}${shown}` : `${date}T${clock}${shown}${suffix}`;
    }
    default:
      return undefined;
  }
}

/** The order of day, month and year that a style asks of a string; undefined: SET DATEFORMAT decides. */
export function formatOfStyle(style: number): DateFormat | undefined {
  switch (style % 100) {
    case 1:
    case 10:
      return "mdy";
    case 3:
    case 4:
    case 5:
      return "dmy";
    case 2:
    case 11:
      return "ymd";
    default:
      return undefined;
  }
}

const MONTHS: ReadonlyMap<string, number> = new Map(
  MONTH_NAMES.flatMap((name, index): [string, number][] => [
    [name.toLowerCase(), index + 1],
    [name.slice(0, 3).toLowerCase(), index + 1],
  ]),
);

const TIME =
  /(?:^|[\sT])(\d{1,2})(?::(\d{1,2})(?::(\d{1,2})(?:[.:](\d{1,9}))?)?)?\s*(AM|PM)?\s*(Z|[+-]\d{1,2}:\d{2})?$/i;

/** A date or time that a text says; `outOfRange` where its form is right but there is no such date (242). */
export type ParsedCalendar = { readonly value: CalendarTime; readonly hasOffset: boolean } | "malformed" | "outOfRange";

/**
 * Reads a date, a time or both. A time alone stands on 1900-01-01; "" is 1900-01-01.
 * @param format order of numeric parts where the text does not begin with a year of four digits
 */
export function parseCalendar(text: string, format: DateFormat): ParsedCalendar {
  const trimmed = text.trim();
  if (trimmed === "") return { value: new CalendarTime(DAYS_TO_1900, 0), hasOffset: false };
  let datePartText = trimmed;
  let ticks = 0;
  let offset: number | undefined;
  const time = TIME.exec(trimmed);
  if (time !== null && (time[2] !== undefined || time[5] !== undefined)) {
    const parsed = parseTime(time);
    if (parsed === undefined) return "outOfRange";
    ticks = parsed;
    offset = time[6] === undefined ? undefined : parseOffset(time[6]);
    datePartText = trimmed.slice(0, time.index).trim();
    if (trimmed.charAt(time.index).toUpperCase() === "T" && !/^\d{4}-\d{2}-\d{2}$|^\d{8}$/.test(datePartText))
      return "malformed";
  }
  const days = datePartText === "" ? DAYS_TO_1900 : parseDate(datePartText, format);
  if (days === "malformed" || days === "outOfRange") return days;
  const local = new CalendarTime(days, ticks);
  if (offset === undefined) return { value: local, hasOffset: false };
  const utc = shifted(local, -offset * TICKS_PER_MINUTE);
  return { value: new CalendarTime(utc.days, utc.ticks, offset), hasOffset: true };
}

function parseTime(parts: RegExpExecArray): number | undefined {
  let hour = Number(parts[1]);
  const minute = Number(parts[2] ?? 0);
  const second = Number(parts[3] ?? 0);
  const half = parts[5]?.toUpperCase();
  if (half !== undefined) {
    if (hour < 1 || hour > 12) return half === "PM" && hour < 24 ? undefined : undefined;
    hour = (hour % 12) + (half === "PM" ? 12 : 0);
  }
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  const fraction = Number((parts[4] ?? "").padEnd(7, "0").slice(0, 7));
  const ticks = hour * TICKS_PER_HOUR + minute * TICKS_PER_MINUTE + second * TICKS_PER_SECOND + fraction;
  return ticks < TICKS_PER_DAY ? ticks : undefined;
}

function parseOffset(text: string): number {
  if (text.toUpperCase() === "Z") return 0;
  const [hours, minutes] = text.slice(1).split(":");
  return (text.startsWith("-") ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** Two-digit years: 00 to 49 are 20xx (two digit year cutoff 2049). */
function century(year: string): number {
  return year.length > 2 ? Number(year) : Number(year) + (Number(year) < 50 ? 2000 : 1900);
}

function parseDate(text: string, format: DateFormat): number | "malformed" | "outOfRange" {
  const checked = (year: number, month: number, day: number): number | "outOfRange" =>
    daysOf(year, month, day) ?? "outOfRange";
  const compact = /^(\d{4}|\d{2})(\d{2})(\d{2})$/.exec(text);
  if (compact !== null) return checked(century(compact[1] as string), Number(compact[2]), Number(compact[3]));
  if (/^\d{4}$/.test(text)) return checked(Number(text), 1, 1);
  const numeric = /^(\d{1,4})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{1,4})$/.exec(text);
  if (numeric !== null) {
    const [a, b, c] = [numeric[1] as string, numeric[2] as string, numeric[3] as string];
    if (a.length > 2) return checked(Number(a), ...yearFirst(b, c, format));
    const place = (letter: string): string => [a, b, c][format.indexOf(letter)] as string;
    // A year of four digits may stand last whatever the format says.
    if (c.length > 2 && !format.endsWith("y"))
      return format === "ydm" ? checked(Number(c), Number(b), Number(a)) : checked(Number(c), Number(a), Number(b));
    return checked(century(place("y")), Number(place("m")), Number(place("d")));
  }
  return parseWordDate(text, checked);
}

function yearFirst(second: string, third: string, format: DateFormat): [number, number] {
  return format === "dmy" || format === "ydm" ? [Number(third), Number(second)] : [Number(second), Number(third)];
}

function parseWordDate(
  text: string,
  checked: (year: number, month: number, day: number) => number | "outOfRange",
): number | "malformed" | "outOfRange" {
  const words = text
    .replace(/[,\-/.]/g, " ")
    .split(/\s+/)
    .filter((word) => word !== "");
  const monthAt = words.findIndex((word) => MONTHS.has(word.toLowerCase()));
  if (monthAt < 0 || words.length < 2 || words.length > 3) return "malformed";
  const month = MONTHS.get((words[monthAt] as string).toLowerCase()) as number;
  const numbers = words.filter((_, index) => index !== monthAt);
  if (!numbers.every((word) => /^\d{1,4}$/.test(word))) return "malformed";
  const longest = numbers.find((word) => word.length === 4);
  if (numbers.length === 1) return longest === undefined ? "malformed" : checked(Number(longest), month, 1);
  const year = longest ?? numbers[1] ?? "";
  const day = longest === undefined ? (numbers[0] as string) : (numbers.find((word) => word !== longest) ?? "1");
  return checked(century(year), month, Number(day));
}
