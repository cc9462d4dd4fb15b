/** System.DateTime as scripts use it: ToString with standard and custom formats, parts, arithmetic. The lab's hosts keep UTC. */
import { type Method, NativeObject, type Value } from "./values";

const DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS = [
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

const pad = (value: number, length: number): string => String(value).padStart(length, "0");

/** A point in time. `utc` is its Kind: Utc or Local. */
export class DateTime extends NativeObject {
  readonly typeNames = ["System.DateTime", "System.ValueType"];

  constructor(
    readonly milliseconds: number,
    readonly utc: boolean,
  ) {
    super();
  }

  /** Reads what DateTime.Parse of the invariant culture reads of ISO 8601 and US dates; undefined = not a date. */
  static parse(text: string): DateTime | undefined {
    const hasZone = /(?:Z|[+-]\d\d:\d\d)$/.test(text.trim());
    const milliseconds = Date.parse(
      hasZone ? text : `${text.trim().replace(/^(\d{4}-\d\d-\d\d) /, "$1T")}${/\d:\d/.test(text) ? "Z" : ""}`,
    );
    return Number.isNaN(milliseconds) ? undefined : new DateTime(milliseconds, false);
  }

  override properties(): readonly (readonly [string, Value])[] {
    const date = new Date(this.milliseconds);
    return [
      ["Date", new DateTime(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()), this.utc)],
      ["Day", date.getUTCDate()],
      ["DayOfWeek", DAYS[date.getUTCDay()]],
      ["Hour", date.getUTCHours()],
      ["Millisecond", date.getUTCMilliseconds()],
      ["Minute", date.getUTCMinutes()],
      ["Month", date.getUTCMonth() + 1],
      ["Second", date.getUTCSeconds()],
      ["Year", date.getUTCFullYear()],
      ["Ticks", this.milliseconds * 10_000 + 621_355_968_000_000_000],
    ];
  }

  override method(name: string): Method | undefined {
    const shift = (factor: number): Method => {
      return (args) => new DateTime(this.milliseconds + Number(args[0]) * factor, this.utc);
    };
    switch (name.toLowerCase()) {
      case "tostring":
        return (args) => (typeof args[0] === "string" ? this.format(args[0]) : this.text());
      case "touniversaltime":
        return () => new DateTime(this.milliseconds, true);
      case "tolocaltime":
        return () => new DateTime(this.milliseconds, false);
      case "addmilliseconds":
        return shift(1);
      case "addseconds":
        return shift(1000);
      case "addminutes":
        return shift(60_000);
      case "addhours":
        return shift(3_600_000);
      case "adddays":
        return shift(86_400_000);
      default:
        return undefined;
    }
  }

  override text(): string {
    return this.format("MM/dd/yyyy HH:mm:ss");
  }

  /** Standard formats o, s, u, d, G, and custom ones ("Custom date and time format strings" of .NET). */
  format(format: string): string {
    const standard: Record<string, string> = {
      o: `yyyy-MM-ddTHH:mm:ss.fffffff${this.utc ? "Z" : "zzz"}`,
      O: `yyyy-MM-ddTHH:mm:ss.fffffff${this.utc ? "Z" : "zzz"}`,
      s: "yyyy-MM-ddTHH:mm:ss",
      u: "yyyy-MM-dd HH:mm:ss'Z'",
      d: "MM/dd/yyyy",
      G: "MM/dd/yyyy HH:mm:ss",
    };
    const pattern = standard[format] ?? format;
    const date = new Date(this.milliseconds);
    return pattern.replace(
      /'[^']*'|\\.|y{1,5}|M{1,4}|d{1,4}|H{1,2}|h{1,2}|m{1,2}|s{1,2}|f{1,7}|t{1,2}|z{1,3}|K/g,
      (token) => {
        if (token.startsWith("'")) return token.slice(1, -1);
        if (token.startsWith("\\")) return token.slice(1);
        return formatPart(date, token, this.utc);
      },
    );
  }
}

function formatPart(date: Date, token: string, utc: boolean): string {
  const length = token.length;
  switch (token[0]) {
    case "y":
      return length <= 2 ? pad(date.getUTCFullYear() % 100, length) : pad(date.getUTCFullYear(), length);
    case "M": {
      const month = MONTHS[date.getUTCMonth()] as string;
      if (length === 4) return month;
      return length === 3 ? month.slice(0, 3) : pad(date.getUTCMonth() + 1, length);
    }
    case "d": {
      const day = DAYS[date.getUTCDay()] as string;
      if (length === 4) return day;
      return length === 3 ? day.slice(0, 3) : pad(date.getUTCDate(), length);
    }
    case "H":
      return pad(date.getUTCHours(), length);
    case "h":
      return pad(date.getUTCHours() % 12 || 12, length);
    case "m":
      return pad(date.getUTCMinutes(), length);
    case "s":
      return pad(date.getUTCSeconds(), length);
    case "f":
      return `${pad(date.getUTCMilliseconds(), 3)}0000`.slice(0, length);
    case "t":
      return (date.getUTCHours() < 12 ? "AM" : "PM").slice(0, length);
    case "K":
      return utc ? "Z" : "+00:00";
    default:
      return length === 3 ? "+00:00" : "+00".slice(0, length + 1);
  }
}
