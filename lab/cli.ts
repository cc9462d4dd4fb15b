/** The command line of the lab: `npm run lab -- up | status | journal | fault | scenario | chat | down`. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { type Fault, LabError, SCENARIO_NAMES, type ScenarioName } from "./control-commands";
import { request } from "./control-request";
import { DEFAULT_PASSWORD, type DaemonOptions, labFiles } from "./daemon-options";
import { startDaemon } from "./daemon-start";
import { describeChat, describeJournal, describeLab, describeReport, describeStatus } from "./cli-text";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { readJournal } from "./journal-file";
import {
  DEFAULT_PORT_BASE,
  defaultDirectory,
  findRunning,
  isProcessAlive,
  readState,
  requireRunning,
} from "./state-file";

interface CommonOptions {
  readonly portBase: number;
  readonly directory?: string;
  readonly json?: boolean;
}

interface UpOptions extends CommonOptions {
  readonly scenario: ScenarioName;
  readonly databaseSize: number;
  readonly pools: number;
  readonly chat?: boolean;
  readonly chatRate: number;
  readonly clock: number;
  readonly password: string;
}

/** How long `down` waits for the daemon's process, in milliseconds. */
const DOWN_WITHIN = 30_000;
const POLL_MS = 50;
const MOST_POOLS = 32;

/** Runs a command line (without node and script); answers the exit code. Texts go to standard output, errors to standard error. */
export async function runCli(args: readonly string[]): Promise<number> {
  try {
    await program().parseAsync([...args], { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`error: ${error.message}\n  hint: ${error.hint}\n`);
    return 1;
  }
}

function program(): Command {
  const lab = new Command("lab").description("An estate of SQL Servers and chat servers on loopback").exitOverride();
  up(lab);
  withCommon(lab.command("status").description("Show instances, databases, pools and chat")).action(
    async (options: CommonOptions) => {
      const status = await request((await running(options)).control, "status", {});
      print(options, status, describeStatus);
    },
  );
  withCommon(lab.command("journal").description("Show what the lab was asked to run"))
    .option("--since <n>", "only entries after the nth", wholeNumber, 0)
    .action(async (options: CommonOptions & { since: number }) => {
      const entries = readJournal(await journalPath(options), options.since);
      print(options, entries, describeJournal);
    });
  withCommon(lab.command("down").description("Stop the lab")).action(async (options: CommonOptions) => {
    const pid = await down(options);
    print(options, { pid }, () => `The lab (process ${String(pid)}) is down.`);
  });
  faults(lab);
  withCommon(lab.command("scenario").description("Take a running lab to a scenario"))
    .addArgument(lab.createArgument("<name>").choices([...SCENARIO_NAMES]))
    .option("--keep-logs", "leave the dead primary's log files in share and copy folder")
    .action(async (name: ScenarioName, options: CommonOptions & { keepLogs?: boolean }) => {
      const { control } = await running(options);
      const done = await request(control, "scenario", { name, keepLogs: options.keepLogs === true });
      print(options, done, () => `The lab is in scenario ${done.scenario}.`);
    });
  chat(lab);
  return lab;
}

function up(lab: Command): void {
  withCommon(lab.command("up").description("Start a lab in the background"))
    .addOption(new Option("--scenario <name>", "state of the estate").choices([...SCENARIO_NAMES]).default("steady"))
    .option("--database-size <size>", "size of mgc, such as 64MiB or 2GiB", byteSize, 64 * 2 ** 20)
    .option("--pools <n>", "number of pools", wholeNumber, 1)
    .option("--chat", "start chat servers and clients at once")
    .option("--chat-rate <n>", "messages per second of all clients", number, 5)
    .addOption(
      new Option("--clock <factor>", "how much faster SQL Server Agent's clock runs")
        .env("LAB_CLOCK")
        .default(1)
        .argParser(number),
    )
    .addOption(
      new Option("--password <text>", "password of pchatdr")
        .env("LAB_SQL_PASSWORD")
        .default(DEFAULT_PASSWORD, "the lab's own"),
    )
    .action(async (options: UpOptions) => {
      const directory = directoryOf(options);
      if (options.pools < 1 || options.pools > MOST_POOLS)
        throw new LabError(`--pools ${String(options.pools)} is out of range.`, `Give 1 to ${String(MOST_POOLS)}.`);
      const present = await findRunning(directory);
      if (present !== undefined)
        throw new LabError(
          `A lab runs already in ${directory} (process ${String(present.pid)}, scenario ${present.scenario}).`,
          "Stop it with: npm run lab -- down, or start another with --port-base.",
        );
      const interrupted = new AbortController();
      const interrupt = (): void => interrupted.abort();
      process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
      const progress = (line: string): void => void process.stderr.write(`${line}\n`);
      const description = await startDaemon(daemonOptions(options, directory), progress, interrupted.signal);
      print(options, description, describeLab);
    });
}

function daemonOptions(options: UpOptions, directory: string): DaemonOptions {
  return {
    scenario: options.scenario,
    directory,
    portBase: options.portBase,
    pools: options.pools,
    databaseBytes: options.databaseSize,
    password: options.password,
    chat: options.chat === true,
    chatRate: options.chatRate,
    clockFactor: options.clock,
  };
}

function faults(lab: Command): void {
  const fault = lab.command("fault").description("Make something go wrong, or mend it");
  const apply = async (options: CommonOptions, wanted: Fault): Promise<void> => {
    const done = await request((await running(options)).control, "fault", wanted);
    print(options, done, () => done.done);
  };
  for (const action of ["instance-stop", "instance-start", "agent-stop", "agent-start"] as const)
    withCommon(fault.command(action))
      .requiredOption("--instance <name>", "such as SQL-P1")
      .action((options: CommonOptions & { instance: string }) =>
        apply(options, { action, instance: options.instance }),
      );
  for (const action of ["deny", "allow"] as const)
    withCommon(fault.command(action))
      .option("--host <name>", "Windows host that the access comes from, * for all", "*")
      .requiredOption("--account <name>", "such as DCI\\svc-sql-b1")
      .requiredOption("--path <path>", "folder or file, with all below it")
      .addOption(new Option("--access <right>").choices(["read", "write", "delete", "list"]).makeOptionMandatory())
      .action((options: CommonOptions & Omit<Extract<Fault, { action: "deny" | "allow" }>, "action">) => {
        const { host, account, path, access } = options;
        return apply(options, { action, host, account, path, access });
      });
  withCommon(fault.command("replication-delay"))
    .requiredOption("--ms <n>", "from a change to its arrival at a machine", wholeNumber)
    .action((options: CommonOptions & { ms: number }) =>
      apply(options, { action: "replication-delay", milliseconds: options.ms }),
    );
  withCommon(fault.command("disk-speed").description("Slow an instance's backups and restores down"))
    .requiredOption("--instance <name>", "such as SQL-P1")
    .requiredOption("--bytes-per-second <n>", "0 for this machine's own speed", wholeNumber)
    .action((options: CommonOptions & { instance: string; bytesPerSecond: number }) =>
      apply(options, { action: "disk-speed", instance: options.instance, bytesPerSecond: options.bytesPerSecond }),
    );
  withCommon(fault.command("damage").description("Flip one byte of a file"))
    .requiredOption("--file <path>", "UNC path, or a path of a host's disk or of this machine")
    .option("--host <name>", "host whose disk it is")
    .option("--offset <n>", "which byte; the middle of the file by default", wholeNumber)
    .action((options: CommonOptions & { file: string; host?: string; offset?: number }) => {
      const { file, host, offset } = options;
      const where = { ...(host === undefined ? {} : { host }), ...(offset === undefined ? {} : { offset }) };
      return apply(options, { action: "damage", file, ...where });
    });
}

function chat(lab: Command): void {
  const command = lab.command("chat").description("Chat servers, and clients that write through them");
  withCommon(command.command("start"))
    .option("--rate <n>", "messages per second of all clients; 0: none but those of `send`", number)
    .action(async (options: CommonOptions & { rate?: number }) => {
      const rate = options.rate === undefined ? {} : { rate: options.rate };
      print(options, await request((await running(options)).control, "chat-start", rate), describeChat);
    });
  withCommon(command.command("stop")).action(async (options: CommonOptions) => {
    print(options, await request((await running(options)).control, "chat-stop", {}), describeChat);
  });
  withCommon(command.command("send").description("Store one message now"))
    .option("--pool <fqdn>")
    .option("--room <id>", "node id of the room", wholeNumber)
    .option("--text <text>")
    .action(async (options: CommonOptions & { pool?: string; room?: number; text?: string }) => {
      const { pool, room, text } = options;
      const message = {
        ...(pool === undefined ? {} : { pool }),
        ...(room === undefined ? {} : { room }),
        ...(text === undefined ? {} : { text }),
      };
      const stored = await request((await running(options)).control, "chat-send", message);
      print(
        options,
        stored,
        () => `Message ${String(stored.chatId)} of room ${String(stored.room)} is stored on ${stored.instance}.`,
      );
    });
  withCommon(command.command("report").description("Downtime, messages stored and messages lost")).action(
    async (options: CommonOptions) => {
      print(options, await request((await running(options)).control, "chat-report", {}), describeReport);
    },
  );
}

function withCommon(command: Command): Command {
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

function directoryOf({ directory, portBase }: CommonOptions): string {
  return directory === undefined ? defaultDirectory(portBase) : resolve(directory);
}

function running(options: CommonOptions): ReturnType<typeof requireRunning> {
  return requireRunning(directoryOf(options), options.portBase);
}

/** The journal outlives its lab: after `down` it is read as it was left. */
async function journalPath(options: CommonOptions): Promise<string> {
  const directory = directoryOf(options);
  const lab = await findRunning(directory);
  const { journal } = labFiles(directory);
  if (lab !== undefined) await request(lab.control, "flush", {});
  else if (!existsSync(journal))
    throw new LabError(`There is no lab in ${directory}, and no journal of one.`, "Start one with: npm run lab -- up");
  return journal;
}

/** Asks the daemon to stop and waits until its process is gone. Answers its number. */
async function down(options: CommonOptions): Promise<number> {
  const directory = directoryOf(options);
  const lab = await requireRunning(directory, options.portBase);
  const { pid } = await request(lab.control, "stop", {});
  const deadline = Date.now() + DOWN_WITHIN;
  while (isProcessAlive(pid)) {
    if (Date.now() > deadline) {
      // It knew its own token, so the number is the daemon's.
      if (readState(directory)?.pid === pid || isProcessAlive(pid)) process.kill(pid, "SIGKILL");
      throw new LabError(
        `The lab's process ${String(pid)} did not end within ${String(DOWN_WITHIN / 1000)} s and was killed.`,
        `See ${labFiles(directory).log}`,
      );
    }
    await new Promise((done) => setTimeout(done, POLL_MS));
  }
  return pid;
}

function print<Value>(options: CommonOptions, value: Value, describe: (value: Value) => string): void {
  process.stdout.write(`${options.json === true ? JSON.stringify(value, undefined, 2) : describe(value)}\n`);
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError("Expected a whole number.");
  return Number(text);
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value < 0) throw new InvalidArgumentError("Expected a number.");
  return value;
}

function portNumber(text: string): number {
  const port = wholeNumber(text);
  if (port < 1 || port > 65_000) throw new InvalidArgumentError("Expected a port from 1 to 65000.");
  return port;
}

const UNITS: Readonly<Record<string, number>> = { B: 1, KIB: 2 ** 10, MIB: 2 ** 20, GIB: 2 ** 30 };

function byteSize(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([KMG]?i?B)$/i.exec(text) ?? [];
  const factor = UNITS[(unit ?? "").toUpperCase()];
  if (amount === undefined || factor === undefined)
    throw new InvalidArgumentError("Expected a size with its unit: 64MiB, 2GiB.");
  return Math.round(Number(amount) * factor);
}
