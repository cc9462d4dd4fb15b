/** One logged-in session of an instance: who it is, where it is, what it runs. */
import { randomUUID } from "node:crypto";
import type { Argument, ClientConnection, ProcedureOutcome, Session } from "../tds/backend";
import type { EnvironmentChange, Message, ResultSink } from "../tsql/results";
import { LanguageSession } from "../tsql/session";
import type { Database } from "./database";
import { refusal } from "./database-access";
import type { Instance } from "./instance";
import { CountingSink } from "./counting-sink";
import { maskSecrets, renderCall } from "./request-journal";
import type { ServerPermission } from "./server-permissions";
import type { ServerPrincipal } from "./server-principals";
import { sessionError } from "./session-errors";
import { SessionHost } from "./session-host";
import { TransactionScope } from "./storage/transaction";

/** What a session is opened with. */
export interface SessionOrigin {
  readonly id: number;
  readonly principal: ServerPrincipal;
  readonly database: Database;
  readonly hostName: string;
  readonly programName: string;
  readonly clientProcessId: number;
  /** Absent for sessions that the server opens in its own process (SQL Server Agent). */
  readonly connection?: ClientConnection;
}

/** What the session runs now. */
export interface RunningRequest {
  /** Local milliseconds since 1970. */
  readonly startTime: number;
  /** sys.dm_exec_requests.command: "SELECT", "ALTER DATABASE", "WAITFOR" … */
  command: string;
  /** sys.dm_exec_requests.wait_type while it waits. */
  waitType?: string;
}

/** A session. `request` runs one at a time; `close` and `kill` may come at any moment. */
export class ServerSession implements Session {
  readonly id: number;
  readonly instance: Instance;
  /** Who logged in: ORIGINAL_LOGIN. */
  readonly originalPrincipal: ServerPrincipal;
  readonly hostName: string;
  readonly programName: string;
  readonly clientProcessId: number;
  readonly connection: ClientConnection | undefined;
  readonly connectionId = randomUUID().toUpperCase();
  readonly transactions: TransactionScope;
  /** Local milliseconds since 1970, as all times of a session. */
  readonly loginTime: number;
  database: Database;
  contextInfo: Uint8Array | null = null;
  deadlockPriority = 0;
  request: RunningRequest | undefined;
  lastRequestStart: number;
  lastRequestEnd: number | undefined;
  totalElapsedMs = 0;
  rowsSent = 0;
  lastError = 0;

  /** `database.schema.table` in lower case for which SET IDENTITY_INSERT is ON: one at a time. */
  #identityInsert: string | undefined;
  #loginDatabase: Database;
  readonly #impersonated: ServerPrincipal[] = [];
  readonly #ended = new AbortController();
  /** What its T-SQL sees of the server. */
  readonly host: SessionHost;
  readonly #language: LanguageSession;
  #changes: string[] = [];
  #running: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(instance: Instance, origin: SessionOrigin) {
    this.instance = instance;
    this.id = origin.id;
    this.originalPrincipal = origin.principal;
    this.hostName = origin.hostName;
    this.programName = origin.programName;
    this.clientProcessId = origin.clientProcessId;
    this.connection = origin.connection;
    this.transactions = new TransactionScope(origin.id);
    this.database = origin.database;
    this.#loginDatabase = origin.database;
    this.loginTime = instance.localTime();
    this.lastRequestStart = this.loginTime;
    this.lastRequestEnd = this.loginTime;
    this.host = new SessionHost(this);
    this.#language = new LanguageSession(this.host);
  }

  get greeting(): readonly (Message | EnvironmentChange)[] {
    return greeting(this.#loginDatabase.name);
  }

  /** The database of the login itself, to which sp_reset_connection comes back. */
  enterAtLogin(database: Database): void {
    this.database = database;
    this.#loginDatabase = database;
  }

  /** ORIGINAL_DB_NAME */
  get loginDatabaseName(): string {
    return this.#loginDatabase.name;
  }

  /** @@TRANCOUNT */
  get transactionCount(): number {
    return this.#language.transactionCount;
  }

  /** True after KILL, ROLLBACK IMMEDIATE or the end of the connection. */
  get isEnded(): boolean {
    return this.#ended.signal.aborted;
  }

  /** Aborted when the session is ended from outside. */
  get endSignal(): AbortSignal {
    return this.#ended.signal;
  }

  /** Whose rights count now: the login, or whom it impersonates. */
  get principal(): ServerPrincipal {
    return this.#impersonated.at(-1) ?? this.originalPrincipal;
  }

  /** EXECUTE AS. */
  impersonate(principal: ServerPrincipal): void {
    this.#impersonated.push(principal);
  }

  /** REVERT: does nothing when nobody is impersonated. */
  revert(): void {
    this.#impersonated.pop();
  }

  get isSysadmin(): boolean {
    return this.instance.principals.isSysadmin(this.principal);
  }

  hasServerPermission(permission: ServerPermission): boolean {
    return this.instance.principals.has(this.principal, permission);
  }

  /** SET IDENTITY_INSERT. Throws 8107 while it is ON for another table. */
  setIdentityInsert(table: string, on: boolean): void {
    const name = table.toLowerCase();
    if (!on) {
      if (this.#identityInsert === name) this.#identityInsert = undefined;
      return;
    }
    if (this.#identityInsert !== undefined && this.#identityInsert !== name)
      throw sessionError(8107, this.#identityInsert, table);
    this.#identityInsert = name;
  }

  /** Whether explicit values for the identity column of a table are allowed now (544). */
  insertsIdentity(table: string): boolean {
    return this.#identityInsert === table.toLowerCase();
  }

  /** Notes an executed change for the journal entry of the running request. */
  noteChange(kind: string): void {
    this.#changes.push(kind);
  }

  batch(text: string, sink: ResultSink, signal: AbortSignal): Promise<void> {
    if (this.isEnded) return Promise.resolve(this.#refuseEnded(sink));
    return this.#run(
      "batch",
      () => maskSecrets(text),
      sink,
      signal,
      (counting, either) => this.#language.batch(text, counting, either),
    );
  }

  procedure(name: string, args: readonly Argument[], sink: ResultSink, signal: AbortSignal): Promise<ProcedureOutcome> {
    if (this.isEnded) {
      this.#refuseEnded(sink);
      return Promise.resolve({ returnStatus: 0, outputs: [] });
    }
    return this.#run(
      "rpc",
      () => renderCall(name, args),
      sink,
      signal,
      (counting, either) => this.#language.procedure(name, args, counting, either),
    );
  }

  transaction(request: "begin" | "commit" | "rollback", sink: ResultSink): Promise<void> {
    return this.#language.transaction(request, sink);
  }

  /** sp_reset_connection: as after the login, locks and transaction gone. */
  async reset(): Promise<void> {
    await this.#running.catch(() => undefined);
    this.#rollback();
    await this.#language.reset();
    this.contextInfo = null;
    this.deadlockPriority = 0;
    this.#identityInsert = undefined;
    this.#impersonated.length = 0;
    this.transactions.lockTimeout = -1;
    // The database of the login may have gone meanwhile, or closed to it.
    const { core } = this.instance;
    const home = core.databaseById(this.#loginDatabase.id) === this.#loginDatabase;
    const usable = home && refusal(this, this.#loginDatabase) === undefined;
    this.database = usable ? this.#loginDatabase : core.require("master");
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#ended.abort();
    // A statement in hand still holds its rows: it is undone when it has noticed the signal.
    void this.#running
      .catch(() => undefined)
      .then(() => {
        this.#rollback();
        this.instance.sessions.remove(this);
      });
    if (this.request === undefined) {
      this.#rollback();
      this.instance.sessions.remove(this);
    }
  }

  /** KILL and WITH ROLLBACK IMMEDIATE: ends the request, rolls back, drops the connection; done when all that is over. */
  async kill(): Promise<void> {
    this.close();
    this.connection?.terminate();
    await this.#running.catch(() => undefined);
  }

  #refuseEnded(sink: ResultSink): void {
    for (const message of sessionError(596).messages(1)) sink.message(message);
    sink.done({ command: 0, error: true });
    this.connection?.terminate();
  }

  #rollback(): void {
    this.#language.close();
    this.transactions.rollback();
    this.instance.applicationLocks.releaseAll(this.id);
  }

  async #run<T>(
    kind: "batch" | "rpc",
    text: () => string,
    sink: ResultSink,
    signal: AbortSignal,
    work: (sink: ResultSink, signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const counting = new CountingSink(sink);
    const started = Date.now();
    this.#changes = [];
    this.lastRequestStart = this.instance.localTime();
    this.request = { startTime: this.lastRequestStart, command: "SELECT" };
    const running = work(counting, AbortSignal.any([signal, this.#ended.signal]));
    this.#running = running;
    try {
      return await running;
    } finally {
      const durationMs = Date.now() - started;
      this.lastRequestEnd = this.instance.localTime();
      this.totalElapsedMs += durationMs;
      this.rowsSent = counting.rows;
      this.lastError = counting.lastError;
      this.request = undefined;
      this.instance.journal({
        time: new Date(started).toISOString(),
        instance: this.instance.name,
        session: this.id,
        client: this.programName,
        host: this.hostName,
        login: this.originalPrincipal.name,
        kind,
        text: text(),
        rows: counting.rows,
        error: counting.firstError,
        changes: this.#changes,
        durationMs,
      });
    }
  }
}

/** ENVCHANGE and messages of a login: 5701 with state 2, 5703. */
function greeting(database: string): (Message | EnvironmentChange)[] {
  const information = (number: number, state: number, text: string): Message => ({
    number,
    state,
    class: 0,
    text,
    procedure: "",
    line: 1,
  });
  return [
    { kind: "database", from: "master", to: database },
    information(5701, 2, `Changed database context to '${database}'.`),
    { kind: "language", from: "", to: "us_english" },
    information(5703, 1, "Changed language setting to us_english."),
  ];
}
