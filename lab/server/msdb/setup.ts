/** Fills msdb the first time an instance starts: tables and standard rows. */
import type { Database } from "../database";
import { columnList } from "../column-list";
import type { ColumnDefinition, KeyDefinition } from "../storage/definitions";
import { agentTables, standardCategories } from "./agent-tables";
import { backupHistoryTables } from "./backup-history";
import { logShippingTables } from "./log-shipping-tables";

/** Primary keys as setup makes them; the other tables are heaps. */
const KEYS: Readonly<Record<string, readonly string[]>> = {
  backupmediaset: ["media_set_id"],
  backupset: ["backup_set_id"],
  restorehistory: ["restore_history_id"],
  sysjobs: ["job_id"],
  sysschedules: ["schedule_id"],
  sysjobhistory: ["instance_id"],
  syssessions: ["session_id"],
  syscategories: ["category_id"],
  log_shipping_primary_databases: ["primary_id"],
  log_shipping_secondary: ["secondary_id"],
  log_shipping_secondary_databases: ["secondary_database"],
  log_shipping_monitor_primary: ["primary_id"],
};

function keysOf(table: string, columns: readonly ColumnDefinition[]): KeyDefinition[] {
  const names = KEYS[table];
  if (names === undefined) return [];
  return [
    {
      name: `PK__${table}`,
      kind: "primary key",
      columns: names.map((name) => columns.findIndex((column) => column.name === name)),
      clustered: true,
    },
  ];
}

/** Makes the tables of msdb for a version of the product. */
export async function setupMsdb(msdb: Database, majorVersion: number): Promise<void> {
  await msdb.write((scope) => {
    for (const { name, columns: text } of [...backupHistoryTables, ...agentTables, ...logShippingTables]) {
      const columns = columnList(text, majorVersion).map((column): ColumnDefinition =>
        column.identity === true ? { ...column, generated: { seed: 1n, increment: 1n } } : column,
      );
      msdb.createTable(scope, { schema: "dbo", name, columns, keys: keysOf(name, columns) });
    }
    const categories = msdb.table(scope, "dbo", "syscategories");
    for (const row of standardCategories) categories?.insert(row);
  });
}
