/**
 * `npm run drift -- --stack primary [--json]`: a plain preview with a refresh, and what it found, named property by
 * property. Ends with 0 for clean, 7 for drift, anything else for what could not be told. Changes nothing, and refuses
 * what an unattended run would refuse.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs, styleText } from "node:util";
import { DRIFT_VARIABLE, readDrifts } from "../estate/drift/drift-file";
import { type DriftRun, driftRun, type PreviewAnswer, previewAnswer } from "../estate/drift/drift-outcome";
import { driftLines, type Paint } from "../estate/drift/drift-text";
import { UNATTENDED_VARIABLE } from "../estate/run-mode";
import { labSettings } from "./env";
import { passSignals } from "./pass-signals";
import { cliPath, ensureCli } from "./pulumi-cli";

const usage = `npm run drift -- --stack <name> [--json]
  --stack, -s   stack whose estate is compared
  --json        the same as JSON
Exit code: 0 clean, 7 drift, anything else could not tell.`;

/** The plain command; every option of it may be typed by hand as well. */
function previewArguments(stack: string): string[] {
  return ["preview", "--stack", stack, "--refresh", "--expect-no-changes", "--json", "--non-interactive"];
}

/** One drift run. Passes this process's signals on, and waits for the CLI. */
async function run(stack: string): Promise<DriftRun> {
  const folder = mkdtempSync(join(tmpdir(), "persistent-chat-dr-drift-"));
  try {
    const preview = await previewOf(stack, folder);
    return driftRun(stack, preview, readDrifts(folder));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function previewOf(stack: string, folder: string): Promise<PreviewAnswer> {
  const child = spawn(cliPath(), [...previewArguments(stack), "--color", "never"], {
    env: { ...process.env, ...labSettings(), [DRIFT_VARIABLE]: folder, [UNATTENDED_VARIABLE]: "true" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const done = passSignals(child);
  let [output, errorOutput] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (errorOutput += chunk.toString("utf8")));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      done();
      resolve(previewAnswer(code, output, errorOutput));
    });
  });
}

const styles = { service: "red", protection: "yellow", cosmetic: "dim" } as const;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      stack: { type: "string", short: "s" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  if (values.stack === undefined) throw new Error(`which stack?\n${usage}`);
  await ensureCli();
  const found = await run(values.stack);
  // styleText looks at NO_COLOR and at the stream itself; a pipe gets plain text.
  const paint: Paint = (severity, text) => styleText(styles[severity], text, { stream: process.stdout });
  process.stdout.write(
    values.json ? `${JSON.stringify(found, undefined, 2)}\n` : `${driftLines(found, paint).join("\n")}\n`,
  );
  return found.exitCode;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
