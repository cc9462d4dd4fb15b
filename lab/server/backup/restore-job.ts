/** What all kinds of RESTORE share: the job, its end, what it tells. */
import { SqlError } from "../../tsql/errors";
import type { Database } from "../database";
import type { InstanceCore } from "../instance-core";
import type { DatabaseOptions } from "../storage/definitions";
import { datetimeOf } from "../storage/encoding";
import type { RedoPosition } from "../storage/store";
import { backupErrors, backupMessages } from "./errors";
import type { BackupSetHeader } from "./header";
import type { MediaHistory, RestoreOutcome } from "./history";
import type { MediaReader, Verification } from "./media-reader";
import type { Progress } from "./progress";
import type { RestoreRequest } from "./request";
import { makeUndoFile, removeUndoFile } from "./undo-file";

/** How a restore ends. */
export type Recovery = "RECOVERY" | "NORECOVERY" | { readonly standby: string };

/** What one RESTORE works with. */
export interface RestoreJob {
  readonly core: InstanceCore;
  readonly request: RestoreRequest;
  readonly progress: Progress;
  readonly reader: MediaReader;
  readonly header: BackupSetHeader;
  readonly began: number;
}

/** Adds 3013 behind whatever a statement fails with. */
export async function terminating<T>(statement: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof SqlError ? error.followedBy(backupErrors.terminating(statement)) : error;
  }
}

/** What is done about checksums. */
export function verificationOf({ request, header }: RestoreJob): Verification {
  return {
    verify: request.noChecksum !== true,
    continueAfterError: request.continueAfterError === true,
    database: header.databaseName,
  };
}

/** Throws 3204 after attention, KILL, a lost connection, and when the instance stops. */
export function keepGoing({ request, core }: RestoreJob): void {
  if (request.requester.signal.aborted || core.isStopped) throw backupErrors.aborted();
}

/** Where a set ends. */
export function endOf({ header }: RestoreJob): RedoPosition {
  return { lsn: BigInt(header.lastLsn), fork: header.recoveryForkId };
}

/** The roll forward stands at the end of the set now; options follow its content. */
export function settle(job: RestoreJob, database: Database): void {
  database.log.rolledForward(endOf(job));
  database.refresh();
}

/**
 * Ends a restore as its WITH says; in every state that is named by one write.
 * @param restricted WITH RESTRICTED_USER
 */
export function finish(database: Database, recovery: Recovery, restricted: boolean): void {
  if (database.record.standby !== null) removeUndoFile(database.instance, database.record.standby);
  if (recovery === "NORECOVERY") {
    database.change({ state: "RESTORING", standby: null });
    return;
  }
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
    store.begin(database.log.keepsLog, database.log.notesChanges);
    store.putDefinition("database", "options", JSON.stringify(options));
    store.commit();
    database.refresh();
  }
  database.log.startFork({ state: "ONLINE", standby: null, redo: null });
}

/** Tells 4035 and 3014; answers what msdb keeps. */
export function outcome(
  job: RestoreJob,
  database: Database,
  type: "D" | "I" | "L",
  pages: readonly [number, number],
): RestoreOutcome {
  const { request, header, core } = job;
  for (const file of database.files.filter((entry, index) => index === 0 || entry.type === "LOG")) {
    const count = file.type === "ROWS" ? pages[0] : pages[1];
    request.requester.message(backupMessages.processed(count, database.name, file.name, header.position));
  }
  const statement = type === "L" ? "RESTORE LOG" : "RESTORE DATABASE";
  request.requester.message(backupMessages.succeeded(statement, pages[0] + pages[1], Date.now() - job.began));
  return {
    history: { media: mediaHistoryOf(job.reader), header, files: header.files },
    restore: {
      destinationDatabase: database.name,
      userName: request.requester.userName,
      restoreType: type,
      replace: request.replace === true,
      recovery: (request.recovery ?? "RECOVERY") === "RECOVERY",
      restoreDate: datetimeOf(core.localTime()),
      deviceCount: request.devices.length,
      files: database.files.map((file) => ({ fileId: file.fileId, physicalName: file.physicalName })),
    },
  };
}

/** Media and families of a set that was read. */
export function mediaHistoryOf(reader: MediaReader): MediaHistory {
  const { media } = reader;
  return {
    mediaSetGuid: media.mediaSetGuid,
    familyCount: media.familyCount,
    name: media.name,
    description: media.description,
    isCompressed: media.compressed,
    families: reader.families.map(({ header, device }) => ({
      sequence: header.familySequence,
      familyGuid: header.familyGuid,
      physicalDeviceName: device.path,
      deviceType: 2,
    })),
  };
}
