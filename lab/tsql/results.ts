import type { Column, Row, SqlType, SqlValue } from "./values";

/** A message to the client: error token above class 10, information token up to it (MS-TDS 2.2.7.10, 2.2.7.13). */
export interface Message {
  /** 0 for PRINT, 50000 for RAISERROR with a text. */
  readonly number: number;
  readonly state: number;
  /** Severity. RAISERROR with 10 leaves as 0. */
  readonly class: number;
  readonly text: string;
  /** Name of the stored procedure, "" in a batch. */
  readonly procedure: string;
  /** Line in the batch or procedure, from 1. */
  readonly line: number;
}

/** What ends a statement (MS-TDS 2.2.7.6 to 2.2.7.8). */
export interface Done {
  /** CurCmd of the token: 0xC1 SELECT, 0xC3 INSERT, 0xC4 DELETE, 0xC5 UPDATE, 0xE0 procedure call, 0 otherwise. */
  readonly command: number;
  /** Absent where SET NOCOUNT ON or the statement counts nothing. */
  readonly rowCount?: number;
  /** The statement ended with an error. */
  readonly error: boolean;
}

/** ENVCHANGE (MS-TDS 2.2.7.9): what a session tells its client about itself. */
export type EnvironmentChange =
  | { readonly kind: "database"; readonly from: string; readonly to: string }
  | { readonly kind: "language"; readonly from: string; readonly to: string }
  | { readonly kind: "beginTransaction" | "commitTransaction" | "rollbackTransaction"; readonly descriptor: bigint };

/**
 * Where a session writes its answer, in the order of the tokens. The writer (lab/tds) turns them into bytes and adds
 * DONE_MORE, DONEINPROC, DONEPROC, RETURNSTATUS framing itself; `row` may answer with a promise: back-pressure, await it.
 */
export interface ResultSink {
  columns(columns: readonly Column[]): void;
  row(values: Row): void | Promise<void>;
  message(message: Message): void;
  done(done: Done): void;
  environment(change: EnvironmentChange): void;
  /** Between statements: a promise while the client does not keep up with messages and counts; await it. */
  ready?(): void | Promise<void>;
}

/** A value that a procedure hands back through an OUTPUT parameter, named as the caller named it ("" when it did not). */
export interface ReturnValue {
  readonly name: string;
  readonly type: SqlType;
  readonly value: SqlValue;
}
