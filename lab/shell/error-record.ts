/** ErrorRecord, exceptions, and how PowerShell 5.1 writes an error that nobody caught. */
import type { ErrorRecordData } from "../control-protocol";
import { CustomObject, type Method, NativeObject, type Value } from "./values";

/** A piece of a script: offsets in UTF-16 units. */
export interface Extent {
  readonly source: string;
  readonly start: number;
  readonly end: number;
}

/** A .NET exception. */
export class ExceptionObject extends NativeObject {
  readonly typeNames: readonly string[];

  constructor(
    type: string,
    readonly message: string,
    readonly inner: ExceptionObject | null = null,
  ) {
    super();
    this.typeNames = [type, ...(type === "System.Exception" ? [] : ["System.Exception"])];
  }

  override properties(): readonly (readonly [string, Value])[] {
    return [
      ["Message", this.message],
      ["InnerException", this.inner],
      ["Data", null],
      ["HelpLink", null],
      ["Source", null],
      ["HResult", -2146233088],
    ];
  }

  override method(name: string): Method | undefined {
    if (name.toLowerCase() !== "getbaseexception") return super.method(name);
    return () => this.base;
  }

  /** The innermost exception. */
  get base(): ExceptionObject {
    return this.inner === null ? this : this.inner.base;
  }

  override text(): string {
    return `${this.typeNames[0] as string}: ${this.message}`;
  }
}

/** Where an error happened: the command and its extent. */
export interface Invocation {
  /** Name before the message; "" = the language itself. */
  readonly command: string;
  /** Name in CategoryInfo's brackets; absent: the command's. */
  readonly activity?: string;
  readonly extent: Extent | undefined;
}

/** `At line:1 char:7`, the line, and tildes under the piece ("about_Errors" of the PowerShell documentation). */
export function positionMessage(extent: Extent): string {
  const before = extent.source.slice(0, extent.start);
  const lineNumber = before.split("\n").length;
  const lineStart = before.lastIndexOf("\n") + 1;
  const lineEnd = extent.source.indexOf("\n", extent.start);
  const line = extent.source.slice(lineStart, lineEnd === -1 ? undefined : lineEnd).replace(/\r$/, "");
  const column = extent.start - lineStart;
  const width = Math.max(1, Math.min(extent.end - extent.start, line.length - column));
  return [
    `At line:${String(lineNumber)} char:${String(column + 1)}`,
    `+ ${line}`,
    `+ ${" ".repeat(column)}${"~".repeat(width)}`,
  ].join("\n");
}

/** System.Management.Automation.ErrorRecord. */
export class ErrorRecord extends NativeObject {
  readonly typeNames = ["System.Management.Automation.ErrorRecord"];

  constructor(
    readonly exception: ExceptionObject,
    readonly fullyQualifiedErrorId: string,
    readonly category: string,
    readonly targetName: string,
    readonly targetType: string,
    readonly invocation: Invocation,
    readonly target: Value = null,
  ) {
    super();
  }

  get message(): string {
    return this.exception.message;
  }

  /** `ObjectNotFound: (Get-Foo:String) [], CommandNotFoundException`. */
  get categoryText(): string {
    const exception = (this.exception.typeNames[0] as string).split(".").at(-1) as string;
    const target = `(${this.targetName}:${this.targetType})`;
    return `${this.category}: ${target} [${this.invocation.activity ?? this.invocation.command}], ${exception}`;
  }

  override properties(): readonly (readonly [string, Value])[] {
    const extent = this.invocation.extent;
    const line = extent === undefined ? "" : positionMessage(extent);
    return [
      ["Exception", this.exception],
      ["TargetObject", this.target],
      [
        "CategoryInfo",
        new CustomObject(
          [
            ["Category", this.category],
            ["Activity", this.invocation.activity ?? this.invocation.command],
            ["Reason", (this.exception.typeNames[0] as string).split(".").at(-1)],
            ["TargetName", this.targetName],
            ["TargetType", this.targetType],
          ],
          ["System.Management.Automation.ErrorCategoryInfo"],
          this.categoryText,
        ),
      ],
      ["FullyQualifiedErrorId", this.fullyQualifiedErrorId],
      ["ErrorDetails", null],
      [
        "InvocationInfo",
        new CustomObject(
          [
            ["MyCommand", this.invocation.command],
            ["ScriptLineNumber", extent === undefined ? 0 : extent.source.slice(0, extent.start).split("\n").length],
            [
              "OffsetInLine",
              extent === undefined ? 0 : extent.start - extent.source.lastIndexOf("\n", extent.start - 1),
            ],
            ["Line", extent === undefined ? "" : (line.split("\n")[1] as string).slice(2)],
            ["PositionMessage", line],
            ["InvocationName", this.invocation.command],
          ],
          ["System.Management.Automation.InvocationInfo"],
        ),
      ],
      ["ScriptStackTrace", "at <ScriptBlock>, <No file>: line 1"],
      ["PipelineIterationInfo", []],
    ];
  }

  override text(): string {
    return this.message;
  }

  /** The text on standard error, ConciseView being PowerShell 7's and NormalView 5.1's. */
  display(): string {
    const head = this.invocation.command === "" ? "" : `${this.invocation.command} : `;
    const position = this.invocation.extent === undefined ? [] : [positionMessage(this.invocation.extent)];
    return [
      `${head}${this.message}`,
      ...position,
      `    + CategoryInfo          : ${this.categoryText}`,
      `    + FullyQualifiedErrorId : ${this.fullyQualifiedErrorId}`,
      " ",
    ].join("\n");
  }
}

/** An error that ends a statement, or with `script` the whole script (throw, -ErrorAction Stop). */
export class TerminatingError extends Error {
  constructor(
    readonly record: ErrorRecord,
    readonly script: boolean,
  ) {
    super(record.message);
    this.name = "TerminatingError";
  }
}

/** A failure with the place where it happened. `implementingType` is the second half of the identifier. */
export function toRecord(
  data: ErrorRecordData,
  invocation: Invocation,
  implementingType?: string,
  target: Value = null,
): ErrorRecord {
  return new ErrorRecord(
    new ExceptionObject(data.exceptionType, data.message),
    implementingType === undefined ? data.errorId : `${data.errorId},${implementingType}`,
    data.category,
    data.targetName ?? "",
    data.targetType ?? "",
    invocation,
    target,
  );
}

/** Thrown by cmdlets and methods, which do not know where they stand in the script: the caller adds that. */
export class CmdletFailure extends Error {
  constructor(readonly data: ErrorRecordData) {
    super(data.message);
    this.name = "CmdletFailure";
  }
}

/** Makes a failure; `terminating` is the default, as ThrowTerminatingError. */
export function failure(
  errorId: string,
  category: string,
  exceptionType: string,
  message: string,
  target: { name?: string; type?: string; terminating?: boolean } = {},
): CmdletFailure {
  return new CmdletFailure({
    message,
    exceptionType,
    errorId,
    category,
    ...(target.name === undefined ? {} : { targetName: target.name }),
    ...(target.type === undefined ? {} : { targetType: target.type }),
    terminating: target.terminating ?? true,
  });
}

/** Errors of the language itself are RuntimeExceptions with a one-word identifier. */
export function runtimeFailure(errorId: string, message: string, targetName = "", targetType = ""): CmdletFailure {
  return failure(errorId, "InvalidOperation", "System.Management.Automation.RuntimeException", message, {
    name: targetName,
    type: targetType,
  });
}

/** A .NET exception on its way out of a method: the evaluator wraps it in a MethodInvocationException. */
export class DotNetException extends Error {
  constructor(readonly exception: ExceptionObject) {
    super(exception.message);
    this.name = "DotNetException";
  }
}

export function dotNetError(type: string, message: string): DotNetException {
  return new DotNetException(new ExceptionObject(type, message));
}
