/** Takes away what a former principal had more than the present one: its copy is made anew from the principal's pages. */
import { copyFile } from "node:fs/promises";
import type { Database } from "../database";
import { DataFile } from "../storage/data-file";
import { DatabaseStore } from "../storage/store";

/** True when the copy has something that the principal has not: it left its recovery path, or is ahead of it. */
export function hasDiverged(principal: Database, mirror: Database): boolean {
  const now = principal.log.status;
  const end = mirror.openStore().endOfLog;
  if (mirror.log.status.recoveryForkGuid === now.recoveryForkGuid) return end > principal.openStore().endOfLog;
  return now.forkPointLsn === null || end > now.forkPointLsn;
}

/**
 * SQL Server would undo the surplus log page by page; the lab's records hold no images from before a change, so the
 * whole copy is replaced. The result is the same: the copy equals the principal up to the LSN of the pages. A crash
 * leaves the copy of before, which has diverged still.
 */
export async function reseed(principal: Database, mirror: Database): Promise<void> {
  let snapshot = principal.openStore().file.snapshot();
  while (snapshot === undefined) {
    await new Promise(setImmediate);
    snapshot = principal.openStore().file.snapshot();
  }
  try {
    const path = mirror.dataPath();
    const fresh = `${path}.new`;
    await copyFile(snapshot.file, fresh);
    mirror.detach();
    DataFile.replace(path, fresh);
    // The pages hold the principal's log as well: the mirror keeps it until the next log backup.
    mirror.change({ recovery: principal.record.recovery });
    mirror.attach(DatabaseStore.open(path));
  } finally {
    snapshot.release();
  }
}
