/** The command line of the lab: `npm run lab -- up | status | outage | rebuild | return | fault | chat | journal | down`. */
import { Command, CommanderError, Option } from "commander";
import { number, wholeNumber } from "./cli-arguments";
import { type Fault, LabError, SCENARIO_NAMES, type ScenarioName, type SiteMove } from "./control-commands";
import { request } from "./control-request";
import { labFiles } from "./daemon-options";
import { type CommonOptions, directoryOf, print, withCommon } from "./cli-common";
import { describeChat, describeJournal, describeReport, describeStatus } from "./cli-text";
import { up } from "./cli-up";
import { existsSync } from "node:fs";
import { readJournal } from "./journal-file";
import { findRunning, isProcessAlive, readState, requireRunning } from "./state-file";

/** A move of the primary site: `--pool` may stand several times. */
type MoveOptions = CommonOptions & { readonly pool?: readonly string[] };

/** How long `down` waits for the daemon's process, in milliseconds. */
const DOWN_WITHIN = 30_000;
const POLL_MS = 50;

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
  const lab = new Command("lab")
    .description("An estate of SQL Servers and chat servers on loopback")
    // What stands behind a subcommand is the subcommand's: `chat` and `chat report` have options of the same names.
    .enablePositionalOptions()
    .showHelpAfterError("  hint: See: npm run lab -- <command> --help")
    .exitOverride();
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
  sites(lab);
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

/** The moves of the primary site. */
function sites(lab: Command): void {
  const move = (name: string, text: string): Command =>
    withCommon(lab.command(name).description(text)).option(
      "--pool <fqdn>",
      "only this pool's primary site; may stand several times",
      (value: string, before: string[] | undefined) => [...(before ?? []), value],
    );
  const pools = ({ pool }: MoveOptions): SiteMove => (pool === undefined ? {} : { pools: pool });
  const list = (names: readonly string[]): string => names.join(", ") || "nothing";
  move("outage", "The primary site goes down: its instances and chat servers")
    .option("--lose-share", "the backup share goes down too")
    .option("--silent", "ports of the dead instances take connections and never answer")
    .action(async (options: MoveOptions & { loseShare?: boolean; silent?: boolean }) => {
      const how = { loseShare: options.loseShare === true, silent: options.silent === true };
      const done = await request((await running(options)).control, "outage", { ...pools(options), ...how });
      print(options, done, () => `The primary site is down; stopped: ${list(done.stopped)}.`);
    });
  move("rebuild", "Make the primary site anew, with empty databases")
    .option("--empty-share", "the backup share is new and empty too")
    .action(async (options: MoveOptions & { emptyShare?: boolean }) => {
      const how = { emptyShare: options.emptyShare === true };
      const done = await request((await running(options)).control, "rebuild", { ...pools(options), ...how });
      print(options, done, () => `The primary site is rebuilt: ${list(done.rebuilt)}.`);
    });
  move("return", "Bring the primary site back as it was, not rebuilt").action(async (options: MoveOptions) => {
    const done = await request((await running(options)).control, "return", pools(options));
    print(options, done, () => `The primary site is back as it was; started: ${list(done.started)}.`);
  });
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
  for (const action of ["lock-out", "unlock"] as const)
    withCommon(fault.command(action).description("Keep a service's account from logging on, or let it again"))
      .requiredOption("--account <name>", "such as DCI\\svc-agent-b1")
      .action((options: CommonOptions & { account: string }) => apply(options, { action, account: options.account }));
  for (const action of ["share-off", "share-on"] as const)
    withCommon(fault.command(action).description("Take a share's server down, or start it"))
      .requiredOption("--share <path>", "UNC path, such as \\\\files.dci.discovery.com\\lslogs")
      .action((options: CommonOptions & { share: string }) => apply(options, { action, share: options.share }));
  withCommon(fault.command("password").description("Change the password of an account that opens remote shells"))
    .requiredOption("--account <name>", "such as DCI\\pchatadmin")
    .requiredOption("--password <text>", "the new one")
    .action((options: CommonOptions & { account: string; password: string }) =>
      apply(options, { action: "password", account: options.account, password: options.password }),
    );
  for (const action of ["machine-off", "machine-on"] as const)
    withCommon(fault.command(action).description("Take a chat server's machine down, or start it"))
      .requiredOption("--machine <fqdn>", "such as chat-p1.dci.discovery.com")
      .action((options: CommonOptions & { machine: string }) => apply(options, { action, machine: options.machine }));
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
  withCommon(fault.command("damage-page").description("Break the checksum of a page of a database"))
    .requiredOption("--instance <name>", "such as SQL-B1")
    .option("--database <name>", "such as mgccomp", "mgc")
    .option("--page <n>", "which page; the one in the middle by default", wholeNumber)
    .action((options: CommonOptions & { instance: string; database: string; page?: number }) => {
      const { instance, database, page } = options;
      return apply(options, { action: "damage-page", instance, database, ...(page === undefined ? {} : { page }) });
    });
  withCommon(
    fault.command("suspect").description("Damage a database's data file so that it is SUSPECT, with its log whole"),
  )
    .requiredOption("--instance <name>", "such as SQL-P1")
    .option("--database <name>", "such as mgccomp", "mgc")
    .action((options: CommonOptions & { instance: string; database: string }) =>
      apply(options, { action: "suspect", instance: options.instance, database: options.database }),
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
  const report = async (options: CommonOptions): Promise<void> => {
    print(options, await request((await running(options)).control, "chat-report", {}), describeReport);
  };
  withCommon(command)
    .option("--report", "downtime, moves, and messages lost (the same as `chat report`)")
    .action(async (options: CommonOptions & { report?: boolean }) => {
      if (options.report === true) return report(options);
      print(options, await request((await running(options)).control, "chat-status", {}), describeChat);
    });
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
  withCommon(command.command("report").description("Downtime, moves, and messages lost")).action(report);
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
