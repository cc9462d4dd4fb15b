/** Rules of what SQL Server does, as data, and the runner that makes one test of each. */
import assert from "node:assert/strict";
import type { Instance, InstanceOptions } from "../../../lab/server/instance";
import type { Session } from "../../../lab/tds/backend";
import { type Answer, Estate, SHARE, ask, connect, run } from "../server-catalog-estate";

export { type Answer, PASSWORD, SHARE, loginErrors } from "../server-catalog-estate";

/** "documented": a page or the list of messages says it; "well known": administrators know it; "assumed": neither. */
export type Certainty = "documented" | "well known" | "assumed";

/** One thing SQL Server does. */
export interface Rule {
  /** Letter of the subject and a number: "D5". */
  readonly number: string;
  readonly certainty: Certainty;
  /** Names of the documents; "" when none was found. */
  readonly source: string;
  /** State before, statement, result. */
  readonly title: string;
  /** Provokes it and asserts the result. */
  readonly run: (estate: RuleEstate) => Promise<void> | void;
}

/** A rule that the lab does not hold. */
export interface NotHeld {
  readonly number: string;
  readonly reason: string;
}

/** An expected error: number, severity, text. */
export type ExpectedError = readonly [number: number, severity: number, text?: RegExp];

/** A statement that is refused, with what is done before it. */
export interface Refusal {
  /** Batches of sa on the same instance that must succeed. */
  readonly before?: readonly string[];
  readonly statement: string;
  /** Default SQL-P1. */
  readonly on?: string;
  /** All errors of the statement, the cause first. */
  readonly errors: readonly ExpectedError[];
  /** Queries of sa afterwards, with the only value of their first row as text. */
  readonly after?: Readonly<Record<string, string | null>>;
}

/** The instance that rules ask unless they name another. */
export const DEFAULT_SERVER = "SQL-P1";

/** The instances of one rule, started when first asked for, on Windows hosts of their own with the backup share. */
export class RuleEstate {
  readonly #estate = new Estate();
  readonly #instances = new Map<string, Instance>();
  readonly #sessions = new Map<string, Session>();
  readonly #options = new Map<string, Partial<InstanceOptions>>();
  readonly files = this.#estate.files;
  /** Every batch and procedure call of the rule, in the order in which they ended. */
  readonly journal = this.#estate.journal;

  /** Starts an instance with options of its own, before anything else asks for it. */
  async start(on: string, options: Partial<InstanceOptions> = {}): Promise<Instance> {
    this.#options.set(on, options);
    const instance = await this.#estate.start(on, options);
    this.#instances.set(on, instance);
    for (const one of this.#instances.values()) one.core.reconnectPartners();
    return instance;
  }

  async instance(on = DEFAULT_SERVER): Promise<Instance> {
    return this.#instances.get(on) ?? this.start(on);
  }

  /** Stops an instance as the service is stopped; the next use starts it on the same files. */
  async stop(on = DEFAULT_SERVER): Promise<void> {
    await (await this.instance(on)).stop();
    this.#instances.delete(on);
    this.#sessions.delete(on);
  }

  /** Stops and starts an instance on the same files. */
  async restart(on = DEFAULT_SERVER): Promise<Instance> {
    await this.stop(on);
    return this.start(on, this.#options.get(on));
  }

  /** The session of sa that `ask`, `run`, `value` and `refuses` use. */
  async sa(on = DEFAULT_SERVER): Promise<Session> {
    const open = this.#sessions.get(on) ?? (await connect(await this.instance(on)));
    this.#sessions.set(on, open);
    return open;
  }

  /** Another session; default sa in master. */
  async connect(options: Parameters<typeof connect>[1] = {}, on = DEFAULT_SERVER): Promise<Session> {
    return connect(await this.instance(on), options);
  }

  /** Runs a batch of sa whatever it answers. */
  async ask(batch: string, on = DEFAULT_SERVER): Promise<Answer> {
    return ask(await this.sa(on), batch);
  }

  /** Runs a batch of sa that must not fail. */
  async run(batch: string, on = DEFAULT_SERVER): Promise<Answer> {
    return run(await this.sa(on), batch);
  }

  /** Rows of the first set of a batch that must not fail; values as text. */
  async rows(batch: string, on = DEFAULT_SERVER): Promise<Answer["rows"]> {
    return (await this.run(batch, on)).rows;
  }

  /** First value of the first row as text. */
  async value(query: string, on = DEFAULT_SERVER): Promise<string | null> {
    const [row] = await this.rows(query, on);
    assert.ok(row, `no row: ${query}`);
    return Object.values(row)[0] ?? null;
  }

  /** Expects these errors, in this order and no others, of a batch of sa. */
  async refuses(batch: string, errors: readonly ExpectedError[], on = DEFAULT_SERVER): Promise<Answer> {
    return refuses(await this.sa(on), batch, errors);
  }

  /** Numbers and texts of the error log. */
  async errorLog(on = DEFAULT_SERVER): Promise<readonly { readonly number: number; readonly text: string }[]> {
    return (await this.instance(on)).errorLog.entries;
  }

  async close(): Promise<void> {
    await this.#estate.close();
  }
}

/** Expects these errors, in this order and no others, of a batch of a session. */
export async function refuses(session: Session, batch: string, errors: readonly ExpectedError[]): Promise<Answer> {
  const answer = await ask(session, batch);
  const found = answer.messages.filter((message) => message.class > 10);
  const shown = found.map((message) => `${String(message.number)} ${message.text}`).join("\n");
  assert.deepEqual(
    found.map((message) => [message.number, message.class]),
    errors.map(([number, severity]) => [number, severity]),
    `${batch}\n${shown}`,
  );
  for (const [index, [, , text]] of errors.entries()) if (text) assert.match(found[index]?.text ?? "", text);
  return answer;
}

/** Numbers of all messages, errors and information, in order. */
export function numbers(answer: Answer): readonly number[] {
  return answer.messages.map((message) => message.number);
}

/** A rule's `run` out of a refusal as data. */
export function refusal({ before = [], statement, on, errors, after = {} }: Refusal): Rule["run"] {
  return async (estate) => {
    for (const batch of before) await estate.run(batch, on);
    await estate.refuses(statement, errors, on);
    for (const [query, value] of Object.entries(after)) assert.equal(await estate.value(query, on), value, query);
  };
}

/** Error 3013 of a statement: "BACKUP DATABASE", "RESTORE LOG" … */
export function terminating(statement: string): ExpectedError {
  return [3013, 16, new RegExp(`^${statement} is terminating abnormally\\.$`)];
}

/** What follows the cause when ALTER DATABASE fails. */
export const alterFailed: ExpectedError = [5069, 16, /^ALTER DATABASE statement failed\.$/];

/** Batches that make mgc in FULL with one table of one row and a first full backup on the share. */
export const chatDatabase: readonly string[] = [
  `CREATE DATABASE mgc; BACKUP DATABASE mgc TO DISK = N'${SHARE}\\first.bak' WITH FORMAT`,
  "USE mgc; CREATE TABLE dbo.t (a int NOT NULL PRIMARY KEY); INSERT dbo.t VALUES (1); USE master",
];

/** One test for each rule, on instances of its own. Numbers must be unique and not in `notHeld` as well. */
export function checkRules(subject: string, rules: readonly Rule[], notHeld: readonly NotHeld[] = []): void {
  const all = [...rules, ...notHeld].map((one) => one.number);
  const twice = all.filter((number, index) => all.indexOf(number) !== index);
  if (twice.length > 0) throw new Error(`${subject}: rule numbers must be unique; found twice: ${twice.join(", ")}`);
  describe(`lab rules: ${subject}`, function () {
    // A loaded machine must not fail a rule: each ends as soon as its condition holds.
    this.timeout(60_000);
    for (const rule of rules)
      it(`${rule.number} ${rule.title}`, async () => {
        const estate = new RuleEstate();
        try {
          await rule.run(estate);
        } finally {
          await estate.close();
        }
      });
  });
}
