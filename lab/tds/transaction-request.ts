import { afterAllHeaders } from "./batch";
import type { ByteReader } from "./byte-reader";
import { ProtocolError } from "./protocol-error";

/** A transaction manager request (MS-TDS 2.2.6.9). */
export interface TransactionRequest {
  readonly action: "begin" | "commit" | "rollback" | "save" | "distributed";
  /** Name of the transaction or the savepoint, "" when there is none. */
  readonly name: string;
  /** A new transaction begins when this one has ended (fBeginXact). */
  readonly beginAnother: boolean;
}

const Request = {
  getAddress: 0,
  propagate: 1,
  begin: 5,
  promote: 6,
  commit: 7,
  rollback: 8,
  save: 9,
} as const;

/** Reads the request. The isolation level that comes with `begin` is not read: the engine has its own setting for it. */
export function parseTransactionRequest(payload: Buffer): TransactionRequest {
  const reader = afterAllHeaders(payload);
  const type = reader.uint16();
  switch (type) {
    case Request.begin:
      reader.uint8(); // isolation level
      return { action: "begin", name: name(reader), beginAnother: false };
    case Request.commit:
    case Request.rollback: {
      const transaction = name(reader);
      const beginAnother = reader.remaining > 0 && (reader.uint8() & 0x01) !== 0;
      return { action: type === Request.commit ? "commit" : "rollback", name: transaction, beginAnother };
    }
    case Request.save:
      return { action: "save", name: name(reader), beginAnother: false };
    case Request.getAddress:
    case Request.propagate:
    case Request.promote:
      return { action: "distributed", name: "", beginAnother: false };
    default:
      throw new ProtocolError();
  }
}

/** B_VARBYTE: the length of the name is in bytes here, not in characters. */
function name(reader: ByteReader): string {
  return reader.bytes(reader.uint8()).toString("utf16le");
}
