/** The handler of every step, by its key in the plan. */
import type { StepKey } from "../plan-types";
import { activateServers, clearActiveServers } from "./active-servers";
import { takeBackup } from "./backup";
import { closePrimary } from "./close-primary";
import { dropMirrorCopies } from "./drop-mirror-copies";
import { fence } from "./fence";
import { backUpLog } from "./log-backups";
import { shipLogs } from "./log-shipping";
import { mirrorDatabase } from "./mirror-database";
import { endMirroring } from "./mirroring";
import { setPoolState } from "./pool-state";
import { preflight } from "./preflight";
import { proveService } from "./prove-service";
import { recover } from "./recovery";
import { applyRemainingLogs } from "./remaining-logs";
import { removeLogShipping } from "./removed-log-shipping";
import { restoreBackup } from "./restore";
import type { StepHandler } from "./step-context";
import { takeTail } from "./tail-backup";

export const stepHandlers: { readonly [Key in StepKey]: StepHandler } = {
  F0: preflight,
  F1: clearActiveServers("backup"),
  "F2-chat": endMirroring("chat"),
  "F2-compliance": endMirroring("compliance"),
  F2b: fence,
  F3: takeBackup,
  F4: restoreBackup,
  F5: shipLogs,
  F6: activateServers,
  F7: setPoolState,
  F7b: proveService("primary"),
  "F8-chat": mirrorDatabase("primary", "chat"),
  "F8-compliance": mirrorDatabase("primary", "compliance"),
  "F8-leftovers": dropMirrorCopies("backup"),
  P1: clearActiveServers("primary"),
  P2: closePrimary,
  P3: takeTail,
  O3: applyRemainingLogs,
  O1: removeLogShipping,
  O4: recover,
  O5: setPoolState,
  O7: activateServers,
  O7b: proveService("backup"),
  "O6-chat": mirrorDatabase("backup", "chat"),
  "O6-compliance": mirrorDatabase("backup", "compliance"),
  O8: backUpLog,
};
