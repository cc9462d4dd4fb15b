/** Changes a copy as the log or a differential backup says: each operation tells the state after it and may be repeated. */
import type { SQLInputValue } from "node:sqlite";
import { readImage, type BulkImage, type DefinitionImage, type LogRecord } from "../log-records";
import type { ChangedRange, ChangeTable } from "./change-table";
import type { Connection } from "./data-file";
import type { StoredRow, TableDefinition } from "./definitions";
import { PhysicalTable } from "./physical-table";

/** What a roll forward asks of the store whose file it changes. */
export interface RollForwardStore {
  tableById(id: number): TableDefinition | undefined;
  allDefinitions(): DefinitionImage[];
  applyDefinition(definition: DefinitionImage, lsn: bigint): void;
  setIdentity(table: number, last: bigint): void;
}

export class RollForward {
  constructor(
    private readonly connection: Connection,
    private readonly changes: ChangeTable,
    private readonly store: RollForwardStore,
  ) {}

  /** Applies a record of the log in the open transaction. */
  apply({ image, operation, table, row, lsn }: LogRecord): void {
    if (operation === "LOP_DELETE_ROWS") {
      this.replaceRows({ table, first: row, last: row }, [], lsn);
      return;
    }
    if (image === null) return;
    switch (operation) {
      case "LOP_INSERT_ROWS":
      case "LOP_MODIFY_ROW":
        this.changes.note({ table, first: row, last: row }, lsn);
        this.#put(table, [{ row, values: readImage<SQLInputValue[]>(image) }]);
        return;
      case "LOP_BULK_EXT_ALLOCATION": {
        const { last, rows = [] } = readImage<BulkImage>(image);
        this.changes.note({ table, first: row, last }, lsn);
        this.#put(table, rows);
        return;
      }
      case "LOP_IDENTITY":
        this.store.setIdentity(table, readImage<bigint>(image));
        return;
      case "LOP_DEFINITION":
        this.store.applyDefinition(readImage<DefinitionImage>(image), lsn);
        return;
      default:
    }
  }

  /** Rows of a range become those that are given; others that are there go. */
  replaceRows(range: ChangedRange, rows: readonly StoredRow[], lsn: bigint): void {
    const definition = this.store.tableById(range.table);
    if (definition === undefined) return;
    this.changes.note(range, lsn);
    const { name } = PhysicalTable.of(definition);
    this.connection.prepare(`DELETE FROM ${name} WHERE id BETWEEN ? AND ?`).run(range.first, range.last);
    this.#put(range.table, rows);
  }

  /** Definitions become those that are given, and no others. */
  replaceDefinitions(definitions: readonly DefinitionImage[], lsn: bigint): void {
    const keyOf = ({ kind, name }: DefinitionImage): string => `${kind} ${name.toLowerCase()}`;
    const present = new Map(this.store.allDefinitions().map((one) => [keyOf(one), one]));
    const wanted = new Set(definitions.map(keyOf));
    for (const [key, one] of present) if (!wanted.has(key)) this.store.applyDefinition({ ...one, value: null }, lsn);
    for (const one of definitions)
      if (present.get(keyOf(one))?.value !== one.value) this.store.applyDefinition(one, lsn);
  }

  #put(table: number, rows: readonly StoredRow[]): void {
    const definition = this.store.tableById(table);
    if (definition === undefined) return;
    const sql = PhysicalTable.of(definition).insertSql.replace("INSERT INTO", "INSERT OR REPLACE INTO");
    const statement = this.connection.prepare(sql);
    for (const { row, values } of rows) statement.run(row, ...values);
  }
}
