import { ProtocolError } from "./protocol-error";

/** A cursor over the bytes of one message, little-endian as MS-TDS 2.2.5.1 wants. Throws ProtocolError past the end. */
export class ByteReader {
  readonly #bytes: Buffer;
  #position: number;

  constructor(bytes: Buffer, position = 0) {
    this.#bytes = bytes;
    this.#position = position;
  }

  get position(): number {
    return this.#position;
  }

  /** Bytes not read yet. */
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }

  #advance(count: number): number {
    const start = this.#position;
    if (count > this.#bytes.length - start) throw new ProtocolError();
    this.#position = start + count;
    return start;
  }

  uint8(): number {
    return this.#bytes.readUInt8(this.#advance(1));
  }

  /** The next byte, left where it is; undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#position];
  }

  uint16(): number {
    return this.#bytes.readUInt16LE(this.#advance(2));
  }

  int16(): number {
    return this.#bytes.readInt16LE(this.#advance(2));
  }

  uint32(): number {
    return this.#bytes.readUInt32LE(this.#advance(4));
  }

  int32(): number {
    return this.#bytes.readInt32LE(this.#advance(4));
  }

  uint64(): bigint {
    return this.#bytes.readBigUInt64LE(this.#advance(8));
  }

  int64(): bigint {
    return this.#bytes.readBigInt64LE(this.#advance(8));
  }

  float(): number {
    return this.#bytes.readFloatLE(this.#advance(4));
  }

  double(): number {
    return this.#bytes.readDoubleLE(this.#advance(8));
  }

  /** Unsigned, 1 to 6 bytes. */
  uint(byteCount: number): number {
    return this.#bytes.readUIntLE(this.#advance(byteCount), byteCount);
  }

  /** A view, not a copy. */
  bytes(count: number): Buffer {
    const start = this.#advance(count);
    return this.#bytes.subarray(start, start + count);
  }

  /** UTF-16 text of so many code units. */
  text(characters: number): string {
    return this.bytes(characters * 2).toString("utf16le");
  }

  /** B_VARCHAR: one byte of length in characters, then UTF-16. */
  shortText(): string {
    return this.text(this.uint8());
  }
}
