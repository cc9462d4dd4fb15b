/** One SQL Server instance as this product talks to it: short readings over a pool, long batches on a session of their own. */
import { setTimeout as delay } from "node:timers/promises";
import type { ConnectionPool } from "mssql";
import { z } from "zod";
import { DrError, toDrError } from "../errors";
import { clientName, type RunIdentity } from "./client-name";
import { DedicatedConnection } from "./dedicated-connection";
import { placeOf, type SqlEndpoint } from "./endpoint";
import { createPool, send, type Answer } from "./pool";
import { checkRows, textColumn, wholeColumn, type Rows, type RowSchemas } from "./rows";
import { fromDriver, type ServerError } from "./sql-errors";

export type { Answer, RawRow } from "./pool";
export type { ServerError } from "./sql-errors";

/** Options of a reading. */
export interface ReadOptions {
  /** What is being done, for errors: "reading msdb". */
  readonly doing: string;
  /** Milliseconds; sql.requestTimeoutSeconds unless given. 0 is no limit. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
}

/** How far a long statement is: sys.dm_exec_requests. */
export interface Progress {
  /** `BACKUP DATABASE`, `RESTORE DATABASE`, … */
  readonly command: string;
  /** 0 to 100. */
  readonly percent: number;
  /** Milliseconds that SQL Server expects to need yet. */
  readonly remaining: number;
  readonly waitType: string | null;
}

/** Options of a batch that changes something. */
export interface BatchOptions {
  /** What is being done, for errors and the journal: "BACKUP DATABASE [mgc]". */
  readonly doing: string;
  /** Milliseconds; 0, no limit, unless given. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  readonly onMessage?: (message: ServerError) => void;
  /** Called about every `progressInterval` milliseconds (2,000) while the statement reports a percentage. */
  readonly onProgress?: (progress: Progress) => void;
  readonly progressInterval?: number;
}

/** Sent before each batch of its own session; the batch itself is sent as it is, so that what is journalled is what ran. */
const PRELUDE_SQL =
  "SET XACT_ABORT OFF; SET IMPLICIT_TRANSACTIONS OFF; SET LOCK_TIMEOUT 30000; SET DEADLOCK_PRIORITY HIGH;\n" +
  "IF @@TRANCOUNT <> 0 RAISERROR(N'open transaction', 16, 1);";

const POOL_SIZE = 4;
const DEFAULT_PROGRESS_INTERVAL = 2000;
/** A cut BACKUP or RESTORE rolls back in a short, but not in no time. */
const SESSION_END_LIMIT = 60_000;

const progressRow = z.object({
  command: textColumn,
  percent_complete: z.number(),
  estimated_completion_time: wholeColumn,
  wait_type: textColumn.nullable(),
});
const countRow = z.object({ n: wholeColumn });

/** One instance. Connects at the first call, keeps what it connected, frees everything in `close`. */
export class SqlServer {
  readonly endpoint: SqlEndpoint;
  /** program_name of every session of this object. */
  readonly applicationName: string;
  #pool: Promise<ConnectionPool> | undefined;
  readonly #dedicated = new Set<DedicatedConnection>();
  #closed = false;

  constructor(endpoint: SqlEndpoint, identity: RunIdentity) {
    this.endpoint = endpoint;
    this.applicationName = clientName(identity);
  }

  /** `SQL-P1 (127.0.0.1:14331)`. */
  get place(): string {
    return placeOf(this.endpoint);
  }

  /** Sends a reading batch over the pool. Throws DrError. */
  async query(text: string, options: ReadOptions): Promise<Answer> {
    const pool = await this.#connected(options.doing);
    return send(pool, this.endpoint, text, {
      doing: options.doing,
      timeout: options.timeout ?? this.endpoint.requestTimeoutSeconds * 1000,
      signal: options.signal,
    });
  }

  /** Sends a reading batch and checks its result sets, one schema per set. Throws DrError. */
  async read<const Schemas extends RowSchemas>(
    text: string,
    schemas: Schemas,
    options: ReadOptions,
  ): Promise<Rows<Schemas>> {
    const answer = await this.query(text, options);
    return checkRows(answer.recordsets, schemas, this.place, options.doing);
  }

  /** Opens a session of its own in master, ended by its `close` or by this object's. */
  async connect(): Promise<DedicatedConnection> {
    this.#assertOpen("connecting");
    const connection = await DedicatedConnection.open(this.endpoint, this.applicationName);
    this.#dedicated.add(connection);
    return connection;
  }

  /**
   * Runs a batch in a session of its own in master, without a time limit, and reports progress read over the pool.
   * When the connection is lost, it waits until the old session is gone, so that a read-back sees an end: the error then
   * is CONNECTION_LOST, and only the read-back tells whether the batch had its effect.
   */
  async batch(text: string, options: BatchOptions): Promise<Answer> {
    const connection = await this.connect();
    const stop = new AbortController();
    let watching: Promise<void> = Promise.resolve();
    try {
      await connection.send(PRELUDE_SQL, { doing: options.doing, timeout: 60_000 });
      if (options.onProgress !== undefined) watching = this.#watch(connection.sessionId, options, stop.signal);
      return await connection.send(text, {
        doing: options.doing,
        timeout: options.timeout ?? 0,
        signal: options.signal,
        onMessage: options.onMessage,
      });
    } catch (thrown) {
      const error = toDrError(thrown, this.place);
      if (error.code !== "CONNECTION_LOST" && error.code !== "UNREACHABLE") throw error;
      throw await this.#afterLoss(connection, options.doing, error);
    } finally {
      stop.abort();
      await watching;
      this.#dedicated.delete(connection);
      await connection.close();
    }
  }

  /** Ends every session. No call is possible afterwards. */
  async close(): Promise<void> {
    this.#closed = true;
    const pool = this.#pool;
    this.#pool = undefined;
    await Promise.all([...this.#dedicated].map((connection) => connection.close()));
    this.#dedicated.clear();
    // A pool that could not connect has nothing to close; its error was thrown to whoever asked.
    await pool?.then(
      (connected) => connected.close(),
      () => undefined,
    );
  }

  async #connected(doing: string): Promise<ConnectionPool> {
    this.#assertOpen(doing);
    this.#pool ??= createPool(this.endpoint, this.applicationName, POOL_SIZE).connect();
    const pool = this.#pool;
    try {
      return await pool;
    } catch (thrown) {
      // The next call tries anew; a call that waited together with this one fails together with it.
      if (this.#pool === pool) this.#pool = undefined;
      throw fromDriver(thrown, this.endpoint, doing);
    }
  }

  async #watch(sessionId: number, options: BatchOptions, signal: AbortSignal): Promise<void> {
    const text =
      "SELECT r.command, r.percent_complete, r.estimated_completion_time, r.wait_type " +
      `FROM sys.dm_exec_requests AS r WHERE r.session_id = ${sessionId};`;
    const interval = options.progressInterval ?? DEFAULT_PROGRESS_INTERVAL;
    while (!signal.aborted) {
      // The pause ends at once, and without an error, when the statement does.
      await delay(interval, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        const [[row]] = await this.read(text, [progressRow], { doing: "reading progress", signal });
        if (row !== undefined && row.percent_complete > 0) {
          options.onProgress?.({
            command: row.command,
            percent: row.percent_complete,
            remaining: row.estimated_completion_time,
            waitType: row.wait_type,
          });
        }
      } catch (thrown) {
        if (signal.aborted) return;
        // Progress is a courtesy: the statement goes on without it, and whoever listens is told once.
        options.onMessage?.(notice(`progress is not available: ${toDrError(thrown).summary}`));
        return;
      }
    }
  }

  async #afterLoss(connection: DedicatedConnection, doing: string, error: DrError): Promise<DrError> {
    const gone = await this.sessionEnded(connection.sessionId, connection.loginTime, SESSION_END_LIMIT);
    return new DrError({
      code: "CONNECTION_LOST",
      summary: `the connection was lost while ${doing}`,
      where: this.place,
      found: gone ? "the old session has ended" : `session ${connection.sessionId} was not seen to end within 60 s`,
      hint: "Run the same command again: it reads what the instance holds now and goes on from there.",
      cause: error,
    });
  }

  /**
   * Waits until a session (by id and login time, since ids are reused) is gone, at most `limit` milliseconds.
   * False when it is still there, or the instance did not answer within the limit.
   */
  async sessionEnded(sessionId: number, loginTime: string, limit: number): Promise<boolean> {
    const text =
      "SELECT COUNT(*) AS n FROM sys.dm_exec_sessions AS s " +
      `WHERE s.session_id = ${sessionId} AND CONVERT(varchar(23), s.login_time, 126) = '${loginTime}';`;
    const deadline = performance.now() + limit;
    while (performance.now() < deadline) {
      try {
        const [[row]] = await this.read(text, [countRow], { doing: "waiting for the old session to end" });
        if (row?.n === 0) return true;
      } catch (thrown) {
        // The instance restarts or the network is down: asked again until the limit, which is what is reported then.
        const { code } = toDrError(thrown);
        if (code !== "UNREACHABLE" && code !== "CONNECTION_LOST" && code !== "TIMEOUT") throw thrown;
      }
      await delay(500);
    }
    return false;
  }

  #assertOpen(doing: string): void {
    if (!this.#closed) return;
    throw new DrError({ code: "CANCELLED", summary: `${doing}: the connections were closed`, where: this.place });
  }
}

function notice(text: string): ServerError {
  return { number: 0, class: 0, state: 0, text, line: 0, procedure: "" };
}
