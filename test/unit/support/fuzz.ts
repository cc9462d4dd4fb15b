/** Properties of the language: random statements, and what they must answer by a small independent oracle. */
import fc from "fast-check";
import { it } from "mocha";
import { displayText } from "../../../lab/tsql/conversion";
import type { SqlType, SqlValue } from "../../../lab/tsql/values";
import { TestSession } from "./memory-host";

/** A failing run can be repeated with the seed that its title has: SEED=… */
const seed = Number(process.env["SEED"] ?? Date.now() % 2 ** 31);
const samples = 300;

/** One test of `samples` random inputs; what fails is shrunk, and its seed and path are printed. */
export function property<T>(title: string, input: fc.Arbitrary<T>, holds: (value: T) => Promise<void>): void {
  it(`${title} (seed ${String(seed)})`, () =>
    fc.assert(fc.asyncProperty(input, holds), { seed, numRuns: samples, verbose: fc.VerbosityLevel.None }));
}

/** What a statement answered: the number of its first error, or the only value. */
export type Outcome =
  { readonly error: number } | { readonly value: SqlValue; readonly text: string | null; readonly type: SqlType };

/** Runs SELECT with one expression in a session of its own. */
export async function evaluated(expression: string): Promise<Outcome> {
  return answered(`SELECT ${expression} AS v`);
}

/** Runs a batch whose first result set has one value. */
export async function answered(batch: string): Promise<Outcome> {
  const sink = await new TestSession().run(batch);
  const error = sink.messages.find((message) => message.class > 10);
  if (error !== undefined) return { error: error.number };
  const [result] = sink.results;
  const type = result?.columns[0]?.type;
  const value = result?.rows[0]?.[0];
  if (type === undefined || value === undefined) throw new Error(`no value: ${batch}`);
  return { value, text: value === null ? null : displayText(value, type), type };
}

/** Rows of the first result set of a batch that must not fail. */
export async function rowsOf(batch: string): Promise<readonly (readonly SqlValue[])[]> {
  return new TestSession().rows(batch);
}

/** A literal of nvarchar or, without the prefix, varchar. */
export function literal(text: string, prefix = "N"): string {
  return `${prefix}'${text.replaceAll("'", "''")}'`;
}
