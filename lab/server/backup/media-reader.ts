/** Reads a media set: its headers, its backup sets, and the pieces of one of them. */
import { inflateRaw } from "node:zlib";
import { promisify } from "node:util";
import { windowsErrors } from "../../windows/files";
import type { InstanceCore } from "../instance-core";
import { PAGE_BYTES } from "../storage/data-file";
import { BackupDevice, windowsErrorOf } from "./device";
import { backupErrors } from "./errors";
import type { BackupSetHeader } from "./header";
import {
  BLOCK_BYTES,
  blockLength,
  damagedPage,
  decodeBlock,
  decodePieceHead,
  PIECE_HEAD_BYTES,
  pieceHeadLength,
  type MediaHeader,
  type PieceHead,
  type PieceKind,
} from "./media";
import { readAhead } from "./read-ahead";

const inflate = promisify(inflateRaw);

/** A backup set as found in the first family. */
export interface FoundSet {
  /** From 1: FILE = n. */
  readonly position: number;
  /** Of the end block; while that is missing of the start block. */
  readonly header: BackupSetHeader;
  /** The end block is there. */
  readonly complete: boolean;
  /** The file ends inside a piece or block of this set. */
  readonly cut: boolean;
}

interface FamilySet extends FoundSet {
  readonly pieces: readonly { readonly head: PieceHead; readonly at: number }[];
  /** Offset behind the end block. */
  readonly end: number;
}

/** A piece of a set and where it is stored. */
interface PlacedPiece {
  readonly head: PieceHead;
  readonly at: number;
  readonly device: BackupDevice;
}

interface Family {
  readonly device: BackupDevice;
  readonly header: MediaHeader;
  readonly sets: readonly FamilySet[];
}

/** A piece, read and checked. */
export interface Piece {
  readonly kind: PieceKind;
  readonly firstPage: number;
  /** Without padding. */
  readonly payload: Buffer;
}

/** What `pieces` does about checksums. */
export interface Verification {
  /** Compare page checksums where the set has them. */
  readonly verify: boolean;
  readonly continueAfterError: boolean;
  readonly database: string;
}

export class MediaReader {
  private constructor(readonly families: readonly Family[]) {}

  /** Opens all devices. Throws 3201, 3242, 3241, 3254; with `whole` also 3132 and 3227. */
  static async open(core: InstanceCore, paths: readonly string[], whole: boolean): Promise<MediaReader> {
    const devices: BackupDevice[] = [];
    try {
      for (const path of paths) devices.push(await BackupDevice.open(core, path, "read"));
      const families: Family[] = [];
      for (const device of devices) families.push(await readFamily(device));
      const count = families[0]?.header.familyCount ?? 0;
      for (const [index, family] of families.entries()) {
        const twin = families.findIndex((other) => other.header.familyGuid === family.header.familyGuid);
        if (twin < index) throw backupErrors.wrongFamily(family.device.path, family.header.familyGuid);
        if (family.header.mediaSetGuid !== families[0]?.header.mediaSetGuid)
          throw backupErrors.badFamily(family.device.path);
      }
      if (whole && families.length < count) throw backupErrors.familiesMissing(count, families.length);
      families.sort((a, b) => a.header.familySequence - b.header.familySequence);
      return new MediaReader(families);
    } catch (error) {
      for (const device of devices) await device.close();
      throw error;
    }
  }

  get media(): MediaHeader {
    return (this.families[0] as Family).header;
  }

  get sets(): readonly FoundSet[] {
    return (this.families[0] as Family).sets;
  }

  /** Offset behind the last complete set of a family, undefined when an unfinished one ends the file. */
  static endOf(family: Family): number | undefined {
    const last = family.sets.at(-1);
    if (last === undefined) return BLOCK_BYTES;
    return last.complete ? last.end : undefined;
  }

  /** The set at FILE = n. Throws 4038; 3203 when the file was cut short, 3256 when the backup never finished. */
  set(position: number): FoundSet {
    const device = (this.families[0] as Family).device.path;
    const found = this.sets[position - 1];
    if (found === undefined) throw backupErrors.fileNumber(position, device);
    for (const family of this.families) {
      const part = family.sets[position - 1];
      if (part === undefined || part.cut) throw backupErrors.read(family.device.path, windowsErrors.endOfFile().text);
      if (!part.complete) throw backupErrors.incompleteSet(family.device.path);
    }
    return found;
  }

  /**
   * The pieces of a complete set in their order, over all families; of some kinds or of all. A payload may be used until
   * the next piece is asked for. Throws 3183, 3189, 3203.
   */
  async *pieces(
    position: number,
    verification: Verification,
    kinds: readonly PieceKind[] = ["DATA", "DIFF", "LOGR"],
  ): AsyncGenerator<Piece, void, undefined> {
    const { header } = this.set(position);
    const all = this.#parts(position);
    if (all.some(({ head }, index) => head.sequence !== index)) throw backupErrors.damage();
    const parts = all.filter(({ head }) => kinds.includes(head.kind));
    const reads = parts.map(({ head, at, device }) => ({
      handle: device.handle,
      position: at,
      length: head.storedBytes,
    }));
    const stored = readAhead(reads);
    try {
      for (const { head, device } of parts) {
        const bytes = await stored.next().catch((error: unknown) => {
          throw backupErrors.read(device.path, windowsErrorOf(error).text);
        });
        if (bytes.done === true || bytes.value.length < head.storedBytes)
          throw backupErrors.read(device.path, windowsErrors.endOfFile().text);
        const payload = await checked(head, bytes.value, verification);
        if (
          head.kind === "DATA" &&
          header.hasBackupChecksums &&
          verification.verify &&
          !verification.continueAfterError
        )
          refuseDamaged(header, head.firstPage, pagesOf(payload.length), verification);
        yield { kind: head.kind, firstPage: head.firstPage, payload };
      }
    } finally {
      await stored.return();
    }
  }

  /** The pieces of a set over all families, in the order in which they were written. */
  #parts(position: number): readonly PlacedPiece[] {
    return this.families
      .flatMap((family) =>
        (family.sets[position - 1]?.pieces ?? []).map((piece) => ({ ...piece, device: family.device })),
      )
      .sort((a, b) => a.head.sequence - b.head.sequence);
  }

  /** Bytes of a set's pieces in the files. */
  bytesOf(position: number): number {
    return this.families
      .flatMap((family) => family.sets[position - 1]?.pieces ?? [])
      .reduce((sum, piece) => sum + piece.head.payloadBytes, 0);
  }

  async close(): Promise<void> {
    for (const family of this.families) await family.device.close();
  }
}

/** A page that was damaged when the set was taken. Throws 3183. */
function refuseDamaged(header: BackupSetHeader, first: number, count: number, verification: Verification): void {
  const page = header.damagedPages?.find((one) => one >= first && one < first + count);
  if (page !== undefined) throw backupErrors.pageDamaged(page, verification.database);
}

async function checked(head: PieceHead, stored: Buffer, verification: Verification): Promise<Buffer> {
  const damaged = (page: number): Error =>
    head.kind === "DATA"
      ? backupErrors.pageDamaged(head.firstPage + page, verification.database)
      : backupErrors.damage();
  let payload = stored;
  if (head.compressed) {
    try {
      payload = await inflate(stored);
    } catch {
      // zlib's own words say nothing to an operator: the pages of this piece cannot be read.
      throw damaged(0);
    }
  }
  if (payload.length !== head.payloadBytes) throw damaged(0);
  if (head.hasChecksums && verification.verify) {
    const page = damagedPage(head, payload);
    if (page >= 0 && !verification.continueAfterError) throw damaged(page);
  }
  return payload;
}

/** Reads the media header and walks over the sets by their heads. */
export async function readFamily(device: BackupDevice): Promise<Family> {
  const size = await device.size();
  if (size === 0) throw backupErrors.emptyVolume(device.path);
  const first = await device.read(0, BLOCK_BYTES);
  if (first.toString("latin1", 0, 4) !== "TAPE") throw backupErrors.notTape(device.path);
  const header = first.length === BLOCK_BYTES ? decodeBlock(first) : undefined;
  if (header === undefined) throw backupErrors.badFamily(device.path);
  const sets: FamilySet[] = [];
  let at = BLOCK_BYTES;
  while (at < size) {
    const set = await readSet(device, at, size, sets.length + 1);
    sets.push(set);
    if (!set.complete) break;
    at = set.end;
  }
  return { device, header: header as MediaHeader, sets };
}

async function readSet(device: BackupDevice, start: number, size: number, position: number): Promise<FamilySet> {
  const begin = await readBlock(device, start, "SSET");
  if (begin === "cut") throw backupErrors.badFamily(device.path);
  const pieces: { head: PieceHead; at: number }[] = [];
  let at = start + begin.length;
  const unfinished = (cut: boolean): FamilySet => ({
    position,
    header: { ...begin.header, position },
    complete: false,
    cut,
    pieces,
    end: at,
  });
  while (at < size) {
    const kind = (await device.read(at, 4)).toString("latin1");
    if (kind === "ESET") {
      const end = await readBlock(device, at, "ESET");
      if (end === "cut") return unfinished(true);
      return {
        position,
        header: { ...end.header, position },
        complete: true,
        cut: false,
        pieces,
        end: at + end.length,
      };
    }
    if (kind !== "DATA" && kind !== "DIFF" && kind !== "LOGR") {
      if (kind.length < 4) return unfinished(true);
      throw backupErrors.badFamily(device.path);
    }
    const length = await headLength(device, at);
    const bytes = await device.read(at, length);
    if (bytes.length < length) return unfinished(true);
    const head = decodePieceHead(bytes);
    if (head === undefined) throw backupErrors.badFamily(device.path);
    if (at + length + head.storedBytes > size) return unfinished(true);
    pieces.push({ head, at: at + length });
    at += length + head.storedBytes;
  }
  return unfinished(false);
}

async function headLength(device: BackupDevice, at: number): Promise<number> {
  const start = await device.read(at, 16);
  if (start.length < 16) return PIECE_HEAD_BYTES;
  const length = pieceHeadLength(start);
  if (length === undefined) throw backupErrors.badFamily(device.path);
  return length;
}

async function readBlock(
  device: BackupDevice,
  at: number,
  kind: "SSET" | "ESET",
): Promise<{ readonly header: BackupSetHeader; readonly length: number } | "cut"> {
  const head = await device.read(at, 16);
  if (head.length < 16) return "cut";
  const length = blockLength(head);
  if (head.toString("latin1", 0, 4) !== kind || length === undefined) throw backupErrors.badFamily(device.path);
  const block = await device.read(at, length);
  if (block.length < length) return "cut";
  const header = decodeBlock(block);
  if (header === undefined) throw backupErrors.badFamily(device.path);
  return { header: header as BackupSetHeader, length };
}

/** Pages that a payload takes. */
export function pagesOf(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}
