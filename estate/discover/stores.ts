/** Which instance is which store of the topology. Pure. */
import type { InstanceAnswer, InstanceReading } from "./evidence";
import { addressText } from "./evidence";

/** A store's instance as far as it is known. */
export interface StoreMatch {
  readonly reading: InstanceReading | undefined;
  /** Why there is none. */
  readonly reason: string;
  /** More than one instance may be it. */
  readonly ambiguous: boolean;
}

/** NetBIOS names, of which @@SERVERNAME is made, have at most 15 characters ("Naming conventions in Active Directory"). */
const NETBIOS_LENGTH = 15;

/** `sql-p1.contoso.com\rtc` as host and instance. */
export function storeParts(store: string): { readonly host: string; readonly instance?: string } {
  const at = store.indexOf("\\");
  return at < 0 ? { host: store } : { host: store.slice(0, at), instance: store.slice(at + 1) };
}

/** True when @@SERVERNAME may be the one of a store: the machine's name, and the instance's where the topology has one. */
export function mayBe(serverName: string, store: string): boolean {
  const { host, instance } = storeParts(store);
  const [machine = "", named] = serverName.toLowerCase().split("\\");
  const label = (host.split(".")[0] ?? "").toLowerCase();
  if (machine !== label && machine !== label.slice(0, NETBIOS_LENGTH)) return false;
  return instance === undefined || named === instance.toLowerCase();
}

/** The readings of a store: the one that the caller named for it, otherwise those whose @@SERVERNAME is its name. */
export function matchStore(store: string, readings: readonly InstanceReading[]): StoreMatch {
  const named = readings.find((reading) => reading.store?.toLowerCase() === store.toLowerCase());
  if (named !== undefined) return { reading: named, reason: "", ambiguous: false };
  const found = readings.filter((reading) => {
    const name = answerOf(reading)?.serverName;
    return reading.store === undefined && name != null && mayBe(name, store);
  });
  const [only, another] = found;
  if (only !== undefined && another === undefined) return { reading: only, reason: "", ambiguous: false };
  if (only !== undefined) {
    const several = found.map((reading) => `${answerOf(reading)?.serverName ?? ""} at ${addressText(reading.address)}`);
    const reason = `${several.join(" and ")} may be ${store}; say which: --sql ${store}=<address>`;
    return { reading: undefined, reason, ambiguous: true };
  }
  const silent = readings.filter((reading) => !reading.answer.read && reading.store === undefined);
  const asked = silent.map((reading) => (reading.answer.read ? "" : reading.answer.reason));
  const because = asked.length === 0 ? "" : `; no answer: ${asked.join("; ")}`;
  const reason = `no instance was found for the store ${store}: --sql ${store}=<address>${because}`;
  return { reading: undefined, reason, ambiguous: false };
}

/** Readings that are no store of the topology. */
export function strangers(stores: readonly string[], readings: readonly InstanceReading[]): readonly InstanceReading[] {
  const used = new Set(stores.map((store) => matchStore(store, readings).reading));
  return readings.filter((reading) => reading.answer.read && !used.has(reading));
}

/** What a reading says; undefined when it could not be read. */
export function answerOf(reading: InstanceReading | undefined): InstanceAnswer | undefined {
  return reading?.answer.read === true ? reading.answer.value : undefined;
}
