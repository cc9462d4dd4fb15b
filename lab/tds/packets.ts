import { ByteWriter } from "./byte-writer";
import { ProtocolError } from "./protocol-error";

/** Types of packets (MS-TDS 2.2.3.1.1). */
export const PacketType = {
  batch: 0x01,
  remoteProcedureCall: 0x03,
  tabularResult: 0x04,
  attention: 0x06,
  bulkLoad: 0x07,
  transactionManagerRequest: 0x0e,
  login7: 0x10,
  securitySupportProvider: 0x11,
  prelogin: 0x12,
} as const;

/** Bits of a packet's status (MS-TDS 2.2.3.1.2). */
export const PacketStatus = {
  endOfMessage: 0x01,
  ignore: 0x02,
  resetConnection: 0x08,
  resetConnectionSkipTransaction: 0x10,
} as const;

export const PACKET_HEADER_SIZE = 8;
export const DEFAULT_PACKET_SIZE = 4096;
export const MINIMUM_PACKET_SIZE = 512;
export const MAXIMUM_PACKET_SIZE = 32767;

/** "Maximum capacity specifications": a batch is at most 65,536 packets. */
const MAXIMUM_PACKETS = 65536;

const clientPacketTypes: ReadonlySet<number> = new Set(
  Object.values(PacketType).filter((type) => type !== PacketType.tabularResult),
);

/** A complete message of a client. */
export interface ClientMessage {
  readonly type: number;
  readonly payload: Buffer;
  /** The client gave the message up while it sent it. */
  readonly ignored: boolean;
  /** The session is to be reset before the message is served. */
  readonly reset: boolean;
}

/** Puts messages together from what the socket delivers, however it is cut. */
export class MessageReader {
  readonly #deliver: (message: ClientMessage) => void;
  #pending: Buffer = Buffer.alloc(0);
  #payloads: Buffer[] = [];
  #type: number | undefined;
  #reset = false;

  constructor(deliver: (message: ClientMessage) => void) {
    this.#deliver = deliver;
  }

  /** Nothing of a further message has arrived. */
  get atBoundary(): boolean {
    return this.#pending.length === 0 && this.#type === undefined;
  }

  /** Throws ProtocolError when the bytes are not TDS packets. */
  push(chunk: Buffer): void {
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (bytes.length > 0) {
      const type = bytes.readUInt8(0);
      // A first byte of 0x16 is a client of TDS 8 that starts with TLS.
      if (!clientPacketTypes.has(type)) throw new ProtocolError(`Packet type 0x${type.toString(16)} is unknown.`);
      if (bytes.length < PACKET_HEADER_SIZE) break;
      const length = bytes.readUInt16BE(2);
      if (length < PACKET_HEADER_SIZE) throw new ProtocolError(`Packet length ${length} is below its header.`);
      if (bytes.length < length) break;
      this.#packet(type, bytes.readUInt8(1), bytes.subarray(PACKET_HEADER_SIZE, length));
      bytes = bytes.subarray(length);
    }
    this.#pending = bytes;
  }

  #packet(type: number, status: number, payload: Buffer): void {
    if (this.#type !== undefined && this.#type !== type) {
      throw new ProtocolError(`A packet of type ${type} inside a message of type ${this.#type}.`);
    }
    this.#type = type;
    this.#reset ||= (status & (PacketStatus.resetConnection | PacketStatus.resetConnectionSkipTransaction)) !== 0;
    this.#payloads.push(payload);
    if (this.#payloads.length > MAXIMUM_PACKETS) throw new ProtocolError("A message of more than 65,536 packets.");
    if ((status & PacketStatus.endOfMessage) === 0) return;
    const [only] = this.#payloads;
    const message: ClientMessage = {
      type,
      payload: this.#payloads.length === 1 && only !== undefined ? only : Buffer.concat(this.#payloads),
      ignored: (status & PacketStatus.ignore) !== 0,
      reset: this.#reset,
    };
    this.#payloads = [];
    this.#type = undefined;
    this.#reset = false;
    this.#deliver(message);
  }
}

/** Cuts what is written for one message into packets; `flush` hands them on. */
export class MessageWriter {
  readonly out = new ByteWriter();
  readonly #type: number;
  readonly #packetSize: number;
  readonly #serverProcessId: number;
  #packetId = 1;

  /** @param packetSize bytes of a packet with its header */
  constructor(type: number, packetSize: number, serverProcessId: number) {
    this.#type = type;
    this.#packetSize = packetSize;
    this.#serverProcessId = serverProcessId;
  }

  /** The full packets that wait; with `partial` also the rest, as a short packet that does not end the message. */
  flush(partial: boolean): Buffer {
    const payloadSize = this.#packetSize - PACKET_HEADER_SIZE;
    const waiting = this.out.length;
    return this.#cut(partial ? waiting : waiting - (waiting % payloadSize), false);
  }

  /** Everything that waits; the last packet ends the message. */
  end(): Buffer {
    return this.#cut(this.out.length, true);
  }

  #cut(count: number, last: boolean): Buffer {
    const payloadSize = this.#packetSize - PACKET_HEADER_SIZE;
    const packets = Math.max(Math.ceil(count / payloadSize), last ? 1 : 0);
    const result = Buffer.allocUnsafe(count + packets * PACKET_HEADER_SIZE);
    let position = 0;
    let left = packets;
    const packet = (payload: Buffer): void => {
      left--;
      result[position] = this.#type;
      result[position + 1] = last && left === 0 ? PacketStatus.endOfMessage : 0;
      result.writeUInt16BE(payload.length + PACKET_HEADER_SIZE, position + 2);
      result.writeUInt16BE(this.#serverProcessId & 0xffff, position + 4);
      result[position + 6] = this.#packetId;
      result[position + 7] = 0;
      this.#packetId = (this.#packetId + 1) & 0xff;
      payload.copy(result, position + PACKET_HEADER_SIZE);
      position += payload.length + PACKET_HEADER_SIZE;
    };
    if (count === 0 && last) packet(Buffer.alloc(0));
    else this.out.take(count, payloadSize, packet);
    return result;
  }
}
