/** Settings that one run adds by its environment to what the configuration says, so that no file has to change for it. */
import type { Configuration } from "./configuration";
import { DrError } from "./errors";
import { printable } from "./printable";

/** `true`: as `unattended: true` in the configuration, for this run. */
export const UNATTENDED_VARIABLE = "PERSISTENT_CHAT_DR_UNATTENDED";
/** `true`: as `adopt: true` in the configuration, for this run. */
export const ADOPT_VARIABLE = "PERSISTENT_CHAT_DR_ADOPT";

/**
 * The configuration of this run. An environment can only make a run more careful: `false` and an empty text take nothing
 * back that the configuration says. Throws CONFIGURATION_INVALID for any other text.
 */
export function forThisRun(configuration: Configuration, environment: NodeJS.ProcessEnv = process.env): Configuration {
  return {
    ...configuration,
    unattended: configuration.unattended || isSet(environment, UNATTENDED_VARIABLE),
    adopt: configuration.adopt || isSet(environment, ADOPT_VARIABLE),
  };
}

function isSet(environment: NodeJS.ProcessEnv, variable: string): boolean {
  const text = environment[variable] ?? "";
  if (text === "true") return true;
  if (text === "" || text === "false") return false;
  throw new DrError({
    code: "CONFIGURATION_INVALID",
    summary: `${variable} is not understood`,
    where: "environment",
    expected: "true, false, or not set",
    found: printable(text, 40),
    hint: "A misspelt guard must not pass for one that is off: correct it, or remove it.",
  });
}
