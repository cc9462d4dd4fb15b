/** Running whole scripts: what a line or -Command does from parsing to the exit code. */
import { formatObjects } from "./format-objects";
import { TerminatingError } from "./error-record";
import { parseScript } from "./grammar";
import { Interpreter } from "./interpreter";
import { fileCmdlets } from "./cmdlets/files";
import { objectCmdlets } from "./cmdlets/objects";
import { outputCmdlets } from "./cmdlets/output";
import { pipelineCmdlets } from "./cmdlets/pipeline";
import type { FileSystem } from "./file-system";
import { CmdletRegistry, type ConsoleHost, type Identity, Session } from "./session";
import { ExitSignal } from "./signals";
import type { Value } from "./values";

/** The cmdlets of Windows PowerShell itself. */
export function builtInCmdlets(): CmdletRegistry {
  return new CmdletRegistry([...pipelineCmdlets, ...outputCmdlets, ...objectCmdlets, ...fileCmdlets]);
}

/**
 * Runs one line or script in a session: output and uncaught errors go to its console.
 * Answers the exit code of `exit`, or undefined when the script came to its end or was ended by an error.
 * `session.succeeded` tells then which.
 */
export async function runInSession(session: Session, script: string): Promise<number | undefined> {
  const interpreter = new Interpreter(session);
  const frame = interpreter.frame();
  session.line = script;
  // Objects wait for the end, so that a table has one head; texts do not.
  const waiting: Value[] = [];
  const write = (values: readonly Value[]): void => {
    const text = formatObjects(values);
    if (text !== "") session.console.write(text.replace(/\r?\n/g, session.newLine));
  };
  const flush = (): void => {
    write(waiting.splice(0));
  };
  try {
    for await (const value of interpreter.script(await parseScript(script), frame)) {
      if (typeof value === "object" && value !== null) waiting.push(value);
      else {
        flush();
        write([value]);
      }
    }
    flush();
    return undefined;
  } catch (error) {
    flush();
    if (error instanceof ExitSignal) return error.code;
    if (!(error instanceof TerminatingError)) throw error;
    session.remember(error.record);
    frame.report(error.record);
    return undefined;
  }
}

/** What a script runs in when it is run inside the lab's process: the lab's hosts, never the machine's. */
export interface PowerShellEnvironment {
  /** Environment variables, read by $env:NAME. */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Windows files as the identity sees them from its host; `windowsFileSystem` makes one. */
  readonly files?: FileSystem;
  /** Default: the built-in ones. */
  readonly cmdlets?: CmdletRegistry;
  readonly identity: Identity;
}

/** What a process of powershell.exe left behind. Lines end with CR LF. */
export interface PowerShellResult {
  readonly output: string;
  readonly error: string;
  /** `exit n`, else 0, or 1 when the last statement failed. */
  readonly exitCode: number;
}

/** Runs a script as `powershell.exe -NoProfile -NonInteractive -Command <script>` would. */
export async function runPowerShell(script: string, environment: PowerShellEnvironment): Promise<PowerShellResult> {
  let output = "";
  let error = "";
  const host: ConsoleHost = {
    write: (text) => void (output += text),
    writeError: (text) => void (error += text),
  };
  const session = new Session({
    console: host,
    identity: environment.identity,
    variables: environment.variables,
    cmdlets: environment.cmdlets ?? builtInCmdlets(),
    newLine: "\r\n",
    ...(environment.files === undefined ? {} : { files: environment.files }),
  });
  const code = await runInSession(session, script);
  return { output, error, exitCode: code ?? (session.succeeded ? 0 : 1) };
}
