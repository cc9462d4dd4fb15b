/** Writes one backup set to the devices of a media set: appended, or from the start. */
import { deflateRaw } from "node:zlib";
import { promisify } from "node:util";
import type { SqlError } from "../../tsql/errors";
import type { InstanceCore } from "../instance-core";
import { newGuid } from "../storage/guid";
import { BackupDevice } from "./device";
import { backupErrors, backupMessages } from "./errors";
import type { BackupSetHeader } from "./header";
import { BLOCK_BYTES, encodeBlock, pieceHead, type MediaHeader, type PieceKind } from "./media";
import { MediaReader, readFamily } from "./media-reader";
import type { BackupRequest } from "./request";

const deflate = promisify(deflateRaw);

/** The refusal was told as a message of severity 10: only 3013 follows. */
export class RefusedByMedia extends Error {}

interface Target {
  readonly device: BackupDevice;
  readonly header: MediaHeader;
  offset: number;
}

export class MediaWriter {
  #sequence = 0;
  /** Bytes of all payloads and as stored. */
  payloadBytes = 0;
  storedBytes = 0;

  private constructor(
    readonly targets: readonly Target[],
    /** FILE = n of the set to write. */
    readonly position: number,
    readonly request: BackupRequest,
  ) {}

  get media(): MediaHeader {
    return (this.targets[0] as Target).header;
  }

  /** Opens the devices and settles between append, INIT and FORMAT. Throws 3201, 3241, 3242, 3098, 3132, 3266, RefusedByMedia. */
  static async open(core: InstanceCore, request: BackupRequest): Promise<MediaWriter> {
    const devices: BackupDevice[] = [];
    try {
      for (const path of request.devices) devices.push(await BackupDevice.open(core, path, "write"));
      const { headers, offsets, position } = await settle(core, request, devices);
      const targets = devices.map((device, index) => ({
        device,
        header: headers[index] as MediaHeader,
        offset: offsets[index] as number,
      }));
      const writer = new MediaWriter(targets, position, request);
      for (const target of targets) {
        await target.device.truncate(target.offset);
        if (target.offset > 0) continue;
        const block = encodeBlock("TAPE", target.header);
        await target.device.write(block, 0);
        target.offset = block.length;
      }
      return writer;
    } catch (error) {
      for (const device of devices) await device.close();
      throw error;
    }
  }

  async begin(header: BackupSetHeader): Promise<void> {
    await this.#block("SSET", header);
  }

  /** Writes the end block and waits until the set is on the disks. */
  async end(header: BackupSetHeader): Promise<void> {
    await this.#block("ESET", header);
    for (const target of this.targets) await target.device.flush();
  }

  /** Writes a piece to the next device in turn. @param firstPage of a DATA piece; 0 otherwise */
  async piece(kind: PieceKind, firstPage: number, payload: Buffer): Promise<void> {
    const compressed = this.media.compressed;
    const stored = compressed ? await deflate(payload, { level: 1 }) : payload;
    const head = pieceHead(kind, this.#sequence, firstPage, payload, stored, {
      compressed,
      checksum: this.request.checksum === true,
    });
    const target = this.targets[this.#sequence % this.targets.length] as Target;
    this.#sequence += 1;
    await target.device.write(head, target.offset);
    target.offset += head.length;
    await target.device.write(stored, target.offset);
    target.offset += stored.length;
    this.payloadBytes += payload.length;
    this.storedBytes += stored.length;
  }

  async close(): Promise<void> {
    for (const target of this.targets) await target.device.close();
  }

  async #block(kind: "SSET" | "ESET", header: BackupSetHeader): Promise<void> {
    const block = encodeBlock(kind, header);
    for (const target of this.targets) {
      await target.device.write(block, target.offset);
      target.offset += block.length;
    }
  }
}

interface Settled {
  readonly headers: readonly MediaHeader[];
  readonly offsets: readonly number[];
  readonly position: number;
}

async function settle(core: InstanceCore, request: BackupRequest, devices: readonly BackupDevice[]): Promise<Settled> {
  const sizes = await Promise.all(devices.map((device) => device.size()));
  const blank = sizes.every((size) => size === 0);
  if (request.format === true || blank) return formatted(core, request, devices);
  const families = [];
  for (const device of devices) families.push(await readFamily(device));
  const first = (families[0] as (typeof families)[number]).header;
  if (families.length !== first.familyCount) throw backupErrors.familiesMissing(first.familyCount, families.length);
  refuseOtherFormat(request, first);
  const headers = families.map((family) => family.header);
  if (request.mediaName !== undefined && request.mediaName !== first.name && request.skip !== true)
    refuse(request, backupMessages.otherVolume(request.mediaName, first.name, (devices[0] as BackupDevice).path));
  const sets = (families[0] as (typeof families)[number]).sets;
  if (request.init === true) {
    if (request.skip !== true) refuseToOverwrite(core, request, (devices[0] as BackupDevice).path, sets);
    // The media header is kept, the sets go.
    return { headers, offsets: devices.map(() => BLOCK_BYTES), position: 1 };
  }
  const offsets = families.map((family) => {
    const end = MediaReader.endOf(family);
    if (end === undefined) throw backupErrors.malformedEnd(family.device.path);
    return end;
  });
  return { headers, offsets, position: sets.length + 1 };
}

function formatted(core: InstanceCore, request: BackupRequest, devices: readonly BackupDevice[]): Settled {
  const mediaSetGuid = newGuid();
  const headers = devices.map((_, index) => ({
    mediaSetGuid,
    familyGuid: newGuid(),
    familyCount: devices.length,
    familySequence: index + 1,
    name: request.mediaName ?? "",
    description: request.mediaDescription ?? "",
    date: core.localTime(),
    compressed: request.compression === true,
  }));
  return { headers, offsets: devices.map(() => 0), position: 1 };
}

function refuseOtherFormat(request: BackupRequest, media: MediaHeader): void {
  if (request.compression === undefined || request.compression === media.compressed) return;
  throw backupErrors.formatMismatch(request.compression ? "COMPRESSION" : "NO_COMPRESSION");
}

function refuseToOverwrite(
  core: InstanceCore,
  request: BackupRequest,
  device: string,
  sets: readonly { readonly header: BackupSetHeader }[],
): void {
  const now = core.localTime();
  const unexpired = sets.find(({ header }) => (header.expirationDate ?? 0) > now);
  if (unexpired !== undefined) {
    const date = new Date(unexpired.header.expirationDate ?? 0).toISOString().slice(0, 19).replace("T", " ");
    refuse(request, backupMessages.expires(device, date));
  }
  const named = sets[0]?.header.name;
  if (request.name !== undefined && named !== undefined && named !== null && named !== request.name)
    refuse(request, backupMessages.otherVolume(request.name, named, device));
}

function refuse(request: BackupRequest, message: Parameters<BackupRequest["requester"]["message"]>[0]): never {
  request.requester.message(message);
  throw new RefusedByMedia(message.text);
}

/** What the statement ends with when the media refused: 3013 alone. */
export function afterRefusal(error: unknown, terminating: SqlError): unknown {
  return error instanceof RefusedByMedia ? terminating : error;
}
