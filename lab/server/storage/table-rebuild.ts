/** ALTER TABLE and changes of keys: the table is written anew, columns of the same name keep their values. */
import type { SQLOutputValue } from "node:sqlite";
import type { SqlValue } from "../../tsql/values";
import type { Connection } from "./data-file";
import type { TableDefinition } from "./definitions";
import { PhysicalTable } from "./physical-table";

/** Columns that are new get NULL here; the caller writes their values as changes of rows. */
export function rebuildTable(connection: Connection, before: TableDefinition, after: TableDefinition): void {
  const old = PhysicalTable.of(before);
  const next = PhysicalTable.of(after);
  const sources = after.columns.map((column) =>
    before.columns.findIndex((other) => other.name.toLowerCase() === column.name.toLowerCase()),
  );
  const positions = before.columns.map((_, index) => index);
  connection.forget();
  connection.exec(`ALTER TABLE ${old.name} RENAME TO rebuilt`);
  before.keys.forEach((_, index) => connection.exec(`DROP INDEX ${old.name}_${String(index)}`));
  next.create(connection);
  const columns = ["id", ...positions.map((position) => `c${String(position)}`)].join(", ");
  const select = connection.prepare(`SELECT ${columns} FROM rebuilt ORDER BY id`, true);
  const insert = connection.prepare(next.insertSql);
  for (const raw of select.iterate() as unknown as Iterable<SQLOutputValue[]>) {
    const row = old.decode(raw, positions, 1);
    const moved = sources.map((source): SqlValue => (source < 0 ? null : (row[source] as SqlValue)));
    insert.run(raw[0] as bigint, ...next.encode(moved));
  }
  connection.forget();
  connection.exec("DROP TABLE rebuilt");
}
