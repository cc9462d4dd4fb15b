/** Instances of a rule behind a port of their own, and what tedious is told at a login. */
import { Connection } from "tedious";
import type { ConnectionConfiguration } from "tedious";
import { loadOrCreateCertificate } from "../../../lab/tds/certificate";
import { serve, type TdsServerOptions } from "../../../lab/tds/server";
import { connect } from "../tds-clients";
import type { RuleEstate } from "./support";

interface Login {
  readonly userName: string;
  readonly password: string;
}

/** A Windows account offers its credentials instead of a password. */
interface Credentials extends Login {
  readonly domain: string;
}

/** An error token as tedious tells it. */
export interface ToldError {
  readonly number: number;
  readonly state: number;
  readonly class: number;
  readonly message: string;
}

/** What arrived from the beginning of a connection to the end of the login. */
export interface Told {
  readonly errors: readonly ToldError[];
  /** Numbers of the information messages. */
  readonly information: readonly number[];
  /** ENVCHANGE. */
  readonly changes: readonly string[];
}

async function serving(
  estate: RuleEstate,
  on: string | undefined,
  options: TdsServerOptions,
  use: (port: number) => Promise<void>,
): Promise<void> {
  const server = await serve(await estate.instance(on), options);
  try {
    await use(server.port);
  } finally {
    await server.close();
  }
}

/** Serves an instance without TLS during `use`. */
export function served(estate: RuleEstate, use: (port: number) => Promise<void>, on?: string): Promise<void> {
  return serving(estate, on, { encryption: "notSupported" }, use);
}

/** Serves the default instance with a certificate during `use`. */
export async function encrypted(
  estate: RuleEstate,
  encryption: "off" | "required",
  use: (port: number) => Promise<void>,
): Promise<void> {
  const { directory } = await estate.instance();
  await serving(
    estate,
    undefined,
    { encryption, certificate: await loadOrCreateCertificate(directory, ["localhost"]) },
    use,
  );
}

/** A connection during `use`. */
export async function open(
  port: number,
  login: Login,
  options: ConnectionConfiguration["options"],
  use: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await connect(port, options, login);
  const ended = new Promise((resolve) => connection.once("end", resolve));
  try {
    await use(connection);
  } finally {
    connection.close();
    await ended;
  }
}

/** Logs in and out again, whatever the server says. */
export function attempt(
  port: number,
  login: Login | Credentials,
  options: ConnectionConfiguration["options"] = {},
): Promise<Told> {
  const connection = new Connection({
    server: "127.0.0.1",
    authentication: "domain" in login ? { type: "ntlm", options: login } : { type: "default", options: login },
    options: { port, encrypt: false, trustServerCertificate: true, ...options },
  });
  const errors: ToldError[] = [];
  const information: number[] = [];
  const changes: string[] = [];
  connection.on("errorMessage", (error: ToldError) => void errors.push(error));
  connection.on("infoMessage", (message: ToldError) => void information.push(message.number));
  connection.on("databaseChange", (name: string) => void changes.push(`database ${name}`));
  connection.on("languageChange", (name: string) => void changes.push(`language ${name}`));
  connection.on("error", () => undefined);
  return new Promise((resolve) => {
    connection.on("end", () => resolve({ errors, information, changes }));
    connection.connect((error) => {
      if (connection.databaseCollation !== undefined) changes.push("collation");
      if (error === undefined) connection.close();
    });
  });
}
