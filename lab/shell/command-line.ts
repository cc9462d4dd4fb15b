/** The command line of powershell.exe ("about_PowerShell_exe"): parameters by unambiguous prefix, the script in one of three ways. */
import { type PowerShellEnvironment, type PowerShellResult, runPowerShell } from "./run";

export interface CommandLine {
  /** The script; undefined = it is read from standard input (`-Command -`, or nothing at all). */
  readonly script: string | undefined;
  readonly nonInteractive: boolean;
  readonly noExit: boolean;
}

/** Parameters with a value, and those without; the first that begins with what was written is meant. */
const VALUED = [
  "PSConsoleFile",
  "Version",
  "InputFormat",
  "OutputFormat",
  "WindowStyle",
  "ConfigurationName",
  "ExecutionPolicy",
  "ep",
];
const SWITCHES = ["NoLogo", "NoExit", "Sta", "Mta", "NoProfile", "NonInteractive"];

/** Thrown for a command line that powershell.exe refuses; `message` is its text. */
export class CommandLineError extends Error {}

/**
 * Reads the arguments after the executable's name.
 * Throws CommandLineError: unknown parameter, missing value, -EncodedCommand that is not base64 of UTF-16LE, -File.
 */
export function readCommandLine(args: readonly string[]): CommandLine {
  let [nonInteractive, noExit] = [false, false];
  for (let at = 0; at < args.length; at += 1) {
    const argument = args[at] as string;
    const name = /^[-/]/.test(argument) ? argument.slice(1).toLowerCase() : "";
    const rest = args.slice(at + 1);
    // Without a parameter the rest of the line is the command.
    if (name === "") return { script: argument === "-" ? undefined : args.slice(at).join(" "), nonInteractive, noExit };
    if ("command".startsWith(name)) {
      if (rest.length === 0)
        throw new CommandLineError(
          "Cannot process the command because of a missing parameter. A command must follow -Command.",
        );
      return { script: rest.length === 1 && rest[0] === "-" ? undefined : rest.join(" "), nonInteractive, noExit };
    }
    if (name === "ec" || ("encodedcommand".startsWith(name) && !["ex", "ep"].includes(name)))
      return { script: decode(rest[0]), nonInteractive, noExit };
    const known = SWITCHES.find((one) => one.toLowerCase().startsWith(name));
    if (known !== undefined) {
      if (known === "NonInteractive") nonInteractive = true;
      if (known === "NoExit") noExit = true;
    } else if (VALUED.some((one) => one.toLowerCase().startsWith(name))) at += 1;
    else
      throw new CommandLineError(
        `The argument '${argument}' to the -File parameter does not exist. Provide the path to an existing '.ps1' file as an argument to the -File parameter.`,
      );
  }
  return { script: undefined, nonInteractive, noExit };
}

function decode(encoded: string | undefined): string {
  const bytes = Buffer.from(encoded ?? "", "base64");
  const canonical = (encoded ?? "").replace(/\s/g, "");
  if (canonical === "" || bytes.toString("base64") !== canonical || bytes.length % 2 !== 0)
    throw new CommandLineError(
      "Cannot process the command because the value specified with -EncodedCommand is not properly encoded. The value must be Base64 encoded.",
    );
  return bytes.toString("utf16le").replace(/^\ufeff/, "");
}

/** Takes a Windows command line apart as CommandLineToArgvW does: blanks, double quotes, backslashes before quotes. */
export function splitCommandLine(line: string): string[] {
  const args: string[] = [];
  let current = "";
  let [quoted, started] = [false, false];
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] as string;
    const slashes = /^\\+(?=")/.exec(line.slice(at))?.[0].length ?? 0;
    if (slashes > 0) {
      current += "\\".repeat(Math.floor(slashes / 2));
      started = true;
      at += slashes - 1;
      if (slashes % 2 === 1) {
        current += '"';
        at += 1;
      }
    } else if (character === '"') {
      quoted = !quoted;
      started = true;
    } else if (/\s/.test(character) && !quoted) {
      if (started) args.push(current);
      [current, started] = ["", false];
    } else {
      current += character;
      started = true;
    }
  }
  if (started) args.push(current);
  return args;
}

/**
 * Runs `powershell.exe …` as SQL Server Agent's CmdExec subsystem starts it.
 * @param line the whole command line, executable first
 */
export async function runPowerShellCommandLine(
  line: string,
  environment: PowerShellEnvironment,
): Promise<PowerShellResult> {
  try {
    const { script } = readCommandLine(splitCommandLine(line).slice(1));
    // Agent gives a process no standard input: reading from it finds its end at once.
    return script === undefined ? { output: "", error: "", exitCode: 0 } : await runPowerShell(script, environment);
  } catch (error) {
    if (!(error instanceof CommandLineError)) throw error;
    return { output: "", error: `${error.message}\r\n`, exitCode: 1 };
  }
}
