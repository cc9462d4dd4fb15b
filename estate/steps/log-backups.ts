/** O8: an Agent job backs up the log of the backup's database while it serves; only what differs of it is touched. */
import { failoverContextOf } from "../failover-context";
import { logBackupDrift, logBackupStatements } from "../failover-steps";
import { readBackDiffers, type StepHandler } from "./step-context";

export const backUpLog: StepHandler = {
  sections: ({ plan }) => [plan.authority.principals.backup],
  async converge(context) {
    const role = context.plan.authority.principals.backup;
    const { job } = context.desired.logBackups;
    const before = failoverContextOf(await context.observe());
    for (const text of logBackupStatements(before)) await context.change({ role, doing: `job ${job}`, text });
    const after = failoverContextOf(await context.observe());
    const drift = logBackupDrift(after);
    context.readBack({ job, drift });
    if (drift.length > 0) throw readBackDiffers(context.step, `job ${job} as configured`, drift.join("; "));
  },
};
