/** sys.dm_io_virtual_file_stats of one database: counted from the start of the instance. */

/** Reads and writes of one file. */
export interface FileStatistics {
  readonly reads: number;
  readonly bytesRead: number;
  readonly writes: number;
  readonly bytesWritten: number;
}

export class FileCounters {
  #logWrites = 0;
  #logBytes = 0;
  #dataReads = 0;
  #dataBytesRead = 0;
  #dataWrites = 0;
  #dataBytesWritten = 0;

  /** A commit flushed the log. */
  wroteLog(bytes: number): void {
    if (bytes === 0) return;
    this.#logWrites += 1;
    this.#logBytes += bytes;
  }

  /** So many rows were read from the data file. */
  read(rows: number): void {
    if (rows === 0) return;
    this.#dataReads += 1;
    this.#dataBytesRead += Math.ceil(rows / 64) * 8192;
  }

  wroteData(bytes: number): void {
    this.#dataWrites += 1;
    this.#dataBytesWritten += bytes;
  }

  of(type: "ROWS" | "LOG"): FileStatistics {
    return type === "LOG"
      ? { reads: 0, bytesRead: 0, writes: this.#logWrites, bytesWritten: this.#logBytes }
      : {
          reads: this.#dataReads,
          bytesRead: this.#dataBytesRead,
          writes: this.#dataWrites,
          bytesWritten: this.#dataBytesWritten,
        };
  }
}
