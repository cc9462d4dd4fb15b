/** The daemon's estate as scenarios see it, and the scenarios themselves. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import type { ChatService } from "./chat/chat-service";
import { LabError, type ScenarioName, type SiteMove } from "./control-commands";
import type { WireValue } from "./control-protocol";
import type { PlayedInstance } from "./daemon-instance";
import { CHAT_LOGIN } from "./daemon-options";
import type { ManagedEstate } from "./lync/managed-estate";
import type { ManagementStore } from "./lync/management-store";
import type { PoolTopology, SqlStore, StoreSet } from "./lync/topology";
import type { PlayedEstate, PlayedPool, PlayedStores } from "./scenarios/estate-played";
import { installDatabase } from "./scenarios/databases";
import { buildFailedOver, failOver, removeLogs } from "./scenarios/failed-over";
import { outage, rebuild } from "./scenarios/site";
import { buildSteady } from "./scenarios/steady";
import type { ShellEndpoint } from "./shell/endpoint";
import type { WindowsFiles } from "./windows/files";

/** What the estate is put together from. */
export interface EstateParts {
  readonly databaseBytes: number;
  readonly topology: readonly PoolTopology[];
  readonly instances: ReadonlyMap<string, PlayedInstance>;
  readonly files: WindowsFiles;
  readonly store: ManagementStore;
  readonly shells: ShellEndpoint;
  readonly chat: ChatService;
  readonly say: (line: string) => void;
}

/** Instances, shares and cmdlets of the running daemon. */
export function playedEstate(parts: EstateParts): PlayedEstate {
  const { databaseBytes, topology, instances, files, store, shells, chat, say } = parts;
  const pools = topology.map((pool): PlayedPool => ({
    topology: pool,
    shareDirectory: files.shareDirectory(pool.share),
    content: playedStores(pool, pool.content, instances),
    ...(pool.compliance === undefined ? {} : { compliance: playedStores(pool, pool.compliance, instances) }),
  }));
  const administrator = shells.connect("Lab scenario");
  let requests = 0;
  return {
    pools,
    instances: [...instances.values()],
    databaseBytes,
    chatLogin: CHAT_LOGIN,
    folder: (name, path) => files.locate(name, "", path, "list").file,
    machinesOff: async (machines) => {
      for (const machine of machines) store.replication.hold(machine);
      await chat.turnOff(machines);
    },
    machinesOn: (machines, are) => {
      for (const machine of machines) {
        if (are === "new") store.replication.renew(machine);
        store.replication.release(machine);
      }
      chat.turnOn(machines);
    },
    shareAnswers: (share) => !files.isShareOff(share),
    shareOff: (share) => files.turnShare(share, "off"),
    shareOn: (share) => files.turnShare(share, "on"),
    emptyShare: (share) => {
      rmSync(files.shareDirectory(share), { recursive: true, force: true });
      files.makeShare(share);
    },
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

/** What the management store's cmdlets reach of the running daemon. */
export function managedEstate({
  instances,
  files,
  chat,
  changed,
}: Pick<EstateParts, "instances" | "files" | "chat"> & {
  /** Told after something changed that no file of its own remembers. */
  readonly changed: () => void;
}): ManagedEstate {
  return {
    instance: (store) => instances.get(store.instance),
    isOff: (machine) => chat.machinesOff.some((off) => off.toLowerCase() === machine.toLowerCase()),
    isServiceStopped: (machine, key) => !chat.isServiceRunning(machine, key),
    setService: async (machine, key, running) => {
      await chat.setService(machine, key, running);
      changed();
    },
    makeFolder: (machine, path) => files.makeFolder(machine, path),
    install: (database, host, pool, folders) => installDatabase(database, host, pool, CHAT_LOGIN, folders),
    exchange: (request) => chat.exchange(request),
  };
}

function playedStores(
  { fqdn }: PoolTopology,
  { primary, mirror, backup, backupMirror }: StoreSet,
  instances: ReadonlyMap<string, PlayedInstance>,
): PlayedStores {
  const host = (store: SqlStore | undefined): PlayedInstance => {
    const instance = store === undefined ? undefined : instances.get(store.instance);
    if (instance === undefined) throw new Error(`Pool ${fqdn} lacks an instance that its topology names.`);
    return instance;
  };
  return {
    primary: host(primary),
    ...(mirror === undefined ? {} : { mirror: host(mirror) }),
    backup: host(backup),
    ...(backupMirror === undefined ? {} : { backupMirror: host(backupMirror) }),
  };
}

/** Builds a scenario on new machines. */
export async function buildScenario(name: ScenarioName, estate: PlayedEstate): Promise<void> {
  if (name === "failed-over") {
    await buildFailedOver(estate);
    return;
  }
  await buildSteady(estate);
  if (name === "steady") return;
  await outage(estate, estate.pools, { loseShare: false, silent: false });
  if (name === "outage") return;
  for (const pool of estate.pools) await failOver(estate, pool);
  await rebuild(estate, estate.pools, () => false, { emptyShare: false });
}

/**
 * Takes a running lab to a scenario: the primary site goes down if it is up, the lab's own DBA fails the pools over, and
 * the site is built anew. Throws LabError for `steady`.
 * @param keepLogs leaves the log files of the dead primary in share and copy folder, as a careless rebuild does
 */
export async function applyScenario(name: ScenarioName, estate: PlayedEstate, keepLogs: boolean): Promise<void> {
  if (name === "steady")
    throw new LabError(
      `A running lab cannot be taken to "${name}": the way there is the failback itself.`,
      `Start a new lab: npm run lab -- down && npm run lab -- up --scenario ${name}`,
    );
  await outage(estate, estate.pools, { loseShare: false, silent: false });
  if (name === "outage") return;
  for (const pool of estate.pools) {
    await failOver(estate, pool);
    if (!keepLogs && name === "failed-over") removeLogs(estate, pool);
  }
  await rebuild(estate, estate.pools, () => false, { emptyShare: false });
}

/**
 * The pools that a move names, all without a name. Throws LabError for one that is not there, and where all of them would
 * mean several data centres.
 */
export function movedPools({ pools }: PlayedEstate, { pools: names }: SiteMove): readonly PlayedPool[] {
  if (names === undefined || names.length === 0) {
    const centres = [...new Set(pools.map(({ topology }) => topology.dataCentres.primary))];
    if (centres.length === 1) return pools;
    throw new LabError(
      `The pools have their primary sites in ${centres.join(" and ")}: all of them would be more than one site.`,
      `Say which with --pool: ${pools.map(({ topology }) => topology.fqdn).join(", ")}`,
    );
  }
  return names.map((name) => {
    const found = pools.find(({ topology }) => topology.fqdn.toLowerCase() === name.toLowerCase());
    if (found !== undefined) return found;
    throw new LabError(`There is no pool ${name}.`, `Pools: ${pools.map(({ topology }) => topology.fqdn).join(", ")}`);
  });
}

/** Folder of a host's disks below the lab's `hosts`. */
export function hostDirectory(hosts: string, name: string): string {
  return join(hosts, name.toLowerCase());
}
