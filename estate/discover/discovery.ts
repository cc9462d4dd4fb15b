/** The configuration that an estate's own answers make, with everything that they leave open. Pure. */
import { parseConfiguration } from "../configuration";
import { printable } from "../printable";
import { Draft, type Gap, type Value } from "./drafts";
import { addressText, type InstanceReading, type PoolTopology } from "./evidence";
import { chatStores, poolSection, type Statements } from "./pool";
import { answerOf, strangers } from "./stores";

/** How the estate was reached, as the configuration has it; passwords are in neither. */
export interface Reached {
  readonly shell: { readonly executable?: string; readonly connectionUri?: string; readonly user?: string };
  readonly sql: { readonly user: string; readonly encrypt: boolean; readonly trustServerCertificate: boolean };
}

/** The values of the namespace, and what is wrong or worth knowing about them. */
export interface Discovery {
  readonly configuration: { readonly pools: readonly Value[]; readonly shell: Value; readonly sql: Value };
  readonly gaps: readonly Gap[];
  readonly notes: readonly string[];
}

/** Makes the configuration. What the schema refuses although it was read is a gap too, and stays where it is. */
export function discover(
  pools: readonly PoolTopology[],
  readings: readonly InstanceReading[],
  statements: Statements,
  reached: Reached,
): Discovery {
  const root = new Draft("");
  const sections = pools.map((pool, index) =>
    poolSection(pool, readings, statements, new Draft(`pools[${String(index)}]`, root.gaps, root.notes)),
  );
  for (const reading of strangers(pools.flatMap(chatStores), readings)) {
    const name = answerOf(reading)?.serverName ?? "no name";
    root.note(`${addressText(reading.address)} calls itself ${name}, which is no store of a pool`);
  }
  const machines = pools.flatMap((pool) => (pool.machines.read ? pool.machines.value : []));
  for (const name of [...statements.servers.primary, ...statements.servers.backup])
    if (!machines.includes(name.toLowerCase())) root.note(`${name} is no machine of a pool and was left out`);
  const configuration = { pools: sections, shell: { ...reached.shell }, sql: { ...reached.sql } };
  const parsed = parseConfiguration({ ...configuration, active: "primary" });
  const refused = (parsed.ok ? [] : parsed.problems)
    .filter((problem) => !root.gaps.some((gap) => covers(gap.path, problem.path)))
    .map(({ path, expected, found }) => {
      return { path, reason: printable(`what was read is refused: expected ${expected}, found ${found}`, 400) };
    });
  return { configuration, gaps: [...root.gaps, ...refused], notes: root.notes };
}

function covers(gap: string, problem: string): boolean {
  return problem === gap || problem.startsWith(`${gap}.`) || problem.startsWith(`${gap}[`);
}
