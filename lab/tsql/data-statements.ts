/** Statements that read and change rows, and those of the server: queries, INSERT, UPDATE, DELETE, SELECT INTO, BACKUP … */
import type { SelectStatement, ServerStatement, Statement } from "./ast";
import { CapturingSink } from "./capturing-sink";
import { Cancelled } from "./control-flow";
import { SqlError } from "./errors";
import type { ExecutionScope } from "./execution-scope";
import { bindErrors } from "./language-errors";
import { MemoryTable } from "./memory-table";
import type { Modification, RowSource } from "./modification";
import { executeProcedure, executeText } from "./procedures";
import { bindQuery, firstRows, intoOf, type QueryPlan } from "./queries";
import type { ResultSink } from "./results";
import { newFrame } from "./scope";
import { isUpdatable } from "./sources";
import type { StatementOutput } from "./statement-output";
import { executeOnTemporary, intoDefinition, isTemporary } from "./temporary-tables";
import { NVARCHAR_MAX } from "./types";
import type { Column, Row, SqlValue } from "./values";

/** Statements of the server that open a transaction under IMPLICIT_TRANSACTIONS ON. */
const IMPLICIT = new Set<Statement["kind"]>([
  "createTable",
  "alterTable",
  "dropTable",
  "createIndex",
  "dropIndex",
  "createSchema",
  "permission",
] as Statement["kind"][]);
/** Runs them for one scope. */
export class DataStatements {
  constructor(
    private readonly scope: ExecutionScope,
    private readonly output: StatementOutput,
  ) {}

  private get state(): ExecutionScope["state"] {
    return this.scope.state;
  }

  /** IMPLICIT_TRANSACTIONS ON: the statement opens a transaction when none is open. */
  implicit(): void {
    if (this.state.settings.implicitTransactions && this.state.transactions.count === 0)
      this.state.transactions.begin("", this.output.sink);
  }

  private readonly drain = async (rows: RowSource, each: (row: Row) => void | Promise<void>): Promise<void> => {
    const { signal } = this.scope.options;
    for (const row of rows) {
      if (row === undefined) {
        await this.state.breathe();
        if (signal.aborted) throw new Cancelled();
        continue;
      }
      const waiting = each(row);
      if (waiting !== undefined) {
        await waiting;
        if (signal.aborted) throw new Cancelled();
      }
    }
  };

  async select(statement: SelectStatement): Promise<void> {
    const { scope, state } = this;
    const plan = bindQuery(statement.query, scope.root());
    const { body } = statement.query;
    if (body.kind !== "select" || body.from.length > 0) this.implicit();
    const into = intoOf(statement.query);
    if (into !== undefined) {
      await this.selectInto(plan, into, statement.line);
      return;
    }
    let rows = 0;
    const results = firstRows(plan.run(newFrame(undefined)), state.settings.rowCount);
    if (plan.assigns === true) {
      await this.drain(results, () => {
        rows += 1;
      });
    } else {
      this.output.sink.columns(plan.columns);
      this.output.resultOpen = true;
      await this.drain(results, (row) => {
        rows += 1;
        return this.output.sink.row(row);
      });
    }
    this.warnOfNulls(statement.line);
    this.output.done(0xc1, rows);
  }

  private warnOfNulls(line: number): void {
    if (this.state.nullEliminated && this.state.settings.ansiWarnings)
      this.output.message(
        {
          number: 8153,
          class: 0,
          state: 1,
          text: "Warning: Null value is eliminated by an aggregate or other SET operation.",
        },
        line,
      );
  }

  private async selectInto(plan: QueryPlan, into: NonNullable<ReturnType<typeof intoOf>>, line: number): Promise<void> {
    const { scope, state } = this;
    const definition = intoDefinition(into, plan.columns, line);
    const temporary = isTemporary(into);
    let rows = 0;
    await state.transactions.statement(async () => {
      const collected: Row[] = [];
      await this.drain(plan.run(newFrame(undefined)), (row) => {
        collected.push(row);
      });
      if (!executeOnTemporary(definition, scope)) await this.server(definition, true);
      const table = scope.table(into);
      if (!isUpdatable(table)) throw bindErrors.invalidObject(into.name);
      if (table instanceof MemoryTable) table.identityInsert = true;
      for (const row of collected) table.insert(row);
      if (table instanceof MemoryTable) table.identityInsert = false;
      rows = collected.length;
    }, !temporary);
    if (!temporary) state.host.noteChange("SELECT INTO");
    this.output.done(0xc1, rows);
  }

  async modify(modification: Modification, kind: string, command: number): Promise<void> {
    const { state, scope } = this;
    const { table, isTemporary: temporary, output } = modification;
    if (!temporary) await state.host.lockForUpdate?.([table], scope.options.signal);
    const rows = await state.transactions.statement(async () => {
      // Rows of OUTPUT leave only when the statement has succeeded: a failed one has no result.
      const shown: Row[] = [];
      const changed = await modification.apply(this.drain, (row) => {
        shown.push(row);
      });
      if (output !== undefined) {
        this.output.sink.columns(output);
        for (const row of shown) await this.output.sink.row(row);
      }
      return changed;
    }, !temporary);
    if (!temporary) state.host.noteChange(kind);
    this.output.done(command, command === 0 ? undefined : rows);
  }

  /** Rows of an EXEC for INSERT … EXEC. */
  async capture(
    statement: Extract<Statement, { kind: "execute" | "executeString" }>,
  ): Promise<readonly { readonly columns: readonly Column[]; readonly rows: readonly Row[] }[]> {
    const capturing = new CapturingSink(this.output.sink);
    if (statement.kind === "execute") await executeProcedure(statement, this.scope, capturing);
    else
      await executeText(
        (this.scope.evaluateAs(statement.text, NVARCHAR_MAX) as string | null) ?? "",
        this.scope,
        capturing,
      );
    return capturing.results;
  }

  /** BACKUP, ALTER DATABASE, CREATE TABLE … : the server's. `quiet`: part of another statement, without a DONE. */
  async server(statement: ServerStatement, quiet = false): Promise<void> {
    const { scope, state } = this;
    if (IMPLICIT.has(statement.kind)) this.implicit();
    const run = async (): Promise<boolean> => executeOnTemporary(statement, scope);
    if (await state.transactions.statement(run, false)) {
      this.output.done(0);
      return;
    }
    const told: SqlError[] = [];
    const sink: ResultSink = {
      columns: (columns) => {
        this.output.sink.columns(columns);
      },
      row: (row) => this.output.sink.row(row),
      message: (message) => {
        if (message.class <= 10) this.output.sink.message(message);
        else told.push(new SqlError(message.number, message.class, message.text, { state: message.state }));
        if (message.class > 10 && !scope.inTry) this.output.sink.message({ ...message, line: statement.line });
      },
      done: (done) => {
        this.output.sink.done(done);
      },
      environment: (change) => {
        this.output.sink.environment(change);
      },
    };
    await state.host.execute(statement, {
      sink,
      signal: scope.options.signal,
      line: statement.line,
      transactionCount: state.transactions.count,
      evaluate: (expression): SqlValue => scope.evaluate(expression),
    });
    const last = told.at(-1);
    if (last !== undefined && scope.inTry) throw last;
    if (last !== undefined) {
      state.error = last.number;
      this.output.errorKept = true;
    }
    if (!quiet) this.output.done(0);
  }
}
