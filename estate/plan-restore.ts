/** Files and folders of the restore on the primary, of the backup sets, and what a restore has to put right. Pure. */
import { joinWindowsPath, windowsFileName, windowsFolder } from "./configuration-forms";
import type { Desired } from "./desired";
import type {
  ChatUser,
  DatabaseFile,
  DatabaseObservation,
  InstanceObservation,
  LogWriteCounter,
} from "./observation-types";
import { databaseOf, fenceEvidence, filesOf, restoresOf, salvageMark, sameName } from "./relations";
import type { FileMove, FullBackup } from "./statements";
import type { TailBackup } from "./statements-failover";

/** One file of a set, by RESTORE FILELISTONLY or sys.master_files. */
export interface SetFile {
  readonly logicalName: string;
  readonly physicalName: string;
  /** `ROWS` or `LOG`; FILELISTONLY's D and L are to be translated before. */
  readonly type: string;
  readonly sizeBytes: number;
}

/** The moves of a restore, and the files that have no place. */
export interface FilePlacement {
  readonly moves: readonly FileMove[];
  readonly unplaced: readonly string[];
}

/**
 * Where every file of a set goes: as configured, else where the target has a file of that logical name and type, else
 * beside the target's files of that type, else into its default folder. Equal paths on two machines are never relied on.
 */
export function placeFiles(
  files: readonly SetFile[],
  target: InstanceObservation,
  database: string,
  configured: readonly FileMove[] = [],
): FilePlacement {
  const present = filesOf(target, database);
  const moves: FileMove[] = [];
  const unplaced: string[] = [];
  for (const file of files) {
    const to =
      configured.find((move) => move.logicalName === file.logicalName)?.to ??
      present.find((one) => one.logicalName === file.logicalName && one.type === file.type)?.physicalName ??
      besidePresent(file, present) ??
      inDefaultFolder(file, target);
    if (to === undefined) unplaced.push(file.logicalName);
    else moves.push({ logicalName: file.logicalName, to });
  }
  return { moves, unplaced };
}

/** Files of the copy that a set taken of it now would hold. */
export function setFilesOf(source: InstanceObservation, database: string): readonly SetFile[] {
  return filesOf(source, database).map(({ logicalName, physicalName, type, sizeBytes }) => ({
    logicalName,
    physicalName,
    type,
    sizeBytes,
  }));
}

/** File of F3's full backup. `run` is the run's id; the folder is none that log shipping copies from or cleans up. */
export function backupFile(desired: Desired, run: string): string {
  return joinWindowsPath(desired.backupFolder, `${desired.chat}_full_${run}.bak`);
}

/** File of the full backup that seeds the secondary. */
export function seedFile(desired: Desired, run: string): string {
  return joinWindowsPath(desired.seedFolder, `${desired.chat}_seed_${run}.bak`);
}

/** File of a tail-log backup: in the folder that log shipping never looks into, and a log file by its name. */
export function tailFile(desired: Desired, run: string): string {
  return joinWindowsPath(desired.backupFolder, `${desired.chat}_tail_${run}.trn`);
}

/** A tail-log backup as it is planned and as it is taken: one run's file, name and description. */
export function tailOf(desired: Desired, run: string): TailBackup {
  const { chat } = desired;
  return { database: chat, file: tailFile(desired, run), name: `${chat} tail`, description: `pchat-dr ${run} tail` };
}

/** File of the salvage of the primary's copy. */
export function salvageFile(desired: Desired, run: string): string {
  return joinWindowsPath(desired.backupFolder, `${desired.chat}_salvage_${run}.bak`);
}

/**
 * Description of F3's set: the configured one or the run's, and behind it what proves the fence later. At most 255
 * characters: the words in front are shortened, the proof is not.
 */
export function backupDescription(desired: Desired, run: string, counter: LogWriteCounter | null): string {
  const words = desired.pool.backupSet.description ?? `pchat-dr ${run} F3`;
  const proof = counter === null ? "" : ` ${fenceEvidence(counter)}`;
  return `${words.slice(0, 255 - proof.length)}${proof}`;
}

/**
 * The backup that saves the primary's copy: copy-only, so that no chain of it changes. Its description is what it is found
 * again by, and proves that nothing was written since.
 */
export function salvageBackup(desired: Desired, run: string, counter: LogWriteCounter | null): FullBackup {
  return {
    database: desired.chat,
    file: salvageFile(desired, run),
    name: `${desired.chat} salvage`,
    description: `${salvageMark} ${run}${counter === null ? "" : ` ${fenceEvidence(counter)}`}`,
    copyOnly: true,
  };
}

/** Options that a restore does not bring along: TRUSTWORTHY is off after every one, the others follow the instance. */
export const optionsNotRestored = ["isTrustworthy", "isDbChaining", "isBrokerEnabled"] as const;

/**
 * What is not as it should be on a copy that was restored and compared; empty when the restore is finished.
 * @param model the copy that came home, whose options the restored one is to have
 */
export function unfinishedAfterRestore(
  target: InstanceObservation,
  database: string,
  model: DatabaseObservation | undefined,
): readonly string[] {
  const copy = databaseOf(target, database);
  if (copy === undefined || copy.state !== "ONLINE") return [`${database} is not ONLINE`];
  const unfinished: string[] = [];
  if (copy.isReadOnly) unfinished.push("still read-only");
  if (copy.userAccess !== "MULTI_USER") unfinished.push(`still ${copy.userAccess}`);
  if (copy.recoveryModel !== "FULL") unfinished.push(`recovery model ${copy.recoveryModel}`);
  if (copy.ownerName === null) unfinished.push("owner without a login");
  for (const option of optionsNotRestored) {
    if (model !== undefined && copy[option] !== model[option]) unfinished.push(`${option} is ${String(copy[option])}`);
  }
  return unfinished;
}

/** SQL users of the copy that came home whose logins the target lacks: they are shut out there (916). */
export function usersWithoutLogin(source: InstanceObservation, target: InstanceObservation): readonly ChatUser[] {
  const known = new Set(target.loginSids);
  return (source.chatUsers ?? []).filter(({ login, sid }) => login !== null && !known.has(sid));
}

/** SQL users of the copy that no login of its own instance has. */
export function orphanedUsers({ chatUsers }: InstanceObservation): readonly ChatUser[] {
  return (chatUsers ?? []).filter(({ login }) => login === null);
}

/** True when the newest full restore into the database was made with REPLACE. */
export function replacedByRestore(target: InstanceObservation, database: string): boolean {
  return restoresOf(target, database).find((row) => row.restoreType === "D")?.replace === true;
}

/** Bytes that the target lacks on its volumes to hold the files; null when all of them fit or nothing is known. */
export function missingSpace(
  files: readonly SetFile[],
  placement: FilePlacement,
  target: InstanceObservation,
  database: string,
): { readonly volume: string; readonly bytes: number } | null {
  const needed = new Map<string, number>();
  const volumeOf = (path: string): string | undefined =>
    target.volumes
      .map((volume) => volume.mountPoint)
      .filter((mount) => path.toLowerCase().startsWith(mount.toLowerCase()))
      .sort((left, right) => right.length - left.length)[0];
  const add = (path: string, bytes: number): void => {
    const volume = volumeOf(path);
    if (volume !== undefined) needed.set(volume, (needed.get(volume) ?? 0) + bytes);
  };
  for (const file of files) {
    const move = placement.moves.find((one) => one.logicalName === file.logicalName);
    if (move !== undefined) add(move.to, file.sizeBytes);
  }
  // REPLACE deletes what stands there first.
  for (const file of filesOf(target, database)) add(file.physicalName, -file.sizeBytes);
  for (const [mountPoint, bytes] of needed) {
    const volume = target.volumes.find((one) => one.mountPoint === mountPoint);
    if (volume !== undefined && bytes > volume.availableBytes) {
      return { volume: mountPoint, bytes: bytes - volume.availableBytes };
    }
  }
  return null;
}

/** True for a set that lies in the given folder. */
export function liesIn(path: string | null, folder: string): boolean {
  return path !== null && sameName(windowsFolder(path), folder);
}

function besidePresent(file: SetFile, present: readonly DatabaseFile[]): string | undefined {
  const neighbour = present.find((one) => one.type === file.type);
  return neighbour && joinWindowsPath(windowsFolder(neighbour.physicalName), windowsFileName(file.physicalName));
}

// Null before SQL Server 2012: then only the configuration can say where files go.
function inDefaultFolder(file: SetFile, target: InstanceObservation): string | undefined {
  const folder = file.type === "LOG" ? target.server.defaultLogPath : target.server.defaultDataPath;
  return folder === null ? undefined : joinWindowsPath(folder, windowsFileName(file.physicalName));
}
