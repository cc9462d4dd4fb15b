/**
 * A socket that does not let a password leave in clear text when encryption was asked for.
 *
 * tedious goes on without TLS when the server answers ENCRYPT_NOT_SUP or ENCRYPT_OFF to ENCRYPT_ON (MS-TDS 2.2.6.5),
 * and sends LOGIN7 as it stands. A look at the PRELOGIN answer on a connection of its own would prove nothing about
 * the next connection, so the check sits on the very bytes: what follows PRELOGIN must again be a packet of type 0x12,
 * the wrapping of the TLS handshake.
 */
import { Socket } from "node:net";

/** MS-TDS 2.2.3.1.1. */
const PRELOGIN_PACKET = 0x12;
/** Status bit of a message's last packet (MS-TDS 2.2.3.1.2). */
const END_OF_MESSAGE = 0x01;

/** The server declined the encryption that was asked for; LOGIN7 was held back. */
export class EncryptionDeclined extends Error {
  constructor() {
    super("the server declined encryption");
    this.name = "EncryptionDeclined";
  }
}

type Stage = "prelogin" | "decision" | "encrypted";
type WriteCallback = (error?: Error | null) => void;

class GuardedSocket extends Socket {
  #stage: Stage = "prelogin";

  override _write(chunk: Uint8Array, encoding: BufferEncoding, callback: WriteCallback): void {
    if (this.#mayLeave(chunk)) super._write(chunk, encoding, callback);
    else callback(new EncryptionDeclined());
  }

  override _writev(chunks: { chunk: Uint8Array; encoding: BufferEncoding }[], callback: WriteCallback): void {
    if (!chunks.every(({ chunk }) => this.#mayLeave(chunk))) callback(new EncryptionDeclined());
    else if (super._writev === undefined) callback(new Error("net.Socket has no _writev"));
    else super._writev(chunks, callback);
  }

  #mayLeave(packet: Uint8Array): boolean {
    if (this.#stage === "encrypted") return true;
    if (packet[0] !== PRELOGIN_PACKET) return false;
    if (this.#stage === "decision") this.#stage = "encrypted";
    else if (((packet[1] ?? 0) & END_OF_MESSAGE) !== 0) this.#stage = "decision";
    return true;
  }
}

/** Where tedious wants to be connected to; it hands this to its `connector` option. */
interface Address {
  readonly host: string;
  readonly port: number;
}

/** Connects a guarded socket; `signal` is the connect time-out of tedious. For tedious' option `connector`. */
export function connectGuarded(address: Address, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new GuardedSocket();
    const settle = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.removeListener("error", onError);
      socket.removeListener("connect", onConnect);
    };
    const onAbort = (): void => {
      settle();
      socket.destroy();
      reject(signal.reason instanceof Error ? signal.reason : new Error("connecting was given up"));
    };
    const onError = (error: Error): void => {
      settle();
      socket.destroy();
      reject(error);
    };
    const onConnect = (): void => {
      settle();
      resolve(socket);
    };
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("error", onError);
    socket.once("connect", onConnect);
    socket.connect({ host: address.host, port: address.port });
    if (signal.aborted) onAbort();
  });
}
