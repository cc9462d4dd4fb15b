/** Queries on a running lab with the client that the product uses. */
import { ConnectionPool } from "mssql";
import type { InstanceDescription } from "../../lab/control-commands";

export type ResultRow = Readonly<Record<string, unknown>>;

/** Runs one batch in a connection of its own; answers the rows of the first result set. Throws what mssql throws. */
export async function query(
  { host, port, user, password }: InstanceDescription,
  text: string,
  database = "master",
): Promise<readonly ResultRow[]> {
  const pool = await new ConnectionPool({
    server: host,
    port,
    user,
    password,
    database,
    pool: { max: 1 },
    options: { encrypt: true, trustServerCertificate: true },
    requestTimeout: 60_000,
  }).connect();
  try {
    const result = await pool.request().batch<ResultRow>(text);
    return result.recordsets[0] ?? [];
  } finally {
    await pool.close();
  }
}

/** The first column of the first row. */
export async function value(instance: InstanceDescription, text: string, database = "master"): Promise<unknown> {
  const [row] = await query(instance, text, database);
  return Object.values(row ?? {})[0] ?? null;
}

/** Polls until the condition holds. Throws after `within` milliseconds, with what was seen last. */
export async function until<Value>(
  what: string,
  look: () => Promise<Value>,
  holds: (seen: Value) => boolean,
  within = 20_000,
): Promise<Value> {
  const deadline = Date.now() + within;
  for (;;) {
    const seen = await look();
    if (holds(seen)) return seen;
    if (Date.now() > deadline)
      throw new Error(`${what}: not within ${String(within)} ms; seen ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
