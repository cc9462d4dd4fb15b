/** Where one SQL Server instance is and how to log in to it. */
import type { Configuration, InstanceConfiguration } from "../configuration";
import { DrError } from "../errors";

/** Environment variable that is asked for the SQL login's password before the stack's configuration is. */
export const SQL_PASSWORD_VARIABLE = "PERSISTENT_CHAT_DR_SQL_PASSWORD";

/** One instance as a client reaches it. Holds a password: never print or store one. */
export interface SqlEndpoint {
  /** @@SERVERNAME as configured. */
  readonly server: string;
  readonly host: string;
  /** TCP port; left out when `instance` is to be looked up through SQL Server Browser. */
  readonly port: number | undefined;
  readonly instance: string | undefined;
  readonly user: string;
  readonly password: string;
  readonly encrypt: boolean;
  readonly trustServerCertificate: boolean;
  readonly connectTimeoutSeconds: number;
  /** For reading statements; a destructive batch has no limit. */
  readonly requestTimeoutSeconds: number;
}

/**
 * The endpoint of a configured instance. The password comes from `environment` first, so that the old configuration that a
 * Pulumi refresh runs with and the new one use the same. Throws CONFIGURATION_INVALID when there is none.
 */
export function endpointOf(
  instance: InstanceConfiguration,
  configuration: Configuration,
  environment: NodeJS.ProcessEnv = process.env,
): SqlEndpoint {
  const { sql } = configuration;
  const password = environment[SQL_PASSWORD_VARIABLE] || configuration.sqlPassword;
  if (password === undefined) {
    throw new DrError({
      code: "CONFIGURATION_INVALID",
      summary: `no password for the SQL login "${sql.user}"`,
      where: instance.server,
      expected: `the environment variable ${SQL_PASSWORD_VARIABLE}, or the secret persistent-chat-dr:sqlPassword`,
      found: "neither",
      // A stack bears the name of the site that it makes active.
      hint: `Set the variable, or run: pulumi config set -s ${configuration.active} --secret persistent-chat-dr:sqlPassword`,
    });
  }
  return {
    server: instance.server,
    host: instance.host,
    port: instance.instance !== undefined && instance.port === undefined ? undefined : (instance.port ?? 1433),
    instance: instance.instance,
    user: sql.user,
    password,
    encrypt: sql.encrypt,
    trustServerCertificate: sql.trustServerCertificate,
    connectTimeoutSeconds: sql.connectTimeoutSeconds,
    requestTimeoutSeconds: sql.requestTimeoutSeconds,
  };
}

/** `127.0.0.1:14331`, or `sql-p1.contoso.com\RTC` for an instance that is looked up. */
export function addressOf(endpoint: Pick<SqlEndpoint, "host" | "port" | "instance">): string {
  return endpoint.port === undefined
    ? `${endpoint.host}\\${endpoint.instance ?? ""}`
    : `${endpoint.host}:${endpoint.port}`;
}

/** `SQL-P1 (127.0.0.1:14331)`: how every error names an instance. */
export function placeOf(endpoint: Pick<SqlEndpoint, "server" | "host" | "port" | "instance">): string {
  return `${endpoint.server} (${addressOf(endpoint)})`;
}
