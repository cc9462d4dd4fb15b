/**
 * How a drift report leaves the provider process: as a file per pool, in the folder that the environment names. The process
 * that runs the CLI reads it; the report is then of the very observation and plan that Pulumi's own output came from.
 */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DrError } from "../errors";
import type { Drift } from "./drift-types";

/** Environment variable with the folder; nothing is written where it is not set. */
export const DRIFT_VARIABLE = "PERSISTENT_CHAT_DR_DRIFT";

/** Writes the report of a pool, over an earlier one of the same run. Throws REPORT_NOT_WRITTEN. */
export function writeDrift(folder: string, drift: Drift): void {
  // `pool.name` is lower-case letters, digits and hyphens.
  const path = join(folder, `${drift.pool}.json`);
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, JSON.stringify(drift, undefined, 2), { mode: 0o640 });
  } catch (thrown) {
    throw new DrError({
      code: "REPORT_NOT_WRITTEN",
      summary: thrown instanceof Error ? thrown.message : String(thrown),
      where: path,
      expected: `a folder that this account may write (${DRIFT_VARIABLE})`,
      hint: "Nothing of the estate is affected; correct the folder's rights or free some space.",
      cause: thrown,
    });
  }
}

/** The reports in a folder that was new before the run, by pool: this version of ours has written them. */
export function readDrifts(folder: string): readonly Drift[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as Drift);
}
