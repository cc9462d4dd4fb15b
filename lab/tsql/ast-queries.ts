/** Syntax tree of queries: "SELECT (Transact-SQL)", "FROM clause plus JOIN, APPLY, PIVOT (Transact-SQL)". */
import type { Condition, Expression } from "./ast-expressions";
import type { ObjectName } from "./host";

export interface CommonTableExpression {
  readonly name: string;
  /** Names of the columns when given. */
  readonly columns?: readonly string[];
  readonly query: Query;
}

export interface OrderItem {
  readonly expression: Expression;
  readonly descending: boolean;
}

/** OFFSET n ROWS [FETCH NEXT m ROWS ONLY], from version 11 on. */
export interface OffsetClause {
  readonly offset: Expression;
  readonly fetch?: Expression;
}

/** OPTION (…): word or words of the hint in upper case, such as "RECOMPILE", "HASH JOIN", "MAXDOP", and its value. */
export interface QueryHint {
  readonly name: string;
  readonly value?: Expression;
}

/** A query with all that may stand before and behind it; also inside parentheses as subquery or derived table. */
export interface Query {
  readonly kind: "query";
  readonly commonTables: readonly CommonTableExpression[];
  readonly body: QueryBody;
  readonly orderBy: readonly OrderItem[];
  readonly offset?: OffsetClause;
  readonly hints: readonly QueryHint[];
}

export type QueryBody = QuerySpecification | SetOperation;

/** INTERSECT binds tighter than UNION and EXCEPT, which associate to the left: the tree says so. */
export interface SetOperation {
  readonly kind: "setOperation";
  readonly operator: "UNION" | "UNION ALL" | "EXCEPT" | "INTERSECT";
  readonly left: QueryBody;
  readonly right: QueryBody;
}

export interface TopClause {
  readonly count: Expression;
  readonly percent: boolean;
  readonly withTies: boolean;
}

export interface QuerySpecification {
  readonly kind: "select";
  readonly distinct: boolean;
  readonly top?: TopClause;
  readonly items: readonly SelectItem[];
  readonly into?: ObjectName;
  /** Sources between commas; empty without FROM. */
  readonly from: readonly TableSource[];
  readonly where?: Condition;
  readonly groupBy: readonly Expression[];
  readonly having?: Condition;
}

export type AssignmentOperator = "=" | "+=" | "-=" | "*=" | "/=" | "%=" | "&=" | "|=" | "^=";

/** One entry of a select list. `assign` is `@v = expression`: a SELECT has either only those or none (141). */
export type SelectItem =
  | { readonly kind: "expression"; readonly expression: Expression; readonly alias?: string }
  | { readonly kind: "star"; readonly table?: ObjectName }
  | {
      readonly kind: "assign";
      readonly variable: string;
      readonly operator: AssignmentOperator;
      readonly expression: Expression;
    };

/** A table, view, common table expression or temporary table by name. */
export interface NamedTableSource {
  readonly kind: "table";
  readonly name: ObjectName;
  readonly alias?: string;
  /** NOLOCK, TABLOCK, HOLDLOCK …; INDEX and FORCESEEK without their arguments. */
  readonly hints: readonly string[];
}

export interface TableVariableSource {
  readonly kind: "tableVariable";
  /** With the at sign. */
  readonly name: string;
  readonly alias?: string;
}

export interface FunctionTableSource {
  readonly kind: "tableFunction";
  readonly name: ObjectName;
  readonly args: readonly Expression[];
  readonly alias?: string;
  readonly columnAliases?: readonly string[];
}

export interface DerivedTableSource {
  readonly kind: "derivedTable";
  readonly query: Query;
  readonly alias: string;
  readonly columnAliases?: readonly string[];
}

/** `(VALUES (…), (…)) AS alias (columns)`. */
export interface ValuesTableSource {
  readonly kind: "valuesTable";
  readonly rows: readonly (readonly Expression[])[];
  readonly alias: string;
  readonly columnAliases: readonly string[];
}

export interface JoinSource {
  readonly kind: "join";
  readonly type: "INNER" | "LEFT" | "RIGHT" | "FULL" | "CROSS" | "CROSS APPLY" | "OUTER APPLY";
  readonly left: TableSource;
  readonly right: TableSource;
  /** Absent for CROSS and both APPLY. */
  readonly on?: Condition;
}

export type TableSource =
  NamedTableSource | TableVariableSource | FunctionTableSource | DerivedTableSource | ValuesTableSource | JoinSource;
