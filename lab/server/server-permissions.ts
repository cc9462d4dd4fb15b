/**
 * Permissions of the server's scope: what fixed server roles hold and what one permission includes.
 * Source: sql-docs relational-databases/security/permissions-database-engine.md (permission hierarchy),
 * relational-databases/security/authentication-access/server-level-roles.md.
 */

/** Permissions on the server, in the order in which fn_my_permissions(NULL, 'SERVER') lists them. */
export const serverPermissions = [
  "CONNECT SQL",
  "SHUTDOWN",
  "CREATE ENDPOINT",
  "CREATE ANY DATABASE",
  "ALTER ANY LOGIN",
  "ALTER ANY CREDENTIAL",
  "ALTER ANY ENDPOINT",
  "ALTER ANY LINKED SERVER",
  "ALTER ANY CONNECTION",
  "ALTER ANY DATABASE",
  "ALTER RESOURCES",
  "ALTER SETTINGS",
  "ALTER TRACE",
  "ADMINISTER BULK OPERATIONS",
  "AUTHENTICATE SERVER",
  "EXTERNAL ACCESS ASSEMBLY",
  "VIEW ANY DATABASE",
  "VIEW ANY DEFINITION",
  "VIEW SERVER STATE",
  "CREATE DDL EVENT NOTIFICATION",
  "CREATE TRACE EVENT NOTIFICATION",
  "ALTER ANY EVENT NOTIFICATION",
  "ALTER SERVER STATE",
  "UNSAFE ASSEMBLY",
  "ALTER ANY SERVER AUDIT",
  "CONTROL SERVER",
] as const;

export type ServerPermission = (typeof serverPermissions)[number];

/** Each permission with those of which one suffices, beside itself and CONTROL SERVER. */
const INCLUDED_IN: Partial<Readonly<Record<ServerPermission, readonly ServerPermission[]>>> = {
  "CREATE ANY DATABASE": ["ALTER ANY DATABASE"],
  "VIEW ANY DATABASE": ["VIEW ANY DEFINITION", "ALTER ANY DATABASE"],
  "VIEW SERVER STATE": ["ALTER SERVER STATE"],
  "CREATE ENDPOINT": ["ALTER ANY ENDPOINT"],
  "CREATE DDL EVENT NOTIFICATION": ["ALTER ANY EVENT NOTIFICATION"],
  "CREATE TRACE EVENT NOTIFICATION": ["ALTER ANY EVENT NOTIFICATION"],
  "EXTERNAL ACCESS ASSEMBLY": ["UNSAFE ASSEMBLY"],
};

/** Fixed server roles with their principal ids and permissions. public holds what setup grants to it. */
export const fixedServerRoles: readonly {
  readonly name: string;
  readonly id: number;
  readonly permissions: readonly ServerPermission[];
}[] = [
  { name: "public", id: 2, permissions: ["VIEW ANY DATABASE"] },
  { name: "sysadmin", id: 3, permissions: ["CONTROL SERVER"] },
  { name: "securityadmin", id: 4, permissions: ["ALTER ANY LOGIN"] },
  {
    name: "serveradmin",
    id: 5,
    permissions: ["ALTER ANY ENDPOINT", "ALTER RESOURCES", "ALTER SERVER STATE", "ALTER SETTINGS", "SHUTDOWN"],
  },
  { name: "setupadmin", id: 6, permissions: ["ALTER ANY LINKED SERVER"] },
  { name: "processadmin", id: 7, permissions: ["ALTER ANY CONNECTION", "ALTER SERVER STATE"] },
  { name: "diskadmin", id: 8, permissions: ["ALTER RESOURCES"] },
  { name: "dbcreator", id: 9, permissions: ["CREATE ANY DATABASE", "ALTER ANY DATABASE"] },
  { name: "bulkadmin", id: 10, permissions: ["ADMINISTER BULK OPERATIONS"] },
];

/** `permission` itself and every permission that includes it. */
export function includingPermissions(permission: ServerPermission): readonly ServerPermission[] {
  return [permission, ...(INCLUDED_IN[permission] ?? []), "CONTROL SERVER"];
}

/** The permission of that name in any case; undefined when there is none. */
export function serverPermission(name: string): ServerPermission | undefined {
  return serverPermissions.find((known) => known === name.trim().toUpperCase());
}
