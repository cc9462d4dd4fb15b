import assert from "node:assert/strict";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { CHAT_LOGIN } from "../../lab/daemon-options";
import { type Lab, startLab } from "../support/lab";
import { query, value } from "./lab-queries";

const STATES = "SELECT name, state_desc, recovery_model_desc FROM sys.databases WHERE database_id > 4 ORDER BY name;";
const MIRRORING = `SELECT d.name, m.mirroring_role_desc, m.mirroring_state_desc FROM sys.database_mirroring AS m
JOIN sys.databases AS d ON d.database_id = m.database_id WHERE m.mirroring_guid IS NOT NULL ORDER BY d.name;`;
const SHIPPED = "SELECT COUNT(*) FROM msdb.dbo.log_shipping_primary_databases;";
const RECEIVED = "SELECT COUNT(*) FROM msdb.dbo.log_shipping_secondary_databases;";

async function states(lab: Lab, name: string): Promise<unknown[]> {
  return (await query(lab.instance(name), STATES)).map(Object.values);
}

async function mirroring(lab: Lab, name: string): Promise<unknown[]> {
  return (await query(lab.instance(name), MIRRORING)).map(Object.values);
}

async function settings(lab: Lab): Promise<{ poolState: string; sites: string[] }> {
  const [pool] = (await lab.request("status", {})).pools;
  const sites = (pool?.activeServers ?? []).map((fqdn) => (fqdn.startsWith("chat-p") ? "primary" : "backup"));
  return { poolState: pool?.poolState ?? "", sites: [...new Set(sites)] };
}

/** The pool runs on the backup site, which is mirrored; the primary is new and empty. */
async function assertFailedOver(lab: Lab): Promise<void> {
  const online = [
    ["mgc", "ONLINE", "FULL"],
    ["mgccomp", "ONLINE", "FULL"],
  ];
  assert.deepEqual(await states(lab, "SQL-B1"), online);
  assert.deepEqual(await states(lab, "SQL-P1"), online);
  assert.deepEqual(await states(lab, "SQL-P2"), []);
  assert.deepEqual(
    (await states(lab, "SQL-B2")).map((row) => (row as unknown[]).slice(0, 2)),
    [
      ["mgc", "RESTORING"],
      ["mgccomp", "RESTORING"],
    ],
  );
  assert.deepEqual(await mirroring(lab, "SQL-B1"), [
    ["mgc", "PRINCIPAL", "SYNCHRONIZED"],
    ["mgccomp", "PRINCIPAL", "SYNCHRONIZED"],
  ]);
  assert.deepEqual(await mirroring(lab, "SQL-P1"), []);
  assert.deepEqual(await settings(lab), { poolState: "FailedOver", sites: ["backup"] });
  for (const name of ["SQL-P1", "SQL-B1"]) {
    assert.equal(await value(lab.instance(name), SHIPPED), 0);
    assert.equal(await value(lab.instance(name), RECEIVED), 0);
  }
  const [primary, backup] = [lab.instance("SQL-P1"), lab.instance("SQL-B1")];
  for (const table of ["tblChat", "tblLastChatId", "tblPrincipal", "tblServerIdentity"])
    assert.equal(await value(primary, `SELECT COUNT(*) FROM mgc.dbo.${table};`), 0, table);
  assert.equal(await value(primary, "SELECT COUNT(*) FROM mgc.dbo.tblNode;"), 1);
  const pool = "SELECT configPoolID FROM mgc.dbo.tblConfig;";
  assert.equal(await value(primary, pool), await value(backup, pool));
  const family = "SELECT family_guid FROM sys.database_recovery_status WHERE database_id = DB_ID('mgc');";
  assert.notEqual(await value(primary, family), await value(backup, family));
}

describe("scenario failed-over", function () {
  this.timeout(60_000);
  let lab: Lab;

  before(async () => {
    lab = await startLab({ scenario: "failed-over", databaseBytes: 4 * 2 ** 20 });
  });

  after(() => lab.stop());

  it("has the chat on the backup site and a rebuilt primary", () => assertFailedOver(lab));

  it("has messages in every room, with ids from 1 without a gap", async () => {
    const rooms = await query(
      lab.instance("SQL-B1"),
      `SELECT c.channelId, COUNT(*) AS n, MIN(c.chatId) AS lo, MAX(c.chatId) AS hi, MAX(l.lastChatID) AS last
FROM mgc.dbo.tblChat AS c JOIN mgc.dbo.tblLastChatId AS l ON l.nodeID = c.channelId GROUP BY c.channelId;`,
    );
    assert.equal(rooms.length, 12);
    for (const { n, lo, hi, last } of rooms)
      assert.deepEqual([lo, hi, last].map(Number), [1, Number(n), Number(n)], "ids of a room");
    const file = join(lab.json.directory, "hosts", "sql-b1", "D", "sqldata", "mgc.mdf");
    assert.ok(statSync(file).size >= 3.9 * 2 ** 20, `mgc.mdf has ${String(statSync(file).size)} bytes`);
  });

  it("has the folders of the share", () => {
    for (const folder of ["failback", "seed"]) assert.ok(existsSync(join(lab.json.share.directory, folder)));
  });

  it("has one sid per login on all instances", async () => {
    for (const login of ["pchatdr", CHAT_LOGIN]) {
      const sids = await Promise.all(
        lab.json.instances.map((instance) =>
          value(instance, `SELECT CONVERT(varchar(40), sid, 1) FROM sys.server_principals WHERE name = '${login}';`),
        ),
      );
      assert.equal(new Set(sids).size, 1, `${login}: ${sids.join(", ")}`);
      assert.match(String(sids[0]), /^0x[0-9A-F]{32}$/);
    }
  });
});

describe("scenario steady", function () {
  this.timeout(120_000);
  let lab: Lab;

  before(async () => {
    lab = await startLab({ scenario: "steady" });
  });

  after(() => lab.stop());

  it("has the chat on the mirrored primary site", async () => {
    assert.deepEqual(await mirroring(lab, "SQL-P1"), [
      ["mgc", "PRINCIPAL", "SYNCHRONIZED"],
      ["mgccomp", "PRINCIPAL", "SYNCHRONIZED"],
    ]);
    assert.deepEqual(await settings(lab), { poolState: "Normal", sites: ["primary"] });
  });

  it("ships logs to the backup: one file went through all three jobs", async () => {
    const [primary, backup] = [lab.instance("SQL-P1"), lab.instance("SQL-B1")];
    assert.deepEqual((await states(lab, "SQL-B1"))[0], ["mgc", "RESTORING", "FULL"]);
    const baseName = (path: unknown): string => String(path).split("\\").at(-1) ?? "";
    const backedUp = await value(primary, "SELECT last_backup_file FROM msdb.dbo.log_shipping_monitor_primary;");
    const [monitor] = await query(
      backup,
      "SELECT last_copied_file, last_restored_file FROM msdb.dbo.log_shipping_monitor_secondary;",
    );
    assert.match(baseName(backedUp), /^mgc_\d{14}\.trn$/);
    assert.equal(baseName(monitor?.["last_copied_file"]), baseName(backedUp));
    assert.equal(baseName(monitor?.["last_restored_file"]), baseName(backedUp));
    const jobs = [
      ...(await query(primary, "SELECT name, enabled FROM msdb.dbo.sysjobs ORDER BY name;")),
      ...(await query(backup, "SELECT name, enabled FROM msdb.dbo.sysjobs ORDER BY name;")),
    ].filter(({ name }) => !String(name).startsWith("LSAlert_"));
    assert.deepEqual(
      jobs.map(({ name, enabled }) => [name, Number(enabled)]),
      [
        ["LSBackup_mgc", 1],
        ["LSCopy_SQL-P1_mgc", 1],
        ["LSRestore_SQL-P1_mgc", 1],
      ],
    );
  });

  it("goes to failed-over while it runs, and loses nothing that was shipped", async () => {
    const count = "SELECT COUNT_BIG(*) FROM mgc.dbo.tblChat;";
    const before = await value(lab.instance("SQL-P1"), count);
    const { status, stderr } = await lab.run("scenario", "failed-over");
    assert.equal(status, 0, stderr);
    await assertFailedOver(lab);
    assert.equal(await value(lab.instance("SQL-B1"), count), before);
    assert.deepEqual(
      readdirSync(lab.json.share.directory).filter((name) => name.endsWith(".trn")),
      [],
    );
  });

  it("refuses to go back by itself", async () => {
    const { status, stderr } = await lab.run("scenario", "steady");
    assert.equal(status, 1);
    assert.match(stderr, /the way there is the failback itself/);
  });
});

describe("scenario outage", function () {
  this.timeout(60_000);
  let lab: Lab;

  before(async () => {
    lab = await startLab({ scenario: "outage", chat: true });
  });

  after(() => lab.stop());

  it("has nothing of the primary site, and a backup that waits for more log", async () => {
    const { instances, chat } = await lab.request("status", {});
    assert.deepEqual(
      instances.map(({ name, running }) => [name, running]),
      [
        ["SQL-P1", false],
        ["SQL-P2", false],
        ["SQL-B1", true],
        ["SQL-B2", true],
      ],
    );
    assert.deepEqual(chat.connected, []);
    assert.deepEqual(await settings(lab), { poolState: "Normal", sites: ["primary"] });
    assert.deepEqual((await states(lab, "SQL-B1"))[0], ["mgc", "RESTORING", "FULL"]);
  });

  it("ends as rebuilt, with the dead primary's log files where they were", async () => {
    const { status, stderr } = await lab.run("scenario", "rebuilt");
    assert.equal(status, 0, stderr);
    await assertFailedOver(lab);
    assert.ok(readdirSync(lab.json.share.directory).some((name) => name.endsWith(".trn")));
    assert.equal((await lab.request("status", {})).lab.scenario, "rebuilt");
  });
});

describe("scenario rebuilt", function () {
  this.timeout(60_000);
  let lab: Lab;

  before(async () => {
    lab = await startLab({ scenario: "rebuilt" });
  });

  after(() => lab.stop());

  it("is failed over, with the history of how it came to that", async () => {
    await assertFailedOver(lab);
    const history = "SELECT COUNT(*) FROM msdb.dbo.restorehistory WHERE restore_type = 'L';";
    assert.ok(Number(await value(lab.instance("SQL-B1"), history)) > 0);
  });
});
