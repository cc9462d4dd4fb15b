/**
 * Runs the statements of one scope: control flow, TRY…CATCH, errors and what they end, transactions.
 * Sources: "TRY...CATCH", "SET XACT_ABORT", "@@ROWCOUNT", "RAISERROR (Transact-SQL)"; MS-TDS 2.2.7.6 (CurCmd of DONE).
 */
import type {
  Batch,
  DeclareStatement,
  IfStatement,
  Statement,
  TransactionStatement,
  TryCatchStatement,
  WhileStatement,
} from "./ast";
import { DataStatements } from "./data-statements";
import { StatementOutput } from "./statement-output";
import { bindCondition } from "./conditions";
import { BatchEnd, Cancelled, NEXT, Raised, ScopeEnd, type Outcome } from "./control-flow";
import { bindInsert } from "./insert";
import { bindDelete, bindTruncate, bindUpdate } from "./update-delete";
import { SqlError } from "./errors";
import type { ExecutionScope } from "./execution-scope";
import { MemoryTable } from "./memory-table";
import { BindError, bindErrors, runErrors } from "./language-errors";
import { executeProcedure, executeText } from "./procedures";
import { raisedError, thrownError, waitFor } from "./raise-error";
import type { ResultSink } from "./results";
import { bindAssignment } from "./select";
import { newFrame } from "./scope";
import { setSwitch, setValue } from "./set-options";
import { INT, NVARCHAR_MAX } from "./types";

/** CurCmd of DONE by kind of statement. */
const COMMANDS: Readonly<Partial<Record<Statement["kind"], number>>> = {
  selectStatement: 0xc1,
  insert: 0xc3,
  delete: 0xc4,
  update: 0xc5,
  execute: 0xe0,
  executeString: 0xe0,
};

/** sys.dm_exec_requests.command of the language's own statements; those of the server tell it themselves. */
const RUNNING: Readonly<Partial<Record<Statement["kind"], string>>> = {
  selectStatement: "SELECT",
  insert: "INSERT",
  delete: "DELETE",
  update: "UPDATE",
  waitFor: "WAITFOR",
};

/** Statements that leave @@ROWCOUNT as it is, and say nothing to the client. */
const SILENT = new Set<Statement["kind"]>([
  "block",
  "while",
  "tryCatch",
  "goto",
  "label",
  "break",
  "continue",
  "return",
  "declare",
  "setVariable",
  "if",
]);

/** 3920 of a transaction that is marked a second time. */
const MARK_IGNORED = {
  number: 3920,
  class: 0,
  state: 1,
  text: "The WITH MARK option only applies to the first BEGIN TRAN WITH MARK statement. The option is ignored.",
};

export class Executor {
  private readonly output: StatementOutput;
  private readonly data: DataStatements;

  constructor(readonly scope: ExecutionScope) {
    this.output = new StatementOutput(scope);
    this.data = new DataStatements(scope, this.output);
  }

  private get state(): ExecutionScope["state"] {
    return this.scope.state;
  }

  private get sink(): ResultSink {
    return this.scope.sink;
  }

  /** Runs a batch to its end. Answers the value of RETURN. @throws Raised, BatchEnd, ScopeEnd, Cancelled */
  async run(batch: Batch): Promise<number> {
    const outcome = await this.runAll(batch.statements);
    return outcome.kind === "return" ? outcome.value : 0;
  }

  private async runAll(statements: readonly Statement[]): Promise<Outcome> {
    for (let index = 0; index < statements.length; index += 1) {
      const outcome = await this.runOne(statements[index] as Statement);
      if (outcome.kind === "goto") {
        const label = outcome.label.toLowerCase();
        const at = statements.findIndex(
          (statement) => statement.kind === "label" && statement.name.toLowerCase() === label,
        );
        if (at < 0) return outcome;
        index = at;
      } else if (outcome.kind !== "next") return outcome;
    }
    return NEXT;
  }

  private async runOne(statement: Statement): Promise<Outcome> {
    if (this.scope.options.signal.aborted) throw new Cancelled();
    if (this.state.due()) await this.state.breathe();
    const clientBehind = this.sink.ready?.();
    if (clientBehind !== undefined) await clientBehind;
    this.state.startStatement();
    if (this.state.settings.noExec && statement.kind !== "setSwitch") return NEXT;
    this.output.errorKept = false;
    const command = RUNNING[statement.kind];
    if (command !== undefined) this.state.host.running?.(command, command === "WAITFOR" ? command : undefined);
    try {
      const outcome = await this.dispatch(statement);
      if (!SILENT.has(statement.kind) && !this.output.errorKept) this.state.error = 0;
      return outcome;
    } catch (error) {
      if (error instanceof SqlError) return this.fail(error, statement);
      throw error;
    }
  }

  /** Tells an error to the client, or hands it to the CATCH that waits for it. */
  private fail(error: SqlError, statement: Statement): Outcome {
    const { state, scope } = this;
    const last = error.followers.at(-1) ?? error;
    const boundHere = error instanceof BindError;
    const { transactions } = state;
    state.error = last.number;
    state.rowCount = 0;
    const isRaise = statement.kind === "raiseError";
    const abortsTransaction =
      (state.settings.xactAbort && !isRaise) ||
      (error.endsBatch && !boundHere && statement.kind !== "throw") ||
      error.number === 1205;
    const seen = (!boundHere && scope.tryDepth > 0) || scope.options.callerInTry;
    if (seen && last.class < 20) {
      if (abortsTransaction && transactions.count > 0) {
        if (error.number === 1205) transactions.rollback("", this.sink);
        else transactions.doomed = true;
      }
      if (this.output.resultOpen) this.output.done(COMMANDS[statement.kind] ?? 0);
      throw new Raised(error, statement.line, scope.options.procedure, boundHere ? scope : undefined);
    }
    for (const message of error.messages(statement.line, scope.options.procedure)) this.sink.message(message);
    this.output.resultOpen = false;
    this.sink.done({ command: COMMANDS[statement.kind] ?? 0, error: true });
    if (abortsTransaction) {
      if (transactions.count > 0) transactions.rollback("", this.sink);
      throw new BatchEnd();
    }
    if (boundHere) throw new ScopeEnd();
    if (error.endsBatch) throw new BatchEnd();
    return NEXT;
  }

  private async dispatch(statement: Statement): Promise<Outcome> {
    const { scope, state } = this;
    switch (statement.kind) {
      case "declare":
        this.declare(statement);
        return NEXT;
      case "setVariable": {
        const value = scope.bind(statement.value);
        bindAssignment(statement.variable, statement.operator, value, scope)(newFrame(undefined));
        state.error = 0;
        state.rowCount = 1;
        return NEXT;
      }
      case "setSwitch":
        setSwitch(statement, scope);
        this.output.done(0);
        return NEXT;
      case "setValue":
        setValue(statement, scope);
        this.output.done(0);
        return NEXT;
      case "setIdentityInsert": {
        const table = scope.table(statement.table);
        if (table instanceof MemoryTable) table.identityInsert = statement.on;
        else
          state.host.setOption(
            `IDENTITY_INSERT ${statement.on ? "ON" : "OFF"}`,
            [
              statement.table.database ?? state.host.database,
              statement.table.schema ?? "dbo",
              statement.table.name,
            ].join("."),
          );
        this.output.done(0);
        return NEXT;
      }
      case "selectStatement":
        await this.data.select(statement);
        return NEXT;
      case "insert": {
        this.data.implicit();
        const captured =
          statement.source.kind === "execute" ? await this.data.capture(statement.source.statement) : undefined;
        await this.data.modify(bindInsert(statement, scope, captured), "INSERT", 0xc3);
        return NEXT;
      }
      case "update":
        this.data.implicit();
        await this.data.modify(bindUpdate(statement, scope), "UPDATE", 0xc5);
        return NEXT;
      case "delete":
        this.data.implicit();
        await this.data.modify(bindDelete(statement, scope), "DELETE", 0xc4);
        return NEXT;
      case "truncateTable":
        this.data.implicit();
        await this.data.modify(bindTruncate(statement.table, scope), "TRUNCATE TABLE", 0);
        return NEXT;
      case "if":
        return this.runIf(statement);
      case "while":
        return this.runWhile(statement);
      case "break":
      case "continue":
        return { kind: statement.kind };
      case "block":
        return this.runAll(statement.statements);
      case "tryCatch":
        return this.tryCatch(statement);
      case "return":
        return {
          kind: "return",
          value: statement.value === undefined ? 0 : ((scope.evaluateAs(statement.value, INT) as number | null) ?? 0),
        };
      case "goto":
        return { kind: "goto", label: statement.label };
      case "label":
        return NEXT;
      case "print":
        this.print((scope.evaluateAs(statement.value, NVARCHAR_MAX) as string | null) ?? "", statement.line);
        return NEXT;
      case "raiseError":
        this.raiseError(raisedError(statement, scope), statement);
        return NEXT;
      case "throw": {
        if (statement.values !== undefined) throw thrownError(statement.values, scope);
        const caught = state.caught.at(-1);
        if (caught === undefined) throw bindErrors.syntaxNear("THROW");
        throw new SqlError(caught.number, caught.severity, caught.message, { state: caught.state, endsBatch: true });
      }
      case "waitFor":
        await waitFor(statement, scope);
        // The wait is over while the command still runs.
        state.host.running?.("WAITFOR");
        this.output.done(0);
        return NEXT;
      case "beginTransaction":
      case "commitTransaction":
      case "rollbackTransaction":
      case "saveTransaction":
        await this.transaction(statement);
        this.output.done(0);
        return NEXT;
      case "execute":
        await executeProcedure(statement, scope);
        this.output.errorKept = true;
        this.output.done(0xe0);
        return NEXT;
      case "executeString":
        await executeText((scope.evaluateAs(statement.text, NVARCHAR_MAX) as string | null) ?? "", scope);
        this.output.errorKept = true;
        this.output.done(0xe0);
        return NEXT;
      default:
        await this.data.server(statement);
        return NEXT;
    }
  }

  private declare(statement: DeclareStatement): void {
    const { scope } = this;
    for (const declaration of statement.declarations) {
      if (declaration.kind === "table") {
        scope.tableVariables.set(
          declaration.name.toLowerCase(),
          scope.makeTable(declaration.name, declaration.columns, declaration.constraints, false),
        );
        continue;
      }
      const variable = scope.variables.get(declaration.name.toLowerCase());
      if (variable === undefined || declaration.value === undefined) continue;
      bindAssignment(declaration.name, "=", scope.bind(declaration.value), scope)(newFrame(undefined));
      this.state.error = 0;
      this.state.rowCount = 1;
    }
  }

  private async runIf(statement: IfStatement): Promise<Outcome> {
    const holds = bindCondition(statement.condition, this.scope.root())(newFrame(undefined));
    this.state.error = 0;
    this.state.rowCount = 0;
    if (holds === true) return this.runOne(statement.then);
    return statement.otherwise === undefined ? NEXT : this.runOne(statement.otherwise);
  }

  private async runWhile(statement: WhileStatement): Promise<Outcome> {
    for (;;) {
      if (this.scope.options.signal.aborted) throw new Cancelled();
      if (this.state.due()) await this.state.breathe();
      const holds = bindCondition(statement.condition, this.scope.root())(newFrame(undefined));
      if (holds !== true) return NEXT;
      const outcome = await this.runOne(statement.body);
      if (outcome.kind === "break") return NEXT;
      if (outcome.kind === "return" || outcome.kind === "goto") return outcome;
    }
  }

  private async tryCatch(statement: TryCatchStatement): Promise<Outcome> {
    const { scope, state } = this;
    scope.tryDepth += 1;
    let raised: Raised;
    try {
      return await this.runAll(statement.body);
    } catch (error) {
      if (!(error instanceof Raised) || error.boundIn === scope) throw error;
      raised = error;
    } finally {
      scope.tryDepth -= 1;
    }
    // Of several errors of one statement CATCH is given the last (3013 behind its cause).
    const error = raised.error.followers.at(-1) ?? raised.error;
    state.caught.push({
      number: error.number,
      message: error.message,
      severity: error.class,
      state: error.state,
      line: raised.line,
      procedure: raised.procedure,
    });
    state.error = error.number;
    try {
      return await this.runAll(statement.handler);
    } finally {
      state.caught.pop();
    }
  }

  private print(text: string, line: number): void {
    // PRINT carries 8,000 bytes: 4,000 characters of nvarchar.
    this.output.message({ number: 0, class: 0, state: 1, text: text.slice(0, 8000) }, line);
    this.output.done(0);
  }

  private raiseError(error: SqlError, statement: Extract<Statement, { kind: "raiseError" }>): void {
    if (error.class > 10) throw error;
    this.output.message(
      { number: error.number, class: error.class === 10 ? 0 : error.class, state: error.state, text: error.message },
      statement.line,
    );
    this.state.error = statement.options.includes("SETERROR") ? error.number : 0;
    this.output.errorKept = true;
    this.output.done(0);
  }

  private async transaction(statement: TransactionStatement): Promise<void> {
    const { transactions } = this.state;
    const given =
      typeof statement.name === "object" ? this.scope.evaluateAs(statement.name, NVARCHAR_MAX) : statement.name;
    const name = typeof given === "string" ? given : "";
    switch (statement.kind) {
      case "beginTransaction":
        transactions.begin(name, this.sink);
        if (statement.mark !== undefined && !transactions.mark(name, statement.mark))
          this.output.message(MARK_IGNORED, statement.line);
        break;
      case "commitTransaction":
        await transactions.commit(this.sink);
        break;
      case "rollbackTransaction":
        transactions.rollback(name, this.sink);
        break;
      case "saveTransaction":
        transactions.save(name);
        break;
    }
  }
}

/** Reports that the transaction cannot go on at the end of a batch, and rolls it back (3998). */
export function endDoomed(scope: ExecutionScope): void {
  const { transactions } = scope.state;
  if (!transactions.doomed || transactions.count === 0) return;
  transactions.rollback("", scope.sink);
  for (const message of runErrors.doomedAtEnd().messages(1)) scope.sink.message(message);
  scope.sink.done({ command: 0, error: true });
}
