/** The topology that a file describes, as the lab plays it. */
import type { Administrator, PoolState, PoolTopology, SqlServer, SqlStore, StoreSet, Topology } from "../lync/topology";
import { MOST_ACTIVE_SERVERS, netBiosName, userAccounts } from "../lync/topology";
import { releases } from "./releases";
import type { DocumentInstance, DocumentPool, TopologyDocument } from "./schema";

/** What a file does not say. */
export interface TopologyOptions {
  readonly poolState: PoolState;
  readonly administrators: readonly Administrator[];
  readonly userPassword: string;
}

export function buildTopology(document: TopologyDocument, options: TopologyOptions): Topology {
  const pools = document.pools.map((pool) => poolTopology(pool, document.instances, options.poolState));
  const domain = domainOf(document.pools[0]?.fqdn ?? "");
  const managementHost = document.managementHost ?? `admin.${domain}`;
  return {
    pools,
    servers: document.instances.map(sqlServer),
    managementHost,
    domain,
    otherReplicas: [...new Set([...pools.map(({ registrar }) => registrar), managementHost])],
    administrators: options.administrators,
    testUsers: Object.fromEntries(
      document.pools.flatMap(({ fqdn, registrar, testUsers }) =>
        testUsers === false ? [] : [[registrar, testUsers ?? userAccounts(domainOf(fqdn))] as const],
      ),
    ),
    userPassword: options.userPassword,
  };
}

function domainOf(fqdn: string): string {
  return fqdn.slice(fqdn.indexOf(".") + 1);
}

function poolTopology(pool: DocumentPool, instances: readonly DocumentInstance[], poolState: PoolState): PoolTopology {
  const { fqdn, site, registrar, share, copyFolder, databases, primary, backup } = pool;
  const store = (name: string): SqlStore => {
    const found = instances.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (found === undefined) throw new Error(`The topology names no instance ${name}.`);
    return { fqdn: found.fqdn, instance: found.name };
  };
  const stores = (kind: "content" | "compliance"): StoreSet => {
    const [first, second] = [primary[kind] ?? primary.content, backup[kind] ?? backup.content];
    return {
      primary: store(first.principal),
      ...(first.mirror === undefined ? {} : { mirror: store(first.mirror) }),
      backup: store(second.principal),
      ...(second.mirror === undefined ? {} : { backupMirror: store(second.mirror) }),
    };
  };
  const servers = (name: "primary" | "backup"): readonly string[] =>
    pool[name].activeServers ?? pool[name].machines.slice(0, MOST_ACTIVE_SERVERS);
  return {
    fqdn,
    site,
    registrar,
    fileStore: share.split("\\")[2] ?? "",
    share,
    copyFolder,
    databases,
    dataCentres: { primary: primary.dataCentre, backup: backup.dataCentre },
    machines: (["primary", "backup"] as const).flatMap((name) =>
      pool[name].machines.map((machine) => ({ fqdn: machine, site: name })),
    ),
    content: stores("content"),
    ...(pool.compliance ? { compliance: stores("compliance") } : {}),
    siteServers: { primary: servers("primary"), backup: servers("backup") },
    activeServers: servers(poolState === "Normal" ? "primary" : "backup"),
    poolState,
  };
}

function sqlServer(instance: DocumentInstance): SqlServer {
  const [machine, named] = instance.name.split("\\") as [string, string?];
  const below = named === undefined ? "" : `\\${named}`;
  const domain = netBiosName(domainOf(instance.fqdn));
  const short = instance.name.toLowerCase().replace("\\", "-");
  return {
    instance: instance.name,
    fqdn: instance.fqdn,
    machine,
    ...(instance.port === undefined ? {} : { port: instance.port }),
    version: releases[instance.version],
    mirroringPort: instance.mirroringPort,
    dataFolder: instance.dataFolder ?? `D:\\SQLData${below}`,
    logFolder: instance.logFolder ?? `E:\\SQLLog${below}`,
    engineAccount: instance.engineAccount ?? `${domain}\\svc-${short}`,
    agentAccount: instance.agentAccount ?? `${domain}\\svc-agent-${short.replace(/^sql-/, "")}`,
  };
}
