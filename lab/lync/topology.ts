/** The topology: which machines, sites and SQL stores a Persistent Chat pool has (Topology Builder publishes it; nothing here changes it). */
import { randomUUID } from "node:crypto";
import type { ProductVersion } from "../server/product";
import type { TestUsers } from "./replication";

export type PoolState = "Normal" | "FailedOver";
export const POOL_STATES: readonly PoolState[] = ["Normal", "FailedOver"];

/** A SQL Server instance as a topology names it. `instance` is its @@SERVERNAME. */
export interface SqlStore {
  readonly fqdn: string;
  readonly instance: string;
}

/** A SQL Server that the lab plays: what Windows and SQL Server set-up know of it. */
export interface SqlServer extends SqlStore {
  /** Name of its Windows host; instances may share it. */
  readonly machine: string;
  /** On 127.0.0.1; absent: one behind the control port. */
  readonly port?: number;
  readonly version: ProductVersion;
  /** Port of its mirroring endpoint. */
  readonly mirroringPort: number;
  /** Where new files of databases go. */
  readonly dataFolder: string;
  readonly logFolder: string;
  readonly engineAccount: string;
  readonly agentAccount: string;
}

/** Stores of one database: in the primary site with its mirror, and in the backup site with its mirror. */
export interface StoreSet {
  readonly primary: SqlStore;
  readonly mirror?: SqlStore;
  readonly backup?: SqlStore;
  readonly backupMirror?: SqlStore;
}

export type SiteRole = "primary" | "backup";

/** A computer of a pool. */
export interface PoolMachine {
  readonly fqdn: string;
  readonly site: SiteRole;
}

/** A stretched Persistent Chat pool: one logical pool, machines in two data centres. */
export interface PoolTopology {
  readonly fqdn: string;
  /** Display name of the site that the pool belongs to. */
  readonly site: string;
  /** Front End pool that it takes for its next hop. */
  readonly registrar: string;
  readonly fileStore: string;
  /** UNC name of the share for log backups. */
  readonly share: string;
  /** Where the backup's Agent copies log backups to, on its host. */
  readonly copyFolder: string;
  /** Names of its databases: mgc and mgccomp, unless pools share an instance. */
  readonly databases: { readonly content: string; readonly compliance: string };
  readonly dataCentres: Readonly<Record<SiteRole, string>>;
  /** At most 8. */
  readonly machines: readonly PoolMachine[];
  /** mgc. */
  readonly content: StoreSet;
  /** mgccomp; absent: compliance is off. */
  readonly compliance?: StoreSet;
  /** Servers that are active while the pool is in a site. */
  readonly siteServers: Readonly<Record<SiteRole, readonly string[]>>;
  /** When the store is made for the first time. */
  readonly activeServers: readonly string[];
  readonly poolState: PoolState;
}

/** Somebody who may open a remote session; roles are the predefined RBAC roles ("Planning for role-based access control"). */
export interface Administrator {
  /** `DOMAIN\name`. */
  readonly userName: string;
  readonly password: string;
  readonly roles: readonly string[];
}

export interface Topology {
  readonly pools: readonly PoolTopology[];
  /** Every SQL Server, in the order of their ports. */
  readonly servers: readonly SqlServer[];
  /** Host on which local management shells run. */
  readonly managementHost: string;
  /** DNS domain of accounts and users. */
  readonly domain: string;
  /** Machines with a replica that are in no chat pool: Front Ends, the host with the management tools. */
  readonly otherReplicas: readonly string[];
  readonly administrators: readonly Administrator[];
  /** Test users of Registrar pools, by FQDN, when the store is made for the first time. */
  readonly testUsers: Readonly<Record<string, TestUsers>>;
  /** Password of every user of the chat (-SenderCredential and -ReceiverCredential). */
  readonly userPassword: string;
}

/** Host on which the local management shell of the lab's own estate runs. */
export const MANAGEMENT_HOST = "admin.dci.discovery.com";
const DOMAIN = "dci.discovery.com";
/** SQL Server 2012 SP4. */
const VERSION: ProductVersion = { major: 11, minor: 0, build: 7001 };
/** Port of the mirroring endpoint that Topology Builder proposes. */
export const MIRRORING_PORT = 5022;

/** Most servers that may be active at once ("Persistent Chat Server capacity planning"). */
export const MOST_ACTIVE_SERVERS = 4;

/** The pool's identity in Get-CsService and Get-CsPersistentChatState. */
export function poolIdentity(fqdn: string): string {
  return `PersistentChatServer:${fqdn}`;
}

/** `DCI` of dci.discovery.com: the domain's name in accounts. */
export function netBiosName(domain: string): string {
  return (domain.split(".")[0] as string).toUpperCase();
}

/** Two users of a domain's chat. */
export function userAccounts(domain: string): TestUsers {
  return { first: `sip:user01@${domain}`, second: `sip:user02@${domain}` };
}

function server({ fqdn, instance }: SqlStore): SqlServer {
  const name = instance.toLowerCase();
  return {
    fqdn,
    instance,
    machine: instance,
    version: VERSION,
    mirroringPort: MIRRORING_PORT,
    dataFolder: "D:\\SQLData",
    logFolder: "E:\\SQLLog",
    engineAccount: `${netBiosName(DOMAIN)}\\svc-${name}`,
    agentAccount: `${netBiosName(DOMAIN)}\\svc-agent-${name.replace(/^sql-/, "")}`,
  };
}

function store(name: string): SqlStore {
  return { fqdn: `${name}.${DOMAIN}`, instance: name.toUpperCase() };
}

/** Pool number `index` (from 0): four machines per site, four instances. */
function standardPool(index: number, active: SiteRole, administered: PoolState): PoolTopology {
  const numbers = [1, 2, 3, 4].map((number) => number + index * 4);
  const machines = (site: SiteRole): PoolMachine[] =>
    numbers.map((number) => ({ fqdn: `chat-${site[0] as string}${String(number)}.${DOMAIN}`, site }));
  const [first, second] = [1 + index * 2, 2 + index * 2];
  const stores: StoreSet = {
    primary: store(`sql-p${String(first)}`),
    mirror: store(`sql-p${String(second)}`),
    backup: store(`sql-b${String(first)}`),
    backupMirror: store(`sql-b${String(second)}`),
  };
  const siteServers = {
    primary: machines("primary").map(({ fqdn }) => fqdn),
    backup: machines("backup").map(({ fqdn }) => fqdn),
  };
  const suffix = index === 0 ? "" : String(index + 1);
  return {
    fqdn: `lyncpc${suffix}.${DOMAIN}`,
    site: "Primary",
    registrar: `lyncfe${suffix}.${DOMAIN}`,
    fileStore: `files.${DOMAIN}`,
    share: `\\\\files.${DOMAIN}\\lslogs${suffix}`,
    copyFolder: "D:\\LSCopy",
    databases: { content: "mgc", compliance: "mgccomp" },
    dataCentres: { primary: "east", backup: "west" },
    machines: [...machines("primary"), ...machines("backup")],
    content: stores,
    compliance: stores,
    siteServers,
    activeServers: siteServers[active],
    poolState: administered,
  };
}

/** The estate that the lab plays: `pools` stretched pools, all in the given state. */
export function estateTopology(options: {
  readonly pools: number;
  readonly poolState: PoolState;
  readonly administrators: readonly Administrator[];
  /** Default: none that anybody knows. */
  readonly userPassword?: string;
}): Topology {
  const active: SiteRole = options.poolState === "Normal" ? "primary" : "backup";
  const pools = Array.from({ length: options.pools }, (_, index) => standardPool(index, active, options.poolState));
  const users = userAccounts(DOMAIN);
  return {
    pools,
    servers: pools.flatMap(({ content: { primary, mirror, backup, backupMirror } }) =>
      [primary, mirror, backup, backupMirror].filter((one) => one !== undefined).map(server),
    ),
    managementHost: MANAGEMENT_HOST,
    domain: DOMAIN,
    otherReplicas: [`lyncfe-1.${DOMAIN}`, MANAGEMENT_HOST],
    administrators: options.administrators,
    testUsers: Object.fromEntries(pools.map(({ registrar }) => [registrar, users] as const)),
    userPassword: options.userPassword ?? randomUUID(),
  };
}
