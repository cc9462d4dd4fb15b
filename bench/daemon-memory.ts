/** How much memory a process takes, as Linux counts it: /proc/<pid>/status and clear_refs of proc(5). */
import { readFileSync, writeFileSync } from "node:fs";

/** Value for clear_refs that sets the peak back to the present resident set (proc(5)). */
const RESET_PEAK = "5";

/** Resident set of a process in MiB: now, and its peak since the last reset. */
export interface ResidentSet {
  readonly now: number;
  readonly peak: number;
}

/** Undefined where the system has no /proc of Linux. */
export function residentSet(pid: number): ResidentSet | undefined {
  if (process.platform !== "linux") return undefined;
  const status = readFileSync(`/proc/${String(pid)}/status`, "utf8");
  const of = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1024;
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

/** From now on the peak is counted anew. Does nothing where the system has no /proc of Linux. */
export function resetPeak(pid: number): void {
  if (process.platform === "linux") writeFileSync(`/proc/${String(pid)}/clear_refs`, RESET_PEAK);
}
