/** What `pulumi preview --json` says, as far as our own commands read it. Pure. */
import { z } from "zod";
import { plainMessage } from "../estate/cli-message";
import { printable } from "../estate/printable";

const stateSchema = z.object({ inputs: z.record(z.string(), z.unknown()).optional() }).nullish();
const previewSchema = z.object({
  steps: z
    .array(z.object({ op: z.string(), urn: z.string(), oldState: stateSchema, newState: stateSchema }))
    .default([]),
  diagnostics: z.array(z.object({ urn: z.string().optional(), message: z.string(), severity: z.string() })).default([]),
});

/** A property of a resource: as the estate has it, and as it will have it. Absent: there is none. */
export interface PropertyChange {
  /** `secondary.thresholdMinutes`; a list is one property. */
  readonly path: string;
  readonly now?: string;
  readonly then?: string;
}

/** A resource that an `up` would touch. */
export interface PlannedStep {
  /** Name of the resource, e.g. `lyncpc-log-shipping`. */
  readonly resource: string;
  /** `create`, `update`, `delete`, … */
  readonly operation: string;
  /** Sorted by path. Of a resource that is created, every property. */
  readonly changes: readonly PropertyChange[];
}

/** A preview as it is compared and shown. */
export interface Preview {
  readonly steps: readonly PlannedStep[];
  /** What the resources said under their names, in order: Preflight's plan and findings first of all. */
  readonly messages: readonly { readonly severity: string; readonly text: string }[];
}

/** Operations that touch nothing. */
const IDLE = new Set(["same", "refresh", "read"]);

/** Not of the estate: the stored provider, and texts that tell why a step is open. */
const INTERNAL = new Set(["__provider", "step"]);

/** Reads the output. Throws when it is none of a preview: the CLI then failed before it had one. */
export function previewOf(output: string): Preview {
  const { steps, diagnostics } = previewSchema.parse(JSON.parse(output));
  return {
    steps: steps
      .filter((step) => !IDLE.has(step.op))
      .map(({ op, urn, oldState, newState }) => ({
        resource: urn.slice(urn.lastIndexOf("::") + 2),
        operation: op,
        changes: changes(leaves(oldState?.inputs), leaves(newState?.inputs)),
      })),
    messages: diagnostics.map(({ severity, message }) => ({
      severity,
      text: printableLines(severity === "error" ? plainMessage(message) : message),
    })),
  };
}

/** What a preview that failed said beside its output, or instead of it. */
export function failureMessages(output: string): Preview["messages"] {
  return output.trim() === "" ? [] : [{ severity: "error", text: printableLines(plainMessage(output)) }];
}

function printableLines(text: string): string {
  return text
    .trimEnd()
    .split("\n")
    .map((line) => printable(line))
    .join("\n");
}

function changes(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): PropertyChange[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [now, then] = [before.get(path), after.get(path)];
    if (now === then) return [];
    return [{ path, ...(now === undefined ? {} : { now }), ...(then === undefined ? {} : { then }) }];
  });
}

function leaves(inputs: Readonly<Record<string, unknown>> | undefined): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const walk = (value: unknown, path: string): void => {
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      for (const [key, member] of Object.entries(value)) walk(member, `${path}.${key}`);
    else found.set(path, printable(JSON.stringify(value) ?? "null"));
  };
  for (const [key, value] of Object.entries(inputs ?? {})) if (!INTERNAL.has(key)) walk(value, key);
  return found;
}
