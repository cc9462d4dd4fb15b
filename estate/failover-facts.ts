/** What decides a failover besides the facts of authority: the mode, where the backup's copy came from and how far it is. */
import { type AuthorityFacts, authorityFacts } from "./authority-facts";
import { type Desired, type MoveMode, partnerRole } from "./desired";
import type { InstanceObservation, Observation } from "./observation-types";
import { otherCopyOf } from "./other-copy";
import { presentPrincipals, readable } from "./present-principals";
import { newestRestoredLog, positionOf, restoresOf, sameName } from "./relations";
import { failuresAcknowledged } from "./unread";

/** One combination of facts about a failover. */
export interface FailoverFacts extends AuthorityFacts {
  readonly mode: MoveMode | "none";
  /** The backup's copy was restored from the primary site, by its history or by log shipping's registration. */
  readonly lineage: "primary" | "other";
  /** The backup's copy can be recovered: `incomplete` means that only a full restore would help (redo_start_lsn is NULL). */
  readonly backupPosition: "at" | "incomplete" | "unknown";
  /**
   * `unread`: the primary site's other instance answers and could not be read, so that it may have taken over from a principal
   * that does not serve; by acknowledgement it has not.
   */
  readonly otherPrimary: "known" | "unread";
  /** The last log that the backup's copy was given is the tail that closed a copy of the primary site. */
  readonly tailRestored: "no" | "yes";
}

/** Every value of the facts that {@link AuthorityFacts} does not have; the exhaustive test walks it. */
export const failoverFactValues = {
  mode: ["planned", "disaster", "none"],
  lineage: ["primary", "other"],
  backupPosition: ["at", "incomplete", "unknown"],
  otherPrimary: ["known", "unread"],
  tailRestored: ["no", "yes"],
} as const satisfies { readonly [Fact in Exclude<keyof FailoverFacts, keyof AuthorityFacts>]: readonly string[] };

/** Derives the facts from an observation. */
export function failoverFacts(observation: Observation, desired: Desired): FailoverFacts {
  const backup = readable(observation, presentPrincipals(observation, desired).backup);
  return {
    ...authorityFacts(observation, desired),
    mode: desired.mode ?? "none",
    lineage: backup !== undefined && cameFromPrimary(backup, desired) ? "primary" : "other",
    backupPosition: backup === undefined ? "unknown" : positionOf(backup, desired.chat).kind,
    otherPrimary:
      otherCopyOf(observation, desired, "primary") === "unread" && !otherAcknowledged(observation, desired)
        ? "unread"
        : "known",
    tailRestored: backup !== undefined && endsWithTail(backup, desired) ? "yes" : "no",
  };
}

function otherAcknowledged(observation: Observation, desired: Desired): boolean {
  const other = partnerRole(presentPrincipals(observation, desired).primary);
  return failuresAcknowledged(observation, desired, [other]);
}

// Histories are purged, registrations are removed: one of the two is enough, and neither alone is demanded.
function cameFromPrimary(backup: InstanceObservation, desired: Desired): boolean {
  const registered = backup.logShippingSecondary.some(
    (row) => ofPrimarySite(row.primaryServer, desired) && sameName(row.primaryDatabase, desired.chat),
  );
  return registered || ofPrimarySite(restoresOf(backup, desired.chat)[0]?.backupSet.serverName, desired);
}

function endsWithTail(backup: InstanceObservation, desired: Desired): boolean {
  const last = newestRestoredLog(backup, desired.chat);
  return last?.isForceOffline === true && ofPrimarySite(last.serverName, desired);
}

function ofPrimarySite(name: string | null | undefined, desired: Desired): boolean {
  const { principal, mirror } = desired.pool.primary;
  return sameName(name, principal.server) || sameName(name, mirror?.server);
}
