/** F4 by log alone: the backup's log sets and its tail on the primary, which is then opened. */
import type { PlanContext } from "../plan-context";
import { unfinishedAfterRestore } from "../plan-restore";
import { ownTail, restoresOf } from "../relations";
import { recoverDatabase, restoreLog } from "../statements-failover";
import { stopBackupJobs } from "./backup-jobs";
import { openForEverybody } from "./recovery";
import { readBackDiffers, type StepContext } from "./step-context";

/** Applies what `now` says is left, recovers and opens; only opens a copy that was recovered by an earlier run. */
export async function followHome(context: StepContext, now: PlanContext): Promise<void> {
  const role = context.plan.authority.principals.primary;
  const { chat } = context.desired;
  if (now.chainHome !== null) {
    await stopBackupJobs(context, role);
    for (const { file } of now.chainHome.apply) {
      await context.change({ role, doing: `RESTORE LOG [${chat}] ${file}`, text: restoreLog(chat, file) });
    }
    await assertTailApplied(context);
    await context.change({ role, doing: `RESTORE DATABASE [${chat}] WITH RECOVERY`, text: recoverDatabase(chat) });
  }
  await openForEverybody(context, role);
  const unfinished = unfinishedAfterRestore(await context.readInstance(role), chat, undefined);
  if (unfinished.length > 0) throw readBackDiffers(context.step, `${chat} open for everybody`, unfinished.join("; "));
}

// The tail closed the backup: its very set on the primary is the proof that both hold the same, exact to the record.
async function assertTailApplied(context: StepContext): Promise<void> {
  const { primary, backup } = context.plan.authority.principals;
  const { chat } = context.desired;
  const tail = ownTail(await context.readInstance(backup), chat);
  const applied = restoresOf(await context.readInstance(primary), chat)[0]?.backupSet;
  context.readBack({ tail: tail?.backupSetUuid, applied: applied?.backupSetUuid, lastLsn: applied?.lastLsn });
  if (tail !== undefined && tail.backupSetUuid === applied?.backupSetUuid) return;
  throw readBackDiffers(
    context.step,
    `the backup's tail ${tail?.backupSetUuid ?? "(none)"} applied last`,
    applied?.backupSetUuid ?? "nothing applied",
  );
}
