/** A lab for a test: the real daemon as a process of its own, with a directory and ports of its own. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type InstanceDescription,
  type LabCommand,
  type LabCommands,
  type LabDescription,
  LabError,
  type ScenarioName,
} from "../../lab/control-commands";
import { request } from "../../lab/control-request";
import { DEFAULT_PASSWORD } from "../../lab/daemon-options";
import { startDaemon } from "../../lab/daemon-start";
import { type JournalEntry, readJournal } from "../../lab/journal-file";
import { isProcessAlive } from "../../lab/state-file";
import { freePorts } from "../../tools/free-ports";

export { freePorts };

export interface LabOptions {
  /** Default failed-over. */
  readonly scenario?: ScenarioName;
  /** Size of mgc in bytes, default 2 MiB: enough rows to compare, little to copy. */
  readonly databaseBytes?: number;
  readonly pools?: number;
  readonly chat?: boolean;
  readonly chatRate?: number;
  readonly clockFactor?: number;
  readonly password?: string;
}

/** What a command of the lab's command line ended with. */
export interface RunResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const labMain = join(__dirname, "..", "..", "lab", "main.ts");

/** The ports from `base` on that a lab takes: control and four instances per pool. */
function portCount(pools: number): number {
  return 1 + 4 * pools;
}

/** Tries of finding free ports: another test may take one between the look and the start. */
const TRIES = 10;
/** How long a lab's process may take to end, in milliseconds. */
const END_WITHIN = 30_000;
const POLL_MS = 20;

/** A running lab. Stop it in an `after` hook. */
export class Lab {
  readonly json: LabDescription;

  constructor(json: LabDescription) {
    this.json = json;
  }

  get portBase(): number {
    return this.json.control.port;
  }

  /** An instance by name, such as `SQL-P1`. */
  instance(name: string): InstanceDescription {
    const found = this.json.instances.find((instance) => instance.name === name);
    if (found === undefined) throw new Error(`The lab has no instance ${name}.`);
    return found;
  }

  /** One command over the control port. Throws LabError. */
  request<Command extends LabCommand>(
    command: Command,
    args: LabCommands[Command]["arguments"],
  ): Promise<LabCommands[Command]["result"]> {
    return request(this.json.control, command, args);
  }

  /** The command line itself: `lab.run("fault", "agent-stop", "--instance", "SQL-B1")`. */
  run(...args: readonly string[]): Promise<RunResult> {
    return runLab(...args, "--port-base", String(this.portBase), "--directory", this.json.directory);
  }

  /** Journal entries after the nth; all of them by default. */
  async journal(since = 0): Promise<JournalEntry[]> {
    await this.request("flush", {});
    return readJournal(this.json.journal, since);
  }

  /** Stops it, waits for its process and removes its directory. Does nothing when it is stopped already. */
  async stop(): Promise<void> {
    const { pid, directory } = this.json;
    try {
      await this.request("stop", {});
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
    }
    const deadline = Date.now() + END_WITHIN;
    while (isProcessAlive(pid)) {
      if (Date.now() > deadline) {
        process.kill(pid, "SIGKILL");
        throw new Error(`The lab's process ${String(pid)} did not end within ${String(END_WITHIN / 1000)} s.`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Starts a lab on free ports and waits until everything answers. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const pools = options.pools ?? 1;
  for (let tries = 1; ; tries += 1) {
    const directory = temporaryLabDirectory();
    try {
      const json = await startDaemon(
        {
          scenario: options.scenario ?? "failed-over",
          directory,
          portBase: await freePorts(portCount(pools)),
          pools,
          databaseBytes: options.databaseBytes ?? 2 * 2 ** 20,
          password: options.password ?? DEFAULT_PASSWORD,
          chat: options.chat ?? false,
          chatRate: options.chatRate ?? 5,
          clockFactor: options.clockFactor ?? 1,
        },
        () => undefined,
      );
      return new Lab(json);
    } catch (error) {
      if (tries === TRIES || !(error instanceof LabError && error.message.startsWith("Port "))) throw error;
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

/** An empty directory for a lab, below the system's temporary one. */
export function temporaryLabDirectory(): string {
  return mkdtempSync(join(tmpdir(), "persistent-chat-lab-"));
}

/** Runs the lab's command line to its end. */
export function runLab(...args: readonly string[]): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ["--require", require.resolve("tsx/cjs"), labMain, ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}
