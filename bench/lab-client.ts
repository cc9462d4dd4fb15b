/** A client of one of the lab's instances for a measurement: no time limit, one connection. */
import { ConnectionPool } from "mssql";
import type { LabInstance } from "../tools/lab-configuration";

/** Connects to master. Close it. */
export async function openClient(instance: LabInstance): Promise<ConnectionPool> {
  const pool = new ConnectionPool({
    server: instance.host,
    port: instance.port,
    user: instance.user,
    password: instance.password,
    database: "master",
    requestTimeout: 0,
    options: { encrypt: false, trustServerCertificate: true },
    pool: { max: 1 },
  });
  return pool.connect();
}

/** Runs a batch; answers how long it took, in seconds. */
export async function timed(pool: ConnectionPool, batch: string): Promise<number> {
  const began = performance.now();
  await pool.batch(batch);
  return (performance.now() - began) / 1000;
}
