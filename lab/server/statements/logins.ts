/** CREATE, ALTER and DROP LOGIN, server roles: sql-docs t-sql/statements/{create,alter,drop}-login-transact-sql.md. */
import type {
  AlterLoginStatement,
  AlterRoleStatement,
  CreateLoginStatement,
  CreateRoleStatement,
  DropPrincipalStatement,
  LoginOptions,
} from "../../tsql/ast";
import { SqlError } from "../../tsql/errors";
import { hexText } from "../catalog/values";
import type { Instance } from "../instance";
import { passwordMatches, type ServerPrincipal } from "../server-principals";
import type { ServerSession } from "../server-session";
import { sessionError } from "../session-errors";
import { refuseInTransaction, type Execution } from "./execution";

/** A login of that name; 15151 where there is none. */
export function requireLogin(instance: Instance, verb: string, name: string): ServerPrincipal {
  const principal = instance.principals.find(name);
  if (principal === undefined || principal.type === "R") throw sessionError(15151, verb, "login", name);
  return principal;
}

function requireAlterAnyLogin(session: ServerSession): void {
  if (!session.hasServerPermission("ALTER ANY LOGIN")) throw sessionError(15247);
}

/** CHECK_POLICY: the length that Windows asks of a password, and not the name of the login in it. */
function requireStrong(login: string, password: string): void {
  if (password.length === 0 || password.toLowerCase() === login.toLowerCase())
    throw new SqlError(
      15118,
      16,
      "Password validation failed. The password does not meet the operating system policy requirements because it is not complex enough.",
    );
}

export function createLogin(statement: CreateLoginStatement, { session }: Execution): void {
  const { principals, core } = session.instance;
  requireAlterAnyLogin(session);
  const { options, name } = statement;
  if (principals.find(name) !== undefined) throw sessionError(15025, name);
  if (options.defaultDatabase !== undefined && core.database(options.defaultDatabase) === undefined)
    throw sessionError(15010, options.defaultDatabase);
  const sid = options.sid === undefined ? undefined : hexText(options.sid);
  if (sid !== undefined && principals.findBySid(sid) !== undefined) throw sessionError(15433);
  if (statement.fromWindows && !name.includes("\\"))
    throw new SqlError(
      15407,
      16,
      `'${name}' is not a valid Windows NT name. Give the complete name: <domain\\username>.`,
    );
  if (typeof options.password === "string" && (options.checkPolicy ?? true) && options.password === "")
    requireStrong(name, options.password);
  principals.create({
    name,
    type: statement.fromWindows ? "U" : "S",
    ...(typeof options.password === "string" ? { password: options.password } : {}),
    ...(options.password instanceof Uint8Array ? { passwordHash: hexText(options.password) } : {}),
    ...(sid === undefined ? {} : { sid }),
    ...(options.defaultDatabase === undefined ? {} : { defaultDatabase: options.defaultDatabase }),
    ...(options.defaultLanguage === undefined ? {} : { defaultLanguage: options.defaultLanguage }),
    policyChecked: !statement.fromWindows && (options.checkPolicy ?? true),
    expirationChecked: options.checkExpiration ?? false,
  });
  session.noteChange("CREATE LOGIN");
}

function setPassword(session: ServerSession, login: ServerPrincipal, options: LoginOptions): void {
  const { principals } = session.instance;
  if (options.oldPassword !== undefined && !passwordMatches(options.oldPassword, login.passwordHash ?? ""))
    throw sessionError(15151, "alter", "login", login.name);
  const given = options.password;
  if (typeof given === "string") {
    if (given === "" && login.policyChecked) requireStrong(login.name, given);
    principals.setPassword(login, given);
  } else if (given !== undefined) {
    principals.alter(login, (one) => {
      one.passwordHash = hexText(given);
    });
  }
}

export function alterLogin(statement: AlterLoginStatement, { session }: Execution): void {
  const { principals, core } = session.instance;
  const login = requireLogin(session.instance, "alter", statement.name);
  const { action } = statement;
  // Everybody may change the own password by telling the old one.
  const ownPassword = login === session.principal && action.kind === "set" && action.options.oldPassword !== undefined;
  const mayAlter =
    session.hasServerPermission("ALTER ANY LOGIN") && (session.isSysadmin || !principals.isSysadmin(login));
  if (!ownPassword && !mayAlter) throw sessionError(15151, "alter", "login", statement.name);
  if (action.kind !== "set") {
    principals.alter(login, (one) => {
      one.disabled = action.kind === "disable";
    });
  } else {
    const { options } = action;
    if (options.defaultDatabase !== undefined && core.database(options.defaultDatabase) === undefined)
      throw sessionError(15010, options.defaultDatabase);
    if (options.name !== undefined && principals.find(options.name) !== undefined)
      throw sessionError(15025, options.name);
    setPassword(session, login, options);
    principals.alter(login, (one) => {
      one.name = options.name ?? one.name;
      one.defaultDatabase = options.defaultDatabase ?? one.defaultDatabase;
      one.defaultLanguage = options.defaultLanguage ?? one.defaultLanguage;
      one.policyChecked = options.checkPolicy ?? one.policyChecked;
      one.expirationChecked = options.checkExpiration ?? one.expirationChecked;
    });
  }
  session.noteChange("ALTER LOGIN");
}

export function dropLogin(statement: DropPrincipalStatement, { session }: Execution): void {
  const { principals, core, sessions } = session.instance;
  requireAlterAnyLogin(session);
  const login = requireLogin(session.instance, "drop", statement.name);
  if (login.id === 1 || login.type === "R") throw sessionError(15151, "drop", "login", statement.name);
  if (sessions.all().some((other) => other.principal === login)) throw sessionError(15434, login.name);
  if (core.databases.some((database) => database.ownerSid === login.sid)) throw sessionError(15174, login.name);
  principals.drop(login);
  session.noteChange("DROP LOGIN");
}

/** ALTER SERVER ROLE … ADD or DROP MEMBER, and sp_addsrvrolemember. */
export function changeServerRole(session: ServerSession, role: string, member: string, add: boolean): void {
  const { principals } = session.instance;
  const principal = principals.find(role);
  if (principal?.type !== "R") throw sessionError(15151, "alter", "server role", role);
  // Who is not in a role cannot give it, apart from those that hold everything.
  if (!session.isSysadmin && !principals.isMember(session.principal, role)) throw sessionError(15247);
  const login = principals.find(member);
  if (login === undefined) throw sessionError(15151, add ? "add" : "drop", "principal", member);
  principals.alter(login, (one) => {
    const others = one.roles.filter((name) => name.toLowerCase() !== role.toLowerCase());
    one.roles = add ? [...others, principal.name] : others;
  });
}

export function alterServerRole(statement: AlterRoleStatement, execution: Execution): void {
  const { session } = execution;
  refuseInTransaction(execution, "ALTER SERVER ROLE");
  const { action } = statement;
  if (action.kind === "rename") throw sessionError(15151, "alter", "server role", statement.name);
  changeServerRole(session, statement.name, action.name, action.kind === "addMember");
  session.noteChange("ALTER SERVER ROLE");
}

/** Roles of one's own are not in the lab: what they would be granted is granted to logins. */
export function refuseServerRole(statement: CreateRoleStatement | DropPrincipalStatement): never {
  throw statement.kind === "createServerRole"
    ? sessionError(15247)
    : sessionError(15151, "drop", "server role", statement.name);
}
