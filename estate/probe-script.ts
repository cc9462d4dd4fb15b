/** The script that an Agent job runs as the Agent's account, and what its end means. PowerShell 2.0, as 2008 R2's hosts have it. */
import { z } from "zod";
import { powerShellLiteral } from "./shell/quote";

/** What the script looks at; paths are Windows paths as the instance's host sees them. */
export interface ProbeTask {
  /** Folder that must be listed: the share. Its free space is told too. */
  readonly readFolder: string;
  /** File in it that must be read; undefined leaves that out. */
  readonly readFile: string | undefined;
  /** Folder in which a file is created, read back and deleted. */
  readonly writeFolder: string;
  /** Name of that file. */
  readonly writeFile: string;
  /** Files of earlier probes that this account may remove, as paths. */
  readonly removeFiles: readonly string[];
}

/** Exit codes of the script: what the account lacks, and in which of the two folders. */
export const PROBE_EXITS = {
  10: { right: "to find the folder", folder: "readFolder" },
  11: { right: "to list the folder", folder: "readFolder" },
  12: { right: "to read a file in the folder", folder: "readFolder" },
  20: { right: "to find the folder", folder: "writeFolder" },
  21: { right: "to create a file in the folder", folder: "writeFolder" },
  22: { right: "to read a file in the folder", folder: "writeFolder" },
  23: { right: "to delete a file in the folder", folder: "writeFolder" },
} as const satisfies {
  readonly [code: number]: { readonly right: string; readonly folder: "readFolder" | "writeFolder" };
};

/** An exit code of {@link PROBE_EXITS}. */
export type ProbeExit = keyof typeof PROBE_EXITS;

const saidSchema = z.object({
  account: z.string().max(256),
  readFree: z.number().nullable(),
  writeFree: z.number().nullable(),
});

/** What the script says of itself, whatever its exit code: the account, and free bytes where they could be learnt. */
export type ProbeSaid = z.output<typeof saidSchema>;

/** The script's text. One line of JSON on standard output, then an exit code of {@link PROBE_EXITS}, or 0. */
export function probeScript(task: ProbeTask): string {
  const writeFile = `${task.writeFolder.replace(/\\+$/, "")}\\${task.writeFile}`;
  const probeFile = powerShellLiteral(writeFile);
  const readFile =
    task.readFile === undefined
      ? []
      : [
          attempt(
            12,
            `$null = Get-Content -LiteralPath ${powerShellLiteral(task.readFile)} -TotalCount 1 -ErrorAction Stop`,
          ),
        ];
  return [
    "$ErrorActionPreference = 'Stop'",
    "$account = [System.Security.Principal.WindowsIdentity]::GetCurrent().Name",
    "$readFree = 'null'",
    "$writeFree = 'null'",
    freeSpace("$readFree", task.readFolder),
    freeSpace("$writeFree", task.writeFolder),
    "$line = '{\"account\":\"' + $account.Replace('\\', '\\\\') + '\",\"readFree\":' + $readFree + ',\"writeFree\":' + $writeFree + '}'",
    "Write-Output $line",
    `if (-not (Test-Path -LiteralPath ${powerShellLiteral(task.readFolder)})) { exit 10 }`,
    attempt(11, `$null = @(Get-ChildItem -LiteralPath ${powerShellLiteral(task.readFolder)} -ErrorAction Stop)`),
    ...readFile,
    `if (-not (Test-Path -LiteralPath ${powerShellLiteral(task.writeFolder)})) { exit 20 }`,
    attempt(21, `Set-Content -LiteralPath ${probeFile} -Value 'probe' -ErrorAction Stop`),
    attempt(22, `if (@(Get-Content -LiteralPath ${probeFile} -ErrorAction Stop)[0] -ne 'probe') { exit 22 }`),
    attempt(23, `Remove-Item -LiteralPath ${probeFile} -ErrorAction Stop`),
    // What an earlier probe left is removed by whoever may; that it cannot be is no finding.
    ...task.removeFiles.map((file) => {
      const path = powerShellLiteral(file);
      return `if (Test-Path -LiteralPath ${path}) { try { Remove-Item -LiteralPath ${path} -ErrorAction Stop } catch { } }`;
    }),
    "exit 0",
  ].join("\n");
}

/** The script's own line in a job step's message, undefined when it has none. */
export function probeSaid(message: string): ProbeSaid | undefined {
  const line = /\{"account":[^{}]*\}/.exec(message)?.[0];
  if (line === undefined) return undefined;
  try {
    return saidSchema.safeParse(JSON.parse(line)).data;
  } catch {
    // A message cut in the middle of the line says nothing.
    return undefined;
  }
}

/** The exit code in a CmdExec step's message ("Process Exit Code 12."), undefined when it tells none. */
export function processExitCode(message: string): number | undefined {
  const code = /Process Exit Code (-?\d+)/i.exec(message)?.[1];
  return code === undefined ? undefined : Number(code);
}

function attempt(exit: ProbeExit, statement: string): string {
  return `try { ${statement} } catch { exit ${exit} }`;
}

/** FileSystemObject is the one way of PowerShell 2.0 without P/Invoke to the free space of a share. */
function freeSpace(variable: string, folder: string): string {
  const drive = powerShellLiteral(driveOf(folder));
  return `try { ${variable} = [string](New-Object -ComObject Scripting.FileSystemObject).GetDrive(${drive}).FreeSpace } catch { }`;
}

/** `D:` or `\\server\share`. */
function driveOf(folder: string): string {
  return /^(?:[A-Za-z]:|\\\\[^\\]+\\[^\\]+)/.exec(folder)?.[0] ?? folder;
}
