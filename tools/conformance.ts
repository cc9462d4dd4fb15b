/**
 * `npm run conformance [-- client…]`: puts the lab's SQL Server instances to clients that others wrote. Starts a lab of its
 * own, installs each client below `.conformance`, runs its cases and ends with 0 only if every case of every client passed.
 *
 * `npm run conformance -- --journal <file>…`: parses the T-SQL that the product sent, as a lab's journal has it, with
 * Microsoft's grammars of SQL Server 2008 R2 and 2012.
 *
 * `npm run conformance -- failback`: a failback by the real CLI, judged by such clients and by that parser.
 */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { pythonEnvironment } from "./conformance-cache";
import { casesFolder, type ConformanceClient, conformanceClients } from "./conformance-clients";
import { judgeFailback } from "./conformance-failback";
import { dotnetEnvironment, installDotnet } from "./conformance-dotnet";
import { type CaseProgramResult, runCaseProgram } from "./conformance-run";
import { type OwnLab, startOwnLab } from "./own-lab";

/** mgc must hold more than the 100,000 messages that each client reads at once. */
const databaseSize = "112MiB";

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Runs one client's cases; one that cannot be installed counts as one failed case. */
async function putToClient(client: ConformanceClient, lab: OwnLab, signal: AbortSignal): Promise<CaseProgramResult> {
  try {
    const command = await client.install(say);
    return await runCaseProgram(
      { ...command, args: [...command.args, lab.json] },
      client.name,
      lab.description.pid,
      signal,
    );
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { title: `${client.name} (not run)`, cases: [{ name: "installation", passed: false, found }] };
  }
}

function tell(result: CaseProgramResult): void {
  const failed = result.cases.filter((one) => !one.passed);
  say(`${result.title}: ${String(result.cases.length - failed.length)} passed, ${String(failed.length)} failed`);
  for (const { name, found } of failed) say(`  ${name}: ${found}`);
}

async function main(names: readonly string[]): Promise<number> {
  if (names[0] === "--journal") return parseJournals(names.slice(1));
  if (names[0] === "failback") return judgeFailback(say, parseJournals);
  const chosen = conformanceClients.filter(({ name }) => names.length === 0 || names.includes(name));
  const unknown = names.filter((name) => conformanceClients.every((client) => client.name !== name));
  if (unknown.length > 0) {
    const known = conformanceClients.map(({ name }) => name).join(", ");
    process.stderr.write(`error: unknown client ${unknown.join(", ")}\n  hint: One of ${known}; none for all.\n`);
    return 2;
  }
  // The lab outlives its starter: whoever interrupts this must find it ended too.
  const interruption = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => interruption.abort(signal);
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  say("starting a lab …");
  const lab = await startOwnLab("conformance", ["--scenario", "failed-over", "--database-size", databaseSize]);
  const results: CaseProgramResult[] = [];
  try {
    for (const client of chosen) {
      if (interruption.signal.aborted) break;
      const result = await putToClient(client, lab, interruption.signal);
      tell(result);
      results.push(result);
    }
  } finally {
    await lab.down();
  }
  if (interruption.signal.aborted) return 128 + constants.signals[interruption.signal.reason as NodeJS.Signals];
  const cases = results.flatMap((result) => result.cases);
  const passed = cases.filter((one) => one.passed).length;
  say(`${String(passed)} passed, ${String(cases.length - passed)} failed`);
  return cases.length > 0 && passed === cases.length ? 0 : 1;
}

/** Hands the journals to ScriptDom; answers its exit code. */
async function parseJournals(paths: readonly string[]): Promise<number> {
  const python = await installDotnet(say);
  const child = spawn(python, [join(casesFolder, "scriptdom.py"), ...paths], {
    env: { ...process.env, ...dotnetEnvironment(), ...pythonEnvironment },
    stdio: "inherit",
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
