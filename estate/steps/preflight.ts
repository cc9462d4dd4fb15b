/** F0 at `up`: what only doing it shows, before the first change. Nothing of the chat is touched. */
import { DrError, toDrError } from "../errors";
import { instanceOf } from "../estate";
import type { InstanceRole } from "../observation-types";
import type { Finding, Plan } from "../plan-types";
import { removeLeftoverJobs } from "../agent-script";
import { probeAgent, probeEngineRead, probeEngineWrite } from "../probe";
import { backupFull } from "../statements";
import { salvageDescription, salvageFile, setFilesOf } from "../plan-restore";
import { serverName } from "../desired";
import type { StepContext, StepHandler } from "./step-context";

export const preflight: StepHandler = {
  sections: () => [],
  async converge(context) {
    refuseBlocked(context.plan, "up");
    if (needsProbes(context.plan)) await probe(context);
    if (context.plan.salvage !== null) await salvage(context);
  },
};

/** Findings that stop a step which is open; in a preview those that only an `up` must have in order are left out. */
export function blockingFindings(plan: Plan, when: "preview" | "up"): readonly Finding[] {
  const open = new Set(plan.steps.filter((step) => step.open && step.id !== "F0").map((step) => step.id));
  const unclear = plan.authority.outcome === "unclear";
  return plan.findings.filter(
    (finding) =>
      finding.severity === "error" &&
      (when === "up" || !finding.atUpOnly) &&
      (unclear || finding.blocks.some((step) => open.has(step))),
  );
}

/** Throws PREFLIGHT_FAILED with every finding that blocks an open step. */
export function refuseBlocked(plan: Plan, when: "preview" | "up"): void {
  const blocking = blockingFindings(plan, when);
  if (blocking.length > 0) throw refused(blocking.map((finding) => `${finding.message}. ${finding.hint}`));
}

// Folders and accounts matter where a copy moves or log shipping is set up; a list or a state needs neither.
function needsProbes(plan: Plan): boolean {
  return plan.steps.some((step) => step.open && ["F1", "F2", "F2b", "F3", "F4", "F5"].includes(step.id));
}

async function probe(context: StepContext): Promise<void> {
  const { primary, backup } = context.plan.authority.principals;
  const problems = [
    ...(await probeEngines(context, backup, primary)),
    ...(await probeAgents(context, backup, primary)),
  ];
  if (problems.length > 0) throw refused(problems);
}

/** Each engine writes the backup folder and reads what the other wrote: four directions. */
async function probeEngines(context: StepContext, backup: InstanceRole, primary: InstanceRole): Promise<string[]> {
  const { backupFolder, seedFolder } = context.desired;
  const directions = [
    { writer: backup, reader: primary, folder: backupFolder },
    { writer: primary, reader: backup, folder: seedFolder },
  ];
  const problems: string[] = [];
  for (const { writer, reader, folder } of directions) {
    context.progress(`probing ${folder} as the engine of ${nameOf(context, writer)}`);
    try {
      await context.assertLocked();
      const file = await probeEngineWrite(instanceOf(context.estate, writer), folder);
      await probeEngineRead(instanceOf(context.estate, reader), file);
      context.readBack({ engine: nameOf(context, writer), writes: folder, readBy: nameOf(context, reader) });
    } catch (thrown) {
      problems.push(engineProblem(context, writer, reader, folder, toDrError(thrown)));
    }
  }
  return problems;
}

function engineProblem(
  context: StepContext,
  writer: InstanceRole,
  reader: InstanceRole,
  folder: string,
  error: DrError,
): string {
  const accounts = [writer, reader].map((role) => `${nameOf(context, role)} as ${engineAccount(context, role)}`);
  return (
    `the engines cannot use ${folder} (writes: ${accounts[0] ?? ""}; reads: ${accounts[1] ?? ""}): ${error.summary}. ` +
    "The folder must exist, and both service accounts need the right to read and write it."
  );
}

async function probeAgents(context: StepContext, backup: InstanceRole, primary: InstanceRole): Promise<string[]> {
  const { share, backupDirectory, copyFolder } = context.desired.logShipping;
  const tasks = [
    { role: backup, readFolder: share, writeFolder: copyFolder },
    { role: primary, readFolder: backupDirectory, writeFolder: backupDirectory },
  ];
  const problems: string[] = [];
  for (const { role, readFolder, writeFolder } of tasks) {
    context.progress(`probing ${writeFolder} as SQL Server Agent of ${nameOf(context, role)}`);
    const server = instanceOf(context.estate, role);
    try {
      await context.assertLocked();
      await removeLeftoverJobs(server);
      const outcome = await probeAgent(
        server,
        {
          readFolder,
          readFile: undefined,
          writeFolder,
          writeFile: `pchat-dr-probe-${context.runId}.txt`,
          removeFiles: [],
        },
        { run: context.runId, timeoutSeconds: context.desired.timeouts.probeSeconds },
      );
      context.readBack({ agent: nameOf(context, role), ...outcome });
      if (outcome.missingRight !== null) {
        const account = outcome.account ?? agentAccount(context, role);
        problems.push(
          `SQL Server Agent of ${nameOf(context, role)} runs as ${account}, which lacks the right ${outcome.missingRight}: ${outcome.folder ?? "?"}. ` +
            `Give ${account} that right.`,
        );
      }
      problems.push(...tooSmall(context, share, readFolder === share ? outcome.readFolderFreeBytes : null));
    } catch (thrown) {
      const error = toDrError(thrown, server.place);
      problems.push(`SQL Server Agent of ${nameOf(context, role)} could not be probed: ${error.message}`);
    }
  }
  return problems;
}

/** Two full backups of the chat database pass through the share: the one that comes home and the seed. */
function tooSmall(context: StepContext, share: string, freeBytes: number | null): string[] {
  const backup = context.backup;
  if (freeBytes === null || backup === undefined) return [];
  const open = (step: string): boolean => context.plan.steps.some((one) => one.id === step && one.open);
  const copies = [open("F3"), open("F5") && open("F4")].filter(Boolean).length;
  const needed = copies * setFilesOf(backup, context.desired.chat).reduce((sum, file) => sum + file.sizeBytes, 0);
  if (freeBytes >= needed) return [];
  return [
    `${share} has ${String(freeBytes)} bytes free, and ${String(copies)} full backups need up to ${String(needed)}. Make room there`,
  ];
}

/** Saves the primary's copy before it is given up: a copy-only backup, so that no chain of it changes. */
async function salvage(context: StepContext): Promise<void> {
  const role = context.plan.authority.principals.primary;
  const { chat } = context.desired;
  const file = salvageFile(context.desired, context.runId);
  await context.change({
    role,
    doing: `BACKUP DATABASE [${chat}] (salvage)`,
    text: backupFull({
      database: chat,
      file,
      name: `${chat}-Full Database Backup`,
      description: salvageDescription(context.runId),
      copyOnly: true,
    }),
  });
  context.readBack({ salvage: file });
}

function refused(problems: readonly string[]): DrError {
  const list = problems.map((problem, index) => `\n  ${String(index + 1)}. ${problem}`).join("");
  return new DrError({
    code: "PREFLIGHT_FAILED",
    summary: `Preflight found what stands in the way; nothing was changed:${list}\n`,
    hint: "Mend what is named, then run the same command again.",
  });
}

function nameOf(context: StepContext, role: InstanceRole): string {
  return serverName(context.desired.pool, role);
}

function engineAccount(context: StepContext, role: InstanceRole): string {
  return observedOf(context, role)?.services.engine?.account ?? "its service account";
}

function agentAccount(context: StepContext, role: InstanceRole): string {
  return observedOf(context, role)?.services.agent?.account ?? "its service account";
}

function observedOf(context: StepContext, role: InstanceRole) {
  return role === context.plan.authority.principals.primary ? context.primary : context.backup;
}
