/**
 * What an open database keeps in its data file: rows, definitions and the log. One writer transaction at
 * a time; every change appends its log record in the same SQLite transaction.
 */
import type { SQLInputValue } from "node:sqlite";
import { FIRST_LSN, LogCursor, lsnKey } from "../log-sequence-number";
import {
  imageOf,
  readImage,
  RECORD_OVERHEAD,
  type BulkImage,
  type DefinitionImage,
  type LogOperation,
  type LogRecord,
} from "../log-records";
import { DataFile } from "./data-file";
import type { TableDefinition } from "./definitions";
import { PhysicalTable } from "./physical-table";
import { rebuildTable } from "./table-rebuild";

/** Definitions of one database: kind → key (lower case) → name and JSON text. */
type Definitions = Map<string, Map<string, { readonly name: string; readonly value: string }>>;

interface WriterState {
  cursor: LogCursor;
  transaction: number;
  readonly keepsLog: boolean;
  usedBytes: number;
  definitions: Definitions | undefined;
  readonly identities: Set<number>;
  readonly marks: { readonly end: bigint; readonly usedBytes: number }[];
}

/** What a commit wrote. */
export interface Committed {
  /** LSN of its first record. */
  readonly from: bigint;
  /** Bytes written to the log, a multiple of 512; 0 when nothing was changed. */
  readonly logBytes: number;
}

/** How far a roll forward has come, and on which recovery path. */
export interface RedoPosition {
  readonly lsn: bigint;
  readonly fork: string;
}

/** Records that are read at a time. */
const RECORDS_PER_READ = 200;

export class DatabaseStore {
  readonly file: DataFile;
  #end: bigint;
  #usedBytes: number;
  #transaction: number;
  #redoPosition: RedoPosition | undefined;
  #definitions: Definitions;
  #writer: WriterState | undefined;
  readonly #identities = new Map<number, bigint>();
  readonly #nextLocator = new Map<number, number>();
  readonly #parsed = new WeakMap<object, unknown>();

  private constructor(file: DataFile) {
    this.file = file;
    const state = file.reader.rows("SELECT end_lsn, used_bytes, transaction_id, redo_lsn, redo_fork FROM log_state")[0];
    if (state === undefined) throw new Error(`The data file ${file.path} has no log state: it is not a database.`);
    this.#end = BigInt(state[0] as string);
    this.#usedBytes = Number(state[1]);
    this.#transaction = Number(state[2]);
    const [, , , redoLsn, fork] = state as (string | null)[];
    if (typeof redoLsn === "string" && typeof fork === "string") this.#redoPosition = { lsn: BigInt(redoLsn), fork };
    this.#definitions = this.#readDefinitions();
    this.#readIdentities();
  }

  static create(path: string): DatabaseStore {
    const file = DataFile.create(path);
    file.writer
      .prepare("INSERT INTO log_state (id, end_lsn, used_bytes, transaction_id) VALUES (1, ?, 0, 1000)")
      .run(FIRST_LSN.toString());
    return new DatabaseStore(file);
  }

  static open(path: string): DatabaseStore {
    return new DatabaseStore(DataFile.open(path));
  }

  close(): void {
    if (this.#writer !== undefined) this.rollback();
    this.file.close();
  }

  /** The LSN that the next record will have; a writer sees its own. */
  get endOfLog(): bigint {
    return this.#end;
  }

  /** Where the last backup set that was rolled forward ended; undefined when none ever was. */
  get redoPosition(): RedoPosition | undefined {
    return this.#redoPosition;
  }

  /** Bytes of the log that cannot be reused yet. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  /** The same with what the open transaction has written so far. */
  get writtenBytes(): number {
    return this.#writer?.usedBytes ?? this.#usedBytes;
  }

  get isWriting(): boolean {
    return this.#writer !== undefined;
  }

  /** The open transaction has changed something. */
  get hasChanges(): boolean {
    return this.#writer !== undefined && this.#writer.cursor.end !== this.#end;
  }

  // Transactions -------------------------------------------------------------------------------------------------------

  /** @param keepsLog records are stored until a log backup (FULL), or only take LSNs (SIMPLE) */
  begin(keepsLog: boolean): void {
    this.file.writer.exec("BEGIN IMMEDIATE");
    this.#writer = {
      cursor: new LogCursor(this.#end),
      transaction: this.#transaction + 1,
      keepsLog,
      usedBytes: this.#usedBytes,
      definitions: undefined,
      identities: new Set(),
      marks: [],
    };
  }

  commit(): Committed {
    const writer = this.#open();
    if (writer.cursor.end === this.#end) {
      this.#writer = undefined;
      this.file.writer.exec("COMMIT");
      return { from: this.#end, logBytes: 0 };
    }
    const from = this.#end;
    for (const table of writer.identities) this.#writeIdentity(table);
    this.append("LOP_COMMIT_XACT", 0, 0);
    const logBytes = writer.cursor.flush();
    const usedBytes = writer.keepsLog ? writer.usedBytes : 0;
    this.#writeState(writer.cursor.end, usedBytes, writer.transaction);
    this.file.writer.exec("COMMIT");
    this.#end = writer.cursor.end;
    this.#usedBytes = usedBytes;
    this.#transaction = writer.transaction;
    if (writer.definitions !== undefined) this.#definitions = writer.definitions;
    this.#writer = undefined;
    return { from, logBytes };
  }

  rollback(): void {
    this.#open();
    this.#writer = undefined;
    this.#nextLocator.clear();
    this.file.writer.forget();
    this.file.writer.exec("ROLLBACK");
  }

  /** Marks the open transaction where it is; answers the mark for `rollbackTo`. */
  mark(): number {
    const writer = this.#open();
    const last = writer.marks.at(-1);
    // Nothing was written since the last mark: it serves again.
    if (last?.end === writer.cursor.end) return writer.marks.length - 1;
    this.file.writer.exec(`SAVEPOINT mark${String(writer.marks.length)}`);
    writer.marks.push({ end: writer.cursor.end, usedBytes: writer.usedBytes });
    return writer.marks.length - 1;
  }

  /** Takes the open transaction back to a mark; later marks are gone, the mark itself stays. */
  rollbackTo(mark: number): void {
    const writer = this.#open();
    const at = writer.marks[mark];
    if (at === undefined) throw new Error(`Mark ${String(mark)} is not one of the open transaction.`);
    this.file.writer.exec(`ROLLBACK TO mark${String(mark)}`);
    writer.marks.length = mark + 1;
    writer.cursor = new LogCursor(at.end);
    writer.usedBytes = at.usedBytes;
    this.#nextLocator.clear();
    if (writer.definitions !== undefined) {
      this.file.writer.forget();
      writer.definitions = this.#readDefinitions();
    }
  }

  // Log ----------------------------------------------------------------------------------------------------------------

  /** Appends a record to the open transaction; the first one brings LOP_BEGIN_XACT before it. */
  append(
    operation: LogOperation,
    table: number,
    row: number,
    content?: readonly SQLInputValue[] | DefinitionImage | BulkImage | bigint,
    bytes?: number,
  ): void {
    const writer = this.#open();
    if (writer.cursor.end === this.#end && operation !== "LOP_BEGIN_XACT") this.append("LOP_BEGIN_XACT", 0, 0);
    const image = content === undefined || !writer.keepsLog ? null : imageOf(content);
    const size = RECORD_OVERHEAD + (bytes ?? image?.length ?? 100);
    const lsn = writer.cursor.take(size);
    if (!writer.keepsLog) return;
    writer.usedBytes += size;
    this.#writeRecord({ lsn, transaction: writer.transaction, operation, table, row, image });
  }

  #writeRecord({ lsn, transaction, operation, table, row, image }: LogRecord): void {
    this.file.writer
      .prepare(
        "INSERT INTO log_record (lsn, transaction_id, operation, table_id, row, image) VALUES (?, ?, ?, ?, ?, ?)",
      )
      .run(lsnKey(lsn), transaction, operation, table, row, image);
  }

  /** Records with from ≤ LSN < to, as committed; not all at once, so that a log of any length may be read. */
  *log(from: bigint, to: bigint): Generator<LogRecord, void, undefined> {
    for (let next = from; ;) {
      const records = this.#readLog(next, to);
      yield* records;
      const last = records.at(-1);
      if (last === undefined || records.length < RECORDS_PER_READ) return;
      next = last.lsn + 1n;
    }
  }

  /** Where the first transaction ends that has `count` records or more behind `from`: an LSN at which none is open. */
  transactionEnd(from: bigint, count: number): bigint {
    const found = this.file.reader.rows(
      `SELECT lsn FROM log_record WHERE operation = 'LOP_BEGIN_XACT' AND lsn >=
         (SELECT lsn FROM log_record WHERE lsn > ? ORDER BY lsn LIMIT 1 OFFSET ?) ORDER BY lsn LIMIT 1`,
      lsnKey(from),
      count - 1,
    )[0]?.[0];
    return typeof found === "string" ? BigInt(found) : this.#end;
  }

  #readLog(from: bigint, to: bigint): LogRecord[] {
    const rows = this.file.reader.rows(
      "SELECT lsn, transaction_id, operation, table_id, row, image FROM log_record WHERE lsn >= ? AND lsn < ? ORDER BY lsn LIMIT ?",
      lsnKey(from),
      lsnKey(to),
      RECORDS_PER_READ,
    );
    return rows.map((row) => ({
      lsn: BigInt(row[0] as string),
      transaction: Number(row[1]),
      operation: row[2] as LogOperation,
      table: Number(row[3]),
      row: Number(row[4]),
      image: row[5] as Uint8Array | null,
    }));
  }

  /** A bulk record together with the rows of its range as they are now. */
  withBulkRows(record: LogRecord): LogRecord {
    if (record.operation !== "LOP_BULK_EXT_ALLOCATION" || record.image === null) return record;
    const definition = this.tableById(record.table);
    const { last } = readImage<BulkImage>(record.image);
    if (definition === undefined) return record;
    const physical = PhysicalTable.of(definition);
    const found = this.file.reader
      .prepare(physical.rangeSql, true)
      .all(record.row, last, -1) as unknown as SQLInputValue[][];
    const rows = found.map(([row, ...values]) => ({ row: Number(row), values }));
    return { ...record, image: imageOf({ last, rows }) };
  }

  /** Frees the log before an LSN. Outside of a writer's transaction only. */
  truncateLog(before: bigint): void {
    const writer = this.file.writer;
    writer.exec("BEGIN IMMEDIATE");
    const all = before >= this.#end;
    if (all) writer.exec("DELETE FROM log_record");
    else writer.prepare("DELETE FROM log_record WHERE lsn < ?").run(lsnKey(before));
    const kept = all
      ? 0
      : Number(
          writer.rows(
            `SELECT coalesce(sum(coalesce(length(image), 0) + ${String(RECORD_OVERHEAD)}), 0) FROM log_record`,
          )[0]?.[0],
        );
    this.#writeState(this.#end, kept, this.#transaction);
    writer.exec("COMMIT");
    this.#usedBytes = kept;
  }

  /** The LSN of the next record when it begins a new virtual log file, as recovery lets it. */
  get nextVirtualLogFile(): bigint {
    const cursor = new LogCursor(this.#end);
    cursor.nextVirtualLogFile();
    return cursor.end;
  }

  setEndOfLog(end: bigint): void {
    this.#writeState(end, this.#usedBytes, this.#transaction);
    this.#end = end;
  }

  // Redo ---------------------------------------------------------------------------------------------------------------

  /** Begins to roll forward: one SQLite transaction around many `redo` calls. */
  beginRedo(): void {
    this.file.writer.exec("BEGIN IMMEDIATE");
  }

  /** Applies a record. Every operation says the state after it, so that it may be applied twice. */
  redo(record: LogRecord): void {
    this.#redoOne(record);
  }

  /** Applies a record on a mirror and keeps it. @param complete the record with the rows of a bulk operation */
  mirror(record: LogRecord, complete: LogRecord): void {
    this.#redoOne(complete);
    this.#writeRecord(record);
  }

  /** Keeps what was rolled forward from a backup set, all at once: rows and the position that they have reached. */
  keepRedo({ lsn, fork }: RedoPosition): void {
    const { writer } = this.file;
    // A copy that is restored has no log of its own until it is recovered.
    writer.exec("DELETE FROM log_record");
    writer.prepare("UPDATE log_state SET redo_lsn = ?, redo_fork = ?").run(lsn.toString(), fork);
    this.#endRedo(lsn, 0);
    this.#redoPosition = { lsn, fork };
  }

  /** The same on a mirror: what was rolled forward is its log too, from which it goes on as principal. */
  keepMirrored(end: bigint, bytes: number): void {
    this.#endRedo(end, this.#usedBytes + bytes);
  }

  #endRedo(end: bigint, usedBytes: number): void {
    for (const table of this.#identities.keys()) this.#writeIdentity(table);
    this.#writeState(end, usedBytes, this.#transaction);
    this.file.writer.exec("COMMIT");
    this.#end = end;
    this.#usedBytes = usedBytes;
    this.#nextLocator.clear();
  }

  /** Takes back what was rolled forward since `beginRedo`. */
  undoRedo(): void {
    this.file.writer.forget();
    this.file.writer.exec("ROLLBACK");
    this.#definitions = this.#readDefinitions();
    this.#readIdentities();
    this.#nextLocator.clear();
  }

  #redoOne(record: LogRecord): void {
    const image = record.image;
    if (image === null && record.operation !== "LOP_DELETE_ROWS") return;
    switch (record.operation) {
      case "LOP_INSERT_ROWS":
      case "LOP_MODIFY_ROW":
        this.#putRow(record.table, record.row, readImage<SQLInputValue[]>(image as Uint8Array));
        return;
      case "LOP_DELETE_ROWS": {
        const definition = this.tableById(record.table);
        if (definition !== undefined) this.file.writer.prepare(PhysicalTable.of(definition).deleteSql).run(record.row);
        return;
      }
      case "LOP_BULK_EXT_ALLOCATION":
        for (const { row, values } of readImage<BulkImage>(image as Uint8Array).rows ?? [])
          this.#putRow(record.table, row, values);
        return;
      case "LOP_IDENTITY":
        this.#identities.set(record.table, readImage<bigint>(image as Uint8Array));
        return;
      case "LOP_DEFINITION": {
        const { kind, name, value } = readImage<DefinitionImage>(image as Uint8Array);
        this.#applyDefinition(this.#definitions, kind, name, value);
        return;
      }
      default:
    }
  }

  #putRow(table: number, row: number, values: readonly SQLInputValue[]): void {
    const definition = this.tableById(table);
    if (definition === undefined) return;
    const sql = PhysicalTable.of(definition).insertSql.replace("INSERT INTO", "INSERT OR REPLACE INTO");
    this.file.writer.prepare(sql).run(row, ...values);
  }

  // Definitions -----------------------------------------------------------------------------------------

  /** @param own read the open transaction's definitions */
  definitions(kind: string, own = false): { readonly name: string; readonly value: string }[] {
    return [...(this.#view(own).get(kind)?.values() ?? [])];
  }

  definition(kind: string, name: string, own = false): string | undefined {
    return this.#view(own).get(kind)?.get(name.toLowerCase())?.value;
  }

  /** Puts (or with null removes) a definition in the open transaction. Kind "table" makes, alters or drops the table. */
  putDefinition(kind: string, name: string, value: string | null): void {
    const writer = this.#open();
    writer.definitions ??= new Map([...this.#definitions].map(([key, entries]) => [key, new Map(entries)]));
    this.#applyDefinition(writer.definitions, kind, name, value);
    this.append("LOP_DEFINITION", 0, 0, { kind, name, value });
  }

  tables(own = false): TableDefinition[] {
    return [...(this.#view(own).get("table")?.values() ?? [])].map((entry) => this.#parse(entry));
  }

  tableById(id: number): TableDefinition | undefined {
    return this.tables(true).find((table) => table.id === id);
  }

  table(schema: string, name: string, own = false): TableDefinition | undefined {
    const entry = this.#view(own).get("table")?.get(`${schema}.${name}`.toLowerCase());
    return entry === undefined ? undefined : this.#parse(entry);
  }

  // Rows ---------------------------------------------------------------------------------------------------------------

  /** The locator that the next inserted row of a table gets. Locators are not reused while the database is open. */
  takeLocator(definition: TableDefinition): number {
    const known = this.#nextLocator.get(definition.id);
    const next =
      known ??
      Number(
        this.file.writer.rows(`SELECT coalesce(max(id), 0) + 1 FROM ${PhysicalTable.of(definition).name}`)[0]?.[0],
      );
    this.#nextLocator.set(definition.id, next + 1);
    return next;
  }

  lastIdentity(table: number): bigint | undefined {
    return this.#identities.get(table);
  }

  /** Identity values are not given back by a rollback. */
  setLastIdentity(table: number, last: bigint): void {
    this.#identities.set(table, last);
    this.#writer?.identities.add(table);
  }

  #writeIdentity(table: number): void {
    const last = this.#identities.get(table);
    if (last === undefined) return;
    this.file.writer
      .prepare(
        "INSERT INTO identity_value (table_id, last) VALUES (?, ?) ON CONFLICT (table_id) DO UPDATE SET last = excluded.last",
      )
      .run(table, last);
    if (this.#writer !== undefined) this.append("LOP_IDENTITY", table, 0, last);
  }

  #writeState(end: bigint, usedBytes: number, transaction: number): void {
    this.file.writer
      .prepare("UPDATE log_state SET end_lsn = ?, used_bytes = ?, transaction_id = ?")
      .run(end.toString(), usedBytes, transaction);
  }

  #applyDefinition(into: Definitions, kind: string, name: string, value: string | null): void {
    const entries = into.get(kind) ?? new Map<string, { name: string; value: string }>();
    into.set(kind, entries);
    const key = name.toLowerCase();
    const before = entries.get(key);
    if (kind === "table") this.#changeTable(before?.value, value);
    if (value === null) {
      entries.delete(key);
      this.file.writer.prepare("DELETE FROM definition WHERE kind = ? AND key = ?").run(kind, key);
      return;
    }
    entries.set(key, { name, value });
    this.file.writer
      .prepare(
        "INSERT INTO definition (kind, key, name, value) VALUES (?, ?, ?, ?) ON CONFLICT (kind, key) DO UPDATE SET name = excluded.name, value = excluded.value",
      )
      .run(kind, key, name, value);
  }

  #changeTable(before: string | undefined, after: string | null): void {
    const old = before === undefined ? undefined : parseTable(before);
    const next = after === null ? undefined : parseTable(after);
    if (old !== undefined && next !== undefined) rebuildTable(this.file.writer, old, next);
    else if (next !== undefined) PhysicalTable.of(next).create(this.file.writer);
    else if (old !== undefined) {
      this.#identities.delete(old.id);
      this.file.writer.forget();
      PhysicalTable.of(old).drop(this.file.writer);
    }
    this.#nextLocator.clear();
    this.file.writer.forget();
    this.file.reader.forget();
  }

  #view(own: boolean): Definitions {
    return (own ? this.#writer?.definitions : undefined) ?? this.#definitions;
  }

  #parse(entry: { readonly value: string }): TableDefinition {
    const known = this.#parsed.get(entry);
    if (known !== undefined) return known as TableDefinition;
    const made = parseTable(entry.value);
    this.#parsed.set(entry, made);
    return made;
  }

  #readDefinitions(): Definitions {
    const definitions: Definitions = new Map();
    // The writer's connection sees what is committed and, after a rollback to a savepoint, its own.
    for (const [kind, key, name, value] of this.file.writer.rows(
      "SELECT kind, key, name, value FROM definition",
    ) as string[][]) {
      const entries = definitions.get(kind as string) ?? new Map<string, { name: string; value: string }>();
      definitions.set(kind as string, entries);
      entries.set(key as string, { name: name as string, value: value as string });
    }
    return definitions;
  }

  #readIdentities(): void {
    this.#identities.clear();
    const rows = this.file.reader.prepare("SELECT table_id, last FROM identity_value", true).all();
    for (const [table, last] of rows as unknown as [bigint, bigint][]) this.#identities.set(Number(table), last);
  }

  #open(): WriterState {
    if (this.#writer === undefined) throw new Error("No transaction is open in this database: call begin first.");
    return this.#writer;
  }
}

/** JSON has no bigint: seed and increment of an identity are text in it. */
export function tableText(definition: TableDefinition): string {
  return JSON.stringify(definition, (_, value: unknown) => (typeof value === "bigint" ? value.toString() : value));
}

function parseTable(text: string): TableDefinition {
  const raw = JSON.parse(text) as TableDefinition;
  return {
    ...raw,
    columns: raw.columns.map((column) =>
      column.generated === undefined
        ? column
        : {
            ...column,
            generated: { seed: BigInt(column.generated.seed), increment: BigInt(column.generated.increment) },
          },
    ),
  };
}
