/** Cuts what a TDS client sends into frames: TDS packets (MS-TDS 2.2.3.1) and, between them, TLS records (RFC 5246, 6.2.1). */

/** `prelogin` is PRELOGIN and the handshake of TLS inside of it; `other` any packet in plain text. */
export type FrameKind = "prelogin" | "attention" | "other" | "TLS";

const preloginType = 0x12;
const attentionType = 0x06;
/** The lengths of both kinds of frame stand within the first five bytes. */
const headerBytes = 5;

export class ClientFrames {
  #header = Buffer.alloc(0);
  /** Bytes of the frame under way that are still to come. */
  #rest = 0;

  /** @param tell called once per frame, when its header is there */
  constructor(readonly tell: (kind: FrameKind) => void) {}

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#rest > 0) {
        const skipped = Math.min(this.#rest, chunk.length - at);
        this.#rest -= skipped;
        at += skipped;
        continue;
      }
      const taken = chunk.subarray(at, at + headerBytes - this.#header.length);
      this.#header = Buffer.concat([this.#header, taken]);
      at += taken.length;
      if (this.#header.length === headerBytes) this.#begin();
    }
  }

  #begin(): void {
    const type = this.#header.readUInt8(0);
    // Content types of TLS are 0x14 to 0x17, with major version 3; no packet that a client sends has such a type.
    const isTls = type >= 0x14 && type <= 0x17 && this.#header.readUInt8(1) === 3;
    this.#rest = isTls ? this.#header.readUInt16BE(3) : this.#header.readUInt16BE(2) - headerBytes;
    this.#header = Buffer.alloc(0);
    this.tell(isTls ? "TLS" : type === preloginType ? "prelogin" : type === attentionType ? "attention" : "other");
  }
}
