/** F7: the pool uses the primary site's stores again. */
import { DrError } from "../errors";
import { sameName } from "../relations";
import { accessText, readBackDiffers, type StepContext, type StepHandler } from "./step-context";
import { waitForReplication } from "./replication";

export const setPoolState: StepHandler = {
  sections: () => ["shell"],
  async converge(context) {
    await requireOpenCopy(context);
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

// Chat servers that turn to a copy which they cannot write would refuse every message.
async function requireOpenCopy(context: StepContext): Promise<void> {
  const { chat } = context.desired;
  const copy = await context.readCopy(context.plan.authority.principals.primary, chat);
  if (copy?.state === "ONLINE" && !copy.isReadOnly && copy.userAccess === "MULTI_USER") return;
  throw new DrError({
    code: "STEP_REFUSED",
    summary: `${context.step.id}: the primary's ${chat} cannot take messages`,
    where: context.step.where,
    expected: "ONLINE, read-write, MULTI_USER",
    found: copy === undefined ? "no such database" : accessText(copy),
    hint: "Open it (ALTER DATABASE … SET READ_WRITE, SET MULTI_USER), then run the same command again.",
  });
}

function isNormal(state: string): boolean {
  return sameName(state, "Normal");
}
