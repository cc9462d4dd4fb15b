/** Long reads of files in pieces: the next piece is read while the present one is used, in two buffers for all of them. */
import type { FileHandle } from "node:fs/promises";

/** One piece of a file. */
export interface PieceRead {
  readonly handle: FileHandle;
  readonly position: number;
  /** Bytes. */
  readonly length: number;
}

/**
 * Reads pieces in their order; a piece is shorter than asked for where its file ends. What is yielded may be used until
 * the next piece is asked for: its memory is then used again. Throws what node:fs throws.
 */
export async function* readAhead(reads: readonly PieceRead[]): AsyncGenerator<Buffer, void, undefined> {
  const longest = Math.max(0, ...reads.map(({ length }) => length));
  const buffers = [Buffer.allocUnsafeSlow(longest), Buffer.allocUnsafeSlow(longest)] as const;
  const begin = (index: number): Promise<Buffer> | undefined => {
    const read = reads[index];
    if (read === undefined) return undefined;
    const reading = readFully(read, buffers[(index % 2) as 0 | 1]);
    // Who stops before this piece must not hear of it.
    reading.catch(() => undefined);
    return reading;
  };
  let next = begin(0);
  try {
    for (let index = 0; next !== undefined; index += 1) {
      const piece: Buffer = await next;
      next = begin(index + 1);
      yield piece;
    }
  } finally {
    // The file may be closed once nothing reads from it.
    await next?.catch(() => undefined);
  }
}

async function readFully({ handle, position, length }: PieceRead, into: Buffer): Promise<Buffer> {
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(into, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return into.subarray(0, done);
}
