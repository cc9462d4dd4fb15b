/** Loads many rows into a table: minimally logged, one record per batch that names the range of its rows. */
import type { Database } from "../database";
import type { NewRow } from "./definitions";
import { TransactionScope } from "./transaction";

/** Rows that are written before other work of the process may run. */
const BATCH_ROWS = 4000;

/** One transaction of its own; answers how many rows. An unknown table is an error of the caller's program. */
export async function bulkLoad(
  database: Database,
  schema: string,
  name: string,
  rows: Iterable<NewRow>,
): Promise<number> {
  const scope = new TransactionScope(0);
  await scope.enlist(database);
  scope.begin();
  let count = 0;
  try {
    const table = database.table(scope, schema, name);
    if (table === undefined) throw new Error(`Bulk load of ${database.name}: there is no table ${schema}.${name}.`);
    const flush = (batch: readonly NewRow[]): void => {
      if (batch.length === 0) return;
      const { first, last, bytes } = table.insertUnlogged(batch);
      database.openStore().append("LOP_BULK_EXT_ALLOCATION", table.definition.id, first, { last }, bytes);
      count += batch.length;
    };
    let batch: NewRow[] = [];
    for (const row of rows) {
      batch.push(row);
      if (batch.length < BATCH_ROWS) continue;
      flush(batch);
      batch = [];
      await new Promise(setImmediate);
    }
    flush(batch);
    scope.commit();
    // Until the next log backup the log alone does not hold these rows.
    if (count > 0 && database.options.recoveryModel === "BULK_LOGGED") database.log.update({ hasBulkLoggedData: true });
    return count;
  } catch (error) {
    scope.rollback();
    throw error;
  }
}
