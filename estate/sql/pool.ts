/** A pool of mssql with this product's options, and one batch sent over it. */
import { isIP } from "node:net";
import { ConnectionPool, type Connection, type Request } from "mssql";
import { connectGuarded } from "./guarded-socket";
import type { SqlEndpoint } from "./endpoint";
import { DATABASE_CHANGED, LANGUAGE_CHANGED } from "./error-numbers";
import { fromDriver, type ServerError } from "./sql-errors";
import { printable } from "../printable";

/** A row by column name, as the driver gives it: unchecked. */
export type RawRow = { readonly [column: string]: unknown };

/** What a batch answered: every result set, and the informational messages in their order. */
export interface Answer {
  readonly recordsets: readonly (readonly RawRow[])[];
  readonly messages: readonly ServerError[];
}

/** How a batch is sent. */
export interface SendOptions {
  /** What is being done, for errors: "reading msdb". */
  readonly doing: string;
  /** Milliseconds; 0 is no limit. */
  readonly timeout: number;
  readonly onMessage?: (message: ServerError) => void;
  /** Aborted: an attention is sent, and the batch rejects with CANCELLED when the server has stopped it. */
  readonly signal?: AbortSignal;
}

/**
 * A pool of at most `size` connections to database master, not connected yet. `onConnection` sees every connection
 * of the driver before it logs in.
 */
export function createPool(
  endpoint: SqlEndpoint,
  applicationName: string,
  size: number,
  onConnection?: (connection: Connection) => void,
): ConnectionPool {
  const pool = new ConnectionPool({
    server: endpoint.host,
    port: endpoint.port,
    user: endpoint.user,
    password: endpoint.password,
    database: "master",
    connectionTimeout: endpoint.connectTimeoutSeconds * 1000,
    requestTimeout: endpoint.requestTimeoutSeconds * 1000,
    // A look at the socket instead of a SELECT 1 before every request.
    validateConnection: "socket",
    pool: { max: size, min: 0, idleTimeoutMillis: 10 * 60 * 1000 },
    beforeConnect: onConnection,
    options: {
      appName: applicationName,
      encrypt: endpoint.encrypt,
      trustServerCertificate: endpoint.trustServerCertificate,
      // RFC 6066 knows no addresses as server names, and Node warns of one; the instance's own name stands for it.
      serverName: isIP(endpoint.host) === 0 ? undefined : endpoint.server,
      connectTimeout: endpoint.connectTimeoutSeconds * 1000,
      instanceName: endpoint.port === undefined ? endpoint.instance : undefined,
      enableArithAbort: true,
      abortTransactionOnError: false,
      // tedious passes address, lookup and signal, though its types know no arguments.
      connector: endpoint.encrypt ? guardedConnector : undefined,
    },
  });
  // Without a listener an idle connection that the server drops would end the process; the next request tells it anyway.
  pool.on("error", () => undefined);
  return pool;
}

function guardedConnector(...passed: unknown[]): ReturnType<typeof connectGuarded> {
  const [address, , signal] = passed as [{ host: string; port: number }, unknown, AbortSignal];
  return connectGuarded(address, signal);
}

/** Sends one batch (SQLBatch, no parameters). Throws DrError. */
export async function send(
  pool: ConnectionPool,
  endpoint: SqlEndpoint,
  text: string,
  options: SendOptions,
): Promise<Answer> {
  const messages: ServerError[] = [];
  // @types/mssql does not list the override of a single request's time-out.
  const newRequest: (overrides: { requestTimeout: number }) => Request = pool.request.bind(pool);
  const request = newRequest({ requestTimeout: options.timeout });
  request.on("info", (info: InfoMessage) => {
    if (info.number === DATABASE_CHANGED || info.number === LANGUAGE_CHANGED) return;
    const message: ServerError = {
      number: info.number,
      class: info.class,
      state: info.state,
      text: printable(info.message),
      line: info.lineNumber,
      procedure: printable(info.procName ?? "", 128),
    };
    messages.push(message);
    options.onMessage?.(message);
  });
  const cancel = (): void => void request.cancel();
  options.signal?.throwIfAborted();
  options.signal?.addEventListener("abort", cancel, { once: true });
  try {
    const result = await request.batch<RawRow>(text);
    const recordsets = result.recordsets.map((rows) => [...rows]);
    return { recordsets, messages };
  } catch (thrown) {
    throw fromDriver(thrown, endpoint, options.doing);
  } finally {
    options.signal?.removeEventListener("abort", cancel);
  }
}

interface InfoMessage {
  readonly number: number;
  readonly class: number;
  readonly state: number;
  readonly message: string;
  readonly lineNumber: number;
  readonly procName?: string;
}
