/** P3: the primary's tail-log backup, read back from both engines. Behind it the primary's copy is closed. */
import { tailFile } from "../failover-steps";
import { toDrError } from "../errors";
import { ownTail, sameName } from "../relations";
import { setMultiUser } from "../statements";
import { backupTail, verifyLog } from "../statements-failover";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";

export const takeTail: StepHandler = {
  sections: ({ plan }) => [plan.authority.principals.primary],
  async converge(context) {
    const { desired, runId } = context;
    const { primary, backup } = context.plan.authority.principals;
    const { chat } = desired;
    const file = tailFile(desired, runId);
    const text = backupTail({ database: chat, file, name: `${chat} tail`, description: `pchat-dr ${runId} tail` });
    try {
      await context.change({ role: primary, doing: `BACKUP LOG [${chat}] WITH NORECOVERY`, text });
    } catch (thrown) {
      await letGo(context);
      throw thrown;
    }
    const after = await context.readInstance(primary);
    const tail = ownTail(after, chat);
    if (tail === undefined || !sameName(tail.physicalDeviceName, file)) {
      throw readBackDiffers(context.step, `a tail in ${file}`, tail?.physicalDeviceName ?? "none");
    }
    context.readBack({
      tail: tail.backupSetUuid,
      file,
      firstLsn: tail.firstLsn,
      lastLsn: tail.lastLsn,
      wayBack: `RESTORE DATABASE [${chat}] WITH RECOVERY on ${context.step.where}`,
    });
    await context.evidence({ role: backup, doing: `RESTORE VERIFYONLY ${file}`, text: verifyLog(file) });
  },
};

// A tail that failed before its first byte leaves the database ONLINE for one user. Its error is what must be told.
async function letGo(context: StepContext): Promise<void> {
  const { primary: role } = context.plan.authority.principals;
  const { chat } = context.desired;
  try {
    const copy = await context.readCopy(role, chat);
    if (copy?.state !== "ONLINE" || copy.userAccess === "MULTI_USER") return;
    await context.change({ role, doing: `ALTER DATABASE [${chat}] SET MULTI_USER`, text: setMultiUser(chat) });
  } catch (thrown) {
    context.readBack({ notLetGo: toDrError(thrown).summary });
  }
}
