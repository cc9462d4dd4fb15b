/** A mistake in the configuration, and how zod's issues become such mistakes. */
import type { z } from "zod";

/** One mistake: where it stands, what stands there (never a secret) and what would be right. */
export interface Problem {
  /** `pools[0].primary.principal.host` */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
}

const secretKey = /password|secret|credential|token/i;

/** zod's issues as problems; an issue about several unknown keys becomes one problem for each. */
export function problemsOf(issues: readonly z.core.$ZodIssue[], raw: unknown): Problem[] {
  return issues.flatMap((issue) => problemsOfIssue(issue, issue.path, raw));
}

/** A property path in the form that JavaScript writes it. */
export function pathText(path: readonly PropertyKey[]): string {
  const parts = path.map((key, at) => (typeof key === "number" ? `[${key}]` : `${at === 0 ? "" : "."}${String(key)}`));
  return parts.join("") || "configuration";
}

/** What stands at a path, short and without secrets: the text that goes behind "found". */
export function foundText(path: readonly PropertyKey[], value: unknown): string {
  if (value === undefined) return "nothing";
  if (path.some((key) => secretKey.test(String(key)))) return "a value that is not shown";
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const written = JSON.stringify(value) ?? typeof value;
  // An address may carry a password in front of its host.
  const masked = written.replace(/(\/\/)[^/@"]*@/, "$1…@");
  return masked.length > 120 ? `${masked.slice(0, 117)}…` : masked;
}

/** The known key that a misspelt one most likely means; undefined when none is near. */
export function nearestKey(unknown: string, known: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let least = Math.max(2, Math.floor(unknown.length / 3)) + 1;
  for (const key of known) {
    const distance = editDistance(unknown.toLowerCase(), key.toLowerCase());
    if (distance < least) [nearest, least] = [key, distance];
  }
  return nearest;
}

function problemsOfIssue(issue: z.core.$ZodIssue, path: readonly PropertyKey[], raw: unknown): Problem[] {
  if (issue.code === "unrecognized_keys") {
    const known = issue.message.split(", ");
    return issue.keys.map((key) => ({
      path: pathText([...path, key]),
      found: "a key that is not known",
      expected: expectedKey(key, known),
    }));
  }
  if (issue.code === "invalid_union") {
    // The member that got furthest is the one that was meant: an object's own mistakes, not "a string or an object".
    const inner = issue.errors.find((errors) =>
      errors.some((one) => one.path.length > 0 || one.code === "unrecognized_keys"),
    );
    if (inner) return inner.flatMap((one) => problemsOfIssue(one, [...path, ...one.path], raw));
  }
  return [{ path: pathText(path), found: foundText(path, valueAt(raw, path)), expected: issue.message }];
}

function expectedKey(key: string, known: readonly string[]): string {
  const nearest = nearestKey(key, known);
  return nearest === undefined ? `one of ${known.join(", ")}` : `${nearest} (known: ${known.join(", ")})`;
}

/** The value at a path of some unknown value; undefined where the path ends early. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (at, key) => (typeof at === "object" && at !== null ? (at as Record<PropertyKey, unknown>)[key] : undefined),
    value,
  );
}

// Levenshtein's distance, one row at a time.
function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, at) => at);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[right.length] ?? 0;
}
