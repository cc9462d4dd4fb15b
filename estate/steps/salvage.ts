/** The copy of the primary that is given up by acknowledgement, saved to the share and read whole before it is overwritten. */
import { DrError, toDrError } from "../errors";
import type { BackupSetRow } from "../observation-types";
import { salvageBackup } from "../plan-restore";
import { databaseOf, salvageOf, sameName } from "../relations";
import { backupFull, fenceReadOnly } from "../statements";
import { accessText, readBackDiffers, type StepContext } from "./step-context";
import { expectedOf, verifySet } from "./verify-set";

/**
 * Saves the primary's copy, unless a salvage of all that it holds is still there and whole. The copy is read-only from then
 * on: what somebody wrote behind the salvage would be in no copy after F4. Throws what the instance says, or READ_BACK_DIFFERS.
 */
export async function savePrimary(context: StepContext): Promise<void> {
  const role = context.plan.authority.principals.primary;
  const { desired, runId } = context;
  const { chat } = desired;
  const standing = salvageOf(await context.readInstance(role), chat);
  if (standing !== undefined && (await isWhole(context, standing))) return;
  await context.change({ role, doing: `ALTER DATABASE [${chat}] SET READ_ONLY (salvage)`, text: fenceReadOnly(chat) });
  const fenced = await context.readInstance(role);
  const copy = databaseOf(fenced, chat);
  if (copy?.state !== "ONLINE" || !copy.isReadOnly) {
    const found = copy === undefined ? "no such database" : accessText(copy);
    throw readBackDiffers(context.step, `${chat} ONLINE and read-only`, found);
  }
  const backup = salvageBackup(desired, runId, fenced.logWrites);
  await context.change({ role, doing: `BACKUP DATABASE [${chat}] (salvage)`, text: backupFull(backup) });
  const set = salvageOf(await context.readInstance(role), chat);
  if (set === undefined || !sameName(set.physicalDeviceName, backup.file)) {
    throw readBackDiffers(context.step, `a salvage set in ${backup.file}`, set?.physicalDeviceName ?? "none");
  }
  await verifySet(context, role, expectedOf(set));
  context.readBack({ salvage: backup.file, backupSetUuid: set.backupSetUuid, fork: set.lastRecoveryForkGuid });
}

/**
 * Reads the salvage once more: after the restore its file is all that is left of the primary's copy. Throws STEP_REFUSED
 * when the copy was written to since, or what the instance says of the file.
 */
export async function verifySalvage(context: StepContext): Promise<void> {
  const role = context.plan.authority.principals.primary;
  const set = salvageOf(await context.readInstance(role), context.desired.chat);
  if (set === undefined) {
    throw new DrError({
      code: "STEP_REFUSED",
      summary: `${context.step.id}: the primary's copy, which is given up, is not saved as it is now`,
      where: context.step.where,
      expected: "read-only, and not written to since its salvage was taken",
      found: "a write, a restart of the instance or a read-write copy since",
      hint: "Run the same command again: Preflight saves it anew.",
    });
  }
  await verifySet(context, role, expectedOf(set));
}

// Its file may be gone, damaged or another one's: a new salvage answers all of them, and a lost connection shows again there.
async function isWhole(context: StepContext, set: BackupSetRow): Promise<boolean> {
  try {
    await verifySet(context, context.plan.authority.principals.primary, expectedOf(set));
    return true;
  } catch (thrown) {
    context.readBack({ salvage: set.physicalDeviceName, savedAnewBecause: toDrError(thrown).summary });
    return false;
  }
}
