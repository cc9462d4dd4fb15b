/** Which instance of each site holds the principal's copy of the chat database now. Pure. */
import { activeServersOf, type Desired } from "./desired";
import type { InstanceObservation, InstanceRole, Observation } from "./observation-types";
import { databaseOf } from "./relations";

/** Which instances the facts are about: the principal of each site as it is now (row 38). */
export interface PresentPrincipals {
  readonly primary: InstanceRole;
  readonly backup: InstanceRole;
}

/** The instance that holds the principal of each site's copy now; a failover inside a site moves it. */
export function presentPrincipals(observation: Observation, desired: Desired): PresentPrincipals {
  const principalOf = (principal: InstanceRole, mirror: InstanceRole): InstanceRole => {
    const here = readable(observation, principal);
    const there = readable(observation, mirror);
    const role = (instance: InstanceObservation | undefined): string | undefined =>
      instance && databaseOf(instance, desired.chat)?.mirroring?.role;
    return role(there) === "PRINCIPAL" && (here === undefined || role(here) === "MIRROR") ? mirror : principal;
  };
  return { primary: principalOf("primary", "primaryMirror"), backup: principalOf("backup", "backupMirror") };
}

/** The instance's observation; undefined when it does not answer or is not configured. */
export function readable(observation: Observation, role: InstanceRole): InstanceObservation | undefined {
  const section = observation.instances[role];
  return section?.reachable ? section.value : undefined;
}

/** Machines of the pool, by the topology where the shell answers, else by the configuration. */
export function poolMachines(observation: Observation, desired: Desired): readonly string[] {
  return observation.shell.reachable
    ? observation.shell.value.machines
    : [...activeServersOf(desired.pool.primary), ...activeServersOf(desired.pool.backup)];
}
