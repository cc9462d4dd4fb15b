/** The one error class of the product. Everything that an adapter, the plan or a handler refuses with is a `DrError`. */
import { printable } from "./printable";

/** The closed set of codes, grouped as they arise. A code says what kind of thing to do next; the hint says what exactly. */
export const DR_ERROR_CODES = [
  // configuration and plan
  "CONFIGURATION_INVALID",
  "PREFLIGHT_FAILED",
  "AUTHORITY_UNCLEAR",
  "EARLIER_STEP_OPEN",
  "STEP_REFUSED",
  "READ_BACK_DIFFERS",
  // reaching an instance
  "UNREACHABLE",
  "LOGIN_FAILED",
  "ENCRYPTION_DECLINED",
  "ENCRYPTION_FAILED",
  "CERTIFICATE_REFUSED",
  "CONNECTION_LOST",
  // what an instance answers
  "PERMISSION_DENIED",
  "SQL_ERROR",
  "UNEXPECTED_ANSWER",
  "TIMEOUT",
  "CANCELLED",
  // SQL Server Agent
  "AGENT_NOT_RUNNING",
  "PROBE_FAILED",
  "JOB_FAILED",
  // Management Shell
  "SHELL_UNAVAILABLE",
  "SHELL_TIMEOUT",
  "SHELL_NO_ANSWER",
  "CMDLET_MISSING",
  "CMDLET_FAILED",
  // lock and report
  "LOCK_HELD",
  "LOCK_LOST",
  "REPORT_NOT_WRITTEN",
  // a defect of the product
  "INTERNAL",
] as const;

/** A member of {@link DR_ERROR_CODES}. */
export type DrErrorCode = (typeof DR_ERROR_CODES)[number];

/** What a `DrError` is made of. None of the texts may hold a secret. */
export interface DrErrorFacts {
  readonly code: DrErrorCode;
  /** What went wrong, one sentence without a full stop. */
  readonly summary: string;
  /** Instance with address, cmdlet, file or property. */
  readonly where?: string;
  readonly expected?: string;
  readonly found?: string;
  /** What to do next, whole sentences. */
  readonly hint?: string;
  readonly cause?: unknown;
  /** SQL Server's error number of the cause (never 3013, 3119 or 5069). */
  readonly number?: number;
  /** Every error number of the answer, in the order of arrival. */
  readonly numbers?: readonly number[];
  /** FullyQualifiedErrorId of a PowerShell error. */
  readonly errorId?: string;
}

/**
 * An error with a code, what was expected and found where, and a hint. `message` is the whole text for people;
 * the parts stay readable one by one.
 */
export class DrError extends Error {
  readonly code: DrErrorCode;
  readonly summary: string;
  readonly where: string | undefined;
  readonly expected: string | undefined;
  readonly found: string | undefined;
  readonly hint: string | undefined;
  readonly number: number | undefined;
  readonly numbers: readonly number[];
  readonly errorId: string | undefined;

  constructor(facts: DrErrorFacts) {
    super(compose(facts), facts.cause === undefined ? undefined : { cause: facts.cause });
    this.name = "DrError";
    this.code = facts.code;
    this.summary = facts.summary;
    this.where = facts.where;
    this.expected = facts.expected;
    this.found = facts.found;
    this.hint = facts.hint;
    this.number = facts.number;
    this.numbers = facts.numbers ?? (facts.number === undefined ? [] : [facts.number]);
    this.errorId = facts.errorId;
  }

  /** The parts that are worth a line in a report; the cause is left out, since a driver's error may quote what it was given. */
  toJSON(): { [part: string]: unknown } {
    const { code, summary, where, expected, found, hint, errorId } = this;
    return {
      code,
      summary,
      where,
      expected,
      found,
      hint,
      errorId,
      numbers: this.numbers.length > 0 ? this.numbers : undefined,
    };
  }
}

/**
 * Any thrown value as a `DrError`: one stays itself, everything else becomes `INTERNAL` with its own text, since whoever
 * talks to an instance or a shell has already turned its errors into `DrError`s.
 */
export function toDrError(thrown: unknown, where?: string): DrError {
  if (thrown instanceof DrError) return thrown;
  const text = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new DrError({
    code: "INTERNAL",
    summary: printable(text),
    where,
    hint: "This is a defect of the product; report it together with the run's report file.",
    cause: thrown,
  });
}

/**
 * The error for a handler to throw. Pulumi's SDK writes error and stack of a failed read, check or diff to standard error
 * (cmd/dynamic-provider), besides handing the message to the engine, which shows it under its resource: the stack tells an
 * operator nothing and the message must not stand there twice. Changes the very error and returns it.
 */
export function withoutStack<Thrown extends Error>(error: Thrown, resource: string): Thrown {
  error.stack = "see there";
  error.toString = () => resource;
  return error;
}

function compose(facts: DrErrorFacts): string {
  const head = facts.where === undefined ? facts.summary : `${facts.where}: ${facts.summary}`;
  const expected = facts.expected === undefined ? "" : `; expected ${facts.expected}`;
  const found = facts.found === undefined ? "" : `; found ${facts.found.replace(/[.\s]+$/, "")}`;
  const hint = facts.hint === undefined ? "" : ` ${facts.hint}`;
  return `${head}${expected}${found}. [${facts.code}]${hint}`;
}
