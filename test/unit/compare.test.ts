import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { withMoves } from "../../estate/compare";
import { contentDifferences, describeDifferences } from "../../estate/content-differences";
import { messagesMissing, messagesUpTo, type RoomMessages } from "../../estate/messages-up-to";
import type { ChannelFingerprint, ContentFingerprint } from "../../estate/observation-types";

function room(channelId: number, more: Partial<ChannelFingerprint> = {}): ChannelFingerprint {
  return {
    channelId,
    count: "3",
    minChatId: "1",
    maxChatId: "3",
    sumChatId: "6",
    sumBytes: "60",
    checksum: null,
    ...more,
  };
}

function content(more: Partial<ContentFingerprint> = {}): ContentFingerprint {
  return {
    level: 1,
    channels: [room(1), room(2)],
    tableRows: { "dbo.tblChat": 6, "dbo.tblNode": 2 },
    tableChecksums: null,
    systemRevision: "40",
    configPoolId: "6F9619FF-8B86-D011-B42D-00C04FC964FF",
    lastChatIds: 2,
    nodes: 2,
    pings: [],
    ...more,
  };
}

describe("comparison of two copies", () => {
  it("finds equal copies equal, whatever the chat servers ping", () => {
    const pinged = content({ pings: [{ serverAddress: "chat-p1", lastPingTime: "2013-05-01T02:13:00", moved: true }] });
    assert.deepEqual(contentDifferences(content(), pinged), []);
  });

  it("names the rooms that differ, and the one that is missing", () => {
    const other = content({ channels: [room(1, { count: "2", maxChatId: "2", sumChatId: "3" })] });
    const differences = contentDifferences(content(), other);
    assert.deepEqual([...new Set(differences.map((difference) => difference.channelId))], [1, 2]);
    const lines = describeDifferences(differences, new Map([[1, "Operations\u001b[2J"]]), 2);
    assert.equal(lines[0], 'room 1 "Operations [2J": messages 3 and 2');
    assert.equal(lines.at(-1), `and ${differences.length - 2} more`);
    assert(differences.some(({ channelId, other: found }) => channelId === 2 && found === "no message"));
  });

  it("sees a table with fewer rows, another revision and another pool", () => {
    const other = content({ tableRows: { "dbo.tblChat": 6 }, systemRevision: "39", configPoolId: null });
    const whats = contentDifferences(content(), other).map((difference) => difference.what);
    assert.deepEqual(whats, ["rows of dbo.tblNode", "system revision", "pool id"]);
  });

  it("compares checksums where both copies were read in full", () => {
    const full = (checksum: string): ContentFingerprint =>
      content({ level: 2, channels: [room(1, { checksum })], tableChecksums: { "dbo.tblNode": checksum } });
    assert.equal(contentDifferences(full("7"), full("7")).length, 0);
    assert.equal(contentDifferences(full("7"), full("8")).length, 2);
    assert.equal(contentDifferences(full("7"), content({ channels: [room(1)] })).length, 0);
  });

  it("tells a ping that moved between two readings", () => {
    const first = content({
      pings: [
        { serverAddress: "a", lastPingTime: "2013-05-01T02:13:00", moved: false },
        { serverAddress: "b", lastPingTime: "2013-05-01T02:13:00", moved: false },
      ],
    });
    const later = [
      { serverAddress: "a", lastPingTime: "2013-05-01T02:13:00" },
      { serverAddress: "b", lastPingTime: "2013-05-01T02:13:05" },
    ];
    assert.deepEqual(
      withMoves(first, later).pings.map((ping) => ping.moved),
      [false, true],
    );
  });
});

describe("messages of one copy in another", () => {
  const messages = (channelId: number, more: Partial<RoomMessages> = {}): RoomMessages => ({
    channelId,
    count: "3",
    maxChatId: "3",
    sumBytes: "60",
    checksum: "-7",
    ...more,
  });

  it("are all there, or named by room", () => {
    const backup = [messages(1), messages(2), messages(3)];
    assert.deepEqual(messagesMissing(backup, [messages(3), messages(1), messages(2)]), []);
    assert.deepEqual(messagesMissing(backup, [messages(1, { checksum: "8" }), messages(2, { count: "2" })]), [
      "room 1: text of messages one and another",
      "room 2: messages 2 and 3",
      "room 3: messages none and 3",
    ]);
    assert.deepEqual(messagesMissing([], [messages(1)]), []);
  });

  it("are read up to the other copy's last one, by whole numbers only", () => {
    const text = messagesUpTo("m]gc", [messages(1), messages(12, { maxChatId: "9223372036854775807" })]);
    assert.match(text, /FROM \[m\]\]gc\]\.dbo\.tblChat AS c/);
    assert.match(text, /\(VALUES \(1, 3\), \(12, 9223372036854775807\)\) AS e \(channelId, lastChatId\)/);
    assert.throws(() => messagesUpTo("mgc", [messages(1, { maxChatId: "1); DROP TABLE x" })]), SyntaxError);
  });
});
