import assert from "node:assert/strict";
import type { BackupOutcome, RestoreOutcome } from "../../lab/server/backup/history";
import type { BackupRequest, RestoreRequest } from "../../lab/server/backup/request";
import type { Database } from "../../lab/server/database";
import type { InstanceCore } from "../../lab/server/instance-core";
import { asker, CoreEstate, heard, makeChat, manyRows, refused, rows, say, SHARE } from "./server-core-estate";

const at = (name: string): string => `${SHARE}\\${name}`;

describe("lab: full, differential, log and tail sets", () => {
  let estate: CoreEstate;
  let b1: InstanceCore;
  let p1: InstanceCore;
  let mgc: Database;

  beforeEach(async () => {
    estate = new CoreEstate();
    b1 = estate.start("SQL-B1");
    p1 = estate.start("SQL-P1");
    mgc = await makeChat(b1);
    await mgc.bulkInsert("dbo", "tblChat", manyRows(6000, "x".repeat(300)));
  });

  afterEach(() => {
    estate.dispose();
  });

  const back = (file: string, options: Partial<BackupRequest> = {}): Promise<BackupOutcome> =>
    b1.backup({
      kind: "database",
      database: "mgc",
      devices: [at(file)],
      checksum: true,
      requester: asker(),
      ...options,
    });

  const put = (file: string, options: Partial<RestoreRequest> = {}): Promise<RestoreOutcome> =>
    p1.restoreDatabase({
      database: "mgc",
      devices: [at(file)],
      recovery: "NORECOVERY",
      requester: asker(),
      ...options,
    });

  const log = (file: string, options: Partial<RestoreRequest> = {}): Promise<RestoreOutcome> =>
    p1.restoreLog({ database: "mgc", devices: [at(file)], recovery: "NORECOVERY", requester: asker(), ...options });

  const copy = (): Database => p1.require("mgc");

  async function recovered(): Promise<void> {
    await p1.recoverDatabase("mgc", asker());
    assert.deepEqual(rows(copy()), rows(mgc));
    const byName = (database: Database) => database.tables().sort((one, other) => one.name.localeCompare(other.name));
    assert.deepEqual(byName(copy()), byName(mgc));
    assert.deepEqual(copy().users(), mgc.users());
  }

  /** Changes of every kind. */
  async function change(): Promise<void> {
    await mgc.write((scope) => {
      const table = mgc.table(scope, "dbo", "tblChat");
      assert.ok(table);
      const [first, second, third] = [...table.locate()];
      assert.ok(first && second && third);
      table.update(first.locator, [first.row[0] ?? null, 5, "changed"]);
      table.delete(second.locator);
      table.update(third.locator, [third.row[0] ?? null, 6, "changed and gone"]);
      table.delete(third.locator);
      table.insert([undefined, 1, "new"]);
      mgc.putUser(scope, { principalId: 5, name: "u", sid: "05", type: "S", defaultSchema: "dbo", roles: [] });
      mgc.createTable(scope, {
        schema: "dbo",
        name: "tblNode",
        columns: [{ name: "nodeId", type: { name: "int" }, nullable: false }],
        keys: [{ name: "PK_tblNode", kind: "primary key", columns: [0], clustered: true }],
      });
      mgc.table(scope, "dbo", "tblNode")?.insert([1]);
    });
    await mgc.bulkInsert("dbo", "tblChat", manyRows(700, "bulk"));
  }

  it("carry the LSNs of their kind, one behind the other", async () => {
    const sets = [];
    const databaseBackupLsn = (): string => String(mgc.recovery?.databaseBackupLsn);
    for (const [file, options] of [
      ["full1.bak", {}],
      ["log1.trn", { kind: "log" }],
      ["full2.bak", {}],
      ["copy.bak", { copyOnly: true }],
      ["diff.bak", { differential: true }],
      ["log2.trn", { kind: "log" }],
      ["tail.trn", { kind: "log", noRecovery: true }],
    ] as const) {
      const before = databaseBackupLsn();
      const { header } = (await back(file, options)).history;
      sets.push(header);
      assert.equal(header.databaseBackupLsn, before, file);
      assert.ok(BigInt(header.firstLsn) <= BigInt(header.lastLsn), file);
      if (header.backupType !== 2) {
        assert.ok(BigInt(header.firstLsn) <= BigInt(header.checkpointLsn), file);
        assert.ok(BigInt(header.checkpointLsn) <= BigInt(header.lastLsn), file);
      }
      if (file !== "tail.trn") await say(mgc, file);
    }
    const [full1, log1, full2, , diff, log2, tail] = sets;
    assert.equal(full1?.databaseBackupLsn, "0");
    assert.equal(log1?.beginsLogChain, true);
    assert.equal(log1.firstLsn, full1?.firstLsn);
    assert.equal(full2?.databaseBackupLsn, full1?.checkpointLsn);
    assert.deepEqual(
      [diff?.differentialBaseLsn, diff?.differentialBaseGuid],
      [full2?.checkpointLsn, full2?.backupSetGuid],
      "the base is the last full set that is not COPY_ONLY",
    );
    assert.equal(log2?.firstLsn, log1.lastLsn, "full and differential sets leave the chain of logs alone");
    assert.equal(tail?.firstLsn, log2?.lastLsn);
    assert.equal(tail?.isForceOffline, true);
    assert.equal(mgc.redoStart?.lsn.toString(), tail?.lastLsn);
  });

  it("a differential set holds what was changed since its base, of any kind, and nothing else", async () => {
    const full = await back("full.bak");
    const empty = await back("empty.bak", { differential: true });
    assert.ok(empty.history.header.backupSize < full.history.header.backupSize / 50, "nothing was changed");
    await change();
    const diff = await back("diff.bak", { differential: true });
    assert.ok(diff.history.header.backupSize > empty.history.header.backupSize);
    assert.ok(diff.history.header.backupSize < full.history.header.backupSize / 5);
    await put("full.bak");
    const { restore } = await put("diff.bak");
    assert.equal(restore?.restoreType, "I");
    assert.equal(copy().redoStart?.lsn.toString(), diff.history.header.lastLsn);
    await recovered();
    await say(copy(), "goes on");
    const last = rows(mgc).at(-1)?.[0] as bigint;
    assert.equal(rows(copy()).at(-1)?.[0], last + 1n, "identity values go on");
  });

  it("a table that was altered or made anew under its name since the base comes as it is", async () => {
    await change();
    await back("full.bak");
    await mgc.write((scope) => {
      const node = mgc.tables(scope).find(({ name }) => name === "tblNode");
      assert.ok(node);
      const wider = {
        ...node,
        columns: [...node.columns, { name: "a", type: { name: "int" }, nullable: true } as const],
      };
      mgc.alterTable(scope, wider, (row) => [row[0] ?? null, 7]);
      mgc.alterTable(scope, node);
      mgc.alterTable(scope, wider);
      const chat = mgc.tables(scope).find(({ name }) => name === "tblChat");
      assert.ok(chat);
      mgc.dropTable(scope, chat);
      mgc.createTable(scope, { ...chat, id: chat.id + 1600 });
      mgc.table(scope, "dbo", "tblChat")?.insert([undefined, 9, "first of the new table"]);
    });
    await back("diff.bak", { differential: true });
    await put("full.bak");
    await put("diff.bak");
    await recovered();
    const node = await copy().write((scope) => [...(copy().table(scope, "dbo", "tblNode")?.scan() ?? [])]);
    assert.deepEqual(node, [[1, null]], "the column that was added last is empty");
  });

  it("a differential set takes what is written while it runs, and logs follow it; those before it are too early", async () => {
    await back("full.bak");
    await change();
    await back("early.trn", { kind: "log" });
    await mgc.bulkInsert("dbo", "tblChat", manyRows(30_000, "y".repeat(300)));
    let pieces = 0;
    estate.transferred = async () => {
      pieces += 1;
      await say(mgc, `while ${String(pieces)} pieces were written`);
    };
    const requester = asker();
    await back("diff.bak", { differential: true, stats: 10, requester });
    assert.ok(pieces > 2, `${String(pieces)} pieces`);
    assert.equal(requester.told.filter(({ number }) => number === 3211).length, 10);
    estate.transferred = () => Promise.resolve();
    await put("full.bak");
    await put("diff.bak");
    assert.equal(heard(mgc).length, 30_000 + 6700 - 2 + 1 + pieces);
    await refused(log("early.trn"), 4326, 3013);
    await say(mgc, "after it");
    await back("late.trn", { kind: "log" });
    await log("late.trn");
    await recovered();
  });

  it("a differential set is refused without its base, on another one, and behind its end", async () => {
    await back("full1.bak");
    await say(mgc, "one");
    await back("diff1.bak", { differential: true });
    await refused(put("diff1.bak"), 3117, 3013);
    await back("full2.bak");
    await back("log.trn", { kind: "log" });
    await put("full2.bak");
    await refused(put("diff1.bak"), 3136, 3013);
    await put("full1.bak", { replace: true });
    await log("log.trn");
    await refused(put("diff1.bak"), 3136, 3013);
    await put("full1.bak", { replace: true });
    await put("diff1.bak");
    await log("log.trn");
    await recovered();
  });

  it("a differential set that was cut off leaves the copy where it was, and can be restored again", async () => {
    await back("full.bak");
    await mgc.bulkInsert("dbo", "tblChat", manyRows(30_000, "y".repeat(300)));
    await back("diff.bak", { differential: true });
    await put("full.bak");
    const before = copy().redoStart?.lsn;
    const stop = new AbortController();
    estate.transferred = () => {
      stop.abort();
      return Promise.resolve();
    };
    await refused(put("diff.bak", { requester: asker({ signal: stop.signal }) }), 3204, 3013);
    estate.transferred = () => Promise.resolve();
    assert.equal(copy().redoStart?.lsn, before);
    p1 = estate.restart("SQL-P1");
    assert.equal(copy().redoStart?.lsn, before);
    await put("diff.bak");
    await recovered();
  });

  it("a restored copy knows what was changed on it since the base: its own differential set has all of it", async () => {
    await back("full.bak");
    await change();
    await back("log.trn", { kind: "log" });
    await put("full.bak");
    await log("log.trn");
    await p1.recoverDatabase("mgc", asker());
    await say(copy(), "on the copy");
    const device = [at("copy-diff.bak")];
    await p1.backup({ kind: "database", database: "mgc", devices: device, differential: true, requester: asker() });
    const b2 = estate.start("SQL-B2");
    for (const devices of [[at("full.bak")], device])
      await b2.restoreDatabase({ database: "mgc", devices, recovery: "NORECOVERY", requester: asker() });
    await b2.recoverDatabase("mgc", asker());
    assert.deepEqual(rows(b2.require("mgc")), rows(copy()));
  });
});
