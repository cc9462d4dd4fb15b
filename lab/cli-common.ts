/** What every command of the lab takes, and how it prints. */
import { resolve } from "node:path";
import { type Command, Option } from "commander";
import { portNumber } from "./cli-arguments";
import { DEFAULT_PORT_BASE, defaultDirectory } from "./state-file";

export interface CommonOptions {
  readonly portBase: number;
  readonly directory?: string;
  readonly json?: boolean;
}

/** Adds the common options to a command. */
export function withCommon(command: Command): Command {
  return command
    .exitOverride()
    .addOption(
      new Option("--port-base <port>", "first port of the lab")
        .env("LAB_PORT_BASE")
        .default(DEFAULT_PORT_BASE)
        .argParser(portNumber),
    )
    .option("--directory <path>", "directory of the lab (default .lab/<port base>)")
    .option("--json", "print JSON");
}

/** Directory of the lab that the options mean. */
export function directoryOf({ directory, portBase }: CommonOptions): string {
  return directory === undefined ? defaultDirectory(portBase) : resolve(directory);
}

/** Prints a result as JSON, or in words. */
export function print<Value>(options: CommonOptions, value: Value, describe: (value: Value) => string): void {
  process.stdout.write(`${options.json === true ? JSON.stringify(value, undefined, 2) : describe(value)}\n`);
}
