/** What the cmdlets answer: schemas of their objects as the commands select them, and what is made of them. Pure. */
import { z } from "zod";
import { STORE_PROPERTIES } from "./commands";

const text = z.string().max(1024);
const texts = z.array(text).max(1000);
/** Of Get-CsPersistentChatState. */
export const stateSchema = z.object({ Identity: text, PoolState: text });
/** Of Get-CsService -PersistentChatServer. */
export const serviceSchema = z.object({
  Identity: text,
  PoolFqdn: text,
  Version: text,
  HasActiveServers: z.boolean(),
  ActiveServers: texts,
  InactiveServers: texts,
  ...(Object.fromEntries(STORE_PROPERTIES.map((property) => [property, text])) as {
    [Property in (typeof STORE_PROPERTIES)[number]]: typeof text;
  }),
});
/** Of Get-CsPool. */
export const poolSchema = z.object({ Fqdn: text, Site: text, Computers: texts });
/** Of Get-CsManagementStoreReplicationStatus. */
export const replicaSchema = z.object({
  ReplicaFqdn: text,
  UpToDate: z.boolean(),
  LastStatusReport: text,
  LastUpdateCreation: text,
});

/** Of Test-CsPersistentChatMessage; a diagnosis may be long. */
export const testSchema = z.object({
  Result: text,
  Error: z.string().max(100_000),
  Diagnosis: z.string().max(100_000),
});

/** What Test-CsPersistentChatMessage says of its message. */
export interface ChatMessageOutcome {
  readonly succeeded: boolean;
  /** Both empty when it succeeded. */
  readonly error: string;
  readonly diagnosis: string;
}

/** Get-CsPersistentChatState of one pool. */
export interface PersistentChatState {
  readonly identity: string;
  readonly poolState: string;
}

/** Get-CsService -PersistentChatServer of one pool; FQDNs lower case and sorted. */
export interface PersistentChatService {
  readonly identity: string;
  readonly version: string;
  readonly activeServers: readonly string[];
  readonly inactiveServers: readonly string[];
  /** By property name; what stands after the colon of `PersistentChatDatabase:sql-p1.contoso.com`. Empty ones left out. */
  readonly stores: { readonly [property: string]: string };
}

/** Get-CsService -PersistentChatServer of one pool of several; `activeServers` is null where this version does not tell them. */
export interface PersistentChatTopology extends Omit<PersistentChatService, "activeServers"> {
  readonly poolFqdn: string;
  readonly activeServers: readonly string[] | null;
}

/** Get-CsManagementStoreReplicationStatus, one replica. */
export interface Replica {
  readonly replicaFqdn: string;
  readonly upToDate: boolean;
  readonly lastStatusReport: string | null;
  readonly lastUpdateCreation: string | null;
}

/** The service by its names in lower case. */
export function serviceOf(service: z.output<typeof serviceSchema>): Omit<PersistentChatService, "activeServers"> {
  const stores = STORE_PROPERTIES.flatMap((property) => {
    const value = service[property];
    return value === "" ? [] : [[property, value.slice(value.indexOf(":") + 1).toLowerCase()] as const];
  });
  return {
    identity: service.Identity,
    version: service.Version,
    inactiveServers: fqdns(service.InactiveServers),
    stores: Object.fromEntries(stores),
  };
}

/** Equal but for case. */
export function same(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** True for `PersistentChatServer:lyncpc.contoso.com`, `service:PersistentChatServer:lyncpc.contoso.com`, or the FQDN alone. */
export function namesPool(identity: string, poolFqdn: string): boolean {
  return same(identity.slice(identity.lastIndexOf(":") + 1), poolFqdn);
}

/** Lower case, sorted, each once. */
export function fqdns(names: readonly string[]): string[] {
  return [...new Set(names.map((name) => name.toLowerCase()))].sort();
}
