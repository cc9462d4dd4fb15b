/** Get-CsService and Get-CsPool: the topology as objects. */
import type { ObjectValue, WireValue } from "../control-protocol";
import { wildcard } from "../shell/conversions";
import { failure } from "../shell/error-record";
import { instanceName } from "./managed-estate";
import type { ManagementStore } from "./management-store";
import { type StoreCmdlet, text } from "./store-cmdlet";
import { type PoolTopology, type SqlStore, type StoreSet, poolIdentity } from "./topology";

const ROLE_SWITCHES = ["PersistentChatServer", "PersistentChatDatabase", "PersistentChatComplianceDatabase"] as const;
const PERSISTENT_CHAT_VERSION = 6;

/** The four stores of a database, named as DisplayPersistentChatServer names them; $null where the topology has none. */
function storeProperties(
  stores: StoreSet | undefined,
  kind: "PersistentChat" | "PersistentChatCompliance",
): Record<string, WireValue> {
  const reference = (store: SqlStore | undefined): WireValue =>
    store === undefined ? null : `${kind}Database:${store.fqdn}`;
  return {
    [`${kind}Database`]: reference(stores?.primary),
    [`Mirror${kind}Database`]: reference(stores?.mirror),
    [`Backup${kind}Database`]: reference(stores?.backup),
    [`BackupMirror${kind}Database`]: reference(stores?.backupMirror),
  };
}

function serverObject(store: ManagementStore, pool: PoolTopology, index: number): ObjectValue {
  const active = store.settings(pool)?.activeServers ?? [];
  const inactive = pool.machines.map(({ fqdn }) => fqdn).filter((fqdn) => !active.includes(fqdn));
  return {
    type: "Microsoft.Rtc.Management.Xds.DisplayPersistentChatServer",
    text: poolIdentity(pool.fqdn),
    properties: {
      Identity: poolIdentity(pool.fqdn),
      Registrar: `Registrar:${pool.registrar}`,
      FileStore: `FileStore:${pool.fileStore}`,
      ...storeProperties(pool.content, "PersistentChat"),
      ...storeProperties(pool.compliance, "PersistentChatCompliance"),
      MtlsPort: 5041,
      DisplayName: pool.fqdn,
      ActiveServers: active,
      InactiveServers: inactive,
      DependentServiceList: [],
      ServiceId: `${pool.site}-PersistentChatService-${String(index + 1)}`,
      SiteId: `Site:${pool.site}`,
      PoolFqdn: pool.fqdn,
      Version: PERSISTENT_CHAT_VERSION,
      Role: "PersistentChatServer",
    },
  };
}

/** Database services: identity and place. Assumed: SqlInstanceName, which other database roles are known to show. */
function databaseObjects(pool: PoolTopology, kind: "PersistentChat" | "PersistentChatCompliance"): ObjectValue[] {
  const stores = kind === "PersistentChat" ? pool.content : pool.compliance;
  if (stores === undefined) return [];
  return [stores.primary, stores.mirror, stores.backup, stores.backupMirror].flatMap((store) => {
    if (store === undefined) return [];
    const identity = `${kind}Database:${store.fqdn}`;
    return [
      {
        type: `Microsoft.Rtc.Management.Xds.Display${kind}Database`,
        text: identity,
        properties: {
          Identity: identity,
          DependentServiceList: [poolIdentity(pool.fqdn)],
          SiteId: `Site:${pool.site}`,
          PoolFqdn: store.fqdn,
          SqlInstanceName: instanceName(store),
          Version: PERSISTENT_CHAT_VERSION,
          Role: `${kind}Database`,
        },
      },
    ];
  });
}

export const getService: StoreCmdlet = {
  metadata: {
    name: "Get-CsService",
    implementingType: "Microsoft.Rtc.Management.Xds.GetServiceCmdlet",
    defaultSet: "Identity",
    parameters: [
      { name: "Identity", type: "string", position: 0, sets: ["Identity"] },
      { name: "Filter", type: "string", sets: ["Filter"] },
      ...ROLE_SWITCHES.map((name) => ({ name, type: "switch" as const, sets: [name], mandatory: true })),
      { name: "PoolFqdn", type: "string" },
    ],
  },
  run(store, parameters) {
    const poolFqdn = text(parameters, "PoolFqdn");
    const identity = text(parameters, "Identity");
    const pattern = wildcard(text(parameters, "Filter") ?? "*");
    const role = ROLE_SWITCHES.find((name) => parameters[name] === true);
    const all = store.topology.pools.flatMap((pool, index) => [
      serverObject(store, pool, index),
      ...databaseObjects(pool, "PersistentChat"),
      ...databaseObjects(pool, "PersistentChatCompliance"),
    ]);
    const unique = all.filter((object, index) => all.findIndex((other) => other.text === object.text) === index);
    if (poolFqdn !== undefined && !unique.some(({ properties }) => same(properties["PoolFqdn"], poolFqdn)))
      throw failure(
        "PoolNotFound",
        "ObjectNotFound",
        "System.Management.Automation.ItemNotFoundException",
        `Cannot find pool "${poolFqdn}" in the topology.`,
        { name: poolFqdn, type: "Fqdn" },
      );
    const found = unique.filter(({ properties, text }) => {
      if (role !== undefined && properties["Role"] !== role) return false;
      if (poolFqdn !== undefined && !same(properties["PoolFqdn"], poolFqdn)) return false;
      if (identity !== undefined && !same(text ?? "", identity.replace(/^service:\s*(?=\w+:)/i, ""))) return false;
      return pattern.test(text ?? "");
    });
    if (identity !== undefined && found.length === 0)
      throw failure(
        "ServiceNotFound",
        "ObjectNotFound",
        "System.Management.Automation.ItemNotFoundException",
        `Cannot find service "${identity}".`,
        { name: identity, type: "XdsIdentity" },
      );
    return found;
  },
};

function same(value: WireValue | undefined, other: string): boolean {
  return typeof value === "string" && value.toLowerCase() === other.toLowerCase();
}

export const getPool: StoreCmdlet = {
  metadata: {
    name: "Get-CsPool",
    implementingType: "Microsoft.Rtc.Management.Xds.GetPoolCmdlet",
    defaultSet: "Identity",
    parameters: [
      { name: "Identity", type: "string", position: 0, sets: ["Identity"] },
      { name: "Filter", type: "string", sets: ["Filter"] },
      { name: "Site", type: "string" },
    ],
  },
  run(store, parameters) {
    const identity = text(parameters, "Identity");
    const site = text(parameters, "Site")?.replace(/^Site:/i, "");
    const pattern = wildcard(text(parameters, "Filter") ?? "*");
    const found = store.topology.pools.filter((pool) => {
      if (identity !== undefined && !same(pool.fqdn, identity)) return false;
      return pattern.test(pool.fqdn) && (site === undefined || same(pool.site, site));
    });
    if (identity !== undefined && found.length === 0)
      throw failure(
        "PoolNotFound",
        "ObjectNotFound",
        "System.Management.Automation.ItemNotFoundException",
        `Cannot find pool "${identity}" in the topology.`,
        { name: identity, type: "XdsGlobalRelativeIdentity" },
      );
    return found.map((pool) => ({
      type: "Microsoft.Rtc.Management.Deploy.Internal.Cluster",
      text: pool.fqdn,
      properties: {
        Identity: pool.fqdn,
        Services: [poolIdentity(pool.fqdn)],
        Computers: pool.machines.map(({ fqdn }) => fqdn),
        Fqdn: pool.fqdn,
        Site: `Site:${pool.site}`,
      },
    }));
  },
};
