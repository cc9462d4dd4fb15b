/** KILL, CHECKPOINT, DBCC, RECONFIGURE, SHUTDOWN, endpoints. */
import type {
  CheckpointStatement,
  DbccStatement,
  DropEndpointStatement,
  EndpointStatement,
  KillStatement,
  ReconfigureStatement,
  ShutdownStatement,
} from "../../tsql/ast";
import { SqlError } from "../../tsql/errors";
import { columnList } from "../column-list";
import type { Database } from "../database";
import { openDatabase } from "../database-access";
import { hasDatabasePermission } from "../database-permissions";
import { textOf } from "../functions/definition";
import { sessionError } from "../session-errors";
import { type Execution, inform, sendRows } from "./execution";

/** KILL: sql-docs t-sql/language-elements/kill-transact-sql.md. */
export async function kill(statement: KillStatement, { session, context }: Execution): Promise<void> {
  if (context.transactionCount > 0) throw sessionError(6115);
  if (!session.hasServerPermission("ALTER ANY CONNECTION")) throw sessionError(6102);
  // A unit of work of the distributed transaction coordinator: there are none.
  if (typeof statement.session === "string")
    throw new SqlError(
      6111,
      16,
      "Another user has decided a different outcome for the distributed transaction associated with UOW.",
    );
  const id = statement.session;
  if (id <= 0 || id > 32767) throw sessionError(6101, id);
  if (id <= 50) throw sessionError(6107);
  const victim = session.instance.sessions.find(id);
  if (statement.statusOnly) throw sessionError(victim === undefined ? 6106 : 6120, id);
  if (victim === undefined) throw sessionError(6106, id);
  if (victim === session) throw sessionError(6104);
  session.noteChange("KILL");
  // The statement does not wait for the rollback, an idle session is gone at once.
  void victim.kill();
  await new Promise(setImmediate);
}

export function checkpoint(_statement: CheckpointStatement, { session }: Execution): void {
  const { database } = session;
  if (!hasDatabasePermission(database, session, "CHECKPOINT")) throw sessionError(262, "CHECKPOINT", database.name);
  database.log.checkpoint();
}

const COMPLETED = "DBCC execution completed. If DBCC printed error messages, contact your system administrator.";

const LOG_SPACE = columnList(`
  database_name nvarchar(128)
  log_size real
  log_space_used real
  status int`);
const LOG_SPACE_NAMES = ["Database Name", "Log Size (MB)", "Log Space Used (%)", "Status"] as const;

async function sqlPerformance(execution: Execution): Promise<void> {
  const { session } = execution;
  if (!session.hasServerPermission("VIEW SERVER STATE"))
    throw sessionError(300, "VIEW SERVER STATE", "server", "master").followedBy(sessionError(297));
  const columns = LOG_SPACE.map((column, index) => ({ ...column, name: LOG_SPACE_NAMES[index] ?? "" }));
  const rows = session.instance.core.databases
    .filter((database) => database.state === "ONLINE")
    .map((database) => {
      const { sizeBytes, usedBytes } = database.log;
      return [database.name, sizeBytes / 1048576, sizeBytes === 0 ? 0 : (usedBytes / sizeBytes) * 100, 0];
    });
  await sendRows(execution, columns, rows);
}

/** DBCC CHECKDB: every row of every table is read; a page that cannot be read ends it with the engine's error. */
function checkDatabase(database: Database, execution: Execution, quiet: boolean): void {
  const { session } = execution;
  if (!hasDatabasePermission(database, session, "CONTROL"))
    throw new SqlError(
      7983,
      14,
      `User '${session.principal.name}' does not have permission to run DBCC checkdb for database '${database.name}'.`,
    );
  for (const table of database.tables(session.transactions)) {
    const stored = database.table(session.transactions, table.schema, table.name);
    let rows = 0;
    for (const row of stored?.scan() ?? []) rows += row.length > 0 ? 1 : 0;
    if (quiet) continue;
    inform(execution, 2536, `DBCC results for '${table.name}'.`);
    inform(
      execution,
      2593,
      `There are ${String(rows)} rows in ${String(Math.max(1, Math.ceil(rows / 64)))} pages for object "${table.name}".`,
    );
  }
  const { damagedPages } = database;
  for (const page of damagedPages)
    execution.context.sink.message({
      number: 8909,
      state: 1,
      class: 16,
      text: `Table error: Object ID 0, index ID -1, partition ID 0, alloc unit ID 0 (type Unknown), page ID (1:${String(page)}) contains an incorrect page ID in its page header. The PageId in the page header = (0:0).`,
      procedure: "",
      line: execution.context.line,
    });
  if (!quiet || damagedPages.length > 0)
    inform(
      execution,
      8989,
      `CHECKDB found 0 allocation errors and ${String(damagedPages.length)} consistency errors in database '${database.name}'.`,
    );
}

/** Commands that change nothing here: trace flags and caches. */
const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  "TRACEON",
  "TRACEOFF",
  "FREEPROCCACHE",
  "DROPCLEANBUFFERS",
  "FREESESSIONCACHE",
  "FREESYSTEMCACHE",
]);

/** DBCC: LOGSPACE, CHECKDB, caches and trace flags; any other command is 2526. */
export async function dbcc(statement: DbccStatement, execution: Execution): Promise<void> {
  const { session, context } = execution;
  const command = statement.command.toUpperCase();
  const first = statement.args[0] === undefined ? null : textOf(context.evaluate(statement.args[0]));
  const quiet = statement.options.some((option) => option.toUpperCase() === "NO_INFOMSGS");
  if (command === "SQLPERF" && first?.toUpperCase() === "LOGSPACE") await sqlPerformance(execution);
  else if (command === "CHECKDB") {
    const database = first === null || first === "0" ? session.database : openDatabase(session, first);
    checkDatabase(database, execution, quiet);
  } else if (WITHOUT_EFFECT.has(command)) {
    if (!session.isSysadmin)
      throw new SqlError(
        2571,
        14,
        `User '${session.principal.name}' does not have permission to run DBCC ${command.toLowerCase()}.`,
      );
  } else
    throw new SqlError(
      2526,
      16,
      "Incorrect DBCC statement. Check the documentation for the correct DBCC syntax and options.",
    );
  if (!quiet) inform(execution, 2528, COMPLETED);
}

export function reconfigure(_statement: ReconfigureStatement, { session }: Execution): void {
  if (!session.hasServerPermission("ALTER SETTINGS"))
    throw new SqlError(5812, 14, "You do not have permission to run the RECONFIGURE statement.");
  session.instance.configuration.reconfigure();
  session.noteChange("RECONFIGURE");
}

export function shutdown(_statement: ShutdownStatement, { session }: Execution): void {
  if (!session.hasServerPermission("SHUTDOWN"))
    throw new SqlError(6004, 10, "User does not have permission to perform this action.");
  session.noteChange("SHUTDOWN");
  session.instance.shutdown();
}

export function changeEndpoint(statement: EndpointStatement, { session }: Execution): void {
  const { endpoints } = session.instance;
  if (!session.hasServerPermission("ALTER ANY ENDPOINT")) throw sessionError(15247);
  const known = endpoints.find(statement.name);
  if (statement.kind === "createEndpoint") {
    if (known !== undefined)
      throw new SqlError(15232, 16, `An endpoint with the name '${statement.name}' already exists.`);
    // One endpoint for mirroring is all that an instance may have.
    if (endpoints.all().length > 0)
      throw new SqlError(
        7862,
        16,
        "An endpoint of the requested type already exists. Only one endpoint of this type is supported. Use ALTER ENDPOINT or DROP the existing endpoint and execute the CREATE ENDPOINT statement.",
      );
    endpoints.create(statement.name, session.principal.id, statement.options);
    session.noteChange("CREATE ENDPOINT");
  } else {
    if (known === undefined) throw sessionError(15151, "alter", "endpoint", statement.name);
    endpoints.alter(statement.name, statement.options);
    session.noteChange("ALTER ENDPOINT");
  }
}

export function dropEndpoint(statement: DropEndpointStatement, { session }: Execution): void {
  const { endpoints } = session.instance;
  if (!session.hasServerPermission("ALTER ANY ENDPOINT") || endpoints.find(statement.name) === undefined)
    throw sessionError(15151, "drop", "endpoint", statement.name);
  endpoints.drop(statement.name);
  session.noteChange("DROP ENDPOINT");
}
