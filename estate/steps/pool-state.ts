/** F7: the pool uses the primary site's stores again. */
import { readBackDiffers, type StepHandler } from "./step-context";
import { waitForReplication } from "./replication";

export const setPoolState: StepHandler = {
  sections: () => ["shell"],
  async converge(context) {
    const before = await context.readShell();
    if (!isNormal(before.poolState)) {
      await context.changeShell("Set-CsPersistentChatState: Normal", () =>
        context.estate.shell.setPoolState(before.stateIdentity, "Normal"),
      );
    }
    const after = await waitForReplication(context);
    context.readBack({ poolStateBefore: before.poolState, poolState: after.poolState });
    if (!isNormal(after.poolState)) throw readBackDiffers(context.step, "pool state Normal", after.poolState);
  },
};

function isNormal(state: string): boolean {
  return state.toLowerCase() === "normal";
}
