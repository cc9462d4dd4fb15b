/**
 * The CmdExec and PowerShell subsystems. A program runs inside the lab, as the Agent's account on the instance's host, and sees
 * the lab's files only; nothing of the machine that plays the lab is ever started.
 * Source: sql-docs relational-databases/system-stored-procedures/sp-add-jobstep-transact-sql.md.
 */
import { runPowerShellCommandLine, splitCommandLine } from "../shell/command-line";
import { windowsFileSystem } from "../shell/file-system";
import { type PowerShellEnvironment, type PowerShellResult, runPowerShell } from "../shell/run";
import { runLogShipping } from "./log-shipping/sqllogship";
import type { ProgramContext } from "./program-context";
import { notStarted, type StepResult } from "./step-result";

/** A program by the name of its executable, without folder and extension. */
type Program = (line: string, context: ProgramContext) => Promise<PowerShellResult>;

const PROGRAMS: Readonly<Record<string, Program>> = {
  powershell: (line, context) => runPowerShellCommandLine(line, environmentOf(context)),
  sqllogship: (line, context) => runLogShipping(splitCommandLine(line).slice(1), context),
};

/** Runs the first line of a command: CreateProcess takes no more. */
export async function runCommand(
  command: string,
  successCode: number,
  context: ProgramContext,
  where: { readonly stepId: number; readonly jobId: string },
): Promise<StepResult> {
  const line =
    command
      .split(/\r?\n/)
      .find((one) => one.trim() !== "")
      ?.trim() ?? "";
  const program = PROGRAMS[executableOf(line)];
  if (program === undefined) {
    const job = `0x${where.jobId.replaceAll("-", "")}`;
    return notStarted(
      `The process could not be created for step ${String(where.stepId)} of job ${job} (reason: The system cannot find the file specified).`,
      context.account,
    );
  }
  return ended(await program(line, context), successCode, context);
}

/** The PowerShell subsystem: the command is the script. */
export async function runScript(script: string, context: ProgramContext): Promise<StepResult> {
  return ended(await runPowerShell(script, environmentOf(context)), 0, context);
}

function ended(result: PowerShellResult, successCode: number, context: ProgramContext): StepResult {
  return {
    succeeded: result.exitCode === successCode,
    account: context.account,
    output: `${result.output}${result.error}`.trim() || "The step did not generate any output.",
    remark: `Process Exit Code ${String(result.exitCode)}.`,
    messageId: 0,
    severity: 0,
  };
}

/** Name of the executable in lower case, without folder and `.exe`. */
function executableOf(line: string): string {
  const path = splitCommandLine(line)[0] ?? "";
  const file = path.slice(path.lastIndexOf("\\") + 1).toLowerCase();
  return file.endsWith(".exe") ? file.slice(0, -4) : file;
}

function environmentOf({ files, host, account }: ProgramContext): PowerShellEnvironment {
  const [domain = "", user = account] = account.includes("\\") ? account.split("\\") : ["", account];
  return {
    variables: { COMPUTERNAME: host, USERDOMAIN: domain, USERNAME: user, SystemRoot: "C:\\Windows", OS: "Windows_NT" },
    files: windowsFileSystem(files, host, account),
    identity: { account, computer: host },
  };
}
