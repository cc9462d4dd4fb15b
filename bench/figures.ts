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
  /** What it was to keep to, and whether it did; absent where nothing is aimed at. */
  readonly aim?: Aim & { readonly verdict: "within" | "over" };
}

/** What a figure is to keep to. */
export interface Aim {
  /** At most so many times what it is compared with. */
  readonly ratio: number;
  /** A peak below so many MiB; not judged where the system does not tell it. */
  readonly peakMiB: number;
}

/** The figure with the verdict on it. */
export function judged(figure: Figure, aim: Aim): Figure {
  const { ratio, memory } = figure;
  const isOver =
    (ratio !== undefined && ratio.value > aim.ratio) || (memory !== undefined && memory.peak >= aim.peakMiB);
  return { ...figure, aim: { ...aim, verdict: isOver ? "over" : "within" } };
}

/** Whether any figure missed its aim. */
export function isAnyOver(figures: readonly Figure[]): boolean {
  return figures.some(({ aim }) => aim?.verdict === "over");
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
  const rows = figures.map(({ what, seconds, perSecond, ratio, memory, aim }) => [
    what,
    median(seconds).toFixed(2),
    `${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}`,
    `${perSecond.amount.toFixed(0)} ${perSecond.unit}`,
    ratio === undefined ? "" : `${ratio.value.toFixed(2)} x ${ratio.to}`,
    memory === undefined ? "" : `${memory.before.toFixed(0)} to ${memory.peak.toFixed(0)}`,
    aim?.verdict ?? "",
  ]);
  const headings = ["", "SECONDS", "FROM TO", "A SECOND", "RATIO", "DAEMON MIB", "AIM"];
  // Nothing is aimed at in some measurements.
  const columns = figures.some(({ aim }) => aim !== undefined) ? headings.length : headings.length - 1;
  return [...head, ...aligned([headings, ...rows].map((row) => row.slice(0, columns)))].join("\n");
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
