/** What the conformance clients need, kept in `.conformance` of the checkout so that a second run downloads nothing. */
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { projectDirectory } from "./pulumi-cli";

/** Ignored by git; may be removed at any time. */
export const cacheFolder = join(projectDirectory, ".conformance");

/** An artifact of Maven Central. */
export interface MavenArtifact {
  readonly group: string;
  readonly name: string;
  readonly version: string;
}

const virtualEnvironment = join(cacheFolder, "python");
/** Keeps compiled files of the cases out of the checkout. */
export const pythonEnvironment = { PYTHONDONTWRITEBYTECODE: "1" };
/** The interpreter with the clients' packages. */
const pythonExecutable = join(virtualEnvironment, "bin", "python");

/** Fails with `hint` where a program is missing. */
export async function requireProgram(file: string, args: readonly string[], hint: string): Promise<void> {
  try {
    await runQuietly(file, args);
  } catch (error) {
    throw new Error(`${file} is needed. ${hint}`, { cause: error });
  }
}

/** Installs packages into the virtual environment unless this very list is there; answers its interpreter. */
export async function installPythonPackages(packages: readonly string[], say: (line: string) => void): Promise<string> {
  await once(join(virtualEnvironment, `installed-${packages[0] ?? ""}`), packages.join("\n"), async () => {
    say(`installing ${packages.join(", ")} …`);
    if (!existsSync(pythonExecutable)) await runQuietly("python3", ["-m", "venv", virtualEnvironment]);
    await runQuietly(pythonExecutable, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages]);
  });
  return pythonExecutable;
}

/** Unpacks a wheel, without what it depends on, into a folder. */
export async function unpackWheel(requirement: string, folder: string): Promise<void> {
  const wheels = await mkdtemp(join(cacheFolder, "wheel-"));
  try {
    const options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"];
    await runQuietly(pythonExecutable, ["-m", "pip", "download", ...options, "--dest", wheels, requirement]);
    const [file] = await readdir(wheels);
    if (file === undefined) throw new Error(`pip ended well, but brought no wheel of ${requirement}.`);
    await runQuietly(pythonExecutable, ["-m", "zipfile", "-e", join(wheels, file), folder]);
  } finally {
    await rm(wheels, { recursive: true, force: true });
  }
}

/** The jar of an artifact, by Maven's own client. */
export async function installMavenArtifact(artifact: MavenArtifact, say: (line: string) => void): Promise<string> {
  const folder = join(cacheFolder, "maven");
  const jar = join(folder, `${artifact.name}-${artifact.version}.jar`);
  if (existsSync(jar)) return jar;
  await requireProgram("mvn", ["--version"], "Install Maven: apt-get install maven");
  say(`downloading ${artifact.name} ${artifact.version} …`);
  const coordinates = `${artifact.group}:${artifact.name}:${artifact.version}`;
  await runQuietly("mvn", [
    "--batch-mode",
    "--quiet",
    "dependency:copy",
    `-Dartifact=${coordinates}`,
    `-DoutputDirectory=${folder}`,
  ]);
  if (!existsSync(jar)) throw new Error(`Maven ended well, but there is no ${jar}.`);
  return jar;
}

/** Does `work` unless its mark, a file with this text, is there: written last, so that half a work is done again. */
export async function once(mark: string, text: string, work: () => Promise<void>): Promise<void> {
  if (existsSync(mark) && (await readFile(mark, "utf8")) === text) return;
  await work();
  await mkdir(dirname(mark), { recursive: true });
  await writeFile(`${mark}.new`, text);
  await rename(`${mark}.new`, mark);
}

/** Runs a program to its end. @throws Error with what it printed */
export function runQuietly(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const collect = (chunk: Buffer): void => {
    output += chunk.toString("utf8");
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${file} ${args.join(" ")} ended with ${signal ?? String(code)}:\n${output.trim()}`));
    });
  });
}
