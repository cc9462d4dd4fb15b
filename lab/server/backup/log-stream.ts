/** Log records of a database as pieces of a backup set, and back. */
import { deserialize, serialize } from "node:v8";
import type { LogRecord } from "../log-records";
import type { DatabaseStore } from "../storage/store";

const RECORDS_PER_READ = 2000;
const PIECE_BYTES = 4 * 1024 * 1024;

/** Records with from ≤ LSN < to in payloads of about 4 MiB; rows of bulk operations are put in. */
export function* logPayloads(store: DatabaseStore, from: bigint, to: bigint): Iterable<Buffer> {
  let next = from;
  let records: LogRecord[] = [];
  let bytes = 0;
  for (;;) {
    const found = store.readLog(next, to, RECORDS_PER_READ);
    for (const record of found) {
      const complete = store.withBulkRows(record);
      records.push(complete);
      bytes += complete.image?.length ?? 0;
      if (bytes < PIECE_BYTES) continue;
      yield serialize(records);
      records = [];
      bytes = 0;
    }
    const last = found.at(-1);
    if (found.length < RECORDS_PER_READ || last === undefined) break;
    next = last.lsn + 1n;
  }
  if (records.length > 0) yield serialize(records);
}

/** The records of a payload. */
export function recordsOf(payload: Buffer): LogRecord[] {
  return deserialize(payload) as LogRecord[];
}
