/** `observe`: everything that is read of one pool's estate, all of it at once and nothing changed. */
import { type DrError, toDrError } from "./errors";
import { INSTANCE_ROLES, instanceOf, type Estate } from "./estate";
import type { InstanceObservation, InstanceRole, Observation, Section, ShellObservation } from "./observation-types";
import { readInstance } from "./observe-instance";
import { readShell } from "./observe-shell";
import { addressOf } from "./sql/endpoint";

/** A part that is read, and goes stale, by itself. */
export type SectionName = "shell" | InstanceRole;

/** What a section's reading yields. */
export type SectionOf<Name extends SectionName> = Section<
  Name extends "shell" ? ShellObservation : InstanceObservation
>;

/** The sections of an estate: the shell and every configured instance. */
export function sectionsOf(estate: Estate): SectionName[] {
  return ["shell", ...INSTANCE_ROLES.filter((role) => estate.instances[role] !== undefined)];
}

/**
 * Reads one section. An instance or a shell that does not answer is a failure in its section; what is not a failure of the estate
 * (a defect of the product) is thrown.
 */
export async function observeSection<Name extends SectionName>(estate: Estate, name: Name): Promise<SectionOf<Name>> {
  const section = name === "shell" ? observeShell(estate) : observeInstance(estate, name);
  return (await section) as SectionOf<Name>;
}

/** Reads every section side by side. */
export async function observe(estate: Estate): Promise<Observation> {
  const names = sectionsOf(estate);
  const sections = await Promise.all(names.map((name) => observeSection(estate, name)));
  return assemble(estate, new Map(names.map((name, index) => [name, sections[index]])));
}

/** An observation of sections that were read before. A configured section that is missing is a defect of the caller. */
export function assemble(estate: Estate, sections: ReadonlyMap<SectionName, unknown>): Observation {
  const instances: { [Role in InstanceRole]?: Section<InstanceObservation> } = {};
  for (const role of INSTANCE_ROLES) {
    if (estate.instances[role] !== undefined) instances[role] = sections.get(role) as Section<InstanceObservation>;
  }
  return { pool: estate.pool.name, shell: sections.get("shell") as Section<ShellObservation>, instances };
}

function observeShell(estate: Estate): Promise<Section<ShellObservation>> {
  return timed(() => readShell(estate.shell, estate.pool), estate.shell.address);
}

function observeInstance(estate: Estate, role: InstanceRole): Promise<Section<InstanceObservation>> {
  const server = instanceOf(estate, role);
  return timed(() => readInstance(server, estate.pool, role), addressOf(server.endpoint));
}

async function timed<Value>(read: () => Promise<Value>, address: string): Promise<Section<Value>> {
  const begun = performance.now();
  try {
    const value = await read();
    return { reachable: true, begun, ended: performance.now(), value };
  } catch (thrown) {
    const error = toDrError(thrown, address);
    if (error.code === "INTERNAL") throw error;
    const failure = { code: error.code, message: failureText(error, address), address, hint: error.hint };
    return { reachable: false, begun, ended: performance.now(), failure };
  }
}

// The hint is a member of its own, and an address in `where` would only repeat the one beside it.
function failureText({ where, summary, expected, found }: DrError, address: string): string {
  const name = where?.replace(` (${address})`, "");
  const head = name === undefined || name === address ? summary : `${name}: ${summary}`;
  return expected === undefined || found === undefined ? head : `${head}; expected ${expected}; found ${found}`;
}
