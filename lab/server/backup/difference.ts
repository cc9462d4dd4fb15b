/**
 * What a differential backup holds: definitions and identity values as they are, and the rows that were changed since the
 * base ("Differential Backups (SQL Server)"; there it is extents).
 */
import { deserialize, serialize } from "node:v8";
import type { DefinitionImage } from "../log-records";
import type { ChangedRange } from "../storage/change-table";
import type { StoredRow } from "../storage/definitions";
import { PhysicalTable } from "../storage/physical-table";
import type { DatabaseStore, FrozenStore } from "../storage/store";

/** Rows of a range that are read at a time. */
const ROWS_PER_READ = 500;
const PIECE_BYTES = 4 * 1024 * 1024;

/** Rows of a range: those that are not given are gone. */
interface RangePart {
  readonly range: ChangedRange;
  readonly rows: readonly StoredRow[];
}

/** Comes first: the tables that the ranges are of. */
interface DefinitionsPart {
  readonly definitions: readonly DefinitionImage[];
  readonly identities: FrozenStore["identities"];
}

/** The difference since a base in payloads of about 4 MiB, each with the number of changed ranges that are covered by then. */
export function* differencePayloads(
  frozen: FrozenStore,
  since: bigint,
): Iterable<{ readonly payload: Buffer; readonly ranges: number }> {
  let parts: (DefinitionsPart | RangePart)[] = [{ definitions: frozen.definitions, identities: frozen.identities }];
  let [bytes, ranges] = [0, 0];
  for (const range of frozen.changes.since(since)) {
    for (const part of partsOf(frozen, range)) {
      parts.push(part);
      bytes += bytesOf(part.rows);
      if (bytes < PIECE_BYTES) continue;
      yield { payload: serialize(parts), ranges };
      [parts, bytes] = [[], 0];
    }
    ranges += 1;
  }
  yield { payload: serialize(parts), ranges };
}

/** A long range in several parts that adjoin; none of a table that was dropped. */
function* partsOf({ connection, tables }: FrozenStore, range: ChangedRange): Iterable<RangePart> {
  const definition = tables.get(range.table);
  if (definition === undefined) return;
  const table = PhysicalTable.of(definition);
  for (let { first } = range; ;) {
    const rows = table.rowsBetween(connection, first, range.last, ROWS_PER_READ);
    const last = rows.length < ROWS_PER_READ ? range.last : (rows.at(-1) as StoredRow).row;
    yield { range: { ...range, first, last }, rows };
    if (last === range.last) return;
    first = last + 1;
  }
}

function bytesOf(rows: readonly StoredRow[]): number {
  let bytes = 0;
  for (const { values } of rows)
    for (const value of values)
      bytes += typeof value === "string" ? value.length : value instanceof Uint8Array ? value.byteLength : 8;
  return bytes;
}

/** Applies a payload in the open roll forward. @param lsn of its changes, for a differential backup of the copy itself */
export function applyDifference(store: DatabaseStore, payload: Buffer, lsn: bigint): void {
  for (const part of deserialize(payload) as (DefinitionsPart | RangePart)[]) {
    if ("range" in part) {
      store.rollForward.replaceRows(part.range, part.rows, lsn);
      continue;
    }
    store.rollForward.replaceDefinitions(part.definitions, lsn);
    for (const [table, last] of part.identities) store.setLastIdentity(table, last);
  }
}
