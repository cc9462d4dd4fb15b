/** One pool's estate as a process is connected to it: the instances and the Management Shell. */
import type { Configuration, PoolConfiguration } from "./configuration";
import { configuredInstance } from "./desired";
import { DrError } from "./errors";
import type { InstanceRole } from "./observation-types";
import { ManagementShell, shellEndpointOf } from "./shell/management-shell";
import type { RunIdentity } from "./sql/client-name";
import { SqlServer } from "./sql/connection";
import { endpointOf } from "./sql/endpoint";

/** The instances of a pool by role, and the shell, which pools share. Nothing is connected before it is used. */
export interface Estate {
  readonly pool: PoolConfiguration;
  readonly shell: ManagementShell;
  readonly instances: { readonly [Role in InstanceRole]?: SqlServer };
}

/** Every role, in the order in which they are shown. */
export const INSTANCE_ROLES: readonly InstanceRole[] = ["primary", "primaryMirror", "backup", "backupMirror"];

/**
 * The estate of one pool. `shell` is given where several pools share one process; `environment` holds the passwords that beat the
 * configuration's. Throws CONFIGURATION_INVALID when a password is missing.
 */
export function openEstate(
  configuration: Configuration,
  pool: PoolConfiguration,
  identity: RunIdentity,
  shell: ManagementShell = new ManagementShell(shellEndpointOf(configuration)),
  environment: NodeJS.ProcessEnv = process.env,
): Estate {
  const instances: { [Role in InstanceRole]?: SqlServer } = {};
  for (const role of INSTANCE_ROLES) {
    const instance = configuredInstance(pool, role);
    if (instance !== undefined) {
      instances[role] = new SqlServer(endpointOf(instance, configuration, environment), identity);
    }
  }
  return { pool, shell, instances };
}

/** The instance of a role. Throws INTERNAL for a role that the pool does not have: the caller asked for the impossible. */
export function instanceOf(estate: Estate, role: InstanceRole): SqlServer {
  const server = estate.instances[role];
  if (server !== undefined) return server;
  throw new DrError({ code: "INTERNAL", summary: `pool ${estate.pool.name} has no instance in the role ${role}` });
}

/** Ends every connection of the estate and its shell. */
export async function closeEstate(estate: Estate): Promise<void> {
  const servers = Object.values(estate.instances);
  await Promise.all([estate.shell.dispose(), ...servers.map((server) => server.close())]);
}
