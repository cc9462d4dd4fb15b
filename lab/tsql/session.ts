/** One session of the language: batches, remote procedure calls, transactions, reset (MS-TDS 2.2.1). */
import type { Argument, ProcedureOutcome } from "../tds/backend";
import { BatchEnd, Cancelled, ScopeEnd } from "./control-flow";
import { SqlError } from "./errors";
import { ExecutionScope } from "./execution-scope";
import { endDoomed } from "./executor";
import type { Host } from "./host";
import { callProcedure, nameOf, type GivenArgument } from "./procedures";
import type { ResultSink, ReturnValue } from "./results";
import { runText } from "./scope-runner";
import { SILENT_SINK } from "./silent-sink";
import { SessionState } from "./session-state";

/** What a session does with T-SQL; the server adds login, databases and files. */
export class LanguageSession {
  readonly #state: SessionState;

  constructor(host: Host) {
    this.#state = new SessionState(host);
  }

  /** Depth of the open transaction, @@TRANCOUNT. */
  get transactionCount(): number {
    return this.#state.transactions.count;
  }

  /** Runs a batch. Every error is a message to the sink; rejects only when the lab itself is broken. */
  async batch(text: string, sink: ResultSink, signal: AbortSignal): Promise<void> {
    const scope = this.scope(sink, signal);
    await this.guarded(scope, async () => {
      await runText(text, scope);
    });
  }

  /** Runs a procedure by name. Values handed back carry the names that the caller sent. */
  async procedure(
    name: string,
    args: readonly Argument[],
    sink: ResultSink,
    signal: AbortSignal,
  ): Promise<ProcedureOutcome> {
    const scope = this.scope(sink, signal);
    const given = args.map((argument): GivenArgument => ({ ...argument, isDefault: false }));
    let outcome: ProcedureOutcome = { returnStatus: 1, outputs: [] };
    await this.guarded(scope, async () => {
      try {
        this.#state.startStatement();
        const result = await callProcedure(nameOf(name), given, scope, sink);
        const outputs = args.flatMap((argument, index): ReturnValue[] => {
          const output = result.outputs.get(index);
          return output === undefined ? [] : [{ name: argument.name, type: output.type, value: output.value }];
        });
        outcome = { returnStatus: result.returnCode, outputs };
      } catch (error) {
        if (!(error instanceof SqlError)) throw error;
        this.#state.error = (error.followers.at(-1) ?? error).number;
        for (const message of error.messages(1, "")) sink.message(message);
        sink.done({ command: 0xe0, error: true });
        outcome = { returnStatus: error.number, outputs: [] };
      }
    });
    return outcome;
  }

  /** Transaction manager request (MS-TDS 2.2.6.9). */
  async transaction(request: "begin" | "commit" | "rollback", sink: ResultSink): Promise<void> {
    const { transactions } = this.#state;
    try {
      if (request === "begin") transactions.begin("", sink);
      else if (request === "commit") await transactions.commit(sink);
      else transactions.rollback("", sink);
      sink.done({ command: 0, error: false });
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      for (const message of error.messages(1)) sink.message(message);
      sink.done({ command: 0, error: true });
    }
  }

  /** sp_reset_connection: rolls back and forgets what the session kept. */
  async reset(): Promise<void> {
    this.rollBack();
    this.#state.reset();
    this.#state.host.setOption("LOCK_TIMEOUT", -1);
    this.#state.host.setOption("CONTEXT_INFO", null);
    return Promise.resolve();
  }

  /** The connection is gone. */
  close(): void {
    this.rollBack();
    this.#state.temporaryTables.clear();
  }

  private rollBack(): void {
    const { transactions } = this.#state;
    if (transactions.count > 0) transactions.rollback("", SILENT_SINK);
  }

  private scope(sink: ResultSink, signal: AbortSignal): ExecutionScope {
    this.#state.caught.length = 0;
    return new ExecutionScope(this.#state, { sink, signal, procedure: "", callerInTry: false, depth: 0 });
  }

  private async guarded(scope: ExecutionScope, run: () => Promise<void>): Promise<void> {
    try {
      await run();
      endDoomed(scope);
    } catch (error) {
      if (error instanceof Cancelled || scope.options.signal.aborted) this.cancelled(scope);
      else if (error instanceof BatchEnd || error instanceof ScopeEnd) endDoomed(scope);
      else throw error;
    }
  }

  /** After an attention an open transaction stays, unless XACT_ABORT is ON. */
  private cancelled(scope: ExecutionScope): void {
    const { transactions, settings } = this.#state;
    if (transactions.count > 0 && (settings.xactAbort || transactions.doomed)) transactions.rollback("", scope.sink);
  }
}
