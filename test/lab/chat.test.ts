import assert from "node:assert/strict";
import { execFile } from "node:child_process";
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

  it("let the database go when the list is cleared", async () => {
    const backup = lab.instance("SQL-B1");
    await lab.request("fault", { action: "replication-delay", milliseconds: 10 });
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
  });
});

/** Runs a command in the lab's shell, as somebody else in the house would. */
async function runShell(lab: Lab, command: string): Promise<void> {
  await promisify(execFile)(lab.json.shell.executable, ["-NoProfile", "-NonInteractive", "-Command", command]);
}
