/** Points in time in the options of BACKUP and RESTORE: EXPIREDATE, STOPAT, AFTER. */
import { fromEpoch } from "../../tsql/calendar";
import { convertValue } from "../../tsql/conversion";
import { CalendarTime, type SqlType, type SqlValue } from "../../tsql/values";

const DATETIME: SqlType = { name: "datetime" };
const TEXT: SqlType = { name: "nvarchar", length: 4000 };
const DAY = 86_400_000;

/** Milliseconds since 1970 of the server's local clock; NULL is undefined. Throws 241, 242. */
export function optionTime(value: SqlValue): number | undefined {
  const point = value instanceof CalendarTime ? value : convertValue(value, TEXT, DATETIME);
  if (!(point instanceof CalendarTime)) return undefined;
  // A tick is 100 ns.
  return (point.days - fromEpoch(0).days) * DAY + point.ticks / 10_000;
}
