/**
 * sys.server_principals, sys.sql_logins, sys.server_role_members, sys.server_permissions, sys.certificates.
 * Source: sql-docs relational-databases/system-catalog-views/sys-{server-principals,sql-logins,server-role-members,
 * server-permissions,certificates}-transact-sql.md.
 */
import { fixedServerRoles } from "../server-permissions";
import { fromEpoch } from "../../tsql/calendar";
import type { CalendarTime } from "../../tsql/values";
import { certificates as certificateList } from "../encryption";
import type { ServerPrincipal } from "../server-principals";
import type { CatalogContext } from "./context";
import { bit, hexBytes } from "./values";
import type { SystemView, ViewRow } from "./system-view";

const TYPES: Readonly<Record<ServerPrincipal["type"], string>> = {
  S: "SQL_LOGIN",
  U: "WINDOWS_LOGIN",
  G: "WINDOWS_GROUP",
  R: "SERVER_ROLE",
  C: "CERTIFICATE_MAPPED_LOGIN",
};

const common = `
  name sysname
  principal_id int
  sid varbinary(85) null
  type char(1)
  type_desc nvarchar(60) null
  is_disabled bit null
  create_date datetime
  modify_date datetime
  default_database_name sysname null
  default_language_name sysname null
  credential_id int null`;

/** A login sees itself, sa and the roles; others need VIEW ANY DEFINITION or ALTER ANY LOGIN. */
function visible(context: CatalogContext): readonly ServerPrincipal[] {
  const all = context.instance.principals.all();
  const everything =
    context.session.hasServerPermission("VIEW ANY DEFINITION") ||
    context.session.hasServerPermission("ALTER ANY LOGIN");
  return everything ? all : all.filter((one) => one.id === 1 || one.type === "R" || one === context.session.principal);
}

function row(context: CatalogContext, principal: ServerPrincipal): ViewRow {
  const isRole = principal.type === "R";
  return {
    name: principal.name,
    principal_id: principal.id,
    sid: hexBytes(principal.sid),
    type: principal.type,
    type_desc: TYPES[principal.type],
    is_disabled: bit(principal.disabled),
    create_date: context.instance.localCalendar(principal.created),
    modify_date: context.instance.localCalendar(principal.modified),
    default_database_name: isRole ? null : principal.defaultDatabase,
    default_language_name: isRole ? null : principal.defaultLanguage,
    credential_id: null,
  };
}

export const serverPrincipals: SystemView = {
  name: "sys.server_principals",
  columns: `${common}
    owning_principal_id int null since 11
    is_fixed_role bit since 11`,
  *rows(context) {
    for (const principal of visible(context))
      yield {
        ...row(context, principal),
        owning_principal_id: principal.type === "R" ? 1 : null,
        is_fixed_role: bit(principal.type === "R" && principal.id >= 3 && principal.id <= 10),
      };
  },
};

export const sqlLogins: SystemView = {
  name: "sys.sql_logins",
  columns: `${common}
    is_policy_checked bit null
    is_expiration_checked bit null
    password_hash varbinary(256) null`,
  *rows(context) {
    const mayReadHash = context.session.hasServerPermission("CONTROL SERVER");
    for (const principal of visible(context))
      if (principal.type === "S")
        yield {
          ...row(context, principal),
          is_policy_checked: bit(principal.policyChecked),
          is_expiration_checked: bit(principal.expirationChecked),
          password_hash: mayReadHash && principal.passwordHash !== undefined ? hexBytes(principal.passwordHash) : null,
        };
  },
};

export const serverRoleMembers: SystemView = {
  name: "sys.server_role_members",
  columns: `
    role_principal_id int
    member_principal_id int`,
  *rows(context) {
    for (const principal of visible(context))
      for (const name of principal.roles) {
        const role = context.instance.principals.find(name);
        if (role !== undefined) yield { role_principal_id: role.id, member_principal_id: principal.id };
      }
  },
};

/** Type codes of sys.server_permissions.type. */
const PERMISSION_CODES: Readonly<Record<string, string>> = {
  "CONNECT SQL": "COSQ",
  SHUTDOWN: "SHDN",
  "CREATE ENDPOINT": "CRHE",
  "CREATE ANY DATABASE": "CRDB",
  "ALTER ANY LOGIN": "ALLG",
  "ALTER ANY CREDENTIAL": "ALCD",
  "ALTER ANY ENDPOINT": "ALHE",
  "ALTER ANY LINKED SERVER": "ALLS",
  "ALTER ANY CONNECTION": "ALCO",
  "ALTER ANY DATABASE": "ALDB",
  "ALTER RESOURCES": "ALRS",
  "ALTER SETTINGS": "ALST",
  "ALTER TRACE": "ALTR",
  "ADMINISTER BULK OPERATIONS": "ADBO",
  "AUTHENTICATE SERVER": "AUTH",
  "EXTERNAL ACCESS ASSEMBLY": "XA",
  "VIEW ANY DATABASE": "VWDB",
  "VIEW ANY DEFINITION": "VWAD",
  "VIEW SERVER STATE": "VWSS",
  "CREATE DDL EVENT NOTIFICATION": "CRDE",
  "CREATE TRACE EVENT NOTIFICATION": "CRTE",
  "ALTER ANY EVENT NOTIFICATION": "ALES",
  "ALTER SERVER STATE": "ALSS",
  "UNSAFE ASSEMBLY": "XU",
  "ALTER ANY SERVER AUDIT": "ALAA",
  "CONTROL SERVER": "CL",
};

const STATES = { G: "GRANT", W: "GRANT_WITH_GRANT_OPTION", D: "DENY" } as const;

export const serverPermissionRows: SystemView = {
  name: "sys.server_permissions",
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
  *rows(context) {
    const fixed = new Set(fixedServerRoles.filter((role) => role.name !== "public").map((role) => role.id));
    for (const principal of visible(context)) {
      // What a fixed role holds is built in and has no row; what was granted to public has.
      if (fixed.has(principal.id)) continue;
      for (const [permission, state] of Object.entries(principal.permissions))
        yield {
          class: 100,
          class_desc: "SERVER",
          major_id: 0,
          minor_id: 0,
          grantee_principal_id: principal.id,
          grantor_principal_id: 1,
          type: (PERMISSION_CODES[permission] ?? "").padEnd(4, " "),
          permission_name: permission,
          state,
          state_desc: STATES[state],
        };
    }
  },
};

export const certificates: SystemView = {
  name: "sys.certificates",
  columns: `
    name sysname
    certificate_id int
    principal_id int null
    pvt_key_encryption_type char(2)
    pvt_key_encryption_type_desc nvarchar(60) null
    is_active_for_begin_dialog bit null
    issuer_name nvarchar(442) null
    cert_serial_number nvarchar(64) null
    sid varbinary(85) null
    string_sid nvarchar(128) null
    subject nvarchar(4000) null
    expiry_date datetime null
    start_date datetime null
    thumbprint varbinary(32)
    attested_by nvarchar(260) null
    pvt_key_last_backup_date datetime null`,
  *rows({ instance, database, session }) {
    // The lab keeps certificates in master alone.
    if (database.id !== 1) return;
    const time = (iso: string): CalendarTime => fromEpoch(Date.parse(iso));
    for (const one of certificateList(instance.core, session.transactions))
      yield {
        name: one.name,
        certificate_id: one.id,
        principal_id: 1,
        pvt_key_encryption_type: "MK",
        pvt_key_encryption_type_desc: "ENCRYPTED_BY_MASTER_KEY",
        is_active_for_begin_dialog: 1,
        issuer_name: one.subject,
        subject: one.subject,
        expiry_date: time(one.expiryDate),
        start_date: time(one.startDate),
        thumbprint: hexBytes(one.thumbprint),
        pvt_key_last_backup_date: one.lastBackup === null ? null : time(one.lastBackup),
      };
  },
};
