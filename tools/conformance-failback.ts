/**
 * The real CLI brings a failed-over pool home on a lab of its own, then clients that others wrote (python-tds, and FreeTDS's
 * library under pymssql) judge what the estate holds.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPythonPackages, pythonEnvironment, runQuietly } from "./conformance-cache";
import { casesFolder, pythonPackages } from "./conformance-clients";
import type { CaseResult, PartResult } from "./conformance-report";
import { runCaseProgram } from "./conformance-run";
import { freePorts } from "./free-ports";
import { labConfiguration, labInstance, labSchema } from "./lab-configuration";
import { runLab } from "./lab-process";
import { LabStack } from "./lab-stack";
import { ensureCli } from "./pulumi-cli";

const portsOfLab = 5;
const readers = ["python-tds", "pymssql"];

/**
 * The failback's own cases and those of each reader.
 * @param useJournal gets the path of the lab's journal when the lab is down
 */
export async function judgeFailback(
  say: (text: string) => void,
  signal: AbortSignal,
  useJournal: (path: string) => void,
): Promise<PartResult[]> {
  await ensureCli(say);
  const python = await installPythonPackages(pythonPackages, say);
  const folder = mkdtempSync(join(tmpdir(), "persistent-chat-failback-"));
  const where = ["--port-base", String(await freePorts(portsOfLab)), "--directory", join(folder, "lab")];
  const [json, before] = [join(folder, "lab.json"), join(folder, "before.json")];
  const printed = await runLab(["up", "--json", "--scenario", "failed-over", ...where]);
  writeFileSync(json, printed, { mode: 0o600 });
  const lab = labSchema.parse(JSON.parse(printed));
  const script = join(casesFolder, "read_estate.py");
  let stack: LabStack | undefined;
  try {
    stack = await LabStack.create(labConfiguration(lab), labInstance(lab, "primary").password);
    await runQuietly(python, [script, "fingerprint", json, before], { environment: pythonEnvironment });
    const started = performance.now();
    const runs = await twoRuns(stack);
    const name = "Pulumi CLI, a failback";
    const version = (await stack.must(["version"])).trim();
    const parts: PartResult[] = [{ name, version, cases: runs, seconds: (performance.now() - started) / 1000 }];
    if (runs.some((one) => !one.passed)) return parts;
    for (const client of readers) {
      const args = [script, "check", json, before, "--client", client];
      const program = { file: python, args, environment: pythonEnvironment };
      parts.push(await runCaseProgram(program, { name: client, signal }));
    }
    return parts;
  } finally {
    await runLab(["down", ...where]);
    useJournal(lab.journal);
    stack?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function twoRuns(stack: LabStack): Promise<CaseResult[]> {
  const first = await stack.up();
  const cases = [caseOf("pulumi up", first)];
  if (first.code === 0) cases.push(caseOf("pulumi up once more, nothing to do", await stack.up("--expect-no-changes")));
  return cases;
}

function caseOf(name: string, result: { readonly code: number | null; readonly output: string }): CaseResult {
  const passed = result.code === 0;
  return { name, passed, found: passed ? "" : `ended with ${String(result.code)}:\n${result.output}` };
}
