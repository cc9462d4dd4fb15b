/** The real CLI on a lab: a stack with a backend and a configuration of its own, below a temporary folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cliEnvironment, cliPath, projectDirectory } from "./pulumi-cli";

/** What a run of the CLI ended with. */
export interface CliResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Standard output and standard error, in the order of arrival. */
  readonly output: string;
}

/** Configuration values of the namespace, structures as they are. */
export type StackConfiguration = Readonly<Record<string, unknown>>;

/** Stacks are named for the site that they make active. */
export type SiteStack = "primary" | "backup";

/** A command that is under way. */
export interface RunningCli {
  readonly process: ChildProcess;
  readonly done: Promise<CliResult>;
  /** What was printed so far. */
  output(): string;
}

export class LabStack {
  readonly name: SiteStack;
  readonly folder: string;
  readonly #environment: NodeJS.ProcessEnv;

  private constructor(name: SiteStack, folder: string, environment: NodeJS.ProcessEnv) {
    this.name = name;
    this.folder = folder;
    this.#environment = environment;
  }

  /** Makes the stack in a new backend. `password` becomes its secret configuration. */
  static async create(
    configuration: StackConfiguration,
    password: string,
    name: SiteStack = "primary",
  ): Promise<LabStack> {
    const folder = mkdtempSync(join(tmpdir(), "persistent-chat-dr-"));
    mkdirSync(join(folder, "state"));
    const passphrase = join(folder, "passphrase");
    writeFileSync(passphrase, "of one lab");
    const stack = new LabStack(name, folder, {
      ...cliEnvironment(),
      PULUMI_BACKEND_URL: `file://${join(folder, "state")}`,
      PULUMI_CONFIG_PASSPHRASE_FILE: passphrase,
      PULUMI_OPTION_STRICT: undefined,
      PULUMI_RUN_PROGRAM: undefined,
      PERSISTENT_CHAT_DR_SQL_PASSWORD: undefined,
      PERSISTENT_CHAT_DR_SHELL_PASSWORD: undefined,
      PERSISTENT_CHAT_DR_REPORTS: join(folder, "reports"),
    });
    // The program of this checkout under a project file of its own: the stack's configuration then stands beside it.
    const project = {
      name: "persistent-chat-dr",
      runtime: "nodejs",
      main: projectDirectory,
      options: { refresh: "always" },
    };
    writeFileSync(join(folder, "Pulumi.yaml"), JSON.stringify(project));
    await stack.#init(configuration, password);
    return stack;
  }

  /** The stack of the other site, in the same backend. */
  async sibling(name: SiteStack, configuration: StackConfiguration, password: string): Promise<LabStack> {
    const stack = new LabStack(name, this.folder, this.#environment);
    await stack.#init(configuration, password);
    return stack;
  }

  async #init(configuration: StackConfiguration, password: string): Promise<void> {
    await this.must(["stack", "init", this.name]);
    this.configure({ active: this.name, ...configuration });
    await this.setPassword(password);
  }

  /** The environment of every command on this stack. */
  get environment(): NodeJS.ProcessEnv {
    return this.#environment;
  }

  get configurationFile(): string {
    return join(this.folder, `Pulumi.${this.name}.yaml`);
  }

  /** Replaces the plain values; secrets and the encryption salt stay. JSON is YAML. */
  configure(configuration: StackConfiguration): void {
    const before = readFileSync(this.configurationFile, "utf8");
    const kept = before
      .split("\n")
      .filter((line) => /^(encryptionsalt:| {4}secure:| {2}persistent-chat-dr:(sql|shell)Password:)/.test(line));
    const salt = kept.filter((line) => line.startsWith("encryptionsalt"));
    const values = Object.entries(configuration).map(
      ([key, value]) => `  persistent-chat-dr:${key}: ${JSON.stringify(value)}`,
    );
    const secrets = kept.filter((line) => !line.startsWith("encryptionsalt"));
    writeFileSync(this.configurationFile, [...salt, "config:", ...values, ...secrets, ""].join("\n"));
  }

  /** Sets a secret in the stack's configuration. */
  async setPassword(password: string, key: "sqlPassword" | "shellPassword" = "sqlPassword"): Promise<void> {
    await this.must(["config", "set", "--secret", `persistent-chat-dr:${key}`, password, "--stack", this.name]);
  }

  preview(...options: string[]): Promise<CliResult> {
    return this.start(["preview", ...this.#where(), ...options]).done;
  }

  up(...options: string[]): Promise<CliResult> {
    return this.start(["up", "--yes", "--skip-preview", ...this.#where(), ...options]).done;
  }

  /** Any command of the CLI on this stack's backend. */
  run(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<CliResult> {
    return this.start(args, environment).done;
  }

  /** Options that select the stack and its configuration. */
  where(): readonly string[] {
    return this.#where();
  }

  /** A command that must end with 0. */
  async must(args: readonly string[]): Promise<string> {
    const result = await this.run(args);
    if (result.code !== 0)
      throw new Error(`pulumi ${args.join(" ")} ended with ${String(result.code)}:\n${result.output}`);
    return result.output;
  }

  start(args: readonly string[], environment: NodeJS.ProcessEnv = {}): RunningCli {
    const child = spawn(cliPath(), args, {
      cwd: this.folder,
      env: { ...this.#environment, ...environment },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    const collect = (chunk: Buffer): void => {
      output += chunk.toString("utf8");
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const done = new Promise<CliResult>((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => resolve({ code, signal, output }));
    });
    return { process: child, done, output: () => output };
  }

  /** The state, as `pulumi stack export` prints it. */
  async state(): Promise<string> {
    return this.must(["stack", "export", "--stack", this.name]);
  }

  async outputs(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.must(["stack", "output", "--json", "--stack", this.name])) as Record<string, unknown>;
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #where(): string[] {
    return ["--stack", this.name, "--non-interactive", "--color", "never"];
  }
}
