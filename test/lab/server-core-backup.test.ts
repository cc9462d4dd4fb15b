import assert from "node:assert/strict";
import {
  openSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
  closeSync,
  existsSync,
} from "node:fs";
import type { InstanceCore } from "../../lab/server/instance-core";
import type { Database } from "../../lab/server/database";
import type { BackupRequest, RestoreRequest } from "../../lab/server/backup/request";
import type { RowSet } from "../../lab/server/backup/inspect";
import { Decimal } from "../../lab/tsql/values";
import { asker, CoreEstate, heard, makeChat, manyRows, refused, say, SHARE } from "./server-core-estate";

const BAK = `${SHARE}\\mgc.bak`;

function full(options: Partial<BackupRequest> = {}): BackupRequest {
  return { kind: "database", database: "mgc", devices: [BAK], checksum: true, requester: asker(), ...options };
}

function restored(options: Partial<RestoreRequest> = {}): RestoreRequest {
  return { database: "mgc", devices: [BAK], requester: asker(), ...options };
}

function field(set: RowSet, name: string, row = 0): unknown {
  const index = set.columns.findIndex((column) => column.name === name);
  assert.ok(index >= 0, `column ${name}`);
  const value = set.rows[row]?.[index];
  return value instanceof Decimal ? value.unscaled : value;
}

describe("lab: BACKUP and RESTORE DATABASE", () => {
  let estate: CoreEstate;
  let b1: InstanceCore;
  let p1: InstanceCore;
  let mgc: Database;

  beforeEach(async () => {
    estate = new CoreEstate();
    b1 = estate.start("SQL-B1");
    p1 = estate.start("SQL-P1");
    mgc = await makeChat(b1);
    await say(mgc, "one", "two");
  });

  afterEach(() => {
    estate.dispose();
  });

  const share = (name = "mgc.bak"): string => `${estate.files.shareDirectory(SHARE)}/${name}`;

  it("brings rows, options, users and the family to another instance, on a recovery path of its own", async () => {
    await mgc.write((scope) => {
      mgc.putUser(scope, {
        principalId: 5,
        name: "DCI\\chat",
        sid: "0105",
        type: "U",
        defaultSchema: "dbo",
        roles: ["db_owner"],
      });
    });
    await mgc.setOptions({ isTrustworthy: true, isBrokerEnabled: true, isReadOnly: true });
    const requester = asker();
    const { history } = await b1.backup(full({ name: "mgc-Full Database Backup", requester, stats: 50 }));
    assert.deepEqual(
      requester.told.map(({ number }) => number),
      [3211, 3211, 4035, 4035, 3014],
    );
    const outcome = await p1.restoreDatabase(restored());
    const copy = p1.require("mgc");
    assert.deepEqual(heard(copy), ["one", "two"]);
    assert.equal(copy.state, "ONLINE");
    assert.equal(copy.isReadOnly, true);
    assert.equal(copy.options.isTrustworthy, false);
    assert.equal(copy.options.isBrokerEnabled, true);
    assert.equal(copy.users()[0]?.sid, "0105");
    assert.equal(outcome.history?.header.backupSetGuid, history.header.backupSetGuid);
    assert.equal(outcome.restore?.restoreType, "D");
    const [source, target] = [mgc.recovery, copy.recovery];
    assert.equal(target?.familyGuid, source?.familyGuid);
    assert.notEqual(copy.databaseGuid, mgc.databaseGuid);
    assert.equal(target?.firstRecoveryForkGuid, source?.recoveryForkGuid);
    assert.notEqual(target?.recoveryForkGuid, source?.recoveryForkGuid);
    assert.equal(target?.forkPointLsn?.toString(), history.header.lastLsn);
    assert.notEqual(target?.lastLogBackupLsn, null);
    await refused(() => {
      copy.assertWritable();
    }, 3906);
  });

  it("takes what is written while it runs, and readers and writers are not stopped", async () => {
    await mgc.bulkInsert("dbo", "tblChat", manyRows(60_000, "x".repeat(120)));
    let more = 0;
    estate.transferred = async () => {
      more += 1;
      await say(mgc, `during ${String(more)}`);
    };
    await b1.backup(full());
    assert.ok(more >= 2, "the backup had several pieces");
    estate.transferred = () => Promise.resolve();
    await p1.restoreDatabase(restored());
    assert.deepEqual(heard(p1.require("mgc")), heard(mgc));
  });

  it("says the header and the file list of what is on the media, and appends by default", async () => {
    await b1.backup(full({ name: "first", description: "Söhne" }));
    await b1.backup(full({ kind: "log", name: "second" }));
    const headers = await p1.headerOnly({ devices: [BAK], requester: asker() });
    assert.equal(headers.rows.length, 2);
    assert.equal(field(headers, "BackupName"), "first");
    assert.equal(field(headers, "BackupDescription"), "Söhne");
    assert.deepEqual([field(headers, "BackupType"), field(headers, "BackupType", 1)], [1, 2]);
    assert.deepEqual([field(headers, "Position"), field(headers, "Position", 1)], [1, 2]);
    assert.equal(field(headers, "HasBackupChecksums"), 1);
    assert.equal(field(headers, "FamilyGUID"), mgc.familyGuid);
    assert.ok((field(headers, "FirstLSN") as bigint) <= (field(headers, "CheckpointLSN") as bigint));
    assert.ok((field(headers, "CheckpointLSN") as bigint) <= (field(headers, "LastLSN") as bigint));
    assert.equal(field(headers, "DatabaseBackupLSN", 1), field(headers, "CheckpointLSN"));
    const files = await p1.fileListOnly({ devices: [BAK], requester: asker() });
    assert.deepEqual(
      files.rows.map((row) => row[0]),
      ["mgc", "mgc_log"],
    );
    const label = await p1.labelOnly({ devices: [BAK], requester: asker() });
    assert.equal(field(label, "FamilyCount"), 1);
    await refused(p1.restoreDatabase(restored({ file: 3 })), 4038, 3013);
    await refused(p1.restoreDatabase(restored({ file: 2 })), 3135, 3013);
    await b1.backup(full({ init: true, skip: true }));
    assert.equal((await p1.headerOnly({ devices: [BAK], requester: asker() })).rows.length, 1);
    const asked = asker();
    await b1.verifyOnly({ devices: [BAK], checksum: true, requester: asked });
    assert.deepEqual(
      asked.told.map(({ number }) => number),
      [3262],
    );
  });

  it("finds a flipped byte in a page, in a header, and a file that was cut", async () => {
    await b1.backup(full());
    const flip = (at: number): void => {
      const bytes = readFileSync(share());
      const handle = openSync(share(), "r+");
      writeSync(handle, Buffer.from([(bytes[at] as number) ^ 1]), 0, 1, at);
      closeSync(handle);
    };
    const pageBytes = 65_536 * 2 + 4096 + 8192 * 3 + 77;
    flip(pageBytes);
    await refused(p1.verifyOnly({ devices: [BAK], requester: asker() }), 3183, 3013);
    await refused(p1.restoreDatabase(restored()), 3183, 3013);
    assert.equal(p1.require("mgc").state, "RESTORING");
    assert.equal(p1.require("mgc").redoStart, null);
    flip(pageBytes);
    flip(20);
    await refused(p1.headerOnly({ devices: [BAK], requester: asker() }), 3241, 3013);
    flip(20);
    flip(0);
    await refused(p1.headerOnly({ devices: [BAK], requester: asker() }), 3242, 3013);
    flip(0);
    truncateSync(share(), statSync(share()).size - 80_000);
    await refused(p1.restoreDatabase(restored({ replace: true })), 3203, 3013);
    const cut = await p1.headerOnly({ devices: [BAK], requester: asker() });
    assert.equal(field(cut, "BackupName"), "*** INCOMPLETE ***");
    await refused(b1.backup(full()), 3266, 3013);
    await b1.backup(full({ format: true }));
    await p1.restoreDatabase(restored({ replace: true }));
    assert.deepEqual(heard(p1.require("mgc")), ["one", "two"]);
  });

  it("refuses CHECKSUM on a set without, a missing stripe, and a file that is no backup", async () => {
    await b1.backup(full({ checksum: false }));
    await refused(p1.restoreDatabase(restored({ checksum: true })), 3187, 3013);
    const stripes = [`${SHARE}\\a.bak`, `${SHARE}\\b.bak`];
    await b1.backup(full({ devices: stripes }));
    await refused(p1.restoreDatabase(restored({ devices: [stripes[1] as string] })), 3132, 3013);
    await p1.restoreDatabase(restored({ devices: [...stripes].reverse() }));
    writeFileSync(share("notes.txt"), "not a backup");
    await refused(p1.headerOnly({ devices: [`${SHARE}\\notes.txt`], requester: asker() }), 3242, 3013);
    await refused(b1.backup(full({ devices: [`${SHARE}\\notes.txt`] })), 3242, 3013);
    await refused(p1.headerOnly({ devices: [`${SHARE}\\absent.bak`], requester: asker() }), 3201, 3013);
  });

  it("compresses, and does not mix formats on one media set", async () => {
    await mgc.bulkInsert("dbo", "tblChat", manyRows(20_000, "same words again"));
    const { history } = await b1.backup(full({ compression: true }));
    assert.ok(history.header.compressedBackupSize < history.header.backupSize / 2);
    await refused(b1.backup(full({ compression: false })), 3098, 3013);
    await p1.restoreDatabase(restored());
    assert.equal(heard(p1.require("mgc")).length, 20_002);
  });

  it("says what Windows says of folder, right, host, share and room", async () => {
    const at = (path: string): Promise<unknown> => b1.backup(full({ devices: [path] }));
    await assert.rejects(at(`${SHARE}\\none\\x.bak`), /3\(The system cannot find the path specified\.\)/);
    await assert.rejects(at("\\\\nowhere\\lslogs\\x.bak"), /53\(The network path was not found\.\)/);
    estate.files.deny({ host: "*", account: "DCI\\svc-sql-b1", path: SHARE, access: "write" });
    await assert.rejects(at(BAK), /5\(Access is denied\.\)/);
    estate.files.allow({ path: SHARE });
    estate.files.freeBytes.set(SHARE, 100_000);
    await refused(at(BAK), 3202, 3013);
    assert.equal(statSync(share()).size, 100_000, "the partial file stays");
  });

  it("ends with 3204 on attention: no restore of half a backup, half a restore is RESTORING without a position", async () => {
    await mgc.bulkInsert("dbo", "tblChat", manyRows(60_000, "x".repeat(120)));
    const stop = new AbortController();
    estate.transferred = () => {
      stop.abort();
      return Promise.resolve();
    };
    await refused(b1.backup(full({ requester: asker({ signal: stop.signal }) })), 3204, 3013);
    estate.transferred = () => Promise.resolve();
    await refused(p1.restoreDatabase(restored()), 3256, 3013);
    await b1.backup(full({ format: true }));
    const again = new AbortController();
    estate.transferred = () => {
      again.abort();
      return Promise.resolve();
    };
    await refused(p1.restoreDatabase(restored({ requester: asker({ signal: again.signal }) })), 3204, 3013);
    estate.transferred = () => Promise.resolve();
    const after = estate.restart("SQL-P1");
    assert.equal(after.require("mgc").state, "RESTORING");
    assert.equal(after.require("mgc").redoStart, null);
    await refused(after.recoverDatabase("mgc", asker()), 4333, 3013);
    await refused(after.restoreLog(restored()), 4319, 3013);
    await refused(() => {
      after.require("mgc").assertUsable();
    }, 927);
    await after.restoreDatabase(restored());
    assert.equal(heard(after.require("mgc")).length, 60_002);
  });

  it("refuses to overwrite what it should not", async () => {
    await b1.backup(full());
    await makeChat(p1);
    await refused(p1.restoreDatabase(restored()), 3154, 3013);
    estate.sessions.set("SQL-P1 mgc", [60]);
    await refused(p1.restoreDatabase(restored({ replace: true })), 3101, 3013);
    estate.sessions.clear();
    await refused(
      p1.restoreDatabase(restored({ replace: true, requester: asker({ currentDatabase: "MGC" }) })),
      3102,
      3013,
    );
    await refused(b1.restoreDatabase(restored()), 3159, 3013);
    await refused(p1.restoreDatabase(restored({ database: "other" })), 1834, 3156, 3119, 3013);
    const move = (logicalName: string, physicalName: string) => ({ logicalName, physicalName });
    const to = (...moves: ReturnType<typeof move>[]) =>
      p1.restoreDatabase(restored({ database: "other", move: moves }));
    await refused(to(move("nope", "D:\\SQLData\\n.mdf")), 3234, 3013);
    await refused(to(move("mgc", "D:\\SQLData\\o.mdf"), move("mgc", "D:\\SQLData\\p.mdf")), 4353, 3013);
    await refused(to(move("mgc", "D:\\SQLData\\o.mdf"), move("mgc_log", "D:\\SQLData\\o.mdf")), 3176, 3119, 3013);
    await refused(to(move("mgc", "D:\\Nowhere\\o.mdf"), move("mgc_log", "E:\\SQLLog\\o.ldf")), 5133, 3156, 3119, 3013);
    await to(move("mgc", "D:\\SQLData\\o.mdf"), move("mgc_log", "E:\\SQLLog\\o.ldf"));
    assert.deepEqual(heard(p1.require("other")), ["one", "two"]);
    await p1.restoreDatabase(restored({ replace: true }));
    assert.deepEqual(heard(p1.require("mgc")), ["one", "two"]);
    p1.dropDatabase("other", 51);
    assert.equal(existsSync(p1.locate("D:\\SQLData", "list").file + "/o.mdf"), false);
    estate.files.freeBytes.set("SQL-B2|D:", 1000);
    await refused(estate.start("SQL-B2").restoreDatabase(restored()), 3257, 3119, 3013);
    await refused(estate.start("SQL-OLD", 10).restoreDatabase(restored()), 3169, 3013);
  });
});
