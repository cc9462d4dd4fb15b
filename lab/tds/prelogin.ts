import { ByteReader } from "./byte-reader";
import { ProtocolError } from "./protocol-error";

/** Values of the ENCRYPTION option (MS-TDS 2.2.6.5). */
export const Encryption = { off: 0, on: 1, notSupported: 2, required: 3 } as const;

/** How a server is set up: no certificate; SQL Server's default; "Force Encryption". */
export type EncryptionMode = "notSupported" | "off" | "required";

/** What server and client agreed on. */
export interface EncryptionAgreement {
  /** The byte that the server answers. */
  readonly answer: number;
  /** Plain text, TLS for LOGIN7 alone, or TLS for the whole session. */
  readonly protection: "none" | "login" | "session";
}

const Option = { version: 0, encryption: 1, instance: 2, threadId: 3, mars: 4, terminator: 0xff } as const;

/** What the client asks in its PRELOGIN: its ENCRYPTION byte; a client that names none has no TLS. */
export function requestedEncryption(payload: Buffer): number {
  const reader = new ByteReader(payload);
  for (let option = reader.uint8(); option !== Option.terminator; option = reader.uint8()) {
    // Offsets and lengths are big-endian, unlike everything after PRELOGIN.
    const position = reader.bytes(2).readUInt16BE(0);
    const length = reader.bytes(2).readUInt16BE(0);
    if (option !== Option.encryption) continue;
    const value = payload[position];
    if (value === undefined || length < 1) throw new ProtocolError("PRELOGIN: the encryption option has no value.");
    return value;
  }
  return Encryption.notSupported;
}

/** The table of MS-TDS 2.2.6.5: what a server of this mode answers to what a client asks. */
export function agreeOnEncryption(mode: EncryptionMode, requested: number): EncryptionAgreement {
  // Bit 0x80 says that the client has a certificate of its own, which changes nothing here.
  const asked = requested & 0x7f;
  if (mode === "notSupported") return { answer: Encryption.notSupported, protection: "none" };
  if (asked === Encryption.on || asked === Encryption.required) return { answer: Encryption.on, protection: "session" };
  if (mode === "required") return { answer: Encryption.required, protection: "session" };
  if (asked === Encryption.off) return { answer: Encryption.off, protection: "login" };
  return { answer: Encryption.notSupported, protection: "none" };
}

/** The server's PRELOGIN: version, encryption, instance name right, no thread id, no MARS. */
export function preloginAnswer(version: { major: number; minor: number; build: number }, encryption: number): Buffer {
  const versionBytes = Buffer.alloc(6);
  versionBytes.writeUInt8(version.major, 0);
  versionBytes.writeUInt8(version.minor, 1);
  versionBytes.writeUInt16BE(version.build, 2);
  const options: readonly (readonly [number, Buffer])[] = [
    [Option.version, versionBytes],
    [Option.encryption, Buffer.from([encryption])],
    // Zero: the name asked for is served here. FreeTDS and python-tds always send "MSSQLServer".
    [Option.instance, Buffer.from([0])],
    [Option.threadId, Buffer.alloc(0)],
    [Option.mars, Buffer.from([0])],
  ];
  const header = Buffer.alloc(options.length * 5 + 1);
  let position = header.length;
  options.forEach(([option, value], index) => {
    header.writeUInt8(option, index * 5);
    header.writeUInt16BE(position, index * 5 + 1);
    header.writeUInt16BE(value.length, index * 5 + 3);
    position += value.length;
  });
  header.writeUInt8(Option.terminator, options.length * 5);
  return Buffer.concat([header, ...options.map(([, value]) => value)]);
}
