/** F0 at `up`: what only doing it shows, before the first change. Nothing of the chat is touched. */
import { removeLeftoverJobs } from "../agent-script";
import { serverName } from "../desired";
import { type DrError, toDrError } from "../errors";
import type { InstanceRole } from "../observation-types";
import { setFilesOf } from "../plan-restore";
import { probeAgent, probeEngineRead, probeEngineWrite } from "../probe";
import type { ProbeTask } from "../probe-script";
import { verifyLog } from "../statements-failover";
import { preflightFailed } from "./preflight-findings";
import { savePrimary } from "./salvage";
import type { StepContext, StepHandler } from "./step-context";

export const preflight: StepHandler = {
  sections: ({ plan }) => (plan.authority.salvage === true ? [plan.authority.principals.primary] : []),
  async converge(context) {
    if (context.plan.steps.some((step) => step.open && step.probed)) await probe(context);
    if (context.plan.authority.salvage === true) await savePrimary(context);
  },
};

async function probe(context: StepContext): Promise<void> {
  const { engines, agents, mayFail } = probesOf(context);
  const problems = [
    ...(await probeEngines(context, engines)),
    ...(await probeAgents(context, agents)),
    ...(await probeChain(context)),
  ];
  if (problems.length === 0) return;
  if (!mayFail) throw preflightFailed(problems);
  // A disaster may have taken the share: the way to the backup site does not wait for it.
  context.readBack({ skipped: "probes", reason: problems });
}

/** What is probed before the first change. */
interface Probes {
  readonly engines: readonly {
    readonly writer: InstanceRole;
    readonly reader: InstanceRole;
    readonly folder: string;
  }[];
  readonly agents: readonly {
    readonly role: InstanceRole;
    readonly readFolder: string;
    readonly writeFolder: string;
  }[];
  /** A problem is told and stops nothing. */
  readonly mayFail: boolean;
}

function probesOf({ desired, plan }: StepContext): Probes {
  const { primary, backup } = plan.authority.principals;
  const { backupFolder, seedFolder } = desired;
  const { share, backupDirectory, copyFolder } = desired.logShipping;
  const copies = { role: backup, readFolder: share, writeFolder: copyFolder };
  const logBackups = { writer: backup, reader: backup, folder: backupFolder };
  if (desired.active === "backup") {
    // The primary's engine writes its tail there, the backup's reads it.
    const closes = plan.steps.some((step) => step.key === "P3" && step.open && !step.courtesy);
    if (!closes) return { engines: [logBackups], agents: [], mayFail: true };
    const tail = { writer: primary, reader: backup, folder: backupFolder };
    return { engines: [tail, logBackups], agents: [copies], mayFail: false };
  }
  return {
    // The backup's engine writes F3's folder and the primary's reads there; the other way round for F5's seed.
    engines: [
      { writer: backup, reader: primary, folder: backupFolder },
      { writer: primary, reader: backup, folder: seedFolder },
    ],
    agents: [copies, { role: primary, readFolder: backupDirectory, writeFolder: backupDirectory }],
    mayFail: false,
  };
}

async function probeEngines(context: StepContext, directions: Probes["engines"]): Promise<string[]> {
  const problems: string[] = [];
  for (const { writer, reader, folder } of directions) {
    const doing = `probing ${folder} as the engine`;
    try {
      const file = await context.perform(writer, doing, (server) => probeEngineWrite(server, folder));
      await context.perform(reader, doing, (server) => probeEngineRead(server, file));
      context.readBack({ engine: nameOf(context, writer), writes: folder, readBy: nameOf(context, reader) });
    } catch (thrown) {
      problems.push(engineProblem(context, writer, reader, folder, toDrError(thrown)));
    }
  }
  return problems;
}

/** Log sets that msdb names may be gone from the disk: the primary's engine reads each whole before anything is closed. */
async function probeChain(context: StepContext): Promise<string[]> {
  const { chainHome } = await context.observe();
  const role = context.plan.authority.principals.primary;
  const problems: string[] = [];
  for (const { file } of chainHome?.apply ?? []) {
    try {
      await context.evidence({ role, doing: `RESTORE VERIFYONLY ${file}`, text: verifyLog(file) });
    } catch (thrown) {
      problems.push(
        `${nameOf(context, role)} cannot read ${file}, which is a link on the way home: ${toDrError(thrown).summary}. ` +
          "Bring it back, or set wayHome to full.",
      );
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

async function probeAgents(context: StepContext, tasks: Probes["agents"]): Promise<string[]> {
  const { share } = context.desired.logShipping;
  // Two pools of one run may share an instance, by databases of their own.
  const run = `${context.desired.pool.name}-${context.runId}`;
  const problems: string[] = [];
  for (const { role, readFolder, writeFolder } of tasks) {
    try {
      const task: ProbeTask = {
        readFolder,
        readFile: undefined,
        writeFolder,
        writeFile: `pchat-dr-probe-${run}.txt`,
        removeFiles: [],
      };
      const options = { run, timeoutSeconds: context.desired.timeouts.probeSeconds };
      const outcome = await context.perform(role, `probing ${writeFolder} as SQL Server Agent`, async (server) => {
        await removeLeftoverJobs(server);
        return probeAgent(server, task, options);
      });
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
      const { message } = toDrError(thrown);
      problems.push(`SQL Server Agent of ${nameOf(context, role)} could not be probed: ${message}`);
    }
  }
  return problems;
}

/** Two full backups of the chat database pass through the share: the one that comes home and the seed. */
function tooSmall(context: StepContext, share: string, freeBytes: number | null): string[] {
  const backup = context.backup;
  if (freeBytes === null || backup === undefined || context.desired.active === "backup") return [];
  const open = (step: string): boolean => context.plan.steps.some((one) => one.id === step && one.open);
  const copies = [open("F3"), open("F5") && open("F4")].filter(Boolean).length;
  const needed = copies * setFilesOf(backup, context.desired.chat).reduce((sum, file) => sum + file.sizeBytes, 0);
  if (freeBytes >= needed) return [];
  return [
    `${share} has ${String(freeBytes)} bytes free, and ${String(copies)} full backups need up to ${String(needed)}. Make room there`,
  ];
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
