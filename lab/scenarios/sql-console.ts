/** A DBA's query window on an instance of the lab: T-SQL through a session of the instance itself, without the wire. */
import type { Session } from "../tds/backend";
import type { Message, ResultSink } from "../tsql/results";
import type { Column, Row, SqlValue } from "../tsql/values";

/** One result set. */
export interface ConsoleResult {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** The errors of a batch, all of them, the cause first. */
export class ConsoleError extends Error {
  constructor(
    readonly instance: string,
    readonly messages: readonly Message[],
    readonly batch: string,
  ) {
    const errors = messages.map(({ number, line, text }) => `${String(number)} (line ${String(line)}) ${text}`);
    super(`${instance}: ${errors.join(" / ")}\n${batch.slice(0, 2000)}`);
    this.name = "ConsoleError";
  }

  /** Number of the first error: the cause, where 3013 and its kind come last. */
  get number(): number {
    return this.messages[0]?.number ?? 0;
  }
}

/** The least class of an error; up to 10 a message informs. */
const LEAST_ERROR_CLASS = 11;

/**
 * Runs batches in one session and closes it.
 * @param open opens a session with sysadmin rights on the instance
 * @param batches run one after the other; answers the result sets of the last one
 * Throws ConsoleError at the first batch that raises an error.
 */
export function runBatches(
  instance: string,
  open: () => Promise<Session>,
  ...batches: readonly string[]
): Promise<ConsoleResult[]> {
  return runUntil(undefined, instance, open, ...batches);
}

/** The same; `signal` ends the batch in hand as an attention does, and no other begins: its reason is thrown. */
export async function runUntil(
  signal: AbortSignal | undefined,
  instance: string,
  open: () => Promise<Session>,
  ...batches: readonly string[]
): Promise<ConsoleResult[]> {
  const session = await open();
  try {
    let results: ConsoleResult[] = [];
    for (const batch of batches) {
      signal?.throwIfAborted();
      const sink = new CollectingSink();
      await session.batch(batch, sink, signal ?? new AbortController().signal);
      signal?.throwIfAborted();
      if (sink.errors.length > 0) throw new ConsoleError(instance, sink.errors, batch);
      results = sink.results;
    }
    return results;
  } finally {
    session.close();
  }
}

/** The first column of the first row of the first result set; null when there is no row. */
export function firstValue(results: readonly ConsoleResult[]): SqlValue {
  return results[0]?.rows[0]?.[0] ?? null;
}

/** A value that is text or a number, as text. */
export function cellText(value: SqlValue | undefined): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "bigint" ? String(value) : "";
}

class CollectingSink implements ResultSink {
  readonly results: { columns: readonly Column[]; rows: Row[] }[] = [];
  readonly errors: Message[] = [];

  columns(columns: readonly Column[]): void {
    this.results.push({ columns, rows: [] });
  }

  row(values: Row): void {
    this.results.at(-1)?.rows.push([...values]);
  }

  message(message: Message): void {
    if (message.class >= LEAST_ERROR_CLASS) this.errors.push(message);
  }

  done(): void {
    // Counts of rows are of no use to a script.
  }

  environment(): void {
    // A session without a client has nobody to tell.
  }
}
