/** What a measurement found, and how it is shown: an aligned table or JSON. */

/** One line: what was done, how often, how fast, and what the daemon took for it. */
export interface Figure {
  readonly what: string;
  /** Seconds of each run. */
  readonly seconds: readonly number[];
  /** Of the median run. */
  readonly perSecond: { readonly amount: number; readonly unit: "MiB" | "rows" };
  /** Median over the runs of its time divided by the time of what it is compared with, done just before it. */
  readonly ratio?: { readonly value: number; readonly to: string };
  /** Peak resident set of the daemon over all runs, and the highest before any of them, in MiB. */
  readonly memory?: { readonly before: number; readonly peak: number };
}

/** Several lines with what they were measured on. */
export interface Measurement {
  readonly name: string;
  readonly date: string;
  readonly machine: { readonly cores: number; readonly memoryGiB: number; readonly node: string };
  readonly conditions: Readonly<Record<string, string | number>>;
  readonly figures: readonly Figure[];
}

/** Middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low, high] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  if (low === undefined || high === undefined) throw new Error("The median of no values was asked for.");
  return (low + high) / 2;
}

/** The table for people. */
export function figuresText({ name, date, machine, conditions, figures }: Measurement): string {
  const stated = Object.entries(conditions).map(([key, value]) => `${key} ${String(value)}`);
  const head = [
    `${name}, ${date}`,
    `${String(machine.cores)} cores, ${machine.memoryGiB.toFixed(0)} GiB, Node ${machine.node}; ${stated.join(", ")}`,
    "",
  ];
  const rows = figures.map(({ what, seconds, perSecond, ratio, memory }) => [
    what,
    median(seconds).toFixed(2),
    `${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}`,
    `${perSecond.amount.toFixed(0)} ${perSecond.unit}`,
    ratio === undefined ? "" : `${ratio.value.toFixed(2)} x ${ratio.to}`,
    memory === undefined ? "" : `${memory.before.toFixed(0)} to ${memory.peak.toFixed(0)}`,
  ]);
  return [...head, ...aligned([["", "SECONDS", "FROM TO", "A SECOND", "RATIO", "DAEMON MIB"], ...rows])].join("\n");
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}
