/** Instances with their Agents in a temporary directory, spoken to in T-SQL by sessions without a wire. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Agent } from "../../lab/agent/agent";
import { agentClock } from "../../lab/agent/agent-clock";
import { millisecondsOf } from "../../lab/agent/calendar-numbers";
import { Instance, type InstanceOptions } from "../../lab/server/instance";
import type { RequestEntry } from "../../lab/server/request-journal";
import type { ServerSession } from "../../lab/server/server-session";
import type { Message } from "../../lab/tsql/results";
import { decimalText } from "../../lab/tsql/decimal";
import { CalendarTime, Decimal, type SqlValue } from "../../lab/tsql/values";
import { WindowsFiles } from "../../lab/windows/files";

export const SHARE = "\\\\files.dci.discovery.com\\lslogs";
export const COPY_FOLDER = "D:\\LSCopy";

/** A value as tests compare it: whole numbers and times (milliseconds since 1970) as numbers, bytes as hexadecimal, decimals as text. */
export type Cell = string | number | null;
export type ResultRow = Readonly<Record<string, Cell>>;

/** What a batch answered. */
export interface Answer {
  readonly sets: readonly (readonly ResultRow[])[];
  readonly messages: readonly Message[];
  /** Numbers of the errors, in order. */
  readonly errors: readonly number[];
}

/** One instance with its Agent and a session of its administrator. */
export class Server {
  readonly #session: ServerSession;

  constructor(
    readonly instance: Instance,
    readonly agent: Agent,
  ) {
    this.#session = instance.openInternalSession("DCI\\administrator", "test");
  }

  /** Runs a batch whatever it answers. */
  async ask(text: string, session: ServerSession = this.#session): Promise<Answer> {
    const sets: ResultRow[][] = [];
    const messages: Message[] = [];
    let names: readonly string[] = [];
    await session.batch(
      text,
      {
        columns: (columns) => {
          names = columns.map((column) => column.name);
          sets.push([]);
        },
        row: (values) =>
          void sets.at(-1)?.push(Object.fromEntries(names.map((name, at) => [name, cell(values[at] ?? null)]))),
        message: (message) => void messages.push(message),
        done: () => undefined,
        environment: () => undefined,
      },
      new AbortController().signal,
    );
    return { sets, messages, errors: messages.filter((one) => one.class > 10).map((one) => one.number) };
  }

  /** Runs a batch that must not fail; answers its first result set. */
  async run(text: string): Promise<readonly ResultRow[]> {
    const { sets, messages, errors } = await this.ask(text);
    assert.deepEqual(errors, [], `${text}\n${messages.map((message) => message.text).join("\n")}`);
    return sets[0] ?? [];
  }

  /** The first row of a batch. */
  async row(text: string): Promise<ResultRow> {
    const [row] = await this.run(text);
    assert.ok(row, `no row: ${text}`);
    return row;
  }

  async refused(text: string, ...numbers: number[]): Promise<void> {
    const { errors, messages } = await this.ask(text);
    assert.deepEqual(errors, numbers, messages.map((message) => message.text).join("\n"));
  }

  /** Starts a job by name, waits for the end of that run, answers its rows of sysjobhistory. */
  async runJob(name: string): Promise<readonly ResultRow[]> {
    const job = await this.row(`SELECT job_id FROM msdb.dbo.sysjobs WHERE name = N'${name}'`);
    const history = `SELECT step_id, step_name, run_status, message, run_date, run_time, run_duration, server, sql_message_id
      FROM msdb.dbo.sysjobhistory WHERE job_id = '${String(job["job_id"])}' AND instance_id > `;
    const before = await this.row("SELECT ISNULL(MAX(instance_id), 0) AS instance_id FROM msdb.dbo.sysjobhistory");
    const after = `${history}${String(before["instance_id"])} ORDER BY instance_id`;
    await this.run(`EXEC msdb.dbo.sp_start_job @job_name = N'${name}'`);
    return until(
      () => this.run(after),
      (rows) => rows.some((row) => row["step_id"] === 0),
    );
  }

  /** As `runJob`; the job must succeed. */
  async succeed(name: string): Promise<void> {
    const rows = await this.runJob(name);
    assert.equal(rows.at(-1)?.["run_status"], 1, rows.map((row) => row["message"]).join("\n"));
  }
}

/** The instances of one test. */
export class AgentEstate {
  readonly directory = mkdtempSync(join(tmpdir(), "agent-"));
  readonly files = new WindowsFiles(this.directory, [SHARE]);
  readonly journal: RequestEntry[] = [];
  readonly #servers: Server[] = [];
  readonly #begun = Date.now();

  /** @param factor how much faster than the machine's the estate's time runs */
  constructor(readonly factor = 1) {}

  /** Starts an instance and its Agent. */
  async start(name: string, options: Partial<InstanceOptions> = {}): Promise<Server> {
    const suffix = name.toLowerCase().replace("sql-", "");
    for (const folder of ["D:\\SQLData", "E:\\SQLLog", COPY_FOLDER]) this.files.makeFolder(name, folder);
    const instance = await Instance.start({
      name,
      directory: join(this.directory, "instances", name),
      files: this.files,
      engineAccount: `DCI\\svc-sql-${suffix}`,
      agentAccount: `DCI\\svc-agent-${suffix}`,
      administrators: [{ name: "DCI\\administrator" }],
      utcTime: () => this.#begun + (Date.now() - this.#begun) * this.factor,
      onRequest: (entry) => void this.journal.push(entry),
      fullyQualifiedName: `${name.toLowerCase()}.dci.discovery.com`,
      partner: (address) => {
        const wanted = address.toLowerCase();
        return this.#servers.find(({ instance: one }) => one.endpointAddress?.toLowerCase() === wanted)?.instance;
      },
      ...options,
    });
    const agent = new Agent({ instance, clock: agentClock(this.factor) });
    await agent.start();
    const server = new Server(instance, agent);
    this.#servers.push(server);
    return server;
  }

  async dispose(): Promise<void> {
    for (const { agent, instance } of this.#servers) {
      await agent.stop();
      await instance.stop();
    }
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function cell(value: SqlValue): Cell {
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  if (value instanceof CalendarTime) return millisecondsOf(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex").toUpperCase();
  if (value instanceof Decimal) return decimalText(value);
  throw new Error("The tests of the Agent read no sql_variant.");
}

/** Asks until the answer is as wanted. Fails after 20 s. */
export async function until<T>(ask: () => Promise<T>, wanted: (answer: T) => boolean): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (Date.now() > deadline) assert.fail(`not within 20 s; last answer: ${JSON.stringify(answer)}`);
    await delay(20);
  }
}

/** A job with one step, on this server. */
export function oneStepJob(
  name: string,
  step: { readonly command: string; readonly subsystem?: string; readonly more?: string },
): string {
  const command = step.command.replaceAll("'", "''");
  return `DECLARE @job uniqueidentifier;
EXEC msdb.dbo.sp_add_job @job_name = N'${name}', @job_id = @job OUTPUT;
EXEC msdb.dbo.sp_add_jobstep @job_id = @job, @step_name = N'one', @subsystem = N'${step.subsystem ?? "TSQL"}', @command = N'${command}'${step.more ?? ""};
EXEC msdb.dbo.sp_add_jobserver @job_id = @job, @server_name = N'(local)';`;
}
