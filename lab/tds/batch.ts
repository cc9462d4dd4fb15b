import { ByteReader } from "./byte-reader";
import { ProtocolError } from "./protocol-error";

/** A reader behind ALL_HEADERS (MS-TDS 2.2.5.3), which nothing is needed of: the session knows its own transaction. */
export function afterAllHeaders(payload: Buffer): ByteReader {
  const length = new ByteReader(payload).uint32();
  if (length < 4 || length > payload.length) throw new ProtocolError();
  return new ByteReader(payload, length);
}

/** The text of a batch (MS-TDS 2.2.6.7). */
export function batchText(payload: Buffer): string {
  const reader = afterAllHeaders(payload);
  return reader.text(Math.floor(reader.remaining / 2));
}
