/** A mistake in a topology file, and how zod's issues become such mistakes. */
import type { z } from "zod";

export interface Problem {
  /** `pools[0].primary.content.principal` */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

/** A property path as JavaScript writes it. */
export function pathText(path: readonly PropertyKey[]): string {
  const parts = path.map((key, at) =>
    typeof key === "number" ? `[${String(key)}]` : `${at === 0 ? "" : "."}${String(key)}`,
  );
  return parts.join("") || "the file";
}

/** zod's issues; one about several unknown keys becomes a problem for each. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], raw: unknown): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => ({
        path: pathText([...issue.path, key]),
        found: "a key that is not known",
        expected: `one of ${issue.message}`,
      }));
    return [{ path: pathText(issue.path), found: foundText(valueAt(raw, issue.path)), expected: issue.message }];
  });
}

function foundText(value: unknown): string {
  if (value === undefined) return "nothing";
  if (Array.isArray(value)) return `a list of ${String(value.length)}`;
  if (typeof value === "object" && value !== null) return "an object";
  return JSON.stringify(value).slice(0, 120);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
}
