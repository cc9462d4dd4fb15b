/**
 * Ends this process with SIGKILL just before one of its changes of the disk: writes, renames and removals of files, commits
 * of data files, records of the registry. Between two of them nothing changes that a killed process could lose.
 */
import fs from "node:fs";
import { open } from "node:fs/promises";
import fsPromises from "node:fs/promises";
import { DatabaseSync } from "node:sqlite";
import { Registry } from "../../lab/server/storage/registry";

let changes = 0;
let last = Number.POSITIVE_INFINITY;

/** The process ends before the nth change of the disk from now on. */
export function endBefore(change: number): void {
  changes = 0;
  last = change;
}

function beforeChange(): void {
  changes += 1;
  if (changes >= last) process.kill(process.pid, "SIGKILL");
}

type Named = Record<string, unknown>;

/** Counts calls of a method; `counts` says which of them change the disk, by default all. */
function watch(owner: object, name: string, counts: (first: unknown) => boolean = () => true): void {
  const before = (owner as Named)[name] as (...args: unknown[]) => unknown;
  Object.defineProperty(owner, name, {
    configurable: true,
    writable: true,
    value: function (this: unknown, ...args: unknown[]): unknown {
      if (counts(args[0])) beforeChange();
      return before.apply(this, args);
    },
  });
}

/** To be called before anything of the lab runs. */
export async function watchDisk(): Promise<void> {
  for (const name of ["writeFileSync", "appendFileSync", "renameSync", "rmSync", "copyFileSync"]) watch(fs, name);
  for (const name of ["copyFile", "rename"]) watch(fsPromises, name);
  const handle = await open(__filename);
  const prototype = Object.getPrototypeOf(handle) as object;
  await handle.close();
  for (const name of ["write", "truncate", "sync", "datasync"]) watch(prototype, name);
  watch(DatabaseSync.prototype, "exec", (sql) => typeof sql === "string" && sql.startsWith("COMMIT"));
  for (const name of ["put", "remove"]) watch(Registry.prototype, name);
}
