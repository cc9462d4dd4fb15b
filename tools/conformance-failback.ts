/**
 * `npm run conformance -- failback`: the real CLI brings a failed-over pool home on a lab of its own, then clients that others
 * wrote (python-tds, and FreeTDS's library under pymssql) judge what the estate holds, and Microsoft's parser every statement
 * that was sent.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPythonPackages, pythonEnvironment } from "./conformance-cache";
import { casesFolder, pythonPackages } from "./conformance-clients";
import { freePorts } from "./free-ports";
import { labConfiguration, labInstance, labSchema } from "./lab-configuration";
import { runLab } from "./lab-process";
import { LabStack } from "./lab-stack";
import { ensureCli } from "./pulumi-cli";

const portsOfLab = 5;

/** Answers 0 when the failback converged, every check passed and every statement parsed. */
export async function judgeFailback(
  say: (text: string) => void,
  parseJournals: (paths: readonly string[]) => Promise<number>,
): Promise<number> {
  await ensureCli(say);
  const python = await installPythonPackages(pythonPackages, say);
  const folder = mkdtempSync(join(tmpdir(), "persistent-chat-failback-"));
  const where = ["--port-base", String(await freePorts(portsOfLab)), "--directory", join(folder, "lab")];
  const json = join(folder, "lab.json");
  const fingerprint = join(folder, "before.json");
  const printed = await runLab(["up", "--json", "--scenario", "failed-over", ...where]);
  writeFileSync(json, printed, { mode: 0o600 });
  const lab = labSchema.parse(JSON.parse(printed));
  let stack: LabStack | undefined;
  try {
    stack = await LabStack.create(labConfiguration(lab), labInstance(lab, "primary").password);
    const read = (...args: string[]): Promise<number> => run(python, [join(casesFolder, "read_estate.py"), ...args]);
    if ((await read("fingerprint", json, fingerprint)) !== 0) return 1;
    for (const what of ["pulumi up", "pulumi up once more"]) {
      const up = await stack.up(...(what === "pulumi up" ? [] : ["--expect-no-changes"]));
      say(`${what}: ended with ${String(up.code)}`);
      if (up.code !== 0) {
        say(up.output);
        return 1;
      }
    }
    const judged = [
      await read("check", json, fingerprint),
      await read("check", json, fingerprint, "--client", "pymssql"),
    ];
    await runLab(["journal", "--json", ...where]);
    judged.push(await parseJournals([lab.journal]));
    return judged.every((code) => code === 0) ? 0 : 1;
  } finally {
    await runLab(["down", ...where]);
    stack?.remove();
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(file: string, args: readonly string[]): Promise<number> {
  const child = spawn(file, args, { env: { ...process.env, ...pythonEnvironment }, stdio: "inherit" });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}
