/** What the statements of the server share: messages, result sets, the refusals inside a transaction. */
import type { StatementContext } from "../../tsql/host";
import type { Expression } from "../../tsql/ast";
import { SqlError } from "../../tsql/errors";
import type { Column, Row } from "../../tsql/values";
import type { Requester } from "../backup/request";
import type { Database } from "../database";
import { textOf } from "../functions/definition";
import type { ServerSession } from "../server-session";
import { sessionError } from "../session-errors";

/** One server statement while it runs. */
export interface Execution {
  readonly session: ServerSession;
  readonly context: StatementContext;
}

/** An information message: class 0 on the wire, as severity 10 leaves the server. */
export function inform({ context }: Execution, number: number, text: string, state = 1): void {
  context.sink.message({ number, state, class: 0, text, procedure: "", line: context.line });
}

/** A result set; the language ends the statement. */
export async function sendRows(
  { context }: Execution,
  columns: readonly Column[],
  rows: Iterable<Row>,
): Promise<number> {
  context.sink.columns(columns);
  let count = 0;
  for (const row of rows) {
    await context.sink.row(row);
    count += 1;
  }
  return count;
}

/** Text of a literal or variable; NULL and values that are no text answer undefined. */
export function evaluatedText({ context }: Execution, expression: Expression | undefined): string | undefined {
  return expression === undefined ? undefined : (textOf(context.evaluate(expression)) ?? undefined);
}

/** 226 for statements that cannot be undone, inside a transaction. */
export function refuseInTransaction({ context }: Execution, statement: string): void {
  if (context.transactionCount > 0) throw sessionError(226, statement);
}

/** The session as BACKUP, RESTORE and mirroring know it. */
export function requesterOf(execution: Execution): Requester {
  const { session, context } = execution;
  return {
    sessionId: session.id,
    userName: session.principal.name,
    sid: session.principal.sid,
    currentDatabase: session.database.name,
    message: (message) => {
      // Severity 10 leaves the server as class 0: some clients take 1 to 10 for errors.
      const kind = message.class === 10 ? 0 : message.class;
      context.sink.message({ ...message, class: kind, procedure: "", line: context.line });
    },
    signal: context.signal,
  };
}

/** Changes definitions or rows of a database as part of the session's transaction, or as one of its own. */
export async function changing<T>({ session, context }: Execution, database: Database, work: () => T): Promise<T> {
  await session.transactions.enlist(database, context.signal);
  return session.transactions.within(work);
}

/** Runs `work`; whatever SQL error it throws gets `follower` behind it. */
export async function followed<T>(follower: () => SqlError, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const last = follower();
    const told = [error, ...error.followers].some((one) => one.number === last.number);
    throw told ? error : error.followedBy(last);
  }
}
