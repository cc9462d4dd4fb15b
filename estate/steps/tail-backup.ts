/** P3, and F3 of a way home by log alone: a tail-log backup, read back from both engines. Behind it the copy is closed. */
import { tailOf } from "../plan-restore";
import { toDrError } from "../errors";
import { failoverContextOf } from "../failover-context";
import type { InstanceRole } from "../observation-types";
import { ownTail, sameName } from "../relations";
import { setMultiUser } from "../statements";
import { backupTail, verifyLog } from "../statements-failover";
import { saveDamagedTail } from "./damaged-tail";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";

export const takeTail: StepHandler = {
  sections: ({ plan }) => [plan.authority.principals.primary],
  converge: (context) =>
    failoverContextOf(context.observed).savesTail ? saveDamagedTail(context) : takeTailOf(context, "primary"),
};

/** Closes the copy of one site by its tail, which the other site's engine then reads whole. */
export async function takeTailOf(context: StepContext, site: "primary" | "backup"): Promise<void> {
  const { desired, runId } = context;
  const { principals } = context.plan.authority;
  const role = principals[site];
  const { chat } = desired;
  const planned = tailOf(desired, runId);
  const { file } = planned;
  const text = backupTail(planned);
  try {
    await context.change({ role, doing: `BACKUP LOG [${chat}] WITH NORECOVERY`, text });
  } catch (thrown) {
    await letGo(context, role);
    throw thrown;
  }
  const after = await context.readInstance(role);
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
  const reader = principals[site === "primary" ? "backup" : "primary"];
  await context.evidence({ role: reader, doing: `RESTORE VERIFYONLY ${file}`, text: verifyLog(file) });
}

// A tail that failed before its first byte leaves the database ONLINE for one user. Its error is what must be told.
async function letGo(context: StepContext, role: InstanceRole): Promise<void> {
  const { chat } = context.desired;
  try {
    const copy = await context.readCopy(role, chat);
    if (copy?.state !== "ONLINE" || copy.userAccess === "MULTI_USER") return;
    await context.change({ role, doing: `ALTER DATABASE [${chat}] SET MULTI_USER`, text: setMultiUser(chat) });
  } catch (thrown) {
    context.readBack({ notLetGo: toDrError(thrown).summary });
  }
}
