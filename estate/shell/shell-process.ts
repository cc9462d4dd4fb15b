/** One PowerShell process over node-powershell: commands in, checked answers out, an end that is really one. */
import type { ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { PowerShell } from "node-powershell";
import { z } from "zod";
import { DrError } from "../errors";
import { printable } from "../printable";
import { wrapped } from "./commands";

/** How a shell is started. */
export interface ShellProcessOptions {
  /** PowerShell to start; the platform's own when undefined (NODE_POWERSHELL beats both). */
  readonly executable: string | undefined;
  /** Environment of the child. */
  readonly environment: NodeJS.ProcessEnv;
}

const answerSchema = z.union([
  z.object({ ok: z.literal(true), value: z.array(z.unknown()), mark: z.string() }),
  z.object({
    ok: z.literal(false),
    id: z.string(),
    category: z.string(),
    message: z.string(),
    position: z.string(),
    mark: z.string(),
  }),
]);

/** SIGTERM is given this long before SIGKILL, in milliseconds: a shell that ignores it would be waited for without end. */
const TERMINATION_LIMIT = 2000;

/** What node-powershell keeps private, but what an orderly end needs. */
interface Internals {
  readonly process: ChildProcess;
  readonly exitPromise: Promise<void>;
}

/** The shell of this repository's lab, which is there and answers only while the lab runs. */
const LAB_SHELL = /(^|[\\/])\.lab[\\/]/;

/** What to do about a program that is not there, or ended by itself. */
function unavailableHint(where: string): string {
  const start = LAB_SHELL.test(where)
    ? "It is the shell of the lab, which npm run lab -- up starts. On a real estate set"
    : "Set";
  return `${start} shell.executable (or NODE_POWERSHELL) to a PowerShell that can load the Lync module, or shell.connectionUri.`;
}

/** A running shell. After a time-out, an exit or `end` it is of no further use: `usable` is false. */
export class ShellProcess {
  readonly #shell: PowerShell;
  readonly #internals: Internals;
  readonly #where: string;
  #usable = true;

  constructor(options: ShellProcessOptions) {
    this.#where = options.executable ?? process.env["NODE_POWERSHELL"] ?? "PowerShell";
    this.#shell = new PowerShell({
      executable: options.executable,
      executableOptions: { "-NoProfile": true, "-NonInteractive": true },
      spawnOptions: { env: options.environment },
      throwOnInvocationError: false,
    });
    this.#internals = this.#shell as unknown as Internals;
    // Nobody waits for the exit of an idle shell; its rejection must not end our process.
    this.#internals.exitPromise.catch(() => undefined).finally(() => (this.#usable = false));
  }

  /** False once the process is gone or was given up. */
  get usable(): boolean {
    return this.#usable;
  }

  /** Operating system's id, undefined when the process could not be started. */
  get pid(): number | undefined {
    return this.#internals.process.pid;
  }

  /**
   * Runs one command and returns what it put out, as parsed JSON. `doing` names the cmdlet for errors; `timeout` is milliseconds,
   * and `setting` the member of the configuration that it comes from.
   * Throws DrError: CMDLET_FAILED, CMDLET_MISSING, SHELL_TIMEOUT (the process is then ended), SHELL_NO_ANSWER, SHELL_UNAVAILABLE.
   */
  async run(command: string, doing: string, timeout: number, setting = "shell.timeoutSeconds"): Promise<unknown[]> {
    const mark = randomBytes(12).toString("hex");
    const line = wrapped(command, mark);
    if (!/^[\x20-\x7e]*$/.test(line)) {
      throw new DrError({ code: "INTERNAL", summary: "a command is not one line of ASCII", where: doing });
    }
    const timer = new AbortController();
    const invoked = this.#shell.invoke(line);
    // Lost when the time-out comes first; the process is ended then, which settles it.
    invoked.catch(() => undefined);
    try {
      const result = await Promise.race([invoked, delay(timeout, undefined, { signal: timer.signal })]);
      if (result === undefined) {
        await this.end();
        throw this.#error("SHELL_TIMEOUT", doing, `no answer within ${timeout / 1000} s; the shell was ended`, {
          hint: `Raise ${setting}, or see whether the cmdlet waits for an answer at the prompt.`,
        });
      }
      const output = result.stdout?.toString() ?? result.raw;
      const errors = result.hadErrors ? (result.stderr?.toString() ?? "") : "";
      return this.#answer(output, errors, mark, doing);
    } catch (thrown) {
      if (thrown instanceof DrError) throw thrown;
      this.#usable = false;
      const code = (thrown as { originalError?: { code?: string } }).originalError?.code;
      throw this.#error(
        "SHELL_UNAVAILABLE",
        doing,
        code === "ENOENT" ? "there is no such program" : "the shell ended",
        {
          hint: unavailableHint(this.#where),
          cause: thrown,
        },
      );
    } finally {
      timer.abort();
      // Kept for ever by node-powershell otherwise, every answer with it.
      this.#shell.history.length = 0;
    }
  }

  /** Ends the process: SIGTERM, and SIGKILL when that was not enough. Resolves when it is gone. */
  async end(): Promise<void> {
    this.#usable = false;
    const { process: child, exitPromise } = this.#internals;
    const exited = exitPromise.catch(() => undefined).then(() => true);
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const timer = new AbortController();
    child.kill("SIGTERM");
    const limit = delay(TERMINATION_LIMIT, false, { signal: timer.signal }).catch(() => false);
    if (!(await Promise.race([exited, limit]))) {
      child.kill("SIGKILL");
      await exited;
    }
    timer.abort();
  }

  #answer(output: string, errors: string, mark: string, doing: string): unknown[] {
    // Warnings of a cmdlet stand on the same stream, on lines of their own.
    const line = output.split(/\r?\n/).find((text) => text.startsWith("{") && text.includes(mark));
    const answer = line === undefined ? undefined : answerSchema.safeParse(parseJson(line)).data;
    if (answer === undefined || answer.mark !== mark) {
      const said = printable(errors === "" ? output : errors, 500);
      throw this.#error("SHELL_NO_ANSWER", doing, said === "" ? "no answer" : `no answer, but: ${said}`, {
        hint: "The shell ended in the middle of the command or does not run commands; start it by hand to see why.",
      });
    }
    if (!answer.ok) throw this.#cmdletError(answer, doing);
    if (errors.trim() !== "") {
      throw this.#error("CMDLET_FAILED", doing, printable(errors, 1000), {
        hint: "The cmdlet reported an error without stopping; run it by hand in the Management Shell.",
      });
    }
    return answer.value;
  }

  #cmdletError(answer: { id: string; category: string; message: string }, doing: string): DrError {
    const missing = answer.id.startsWith("CommandNotFoundException");
    return new DrError({
      code: missing ? "CMDLET_MISSING" : "CMDLET_FAILED",
      summary: printable(answer.message, 1000).replace(/\.$/, ""),
      where: `${doing} (${this.#where})`,
      errorId: printable(answer.id, 200),
      hint: missing
        ? "Run where the Lync Server Management Shell is installed, or set shell.connectionUri to its remote endpoint."
        : undefined,
    });
  }

  #error(
    code: "SHELL_TIMEOUT" | "SHELL_NO_ANSWER" | "SHELL_UNAVAILABLE" | "CMDLET_FAILED",
    doing: string,
    summary: string,
    more: { hint: string; cause?: unknown },
  ): DrError {
    return new DrError({ code, summary, where: `${doing} (${this.#where})`, ...more });
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Not JSON is no answer, which the caller reports together with what was printed.
    return undefined;
  }
}
