/**
 * Window functions: ROW_NUMBER, RANK, DENSE_RANK, NTILE and aggregates OVER (PARTITION BY … ORDER BY …).
 * With ORDER BY an aggregate runs from the first row to the last peer of the current one (RANGE UNBOUNDED PRECEDING).
 * Source: "OVER clause (Transact-SQL)".
 */
import type { Aggregate } from "./aggregates";
import { compositeKey, keyOf, nullableComparator } from "./comparison";
import type { Flow } from "./joins";
import type { Environment, Frame, WindowUse } from "./scope";
import type { Row, SqlValue } from "./values";

interface Kept {
  readonly rows: readonly Row[];
  readonly group: readonly SqlValue[];
  readonly windows: SqlValue[];
}

interface Entry {
  readonly kept: Kept;
  readonly order: readonly SqlValue[];
  readonly argument: SqlValue;
}

/** Gives every row of a flow its window values; all rows are held until the last has come. */
export function windowNode(
  flow: { run(frame: Frame): Flow },
  uses: readonly WindowUse[],
  environment: Environment,
): { run(frame: Frame): Flow } {
  return {
    *run(frame) {
      const partitions = uses.map(() => new Map<string | number | bigint | null, Entry[]>());
      const keys = uses.map((use) => compositeKey(use.partitionBy.map((bound) => keyOf(bound.type, bound.collation))));
      const all: Kept[] = [];
      for (const has of flow.run(frame)) {
        if (!has) {
          yield false;
          continue;
        }
        const kept: Kept = { rows: [...frame.rows], group: frame.group, windows: [] };
        all.push(kept);
        uses.forEach((use, index) => {
          const key = (keys[index] as (values: readonly SqlValue[]) => string)(
            use.partitionBy.map((bound) => bound.evaluate(frame)),
          );
          const entry: Entry = {
            kept,
            order: use.orderBy.map((item) => item.bound.evaluate(frame)),
            argument: use.argument?.evaluate(frame) ?? null,
          };
          const partition = partitions[index]?.get(key);
          if (partition === undefined) partitions[index]?.set(key, [entry]);
          else partition.push(entry);
        });
      }
      uses.forEach((use, index) => {
        for (const partition of partitions[index]?.values() ?? []) computePartition(use, index, partition);
      });
      for (const kept of all) {
        if (environment.due()) yield false;
        kept.rows.forEach((row, slot) => {
          frame.rows[slot] = row;
        });
        frame.group = kept.group;
        frame.windows = kept.windows;
        yield true;
      }
    },
  };
}

function computePartition(use: WindowUse, index: number, partition: Entry[]): void {
  const comparators = use.orderBy.map((item) => ({
    compare: nullableComparator(item.bound.type, item.bound.collation),
    sign: item.descending ? -1 : 1,
  }));
  const compare = (left: Entry, right: Entry): number => {
    for (let at = 0; at < comparators.length; at += 1) {
      const item = comparators[at] as (typeof comparators)[number];
      const order = item.compare(left.order[at] as SqlValue, right.order[at] as SqlValue) * item.sign;
      if (order !== 0) return order;
    }
    return 0;
  };
  partition.sort(compare);
  if (use.aggregate !== undefined) return runningAggregate(use, use.aggregate, index, partition, compare);
  const tiles = use.kind === "NTILE" ? Number(partition[0]?.argument ?? 1) : 1;
  let rank = 0;
  let dense = 0;
  partition.forEach((entry, at) => {
    const previous = partition[at - 1];
    if (previous === undefined || compare(previous, entry) !== 0) {
      rank = at + 1;
      dense += 1;
    }
    const value =
      use.kind === "ROW_NUMBER"
        ? at + 1
        : use.kind === "RANK"
          ? rank
          : use.kind === "DENSE_RANK"
            ? dense
            : tileOf(at, partition.length, tiles);
    entry.kept.windows[index] = BigInt(value);
  });
}

/** NTILE: the first groups are one row larger where the rows do not divide evenly. */
function tileOf(at: number, rows: number, tiles: number): number {
  const small = Math.floor(rows / tiles);
  const larger = rows % tiles;
  const edge = larger * (small + 1);
  return at < edge ? Math.floor(at / (small + 1)) + 1 : larger + Math.floor((at - edge) / Math.max(1, small)) + 1;
}

function runningAggregate(
  use: WindowUse,
  aggregate: Aggregate,
  index: number,
  partition: readonly Entry[],
  compare: (left: Entry, right: Entry) => number,
): void {
  const accumulator = aggregate.create();
  let start = 0;
  while (start < partition.length) {
    let end = start;
    const first = partition[start] as Entry;
    while (end < partition.length && (use.orderBy.length === 0 || compare(first, partition[end] as Entry) === 0)) {
      const entry = partition[end] as Entry;
      const value = use.argument === undefined ? 1 : entry.argument;
      if (value !== null) accumulator.add(value);
      end += 1;
    }
    const result = accumulator.result();
    for (let at = start; at < end; at += 1) (partition[at] as Entry).kept.windows[index] = result;
    start = end;
  }
}
