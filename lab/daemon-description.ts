/** What `up --json` prints of a pool. */
import type { PoolDescription, StoreDescription } from "./control-commands";
import { poolIdentity } from "./lync/topology";
import { type PlayedPool, type PlayedStores, siteMachines } from "./scenarios/estate-played";

export function describePool(pool: PlayedPool): PoolDescription {
  const { topology, content, compliance, shareDirectory } = pool;
  const { fqdn, registrar, dataCentres, siteServers, copyFolder, databases, share } = topology;
  return {
    identity: poolIdentity(fqdn),
    fqdn,
    registrar,
    dataCentres,
    machines: { primary: siteMachines(pool, "primary"), backup: siteMachines(pool, "backup") },
    activeServers: siteServers,
    share: { unc: share, directory: shareDirectory },
    copyFolder,
    databases: { content: databases.content, compliance: compliance === undefined ? null : databases.compliance },
    instances: describeStores(content),
    complianceInstances: compliance === undefined ? null : describeStores(compliance),
  };
}

function describeStores({ primary, mirror, backup, backupMirror }: PlayedStores): StoreDescription {
  return {
    primary: { principal: primary.name, mirror: mirror?.name ?? null },
    backup: { principal: backup.name, mirror: backupMirror?.name ?? null },
  };
}
