/** msdb.dbo.suspect_pages: pages that somebody found damaged. Source: "Manage the suspect_pages Table (SQL Server)". */
import type { Database } from "../database";
import { datetimeOf } from "../storage/encoding";
import type { NamedRow, SystemTables } from "./system-tables";

/** event_type: the page does not match its checksum; it was restored after it was marked so. */
const EVENT = { badChecksum: 2, restored: 4 } as const;
/** The only data file that a database of the lab has. */
const DATA_FILE = 1;

function isOf(database: Database, page?: number): (row: NamedRow) => boolean {
  return (row) => row["database_id"] === database.id && (page === undefined || row["page_id"] === BigInt(page));
}

/** A page was found damaged: a row, or once more in its error_count. */
export function noteSuspectPage(msdb: SystemTables, database: Database, page: number): Promise<void> {
  const now = datetimeOf(database.instance.localTime());
  return msdb.change((writer) => {
    const counted = writer.update("suspect_pages", isOf(database, page), (row) => ({
      event_type: EVENT.badChecksum,
      error_count: Number(row["error_count"]) + 1,
      last_update_date: now,
    }));
    if (counted > 0) return;
    writer.insert("suspect_pages", {
      database_id: database.id,
      file_id: DATA_FILE,
      page_id: BigInt(page),
      event_type: EVENT.badChecksum,
      error_count: 1,
      last_update_date: now,
    });
  });
}

/** A full restore has brought the pages back: those that are sound now are marked as restored. */
export function noteRestoredPages(msdb: SystemTables, database: Database): Promise<void> {
  const damaged = new Set(database.damagedPages.map(BigInt));
  const sound = (row: NamedRow): boolean => isOf(database)(row) && !damaged.has(row["page_id"] as bigint);
  if (msdb.rows("suspect_pages", sound).length === 0) return Promise.resolve();
  return msdb.change((writer) => {
    writer.update("suspect_pages", sound, {
      event_type: EVENT.restored,
      last_update_date: datetimeOf(database.instance.localTime()),
    });
  });
}
