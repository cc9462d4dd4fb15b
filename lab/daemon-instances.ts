/** Which instances the lab plays: the topology's SQL Servers with the part that each has in its pool, and its port. */
import type { InstanceDescription } from "./control-commands";
import { poolDatabases } from "./lync/database-roles";
import type { PoolTopology, SqlServer, SqlStore, Topology } from "./lync/topology";

/** One instance to play. */
export interface InstancePlan extends Omit<SqlServer, "port"> {
  readonly port: number;
  readonly site: InstanceDescription["site"];
  readonly role: InstanceDescription["role"];
  readonly dataCentre: string;
  /** FQDNs of the pools whose databases it holds. */
  readonly pools: readonly string[];
  /** Folders that an administrator made on its host: copy folders. */
  readonly folders: readonly string[];
}

/** A server's part in a pool. */
interface Part {
  readonly pool: PoolTopology;
  readonly site: InstanceDescription["site"];
  readonly role: InstanceDescription["role"];
}

/** Every instance; those without a port of their own get the next free one behind the control port. */
export function planInstances({ pools, servers }: Topology, portBase: number): InstancePlan[] {
  const taken = new Set(servers.flatMap(({ port }) => (port === undefined ? [] : [port])));
  let next = portBase;
  const freePort = (): number => {
    do next += 1;
    while (taken.has(next));
    return next;
  };
  return servers.map((server) => {
    const parts = pools.flatMap((pool) => partsOf(server, pool));
    const [first] = parts;
    if (first === undefined) throw new Error(`The topology has no use for ${server.instance}.`);
    return {
      ...server,
      port: server.port ?? freePort(),
      site: first.site,
      role: first.role,
      dataCentre: first.pool.dataCentres[first.site],
      pools: [...new Set(parts.map(({ pool }) => pool.fqdn))],
      folders: parts.map(({ pool }) => pool.copyFolder),
    };
  });
}

function partsOf({ instance }: SqlServer, pool: PoolTopology): Part[] {
  return poolDatabases(pool).flatMap(({ stores: { primary, mirror, backup, backupMirror } }): Part[] => {
    const is = (store: SqlStore | undefined): boolean => store?.instance === instance;
    if (is(primary)) return [{ pool, site: "primary", role: "principal" }];
    if (is(mirror)) return [{ pool, site: "primary", role: "mirror" }];
    if (is(backup)) return [{ pool, site: "backup", role: "principal" }];
    return is(backupMirror) ? [{ pool, site: "backup", role: "mirror" }] : [];
  });
}
