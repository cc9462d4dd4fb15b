/**
 * Names of a query and what they are bound to: sources of a FROM clause, their columns, outer queries, common table
 * expressions. Errors of binding: 207, 209, 4104, 8120 (sql-docs, errors 0-999, 4000-4999, 8000-8999).
 */
import type { ColumnReference, CommonTableExpression, Expression, Query } from "./ast";
import { DEFAULT_COLLATION, type Collation } from "./collation";
import type { FunctionContext } from "./function-binding";
import type { Host, ObjectName, Table, UpdatableTable } from "./host";
import { bindErrors } from "./language-errors";
import type { Column, Row, SqlType, SqlValue } from "./values";
import type { Aggregate } from "./aggregates";
import type { DateFormat } from "./calendar-text";

/** The rows that an expression is evaluated against; filled in place while a plan runs. */
export interface Frame {
  /** Current row of each source, by slot. */
  readonly rows: Row[];
  readonly outer: Frame | undefined;
  /** Values of the GROUP BY expressions, then of the aggregates. */
  group: readonly SqlValue[];
  /** Values of window functions. */
  windows: readonly SqlValue[];
}

export function newFrame(outer: Frame | undefined): Frame {
  return { rows: [], outer, group: [], windows: [] };
}

export type Evaluate = (frame: Frame) => SqlValue;
export type Test = (frame: Frame) => boolean | null;

/** An expression bound to its scope. */
export interface Bound {
  readonly type: SqlType;
  readonly evaluate: Evaluate;
  readonly nullable: boolean;
  readonly collation: Collation;
  /** How strongly the collation holds: COLLATE beats a column's, a column's beats the default. */
  readonly coercibility: "explicit" | "implicit" | "default";
  /** The NULL literal. */
  readonly isNull: boolean;
  /** Value of a literal. */
  readonly constant: SqlValue | undefined;
  readonly identity?: boolean;
}

/** What binding and running a statement ask of the session. */
export interface Environment {
  readonly host: Host;
  readonly functions: FunctionContext;
  readonly dateFormat: () => DateFormat;
  /** @throws BindError 137 */
  variable(name: string): { readonly type: SqlType; value: SqlValue };
  /** @throws BindError 1087 */
  tableVariable(name: string): UpdatableTable;
  /** Temporary tables of the session first, then the server's. @throws SqlError 208 and what the server says */
  table(name: ObjectName): Table;
  globalVariable(name: string): { readonly type: SqlType; readonly value: SqlValue } | undefined;
  /** Collation of a column of a table kept by the language (COLLATE in CREATE TABLE #t); undefined: the default. */
  collationOf(table: Table, column: number): Collation | undefined;
  /** OBJECT_ID of a temporary table of the session; undefined when there is none of that name. */
  temporaryTableId(name: string): number | undefined;
  /** ARITHABORT and ANSI_WARNINGS both OFF: 8134 and overflow give NULL. */
  readonly errorsToNull: () => boolean;
  /** An aggregate left NULL values out: warning 8153 after the statement. */
  noteNullEliminated(): void;
  /** True from time to time while a plan runs: it should hand control back. */
  due(): boolean;
}

/** One source of a FROM clause. */
export interface Source {
  readonly slot: number;
  /** What the source may be called: its alias, or the name of the table with what stands before it. */
  readonly name: ObjectName;
  readonly hasAlias: boolean;
  readonly columns: readonly Column[];
  readonly collations: readonly (Collation | undefined)[];
  /** Positions of the columns that the statement uses. */
  readonly needed: Set<number>;
  /** On the side of an outer join that may be missing. */
  optional: boolean;
}

export interface AggregateUse {
  readonly key: string;
  readonly aggregate: Aggregate;
  /** Absent for COUNT(*). */
  readonly argument: Evaluate | undefined;
}

export interface WindowUse {
  readonly key: string;
  readonly type: SqlType;
  readonly partitionBy: readonly Bound[];
  readonly orderBy: readonly { readonly bound: Bound; readonly descending: boolean }[];
  readonly kind: "ROW_NUMBER" | "RANK" | "DENSE_RANK" | "NTILE" | "aggregate";
  readonly aggregate?: Aggregate;
  readonly argument?: Bound;
}

/** GROUP BY of a query while its select list, HAVING and ORDER BY are bound. */
export interface Grouping {
  readonly keys: readonly string[];
  readonly bounds: readonly Bound[];
  readonly aggregates: AggregateUse[];
}

export interface RecursiveSource {
  readonly columns: readonly Column[];
  rows: readonly Row[];
}

export interface CommonTable {
  readonly definition: CommonTableExpression;
  readonly scope: Scope;
  /** Set while the recursive member is bound. */
  recursive?: RecursiveSource;
}

/** Where a column was found: how many queries out, which slot, which position. */
export interface Found {
  readonly depth: number;
  readonly scope: Scope;
  readonly source: Source;
  readonly index: number;
}

export type Clause =
  "select list" | "WHERE clause" | "HAVING clause" | "ORDER BY clause" | "ON clause" | "GROUP BY clause" | "other";

function same(left: string | undefined, right: string | undefined): boolean {
  return left === right || (left !== undefined && right !== undefined && left.toLowerCase() === right.toLowerCase());
}

/** Names of one query. */
export class Scope {
  readonly sources: Source[] = [];
  readonly commonTables = new Map<string, CommonTable>();
  grouping: Grouping | undefined;
  /** True while expressions are bound that see groups, not rows. */
  grouped = false;
  windows: WindowUse[] | undefined;
  clause: Clause = "other";
  /** Inside the argument of an aggregate. */
  insideAggregate = false;
  /** Set by a reference to an outer query: the result cannot be kept from row to row. */
  correlated = false;
  /** Slots that ON may name, while it is bound. */
  visible: { readonly from: number; readonly to: number } | undefined;
  /** Collects the slots that an expression uses. */
  uses: Set<number> | undefined;

  constructor(
    readonly environment: Environment,
    readonly outer: Scope | undefined,
  ) {}

  addSource(
    name: ObjectName,
    hasAlias: boolean,
    columns: readonly Column[],
    collations: readonly (Collation | undefined)[],
  ): Source {
    const source: Source = {
      slot: this.sources.length,
      name,
      hasAlias,
      columns,
      collations,
      needed: new Set(),
      optional: false,
    };
    const twin = this.sources.find(
      (other) => same(other.name.name, name.name) && (other.hasAlias || hasAlias || sameTable(other.name, name)),
    );
    if (twin !== undefined) throw bindErrors.sameExposedName(name.name);
    this.sources.push(source);
    return source;
  }

  commonTable(name: string): CommonTable | undefined {
    return this.commonTables.get(name.toLowerCase()) ?? this.outer?.commonTable(name);
  }

  /** Sources that a `t.` before a star or column means. */
  matching(table: ObjectName): Source[] {
    return this.sources.filter((source) => this.sees(source) && names(source, table));
  }

  private sees(source: Source): boolean {
    return this.visible === undefined || (source.slot >= this.visible.from && source.slot < this.visible.to);
  }

  /** Finds a column in this query or the ones around it. @throws BindError 207, 209, 4104 */
  resolve(reference: ColumnReference): Found {
    const found = this.search(reference, 0);
    if (found !== undefined) return found;
    const full = [
      reference.table?.server,
      reference.table?.database,
      reference.table?.schema,
      reference.table?.name,
      reference.name,
    ]
      .filter((part) => part !== undefined)
      .join(".");
    if (reference.table === undefined) throw bindErrors.invalidColumn(reference.name);
    if (this.knows(reference.table)) throw bindErrors.invalidColumn(reference.name);
    throw bindErrors.multiPart(full);
  }

  private search(reference: ColumnReference, depth: number): Found | undefined {
    const own = this.findOwn(reference);
    if (own !== undefined) {
      own.source.needed.add(own.index);
      this.uses?.add(own.source.slot);
      return { depth, scope: this, ...own };
    }
    const outer = this.outer?.search(reference, depth + 1);
    if (outer !== undefined) this.correlated = true;
    return outer;
  }

  private knows(table: ObjectName): boolean {
    return this.matching(table).length > 0 || (this.outer?.knows(table) ?? false);
  }

  private findOwn(reference: ColumnReference): { readonly source: Source; readonly index: number } | undefined {
    const wanted = reference.name.toLowerCase();
    let found: { readonly source: Source; readonly index: number } | undefined;
    for (const source of this.sources) {
      if (!this.sees(source) || (reference.table !== undefined && !names(source, reference.table))) continue;
      for (let index = 0; index < source.columns.length; index += 1) {
        if ((source.columns[index] as Column).name.toLowerCase() !== wanted) continue;
        if (found !== undefined) throw bindErrors.ambiguousColumn(reference.name);
        found = { source, index };
      }
    }
    return found;
  }
}

function sameTable(left: ObjectName, right: ObjectName): boolean {
  return same(left.schema ?? "dbo", right.schema ?? "dbo") && same(left.database, right.database);
}

function names(source: Source, table: ObjectName): boolean {
  if (!same(source.name.name, table.name)) return false;
  if (table.schema === undefined && table.database === undefined) return true;
  if (source.hasAlias) return false;
  const schema =
    table.schema === undefined ||
    table.schema === "" ||
    same(table.schema, source.name.schema ?? "dbo") ||
    source.name.schema === "";
  return (
    schema &&
    (table.database === undefined || source.name.database === undefined || same(table.database, source.name.database))
  );
}

/** A text that is equal for expressions that mean the same: GROUP BY and ORDER BY find each other by it. */
export function structuralKey(expression: Expression, scope: Scope): string {
  return JSON.stringify(expression, (_key: string, value: unknown): unknown => {
    if (typeof value === "bigint") return `${value.toString()}n`;
    if (typeof value !== "object" || value === null || !("kind" in value)) return value;
    const node = value as { readonly kind: string };
    if (node.kind === "column") return columnKey(node as ColumnReference, scope);
    if (node.kind === "variable" || node.kind === "globalVariable")
      return `${node.kind}:${(node as unknown as { readonly name: string }).name.toLowerCase()}`;
    if (node.kind === "function") {
      const call = node as unknown as { readonly name: ObjectName };
      return { ...node, kind: "call", name: `${call.name.schema ?? ""}.${call.name.name}`.toLowerCase() };
    }
    return value;
  });
}

function columnKey(reference: ColumnReference, scope: Scope): string {
  const kept = scope.uses;
  scope.uses = undefined;
  try {
    const found = scope.resolve(reference);
    return slotKey(found);
  } finally {
    scope.uses = kept;
  }
}

/** The key of a bare column, as structuralKey writes it. */
export function slotKey(found: Found): string {
  return `column:${String(found.depth)}:${String(found.source.slot)}:${String(found.index)}`;
}

/** A bound expression without a collation of its own. */
export function plainBound(type: SqlType, evaluate: Evaluate, nullable = true): Bound {
  return {
    type,
    evaluate,
    nullable,
    collation: DEFAULT_COLLATION,
    coercibility: "default",
    isNull: false,
    constant: undefined,
  };
}

/** Queries that are part of an expression are not searched for aggregates of the query around them. */
export function isQuery(value: unknown): value is Query {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "query";
}
