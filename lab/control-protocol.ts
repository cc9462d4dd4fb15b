/**
 * What a shell and the lab's daemon say to each other on the control port: JSON, one object per line, UTF-8.
 *
 * 1. The client's first line is a `Greeting`. The answer is `{"kind":"welcome"}`; a wrong token gets
 *    `{"kind":"refused"}` and the connection is closed.
 * 2. Then any number of `ShellRequest` lines, each with an `id` of the client's choice. Each gets one `ShellResponse`
 *    with that `id`; answers may come in another order than the requests.
 *
 * Values of PowerShell that JSON has no form for travel as objects with one telling property: `enumeration`, `date`,
 * `table` (a hashtable) or `type` (an object with its properties).
 */

/** A member of an enumeration. ConvertTo-Json writes the number, ToString() gives the name. */
export interface EnumerationValue {
  readonly enumeration: string;
  readonly name: string;
  readonly value: number;
}

/** A System.DateTime in UTC, ISO 8601. */
export interface DateValue {
  readonly date: string;
}

/** A hashtable, in the order in which it was written. */
export interface TableValue {
  readonly table: readonly (readonly [string, WireValue])[];
}

/** An object: full .NET type name, what ToString() gives (absent: the type name), properties in order of display. */
export interface ObjectValue {
  readonly type: string;
  readonly text?: string;
  readonly properties: Readonly<Record<string, WireValue>>;
}

export type WireValue =
  null | boolean | number | string | readonly WireValue[] | EnumerationValue | DateValue | TableValue | ObjectValue;

/** What an argument is converted to before a cmdlet sees it. */
export type ParameterType = "switch" | "boolean" | "string" | "string[]" | "integer" | "object" | "object[]" | "script";

/** A parameter of a cmdlet, as Get-Command would tell it. */
export interface ParameterMetadata {
  readonly name: string;
  readonly type: ParameterType;
  /** .NET type for error messages; absent: the one that belongs to `type`. */
  readonly typeName?: string;
  readonly aliases?: readonly string[];
  /** Parameter sets that have it; absent: all. */
  readonly sets?: readonly string[];
  /** Position among the positional arguments, from 0; absent: only by name. */
  readonly position?: number;
  /** In all its sets, or in those of the list. */
  readonly mandatory?: boolean | readonly string[];
  /** Takes the objects of the pipeline. */
  readonly pipeline?: "value" | "property";
  /** Names of an enumeration; others are refused when the argument is bound. */
  readonly values?: readonly string[];
  /** Takes all remaining positional arguments. */
  readonly remaining?: boolean;
  /** Whether `$null` may be given to a mandatory parameter ([AllowNull()]). */
  readonly allowNull?: boolean;
}

/** A cmdlet without its implementation. */
export interface CmdletMetadata {
  readonly name: string;
  /** .NET class, the second half of FullyQualifiedErrorId. */
  readonly implementingType: string;
  readonly parameters: readonly ParameterMetadata[];
  readonly defaultSet?: string;
  /** Knows -WhatIf and -Confirm. */
  readonly shouldProcess?: boolean;
  /** Asks only when -Confirm is given (ConfirmImpact Medium or lower); absent: it asks unless told not to. */
  readonly asksOnlyWhenTold?: boolean;
}

/** What an ErrorRecord is made of. */
export interface ErrorRecordData {
  readonly message: string;
  /** Full .NET name of the exception. */
  readonly exceptionType: string;
  /** First half of FullyQualifiedErrorId. */
  readonly errorId: string;
  /** Member of System.Management.Automation.ErrorCategory. */
  readonly category: string;
  readonly targetName?: string;
  readonly targetType?: string;
  /** Ends the statement whatever -ErrorAction says. */
  readonly terminating: boolean;
}

/** First line of a connection. `client` names the process for the journal. */
export interface Greeting {
  readonly token: string;
  readonly client: string;
}

interface Request {
  readonly id: number;
  /** A session that `open-session` answered; absent: the local management shell. */
  readonly session?: string;
}

/** Which cmdlets are there (all, or those that the session's user may run). */
export interface CommandsRequest extends Request {
  readonly kind: "commands";
}

/** Runs a cmdlet. `confirmed` says that a person answered the prompt, or that -Confirm:$false stood there. */
export interface CmdletRequest extends Request {
  readonly kind: "cmdlet";
  readonly cmdlet: string;
  readonly parameters: Readonly<Record<string, WireValue>>;
  /** The line as it was sent to the shell, secrets masked: for the journal. */
  readonly text: string;
  readonly confirmed: boolean;
}

/** Checks a credential for remote PowerShell of a pool (https://<pool>/ocspowershell). */
export interface OpenSessionRequest extends Request {
  readonly kind: "open-session";
  readonly connectionUri: string;
  readonly userName: string;
  readonly password: string;
  readonly text: string;
}

export interface CloseSessionRequest extends Request {
  readonly kind: "close-session";
  readonly session: string;
}

export type ShellRequest = CommandsRequest | CmdletRequest | OpenSessionRequest | CloseSessionRequest;

export type ShellResponse =
  | { readonly id: number; readonly kind: "commands"; readonly commands: readonly CmdletMetadata[] }
  | { readonly id: number; readonly kind: "objects"; readonly objects: readonly WireValue[] }
  /** The cmdlet asks first: nothing was changed; the same request with `confirmed: true` goes on. */
  | {
      readonly id: number;
      readonly kind: "confirmation";
      readonly action: string;
      readonly target: string;
      /** Shown instead of the sentence of action and target. */
      readonly details?: string;
    }
  /** -WhatIf: nothing was changed. */
  | { readonly id: number; readonly kind: "what-if"; readonly action: string; readonly target: string }
  | { readonly id: number; readonly kind: "session"; readonly session: string; readonly computer: string }
  | { readonly id: number; readonly kind: "closed" }
  | { readonly id: number; readonly kind: "error"; readonly error: ErrorRecordData };

/** One line of the lab's journal for a cmdlet. */
export interface CmdletJournalEntry {
  /** ISO 8601, UTC, when it began. */
  readonly time: string;
  readonly kind: "cmdlet";
  /** Which shell: what the client called itself, and the remote session if there is one. */
  readonly shell: string;
  readonly client: string;
  readonly text: string;
  readonly cmdlet: string;
  readonly parameters: Readonly<Record<string, WireValue>>;
  /** Message of the error, if any. */
  readonly error: string | null;
  readonly durationMs: number;
  /** Names of the cmdlets that changed something: empty for a read, a prompt and -WhatIf. */
  readonly changes: readonly string[];
}
