/** One connection of its own to one instance, for batches that must not share a session: BACKUP, RESTORE, locks. */
import type { Connection, ConnectionPool } from "mssql";
import { z } from "zod";
import { DrError } from "../errors";
import { placeOf, type SqlEndpoint } from "./endpoint";
import { createPool, send, type Answer, type SendOptions } from "./pool";
import { checkRows, momentColumn, wholeColumn, type Rows, type RowSchemas } from "./rows";
import { fromDriver } from "./sql-errors";

const IDENTITY_SQL =
  "SELECT @@SPID AS session_id, CONVERT(varchar(23), s.login_time, 126) AS login_time " +
  "FROM sys.dm_exec_sessions AS s WHERE s.session_id = @@SPID;";
const identityRow = z.object({ session_id: wholeColumn, login_time: momentColumn });

/**
 * A session in database master that stays the same one: the driver's pool would silently open another after a loss, and a
 * lock or a SINGLE_USER slot would be gone with the first. After a loss every call throws CONNECTION_LOST.
 */
export class DedicatedConnection {
  readonly #pool: ConnectionPool;
  readonly #endpoint: SqlEndpoint;
  #opened = 0;
  #established: Connection | undefined;
  #lost = false;
  #identity: { sessionId: number; loginTime: string } | undefined;

  private constructor(endpoint: SqlEndpoint, applicationName: string) {
    this.#endpoint = endpoint;
    let latest: Connection | undefined;
    this.#pool = createPool(endpoint, applicationName, 1, (connection) => {
      this.#opened += 1;
      // A connection after the established one means that the pool replaced it.
      if (this.#established !== undefined) this.#lost = true;
      latest = connection;
      connection.on("connect", () => {
        // The first one is the pool's trial, closed before the second is opened.
        if (this.#opened === 2 && connection === latest) this.#established = connection;
      });
      connection.on("end", () => {
        if (connection === this.#established) this.#lost = true;
      });
    });
  }

  /** Connects. Throws DrError: UNREACHABLE, LOGIN_FAILED, … */
  static async open(endpoint: SqlEndpoint, applicationName: string): Promise<DedicatedConnection> {
    const dedicated = new DedicatedConnection(endpoint, applicationName);
    try {
      await dedicated.#pool.connect();
      const answer = await send(dedicated.#pool, endpoint, IDENTITY_SQL, { doing: "connecting", timeout: 15_000 });
      const [[row]] = checkRows(answer.recordsets, [identityRow], placeOf(endpoint), "connecting");
      if (row === undefined) throw dedicated.#lostError("connecting");
      dedicated.#identity = { sessionId: row.session_id, loginTime: row.login_time };
      return dedicated;
    } catch (thrown) {
      await dedicated.close();
      throw fromDriver(thrown, endpoint, "connecting");
    }
  }

  /** @@SPID. Session ids are reused: together with `loginTime` it names one session. */
  get sessionId(): number {
    return this.#identity?.sessionId ?? 0;
  }

  /** login_time as the server's clock says it. */
  get loginTime(): string {
    return this.#identity?.loginTime ?? "";
  }

  /** True once the session has ended without our doing. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Sends one batch. Throws DrError. */
  async send(text: string, options: SendOptions): Promise<Answer> {
    if (this.#lost) throw this.#lostError(options.doing);
    try {
      const answer = await send(this.#pool, this.#endpoint, text, options);
      if (this.#lost) throw this.#lostError(options.doing);
      return answer;
    } catch (thrown) {
      // A socket that ends inside a request surfaces as an error of the request; it is the session that is gone.
      if (this.#lost && !(thrown instanceof DrError && thrown.numbers.length > 0))
        throw this.#lostError(options.doing, thrown);
      throw thrown;
    }
  }

  /** Sends one batch and checks its result sets. Throws DrError. */
  async read<const Schemas extends RowSchemas>(
    text: string,
    schemas: Schemas,
    options: SendOptions,
  ): Promise<Rows<Schemas>> {
    const answer = await this.send(text, options);
    return checkRows(answer.recordsets, schemas, placeOf(this.#endpoint), options.doing);
  }

  /** Ends the session; its locks are released. */
  async close(): Promise<void> {
    this.#lost = true;
    await this.#pool.close();
  }

  #lostError(doing: string, cause?: unknown): DrError {
    return new DrError({
      code: "CONNECTION_LOST",
      summary: `the connection was lost while ${doing}`,
      where: placeOf(this.#endpoint),
      hint: "Run the same command again: it reads what the instance holds now and goes on from there.",
      cause,
    });
  }
}
