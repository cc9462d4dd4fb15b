/** Bytes of the date and time types (MS-TDS 2.2.5.5.1.8, 2.2.5.5.1.9). */
import { DAYS_TO_1900, TICKS_PER_DAY, TICKS_PER_MINUTE, threeHundredths } from "../tsql/calendar";
import { CalendarTime } from "../tsql/values";
import type { SqlType } from "../tsql/values";
import type { ByteWriter } from "./byte-writer";
import { ProtocolError } from "./protocol-error";

const TICKS_PER_MILLISECOND = 10_000;
const THREE_HUNDREDTHS_PER_DAY = 25_920_000;
const MINUTES_PER_DAY = 1440;

/** A count of units since midnight that may have been rounded up to the next day. */
function carry(days: number, units: number, unitsPerDay: number): readonly [days: number, units: number] {
  return units >= unitsPerDay ? [days + 1, units - unitsPerDay] : [days, units];
}

/** datetime: days since 1900 and 1/300 seconds; the ticks are rounded to the nearest. */
export function writeDatetime(out: ByteWriter, value: CalendarTime): void {
  const [days, units] = carry(value.days, threeHundredths(value.ticks), THREE_HUNDREDTHS_PER_DAY);
  out.int32(days - DAYS_TO_1900);
  out.uint32(units);
}

/** smalldatetime: days since 1900 and minutes. */
export function writeSmalldatetime(out: ByteWriter, value: CalendarTime): void {
  const [days, minutes] = carry(value.days, Math.round(value.ticks / TICKS_PER_MINUTE), MINUTES_PER_DAY);
  out.uint16(days - DAYS_TO_1900);
  out.uint16(minutes);
}

/** date: days since 0001-01-01. */
export function writeDate(out: ByteWriter, value: CalendarTime): void {
  out.uint(value.days, 3);
}

/** time of so many decimals of a second; what rounds up to midnight becomes 00:00. */
export function writeTime(out: ByteWriter, value: CalendarTime, scale: number): void {
  const units = Math.round(value.ticks / 10 ** (7 - scale));
  out.uint(units >= TICKS_PER_DAY / 10 ** (7 - scale) ? 0 : units, timeSize(scale));
}

/** datetime2: time, then date. */
export function writeDatetime2(out: ByteWriter, value: CalendarTime, scale: number): void {
  const unit = 10 ** (7 - scale);
  const [days, units] = carry(value.days, Math.round(value.ticks / unit), TICKS_PER_DAY / unit);
  out.uint(units, timeSize(scale));
  out.uint(days, 3);
}

/** datetimeoffset: datetime2 in UTC, then the offset in minutes. */
export function writeDatetimeOffset(out: ByteWriter, value: CalendarTime, scale: number): void {
  writeDatetime2(out, value, scale);
  out.int16(value.offsetMinutes ?? 0);
}

/**
 * A value from the bytes after its length. The ticks of datetime are the rounded milliseconds that SQL Server shows
 * (.000, .003, .007).
 */
export function readCalendarTime(type: SqlType, bytes: Buffer): CalendarTime {
  const scale = type.scale ?? 7;
  const ticks = (size: number): number => bytes.readUIntLE(0, size) * 10 ** (7 - scale);
  switch (type.name) {
    case "datetime": {
      const milliseconds = Math.round((bytes.readUInt32LE(4) * 10) / 3);
      return new CalendarTime(bytes.readInt32LE(0) + DAYS_TO_1900, milliseconds * TICKS_PER_MILLISECOND);
    }
    case "smalldatetime":
      return new CalendarTime(bytes.readUInt16LE(0) + DAYS_TO_1900, bytes.readUInt16LE(2) * TICKS_PER_MINUTE);
    case "date":
      return new CalendarTime(bytes.readUIntLE(0, 3), 0);
    case "time":
      return new CalendarTime(0, ticks(bytes.length));
    case "datetime2":
      return new CalendarTime(bytes.readUIntLE(bytes.length - 3, 3), ticks(bytes.length - 3));
    case "datetimeoffset":
      return new CalendarTime(
        bytes.readUIntLE(bytes.length - 5, 3),
        ticks(bytes.length - 5),
        bytes.readInt16LE(bytes.length - 2),
      );
    default:
      throw new ProtocolError(`Type ${type.name} has no date or time.`);
  }
}

/** Bytes of a `time` with so many decimals of a second. */
export function timeSize(scale: number): number {
  if (scale <= 2) return 3;
  return scale <= 4 ? 4 : 5;
}

/** Characters of the text that stands for a date or time type where the client does not know the type. */
export function calendarTextLength(type: SqlType): number {
  const scale = type.scale ?? 7;
  const time = 8 + (scale === 0 ? 0 : scale + 1);
  switch (type.name) {
    case "date":
      return 10;
    case "time":
      return time;
    case "datetime2":
      return 11 + time;
    default:
      return 18 + time;
  }
}
