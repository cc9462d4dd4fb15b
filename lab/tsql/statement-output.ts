/** What a statement says to the client: messages with their line, DONE with its count (MS-TDS 2.2.7.6). */
import type { ExecutionScope } from "./execution-scope";
import type { Message, ResultSink } from "./results";

export class StatementOutput {
  /** The statement has set @@ERROR itself. */
  errorKept = false;
  /** A result set has begun and has no DONE yet. */
  resultOpen = false;

  constructor(private readonly scope: ExecutionScope) {}

  get sink(): ResultSink {
    return this.scope.sink;
  }

  /** Ends a statement and sets @@ROWCOUNT. NOCOUNT keeps the count from the client, not from @@ROWCOUNT. */
  done(command: number, rowCount?: number): void {
    const { state } = this.scope;
    state.rowCount = rowCount ?? 0;
    this.resultOpen = false;
    const counted = rowCount !== undefined && !state.settings.noCount;
    this.sink.done({ command, error: false, ...(counted ? { rowCount } : {}) });
  }

  message(partial: Pick<Message, "number" | "class" | "state" | "text">, line: number): void {
    this.sink.message({ ...partial, procedure: this.scope.options.procedure, line });
  }
}
