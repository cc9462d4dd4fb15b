/** Signals that are to end a command of ours, for the CLI beneath it: asked once, it ends its step and lets go of its lock. */
import type { ChildProcess } from "node:child_process";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Where a command runs; this process's own unless given. */
export interface Surroundings {
  readonly platform: NodeJS.Platform;
  /** One of the three streams is a terminal: its Ctrl-C reaches the CLI without us. */
  readonly terminal: boolean;
}

const here = (): Surroundings => ({
  platform: process.platform,
  terminal: [process.stdin, process.stdout, process.stderr].some((stream) => stream.isTTY),
});

/**
 * Keeps this process alive on a signal until `child` has ended, and passes the signal on where nobody else does. Not what a
 * terminal or a Windows console sends to both: a second SIGINT tells the CLI to end at once, and on Windows `kill` is no
 * request but the end ("Signal events" of Node's documentation). Returns what takes the listeners away.
 */
export function passSignals(child: Pick<ChildProcess, "kill">, { platform, terminal } = here()): () => void {
  const pass = (signal: NodeJS.Signals): void => {
    if (platform === "win32" || (terminal && signal === "SIGINT")) return;
    child.kill(signal);
  };
  for (const signal of SIGNALS) process.on(signal, pass);
  return () => {
    for (const signal of SIGNALS) process.off(signal, pass);
  };
}
