/** What one session's T-SQL sees of its server: the language's Host over one instance. */
import type { ServerStatement } from "../tsql/ast";
import type {
  Host,
  NativeProcedure,
  ObjectName,
  ScalarFunction,
  StatementContext,
  Table,
  UpdatableTable,
} from "../tsql/host";
import type { SqlType, SqlValue } from "../tsql/values";
import { findSystemFunction, findSystemView } from "./catalog/registry";
import { viewTable } from "./catalog/system-view";
import type { Database } from "./database";
import { openDatabase } from "./database-access";
import { textOf } from "./functions/definition";
import { findFunction } from "./functions/registry";
import { globalVariable } from "./functions/global-variables";
import { GuardedTable } from "./guarded-table";
import { recordMark } from "./msdb/history";
import { nativeProcedure } from "./procedures/server-procedure";
import type { ServerSession } from "./server-session";
import { sessionError } from "./session-errors";
import { commandName, executeServerStatement } from "./statements/registry";

/** LOCK_TIMEOUT, CONTEXT_INFO and DEADLOCK_PRIORITY as SET gives them. */
const PRIORITIES: Readonly<Record<string, number>> = { LOW: -5, NORMAL: 0, HIGH: 5 };

export class SessionHost implements Host {
  /** Of the open transaction (BEGIN TRAN … WITH MARK). */
  #mark: { readonly name: string; readonly description: string } | undefined;

  constructor(readonly session: ServerSession) {}

  get version(): Host["version"] {
    return this.session.instance.version;
  }

  get sessionId(): number {
    return this.session.id;
  }

  get database(): string {
    return this.session.database.name;
  }

  table(name: ObjectName): Table {
    const database = this.#databaseOf(name);
    const system = findSystemView(name, database, this.version);
    if (system !== undefined) {
      const context = { session: this.session, instance: this.session.instance, database };
      // Permissions are looked at when the rows are read, not when the name is bound.
      return viewTable(system, this.version.major, () => {
        this.#require(system.needs);
        return system.rows(context);
      });
    }
    const schema = name.schema === undefined || name.schema === "" ? "dbo" : name.schema;
    const table = database.table(this.session.transactions, schema, name.name);
    if (table === undefined) throw sessionError(208, nameText(name));
    return new GuardedTable(table, this.session);
  }

  tableFunction(name: ObjectName, args: readonly SqlValue[]): Table | undefined {
    const found = findSystemFunction(name, this.version);
    if (found === undefined) return undefined;
    const context = { session: this.session, instance: this.session.instance, database: this.#databaseOf(name) };
    return viewTable(found, this.version.major, () => {
      this.#require(found.needs);
      return found.rows(context, args);
    });
  }

  scalarFunction(name: ObjectName): ScalarFunction | undefined {
    return findFunction(name, this.session);
  }

  globalVariable(name: string): { readonly type: SqlType; readonly value: SqlValue } | undefined {
    return globalVariable(name, this.session);
  }

  procedure(name: ObjectName): NativeProcedure | undefined {
    // A database that cannot be opened is told before the procedure is looked for (911, 927 …).
    const database = this.#databaseOf(name);
    const found = this.session.instance.procedures.find(name, database.name);
    return found === undefined ? undefined : nativeProcedure(found, this.session, database);
  }

  async execute(statement: ServerStatement, context: StatementContext): Promise<void> {
    const request = this.session.request;
    if (request !== undefined) request.command = commandName(statement);
    await executeServerStatement(statement, context, this.session);
  }

  running(command: string, waitType?: string): void {
    const request = this.session.request;
    if (request !== undefined) Object.assign(request, { command, waitType });
  }

  begin(): void {
    this.session.transactions.begin();
  }

  markTransaction(name: string, description: string): void {
    this.#mark = { name, description };
    this.session.transactions.setMark(name);
  }

  async commit(): Promise<void> {
    const mark = this.#mark;
    this.#mark = undefined;
    const commits = this.session.transactions.commit();
    this.session.instance.applicationLocks.releaseAll(this.session.id, "Transaction");
    if (mark !== undefined && commits.size > 0) await recordMark(this.session, mark, commits);
  }

  rollback(): void {
    this.#mark = undefined;
    this.session.transactions.rollback();
    this.session.instance.applicationLocks.releaseAll(this.session.id, "Transaction");
  }

  beginStatement(): void {
    this.session.transactions.beginStatement();
  }

  endStatement(succeeded: boolean): void {
    this.session.transactions.endStatement(succeeded);
  }

  mark(): () => void {
    return this.session.transactions.mark();
  }

  /** GETDATE shows the instance's local clock. */
  now(): number {
    return this.session.instance.localTime();
  }

  async lockForUpdate(tables: readonly UpdatableTable[], signal: AbortSignal): Promise<void> {
    const databases = new Set<Database>();
    for (const table of tables) if (table instanceof GuardedTable) databases.add(table.database);
    for (const database of databases) await this.session.transactions.enlist(database, signal);
  }

  setOption(name: string, value: SqlValue): void {
    switch (name.toUpperCase()) {
      case "LOCK_TIMEOUT":
        this.session.transactions.lockTimeout = Number(value ?? -1);
        break;
      case "CONTEXT_INFO":
        this.session.contextInfo = value instanceof Uint8Array ? value.slice(0, 128) : null;
        break;
      case "DEADLOCK_PRIORITY":
        this.session.deadlockPriority =
          typeof value === "number" ? value : (PRIORITIES[(textOf(value) ?? "").toUpperCase()] ?? 0);
        break;
      case "IDENTITY_INSERT ON":
      case "IDENTITY_INSERT OFF":
        this.session.setIdentityInsert(textOf(value) ?? "", name.toUpperCase().endsWith("ON"));
        break;
      default:
      // Other settings concern the language alone.
    }
  }

  noteChange(kind: string): void {
    this.session.noteChange(kind);
  }

  #databaseOf(name: ObjectName): Database {
    if (name.server !== undefined && name.server !== "") this.#requireOwnServer(name.server);
    if (name.database === undefined || name.database === "") return this.session.database;
    return openDatabase(this.session, name.database);
  }

  #requireOwnServer(server: string): void {
    if (server.toLowerCase() === this.session.instance.name.toLowerCase()) return;
    throw sessionError(7202, server);
  }

  #require(permission: "VIEW SERVER STATE" | undefined): void {
    if (permission === undefined || this.session.hasServerPermission(permission)) return;
    throw sessionError(300, permission, "server", "master").followedBy(sessionError(297));
  }
}

/** A name as 208 repeats it: the parts as written. */
function nameText(name: ObjectName): string {
  return [name.server, name.database, name.schema, name.name]
    .filter((part, index, all) => part !== undefined || all.slice(0, index).some((earlier) => earlier !== undefined))
    .map((part) => part ?? "")
    .join(".");
}
