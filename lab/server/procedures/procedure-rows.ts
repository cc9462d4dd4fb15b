import type { ProcedureCall } from "../../tsql/host";
import type { Column, Row } from "../../tsql/values";

/** A result set of a procedure with its DONE. */
export async function sendProcedureRows(
  call: ProcedureCall,
  columns: readonly Column[],
  rows: Iterable<Row>,
): Promise<void> {
  call.sink.columns(columns);
  let count = 0;
  for (const row of rows) {
    await call.sink.row(row);
    count += 1;
  }
  call.sink.done({ command: 0xc1, rowCount: count, error: false });
}
