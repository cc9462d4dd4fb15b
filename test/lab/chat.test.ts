import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { after, before, describe, it } from "mocha";
import type { ChatReport } from "../../lab/control-commands";
import { type Lab, startLab } from "../support/lab";
import { query, until, value } from "./lab-queries";

describe("chat servers", function () {
  this.timeout(60_000);
  let lab: Lab;

  before(async () => {
    lab = await startLab({ scenario: "failed-over", chat: true, chatRate: 20 });
  });

  after(() => lab.stop());

  const report = (): Promise<ChatReport> => lab.request("chat-report", {});
  const stored = async (): Promise<number> => (await report()).stored;
  /** How many messages went through a server, as the ledger has it. */
  const ledgerOf = (server: string): number =>
    readFileSync(join(lab.json.directory, "chat-ledger.jsonl"), "utf8")
      .split("\n")
      .filter((line) => line.includes(`"server":"${server}.`)).length;
  const sum = (counts: readonly number[]): number => counts.reduce((total, count) => total + count, 0);
  const moreThan =
    (count: number) =>
    (seen: number): boolean =>
      seen > count;

  it("connect where list and pool state send them, under their own names", async () => {
    await until(
      "four servers",
      async () => (await lab.request("status", {})).chat.connected.length,
      (n) => n === 4,
    );
    const sessions = await query(
      lab.instance("SQL-B1"),
      `SELECT host_name, program_name FROM sys.dm_exec_sessions WHERE database_id = DB_ID('mgc')
AND program_name = 'Lync Persistent Chat' ORDER BY host_name;`,
    );
    assert.deepEqual(
      sessions.map(({ host_name }) => host_name),
      ["chat-b1", "chat-b2", "chat-b3", "chat-b4"].map((name) => `${name}.dci.discovery.com`),
    );
  });

  it("store messages that are in the database", async () => {
    await until("messages", stored, moreThan(10));
    const message = await lab.request("chat-send", { text: "Is it here?" });
    assert.equal(
      await value(
        lab.instance("SQL-B1"),
        `SELECT COUNT(*) FROM mgc.dbo.tblChat WHERE channelId = ${String(message.room)}
AND chatId = ${String(message.chatId)} AND content = N'Is it here? [${message.id}]';`,
      ),
      1,
    );
    const [pool] = (await report()).pools;
    assert.deepEqual([pool?.instance, pool?.lost, pool?.error], ["SQL-B1", [], null]);
  });

  it("ping tblServerIdentity", async () => {
    const pings = (): Promise<unknown> =>
      value(lab.instance("SQL-B1"), "SELECT MAX(serverLastPingTime) FROM mgc.dbo.tblServerIdentity;");
    const first = JSON.stringify(await pings());
    await until("a later ping", pings, (seen) => JSON.stringify(seen) !== first);
  });

  it("follow their database to its mirror and back, and nothing is lost", async () => {
    const movedTo = (instance: string): Promise<unknown> =>
      until(
        `messages on ${instance}`,
        async () => (await report()).moves.at(-1)?.to,
        (to) => to === instance,
      );
    await query(lab.instance("SQL-B1"), "ALTER DATABASE mgc SET PARTNER FAILOVER;");
    await movedTo("SQL-B2");
    assert.equal((await report()).pools[0]?.instance, "SQL-B2");
    await until(
      "synchronized",
      () =>
        value(
          lab.instance("SQL-B2"),
          "SELECT mirroring_state_desc FROM sys.database_mirroring WHERE database_id = DB_ID('mgc');",
        ),
      (state) => state === "SYNCHRONIZED",
    );
    await query(lab.instance("SQL-B2"), "ALTER DATABASE mgc SET PARTNER FAILOVER;");
    await movedTo("SQL-B1");
    assert.deepEqual(
      (await report()).moves.map(({ from, to, lost }) => [from, to, lost]),
      [
        ["SQL-B1", "SQL-B2", 0],
        ["SQL-B2", "SQL-B1", 0],
      ],
    );
  });

  it("tell clients that nothing is stored in a read-only database", async () => {
    const backup = lab.instance("SQL-B1");
    for (const database of ["mgc", "mgccomp"]) await query(backup, `ALTER DATABASE ${database} SET PARTNER OFF;`);
    await query(backup, "ALTER DATABASE mgc SET READ_ONLY WITH ROLLBACK IMMEDIATE;");
    const count = await stored();
    const down = await until("downtime", report, ({ downtime }) => downtime.at(-1)?.to === null);
    assert.equal(down.stored, count);
    await query(backup, "ALTER DATABASE mgc SET READ_WRITE WITH ROLLBACK IMMEDIATE;");
    await until("messages again", stored, moreThan(count));
    const [pool] = (await report()).pools;
    assert.deepEqual(pool?.lost, []);
    assert.notEqual((await report()).downtime.at(-1)?.to, null);
  });

  it("lose their database and find it again", async () => {
    await lab.request("fault", { action: "instance-stop", instance: "SQL-B1" });
    await until("downtime", report, ({ downtime }) => downtime.at(-1)?.to === null);
    assert.deepEqual((await lab.request("status", {})).chat.connected, []);
    const count = await stored();
    await lab.request("fault", { action: "instance-start", instance: "SQL-B1" });
    await until("messages again", stored, moreThan(count));
    const { downtime, moves, pools } = await report();
    assert.match(downtime.at(-1)?.reason ?? "", /database|connection/);
    assert.deepEqual([moves.length, pools[0]?.lost], [2, []]);
  });

  it("keep their clients, and their database, when they are taken from the list, and take no new ones", async () => {
    await lab.request("fault", { action: "replication-delay", milliseconds: 10 });
    const servers = async (): Promise<Record<string, number>> =>
      Object.fromEntries(
        (await lab.request("status", {})).chat.connected.map(({ machine, clients }) => [
          machine.slice(0, machine.indexOf(".")),
          clients,
        ]),
      );
    const before = await until(
      "four servers and all clients",
      servers,
      (seen) => Object.keys(seen).length === 4 && sum(Object.values(seen)) === 12,
    );
    // After the restart they signed in where the database came back first: some server has several.
    const [removed] = Object.entries(before).sort(([, one], [, other]) => other - one)[0] as [string, number];
    const machine = `${removed}.dci.discovery.com`;
    await runShell(lab, `Set-CsPersistentChatActiveServer -ActiveServers @{Remove='${machine}'} -Confirm:$false`);
    await until(
      "the machine knows it",
      () => runShell(lab, `(Get-CsManagementStoreReplicationStatus -ReplicaFqdn ${machine}).UpToDate`),
      (text) => text === "True",
    );
    const kept = async (): Promise<number> =>
      Number(
        await value(
          lab.instance("SQL-B1"),
          `SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE host_name = '${machine}' AND database_id = DB_ID('mgc');`,
        ),
      );
    const through = ledgerOf(removed);
    await until("a message through the removed server", () => Promise.resolve(ledgerOf(removed)), moreThan(through));
    assert.equal(await kept(), 1);
    assert.equal((await servers())[removed], before[removed]);
    // Its machine falls: the clients sign in to the others, and once it is back nobody comes.
    await lab.request("fault", { action: "machine-off", machine });
    await until(
      "all clients on the other servers",
      servers,
      (seen) => seen[removed] === undefined && sum(Object.values(seen)) === 12,
    );
    await lab.request("fault", { action: "machine-on", machine });
    const more = await stored();
    await until("messages", stored, moreThan(more + 12));
    assert.equal(await kept(), 0);
    assert.equal((await servers())[removed], undefined);
  });

  it("let the database go when the list is cleared", async () => {
    const backup = lab.instance("SQL-B1");
    await runShell(lab, "Set-CsPersistentChatActiveServer -ActiveServers $null -Confirm:$false");
    await until(
      "no session in mgc",
      () =>
        value(
          backup,
          "SELECT COUNT(*) FROM sys.dm_exec_sessions WHERE database_id = DB_ID('mgc') AND program_name = 'Lync Persistent Chat';",
        ),
      (count) => count === 0,
    );
  });

  it("count what was told stored and is lost", async () => {
    const backup = lab.instance("SQL-B1");
    await query(backup, "DELETE FROM mgc.dbo.tblChat WHERE content LIKE N'Is it here?%';");
    const [pool] = (await report()).pools;
    assert.equal(pool?.lost?.length, 1);
    for (const form of [
      ["chat", "--report", "--json"],
      ["chat", "report", "--json"],
    ]) {
      const { status, stdout, stderr } = await lab.run(...form);
      assert.equal(status, 0, stderr);
      const printed = JSON.parse(stdout) as ChatReport;
      assert.deepEqual([printed.pools[0]?.lost, printed.moves.length], [pool?.lost, 2]);
    }
    const { stdout } = await lab.run("chat");
    assert.match(stdout, /^Chat runs, \d+ messages stored/);
  });
});

/** Runs a command in the lab's shell, as somebody else in the house would. Answers its output. */
async function runShell(lab: Lab, command: string): Promise<string> {
  const args = ["-NoProfile", "-NonInteractive", "-Command", command];
  return (await promisify(execFile)(lab.json.shell.executable, args)).stdout.trim();
}
