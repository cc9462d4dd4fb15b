/**
 * Master keys, certificates and database encryption keys, as far as transparent data encryption needs them.
 * Source: "CREATE MASTER KEY", "CREATE CERTIFICATE", "BACKUP CERTIFICATE", "CREATE DATABASE ENCRYPTION KEY".
 */
import type { CertificateFile, Statement } from "../ast";
import type { Cursor } from "./cursor";

/** Behind CREATE MASTER KEY. */
export function parseCreateMasterKey(cursor: Cursor, line: number): Statement {
  cursor.expect("ENCRYPTION", "BY", "PASSWORD", "=");
  cursor.string();
  return { kind: "createMasterKey", line };
}

/** Behind CREATE CERTIFICATE: made anew WITH SUBJECT, or brought FROM FILE. */
export function parseCreateCertificate(cursor: Cursor, line: number): Statement {
  const name = cursor.identifier();
  if (cursor.accept("FROM"))
    return { kind: "createCertificate", line, name, source: parseFile(cursor, "FILE", "DECRYPTION") };
  cursor.expect("WITH", "SUBJECT", "=");
  return { kind: "createCertificate", line, name, source: { subject: cursor.string() } };
}

/** Behind BACKUP CERTIFICATE. */
export function parseBackupCertificate(cursor: Cursor, line: number): Statement {
  const name = cursor.identifier();
  cursor.expect("TO");
  return { kind: "backupCertificate", line, name, target: parseFile(cursor, "FILE", "ENCRYPTION") };
}

/** FILE = 'path' WITH PRIVATE KEY (FILE = 'path', … BY PASSWORD = 'text'). */
function parseFile(cursor: Cursor, word: string, protection: "ENCRYPTION" | "DECRYPTION"): CertificateFile {
  cursor.expect(word, "=");
  const file = cursor.string();
  cursor.expect("WITH", "PRIVATE", "KEY");
  return cursor.parenthesized(() => {
    cursor.expect("FILE", "=");
    const privateKey = cursor.string();
    cursor.expect(",", protection, "BY", "PASSWORD", "=");
    return { file, privateKey, password: cursor.string() };
  });
}

/** Behind CREATE DATABASE ENCRYPTION KEY. */
export function parseCreateEncryptionKey(cursor: Cursor, line: number): Statement {
  cursor.expect("WITH", "ALGORITHM", "=");
  const algorithm = cursor.expectOneOf(["AES_128", "AES_192", "AES_256", "TRIPLE_DES_3KEY"] as const);
  cursor.expect("ENCRYPTION", "BY", "SERVER", "CERTIFICATE");
  return { kind: "createEncryptionKey", line, algorithm, certificate: cursor.identifier() };
}
