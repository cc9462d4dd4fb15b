/** Date and time functions. Source: "Date and time data types and functions (Transact-SQL)", sql-docs. */
import { datePart, datePartOf, dateAdd, dateDiff, dateName, daysOf, fitCalendar, type DatePart } from "./calendar";
import { convertValue } from "./conversion";
import { SqlError } from "./errors";
import { integerArgument, type BoundArgument, type BuiltInFunction, type FunctionTable } from "./function-binding";
import { bindErrors } from "./language-errors";
import { DATE, DATETIME, INT, characterType, familyOf, isCharacter } from "./types";
import { CalendarTime, type SqlType, type SqlValue } from "./values";

const DATETIME2: SqlType = { name: "datetime2", scale: 7 };
const DATETIMEOFFSET: SqlType = { name: "datetimeoffset", scale: 7 };

function clock(type: SqlType): BuiltInFunction {
  return {
    least: 0,
    most: 0,
    bind: (_args, context) => ({
      type,
      call: () => {
        const now = context.now();
        // The instance's zone is UTC: GETDATE and GETUTCDATE are one clock.
        return fitCalendar(
          type.name === "datetimeoffset" ? new CalendarTime(now.days, now.ticks, 0) : now,
          DATETIME2,
          type,
        );
      },
    }),
  };
}

function partArgument(argument: BoundArgument | undefined, name: string): DatePart {
  const word = typeof argument?.constant === "string" ? argument.constant : "";
  const part = datePartOf(word);
  if (part === undefined) throw bindErrors.datePart(word, name.toLowerCase());
  return part;
}

/** Type in which a date argument is read: its own, datetime for numbers, datetime2 or datetimeoffset for text. */
function calendarType(argument: BoundArgument, position: number, name: string, textType: SqlType): SqlType {
  const family = familyOf(argument.type);
  if (argument.isNull) return DATETIME;
  if (family === "calendar") return argument.type;
  if (isCharacter(argument.type)) return textType;
  if (family === "integer" || family === "decimal" || family === "float" || family === "money" || family === "binary")
    return DATETIME;
  throw bindErrors.argumentInvalid(argument.type, position, name);
}

function calendarArgument(argument: BoundArgument, type: SqlType): (value: SqlValue) => CalendarTime {
  return (value) => convertValue(value, argument.type, type) as CalendarTime;
}

const CLOCK_PARTS: readonly DatePart[] = ["hour", "minute", "second", "millisecond", "microsecond", "nanosecond"];

function checkPart(part: DatePart, type: SqlType, name: string): void {
  const isClock = CLOCK_PARTS.includes(part);
  if ((type.name === "date" && isClock) || (type.name === "time" && !isClock && part !== "tzoffset"))
    throw bindErrors.datePartType(part, name.toLowerCase(), type);
}

const datePartFunction: BuiltInFunction = {
  least: 2,
  most: 2,
  bind: (args, context, name) => {
    const part = partArgument(args[0], name);
    const argument = args[1] as BoundArgument;
    const type = calendarType(argument, 2, name, DATETIMEOFFSET);
    checkPart(part, type, name);
    const point = calendarArgument(argument, type);
    return { type: INT, call: ([, value]) => datePart(part, point(value as SqlValue), context.dateFirst()) };
  },
};

const dateNameFunction: BuiltInFunction = {
  least: 2,
  most: 2,
  bind: (args, context, name) => {
    const part = partArgument(args[0], name);
    const argument = args[1] as BoundArgument;
    const type = calendarType(argument, 2, name, DATETIMEOFFSET);
    checkPart(part, type, name);
    const point = calendarArgument(argument, type);
    return {
      type: characterType(true, 30),
      call: ([, value]) => dateName(part, point(value as SqlValue), context.dateFirst()),
    };
  },
};

function namedPart(part: DatePart): BuiltInFunction {
  return {
    least: 1,
    most: 1,
    bind: (args, context, name) => {
      const argument = args[0] as BoundArgument;
      const point = calendarArgument(argument, calendarType(argument, 1, name, DATETIMEOFFSET));
      return { type: INT, call: ([value]) => datePart(part, point(value as SqlValue), context.dateFirst()) };
    },
  };
}

const dateAddFunction: BuiltInFunction = {
  least: 3,
  most: 3,
  bind: (args, _context, name) => {
    const part = partArgument(args[0], name);
    if (part === "tzoffset" || part === "iso_week") throw bindErrors.datePartType(part, name.toLowerCase(), DATETIME);
    const count = integerArgument(args[1] as BoundArgument, 2, name);
    const argument = args[2] as BoundArgument;
    const type = calendarType(argument, 3, name, DATETIME);
    checkPart(part, type, name);
    const point = calendarArgument(argument, type);
    return {
      type,
      call: ([, number, value]) =>
        fitCalendar(dateAdd(part, count(number as SqlValue), point(value as SqlValue), type), type, type),
    };
  },
};

const dateDiffFunction: BuiltInFunction = {
  least: 3,
  most: 3,
  bind: (args, _context, name) => {
    const part = partArgument(args[0], name);
    const [from, to] = [args[1] as BoundArgument, args[2] as BoundArgument].map((argument, index) =>
      calendarArgument(argument, calendarType(argument, index + 2, name, DATETIMEOFFSET)),
    );
    return { type: INT, call: ([, start, end]) => dateDiff(part, from!(start as SqlValue), to!(end as SqlValue)) };
  },
};

const isDate: BuiltInFunction = {
  least: 1,
  most: 1,
  nullable: true,
  bind: (args) => {
    const { type } = args[0] as BoundArgument;
    return {
      type: INT,
      call: ([value]) => {
        if (value === null || value === undefined) return 0;
        if (familyOf(type) === "calendar") return type.name === "datetime" || type.name === "smalldatetime" ? 1 : 0;
        if (typeof value !== "string") return 0;
        try {
          return value.trim() !== "" && convertValue(value, type, DATETIME) !== null ? 1 : 0;
        } catch (error) {
          if (error instanceof SqlError) return 0;
          throw error;
        }
      },
    };
  },
};

const eoMonth: BuiltInFunction = {
  least: 1,
  most: 2,
  since: 11,
  bind: (args, _context, name) => {
    const argument = args[0] as BoundArgument;
    const point = calendarArgument(argument, calendarType(argument, 1, name, DATETIME));
    const months = args[1] === undefined ? undefined : integerArgument(args[1], 2, name);
    return {
      type: DATE,
      call: ([value, count]) => {
        const next = dateAdd("month", (months?.(count as SqlValue) ?? 0) + 1, point(value as SqlValue), DATE);
        // The day before the first of the next month.
        return new CalendarTime(next.days - datePart("day", next, 7), 0);
      },
    };
  },
};

const dateFromParts: BuiltInFunction = {
  least: 3,
  most: 3,
  since: 11,
  bind: (args, _context, name) => {
    const [year, month, day] = args.map((argument, index) => integerArgument(argument, index + 1, name));
    return {
      type: DATE,
      call: ([y, m, d]) => {
        const days = daysOf(year!(y as SqlValue), month!(m as SqlValue), day!(d as SqlValue));
        if (days === undefined)
          throw new SqlError(
            289,
            16,
            "Cannot construct data type date, some of the arguments have values which are not valid.",
          );
        return new CalendarTime(days, 0);
      },
    };
  },
};

export const DATE_FUNCTIONS: FunctionTable = {
  GETDATE: clock(DATETIME),
  GETUTCDATE: clock(DATETIME),
  CURRENT_TIMESTAMP: clock(DATETIME),
  SYSDATETIME: clock(DATETIME2),
  SYSUTCDATETIME: clock(DATETIME2),
  SYSDATETIMEOFFSET: clock(DATETIMEOFFSET),
  DATEADD: dateAddFunction,
  DATEDIFF: dateDiffFunction,
  DATEPART: datePartFunction,
  DATENAME: dateNameFunction,
  YEAR: namedPart("year"),
  MONTH: namedPart("month"),
  DAY: namedPart("day"),
  ISDATE: isDate,
  EOMONTH: eoMonth,
  DATEFROMPARTS: dateFromParts,
};
