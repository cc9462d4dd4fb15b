/** Backup devices: files on the host's disks and shares, opened under the engine's account. */
import { open, type FileHandle } from "node:fs/promises";
import { WindowsError, windowsErrors } from "../../windows/files";
import type { InstanceCore } from "../instance-core";
import { backupErrors } from "./errors";
import { SteadyWriter } from "./steady-writer";

/** Files that a BACKUP writes or a RESTORE reads now, over all instances: error 32. */
const opened = new Map<string, { writers: number; readers: number }>();

/** Windows' error for one of the machine that plays the lab. */
export function windowsErrorOf(error: unknown): WindowsError {
  if (error instanceof WindowsError) return error;
  switch ((error as NodeJS.ErrnoException).code) {
    case "ENOSPC":
    case "EDQUOT":
      return windowsErrors.diskFull();
    case "ENOENT":
      return windowsErrors.fileNotFound();
    case "ENOTDIR":
      return windowsErrors.pathNotFound();
    case "EACCES":
    case "EPERM":
    case "EROFS":
    case "EISDIR":
      return windowsErrors.accessDenied();
    case "EBUSY":
      return windowsErrors.sharingViolation();
    default:
      throw error;
  }
}

/** The volume of a Windows path as `WindowsFiles.freeBytes` names it. */
export function volumeOf(host: string, path: string): string {
  const drive = /^([A-Za-z]:)/.exec(path);
  if (drive !== null) return `${host}|${(drive[1] as string).toUpperCase()}`;
  return /^\\\\[^\\]+\\[^\\]+/.exec(path)?.[0] ?? path;
}

/** Free bytes of the volume of a path where the lab says so; undefined = what the machine has. */
export function freeBytesOf(core: InstanceCore, path: string): number | undefined {
  const { files, host } = core.environment;
  const wanted = volumeOf(host, path).toLowerCase();
  for (const [volume, free] of files.freeBytes) if (volume.toLowerCase() === wanted) return free;
  return undefined;
}

/** A file grew for good: where the lab says how much room a volume has, it has less now. */
export function takeFreeBytes(core: InstanceCore, path: string, bytes: number): void {
  const { files, host } = core.environment;
  const wanted = volumeOf(host, path).toLowerCase();
  for (const [volume, free] of files.freeBytes)
    if (volume.toLowerCase() === wanted) files.freeBytes.set(volume, Math.max(0, free - bytes));
}

/** One open device. */
export class BackupDevice {
  #written = 0;
  readonly #free: number | undefined;
  readonly #writer: SteadyWriter;

  private constructor(
    readonly path: string,
    readonly existed: boolean,
    readonly file: string,
    readonly handle: FileHandle,
    readonly mode: "write" | "read",
    core: InstanceCore,
  ) {
    this.#free = freeBytesOf(core, path);
    this.#writer = new SteadyWriter(handle);
  }

  /** Opens a device; 3201 with Windows' error when that fails. Writing keeps what is there. */
  static async open(core: InstanceCore, path: string, mode: "write" | "read"): Promise<BackupDevice> {
    try {
      const located = core.locate(path, mode);
      if (located.kind === "directory") throw windowsErrors.accessDenied();
      const use = opened.get(located.file) ?? { writers: 0, readers: 0 };
      if (use.writers > 0 || (mode === "write" && use.readers > 0)) throw windowsErrors.sharingViolation();
      const flags = mode === "read" ? "r" : located.kind === "absent" ? "wx+" : "r+";
      const handle = await open(located.file, flags);
      use[mode === "write" ? "writers" : "readers"] += 1;
      opened.set(located.file, use);
      return new BackupDevice(path, located.kind === "file", located.file, handle, mode, core);
    } catch (error) {
      throw backupErrors.open(path, windowsErrorOf(error).text, mode === "write" ? 1 : 2);
    }
  }

  async size(): Promise<number> {
    return (await this.handle.stat()).size;
  }

  /** Writes at a position: 3202 when the volume is full, what fits of it stays in the file. */
  async write(bytes: Buffer, position: number): Promise<void> {
    try {
      const room = this.#free === undefined ? bytes.length : this.#free - this.#written;
      if (room < bytes.length) {
        if (room > 0) await this.#writer.write(bytes.subarray(0, room), position);
        this.#written += Math.max(0, room);
        throw windowsErrors.diskFull();
      }
      await this.#writer.write(bytes, position);
      this.#written += bytes.length;
    } catch (error) {
      throw backupErrors.write(this.path, windowsErrorOf(error).text);
    }
  }

  async truncate(length: number): Promise<void> {
    await this.handle.truncate(length);
  }

  /** Reads exactly so many bytes; fewer at the end of the file. */
  async read(position: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(length);
    let done = 0;
    while (done < length) {
      const { bytesRead } = await this.handle.read(buffer, done, length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return buffer.subarray(0, done);
  }

  /** Waits until what was written is on the disk; 3202 when it does not get there. */
  async flush(): Promise<void> {
    try {
      await this.#writer.end();
    } catch (error) {
      throw backupErrors.write(this.path, windowsErrorOf(error).text);
    }
  }

  /** Closes; what was not flushed is left to the system. */
  async close(): Promise<void> {
    const use = opened.get(this.file);
    if (use !== undefined) {
      use[this.mode === "write" ? "writers" : "readers"] -= 1;
      if (use.writers + use.readers === 0) opened.delete(this.file);
    }
    await this.handle.close();
  }
}
