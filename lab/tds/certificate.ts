import { X509Certificate, createPrivateKey, createPublicKey, generateKeyPair, randomBytes, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { isIPv4 } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  bitString,
  boolean,
  contextSpecific,
  nullValue,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  unsignedInteger,
  utf8String,
} from "./der";

/** PEM texts of a private key and of the certificate made with it. */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

const KEY_FILE = "tds-key.pem";
const CERTIFICATE_FILE = "tds-certificate.pem";
const RSA_BITS = 2048;
const VALID_YEARS = 10;
/** A certificate that ends sooner is made anew, in milliseconds. */
const RENEWAL_MARGIN = 24 * 60 * 60 * 1000;
const LOOPBACK_NAMES = ["localhost", "127.0.0.1"];

const Oid = {
  sha256WithRsaEncryption: "1.2.840.113549.1.1.11",
  commonName: "2.5.4.3",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  extendedKeyUsage: "2.5.29.37",
  serverAuthentication: "1.3.6.1.5.5.7.3.1",
} as const;

/**
 * The self-signed certificate kept in a folder; made when there is none, when it ends soon, or when it lacks a name.
 * It is valid 10 years for localhost, 127.0.0.1 and `hostNames` (DNS names or IPv4 addresses), RSA 2048, SHA-256.
 */
export async function loadOrCreateCertificate(folder: string, hostNames: readonly string[]): Promise<Certificate> {
  const names = [...new Set([...LOOPBACK_NAMES, ...hostNames])];
  const kept = await readKept(folder);
  if (kept !== undefined && isUsable(kept, names)) return kept;
  const made = await createCertificate(names);
  await mkdir(folder, { recursive: true });
  // The key first: a certificate without its key would look usable to a reader in between.
  await replaceFile(join(folder, KEY_FILE), made.key);
  await replaceFile(join(folder, CERTIFICATE_FILE), made.cert);
  return made;
}

/** A new self-signed certificate for these names (RFC 5280). */
export async function createCertificate(names: readonly string[]): Promise<Certificate> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: RSA_BITS });
  const toBeSigned = certificateBody(names, privateKey, new Date());
  const signature = sign("sha256", toBeSigned, privateKey);
  const certificate = sequence(toBeSigned, signatureAlgorithm(), bitString(signature));
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: new X509Certificate(certificate).toString(),
  };
}

function certificateBody(names: readonly string[], privateKey: KeyObject, now: Date): Buffer {
  const notBefore = new Date(now.getTime() - RENEWAL_MARGIN);
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(now.getUTCFullYear() + VALID_YEARS);
  const name = sequence(
    set(sequence(objectIdentifier(Oid.commonName), utf8String(names[0] ?? LOOPBACK_NAMES[0] ?? ""))),
  );
  const extensions = sequence(
    // Its own authority, so that a client can be given it as its trust anchor.
    extension(Oid.basicConstraints, true, sequence(boolean(true))),
    // digitalSignature, keyEncipherment, keyCertSign: bits 0, 2 and 5.
    extension(Oid.keyUsage, true, bitString(Buffer.from([0b1010_0100]), 2)),
    extension(Oid.extendedKeyUsage, false, sequence(objectIdentifier(Oid.serverAuthentication))),
    extension(Oid.subjectAlternativeName, false, sequence(...names.map(generalName))),
  );
  return sequence(
    contextSpecific(0, true, unsignedInteger(Buffer.from([2]))), // version 3
    unsignedInteger(Buffer.concat([Buffer.from([1]), randomBytes(15)])),
    signatureAlgorithm(),
    name,
    sequence(time(notBefore), time(notAfter)),
    name,
    createPublicKey(privateKey).export({ type: "spki", format: "der" }),
    contextSpecific(3, true, extensions),
  );
}

function signatureAlgorithm(): Buffer {
  return sequence(objectIdentifier(Oid.sha256WithRsaEncryption), nullValue());
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  return critical
    ? sequence(objectIdentifier(oid), boolean(true), octetString(value))
    : sequence(objectIdentifier(oid), octetString(value));
}

/** dNSName or iPAddress. */
function generalName(name: string): Buffer {
  return isIPv4(name)
    ? contextSpecific(7, false, Buffer.from(name.split(".").map(Number)))
    : contextSpecific(2, false, Buffer.from(name, "latin1"));
}

async function readKept(folder: string): Promise<Certificate | undefined> {
  try {
    const [key, cert] = await Promise.all([
      readFile(join(folder, KEY_FILE), "utf8"),
      readFile(join(folder, CERTIFICATE_FILE), "utf8"),
    ]);
    return { key, cert };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function isUsable({ key, cert }: Certificate, names: readonly string[]): boolean {
  const certificate = new X509Certificate(cert);
  return (
    certificate.checkPrivateKey(createPrivateKey(key)) &&
    certificate.validToDate.getTime() > Date.now() + RENEWAL_MARGIN &&
    names.every((name) => (isIPv4(name) ? certificate.checkIP(name) : certificate.checkHost(name)) !== undefined)
  );
}

/** Readable for its owner alone, and never half written. */
async function replaceFile(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, content, { mode: 0o600 });
  await rename(temporary, path);
}
