import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "mocha";
import { Ledger } from "../../lab/chat/ledger";
import { movesOf } from "../../lab/chat/moves";
import type { StoredMessage } from "../../lab/control-commands";

const POOL = "chat.contoso.com";
const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

function message(second: number, instance: string, chatId = second): StoredMessage {
  return { id: `m${String(second)}`, time: at(second), pool: POOL, room: 1, chatId, server: "s1", instance };
}

describe("the ledger of what clients saw", () => {
  let directory: string;
  let path: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "lab-ledger-"));
    path = join(directory, "ledger.jsonl");
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const refuse = (ledger: Ledger, second: number, reason = "down"): void =>
    ledger.record({ kind: "refused", time: at(second), pool: POOL, reason });
  const store = (ledger: Ledger, second: number): void =>
    ledger.record({ kind: "stored", time: at(second), message: message(second, "SQL-R1") });
  const clients = (ledger: Ledger, second: number, state: "started" | "stopped"): void =>
    ledger.record({ kind: "clients", time: at(second), state });
  const intervals = (ledger: Ledger): unknown[] =>
    ledger
      .downtime(Date.parse(at(100)))
      .map(({ from, to, seconds, refused, reason }) => [from, to, seconds, refused, reason]);

  it("measures from the last message stored to the next one, however often", () => {
    const ledger = new Ledger(path);
    clients(ledger, 0, "started");
    store(ledger, 1);
    refuse(ledger, 3);
    refuse(ledger, 5, "no server");
    store(ledger, 8);
    store(ledger, 9);
    refuse(ledger, 10);
    assert.deepEqual(intervals(ledger), [
      [at(1), at(8), 7, 2, "no server"],
      [at(9), null, 91, 1, "down"],
    ]);
    assert.deepEqual(intervals(new Ledger(path)), intervals(ledger), "read again it says the same");
  });

  it("knows nothing of the time in which no client tried", () => {
    const ledger = new Ledger(path);
    clients(ledger, 0, "started");
    store(ledger, 1);
    refuse(ledger, 2);
    clients(ledger, 4, "stopped");
    clients(ledger, 20, "started");
    refuse(ledger, 21);
    store(ledger, 22);
    assert.deepEqual(intervals(ledger), [
      [at(1), at(4), 3, 1, "down"],
      [at(21), at(22), 1, 1, "down"],
    ]);
  });

  it("ends an interval at the last line before a kill, of which it may hold half a line", () => {
    const killed = new Ledger(path);
    clients(killed, 0, "started");
    store(killed, 1);
    refuse(killed, 2);
    appendFileSync(path, '{"kind":"stored","id":"half');
    const ledger = new Ledger(path);
    clients(ledger, 50, "started");
    store(ledger, 51);
    assert.deepEqual(intervals(ledger), [[at(1), at(2), 1, 1, "down"]]);
    assert.deepEqual(
      ledger.messages.map(({ id }) => id),
      ["m1", "m51"],
    );
  });
});

describe("moves between databases", () => {
  it("give each lost message to the first move away from where it was stored", () => {
    const messages = [
      message(1, "SQL-R1"),
      message(2, "SQL-R1"),
      message(10, "SQL-D1"),
      message(11, "SQL-D1"),
      message(20, "SQL-R1"),
      message(21, "SQL-R1"),
      message(30, "SQL-D1"),
    ];
    const lost = [messages[1], messages[3], messages[5]].filter((one) => one !== undefined);
    assert.deepEqual(
      movesOf(POOL, [...messages].reverse(), lost).map(({ from, to, lastStored, firstStored, seconds, lost: n }) => [
        from,
        to,
        lastStored,
        firstStored,
        seconds,
        n,
      ]),
      [
        ["SQL-R1", "SQL-D1", at(2), at(10), 8, 1],
        ["SQL-D1", "SQL-R1", at(11), at(20), 9, 1],
        ["SQL-R1", "SQL-D1", at(21), at(30), 9, 1],
      ],
    );
  });

  it("are there also where nothing can be compared, and not where the pool stays", () => {
    assert.deepEqual(movesOf(POOL, [message(1, "SQL-R1"), message(2, "SQL-R1")], []), []);
    const [move] = movesOf(POOL, [message(1, "SQL-R1"), message(2, "SQL-D1")], null);
    assert.equal(move?.lost, null);
  });

  it("leave out what was lost without a move", () => {
    const messages = [message(1, "SQL-R1"), message(2, "SQL-D1"), message(3, "SQL-D1")];
    const [move] = movesOf(POOL, messages, messages.slice(2));
    assert.equal(move?.lost, 0);
  });
});
