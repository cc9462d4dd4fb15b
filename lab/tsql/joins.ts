/**
 * Operators of a FROM clause. Each fills the slots of its sources in a frame, row by row, without copying; `false`
 * means: no row now, hand control back for a moment.
 */
import { compositeKey, keyOf } from "./comparison";
import { commonCollation, comparisonType, converted } from "./bound-values";
import type { Bound, Environment, Evaluate, Frame, Source, Test } from "./scope";
import type { Row, SqlValue } from "./values";

export type Flow = Generator<boolean, void, undefined>;

/** A source or a join of sources: it fills the slots `from` (inclusive) to `to` (exclusive). */
export interface SourceNode {
  readonly from: number;
  readonly to: number;
  run(frame: Frame): Flow;
}

export type JoinType = "INNER" | "LEFT" | "FULL";

/** An equality between an expression over the left and one over the right side of a join. */
export interface JoinKey {
  readonly left: Bound;
  readonly right: Bound;
}

/** Reads rows into one slot. */
export function scanNode(
  source: Source,
  environment: Environment,
  rows: (frame: Frame) => Iterable<Row | undefined>,
): SourceNode {
  const { slot } = source;
  return {
    from: slot,
    to: slot + 1,
    *run(frame) {
      for (const row of rows(frame)) {
        if (environment.due()) yield false;
        if (row === undefined) continue;
        frame.rows[slot] = row;
        yield true;
      }
    },
  };
}

/** Lets through what every test finds true. */
export function filterNode(node: SourceNode, tests: readonly Test[]): SourceNode {
  if (tests.length === 0) return node;
  return {
    from: node.from,
    to: node.to,
    *run(frame) {
      for (const has of node.run(frame)) if (!has || tests.every((test) => test(frame) === true)) yield has;
    },
  };
}

/** No FROM clause: one row without columns. */
export const ONE_ROW: SourceNode = {
  from: 0,
  to: 0,
  *run() {
    yield true;
  },
};

type Saved = readonly Row[];

function save(frame: Frame, node: SourceNode): Saved {
  return frame.rows.slice(node.from, node.to);
}

function restore(frame: Frame, node: SourceNode, saved: Saved): void {
  for (let index = 0; index < saved.length; index += 1) frame.rows[node.from + index] = saved[index] as Row;
}

/** Rows of NULL for the side of an outer join that has no partner. */
function nullRows(node: SourceNode, sources: readonly Source[]): Saved {
  return sources.slice(node.from, node.to).map((source) => source.columns.map(() => null));
}

export interface JoinParts {
  readonly type: JoinType;
  readonly left: SourceNode;
  readonly right: SourceNode;
  readonly keys: readonly JoinKey[];
  /** What ON asks beyond the keys. */
  readonly tests: readonly Test[];
  readonly sources: readonly Source[];
  readonly environment: Environment;
}

/** INNER, LEFT and FULL joins: by hash where ON has equalities, by nested loops otherwise. */
export function joinNode(parts: JoinParts): SourceNode {
  const { left, right } = parts;
  const candidates = parts.keys.length > 0 ? hashed(parts) : looped(parts);
  return {
    from: Math.min(left.from, right.from),
    to: Math.max(left.to, right.to),
    run: (frame) => join(parts, candidates, frame),
  };
}

interface Entry {
  readonly rows: Saved;
  matched: boolean;
}

/** How the right side is found again for a row of the left side. */
interface Candidates {
  /** Reads the right side. */
  build(
    frame: Frame,
  ): Generator<false, { readonly all: readonly Entry[]; find(frame: Frame): readonly Entry[] }, undefined>;
}

function* readAll(node: SourceNode, frame: Frame, each: (entry: Entry) => void): Generator<false, Entry[], undefined> {
  const all: Entry[] = [];
  for (const has of node.run(frame)) {
    if (!has) {
      yield false;
      continue;
    }
    const entry: Entry = { rows: save(frame, node), matched: false };
    all.push(entry);
    each(entry);
  }
  return all;
}

function looped({ right }: JoinParts): Candidates {
  return {
    *build(frame) {
      const all = yield* readAll(right, frame, () => undefined);
      return { all, find: () => all };
    },
  };
}

const NONE: readonly Entry[] = [];

function hashed({ right, keys, environment }: JoinParts): Candidates {
  const sides = keys.map((key) => {
    const type = comparisonType(key.left, key.right, "=");
    const { collation } = commonCollation([key.left, key.right], "equal to");
    return {
      left: converted(key.left, type, environment),
      right: converted(key.right, type, environment),
      key: keyOf(type, collation),
    };
  });
  const composite = compositeKey(sides.map((side) => side.key));
  const valuesOf = (evaluators: readonly Evaluate[], frame: Frame): SqlValue[] | undefined => {
    const values: SqlValue[] = [];
    for (const evaluate of evaluators) {
      const value = evaluate(frame);
      // NULL equals nothing.
      if (value === null) return undefined;
      values.push(value);
    }
    return values;
  };
  const leftSides = sides.map((side) => side.left);
  const rightSides = sides.map((side) => side.right);
  return {
    *build(frame) {
      const table = new Map<string | number | bigint | null, Entry[]>();
      const all = yield* readAll(right, frame, (entry) => {
        const values = valuesOf(rightSides, frame);
        if (values === undefined) return;
        const key = composite(values);
        const bucket = table.get(key);
        if (bucket === undefined) table.set(key, [entry]);
        else bucket.push(entry);
      });
      return {
        all,
        find: (at) => {
          const values = valuesOf(leftSides, at);
          return values === undefined ? NONE : (table.get(composite(values)) ?? NONE);
        },
      };
    },
  };
}

function* join(parts: JoinParts, candidates: Candidates, frame: Frame): Flow {
  const { left, right, tests, type, environment } = parts;
  const built = yield* candidates.build(frame);
  const noRight = type === "INNER" ? undefined : nullRows(right, parts.sources);
  for (const has of left.run(frame)) {
    if (!has) {
      yield false;
      continue;
    }
    let found = false;
    for (const entry of built.find(frame)) {
      if (environment.due()) yield false;
      restore(frame, right, entry.rows);
      if (!tests.every((test) => test(frame) === true)) continue;
      found = true;
      entry.matched = true;
      yield true;
    }
    if (!found && noRight !== undefined) {
      restore(frame, right, noRight);
      yield true;
    }
  }
  if (type !== "FULL") return;
  const noLeft = nullRows(left, parts.sources);
  for (const entry of built.all) {
    if (entry.matched) continue;
    restore(frame, left, noLeft);
    restore(frame, right, entry.rows);
    yield true;
  }
}

/** CROSS APPLY and OUTER APPLY: the right side is run anew for each row of the left. */
export function applyNode(left: SourceNode, right: SourceNode, outer: boolean, sources: readonly Source[]): SourceNode {
  return {
    from: left.from,
    to: right.to,
    *run(frame) {
      const noRight = nullRows(right, sources);
      for (const has of left.run(frame)) {
        if (!has) {
          yield false;
          continue;
        }
        let found = false;
        for (const hasRight of right.run(frame)) {
          found ||= hasRight;
          yield hasRight;
        }
        if (!found && outer) {
          restore(frame, right, noRight);
          yield true;
        }
      }
    },
  };
}
