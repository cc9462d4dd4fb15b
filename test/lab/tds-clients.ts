/** tedious as the tests of the wire use it. */
import { Connection, Request } from "tedious";
import type { ConnectionConfiguration } from "tedious";
import { serve } from "../../lab/tds/server";
import type { TdsServer, TdsServerOptions } from "../../lab/tds/server";
import { PASSWORD, ScriptedBackend, USER } from "./tds-scripted-backend";
import type { BatchScript } from "./tds-scripted-backend";

export interface Answer {
  readonly error: (Error & { number?: number; code?: string; errors?: readonly Error[] }) | undefined;
  readonly rowCount: number | undefined;
  /** Values of all rows of all result sets. */
  readonly rows: unknown[][];
  /** Kinds of what arrived, in order. */
  readonly order: string[];
  readonly returnValues: Readonly<Record<string, unknown>>;
}

/** Serves during `use`, then closes. */
export async function withServer(
  backend: ScriptedBackend,
  options: TdsServerOptions,
  use: (server: TdsServer) => Promise<void>,
): Promise<void> {
  const server = await serve(backend, { encryption: "notSupported", ...options });
  try {
    await use(server);
  } finally {
    await server.close();
  }
}

export function connect(
  port: number,
  options: ConnectionConfiguration["options"] = {},
  login: { readonly userName?: string; readonly password?: string } = {},
): Promise<Connection> {
  const connection = new Connection({
    server: "127.0.0.1",
    authentication: { type: "default", options: { userName: USER, password: PASSWORD, ...login } },
    options: { port, encrypt: false, trustServerCertificate: true, ...options },
  });
  return new Promise((resolve, reject) => {
    connection.on("error", () => undefined);
    connection.connect((error) => (error === undefined ? resolve(connection) : reject(error)));
  });
}

/** Connects during `use`, then closes and waits for the end. */
export async function withConnection(
  port: number,
  options: ConnectionConfiguration["options"],
  use: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await connect(port, options);
  const ended = new Promise((resolve) => connection.once("end", resolve));
  try {
    await use(connection);
  } finally {
    connection.close();
    await ended;
  }
}

/** One server and one tedious connection. */
export async function withScript(
  script: BatchScript,
  use: (connection: Connection, backend: ScriptedBackend) => Promise<void>,
  options: ConnectionConfiguration["options"] = {},
): Promise<void> {
  const backend = new ScriptedBackend(script);
  await withServer(backend, {}, ({ port }) => withConnection(port, options, (connection) => use(connection, backend)));
}

/** Runs a request by one of tedious's methods and collects what it answered. */
export function run(
  connection: Connection,
  text: string,
  method: "execSql" | "execSqlBatch" | "callProcedure" = "execSqlBatch",
  prepare: (request: Request) => void = () => undefined,
): Promise<Answer> {
  return new Promise((resolve) => {
    const rows: unknown[][] = [];
    const order: string[] = [];
    const returnValues: Record<string, unknown> = {};
    const request = new Request(text, (error, rowCount) =>
      resolve({ error: error ?? undefined, rowCount, rows, order, returnValues }),
    );
    request.on("columnMetadata", () => order.push("columns"));
    request.on("row", (columns: { value: unknown }[]) => {
      order.push("row");
      rows.push(columns.map(({ value }) => value));
    });
    request.on("returnValue", (name, value) => (returnValues[name] = value));
    request.on("done", (count) => order.push(`done ${count ?? "-"}`));
    request.on("doneInProc", (count) => order.push(`doneInProc ${count ?? "-"}`));
    request.on("doneProc", (count) => order.push(`doneProc ${count ?? "-"}`));
    const onInfo = (info: { number: number }): number => order.push(`info ${info.number}`);
    const onError = (info: { number: number }): number => order.push(`error ${info.number}`);
    connection.on("infoMessage", onInfo);
    connection.on("errorMessage", onError);
    request.on("requestCompleted", () => {
      connection.off("infoMessage", onInfo);
      connection.off("errorMessage", onError);
    });
    prepare(request);
    connection[method](request);
  });
}

/** Polls until the condition holds; fails after 5 seconds, saying what was waited for. */
export async function eventually(what: string, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`Within 5 s this did not happen: ${what}.`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
