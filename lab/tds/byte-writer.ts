const INITIAL_SIZE = 4096;

/** One growing buffer that tokens are written into, little-endian. `take` empties it from the front. */
export class ByteWriter {
  #buffer = Buffer.allocUnsafe(INITIAL_SIZE);
  #length = 0;

  /** Bytes written and not taken yet. */
  get length(): number {
    return this.#length;
  }

  /** Makes room for so many bytes and answers where they begin. */
  #reserve(count: number): number {
    const start = this.#length;
    const end = start + count;
    if (end > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(end, this.#buffer.length * 2));
      this.#buffer.copy(larger, 0, 0, start);
      this.#buffer = larger;
    }
    this.#length = end;
    return start;
  }

  uint8(value: number): void {
    const at = this.#reserve(1);
    this.#buffer[at] = value;
  }

  uint16(value: number): void {
    const at = this.#reserve(2);
    this.#buffer.writeUInt16LE(value, at);
  }

  uint16BigEndian(value: number): void {
    const at = this.#reserve(2);
    this.#buffer.writeUInt16BE(value, at);
  }

  int16(value: number): void {
    const at = this.#reserve(2);
    this.#buffer.writeInt16LE(value, at);
  }

  uint32(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeUInt32LE(value, at);
  }

  uint32BigEndian(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeUInt32BE(value, at);
  }

  int32(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeInt32LE(value, at);
  }

  uint64(value: bigint): void {
    const at = this.#reserve(8);
    this.#buffer.writeBigUInt64LE(value, at);
  }

  int64(value: bigint): void {
    const at = this.#reserve(8);
    this.#buffer.writeBigInt64LE(value, at);
  }

  float(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeFloatLE(value, at);
  }

  double(value: number): void {
    const at = this.#reserve(8);
    this.#buffer.writeDoubleLE(value, at);
  }

  /** Unsigned, 1 to 6 bytes. */
  uint(value: number, byteCount: number): void {
    const at = this.#reserve(byteCount);
    this.#buffer.writeUIntLE(value, at, byteCount);
  }

  bytes(value: Uint8Array): void {
    const at = this.#reserve(value.length);
    this.#buffer.set(value, at);
  }

  /** UTF-16 text without a length. */
  text(value: string): void {
    const at = this.#reserve(value.length * 2);
    this.#buffer.write(value, at, "utf16le");
  }

  /** B_VARCHAR: one byte of length in characters, then UTF-16; at most 255 characters. */
  shortText(value: string): void {
    this.uint8(value.length);
    this.text(value);
  }

  /** US_VARCHAR: two bytes of length in characters, then UTF-16; at most 65,535 characters. */
  longText(value: string): void {
    this.uint16(value.length);
    this.text(value);
  }

  /** Overwrites two bytes that were written before: the length of a token, known at its end. */
  patchUint16(at: number, value: number): void {
    this.#buffer.writeUInt16LE(value, at);
  }

  /** Overwrites one byte that was written before. */
  patchUint8(at: number, value: number): void {
    this.#buffer[at] = value;
  }

  /** Overwrites four bytes that were written before. */
  patchUint32(at: number, value: number): void {
    this.#buffer.writeUInt32LE(value, at);
  }

  /** Removes the first `count` bytes, handing each slice of at most `pieceSize` to `piece` before it is overwritten. */
  take(count: number, pieceSize: number, piece: (bytes: Buffer) => void): void {
    for (let start = 0; start < count; start += pieceSize) {
      piece(this.#buffer.subarray(start, Math.min(start + pieceSize, count)));
    }
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
  }
}
