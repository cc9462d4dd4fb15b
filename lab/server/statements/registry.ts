/** Which function executes which statement of the server. */
import type { ServerStatement } from "../../tsql/ast";
import type { StatementContext } from "../../tsql/host";
import type { ServerSession } from "../server-session";
import { changeEndpoint, checkpoint, dbcc, dropEndpoint, kill, reconfigure, shutdown } from "./administration";
import { alterDatabase } from "./alter-database";
import { backup } from "./backup";
import {
  backupCertificate,
  createCertificate,
  createEncryptionKey,
  createMasterKey,
  dropCertificate,
} from "./certificates";
import { createDatabase, dropDatabase } from "./create-database";
import { executeAs } from "./execute-as";
import type { Execution } from "./execution";
import { alterLogin, alterServerRole, createLogin, dropLogin, refuseServerRole } from "./logins";
import { alterAuthorization, changePermissions } from "./permissions";
import { restore } from "./restore";
import { alterTable, createIndex, createSchema, createTable, dropIndex, dropTable } from "./tables";
import { use } from "./use";
import { alterRole, alterUser, createRole, createUser, dropUser } from "./users";

/** sys.dm_exec_requests.command of a statement that runs. */
export function commandName(statement: ServerStatement): string {
  if (statement.kind === "backup") return `BACKUP ${statement.type}`;
  if (statement.kind === "restore") return `RESTORE ${statement.type}`;
  // "alterDatabase" → "ALTER DATABASE"
  return statement.kind.replace(/[A-Z]/g, (letter) => ` ${letter}`).toUpperCase();
}

/** Executes a statement for a session. Throws SqlError; rejects with anything else only when the lab is broken. */
export async function executeServerStatement(
  statement: ServerStatement,
  context: StatementContext,
  session: ServerSession,
): Promise<void> {
  const execution: Execution = { session, context };
  switch (statement.kind) {
    case "use":
      return use(statement, execution);
    case "executeAs":
      return executeAs(statement, execution);
    case "revert":
      execution.session.revert();
      return;
    case "backup":
      return backup(statement, execution);
    case "restore":
      return restore(statement, execution);
    case "createDatabase":
      return createDatabase(statement, execution);
    case "dropDatabase":
      return dropDatabase(statement, execution);
    case "alterDatabase":
      return alterDatabase(statement, execution);
    case "createTable":
      return createTable(statement, execution);
    case "alterTable":
      return alterTable(statement, execution);
    case "dropTable":
      return dropTable(statement, execution);
    case "createIndex":
      return createIndex(statement, execution);
    case "dropIndex":
      return dropIndex(statement, execution);
    case "createSchema":
      return createSchema(statement, execution);
    case "createLogin":
      return createLogin(statement, execution);
    case "alterLogin":
      return alterLogin(statement, execution);
    case "dropLogin":
      return dropLogin(statement, execution);
    case "createUser":
      return createUser(statement, execution);
    case "alterUser":
      return alterUser(statement, execution);
    case "dropUser":
    case "dropRole":
      return dropUser(statement, execution);
    case "createRole":
      return createRole(statement, execution);
    case "alterRole":
      return alterRole(statement, execution);
    case "alterServerRole":
      return alterServerRole(statement, execution);
    case "createServerRole":
    case "dropServerRole":
      return refuseServerRole(statement);
    case "createMasterKey":
      return createMasterKey(statement, execution);
    case "createCertificate":
      return createCertificate(statement, execution);
    case "backupCertificate":
      return backupCertificate(statement, execution);
    case "dropCertificate":
      return dropCertificate(statement, execution);
    case "createEncryptionKey":
      return createEncryptionKey(statement, execution);
    case "permission":
      return changePermissions(statement, execution);
    case "alterAuthorization":
      return alterAuthorization(statement, execution);
    case "createEndpoint":
    case "alterEndpoint":
      return changeEndpoint(statement, execution);
    case "dropEndpoint":
      return dropEndpoint(statement, execution);
    case "kill":
      return kill(statement, execution);
    case "checkpoint":
      return checkpoint(statement, execution);
    case "dbcc":
      return dbcc(statement, execution);
    case "reconfigure":
      return reconfigure(statement, execution);
    case "shutdown":
      return shutdown(statement, execution);
  }
}
