/** `npm run chaos -- --seed N --rounds M`: the sweep of test/lab/killed.test.ts, as long as one likes. */
import { Command } from "commander";
import { sweep } from "./sweep";

const chaos = new Command("chaos")
  .description("Kill the lab's instances at seeded moments and check what they hold afterwards")
  .option("--seed <n>", "the moments and tasks follow from it", Number, Date.now() % 1_000_000)
  .option("--rounds <n>", "how often they are killed", Number, 100)
  .action(async ({ seed, rounds }: { seed: number; rounds: number }) => {
    process.stdout.write(`seed ${String(seed)}\n`);
    await sweep({ seed, rounds, say: (line) => void process.stdout.write(`${line}\n`) });
  });
chaos.parseAsync().catch((error: unknown) => {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
