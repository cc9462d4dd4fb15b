/** Starts a daemon that outlives its starter, and waits until it answers. */
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type LabDescription, LabError } from "./control-commands";
import type { StartMessage } from "./daemon-main";
import { type DaemonOptions, labFiles } from "./daemon-options";

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
    process.execPath,
    [
      "--disable-warning=ExperimentalWarning",
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
