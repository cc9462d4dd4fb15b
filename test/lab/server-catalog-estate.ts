/** Instances of the lab for the tests of lab/server: sessions of their own process, answers collected. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Instance, type InstanceOptions } from "../../lab/server/instance";
import type { RequestEntry } from "../../lab/server/request-journal";
import type { Session } from "../../lab/tds/backend";
import { LoginRefused } from "../../lab/tds/backend";
import { displayText } from "../../lab/tsql/conversion";
import type { EnvironmentChange, Message, ResultSink } from "../../lab/tsql/results";
import type { Column, Row, SqlValue } from "../../lab/tsql/values";
import { WindowsFiles } from "../../lab/windows/files";

export const SHARE = "\\\\files.dci.discovery.com\\lslogs";
export const PASSWORD = "Rehearsal-1";

export interface ResultSet {
  readonly columns: readonly Column[];
  readonly rows: readonly Row[];
}

/** What a batch answered. */
export interface Answer {
  readonly sets: readonly ResultSet[];
  readonly messages: readonly Message[];
  readonly changes: readonly EnvironmentChange[];
  readonly doneCount: number;
  /** Numbers of the errors, in order. */
  readonly errors: readonly number[];
  /** First set as objects, values as text; NULL stays null. */
  readonly rows: readonly Readonly<Record<string, string | null>>[];
}

function text(value: SqlValue, column: Column): string | null {
  return value === null ? null : displayText(value, column.type);
}

/** Runs a batch and collects what it answers. */
export async function ask(session: Session, batch: string, signal = new AbortController().signal): Promise<Answer> {
  const sets: { readonly columns: readonly Column[]; readonly rows: Row[] }[] = [];
  const messages: Message[] = [];
  const changes: EnvironmentChange[] = [];
  let doneCount = 0;
  const sink: ResultSink = {
    columns: (columns) => void sets.push({ columns, rows: [] }),
    row: (row) => void sets.at(-1)?.rows.push(row),
    message: (message) => void messages.push(message),
    done: () => void (doneCount += 1),
    environment: (change) => void changes.push(change),
  };
  await session.batch(batch, sink, signal);
  const first = sets[0];
  return {
    sets,
    messages,
    changes,
    doneCount,
    errors: messages.filter((message) => message.class > 10).map((message) => message.number),
    rows: (first?.rows ?? []).map((row) =>
      Object.fromEntries(
        (first?.columns ?? []).map((column, index) => [column.name, text(row[index] ?? null, column)]),
      ),
    ),
  };
}

/** Runs a batch that must not fail. */
export async function run(session: Session, batch: string): Promise<Answer> {
  const answer = await ask(session, batch);
  if (answer.errors.length > 0)
    throw new Error(
      `Expected no error of "${batch.slice(0, 200)}", found ${answer.messages.map((one) => `${String(one.number)} ${one.text}`).join(" | ")}`,
    );
  return answer;
}

/** Hosts of a test with their disks and the backup share; `close` takes it all away. */
export class Estate {
  readonly directory = mkdtempSync(join(tmpdir(), "server-catalog-"));
  readonly files = new WindowsFiles(this.directory, [SHARE]);
  readonly journal: RequestEntry[] = [];
  readonly #instances = new Map<string, Instance>();

  async start(name: string, options: Partial<InstanceOptions> = {}): Promise<Instance> {
    const instance = await Instance.start({
      name,
      files: this.files,
      fullyQualifiedName: `${name.toLowerCase()}.dci.discovery.com`,
      engineAccount: `DCI\\svc-${name.toLowerCase()}`,
      agentAccount: `DCI\\svc-agent-${name.toLowerCase()}`,
      saPassword: PASSWORD,
      utcOffsetMinutes: 0,
      onRequest: (entry) => void this.journal.push(entry),
      partner: (address) =>
        [...this.#instances.values()].find((one) => one.endpointAddress?.toLowerCase() === address.toLowerCase()),
      ...options,
    });
    this.#instances.set(name, instance);
    return instance;
  }

  async close(): Promise<void> {
    for (const instance of this.#instances.values()) await instance.stop();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Logs in as the wire does. */
export function connect(
  instance: Instance,
  options: {
    readonly user?: string;
    readonly password?: string;
    readonly database?: string;
    readonly program?: string;
    readonly terminated?: () => void;
  } = {},
): Promise<Session> {
  return instance.login(
    {
      user: options.user ?? "sa",
      password: options.password ?? PASSWORD,
      database: options.database ?? "",
      hostName: "OPS-1",
      applicationName: options.program ?? "test",
      clientProcessId: 4711,
      language: "",
    },
    {
      remoteAddress: "127.0.0.1",
      encrypted: false,
      terminate: () => options.terminated?.(),
    },
  );
}

/** Numbers of the errors that a refused login is told. */
export async function loginErrors(attempt: Promise<Session>): Promise<readonly number[]> {
  try {
    await attempt;
    return [];
  } catch (error) {
    if (!(error instanceof LoginRefused)) throw error;
    return error.messages.map((message) => message.number);
  }
}
