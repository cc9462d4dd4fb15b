/** A long write that goes at the pace of the disk: what is written is flushed while it goes on, not all at its end. */
import type { FileHandle } from "node:fs/promises";

/** Bytes of one write: larger ones keep the file from being flushed meanwhile, and take twice as long. */
const WRITE_BYTES = 2 ** 20;
/** Bytes that are written before the disk is asked to have taken the ones before them. */
const FLUSHED_BYTES = 64 * 2 ** 20;

/**
 * BACKUP and RESTORE of SQL Server do not write through the system's cache, so that their progress is that of the disk
 * and an end of the work leaves nothing to wait for. Here at most twice 64 MiB are ahead of the disk.
 */
export class SteadyWriter {
  #unflushed = 0;
  #flushing: Promise<void> = Promise.resolve();

  constructor(private readonly handle: FileHandle) {}

  /** Writes all bytes at a position, and waits while the disk is too far behind. Throws what node:fs throws. */
  async write(bytes: Buffer, position: number): Promise<void> {
    let done = 0;
    while (done < bytes.length) {
      const length = Math.min(WRITE_BYTES, bytes.length - done);
      const { bytesWritten } = await this.handle.write(bytes, done, length, position + done);
      done += bytesWritten;
    }
    this.#unflushed += bytes.length;
    if (this.#unflushed < FLUSHED_BYTES) return;
    this.#unflushed = 0;
    await this.#flushing;
    this.#flushing = this.handle.datasync();
    // Told by the next call; who gives up has no use for it.
    this.#flushing.catch(() => undefined);
  }

  /** Waits until everything is on the disk. Throws what node:fs throws. */
  async end(): Promise<void> {
    await this.#flushing;
    await this.handle.sync();
  }
}
