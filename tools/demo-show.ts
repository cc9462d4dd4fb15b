/** What the demos print, and how they run the CLI. */
import { spawn } from "node:child_process";
import { styleText } from "node:util";
import type { LabStack } from "./lab-stack";
import { cliPath } from "./pulumi-cli";

/** Something that a demo says at its end, and whether it holds. */
export interface Claim {
  readonly text: string;
  readonly holds: boolean;
}

/** One line, or several. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** The beginning of a part. */
export function heading(text: string): void {
  say(`\n${paint("bold", `== ${text}`)}`);
}

function paint(style: "bold" | "green" | "red" | "dim", text: string): string {
  return process.stdout.isTTY ? styleText(style, text) : text;
}

/** Prints the claims; answers the exit code. */
export function judge(claims: readonly Claim[]): number {
  heading("Result");
  for (const { text, holds } of claims)
    say(holds ? paint("green", `  ok      ${text}`) : paint("red", `  FAILED  ${text}`));
  return claims.every((claim) => claim.holds) ? 0 : 1;
}

/** Runs the CLI with this terminal as its own; signals are passed on, and its end is waited for. Answers the exit code. */
export function runPulumi(stack: LabStack, args: readonly string[]): Promise<number> {
  say(paint("dim", `$ pulumi ${args.join(" ")}`));
  const child = spawn(cliPath(), args, {
    cwd: stack.folder,
    env: stack.environment,
    stdio: "inherit",
  });
  const pass = (signal: NodeJS.Signals): boolean => child.kill(signal);
  process.on("SIGTERM", pass).on("SIGHUP", pass);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      process.off("SIGTERM", pass).off("SIGHUP", pass);
      resolve(code ?? 1);
    });
  });
}
