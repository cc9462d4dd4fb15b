/** The handler of every step of the failback, by its key in the plan. */
import type { StepKey } from "../plan-types";
import { activateServers, clearActiveServers } from "./active-servers";
import { takeBackup } from "./backup";
import { fence } from "./fence";
import { shipLogs } from "./log-shipping";
import { endMirroring } from "./mirroring";
import { setPoolState } from "./pool-state";
import { preflight } from "./preflight";
import { restoreBackup } from "./restore";
import type { StepHandler } from "./step-context";

export const stepHandlers: { readonly [Key in StepKey]: StepHandler } = {
  F0: preflight,
  F1: clearActiveServers,
  "F2-chat": endMirroring("chat"),
  "F2-compliance": endMirroring("compliance"),
  F2b: fence,
  F3: takeBackup,
  F4: restoreBackup,
  F5: shipLogs,
  F6: activateServers,
  F7: setPoolState,
};
