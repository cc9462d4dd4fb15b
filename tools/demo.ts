/**
 * `npm run demo`: a pool that has failed over is brought home by the real CLI on the lab, while chat servers write; with
 * `-- --cycle` the whole way there and home again, twice. Ends with 0 only if everything that it claims holds.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { ConnectionPool } from "mssql";
import { z } from "zod";
import { keepJournal } from "./journal-texts";
import { labConfiguration, type LabDescription, labInstance, type LabInstance } from "./lab-configuration";
import { labUp, runLab } from "./lab-process";
import { LabStack } from "./lab-stack";
import { demoCycle } from "./demo-cycle";
import { type Claim, heading, judge, runPulumi, say } from "./demo-show";
import { ensureCli, projectDirectory } from "./pulumi-cli";

/** Away from the lab that a user may have running on the default ports. */
const portBase = "14730";
const directory = join(projectDirectory, ".lab", "demo");

/** What `lab chat report` says, as far as it is shown here. */
const chatSchema = z.object({
  stored: z.number(),
  pools: z.array(z.object({ lost: z.array(z.unknown()).nullable() })),
});

/** Reads one instance as any client would. */
async function ask(instance: LabInstance, text: string): Promise<Record<string, unknown>[]> {
  const pool = new ConnectionPool({
    server: instance.host,
    port: instance.port,
    user: instance.user,
    password: instance.password,
    options: { encrypt: false, appName: "persistent-chat-dr demo" },
  });
  await pool.connect();
  try {
    return (await pool.request().query<Record<string, unknown>>(text)).recordset;
  } finally {
    await pool.close();
  }
}

async function messages(instance: LabInstance): Promise<number> {
  const [row] = await ask(instance, "SELECT COUNT_BIG(*) AS n FROM mgc.dbo.tblChat;");
  return Number(row?.["n"]);
}

async function bringHome(lab: LabDescription, stack: LabStack): Promise<Claim[]> {
  const home = labInstance(lab, "primary");
  const away = labInstance(lab, "backup");
  const options = ["--stack", "primary"];
  heading("Before");
  const before = { home: await messages(home), away: await messages(away) };
  say(`${home.name}  ${String(before.home).padStart(9)} messages (rebuilt, empty)`);
  say(`${away.name}  ${String(before.away).padStart(9)} messages, chat servers are writing`);

  heading("What would be done");
  const preview = await runPulumi(stack, ["preview", ...options]);
  heading("The failback");
  const up = await runPulumi(stack, ["up", "--yes", "--skip-preview", ...options]);
  heading("Once more: nothing left to do");
  const again = await runPulumi(stack, ["preview", "--expect-no-changes", ...options]);

  heading("After");
  const outputs = (await stack.outputs())["pools"] as Record<string, Record<string, unknown>>;
  const pool = Object.values(outputs)[0] ?? {};
  const count = await messages(home);
  const [shipping] = await ask(home, "SELECT last_backup_file AS f FROM msdb.dbo.log_shipping_primary_databases;");
  const [restored] = await ask(
    away,
    "SELECT d.last_restored_file AS f, s.state_desc AS state FROM msdb.dbo.log_shipping_secondary_databases AS d " +
      "JOIN sys.databases AS s ON s.name = d.secondary_database;",
  );
  const mirrored = await ask(
    home,
    "SELECT DB_NAME(database_id) AS name FROM sys.database_mirroring WHERE mirroring_state_desc = N'SYNCHRONIZED' AND mirroring_role = 1;",
  );
  const sent = JSON.parse(await runLab(["chat", "send", "--json", ...where()])) as { room: number; chatId: string };
  const [arrived] = await ask(
    home,
    `SELECT COUNT(*) AS n FROM mgc.dbo.tblChat WHERE channelId = ${String(Number(sent.room))} AND chatId = ${String(BigInt(sent.chatId))};`,
  );
  const report = chatSchema.parse(JSON.parse(await runLab(["chat", "report", "--json", ...where()])));
  const lost = report.pools.reduce((sum, pool) => sum + (pool.lost?.length ?? Infinity), 0);
  const recovery = tellSteps(String(pool["report"]));
  say(
    `${home.name}  ${String(count).padStart(9)} messages, written to by ${(pool["activeServers"] as string[]).join(", ")}`,
  );
  say(`${away.name}  ${String(restored?.["state"])}, log shipped to ${String(restored?.["f"])}`);
  say(`clients   ${String(report.stored).padStart(9)} messages told stored, ${String(lost)} of them lost`);
  return [
    { text: "the preview ended well", holds: preview === 0 },
    { text: "the failback ended well", holds: up === 0 },
    { text: "a second preview expects no changes", holds: again === 0 },
    { text: "every message of the backup site is at home", holds: count >= before.away && before.away > 0 },
    { text: "no message that a client was told is stored was lost", holds: lost === 0 && report.stored > 0 },
    { text: "the pool is Normal", holds: pool["poolState"] === "Normal" },
    {
      text: "the primary ships its log",
      holds: typeof shipping?.["f"] === "string" && restored?.["state"] === "RESTORING",
    },
    { text: "the primary is mirrored inside its site again", holds: mirrored.length === 2 },
    { text: "the time from the first change to the first ping at home was measured", holds: recovery !== null },
    { text: "a message sent now arrives in mgc on the primary", holds: arrived?.["n"] === 1 },
  ];
}

/** Time per step, as the run's report has it, and the seconds until the chat was back; null where it does not say. */
function tellSteps(path: string): number | null {
  const { summary } = JSON.parse(readFileSync(path, "utf8")) as {
    summary: {
      steps: { key: string; resource: string; where: string; durationMs: number }[];
      recoverySeconds?: number | null;
    };
  };
  for (const step of summary.steps) {
    const seconds = `${(step.durationMs / 1000).toFixed(1)} s`;
    say(`${step.key.padEnd(14)}${step.resource.padEnd(22)}${seconds.padStart(8)}  ${step.where}`);
  }
  const recovery = summary.recoverySeconds ?? null;
  if (recovery !== null) say(`the chat was back ${recovery.toFixed(1)} s after the first change`);
  return recovery;
}

function where(): string[] {
  return ["--port-base", portBase, "--directory", directory];
}

/** Throws CommanderError, told already, for wrong options and for --help. */
function options(args: readonly string[]): { readonly cycle: boolean } {
  return new Command("demo")
    .description("Bring a pool that has failed over home, by the real CLI on a lab of its own")
    .exitOverride()
    .showHelpAfterError()
    .option("--cycle", "the whole way there and home again, twice", false)
    .parse([...args], { from: "user" })
    .opts();
}

async function main(args: readonly string[]): Promise<number> {
  const { cycle } = options(args);
  await ensureCli(say);
  if (cycle) return demoCycle();
  heading("A lab: the pool has failed over, its primary site is rebuilt and empty");
  const lab = await labUp(["--scenario", "failed-over", "--chat", ...where()]);
  let stack: LabStack | undefined;
  try {
    stack = await LabStack.create(labConfiguration(lab), labInstance(lab, "primary").password);
    const claims = await bringHome(lab, stack);
    return judge(claims);
  } finally {
    await runLab(["down", ...where()]);
    keepJournal(lab.journal);
    stack?.remove();
  }
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode;
      return;
    }
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
