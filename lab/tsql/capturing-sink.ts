import type { Done, EnvironmentChange, Message, ResultSink } from "./results";
import type { Column, Row } from "./values";

/** Keeps result sets (INSERT … EXEC) and passes messages and session changes on. */
export class CapturingSink implements ResultSink {
  readonly results: { readonly columns: readonly Column[]; readonly rows: Row[] }[] = [];

  constructor(private readonly next: ResultSink) {}

  columns(columns: readonly Column[]): void {
    this.results.push({ columns, rows: [] });
  }

  row(values: Row): void {
    this.results.at(-1)?.rows.push(values);
  }

  message(message: Message): void {
    this.next.message(message);
  }

  done(done: Done): void {
    // Counts inside of INSERT … EXEC are not the client's; an error is.
    if (done.error) this.next.done(done);
  }

  environment(change: EnvironmentChange): void {
    this.next.environment(change);
  }

  ready(): void | Promise<void> {
    return this.next.ready?.();
  }
}
