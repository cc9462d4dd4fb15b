/** The CLI as a child of our own commands: the binary itself, with signals passed on and waited for. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { passSignals } from "./pass-signals";
import { cliEnvironment, cliPath } from "./pulumi-cli";

/** What a run ended with. */
export interface PulumiRun {
  /** The CLI's own code; 128 and the signal's number when a signal ended it. */
  readonly code: number;
  /** Standard output, empty unless it was collected. */
  readonly output: string;
  /** Standard error, which was passed on too; empty unless standard output was collected. */
  readonly errors: string;
}

/**
 * Runs a command in the present folder. Standard output is collected or goes to `output`, a file descriptor of ours; standard error
 * is ours, and kept beside what is collected. Run-program is on unless set otherwise: the estate is read with the present
 * configuration and not with the last run's.
 */
export function runPulumi(args: readonly string[], output: "collect" | 1 | 2): Promise<PulumiRun> {
  const environment: NodeJS.ProcessEnv = {
    PULUMI_RUN_PROGRAM: "true",
    PULUMI_CONTINUE_ON_ERROR: "true",
    ...cliEnvironment(),
  };
  // A plan binds an `up` more closely, and strict adds a line for every step that was not begun.
  delete environment["PULUMI_OPTION_STRICT"];
  const child = spawn(cliPath(), args, {
    env: environment,
    stdio: output === "collect" ? ["ignore", "pipe", "pipe"] : ["ignore", output, "inherit"],
  });
  let [collected, errors] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (collected += text));
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
    process.stderr.write(text);
  });
  const done = passSignals(child);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      done();
      resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), output: collected, errors });
    });
  });
}
