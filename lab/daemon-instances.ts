/** Which instances the lab plays: names, hosts, accounts and ports follow from the topology. */
import type { InstanceDescription } from "./control-commands";
import type { PoolTopology, SqlStore } from "./lync/topology";

/** One instance to play. */
export interface InstancePlan {
  /** @@SERVERNAME */
  readonly name: string;
  /** Its Windows host. */
  readonly machine: string;
  readonly fqdn: string;
  readonly site: InstanceDescription["site"];
  readonly role: InstanceDescription["role"];
  /** FQDN of its pool. */
  readonly pool: string;
  readonly port: number;
  /** Where its databases' files lie unless told otherwise. */
  readonly dataFolder: string;
  readonly logFolder: string;
  readonly engineAccount: string;
  readonly agentAccount: string;
}

/** Port of the database mirroring endpoint on each host. */
export const MIRRORING_PORT = 5022;

/** The four instances of each pool, in the order of their ports. */
export function planInstances(pools: readonly PoolTopology[], portBase: number): InstancePlan[] {
  const plans = pools.flatMap(({ fqdn, content: { primary, mirror, backup, backupMirror } }) => [
    plan(primary, fqdn, "primary", "principal"),
    ...(mirror === undefined ? [] : [plan(mirror, fqdn, "primary", "mirror")]),
    ...(backup === undefined ? [] : [plan(backup, fqdn, "backup", "principal")]),
    ...(backupMirror === undefined ? [] : [plan(backupMirror, fqdn, "backup", "mirror")]),
  ]);
  return plans.map((one, index) => ({ ...one, port: portBase + 1 + index }));
}

function plan(
  { instance, fqdn }: SqlStore,
  pool: string,
  site: InstancePlan["site"],
  role: InstancePlan["role"],
): Omit<InstancePlan, "port"> {
  const short = instance.toLowerCase().replace(/^sql-/, "");
  return {
    name: instance,
    machine: instance,
    fqdn,
    site,
    role,
    pool,
    dataFolder: "D:\\SQLData",
    logFolder: "E:\\SQLLog",
    engineAccount: `DCI\\svc-${instance.toLowerCase()}`,
    agentAccount: `DCI\\svc-agent-${short}`,
  };
}

/** UNC name of a pool's backup share: `\\files.dci.discovery.com\lslogs`, `…\lslogs2`. */
export function backupShare(pool: PoolTopology, index: number): string {
  return `\\\\${pool.fileStore}\\lslogs${index === 0 ? "" : String(index + 1)}`;
}

/** Address of the mirroring endpoint of a host. */
export function mirroringAddress(fqdn: string): string {
  return `TCP://${fqdn}:${String(MIRRORING_PORT)}`;
}
