/** Evaluates the text of a DEFAULT: parsed once per text, bound and evaluated for each row. */
import type { Expression } from "../tsql/ast";
import { ExecutionScope } from "../tsql/execution-scope";
import type { Host } from "../tsql/host";
import { parse } from "../tsql/parser";
import { SessionState } from "../tsql/session-state";
import { SILENT_SINK } from "../tsql/silent-sink";
import type { SqlType, SqlValue } from "../tsql/values";

/** The defaults of one instance. */
export class DefaultValues {
  readonly #expressions = new Map<string, Expression>();
  readonly #host: () => Host;

  /** @param host what functions in a default ask: a session of the server itself */
  constructor(host: () => Host) {
    this.#host = host;
  }

  /** The value of a default for one row, converted to the column's type. Throws SqlError as an INSERT would. */
  evaluate(text: string, type: SqlType): SqlValue {
    const state = new SessionState(this.#host());
    state.startStatement();
    const scope = new ExecutionScope(state, {
      sink: SILENT_SINK,
      signal: new AbortController().signal,
      procedure: "",
      callerInTry: false,
      depth: 0,
    });
    return scope.evaluateAs(this.#parsed(text), type);
  }

  #parsed(text: string): Expression {
    const known = this.#expressions.get(text);
    if (known !== undefined) return known;
    const statement = parse(`SELECT ${text}`, this.#host().version).statements[0];
    const item =
      statement?.kind === "selectStatement" && statement.query.body.kind === "select"
        ? statement.query.body.items[0]
        : undefined;
    if (item?.kind !== "expression") throw new Error(`Default of the lab: expected an expression, found "${text}".`);
    this.#expressions.set(text, item.expression);
    return item.expression;
  }
}
