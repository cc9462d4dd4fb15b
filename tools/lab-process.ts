/** The lab's command line as a child process, for the demo and the tests: the very commands that a user types. */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { type LabDescription, labSchema } from "./lab-configuration";
import { projectDirectory } from "./pulumi-cli";

/** Runs `npm run lab -- …` without npm in between; answers its standard output. Throws with what it said. */
export function runLab(args: readonly string[]): Promise<string> {
  const main = join(projectDirectory, "lab", "main.ts");
  const child = spawn(process.execPath, ["--require", "tsx/cjs", main, ...args], {
    cwd: projectDirectory,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString("utf8")));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`lab ${args.join(" ")} ended with ${String(code)}:\n${errors}${output}`));
    });
  });
}

/** Starts a lab and answers what it printed. */
export async function labUp(args: readonly string[]): Promise<LabDescription> {
  return labSchema.parse(JSON.parse(await runLab(["up", "--json", ...args])));
}
