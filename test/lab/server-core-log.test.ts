import assert from "node:assert/strict";
import type { InstanceCore } from "../../lab/server/instance-core";
import type { Database } from "../../lab/server/database";
import type { BackupOutcome, RestoreOutcome } from "../../lab/server/backup/history";
import type { BackupRequest, RestoreRequest } from "../../lab/server/backup/request";
import { asker, CoreEstate, heard, makeChat, manyRows, refused, say, SHARE } from "./server-core-estate";

const at = (name: string): string => `${SHARE}\\${name}`;

describe("lab: log, LSNs and recovery paths", () => {
  let estate: CoreEstate;
  let b1: InstanceCore;
  let p1: InstanceCore;
  let mgc: Database;

  beforeEach(async () => {
    estate = new CoreEstate();
    b1 = estate.start("SQL-B1");
    p1 = estate.start("SQL-P1");
    mgc = await makeChat(b1);
    await say(mgc, "one");
  });

  afterEach(() => {
    estate.dispose();
  });

  const back = (
    core: InstanceCore,
    kind: "database" | "log",
    file: string,
    options: Partial<BackupRequest> = {},
  ): Promise<BackupOutcome> =>
    core.backup({ kind, database: "mgc", devices: [at(file)], checksum: true, requester: asker(), ...options });

  const put = (
    core: InstanceCore,
    kind: "database" | "log",
    file: string,
    options: Partial<RestoreRequest> = {},
  ): Promise<RestoreOutcome> => {
    const request: RestoreRequest = {
      database: "mgc",
      devices: [at(file)],
      recovery: "NORECOVERY",
      requester: asker(),
      ...options,
    };
    return kind === "log" ? core.restoreLog(request) : core.restoreDatabase(request);
  };

  it("grows with every commit, through a restart, and is counted", async () => {
    const end = (): bigint => b1.require("mgc").openStore().endOfLog;
    await back(b1, "database", "full.bak");
    const first = end();
    const written = mgc.counters.of("LOG").bytesWritten;
    await say(mgc, "two");
    assert.ok(end() > first);
    assert.ok(mgc.counters.of("LOG").bytesWritten > written);
    assert.ok(end().toString().length <= 25);
    const before = end();
    const scope = mgc.writerOwner;
    assert.equal(scope, undefined);
    b1 = estate.restart("SQL-B1");
    assert.equal(end(), before);
    assert.deepEqual(heard(b1.require("mgc")), ["one", "two"]);
    await say(b1.require("mgc"), "three");
    assert.ok(end() > before);
  });

  it("needs FULL and a first full backup for a log backup, and SIMPLE ends the chain", async () => {
    await refused(back(b1, "log", "l.trn"), 4214, 3013);
    assert.equal(mgc.recovery?.lastLogBackupLsn, null);
    await back(b1, "database", "copy.bak", { copyOnly: true });
    await refused(back(b1, "log", "l.trn"), 4214, 3013);
    await back(b1, "database", "full.bak");
    assert.equal((await back(b1, "log", "l.trn")).history.header.beginsLogChain, true);
    assert.equal((await back(b1, "log", "l.trn")).history.header.beginsLogChain, false);
    await mgc.setOptions({ recoveryModel: "SIMPLE" });
    await refused(back(b1, "log", "l.trn"), 4208, 3013);
    await mgc.setOptions({ recoveryModel: "FULL" });
    await refused(back(b1, "log", "l.trn"), 4214, 3013);
  });

  it("keeps the log until a log backup, and COPY_ONLY changes nothing", async () => {
    await back(b1, "database", "full.bak");
    await say(mgc, "two", "three");
    assert.equal(mgc.log.reuseWait, "LOG_BACKUP");
    const last = mgc.recovery?.lastLogBackupLsn;
    await back(b1, "log", "copy.trn", { copyOnly: true });
    assert.equal(mgc.recovery?.lastLogBackupLsn, last);
    assert.equal(mgc.log.reuseWait, "LOG_BACKUP");
    const { history } = await back(b1, "log", "a.trn");
    assert.equal(mgc.recovery?.lastLogBackupLsn?.toString(), history.header.lastLsn);
    assert.equal(mgc.log.usedBytes, 0);
    const next = await back(b1, "log", "b.trn");
    assert.equal(next.history.header.firstLsn, history.header.lastLsn);
  });

  it("refuses writes with 9002 when the log may not grow, until a log backup frees it", async () => {
    await back(b1, "database", "full.bak");
    estate.files.freeBytes.set("SQL-B1|E:", 100_000);
    const long = "x".repeat(100_000);
    await refused(async () => {
      for (let count = 0; count < 50; count += 1) await say(mgc, long);
    }, 9002);
    const stored = heard(mgc).length;
    assert.ok(stored > 1);
    await back(b1, "log", "a.trn");
    await say(mgc, long);
    assert.equal(heard(mgc).length, stored + 1);
  });

  it("applies a chain in its order only: 4305, 4326, 3117, 3118", async () => {
    await back(b1, "database", "full.bak");
    await say(mgc, "two");
    await back(b1, "log", "a.trn");
    await say(mgc, "three");
    await back(b1, "log", "b.trn");
    await say(mgc, "four");
    await back(b1, "log", "c.trn");
    await refused(put(p1, "log", "a.trn"), 3118, 3013);
    await put(p1, "database", "full.bak");
    const copy = p1.require("mgc");
    await refused(put(p1, "log", "b.trn"), 4305, 3013);
    await put(p1, "log", "a.trn");
    await put(p1, "log", "b.trn");
    const position = copy.redoStart?.lsn;
    await refused(put(p1, "log", "a.trn"), 4326, 3013);
    await put(p1, "log", "b.trn");
    assert.equal(copy.redoStart?.lsn, position);
    await refused(put(p1, "log", "full.bak"), 3135, 3013);
    p1 = estate.restart("SQL-P1");
    assert.equal(p1.require("mgc").redoStart?.lsn, position);
    await put(p1, "log", "c.trn", { recovery: { standby: "D:\\LSCopy\\mgc.tuf" } });
    assert.deepEqual(heard(p1.require("mgc")), ["one", "two", "three", "four"]);
    assert.equal(p1.require("mgc").isInStandby, true);
    await p1.recoverDatabase("mgc", asker());
    await refused(p1.recoverDatabase("mgc", asker()), 3153, 3013);
    await refused(put(p1, "log", "c.trn"), 3117, 3013);
    await say(p1.require("mgc"), "five");
    assert.deepEqual(heard(p1.require("mgc")), ["one", "two", "three", "four", "five"]);
  });

  it("carries bulk loads, updates, deletes and new tables in the log", async () => {
    await back(b1, "database", "full.bak");
    await put(p1, "database", "full.bak");
    await mgc.bulkInsert("dbo", "tblChat", manyRows(9000, "bulk"));
    await mgc.write((scope) => {
      const table = mgc.table(scope, "dbo", "tblChat");
      assert.ok(table);
      const [first, second] = [...table.locate()];
      assert.ok(first && second);
      table.update(first.locator, [first.row[0] ?? null, 5, "changed"]);
      table.delete(second.locator);
      const made = mgc.createTable(scope, {
        schema: "dbo",
        name: "tblNode",
        columns: [
          { name: "nodeId", type: { name: "int" }, nullable: false },
          { name: "big", type: { name: "bigint" }, nullable: true },
        ],
        keys: [],
      });
      mgc.table(scope, "dbo", "tblNode")?.insert([1, 9_007_199_254_740_993n]);
      mgc.alterTable(
        scope,
        {
          ...made,
          columns: [...made.columns, { name: "label", type: { name: "nvarchar", length: 20 }, nullable: false }],
        },
        (row) => [row[0] ?? null, row[1] ?? null, "root"],
      );
    });
    await back(b1, "log", "a.trn");
    await put(p1, "log", "a.trn", { recovery: "RECOVERY" });
    const copy = p1.require("mgc");
    assert.deepEqual(heard(copy), heard(mgc));
    assert.equal(heard(copy).length, 9000);
    const node = await copy.write((scope) => [...(copy.table(scope, "dbo", "tblNode")?.scan() ?? [])]);
    assert.deepEqual(node, [[1, 9_007_199_254_740_993n, "root"]]);
    await say(copy, "goes on");
    const rows = await copy.write((scope) => [...(copy.table(scope, "dbo", "tblChat")?.scan() ?? [])]);
    assert.equal(rows.at(-1)?.[0], 9002n, "identity goes on behind the last value");
  });

  it("freezes with a tail; the other side goes on, and the first side follows without a new seed", async () => {
    await back(b1, "database", "full.bak");
    await put(p1, "database", "full.bak");
    await say(mgc, "two");
    estate.sessions.set("SQL-B1 mgc", [60]);
    await refused(back(b1, "log", "tail.trn", { noRecovery: true }), 3101, 3013);
    estate.sessions.clear();
    await refused(
      back(b1, "log", "tail.trn", { noRecovery: true, requester: asker({ currentDatabase: "mgc" }) }),
      3102,
      3013,
    );
    assert.equal(mgc.state, "ONLINE");
    const { history } = await back(b1, "log", "tail.trn", { noRecovery: true, format: true });
    assert.equal(history.header.isForceOffline, true);
    assert.equal(mgc.state, "RESTORING");
    assert.equal(mgc.redoStart?.lsn.toString(), history.header.lastLsn);
    await refused(() => {
      mgc.assertUsable();
    }, 927);
    await put(p1, "log", "tail.trn");
    await p1.recoverDatabase("mgc", asker());
    const copy = p1.require("mgc");
    assert.deepEqual(heard(copy), ["one", "two"]);
    await say(copy, "three");
    const first = await back(p1, "log", "p1.trn");
    assert.equal(first.history.header.firstRecoveryForkId, mgc.redoStart?.fork);
    assert.equal(first.history.header.forkPointLsn, history.header.lastLsn);
    assert.equal(copy.recovery?.firstRecoveryForkGuid, copy.recovery?.recoveryForkGuid);
    await put(b1, "log", "p1.trn");
    await say(copy, "four");
    await back(p1, "log", "p2.trn");
    await put(b1, "log", "p2.trn", { recovery: "RECOVERY" });
    assert.deepEqual(heard(mgc), ["one", "two", "three", "four"]);
  });

  it("does not mix recovery paths: 4330 after both sides went on, 3117 for a recovered one", async () => {
    await back(b1, "database", "full.bak");
    await put(p1, "database", "full.bak", { recovery: "RECOVERY" });
    await say(p1.require("mgc"), "on p1");
    await back(p1, "log", "p1.trn");
    await refused(put(b1, "log", "p1.trn"), 3117, 3013);
    await say(mgc, "on b1");
    await back(b1, "log", "tail.trn", { noRecovery: true });
    await refused(put(b1, "log", "p1.trn"), 4330, 3013);
    await b1.recoverDatabase("mgc", asker());
    assert.deepEqual(heard(mgc), ["one", "on b1"]);
  });

  it("finds a foreign log backup as a gap", async () => {
    await back(b1, "database", "full.bak");
    await put(p1, "database", "full.bak");
    const foreign = await back(b1, "log", "foreign.trn");
    const ours = await back(b1, "log", "ours.trn");
    assert.equal(ours.history.header.firstLsn, foreign.history.header.lastLsn);
    await refused(put(p1, "log", "ours.trn"), 4305, 3013);
    await put(p1, "log", "foreign.trn");
    await put(p1, "log", "ours.trn");
  });

  it("leaves the position alone when a log restore is aborted", async () => {
    await back(b1, "database", "full.bak");
    await put(p1, "database", "full.bak");
    await mgc.bulkInsert("dbo", "tblChat", manyRows(30_000, "x".repeat(300)));
    await back(b1, "log", "a.trn");
    const before = p1.require("mgc").redoStart?.lsn;
    const stop = new AbortController();
    estate.transferred = () => {
      stop.abort();
      return Promise.resolve();
    };
    await refused(put(p1, "log", "a.trn", { requester: asker({ signal: stop.signal }) }), 3204, 3013);
    estate.transferred = () => Promise.resolve();
    assert.equal(p1.require("mgc").redoStart?.lsn, before);
    await put(p1, "log", "a.trn", { recovery: "RECOVERY" });
    assert.equal(heard(p1.require("mgc")).length, 30_001);
  });
});
