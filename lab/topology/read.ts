/** Reads a topology file. */
import { readFileSync } from "node:fs";
import { LabError } from "../control-commands";
import { brokenRules } from "./rules";
import { type Problem, problemsOf } from "./problems";
import { topologySchema, type TopologyDocument } from "./schema";

const HINT = "docs/lab.md describes the file; docs/topology-example.json is one.";

/** A topology file's content, or what is wrong with it: every mistake at once. */
export function checkTopology(
  raw: unknown,
): { readonly document: TopologyDocument } | { readonly problems: readonly Problem[] } {
  const result = topologySchema.safeParse(raw);
  if (!result.success) return { problems: problemsOf(result.error.issues, raw) };
  const problems = brokenRules(result.data);
  return problems.length === 0 ? { document: result.data } : { problems };
}

/** The checked content of a file. Throws LabError: not there, not JSON, or all its mistakes with their paths. */
export function readTopology(path: string): TopologyDocument {
  let raw: unknown;
  try {
    raw = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new LabError(
      `${path} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`,
      HINT,
    );
  }
  const checked = checkTopology(raw);
  if ("document" in checked) return checked.document;
  const lines = checked.problems.map(
    ({ path: at, found, expected }) => `  ${at}: expected ${expected}; found ${found}`,
  );
  throw new LabError(`${path} has ${String(lines.length)} mistakes:\n${lines.join("\n")}`, HINT);
}
