/** Schemas of a database: the built-in ones and those of CREATE SCHEMA, kept as definitions. */
import type { Database } from "./database";
import type { TransactionScope } from "./storage/transaction";

export interface Schema {
  readonly id: number;
  readonly name: string;
  /** principal_id of the owner. */
  readonly principalId: number;
}

const BUILT_IN: readonly Schema[] = [
  { id: 1, name: "dbo", principalId: 1 },
  { id: 2, name: "guest", principalId: 2 },
  { id: 3, name: "INFORMATION_SCHEMA", principalId: 3 },
  { id: 4, name: "sys", principalId: 4 },
  ...["db_owner", "db_accessadmin", "db_securityadmin", "db_ddladmin"].map((name, index) => ({
    id: 16384 + index,
    name,
    principalId: 16384 + index,
  })),
  ...["db_backupoperator", "db_datareader", "db_datawriter", "db_denydatareader", "db_denydatawriter"].map(
    (name, index) => ({ id: 16389 + index, name, principalId: 16389 + index }),
  ),
];

/** All schemas, by id. */
export function schemasOf(database: Database, scope?: TransactionScope): readonly Schema[] {
  const own = database.definitions<Schema>("schema", scope).map(({ value }) => value);
  return [...BUILT_IN, ...own].sort((one, other) => one.id - other.id);
}

/** By name without case. */
export function schemaOf(database: Database, name: string, scope?: TransactionScope): Schema | undefined {
  return schemasOf(database, scope).find((schema) => schema.name.toLowerCase() === name.toLowerCase());
}

/** CREATE SCHEMA: the next free id from 5 on. */
export function createSchema(database: Database, scope: TransactionScope, name: string, principalId: number): void {
  const taken = schemasOf(database, scope).map((schema) => schema.id);
  const id = Math.max(4, ...taken.filter((one) => one < 16384)) + 1;
  database.putDefinition(scope, "schema", name, { id, name, principalId } satisfies Schema);
}
