/** ORDER BY, TOP, OFFSET, FETCH and DISTINCT over rows that are already projected. */
import { compositeKey, keyOf, nullableComparator } from "./comparison";
import type { Collation } from "./collation";
import type { Column, Row, SqlType, SqlValue } from "./values";

/** Rows of a plan; undefined: none now, hand control back. */
export type Rows = Generator<Row | undefined, void, undefined>;

export interface SortKey {
  readonly type: SqlType;
  readonly collation: Collation;
  readonly descending: boolean;
}

/** How many rows of the sorted result are asked for. */
export interface Window {
  readonly offset: number;
  /** Infinity without TOP and FETCH. */
  readonly count: number;
  readonly percent: boolean;
  readonly withTies: boolean;
}

export const ALL_ROWS: Window = { offset: 0, count: Infinity, percent: false, withTies: false };

/** A row together with the values it is sorted by. */
export interface Keyed {
  readonly row: Row;
  readonly keys: readonly SqlValue[];
}

function keyComparator(keys: readonly SortKey[]): (left: Keyed, right: Keyed) => number {
  const items = keys.map((key) => ({
    compare: nullableComparator(key.type, key.collation),
    sign: key.descending ? -1 : 1,
  }));
  return (left, right) => {
    for (let index = 0; index < items.length; index += 1) {
      const item = items[index] as (typeof items)[number];
      const order = item.compare(left.keys[index] as SqlValue, right.keys[index] as SqlValue) * item.sign;
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** Rows kept beyond what is asked for before they are sorted and cut. */
const SLACK = 4096;

/** Sorts rows (stable) and cuts them. With TOP only what may still be in the result is held. */
export function* sorted(
  rows: Generator<Keyed | undefined, void, undefined>,
  keys: readonly SortKey[],
  window: Window,
): Rows {
  const compare = keyComparator(keys);
  const wanted = window.offset + window.count;
  const bounded = Number.isFinite(wanted) && !window.percent && !window.withTies;
  let held: Keyed[] = [];
  for (const keyed of rows) {
    if (keyed === undefined) {
      yield undefined;
      continue;
    }
    held.push(keyed);
    if (bounded && held.length > wanted + SLACK) held = held.sort(compare).slice(0, wanted);
  }
  held.sort(compare);
  const count = window.percent ? Math.ceil((held.length * window.count) / 100) : window.count;
  let end = Math.min(held.length, window.offset + count);
  if (window.withTies && end > 0)
    while (end < held.length && compare(held[end - 1] as Keyed, held[end] as Keyed) === 0) end += 1;
  for (let index = window.offset; index < end; index += 1) yield (held[index] as Keyed).row;
}

/** Cuts rows that need no order. */
export function* limited(rows: Rows, window: Window): Rows {
  if (window.percent) {
    const all: Row[] = [];
    for (const row of rows)
      if (row === undefined) yield undefined;
      else all.push(row);
    yield* all.slice(0, Math.ceil((all.length * window.count) / 100));
    return;
  }
  const { count, offset } = window;
  if (count <= 0) return;
  let seen = 0;
  for (const row of rows) {
    if (row === undefined) {
      yield undefined;
      continue;
    }
    seen += 1;
    if (seen > offset) yield row;
    if (seen >= offset + count) return;
  }
}

/** Key of a whole row: rows with the same key are duplicates. */
export function rowKey(
  columns: readonly Column[],
  collations: readonly Collation[],
): (row: Row) => string | number | bigint | null {
  return compositeKey(columns.map((column, index) => keyOf(column.type, collations[index] as Collation)));
}
