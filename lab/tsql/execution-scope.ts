/** One batch, or one EXEC inside it: its variables, and what its statements are bound against. */
import { checkConversion, convertValue } from "./conversion";
import type { ColumnDefinition, Expression, TableConstraint } from "./ast";
import type { Collation } from "./collation";
import { bindCondition } from "./conditions";
import { SqlError } from "./errors";
import { bindExpression } from "./expressions";
import type { FunctionContext } from "./function-binding";
import type { Host, ObjectName, Table, UpdatableTable } from "./host";
import { BindError, bindErrors } from "./language-errors";
import { MemoryTable, type TableExpressions } from "./memory-table";
import type { ResultSink } from "./results";
import { newFrame, Scope, type Bound, type Environment } from "./scope";
import type { SessionState } from "./session-state";
import { BIGINT, INT, TINYINT, decimalType } from "./types";
import { Decimal, SYSNAME, type Column, type Row, type SqlType, type SqlValue } from "./values";

export interface Variable {
  readonly type: SqlType;
  value: SqlValue;
}

/** What a scope is told by whoever runs it. */
export interface ScopeOptions {
  readonly sink: ResultSink;
  readonly signal: AbortSignal;
  /** Name of the procedure for messages; "" in a batch. */
  readonly procedure: string;
  /** A TRY of a calling scope is open: its CATCH gets the errors. */
  readonly callerInTry: boolean;
  readonly depth: number;
}

export class ExecutionScope implements Environment {
  readonly variables = new Map<string, Variable>();
  readonly tableVariables = new Map<string, MemoryTable>();
  /** Temporary tables made in this scope: they go with it when it is not the outermost. */
  readonly ownTables = new Set<string>();
  tryDepth = 0;
  readonly functions: FunctionContext;

  constructor(
    readonly state: SessionState,
    readonly options: ScopeOptions,
  ) {
    this.functions = {
      now: () => state.statementTime,
      dateFirst: () => state.settings.dateFirst,
      versionMajor: state.host.version.major,
      random: (seed) => state.random(seed),
      caught: () => state.caught.at(-1),
      transactionState: () => state.transactions.state,
      scopeIdentity: () => (state.scopeIdentity === undefined ? null : new Decimal(state.scopeIdentity, 0)),
      contextInfo: () => state.contextInfo,
      rowCount: () => BigInt(state.rowCount),
      sessionOptions: () => 0,
    };
  }

  get host(): Host {
    return this.state.host;
  }

  get sink(): ResultSink {
    return this.options.sink;
  }

  get inTry(): boolean {
    return this.tryDepth > 0 || this.options.callerInTry;
  }

  readonly dateFormat = () => this.state.settings.dateFormat;

  readonly errorsToNull = (): boolean => !this.state.settings.arithAbort && !this.state.settings.ansiWarnings;

  variable(name: string): Variable {
    const variable = this.variables.get(name.toLowerCase());
    if (variable === undefined) throw bindErrors.mustDeclareScalar(name);
    return variable;
  }

  tableVariable(name: string): UpdatableTable {
    const table = this.tableVariables.get(name.toLowerCase());
    if (table === undefined) throw bindErrors.mustDeclareTable(name);
    return table;
  }

  /** A temporary table by its name; the database and schema before it do not matter. */
  temporaryTable(name: ObjectName): MemoryTable | undefined {
    return name.name.startsWith("#") ? this.state.temporaryTables.get(name.name.toLowerCase()) : undefined;
  }

  table(name: ObjectName): Table {
    const temporary = this.temporaryTable(name);
    if (temporary !== undefined) return temporary;
    if (name.name.startsWith("#")) throw bindErrors.invalidObject(name.name);
    try {
      return this.host.table(name);
    } catch (error) {
      // A name that cannot be opened stops the statement while it is bound.
      if (error instanceof SqlError) throw new BindError(error.number, error.class, error.message, error.state);
      throw error;
    }
  }

  collationOf(table: Table, column: number): Collation | undefined {
    return table instanceof MemoryTable ? table.collations[column] : undefined;
  }

  temporaryTableId(name: string): number | undefined {
    const key = name.toLowerCase();
    // Negative, as SQL Server numbers temporary tables from 2012 on; steady as long as the table is there.
    return this.state.temporaryTables.has(key) ? -1 - [...this.state.temporaryTables.keys()].indexOf(key) : undefined;
  }

  noteNullEliminated(): void {
    this.state.nullEliminated = true;
  }

  due(): boolean {
    return this.state.due();
  }

  globalVariable(name: string): { readonly type: SqlType; readonly value: SqlValue } | undefined {
    const { state } = this;
    const whole = (value: number): { readonly type: SqlType; readonly value: SqlValue } => ({ type: INT, value });
    switch (name.toUpperCase()) {
      case "@@ERROR":
        return whole(state.error);
      case "@@ROWCOUNT":
        return whole(state.rowCount);
      case "@@TRANCOUNT":
        return whole(state.transactions.count);
      case "@@NESTLEVEL":
        return whole(this.options.depth);
      case "@@IDENTITY":
        return {
          type: decimalType(38, 0),
          value: state.identity === undefined ? null : new Decimal(state.identity, 0),
        };
      case "@@LOCK_TIMEOUT":
        return whole(state.lockTimeout);
      case "@@TEXTSIZE":
        return whole(state.textSize);
      case "@@DATEFIRST":
        return { type: TINYINT, value: state.settings.dateFirst };
      case "@@FETCH_STATUS":
        return whole(-1);
      case "@@CURSOR_ROWS":
      case "@@PROCID":
        return whole(0);
      case "@@MAX_PRECISION":
        return { type: TINYINT, value: 38 };
      case "@@LANGUAGE":
        return { type: SYSNAME, value: "us_english" };
      case "@@LANGID":
        return { type: { name: "smallint" }, value: 0 };
      case "@@DBTS":
        return this.host.globalVariable(name) ?? { type: BIGINT, value: 0n };
      case "@@OPTIONS":
        return whole(this.optionBits());
      default:
        return this.host.globalVariable(name);
    }
  }

  /** The bits of "user options", sql-docs. */
  private optionBits(): number {
    const { settings } = this.state;
    const bits: readonly [boolean, number][] = [
      [settings.implicitTransactions, 2],
      [settings.ansiWarnings, 8],
      [settings.others.get("ANSI_PADDING") ?? true, 16],
      [settings.others.get("ANSI_NULLS") ?? true, 32],
      [settings.arithAbort, 64],
      [settings.quotedIdentifier, 256],
      [settings.noCount, 512],
      [settings.others.get("ANSI_NULL_DFLT_ON") ?? true, 1024],
      [settings.others.get("CONCAT_NULL_YIELDS_NULL") ?? true, 4096],
      [settings.xactAbort, 16384],
    ];
    return bits.reduce((sum, [on, bit]) => sum + (on ? bit : 0), 0);
  }

  /** A scope for expressions without sources. */
  root(): Scope {
    return new Scope(this, undefined);
  }

  bind(expression: Expression): Bound {
    return bindExpression(expression, this.root());
  }

  evaluate(expression: Expression): SqlValue {
    return this.bind(expression).evaluate(newFrame(undefined));
  }

  /** Evaluates and converts implicitly. */
  evaluateAs(expression: Expression, type: SqlType): SqlValue {
    const bound = this.bind(expression);
    const value = bound.evaluate(newFrame(undefined));
    if (value === null) return null;
    checkConversion(bound.type, type, false);
    return convertValue(value, bound.type, type, { dateFormat: this.dateFormat() });
  }

  /** Makes a table that the language keeps. `transactional`: a rollback takes its changes back. */
  makeTable(
    name: string,
    columns: readonly ColumnDefinition[],
    constraints: readonly TableConstraint[],
    transactional: boolean,
  ): MemoryTable {
    const { transactions } = this.state;
    const expressions: TableExpressions = {
      default: (definition) => {
        const value = definition.default?.value;
        return value === undefined ? undefined : () => this.evaluateAs(value, definition.type);
      },
      check: (constraint, own) => this.conditionOver(constraint.condition, own),
    };
    return new MemoryTable(name, columns, constraints, expressions, () =>
      transactional ? transactions.remember : transactions.rememberStatement,
    );
  }

  /** The test of a condition over single rows of these columns (CHECK): null = unknown. Throws BindError. */
  conditionOver(
    condition: Extract<TableConstraint, { kind: "check" }>["condition"],
    columns: readonly Column[],
  ): (row: Row) => boolean | null {
    const scope = new Scope(this, undefined);
    scope.addSource({ name: "" }, true, columns, []);
    const test = bindCondition(condition, scope);
    const frame = newFrame(undefined);
    return (row) => {
      frame.rows[0] = row;
      return test(frame);
    };
  }
}
