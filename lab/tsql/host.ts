/**
 * What the language (lab/tsql) asks of a server. The language knows parsing, types, expressions, queries, control flow
 * and transactions of a batch; the server knows objects, states, files and sessions.
 */
import type { ServerStatement } from "./ast";
import type { ResultSink } from "./results";
import type { Column, Row, SqlType, SqlValue } from "./values";

/** A name of one to four parts, brackets and quotes taken off, doubled brackets undone. */
export interface ObjectName {
  readonly server?: string;
  readonly database?: string;
  readonly schema?: string;
  readonly name: string;
}

/** Rows that can be read. `scan` may be asked for a subset of columns: the others may come as null. */
export interface Table {
  readonly columns: readonly Column[];
  /** @param needed positions of the columns that the statement uses; absent = all */
  scan(needed?: ReadonlySet<number>): Iterable<Row>;
}

/** A row of an updatable table together with what finds it again. */
export interface LocatedRow {
  readonly locator: number | bigint;
  readonly row: Row;
}

/** A table that INSERT, UPDATE and DELETE may change. Values arrive converted to the columns' types. */
export interface UpdatableTable extends Table {
  readonly updatable: true;
  locate(needed?: ReadonlySet<number>): Iterable<LocatedRow>;
  /** `undefined` for columns that the statement does not name: default, identity or NULL. Throws SqlError (515, 2627, 547, 3906 …). Answers the identity value, if any. */
  insert(values: readonly (SqlValue | undefined)[]): bigint | undefined;
  update(locator: number | bigint, row: Row): void;
  delete(locator: number | bigint): void;
  /** Value of the column's DEFAULT for `SET column = DEFAULT`; absent or undefined: NULL. */
  defaultValue?(column: number): SqlValue;
}

export interface ScalarFunction {
  /** Type of the result for the types of the arguments. */
  type(args: readonly SqlType[]): SqlType;
  call(args: readonly SqlValue[]): SqlValue;
}

export interface ProcedureParameter {
  /** With the at sign. */
  readonly name: string;
  readonly type: SqlType;
  /** Absent: the parameter is required (201). */
  readonly default?: SqlValue;
  readonly output?: boolean;
}

/** What a procedure of the server is given. Arguments are complete: bound, converted, defaults filled in. */
export interface ProcedureCall {
  readonly arguments: ReadonlyMap<string, SqlValue>;
  /** Names of the parameters that the caller gave (lower case, with the at sign): sp_change_* alters only those. */
  readonly given: ReadonlySet<string>;
  readonly sink: ResultSink;
  readonly signal: AbortSignal;
}

/** A stored procedure of the server, written in TypeScript. Errors that end it: throw SqlError. Others: `sink.message`. */
export interface NativeProcedure {
  readonly name: string;
  readonly parameters: readonly ProcedureParameter[];
  execute(
    call: ProcedureCall,
  ): Promise<{ readonly returnCode: number; readonly outputs?: ReadonlyMap<string, SqlValue> }>;
}

/**
 * What one session sees of its server; one object per session, made by lab/server. Everything throws SqlError with the
 * number that SQL Server uses (208, 911, 916, 927, 229 …), or answers undefined where the name is unknown to it.
 */
export interface Host {
  readonly version: { readonly major: number; readonly minor: number; readonly build: number };
  readonly sessionId: number;
  /** Name of the current database. */
  readonly database: string;
  /** Table, view, system view; not temporary tables, which the language keeps itself. Unknown: throws 208. */
  table(name: ObjectName): Table;
  /** Table-valued function such as sys.dm_io_virtual_file_stats; undefined when there is none. */
  tableFunction(name: ObjectName, args: readonly SqlValue[]): Table | undefined;
  /** Function that needs the server: DB_ID, SUSER_SNAME, SERVERPROPERTY, user-defined ones (schema given). */
  scalarFunction(name: ObjectName): ScalarFunction | undefined;
  /** @@SERVERNAME, @@SPID, @@VERSION, @@CONNECTIONS …; @@ERROR, @@ROWCOUNT, @@TRANCOUNT, @@IDENTITY are the language's. */
  globalVariable(name: string): { readonly type: SqlType; readonly value: SqlValue } | undefined;
  procedure(name: ObjectName): NativeProcedure | undefined;
  /** USE, BACKUP, RESTORE, ALTER/CREATE/DROP DATABASE, CREATE TABLE, CREATE/ALTER/DROP LOGIN, GRANT, KILL, CHECKPOINT … */
  execute(statement: ServerStatement, context: StatementContext): Promise<void>;
  /** Transactions over all databases of the session. Depth 0 → 1 begins, 1 → 0 ends; the language keeps @@TRANCOUNT. */
  begin(): void;
  commit(): void | Promise<void>;
  rollback(): void;
  /** BEGIN TRAN name WITH MARK: the open transaction has a name in the log; "" = no description. */
  markTransaction?(name: string, description: string): void;
  /** Called before and after each statement outside an explicit transaction that may write rows: autocommit. */
  beginStatement(): void;
  /**
   * Awaited before `beginStatement` of a statement that changes rows of these tables: waits until no other session has
   * an open transaction that changed them. Throws 1222 (LOCK_TIMEOUT), 1205 (deadlock), or the signal's reason.
   */
  lockForUpdate?(tables: readonly UpdatableTable[], signal: AbortSignal): Promise<void>;
  endStatement(succeeded: boolean): void;
  /**
   * Inside a transaction: marks where it is; calling the answer takes the rows back to the mark. Used for a statement
   * that fails in the middle and for SAVE TRANSACTION. Absent: rows of a failed statement stay until the rollback.
   */
  mark?(): () => void;
  /** Clock of the instance in milliseconds since 1970 UTC, for GETDATE and its kin; absent: the machine's clock. */
  now?(): number;
  /** Session settings that the server needs (LOCK_TIMEOUT in ms, -1 = wait; CONTEXT_INFO; DEADLOCK_PRIORITY …). */
  setOption(name: string, value: SqlValue): void;
  /** Told what runs now, as sys.dm_exec_requests names it, and the wait type while the language itself waits. */
  running?(command: string, waitType?: string): void;
  /** Told once per executed statement that changes something, with its kind ("UPDATE", "BACKUP DATABASE", "EXEC sp_add_job" …): for the lab's journal. */
  noteChange(kind: string): void;
}

/** What a server statement is executed with. Expressions inside it are evaluated through it. */
export interface StatementContext {
  readonly sink: ResultSink;
  readonly signal: AbortSignal;
  readonly line: number;
  /** Depth of the open transaction, for 226 and 3021. */
  readonly transactionCount: number;
  /** Value of a literal or variable such as `TO DISK = @path`. */
  evaluate(expression: import("./ast").Expression): SqlValue;
}
