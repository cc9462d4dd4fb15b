/** The Windows files that a PowerShell process sees: those of the lab, as one account on one host. Never the machine's own. */
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { WindowsError, type WindowsFiles, windowsErrors } from "../windows/files";

/** A file or folder. */
export interface FileEntry {
  readonly name: string;
  /** Windows path. */
  readonly path: string;
  readonly directory: boolean;
  readonly length: number;
  /** Milliseconds since 1970, UTC. */
  readonly written: number;
}

/** All methods throw WindowsError: 2 and 3 not found, 5 access denied, 53 and 67 unknown server and share. */
export interface FileSystem {
  /** undefined = nothing there. */
  entry(path: string): FileEntry | undefined;
  list(path: string): FileEntry[];
  read(path: string): Uint8Array;
  /** Throws what reading the file would. */
  requireRead(path: string): void;
  write(path: string, content: Uint8Array, append: boolean): void;
  /** Copies a file of any size over what is there: never held in memory. */
  copy(from: string, to: string): Promise<void>;
  remove(path: string): void;
  /** Renames or moves a file or folder to a path that nothing has yet (183). Needs to delete there and to write here. */
  move(from: string, to: string): void;
  makeFolder(path: string): void;
  /** Free and total bytes of the volume or share that holds the path. */
  space(path: string): { readonly free: number; readonly total: number };
}

/** Last part of a Windows path. */
export function leafOf(path: string): string {
  return path.replace(/\\+$/, "").split("\\").at(-1) as string;
}

/** A Windows path without its last part; "" = there is none. */
export function parentOf(path: string): string {
  const trimmed = path.replace(/\\+$/, "");
  const at = trimmed.lastIndexOf("\\");
  return at < 0 ? "" : trimmed.slice(0, at);
}

/** `C:` or `\\server\share`. */
export function volumeOf(path: string): string {
  return /^(?:[A-Za-z]:|\\\\[^\\]+\\[^\\]+)/.exec(path)?.[0] ?? "";
}

/** The lab's files as `account` sees them from `host`. */
export function windowsFileSystem(files: WindowsFiles, host: string, account: string): FileSystem {
  const notThere = (error: unknown): boolean => {
    return error instanceof WindowsError && [2, 3].includes(error.code);
  };
  /** Where a path is, whatever right there is; only somebody without any right is refused. */
  const find = (path: string): string | undefined => {
    let denied: unknown;
    for (const access of ["list", "read", "write", "delete"] as const) {
      try {
        const located = files.locate(host, account, path, access);
        return located.kind === "absent" ? undefined : located.file;
      } catch (error) {
        if (notThere(error)) return undefined;
        if (!(error instanceof WindowsError) || error.code !== 5) throw error;
        denied = error;
      }
    }
    throw denied;
  };
  const describe = (path: string, file: string): FileEntry => {
    const status = statSync(file);
    const directory = status.isDirectory();
    const length = directory ? 0 : status.size;
    return { name: leafOf(path), path: path.replace(/\\+$/, ""), directory, length, written: status.mtimeMs };
  };
  const toRead = (path: string): string => {
    const located = files.locate(host, account, path, "read");
    if (located.kind === "directory") throw windowsErrors.accessDenied();
    return located.file;
  };
  return {
    entry(path) {
      const file = find(path);
      return file === undefined ? undefined : describe(path, file);
    },
    list(path) {
      const located = files.locate(host, account, path, "list");
      if (located.kind === "file") return [describe(path, located.file)];
      const folder = path.replace(/\\+$/, "");
      return readdirSync(located.file)
        .sort()
        .map((name) => describe(`${folder}\\${name}`, `${located.file}/${name}`));
    },
    read(path) {
      return readFileSync(toRead(path));
    },
    requireRead(path) {
      toRead(path);
    },
    write(path, content, append) {
      const located = files.locate(host, account, path, "write");
      if (located.kind === "directory") throw windowsErrors.accessDenied();
      if (!append) return writeFileSync(located.file, content);
      const handle = openSync(located.file, "a");
      try {
        writeSync(handle, content);
      } finally {
        closeSync(handle);
      }
    },
    async copy(from, to) {
      const source = toRead(from);
      const target = files.locate(host, account, to, "write");
      if (target.kind === "directory") throw windowsErrors.accessDenied();
      await copyFile(source, target.file);
    },
    remove(path) {
      const located = files.locate(host, account, path, "delete");
      rmSync(located.file, { recursive: located.kind === "directory" });
    },
    move(from, to) {
      const source = files.locate(host, account, from, "delete");
      const target = files.locate(host, account, to, "write");
      if (target.kind !== "absent") throw new WindowsError(183, "Cannot create a file when that file already exists.");
      renameSync(source.file, target.file);
    },
    makeFolder(path) {
      const located = files.locate(host, account, path, "write");
      if (located.kind === "absent") mkdirSync(located.file);
    },
    space(path) {
      const volume = volumeOf(path);
      const root = volume.startsWith("\\\\") ? volume : `${volume}\\`;
      const file = files.locate(host, account, root, "list").file;
      const machine = statfsSync(file);
      const key = volume.startsWith("\\\\") ? volume : `${host}|${volume.toUpperCase()}`;
      const said = [...files.freeBytes].find(([other]) => other.toLowerCase() === key.toLowerCase())?.[1];
      return { free: said ?? machine.bavail * machine.bsize, total: machine.blocks * machine.bsize };
    },
  };
}
