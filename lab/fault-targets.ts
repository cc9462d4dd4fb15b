/** What a fault may name: accounts, hosts, drives and shares that the estate has. A typing error is no fault that nobody meets. */
import { LabError } from "./control-commands";
import type { Daemon } from "./daemon";
import type { Denial } from "./windows/files";

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Throws LabError, naming the known ones, for an account that runs no service of the estate. */
export function requireAccount({ instances }: Daemon, account: string): void {
  const plans = [...instances.values()].map(({ plan }) => plan);
  const known = [...new Set(plans.flatMap(({ engineAccount, agentAccount }) => [engineAccount, agentAccount]))];
  if (!known.some((one) => same(one, account)))
    throw new LabError(`No service runs as ${account}.`, `Accounts: ${known.join(", ")}`);
}

/** Throws LabError, naming the known ones, for a host, drive or share that the estate does not have. Folders may come later. */
export function requireVolume(
  { instances, files, store }: Daemon,
  { host, path }: Pick<Denial, "host" | "path">,
): void {
  const hosts = [...new Set([...instances.values()].map(({ machine }) => machine))];
  if (host !== "*" && !hosts.some((one) => same(one, host)))
    throw new LabError(`There is no host ${host}.`, `Hosts: ${hosts.join(", ")}`);
  const volume = /^([A-Za-z]:|\\\\[^\\]+\\[^\\]+)(\\|$)/.exec(path)?.[1];
  const shares = store.topology.pools.map(({ share }) => share);
  const drives = [
    ...new Set(hosts.filter((one) => host === "*" || same(one, host)).flatMap((one) => files.drives(one))),
  ];
  if (volume !== undefined && [...shares, ...drives].some((one) => same(one, volume))) return;
  throw new LabError(
    volume === undefined ? `${path} is no Windows path.` : `There is no ${volume}${host === "*" ? "" : ` on ${host}`}.`,
    `Drives: ${drives.sort().join(", ")}; shares: ${shares.join(", ")}`,
  );
}
