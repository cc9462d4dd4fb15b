/**
 * Transparent data encryption as far as others see it: certificates in master, the key of a database, and the set that
 * can be restored only where the certificate is. Nothing is really encrypted.
 * Source: "Transparent data encryption (TDE)"; sql-docs system-catalog-views/sys-certificates-transact-sql.md.
 */
import { SqlError } from "../tsql/errors";
import type { Database } from "./database";
import type { InstanceCore } from "./instance-core";
import type { TransactionScope } from "./storage/transaction";

/** A certificate of master with its private key. */
export interface Certificate {
  readonly name: string;
  readonly id: number;
  readonly subject: string;
  /** 40 hexadecimal digits: by it, not by the name, a set finds its certificate. */
  readonly thumbprint: string;
  /** ISO texts of the server's local time. */
  readonly startDate: string;
  readonly expiryDate: string;
  readonly lastBackup: string | null;
}

/** The database encryption key. */
export interface EncryptionKey {
  readonly algorithm: string;
  /** Of the certificate that protects it. */
  readonly thumbprint: string;
  /** ALTER DATABASE … SET ENCRYPTION. */
  readonly isOn: boolean;
}

const KEY = "encryptionKey";
const CERTIFICATE = "certificate";
const MASTER_KEY = "masterKey";

export function certificates(core: InstanceCore, scope?: TransactionScope): readonly Certificate[] {
  return core
    .require("master")
    .definitions<Certificate>(CERTIFICATE, scope)
    .map(({ value }) => value);
}

export function putCertificate(
  core: InstanceCore,
  scope: TransactionScope,
  name: string,
  certificate: Certificate | undefined,
): void {
  core.require("master").putDefinition(scope, CERTIFICATE, name, certificate);
}

export function hasMasterKey(database: Database, scope: TransactionScope): boolean {
  return database.definition(MASTER_KEY, "key", scope) !== undefined;
}

export function putMasterKey(database: Database, scope: TransactionScope): void {
  database.putDefinition(scope, MASTER_KEY, "key", {});
}

/** The key of a database; undefined where none was made, or the database cannot be looked into. */
export function encryptionKey(database: Database, scope?: TransactionScope): EncryptionKey | undefined {
  return database.hasStore ? database.definition<EncryptionKey>(KEY, "key", scope) : undefined;
}

export function putEncryptionKey(database: Database, scope: TransactionScope, key: EncryptionKey): void {
  database.putDefinition(scope, KEY, "key", key);
}

/** Throws 33111 where a set needs a certificate that the instance does not have. */
export function requireCertificate(core: InstanceCore, thumbprint: string | undefined): void {
  if (thumbprint === undefined || certificates(core).some((one) => one.thumbprint === thumbprint)) return;
  throw new SqlError(33111, 16, `Cannot find server certificate with thumbprint '0x${thumbprint}'.`, { state: 3 });
}
