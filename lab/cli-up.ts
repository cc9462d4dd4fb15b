/** `lab up`: starts a new lab, or resumes the estate that lies in the directory. */
import { isDeepStrictEqual } from "node:util";
import { type Command, Option } from "commander";
import { byteSize, number, wholeNumber } from "./cli-arguments";
import { type CommonOptions, directoryOf, print, withCommon } from "./cli-common";
import { describeLab } from "./cli-text";
import { LabError, SCENARIO_NAMES, type ScenarioName } from "./control-commands";
import { DEFAULT_PASSWORD, type DaemonOptions, PRODUCT_LOGIN } from "./daemon-options";
import { startDaemon } from "./daemon-start";
import { type EstateRecord, readEstate } from "./estate-file";
import { findRunning } from "./state-file";
import { readTopology } from "./topology/read";
import type { TopologyDocument } from "./topology/schema";

interface UpOptions extends CommonOptions {
  readonly scenario?: ScenarioName;
  readonly fresh?: boolean;
  readonly databaseSize?: number;
  readonly pools?: number;
  readonly topology?: string;
  readonly chat?: boolean;
  readonly chatRate: number;
  readonly clock: number;
  readonly password?: string;
}

const MOST_POOLS = 32;
const USUAL_SIZE = 64 * 2 ** 20;

/** Adds the command. */
export function up(lab: Command): void {
  withCommon(
    lab
      .command("up")
      .description(
        "Start a lab in the background; resumes the estate of the directory unless --scenario or --fresh is given",
      ),
  )
    .addOption(
      new Option("--scenario <name>", "a new estate in this state (default for a new one: steady)").choices([
        ...SCENARIO_NAMES,
      ]),
    )
    .option("--fresh", "a new estate, whatever lies in the directory")
    .option("--database-size <size>", "size of mgc, such as 64MiB or 2GiB (default 64MiB)", byteSize)
    .option("--pools <n>", "number of pools (default 1)", wholeNumber)
    .option("--topology <file>", "play your own topology, described in a JSON file (docs/lab.md)")
    .option("--chat", "let clients write through the chat servers at once")
    .option("--chat-rate <n>", "messages per second of all clients", number, 5)
    .addOption(
      new Option("--clock <factor>", "how much faster SQL Server Agent's clock runs")
        .env("LAB_CLOCK")
        .default(1)
        .argParser(number),
    )
    .addOption(new Option("--password <text>", "password of pchatdr (default: the lab's own)").env("LAB_SQL_PASSWORD"))
    .action(async (options: UpOptions) => {
      const directory = directoryOf(options);
      const { pools = 1 } = options;
      if (pools < 1 || pools > MOST_POOLS)
        throw new LabError(`--pools ${String(pools)} is out of range.`, `Give 1 to ${String(MOST_POOLS)}.`);
      const present = await findRunning(directory);
      if (present !== undefined)
        throw new LabError(
          `A lab runs already in ${directory} (process ${String(present.pid)}, scenario ${present.scenario}).`,
          "Stop it with: npm run lab -- down, or start another with --port-base.",
        );
      const isNew = options.fresh === true || options.scenario !== undefined;
      const before = isNew ? undefined : readEstate(directory);
      const topology = options.topology === undefined ? undefined : readTopology(options.topology);
      if (topology !== undefined && options.pools !== undefined)
        throw new LabError(
          "--pools and --topology exclude each other.",
          "The topology file says how many pools there are.",
        );
      if (before !== undefined) refuseOther(options, topology, before, directory);
      const interrupted = new AbortController();
      const interrupt = (): void => interrupted.abort();
      process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
      const progress = (line: string): void => void process.stderr.write(`${line}\n`);
      const description = await startDaemon(
        daemonOptions(options, directory, before, topology),
        progress,
        interrupted.signal,
      );
      print(options, description, describeLab);
    });
}

/** An estate is what it was made as. Throws LabError for an option that would make it another. */
function refuseOther(
  options: UpOptions,
  topology: TopologyDocument | undefined,
  before: EstateRecord,
  directory: string,
): void {
  const password = before.logins.find(({ name }) => name === PRODUCT_LOGIN)?.password;
  const differences = [
    options.pools === undefined || options.pools === before.pools
      ? []
      : [`--pools ${String(options.pools)}, and it has ${String(before.pools)}`],
    options.databaseSize === undefined || options.databaseSize === before.databaseBytes
      ? []
      : [`--database-size ${String(options.databaseSize)}, and it was made with ${String(before.databaseBytes)} bytes`],
    topology === undefined || isDeepStrictEqual(topology, before.topology)
      ? []
      : [`--topology ${options.topology ?? ""}, and it plays another topology`],
    options.password === undefined || options.password === password
      ? []
      : ["--password (or LAB_SQL_PASSWORD), and pchatdr has another one"],
  ].flat();
  if (differences.length === 0) return;
  throw new LabError(
    `The estate in ${directory} (scenario ${before.scenario}) would be resumed, but was made otherwise: ${differences.join("; ")}.`,
    "Leave the options out to resume it, or add --fresh for a new estate.",
  );
}

function daemonOptions(
  options: UpOptions,
  directory: string,
  before: EstateRecord | undefined,
  topology: TopologyDocument | undefined,
): DaemonOptions {
  return {
    ...(topology === undefined ? {} : { topology }),
    scenario: options.scenario ?? "steady",
    resume: before !== undefined,
    directory,
    portBase: options.portBase,
    pools: before?.pools ?? options.pools ?? 1,
    databaseBytes: before?.databaseBytes ?? options.databaseSize ?? USUAL_SIZE,
    password: options.password ?? DEFAULT_PASSWORD,
    chat: options.chat === true,
    chatRate: options.chatRate,
    clockFactor: options.clock,
  };
}
