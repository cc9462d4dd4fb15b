/** Where a backup, a copy and a restore write down what they did last: in the registration and in the monitor's row. */
import type { NamedRow, TableWriter } from "../../server/msdb/system-tables";
import { datetime } from "../calendar-numbers";
import { textOf } from "../row-values";

/** One moment on both clocks, milliseconds since 1970. */
export interface Moment {
  readonly local: number;
  readonly utc: number;
}

export function noteBackup(writer: TableWriter, primaryId: string, file: string, at: Moment): void {
  const mine = (row: NamedRow): boolean => row["primary_id"] === primaryId;
  const written = { last_backup_file: file, last_backup_date: datetime(at.local) };
  writer.update("log_shipping_primary_databases", mine, written);
  writer.update("log_shipping_monitor_primary", mine, { ...written, last_backup_date_utc: datetime(at.utc) });
}

export function noteCopy(writer: TableWriter, secondaryId: string, file: string, at: Moment): void {
  const mine = (row: NamedRow): boolean => row["secondary_id"] === secondaryId;
  const written = { last_copied_file: file, last_copied_date: datetime(at.local) };
  writer.update("log_shipping_secondary", mine, written);
  writer.update("log_shipping_monitor_secondary", mine, { ...written, last_copied_date_utc: datetime(at.utc) });
}

/** @param latencyMinutes between the backup of the file and its restore */
export function noteRestore(
  writer: TableWriter,
  target: { readonly secondaryId: string; readonly database: string },
  file: string,
  at: Moment,
  latencyMinutes: number,
): void {
  const mine = (row: NamedRow): boolean =>
    row["secondary_id"] === target.secondaryId && textOf(row, "secondary_database") === target.database;
  const written = { last_restored_file: file, last_restored_date: datetime(at.local) };
  writer.update("log_shipping_secondary_databases", mine, written);
  writer.update("log_shipping_monitor_secondary", mine, {
    ...written,
    last_restored_date_utc: datetime(at.utc),
    last_restored_latency: latencyMinutes,
  });
}
