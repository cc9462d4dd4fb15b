/** The shell's section of an observation. */
import type { PoolConfiguration } from "./configuration";
import type { ShellObservation } from "./observation-types";
import type { ManagementShell } from "./shell/management-shell";

/** Reads state, service, machines and replication of one pool; replicas of other machines are left out. Throws DrError. */
export async function readShell(shell: ManagementShell, pool: PoolConfiguration): Promise<ShellObservation> {
  // One process answers one at a time; asked together so that no round trip of ours lies between them.
  const [state, service, machines, replicas] = await Promise.all([
    shell.getPersistentChatState(pool.fqdn),
    shell.getPersistentChatService(pool.fqdn),
    shell.getPool(pool.fqdn),
    shell.getReplicationStatus(),
  ]);
  const members = new Set(machines);
  return {
    stateIdentity: state.identity,
    poolState: state.poolState,
    serviceIdentity: service.identity,
    activeServers: service.activeServers,
    inactiveServers: service.inactiveServers,
    machines,
    stores: service.stores,
    // No cmdlet of the product tells it; configPoolID of the two copies is compared instead.
    poolGuid: null,
    replication: replicas.filter((replica) => members.has(replica.replicaFqdn)),
  };
}
