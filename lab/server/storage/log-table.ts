/** The log as a data file keeps it: a row per record, in the order of the LSNs. */
import { lsnKey } from "../log-sequence-number";
import { RECORD_OVERHEAD, type LogOperation, type LogRecord } from "../log-records";
import type { DataFile } from "./data-file";

/** Records that are read at a time. */
const RECORDS_PER_READ = 200;

export class LogTable {
  constructor(private readonly file: DataFile) {}

  /** Writes a record in the open transaction. */
  write({ lsn, transaction, operation, table, row, image }: LogRecord): void {
    this.file.writer
      .prepare(
        "INSERT INTO log_record (lsn, transaction_id, operation, table_id, row, image) VALUES (?, ?, ?, ?, ?, ?)",
      )
      .run(lsnKey(lsn), transaction, operation, table, row, image);
  }

  /** Records with from ≤ LSN < to, as committed; not all at once, so that a log of any length may be read. */
  *read(from: bigint, to: bigint): Generator<LogRecord, void, undefined> {
    for (let next = from; ;) {
      const records = this.#some(next, to);
      yield* records;
      const last = records.at(-1);
      if (last === undefined || records.length < RECORDS_PER_READ) return;
      next = last.lsn + 1n;
    }
  }

  /** LSN of the first transaction that begins `count` records or more behind `from`; undefined when none does. */
  nextTransaction(from: bigint, count: number): bigint | undefined {
    const found = this.file.reader.rows(
      `SELECT lsn FROM log_record WHERE operation = 'LOP_BEGIN_XACT' AND lsn >=
         (SELECT lsn FROM log_record WHERE lsn > ? ORDER BY lsn LIMIT 1 OFFSET ?) ORDER BY lsn LIMIT 1`,
      lsnKey(from),
      count - 1,
    )[0]?.[0];
    return typeof found === "string" ? BigInt(found) : undefined;
  }

  /** Deletes the records before an LSN, or all, in the open transaction; answers the bytes of those that stay. */
  truncate(before?: bigint): number {
    const { writer } = this.file;
    if (before === undefined) {
      writer.exec("DELETE FROM log_record");
      return 0;
    }
    writer.prepare("DELETE FROM log_record WHERE lsn < ?").run(lsnKey(before));
    const sum = `SELECT coalesce(sum(coalesce(length(image), 0) + ${String(RECORD_OVERHEAD)}), 0) FROM log_record`;
    return Number(writer.rows(sum)[0]?.[0]);
  }

  #some(from: bigint, to: bigint): LogRecord[] {
    const rows = this.file.reader.rows(
      "SELECT lsn, transaction_id, operation, table_id, row, image FROM log_record WHERE lsn >= ? AND lsn < ? ORDER BY lsn LIMIT ?",
      lsnKey(from),
      lsnKey(to),
      RECORDS_PER_READ,
    );
    return rows.map((row) => ({
      lsn: BigInt(row[0] as string),
      transaction: Number(row[1]),
      operation: row[2] as LogOperation,
      table: Number(row[3]),
      row: Number(row[4]),
      image: row[5] as Uint8Array | null,
    }));
  }
}
