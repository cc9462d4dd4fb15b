/** Syntax tree of tables and indexes: "CREATE TABLE (Transact-SQL)", "ALTER TABLE", "CREATE INDEX". */
import type { Condition, Expression } from "./ast";
import type { ObjectName } from "./host";
import type { SqlType } from "./values";

/** IDENTITY [(seed, increment)], both 1 when not given. */
export interface IdentityDefinition {
  readonly seed: bigint;
  readonly increment: bigint;
}

export interface ReferenceDefinition {
  readonly table: ObjectName;
  /** Empty: the primary key of that table. */
  readonly columns: readonly string[];
  readonly onDelete: ReferentialAction;
  readonly onUpdate: ReferentialAction;
}

export type ReferentialAction = "NO ACTION" | "CASCADE" | "SET NULL" | "SET DEFAULT";

/** A constraint of a table; one written behind a column is here too, with that column. `name` absent: made up by the server. */
export type TableConstraint =
  | {
      readonly kind: "primaryKey" | "unique";
      readonly name?: string;
      readonly columns: readonly IndexColumn[];
      /** Absent: clustered for the primary key, nonclustered for unique. */
      readonly clustered?: boolean;
    }
  | {
      readonly kind: "check";
      readonly name?: string;
      readonly condition: Condition;
      /** The condition as it can be read again, without the parentheses around it. */
      readonly text: string;
      /** Identifiers in it: columns and functions. */
      readonly names: readonly string[];
    }
  | {
      readonly kind: "foreignKey";
      readonly name?: string;
      readonly columns: readonly string[];
      readonly references: ReferenceDefinition;
    }
  | { readonly kind: "default"; readonly name?: string; readonly column: string; readonly value: Expression };

export interface IndexColumn {
  readonly name: string;
  readonly descending: boolean;
}

/** A column. Its DEFAULT is in `default`; its other constraints are in the constraints of the table. */
export interface ColumnDefinition {
  readonly name: string;
  readonly type: SqlType;
  /** Absent when neither NULL nor NOT NULL was written: nullable, unless identity or in the primary key. */
  readonly nullable?: boolean;
  readonly identity?: IdentityDefinition;
  readonly default?: { readonly name?: string; readonly value: Expression };
  readonly collation?: string;
  readonly rowGuidColumn: boolean;
}

export interface CreateTableStatement {
  readonly kind: "createTable";
  readonly line: number;
  readonly name: ObjectName;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly TableConstraint[];
  /** DATA_COMPRESSION other than NONE. */
  readonly compression?: "ROW" | "PAGE";
}

export type AlterTableAction =
  | {
      readonly kind: "add";
      readonly columns: readonly ColumnDefinition[];
      readonly constraints: readonly TableConstraint[];
    }
  | { readonly kind: "dropConstraints"; readonly names: readonly string[] }
  | { readonly kind: "dropColumns"; readonly names: readonly string[] }
  | { readonly kind: "alterColumn"; readonly name: string; readonly type: SqlType; readonly nullable?: boolean };

export interface AlterTableStatement {
  readonly kind: "alterTable";
  readonly line: number;
  readonly name: ObjectName;
  readonly action: AlterTableAction;
}

export interface DropTableStatement {
  readonly kind: "dropTable";
  readonly line: number;
  readonly names: readonly ObjectName[];
}

export interface CreateIndexStatement {
  readonly kind: "createIndex";
  readonly line: number;
  readonly name: string;
  readonly table: ObjectName;
  readonly unique: boolean;
  readonly clustered: boolean;
  readonly columns: readonly IndexColumn[];
  readonly included: readonly string[];
}

/** DROP INDEX name ON table, … */
export interface DropIndexStatement {
  readonly kind: "dropIndex";
  readonly line: number;
  readonly indexes: readonly { readonly name: string; readonly table: ObjectName }[];
}

export interface CreateSchemaStatement {
  readonly kind: "createSchema";
  readonly line: number;
  readonly name: string;
  readonly owner?: string;
}
