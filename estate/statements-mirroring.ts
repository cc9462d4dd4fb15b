/**
 * The T-SQL of mirroring: what makes a mirror, and what drops a former one. One batch per function, for the connection of
 * a destructive step (database master). Valid for SQL Server 2008 R2 and 2012.
 */
import { quoteName, quoteString } from "./sql/quote";
import { type FileMove, restoreFull } from "./statements";

/** Names the partner, as TCP://host:port: on the mirror first, then on the principal, which begins the session. */
export function setPartner(database: string, address: string): string {
  return `ALTER DATABASE ${quoteName(database)} SET PARTNER = ${quoteString(address)};`;
}

/** Takes up a session that was suspended; on the principal only (1470). */
export function resumeMirroring(database: string): string {
  return `ALTER DATABASE ${quoteName(database)} SET PARTNER RESUME;`;
}

/** A log backup into a file of its own. COPY_ONLY leaves the chain of the other log backups as it is. */
export function backupLog(backup: {
  readonly database: string;
  readonly file: string;
  readonly name: string;
  readonly description: string;
  readonly copyOnly: boolean;
}): string {
  const options = [
    "FORMAT",
    "INIT",
    "SKIP",
    ...(backup.copyOnly ? ["COPY_ONLY"] : []),
    "CHECKSUM",
    "STOP_ON_ERROR",
    "STATS = 5",
    `NAME = ${quoteString(backup.name)}`,
    `DESCRIPTION = ${quoteString(backup.description)}`,
  ];
  return `BACKUP LOG ${quoteName(backup.database)} TO DISK = ${quoteString(backup.file)}\nWITH ${options.join(", ")};`;
}

/** Full restore of what is to be a mirror: over nothing, or over a RESTORING copy that no session holds; never over another. */
export function restoreMirror(restore: {
  readonly database: string;
  readonly file: string;
  readonly moves: readonly FileMove[];
}): string {
  return [
    `IF EXISTS (SELECT 1 FROM sys.databases WHERE name = ${quoteString(restore.database)} AND state <> 1)`,
    "BEGIN RAISERROR(N'a copy that is not RESTORING stands here', 16, 1); RETURN; END;",
    restoreFull({ ...restore, recovery: "NORECOVERY", takeOver: false }),
  ].join("\n");
}

/** Drops a RESTORING copy that is in no mirroring session; nothing when there is none. Its files go with it. */
export function dropRestoringCopy(database: string): string {
  const name = quoteString(database);
  return [
    `IF EXISTS (SELECT 1 FROM sys.database_mirroring WHERE database_id = DB_ID(${name}) AND mirroring_guid IS NOT NULL)`,
    "BEGIN RAISERROR(N'this copy is in a mirroring session', 16, 1); RETURN; END;",
    `IF EXISTS (SELECT 1 FROM sys.databases WHERE name = ${name} AND state = 1)`,
    `  DROP DATABASE ${quoteName(database)};`,
  ].join("\n");
}
