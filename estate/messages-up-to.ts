/**
 * Whether one copy holds every message of another. Counts and sums of whole rooms cannot tell: two copies that parted both go
 * on with the same chat ids. So each room is read up to the other copy's last message in it, with a checksum over its rows.
 */
import { z } from "zod";
import { bytesOf } from "./compare";
import { describeDifferences } from "./content-differences";
import type { SqlServer } from "./sql/connection";
import { quoteName } from "./sql/quote";
import { digitsColumn as digits, wholeColumn as whole } from "./sql/rows";

const roomMessages = z.object({
  channelId: whole,
  count: digits,
  maxChatId: digits,
  sumBytes: digits,
  checksum: digits.nullable(),
});

/** The messages of one room up to `maxChatId`; all numbers are decimal digits. */
export type RoomMessages = z.output<typeof roomMessages>;

/** Where the reading of a room ends: its last chat id. */
export type RoomEnd = Pick<RoomMessages, "channelId" | "maxChatId">;

// Rooms per statement: a list of values is compiled, and 500 of them are a text of some 10 kB.
const roomsAtOnce = 500;

/**
 * One statement over all rooms, or over those named, each up to its end. What a message is, without what a chat server may
 * write into it later: chat ids, times, senders and text. CHECKSUM_AGG is of rows in any order.
 */
export function messagesUpTo(database: string, ends?: readonly RoomEnd[]): string {
  const upTo =
    ends === undefined
      ? ""
      : `\nJOIN (VALUES ${ends.map(({ channelId, maxChatId }) => `(${String(channelId)}, ${String(BigInt(maxChatId))})`).join(", ")}) AS e (channelId, lastChatId)` +
        "\n  ON e.channelId = c.channelId AND c.chatId <= e.lastChatId";
  return `SELECT c.channelId, COUNT_BIG(*) AS [count], MAX(c.chatId) AS maxChatId,
  SUM(CONVERT(bigint, DATALENGTH(c.content))) AS sumBytes,
  CHECKSUM_AGG(BINARY_CHECKSUM(c.chatId, c.chatDate, c.userId, ${bytesOf("c.content")}, ${bytesOf("c.rtf")})) AS [checksum]
FROM ${quoteName(database)}.dbo.tblChat AS c${upTo}
GROUP BY c.channelId ORDER BY c.channelId;`;
}

/** Reads a copy's messages, of all rooms or of those named up to their ends. No limit of time. Throws DrError. */
export async function readMessagesUpTo(
  server: SqlServer,
  database: string,
  ends?: readonly RoomEnd[],
): Promise<RoomMessages[]> {
  const options = { doing: `reading the messages of ${database}`, timeout: 0 };
  const parts =
    ends === undefined
      ? [undefined]
      : Array.from({ length: Math.ceil(ends.length / roomsAtOnce) }, (_, part) =>
          ends.slice(part * roomsAtOnce, (part + 1) * roomsAtOnce),
        );
  const rooms: RoomMessages[] = [];
  for (const part of parts)
    rooms.push(...(await server.read(messagesUpTo(database, part), [roomMessages], options))[0]);
  return rooms;
}

/**
 * What the holder lacks, as lines for people, at most 20; empty when it holds every message. `held` are the holder's messages
 * up to the ends of `messages`. Pure.
 */
export function messagesMissing(messages: readonly RoomMessages[], held: readonly RoomMessages[]): string[] {
  const byRoom = new Map(held.map((room) => [room.channelId, room]));
  const differences = messages.flatMap(({ channelId, count, sumBytes, checksum }) => {
    const room = byRoom.get(channelId);
    if (room?.count !== count) return [{ channelId, what: "messages", one: room?.count ?? "none", other: count }];
    const same = room.sumBytes === sumBytes && room.checksum === checksum;
    return same ? [] : [{ channelId, what: "text of messages", one: "one", other: "another" }];
  });
  return describeDifferences(differences, new Map());
}
