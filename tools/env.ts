/**
 * `eval "$(npm run --silent env)"`: puts the CLI, this project's Node and the settings of the lab into a shell, so that plain
 * `pulumi preview -s primary` is what a user types. Creates the stack's state where it is not there yet.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { cliEnvironment, cliPath, ensureCli, projectDirectory } from "./pulumi-cli";

/**
 * What `env` sets. Strict binds an `up` to the preview that was read; run-program reads with the present
 * configuration, and a pool that fails holds up no other.
 */
export function labSettings(base: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const { PATH = "" } = cliEnvironment(base);
  const settings: Record<string, string> = {
    PATH,
    PULUMI_OPTION_STRICT: "true",
    PULUMI_RUN_PROGRAM: "true",
    PULUMI_CONTINUE_ON_ERROR: "true",
  };
  // A passphrase of the user's own wins over that of the lab.
  const own = base["PULUMI_CONFIG_PASSPHRASE"] ?? base["PULUMI_CONFIG_PASSPHRASE_FILE"];
  if (own === undefined) settings["PULUMI_CONFIG_PASSPHRASE_FILE"] = join(projectDirectory, "stacks", "lab-passphrase");
  return settings;
}

/** Selects the first stack of the project, creating its state where the backend has none. Throws with the CLI's own words. */
export function prepareStacks(environment: NodeJS.ProcessEnv): void {
  const stacks = readdirSync(join(projectDirectory, "stacks")).flatMap(
    (file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [],
  );
  // The last one stays selected: the way home.
  for (const stack of stacks.sort()) {
    const select = spawnSync(cliPath(), ["stack", "select", "--create", stack, "--non-interactive"], {
      cwd: projectDirectory,
      env: environment,
      encoding: "utf8",
    });
    if (select.status !== 0)
      throw new Error(`stack ${stack} could not be selected:\n${select.stderr || select.stdout}`);
  }
}

function assignment(shell: string, name: string, value: string): string {
  if (shell === "powershell") return `$env:${name} = '${value.replaceAll("'", "''")}'`;
  return `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`;
}

function options(args: readonly string[]): { readonly powershell: boolean } {
  return (
    new Command("env")
      .description("Print what puts the CLI and the settings of the lab into a shell")
      // What stands on standard output is executed.
      .configureOutput({ writeOut: (text) => void process.stderr.write(text) })
      .showHelpAfterError()
      .option(
        "--powershell",
        "for PowerShell: npm run --silent env -- --powershell | Out-String | Invoke-Expression",
        false,
      )
      .parse([...args], { from: "user" })
      .opts()
  );
}

async function main(args: readonly string[]): Promise<void> {
  const shell = options(args).powershell ? "powershell" : "sh";
  if (!existsSync(join(projectDirectory, "node_modules"))) throw new Error("run npm ci first");
  await ensureCli();
  const settings = labSettings();
  prepareStacks({ ...process.env, ...settings });
  for (const [name, value] of Object.entries(settings)) process.stdout.write(`${assignment(shell, name, value)}\n`);
}

if (require.main === module) {
  main(process.argv.slice(2)).catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
}
