/**
 * What only doing it shows: whether SQL Server Agent's account reads the share and writes its folder, and whether an engine writes
 * the share. At `up` only, since a job and a small file are made.
 */
import { AGENT_JOB_PREFIX, runAgentScript } from "./agent-script";
import { joinWindowsPath } from "./configuration-forms";
import { DrError } from "./errors";
import { printable } from "./printable";
import { PROBE_EXITS, probeSaid, probeScript, processExitCode, type ProbeExit, type ProbeTask } from "./probe-script";
import { PROGRAM } from "./sql/client-name";
import type { SqlServer } from "./sql/connection";
import { quoteString } from "./sql/quote";

/** What an Agent probe found out. */
export interface AgentProbeOutcome {
  /** The Agent's account by its own word, e.g. `DCI\svc-agent-b1`; null when the script did not get that far. */
  readonly account: string | null;
  /** The folder that the account lacks a right in; null when it lacks none. */
  readonly folder: string | null;
  /** "to list the folder" and the like; null when it lacks none. */
  readonly missingRight: string | null;
  /** Free bytes of the share and of the written folder's volume; null when they could not be learnt. */
  readonly readFolderFreeBytes: number | null;
  readonly writeFolderFreeBytes: number | null;
}

/** Options of {@link probeAgent}. */
export interface AgentProbeOptions {
  readonly run: string;
  /** timeouts.probeSeconds. */
  readonly timeoutSeconds: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs the probe's script once as the Agent's account (CmdExec without proxy, owner sa) and removes the job. Throws
 * AGENT_NOT_RUNNING, PROBE_FAILED when the script did not end or not as one of ours; a missing right is an outcome.
 */
export async function probeAgent(
  server: SqlServer,
  task: ProbeTask,
  options: AgentProbeOptions,
): Promise<AgentProbeOutcome> {
  const message = await runAgentScript(server, { name: options.run, script: probeScript(task), ...options });
  return outcomeOf(server, task, message);
}

/** The file by which an instance shows that its engine writes the share: one per instance, overwritten, never piling up. */
export function engineProbeFile(server: SqlServer, folder: string): string {
  const instance = server.endpoint.server.replace(/[^A-Za-z0-9-]/g, "-");
  return joinWindowsPath(folder, `${PROGRAM}-probe-${instance}.bak`);
}

/** A copy-only backup of model, a few megabytes, to the instance's probe file. Throws the engine's own error: 3201 and the like. */
export async function probeEngineWrite(server: SqlServer, folder: string): Promise<string> {
  const file = engineProbeFile(server, folder);
  await server.batch(
    `BACKUP DATABASE [model] TO DISK = ${quoteString(file)}
WITH COPY_ONLY, FORMAT, INIT, SKIP, CHECKSUM, NAME = ${quoteString(`${AGENT_JOB_PREFIX}of the share`)};`,
    { doing: `writing ${file}`, timeout: 120_000 },
  );
  return file;
}

/** Reads the label of a probe's file from another engine. Throws the engine's own error. */
export async function probeEngineRead(server: SqlServer, file: string): Promise<void> {
  await server.query(`RESTORE LABELONLY FROM DISK = ${quoteString(file)};`, {
    doing: `reading ${file}`,
    timeout: 120_000,
  });
}

function outcomeOf(server: SqlServer, task: ProbeTask, message: string): AgentProbeOutcome {
  const said = probeSaid(message);
  const exit = processExitCode(message) ?? (said === undefined ? undefined : 0);
  const facts = {
    account: said?.account ?? null,
    readFolderFreeBytes: said?.readFree ?? null,
    writeFolderFreeBytes: said?.writeFree ?? null,
  };
  if (exit === 0 && said !== undefined) return { ...facts, folder: null, missingRight: null };
  if (exit !== undefined && exit in PROBE_EXITS) {
    const { right, folder } = PROBE_EXITS[exit as ProbeExit];
    return { ...facts, folder: task[folder], missingRight: right };
  }
  throw new DrError({
    code: "PROBE_FAILED",
    summary: "the probe did not run as it should",
    where: server.place,
    expected: "an exit code of the probe's script",
    found: printable(message, 500) || "an empty message",
    hint: "Run powershell.exe as the Agent's account on that host; CmdExec steps need it.",
  });
}
