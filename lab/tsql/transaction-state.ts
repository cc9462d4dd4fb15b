/**
 * The transaction of a session: @@TRANCOUNT, savepoints, the doomed state, and what takes changes of temporary tables
 * back. Source: "BEGIN TRANSACTION", "ROLLBACK TRANSACTION", "XACT_STATE", "SAVE TRANSACTION".
 */
import type { Host } from "./host";
import { runErrors } from "./language-errors";
import type { ResultSink } from "./results";

interface Change {
  readonly undo: () => void;
  /** Taken back by ROLLBACK too. */
  readonly lasting: boolean;
}

interface Savepoint {
  readonly name: string;
  readonly undoLength: number;
  /** Takes the server's rows back to the savepoint; absent where the server has no marks. */
  readonly undoRows: (() => void) | undefined;
}

export class Transactions {
  count = 0;
  /** Nothing may be written or committed any more: XACT_STATE() is -1. */
  doomed = false;
  #name = "";
  #isMarked = false;
  #descriptor = 0n;
  #savepoints: Savepoint[] = [];
  readonly #undo: (() => void)[] = [];
  #statement: Change[] | undefined;

  constructor(private readonly host: Host) {}

  /** Remembers how to take back a change of a temporary table. */
  readonly remember = (undo: () => void): void => {
    this.#statement?.push({ undo, lasting: true });
  };

  /** The same for a table variable, which a ROLLBACK leaves alone: only a failed statement is taken back. */
  readonly rememberStatement = (undo: () => void): void => {
    this.#statement?.push({ undo, lasting: false });
  };

  get state(): number {
    return this.count === 0 ? 0 : this.doomed ? -1 : 1;
  }

  begin(name: string, sink: ResultSink): void {
    if (this.count === 0) {
      this.host.begin();
      this.doomed = false;
      this.#isMarked = false;
      this.#name = name;
      this.#descriptor += 1n;
      sink.environment({ kind: "beginTransaction", descriptor: this.descriptor });
    }
    this.count += 1;
  }

  /** Unique enough for the eight bytes of MS-TDS: session and number of the transaction. */
  private get descriptor(): bigint {
    return (BigInt(this.host.sessionId) << 32n) | this.#descriptor;
  }

  /** Marks the transaction in the log; false when it has a mark already (3920). */
  mark(name: string, description: string): boolean {
    if (this.#isMarked) return false;
    this.#isMarked = true;
    this.host.markTransaction?.(name, description);
    return true;
  }

  /** @throws SqlError 3902, 3930 */
  async commit(sink: ResultSink): Promise<void> {
    if (this.count === 0) throw runErrors.commitWithoutBegin();
    if (this.doomed) throw runErrors.doomed();
    if (this.count === 1) {
      await this.host.commit();
      this.#undo.length = 0;
      this.#savepoints = [];
      this.count = 0;
      sink.environment({ kind: "commitTransaction", descriptor: this.descriptor });
      return;
    }
    this.count -= 1;
  }

  /** Rolls all of it back, or to a savepoint. @throws SqlError 3903, 6401 */
  rollback(name: string, sink: ResultSink): void {
    if (this.count === 0) throw runErrors.rollbackWithoutBegin();
    if (name !== "" && name !== this.#name) {
      const at = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name);
      const savepoint = this.#savepoints[at];
      if (savepoint === undefined) throw runErrors.rollbackName(name);
      if (this.doomed) throw runErrors.doomed();
      savepoint.undoRows?.();
      this.undoTo(savepoint.undoLength);
      this.#savepoints = this.#savepoints.slice(0, at + 1);
      return;
    }
    this.host.rollback();
    this.undoTo(0);
    this.#savepoints = [];
    this.count = 0;
    this.doomed = false;
    sink.environment({ kind: "rollbackTransaction", descriptor: this.descriptor });
  }

  /** @throws SqlError 628 */
  save(name: string): void {
    if (this.count === 0) throw runErrors.saveWithoutBegin();
    this.#savepoints.push({ name, undoLength: this.#undo.length, undoRows: this.host.mark?.() });
  }

  private undoTo(length: number): void {
    while (this.#undo.length > length) (this.#undo.pop() as () => void)();
  }

  /**
   * Runs a statement that writes, whole or not at all. Outside of a transaction it is its own (autocommit).
   * @throws SqlError 3930 in a doomed transaction
   */
  async statement<T>(action: () => Promise<T>, writesServer: boolean): Promise<T> {
    if (this.doomed) throw runErrors.doomed();
    const own = this.count === 0;
    const mark = !own && writesServer ? this.host.mark?.() : undefined;
    const around = this.#statement;
    const changes: Change[] = [];
    this.#statement = changes;
    if (own && writesServer) this.host.beginStatement();
    try {
      const result = await action();
      if (own && writesServer) this.host.endStatement(true);
      // Changes of a statement inside a statement (INSERT … EXEC) belong to the outer one too.
      if (around !== undefined) around.push(...changes);
      else if (this.count > 0)
        this.#undo.push(...changes.filter((change) => change.lasting).map((change) => change.undo));
      return result;
    } catch (error) {
      for (const change of changes.reverse()) change.undo();
      if (own && writesServer) this.host.endStatement(false);
      else if (this.count > 0) mark?.();
      throw error;
    } finally {
      this.#statement = around;
    }
  }
}
