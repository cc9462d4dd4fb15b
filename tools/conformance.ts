/**
 * `npm run conformance [-- part…]`: the lab judged by what others wrote, below `.conformance` once it is installed there.
 *
 * A client's name: its cases against a lab of their own. `failback`: such clients read an estate that the real CLI brought
 * home. `statements`: Microsoft's parser reads what was sent and what is shown. Without a name, all of them. Ends with 0 only
 * if every case passed; what cannot be installed has failed.
 */
import { constants } from "node:os";
import { Argument, Command } from "commander";
import { type ConformanceClient, conformanceClients } from "./conformance-clients";
import { judgeFailback } from "./conformance-failback";
import { ConformanceLab } from "./conformance-lab";
import { countsOf, jsonOf, type PartResult, summaryOf, tableOf } from "./conformance-report";
import { runCaseProgram } from "./conformance-run";
import { judgeStatements } from "./conformance-statements";
import { engineTexts, repositoryTexts } from "./conformance-texts";
import { different, journalTexts, type SentText } from "./journal-texts";

/** Progress; standard output is the result's alone. */
function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** What stands in for the result of a part that could not be run. */
function notRun(name: string, error: unknown): PartResult {
  const found = error instanceof Error ? error.message : String(error);
  return { name, version: "", cases: [{ name: "is installed and runs", passed: false, found }], seconds: 0 };
}

async function putToClient(client: ConformanceClient, lab: ConformanceLab, signal: AbortSignal): Promise<PartResult> {
  try {
    const program = await client.install(say);
    let part: PartResult | undefined;
    const wire = await lab.watched(client.limits, async (json) => {
      const options = { name: client.name, signal, serverPid: lab.pid };
      part = await runCaseProgram({ ...program, args: [...program.args, json] }, options);
    });
    return part === undefined
      ? notRun(client.name, "its cases were not run")
      : { ...part, cases: [...part.cases, ...wire] };
  } catch (error) {
    return notRun(client.name, error);
  }
}

class Run {
  readonly parts: PartResult[] = [];
  /** Statements of the labs of this run. */
  readonly texts: SentText[] = [];

  constructor(
    readonly wanted: (part: string) => boolean,
    readonly signal: AbortSignal,
  ) {}

  async all(): Promise<void> {
    const clients = conformanceClients.filter(({ name }) => this.wanted(name));
    if (clients.length > 0) await this.#clients(clients);
    if (this.wanted("failback")) await this.#part("failback", () => this.#failback());
    if (this.wanted("statements")) await this.#part("statements", () => this.#statements());
  }

  async #clients(clients: readonly ConformanceClient[]): Promise<void> {
    say("starting a lab …");
    const lab = await ConformanceLab.start();
    try {
      for (const client of clients) {
        if (this.signal.aborted) return;
        this.#add([await putToClient(client, lab, this.signal)]);
      }
    } finally {
      // The lab outlives its starter: whoever interrupts this must find it ended too.
      await lab.down((journal) => this.texts.push(...journalTexts(journal, "everybody")));
    }
  }

  async #failback(): Promise<PartResult[]> {
    say("a failback on a lab of its own …");
    return judgeFailback(say, this.signal, (journal) => this.texts.push(...journalTexts(journal)));
  }

  async #statements(): Promise<PartResult[]> {
    const kept = engineTexts(say);
    if (kept.length === 0 && !this.wanted("failback")) await this.#part("failback", () => this.#failback());
    return judgeStatements(different([...repositoryTexts(), ...kept, ...this.texts]), say, this.signal);
  }

  async #part(name: string, run: () => Promise<PartResult[]>): Promise<void> {
    if (this.signal.aborted) return;
    this.#add(await run().catch((error: unknown) => [notRun(name, error)]));
  }

  #add(parts: readonly PartResult[]): void {
    this.parts.push(...parts);
    for (const part of parts) say(summaryOf(part));
  }
}

async function main(names: readonly string[], json: boolean): Promise<number> {
  const interruption = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => interruption.abort(signal);
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const run = new Run((part) => names.length === 0 || names.includes(part), interruption.signal);
  await run.all();
  if (interruption.signal.aborted) return 128 + constants.signals[interruption.signal.reason as NodeJS.Signals];
  const { passed, failed } = countsOf(run.parts);
  process.stdout.write(json ? `${jsonOf(run.parts)}\n` : `\n${tableOf(run.parts)}\n`);
  return passed > 0 && failed === 0 ? 0 : 1;
}

const partNames = [...conformanceClients.map(({ name }) => name), "failback", "statements"];

new Command("npm run conformance --")
  .description("Puts the lab to clients and parsers that others wrote.")
  .addArgument(new Argument("[part...]", "what is judged; all of it by default").choices(partNames))
  .option("--json", "prints the result as one JSON object")
  .action(async (parts: readonly string[], options: { readonly json?: true }) => {
    process.exitCode = await main(parts, options.json === true);
  })
  .parseAsync()
  .catch((error: unknown) => {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
