/** Errors of databases, rows and states. Texts: "Database engine events and errors", 0-999, 2000-2999, 3000-3999, 5000-5999. */
import { SqlError } from "../../tsql/errors";

const error = (number: number, severity: number, text: string, state = 1): SqlError =>
  new SqlError(number, severity, text, { state });

export const storageErrors = {
  databaseUnknown: (name: string) =>
    error(911, 16, `Database '${name}' does not exist. Make sure that the name is entered correctly.`),
  beingRecovered: (name: string) =>
    error(922, 14, `Database '${name}' is being recovered. Waiting until recovery is finished.`),
  suspect: (name: string) =>
    error(
      926,
      14,
      `Database '${name}' cannot be opened. It has been marked SUSPECT by recovery. See the SQL Server errorlog for more information.`,
    ),
  restoring: (name: string) =>
    error(927, 14, `Database '${name}' cannot be opened. It is in the middle of a restore.`, 2),
  offline: (name: string) => error(942, 14, `Database '${name}' cannot be opened because it is offline.`, 4),
  inaccessible: (name: string) =>
    error(
      945,
      16,
      `Database '${name}' cannot be opened due to inaccessible files or insufficient memory or disk space. See the SQL Server errorlog for details.`,
      2,
    ),
  inTransition: (name: string) => error(952, 16, `Database '${name}' is in transition. Try the statement later.`),
  mirror: (name: string) =>
    error(954, 14, `The database "${name}" cannot be opened. It is acting as a mirror database.`),
  noQuorum: (name: string) =>
    error(
      955,
      14,
      `Database ${name} is enabled for Database Mirroring, but the database lacks quorum: the database cannot be opened. Check the partner and witness connections if configured.`,
    ),
  nullNotAllowed: (column: string, table: string, verb: "INSERT" | "UPDATE") =>
    error(
      515,
      16,
      `Cannot insert the value NULL into column '${column}', table '${table}'; column does not allow nulls. ${verb} fails.`,
      2,
    ),
  duplicateConstraint: (kind: string, constraint: string, table: string, key: string) =>
    error(
      2627,
      14,
      `Violation of ${kind} constraint '${constraint}'. Cannot insert duplicate key in object '${table}'. The duplicate key value is (${key}).`,
    ),
  duplicateIndex: (table: string, index: string, key: string) =>
    error(
      2601,
      14,
      `Cannot insert duplicate key row in object '${table}' with unique index '${index}'. The duplicate key value is (${key}).`,
    ),
  checkViolated: (verb: string, constraint: string, database: string, table: string, columns: readonly string[]) =>
    error(
      547,
      16,
      `The ${verb} statement conflicted with the CHECK constraint "${constraint}". The conflict occurred in database "${database}", table "${table}"${columns.length === 1 ? `, column '${String(columns[0])}'` : ""}.`,
      0,
    ),
  objectExists: (name: string) => error(2714, 16, `There is already an object named '${name}' in the database.`, 6),
  readOnly: (name: string) => error(3906, 16, `Failed to update database "${name}" because the database is read-only.`),
  databaseExists: (name: string) =>
    error(1801, 16, `Database '${name}' already exists. Choose a different database name.`, 3),
  cannotDrop: (name: string) =>
    error(3701, 11, `Cannot drop the database '${name}', because it does not exist or you do not have permission.`),
  dropInUse: (name: string) => error(3702, 16, `Cannot drop database "${name}" because it is currently in use.`, 4),
  dropMirrored: (name: string) =>
    error(
      3743,
      16,
      `The database '${name}' is enabled for database mirroring. Database mirroring must be removed before you drop the database.`,
    ),
  dropSystem: (name: string) =>
    error(3708, 16, `Cannot drop the database '${name}' because it is a system database.`, 4),
  mirroredOption: (name: string) =>
    error(
      1468,
      16,
      `The operation cannot be performed on database "${name}" because it is involved in a database mirroring session or an availability group. Some operations are not allowed on a database that is participating in a database mirroring session or in an availability group.`,
    ),
  mirroredRename: (name: string) =>
    error(
      957,
      17,
      `Database '${name}' is enabled for Database Mirroring, The name of the database may not be changed.`,
    ),
  notPermittedInState: (operation: string, state: string) =>
    error(5052, 16, `${operation} is not permitted while a database is in the ${state} state.`),
  fileBelongsToOther: (file: string, owner: string) =>
    error(1834, 16, `The file '${file}' cannot be overwritten.  It is being used by database '${owner}'.`),
  createFile: (file: string, system: string) =>
    error(
      5123,
      16,
      `CREATE FILE encountered operating system error ${system} while attempting to open or create the physical file '${file}'.`,
    ),
  directoryLookup: (file: string, system: string) =>
    error(5133, 16, `Directory lookup for the file "${file}" failed with the operating system error ${system}.`),
  fileExists: (file: string) =>
    error(
      5170,
      16,
      `Cannot create file '${file}' because it already exists. Change the file path or the file name, and retry the operation.`,
    ),
  createFailed: () =>
    error(1802, 16, "CREATE DATABASE failed. Some file names listed could not be created. Check related errors.", 4),
  alterFailed: () => error(5069, 16, "ALTER DATABASE statement failed."),
  logFull: (name: string, wait: string) =>
    error(9002, 17, `The transaction log for database '${name}' is full due to '${wait}'.`, 2),
} as const;
