/** Instances are killed at moments that follow from a seed, started again on the same directory, and must hold what they told. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { WindowsFiles } from "../../lab/windows/files";
import { assertRows, check, readRows } from "./checks";
import { Expected } from "./expected";
import { Random } from "./random";
import { Shipping } from "./shipping";
import { Tasks } from "./tasks";
import { Killed, Victim } from "./victim-process";
import { SHARE } from "./victim-protocol";

/** Changes of the disk in which a start or a row of tasks is killed: about as many as each of them makes. */
const CHANGES_OF_START = 120;
const CHANGES_OF_TASKS = 150;
/** Time after which a row of tasks is killed where the clock decides, in milliseconds. */
const MOST_MILLISECONDS = 1500;
/** What decides when a round is killed; most often the change of the disk. */
const DECIDERS = ["start", "clock", "change", "change"] as const;

export interface SweepOptions {
  readonly seed: number;
  readonly rounds: number;
  /** Told each round: where it was killed. */
  readonly say: (line: string) => void;
  /** Ends the sweep: its reason is thrown. */
  readonly signal?: AbortSignal;
}

/** Runs the rounds; throws what did not hold, with the round. The directory is removed when all held, or the sweep was ended. */
export async function sweep({ seed, rounds, say, signal }: SweepOptions): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), "persistent-chat-chaos-"));
  const random = new Random(seed);
  const expected = new Expected();
  const isEnded = (): boolean => signal?.aborted === true;
  for (let round = 1; round <= rounds + 1 && !isEnded(); round += 1) {
    const isLast = round > rounds;
    try {
      const how = await playRound(directory, expected, random, round, isLast, signal);
      say(`round ${String(round)}: ${how}`);
    } catch (error) {
      // Ctrl-C in a terminal reaches the instances' process too.
      if (isEnded()) break;
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new Error(`Seed ${String(seed)}, round ${String(round)}, files in ${directory}: ${text}`);
    }
  }
  rmSync(directory, { recursive: true, force: true });
  signal?.throwIfAborted();
}

/** Answers where the process was killed; the last round works undisturbed and proves the chain of sets. */
async function playRound(
  directory: string,
  expected: Expected,
  random: Random,
  round: number,
  isLast: boolean,
  signal: AbortSignal | undefined,
): Promise<string> {
  const decider = isLast ? undefined : random.one(DECIDERS);
  let clock: NodeJS.Timeout | undefined;
  let where = "while it started";
  let victim: Victim | undefined;
  const interrupt = (): void => void victim?.kill();
  signal?.addEventListener("abort", interrupt);
  try {
    victim = await Victim.start(directory, decider === "start" ? 1 + random.below(CHANGES_OF_START) : 0);
    if (signal?.aborted === true) await victim.kill();
    where = "while it was checked";
    const principal = await check(victim, expected);
    const share = new WindowsFiles(directory, [SHARE]).shareDirectory(SHARE);
    const shipping = new Shipping(victim, expected, share);
    await shipping.check();
    const tasks = new Tasks({ victim, expected, random, principal: principal ?? "SQL-P1", round, shipping });
    const doomed = victim;
    if (decider === "clock") clock = setTimeout(() => void doomed.kill(), random.below(MOST_MILLISECONDS));
    else if (decider !== undefined) await victim.arm(1 + random.below(CHANGES_OF_TASKS));
    where = "in preparation";
    if (principal === undefined) await tasks.prepare();
    if (isLast) {
      await prove(victim, expected, tasks);
      await shipping.ship();
      return "not killed; everything held";
    }
    for (;;) await tasks.next((task) => (where = `in ${task}`));
  } catch (error) {
    if (!(error instanceof Killed)) throw error;
    return `killed ${where}`;
  } finally {
    clearTimeout(clock);
    signal?.removeEventListener("abort", interrupt);
    await victim?.kill();
  }
}

/** The last full set and all log sets behind it bring exactly the rows that the principal has. */
async function prove(victim: Victim, expected: Expected, tasks: Tasks): Promise<void> {
  const full = expected.lastFull ?? (await tasks.backup("full"));
  await tasks.backup("log");
  await victim.run(
    "SQL-B1",
    `RESTORE DATABASE proof FROM DISK = N'${full.device}' WITH NORECOVERY, REPLACE,
MOVE N'mgc' TO N'D:\\SQLData\\proof.mdf', MOVE N'mgc_log' TO N'E:\\SQLLog\\proof_log.ldf'`,
  );
  for (const { device } of expected.logsBehind(full))
    await victim.run("SQL-B1", `RESTORE LOG proof FROM DISK = N'${device}' WITH NORECOVERY`);
  await victim.run("SQL-B1", "RESTORE DATABASE proof WITH RECOVERY");
  assertRows(await readRows(victim, "SQL-B1", "proof"), [expected.rows], "what the sets bring");
}
