/** CREATE, ALTER and DROP TABLE, CREATE and DROP INDEX, CREATE SCHEMA. */
import type {
  AlterTableStatement,
  CreateIndexStatement,
  CreateSchemaStatement,
  CreateTableStatement,
  DropIndexStatement,
  DropTableStatement,
} from "../../tsql/ast";
import { SqlError } from "../../tsql/errors";
import type { ObjectName } from "../../tsql/host";
import { convertForColumn } from "../../tsql/conversion";
import type { SqlValue } from "../../tsql/values";
import type { Database } from "../database";
import { openDatabase } from "../database-access";
import { hasDatabasePermission } from "../database-permissions";
import { databasePrincipal } from "../database-principals";
import { hasCompression } from "../edition-features";
import { foreignKeysOf, putForeignKey, removeForeignKey } from "../foreign-keys";
import { createSchema as addSchema, schemaOf } from "../schemas";
import { sessionError } from "../session-errors";
import type { ColumnDefinition, KeyDefinition, TableDefinition } from "../storage/definitions";
import { changing, type Execution } from "./execution";
import {
  checkDefinitions,
  columnDefinition,
  defineTable,
  foreignKeyDefinition,
  isKey,
  keyDefinition,
  positionOf,
  withDefault,
} from "./table-definition";

function databaseOf(name: ObjectName, { session }: Execution): Database {
  const database =
    name.database === undefined || name.database === "" ? session.database : openDatabase(session, name.database);
  // Refused before anything is looked up: 3906 in a read-only database.
  database.assertWritable();
  return database;
}

function schemaName(name: ObjectName): string {
  return name.schema === undefined || name.schema === "" ? "dbo" : name.schema;
}

function require(database: Database, permission: string, { session }: Execution): void {
  if (!hasDatabasePermission(database, session, permission)) throw sessionError(262, permission, database.name);
}

/** The table to be altered or dropped; 4902 and 3701 are the caller's words for "absent". */
function find(database: Database, name: ObjectName, { session }: Execution): TableDefinition | undefined {
  const table = database.table(session.transactions, schemaName(name), name.name)?.definition;
  return table !== undefined && hasDatabasePermission(database, session, "ALTER", table) ? table : undefined;
}

export async function createTable(statement: CreateTableStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  const database = databaseOf(statement.name, execution);
  const schema = schemaName(statement.name);
  require(database, "CREATE TABLE", execution);
  const known = schemaOf(database, schema, session.transactions);
  if (known === undefined) throw sessionError(2760, schema);
  const defined = defineTable(known.name, statement.name.name, statement.columns, statement.constraints);
  const { compression } = statement;
  if (compression !== undefined && !hasCompression(session.instance))
    throw new SqlError(
      7738,
      16,
      `Cannot enable compression for object '${statement.name.name}'. Only SQL Server Enterprise Edition supports compression.`,
      { state: 2 },
    );
  await changing(execution, database, () => {
    requireConditions(database, defined.table);
    database.createTable(session.transactions, {
      ...defined.table,
      ...(compression === undefined ? {} : { compression }),
    });
    for (const key of defined.foreignKeys) {
      requireReferenced(database, key, execution);
      putForeignKey(database, session.transactions, key);
    }
  });
  session.noteChange("CREATE TABLE");
}

/** Conditions that make no sense are told when they are made: 207 and the like, with 1750 behind it. */
function requireConditions(
  database: Database,
  { checks = [], columns }: Pick<TableDefinition, "checks" | "columns">,
): void {
  for (const { text } of checks)
    try {
      database.instance.environment.checkTest(text, columns);
    } catch (error) {
      if (!(error instanceof SqlError)) throw error;
      throw error.followedBy(new SqlError(1750, 16, "Could not create constraint. See previous errors."));
    }
}

function requireReferenced(
  database: Database,
  key: { readonly name: string; readonly referencedSchema: string; readonly referencedTable: string },
  { session }: Execution,
): void {
  if (database.table(session.transactions, key.referencedSchema, key.referencedTable) !== undefined) return;
  throw new SqlError(
    1767,
    16,
    `Foreign key '${key.name}' references invalid table '${key.referencedSchema}.${key.referencedTable}'.`,
    { followers: [new SqlError(1750, 16, "Could not create constraint. See previous errors.")] },
  );
}

export async function dropTable(statement: DropTableStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  for (const name of statement.names) {
    const database = databaseOf(name, execution);
    const table = find(database, name, execution);
    if (table === undefined) throw sessionError(3701, "drop", "table", name.name);
    const keys = foreignKeysOf(database, session.transactions);
    const referring = keys.find(
      (key) =>
        key.referencedTable.toLowerCase() === table.name.toLowerCase() &&
        key.referencedSchema.toLowerCase() === table.schema.toLowerCase() &&
        key.table.toLowerCase() !== table.name.toLowerCase(),
    );
    if (referring !== undefined)
      throw new SqlError(
        3726,
        16,
        `Could not drop object '${table.name}' because it is referenced by a FOREIGN KEY constraint.`,
      );
    await changing(execution, database, () => {
      database.dropTable(session.transactions, table);
      for (const key of keys)
        if (
          key.table.toLowerCase() === table.name.toLowerCase() &&
          key.schema.toLowerCase() === table.schema.toLowerCase()
        )
          removeForeignKey(database, session.transactions, key);
    });
    session.noteChange("DROP TABLE");
  }
}

export async function alterTable(statement: AlterTableStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  const database = databaseOf(statement.name, execution);
  const table = find(database, statement.name, execution);
  if (table === undefined)
    throw new SqlError(
      4902,
      16,
      `Cannot find the object "${statement.name.name}" because it does not exist or you do not have permissions.`,
    );
  const { action } = statement;
  await changing(execution, database, () => {
    switch (action.kind) {
      case "add":
        addParts(database, table, action, execution);
        return;
      case "dropConstraints":
        for (const name of action.names) dropConstraint(database, table, name, execution);
        return;
      case "dropColumns":
        dropColumns(database, table, action.names, execution);
        return;
      case "alterColumn":
        alterColumn(database, table, action, execution);
    }
  });
  session.noteChange("ALTER TABLE");
}

function addParts(
  database: Database,
  table: TableDefinition,
  action: Extract<AlterTableStatement["action"], { readonly kind: "add" }>,
  { session }: Execution,
): void {
  const fresh = action.columns.map((column) =>
    withDefault(table.name, columnDefinition(table.name, column, false), action.constraints),
  );
  for (const column of fresh)
    if (!column.nullable && column.default === undefined && column.generated === undefined)
      throw new SqlError(
        4901,
        16,
        `ALTER TABLE only allows columns to be added that can contain nulls, or have a DEFAULT definition specified, or the column being added is an identity or timestamp column, or alternatively if none of the previous conditions are satisfied the table must be empty to allow addition of this column. Column '${column.name}' cannot be added to non-empty table '${table.name}' because it does not satisfy these conditions.`,
      );
  const columns = [...table.columns.map((column) => withDefault(table.name, column, action.constraints)), ...fresh];
  const keys = action.constraints.filter(isKey).map((constraint) => keyDefinition(table.name, columns, constraint));
  if (keys.some((key) => key.kind === "primary key") && table.keys.some((key) => key.kind === "primary key"))
    throw sessionError(1779, table.name);
  const checks = checkDefinitions(table.name, columns, action.constraints);
  const next: TableDefinition = {
    ...table,
    columns,
    keys: [...table.keys, ...keys],
    checks: [...(table.checks ?? []), ...checks],
  };
  requireConditions(database, next);
  const first = table.columns.length;
  // Rows that are there get the default of a column that cannot be NULL.
  database.alterTable(
    session.transactions,
    next,
    fresh.length === 0
      ? undefined
      : (row) =>
          row.map((value, index): SqlValue => {
            const column = columns[index];
            if (index < first || column === undefined || column.nullable || column.default === undefined) return value;
            return database.evaluateDefault(column.default.text, column.type);
          }),
  );
  // WITH CHECK is the default: rows that are there are looked at too.
  const changed = checks.length === 0 ? undefined : database.table(session.transactions, table.schema, table.name);
  for (const row of changed?.scan() ?? []) changed?.refuseUnchecked(row, "ALTER TABLE");
  for (const constraint of action.constraints)
    if (constraint.kind === "foreignKey") {
      const key = foreignKeyDefinition(table.schema, table.name, constraint);
      putForeignKey(database, session.transactions, key);
    }
}

function dropConstraint(database: Database, table: TableDefinition, name: string, { session }: Execution): void {
  const is = (other: string): boolean => other.toLowerCase() === name.toLowerCase();
  const scope = session.transactions;
  const current = database.table(scope, table.schema, table.name)?.definition ?? table;
  if (current.keys.some((key) => key.kind !== "unique index" && is(key.name))) {
    database.alterTable(scope, { ...current, keys: current.keys.filter((key) => !is(key.name)) });
    return;
  }
  if (current.checks?.some((check) => is(check.name)) === true) {
    database.alterTable(scope, { ...current, checks: current.checks.filter((check) => !is(check.name)) });
    return;
  }
  if (current.columns.some((column) => column.default !== undefined && is(column.default.constraint))) {
    const columns = current.columns.map((column): ColumnDefinition => {
      if (column.default === undefined || !is(column.default.constraint)) return column;
      return { ...column, default: undefined };
    });
    database.alterTable(scope, { ...current, columns });
    return;
  }
  const foreign = foreignKeysOf(database, scope).find((key) => is(key.name));
  if (foreign === undefined)
    throw new SqlError(3728, 16, `'${name}' is not a constraint.`, {
      followers: [new SqlError(3727, 16, "Could not drop constraint. See previous errors.")],
    });
  removeForeignKey(database, scope, foreign);
}

function dropColumns(
  database: Database,
  table: TableDefinition,
  names: readonly string[],
  { session }: Execution,
): void {
  const gone = new Set(
    names.map((name) => {
      const position = table.columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase());
      if (position < 0)
        throw new SqlError(
          4924,
          16,
          `ALTER TABLE DROP COLUMN failed because column '${name}' does not exist in table '${table.name}'.`,
        );
      return position;
    }),
  );
  for (const key of table.keys)
    if (key.columns.some((column) => gone.has(column)))
      throw new SqlError(5074, 16, `The object '${key.name}' is dependent on column '${names[0] ?? ""}'.`, {
        followers: [
          new SqlError(
            4922,
            16,
            `ALTER TABLE DROP COLUMN ${names[0] ?? ""} failed because one or more objects access this column.`,
          ),
        ],
      });
  refuseChecked(table, names, "DROP COLUMN");
  const columns = table.columns.filter((_, index) => !gone.has(index));
  const keys = table.keys.map((key): KeyDefinition => ({
    ...key,
    columns: key.columns.map((column) => positionOf(columns, table.columns[column]?.name ?? "")),
  }));
  database.alterTable(session.transactions, { ...table, columns, keys });
}

/** 5074: a CHECK constraint reads the column. */
function refuseChecked(table: TableDefinition, names: readonly string[], action: "DROP COLUMN" | "ALTER COLUMN"): void {
  for (const name of names) {
    const reads = (column: string): boolean => column.toLowerCase() === name.toLowerCase();
    const check = table.checks?.find(({ columns }) => columns.some(reads));
    if (check === undefined) continue;
    throw new SqlError(5074, 16, `The object '${check.name}' is dependent on column '${name}'.`, {
      followers: [
        new SqlError(4922, 16, `ALTER TABLE ${action} ${name} failed because one or more objects access this column.`),
      ],
    });
  }
}

function alterColumn(
  database: Database,
  table: TableDefinition,
  action: Extract<AlterTableStatement["action"], { readonly kind: "alterColumn" }>,
  { session }: Execution,
): void {
  const position = table.columns.findIndex((column) => column.name.toLowerCase() === action.name.toLowerCase());
  const before = table.columns[position];
  if (before === undefined)
    throw new SqlError(
      4924,
      16,
      `ALTER TABLE ALTER COLUMN failed because column '${action.name}' does not exist in table '${table.name}'.`,
    );
  refuseChecked(table, [action.name], "ALTER COLUMN");
  const after: ColumnDefinition = { ...before, type: action.type, nullable: action.nullable ?? true };
  const columns = table.columns.map((column, index) => (index === position ? after : column));
  const scope = session.transactions;
  // Values are converted first, while the column still has its old type in the file.
  const old = database.table(scope, table.schema, table.name);
  const converted = new Map<number | bigint, SqlValue>();
  for (const { locator, row } of old?.locate() ?? [])
    converted.set(locator, convertForColumn(row[position] ?? null, before.type, after.type));
  database.alterTable(scope, { ...table, columns });
  const changed = database.table(scope, table.schema, table.name);
  if (changed === undefined) return;
  for (const { locator, row } of [...changed.locate()])
    changed.update(
      locator,
      row.map((value, index) => (index === position ? (converted.get(locator) ?? null) : value)),
    );
}

/** A nonunique index: it has a name and a place in sys.indexes, no effect on results. */
interface PlainIndex {
  readonly name: string;
  readonly table: number;
  readonly columns: readonly string[];
}

export async function createIndex(statement: CreateIndexStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  const database = databaseOf(statement.table, execution);
  const table = find(database, statement.table, execution);
  if (table === undefined)
    throw new SqlError(
      1088,
      16,
      `Cannot find the object "${statement.table.name}" because it does not exist or you do not have permissions.`,
    );
  const taken =
    table.keys.some((key) => key.name.toLowerCase() === statement.name.toLowerCase()) ||
    database.definition("index", `${String(table.id)}.${statement.name}`, session.transactions) !== undefined;
  if (taken)
    throw new SqlError(
      1913,
      16,
      `The operation failed because an index or statistics with name '${statement.name}' already exists on table '${table.schema}.${table.name}'.`,
    );
  const columns = statement.columns.map((column) => positionOf(table.columns, column.name));
  await changing(execution, database, () => {
    if (statement.unique) {
      const key: KeyDefinition = {
        name: statement.name,
        kind: "unique index",
        columns,
        clustered: statement.clustered,
      };
      database.alterTable(session.transactions, { ...table, keys: [...table.keys, key] });
    } else {
      const index: PlainIndex = {
        name: statement.name,
        table: table.id,
        columns: statement.columns.map((column) => column.name),
      };
      database.putDefinition(session.transactions, "index", `${String(table.id)}.${statement.name}`, index);
    }
  });
  session.noteChange("CREATE INDEX");
}

export async function dropIndex(statement: DropIndexStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  for (const { name, table: owner } of statement.indexes) {
    const database = databaseOf(owner, execution);
    const table = find(database, owner, execution);
    const key = table?.keys.find((one) => one.kind === "unique index" && one.name.toLowerCase() === name.toLowerCase());
    const plain =
      table === undefined
        ? undefined
        : database.definition("index", `${String(table.id)}.${name}`, session.transactions);
    if (table === undefined || (key === undefined && plain === undefined))
      throw sessionError(3701, "drop", "index", `${owner.name}.${name}`);
    await changing(execution, database, () => {
      if (key === undefined)
        database.putDefinition(session.transactions, "index", `${String(table.id)}.${name}`, undefined);
      else database.alterTable(session.transactions, { ...table, keys: table.keys.filter((one) => one !== key) });
    });
    session.noteChange("DROP INDEX");
  }
}

export async function createSchema(statement: CreateSchemaStatement, execution: Execution): Promise<void> {
  const { session } = execution;
  const { database } = session;
  database.assertWritable();
  require(database, "CREATE SCHEMA", execution);
  if (schemaOf(database, statement.name, session.transactions) !== undefined) throw sessionError(2714, statement.name);
  const owner =
    statement.owner === undefined ? undefined : databasePrincipal(database, statement.owner, session.transactions);
  if (statement.owner !== undefined && owner === undefined) throw sessionError(15151, "find", "user", statement.owner);
  await changing(execution, database, () => {
    addSchema(database, session.transactions, statement.name, owner?.principalId ?? 1);
  });
  session.noteChange("CREATE SCHEMA");
}
