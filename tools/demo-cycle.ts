/**
 * `npm run demo -- --cycle`: steady, outage, the backup site, rebuild, home; then there and home again in planned moves, while
 * chat servers write. At the end the ledger of the clients: nothing lost in planned moves, in the outage exactly what lies
 * behind the position that was said beforehand.
 */
import { join } from "node:path";
import { z } from "zod";
import { type Claim, heading, judge, runPulumi, say } from "./demo-show";
import { keepJournal } from "./journal-texts";
import { labConfiguration, type LabDescription, labInstance } from "./lab-configuration";
import { messagesOf, otherThanSaid } from "./lab-ledger";
import { labUp, runLab } from "./lab-process";
import { LabStack } from "./lab-stack";
import { projectDirectory } from "./pulumi-cli";

/** Away from the labs that a user, or the other demo, may have running. */
const where = ["--port-base", "14760", "--directory", join(projectDirectory, ".lab", "demo-cycle")];

const reportSchema = z.object({
  stored: z.number(),
  downtime: z.array(z.object({ from: z.string(), to: z.string().nullable(), seconds: z.number() })),
  pools: z.array(
    z.object({ poolState: z.string(), instance: z.string(), lost: z.array(z.object({ id: z.string() })).nullable() }),
  ),
});
const statusSchema = z.object({
  instances: z.array(
    z.object({ name: z.string(), databases: z.array(z.object({ mirroring: z.string().nullable() })) }),
  ),
});
const journalSchema = z.array(z.object({ client: z.string(), kind: z.string(), changes: z.array(z.string()) }));

/** What `lab chat report` says of the only pool. */
interface Ledger {
  readonly stored: number;
  readonly instance: string;
  readonly lost: readonly { readonly id: string }[];
  readonly downtime: readonly { readonly from: string; readonly seconds: number }[];
}

/** Runs the whole cycle; answers the exit code. */
export async function demoCycle(): Promise<number> {
  heading("A lab in steady state: the pool runs on its primary site, chat servers write");
  const lab = await labUp(["--scenario", "steady", "--chat", "--fresh", ...where]);
  let stacks: { readonly home: LabStack; readonly away: LabStack } | undefined;
  try {
    const { password } = labInstance(lab, "primary");
    // The planned move ends the primary's mirroring: the copy that its mirror keeps then gives way to a new one.
    const home = await LabStack.create(labConfiguration(lab, { mirroring: { dropLeftovers: true } }), password);
    stacks = { home, away: await home.sibling("backup", labConfiguration(lab), password) };
    return judge(await cycle(lab, home, stacks.away));
  } finally {
    await runLab(["down", ...where]);
    keepJournal(lab.journal);
    stacks?.home.remove();
  }
}

async function cycle(lab: LabDescription, home: LabStack, away: LabStack): Promise<Claim[]> {
  heading("Taking it under management: nothing is changed");
  const lines = (await changes()).length;
  const adopted = await up(home);
  const written = (await changes()).length - lines;
  await tellWritten(lab);

  heading("The primary site is lost");
  await moveLab("outage");
  mode(lab, away, "disaster");
  const said = await preview(away);
  const failedOver = await up(away);
  const otherwise = otherThanSaid(said, labName(lab, "primary"), messagesOf(lab), (await ledger()).lost);
  await tellWritten(lab);
  const afterOutage = await ledger();

  heading("The primary site is rebuilt, and the chat comes home");
  await moveLab("rebuild");
  const cameHome = await up(home);
  await tellWritten(lab);
  const afterFailback = await ledger();

  heading("There again, planned: the primary is closed by its tail first");
  mode(lab, away, "planned");
  const moved = await up(away);
  await tellWritten(lab);
  const afterMove = await ledger();

  heading("And home, by log alone");
  const cameHomeAgain = await up(home);
  await tellWritten(lab);
  const atEnd = await ledger();
  const again = await runPulumi(home, ["preview", "--expect-no-changes", "--stack", home.name]);

  const mirrored = await isMirrored(lab);
  heading("From the clients' chairs");
  say(`${String(atEnd.stored)} messages were told stored, ${String(atEnd.lost.length)} of them lost`);
  for (const { from, seconds } of atEnd.downtime) say(`down  ${from}  ${seconds.toFixed(1).padStart(7)} s`);
  say(`said before the failover: what was written after ${said} is lost`);
  for (const line of otherwise) say(`  ${line}`);
  return [
    { text: "the steady state was adopted without a change", holds: adopted === 0 && written === 0 },
    {
      text: "the failover of the outage ended well",
      holds: failedOver === 0 && afterOutage.instance === labName(lab, "backup"),
    },
    {
      text: "the outage lost exactly what lies behind the position that was said beforehand",
      holds: said !== "" && afterOutage.lost.length > 0 && otherwise.length === 0,
    },
    {
      text: "the failback ended well and lost nothing",
      holds: cameHome === 0 && kept(afterFailback, afterOutage, labName(lab, "primary")),
    },
    {
      text: "the planned move lost nothing",
      holds: moved === 0 && kept(afterMove, afterFailback, labName(lab, "backup")),
    },
    {
      text: "the way home by log alone lost nothing",
      holds: cameHomeAgain === 0 && kept(atEnd, afterMove, labName(lab, "primary")),
    },
    { text: "the pool runs on its primary", holds: atEnd.instance === labName(lab, "primary") },
    { text: "the primary is mirrored inside its site again", holds: mirrored },
    { text: "a further preview expects no changes", holds: again === 0 },
  ];
}

function up(stack: LabStack): Promise<number> {
  return runPulumi(stack, ["up", "--yes", "--skip-preview", "--stack", stack.name]);
}

/** Prints the preview, and answers the time behind which it says that messages are lost; "" when it says none. */
async function preview(stack: LabStack): Promise<string> {
  const { output } = await stack.preview();
  say(output.slice(output.indexOf("Diagnostics:"), output.indexOf("Outputs:")).trimEnd());
  return /can be applied ended (\S+Z)/.exec(output)?.[1] ?? "";
}

function mode(lab: LabDescription, stack: LabStack, wanted: "planned" | "disaster"): void {
  stack.configure({ active: stack.name, ...labConfiguration(lab), failover: { mode: wanted } });
}

/** Whether both databases of the primary's principal are mirrored and synchronized, as the lab says. */
async function isMirrored(lab: LabDescription): Promise<boolean> {
  const { instances } = statusSchema.parse(JSON.parse(await runLab(["status", "--json", ...where])));
  const databases = instances.find(({ name }) => name === labName(lab, "primary"))?.databases ?? [];
  return databases.length === 2 && databases.every(({ mirroring }) => mirroring === "SYNCHRONIZED");
}

function labName(lab: LabDescription, site: "primary" | "backup"): string {
  return labInstance(lab, site).name;
}

/** A message that a client is told is stored, wherever the pool is now. */
async function tellWritten(lab: LabDescription): Promise<void> {
  await runLab(["chat", "send", ...where]);
  const { stored, instance, lost } = await ledger();
  say(
    `${instance}  ${String(stored)} messages told stored so far, ${String(lost.length)} of them lost (${lab.pool.fqdn})`,
  );
}

async function moveLab(...command: readonly string[]): Promise<void> {
  say((await runLab([...command, ...where])).trimEnd());
}

async function ledger(): Promise<Ledger> {
  const report = reportSchema.parse(JSON.parse(await runLab(["chat", "report", "--json", ...where])));
  const [pool] = report.pools;
  const lost = pool?.lost;
  if (pool === undefined || !lost)
    throw new Error("the chat's database could not be compared with the clients' ledger");
  return {
    stored: report.stored,
    instance: pool.instance,
    lost,
    downtime: report.downtime,
  };
}

/** What this product and its cmdlets changed so far. */
async function changes() {
  const lines = journalSchema.parse(JSON.parse(await runLab(["journal", "--json", ...where])));
  return lines.filter(
    (line) => line.changes.length > 0 && (line.kind === "cmdlet" || line.client.startsWith("pchat-dr")),
  );
}

/** Nothing more is lost, clients went on writing, and the pool is where it was to go. */
function kept(later: Ledger, earlier: Ledger, instance: string): boolean {
  if (later.instance !== instance) return false;
  return JSON.stringify(later.lost) === JSON.stringify(earlier.lost) && later.stored > earlier.stored;
}
