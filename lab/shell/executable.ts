/** Writes the executable that clients are given: a small sh script that becomes the shell's process. */
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface ExecutableOptions {
  /** Path of the node binary. */
  readonly node: string;
  /** Path of lab/shell/main.ts. */
  readonly main: string;
  readonly control: {
    readonly host: string;
    readonly port: number;
    /** File that holds the token; read by the shell, never put on its command line. */
    readonly tokenFile: string;
  };
  /** Who runs shells there, and on which host; absent: an administrator of the lab's own estate. */
  readonly identity?: { readonly account: string; readonly computer: string };
  /** Whether the shell's host has the management tools (default): else Cs cmdlets come with Import-PSSession only. */
  readonly managementTools?: boolean;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * Writes `<directory>/bin/pwsh` and answers its path. POSIX only: on Windows a process cannot replace itself, and a
 * .cmd in between would swallow signals.
 */
export function writeExecutable(
  directory: string,
  { node, main, control, identity, managementTools }: ExecutableOptions,
): string {
  const folder = join(directory, "bin");
  const file = join(folder, "pwsh");
  const words = [
    quote(node),
    // The sources are run as they are; a compiled main needs no loader.
    ...(main.endsWith(".ts") ? ["--require", quote(require.resolve("tsx/cjs"))] : []),
    quote(main),
    "--control",
    quote(`${control.host}:${String(control.port)}`),
    "--token-file",
    quote(control.tokenFile),
    ...(identity === undefined ? [] : ["--account", quote(identity.account), "--computer", quote(identity.computer)]),
    ...(managementTools === false ? ["--no-management-tools"] : []),
    "--",
    '"$@"',
  ];
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, `#!/bin/sh\n# exec: signals and the exit code are the shell's own.\nexec ${words.join(" ")}\n`);
  chmodSync(file, 0o755);
  return file;
}
