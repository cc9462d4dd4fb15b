/** Which databases the topology puts on which SQL Server, and the parameters by which cmdlets name them. */
import type { ParameterMetadata } from "../control-protocol";
import { instanceName, processingFailed, serverName } from "./managed-estate";
import { type Parameters, text, texts } from "./store-cmdlet";
import type { PoolTopology, SqlStore, StoreSet, Topology } from "./topology";

/** Microsoft.Rtc.Management.Deployment.DatabaseNameType: the pages' list; only the last chat ones exist in this topology. */
const DATABASE_TYPES = [
  "ActiveMonitoring",
  "Application",
  "Archiving",
  "CentralMgmt",
  "Edge",
  "Lyss",
  "Monitoring",
  "PersistentChat",
  "PersistentChatCompliance",
  "Provision",
  "Registrar",
  "SigninTelemetry",
  "User",
] as const;
export type DatabaseType = (typeof DATABASE_TYPES)[number];

/** -DatabaseType as the deployment cmdlets declare it. */
export function databaseTypeParameter(details: Partial<ParameterMetadata> = {}): ParameterMetadata {
  return {
    name: "DatabaseType",
    type: "string",
    typeName: "Microsoft.Rtc.Management.Deployment.DatabaseNameType",
    values: DATABASE_TYPES,
    ...details,
  };
}

/** A database on one of the servers that hold it as principal: the pool's primary or backup store. */
export interface PlacedDatabase {
  readonly pool: PoolTopology;
  readonly type: DatabaseType;
  readonly name: string;
  readonly store: SqlStore;
  /** Its mirror inside the same site. */
  readonly mirror?: SqlStore;
}

/** Databases of a pool that the topology has, with their stores. */
export function poolDatabases(pool: PoolTopology): readonly {
  readonly type: DatabaseType;
  readonly name: string;
  readonly stores: StoreSet;
}[] {
  const content = { type: "PersistentChat", name: pool.databases.content, stores: pool.content } as const;
  if (pool.compliance === undefined) return [content];
  return [content, { type: "PersistentChatCompliance", name: pool.databases.compliance, stores: pool.compliance }];
}

function placed({ pools }: Topology): PlacedDatabase[] {
  return pools.flatMap((pool) =>
    poolDatabases(pool).flatMap(({ type, name, stores }) => {
      const { primary, mirror, backup, backupMirror } = stores;
      const pairs = [[primary, mirror] as const, ...(backup === undefined ? [] : [[backup, backupMirror] as const])];
      return pairs.map(([store, other]) => ({
        pool,
        type,
        name,
        store,
        ...(other === undefined ? {} : { mirror: other }),
      }));
    }),
  );
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Name of an instance as -SqlInstanceName takes it; MSSQLSERVER is the default instance's service. */
function plainInstance(name: string): string {
  return same(name, "MSSQLSERVER") ? "" : name;
}

/**
 * The databases that -SqlServerFqdn with -DatabaseType and -SqlInstanceName, or with -ConfiguredDatabases and
 * -ForInstance or -ForDefaultInstance, mean; without those of -ExcludeDatabaseList. `mirrors`: the mirror's server names a
 * pair too (the example of Uninstall-CsMirrorDatabase does it).
 * Throws CmdletFailure when there is none.
 */
export function namedDatabases(topology: Topology, parameters: Parameters, mirrors = false): PlacedDatabase[] {
  const fqdn = text(parameters, "SqlServerFqdn") ?? "";
  const type = text(parameters, "DatabaseType");
  const only = parameters["ForDefaultInstance"] === true ? "" : text(parameters, "ForInstance");
  if (parameters["ForDefaultInstance"] === true && text(parameters, "ForInstance") !== undefined)
    throw processingFailed("ForDefaultInstance and ForInstance cannot be used in the same command.");
  const instance = type === undefined ? only : (text(parameters, "SqlInstanceName") ?? "");
  const matches = (store: SqlStore | undefined): boolean =>
    store !== undefined &&
    same(store.fqdn, fqdn) &&
    (instance === undefined || same(instanceName(store), plainInstance(instance)));
  const onServer = placed(topology).filter(({ store, mirror }) => matches(store) || (mirrors && matches(mirror)));
  if (onServer.length === 0) {
    const server = instance === undefined || instance === "" ? fqdn : `${fqdn}\\${instance}`;
    const known = [...new Set(placed(topology).map(({ store }) => serverName(store)))].join(", ");
    throw processingFailed(
      `The topology has no database on SQL Server "${server}". SQL Servers with databases are: ${known}.`,
    );
  }
  const without = texts(parameters, "ExcludeDatabaseList");
  const found = onServer.filter(
    (one) => (type === undefined || same(one.type, type)) && !without.some((name) => same(name, one.name)),
  );
  if (found.length > 0) return found;
  throw processingFailed(
    `The topology has no ${type ?? "other"} database on SQL Server "${fqdn}". It has: ${onServer.map((one) => `${one.type} (${one.name})`).join(", ")}.`,
  );
}

/** A pool's database of a type. Throws CmdletFailure: no such pool, or it has no such role. */
export function poolDatabase(topology: Topology, fqdn: string, type: string): ReturnType<typeof poolDatabases>[number] {
  const found = poolDatabases(chatPool(topology, fqdn)).find((one) => same(one.type, type));
  if (found !== undefined) return found;
  throw processingFailed(`The ${type} role is not present on pool "${fqdn}".`);
}

/** The chat pool of a -PoolFqdn. Throws CmdletFailure. */
export function chatPool({ pools }: Topology, fqdn: string): PoolTopology {
  const pool = pools.find((one) => same(one.fqdn, fqdn));
  if (pool !== undefined) return pool;
  throw processingFailed(
    `Cannot find pool "${fqdn}" in the topology. Persistent Chat pools are: ${pools.map((one) => one.fqdn).join(", ")}.`,
  );
}
