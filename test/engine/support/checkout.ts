/** A copy of this checkout in a folder of its own, as a pipeline's runner or another person has one. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { type LabDescription, labInstance } from "../../../tools/lab-configuration";
import { cliEnvironment, cliPath, projectDirectory } from "../../../tools/pulumi-cli";

/** What a command ended with. */
export interface CommandResult {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** Not part of a checkout, or big: the installed packages are linked. */
const LEFT_OUT = new Set([
  "node_modules",
  ".git",
  ".lab",
  ".state",
  ".conformance",
  "reports",
  "promotion",
  "test",
  "lab",
]);

export class Checkout {
  readonly folder: string;
  /** Of every command: a backend and a passphrase of its own, and the lab's password. */
  readonly environment: NodeJS.ProcessEnv;
  readonly #root: string;

  private constructor(root: string, folder: string, environment: NodeJS.ProcessEnv) {
    this.#root = root;
    this.folder = folder;
    this.environment = environment;
  }

  static create(lab: LabDescription): Checkout {
    const root = mkdtempSync(join(tmpdir(), "persistent-chat-checkout-"));
    mkdirSync(join(root, "state"));
    const environment: NodeJS.ProcessEnv = {
      ...cliEnvironment(),
      PULUMI_BACKEND_URL: `file://${join(root, "state")}`,
      PULUMI_CONFIG_PASSPHRASE: "of one checkout",
      PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
      PULUMI_OPTION_STRICT: undefined,
      PULUMI_RUN_PROGRAM: undefined,
      PERSISTENT_CHAT_DR_REPORTS: undefined,
      PERSISTENT_CHAT_DR_SQL_PASSWORD: labInstance(lab, "primary").password,
    };
    return new Checkout(root, copied(projectDirectory, join(root, "checkout")), environment);
  }

  /** The same commit and configuration in another folder, with the same backend. */
  moved(name: string): Checkout {
    return new Checkout(this.#root, copied(this.folder, join(this.#root, name)), this.environment);
  }

  /** Points both stacks at the lab, by discovery, and makes the state of `primary`. */
  async configure(lab: LabDescription): Promise<CommandResult> {
    const addresses = lab.instances.flatMap(({ host, port }) => ["--sql", `${host}:${String(port)}`]);
    const [pool] = lab.pools;
    const found = await this.run("npm", [
      ...["run", "--silent", "discover", "--", "--shell", lab.shell.executable, ...addresses, "--force"],
      ...["--trust-server-certificate", "--backup-servers", pool?.machines.backup.join(",") ?? ""],
    ]);
    if (found.code !== 0) throw new Error(`discover ended with ${String(found.code)}:\n${found.errors}${found.output}`);
    const select = await this.pulumi("stack", "select", "--create", "primary");
    if (select.code !== 0) throw new Error(`no stack:\n${select.errors}`);
    return found;
  }

  pulumi(...args: readonly string[]): Promise<CommandResult> {
    return this.run(cliPath(), [...args, "--non-interactive", "--color", "never"]);
  }

  /** Runs a command in the checkout to its end. */
  run(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<CommandResult> {
    const child = spawn(command, args, {
      cwd: this.folder,
      env: { ...this.environment, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [output, errors] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (errors += chunk.toString()));
    return new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, output, errors }));
    });
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }
}

function copied(from: string, to: string): string {
  cpSync(from, to, { recursive: true, filter: (path) => path === from || !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(projectDirectory, "node_modules"), join(to, "node_modules"), "junction");
  return to;
}
