/** Outputs of the kinds that have some besides their inputs: few, and none that moves by itself. Pure. */
import type { Desired } from "../estate/desired";
import { contextOf } from "../estate/plan-context";
import type { StepKey } from "../estate/plan-types";
import type { Seen } from "../estate/pool-run";
import { restoresOf } from "../estate/relations";

/**
 * @param report path of the report of this run, or the one known before
 */
export function outputsOf(key: StepKey, desired: Desired, seen: Seen, report: unknown): Record<string, unknown> {
  if (key !== "F3" && key !== "F7") return {};
  const context = contextOf(seen.observation, desired);
  // The set that came home: by the primary's own history once it is restored, before that the one that F4 will take.
  const restored = context.primary && restoresOf(context.primary, desired.chat).find((row) => row.restoreType === "D");
  const set = (context.wayHome ? context.set : undefined) ?? restored?.backupSet;
  const backup = { backupSetId: set?.backupSetUuid ?? "", file: set?.physicalDeviceName ?? "" };
  if (key === "F3") return backup;
  return {
    authority: seen.plan.authority.outcome,
    activeServers: context.shell?.activeServers ?? [],
    backupSetId: backup.backupSetId,
    backupFile: backup.file,
    report: typeof report === "string" ? report : "",
  };
}
