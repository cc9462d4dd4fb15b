/** F2b: the backup's copy becomes read-only, so that what F3 takes is all there is. Taken back by SET READ_WRITE. */
import { fenceReadOnly } from "../statements";
import { readBackDiffers, type StepHandler } from "./step-context";

export const fence: StepHandler = {
  sections: ({ plan }) => [plan.authority.principals.backup],
  async converge(context) {
    const role = context.plan.authority.principals.backup;
    const { chat } = context.desired;
    const text = fenceReadOnly(chat);
    await context.change({ role, doing: `ALTER DATABASE [${chat}] SET READ_ONLY`, text });
    const copy = await context.readCopy(role, chat);
    context.readBack({ database: chat, readOnly: copy?.isReadOnly, state: copy?.state });
    if (copy?.state !== "ONLINE" || !copy.isReadOnly) {
      throw readBackDiffers(
        context.step,
        `${chat} ONLINE and read-only`,
        copy === undefined ? "no such database" : `${copy.state}, ${copy.isReadOnly ? "read-only" : "read-write"}`,
      );
    }
  },
};
