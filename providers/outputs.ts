/** Outputs of the kinds that have some besides their inputs: few, and none that moves by itself. Pure. */
import type { Desired } from "../estate/desired";
import { openSteps } from "../estate/plan";
import { contextOf, type PlanContext } from "../estate/plan-context";
import type { Plan, StepKey } from "../estate/plan-types";
import type { Seen } from "../estate/pool-run";
import { restoresOf, sameName } from "../estate/relations";
import { STATE_VERSION } from "./state-version";

/** The step whose outputs are those of the whole: the proof that the chat is back. */
export function closingStep(desired: Desired): StepKey {
  return desired.active === "backup" ? "O7b" : "F7b";
}

/**
 * @param report path of the report of this run, or the one known before
 */
export function outputsOf(key: StepKey, desired: Desired, seen: Seen, report: unknown): Record<string, unknown> {
  return { stateVersion: STATE_VERSION, ...ownOutputs(key, desired, seen, report) };
}

function ownOutputs(key: StepKey, desired: Desired, seen: Seen, report: unknown): Record<string, unknown> {
  if (key !== "F3" && key !== closingStep(desired)) return {};
  const context = contextOf(seen.observation, desired);
  const set = (context.wayHome ? context.set : undefined) ?? cameHome(context);
  const [backupSetId, file] = [set?.backupSetUuid ?? "", set?.physicalDeviceName ?? ""];
  if (key === "F3") return { backupSetId, file };
  return {
    authority: seen.plan.authority.outcome,
    poolState: context.shell?.poolState ?? "",
    activeServers: context.shell?.activeServers ?? [],
    backupSetId,
    backupFile: file,
    report: typeof report === "string" ? report : "",
  };
}

/**
 * `step` as `read` shows it. Where only another step is open, the closing one has nothing to do but to tell how the run
 * ended; without it a stack's outputs would be those of the run before.
 */
export function stepShown(step: string, key: StepKey, desired: Desired, plan: Plan): string {
  const open = openSteps(plan).map((one) => one.key);
  if (key !== closingStep(desired) || step !== "done" || open.length === 0) return step;
  return `open: its outputs follow ${open.join(", ")}`;
}

// By the primary's own history; a set of another origin is somebody else's restore.
function cameHome({ primary, desired }: PlanContext) {
  if (primary === undefined) return undefined;
  const { principal, mirror } = desired.pool.backup;
  const restored = restoresOf(primary, desired.chat)[0]?.backupSet;
  return [principal.server, mirror?.server].some((server) => sameName(server, restored?.serverName))
    ? restored
    : undefined;
}
