/** `npm run chaos -- --seed N --rounds M`: the sweep of test/lab/killed.test.ts, as long as one likes. */
import { Command } from "commander";
import { count, wholeNumber } from "../../lab/cli-arguments";
import { sweep } from "./sweep";

/** Aborted by the first signal that asks this process to end. */
function interrupted(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => controller.abort(new Error(`${signal} came`)));
  return controller.signal;
}

const chaos = new Command("chaos")
  .description("Kill the lab's instances at seeded moments and check what they hold afterwards")
  .option("--seed <n>", "the moments and tasks follow from it", wholeNumber, Date.now() % 1_000_000)
  .option("--rounds <n>", "how often they are killed", count, 100)
  .action(async ({ seed, rounds }: { seed: number; rounds: number }) => {
    const signal = interrupted();
    process.stdout.write(`seed ${String(seed)}\n`);
    const say = (line: string): void => void process.stdout.write(`${line}\n`);
    await sweep({ seed, rounds, say, signal });
  });
chaos.parseAsync().catch((error: unknown) => {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
