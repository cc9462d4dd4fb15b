/**
 * fn_my_permissions(securable, class).
 * Source: sql-docs relational-databases/system-functions/sys-fn-my-permissions-transact-sql.md.
 */
import { hasDatabasePermission } from "../database-permissions";
import { textOf } from "../functions/definition";
import { parseObjectName } from "../object-name";
import { serverPermissions } from "../server-permissions";
import type { CatalogContext } from "./context";
import type { SystemFunction, ViewRow } from "./system-view";

/** Permissions on a database and on a table, in the order in which the function lists them. */
export const databasePermissionNames = [
  "CREATE TABLE",
  "CREATE SCHEMA",
  "ALTER",
  "ALTER ANY USER",
  "ALTER ANY ROLE",
  "ALTER ANY SCHEMA",
  "BACKUP DATABASE",
  "BACKUP LOG",
  "CHECKPOINT",
  "CONNECT",
  "VIEW DATABASE STATE",
  "VIEW DEFINITION",
  "SELECT",
  "INSERT",
  "UPDATE",
  "DELETE",
  "EXECUTE",
  "REFERENCES",
  "CONTROL",
] as const;

export const objectPermissionNames = [
  "SELECT",
  "UPDATE",
  "REFERENCES",
  "INSERT",
  "DELETE",
  "VIEW DEFINITION",
  "ALTER",
  "CONTROL",
] as const;

function row(entity: string, permission: string): ViewRow {
  return { entity_name: entity, subentity_name: "", permission_name: permission };
}

function* rowsOf(context: CatalogContext, securable: string | null, kind: string): Iterable<ViewRow> {
  const { session } = context;
  if (kind === "SERVER") {
    for (const permission of serverPermissions)
      if (session.hasServerPermission(permission)) yield row("server", permission);
    return;
  }
  if (kind === "DATABASE") {
    const database = securable === null ? session.database : session.instance.core.database(securable);
    if (database === undefined) return;
    for (const permission of databasePermissionNames)
      if (hasDatabasePermission(database, session, permission)) yield row("database", permission);
    return;
  }
  const name = kind === "OBJECT" && securable !== null ? parseObjectName(securable) : undefined;
  if (name === undefined) return;
  const table = session.database.table(session.transactions, name.schema ?? "dbo", name.name);
  if (table === undefined) return;
  for (const permission of objectPermissionNames)
    if (hasDatabasePermission(session.database, session, permission, table.definition))
      yield row(securable ?? "", permission);
}

export const permissionsFunction: SystemFunction = {
  name: "sys.fn_my_permissions",
  parameters: 2,
  columns: `
    entity_name sysname
    subentity_name sysname
    permission_name sysname`,
  rows: (context, [securable, kind]) => rowsOf(context, textOf(securable), (textOf(kind) ?? "").toUpperCase()),
};
