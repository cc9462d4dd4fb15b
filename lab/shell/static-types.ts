/** .NET types that scripts name in brackets: their static members, and conversion to them. */
import { randomUUID } from "node:crypto";
import { enumerate, toBoolean, toNumber, toText } from "./conversions";
import { DateTime } from "./date-time";
import { ExceptionObject, dotNetError, failure, runtimeFailure } from "./error-record";
import { formatString } from "./format-operator";
import { leafOf, parentOf } from "./file-system";
import { directoryType, fileType } from "./input-output-types";
import { regularExpression, timeSpan } from "./operators";
import { type StaticType, bytesOf } from "./static-type";
import {
  CustomObject,
  Hashtable,
  type Method,
  NativeObject,
  SecureString,
  type Value,
  isNull,
  typeName,
} from "./values";

class TextWriter extends NativeObject {
  readonly typeNames = ["System.IO.TextWriter"];

  constructor(
    readonly put: (text: string) => void,
    readonly newLine: string,
  ) {
    super();
  }

  override method(name: string): Method | undefined {
    const text = (args: readonly Value[]): string =>
      args.length > 1 ? formatString(toText(args[0]), args.slice(1)) : toText(args[0]);
    switch (name.toLowerCase()) {
      case "writeline":
        return (args) => this.put(text(args) + this.newLine) as undefined;
      case "write":
        return (args) => this.put(text(args)) as undefined;
      case "flush":
        return () => undefined;
      default:
        return undefined;
    }
  }
}

class TextEncoding extends NativeObject {
  readonly typeNames: readonly string[];

  constructor(
    readonly name: "utf8" | "utf16le" | "latin1",
    type: string,
  ) {
    super();
    this.typeNames = [type, "System.Text.Encoding"];
  }

  override properties(): readonly (readonly [string, Value])[] {
    return [["WebName", { utf8: "utf-8", utf16le: "utf-16", latin1: "us-ascii" }[this.name]]];
  }

  override method(name: string): Method | undefined {
    switch (name.toLowerCase()) {
      case "getstring":
        return (args) => Buffer.from(bytesOf(args[0])).toString(this.name);
      case "getbytes":
        return (args) => new Uint8Array(Buffer.from(toText(args[0]), this.name));
      case "getbytecount":
        return (args) => Buffer.byteLength(toText(args[0]), this.name);
      default:
        return undefined;
    }
  }
}

const UTF8 = new TextEncoding("utf8", "System.Text.UTF8Encoding");
const UTF16 = new TextEncoding("utf16le", "System.Text.UnicodeEncoding");
const ASCII = new TextEncoding("latin1", "System.Text.ASCIIEncoding");

function fromBase64(text: string): Uint8Array {
  const packed = text.replace(/\s/g, "");
  if (packed.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(packed))
    throw dotNetError(
      "System.FormatException",
      "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding characters, or an illegal character among the padding characters. ",
    );
  return new Uint8Array(Buffer.from(packed, "base64"));
}

const math =
  (name: "round" | "floor" | "ceil" | "abs" | "trunc") =>
  (args: readonly Value[]): Value => {
    const value = toNumber(args[0], "System.Double");
    if (name !== "round") return Math[name](value);
    const factor = 10 ** toNumber(args[1] ?? 0);
    // MidpointRounding.ToEven is .NET's default.
    const scaled = value * factor;
    const rounded = Math.abs(scaled % 1) === 0.5 ? 2 * Math.round(scaled / 2) : Math.round(scaled);
    return rounded / factor;
  };

const invalidCast = (value: Value, type: string): Error =>
  runtimeFailure(
    "ConvertToFinalInvalidCastException",
    `Cannot convert the "${toText(value)}" value of type "${typeName(value)}" to type "${type}".`,
  );

const integer = (fullName: string, least: number, most: number): StaticType => ({
  fullName,
  properties: { maxvalue: () => most, minvalue: () => least },
  methods: { parse: (args) => toNumber(args[0], fullName) },
  convert: (value) => {
    const number = toNumber(value, fullName);
    const rounded = Math.abs(number % 1) === 0.5 ? 2 * Math.round(number / 2) : Math.round(number);
    if (rounded < least || rounded > most)
      throw runtimeFailure(
        "InvalidCastIConvertible",
        `Cannot convert value "${toText(value)}" to type "${fullName}". Error: "Value was either too large or too small for an ${fullName.slice(7)}."`,
      );
    return rounded;
  },
});

const TYPES: readonly (readonly [readonly string[], StaticType])[] = [
  [
    ["string", "system.string"],
    {
      fullName: "System.String",
      properties: { empty: () => "" },
      methods: {
        isnullorempty: (args) => isNull(args[0]) || args[0] === "",
        isnullorwhitespace: (args) => toText(args[0]).trim() === "",
        join: (args) =>
          (args.length === 2 ? enumerate(args[1]) : args.slice(1)).map((item) => toText(item)).join(toText(args[0])),
        format: (args) =>
          formatString(toText(args[0]), args.length === 2 && Array.isArray(args[1]) ? args[1] : args.slice(1)),
        concat: (args) =>
          args
            .flatMap((argument) => enumerate(argument))
            .map((item) => toText(item))
            .join(""),
      },
      convert: toText,
    },
  ],
  [["int", "int32", "system.int32"], integer("System.Int32", -0x80000000, 0x7fffffff)],
  [["long", "int64", "system.int64"], integer("System.Int64", Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)],
  [["byte", "system.byte"], integer("System.Byte", 0, 255)],
  [
    ["double", "system.double", "float", "decimal", "system.decimal"],
    { fullName: "System.Double", convert: (value) => toNumber(value, "System.Double") },
  ],
  [["bool", "boolean", "system.boolean", "switch"], { fullName: "System.Boolean", convert: toBoolean }],
  [
    ["char", "system.char"],
    {
      fullName: "System.Char",
      convert: (value) => (typeof value === "number" ? String.fromCharCode(value) : toText(value).slice(0, 1)),
    },
  ],
  [["void", "system.void"], { fullName: "System.Void", convert: () => undefined }],
  [["object", "system.object", "psobject"], { fullName: "System.Object", convert: (value) => value }],
  [
    ["array", "object[]", "system.object[]"],
    { fullName: "System.Object[]", convert: (value) => [...enumerate(value)] },
  ],
  [
    ["string[]", "system.string[]"],
    { fullName: "System.String[]", convert: (value) => enumerate(value).map((item) => toText(item)) },
  ],
  [
    ["int[]", "int32[]"],
    { fullName: "System.Int32[]", convert: (value) => enumerate(value).map((item) => toNumber(item)) },
  ],
  [["byte[]", "system.byte[]"], { fullName: "System.Byte[]", convert: bytesOf }],
  [
    ["hashtable", "system.collections.hashtable"],
    { fullName: "System.Collections.Hashtable", convert: (value) => hashtable(value) },
  ],
  [
    ["pscustomobject", "system.management.automation.pscustomobject"],
    {
      fullName: "System.Management.Automation.PSCustomObject",
      convert: (value) => (value instanceof Hashtable ? new CustomObject(value.entries()) : value),
    },
  ],
  [
    ["ordered"],
    {
      fullName: "System.Collections.Specialized.OrderedDictionary",
      convert: (value) => new Hashtable(hashtable(value).entries(), true),
    },
  ],
  [
    ["datetime", "system.datetime"],
    {
      fullName: "System.DateTime",
      properties: {
        now: () => new DateTime(Date.now(), false),
        utcnow: () => new DateTime(Date.now(), true),
        today: () => new DateTime(Math.floor(Date.now() / 86_400_000) * 86_400_000, false),
      },
      methods: { parse: (args) => date(args[0]) },
      convert: (value) => date(value),
    },
  ],
  [
    ["timespan", "system.timespan"],
    {
      fullName: "System.TimeSpan",
      methods: {
        frommilliseconds: (args) => timeSpan(toNumber(args[0])),
        fromseconds: (args) => timeSpan(toNumber(args[0]) * 1000),
        fromminutes: (args) => timeSpan(toNumber(args[0]) * 60_000),
      },
    },
  ],
  [
    ["guid", "system.guid"],
    {
      fullName: "System.Guid",
      methods: { newguid: () => new CustomObject([["Guid", randomUUID()]], ["System.Guid"], randomUUID()) },
    },
  ],
  [
    ["convert", "system.convert"],
    {
      fullName: "System.Convert",
      methods: {
        frombase64string: (args) => fromBase64(toText(args[0])),
        tobase64string: (args) => Buffer.from(bytesOf(args[0])).toString("base64"),
        toint32: (args) => toNumber(args[0]),
        toint64: (args) => toNumber(args[0]),
        todouble: (args) => toNumber(args[0], "System.Double"),
        tostring: (args) => toText(args[0]),
        toboolean: (args) => toBoolean(args[0]),
      },
    },
  ],
  [
    ["text.encoding", "system.text.encoding"],
    {
      fullName: "System.Text.Encoding",
      properties: { utf8: () => UTF8, unicode: () => UTF16, ascii: () => ASCII, default: () => ASCII },
    },
  ],
  [
    ["console", "system.console"],
    {
      fullName: "System.Console",
      properties: {
        out: ({ console: host, newLine }) => new TextWriter((text) => host.write(text), newLine),
        error: ({ console: host, newLine }) => new TextWriter((text) => host.writeError(text), newLine),
        outputencoding: () => UTF8,
        inputencoding: () => UTF8,
      },
      settable: ["outputencoding", "inputencoding"],
      methods: {
        writeline: (args, { console: host, newLine }) => host.write(toText(args[0]) + newLine) as undefined,
        write: (args, { console: host }) => host.write(toText(args[0])) as undefined,
      },
    },
  ],
  [
    ["environment", "system.environment"],
    {
      fullName: "System.Environment",
      properties: {
        newline: ({ newLine }) => newLine,
        username: ({ identity }) => identity.account.split("\\").at(-1),
        userdomainname: ({ identity }) => identity.account.split("\\")[0],
        machinename: ({ identity }) => identity.computer.split(".")[0]!.toUpperCase(),
        is64bitprocess: () => true,
        is64bitoperatingsystem: () => true,
      },
      methods: {
        getenvironmentvariable: (args, session) =>
          session.environment.get(toText(args[0]).toLowerCase())?.value ?? null,
        setenvironmentvariable: (args, session) => {
          session.assign(`env:${toText(args[0])}`, args[1], session.global);
          return undefined;
        },
      },
    },
  ],
  [
    ["security.principal.windowsidentity", "system.security.principal.windowsidentity"],
    {
      fullName: "System.Security.Principal.WindowsIdentity",
      methods: {
        getcurrent: (_, { identity }) =>
          new CustomObject(
            [
              ["AuthenticationType", "Kerberos"],
              ["IsAuthenticated", true],
              ["Name", identity.account],
            ],
            ["System.Security.Principal.WindowsIdentity"],
          ),
      },
    },
  ],
  [
    ["math", "system.math"],
    {
      fullName: "System.Math",
      properties: { pi: () => Math.PI },
      methods: {
        round: math("round"),
        floor: math("floor"),
        ceiling: math("ceil"),
        truncate: math("trunc"),
        abs: math("abs"),
        min: (args) => Math.min(toNumber(args[0]), toNumber(args[1])),
        max: (args) => Math.max(toNumber(args[0]), toNumber(args[1])),
      },
    },
  ],
  [
    ["regex", "text.regularexpressions.regex", "system.text.regularexpressions.regex"],
    {
      fullName: "System.Text.RegularExpressions.Regex",
      methods: {
        escape: (args) => toText(args[0]).replace(/[\\*+?|{[()^$.# ]/g, "\\$&"),
        ismatch: (args) => regularExpression(toText(args[1]), "").test(toText(args[0])),
        replace: (args) => toText(args[0]).replace(regularExpression(toText(args[1]), "g"), toText(args[2])),
      },
    },
  ],
  [
    ["io.path", "system.io.path"],
    {
      fullName: "System.IO.Path",
      methods: {
        combine: (args) =>
          args.map((argument) => toText(argument)).reduce((path, part) => `${path.replace(/\\+$/, "")}\\${part}`),
        getfilename: (args) => leafOf(toText(args[0])),
        getdirectoryname: (args) => parentOf(toText(args[0])),
        getextension: (args) => /\.[^.\\]*$/.exec(toText(args[0]))?.[0] ?? "",
        getfilenamewithoutextension: (args) => leafOf(toText(args[0])).replace(/\.[^.]*$/, ""),
      },
    },
  ],
  [["io.file", "system.io.file"], fileType],
  [["io.directory", "system.io.directory"], directoryType],
  [
    ["stringcomparison", "system.stringcomparison"],
    {
      fullName: "System.StringComparison",
      properties: {
        ordinalignorecase: () => "OrdinalIgnoreCase",
        ordinal: () => "Ordinal",
        invariantcultureignorecase: () => "InvariantCultureIgnoreCase",
      },
    },
  ],
  [
    ["securestring", "security.securestring", "system.security.securestring"],
    { fullName: "System.Security.SecureString", convert: (value) => secure(value) },
  ],
  [
    ["exception", "system.exception"],
    { fullName: "System.Exception", convert: (value) => new ExceptionObject("System.Exception", toText(value)) },
  ],
  [
    ["globalization.cultureinfo", "cultureinfo", "system.globalization.cultureinfo"],
    {
      fullName: "System.Globalization.CultureInfo",
      properties: {
        invariantculture: () => new CustomObject([["Name", ""]], ["System.Globalization.CultureInfo"], ""),
      },
    },
  ],
];

function secure(value: Value): Value {
  if (value instanceof SecureString) return value;
  throw invalidCast(value, "System.Security.SecureString");
}

function hashtable(value: Value): Hashtable {
  if (value instanceof Hashtable) return value;
  throw invalidCast(value, "System.Collections.Hashtable");
}

function date(value: Value): DateTime {
  const parsed = value instanceof DateTime ? value : DateTime.parse(toText(value));
  if (parsed !== undefined) return parsed;
  throw runtimeFailure(
    "InvalidCastParseTargetInvocation",
    `Cannot convert value "${toText(value)}" to type "System.DateTime". Error: "String was not recognized as a valid DateTime."`,
  );
}

const BY_NAME = new Map(TYPES.flatMap(([names, type]) => names.map((name) => [name, type] as const)));

/** The type of that name; throws TypeNotFound. */
export function findType(name: string): StaticType {
  const type = BY_NAME.get(name.toLowerCase());
  if (type !== undefined) return type;
  throw failure(
    "TypeNotFound",
    "InvalidOperation",
    "System.Management.Automation.RuntimeException",
    `Unable to find type [${name}].`,
    { name, type: "TypeName" },
  );
}

/** [name]value. */
export function convertTo(name: string, value: Value): Value {
  const type = findType(name);
  if (type.convert === undefined) throw invalidCast(value, type.fullName);
  return type.convert(value);
}

/** Whether a value is of the type (`-is`). Types that this interpreter does not know compare by their full name. */
export function isOfType(value: Value, name: string): boolean {
  if (isNull(value)) return false;
  const wanted = (BY_NAME.get(name.toLowerCase())?.fullName ?? name).toLowerCase();
  const names =
    value instanceof NativeObject ? [...value.typeNames, "System.Object"] : [typeName(value), "System.Object"];
  if (wanted === "system.int64" || wanted === "system.double") return names[0]!.toLowerCase() === wanted;
  return names.some((other) => other.toLowerCase() === wanted) || (Array.isArray(value) && wanted === "system.array");
}
