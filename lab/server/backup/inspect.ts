/** RESTORE HEADERONLY, FILELISTONLY, LABELONLY and VERIFYONLY. */
import type { Column, Row } from "../../tsql/values";
import type { InstanceCore } from "../instance-core";
import { requireCertificate } from "../encryption";
import { backupErrors, backupMessages } from "./errors";
import type { BackupSetHistory } from "./history";
import { fileListRows, headerRows, labelRow } from "./inspect-rows";
import { MediaReader } from "./media-reader";
import type { Progress } from "./progress";
import type { InspectRequest, RestoreRequest } from "./request";
import { refuseNewerVersion } from "./restore-checks";
import { planFiles } from "./restore-plan";
import { mediaHistoryOf, terminating } from "./restore-job";

/** A result set. */
export interface RowSet {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** What VERIFYONLY found good, for LOADHISTORY. */
export interface VerifyOutcome {
  readonly history: BackupSetHistory;
}

async function reading<T>(
  core: InstanceCore,
  statement: string,
  request: InspectRequest,
  work: (reader: MediaReader) => T,
): Promise<T> {
  return terminating(statement, async () => {
    if (request.devices.length === 0) throw backupErrors.noDevice(statement);
    const reader = await MediaReader.open(core, request.devices, false);
    try {
      return work(reader);
    } finally {
      await reader.close();
    }
  });
}

/** RESTORE HEADERONLY: a row per set; an unfinished one is named `*** INCOMPLETE ***`. */
export function headers(core: InstanceCore, request: InspectRequest): Promise<RowSet> {
  return reading(core, "RESTORE HEADERONLY", request, (reader) => {
    const sets = request.file === undefined ? reader.sets : [found(reader, request.file)];
    return headerRows(sets, core.environment.version.major);
  });
}

/** RESTORE FILELISTONLY. */
export function fileList(core: InstanceCore, request: InspectRequest): Promise<RowSet> {
  return reading(core, "RESTORE FILELIST", request, (reader) => {
    const { header } = reader.set(request.file ?? 1);
    requireCertificate(core, header.protectorThumbprint);
    return fileListRows(header, core.environment.version.major);
  });
}

/** RESTORE LABELONLY. */
export function label(core: InstanceCore, request: InspectRequest): Promise<RowSet> {
  return reading(core, "RESTORE LABELONLY", request, (reader) => labelRow(reader.media));
}

function found(reader: MediaReader, position: number): MediaReader["sets"][number] {
  const set = reader.sets[position - 1];
  if (set === undefined) throw backupErrors.fileNumber(position, reader.families[0]?.device.path ?? "");
  return set;
}

/** RESTORE VERIFYONLY: reads the whole set and its checksums; 3262 when all is well. */
export async function verify(
  core: InstanceCore,
  request: Omit<RestoreRequest, "database">,
  progress: Progress,
): Promise<VerifyOutcome> {
  return terminating("VERIFY DATABASE", async () => {
    const reader = await MediaReader.open(core, request.devices, true);
    try {
      const position = request.file ?? 1;
      const { header } = reader.set(position);
      refuseNewerVersion(core, header);
      requireCertificate(core, header.protectorThumbprint);
      if (request.checksum === true && !header.hasBackupChecksums) throw backupErrors.noChecksums();
      if (request.move !== undefined)
        planFiles(
          core,
          { ...request, database: header.databaseName, replace: true },
          header,
          core.database(header.databaseName),
        );
      const total = reader.bytesOf(position);
      let done = 0;
      const verification = {
        verify: request.noChecksum !== true,
        continueAfterError: false,
        database: header.databaseName,
      };
      for await (const piece of reader.pieces(position, verification)) {
        if (request.requester.signal.aborted) throw backupErrors.aborted();
        done += piece.payload.length;
        progress.moved(done, total, request.stats, request.requester);
        await core.environment.transferred?.(piece.payload.length);
      }
      request.requester.message(backupMessages.valid(position));
      return { history: { media: mediaHistoryOf(reader), header, files: header.files } };
    } finally {
      await reader.close();
    }
  });
}
