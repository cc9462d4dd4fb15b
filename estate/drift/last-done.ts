/** Our own reports as evidence: when each step of a pool was last read back as desired. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { z } from "zod";
import { failbackKeys, failoverKeys, type StepKey } from "../plan-types";
import type { Since } from "./drift-types";

/** By step, the newest report at whose end the step was done. */
export type LastDone = ReadonlyMap<StepKey, Since>;

const stepKeys = [...new Set<StepKey>([...failbackKeys, ...failoverKeys])];

/** As many of the newest reports are read, so that a folder of years costs no time. */
const READ_AT_MOST = 50;

const reportSchema = z.object({
  stack: z.string(),
  pool: z.string(),
  ended: z.string().nullable(),
  outcome: z.enum(["running", "succeeded", "failed"]),
  summary: z.object({ left: z.array(z.string()) }),
});

/**
 * Reads the reports of a pool and a stack, newest first by their names. A file that is no report of this version is passed
 * over, and so is a folder that is not there: what no report tells is unknown, and that is no failure.
 * @param folder of the reports; `reports` below the current folder unless given
 */
export function lastDone(pool: string, stack: string, folder = "reports"): LastDone {
  const found = new Map<StepKey, Since>();
  for (const path of reportFiles(resolve(folder))) {
    const report = readReport(path);
    if (report?.pool !== pool || report.stack !== stack) continue;
    if (report.outcome !== "succeeded" || report.ended === null) continue;
    for (const key of stepKeys) {
      if (found.has(key) || report.summary.left.includes(key)) continue;
      found.set(key, { relation: "after", time: report.ended, clock: "UTC", source: path });
    }
    if (found.size === stepKeys.length) break;
  }
  return found;
}

function reportFiles(folder: string): string[] {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d{4}-.*\.json$/.test(name))
    .sort()
    .reverse()
    .slice(0, READ_AT_MOST)
    .map((name) => join(folder, name));
}

function readReport(path: string): z.output<typeof reportSchema> | undefined {
  try {
    return reportSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data;
  } catch {
    return undefined;
  }
}
