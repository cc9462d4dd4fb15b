/**
 * CHECK constraints of stored tables: conditions kept as text, tested for each row. A row fails where the condition is
 * false; unknown passes. Source: sql-docs t-sql/statements/create-table-transact-sql.md, table_constraint, CHECK.
 */
import type { Condition } from "../tsql/ast";
import { ExecutionScope } from "../tsql/execution-scope";
import type { Host } from "../tsql/host";
import { parse } from "../tsql/parser";
import { SessionState } from "../tsql/session-state";
import { SILENT_SINK } from "../tsql/silent-sink";
import type { Column, Row } from "../tsql/values";

/** Whether a row passes; null = unknown. */
export type RowTest = (row: Row) => boolean | null;

/** The conditions of one instance. */
export class CheckConditions {
  readonly #parsed = new Map<string, Condition>();
  readonly #tests = new WeakMap<readonly Column[], Map<string, RowTest>>();
  readonly #host: () => Host;

  /** @param host what functions in a condition ask: a session of the server itself */
  constructor(host: () => Host) {
    this.#host = host;
  }

  /** The test of a condition over rows of these columns. Throws SqlError for a name that is no column (207) and the like. */
  test(text: string, columns: readonly Column[]): RowTest {
    const known = this.#tests.get(columns) ?? new Map<string, RowTest>();
    this.#tests.set(columns, known);
    let test = known.get(text);
    if (test === undefined) known.set(text, (test = this.#bind(text, columns)));
    return test;
  }

  #bind(text: string, columns: readonly Column[]): RowTest {
    const state = new SessionState(this.#host());
    state.startStatement();
    const scope = new ExecutionScope(state, {
      sink: SILENT_SINK,
      signal: new AbortController().signal,
      procedure: "",
      callerInTry: false,
      depth: 0,
    });
    const test = scope.conditionOver(this.#condition(text), columns);
    return (row) => {
      state.startStatement();
      return test(row);
    };
  }

  #condition(text: string): Condition {
    const known = this.#parsed.get(text);
    if (known !== undefined) return known;
    const statement = parse(`SELECT 1 WHERE ${text}`, this.#host().version).statements[0];
    const condition =
      statement?.kind === "selectStatement" && statement.query.body.kind === "select"
        ? statement.query.body.where
        : undefined;
    if (condition === undefined) throw new Error(`CHECK of the lab: expected a condition, found "${text}".`);
    this.#parsed.set(text, condition);
    return condition;
  }
}
