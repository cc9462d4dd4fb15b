/** One run of sqllogship on its instance: statements to the server, files as the Agent's account, and the log of both. */
import { type FileSystem, windowsFileSystem } from "../../shell/file-system";
import type { PowerShellResult } from "../../shell/run";
import { WindowsError } from "../../windows/files";
import type { Message } from "../../tsql/results";
import { runText } from "../internal-session";
import type { ProgramContext } from "../program-context";
import { timeOf } from "../row-values";
import { type AgentType, deleteAgentHistory, MonitorLog, SERVER_SOURCE } from "./monitor-log";
import type { Moment } from "./progress-notes";
import { pathIn, type ShippedFile, shippedFiles } from "./shipped-files";

/** Program name of sqllogship's connections. */
export const PROGRAM = "SQLAgent - sqllogship";

const MINUTE = 60_000;

/** Thrown when the run cannot go on; what is wrong has been told. */
export class RunFailed extends Error {}

export class ShippingRun {
  readonly files: FileSystem;
  readonly log: MonitorLog;

  constructor(
    readonly context: ProgramContext,
    readonly agentId: string,
    private readonly agentType: AgentType,
    databaseName: string | null,
  ) {
    this.files = windowsFileSystem(context.files, context.host, context.account);
    this.log = new MonitorLog(context.instance, agentId, agentType, databaseName);
  }

  get instance(): ProgramContext["instance"] {
    return this.context.instance;
  }

  now(): Moment {
    return { local: this.instance.localTime(), utc: this.instance.utcTime() };
  }

  /** Runs a statement in master; answers its errors, the cause first. */
  async execute(statement: string): Promise<readonly Message[]> {
    const request = { login: this.context.account, program: PROGRAM };
    const { errors } = await runText(this.instance, request, statement, this.context.signal);
    // An attention leaves no error behind: the job was stopped.
    if (errors.length === 0) this.context.signal.throwIfAborted();
    return errors;
  }

  /** As `execute`; errors are told and end the run. */
  async require(statement: string): Promise<void> {
    const errors = await this.execute(statement);
    if (errors.length > 0) await this.fail(errors.map((error) => error.text).join("\n"), SERVER_SOURCE);
  }

  /** Tells an error and ends the run. */
  async fail(message: string, source?: string): Promise<never> {
    await this.log.error(message, source);
    throw new RunFailed(message);
  }

  /** Does something with files; what Windows refuses is told and ends the run. */
  async withFiles<T>(path: string, work: (files: FileSystem) => T | Promise<T>): Promise<T> {
    try {
      return await work(this.files);
    } catch (error) {
      if (!(error instanceof WindowsError)) throw error;
      return this.fail(windowsText(error, path), "mscorlib");
    }
  }

  /** Log backup files of a database in a folder, the oldest first. */
  async list(folder: string, database: string): Promise<readonly ShippedFile[]> {
    const entries = await this.withFiles(folder, (files) => files.list(folder));
    return shippedFiles(
      entries.filter((entry) => !entry.directory).map((entry) => entry.name),
      database,
    );
  }

  /** Deletes files whose time is past the retention; what cannot be deleted is told and does not fail the run. */
  async deleteOld(folder: string, files: readonly ShippedFile[], retentionMinutes: number): Promise<void> {
    const limit = this.instance.utcTime() - retentionMinutes * MINUTE;
    for (const file of files.filter((one) => one.time < limit)) {
      const path = pathIn(folder, file.name);
      try {
        this.files.remove(path);
        await this.log.progress(`Deleted log backup file. File: '${path}'`);
      } catch (error) {
        if (!(error instanceof WindowsError)) throw error;
        await this.log.warn(`Could not delete old log backup files. ${windowsText(error, path)}`);
      }
    }
  }

  /** Deletes what this agent told longer ago than `retentionMinutes`. */
  async deleteOldHistory(retentionMinutes: number): Promise<void> {
    const limit = this.instance.utcTime() - retentionMinutes * MINUTE;
    await this.instance.msdb.change((writer) => {
      deleteAgentHistory(writer, this.agentId, {
        agentType: this.agentType,
        before: (row) => (timeOf(row, "log_time_utc") ?? limit) < limit,
      });
    });
  }
}

/** Runs an action from its first line to its last and makes a process's result of it. */
export async function shippingResult(
  run: ShippingRun,
  begin: string,
  end: string,
  work: () => Promise<void>,
): Promise<PowerShellResult> {
  await run.log.begin(begin);
  try {
    await work();
  } catch (error) {
    if (!(error instanceof RunFailed)) throw error;
  }
  const exitCode = await run.log.end(end);
  return { output: run.log.output, error: "", exitCode };
}

/** What .NET says of a failure of Windows. */
function windowsText(error: WindowsError, path: string): string {
  if (error.code === 5) return `Access to the path '${path}' is denied.`;
  if (error.code === 3) return `Could not find a part of the path '${path}'.`;
  if (error.code === 2) return `Could not find file '${path}'.`;
  return `${error.message} ('${path}')`;
}
