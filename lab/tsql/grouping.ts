/** GROUP BY and aggregates: rows in, one frame per group out. Source: "GROUP BY (Transact-SQL)". */
import type { Accumulator } from "./aggregates";
import { compositeKey, keyOf } from "./comparison";
import type { Flow, SourceNode } from "./joins";
import type { AggregateUse, Environment, Frame, Grouping } from "./scope";
import type { SqlValue } from "./values";

interface Group {
  readonly keys: readonly SqlValue[];
  readonly accumulators: readonly Accumulator[];
}

function add(uses: readonly AggregateUse[], group: Group, frame: Frame, environment: Environment): void {
  for (let index = 0; index < uses.length; index += 1) {
    const { argument } = uses[index] as AggregateUse;
    const value = argument === undefined ? 1 : argument(frame);
    if (value === null) environment.noteNullEliminated();
    else (group.accumulators[index] as Accumulator).add(value);
  }
}

/**
 * Collects the rows of a node into groups. Without GROUP BY there is one group, also of no rows.
 * `grouping.aggregates` is complete only when select list, HAVING and ORDER BY are bound: it is read when the plan runs.
 */
export function groupNode(node: SourceNode, grouping: Grouping, environment: Environment): { run(frame: Frame): Flow } {
  const keyOfGroup = compositeKey(grouping.bounds.map((bound) => keyOf(bound.type, bound.collation)));
  return {
    *run(frame) {
      const uses = grouping.aggregates;
      const groups = new Map<string | number | bigint | null, Group>();
      const create = (keys: readonly SqlValue[]): Group => ({
        keys,
        accumulators: uses.map((use) => use.aggregate.create()),
      });
      const single = grouping.bounds.length === 0 ? create([]) : undefined;
      for (const has of node.run(frame)) {
        if (!has) {
          yield false;
          continue;
        }
        let group = single;
        if (group === undefined) {
          const keys = grouping.bounds.map((bound) => bound.evaluate(frame));
          const key = keyOfGroup(keys);
          group = groups.get(key);
          if (group === undefined) {
            group = create(keys);
            groups.set(key, group);
          }
        }
        add(uses, group, frame, environment);
      }
      for (const group of single === undefined ? groups.values() : [single]) {
        if (environment.due()) yield false;
        frame.group = [...group.keys, ...group.accumulators.map((accumulator) => accumulator.result())];
        yield true;
      }
    },
  };
}
