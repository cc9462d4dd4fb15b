import type { Socket } from "node:net";
import { TLSSocket } from "node:tls";
import type { SecureContext } from "node:tls";
import { TlsTunnel } from "./tls-tunnel";

/** How long a client may take to close its side, in milliseconds. */
const CLOSE_TIMEOUT = 5_000;

/** The bytes of one connection, in plain text or through TLS, which may begin and end between two messages. */
export class Transport {
  readonly #socket: Socket;
  readonly #receive: (chunk: Buffer) => void;
  #tunnel: TlsTunnel | undefined;
  #secure: TLSSocket | undefined;
  #wakeWriters: (() => void)[] = [];
  /** Resolves when nothing can be sent or received any more. */
  readonly closed: Promise<void>;

  /** @param receive called with what the client sent, decrypted */
  constructor(socket: Socket, receive: (chunk: Buffer) => void) {
    this.#socket = socket;
    this.#receive = receive;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      if (this.#tunnel === undefined) receive(chunk);
      else this.#tunnel.receive(chunk);
    });
    socket.on("drain", () => this.#wake());
    // "close" follows, which is where the session learns that its client is gone; a reset needs no other word.
    socket.on("error", () => socket.destroy());
    this.closed = new Promise((resolve) => {
      socket.once("close", () => {
        this.#tunnel?.destroy();
        this.#wake();
        resolve();
      });
    });
  }

  get remoteAddress(): string {
    return this.#socket.remoteAddress ?? "";
  }

  get encrypted(): boolean {
    return this.#secure !== undefined;
  }

  /** From the next byte on the client speaks TLS. */
  startTls(secureContext: SecureContext): void {
    const tunnel = new TlsTunnel(this.#socket);
    const secure = new TLSSocket(tunnel, { isServer: true, secureContext });
    this.#tunnel = tunnel;
    this.#secure = secure;
    secure.on("data", (chunk: Buffer) => this.#receive(chunk));
    secure.on("drain", () => this.#wake());
    // A handshake that fails, most often a client that does not trust the certificate, ends the connection.
    secure.on("error", () => this.destroy());
    secure.once("close", () => this.destroy());
    tunnel.on("error", () => this.destroy());
  }

  /** From the next byte on both sides speak plain text again; TLS says no goodbye (MS-TDS 3.3.5.2). */
  stopTls(): void {
    this.#secure?.removeAllListeners("close");
    this.#secure?.removeAllListeners("data");
    this.#tunnel = undefined;
    this.#secure = undefined;
  }

  /** Sends; when the client does not keep up, answers a promise that resolves once it does or is gone. */
  send(bytes: Buffer): void | Promise<void> {
    if (bytes.length === 0 || this.#socket.destroyed) return;
    const stream = this.#secure ?? this.#socket;
    if (stream.write(bytes)) return;
    return new Promise((resolve) => this.#wakeWriters.push(resolve));
  }

  /** Closes after what was sent has left, also when the client does not close its side. */
  end(): void {
    this.#socket.setTimeout(CLOSE_TIMEOUT, () => this.destroy());
    (this.#secure ?? this.#socket).end();
  }

  /** Closes at once. */
  destroy(): void {
    this.#socket.destroy();
  }

  #wake(): void {
    const waiting = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const resolve of waiting) resolve();
  }
}
