/**
 * sys.database_principals, sys.database_role_members, sys.database_permissions.
 * Source: sql-docs relational-databases/system-catalog-views/sys-database-{principals,role-members,permissions}-transact-sql.md.
 */
import { fromEpoch } from "../../tsql/calendar";
import { databasePermissions } from "../database-permissions";
import { databasePrincipal, databasePrincipals } from "../database-principals";
import { schemaOf } from "../schemas";
import type { SystemView } from "./system-view";
import { bit, hexBytes } from "./values";

const TYPES = { S: "SQL_USER", U: "WINDOWS_USER", G: "WINDOWS_GROUP", R: "DATABASE_ROLE" } as const;

export const databasePrincipalRows: SystemView = {
  name: "sys.database_principals",
  columns: `
    name sysname
    principal_id int
    type char(1)
    type_desc nvarchar(60) null
    default_schema_name sysname null
    create_date datetime
    modify_date datetime
    owning_principal_id int null
    sid varbinary(85) null
    is_fixed_role bit
    authentication_type int since 11
    authentication_type_desc nvarchar(60) null since 11
    default_language_name sysname null since 11
    default_language_lcid int null since 11`,
  *rows({ database, session }) {
    for (const user of databasePrincipals(database, session.transactions)) {
      const authentication = user.type === "R" || user.sid === "" ? 0 : user.type === "S" ? 1 : 3;
      yield {
        name: user.name,
        principal_id: user.principalId,
        type: user.type,
        type_desc: TYPES[user.type],
        default_schema_name: user.defaultSchema === "" ? null : user.defaultSchema,
        create_date: fromEpoch(database.createDate),
        modify_date: fromEpoch(database.createDate),
        owning_principal_id: user.type === "R" ? 1 : null,
        sid: user.sid === "" ? null : hexBytes(user.sid),
        is_fixed_role: bit(user.principalId >= 16384 && user.principalId <= 16393),
        authentication_type: authentication,
        authentication_type_desc: ["NONE", "INSTANCE", "DATABASE", "WINDOWS"][authentication] ?? null,
      };
    }
  },
};

export const roleMembers: SystemView = {
  name: "sys.database_role_members",
  columns: `
    role_principal_id int
    member_principal_id int`,
  *rows({ database, session }) {
    const owner = databasePrincipal(database, "db_owner");
    if (owner !== undefined) yield { role_principal_id: owner.principalId, member_principal_id: 1 };
    for (const user of databasePrincipals(database, session.transactions))
      for (const name of user.roles) {
        const role = databasePrincipal(database, name, session.transactions);
        if (role !== undefined) yield { role_principal_id: role.principalId, member_principal_id: user.principalId };
      }
  },
};

const CLASSES = { DATABASE: 0, OBJECT: 1, SCHEMA: 3 } as const;
const CLASS_NAMES = { DATABASE: "DATABASE", OBJECT: "OBJECT_OR_COLUMN", SCHEMA: "SCHEMA" } as const;
const STATES = { G: "GRANT", W: "GRANT_WITH_GRANT_OPTION", D: "DENY" } as const;

/** Type codes of sys.database_permissions.type. */
const CODES: Readonly<Record<string, string>> = {
  CONNECT: "CO",
  CONTROL: "CL",
  SELECT: "SL",
  INSERT: "IN",
  UPDATE: "UP",
  DELETE: "DL",
  EXECUTE: "EX",
  REFERENCES: "RF",
  ALTER: "AL",
  "VIEW DEFINITION": "VW",
  "VIEW DATABASE STATE": "VWDS",
  "BACKUP DATABASE": "BADB",
  "BACKUP LOG": "BALO",
  "CREATE TABLE": "CRTB",
  "CREATE SCHEMA": "CRSM",
  CHECKPOINT: "CP",
};

export const databasePermissionRows: SystemView = {
  name: "sys.database_permissions",
  columns: `
    class tinyint
    class_desc nvarchar(60) null
    major_id int
    minor_id int
    grantee_principal_id int
    grantor_principal_id int
    type char(4)
    permission_name nvarchar(128) null
    state char(1)
    state_desc nvarchar(60) null`,
  *rows({ database, session }) {
    for (const row of databasePermissions(database, session.transactions)) {
      const grantee = databasePrincipal(database, row.grantee, session.transactions);
      if (grantee === undefined) continue;
      const [schema = "", name = ""] = row.securable.split(/\.(.*)/s);
      const major =
        row.scope === "DATABASE"
          ? 0
          : row.scope === "SCHEMA"
            ? schemaOf(database, row.securable)?.id
            : database.table(session.transactions, schema, name)?.definition.id;
      yield {
        class: CLASSES[row.scope],
        class_desc: CLASS_NAMES[row.scope],
        major_id: major ?? 0,
        minor_id: 0,
        grantee_principal_id: grantee.principalId,
        grantor_principal_id: 1,
        type: (CODES[row.permission] ?? row.permission.slice(0, 4)).padEnd(4, " "),
        permission_name: row.permission,
        state: row.state,
        state_desc: STATES[row.state],
      };
    }
  },
};
