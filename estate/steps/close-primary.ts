/** P2: log shipping's backup job off, then mirroring off, on the primary: a mirrored principal refuses the tail (MBR). */
import { partnerRole } from "../desired";
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
    await endMirroringOf(context, "primary", context.desired.chat);
  },
};
