/** The end of a restore: where the roll forward stands, and how the database is left. */
import type { Database } from "../database";
import { refuseToStart } from "../edition-features";
import type { InstanceCore } from "../instance-core";
import { lsnText } from "../log-sequence-number";
import type { DatabaseOptions } from "../storage/definitions";
import { storageErrors } from "../storage/errors";
import { backupErrors, backupMessages } from "./errors";
import type { BackupSetHeader } from "./header";
import type { Requester } from "./request";
import { refuseTargetDatabase } from "./restore-checks";
import { type Recovery, terminating } from "./restore-job";
import { makeUndoFile, removeUndoFile } from "./undo-file";

/**
 * The roll forward stands at `end` now: position, fork and options follow the set.
 * @param point time: of the last transaction that was rolled forward, milliseconds since 1970 of the local clock of its server
 */
export function settle(
  database: Database,
  header: BackupSetHeader,
  { end, time }: { readonly end: bigint; readonly time?: number },
): void {
  // A stop before the fork point leaves the database on the path where the set began.
  const stopped = header.forkPointLsn !== null && end <= BigInt(header.forkPointLsn);
  const fork = stopped ? header.firstRecoveryForkId : header.recoveryForkId;
  const data = header.backupType !== 2;
  database.change({
    redo: {
      lsn: lsnText(end),
      fork,
      ...(time === undefined ? {} : { time }),
      ...(data ? { dataFrom: header.firstLsn } : {}),
    },
  });
  database.log.update({
    recoveryForkGuid: fork,
    firstRecoveryForkGuid: fork,
    forkPointLsn: null,
    lastLogBackupLsn: end,
    beginsLogChain: false,
  });
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
  database.log.startFork();
  const change: Partial<DatabaseOptions> = {
    ...(database.options.isTrustworthy ? { isTrustworthy: false } : {}),
    ...(restricted ? { userAccess: "RESTRICTED_USER" } : {}),
  };
  if (Object.keys(change).length > 0) {
    const options = { ...database.options, ...change };
    const store = database.openStore();
    store.begin(database.log.keepsLog);
    store.putDefinition("database", "options", JSON.stringify(options));
    store.commit({ time: database.instance.localTime() });
    database.refresh();
  }
  database.change({ state: "ONLINE", standby: null, redo: null });
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
