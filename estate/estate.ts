/** One pool's estate as a process is connected to it: the instances and the Management Shell. */
import type { Configuration, InstanceConfiguration, PoolConfiguration } from "./configuration";
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

/** What the pools of one process share: one shell, and one object with its connections per instance. */
export class Connections {
  readonly shell: ManagementShell;
  readonly #configuration: Configuration;
  readonly #identity: RunIdentity;
  readonly #environment: NodeJS.ProcessEnv;
  readonly #servers = new Map<string, SqlServer>();

  /** `environment` holds the passwords that beat the configuration's. */
  constructor(configuration: Configuration, identity: RunIdentity, environment: NodeJS.ProcessEnv = process.env) {
    this.shell = new ManagementShell(shellEndpointOf(configuration));
    this.#configuration = configuration;
    this.#identity = identity;
    this.#environment = environment;
  }

  /** The instance, the same for every pool that names it. Throws CONFIGURATION_INVALID when its password is missing. */
  server(instance: InstanceConfiguration): SqlServer {
    const key = JSON.stringify([instance.host.toLowerCase(), instance.port, instance.instance, instance.server]);
    const known = this.#servers.get(key);
    if (known !== undefined) return known;
    const server = new SqlServer(endpointOf(instance, this.#configuration, this.#environment), this.#identity);
    this.#servers.set(key, server);
    return server;
  }
}

/** The estate of one pool. Throws CONFIGURATION_INVALID when a password is missing. */
export function openEstate(pool: PoolConfiguration, connections: Connections): Estate {
  const instances: { [Role in InstanceRole]?: SqlServer } = {};
  for (const role of INSTANCE_ROLES) {
    const instance = configuredInstance(pool, role);
    if (instance !== undefined) instances[role] = connections.server(instance);
  }
  return { pool, shell: connections.shell, instances };
}

/** The instance of a role. Throws INTERNAL for a role that the pool does not have: the caller asked for the impossible. */
export function instanceOf(estate: Estate, role: InstanceRole): SqlServer {
  const server = estate.instances[role];
  if (server !== undefined) return server;
  throw new DrError({ code: "INTERNAL", summary: `pool ${estate.pool.name} has no instance in the role ${role}` });
}

/** Ends every connection of the estate and its shell, those that other pools share too. */
export async function closeEstate(estate: Estate): Promise<void> {
  const servers = Object.values(estate.instances);
  await Promise.all([estate.shell.dispose(), ...servers.map((server) => server.close())]);
}
