/** A lab of its own and a stack that points at it, for one group of engine tests. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectionPool } from "mssql";
import { labConfiguration, type LabDescription, labInstance } from "../../../tools/lab-configuration";
import { freePorts } from "../../../tools/free-ports";
import { keepJournal } from "../../../tools/journal-texts";
import { labUp, runLab } from "../../../tools/lab-process";
import { type CliResult, LabStack } from "../../../tools/lab-stack";

/** A line of the lab's journal, as far as tests judge by it. */
export interface JournalLine {
  readonly time: string;
  /** Name of the instance; absent for cmdlets. */
  readonly instance?: string;
  /** Program name of the client. */
  readonly client: string;
  readonly kind: string;
  readonly text: string;
  /** What was changed by it: empty for everything that only reads. */
  readonly changes: readonly string[];
}

/** Ports that one lab of up to two pools takes. */
const portsPerLab = 12;

export class TestEstate {
  readonly lab: LabDescription;
  readonly stack: LabStack;
  readonly #options: readonly string[];
  readonly #folder: string;

  private constructor(lab: LabDescription, stack: LabStack, options: readonly string[], folder: string) {
    this.lab = lab;
    this.stack = stack;
    this.#options = options;
    this.#folder = folder;
  }

  /** Starts a lab of 4 MiB databases unless told otherwise, and a stack on it. */
  static async start(scenario: "steady" | "failed-over", ...options: readonly string[]): Promise<TestEstate> {
    const folder = mkdtempSync(join(tmpdir(), "persistent-chat-lab-"));
    const where = ["--port-base", String(await freePorts(portsPerLab)), "--directory", join(folder, "lab")];
    const size = options.includes("--database-size") ? [] : ["--database-size", "4MiB"];
    const lab = await labUp(["--scenario", scenario, ...size, ...options, ...where]);
    try {
      const stack = await LabStack.create(labConfiguration(lab), labInstance(lab, "primary").password);
      return new TestEstate(lab, stack, where, folder);
    } catch (error) {
      await runLab(["down", ...where]);
      throw error;
    }
  }

  /** The stack `backup` on the same lab and backend; `top` are settings beside the estate's. */
  backupStack(top: Readonly<Record<string, unknown>> = {}): Promise<LabStack> {
    const { password } = labInstance(this.lab, "primary");
    return this.stack.sibling("backup", { ...labConfiguration(this.lab), ...top }, password);
  }

  /** An `up` of the stack `primary` whose pools acknowledge what is given, with other settings of theirs. */
  async homeWith(
    acknowledge: Readonly<Record<string, unknown>>,
    settings: Readonly<Record<string, unknown>> = {},
  ): Promise<CliResult> {
    this.reconfigure(this.stack, labConfiguration(this.lab, { ...settings, acknowledge }));
    return this.stack.up();
  }

  /** Gives a stack other settings beside the estate's. */
  reconfigure(stack: LabStack, top: Readonly<Record<string, unknown>>): void {
    stack.configure({ active: stack.name, ...labConfiguration(this.lab), ...top });
  }

  /** What clients were told is stored, and what of it is in no database that the n-th pool uses now. */
  async chat(pool = 0): Promise<{ readonly stored: number; readonly lost: readonly { readonly id: string }[] | null }> {
    const report = JSON.parse(await this.run("chat", "report", "--json")) as {
      stored: number;
      pools: { lost: { id: string }[] | null }[];
    };
    return { stored: report.stored, lost: report.pools[pool]?.lost ?? null };
  }

  /** Runs a command of the lab on this lab. */
  run(...args: readonly string[]): Promise<string> {
    return runLab([...args, ...this.#options]);
  }

  async stop(): Promise<void> {
    await this.run("down");
    keepJournal(this.lab.journal);
    this.stack.remove();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Every line of the lab's journal so far. */
  async journal(): Promise<readonly JournalLine[]> {
    return JSON.parse(await this.run("journal", "--json")) as JournalLine[];
  }

  /** What our product changed between two looks at the journal: Agent jobs and chat servers are other clients. */
  async changesSince(count: number): Promise<readonly JournalLine[]> {
    const lines = (await this.journal()).slice(count);
    return lines.filter((line) => line.changes.length > 0 && isOurs(line));
  }

  async journalLength(): Promise<number> {
    return (await this.journal()).length;
  }

  /** Asks an instance of the n-th pool as an ordinary client. */
  async ask(
    site: "primary" | "backup",
    text: string,
    role: "principal" | "mirror" = "principal",
    pool = 0,
  ): Promise<Record<string, unknown>[]> {
    const instance = labInstance(this.lab, site, role, pool);
    const client = new ConnectionPool({
      server: instance.host,
      port: instance.port,
      user: instance.user,
      password: instance.password,
      options: { encrypt: false, trustServerCertificate: true, appName: "engine test" },
    });
    await client.connect();
    try {
      const result = await client.request().query<Record<string, unknown>>(text);
      return result.recordset ?? [];
    } finally {
      await client.close();
    }
  }

  /** Rows, ids and bytes per channel, as one text to compare. */
  async rooms(site: "primary" | "backup"): Promise<string> {
    const rows = await this.ask(
      site,
      "SELECT channelId, CONVERT(varchar(20), COUNT_BIG(*)) AS n, " +
        "CONVERT(varchar(40), SUM(CONVERT(decimal(38, 0), chatId))) AS ids FROM mgc.dbo.tblChat GROUP BY channelId ORDER BY channelId;",
    );
    return JSON.stringify(rows);
  }

  /** A cmdlet typed into the lab's own shell by somebody else. */
  async shell(command: string): Promise<void> {
    const { PowerShell } = await import("node-powershell");
    const shell = new PowerShell({ executableOptions: {}, executable: this.lab.shell.executable });
    try {
      await shell.invoke(command);
    } finally {
      await shell.dispose();
    }
  }

  /** The newest report of the stack's runs. */
  report(path: unknown): {
    outcome: string;
    summary: {
      steps: { key: string; started: string; ended: string; outcome: string }[];
      serviceBack?: string;
      recoverySeconds?: number;
    };
  } {
    return JSON.parse(readFileSync(String(path), "utf8")) as never;
  }
}

function isOurs(line: JournalLine): boolean {
  return line.kind === "cmdlet" || line.client.startsWith("pchat-dr");
}
