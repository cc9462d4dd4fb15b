/**
 * Log files of a dead fork in the share or the copy folder: a fresh LSCopy takes every one of them and LSRestore trips over
 * them (4305, 4330). Before a seed they are moved into a folder of their own, never deleted.
 */
import { runAgentScript } from "../agent-script";
import { joinWindowsPath } from "../configuration-forms";
import { DrError } from "../errors";
import type { InstanceObservation, InstanceRole } from "../observation-types";
import type { PlanContext } from "../plan-context";
import { printable } from "../printable";
import { processExitCode } from "../probe-script";
import { sameName } from "../relations";
import { powerShellLiteral } from "../shell/quote";
import type { StepContext } from "./step-context";

/** CreateProcess takes 32,767 characters, and the script is sent as base64 of UTF-16: 8 characters for 3 of its own. */
const filesPerJob = 60;

/** Moves what lies there now: the share's files as the primary's Agent, the copy folder's as the backup's. */
export async function moveStaleLogFiles(context: StepContext, now: PlanContext): Promise<void> {
  const { share, backupDirectory, copyFolder } = context.desired.logShipping;
  const roles = now.authority.principals;
  const places = [
    { role: roles.primary, instance: now.primary, folder: backupDirectory, seenAs: [backupDirectory, share] },
    { role: roles.backup, instance: now.backup, folder: copyFolder, seenAs: [copyFolder] },
  ];
  for (const { role, instance, folder, seenAs } of places) {
    const files = staleFiles(instance, seenAs);
    if (files.length > 0) await moveAside(context, role, folder, files);
  }
}

function staleFiles(instance: InstanceObservation | undefined, seenAs: readonly string[]): readonly string[] {
  return (instance?.folders ?? [])
    .filter((listing) => seenAs.some((path) => sameName(path, listing.path)))
    .flatMap((listing) => listing.files);
}

async function moveAside(
  context: StepContext,
  role: InstanceRole,
  folder: string,
  files: readonly string[],
): Promise<void> {
  const target = joinWindowsPath(folder, `stale-${context.runId}`);
  const timeoutSeconds = context.desired.timeouts.probeSeconds;
  for (let at = 0; at < files.length; at += filesPerJob) {
    const name = `move stale logs ${context.desired.pool.name}-${context.runId} ${String(at / filesPerJob + 1)}`;
    const script = moveScript(folder, target, files.slice(at, at + filesPerJob));
    const message = await context.perform(role, `moving old log files of ${folder} to ${target}`, (server) =>
      runAgentScript(server, { name, script, timeoutSeconds }),
    );
    if (processExitCode(message) !== 0) throw notMoved(context, folder, target, files.length, message);
  }
  context.readBack({ staleLogFilesMoved: files, from: folder, to: target });
}

function notMoved(context: StepContext, folder: string, target: string, count: number, message: string): DrError {
  return new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: old log files could not be moved out of log shipping's way`,
    where: folder,
    expected: `${String(count)} files moved to ${target} by the Agent's account`,
    found: printable(message, 500) || "an empty message",
    hint: "Give SQL Server Agent's account the right to write that folder, or move the files yourself, then run the same command again.",
  });
}

/** The script that moves files into a folder of its own. Names come from a folder's listing and are data: literals only. */
export function moveScript(folder: string, target: string, files: readonly string[]): string {
  const to = powerShellLiteral(target);
  const caught = (exit: number): string => `catch { Write-Output $_.Exception.Message; exit ${String(exit)} }`;
  return [
    "$ErrorActionPreference = 'Stop'",
    `try { if (-not (Test-Path -LiteralPath ${to})) { $null = New-Item -ItemType Directory -Path ${to} } } ${caught(31)}`,
    `foreach ($name in @(${files.map((file) => powerShellLiteral(file)).join(", ")})) {`,
    `  try { Move-Item -LiteralPath (${powerShellLiteral(joinWindowsPath(folder, ""))} + $name) -Destination ${to} } ${caught(32)}`,
    "}",
    "exit 0",
  ].join("\n");
}
