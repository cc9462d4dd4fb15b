/** The topology that a daemon plays: the lab's own estate of some pools, or a user's from a file. */
import type { ScenarioName } from "./control-commands";
import { DEFAULT_PASSWORD } from "./daemon-options";
import { type Administrator, estateTopology, netBiosName, type Topology } from "./lync/topology";
import { buildTopology } from "./topology/build";
import type { TopologyDocument } from "./topology/schema";

export interface TopologySource {
  /** Number of pools of the lab's own estate. */
  readonly pools: number;
  /** A user's own topology. */
  readonly topology?: TopologyDocument;
}

/** @param scenario with which pool state and active servers the store is made */
export function playedTopology({ pools, topology }: TopologySource, scenario: ScenarioName): Topology {
  const poolState = scenario === "failed-over" ? "FailedOver" : "Normal";
  const fqdn = topology?.pools[0]?.fqdn ?? "lyncpc.dci.discovery.com";
  const options = {
    poolState,
    administrators: administrators(netBiosName(fqdn.slice(fqdn.indexOf(".") + 1))),
    userPassword: DEFAULT_PASSWORD,
  } as const;
  return topology === undefined ? estateTopology({ pools, ...options }) : buildTopology(topology, options);
}

/** Who may open remote PowerShell sessions; passwords as weak as the lab's purpose allows. */
function administrators(domain: string): readonly Administrator[] {
  return [
    { userName: `${domain}\\pchatadmin`, password: DEFAULT_PASSWORD, roles: ["CsAdministrator"] },
    { userName: `${domain}\\pchatviewer`, password: DEFAULT_PASSWORD, roles: ["CsViewOnlyAdministrator"] },
  ];
}
