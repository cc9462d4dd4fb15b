/**
 * Layout of a backup file. Its own, with the shape of Microsoft Tape Format: a media header (TAPE), then per backup set
 * a start block (SSET), pieces of pages (DATA), changed rows (DIFF) or log (LOGR) of about 4 MiB, an end block (ESET). Every block and the
 * head of every piece carry a CRC32 of themselves; pieces carry one per page of 8 KiB when taken WITH CHECKSUM.
 */
import { crc32 } from "node:zlib";
import { PAGE_BYTES } from "../storage/data-file";
import type { BackupSetHeader } from "./header";

/** Bytes of a TAPE, SSET or ESET block. */
export const BLOCK_BYTES = 65_536;
/** Bytes of the head of a piece. */
export const PIECE_HEAD_BYTES = 4096;
/** Pages in one piece at most: 4 MiB. */
export const PIECE_PAGES = 512;
const HEAD = 16;
const TABLE_AT = 40;

export type BlockKind = "TAPE" | "SSET" | "ESET";
export type PieceKind = "DATA" | "DIFF" | "LOGR";

/** The media header of one family (one file). */
export interface MediaHeader {
  readonly mediaSetGuid: string;
  readonly familyGuid: string;
  readonly familyCount: number;
  /** From 1. */
  readonly familySequence: number;
  readonly name: string;
  readonly description: string;
  /** Milliseconds since 1970, local clock. */
  readonly date: number;
  readonly compressed: boolean;
}

/** A block with JSON in it. An ESET or SSET may be longer than one block: whole blocks follow. */
export function encodeBlock(kind: BlockKind, content: MediaHeader | BackupSetHeader): Buffer {
  const text = Buffer.from(JSON.stringify(content), "utf8");
  const block = Buffer.alloc(Math.ceil((HEAD + text.length) / BLOCK_BYTES) * BLOCK_BYTES);
  block.write(kind, 0, "latin1");
  block.writeUInt32LE(block.length, 4);
  block.writeUInt32LE(text.length, 8);
  text.copy(block, HEAD);
  block.writeUInt32LE(crc32(block), 12);
  return block;
}

/** Length of a block from its head, undefined when the head makes no sense. */
export function blockLength(head: Buffer): number | undefined {
  const length = head.readUInt32LE(4);
  return length > 0 && length % BLOCK_BYTES === 0 && length <= 64 * BLOCK_BYTES ? length : undefined;
}

/** Content of a block; undefined when its checksum does not fit. */
export function decodeBlock(block: Buffer): MediaHeader | BackupSetHeader | undefined {
  const copy = Buffer.from(block);
  copy.writeUInt32LE(0, 12);
  if (crc32(copy) !== block.readUInt32LE(12)) return undefined;
  const length = block.readUInt32LE(8);
  return JSON.parse(block.toString("utf8", HEAD, HEAD + length)) as MediaHeader | BackupSetHeader;
}

/** Head of a piece. */
export interface PieceHead {
  readonly kind: PieceKind;
  /** Number of the piece in its set, over all families. */
  readonly sequence: number;
  readonly firstPage: number;
  readonly pages: number;
  /** Bytes before padding to pages and compression. */
  readonly payloadBytes: number;
  /** Bytes in the file. */
  readonly storedBytes: number;
  readonly compressed: boolean;
  readonly hasChecksums: boolean;
  readonly checksums: readonly number[];
}

/** @param payload whole pages, or log that is padded to pages here */
export function pieceHead(
  kind: PieceKind,
  sequence: number,
  firstPage: number,
  payload: Buffer,
  stored: Buffer,
  options: { readonly compressed: boolean; readonly checksum: boolean },
): Buffer {
  const pages = Math.ceil(payload.length / PAGE_BYTES);
  const head = Buffer.alloc(headBytes(pages));
  head.write(kind, 0, "latin1");
  head.writeUInt32LE(head.length, 4);
  head.writeUInt32LE(sequence, 8);
  head.writeUInt32LE(firstPage, 12);
  head.writeUInt32LE(pages, 16);
  head.writeUInt32LE(payload.length, 20);
  head.writeUInt32LE(stored.length, 24);
  head.writeUInt32LE((options.compressed ? 1 : 0) | (options.checksum ? 2 : 0), 28);
  if (options.checksum)
    for (let page = 0; page < pages; page += 1)
      head.writeUInt32LE(crc32(payload.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)), TABLE_AT + page * 4);
  head.writeUInt32LE(crc32(head), 32);
  return head;
}

function headBytes(pages: number): number {
  return Math.max(PIECE_HEAD_BYTES, Math.ceil((TABLE_AT + pages * 4) / PIECE_HEAD_BYTES) * PIECE_HEAD_BYTES);
}

/** Length of a piece's head; undefined when it makes no sense. */
export function pieceHeadLength(start: Buffer): number | undefined {
  const length = start.readUInt32LE(4);
  return length >= PIECE_HEAD_BYTES && length % PIECE_HEAD_BYTES === 0 && length <= 16 * 1024 * 1024
    ? length
    : undefined;
}

/** Reads a head; undefined when its checksum does not fit. */
export function decodePieceHead(head: Buffer): PieceHead | undefined {
  const copy = Buffer.from(head);
  copy.writeUInt32LE(0, 32);
  if (crc32(copy) !== head.readUInt32LE(32)) return undefined;
  const pages = head.readUInt32LE(16);
  const flags = head.readUInt32LE(28);
  return {
    kind: head.toString("latin1", 0, 4) as PieceKind,
    sequence: head.readUInt32LE(8),
    firstPage: head.readUInt32LE(12),
    pages,
    payloadBytes: head.readUInt32LE(20),
    storedBytes: head.readUInt32LE(24),
    compressed: (flags & 1) !== 0,
    hasChecksums: (flags & 2) !== 0,
    checksums: Array.from({ length: pages }, (_, page) => head.readUInt32LE(TABLE_AT + page * 4)),
  };
}

/** Index of the first page whose checksum does not fit, -1 when all do. */
export function damagedPage(head: PieceHead, payload: Buffer): number {
  for (let page = 0; page < head.pages; page += 1)
    if (crc32(payload.subarray(page * PAGE_BYTES, (page + 1) * PAGE_BYTES)) !== head.checksums[page]) return page;
  return -1;
}
