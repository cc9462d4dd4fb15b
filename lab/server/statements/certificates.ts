/** Master keys, certificates of master and the encryption of databases. Sources: see ../encryption.ts. */
import { createHash, randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type {
  BackupCertificateStatement,
  CertificateFile,
  CreateCertificateStatement,
  CreateEncryptionKeyStatement,
  CreateMasterKeyStatement,
  DropCertificateStatement,
} from "../../tsql/ast";
import { SqlError } from "../../tsql/errors";
import { WindowsError } from "../../windows/files";
import type { Database } from "../database";
import {
  type Certificate,
  certificates,
  encryptionKey,
  hasMasterKey,
  putCertificate,
  putEncryptionKey,
  putMasterKey,
} from "../encryption";
import { sessionError } from "../session-errors";
import { changing, type Execution, inform } from "./execution";

const YEAR_MS = 365 * 86_400_000;

/** Certificates of user databases protect no database: the lab keeps those of master alone. */
function requireMaster({ session }: Execution): void {
  if (session.database.name !== "master") throw sessionError(5001);
  if (!session.hasServerPermission("CONTROL SERVER")) throw sessionError(15247);
}

function find(name: string, { session }: Execution): Certificate {
  const found = certificates(session.instance.core, session.transactions).find(
    (one) => one.name.toLowerCase() === name.toLowerCase(),
  );
  if (found === undefined) throw sessionError(15151, "find", "certificate", name);
  return found;
}

export async function createMasterKey(_statement: CreateMasterKeyStatement, execution: Execution): Promise<void> {
  requireMaster(execution);
  const { session } = execution;
  if (hasMasterKey(session.database, session.transactions))
    throw new SqlError(
      15578,
      16,
      "There is already a master key in the database. Please drop it before performing this statement.",
    );
  await changing(execution, session.database, () => {
    putMasterKey(session.database, session.transactions);
  });
  session.noteChange("CREATE MASTER KEY");
}

export async function createCertificate(statement: CreateCertificateStatement, execution: Execution): Promise<void> {
  requireMaster(execution);
  const { session } = execution;
  const { core } = session.instance;
  if (!hasMasterKey(session.database, session.transactions))
    throw new SqlError(
      15581,
      16,
      "Please create a master key in the database or open the master key in the session before performing this operation.",
    );
  const all = certificates(core, session.transactions);
  const { name, source } = statement;
  if (all.some((one) => one.name.toLowerCase() === name.toLowerCase()))
    throw new SqlError(
      15232,
      16,
      `A certificate with name '${name}' already exists or this certificate already has been added to the database.`,
    );
  const kept = "subject" in source ? made(source.subject, session.instance.localTime()) : read(source, execution);
  const certificate = { ...kept, name, id: Math.max(256, ...all.map((one) => one.id)) + 1 };
  await changing(execution, session.database, () => {
    putCertificate(core, session.transactions, name, certificate);
  });
  session.noteChange("CREATE CERTIFICATE");
}

function made(subject: string, now: number): Omit<Certificate, "name" | "id"> {
  return {
    subject,
    thumbprint: createHash("sha1").update(randomBytes(32)).digest("hex").toUpperCase(),
    startDate: new Date(now).toISOString(),
    expiryDate: new Date(now + YEAR_MS).toISOString(),
    lastBackup: null,
  };
}

/** What BACKUP CERTIFICATE writes: the lab's own format, which tells a wrong password. */
interface WrittenKey {
  readonly certificate: Certificate;
  readonly password: string;
}

const hashOf = (password: string): string => createHash("sha256").update(password).digest("hex");

export async function backupCertificate(statement: BackupCertificateStatement, execution: Execution): Promise<void> {
  requireMaster(execution);
  const { session } = execution;
  const certificate = find(statement.name, execution);
  const { file, privateKey, password } = statement.target;
  for (const path of [file, privateKey]) {
    const key: WrittenKey = { certificate, password: hashOf(password) };
    writeFileSync(place(path, "write", execution), JSON.stringify(path === file ? { certificate } : key));
  }
  const backedUp = { ...certificate, lastBackup: new Date(session.instance.localTime()).toISOString() };
  await changing(execution, session.database, () => {
    putCertificate(session.instance.core, session.transactions, certificate.name, backedUp);
  });
  session.noteChange("BACKUP CERTIFICATE");
}

function read({ privateKey, password }: CertificateFile, execution: Execution): Certificate {
  const key = JSON.parse(readFileSync(place(privateKey, "read", execution), "utf8")) as WrittenKey;
  if (key.password !== hashOf(password)) throw new SqlError(15465, 16, "The private key password is invalid.");
  return key.certificate;
}

/** A file as the engine's account reaches it; a file that is there is never written over. Throws 15208, 15240. */
function place(path: string, access: "read" | "write", { session }: Execution): string {
  try {
    const { file, kind } = session.instance.core.locate(path, access);
    if (kind === (access === "read" ? "file" : "absent")) return file;
  } catch (error) {
    if (!(error instanceof WindowsError)) throw error;
  }
  throw access === "read"
    ? new SqlError(
        15208,
        16,
        "The certificate, asymmetric key, or private key file is not valid or does not exist; or you do not have permissions for it.",
      )
    : new SqlError(
        15240,
        16,
        `Cannot write into file '${path}'. Verify that you have write permissions, that the file path is valid, and that the file does not already exist.`,
      );
}

export async function dropCertificate(statement: DropCertificateStatement, execution: Execution): Promise<void> {
  requireMaster(execution);
  const { session } = execution;
  const { core } = session.instance;
  const { name, thumbprint } = find(statement.name, execution);
  if (core.databases.some((database) => encryptionKey(database)?.thumbprint === thumbprint))
    throw new SqlError(
      15352,
      16,
      `The certificate cannot be dropped because one or more entities are either signed or encrypted using it.`,
    );
  await changing(execution, session.database, () => {
    putCertificate(core, session.transactions, name, undefined);
  });
  session.noteChange("DROP CERTIFICATE");
}

export async function createEncryptionKey(
  statement: CreateEncryptionKeyStatement,
  execution: Execution,
): Promise<void> {
  const { session } = execution;
  const { database } = session;
  if (!session.hasServerPermission("CONTROL SERVER")) throw sessionError(15247);
  if (database.id <= 4)
    throw new SqlError(
      33102,
      16,
      "Cannot encrypt a system database. Database encryption operations cannot be performed for 'master', 'model', 'tempdb', 'msdb', or 'resource' databases.",
    );
  if (encryptionKey(database, session.transactions) !== undefined)
    throw new SqlError(33103, 16, "A database encryption key already exists for this database.");
  const certificate = find(statement.certificate, execution);
  await changing(execution, database, () => {
    const { algorithm } = statement;
    putEncryptionKey(database, session.transactions, { algorithm, thumbprint: certificate.thumbprint, isOn: false });
  });
  if (certificate.lastBackup === null)
    inform(
      execution,
      33091,
      "Warning: The certificate used for encrypting the database encryption key has not been backed up. You should immediately back up the certificate and the private key associated with the certificate. If the certificate ever becomes unavailable or if you must restore or attach the database on another server, you must have backups of both the certificate and the private key or you will not be able to open the database.",
    );
  session.noteChange("CREATE DATABASE ENCRYPTION KEY");
}

/** ALTER DATABASE … SET ENCRYPTION. Throws 33106, 33107, 33108. */
export async function setEncryption(database: Database, isOn: boolean, execution: Execution): Promise<void> {
  const { transactions } = execution.session;
  const key = encryptionKey(database, transactions);
  if (key === undefined)
    throw new SqlError(33106, 16, "Cannot change database encryption state because no database encryption key is set.");
  if (key.isOn === isOn)
    throw isOn
      ? new SqlError(33107, 16, "Cannot enable database encryption because it is already enabled.")
      : new SqlError(33108, 16, "Cannot disable database encryption because it is already disabled.");
  await changing(execution, database, () => {
    putEncryptionKey(database, transactions, { ...key, isOn });
  });
}
