/** A plan on its way from a review to its execution: what was seen when it was made, and what has moved since. Pure. */
import { z } from "zod";
import { aligned } from "../estate/discover/report";
import type { PlannedStep, Preview, PropertyChange } from "./preview-json";

const changeSchema = z.object({ path: z.string(), now: z.string().optional(), then: z.string().optional() });

/** The file beside Pulumi's plan. */
export const promotionSchema = z.object({
  /** Of this form. */
  version: z.literal(1),
  stack: z.string(),
  /** SHA-256 of Pulumi's plan file, in hexadecimal digits. */
  plan: z.string(),
  /** When it was made, for people. */
  made: z.string(),
  steps: z.array(z.object({ resource: z.string(), operation: z.string(), changes: z.array(changeSchema) })),
});

export type Promotion = z.output<typeof promotionSchema>;

/** One thing that is not as it was when the plan was made. */
export interface Moved {
  readonly resource: string;
  /** A property; `desired <property>` where the configuration moved; `operation` for the step as a whole. */
  readonly what: string;
  readonly planned: string;
  readonly found: string;
}

const NONE = "none";

/** What moved between two previews: steps that came or went, and properties whose present or desired value differs. */
export function movedSince(planned: readonly PlannedStep[], present: readonly PlannedStep[]): Moved[] {
  const names = [...new Set([...planned, ...present].map((step) => step.resource))];
  return names.flatMap((resource) => {
    const before = planned.find((step) => step.resource === resource);
    const after = present.find((step) => step.resource === resource);
    const operations = differing(resource, "operation", before?.operation, after?.operation);
    const paths = [...(before?.changes ?? []), ...(after?.changes ?? [])].map((change) => change.path);
    return [
      ...operations,
      ...[...new Set(paths)].sort().flatMap((path) => {
        const [left, right] = [before, after].map((step) => step?.changes.find((change) => change.path === path));
        // A property that is as desired stands in neither: what it is then, the other side tells.
        return [
          ...differing(resource, path, (left ?? swapped(right))?.now, (right ?? swapped(left))?.now),
          ...(left === undefined || right === undefined
            ? []
            : differing(resource, `desired ${path}`, left.then, right.then)),
        ];
      }),
    ];
  });
}

function swapped(change: PropertyChange | undefined): PropertyChange | undefined {
  return change === undefined ? undefined : { path: change.path, now: change.then };
}

function differing(resource: string, what: string, planned: string | undefined, found: string | undefined): Moved[] {
  return planned === found ? [] : [{ resource, what, planned: planned ?? NONE, found: found ?? NONE }];
}

/** The differences as rows under each other. */
export function movedLines(moved: readonly Moved[]): string[] {
  return aligned([
    ["RESOURCE", "WHAT", "WHEN PLANNED", "NOW"],
    ...moved.map(({ resource, what, planned, found }) => [resource, what, planned, found]),
  ]);
}

/**
 * The plan as a review reads it: Markdown, in which everything that the estate said stands in one fenced block. Of a preview that
 * failed there is no plan, and what it says is why.
 * @param code the CLI's exit code
 */
export function planMarkdown(stack: string, preview: Preview, code: number): string {
  const plans = preview.messages.filter((message) => message.severity === "info");
  const told = new Set(plans.flatMap(({ text }) => text.split("\n")));
  // Preflight's plan ends with its findings; those that stop it come once more as the CLI's errors.
  const others = preview.messages.filter(
    ({ severity, text }) => severity !== "info" && !told.has(`${severity}: ${text}`),
  );
  const changed = preview.steps.flatMap((step) =>
    step.operation === "update"
      ? step.changes.map((change) => [step.resource, change.path, change.now ?? NONE, `=> ${change.then ?? NONE}`])
      : [[step.resource, step.operation]],
  );
  const parts = [
    plans.flatMap(({ text }) => text.split("\n")),
    changed.length > 0 ? aligned(changed) : code === 0 ? ["No resource changes."] : [],
    others.flatMap(({ severity, text }) => `${severity}: ${text}`.split("\n")),
  ];
  const lines = parts.filter((part) => part.length > 0).flatMap((part, at) => (at === 0 ? part : ["", ...part]));
  const fence = "`".repeat(Math.max(3, ...lines.map((line) => longestRun(line) + 1)));
  const title = `### Persistent Chat, stack ${stack}${code === 0 ? "" : `: no plan, the preview failed (exit code ${String(code)})`}`;
  return [title, "", `${fence}text`, ...lines, fence, ""].join("\n");
}

function longestRun(line: string): number {
  return Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length));
}
