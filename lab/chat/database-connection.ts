/** A chat server's connection to its database, as a client of the wire: one request at a time, the others wait. */
import { Connection, Request, TYPES } from "tedious";

export interface DatabaseAddress {
  readonly instance: string;
  readonly host: string;
  readonly port: number;
}

export interface DatabaseLogin {
  readonly user: string;
  readonly password: string;
}

/** A failure with SQL Server's number, or 0 where the connection itself failed. */
export class DatabaseFailure extends Error {
  constructor(
    readonly number: number,
    message: string,
  ) {
    super(message);
    this.name = "DatabaseFailure";
  }
}

/** Values of a request by parameter name, without the at sign. */
export type Parameters = Readonly<Record<string, number | bigint | string>>;

const CONNECT_TIMEOUT_MS = 5_000;
const REQUEST_TIMEOUT_MS = 15_000;

export class DatabaseConnection {
  readonly #connection: Connection;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #isOpen = true;

  private constructor(
    connection: Connection,
    readonly instance: string,
  ) {
    this.#connection = connection;
    // KILL, ROLLBACK IMMEDIATE and the end of the instance arrive here; requests fail by themselves.
    connection.on("end", () => (this.#isOpen = false));
    connection.on("error", () => (this.#isOpen = false));
  }

  /**
   * Logs in to the database. Throws DatabaseFailure (4060, 18456, 0 …).
   * @param machine sys.dm_exec_sessions.host_name
   */
  static async open(
    address: DatabaseAddress,
    login: DatabaseLogin,
    database: string,
    machine: string,
  ): Promise<DatabaseConnection> {
    const connection = new Connection({
      server: address.host,
      authentication: { type: "default", options: { userName: login.user, password: login.password } },
      options: {
        port: address.port,
        // An address is no server name in TLS (RFC 6066 section 3).
        serverName: "localhost",
        database,
        encrypt: true,
        trustServerCertificate: true,
        appName: "Lync Persistent Chat",
        workstationId: machine,
        connectTimeout: CONNECT_TIMEOUT_MS,
        requestTimeout: REQUEST_TIMEOUT_MS,
      },
    });
    let first: DatabaseFailure | undefined;
    // 4060 comes before 18456, and tedious hands out the last one only.
    connection.on("errorMessage", ({ number, message }) => (first ??= new DatabaseFailure(number, message)));
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => {
        if (error === undefined) resolve();
        else {
          connection.close();
          reject(first ?? failureOf(error));
        }
      });
    });
    return new DatabaseConnection(connection, address.instance);
  }

  /** False once the server or the network ended it. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Requests in hand and waiting. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Runs a text with parameters (sp_executesql); answers the first column of the last row. Throws DatabaseFailure. */
  execute(text: string, parameters: Parameters): Promise<unknown> {
    this.#waiting += 1;
    const run = this.#last.then(() => this.#execute(text, parameters));
    this.#last = run.catch(() => undefined).finally(() => (this.#waiting -= 1));
    return run;
  }

  /** Ends it at once, as a machine that loses its power: requests in hand fail. */
  abandon(): void {
    this.#isOpen = false;
    this.#connection.close();
  }

  /** Closes it after the requests in hand. */
  async close(): Promise<void> {
    await this.#last;
    this.#isOpen = false;
    this.#connection.close();
  }

  #execute(text: string, parameters: Parameters): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.#isOpen) {
        reject(new DatabaseFailure(0, `The connection to ${this.instance} is closed.`));
        return;
      }
      let value: unknown = null;
      let first: DatabaseFailure | undefined;
      const noted = ({ number, message }: { number: number; message: string }): void => {
        first ??= new DatabaseFailure(number, message);
      };
      const request = new Request(text, (error) => {
        this.#connection.off("errorMessage", noted);
        if (error === undefined || error === null) resolve(value);
        else reject(first ?? failureOf(error));
      });
      request.on("row", (columns: { value: unknown }[]) => (value = columns[0]?.value));
      for (const [name, parameter] of Object.entries(parameters)) {
        if (typeof parameter === "string") request.addParameter(name, TYPES.NVarChar, parameter);
        else if (typeof parameter === "bigint") request.addParameter(name, TYPES.BigInt, String(parameter));
        else request.addParameter(name, TYPES.Int, parameter);
      }
      this.#connection.on("errorMessage", noted);
      this.#connection.execSql(request);
    });
  }
}

function failureOf(error: Error): DatabaseFailure {
  const number = "number" in error && typeof error.number === "number" ? error.number : 0;
  return new DatabaseFailure(number, error.message);
}
