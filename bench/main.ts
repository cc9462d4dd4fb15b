/**
 * `npm run bench -- backup | results`: measured figures of the lab, on a lab of its own. Needs some free disk: see docs/bench.md.
 * Ends with 1 where one of them misses its aim.
 */
import { cpus, totalmem } from "node:os";
import { Command } from "commander";
import { byteSize, count } from "../lab/cli-arguments";
import { type OwnLab, startOwnLab } from "../tools/own-lab";
import { measureBackup } from "./backup";
import { type Figure, figuresText, isAnyOver, type Measurement } from "./figures";
import { measureResults } from "./results";

interface Options {
  readonly databaseSize: string;
  readonly rounds: number;
  readonly json?: boolean;
}

type Measure = (lab: OwnLab, rounds: number, say: (text: string) => void) => Promise<Figure[]>;

/** As it is given to the lab and told; refused here, before a lab is started. */
function size(text: string): string {
  byteSize(text);
  return text;
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function measure(name: string, { databaseSize, rounds, json }: Options, work: Measure): Promise<void> {
  // The lab outlives its starter: whoever interrupts this must find it ended too.
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => reject(new Error(`${signal} came`)));
  });
  say(`starting a lab with an mgc of ${databaseSize} …`);
  const lab = await startOwnLab("bench", ["--scenario", "steady", "--database-size", databaseSize]);
  try {
    const figures = await Promise.race([work(lab, rounds, say), interrupted]);
    const measurement: Measurement = {
      name,
      date: new Date().toISOString().slice(0, 10),
      machine: { cores: cpus().length, memoryGiB: totalmem() / 2 ** 30, node: process.versions.node },
      conditions: { "mgc of": databaseSize, rounds },
      figures,
    };
    process.stdout.write(`${json === true ? JSON.stringify(measurement, null, 2) : figuresText(measurement)}\n`);
    if (isAnyOver(figures)) process.exitCode = 1;
  } finally {
    await lab.down();
  }
}

function command(bench: Command, name: string, description: string, usual: string, work: Measure): void {
  bench
    .command(name)
    .description(description)
    .option("--database-size <size>", "size of mgc, such as 64MiB or 2GiB", size, usual)
    .option("--rounds <n>", "how often each is done", count, 3)
    .option("--json", "print JSON")
    .action((options: Options) => measure(name, options, work));
}

const bench = new Command("bench").description("Measured figures of the lab");
command(bench, "backup", "BACKUP and RESTORE beside cp of the same bytes", "2GiB", measureBackup);
command(bench, "results", "results of 100,000 rows, and what memory they take", "128MiB", measureResults);
bench.parseAsync().catch((error: unknown) => {
  process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
