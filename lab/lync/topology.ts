/** The topology: which machines, sites and SQL stores a Persistent Chat pool has (Topology Builder publishes it; nothing here changes it). */
import { randomUUID } from "node:crypto";
import type { TestUsers } from "./replication";

export type PoolState = "Normal" | "FailedOver";
export const POOL_STATES: readonly PoolState[] = ["Normal", "FailedOver"];

/** A SQL Server instance as a topology names it. `instance` is its @@SERVERNAME. */
export interface SqlStore {
  readonly fqdn: string;
  readonly instance: string;
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
  /** At most 8. */
  readonly machines: readonly PoolMachine[];
  /** mgc. */
  readonly content: StoreSet;
  /** mgccomp; absent: compliance is off. */
  readonly compliance?: StoreSet;
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
  /** Machines with a replica that are in no chat pool: Front Ends, the host with the management tools. */
  readonly otherReplicas: readonly string[];
  readonly administrators: readonly Administrator[];
  /** Test users of Registrar pools, by FQDN, when the store is made for the first time. */
  readonly testUsers: Readonly<Record<string, TestUsers>>;
  /** Password of every user of the chat (-SenderCredential and -ReceiverCredential). */
  readonly userPassword: string;
}

/** Host on which the lab's local management shell runs. */
export const MANAGEMENT_HOST = "admin.dci.discovery.com";
const DOMAIN = "dci.discovery.com";

/** Most servers that may be active at once ("Persistent Chat Server capacity planning"). */
export const MOST_ACTIVE_SERVERS = 4;

/** The pool's identity in Get-CsService and Get-CsPersistentChatState. */
export function poolIdentity(fqdn: string): string {
  return `PersistentChatServer:${fqdn}`;
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
  const suffix = index === 0 ? "" : String(index + 1);
  return {
    fqdn: `lyncpc${suffix}.${DOMAIN}`,
    site: "Primary",
    registrar: `lyncfe${suffix}.${DOMAIN}`,
    fileStore: `files.${DOMAIN}`,
    machines: [...machines("primary"), ...machines("backup")],
    content: stores,
    compliance: stores,
    activeServers: machines(active).map(({ fqdn }) => fqdn),
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
  const users = { first: `sip:user01@${DOMAIN}`, second: `sip:user02@${DOMAIN}` };
  return {
    pools,
    otherReplicas: [`lyncfe-1.${DOMAIN}`, MANAGEMENT_HOST],
    administrators: options.administrators,
    testUsers: Object.fromEntries(pools.map(({ registrar }) => [registrar, users] as const)),
    userPassword: options.userPassword ?? randomUUID(),
  };
}
