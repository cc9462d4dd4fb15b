/** CREATE DATABASE and DROP DATABASE. */
import type { CreateDatabaseStatement, DropDatabaseStatement, FileSize, FileSpecification } from "../../tsql/ast";
import { SqlError } from "../../tsql/errors";
import { sessionError } from "../session-errors";
import type { DatabaseFile } from "../storage/definitions";
import { storageErrors } from "../storage/errors";
import { type Execution, refuseInTransaction } from "./execution";

const KILOBYTES = { KB: 1, MB: 1024, GB: 1024 ** 2, TB: 1024 ** 3, "%": 0 } as const;

/** A size in pages of 8 KiB. */
export function pagesOf(size: FileSize): number {
  return Math.ceil((size.amount * KILOBYTES[size.unit]) / 8);
}

function fileOf(type: DatabaseFile["type"], file: FileSpecification): Partial<DatabaseFile> {
  return {
    type,
    ...(file.name === undefined ? {} : { name: file.name }),
    ...(file.fileName === undefined ? {} : { physicalName: file.fileName }),
    ...(file.size === undefined ? {} : { size: pagesOf(file.size) }),
    ...(file.maxSize === undefined ? {} : { maxSize: file.maxSize === "UNLIMITED" ? -1 : pagesOf(file.maxSize) }),
    ...(file.growth === undefined
      ? {}
      : file.growth.unit === "%"
        ? { growth: file.growth.amount, isPercentGrowth: true }
        : { growth: pagesOf(file.growth), isPercentGrowth: false }),
  };
}

/** Executes CREATE DATABASE. Throws 226, 262, 1801, 1802 behind its cause. */
export function createDatabase(statement: CreateDatabaseStatement, execution: Execution): void {
  const { session } = execution;
  refuseInTransaction(execution, "CREATE DATABASE");
  if (!session.hasServerPermission("CREATE ANY DATABASE")) throw sessionError(262, "CREATE DATABASE", "master");
  // The files of a database are the lab's own: there is nothing that could be attached.
  if (statement.forAttach)
    throw new SqlError(1813, 16, `Could not open new database '${statement.name}'. CREATE DATABASE is aborted.`);
  const files = [
    ...statement.files.map((file) => fileOf("ROWS", file)),
    ...statement.logFiles.map((file) => fileOf("LOG", file)),
  ];
  const { version, core } = session.instance;
  core.createDatabase({
    name: statement.name,
    ownerSid: session.principal.sid,
    options: {
      compatibilityLevel: Math.trunc(version.major) * 10,
      ...(statement.collation === undefined ? {} : { collation: statement.collation }),
    },
    ...(files.length === 0 ? {} : { files }),
  });
  session.noteChange("CREATE DATABASE");
}

/** Executes DROP DATABASE, one after the other. Throws 226, 3701, 3702, 3708, 3743. */
export function dropDatabase(statement: DropDatabaseStatement, execution: Execution): void {
  const { session } = execution;
  refuseInTransaction(execution, "DROP DATABASE");
  const { core } = session.instance;
  for (const name of statement.names) {
    const database = core.database(name);
    const allowed =
      database !== undefined &&
      (session.hasServerPermission("ALTER ANY DATABASE") || database.ownerSid === session.principal.sid);
    if (!allowed) throw storageErrors.cannotDrop(name);
    core.dropDatabase(name, session.id);
    session.noteChange("DROP DATABASE");
  }
}
