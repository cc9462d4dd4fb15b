/** F7 and O5: the pool uses the stores of the site that is to be active. */
import { DrError } from "../errors";
import { sameName } from "../relations";
import type { PoolState } from "../shell/commands";
import { accessText, readBackDiffers, type StepContext, type StepHandler } from "./step-context";
import { waitForReplication } from "./replication";

export const setPoolState: StepHandler = {
  sections: () => ["shell"],
  async converge(context) {
    await requireOpenCopy(context);
    const wanted: PoolState = context.desired.active === "primary" ? "Normal" : "FailedOver";
    const before = await context.readShell();
    if (!sameName(before.poolState, wanted)) {
      await context.changeShell(`Set-CsPersistentChatState: ${wanted}`, () =>
        context.estate.shell.setPoolState(before.stateIdentity, wanted),
      );
    }
    const after = await waitForReplication(context);
    context.readBack({ poolStateBefore: before.poolState, poolState: after.poolState });
    if (!sameName(after.poolState, wanted))
      throw readBackDiffers(context.step, `pool state ${wanted}`, after.poolState);
  },
};

// Chat servers that turn to a copy which they cannot write would refuse every message.
async function requireOpenCopy(context: StepContext): Promise<void> {
  const { chat, active } = context.desired;
  const copy = await context.readCopy(context.plan.authority.principals[active], chat);
  if (copy?.state === "ONLINE" && !copy.isReadOnly && copy.userAccess === "MULTI_USER") return;
  throw new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: the ${active}'s ${chat} cannot take messages`,
    where: context.step.where,
    expected: "ONLINE, read-write, MULTI_USER",
    found: copy === undefined ? "no such database" : accessText(copy),
    hint: "Open it (ALTER DATABASE … SET READ_WRITE, SET MULTI_USER), then run the same command again.",
  });
}
