/** What a conformance run found: a table for people, one JSON object for programs. */

/** One case; `found` says what was seen, or why it failed. */
export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  readonly found: string;
}

/** All cases of one client, reader or grammar, by the name and version that it gave itself. */
export interface PartResult {
  readonly name: string;
  readonly version: string;
  readonly cases: readonly CaseResult[];
  readonly seconds: number;
  /** What it has to say beyond its cases. */
  readonly note?: string;
}

/** A run that goes wrong altogether must stay readable. */
const shownFailures = 10;
const shownCharacters = 2_000;

const failedOf = (part: PartResult): readonly CaseResult[] => part.cases.filter((one) => !one.passed);

/** Cases that passed and that failed, of all parts. */
export function countsOf(parts: readonly PartResult[]): { readonly passed: number; readonly failed: number } {
  const cases = parts.flatMap((part) => part.cases);
  const failed = cases.filter((one) => !one.passed).length;
  return { passed: cases.length - failed, failed };
}

/** A line with the counts of a part, and what failed first; `--json` has all of it. */
export function summaryOf(part: PartResult): string {
  const { passed, failed } = countsOf([part]);
  const lines = failedOf(part)
    .slice(0, shownFailures)
    .map(({ name, found }) => `  ${name}: ${found.slice(0, shownCharacters)}`);
  if (failed > shownFailures) lines.push(`  … and ${String(failed - shownFailures)} more`);
  if (part.note !== undefined) lines.unshift(`  ${part.note}`);
  const who = `${part.name} ${part.version}`.trim();
  return [`${who}: ${String(passed)} cases passed, ${String(failed)} failed`, ...lines].join("\n");
}

/** One row per part, then the counts of all; no line of it reads as a test runner's own count. */
export function tableOf(parts: readonly PartResult[]): string {
  const rows = parts.map((part) => {
    const { passed, failed } = countsOf([part]);
    return [part.name, part.version, String(passed), String(failed), part.seconds.toFixed(1)];
  });
  const total = countsOf(parts);
  const seconds = parts.reduce((sum, part) => sum + part.seconds, 0);
  const all = [
    ["Who judged", "Version", "Passed", "Failed", "Seconds"],
    ...rows,
    ["", "", String(total.passed), String(total.failed), seconds.toFixed(1)],
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ")
      .trimEnd();
  const closing = `Conformance: ${String(total.passed)} cases passed, ${String(total.failed)} failed.`;
  return [...all.map(line), "", closing].join("\n");
}

/** What `--json` prints. */
export function jsonOf(parts: readonly PartResult[]): string {
  const shown = parts.map((part) => ({
    name: part.name,
    version: part.version,
    ...countsOf([part]),
    seconds: Math.round(part.seconds * 10) / 10,
    note: part.note,
    failures: failedOf(part).map(({ name, found }) => ({ name, found })),
  }));
  return JSON.stringify({ parts: shown, ...countsOf(parts) }, null, 2);
}
