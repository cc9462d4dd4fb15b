/**
 * Log sequence numbers: VLF (up to 10 digits), log block (10), slot (5), read as one decimal number, numeric(25,0).
 * Source: "SQL Server Transaction Log Architecture and Management Guide", "Log sequence numbers".
 */

const SLOTS = 100_000n;
const BLOCKS = 10_000_000_000n;

/** Bytes of a virtual log file of the lab; when they are used up the next one begins. */
const VIRTUAL_LOG_FILE_BYTES = 16 * 1024 * 1024;
/** A block of the log holds at most 60 KiB. */
const BLOCK_BYTES = 60 * 1024;
/** The header of a virtual log file takes 8 KiB, that is 16 sectors: its first block is 0x10. */
const FIRST_BLOCK = 16n;

/** Puts an LSN together. */
export function lsn(virtualLogFile: number | bigint, block: number | bigint, slot: number | bigint): bigint {
  return (BigInt(virtualLogFile) * BLOCKS + BigInt(block)) * SLOTS + BigInt(slot);
}

/** LSN of the first record of a database that was just created. */
export const FIRST_LSN = lsn(34, FIRST_BLOCK, 1);

/** As SQL Server writes it: decimal digits. */
export function lsnText(value: bigint): string {
  return value.toString();
}

/** As the store keeps it: 25 digits, so that text order is LSN order. */
export function lsnKey(value: bigint): string {
  return value.toString().padStart(25, "0");
}

/** Gives out LSNs. The log's end is the LSN that the next record will have. */
export class LogCursor {
  #virtualLogFile: bigint;
  #block: bigint;
  #slot: bigint;
  #bytes = 0;

  constructor(end: bigint) {
    this.#slot = end % SLOTS;
    this.#block = (end / SLOTS) % BLOCKS;
    this.#virtualLogFile = end / SLOTS / BLOCKS;
  }

  /** The LSN of the next record. */
  get end(): bigint {
    return lsn(this.#virtualLogFile, this.#block, this.#slot);
  }

  /** Takes the next LSN for a record of so many bytes. */
  take(bytes: number): bigint {
    if (this.#bytes > 0 && this.#bytes + bytes > BLOCK_BYTES) this.flush();
    const taken = this.end;
    this.#bytes += bytes;
    this.#slot += 1n;
    return taken;
  }

  /** Ends the present block, as a commit does: answers the bytes written, a multiple of 512. */
  flush(): number {
    if (this.#bytes === 0) return 0;
    const sectors = Math.ceil(this.#bytes / 512);
    this.#bytes = 0;
    this.#slot = 1n;
    this.#block += BigInt(sectors);
    if (Number(this.#block) * 512 >= VIRTUAL_LOG_FILE_BYTES) this.#nextFile();
    return sectors * 512;
  }

  /** Recovery begins a new virtual log file. */
  nextVirtualLogFile(): void {
    this.flush();
    if (this.#block !== FIRST_BLOCK || this.#slot !== 1n) this.#nextFile();
  }

  #nextFile(): void {
    this.#virtualLogFile += 1n;
    this.#block = FIRST_BLOCK;
    this.#slot = 1n;
  }
}
