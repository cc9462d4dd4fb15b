/**
 * What an open database keeps in its data file: rows, definitions and the log. One writer transaction at
 * a time; every change appends its log record in the same SQLite transaction.
 */
import { FIRST_LSN, LogCursor } from "../log-sequence-number";
import {
  imageOf,
  readImage,
  RECORD_OVERHEAD,
  type BulkImage,
  type CommitImage,
  type DefinitionImage,
  type ImageContent,
  type LogOperation,
  type LogRecord,
} from "../log-records";
import { ChangeTable, LAST_LOCATOR } from "./change-table";
import { type Connection, DataFile } from "./data-file";
import { copyOf, DefinitionTable, type Definitions, parseTable, type StoredDefinition } from "./definition-table";
import type { TableDefinition } from "./definitions";
import { LogTable } from "./log-table";
import { PhysicalTable } from "./physical-table";
import type { RedoPoint } from "./registry";
import { RollForward } from "./roll-forward";
import { rebuildTable } from "./table-rebuild";

interface WriterState {
  cursor: LogCursor;
  transaction: number;
  readonly keepsLog: boolean;
  readonly notesChanges: boolean;
  /** Makes room for so many bytes of log, or throws 9002; undefined while the transaction commits. */
  reserve: ((bytes: number) => void) | undefined;
  usedBytes: number;
  definitions: Definitions | undefined;
  readonly identities: Set<number>;
  readonly marks: { readonly end: bigint; readonly usedBytes: number }[];
}

/** What a commit wrote. */
export interface Committed {
  /** LSN of its first record. */
  readonly from: bigint;
  /** LSN of the commit's own record; undefined when nothing was logged. */
  readonly lsn: bigint | undefined;
  /** Bytes written to the log, a multiple of 512; 0 when nothing was changed. */
  readonly logBytes: number;
}

/** A database as it was committed at one moment. */
export interface FrozenStore {
  /** Reads rows of that moment. */
  readonly connection: Connection;
  readonly endOfLog: bigint;
  readonly definitions: readonly DefinitionImage[];
  readonly tables: ReadonlyMap<number, TableDefinition>;
  /** Last identity values by object_id. */
  readonly identities: readonly (readonly [table: number, last: bigint])[];
  readonly changes: ChangeTable;
  release(): void;
}

export class DatabaseStore {
  readonly file: DataFile;
  /** Rows that differential backups look for. */
  readonly changes: ChangeTable;
  /** Between `beginRedo` and `keepRedo`, `keepMirrored` or `undoRedo`. */
  readonly rollForward: RollForward;
  readonly #log: LogTable;
  readonly #definitionTable: DefinitionTable;
  #end: bigint;
  #usedBytes: number;
  #transaction: number;
  #redoPoint: RedoPoint | undefined;
  #definitions: Definitions;
  #writer: WriterState | undefined;
  readonly #identities = new Map<number, bigint>();
  readonly #nextLocator = new Map<number, number>();

  private constructor(file: DataFile) {
    this.file = file;
    this.changes = new ChangeTable(file.writer);
    this.rollForward = new RollForward(file.writer, this.changes, {
      tableById: (id) => this.tableById(id),
      allDefinitions: () => this.allDefinitions(),
      applyDefinition: (definition, lsn) => this.#applyDefinition(this.#definitions, definition, lsn),
      setIdentity: (table, last) => this.#identities.set(table, last),
    });
    this.#log = new LogTable(file);
    this.#definitionTable = new DefinitionTable(file);
    const state = file.reader.rows("SELECT end_lsn, used_bytes, transaction_id, redo FROM log_state")[0];
    if (state === undefined) throw new Error(`The data file ${file.path} has no log state: it is not a database.`);
    this.#end = BigInt(state[0] as string);
    this.#usedBytes = Number(state[1]);
    this.#transaction = Number(state[2]);
    if (typeof state[3] === "string") this.#redoPoint = JSON.parse(state[3]) as RedoPoint;
    this.#definitions = this.#definitionTable.read();
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
  get redoPoint(): RedoPoint | undefined {
    return this.#redoPoint;
  }

  /** Bytes of the log that cannot be reused yet. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  get isWriting(): boolean {
    return this.#writer !== undefined;
  }

  /** The open transaction has changed something. */
  get hasChanges(): boolean {
    return this.#writer !== undefined && this.#writer.cursor.end !== this.#end;
  }

  // Transactions -------------------------------------------------------------------------------------------------------

  /**
   * @param keepsLog records are stored until a log backup (FULL), or only take LSNs (SIMPLE)
   * @param options.notesChanges a differential backup may ask which rows were changed
   * @param options.reserve makes room in the log file for so many bytes, or throws 9002
   */
  begin(
    keepsLog: boolean,
    {
      notesChanges = false,
      reserve,
    }: { readonly notesChanges?: boolean; readonly reserve?: (bytes: number) => void } = {},
  ): void {
    this.file.writer.exec("BEGIN IMMEDIATE");
    this.#writer = {
      cursor: new LogCursor(this.#end),
      transaction: this.#transaction + 1,
      keepsLog,
      notesChanges,
      reserve,
      usedBytes: this.#usedBytes,
      definitions: undefined,
      identities: new Set(),
      marks: [],
    };
  }

  /** @param stamp what the log says of the commit */
  commit(stamp: CommitImage): Committed {
    const writer = this.#open();
    if (writer.cursor.end === this.#end) {
      this.#writer = undefined;
      this.file.writer.exec("COMMIT");
      return { from: this.#end, lsn: undefined, logBytes: 0 };
    }
    const from = this.#end;
    // The room that a commit needs was reserved while its transaction wrote.
    writer.reserve = undefined;
    for (const table of writer.identities) this.#writeIdentity(table);
    const lsn = this.append("LOP_COMMIT_XACT", 0, 0, stamp);
    const logBytes = writer.cursor.flush();
    const usedBytes = writer.keepsLog ? writer.usedBytes : 0;
    this.#writeState(writer.cursor.end, usedBytes, writer.transaction);
    this.file.writer.exec("COMMIT");
    this.#end = writer.cursor.end;
    this.#usedBytes = usedBytes;
    this.#transaction = writer.transaction;
    if (writer.definitions !== undefined) this.#definitions = writer.definitions;
    this.#writer = undefined;
    return { from, lsn: writer.keepsLog ? lsn : undefined, logBytes };
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
      writer.definitions = this.#definitionTable.read();
    }
  }

  // Log ----------------------------------------------------------------------------------------------------------------

  /** Appends a record to the open transaction and answers its LSN; the first one brings LOP_BEGIN_XACT before it. */
  append(operation: LogOperation, table: number, row: number, content?: ImageContent, bytes?: number): bigint {
    const writer = this.#open();
    if (writer.cursor.end === this.#end && operation !== "LOP_BEGIN_XACT") this.append("LOP_BEGIN_XACT", 0, 0);
    const image = content === undefined || !writer.keepsLog ? null : imageOf(content);
    const size = RECORD_OVERHEAD + (bytes ?? image?.length ?? 100);
    if (writer.keepsLog) writer.reserve?.(writer.usedBytes + size);
    const lsn = writer.cursor.take(size);
    if (writer.notesChanges && table !== 0 && operation !== "LOP_IDENTITY") {
      const last = operation === "LOP_BULK_EXT_ALLOCATION" ? (content as BulkImage).last : row;
      this.changes.note({ table, first: row, last }, lsn);
    }
    if (!writer.keepsLog) return lsn;
    writer.usedBytes += size;
    this.#log.write({ lsn, transaction: writer.transaction, operation, table, row, image });
    return lsn;
  }

  /** Records with from ≤ LSN < to, as committed; not all at once, so that a log of any length may be read. */
  log(from: bigint, to: bigint): Generator<LogRecord, void, undefined> {
    return this.#log.read(from, to);
  }

  /** Where the first transaction ends that has `count` records or more behind `from`: an LSN at which none is open. */
  transactionEnd(from: bigint, count: number): bigint {
    return this.#log.nextTransaction(from, count) ?? this.#end;
  }

  /** A bulk record together with the rows of its range as they are now. */
  withBulkRows(record: LogRecord): LogRecord {
    if (record.operation !== "LOP_BULK_EXT_ALLOCATION" || record.image === null) return record;
    const { last } = readImage<BulkImage>(record.image);
    const definition = this.tableById(record.table);
    if (definition === undefined) return record;
    const rows = PhysicalTable.of(definition).rowsBetween(this.file.reader, record.row, last);
    return { ...record, image: imageOf({ last, rows }) };
  }

  /** Frees the log before an LSN. Outside of a writer's transaction only. */
  truncateLog(before: bigint): void {
    const { writer } = this.file;
    writer.exec("BEGIN IMMEDIATE");
    const kept = this.#log.truncate(before >= this.#end ? undefined : before);
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

  /** Begins to roll forward: one SQLite transaction around all that `rollForward` changes. */
  beginRedo(): void {
    this.file.writer.exec("BEGIN IMMEDIATE");
  }

  /** Keeps a record in this copy's own log, as a mirror does. Between `beginRedo` and `keepMirrored`. */
  keep(record: LogRecord): void {
    this.#log.write(record);
  }

  /** Keeps what was rolled forward from a backup set, all at once: rows and the point that they have reached. */
  keepRedo(point: RedoPoint): void {
    // A copy that is restored has no log of its own until it is recovered.
    this.#log.truncate();
    this.file.writer.prepare("UPDATE log_state SET redo = ?").run(JSON.stringify(point));
    this.#endRedo(BigInt(point.lsn), 0);
    this.#redoPoint = point;
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
    this.#definitions = this.#definitionTable.read();
    this.#readIdentities();
    this.#nextLocator.clear();
  }

  // Definitions -----------------------------------------------------------------------------------------

  /** @param own read the open transaction's definitions */
  definitions(kind: string, own = false): StoredDefinition[] {
    return [...(this.#view(own).get(kind)?.values() ?? [])];
  }

  definition(kind: string, name: string, own = false): string | undefined {
    return this.#view(own).get(kind)?.get(name.toLowerCase())?.value;
  }

  /** Puts (or with null removes) a definition in the open transaction. Kind "table" makes, alters or drops the table. */
  putDefinition(kind: string, name: string, value: string | null): void {
    const writer = this.#open();
    writer.definitions ??= copyOf(this.#definitions);
    const lsn = writer.notesChanges ? writer.cursor.end : undefined;
    this.#applyDefinition(writer.definitions, { kind, name, value }, lsn);
    this.append("LOP_DEFINITION", 0, 0, { kind, name, value });
  }

  /** All definitions, as committed. */
  allDefinitions(): DefinitionImage[] {
    return [...this.#definitions].flatMap(([kind, entries]) =>
      [...entries.values()].map(({ name, value }) => ({ kind, name, value })),
    );
  }

  tables(own = false): TableDefinition[] {
    return [...(this.#view(own).get("table")?.values() ?? [])].map((entry) => this.#definitionTable.tableOf(entry));
  }

  tableById(id: number): TableDefinition | undefined {
    return this.tables(true).find((table) => table.id === id);
  }

  table(schema: string, name: string, own = false): TableDefinition | undefined {
    const entry = this.#view(own).get("table")?.get(`${schema}.${name}`.toLowerCase());
    return entry === undefined ? undefined : this.#definitionTable.tableOf(entry);
  }

  /** Holds what is committed now, for a reader that takes its time while writers go on. */
  freeze(): FrozenStore {
    const frozen = this.file.freeze();
    const { connection } = frozen;
    return {
      connection,
      release: () => frozen.release(),
      endOfLog: this.#end,
      definitions: this.allDefinitions(),
      tables: new Map(this.tables().map((table) => [table.id, table])),
      identities: [...this.#identities],
      changes: new ChangeTable(connection),
    };
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

  /** @param lsn of the change, where it is noted: a table that is made or altered counts as changed as a whole */
  #applyDefinition(into: Definitions, { kind, name, value }: DefinitionImage, lsn: bigint | undefined): void {
    const before = this.#definitionTable.put(into, kind, name, value);
    if (kind !== "table") return;
    this.#changeTable(before?.value, value);
    if (value === null || lsn === undefined) return;
    this.changes.note({ table: parseTable(value).id, first: 0, last: LAST_LOCATOR }, lsn);
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
