/** Starts a daemon that outlives its starter, and waits until it answers. */
import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type LabDescription, LabError } from "./control-commands";
import type { StartMessage } from "./daemon-main";
import { type DaemonOptions, labFiles } from "./daemon-options";

/** The oldest Node with node:sqlite that needs no flag, and with what else the daemon uses: package.json, `engines`. */
const OLDEST_NODE = [22, 18] as const;

/**
 * Young generation of the daemon's heap, in MiB: rows are made and forgotten at once. Left to itself Node lets it grow with
 * the machine's memory; much smaller, rows outlive it and the pages they leave behind stay with the process.
 */
const SEMI_SPACE_MIB = 16;

/** The Node that runs this, or the one that npm brought for this project where the machine's is older. */
function daemonNode(): string {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1])) return process.execPath;
  const brought = join(__dirname, "..", "node_modules", ".bin", "node");
  if (existsSync(brought)) return brought;
  throw new LabError(
    `The lab needs Node ${OLDEST_NODE.join(".")} or newer; this is ${process.versions.node}.`,
    "Run npm ci in the project's folder, which brings one.",
  );
}

/**
 * @param progress told what the daemon does until it is ready
 * @param signal ends the start: the daemon is told to stop, and waited for
 * Throws LabError with the daemon's own words.
 */
export async function startDaemon(
  options: DaemonOptions,
  progress: (line: string) => void,
  signal?: AbortSignal,
): Promise<LabDescription> {
  mkdirSync(options.directory, { recursive: true });
  const { log: logPath } = labFiles(options.directory);
  const log = openSync(logPath, "w", 0o600);
  // Detached: a session of its own, so that the end of the starter's terminal does not reach it.
  const child = spawn(
    daemonNode(),
    [
      "--disable-warning=ExperimentalWarning",
      `--max-semi-space-size=${String(SEMI_SPACE_MIB)}`,
      "--require",
      require.resolve("tsx/cjs"),
      join(__dirname, "daemon-main.ts"),
    ],
    { cwd: join(__dirname, ".."), detached: true, stdio: ["pipe", log, log, "pipe"] },
  );
  closeSync(log);
  const stop = (): void => void child.kill("SIGTERM");
  signal?.addEventListener("abort", stop);
  const exited = new Promise<string>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, name) => resolve(name ?? `status ${String(code)}`));
  });
  exited.catch(() => undefined);
  child.stdin?.on("error", () => undefined);
  child.stdin?.end(JSON.stringify(options));
  try {
    for await (const line of createInterface({ input: child.stdio[3] as Readable })) {
      const message = JSON.parse(line) as StartMessage;
      if (message.kind === "progress") progress(message.text);
      else if (message.kind === "failed") {
        await exited;
        throw new LabError(message.message, message.hint);
      } else return message.lab;
    }
    throw new LabError(`The lab did not start: its process ended with ${await exited}.`, `See ${logPath}`);
  } finally {
    signal?.removeEventListener("abort", stop);
    // The starter ends while the daemon lives.
    child.unref();
    for (const stream of child.stdio) (stream as { destroy?: () => void } | null)?.destroy?.();
  }
}
