/** One RESTORE of a set while it runs, and what it tells when it has succeeded. */
import { SqlError } from "../../tsql/errors";
import type { Database } from "../database";
import type { InstanceCore } from "../instance-core";
import { datetimeOf } from "../storage/encoding";
import { backupErrors, backupMessages } from "./errors";
import type { BackupSetHeader } from "./header";
import type { MediaHistory, RestoreOutcome } from "./history";
import type { MediaReader, Verification } from "./media-reader";
import type { Progress } from "./progress";
import type { RestoreRequest } from "./request";

/** How the database is left. */
export type Recovery = Exclude<RestoreRequest["recovery"], undefined>;

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

/** How the pages and records of the set are checked while they are read. */
export function verificationOf({ request, header }: RestoreJob): Verification {
  return {
    verify: request.noChecksum !== true,
    continueAfterError: request.continueAfterError === true,
    database: header.databaseName,
  };
}

/** Throws 3204 when nobody waits for the restore any more. */
export function keepGoing({ request, core }: RestoreJob): void {
  if (request.requester.signal.aborted || core.isStopped) throw backupErrors.aborted();
}

/** Tells 4035 and 3014, and answers what msdb shall know. @param recovery what really became of the database */
export function outcome(
  job: RestoreJob,
  recovery: Recovery,
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
      recovery: recovery === "RECOVERY",
      restoreDate: datetimeOf(core.localTime()),
      deviceCount: request.devices.length,
      ...(request.stop === undefined ? {} : { stop: request.stop }),
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
