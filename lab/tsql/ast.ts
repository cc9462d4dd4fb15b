/**
 * Syntax tree of a T-SQL batch. Every node is a plain object with a `kind`; every statement has the `line` (from 1)
 * on which it begins. Names are without brackets; words of the language (options, hints, states) are in upper case.
 * Names of variables keep their at sign and their spelling: compare them case-insensitively.
 * Source: "Transact-SQL reference", sql-docs docs/t-sql.
 */
import type {
  ColumnReference,
  Condition,
  Expression,
  GlobalVariableReference,
  Literal,
  VariableReference,
} from "./ast-expressions";
import type {
  AssignmentOperator,
  CommonTableExpression,
  NamedTableSource,
  Query,
  QueryHint,
  SelectItem,
  TableSource,
  TableVariableSource,
  TopClause,
} from "./ast-queries";
import type { ObjectName } from "./host";
import type { SqlType } from "./values";
import type { ColumnDefinition, TableConstraint } from "./ast-tables";
import type { ServerStatement } from "./ast-server";

export type * from "./ast-expressions";
export type * from "./ast-queries";
export type * from "./ast-tables";
export type * from "./ast-security";
export type * from "./ast-server";

/** A parsed batch. Nothing of it may run unless all of it parsed. */
export interface Batch {
  readonly kind: "batch";
  readonly statements: readonly Statement[];
}

// Statements of the language -----------------------------------------------------------------------------------------

interface AtLine {
  readonly line: number;
}

/** The word DEFAULT where a value may stand. */
export interface DefaultValue {
  readonly kind: "default";
}

/** DECLARE @a int = 1, @t TABLE (…). Types without length: 1. */
export interface DeclareStatement extends AtLine {
  readonly kind: "declare";
  readonly declarations: readonly VariableDeclaration[];
}

export type VariableDeclaration =
  | { readonly kind: "scalar"; readonly name: string; readonly type: SqlType; readonly value?: Expression }
  | {
      readonly kind: "table";
      readonly name: string;
      readonly columns: readonly ColumnDefinition[];
      readonly constraints: readonly TableConstraint[];
    };

/** SET @v = expression, SET @v += expression. */
export interface SetVariableStatement extends AtLine {
  readonly kind: "setVariable";
  readonly variable: string;
  readonly operator: AssignmentOperator;
  readonly value: Expression;
}

/**
 * SET NOCOUNT, XACT_ABORT, IMPLICIT_TRANSACTIONS, ANSI_NULLS, … ON|OFF; several names may share one ON or OFF.
 * SET STATISTICS IO, TIME: option "STATISTICS IO", "STATISTICS TIME".
 */
export interface SetSwitchStatement extends AtLine {
  readonly kind: "setSwitch";
  readonly options: readonly string[];
  readonly on: boolean;
}

/** LANGUAGE, DATEFORMAT, DEADLOCK_PRIORITY and the isolation level given as words come as varchar literals. */
export interface SetValueStatement extends AtLine {
  readonly kind: "setValue";
  readonly option:
    | "LOCK_TIMEOUT"
    | "DEADLOCK_PRIORITY"
    | "TRANSACTION ISOLATION LEVEL"
    | "CONTEXT_INFO"
    | "ROWCOUNT"
    | "TEXTSIZE"
    | "LANGUAGE"
    | "DATEFIRST"
    | "DATEFORMAT"
    | "QUERY_GOVERNOR_COST_LIMIT";
  readonly value: Expression;
}

export interface SetIdentityInsertStatement extends AtLine {
  readonly kind: "setIdentityInsert";
  readonly table: ObjectName;
  readonly on: boolean;
}

/** A query as a statement: result set, SELECT INTO or assignment to variables. */
export interface SelectStatement extends AtLine {
  readonly kind: "selectStatement";
  readonly query: Query;
}

/** OUTPUT … [INTO target [(columns)]]; columns are written `inserted.x`, `deleted.x`. */
export interface OutputClause {
  readonly items: readonly SelectItem[];
  readonly into?: { readonly target: TableTarget; readonly columns: readonly string[] };
}

/** What INSERT, UPDATE or DELETE changes: a table, an alias of the FROM clause, or a table variable. */
export type TableTarget = NamedTableSource | TableVariableSource;

export interface InsertStatement extends AtLine {
  readonly kind: "insert";
  readonly commonTables: readonly CommonTableExpression[];
  readonly top?: TopClause;
  readonly target: TableTarget;
  /** Absent: all columns in their order, without identity and timestamp. */
  readonly columns?: readonly string[];
  readonly output?: OutputClause;
  readonly source:
    | { readonly kind: "values"; readonly rows: readonly (readonly (Expression | DefaultValue)[])[] }
    | { readonly kind: "query"; readonly query: Query }
    | { readonly kind: "execute"; readonly statement: ExecuteStatement | ExecuteStringStatement }
    | { readonly kind: "defaultValues" };
}

/** `column = value`, `@v = value`, `@v = column = value`: one of `column` and `variable` is there, or both. */
export interface UpdateAssignment {
  readonly column?: ColumnReference;
  readonly variable?: string;
  readonly operator: AssignmentOperator;
  readonly value: Expression | DefaultValue;
}

export interface UpdateStatement extends AtLine {
  readonly kind: "update";
  readonly commonTables: readonly CommonTableExpression[];
  readonly top?: TopClause;
  readonly target: TableTarget;
  readonly assignments: readonly UpdateAssignment[];
  readonly output?: OutputClause;
  readonly from: readonly TableSource[];
  readonly where?: Condition;
  readonly hints: readonly QueryHint[];
}

export interface DeleteStatement extends AtLine {
  readonly kind: "delete";
  readonly commonTables: readonly CommonTableExpression[];
  readonly top?: TopClause;
  readonly target: TableTarget;
  readonly output?: OutputClause;
  readonly from: readonly TableSource[];
  readonly where?: Condition;
  readonly hints: readonly QueryHint[];
}

export interface TruncateTableStatement extends AtLine {
  readonly kind: "truncateTable";
  readonly table: ObjectName;
}

export interface IfStatement extends AtLine {
  readonly kind: "if";
  readonly condition: Condition;
  readonly then: Statement;
  readonly otherwise?: Statement;
}

export interface WhileStatement extends AtLine {
  readonly kind: "while";
  readonly condition: Condition;
  readonly body: Statement;
}

/** BREAK or CONTINUE; outside a WHILE the parser refuses it (135, 136). */
export interface LoopControlStatement extends AtLine {
  readonly kind: "break" | "continue";
}

/** BEGIN … END. */
export interface BlockStatement extends AtLine {
  readonly kind: "block";
  readonly statements: readonly Statement[];
}

/** BEGIN TRY … END TRY BEGIN CATCH … END CATCH; `handler` may be empty. */
export interface TryCatchStatement extends AtLine {
  readonly kind: "tryCatch";
  readonly body: readonly Statement[];
  readonly handler: readonly Statement[];
}

export interface ReturnStatement extends AtLine {
  readonly kind: "return";
  readonly value?: Expression;
}

/** The parser has seen that the label is in the batch (133 otherwise). */
export interface GotoStatement extends AtLine {
  readonly kind: "goto";
  readonly label: string;
}

export interface LabelStatement extends AtLine {
  readonly kind: "label";
  readonly name: string;
}

export interface PrintStatement extends AtLine {
  readonly kind: "print";
  readonly value: Expression;
}

export interface RaiseErrorStatement extends AtLine {
  readonly kind: "raiseError";
  /** A text or a number of sys.messages: the type decides. */
  readonly message: Expression;
  readonly severity: Expression;
  readonly state: Expression;
  readonly args: readonly Expression[];
  readonly options: readonly ("NOWAIT" | "LOG" | "SETERROR")[];
}

/** From version 11 on. All three values or none (rethrow, only inside CATCH: 10704). */
export interface ThrowStatement extends AtLine {
  readonly kind: "throw";
  readonly values?: { readonly number: Expression; readonly message: Expression; readonly state: Expression };
}

export interface WaitForStatement extends AtLine {
  readonly kind: "waitFor";
  readonly type: "DELAY" | "TIME";
  /** Literal or variable: 'hh:mm[:ss[.mss]]'. */
  readonly value: Expression;
}

/** BEGIN TRAN, COMMIT [TRAN|WORK], ROLLBACK [TRAN|WORK], SAVE TRAN. */
export interface TransactionStatement extends AtLine {
  readonly kind: "beginTransaction" | "commitTransaction" | "rollbackTransaction" | "saveTransaction";
  readonly name?: string | VariableReference;
  /** BEGIN TRAN name WITH MARK. */
  readonly mark?: string;
}

export interface ExecuteArgument {
  /** With the at sign; absent when given by position. */
  readonly name?: string;
  /** A literal (also of a bare word, as nvarchar), variable, global variable, or DEFAULT. */
  readonly value: Literal | VariableReference | GlobalVariableReference | DefaultValue;
  readonly output: boolean;
}

/** EXEC [@rc =] name arguments; also a call without EXEC as first statement of a batch. */
export interface ExecuteStatement extends AtLine {
  readonly kind: "execute";
  readonly returnVariable?: string;
  /** By name, or by the name that a variable holds. */
  readonly procedure: { readonly kind: "name"; readonly name: ObjectName } | VariableReference;
  readonly args: readonly ExecuteArgument[];
}

/** EXEC ('text' + @variable …): literals and variables joined by +. */
export interface ExecuteStringStatement extends AtLine {
  readonly kind: "executeString";
  readonly text: Expression;
}

/** A statement that the language executes itself. */
export type LanguageStatement =
  | DeclareStatement
  | SetVariableStatement
  | SetSwitchStatement
  | SetValueStatement
  | SetIdentityInsertStatement
  | SelectStatement
  | InsertStatement
  | UpdateStatement
  | DeleteStatement
  | TruncateTableStatement
  | IfStatement
  | WhileStatement
  | LoopControlStatement
  | BlockStatement
  | TryCatchStatement
  | ReturnStatement
  | GotoStatement
  | LabelStatement
  | PrintStatement
  | RaiseErrorStatement
  | ThrowStatement
  | WaitForStatement
  | TransactionStatement
  | ExecuteStatement
  | ExecuteStringStatement;

/**
 * Any statement. CREATE TABLE, ALTER TABLE, DROP TABLE, CREATE INDEX and DROP INDEX are the server's, except on
 * temporary tables (name begins with #), which the language keeps.
 */
export type Statement = LanguageStatement | ServerStatement;
