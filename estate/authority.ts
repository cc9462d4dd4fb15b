/** Which copy of the chat database is the truth: decided from what SQL Server says, never from state files or clocks. */
import { type AuthorityFacts, authorityFacts, authorityFactValues } from "./authority-facts";
import { authorityRows, unknownCombination } from "./authority-rows";
import { type FailoverFacts, failoverFacts } from "./failover-facts";
import { type FailoverRow, failoverRows } from "./failover-rows";
import type { AuthorityRow } from "./authority-types";
import { type Desired, partnerRole, serverName, type SiteName } from "./desired";
import { judgeSecondary } from "./leftovers";
import type { InstanceObservation, Observation } from "./observation-types";
import { otherCopyOf, otherName } from "./other-copy";
import { presentPrincipals, type PresentPrincipals, readable } from "./present-principals";
import {
  databaseOf,
  differingChannels,
  familyOf,
  followsOf,
  isOnline,
  ownTail,
  partedAt,
  positionOf,
  reachOf,
  restoredFrom,
} from "./relations";

export type { AuthorityFacts } from "./authority-facts";
export type { PresentPrincipals } from "./present-principals";
export type { AuthorityRow, StepId, UnclearCode } from "./authority-types";
export { authorityFacts } from "./authority-facts";
export { presentPrincipals, readable } from "./present-principals";

/** The decision with everything that people need to judge it. */
export interface Authority extends Omit<AuthorityRow, "when"> {
  readonly facts: AuthorityFacts;
  /** The instances that are principal of their site's copy now (row 38); every step acts on these. */
  readonly principals: PresentPrincipals;
  /** What was read, as lines for people and for the report. */
  readonly evidence: readonly string[];
}

/** The first row that matches the facts; `unknownCombination` when none does. Pure. */
export function decideAuthority(facts: AuthorityFacts): AuthorityRow {
  return authorityRows.find((row) => row.when(facts)) ?? unknownCombination;
}

/** The first row of a failover that matches the facts; `unknownCombination` when none does. Pure. */
export function decideFailover(facts: FailoverFacts): FailoverRow {
  return failoverRows.find((row) => row.when(facts)) ?? unknownCombination;
}

/** Decides authority over an observation, with its evidence; by the rows of the site that is to be active. */
export function authorityOf(observation: Observation, desired: Desired): Authority {
  const facts =
    desired.active === "primary" ? authorityFacts(observation, desired) : failoverFacts(observation, desired);
  const row = desired.active === "primary" ? decideAuthority(facts) : decideFailover(facts as FailoverFacts);
  const principals = presentPrincipals(observation, desired);
  const stays = desired.stays && row.moves === true;
  const open = row.code === "MIRROR_ONLINE" ? openSites(observation, desired) : [];
  const names = open.map((site) => otherName(observation, desired, site));
  const message = open.length === 0 ? row.message : `${row.message}: ${names.join(", ")}`;
  return {
    number: row.number,
    outcome: row.outcome,
    code: row.code,
    resume: row.resume,
    message: stays ? `${message}; it stays so: failover.pools does not name this pool` : message,
    hint: row.hint,
    acknowledgement: row.acknowledgement,
    salvage: row.salvage,
    seeds: row.seeds,
    moves: row.moves === true && !stays,
    allows: stays ? [] : row.allows,
    facts,
    principals,
    evidence: evidenceOf(observation, desired, principals, facts),
  };
}

function openSites(observation: Observation, desired: Desired): readonly SiteName[] {
  return (["primary", "backup"] as const).filter((site) => otherCopyOf(observation, desired, site) === "open");
}

/** The facts as one line, in the order of their definition. */
export function factsText(facts: AuthorityFacts): string {
  const names = Object.keys(authorityFactValues) as (keyof AuthorityFacts)[];
  return names.map((name) => `${name}=${facts[name]}`).join(" ");
}

/** One sentence for people: outcome, row and reason. */
export function authorityText(authority: Authority): string {
  const outcome =
    authority.outcome === "unclear" ? `unclear (${authority.code ?? "UNKNOWN_COMBINATION"})` : authority.outcome;
  const row = authority.number === 0 ? "" : ` [row ${authority.number}]`;
  return `authority: ${outcome}: ${authority.message}${row}`;
}

function evidenceOf(
  observation: Observation,
  desired: Desired,
  principals: PresentPrincipals,
  facts: AuthorityFacts,
): readonly string[] {
  const primary = readable(observation, principals.primary);
  const backup = readable(observation, principals.backup);
  const lines = [
    copyLine(serverName(desired.pool, principals.primary), primary, desired.chat),
    copyLine(serverName(desired.pool, principals.backup), backup, desired.chat),
  ];
  for (const site of openSites(observation, desired)) {
    const other = readable(observation, partnerRole(principals[site]));
    lines.push(copyLine(otherName(observation, desired, site), other, desired.chat));
  }
  if (primary !== undefined && backup !== undefined) lines.push(...relationLines(primary, backup, desired.chat));
  for (const role of ["primary", "backup"] as const) {
    if (principals[role] !== role) {
      lines.push(`the mirror ${serverName(desired.pool, principals[role])} is principal of the ${role} site now`);
    }
  }
  return [...lines, factsText(facts)];
}

function copyLine(name: string, instance: InstanceObservation | undefined, chat: string): string {
  if (instance === undefined) return `${name}: could not be read`;
  const database = databaseOf(instance, chat);
  if (database === undefined) return `${name}: no database ${chat}`;
  const parts = [`${name}: ${chat} ${database.state}${database.isReadOnly ? " read-only" : ""}`];
  parts.push(`family ${familyOf(instance, chat) ?? "not known"}`);
  if (isOnline(database)) {
    parts.push(
      `recovery fork ${database.recoveryForkGuid ?? "not known"}`,
      `log to at least ${reachOf(instance, chat)?.lsn ?? "?"}`,
    );
    parts.push(contentText(instance));
  } else {
    const position = positionOf(instance, chat);
    parts.push(position.kind === "at" ? `at ${position.lsn} of fork ${position.fork}` : `position ${position.kind}`);
    const tail = ownTail(instance, chat);
    if (tail !== undefined) parts.push(`own tail to ${tail.lastLsn ?? "?"}`);
  }
  if (database.mirroring !== null) parts.push(`${database.mirroring.role} ${database.mirroring.state}`);
  return parts.join(", ");
}

function contentText(instance: InstanceObservation): string {
  if (instance.content === null) return "content not read";
  const messages = instance.content.channels.reduce((sum, channel) => sum + BigInt(channel.count), 0n);
  const newest = instance.content.pings.map((ping) => `${ping.serverAddress} ${ping.lastPingTime}`);
  const pings = newest.length === 0 ? "" : `, pings ${newest.join("; ")}`;
  return `${messages} messages in ${instance.content.channels.length} rooms${pings}`;
}

function relationLines(primary: InstanceObservation, backup: InstanceObservation, chat: string): string[] {
  const lines: string[] = [];
  const parted = partedAt(primary, backup, chat);
  if (parted !== null) lines.push(`the copies parted at LSN ${parted.lsn ?? "not known"}`);
  const set = restoredFrom(primary, backup, chat);
  if (set !== undefined)
    lines.push(`the primary was restored from set ${set.backupSetUuid} (${set.physicalDeviceName ?? "?"})`);
  const following = followsOf(backup, primary, chat);
  const copy = databaseOf(backup, chat);
  if (copy !== undefined && !isOnline(copy)) {
    lines.push(`the backup ${following.follows ? "follows" : "does not follow"} the primary: ${following.reason}`);
    const judged = judgeSecondary(backup, primary, chat);
    if (!following.follows && !judged.covered) {
      lines.push(`the backup's copy is not known to be covered by the primary's: ${judged.reason}`);
    }
  }
  if (primary.content !== null && backup.content !== null) {
    lines.push(...differenceLines(primary, backup));
  }
  return lines;
}

// Rooms that differ, with what each side holds: this is what a person weighs before an acknowledgement.
function differenceLines(primary: InstanceObservation, backup: InstanceObservation): string[] {
  if (primary.content === null || backup.content === null) return [];
  const differing = differingChannels(primary.content, backup.content);
  const describe = (instance: InstanceObservation, id: number): string => {
    const channel = instance.content?.channels.find((one) => one.channelId === id);
    return channel === undefined ? "none" : `${channel.count} to chatId ${channel.maxChatId}`;
  };
  const shown = differing
    .slice(0, shownRooms)
    .map((id) => `room ${id}: primary ${describe(primary, id)}, backup ${describe(backup, id)}`);
  return differing.length > shownRooms ? [...shown, `… and ${differing.length - shownRooms} more rooms differ`] : shown;
}

const shownRooms = 10;
