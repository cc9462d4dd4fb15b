/** Syntax tree of expressions and conditions: "Expressions (Transact-SQL)", "Search condition (Transact-SQL)". */
import type { OrderItem, Query } from "./ast-queries";
import type { ObjectName } from "./host";
import type { SqlType, SqlValue } from "./values";

/**
 * A constant. Its type is the one SQL Server gives it: int or numeric(p,0), numeric(p,s), float, money, varchar(n),
 * nvarchar(n) (n at least 1, "max" beyond 8000 or 4000), varbinary(n). NULL: type int, value null.
 */
export interface Literal {
  readonly kind: "literal";
  readonly type: SqlType;
  readonly value: SqlValue;
}

/** `@name`. Undeclared: 137, found by the executor. */
export interface VariableReference {
  readonly kind: "variable";
  readonly name: string;
}

/** `@@name`, with both at signs. */
export interface GlobalVariableReference {
  readonly kind: "globalVariable";
  readonly name: string;
}

/** `name`, `t.name`, `schema.t.name`, `database.schema.t.name`; `table` is what stands before the last dot. */
export interface ColumnReference {
  readonly kind: "column";
  readonly table?: ObjectName;
  readonly name: string;
}

export interface UnaryExpression {
  readonly kind: "unary";
  readonly operator: "-" | "+" | "~";
  readonly operand: Expression;
}

export interface BinaryExpression {
  readonly kind: "binary";
  readonly operator: "+" | "-" | "*" | "/" | "%" | "&" | "|" | "^";
  readonly left: Expression;
  readonly right: Expression;
}

/** `operand COLLATE name`. */
export interface CollateExpression {
  readonly kind: "collate";
  readonly operand: Expression;
  readonly collation: string;
}

/** OVER (PARTITION BY … ORDER BY …). Frames (ROWS, RANGE) are refused by the parser. */
export interface OverClause {
  readonly partitionBy: readonly Expression[];
  readonly orderBy: readonly OrderItem[];
}

/**
 * A call: aggregate, built-in or user-defined function. CAST, CONVERT, CASE, COALESCE, NULLIF and IIF have nodes of
 * their own. The datepart of DATEADD, DATEDIFF, DATENAME and DATEPART is a varchar literal with the word as written.
 * CURRENT_TIMESTAMP, CURRENT_USER, SESSION_USER, SYSTEM_USER and USER are calls without arguments.
 */
export interface FunctionCall {
  readonly kind: "function";
  readonly name: ObjectName;
  readonly args: readonly Expression[];
  /** COUNT(*), COUNT_BIG(*), CHECKSUM(*), BINARY_CHECKSUM(*); `args` is empty then. */
  readonly star: boolean;
  /** Aggregate over DISTINCT values. */
  readonly distinct: boolean;
  readonly over?: OverClause;
}

/** CAST(x AS type), CONVERT(type, x [, style]), TRY_CAST, TRY_CONVERT. char, binary and n-types without length: 30. */
export interface ConvertExpression {
  readonly kind: "convert";
  /** Decides only what messages name it. */
  readonly function: "CAST" | "CONVERT" | "TRY_CAST" | "TRY_CONVERT";
  readonly type: SqlType;
  readonly operand: Expression;
  readonly style?: Expression;
}

/** CASE x WHEN value THEN …: `value` is compared with x. */
export interface SimpleCaseExpression {
  readonly kind: "simpleCase";
  readonly operand: Expression;
  readonly branches: readonly { readonly value: Expression; readonly result: Expression }[];
  readonly otherwise?: Expression;
}

/** CASE WHEN condition THEN …; IIF(condition, a, b) is parsed into it. */
export interface SearchedCaseExpression {
  readonly kind: "searchedCase";
  readonly branches: readonly { readonly condition: Condition; readonly result: Expression }[];
  readonly otherwise?: Expression;
}

export interface CoalesceExpression {
  readonly kind: "coalesce";
  readonly args: readonly Expression[];
}

export interface NullIfExpression {
  readonly kind: "nullIf";
  readonly left: Expression;
  readonly right: Expression;
}

/** Scalar subquery: one column; more than one row is 512. */
export interface SubqueryExpression {
  readonly kind: "subquery";
  readonly query: Query;
}

/** Anything that has a value. Conditions are not values in T-SQL. */
export type Expression =
  | Literal
  | VariableReference
  | GlobalVariableReference
  | ColumnReference
  | UnaryExpression
  | BinaryExpression
  | CollateExpression
  | FunctionCall
  | ConvertExpression
  | SimpleCaseExpression
  | SearchedCaseExpression
  | CoalesceExpression
  | NullIfExpression
  | SubqueryExpression;

// Conditions ---------------------------------------------------------------------------------------------------------

/** `!=` is parsed as `<>`, `!<` as `>=`, `!>` as `<=`. */
export type ComparisonOperator = "=" | "<>" | "<" | "<=" | ">" | ">=";

export interface Comparison {
  readonly kind: "comparison";
  readonly operator: ComparisonOperator;
  readonly left: Expression;
  readonly right: Expression;
}

/** `left > ALL (query)`; SOME is parsed as ANY. */
export interface QuantifiedComparison {
  readonly kind: "quantified";
  readonly operator: ComparisonOperator;
  readonly quantifier: "ANY" | "ALL";
  readonly left: Expression;
  readonly query: Query;
}

export interface LogicalCondition {
  readonly kind: "and" | "or";
  readonly left: Condition;
  readonly right: Condition;
}

export interface NotCondition {
  readonly kind: "not";
  readonly operand: Condition;
}

export interface IsNullCondition {
  readonly kind: "isNull";
  readonly operand: Expression;
  readonly negated: boolean;
}

export interface BetweenCondition {
  readonly kind: "between";
  readonly operand: Expression;
  readonly low: Expression;
  readonly high: Expression;
  readonly negated: boolean;
}

export interface LikeCondition {
  readonly kind: "like";
  readonly operand: Expression;
  readonly pattern: Expression;
  readonly escape?: Expression;
  readonly negated: boolean;
}

export interface InListCondition {
  readonly kind: "inList";
  readonly operand: Expression;
  readonly list: readonly Expression[];
  readonly negated: boolean;
}

export interface InQueryCondition {
  readonly kind: "inQuery";
  readonly operand: Expression;
  readonly query: Query;
  readonly negated: boolean;
}

export interface ExistsCondition {
  readonly kind: "exists";
  readonly query: Query;
}

/** Anything that is true, false or unknown. */
export type Condition =
  | Comparison
  | QuantifiedComparison
  | LogicalCondition
  | NotCondition
  | IsNullCondition
  | BetweenCondition
  | LikeCondition
  | InListCondition
  | InQueryCondition
  | ExistsCondition;
