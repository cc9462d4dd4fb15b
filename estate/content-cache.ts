/**
 * Spares the scan of a big tblChat where nothing can have changed since the last one: a log file that was not written to
 * since, on one recovery fork and in one state, proves that nothing was written to the database.
 */
import { type CompareLevel, readContent } from "./compare";
import type { ContentFingerprint, DatabaseObservation, LogWriteCounter } from "./observation-types";
import type { SqlServer } from "./sql/connection";

interface Kept {
  readonly key: string;
  readonly content: ContentFingerprint;
}

/** Per connection object, so that it ends with the process's estate. */
const kept = new WeakMap<SqlServer, Map<string, Kept>>();

/**
 * The state that content is known by; it must be read before the content is: a write during the scan then shows as another key next time.
 * Null when something of it is not known; the content is scanned then.
 */
export function contentKey(database: DatabaseObservation, logWrites: LogWriteCounter | null): string | null {
  const { state, isReadOnly, recoveryForkGuid, familyGuid, createDate } = database;
  if (logWrites === null || recoveryForkGuid === null) return null;
  return JSON.stringify([state, isReadOnly, recoveryForkGuid, familyGuid, createDate, logWrites]);
}

/** The fingerprint of a database, scanned only where `key` is another one than at the last scan. Throws DrError. */
export async function contentOnce(
  server: SqlServer,
  name: string,
  level: CompareLevel,
  key: string | null,
): Promise<ContentFingerprint> {
  if (key === null) return readContent(server, name, level);
  const databases = kept.get(server) ?? new Map<string, Kept>();
  kept.set(server, databases);
  const last = databases.get(name);
  if (last?.key === key && last.content.level >= level) return last.content;
  const content = await readContent(server, name, level);
  databases.set(name, { key, content });
  return content;
}
