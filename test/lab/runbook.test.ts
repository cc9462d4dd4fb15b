/** The failback's statements as an administrator types them, each in a spelling that the product does not use. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Session } from "../../lab/tds/backend";
import { COPY_FOLDER, SHARE, type Server } from "./agent-estate";
import { JOBS, ShippingEstate } from "./log-shipping-estate";
import { type Answer, run } from "./server-catalog-estate";

const ENDPOINT =
  "CREATE ENDPOINT Mirroring STATE = STARTED AS TCP (LISTENER_PORT = 5022) FOR DATABASE_MIRRORING (ROLE = PARTNER)";
const ADDRESS = { "SQL-B1": "TCP://sql-b1.dci.discovery.com:5022", "SQL-B2": "TCP://sql-b2.dci.discovery.com:5022" };

/** The result sets of a script, values as text, column names dropped. */
interface Played {
  readonly batches: readonly Answer[];
  /** The first row of each batch's first set. */
  readonly first: readonly (readonly (string | null)[])[];
}

describe("the failback, typed by hand", () => {
  let estate: ShippingEstate;
  let sessions: Map<Server, Session>;
  let primary: Server;
  let backup: Server;
  let mirror: Server;

  /** Plays a script of test/lab/runbook in one session of an administrator; no batch of it may fail. */
  async function play(server: Server, script: string): Promise<Played> {
    const text = readFileSync(join(__dirname, "runbook", `${script}.sql`), "utf8");
    const session = sessions.get(server) ?? server.instance.openInternalSession("DCI\\administrator", "runbook");
    sessions.set(server, session);
    const batches: Answer[] = [];
    for (const batch of text.split(/^GO$/m)) batches.push(await run(session, batch));
    return { batches, first: batches.map(({ rows }) => Object.values(rows[0] ?? {})) };
  }

  before(async () => {
    estate = new ShippingEstate();
    sessions = new Map();
    primary = await estate.start("SQL-P1");
    backup = await estate.start("SQL-B1");
    mirror = await estate.start("SQL-B2");
    await primary.run("CREATE DATABASE mgc");
    await backup.run(
      `CREATE DATABASE mgc; ALTER DATABASE mgc SET RECOVERY FULL; USE mgc;
       CREATE TABLE dbo.tblChat (chatId bigint IDENTITY PRIMARY KEY, content nvarchar(100) NOT NULL);
       INSERT dbo.tblChat (content) VALUES (N'one'), (N'two'), (N'three'); USE master;
       BACKUP DATABASE mgc TO DISK = N'${SHARE}\\mirror.bak'; BACKUP LOG mgc TO DISK = N'${SHARE}\\mirror.trn'`,
    );
    await backup.run(ENDPOINT);
    await mirror.run(
      `${ENDPOINT}; RESTORE DATABASE mgc FROM DISK = N'${SHARE}\\mirror.bak' WITH NORECOVERY;
       RESTORE LOG mgc FROM DISK = N'${SHARE}\\mirror.trn' WITH NORECOVERY;
       ALTER DATABASE mgc SET PARTNER = '${ADDRESS["SQL-B1"]}'`,
    );
    await backup.run(`ALTER DATABASE mgc SET PARTNER = '${ADDRESS["SQL-B2"]}'`);
  });

  after(async () => {
    for (const session of sessions.values()) session.close();
    await estate.dispose();
  });

  it("is looked at first, on every instance", async () => {
    for (const [server, role] of [
      [primary, "none"],
      [backup, "PRINCIPAL"],
      [mirror, "MIRROR"],
    ] as const) {
      const { batches } = await play(server, "1-observe");
      assert.deepEqual(Object.values(batches[1]?.rows[0] ?? {}).slice(0, 3), [
        "mgc",
        server === mirror ? "RESTORING" : "ONLINE",
        role,
      ]);
      assert.equal(batches[3]?.sets[1]?.rows.length, 2, "two services");
      assert.deepEqual(batches[3]?.sets[2]?.rows.map((row) => row[2]).sort(), ["CONTROL SERVER", "VIEW SERVER STATE"]);
    }
  });

  it("ends the mirroring, and does nothing where there is none", async () => {
    const { first } = await play(backup, "2-remove-mirroring");
    assert.deepEqual(first[1], ["ONLINE", "0"]);
    const again = await play(backup, "2-remove-mirroring");
    assert.equal(again.batches[0]?.messages.at(-1)?.text, "mgc is not mirrored");
  });

  it("takes a full set under a fence and reads it back", async () => {
    const { batches } = await play(backup, "3-back-up");
    const set = batches[2]?.sets[2];
    const at = (name: string): unknown => set?.rows[0]?.[set.columns.findIndex((column) => column.name === name)];
    assert.deepEqual(
      [at("BackupName"), at("BackupType"), at("DatabaseName"), at("HasBackupChecksums"), at("IsReadOnly")].map(String),
      ["going home", "1", "mgc", "1", "1"],
    );
  });

  it("restores it over the primary's own mgc", async () => {
    const { batches } = await play(primary, "4-restore");
    assert.deepEqual(Object.values(batches[2]?.rows[0] ?? {}), ["ONLINE", "FULL", "MULTI_USER", "0", "0", "sa"]);
    assert.deepEqual(batches[2]?.sets[1]?.rows[0]?.map(String), ["D", "1", "0", "going home", "SQL-B1"]);
  });

  it("compares as the copy that it came from", async () => {
    const before = await play(backup, "10-compare");
    const { first, batches } = await play(primary, "10-compare");
    assert.deepEqual(first, before.first);
    assert.deepEqual(first[0]?.slice(0, 4), ["3", "1", "3", "6"]);
    assert.deepEqual(batches[0]?.sets[1]?.rows[0]?.map(String), ["dbo", "tblChat", "3"]);
  });

  it("ships the log, and both sides say so", async () => {
    await play(primary, "5-seed");
    await play(backup, "6-seed-secondary");
    await play(primary, "7-ship-primary");
    await play(backup, "8-ship-secondary");
    for (const [server, job] of [
      [primary, JOBS.backup],
      [backup, JOBS.copy],
      [backup, JOBS.restore],
    ] as const)
      await server.succeed(job);
    const there = await play(primary, "9-read-back");
    assert.deepEqual(there.first[0], [JOBS.backup, "1", "15", "Log Shipping"]);
    const [ships] = there.batches[1]?.sets[0]?.rows ?? [];
    assert.deepEqual([ships?.[0], ships?.[2], ships?.[3]].map(String), ["mgc", "SQL-B1", "1"]);
    const here = await play(backup, "9-read-back");
    const [follows] = here.batches[1]?.sets[1]?.rows ?? [];
    const leaf = (path: unknown): string | undefined => String(path).split("\\").at(-1);
    assert.equal(leaf(follows?.[2]), leaf(ships?.[1]));
    assert.equal(follows?.[3], `${COPY_FOLDER}\\${leaf(follows?.[3]) ?? ""}`);
    for (const { batches } of [there, here]) assert.equal(batches[2]?.sets.length, 5, "a set of each procedure");
  });

  it("holds a lock, adds a login that looks, and runs a job that leaves nothing", async () => {
    const { first } = await play(primary, "11-hold");
    assert.deepEqual([first[0]?.[0], ...(first[0]?.slice(2) ?? [])], ["0", "primary/by hand", "X", "GRANT"]);
    const { batches } = await play(primary, "12-probe");
    assert.deepEqual(
      batches[0]?.sets.map((set) => set.rows.map((row) => row.map(String))),
      [
        [
          ["1", "1", "0", "0"],
          ["0", "1", "0", "0"],
        ],
        [["0"]],
      ],
    );
  });

  it("takes a tail and brings the same database back with it", async () => {
    await play(primary, "13-tail");
    const { first } = await play(primary, "10-compare");
    assert.deepEqual(first[0]?.slice(0, 4), ["3", "1", "3", "6"]);
  });
});
