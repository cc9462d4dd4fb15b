/**
 * The pinned Pulumi CLI: found in the npm launcher's own folder, else downloaded, else built from Go modules into it.
 * Whatever fills that folder makes `npx pulumi` and the Automation API work (launcher: `lib/cache.js`).
 */
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { accessSync, chmodSync, constants, copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { version } from "pulumi/package.json";

/** The top folder of the checkout. */
export const projectDirectory = join(__dirname, "..");

const windows = process.platform === "win32";
const exe = windows ? ".exe" : "";

/** How long the download may take to say a first word, in milliseconds. */
const downloadPatience = 5_000;

/** Folder that holds this version of the CLI and its language host, as the launcher computes it. */
export function cliDirectory(): string {
  return join(process.env["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "versions", version, "bin");
}

/** The CLI binary itself: our own commands start it, because the npm launcher passes no signals on. */
export function cliPath(): string {
  return join(cliDirectory(), `pulumi${exe}`);
}

/** The environment in which the CLI finds itself, its language host and this project's Node. */
export function cliEnvironment(base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const path = [cliDirectory(), join(projectDirectory, "node_modules", ".bin"), base["PATH"] ?? base["Path"] ?? ""];
  return { ...base, PATH: path.join(delimiter), PULUMI_SKIP_UPDATE_CHECK: "true" };
}

function isComplete(directory: string): boolean {
  const parts = [
    `pulumi${exe}`,
    `pulumi-language-nodejs${exe}`,
    `pulumi-resource-pulumi-nodejs${windows ? ".cmd" : ""}`,
  ];
  try {
    for (const part of parts) accessSync(join(directory, part), constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What could not be had, and the ways out. */
export class CliMissing extends Error {
  constructor(reasons: readonly string[]) {
    super(
      [
        `Pulumi CLI ${version} is not in ${cliDirectory()} and could not be put there:`,
        ...reasons.map((reason) => `  - ${reason}`),
        "Three ways out:",
        "  1. let this machine reach the internet once, then run: npm run cli",
        "  2. install Go 1.25 or newer with a reachable module proxy, then run: npm run cli",
        `  3. unpack the official release ${version} so that its binaries lie in the folder named above`,
      ].join("\n"),
    );
    this.name = "CliMissing";
  }
}

/** A way to get the CLI: fills `<root>/bin`, or throws why it cannot. */
export type Way = (root: string, say: (line: string) => void) => Promise<void>;

/**
 * Makes sure that the pinned CLI is there; answers its path. Works in a folder of its own and moves it in place at the
 * end, so that a half-built folder is never taken for a whole one. Throws CliMissing.
 * @param say where to tell what happens (standard error by default)
 * @param ways by name, in the order in which they are tried; unless given, the official download, then Go modules
 */
export async function ensureCli(
  say: (line: string) => void = (line) => process.stderr.write(`${line}\n`),
  ways: Readonly<Record<string, Way>> = { download, build },
): Promise<string> {
  const directory = cliDirectory();
  if (isComplete(directory)) return cliPath();
  const reasons: string[] = [];
  for (const [name, provide] of Object.entries(ways)) {
    const root = join(directory, "..", "..", `.${version}-${name}-${String(process.pid)}`);
    mkdirSync(join(root, "bin"), { recursive: true });
    try {
      await provide(root, say);
      if (!isComplete(join(root, "bin"))) throw new Error("it ended without an error but left no complete folder");
      install(join(root, "bin"), directory);
      return cliPath();
    } catch (error) {
      reasons.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
  throw new CliMissing(reasons);
}

/** Moves a finished folder in place; another process may have been faster, then its folder stays. */
function install(from: string, to: string): void {
  if (isComplete(to)) return;
  mkdirSync(join(to, ".."), { recursive: true });
  rmSync(to, { recursive: true, force: true });
  renameSync(from, to);
}

/** The npm launcher's own installer (pinned version; it has no types). */
interface Launcher {
  installCLI(version: string, root: string, io: { fetchText(url: string): Promise<string> }): Promise<void>;
}

async function download(root: string, say: (line: string) => void): Promise<void> {
  const launcher = createRequire(__filename)("pulumi/lib/download.js") as Launcher;
  const fetchText = async (url: string): Promise<string> => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(downloadPatience) });
    if (!answer.ok) throw new Error(`HTTP ${String(answer.status)}`);
    say(`Downloading the Pulumi CLI ${version} into ${cliDirectory()} …`);
    return answer.text();
  };
  await launcher.installCLI(version, root, { fetchText });
}

async function build(root: string, say: (line: string) => void): Promise<void> {
  const go = spawnSync("go", ["version"], { encoding: "utf8" });
  if (go.status !== 0) throw new Error("Go is not on PATH");
  say(`The Pulumi CLI ${version} could not be downloaded. Building it from Go modules into ${cliDirectory()}:`);
  say("about three minutes, once per machine.");
  const sources = join(__dirname, "cli");
  const binaries = [
    ["pulumi", "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"],
    ["language-host", "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs"],
  ] as const;
  for (const [folder, target] of binaries) {
    const output = join(root, "bin", `${target.slice(target.lastIndexOf("/") + 1)}${exe}`);
    // Without this flag `pulumi version` prints nothing and the Automation API refuses the binary.
    const stamp = `-X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${version}`;
    await run("go", ["build", "-mod=readonly", "-ldflags", stamp, "-o", output, target], join(sources, folder));
  }
  const launcher = join(root, "bin", "pulumi-resource-pulumi-nodejs");
  if (windows) copyFileSync(join(sources, "dynamic-provider.cmd"), `${launcher}.cmd`);
  else {
    copyFileSync(join(sources, "dynamic-provider.sh"), launcher);
    chmodSync(launcher, 0o755);
  }
}

function run(command: string, args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ["ignore", "inherit", "inherit"] });
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args[0] ?? ""} ended with ${String(code)}`));
    });
  });
}

/** The version that the installed CLI says it is, e.g. "v3.259.0". */
export function installedVersion(): string | undefined {
  if (!existsSync(cliPath())) return undefined;
  return execFileSync(cliPath(), ["version"], { encoding: "utf8", env: cliEnvironment() }).trim();
}

if (require.main === module) {
  ensureCli().then(
    (path) => process.stdout.write(`Pulumi CLI ${version}: ${path}\n`),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      // After `npm ci` the rest of the project works without the CLI: the message is enough then.
      process.exitCode = process.env["npm_lifecycle_event"] === "postinstall" ? 0 : 1;
    },
  );
}
