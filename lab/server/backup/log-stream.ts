/** Log records of a database as pieces of a backup set, and back. */
import { deserialize, serialize } from "node:v8";
import type { LogRecord } from "../log-records";
import type { DatabaseStore } from "../storage/store";

const PIECE_BYTES = 4 * 1024 * 1024;

/** Records with from ≤ LSN < to in payloads of about 4 MiB; rows of bulk operations are put in. */
export function* logPayloads(store: DatabaseStore, from: bigint, to: bigint): Iterable<Buffer> {
  let records: LogRecord[] = [];
  let bytes = 0;
  for (const record of store.log(from, to)) {
    const complete = store.withBulkRows(record);
    records.push(complete);
    bytes += complete.image?.length ?? 0;
    if (bytes < PIECE_BYTES) continue;
    yield serialize(records);
    records = [];
    bytes = 0;
  }
  if (records.length > 0) yield serialize(records);
}

/** The records of a payload. */
export function recordsOf(payload: Buffer): LogRecord[] {
  return deserialize(payload) as LogRecord[];
}
