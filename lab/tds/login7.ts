import type { LoginRequest } from "./backend";
import { ByteReader } from "./byte-reader";
import { DEFAULT_PACKET_SIZE, MAXIMUM_PACKET_SIZE, MINIMUM_PACKET_SIZE } from "./packets";
import { ProtocolError } from "./protocol-error";

/** TDS versions as LOGIN7 and LOGINACK carry them (MS-TDS 2.2.6.4, 2.2.7.14). */
export const TdsVersion = {
  /** SQL Server 2005. */
  v7_2: 0x72090002,
  /** SQL Server 2008: date, time, datetime2, datetimeoffset. */
  v7_3A: 0x730a0003,
  /** SQL Server 2008 R2: NBCROW. */
  v7_3B: 0x730b0003,
  /** SQL Server 2012 and later. */
  v7_4: 0x74000004,
} as const;

/** A LOGIN7 message. */
export interface Login7 {
  readonly request: LoginRequest;
  readonly tdsVersion: number;
  /** What the client asked for, brought into 512 to 32,767; 4,096 when it asked nothing. */
  readonly packetSize: number;
  /** Windows authentication: the message carries SSPI data instead of a password. */
  readonly integratedSecurity: boolean;
}

const INTEGRATED_SECURITY = 0x80;
/** Where the pairs of offset and length begin. */
const OFFSETS_START = 36;

/**
 * Reads LOGIN7. Feature extensions and the SSPI data are left unread: SQL Server 2012 acknowledges none of the former.
 * Throws ProtocolError when offsets leave the message.
 */
export function parseLogin7(payload: Buffer): Login7 {
  const reader = new ByteReader(payload);
  const length = reader.uint32();
  if (length > payload.length) throw new ProtocolError("LOGIN7: the message is shorter than its length says.");
  const tdsVersion = reader.uint32();
  const askedPacketSize = reader.uint32();
  reader.uint32(); // version of the client's program
  const clientProcessId = reader.uint32();
  reader.uint32(); // connection id
  reader.uint8(); // option flags 1
  const optionFlags2 = reader.uint8();

  const field = (index: number): Buffer => {
    const pair = new ByteReader(payload, OFFSETS_START + index * 4);
    const position = pair.uint16();
    const characters = pair.uint16();
    return characters === 0 ? Buffer.alloc(0) : new ByteReader(payload, position).bytes(characters * 2);
  };
  const text = (index: number): string => field(index).toString("utf16le");

  return {
    request: {
      hostName: text(0),
      user: text(1),
      password: revealPassword(field(2)),
      applicationName: text(3),
      language: text(7),
      database: text(8),
      clientProcessId,
    },
    tdsVersion,
    packetSize:
      askedPacketSize === 0
        ? DEFAULT_PACKET_SIZE
        : Math.min(Math.max(askedPacketSize, MINIMUM_PACKET_SIZE), MAXIMUM_PACKET_SIZE),
    integratedSecurity: (optionFlags2 & INTEGRATED_SECURITY) !== 0,
  };
}

/** Undoes what clients do to the password: halves of each byte swapped, then XOR 0xA5 (MS-TDS 2.2.6.4). */
function revealPassword(bytes: Buffer): string {
  return Buffer.from(
    bytes.map((byte) => {
      const mixed = byte ^ 0xa5;
      return ((mixed << 4) | (mixed >> 4)) & 0xff;
    }),
  ).toString("utf16le");
}
