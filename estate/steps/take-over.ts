/** A full restore over a copy that somebody may still be in, and what it leaves when it fails. */
import { toDrError } from "../errors";
import type { InstanceRole } from "../observation-types";
import { DATABASE_SINGLE_USER_TAKEN, EXCLUSIVE_ACCESS_NOT_OBTAINED, SINGLE_USER_OCCUPIED } from "../sql/error-numbers";
import { type FullRestore, restoreFull, setMultiUser } from "../statements";
import { accessText, type StepContext } from "./step-context";

/** How often the restore is sent again when a session was faster than ours into the single slot (3101). */
const takeOverAttempts = 5;

/** Numbers that say so. */
const slotTaken: ReadonlySet<number> = new Set([
  EXCLUSIVE_ACCESS_NOT_OBTAINED,
  DATABASE_SINGLE_USER_TAKEN,
  SINGLE_USER_OCCUPIED,
]);

/**
 * Restores one full set over the database of that name. An ONLINE copy is taken over first; when the restore fails before
 * its first byte, that copy is let go of again. Throws the restore's own error.
 */
export async function takeOverAndRestore(
  context: StepContext,
  role: InstanceRole,
  restore: Omit<FullRestore, "takeOver">,
): Promise<void> {
  const { database } = restore;
  for (let attempt = 1; ; attempt += 1) {
    const copy = await context.readCopy(role, database);
    const text = restoreFull({ ...restore, takeOver: copy?.state === "ONLINE" });
    try {
      await context.change({ role, doing: `RESTORE DATABASE [${database}] WITH ${restore.recovery}`, text });
      return;
    } catch (thrown) {
      const error = toDrError(thrown);
      if (error.number !== undefined && slotTaken.has(error.number) && attempt < takeOverAttempts) continue;
      await letGo(context, role, database);
      throw error;
    }
  }
}

// A restore that failed before its first byte leaves the old content, locked to one user. Whatever hinders us here, it is
// the restore's error that must be told; the next run meets the copy as it is left.
async function letGo(context: StepContext, role: InstanceRole, database: string): Promise<void> {
  try {
    const copy = await context.readCopy(role, database);
    context.readBack({ afterFailedRestore: copy === undefined ? "no such database" : accessText(copy) });
    if (copy?.state !== "ONLINE" || copy.userAccess === "MULTI_USER") return;
    await context.change({ role, doing: `ALTER DATABASE [${database}] SET MULTI_USER`, text: setMultiUser(database) });
  } catch (thrown) {
    context.readBack({ notLetGo: toDrError(thrown).summary });
  }
}
