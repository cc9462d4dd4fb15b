/** The daemon's estate as scenarios see it. */
import { join } from "node:path";
import { LabError, type ScenarioName } from "./control-commands";
import type { WireValue } from "./control-protocol";
import type { PlayedInstance } from "./daemon-instance";
import { backupShare } from "./daemon-instances";
import { CHAT_LOGIN, type DaemonOptions } from "./daemon-options";
import type { PoolTopology, SqlStore } from "./lync/topology";
import type { PlayedEstate, PlayedPool } from "./scenarios/estate-played";
import { buildFailedOver, failOver } from "./scenarios/failed-over";
import { buildSteady } from "./scenarios/steady";
import type { ShellEndpoint } from "./shell/endpoint";
import type { WindowsFiles } from "./windows/files";

/** What the estate is put together from. */
export interface EstateParts {
  readonly options: DaemonOptions;
  readonly topology: readonly PoolTopology[];
  readonly instances: ReadonlyMap<string, PlayedInstance>;
  readonly files: WindowsFiles;
  readonly shells: ShellEndpoint;
  readonly say: (line: string) => void;
}

/** Instances, shares and cmdlets of the running daemon. */
export function playedEstate({ options, topology, instances, files, shells, say }: EstateParts): PlayedEstate {
  const host = (pool: PoolTopology, store: SqlStore | undefined): PlayedInstance => {
    const instance = store === undefined ? undefined : instances.get(store.instance);
    if (instance === undefined) throw new Error(`Pool ${pool.fqdn} lacks one of its four instances in the topology.`);
    return instance;
  };
  const pools = topology.map((pool, index): PlayedPool => {
    const share = backupShare(pool, index);
    return {
      topology: pool,
      share,
      shareDirectory: files.shareDirectory(share),
      primary: host(pool, pool.content.primary),
      mirror: host(pool, pool.content.mirror),
      backup: host(pool, pool.content.backup),
      backupMirror: host(pool, pool.content.backupMirror),
    };
  });
  const administrator = shells.connect("Lab scenario");
  let requests = 0;
  return {
    pools,
    databaseBytes: options.databaseBytes,
    chatLogin: CHAT_LOGIN,
    folder: (name, path) => files.locate(name, "", path, "list").file,
    say,
    cmdlet: async (cmdlet: string, parameters: Readonly<Record<string, WireValue>>): Promise<void> => {
      requests += 1;
      const text = `${cmdlet} ${JSON.stringify(parameters)}`;
      const request = { id: requests, kind: "cmdlet", cmdlet, parameters, text, confirmed: true } as const;
      const response = await shells.answer(administrator, request);
      if (response.kind === "error") throw new Error(`${cmdlet}: ${response.error.message}`);
    },
  };
}

/** Builds a scenario on new machines. */
export function buildScenario(name: ScenarioName, estate: PlayedEstate): Promise<void> {
  switch (name) {
    case "steady":
      return buildSteady(estate);
    case "failed-over":
      return buildFailedOver(estate);
  }
}

/** Takes a running lab to a scenario. Throws LabError for one that only `up` can build. */
export async function applyScenario(name: ScenarioName, estate: PlayedEstate, keepLogs: boolean): Promise<void> {
  if (name !== "failed-over")
    throw new LabError(
      `A running lab cannot be taken to "${name}": the way there is the failback itself.`,
      `Start a new lab: npm run lab -- down && npm run lab -- up --scenario ${name}`,
    );
  const live = estate.pools.filter(({ primary }) => primary.isRunning);
  if (live.length < estate.pools.length)
    estate.say("an instance of the primary site is stopped already; the outage goes on from there");
  await failOver(estate, keepLogs);
}

/** Folder of a host's disks below the lab's `hosts`. */
export function hostDirectory(hosts: string, name: string): string {
  return join(hosts, name.toLowerCase());
}
