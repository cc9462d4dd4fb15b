/** CREATE TABLE's columns and constraints as the core keeps them. */
import { createHash } from "node:crypto";
import type { ColumnDefinition as WrittenColumn, TableConstraint } from "../../tsql/ast";
import { SqlError } from "../../tsql/errors";
import { expressionText } from "../expression-text";
import type { ForeignKey } from "../foreign-keys";
import { sessionError } from "../session-errors";
import type { CheckDefinition, ColumnDefinition, KeyDefinition, NewTable } from "../storage/definitions";

/** PRIMARY KEY or UNIQUE. */
export type KeyConstraint = Extract<TableConstraint, { readonly kind: "primaryKey" | "unique" }>;

export function isKey(constraint: TableConstraint): constraint is KeyConstraint {
  return constraint.kind === "primaryKey" || constraint.kind === "unique";
}

/** A table together with the constraints that are not keys. */
export interface DefinedTable {
  readonly table: NewTable;
  readonly foreignKeys: readonly ForeignKey[];
}

/** A constraint's name that the server makes up: PK__tblChat__3A81B327. */
function madeUpName(kind: string, table: string, column: string): string {
  const hash = createHash("sha1").update(`${kind}${table}${column}`).digest("hex").slice(0, 8).toUpperCase();
  const part = column === "" ? "" : `__${column.slice(0, 5)}`;
  return `${kind}__${table.slice(0, 9)}${part}__${hash}`;
}

/** Position of a column; 1911 where a key names one that is not there. */
export function positionOf(columns: readonly { readonly name: string }[], name: string): number {
  const position = columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());
  if (position < 0)
    throw new SqlError(1911, 16, `Column name '${name}' does not exist in the target table or view.`, {
      followers: [new SqlError(1750, 16, "Could not create constraint. See previous errors.")],
    });
  return position;
}

/** A column as the core stores it. `inPrimaryKey`: NOT NULL unless NULL was written, which 8111 refuses. */
export function columnDefinition(table: string, column: WrittenColumn, inPrimaryKey: boolean): ColumnDefinition {
  const identity = column.identity;
  if (inPrimaryKey && column.nullable === true)
    throw new SqlError(8111, 16, `Cannot define PRIMARY KEY constraint on nullable column in table '${table}'.`, {
      followers: [new SqlError(1750, 16, "Could not create constraint. See previous errors.")],
    });
  return {
    name: column.name,
    type: column.type,
    nullable: column.nullable ?? !(inPrimaryKey || identity !== undefined || column.type.name === "timestamp"),
    ...(identity === undefined
      ? {}
      : { identity: true, generated: { seed: identity.seed, increment: identity.increment } }),
    ...(column.default === undefined
      ? {}
      : {
          default: {
            constraint: column.default.name ?? madeUpName("DF", table, column.name),
            text: expressionText(column.default.value),
          },
        }),
  };
}

/** A PRIMARY KEY or UNIQUE constraint. */
export function keyDefinition(
  table: string,
  columns: readonly { readonly name: string }[],
  constraint: KeyConstraint,
): KeyDefinition {
  const primary = constraint.kind === "primaryKey";
  const first = constraint.columns.map((column) => column.name).join("");
  return {
    name: constraint.name ?? madeUpName(primary ? "PK" : "UQ", table, primary ? "" : first),
    kind: primary ? "primary key" : "unique",
    columns: constraint.columns.map((column) => positionOf(columns, column.name)),
    clustered: constraint.clustered ?? primary,
  };
}

/** A FOREIGN KEY constraint. CASCADE and SET rules other than NO ACTION and CASCADE on delete are refused (1785's place). */
export function foreignKeyDefinition(
  schema: string,
  table: string,
  constraint: Extract<TableConstraint, { readonly kind: "foreignKey" }>,
): ForeignKey {
  const { references } = constraint;
  if (references.onUpdate !== "NO ACTION" || references.onDelete.startsWith("SET"))
    throw new SqlError(156, 15, "Incorrect syntax near the keyword 'ON'.");
  return {
    name: constraint.name ?? madeUpName("FK", table, constraint.columns.join("")),
    schema,
    table,
    columns: constraint.columns,
    referencedSchema:
      references.table.schema === undefined || references.table.schema === "" ? "dbo" : references.table.schema,
    referencedTable: references.table.name,
    referencedColumns: references.columns,
    cascadesDelete: references.onDelete === "CASCADE",
  };
}

/** The CHECK constraints among these, for a table of these columns. */
export function checkDefinitions(
  table: string,
  columns: readonly { readonly name: string }[],
  constraints: readonly TableConstraint[],
): CheckDefinition[] {
  return constraints
    .filter((constraint) => constraint.kind === "check")
    .map(({ name, text, names }) => {
      const read = columns
        .map((column) => column.name)
        .filter((column) => names.some((one) => one.toLowerCase() === column.toLowerCase()));
      return { name: name ?? madeUpName("CK", table, read.length === 1 ? (read[0] ?? "") : text), text, columns: read };
    });
}

/** Everything of a CREATE TABLE. */
export function defineTable(
  schema: string,
  name: string,
  written: readonly WrittenColumn[],
  constraints: readonly TableConstraint[],
): DefinedTable {
  const primary = constraints.filter(isKey).filter((constraint) => constraint.kind === "primaryKey");
  if (primary.length > 1)
    throw new SqlError(8110, 16, `Cannot add multiple PRIMARY KEY constraints to table '${name}'.`);
  const inPrimary = new Set(primary.flatMap((key) => key.columns.map((column) => column.name.toLowerCase())));
  const seen = new Set<string>();
  for (const column of written) {
    if (seen.has(column.name.toLowerCase()))
      throw new SqlError(
        2705,
        16,
        `Column names in each table must be unique. Column name '${column.name}' in table '${name}' is specified more than once.`,
      );
    seen.add(column.name.toLowerCase());
  }
  if (written.filter((column) => column.identity !== undefined).length > 1)
    throw new SqlError(
      2744,
      16,
      `Multiple identity columns specified for table '${name}'. Only one identity column per table is allowed.`,
    );
  const columns = written.map((column) => columnDefinition(name, column, inPrimary.has(column.name.toLowerCase())));
  const checks = checkDefinitions(name, columns, constraints);
  return {
    table: {
      schema,
      name,
      ...(checks.length === 0 ? {} : { checks }),
      columns: columns.map((column) => withDefault(name, column, constraints)),
      keys: constraints.filter(isKey).map((constraint) => keyDefinition(name, columns, constraint)),
    },
    foreignKeys: constraints
      .filter((constraint) => constraint.kind === "foreignKey")
      .map((constraint) => foreignKeyDefinition(schema, name, constraint)),
  };
}

/** A column with the DEFAULT that a table constraint gives it. */
export function withDefault(
  table: string,
  column: ColumnDefinition,
  constraints: readonly TableConstraint[],
): ColumnDefinition {
  const found = constraints.find(
    (constraint) => constraint.kind === "default" && constraint.column.toLowerCase() === column.name.toLowerCase(),
  );
  if (found?.kind !== "default") return column;
  if (column.default !== undefined)
    throw new SqlError(1781, 16, "Column already has a DEFAULT bound to it.", {
      followers: [sessionError(1750)],
    });
  return {
    ...column,
    default: { constraint: found.name ?? madeUpName("DF", table, column.name), text: expressionText(found.value) },
  };
}
