/**
 * The T-SQL that changes databases: one builder per step, each giving one batch for the connection of a destructive step
 * (database master, no transaction, its settings made by the connection itself). Valid for SQL Server 2008 R2 and 2012.
 */
import { quoteName, quoteString } from "./sql/quote";

/** Where a logical file of a backup set goes. */
export interface FileMove {
  readonly logicalName: string;
  readonly to: string;
}

/** A full backup to one file on disk or a share. */
export interface FullBackup {
  readonly database: string;
  readonly file: string;
  readonly name: string;
  /** At most 255 characters. */
  readonly description?: string;
  readonly copyOnly?: boolean;
  /** `default` leaves the choice to the server's own setting. */
  readonly compression?: "default" | "on" | "off";
}

/** A restore of one full set over a database, with every file placed. */
export interface FullRestore {
  readonly database: string;
  readonly file: string;
  readonly moves: readonly FileMove[];
  readonly recovery: "RECOVERY" | "NORECOVERY";
  /** The database is ONLINE, so its one session must be ours when RESTORE begins. */
  readonly takeOver: boolean;
}

/** Ends the mirroring session; nothing when there is none. Refuses on the mirror's side: its principal decides. */
export function removeMirroring(database: string): string {
  const mirrored = `SELECT 1 FROM sys.database_mirroring WHERE database_id = DB_ID(${quoteString(database)}) AND mirroring_guid IS NOT NULL`;
  return [
    `IF EXISTS (${mirrored} AND mirroring_role <> 1)`,
    "BEGIN RAISERROR(N'this instance is the mirror, not the principal, of the session', 16, 1); RETURN; END;",
    `IF EXISTS (${mirrored})`,
    `  ALTER DATABASE ${quoteName(database)} SET PARTNER OFF;`,
  ].join("\n");
}

/** Fences an ONLINE database: from here on every write is refused with 3906. Nothing when it is read-only already. */
export function fenceReadOnly(database: string): string {
  return [
    `IF EXISTS (SELECT 1 FROM sys.databases WHERE name = ${quoteString(database)} AND is_read_only = 0 AND state = 0)`,
    `  ALTER DATABASE ${quoteName(database)} SET READ_ONLY WITH ROLLBACK IMMEDIATE;`,
  ].join("\n");
}

/** Takes the fence off, and with it the read-only state that came with a set taken under it. */
export function openForWriting(database: string): string {
  return [
    `IF EXISTS (SELECT 1 FROM sys.databases WHERE name = ${quoteString(database)} AND is_read_only = 1 AND state = 0)`,
    `  ALTER DATABASE ${quoteName(database)} SET READ_WRITE WITH ROLLBACK IMMEDIATE;`,
  ].join("\n");
}

/** Lets everybody in again after a restore, or after one that failed early. */
export function setMultiUser(database: string): string {
  return [
    `IF EXISTS (SELECT 1 FROM sys.databases WHERE name = ${quoteString(database)} AND user_access <> 0 AND state = 0)`,
    `  ALTER DATABASE ${quoteName(database)} SET MULTI_USER WITH ROLLBACK IMMEDIATE;`,
  ].join("\n");
}

/** Gives the database an owner that exists on this instance. */
export function setOwner(database: string, login: string): string {
  return `ALTER AUTHORIZATION ON DATABASE::${quoteName(database)} TO ${quoteName(login)};`;
}

/** Sets the options that a restore does not bring along (TRUSTWORTHY is always off after one). */
export function setRestoredOptions(
  database: string,
  options: { readonly trustworthy?: boolean; readonly chaining?: boolean; readonly broker?: boolean },
): string {
  const name = quoteName(database);
  const lines: string[] = [];
  if (options.trustworthy !== undefined)
    lines.push(`ALTER DATABASE ${name} SET TRUSTWORTHY ${onOff(options.trustworthy)};`);
  if (options.chaining !== undefined) lines.push(`ALTER DATABASE ${name} SET DB_CHAINING ${onOff(options.chaining)};`);
  // ENABLE_BROKER waits for exclusive use; nobody else may be in the database at this point of the runbook.
  if (options.broker === true) lines.push(`ALTER DATABASE ${name} SET ENABLE_BROKER WITH ROLLBACK IMMEDIATE;`);
  if (options.broker === false) lines.push(`ALTER DATABASE ${name} SET DISABLE_BROKER WITH ROLLBACK IMMEDIATE;`);
  return lines.join("\n");
}

/** A full backup into a file of its own: FORMAT and INIT, so that no older set of the file can be meant by FILE = 1. */
export function backupFull(backup: FullBackup): string {
  const options = [
    "FORMAT",
    "INIT",
    "SKIP",
    ...(backup.copyOnly === true ? ["COPY_ONLY"] : []),
    ...(backup.compression === "on" ? ["COMPRESSION"] : backup.compression === "off" ? ["NO_COMPRESSION"] : []),
    "CHECKSUM",
    "STOP_ON_ERROR",
    "STATS = 5",
    `NAME = ${quoteString(backup.name)}`,
    ...(backup.description === undefined ? [] : [`DESCRIPTION = ${quoteString(backup.description)}`]),
  ];
  return `BACKUP DATABASE ${quoteName(backup.database)} TO DISK = ${quoteString(backup.file)}\nWITH ${options.join(", ")};`;
}

/** Reads a whole set and checks its checksums (3187 when it has none). Needs CREATE ANY DATABASE. */
export function verifyBackup(file: string): string {
  return `RESTORE VERIFYONLY FROM DISK = ${quoteString(file)} WITH FILE = 1, CHECKSUM, STOP_ON_ERROR;`;
}

/** The sets of a file, one row each. */
export function readBackupHeader(file: string): string {
  return `RESTORE HEADERONLY FROM DISK = ${quoteString(file)};`;
}

/** The files of the first set, one row each. */
export function readBackupFiles(file: string): string {
  return `RESTORE FILELISTONLY FROM DISK = ${quoteString(file)} WITH FILE = 1;`;
}

/**
 * A full restore over whatever stands there. SINGLE_USER and RESTORE go in one batch and the slot is taken from inside the
 * database: taken from master it belongs to nobody, and a reconnecting service gets it (3101; the caller repeats the batch).
 */
export function restoreFull(restore: FullRestore): string {
  const name = quoteName(restore.database);
  const takeOver = [`USE ${name};`, `ALTER DATABASE ${name} SET SINGLE_USER WITH ROLLBACK IMMEDIATE;`, "USE [master];"];
  const options = [
    "FILE = 1",
    "REPLACE",
    restore.recovery,
    "CHECKSUM",
    "STATS = 5",
    ...restore.moves.map((move) => `MOVE ${quoteString(move.logicalName)} TO ${quoteString(move.to)}`),
  ];
  return [
    ...(restore.takeOver ? takeOver : []),
    `RESTORE DATABASE ${name} FROM DISK = ${quoteString(restore.file)}`,
    `WITH ${options.join(", ")};`,
  ].join("\n");
}

function onOff(value: boolean): string {
  return value ? "ON" : "OFF";
}
