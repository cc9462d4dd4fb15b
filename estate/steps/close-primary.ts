/** P2: log shipping's backup job off, then mirroring off, on the primary: a mirrored principal refuses the tail (MBR). */
import { partnerRole } from "../desired";
import { toDrError } from "../errors";
import { failoverContextOf } from "../failover-context";
import { stopBackupJobs } from "./backup-jobs";
import { endMirroringOf } from "./mirroring";
import type { StepHandler } from "./step-context";

export const closePrimary: StepHandler = {
  sections: ({ plan, desired }) => [
    plan.authority.principals.primary,
    ...(desired.pool.primary.mirror === undefined ? [] : [partnerRole(plan.authority.principals.primary)]),
  ],
  async converge(context) {
    await stopBackupJobs(context, context.plan.authority.principals.primary);
    try {
      await endMirroringOf(context, "primary", context.desired.chat);
    } catch (thrown) {
      // A damaged primary may refuse: its tail can be saved all the same, without closing it.
      const error = toDrError(thrown);
      if (!failoverContextOf(context.observed).savesTail || error.number === undefined) throw thrown;
      context.readBack({ skipped: "mirroring of the damaged primary", reason: error.message });
    }
  },
};
