/** What a cmdlet is to the interpreter: its parameters, and a function from the objects before it to those after it. */
import type { CmdletMetadata } from "../control-protocol";
import { toBoolean, toNumber, toText } from "./conversions";
import { type CmdletFailure, failure } from "./error-record";
import type { ScriptBlock, Session } from "./session";
import type { Value } from "./values";

/** Arguments after binding. Names compare without case. */
export class BoundParameters {
  readonly #values = new Map<string, { name: string; value: Value }>();

  set(name: string, value: Value): void {
    this.#values.set(name.toLowerCase(), { name, value });
  }

  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }

  value(name: string): Value {
    return this.#values.get(name.toLowerCase())?.value;
  }

  text(name: string): string | undefined {
    return this.has(name) ? toText(this.value(name)) : undefined;
  }

  number(name: string): number | undefined {
    return this.has(name) ? toNumber(this.value(name)) : undefined;
  }

  flag(name: string): boolean {
    return this.has(name) && toBoolean(this.value(name));
  }

  /** A list parameter's items as texts. */
  texts(name: string): string[] {
    const value = this.value(name);
    if (!this.has(name)) return [];
    return (Array.isArray(value) ? value : [value]).map((item) => toText(item));
  }

  entries(): (readonly [string, Value])[] {
    return [...this.#values.values()].map(({ name, value }) => [name, value] as const);
  }
}

/** What a running cmdlet may use. */
export interface CmdletContext {
  readonly session: Session;
  readonly bound: BoundParameters;
  readonly parameterSet: string;
  /** Something stands before the cmdlet in the pipeline. */
  readonly piped: boolean;
  /** Reports an error and goes on, as -ErrorAction says. */
  writeError(failure: CmdletFailure, target?: Value): void;
  /** Runs a script block in the caller's scope, `$_` set. */
  invoke(block: ScriptBlock, item: Value): AsyncIterable<Value>;
  /** Reads a property (or method-less member) as the language does. */
  member(target: Value, name: string): Promise<Value>;
}

/** A cmdlet. Failures that end it are thrown as CmdletFailure. */
export interface CmdletDefinition {
  readonly metadata: CmdletMetadata;
  /** A failure's identifier stands alone, without the class after it: Import-PSSession's proxies are functions. */
  run(context: CmdletContext, input: AsyncIterable<Value>): AsyncIterable<Value>;
}

/** The parameter's value if it was given, else what the pipeline brings. */
export async function* inputOf(
  context: CmdletContext,
  input: AsyncIterable<Value>,
  parameter = "InputObject",
): AsyncIterable<Value> {
  if (context.bound.has(parameter)) yield context.bound.value(parameter);
  else yield* input;
}

/** Prompts for confirmation; `true` = go on; `details` stand for the usual sentence. The prompt goes to standard output and waits for a line of standard input. */
export async function confirm(
  session: Session,
  action: string,
  target: string,
  details = `Performing the operation "${action}" on target "${target}".`,
): Promise<boolean> {
  const { console: host } = session;
  if (host.readLine === undefined)
    throw failure(
      "InvalidOperation",
      "InvalidOperation",
      "System.Management.Automation.PSInvalidOperationException",
      "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.",
    );
  host.write(["", "Confirm", "Are you sure you want to perform this action?", details, ""].join(session.newLine));
  for (;;) {
    host.write('[Y] Yes  [A] Yes to All  [N] No  [L] No to All  [S] Suspend  [?] Help (default is "Y"): ');
    const line = await host.readLine();
    // Standard input has ended: nobody will ever answer.
    if (line === undefined) return false;
    switch (line.trim().toLowerCase()) {
      case "":
      case "y":
      case "yes":
      case "a":
      case "yes to all":
        return true;
      case "n":
      case "no":
      case "l":
      case "no to all":
        return false;
      default:
      // Anything else is no answer, and the question is put again.
    }
  }
}
