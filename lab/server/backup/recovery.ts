/** The end of a restore: where the roll forward stands, and how the database is left. */
import type { Database } from "../database";
import { refuseToStart } from "../edition-features";
import type { InstanceCore } from "../instance-core";
import { lsnText } from "../log-sequence-number";
import type { DatabaseOptions } from "../storage/definitions";
import type { RedoPoint } from "../storage/registry";
import { storageErrors } from "../storage/errors";
import { backupErrors, backupMessages } from "./errors";
import type { BackupSetHeader } from "./header";
import type { Requester } from "./request";
import { refuseTargetDatabase } from "./restore-checks";
import { type Recovery, terminating } from "./restore-job";
import { makeUndoFile, removeUndoFile } from "./undo-file";

/**
 * Where a copy stands when a set was rolled forward to an LSN.
 * @param time of the last transaction that was rolled forward, milliseconds since 1970 of the local clock of its server
 */
export function pointOf(
  header: BackupSetHeader,
  { end, time }: { readonly end: bigint; readonly time?: number | undefined },
): RedoPoint {
  // A stop before the fork point leaves the database on the path where the set began.
  const stopped = header.forkPointLsn !== null && end <= BigInt(header.forkPointLsn);
  const fork = stopped ? header.firstRecoveryForkId : header.recoveryForkId;
  const data = header.backupType !== 2;
  return {
    lsn: lsnText(end),
    fork,
    ...(time === undefined ? {} : { time }),
    ...(data ? { dataFrom: header.firstLsn } : {}),
  };
}

/** The roll forward stands there now: chain and options follow the set. */
export function settle(database: Database, point: RedoPoint): void {
  database.log.rolledForward(point);
  database.refresh();
}

/**
 * Leaves the database RESTORING, in standby, or ONLINE on a recovery path of its own.
 * Throws 3167 where its edition cannot start it: it stays RESTORING (assumed).
 */
export function finish(database: Database, recovery: Recovery, restricted: boolean): void {
  if (database.record.standby !== null) removeUndoFile(database.instance, database.record.standby);
  if (recovery === "NORECOVERY") {
    database.change({ state: "RESTORING", standby: null });
    return;
  }
  refuseToStart(database);
  if (recovery !== "RECOVERY") {
    makeUndoFile(database.instance, recovery.standby);
    database.change({ state: "ONLINE", standby: recovery.standby });
    return;
  }
  const change: Partial<DatabaseOptions> = {
    ...(database.options.isTrustworthy ? { isTrustworthy: false } : {}),
    ...(restricted ? { userAccess: "RESTRICTED_USER" } : {}),
  };
  if (Object.keys(change).length > 0) {
    const options = { ...database.options, ...change };
    const store = database.openStore();
    store.begin(database.log.keepsLog, { notesChanges: database.log.notesChanges });
    store.putDefinition("database", "options", JSON.stringify(options));
    store.commit({ time: database.instance.localTime() });
    database.refresh();
  }
  database.log.startFork({ state: "ONLINE", standby: null, redo: null });
}

/** RESTORE DATABASE … WITH RECOVERY without FROM. Throws 911, 3104, 3102, 3101, 3153, 4333, with 3013. */
export async function recover(
  core: InstanceCore,
  name: string,
  requester: Requester,
  recovery: Recovery,
): Promise<void> {
  await terminating("RESTORE DATABASE", () => {
    const database = core.require(name);
    refuseTargetDatabase(database, name, { requester }, "RESTORE DATABASE");
    if (database.state === "OFFLINE") throw storageErrors.offline(name);
    if (database.state !== "RESTORING" && !database.isInStandby) throw backupErrors.alreadyRecovered();
    if (database.record.redo === null || !database.hasStore) throw backupErrors.logNotRestored();
    const began = Date.now();
    finish(database, recovery, false);
    requester.message(backupMessages.succeeded("RESTORE DATABASE", 0, Date.now() - began));
    return Promise.resolve();
  });
}
