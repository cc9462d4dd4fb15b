/** Which step of the plan a resource stands for: by its kind, and where a kind has several steps, by its inputs. Pure. */
import type { Desired } from "../estate/desired";
import { desiredInputs } from "../estate/plan-inputs";
import { failbackKeys, type StepKey } from "../estate/plan-types";
import type { Kind } from "./stub";

/** Steps of each kind on a stack that makes the primary active. */
const failbackKeysOfKind: Readonly<Record<Kind, readonly StepKey[]>> = {
  Preflight: ["F0"],
  ClearedActiveServers: ["F1"],
  DatabaseMirroring: ["F2-chat", "F2-compliance"],
  WriteFence: ["F2b"],
  DatabaseBackup: ["F3"],
  DatabaseRestore: ["F4"],
  LogShipping: ["F5"],
  ActiveServers: ["F6"],
  PoolState: ["F7"],
};

/** What tells two steps of one kind apart. None of them ever shows what was observed. */
const telling = ["instance", "database"] as const;

/**
 * The step of a resource with these inputs; the kind's first one where they fit none, so that `check` can say what is
 * wrong with them.
 */
export function keyOf(kind: Kind, desired: Desired, inputs: Readonly<Record<string, unknown>>): StepKey {
  const keys = failbackKeysOfKind[kind];
  const fits = (key: StepKey): boolean => {
    const wanted = desiredInputs(desired, key);
    return telling.every((property) => wanted[property] === inputs[property]);
  };
  return keys.find(fits) ?? (keys[0] as StepKey);
}

/** The step in a resource's id, `<stack>/<pool>/<step>`; undefined in one that this version did not give. */
export function keyOfId(id: string): StepKey | undefined {
  const last = id.slice(id.lastIndexOf("/") + 1);
  return failbackKeys.find((key) => key === last);
}
