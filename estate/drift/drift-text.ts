/** A drift run as text for people: a table per pool, then what could not be read and what a person does. Pure. */
import type { InputValue } from "../plan-inputs";
import { serverText } from "../plan-steps";
import { printable } from "../printable";
import type { DriftRun } from "./drift-outcome";
import { type Drift, type DriftRow, severities, type Severity, type Since } from "./drift-types";

/** Colours a text by severity, or returns it as it is where nobody sees colours. */
export type Paint = (severity: Severity, text: string) => string;

/** A longer cell breaks its column for its own line only, not for all of them. */
const widestCell = 48;

const headings = ["Severity", "Step", "Resource", "Property", "Desired", "Observed", "Since", "Mended by"] as const;

/** The whole run, line by line. */
export function driftLines(run: DriftRun, paint: Paint = (_severity, text) => text): readonly string[] {
  return [
    ...run.pools.flatMap((drift) => poolLines(drift, paint)),
    ...stateLines(run),
    ...(run.outcome === "unknown" ? run.preview.errors.flatMap(errorLines) : []),
    `Stack ${run.stack}: ${outcomeText(run)}`,
  ];
}

// The lines of an error stay lines; what a server wrote into them does not rule the terminal.
function errorLines(error: string): string[] {
  return error.split("\n").map((line, at) => (at === 0 ? `error: ${printable(line)}` : `  ${printable(line)}`));
}

function outcomeText({ outcome }: DriftRun): string {
  switch (outcome) {
    case "clean":
      return "clean: everything was read and is as desired.";
    case "drift":
      return "drift.";
    case "unknown":
      return "could not tell.";
  }
}

function poolLines(drift: Drift, paint: Paint): string[] {
  return [
    `Pool ${drift.pool}, ${drift.authority}`,
    ...(drift.rows.length === 0 ? [] : [`  ${countText(drift.rows)}`, ...tableLines(drift.rows, paint)]),
    ...hintLines(drift.rows),
    ...drift.unread.map(({ what, address, message, code }) => `  not read: ${what} (${address}): ${message} [${code}]`),
    ...(drift.attended === "" ? [] : [`  an unattended up refuses this: it would ${drift.attended}`]),
    "",
  ];
}

function countText(rows: readonly DriftRow[]): string {
  const counts = severities
    .map((severity) => [severity, rows.filter((row) => row.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${String(count)} ${severity}`);
  return `${String(rows.length)} ${rows.length === 1 ? "difference" : "differences"}: ${counts.join(", ")}`;
}

function tableLines(rows: readonly DriftRow[], paint: Paint): string[] {
  const cells = rows.map((row) => [
    row.severity,
    row.step,
    row.resource,
    row.property,
    valueText(row.property, row.desired),
    valueText(row.property, row.observed),
    sinceText(row.since),
    row.mendedBy,
  ]);
  const widths = headings.map((heading, column) =>
    Math.max(
      heading.length,
      ...cells.map((line) => (line[column] ?? "").length).filter((length) => length <= widestCell),
    ),
  );
  const aligned = (line: readonly string[]): string =>
    `  ${line.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd();
  return [aligned(headings), ...rows.map((row, at) => paint(row.severity, aligned(cells[at] ?? [])))];
}

// The same advice for several differences stands once.
function hintLines(rows: readonly DriftRow[]): string[] {
  const hints = new Set(rows.map((row) => row.hint).filter((hint) => hint !== ""));
  return [...hints].map((hint) => `  by hand: ${printable(hint)}`);
}

function stateLines({ preview }: DriftRun): string[] {
  if (preview.state.length === 0) return [];
  const lines = preview.state.map(({ resource, operation }) => `  ${operation.padEnd(8)}${resource}`);
  return ["The stack's state does not hold what the program has (an up with adopt only records):", ...lines, ""];
}

/** A value in one cell; servers by their first labels where all are of one domain. Texts of the estate are hostile. */
function valueText(property: string, value: InputValue): string {
  if (Array.isArray(value)) {
    const texts = (value as readonly InputValue[]).map(String);
    if (property === "activeServers") return printable(serverText(texts), 400);
    return texts.length === 0 ? "none" : printable(texts.join(" and "), 400);
  }
  return printable(typeof value === "object" ? JSON.stringify(value) : String(value), 400);
}

/** `2026-10-01 02:13:05 (SQL-B1)`, `after 2026-09-30 04:00:00 (UTC)`, or `unknown`. */
function sinceText(since: Since | null): string {
  if (since === null) return "unknown";
  const time = since.time.slice(0, 19).replace("T", " ");
  return `${since.relation === "after" ? "after " : ""}${time} (${since.clock})`;
}
