/** CREATE, ALTER and DROP: which object the next words name. What the lab does not have is a syntax error there. */
import type { Statement } from "../ast";
import { parseCreateCertificate, parseCreateEncryptionKey, parseCreateMasterKey } from "./certificates";
import type { Cursor } from "./cursor";
import { parseAlterDatabase, parseCreateDatabase, parseDropDatabase } from "./databases";
import { parseAlterEndpoint, parseCreateEndpoint } from "./endpoints";
import { parseCreateIndex, parseDropIndex } from "./indexes";
import { parseAlterAuthorization } from "./permissions";
import {
  parseAlterLogin,
  parseAlterRole,
  parseAlterUser,
  parseCreateLogin,
  parseCreateRole,
  parseCreateUser,
} from "./principals";
import { parseAlterTable, parseCreateTable, parseDropTable } from "./tables";

/** SERVER ROLE can be created, altered and dropped from version 11 on. */
function acceptServerRole(cursor: Cursor): boolean {
  return cursor.version.major >= 11 && cursor.accept("SERVER", "ROLE");
}

/** Behind CREATE. */
export function parseCreate(cursor: Cursor, line: number): Statement {
  if (cursor.isOneOf(["UNIQUE", "CLUSTERED", "NONCLUSTERED", "INDEX"])) return parseCreateIndex(cursor, line);
  if (acceptServerRole(cursor)) return parseCreateRole(cursor, line, "createServerRole");
  switch (
    cursor.expectOneOf(["DATABASE", "TABLE", "LOGIN", "USER", "ROLE", "SCHEMA", "CERTIFICATE", "MASTER", "ENDPOINT"])
  ) {
    case "DATABASE":
      return cursor.accept("ENCRYPTION", "KEY")
        ? parseCreateEncryptionKey(cursor, line)
        : parseCreateDatabase(cursor, line);
    case "CERTIFICATE":
      return parseCreateCertificate(cursor, line);
    case "MASTER":
      cursor.expect("KEY");
      return parseCreateMasterKey(cursor, line);
    case "TABLE":
      return parseCreateTable(cursor, line);
    case "LOGIN":
      return parseCreateLogin(cursor, line);
    case "USER":
      return parseCreateUser(cursor, line);
    case "ROLE":
      return parseCreateRole(cursor, line, "createRole");
    case "SCHEMA":
      return parseCreateSchema(cursor, line);
    default:
      return parseCreateEndpoint(cursor, line);
  }
}

function parseCreateSchema(cursor: Cursor, line: number): Statement {
  const name = cursor.identifier();
  return {
    kind: "createSchema",
    line,
    name,
    ...(cursor.accept("AUTHORIZATION") ? { owner: cursor.identifier() } : {}),
  };
}

/** Behind ALTER. */
export function parseAlter(cursor: Cursor, line: number): Statement {
  if (acceptServerRole(cursor)) return parseAlterRole(cursor, line, "alterServerRole");
  switch (cursor.expectOneOf(["DATABASE", "TABLE", "LOGIN", "USER", "ROLE", "ENDPOINT", "AUTHORIZATION"])) {
    case "DATABASE":
      return parseAlterDatabase(cursor, line);
    case "TABLE":
      return parseAlterTable(cursor, line);
    case "LOGIN":
      return parseAlterLogin(cursor, line);
    case "USER":
      return parseAlterUser(cursor, line);
    case "ROLE":
      return parseAlterRole(cursor, line, "alterRole");
    case "ENDPOINT":
      return parseAlterEndpoint(cursor, line);
    default:
      return parseAlterAuthorization(cursor, line);
  }
}

/** Behind DROP. */
export function parseDrop(cursor: Cursor, line: number): Statement {
  if (acceptServerRole(cursor)) return { kind: "dropServerRole", line, name: cursor.identifier() };
  switch (cursor.expectOneOf(["DATABASE", "TABLE", "INDEX", "LOGIN", "USER", "ROLE", "CERTIFICATE", "ENDPOINT"])) {
    case "CERTIFICATE":
      return { kind: "dropCertificate", line, name: cursor.identifier() };
    case "DATABASE":
      return parseDropDatabase(cursor, line);
    case "TABLE":
      return parseDropTable(cursor, line);
    case "INDEX":
      return parseDropIndex(cursor, line);
    case "LOGIN":
      return { kind: "dropLogin", line, name: cursor.identifier() };
    case "USER":
      return { kind: "dropUser", line, name: cursor.identifier() };
    case "ROLE":
      return { kind: "dropRole", line, name: cursor.identifier() };
    default:
      return { kind: "dropEndpoint", line, name: cursor.identifier() };
  }
}
