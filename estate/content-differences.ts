/** In what two copies of the chat database differ, room by room. Pure. */
import type { ChannelFingerprint, ContentFingerprint } from "./observation-types";
import { printable } from "./printable";

/** Where two fingerprints differ. `what` is the fact, `one` and `other` its values; `channelId` names a room's difference. */
export interface ContentDifference {
  readonly channelId: number | null;
  readonly what: string;
  readonly one: string;
  readonly other: string;
}

/** Every difference between two copies, rooms first. Empty when they are equal. Pings are never compared. Pure. */
export function contentDifferences(one: ContentFingerprint, other: ContentFingerprint): ContentDifference[] {
  const differences: ContentDifference[] = [];
  const note = (channelId: number | null, what: string, left: string, right: string): void => {
    if (left !== right) differences.push({ channelId, what, one: left, other: right });
  };
  const left = new Map(one.channels.map((channel) => [channel.channelId, channel]));
  const right = new Map(other.channels.map((channel) => [channel.channelId, channel]));
  const full = one.level === 2 && other.level === 2;
  for (const id of union(left.keys(), right.keys()).sort((a, b) => a - b)) {
    for (const [fact, what] of channelFacts(full)) {
      note(id, what, left.get(id)?.[fact] ?? "no message", right.get(id)?.[fact] ?? "no message");
    }
  }
  for (const table of union(Object.keys(one.tableRows), Object.keys(other.tableRows)).sort()) {
    note(null, `rows of ${table}`, textOf(one.tableRows[table]), textOf(other.tableRows[table]));
  }
  if (full) {
    const sums = [one.tableChecksums ?? {}, other.tableChecksums ?? {}] as const;
    for (const table of union(Object.keys(sums[0]), Object.keys(sums[1])).sort()) {
      note(null, `checksum of ${table}`, textOf(sums[0][table]), textOf(sums[1][table]));
    }
  }
  note(null, "system revision", textOf(one.systemRevision), textOf(other.systemRevision));
  note(null, "pool id", textOf(one.configPoolId), textOf(other.configPoolId));
  note(null, "rooms with a last message id", String(one.lastChatIds), String(other.lastChatIds));
  return differences;
}

/**
 * The differences as lines for people, at most `limit` (20), rooms by their names where `rooms` knows them:
 * `room 12 "Operations": messages 120 and 118`.
 */
export function describeDifferences(
  differences: readonly ContentDifference[],
  rooms: ReadonlyMap<number, string>,
  limit = 20,
): string[] {
  const lines = differences.slice(0, limit).map(({ channelId, what, one, other }) => {
    const name = channelId === null ? undefined : rooms.get(channelId);
    const room =
      channelId === null ? "" : `room ${channelId}${name === undefined ? "" : ` "${printable(name, 100)}"`}: `;
    return `${room}${what} ${one} and ${other}`;
  });
  if (differences.length > limit) lines.push(`and ${differences.length - limit} more`);
  return lines;
}

type ChannelFact = Exclude<keyof ChannelFingerprint, "channelId">;

function channelFacts(full: boolean): (readonly [ChannelFact, string])[] {
  return [
    ["count", "messages"],
    ["minChatId", "first message id"],
    ["maxChatId", "last message id"],
    ["sumChatId", "sum of message ids"],
    ["sumBytes", "bytes of content"],
    ...(full ? [["checksum", "checksum"] as const] : []),
  ];
}

function union<Key>(one: Iterable<Key>, other: Iterable<Key>): Key[] {
  return [...new Set([...one, ...other])];
}

function textOf(value: string | number | null | undefined): string {
  return value === null || value === undefined ? "absent" : String(value);
}
