import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import { MessageWriter, PACKET_HEADER_SIZE, PacketType } from "./packets";

/** Packets of the handshake; no size has been agreed on yet. */
const HANDSHAKE_PACKET_SIZE = 4096;

/**
 * What node:tls sees as its socket. During the handshake TLS records travel inside packets of type PRELOGIN, both ways;
 * from the first record that the client sends bare, everything is bare (MS-TDS 3.3.5.2, 2.2.6.5).
 */
export class TlsTunnel extends Duplex {
  readonly #socket: Socket;
  #pending: Buffer = Buffer.alloc(0);
  #wrapped = true;

  constructor(socket: Socket) {
    super();
    this.#socket = socket;
  }

  /** Takes what the socket delivered. */
  receive(chunk: Buffer): void {
    if (!this.#wrapped) {
      this.push(chunk);
      return;
    }
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    while (bytes.length > 0) {
      if (bytes.readUInt8(0) !== PacketType.prelogin) {
        this.#wrapped = false;
        this.push(bytes);
        bytes = Buffer.alloc(0);
        break;
      }
      const length = bytes.length < PACKET_HEADER_SIZE ? PACKET_HEADER_SIZE : bytes.readUInt16BE(2);
      if (length < PACKET_HEADER_SIZE) {
        this.destroy(new Error(`A handshake packet of length ${length}.`));
        return;
      }
      if (bytes.length < length) break;
      if (length > PACKET_HEADER_SIZE) this.push(bytes.subarray(PACKET_HEADER_SIZE, length));
      bytes = bytes.subarray(length);
    }
    this.#pending = bytes;
  }

  override _read(): void {
    // `receive` pushes: what the client sends is bounded by what it is answered.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.#send([chunk], callback);
  }

  /** One flight of the handshake in one message. */
  override _writev(chunks: readonly { readonly chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.#send(
      chunks.map(({ chunk }) => chunk),
      callback,
    );
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.#socket.end(() => callback());
  }

  #send(chunks: readonly Buffer[], callback: (error?: Error | null) => void): void {
    if (!this.#wrapped) {
      this.#socket.write(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks), callback);
      return;
    }
    // Handshake packets of SQL Server are of type PRELOGIN, unlike its answer to PRELOGIN itself.
    const message = new MessageWriter(PacketType.prelogin, HANDSHAKE_PACKET_SIZE, 0);
    for (const chunk of chunks) message.out.bytes(chunk);
    this.#socket.write(message.end(), callback);
  }
}
