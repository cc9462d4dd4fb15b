/** O1: the secondary's registration with its jobs is removed; the database stays. Needs no contact with the primary. */
import { failoverContextOf } from "../failover-context";
import { removalsOf } from "../failover-steps";
import { readBackDiffers, type StepHandler } from "./step-context";

export const removeLogShipping: StepHandler = {
  sections: ({ plan }) => [plan.authority.principals.backup],
  async converge(context) {
    const role = context.plan.authority.principals.backup;
    const before = failoverContextOf(await context.observe());
    for (const text of removalsOf(before)) {
      await context.change({ role, doing: "removing log shipping's secondary registration", text });
    }
    const left = failoverContextOf(await context.observe()).registrations;
    context.readBack({ removed: before.registrations.length, left: left.length });
    if (left.length > 0) throw readBackDiffers(context.step, "no registration", `${String(left.length)} registrations`);
  },
};
