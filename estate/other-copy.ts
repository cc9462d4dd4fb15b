/**
 * What the other instance of a site, the one that is not its principal now, means for authority. A session says who is principal;
 * one that was ended (ALTER DATABASE … SET PARTNER OFF) says nothing any more, and the copy that took over stays ONLINE. Pure.
 */
import { configuredInstance, type Desired, partnerRole, serverName, type SiteName } from "./desired";
import type { InstanceObservation, InstanceRole, Observation } from "./observation-types";
import { poolMachines, presentPrincipals, readable } from "./present-principals";
import { databaseOf, isLive, isOnline, sameName } from "./relations";
import { answersUnread } from "./unread";

/**
 * `open`: ONLINE and the site's copy of the chat, since chat servers are at work on it, or the pool's state says that the site
 * serves and its principal's copy is not ONLINE. `unread` and `silent`: it may be that, and could not be read, because the
 * instance refused or nobody answers. `none`: nothing to reckon with, or no such instance.
 */
export type OtherCopy = "none" | "open" | "unread" | "silent";

/** Judges the other instance of a site. */
export function otherCopyOf(observation: Observation, desired: Desired, site: SiteName): OtherCopy {
  const role = otherRole(observation, desired, site);
  if (configuredInstance(desired.pool, role) === undefined) return "none";
  const other = readable(observation, role);
  const open = other !== undefined && holdsOnline(other, desired);
  if (open && isLive(other, desired.chat, poolMachines(observation, desired))) return "open";
  const principal = readable(observation, presentPrincipals(observation, desired)[site]);
  const principalServes = principal !== undefined && holdsOnline(principal, desired);
  if (principalServes || !maySiteServe(observation, site)) return "none";
  if (other === undefined) return answersUnread(observation, role) ? "unread" : "silent";
  return open ? "open" : "none";
}

/** Name of the other instance of a site. */
export function otherName(observation: Observation, desired: Desired, site: SiteName): string {
  return serverName(desired.pool, otherRole(observation, desired, site));
}

function otherRole(observation: Observation, desired: Desired, site: SiteName): InstanceRole {
  return partnerRole(presentPrincipals(observation, desired)[site]);
}

function holdsOnline(instance: InstanceObservation, { chat }: Desired): boolean {
  const copy = databaseOf(instance, chat);
  return copy !== undefined && isOnline(copy);
}

// A copy that somebody opened at the site that does not serve is a leftover: no step overwrites an ONLINE one.
function maySiteServe({ shell }: Observation, site: SiteName): boolean {
  return !shell.reachable || !sameName(shell.value.poolState, site === "primary" ? "FailedOver" : "Normal");
}
