/** RESTORE DATABASE: which files go where, and every reason why they may not. */
import { WindowsError } from "../../windows/files";
import { SqlError } from "../../tsql/errors";
import type { Database } from "../database";
import type { InstanceCore } from "../instance-core";
import type { DatabaseFile } from "../storage/definitions";
import { storageErrors } from "../storage/errors";
import { freeBytesOf, volumeOf } from "./device";
import { backupErrors } from "./errors";
import type { BackupFileEntry, BackupSetHeader } from "./header";
import type { RestoreRequest } from "./request";

type PlanRequest = Pick<RestoreRequest, "move" | "replace" | "database">;

/** The files of the set with the places they will have. Throws 4353, 3234, 3176, 1834, 3142, 5133, 5123, 3156, 3257, with 3119. */
export function planFiles(
  core: InstanceCore,
  request: PlanRequest,
  header: BackupSetHeader,
  existing: Database | undefined,
): DatabaseFile[] {
  const moves = movesOf(request, header);
  const planned = header.files.map((file) => plannedFile(file, moves.get(file.logicalName.toLowerCase())));
  planned.forEach((file, index) => {
    const twin = planned.findIndex((other) => sameName(other.physicalName, file.physicalName));
    if (twin < index)
      throw backupErrors
        .claimedTwice(file.physicalName, file.name, (planned[twin] as DatabaseFile).name)
        .followedBy(backupErrors.planning());
  });
  for (const file of planned) refuseTarget(core, file, request.replace === true, existing);
  refuseFullVolumes(core, request.database, planned, header, existing);
  return planned;
}

function movesOf(request: PlanRequest, header: BackupSetHeader): Map<string, string> {
  const moves = new Map<string, string>();
  for (const { logicalName, physicalName } of request.move ?? []) {
    const key = logicalName.toLowerCase();
    if (moves.has(key)) throw backupErrors.movedTwice(logicalName);
    if (!header.files.some((file) => sameName(file.logicalName, logicalName)))
      throw backupErrors.unknownLogicalFile(logicalName, request.database);
    moves.set(key, physicalName);
  }
  return moves;
}

function plannedFile(file: BackupFileEntry, target: string | undefined): DatabaseFile {
  const log = file.type === "L";
  return {
    fileId: file.fileId,
    type: log ? "LOG" : "ROWS",
    name: file.logicalName,
    physicalName: target ?? file.physicalName,
    size: Math.ceil(file.size / 8192),
    maxSize: log ? 268_435_456 : -1,
    growth: log ? 10 : 128,
    isPercentGrowth: log,
    fileGuid: file.uniqueId,
  };
}

function refuseTarget(core: InstanceCore, file: DatabaseFile, replace: boolean, existing: Database | undefined): void {
  const path = file.physicalName;
  const cannot = backupErrors.useMove(file.name, path);
  const owner = core.ownerOfFile(path, existing);
  if (owner !== undefined)
    throw storageErrors.fileBelongsToOther(path, owner.name).followedBy(cannot, backupErrors.planning());
  const own = existing?.files.some((other) => sameName(other.physicalName, path)) === true;
  try {
    const located = core.locate(path, "write");
    if (located.kind === "directory")
      throw storageErrors.createFile(path, "5(Access is denied.)").followedBy(cannot, backupErrors.planning());
    if (located.kind === "file" && !own && !replace)
      throw backupErrors.fileNotOverwritten(path).followedBy(cannot, backupErrors.planning());
  } catch (error) {
    if (error instanceof SqlError || !(error instanceof WindowsError)) throw error;
    const cause =
      error.code === 5 ? storageErrors.createFile(path, error.text) : storageErrors.directoryLookup(path, error.text);
    throw cause.followedBy(cannot, backupErrors.planning());
  }
}

function refuseFullVolumes(
  core: InstanceCore,
  name: string,
  planned: readonly DatabaseFile[],
  header: BackupSetHeader,
  existing: Database | undefined,
): void {
  const needed = new Map<string, { path: string; bytes: number }>();
  const host = core.environment.host;
  for (const file of planned) {
    const volume = volumeOf(host, file.physicalName);
    const size = header.files.find((entry) => entry.fileId === file.fileId)?.size ?? 0;
    const now = existing?.files.find((other) => sameName(other.physicalName, file.physicalName));
    const had = now === undefined || existing === undefined ? 0 : existing.filePages(now.fileId) * 8192;
    const sum = needed.get(volume) ?? { path: file.physicalName, bytes: 0 };
    sum.bytes += Math.max(0, size - had);
    needed.set(volume, sum);
  }
  for (const [volume, { path, bytes }] of needed) {
    const free = freeBytesOf(core, path);
    if (free === undefined || free >= bytes) continue;
    const shown = volume.includes("|") ? `${volume.split("|")[1] as string}\\` : volume;
    throw backupErrors.noSpace(shown, name, bytes, free).followedBy(backupErrors.planning());
  }
}

function sameName(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}
