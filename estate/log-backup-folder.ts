/** Where a job that backs up the log of the backup's database writes to, by its command. Pure. */
import { logBackupCommand } from "./statements-failover";

/** Folder that the command writes to, as the engine names it; null for a command that is not wholly that of the product. */
export function logBackupFolder(database: string, command: string): string | null {
  const [, literal] = /SET @file = N'((?:[^'\0\r\n]|'')*)_log_'/.exec(command) ?? [];
  const stem = literal?.replaceAll("''", "'");
  const name = `\\${database}`;
  if (stem?.endsWith(name) !== true) return null;
  const folder = stem.slice(0, -name.length);
  return command === logBackupCommand(database, folder) ? folder : null;
}
