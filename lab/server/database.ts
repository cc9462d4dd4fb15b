/** One database of an instance: its state, files, options, tables and definitions, and the writer's turn. */
import { EventEmitter } from "node:events";
import type { SqlError } from "../tsql/errors";
import type { Row, SqlType, SqlValue } from "../tsql/values";
import type { InstanceCore } from "./instance-core";
import { LogManager } from "./log-manager";
import type { MirroringView } from "./mirroring/record";
import type { MirroringSession } from "./mirroring/session";
import { DataFile, PAGE_BYTES } from "./storage/data-file";
import { bulkLoad } from "./storage/bulk-load";
import {
  MODEL_OPTIONS,
  type DatabaseFile,
  type DatabaseOptions,
  type DatabaseState,
  type NewRow,
  type NewTable,
  type RecoveryStatus,
  type TableDefinition,
  type UserDefinition,
} from "./storage/definitions";
import { storageErrors } from "./storage/errors";
import { optionTexts } from "./storage/option-texts";
import { FileCounters } from "./storage/file-counters";
import type { DatabaseRecord, RecordChange } from "./storage/registry";
import type { DatabaseStore } from "./storage/store";
import { tableText } from "./storage/definition-table";
import { StoredTable } from "./storage/stored-table";
import { TransactionScope, WaitAborted } from "./storage/transaction";

/**
 * A database. `scope` parameters say whose transaction a change joins; reading with a scope shows its own changes.
 * Everything throws SqlError as SQL Server would.
 */
export class Database {
  readonly log: LogManager;
  readonly counters: FileCounters;
  #record: DatabaseRecord;
  #store: DatabaseStore | undefined;
  #owner: TransactionScope | undefined;
  #mirroring: MirroringSession | undefined;
  /** Set while BACKUP DATABASE, RESTORE or a change of state has the database to itself: 952, 3023. */
  busy: string | undefined;
  readonly #released = new EventEmitter().setMaxListeners(0);

  constructor(
    readonly instance: InstanceCore,
    record: DatabaseRecord,
  ) {
    this.#record = record;
    this.log = new LogManager(this);
    this.counters = new FileCounters();
  }

  // Identity and state -------------------------------------------------------------------------------------------------

  /** database_id */
  get id(): number {
    return this.#record.id;
  }

  get name(): string {
    return this.#record.name;
  }

  /** sys.databases.state_desc. STANDBY is ONLINE with `isInStandby`. A mirror is RESTORING, a principal without quorum RECOVERING. */
  get state(): DatabaseState {
    const { state } = this.#record;
    return state === "ONLINE" && this.#mirroring?.lacksQuorum === true ? "RECOVERING" : state;
  }

  get isInStandby(): boolean {
    return this.#record.standby !== null;
  }

  /** Milliseconds since 1970 of the server's local clock. */
  get createDate(): number {
    return this.#record.createDate;
  }

  /** Hexadecimal without 0x. */
  get ownerSid(): string {
    return this.#record.ownerSid;
  }

  /** sys.database_recovery_status.database_guid. */
  get databaseGuid(): string {
    return this.#record.databaseGuid;
  }

  get files(): readonly DatabaseFile[] {
    return this.#record.files;
  }

  /** Known in every state: as last seen while the database was open. */
  get options(): DatabaseOptions {
    return this.#record.options;
  }

  /** Options as its sys.databases row: STANDBY is read-only too. */
  get isReadOnly(): boolean {
    return this.#record.options.isReadOnly || this.isInStandby;
  }

  /** sys.master_files.redo_start_lsn and redo_start_fork_guid; null unless RESTORING with a known position. */
  get redoStart(): { readonly lsn: bigint; readonly fork: string } | null {
    const redo = this.#record.redo;
    if (this.#record.state !== "RESTORING" || redo === null) return null;
    if (this.mirroring?.role === "MIRROR" && this.#store !== undefined)
      return { lsn: this.#store.endOfLog, fork: redo.fork };
    return { lsn: BigInt(redo.lsn), fork: redo.fork };
  }

  /** sys.database_recovery_status; undefined while the database is not open (OFFLINE, half restored): all columns NULL. */
  get recovery(): RecoveryStatus | undefined {
    return this.#store === undefined || this.#record.recovery === null ? undefined : this.log.status;
  }

  /** Family of the copy as far as it is known. */
  get familyGuid(): string | null {
    return this.#record.familyGuid;
  }

  /** sys.database_mirroring; undefined when not mirrored. */
  get mirroring(): MirroringView | undefined {
    return this.#mirroring?.view;
  }

  /** The session itself, for the mirroring statements. */
  get mirroringSession(): MirroringSession | undefined {
    return this.#mirroring;
  }

  set mirroringSession(session: MirroringSession | undefined) {
    this.#mirroring = session;
    this.change({ mirroring: session?.record ?? null });
  }

  /** Size of a file in pages of 8 KiB (sys.master_files.size). */
  filePages(fileId: number): number {
    const file = this.files.find((other) => other.fileId === fileId);
    if (file === undefined) return 0;
    if (file.type === "ROWS" && this.#store !== undefined)
      return Math.max(file.size, Math.ceil(this.#store.file.bytes / PAGE_BYTES));
    return file.size;
  }

  /**
   * A disk that lies: from now on the page does not match its checksum. BACKUP WITH CHECKSUM and DBCC CHECKDB find it,
   * backups carry it. Queries do not see it: the lab's rows lie elsewhere. Throws RangeError for a page that holds nothing.
   */
  damagePage(page: number): void {
    const pages = this.usedPages;
    if (!Number.isInteger(page) || page < 0 || page >= pages)
      throw new RangeError(`${this.name} has the pages 0 to ${String(pages - 1)}, not ${String(page)}.`);
    this.change({ damagedPages: [...new Set([...this.damagedPages, page])].sort((one, other) => one - other) });
  }

  /**
   * Damage that recovery or a rollback meets: the database is SUSPECT, whoever is in it is thrown out, what was not committed
   * is gone. Its log stays whole. ALTER DATABASE … SET ONLINE recovers it, as on a disk that was mended.
   */
  async markSuspect(): Promise<void> {
    this.change({ state: "SUSPECT" });
    await this.instance.environment.endSessions(this);
    this.writerOwner?.forget(this);
    this.instance.errorLog(926, storageErrors.suspect(this.name).message);
  }

  /** Pages of the data file that hold something: those that a full backup reads. */
  get usedPages(): number {
    return Math.floor(this.openStore().file.bytes / PAGE_BYTES);
  }

  /** Pages of the data file that do not match their checksum, ascending. */
  get damagedPages(): readonly number[] {
    return this.#record.damagedPages ?? [];
  }

  /** Throws what USE or a query of it would: 921 to 955. */
  assertUsable(): void {
    const error = this.unusable();
    if (error !== undefined) throw error;
  }

  /** Why the database cannot be opened now; undefined when it can. */
  unusable(): SqlError | undefined {
    if (this.busy?.startsWith("RESTORE") === true) return storageErrors.restoring(this.name);
    if (this.busy === "BACKUP LOG WITH NORECOVERY") return storageErrors.inTransition(this.name);
    switch (this.state) {
      case "ONLINE":
      case "EMERGENCY":
        return undefined;
      case "RESTORING":
        return this.mirroring?.role === "MIRROR" ? storageErrors.mirror(this.name) : storageErrors.restoring(this.name);
      case "RECOVERING":
        return this.#mirroring?.lacksQuorum === true
          ? storageErrors.noQuorum(this.name)
          : storageErrors.beingRecovered(this.name);
      case "RECOVERY_PENDING":
        return storageErrors.inaccessible(this.name);
      case "SUSPECT":
        return storageErrors.suspect(this.name);
      case "OFFLINE":
        return storageErrors.offline(this.name);
    }
  }

  /** Throws 3906 when rows cannot be changed. */
  assertWritable(): void {
    this.assertUsable();
    if (this.isReadOnly || this.state === "EMERGENCY") throw storageErrors.readOnly(this.name);
  }

  // Tables -------------------------------------------------------------------------------------------------------------

  tables(scope?: TransactionScope): TableDefinition[] {
    return this.openStore().tables(scope !== undefined && this.#owner === scope);
  }

  /** Undefined when there is none (208 is the caller's). */
  table(scope: TransactionScope, schema: string, name: string): StoredTable | undefined {
    const definition = this.openStore().table(schema, name, this.#owner === scope);
    return definition === undefined ? undefined : new StoredTable(this, definition, scope);
  }

  /** CREATE TABLE. Gives the object_id unless one is given; throws 2714, 3906. */
  createTable(scope: TransactionScope, table: NewTable): TableDefinition {
    return this.#changing(scope, (store) => {
      if (store.table(table.schema, table.name, true) !== undefined) throw storageErrors.objectExists(table.name);
      const definition = { ...table, id: table.id ?? this.nextObjectId(scope), created: this.#localTimeText() };
      store.putDefinition("table", `${table.schema}.${table.name}`, tableText(definition));
      return definition;
    });
  }

  /**
   * ALTER TABLE: columns and keys as in `next`; columns of the same name keep their values. `convert` is given each row
   * in the new shape (new columns NULL) and answers it as it shall be.
   */
  alterTable(scope: TransactionScope, next: TableDefinition, convert?: (row: Row) => Row): void {
    this.#changing(scope, (store) => {
      const relaxed =
        convert === undefined ? next : { ...next, columns: next.columns.map((c) => ({ ...c, nullable: true })) };
      if (convert !== undefined) {
        store.putDefinition("table", `${next.schema}.${next.name}`, tableText({ ...relaxed, keys: [], checks: [] }));
        const table = this.table(scope, next.schema, next.name) as StoredTable;
        for (const { locator, row } of table.locate()) table.update(locator, convert(row));
      }
      store.putDefinition("table", `${next.schema}.${next.name}`, tableText(next));
    });
  }

  dropTable(scope: TransactionScope, definition: TableDefinition): void {
    this.#changing(scope, (store) => {
      store.putDefinition("table", `${definition.schema}.${definition.name}`, null);
    });
  }

  /** A free object_id: tables first, then any definition that says `"id"` are the caller's to keep apart. */
  nextObjectId(scope: TransactionScope): number {
    const highest = Math.max(245_575_913, ...this.tables(scope).map((table) => table.id));
    return highest + 16;
  }

  /** sys.partitions.rows of a table. */
  rowCount(scope: TransactionScope, definition: TableDefinition): number {
    return new StoredTable(this, definition, scope).count();
  }

  /** IDENT_CURRENT: the last identity value of a table, undefined before the first. */
  lastIdentity(definition: TableDefinition): bigint | undefined {
    return this.openStore().lastIdentity(definition.id);
  }

  /**
   * Loads many rows quickly, minimally logged as a bulk operation: one record per batch that names the range of rows; a
   * log backup and mirroring carry the rows themselves. A transaction of its own; answers how many rows.
   */
  bulkInsert(schema: string, name: string, rows: Iterable<NewRow>): Promise<number> {
    return bulkLoad(this, schema, name, rows);
  }

  // Definitions --------------------------------------------------------------------------------------------------------

  /** All definitions of a kind of the caller's choosing ("view", "procedure", "permission", "schema" …), as JSON values. */
  definitions<T>(kind: string, scope?: TransactionScope): { readonly name: string; readonly value: T }[] {
    const found = this.openStore().definitions(kind, scope !== undefined && this.#owner === scope);
    return found.map(({ name, value }) => ({ name, value: JSON.parse(value) as T }));
  }

  definition<T>(kind: string, name: string, scope?: TransactionScope): T | undefined {
    const text = this.openStore().definition(kind, name, scope !== undefined && this.#owner === scope);
    return text === undefined ? undefined : (JSON.parse(text) as T);
  }

  /** Puts a definition; logged and carried by backup, restore and mirroring. `undefined` removes it. */
  putDefinition(scope: TransactionScope, kind: string, name: string, value: unknown): void {
    this.#changing(scope, (store) => {
      store.putDefinition(kind, name, value === undefined ? null : JSON.stringify(value));
    });
  }

  /** Database principals: users and roles. */
  users(scope?: TransactionScope): UserDefinition[] {
    return this.definitions<UserDefinition>("user", scope).map(({ value }) => value);
  }

  putUser(scope: TransactionScope, user: UserDefinition): void {
    this.putDefinition(scope, "user", user.name, user);
  }

  removeUser(scope: TransactionScope, name: string): void {
    this.putDefinition(scope, "user", name, undefined);
  }

  // Options ------------------------------------------------------------------------------------------------------------

  /**
   * ALTER DATABASE … SET: changes options. Throws 1468 for those that mirroring forbids, 5052 where the state does;
   * the caller adds 5069 and clears away sessions before. Writes 5084 to the error log.
   */
  async setOptions(change: Partial<DatabaseOptions>): Promise<void> {
    if (this.state !== "ONLINE" || this.isInStandby)
      throw storageErrors.notPermittedInState("ALTER DATABASE", this.state);
    const forbidden =
      change.isReadOnly === true ||
      (change.userAccess !== undefined && change.userAccess !== "MULTI_USER") ||
      (change.recoveryModel !== undefined && change.recoveryModel !== "FULL");
    if (forbidden && this.#mirroring !== undefined) throw storageErrors.mirroredOption(this.name);
    const before = this.options;
    await this.#asWriter((store) => {
      const next = { ...before, ...change };
      store.putDefinition("database", "options", JSON.stringify(next));
    });
    this.change({ options: { ...before, ...change } });
    if (change.recoveryModel !== undefined && change.recoveryModel !== before.recoveryModel)
      this.log.recoveryModelChanged(before.recoveryModel);
    for (const [option, value] of optionTexts(change))
      this.instance.errorLog(5084, `Setting database option ${option} to ${value} for database '${this.name}'.`);
  }

  /** ALTER AUTHORIZATION ON DATABASE, sp_changedbowner. */
  async setOwner(sid: string): Promise<void> {
    this.assertUsable();
    await this.#asWriter((store) => {
      store.putDefinition("database", "owner", JSON.stringify(sid));
    });
    this.change({ ownerSid: sid });
  }

  /** ALTER DATABASE … MODIFY NAME. Throws 957, 1801. */
  rename(name: string): void {
    if (this.#mirroring !== undefined) throw storageErrors.mirroredRename(this.name);
    if (this.instance.database(name) !== undefined) throw storageErrors.databaseExists(name);
    this.change({ name });
  }

  // The writer's turn --------------------------------------------------------------------------------------------------

  /** Session whose transaction is open here, if any. */
  get writerOwner(): TransactionScope | undefined {
    return this.#owner;
  }

  /** Waits until the present writer ends, the time (ms) passes or the signal comes (WaitAborted). */
  writerReleased(milliseconds: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = Number.isFinite(milliseconds) ? setTimeout(finish, Math.max(0, milliseconds)) : undefined;
      const released = this.#released;
      const aborted = (): void => {
        clean();
        reject(new WaitAborted());
      };
      function clean(): void {
        clearTimeout(timer);
        released.off("released", finish);
        signal?.removeEventListener("abort", aborted);
      }
      function finish(): void {
        clean();
        resolve();
      }
      released.once("released", finish);
      signal?.addEventListener("abort", aborted, { once: true });
    });
  }

  /** Runs `work` now, or as soon as the present writer has ended. */
  whenIdle(work: () => void): void {
    if (this.#owner === undefined) work();
    else
      this.#released.once("released", () => {
        this.whenIdle(work);
      });
  }

  beginWriter(owner: TransactionScope): void {
    this.openStore().begin(this.log.keepsLog, {
      notesChanges: this.log.notesChanges,
      reserve: (bytes) => this.log.growFile(bytes),
    });
    this.#owner = owner;
  }

  /** @param mark name of the transaction when it is marked. Answers the LSN of its commit; undefined when nothing was logged. */
  commitWriter(mark?: string): bigint | undefined {
    const { from, lsn, logBytes } = this.openStore().commit({
      time: this.instance.localTime(),
      ...(mark === undefined ? {} : { mark }),
    });
    this.#releaseWriter();
    this.counters.wroteLog(logBytes);
    if (logBytes > 0) this.#mirroring?.ship(from);
    return lsn;
  }

  rollbackWriter(): void {
    if (this.#store?.isWriting === true) this.#store.rollback();
    this.#releaseWriter();
  }

  /** Marks the writer's transaction; `rollbackTo` takes it back there. */
  mark(): number {
    return this.openStore().mark();
  }

  rollbackTo(mark: number): void {
    this.openStore().rollbackTo(mark);
  }

  /** Runs `work` in a transaction of its own, after waiting for its turn. For rows that the engine writes itself. */
  async write<T>(work: (scope: TransactionScope) => T, signal?: AbortSignal): Promise<T> {
    const scope = new TransactionScope(0);
    await scope.enlist(this, signal);
    scope.begin();
    try {
      const result = work(scope);
      scope.commit();
      return result;
    } catch (error) {
      if (scope.isExplicit) scope.rollback();
      throw error;
    }
  }

  // For the core -------------------------------------------------------------------------------------------------------

  get record(): DatabaseRecord {
    return this.#record;
  }

  /** Changes what the registry holds of the database, durable at once. */
  change(change: RecordChange): void {
    this.#record = { ...this.#record, ...change };
    this.instance.saved(this);
  }

  /** The open store; throws what USE would throw when there is none. */
  openStore(): DatabaseStore {
    if (this.#store === undefined) throw this.unusable() ?? storageErrors.inaccessible(this.name);
    return this.#store;
  }

  get hasStore(): boolean {
    return this.#store !== undefined;
  }

  /** Takes an open store and reads from it what the registry repeats. */
  attach(store: DatabaseStore): void {
    this.#store = store;
    this.refresh();
  }

  /** Reads options and owner again: after redo. The state stays. */
  refresh(): void {
    const options = this.definition<DatabaseOptions>("database", "options") ?? MODEL_OPTIONS;
    const ownerSid = this.definition<string>("database", "owner") ?? this.#record.ownerSid;
    this.change({ options, ownerSid });
  }

  /** Closes the file; an open transaction in it is undone. */
  detach(): void {
    this.#owner?.forget(this);
    this.#store?.close();
    this.#store = undefined;
  }

  /** Where the data file lies on this machine, for node:fs. */
  dataPath(): string {
    const data = this.files.find((file) => file.type === "ROWS");
    if (data === undefined) throw new Error(`Database ${this.name} has no data file in the registry.`);
    return this.instance.locate(data.physicalName, "write").file;
  }

  /** Removes files of the database from the host's disk, by default those that it has. */
  removeFiles(files = this.files): void {
    for (const file of files) {
      const located = this.instance.find(file.physicalName);
      if (located !== undefined) DataFile.remove(located);
    }
  }

  evaluateDefault(text: string, type: SqlType): SqlValue {
    return this.instance.environment.evaluateDefault(this, text, type);
  }

  countRead(rows: number): void {
    this.counters.read(rows);
  }

  #releaseWriter(): void {
    this.#owner = undefined;
    this.#released.emit("released");
  }

  #changing<T>(scope: TransactionScope, work: (store: DatabaseStore) => T): T {
    this.assertWritable();
    return scope.within(() => {
      scope.enlistNow(this);
      return work(this.openStore());
    });
  }

  /** Like `write`, but also for a read-only database: options change in it. */
  #asWriter(work: (store: DatabaseStore) => void): Promise<void> {
    return this.write(() => {
      work(this.openStore());
    });
  }

  #localTimeText(): string {
    return new Date(this.instance.localTime()).toISOString().slice(0, 23);
  }
}
