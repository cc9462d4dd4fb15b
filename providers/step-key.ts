/** Which step of the plan a resource stands for: by its kind, and where a kind has several steps, by its inputs. Pure. */
import type { Desired } from "../estate/desired";
import { DrError } from "../estate/errors";
import { desiredInputs } from "../estate/plan-inputs";
import { failbackKeys, failoverKeys, type StepKey } from "../estate/plan-types";
import type { Kind } from "./stub";

/** Steps of each kind, those of a stack that makes the primary active before those of one for the backup. */
const keysOfKind: Readonly<Record<Kind, readonly StepKey[]>> = {
  Preflight: ["F0"],
  ClearedActiveServers: ["F1", "P1"],
  DatabaseMirroring: ["F2-chat", "F2-compliance", "F8-chat", "F8-compliance", "P2", "O6-chat", "O6-compliance"],
  WriteFence: ["F2b"],
  DatabaseBackup: ["F3"],
  DatabaseRestore: ["F4"],
  LogShipping: ["F5"],
  ActiveServers: ["F6", "O7"],
  PoolState: ["F7", "O5"],
  TailLogBackup: ["P3"],
  RestoredLogs: ["O3"],
  RemovedLogShipping: ["O1"],
  DatabaseRecovery: ["O4"],
  LogBackupJob: ["O8"],
  ChatService: ["F7b", "O7b"],
  DroppedMirrorCopies: ["F8-leftovers"],
};

/** What tells two steps of one kind apart. None of them ever shows what was observed. */
const telling = ["instance", "database"] as const;

/**
 * The step of a resource with these inputs; the kind's first one where they fit none, so that `check` can say what is
 * wrong with them.
 */
export function keyOf(kind: Kind, desired: Desired, inputs: Readonly<Record<string, unknown>>): StepKey {
  const stack: readonly StepKey[] = desired.active === "primary" ? failbackKeys : failoverKeys;
  const keys = keysOfKind[kind].filter((key) => stack.includes(key));
  const fits = (key: StepKey): boolean => {
    const wanted = desiredInputs(desired, key);
    return telling.every((property) => wanted[property] === inputs[property]);
  };
  const key = keys.find(fits) ?? keys[0];
  if (key !== undefined) return key;
  throw new DrError({
    code: "CONFIGURATION_INVALID",
    summary: `a stack whose active site is the ${desired.active} has no ${kind}`,
    hint: "A stack keeps its site: use the other stack, or forget the resource with pulumi state delete.",
  });
}

/** The step in a resource's id, `<stack>/<pool>/<step>`; undefined in one that this version did not give. */
export function keyOfId(id: string): StepKey | undefined {
  const last = id.slice(id.lastIndexOf("/") + 1);
  return [...failbackKeys, ...failoverKeys].find((key) => key === last);
}
