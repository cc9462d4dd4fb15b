/**
 * The daemon's process: options as one JSON object on standard input; what happens goes out on descriptor 3 as JSON lines
 * (`progress`, then `ready` or `failed`), which ends there. Standard output and error are the log.
 */
import { closeSync, writeSync } from "node:fs";
import { text } from "node:stream/consumers";
import { type LabDescription, LabError } from "./control-commands";
import { Daemon } from "./daemon";
import { type DaemonOptions, labFiles } from "./daemon-options";

/** A line on descriptor 3. */
export type StartMessage =
  | { readonly kind: "progress"; readonly text: string }
  | { readonly kind: "ready"; readonly lab: LabDescription }
  | { readonly kind: "failed"; readonly message: string; readonly hint: string };

const STARTER = 3;

async function main(): Promise<void> {
  const options = JSON.parse(await text(process.stdin)) as DaemonOptions;
  let told = true;
  const tell = (message: StartMessage): void => {
    if (!told) return;
    try {
      writeSync(STARTER, `${JSON.stringify(message)}\n`);
    } catch (error) {
      // The starter was killed while it waited: the lab starts all the same, `status` finds it.
      if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
      told = false;
    }
  };
  const say = (line: string): void => {
    console.log(`${new Date().toISOString()} ${line}`);
    tell({ kind: "progress", text: line });
  };
  // A signal that comes while the lab starts is obeyed when it stands.
  let pending: string | undefined;
  let stop = (reason: string): void => void (pending ??= reason);
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop(signal));
  // A daemon has no terminal to lose.
  process.on("SIGHUP", () => undefined);
  try {
    const daemon = await Daemon.start(options, say);
    stop = (reason) => {
      stop = () => undefined;
      say(`stopping: ${reason}`);
      void daemon.stop().then(
        () => process.exit(),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
    };
    daemon.onStopRequest = () => stop("it was asked to");
    if (pending === undefined) tell({ kind: "ready", lab: daemon.description });
    else stop(pending);
  } catch (error) {
    console.error(error);
    const message = error instanceof Error ? error.message : String(error);
    const hint = error instanceof LabError ? error.hint : `See ${labFiles(options.directory).log}`;
    tell({ kind: "failed", message, hint });
    process.exitCode = 1;
  }
  closeSync(STARTER);
  told = false;
}

void main();
