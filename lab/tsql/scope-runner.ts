/** Runs the text of a batch or of a statement inside EXEC and sp_executesql in a scope of its own. */
import { ScopeEnd, Raised } from "./control-flow";
import { DeclarationError, declareVariables } from "./declarations";
import { SqlError } from "./errors";
import { ExecutionScope } from "./execution-scope";
import { Executor } from "./executor";
import { runErrors } from "./language-errors";
import { parse, ParseError } from "./parser";
import type { ResultSink } from "./results";
import type { Batch } from "./ast";

/** Tells an error that keeps a text from running at all, or hands it to the CATCH of the caller. @throws Raised, ScopeEnd */
function refuse(error: SqlError, line: number, scope: ExecutionScope): never {
  scope.state.error = (error.followers.at(-1) ?? error).number;
  if (scope.options.callerInTry) throw new Raised(error, line, scope.options.procedure, undefined);
  for (const message of error.messages(line, scope.options.procedure)) scope.sink.message(message);
  scope.sink.done({ command: 0, error: true });
  throw new ScopeEnd();
}

function compile(text: string, scope: ExecutionScope): Batch {
  try {
    const batch = parse(text, scope.host.version, { quotedIdentifier: scope.state.settings.quotedIdentifier });
    declareVariables(batch, scope);
    return batch;
  } catch (error) {
    if (error instanceof ParseError) return refuse(error, error.line, scope);
    if (error instanceof DeclarationError) return refuse(error.error, error.line, scope);
    if (error instanceof SqlError) return refuse(error, 1, scope);
    throw error;
  }
}

/** Runs a text in a scope that is already made. Answers the value of RETURN. @throws ScopeEnd, BatchEnd, Raised, Cancelled */
export async function runText(text: string, scope: ExecutionScope): Promise<number> {
  const batch = compile(text, scope);
  return new Executor(scope).run(batch);
}

const MAXIMUM_NESTING = 32;

export interface InnerResult {
  readonly returnCode: number;
  /** False when an error ended the scope. */
  readonly completed: boolean;
}

/**
 * Runs a text inside another scope: own variables, temporary tables that go with it, USE that does not last.
 * @param prepare declares parameters in the new scope
 * @throws SqlError 217; BatchEnd, Raised, Cancelled
 */
export async function runInner(
  text: string,
  caller: ExecutionScope,
  sink: ResultSink,
  prepare: (scope: ExecutionScope) => void,
): Promise<InnerResult> {
  const { state } = caller;
  const depth = caller.options.depth + 1;
  if (depth > MAXIMUM_NESTING) throw runErrors.nestingLevel();
  const scope = new ExecutionScope(state, {
    sink,
    signal: caller.options.signal,
    procedure: "",
    callerInTry: caller.inTry,
    depth,
  });
  const { database } = state.host;
  const before = state.transactions.count;
  const outerIdentity = state.scopeIdentity;
  prepare(scope);
  let result: InnerResult = { returnCode: 0, completed: true };
  try {
    result = { returnCode: await runText(text, scope), completed: true };
  } catch (error) {
    if (!(error instanceof ScopeEnd)) throw error;
    result = { returnCode: state.error, completed: false };
  } finally {
    for (const name of scope.ownTables) state.temporaryTables.delete(name);
    state.scopeIdentity = outerIdentity;
    await restoreDatabase(scope, database);
  }
  const after = state.transactions.count;
  if (after !== before) {
    const error = runErrors.transactionCountMismatch(before, after);
    if (caller.inTry) throw error;
    state.error = error.number;
    for (const message of error.messages(1)) sink.message(message);
  }
  return result;
}

/** USE inside EXEC does not last: the client is told the database of before (MS-TDS 2.2.7.9, type 1). */
async function restoreDatabase(scope: ExecutionScope, database: string): Promise<void> {
  const { host } = scope.state;
  if (host.database === database) return;
  const quiet: ResultSink = {
    columns: () => undefined,
    row: () => undefined,
    message: () => undefined,
    done: () => undefined,
    environment: (change) => {
      scope.sink.environment(change);
    },
  };
  await host.execute(
    { kind: "use", line: 1, database },
    {
      sink: quiet,
      signal: scope.options.signal,
      line: 1,
      transactionCount: scope.state.transactions.count,
      evaluate: (expression) => scope.evaluate(expression),
    },
  );
}
