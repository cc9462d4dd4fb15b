/** The primary site as a whole: it goes down without warning, comes back as it was, or is built anew. */
import { LabError } from "../control-commands";
import { poolDatabases } from "../lync/database-roles";
import { instanceName } from "../lync/managed-estate";
import { type PlayedEstate, type PlayedHost, type PlayedPool, siteInstances, siteMachines } from "./estate-played";

export interface OutageOptions {
  /** The file server of the backup share goes down too. */
  readonly loseShare: boolean;
  /** Ports of the dead instances take connections and never answer, instead of refusing them. */
  readonly silent: boolean;
}

export interface RebuildOptions {
  /** The backup share is new and empty too. */
  readonly emptyShare: boolean;
}

/** Every instance on the hosts of the pools' primary site: whoever shares a host goes down with it. */
function affected(estate: PlayedEstate, pools: readonly PlayedPool[]): readonly PlayedHost[] {
  const machines = new Set(pools.flatMap((pool) => siteInstances(pool, "primary")).map(({ machine }) => machine));
  return estate.instances.filter(({ machine }) => machines.has(machine));
}

/**
 * The primary site is gone: its instances and its chat servers, all at once. The management store answers; its changes
 * do not reach the dead machines. Doing it twice changes nothing more.
 */
export async function outage(
  estate: PlayedEstate,
  pools: readonly PlayedPool[],
  { loseShare, silent }: OutageOptions,
): Promise<void> {
  const instances = affected(estate, pools);
  estate.say(`outage of the primary site: ${instances.map(({ name }) => name).join(", ")} and its chat servers`);
  await Promise.all([
    ...instances.map((instance) => instance.stop(silent)),
    estate.machinesOff(pools.flatMap((pool) => siteMachines(pool, "primary"))),
  ]);
  if (loseShare) for (const { topology } of pools) estate.shareOff(topology.share);
}

/**
 * The primary site comes back as it was: its instances start on their own disks, with everything that was committed there
 * and never shipped, with their jobs and their registrations; its chat servers follow the management store again.
 * Throws LabError when nothing of it is down.
 */
export async function comeBack(estate: PlayedEstate, pools: readonly PlayedPool[]): Promise<void> {
  const instances = affected(estate, pools).filter(({ isRunning }) => !isRunning);
  if (instances.length === 0)
    throw new LabError(
      "The primary site is up: no instance of it is stopped.",
      "Take it down first: npm run lab -- outage",
    );
  for (const { topology } of pools) estate.shareOn(topology.share);
  estate.say(`the primary site comes back as it was: ${instances.map(({ name }) => name).join(", ")}`);
  await Promise.all(instances.map((instance) => instance.start()));
  estate.machinesOn(
    pools.flatMap((pool) => siteMachines(pool, "primary")),
    "old",
  );
}

/**
 * The primary site is built anew: its hosts are new machines, and Install-CsDatabase puts empty databases on the primary
 * instances, as publishing in Topology Builder does. Nothing else is touched: share, copy folder, backup site and store
 * stay as whoever failed the pool over left them. Answers the names of the instances.
 * Throws LabError while a pool still runs on its primary site: its only current copy would go.
 */
export async function rebuild(
  estate: PlayedEstate,
  pools: readonly PlayedPool[],
  isNormal: (pool: PlayedPool) => boolean,
  { emptyShare }: RebuildOptions,
): Promise<readonly string[]> {
  const inUse = pools.find((pool) => pool.content.primary.isRunning && isNormal(pool));
  if (inUse !== undefined)
    throw new LabError(
      `${inUse.topology.fqdn} runs on its primary site: ${inUse.content.primary.name} is up and the pool's state is Normal.`,
      "Take the site down first: npm run lab -- outage",
    );
  const instances = affected(estate, pools);
  estate.say(`rebuilding ${instances.map(({ name }) => name).join(", ")}`);
  await Promise.all(instances.map((instance) => instance.stop()));
  for (const instance of instances) instance.wipe();
  await Promise.all(instances.map((instance) => instance.start()));
  for (const { topology } of pools) {
    estate.shareOn(topology.share);
    if (emptyShare) estate.emptyShare(topology.share);
  }
  for (const { topology } of pools)
    for (const { type, stores } of poolDatabases(topology))
      await estate.cmdlet("Install-CsDatabase", {
        DatabaseType: type,
        SqlServerFqdn: stores.primary.fqdn,
        SqlInstanceName: instanceName(stores.primary),
        UseDefaultSqlPaths: true,
      });
  estate.machinesOn(
    pools.flatMap((pool) => siteMachines(pool, "primary")),
    "new",
  );
  return instances.map(({ name }) => name);
}
