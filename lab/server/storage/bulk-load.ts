/** Loads many rows into a table: minimally logged, one record per batch that names the range of its rows. */
import type { Database } from "../database";
import type { NewRow } from "./definitions";
import { TransactionScope } from "./transaction";

/** Rows of one record, and between two chances for other work of the process. A log backup holds that many at a time. */
const BATCH_ROWS = 500;

/**
 * One transaction of its own; answers how many rows. Rows are taken one by one: none is held after it is written. An
 * unknown table is an error of the caller's program.
 */
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
    // Until the next log backup the log alone does not hold these rows.
    if (database.options.recoveryModel === "BULK_LOGGED") database.log.update({ hasBulkLoggedData: true });
    const source = rows[Symbol.iterator]();
    for (;;) {
      const written = table.insertUnlogged(take(source, BATCH_ROWS));
      if (written.count === 0) break;
      database
        .openStore()
        .append("LOP_BULK_EXT_ALLOCATION", table.definition.id, written.first, { last: written.last }, written.bytes);
      count += written.count;
      await new Promise(setImmediate);
    }
    scope.commit();
    return count;
  } catch (error) {
    scope.rollback();
    throw error;
  }
}

function* take(source: Iterator<NewRow>, most: number): Iterable<NewRow> {
  for (let taken = 0; taken < most; taken += 1) {
    const next = source.next();
    if (next.done === true) return;
    yield next.value;
  }
}
