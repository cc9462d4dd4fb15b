/** F3: one full backup of the fenced copy, to a file of its own, read back from both engines. */
import type { BackupSetRow } from "../observation-types";
import { backupDescription, backupFile } from "../plan-restore";
import { fencedSetOf, sameName } from "../relations";
import { backupFull } from "../statements";
import { takeTailOf } from "./tail-backup";
import { expectedOf, verifySet } from "./verify-set";
import { readBackDiffers, type StepContext, type StepHandler } from "./step-context";

export const takeBackup: StepHandler = {
  sections: ({ plan }) => [plan.authority.principals.backup],
  async converge(context) {
    const { desired, runId } = context;
    if ((await context.observe()).chainHome !== null) {
      await takeTailOf(context, "backup");
      return;
    }
    const role = context.plan.authority.principals.backup;
    const before = await context.readInstance(role);
    const file = backupFile(desired, runId);
    await context.change({
      role,
      doing: `BACKUP DATABASE [${desired.chat}]`,
      text: backupFull({
        database: desired.chat,
        file,
        name: desired.backupName,
        description: backupDescription(desired, runId, before.logWrites),
        copyOnly: desired.pool.backupSet.copyOnly,
        compression: desired.pool.backupSet.compression,
      }),
    });
    const set = fencedSetOf(await context.readInstance(role), desired.chat, desired.pool.backupSet.copyOnly);
    if (set === undefined || !sameName(set.physicalDeviceName, file)) {
      const found = set?.physicalDeviceName ?? "no full set under the present fence";
      throw readBackDiffers(context.step, `a full set in ${file}`, found);
    }
    await verifyFromPrimary(context, set);
    context.readBack({
      backupSetUuid: set.backupSetUuid,
      file,
      firstLsn: set.firstLsn,
      lastLsn: set.lastLsn,
      sizeBytes: set.backupSizeBytes,
    });
  },
};

/** What F4 will restore must be readable by the engine that restores it, whole, and the very set that msdb names. */
export async function verifyFromPrimary(context: StepContext, set: BackupSetRow): Promise<void> {
  const expected = expectedOf(set);
  await verifySet(context, context.plan.authority.principals.primary, expected);
  context.verified(expected);
}
