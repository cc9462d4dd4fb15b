/** Tells drift to whoever asked for it by the environment: from what the handlers themselves have seen. */
import { driftOf } from "../estate/drift/drift";
import { DRIFT_VARIABLE, writeDrift } from "../estate/drift/drift-file";
import { lastDone } from "../estate/drift/last-done";
import type { PoolRun, Seen } from "../estate/pool-run";
import { reportsVariable } from "./runtime";

/** Writes the drift of a pool where the run is a drift run, and does nothing otherwise. Throws REPORT_NOT_WRITTEN. */
export function tellDrift({ desired }: PoolRun, seen: Seen, stack: string): void {
  const folder = process.env[DRIFT_VARIABLE];
  if (folder === undefined || folder === "") return;
  const done = lastDone(desired.pool.name, stack, process.env[reportsVariable]);
  writeDrift(folder, driftOf(seen, desired, { stack, time: new Date().toISOString(), lastDone: done }));
}
