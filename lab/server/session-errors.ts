/**
 * Errors that a session meets outside of storage, backup and mirroring, with SQL Server's numbers and texts.
 * Source: sql-docs relational-databases/errors-events/includes/sql-server-2016-database-engine-events-and-errors-*.md.
 */
import { SqlError } from "../tsql/errors";

/** Texts by number; `%` stands for the arguments in their order. */
const TEMPLATES = {
  208: [16, "Invalid object name '%'."],
  226: [16, "% statement not allowed within multi-statement transaction."],
  229: [14, "The % permission was denied on the object '%', database '%', schema '%'."],
  262: [14, "% permission denied in database '%'."],
  297: [16, "The user does not have permission to perform this action."],
  300: [14, "% permission was denied on object '%', database '%'."],
  916: [14, 'The server principal "%" is not able to access the database "%" under the current security context.'],
  923: [
    14,
    "Database '%' is in restricted mode. Only the database owner and members of the dbcreator and sysadmin roles can access it.",
  ],
  924: [14, "Database '%' is already open and can only have one user at a time."],
  1223: [
    16,
    "Cannot release the application lock (Database Principal: '%', Resource: '%') because it is not currently held.",
  ],
  1228: [16, 'An invalid parameter "%" was passed to the application lock function or procedure.'],
  1230: [16, "An invalid database principal was passed to the application lock function or procedure."],
  1750: [10, "Could not create constraint or index. See previous errors."],
  1779: [16, "Table '%' already has a primary key defined on it."],
  2714: [16, "There is already an object named '%' in the database."],
  2760: [16, 'The specified schema name "%" either does not exist or you do not have permission to use it.'],
  3021: [16, "Cannot perform a backup or restore operation within a transaction."],
  3110: [14, "User does not have permission to RESTORE database '%'."],
  3701: [11, "Cannot % the % '%', because it does not exist or you do not have permission."],
  4060: [11, 'Cannot open database "%" requested by the login. The login failed.'],
  4064: [11, "Cannot open user default database. Login failed."],
  5001: [16, "User must be in the master database."],
  5008: [16, "This ALTER DATABASE statement is not supported. Correct the syntax and execute the statement again."],
  5011: [
    14,
    "User does not have permission to alter database '%', the database does not exist, or the database is not in a state that allows access checks.",
  ],
  1844: [16, "% is not supported on %."],
  5039: [16, "MODIFY FILE failed. Specified size is less than or equal to current size."],
  5041: [16, "MODIFY FILE failed. File '%' does not exist."],
  5058: [16, "Option '%' cannot be set in database '%'."],
  5061: [16, "ALTER DATABASE failed because a lock could not be placed on database '%'. Try again later."],
  5064: [
    16,
    "Changes to the state or options of database '%' cannot be made at this time. The database is in single-user mode, and a user is currently connected to it.",
  ],
  5070: [16, "Database state cannot be changed while other users are using the database '%'"],
  6101: [16, "Session ID % is not valid."],
  6102: [14, "User does not have permission to use the KILL statement."],
  6104: [16, "Cannot use KILL to kill your own process."],
  6106: [16, "Process ID % is not an active process ID."],
  6107: [14, "Only user processes can be killed."],
  6115: [16, "KILL command cannot be used inside user transactions."],
  6120: [16, "Status report cannot be obtained. Rollback operation for Process ID % is not in progress."],
  544: [16, "Cannot insert explicit value for identity column in table '%' when IDENTITY_INSERT is set to OFF."],
  8107: [16, "IDENTITY_INSERT is already ON for table '%'. Cannot perform SET operation for table '%'."],
  596: [21, "Cannot continue the execution because the session is in the kill state."],
  7202: [
    11,
    "Could not find server '%' in sys.servers. Verify that the correct server name was specified. If necessary, execute the stored procedure sp_addlinkedserver to add the server to sys.servers.",
  ],
  15007: [16, "'%' is not a valid login or you do not have permission."],
  15010: [
    16,
    "The database '%' does not exist. Supply a valid database name. To see available databases, use sys.databases.",
  ],
  15023: [16, "User, group, or role '%' already exists in the current database."],
  15025: [16, "The server principal '%' already exists."],
  15063: [16, "The login already has an account under a different user name."],
  15110: [16, "The proposed new database owner is already a user or aliased in the database."],
  15123: [16, "The configuration option '%' does not exist, or it may be an advanced option."],
  15129: [16, "'%' is not a valid value for configuration option '%'."],
  15138: [16, "The database principal owns a schema in the database, and cannot be dropped."],
  15144: [16, "The role has members. It must be empty before it can be dropped."],
  15151: [16, "Cannot % the % '%', because it does not exist or you do not have permission."],
  15247: [16, "User does not have permission to perform this action."],
  15406: [
    16,
    'Cannot execute as the server principal because the principal "%" does not exist, this type of principal cannot be impersonated, or you do not have permission.',
  ],
  15517: [
    16,
    'Cannot execute as the database principal because the principal "%" does not exist, this type of principal cannot be impersonated, or you do not have permission.',
  ],
  15433: [16, "Supplied parameter sid is in use."],
  15434: [16, "Could not drop login '%' as the user is currently logged in."],
  15174: [16, "Login '%' owns one or more database(s). Change the owner of the database(s) before dropping the login."],
  18456: [14, "Login failed for user '%'."],
  18461: [
    14,
    "Login failed for user '%'. Reason: Server is in single user mode. Only one administrator can connect at this time.",
  ],
  18470: [14, "Login failed for user '%'. Reason: The account is disabled."],
} as const satisfies Readonly<Record<number, readonly [severity: number, text: string]>>;

export type SessionErrorNumber = keyof typeof TEMPLATES;

/** Errors that end their batch at once, beside those that the language knows. */
const ENDS_BATCH: ReadonlySet<number> = new Set([208, 596, 916]);

/** The text of an error with its arguments filled in. */
export function errorText(number: SessionErrorNumber, ...args: readonly (string | number)[]): string {
  let next = 0;
  return TEMPLATES[number][1].replaceAll("%", () => String(args[next++] ?? ""));
}

/**
 * An error by its number.
 * @param args what the product puts into the text, in the order of the text
 */
export function sessionError(number: SessionErrorNumber, ...args: readonly (string | number)[]): SqlError {
  return new SqlError(number, TEMPLATES[number][0], errorText(number, ...args), {
    ...(ENDS_BATCH.has(number) ? { endsBatch: true } : {}),
  });
}
