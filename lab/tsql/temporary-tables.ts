/** CREATE, ALTER and DROP of temporary tables, their indexes, and SELECT … INTO. */
import type { ColumnDefinition, CreateTableStatement, ServerStatement } from "./ast";
import type { ExecutionScope } from "./execution-scope";
import { bindErrors, runErrors } from "./language-errors";
import type { MemoryTable } from "./memory-table";
import type { ObjectName } from "./host";
import type { Column } from "./values";

/** True for the statements on temporary tables, which the language keeps itself. */
export function isTemporary(name: ObjectName): boolean {
  return name.name.startsWith("#");
}

/** Executes a statement on temporary tables; false when it is about something of the server. @throws SqlError 2714, 3701 */
export function executeOnTemporary(statement: ServerStatement, scope: ExecutionScope): boolean {
  switch (statement.kind) {
    case "createTable":
      if (!isTemporary(statement.name)) return false;
      createTemporary(statement, scope);
      return true;
    case "dropTable": {
      if (!statement.names.some(isTemporary)) return false;
      for (const name of statement.names) dropTemporary(name, scope);
      return true;
    }
    case "createIndex": {
      if (!isTemporary(statement.table)) return false;
      const table = temporaryOf(statement.table, scope);
      if (statement.unique)
        table.addKey(
          statement.name,
          statement.columns.map((column) => column.name),
          false,
        );
      return true;
    }
    case "dropIndex":
      return statement.indexes.every((index) => isTemporary(index.table));
    case "alterTable":
      if (!isTemporary(statement.name)) return false;
      alterTemporary(statement, scope);
      return true;
    default:
      return false;
  }
}

function temporaryOf(name: ObjectName, scope: ExecutionScope): MemoryTable {
  const table = scope.temporaryTable(name);
  if (table === undefined) throw bindErrors.invalidObject(name.name);
  return table;
}

function createTemporary(
  statement: Pick<CreateTableStatement, "name" | "columns" | "constraints">,
  scope: ExecutionScope,
): MemoryTable {
  const key = statement.name.name.toLowerCase();
  const { temporaryTables, transactions } = scope.state;
  if (temporaryTables.has(key)) throw runErrors.objectExists(statement.name.name);
  const table = scope.makeTable(statement.name.name, statement.columns, statement.constraints, true);
  temporaryTables.set(key, table);
  scope.ownTables.add(key);
  transactions.remember(() => temporaryTables.delete(key));
  return table;
}

function dropTemporary(name: ObjectName, scope: ExecutionScope): void {
  const key = name.name.toLowerCase();
  const { temporaryTables, transactions } = scope.state;
  const table = temporaryTables.get(key);
  if (table === undefined) throw runErrors.dropMissing("table", name.name);
  temporaryTables.delete(key);
  transactions.remember(() => temporaryTables.set(key, table));
}

/** ALTER TABLE #t ADD: the table is made anew with its rows. */
function alterTemporary(statement: Extract<ServerStatement, { kind: "alterTable" }>, scope: ExecutionScope): void {
  const { action } = statement;
  const before = temporaryOf(statement.name, scope);
  if (action.kind === "add" && action.columns.length === 0) {
    for (const constraint of action.constraints)
      if (constraint.kind === "primaryKey" || constraint.kind === "unique")
        before.addKey(
          constraint.name ?? `PK__${before.name}`,
          constraint.columns.map((column) => column.name),
          constraint.kind === "primaryKey",
        );
    return;
  }
  if (action.kind !== "add") throw bindErrors.notSupported("ALTER TABLE of a temporary table");
  const key = statement.name.name.toLowerCase();
  const columns = [
    ...before.columns.map((column): ColumnDefinition =>
      definitionOf(column, before.collations[before.columns.indexOf(column)]?.name),
    ),
    ...action.columns,
  ];
  const after = scope.makeTable(statement.name.name, columns, action.constraints, true);
  after.identityInsert = true;
  for (const row of before.scan()) after.insert([...row, ...action.columns.map(() => undefined)]);
  after.identityInsert = false;
  scope.state.temporaryTables.set(key, after);
  scope.state.transactions.remember(() => scope.state.temporaryTables.set(key, before));
}

function definitionOf(column: Column, collation: string | undefined): ColumnDefinition {
  return {
    name: column.name,
    type: column.type,
    nullable: column.nullable,
    rowGuidColumn: false,
    ...(column.identity === true ? { identity: { seed: 1n, increment: 1n } } : {}),
    ...(collation === undefined ? {} : { collation }),
  };
}

/** The table of SELECT … INTO as CREATE TABLE would make it. @throws BindError 1038 for a column without a name */
export function intoDefinition(name: ObjectName, columns: readonly Column[], line: number): CreateTableStatement {
  if (columns.some((column) => column.name === "")) throw bindErrors.intoUnnamed();
  return {
    kind: "createTable",
    line,
    name,
    columns: columns.map((column) => definitionOf(column, undefined)),
    constraints: [],
  };
}
