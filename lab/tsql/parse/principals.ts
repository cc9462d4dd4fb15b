/** Logins, users and roles. Source: "CREATE LOGIN", "ALTER LOGIN", "CREATE USER", "ALTER USER", "ALTER ROLE", "ALTER SERVER ROLE". */
import type {
  AlterLoginStatement,
  AlterRoleStatement,
  AlterUserStatement,
  CreateLoginStatement,
  CreateRoleStatement,
  CreateUserStatement,
  LoginOptions,
} from "../ast";
import { parseOnOff } from "./constants";
import type { Cursor } from "./cursor";
import { parseMerged } from "./merged";
import { literalOf } from "./literals";

function parseBinary(cursor: Cursor): Uint8Array {
  const literal = literalOf(cursor.token);
  if (!(literal?.value instanceof Uint8Array)) throw cursor.unexpected();
  cursor.next();
  return literal.value;
}

/** Behind CREATE LOGIN. */
export function parseCreateLogin(cursor: Cursor, line: number): CreateLoginStatement {
  const name = cursor.identifier();
  if (cursor.accept("FROM")) {
    cursor.expect("WINDOWS");
    const options = cursor.accept("WITH") ? parseLoginOptions(cursor, ["DEFAULT_DATABASE", "DEFAULT_LANGUAGE"]) : {};
    return { kind: "createLogin", line, name, fromWindows: true, options };
  }
  cursor.expect("WITH");
  if (!cursor.is("PASSWORD")) throw cursor.unexpected();
  const options = parseLoginOptions(cursor, [
    "PASSWORD",
    "SID",
    "DEFAULT_DATABASE",
    "DEFAULT_LANGUAGE",
    "CHECK_EXPIRATION",
    "CHECK_POLICY",
  ]);
  return { kind: "createLogin", line, name, fromWindows: false, options };
}

/** Behind ALTER LOGIN. */
export function parseAlterLogin(cursor: Cursor, line: number): AlterLoginStatement {
  const name = cursor.identifier();
  if (cursor.accept("ENABLE")) return { kind: "alterLogin", line, name, action: { kind: "enable" } };
  if (cursor.accept("DISABLE")) return { kind: "alterLogin", line, name, action: { kind: "disable" } };
  cursor.expect("WITH");
  const options = parseLoginOptions(cursor, [
    "PASSWORD",
    "NAME",
    "DEFAULT_DATABASE",
    "DEFAULT_LANGUAGE",
    "CHECK_EXPIRATION",
    "CHECK_POLICY",
  ]);
  return { kind: "alterLogin", line, name, action: { kind: "set", options } };
}

function parseLoginOptions(cursor: Cursor, known: readonly string[]): LoginOptions {
  return parseMerged<LoginOptions>(cursor, () => parseLoginOption(cursor, known));
}

function parseLoginOption(cursor: Cursor, known: readonly string[]): LoginOptions {
  const option = cursor.expectOneOf(known);
  cursor.expect("=");
  switch (option) {
    case "PASSWORD":
      return parsePassword(cursor);
    case "SID":
      return { sid: parseBinary(cursor) };
    case "NAME":
      return { name: cursor.identifier() };
    case "DEFAULT_DATABASE":
      return { defaultDatabase: cursor.identifier() };
    case "DEFAULT_LANGUAGE":
      return { defaultLanguage: cursor.identifier() };
    case "CHECK_EXPIRATION":
      return { checkExpiration: parseOnOff(cursor) };
    default:
      return { checkPolicy: parseOnOff(cursor) };
  }
}

/** 'text' or 0xhash HASHED, then OLD_PASSWORD = 'text', MUST_CHANGE, UNLOCK. */
function parsePassword(cursor: Cursor): LoginOptions {
  let options: LoginOptions;
  if (cursor.isString()) options = { password: cursor.string() };
  else {
    options = { password: parseBinary(cursor) };
    cursor.expect("HASHED");
  }
  for (;;) {
    if (cursor.accept("OLD_PASSWORD", "=")) options = { ...options, oldPassword: cursor.string() };
    else if (cursor.accept("MUST_CHANGE")) options = { ...options, mustChange: true };
    else if (cursor.accept("UNLOCK")) options = { ...options, unlock: true };
    else return options;
  }
}

/** Behind CREATE USER. */
export function parseCreateUser(cursor: Cursor, line: number): CreateUserStatement {
  const name = cursor.identifier();
  let login: { readonly login?: string | null } = {};
  if (cursor.accept("WITHOUT")) {
    cursor.expect("LOGIN");
    login = { login: null };
  } else if (cursor.acceptOneOf(["FOR", "FROM"]) !== undefined) {
    cursor.expect("LOGIN");
    login = { login: cursor.identifier() };
  }
  if (!cursor.accept("WITH")) return { kind: "createUser", line, name, ...login };
  cursor.expect("DEFAULT_SCHEMA", "=");
  return { kind: "createUser", line, name, ...login, defaultSchema: cursor.identifier() };
}

/** Behind ALTER USER. */
export function parseAlterUser(cursor: Cursor, line: number): AlterUserStatement {
  const name = cursor.identifier();
  cursor.expect("WITH");
  const options = parseMerged(cursor, (): Partial<AlterUserStatement> => {
    const option = cursor.expectOneOf(["NAME", "LOGIN", "DEFAULT_SCHEMA"]);
    cursor.expect("=");
    const value = cursor.identifier();
    if (option === "NAME") return { newName: value };
    return option === "LOGIN" ? { login: value } : { defaultSchema: value };
  });
  return { ...options, kind: "alterUser", line, name };
}

/** Behind CREATE ROLE or CREATE SERVER ROLE. */
export function parseCreateRole(cursor: Cursor, line: number, kind: CreateRoleStatement["kind"]): CreateRoleStatement {
  const name = cursor.identifier();
  return { kind, line, name, ...(cursor.accept("AUTHORIZATION") ? { owner: cursor.identifier() } : {}) };
}

/** Behind ALTER ROLE or ALTER SERVER ROLE. Members are added and dropped so from version 11 on. */
export function parseAlterRole(cursor: Cursor, line: number, kind: AlterRoleStatement["kind"]): AlterRoleStatement {
  const name = cursor.identifier();
  if (cursor.version.major >= 11) {
    if (cursor.accept("ADD", "MEMBER")) {
      return { kind, line, name, action: { kind: "addMember", name: cursor.identifier() } };
    }
    if (cursor.accept("DROP", "MEMBER")) {
      return { kind, line, name, action: { kind: "dropMember", name: cursor.identifier() } };
    }
  }
  cursor.expect("WITH", "NAME", "=");
  return { kind, line, name, action: { kind: "rename", name: cursor.identifier() } };
}
