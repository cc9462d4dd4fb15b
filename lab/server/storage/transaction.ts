/**
 * Transactions of a session over the databases of its instance. One writer at a time per database; others read what is
 * committed meanwhile (as under READ_COMMITTED_SNAPSHOT, which never blocks a reader).
 */
import { SqlError } from "../../tsql/errors";
import type { Database } from "../database";

const lockTimeout = (): SqlError => new SqlError(1222, 16, "Lock request time out period exceeded.", { state: 51 });

const deadlock = (session: number): SqlError =>
  new SqlError(
    1205,
    13,
    `Transaction (Process ID ${String(session)}) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.`,
    { state: 51 },
  );

/** Attention while the session waited for a lock. */
export class WaitAborted extends Error {
  constructor() {
    super("The wait for a lock was cancelled by the client.");
    this.name = "WaitAborted";
  }
}

/**
 * The transactions of one session. `begin`/`commit`/`rollback` are the explicit ones; `beginStatement`/`endStatement`
 * stand around one statement: outside an explicit transaction they are its autocommit, inside they make it atomic.
 */
export class TransactionScope {
  /** LOCK_TIMEOUT in milliseconds, -1 waits for ever. */
  lockTimeout = -1;
  readonly #held = new Set<Database>();
  #explicit = false;
  #statement = false;
  #undoStatement: (() => void) | undefined;
  #waitsFor: Database | undefined;
  #mark: string | undefined;
  /** Milliseconds since 1970 of the first BEGIN of the present explicit transaction. */
  beganAt: number | undefined;

  constructor(readonly sessionId: number) {}

  /** True between begin and commit/rollback. */
  get isExplicit(): boolean {
    return this.#explicit;
  }

  /** Databases in which this session has an open transaction that changed something. */
  get databases(): ReadonlySet<Database> {
    return this.#held;
  }

  begin(): void {
    this.#explicit = true;
    this.beganAt = Date.now();
  }

  /** Gives the explicit transaction a name in the log (BEGIN TRAN … WITH MARK). */
  setMark(name: string): void {
    this.#mark = name;
  }

  /**
   * Commits in every database in turn: atomic in each file; a crash in between may leave some of several databases
   * committed. Answers the LSNs of the commits where something was logged.
   */
  commit(): ReadonlyMap<Database, bigint> {
    this.#explicit = false;
    const mark = this.#mark;
    const commits = new Map<Database, bigint>();
    this.#end((database) => {
      const lsn = database.commitWriter(mark);
      if (lsn !== undefined) commits.set(database, lsn);
    });
    return commits;
  }

  rollback(): void {
    this.#explicit = false;
    this.#statement = false;
    this.#end((database) => database.rollbackWriter());
  }

  beginStatement(): void {
    this.#undoStatement = this.#explicit ? this.mark() : undefined;
    this.#statement = true;
  }

  /** Outside an explicit transaction: commit or roll back. Inside: keep the statement's rows or undo just those. */
  endStatement(succeeded: boolean): void {
    const undo = this.#undoStatement;
    this.#statement = false;
    this.#undoStatement = undefined;
    if (!this.#explicit) this.#end((database) => (succeeded ? database.commitWriter() : database.rollbackWriter()));
    else if (!succeeded) undo?.();
  }

  /**
   * Marks where the explicit transaction is (SAVE TRANSACTION, a statement that may fail). Calling the answer takes every
   * database back to it; databases that joined later are taken back whole. The mark may be used again.
   */
  mark(): () => void {
    const marks = new Map([...this.#held].map((database) => [database, database.mark()]));
    return () => {
      for (const database of this.#held) {
        const mark = marks.get(database);
        if (mark !== undefined) database.rollbackTo(mark);
        else if (this.#held.delete(database)) database.rollbackWriter();
      }
    };
  }

  /** True when this session is the database's writer: it then reads its own rows. */
  isWriting(database: Database): boolean {
    return this.#held.has(database);
  }

  /**
   * Makes this session the database's writer, waiting for another one's transaction to end. Await it before a
   * statement that changes rows. Throws 1222 after `lockTimeout`, 1205 in a circle of waits, WaitAborted.
   */
  async enlist(database: Database, signal?: AbortSignal): Promise<void> {
    const deadline = this.lockTimeout < 0 ? Infinity : Date.now() + this.lockTimeout;
    while (!this.#held.has(database)) {
      const owner = database.writerOwner;
      if (owner === undefined) {
        this.enlistNow(database);
        this.#giveBackUnlessUsed();
        return;
      }
      if (signal?.aborted === true) throw new WaitAborted();
      if (Date.now() >= deadline) throw lockTimeout();
      this.#waitsFor = database;
      try {
        if (owner.#waitsIndirectlyFor(this)) throw deadlock(this.sessionId);
        await database.writerReleased(deadline - Date.now(), signal);
      } finally {
        this.#waitsFor = undefined;
      }
    }
  }

  /** The same without waiting: 1222 at once when another session writes. */
  enlistNow(database: Database): void {
    if (this.#held.has(database)) return;
    if (database.writerOwner !== undefined) throw lockTimeout();
    database.beginWriter(this);
    this.#held.add(database);
  }

  /** Runs `work` as one statement of its own where no statement is open (rows written by the engine itself). */
  within<T>(work: () => T): T {
    if (this.#statement || this.#explicit) return work();
    this.beginStatement();
    try {
      const result = work();
      this.endStatement(true);
      return result;
    } catch (error) {
      this.endStatement(false);
      throw error;
    }
  }

  /** The database is being closed under the session (ROLLBACK IMMEDIATE): its part is undone. */
  forget(database: Database): void {
    if (this.#held.delete(database)) database.rollbackWriter();
  }

  /** The statement that waited for its turn did not begin (attention, an error before it): nobody shall wait for it. */
  #giveBackUnlessUsed(): void {
    setImmediate(() => {
      if (!this.#explicit && !this.#statement) this.#end((database) => database.rollbackWriter());
    });
  }

  #waitsIndirectlyFor(other: TransactionScope): boolean {
    const next = this.#waitsFor?.writerOwner;
    return next !== undefined && (next === other || next.#waitsIndirectlyFor(other));
  }

  #end(finish: (database: Database) => void): void {
    const databases = [...this.#held];
    this.#held.clear();
    this.beganAt = undefined;
    this.#mark = undefined;
    const failures: unknown[] = [];
    for (const database of databases) {
      try {
        finish(database);
      } catch (error) {
        failures.push(error);
      }
    }
    // Every database ends its part before the first failure is told.
    for (const failure of failures) throw failure instanceof Error ? failure : new Error(String(failure));
  }
}
