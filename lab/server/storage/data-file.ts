/**
 * The data file of a database: one SQLite file. Rows, definitions and log records lie in it, so that one commit makes
 * rows and log durable together.
 */
import { existsSync, renameSync, rmSync, statSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";

/** SQL Server's page. */
export const PAGE_BYTES = 8192;

const SCHEMA = `
CREATE TABLE definition (kind TEXT NOT NULL, key TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (kind, key)) WITHOUT ROWID;
CREATE TABLE identity_value (table_id INTEGER PRIMARY KEY, last INTEGER NOT NULL);
CREATE TABLE log_state (id INTEGER PRIMARY KEY, end_lsn TEXT NOT NULL, used_bytes INTEGER NOT NULL,
  transaction_id INTEGER NOT NULL, redo TEXT);
CREATE TABLE log_record (lsn TEXT PRIMARY KEY, transaction_id INTEGER NOT NULL, operation TEXT NOT NULL,
  table_id INTEGER NOT NULL, row INTEGER NOT NULL, image BLOB) WITHOUT ROWID;
CREATE TABLE changed (table_id INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, lsn TEXT NOT NULL,
  PRIMARY KEY (table_id, first, last)) WITHOUT ROWID;
`;

/** Pages that each connection keeps, in KiB. The system has the file in its own cache: more would only be held twice. */
const CACHE_KIB = 2048;
/** Largest -wal that is kept once its pages are in the file, in bytes. */
const WAL_BYTES = 64 * 2 ** 20;

/** A connection to the file with its prepared statements. */
export class Connection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  constructor(file: string) {
    this.#database = new DatabaseSync(file);
    // Killed processes lose nothing in WAL mode with NORMAL: the operating system holds what was written.
    this.#database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
PRAGMA cache_size = -${String(CACHE_KIB)}; PRAGMA journal_size_limit = ${String(WAL_BYTES)};`);
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** A prepared statement, kept. @param bigints integers are answered as bigint; they are answered as arrays always */
  prepare(sql: string, bigints = false): StatementSync {
    const key = bigints ? `b${sql}` : sql;
    let statement = this.#statements.get(key);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReturnArrays(true);
      if (bigints) statement.setReadBigInts(true);
      this.#statements.set(key, statement);
    }
    return statement;
  }

  /** All rows of a query, as arrays. */
  rows(sql: string, ...parameters: (string | number | bigint)[]): (string | number | Uint8Array | null)[][] {
    return this.prepare(sql).all(...parameters) as unknown as (string | number | Uint8Array | null)[][];
  }

  /** Tables were made or dropped: statements that name them are prepared anew. */
  forget(): void {
    this.#statements.clear();
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }
}

/** A consistent picture of the file's pages, held while a backup reads them. */
export interface Snapshot {
  readonly file: string;
  readonly pages: number;
  release(): void;
}

/** The open file: a connection that writes, one that reads what is committed. */
export class DataFile {
  readonly writer: Connection;
  readonly reader: Connection;

  private constructor(readonly path: string) {
    this.writer = new Connection(path);
    this.reader = new Connection(path);
  }

  /** Makes an empty database file. The path must be absent. */
  static create(path: string): DataFile {
    const first = new DatabaseSync(path);
    first.exec(`PRAGMA page_size = ${String(PAGE_BYTES)}; PRAGMA journal_mode = WAL;`);
    first.exec(SCHEMA);
    first.close();
    return new DataFile(path);
  }

  /** Throws Error when there is no file: SQLite would make an empty one. */
  static open(path: string): DataFile {
    if (!existsSync(path)) throw new Error(`There is no data file ${path}.`);
    return new DataFile(path);
  }

  /** Removes a database file with what SQLite keeps beside it. */
  static remove(path: string): void {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
  }

  /** Makes a closed file ready to be written over, and answers whether it is there. */
  static prepareToOverwrite(path: string): boolean {
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    return existsSync(path);
  }

  /** Puts another file in the place of a closed one. A crash leaves one of them. */
  static replace(path: string, fresh: string): void {
    // What SQLite kept beside the old file does not belong to the new one; closing has moved it into the file.
    for (const suffix of ["-wal", "-shm"]) rmSync(path + suffix, { force: true });
    renameSync(fresh, path);
  }

  /** Bytes of the file as it is now, with what the write-ahead log holds beyond it. */
  get bytes(): number {
    const pages = this.reader.rows("PRAGMA page_count")[0]?.[0];
    return Number(pages) * PAGE_BYTES;
  }

  /**
   * Freezes the file's pages. All committed pages are moved into the main file first; a reader that begins then needs
   * nothing of the write-ahead log, and while it lasts no checkpoint may write to the main file ("Write-Ahead Logging",
   * SQLite: read mark 0). The pages can be read with plain file reads, while writers go on.
   * Answers undefined when another reader is in the way at this moment: try again.
   */
  snapshot(): Snapshot | undefined {
    const [busy, frames, moved] = this.writer.rows("PRAGMA wal_checkpoint(PASSIVE)")[0] as number[];
    if (busy !== 0 || frames !== moved) return undefined;
    const holder = new DatabaseSync(this.path);
    holder.exec("BEGIN");
    holder.prepare("SELECT count(*) FROM log_state").get();
    const size = statSync(this.path).size;
    return {
      file: this.path,
      pages: Math.floor(size / PAGE_BYTES),
      release: () => {
        holder.exec("COMMIT");
        holder.close();
      },
    };
  }

  /** A connection that sees what is committed now until it is released. */
  freeze(): { readonly connection: Connection; release(): void } {
    const connection = new Connection(this.path);
    connection.exec("BEGIN");
    // Only a read fixes what the transaction sees.
    connection.rows("SELECT count(*) FROM log_state");
    return {
      connection,
      release: () => {
        connection.exec("COMMIT");
        connection.close();
      },
    };
  }

  close(): void {
    this.reader.close();
    this.writer.close();
  }
}
