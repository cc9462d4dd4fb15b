/**
 * P3 of a damaged primary: what its log still holds is saved where the engine lets us. What it refuses is told with its own
 * words and left out; a set that met damage, or that the backup's engine cannot read, is never applied.
 */
import { z } from "zod";
import { headerRow } from "../backup-header";
import { type DrError, toDrError } from "../errors";
import type { BackupSetRow, InstanceRole } from "../observation-types";
import { tailOf } from "../plan-restore";
import { ownSetsOf, sameName } from "../relations";
import { readBackupHeader } from "../statements";
import { backupDamagedTail, type TailBackup, verifyLog } from "../statements-failover";
import { readBackDiffers, type StepContext } from "./step-context";

const tailHeader = headerRow.extend({ IsForceOffline: z.coerce.boolean(), HasIncompleteMetaData: z.coerce.boolean() });

/** Saves the tail of the primary's damaged copy, closing the copy where that is not refused. Throws what is no refusal. */
export async function saveDamagedTail(context: StepContext): Promise<void> {
  const role = context.plan.authority.principals.primary;
  const { chat } = context.desired;
  const tail = tailOf(context.desired, context.runId);
  const { file } = tail;
  const refusals = await attempts(context, role, tail);
  if (refusals === undefined) return;
  const set = ownSetsOf(await context.readInstance(role), chat).find((one) => one.type === "L");
  if (set === undefined || !sameName(set.physicalDeviceName, file)) {
    throw readBackDiffers(context.step, `a tail in ${file}`, set?.physicalDeviceName ?? "none");
  }
  const leftOut = await whyLeftOut(context, file, set);
  context.readBack({
    tail: set.backupSetUuid,
    file,
    firstLsn: set.firstLsn,
    lastLsn: set.lastLsn,
    closed: set.isForceOffline,
    ...(refusals.length === 0 ? {} : { refused: refusals }),
    ...(leftOut === undefined ? {} : { leftOut: file, reason: leftOut }),
  });
}

// With NORECOVERY nothing can be written behind the tail. Where that is refused, as on a mirrored copy, the log alone is worth
// having: no transaction can occur in a copy that does not start ("Tail-Log Backups"). Undefined when both are refused.
async function attempts(context: StepContext, role: InstanceRole, tail: TailBackup): Promise<string[] | undefined> {
  const { chat } = context.desired;
  const refusals: string[] = [];
  for (const closes of [true, false]) {
    const options = closes ? "NO_TRUNCATE, NORECOVERY" : "NO_TRUNCATE";
    try {
      const text = backupDamagedTail(tail, closes);
      await context.change({ role, doing: `BACKUP LOG [${chat}] WITH ${options}`, text });
      return refusals;
    } catch (thrown) {
      refusals.push(`WITH ${options}: ${refusalOf(thrown).summary}`);
    }
  }
  context.readBack({ skipped: `tail of the damaged ${chat}`, reason: refusals });
  return undefined;
}

/** Why the set is not to be applied, as the engine that would apply it says; undefined when it is whole. */
async function whyLeftOut(
  context: StepContext,
  file: string,
  { isDamaged }: BackupSetRow,
): Promise<string | undefined> {
  const role = context.plan.authority.principals.backup;
  try {
    await context.evidence({ role, doing: `RESTORE VERIFYONLY ${file}`, text: verifyLog(file) });
    const text = readBackupHeader(file);
    const [sets = []] = await context.evidence({ role, doing: `RESTORE HEADERONLY ${file}`, text });
    const header = z.array(tailHeader).length(1).safeParse(sets).data?.[0];
    if (header === undefined) return "its header is not that of one backup set";
    const { IsForceOffline: isForceOffline, HasIncompleteMetaData: hasIncompleteMetadata } = header;
    context.readBack({ header: { isDamaged: header.IsDamaged, isForceOffline, hasIncompleteMetadata } });
    return isDamaged || header.IsDamaged ? "it met damage when it was taken (IsDamaged)" : undefined;
  } catch (thrown) {
    return refusalOf(thrown).summary;
  }
}

/** What an instance answered. Throws on whatever else it is: a lost connection or lock says nothing of the log. */
function refusalOf(thrown: unknown): DrError {
  const error = toDrError(thrown);
  if (error.number === undefined) throw error;
  return error;
}
