/** The configuration of one pool from what was read of it. Pure. */
import { sameName } from "../relations";
import { answerOf, matchStore, storeParts, type StoreMatch } from "./stores";
import type { Draft, Value } from "./drafts";
import { addressText, type InstanceReading, type PoolTopology } from "./evidence";
import { logShippingSection } from "./log-shipping";
import { primaryHalf, secondaryHalf } from "./registrations";

/** What no topology tells, as the caller says it. */
export interface Statements {
  /** Labels of the two data centres: they only relate active servers to sites. */
  readonly dataCentres: { readonly primary: string; readonly backup: string };
  /** FQDNs that are active when the site is; of any pool. */
  readonly servers: { readonly primary: readonly string[]; readonly backup: readonly string[] };
}

type Site = "primary" | "backup";

/** The product's own names ("Persistent Chat Server database schema"); nothing in the topology changes them. */
export const CHAT_DATABASE = "mgc";
export const COMPLIANCE_DATABASE = "mgccomp";

/** Property of Get-CsService with the store of a role, and the same with `Compliance`. */
const STORES = {
  primary: { principal: "PersistentChatDatabase", mirror: "MirrorPersistentChatDatabase" },
  backup: { principal: "BackupPersistentChatDatabase", mirror: "BackupMirrorPersistentChatDatabase" },
} as const;

const complianceProperty = (property: string): string => property.replace("Database", "ComplianceDatabase");

/** Every store of a pool that the chat database may be on. */
export function chatStores(pool: PoolTopology): string[] {
  const properties = [STORES.primary.principal, STORES.primary.mirror, STORES.backup.principal, STORES.backup.mirror];
  return properties.flatMap((property) => pool.stores[property] ?? []);
}

/** The pool's element of `pools`. */
export function poolSection(
  pool: PoolTopology,
  readings: readonly InstanceReading[],
  statements: Statements,
  draft: Draft,
): Value {
  const match = (property: string): StoreMatch | undefined => {
    const store = pool.stores[property];
    return store === undefined ? undefined : matchStore(store, readings);
  };
  const site = (name: Site): Value => {
    const inner = draft.at(name);
    const stores = STORES[name];
    const [principal, mirror] = [match(stores.principal), match(stores.mirror)];
    const section: { [key: string]: Value } = {
      dataCentre: statements.dataCentres[name],
      principal: instance("principal", pool.stores[stores.principal], principal, inner),
    };
    const partner = mirrorSection(pool.stores[stores.mirror], mirror, principal, inner);
    if (partner !== undefined) section["mirror"] = partner;
    section["activeServers"] = activeServers(name, pool, statements, inner);
    return section;
  };
  const shipping = {
    database: CHAT_DATABASE,
    primaryName: nameOf(match(STORES.primary.principal), pool.stores[STORES.primary.principal]),
    secondaryName: nameOf(match(STORES.backup.principal), pool.stores[STORES.backup.principal]),
    primary: primaryHalf(match(STORES.primary.principal), match(STORES.primary.mirror), draft),
    secondary: secondaryHalf(
      match(STORES.backup.principal),
      [match(STORES.primary.principal), match(STORES.primary.mirror)],
      draft,
    ),
  };
  return {
    name: shortName(pool.fqdn, draft),
    fqdn: draft.text("fqdn", pool.fqdn),
    primary: site("primary"),
    backup: site("backup"),
    databases: databases(pool, readings, draft.at("databases")),
    ...mirroring(pool),
    logShipping: logShippingSection(shipping, draft.at("logShipping")),
  };
}

function shortName(fqdn: string, draft: Draft): Value {
  const label = (fqdn.split(".")[0] ?? "").toLowerCase();
  if (/^[a-z][a-z0-9-]{0,31}$/.test(label)) return label;
  return draft.gap("name", `a short name of your own for ${fqdn}`);
}

function nameOf(match: StoreMatch | undefined, store: string | undefined): string {
  return answerOf(match?.reading)?.serverName ?? store ?? "a store that the topology does not have";
}

function instance(key: string, store: string | undefined, match: StoreMatch | undefined, draft: Draft): Value {
  if (store === undefined || match === undefined) return draft.gap(key, "the topology has no such store");
  const { reading } = match;
  if (reading === undefined) return draft.gap(key, match.reason);
  const inner = draft.at(key);
  const { host, port, instance: named } = reading.address;
  const section: { [key: string]: Value } = { server: server(reading, inner), host };
  if (named !== undefined) section["instance"] = named;
  else if (port !== undefined && port !== 1433) section["port"] = port;
  return section;
}

function server(reading: InstanceReading, draft: Draft): Value {
  const { answer, address, store } = reading;
  if (!answer.read) return draft.gap("server", answer.reason);
  const { serverName } = answer.value;
  if (serverName === null)
    return draft.gap(
      "server",
      `@@SERVERNAME of ${addressText(address)} is NULL: sp_addserver was not run after a rename`,
    );
  const machine = serverName.split("\\")[0];
  if (store !== undefined && !sameName(machine, storeParts(store).host.split(".")[0]))
    draft.note(`${store} was said to be ${addressText(address)}, which calls itself ${serverName}`);
  return draft.text("server", serverName);
}

// A mirror is optional in the configuration: one that exists beside the topology must not be left out in silence.
function mirrorSection(
  store: string | undefined,
  match: StoreMatch | undefined,
  principal: StoreMatch | undefined,
  draft: Draft,
): Value | undefined {
  const answer = answerOf(principal?.reading);
  const session = answer?.databases.find((row) => sameName(row.name, CHAT_DATABASE))?.mirroring;
  if (store === undefined) {
    if (session == null) return undefined;
    return draft.gap(
      "mirror",
      `${answer?.serverName ?? ""} mirrors to ${session.partnerInstance ?? "a partner"}, which the topology does not know`,
    );
  }
  const section = instance("mirror", store, match, draft);
  const open = answer?.databases.find((row) => sameName(row.name, CHAT_DATABASE) && row.state === "ONLINE");
  if (open !== undefined && session == null)
    draft.note(
      `${CHAT_DATABASE} on ${answer?.serverName ?? ""} shows no mirroring; the topology names ${store}, and the preview shows it`,
    );
  const name = answerOf(match?.reading)?.serverName;
  if (session?.partnerInstance != null && name != null && !sameName(session.partnerInstance, name))
    draft.note(`${answer?.serverName ?? ""} mirrors to ${session.partnerInstance}, the topology's mirror is ${name}`);
  return section;
}

function activeServers(site: Site, pool: PoolTopology, statements: Statements, draft: Draft): Value {
  const key = "activeServers";
  const machines = pool.machines.read ? pool.machines.value : (pool.activeServers ?? []);
  const said = statements.servers[site].map((name) => name.toLowerCase()).filter((name) => machines.includes(name));
  if (said.length > 0) return said.sort();
  const at = whereActive(pool);
  if (!at.read) return draft.emptyList(key, at.reason);
  const { activeServers: active } = pool;
  if (active === null) return draft.emptyList(key, "this version of Get-CsService tells no ActiveServers");
  if (at.value !== site) {
    const others = machines.filter((machine) => !active.includes(machine));
    const candidates = others.length === 0 ? "it has no inactive machine" : `inactive are ${others.join(", ")}`;
    return draft.emptyList(key, `the topology does not tell where a machine stands; ${candidates} (--${site}-servers)`);
  }
  if (active.length === 0) return draft.emptyList(key, `no server is active at present (--${site}-servers)`);
  return active.map((name) => name);
}

// Normal: the pool uses the primary stores, FailedOver: the backup's (Set-CsPersistentChatState).
function whereActive(pool: PoolTopology): { read: true; value: Site } | { read: false; reason: string } {
  if (!pool.poolState.read) return pool.poolState;
  const state = pool.poolState.value.toLowerCase();
  if (state === "normal") return { read: true, value: "primary" };
  if (state === "failedover") return { read: true, value: "backup" };
  return { read: false, reason: `the pool's state is ${pool.poolState.value}, neither Normal nor FailedOver` };
}

// mgccomp is mirrored where the topology has a mirror for it beside the chat's.
function mirroring(pool: PoolTopology): { readonly [key: string]: Value } {
  const pairs = [STORES.primary.mirror, STORES.backup.mirror].filter((property) => pool.stores[property] !== undefined);
  const own = pairs.filter((property) => pool.stores[complianceProperty(property)] !== undefined);
  return pairs.length > 0 && own.length === 0 ? { mirroring: { compliance: false } } : {};
}

function databases(pool: PoolTopology, readings: readonly InstanceReading[], draft: Draft): Value {
  const answers = chatStores(pool).flatMap((store) => answerOf(matchStore(store, readings).reading) ?? []);
  const exists = (name: string): boolean =>
    answers.length === 0 || answers.some((answer) => answer.databases.some((row) => sameName(row.name, name)));
  const absent = (name: string): string => `no instance that answered has a database ${name}`;
  const chat = exists(CHAT_DATABASE) ? CHAT_DATABASE : draft.gap("chat", absent(CHAT_DATABASE));
  return { chat, compliance: compliance(pool, exists, draft) };
}

function compliance(pool: PoolTopology, exists: (name: string) => boolean, draft: Draft): Value {
  const properties = [STORES.primary.principal, STORES.primary.mirror, STORES.backup.principal, STORES.backup.mirror];
  const stores = properties.map(
    (property) => [pool.stores[property], pool.stores[complianceProperty(property)]] as const,
  );
  if (stores.every(([, own]) => own === undefined)) return false;
  const elsewhere = stores.flatMap(([chat, own]) => (own === undefined || own === chat ? [] : [own]));
  if (elsewhere.length > 0)
    return draft.gap(
      "compliance",
      `compliance has instances of its own (${elsewhere.join(", ")}): leave it out (false) or name a database on the chat's`,
    );
  if (exists(COMPLIANCE_DATABASE)) return COMPLIANCE_DATABASE;
  return draft.gap(
    "compliance",
    `the topology has a compliance store, no instance that answered has a database ${COMPLIANCE_DATABASE}`,
  );
}
