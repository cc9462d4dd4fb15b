/**
 * Log files of a dead fork in the share or the copy folder: a fresh LSCopy takes every one of them and LSRestore trips over
 * them (4305, 4330). Before a seed they are moved into a folder of their own, never deleted.
 */
import { runAgentScript } from "../agent-script";
import { joinWindowsPath } from "../configuration-forms";
import { DrError } from "../errors";
import { instanceOf } from "../estate";
import type { InstanceObservation, InstanceRole } from "../observation-types";
import type { PlanContext } from "../plan-context";
import { sameName } from "../relations";
import { powerShellLiteral } from "../shell/quote";
import type { StepContext } from "./step-context";

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
  const script = moveScript(folder, target, files);
  const server = instanceOf(context.estate, role);
  await context.assertLocked();
  const message = await runAgentScript(server, {
    name: `move stale logs ${context.runId}`,
    script,
    timeoutSeconds: context.desired.timeouts.probeSeconds,
  });
  context.readBack({ staleLogFilesMoved: files, from: folder, to: target });
  if (/Process Exit Code 0\b/i.test(message) || !/Process Exit Code/i.test(message)) return;
  throw new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: old log files could not be moved out of log shipping's way`,
    where: server.place,
    expected: `${String(files.length)} files moved from ${folder} to ${target} by the Agent's account`,
    found: message.slice(0, 500),
    hint: "Give SQL Server Agent's account the right to write that folder, or move the files yourself, then run the same command again.",
  });
}

/** Names come from a folder's listing and are data: each is a literal. */
function moveScript(folder: string, target: string, files: readonly string[]): string {
  return [
    "$ErrorActionPreference = 'Stop'",
    `try { $null = New-Item -ItemType Directory -Path ${powerShellLiteral(target)} -ErrorAction Stop } catch { Write-Output $_.Exception.Message; exit 31 }`,
    ...files.map((file) => {
      const from = powerShellLiteral(joinWindowsPath(folder, file));
      return `try { Move-Item -LiteralPath ${from} -Destination ${powerShellLiteral(target)} -ErrorAction Stop } catch { Write-Output $_.Exception.Message; exit 32 }`;
    }),
    "exit 0",
  ].join("\n");
}
