import type { Done, EnvironmentChange, Message, ResultSink } from "../tsql/results";
import type { Column, Row } from "../tsql/values";

/** Passes everything on and remembers what the journal and sys.dm_exec_sessions show: rows, first and last error. */
export class CountingSink implements ResultSink {
  rows = 0;
  firstError: { readonly number: number; readonly text: string } | null = null;
  lastError = 0;

  constructor(private readonly sink: ResultSink) {}

  columns(columns: readonly Column[]): void {
    this.sink.columns(columns);
  }

  row(values: Row): void | Promise<void> {
    this.rows += 1;
    return this.sink.row(values);
  }

  message(message: Message): void {
    // Above class 10 it leaves as an error token (MS-TDS 2.2.7.10).
    if (message.class > 10) {
      this.firstError ??= { number: message.number, text: message.text };
      this.lastError = message.number;
    }
    this.sink.message(message);
  }

  done(done: Done): void {
    this.sink.done(done);
  }

  environment(change: EnvironmentChange): void {
    this.sink.environment(change);
  }

  ready(): void | Promise<void> {
    return this.sink.ready?.();
  }
}
