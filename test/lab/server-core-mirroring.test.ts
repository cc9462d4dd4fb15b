import assert from "node:assert/strict";
import type { InstanceCore } from "../../lab/server/instance-core";
import type { Database } from "../../lab/server/database";
import { asker, CoreEstate, heard, makeChat, refused, say, SHARE } from "./server-core-estate";

const FULL = `${SHARE}\\full.bak`;
const LOG = `${SHARE}\\log.trn`;

describe("lab: database mirroring", () => {
  let estate: CoreEstate;
  let b1: InstanceCore;
  let b2: InstanceCore;
  let mgc: Database;

  beforeEach(async () => {
    estate = new CoreEstate();
    b1 = estate.start("SQL-B1");
    b2 = estate.start("SQL-B2");
    mgc = await makeChat(b1);
    await say(mgc, "one");
  });

  afterEach(() => {
    estate.dispose();
  });

  const copy = (): Database => b2.require("mgc");
  const partner = (core: InstanceCore, name: string): Promise<void> =>
    core.alterPartner("mgc", { kind: "partner", address: estate.address(name) }, asker());

  async function seed(): Promise<void> {
    await b1.backup({ kind: "database", database: "mgc", devices: [FULL], requester: asker() });
    await b1.backup({ kind: "log", database: "mgc", devices: [LOG], requester: asker() });
    await b2.restoreDatabase({ database: "mgc", devices: [FULL], recovery: "NORECOVERY", requester: asker() });
    await b2.restoreLog({ database: "mgc", devices: [LOG], recovery: "NORECOVERY", requester: asker() });
  }

  async function mirrored(): Promise<void> {
    await seed();
    await partner(b2, "SQL-B1");
    await partner(b1, "SQL-B2");
  }

  it("begins on the mirror, then on the principal, and ships every commit", async () => {
    await refused(b1.alterPartner("mgc", { kind: "off" }, asker()), 1416);
    await refused(partner(b1, "SQL-X"), 1418);
    await refused(partner(b1, "SQL-B1"), 1452);
    await refused(partner(b1, "SQL-B2"), 1448);
    await seed();
    await refused(partner(b1, "SQL-B2"), 1418);
    await partner(b2, "SQL-B1");
    await partner(b1, "SQL-B2");
    assert.equal(mgc.mirroring?.role, "PRINCIPAL");
    assert.equal(mgc.mirroring.state, "SYNCHRONIZED");
    assert.equal(copy().mirroring?.role, "MIRROR");
    assert.equal(copy().mirroring?.guid, mgc.mirroring.guid);
    await say(mgc, "two");
    assert.equal(mgc.mirroring.state, "SYNCHRONIZED");
    assert.equal(copy().mirroring?.endOfLogLsn, mgc.mirroring.endOfLogLsn);
    await refused(() => {
      copy().assertUsable();
    }, 954);
    await refused(partner(b1, "SQL-B2"), 1405);
  });

  it("refuses what mirroring forbids", async () => {
    await mirrored();
    const restore = { database: "mgc", devices: [FULL], replace: true, requester: asker() };
    await refused(b1.restoreDatabase(restore), 3104, 3013);
    await refused(b2.restoreDatabase(restore), 3104, 3013);
    await refused(b2.backup({ kind: "database", database: "mgc", devices: [FULL], requester: asker() }), 3059, 3013);
    const log = { kind: "log", database: "mgc", devices: [LOG], requester: asker() } as const;
    await refused(b1.backup({ ...log, noRecovery: true }), 1468, 3013);
    assert.equal(mgc.state, "ONLINE");
    await b1.backup(log);
    await b1.backup({ kind: "database", database: "mgc", devices: [FULL], requester: asker() });
    await refused(mgc.setOptions({ isReadOnly: true }), 1468);
    await refused(mgc.setOptions({ userAccess: "SINGLE_USER" }), 1468);
    await refused(mgc.setOptions({ recoveryModel: "SIMPLE" }), 1468);
    await refused(() => {
      b1.setOffline(mgc);
    }, 1468);
    await refused(() => {
      b1.dropDatabase("mgc", 51);
    }, 3743);
    await refused(b2.alterPartner("mgc", { kind: "failover" }, asker()), 1470);
    await refused(b1.alterPartner("mgc", { kind: "timeout", seconds: 40_000 }, asker()), 1476);
    await b1.alterPartner("mgc", { kind: "timeout", seconds: 2 }, asker());
    assert.equal(mgc.mirroring?.timeout, 5);
  });

  for (const side of ["SQL-B1", "SQL-B2"])
    it(`ends on both sides when it is removed on ${side}; the mirror's copy stays RESTORING and can be recovered`, async () => {
      await mirrored();
      await say(mgc, "two");
      await (side === "SQL-B1" ? b1 : b2).alterPartner("mgc", { kind: "off" }, asker());
      assert.equal(mgc.mirroring, undefined);
      assert.equal(copy().mirroring, undefined);
      assert.equal(mgc.state, "ONLINE");
      assert.equal(copy().state, "RESTORING");
      assert.equal(copy().redoStart?.lsn, mgc.openStore().endOfLog);
      const fork = mgc.recovery?.recoveryForkGuid;
      await b2.recoverDatabase("mgc", asker());
      assert.deepEqual(heard(copy()), ["one", "two"]);
      assert.notEqual(copy().recovery?.recoveryForkGuid, fork);
      b2.dropDatabase("mgc", 51);
      assert.equal(b2.database("mgc"), undefined);
    });

  it("goes on without the mirror and catches up when it is back", async () => {
    await mirrored();
    b2.stop();
    assert.equal(mgc.mirroring?.state, "DISCONNECTED");
    await say(mgc, "two", "three");
    await b1.backup({ kind: "log", database: "mgc", devices: [LOG], requester: asker() });
    assert.equal(mgc.log.reuseWait, "DATABASE_MIRRORING");
    assert.ok(mgc.log.usedBytes > 0);
    b2 = estate.start("SQL-B2");
    await eventually(() => mgc.mirroring?.state === "SYNCHRONIZED");
    await eventually(() => mgc.log.usedBytes === 0);
    b1 = estate.restart("SQL-B1");
    mgc = b1.require("mgc");
    assert.equal(mgc.mirroring?.state, "SYNCHRONIZED");
    await say(mgc, "four");
    await b1.alterPartner("mgc", { kind: "off" }, asker());
    await b2.recoverDatabase("mgc", asker());
    assert.deepEqual(heard(copy()), ["one", "two", "three", "four"]);
  });

  it("learns of a removal while it was away", async () => {
    await mirrored();
    b2.stop();
    await b1.alterPartner("mgc", { kind: "off" }, asker());
    b2 = estate.start("SQL-B2");
    assert.equal(copy().mirroring, undefined);
    assert.equal(copy().state, "RESTORING");
  });

  it("suspends and resumes", async () => {
    await mirrored();
    await b1.alterPartner("mgc", { kind: "suspend" }, asker());
    await say(mgc, "two");
    assert.equal(mgc.mirroring?.state, "SUSPENDED");
    assert.equal(mgc.log.reuseWait, "DATABASE_MIRRORING");
    assert.notEqual(copy().mirroring?.endOfLogLsn, mgc.mirroring.endOfLogLsn);
    await refused(b1.alterPartner("mgc", { kind: "failover" }, asker()), 1422);
    await b1.alterPartner("mgc", { kind: "resume" }, asker());
    assert.equal(mgc.mirroring.state, "SYNCHRONIZED");
  });

  it("fails over on the same recovery path, and the log chain goes on", async () => {
    await mirrored();
    await say(mgc, "two");
    const fork = mgc.recovery?.recoveryForkGuid;
    const last = mgc.recovery?.lastLogBackupLsn;
    await b1.alterPartner("mgc", { kind: "failover" }, asker());
    assert.equal(copy().state, "ONLINE");
    assert.equal(copy().mirroring?.role, "PRINCIPAL");
    assert.equal(mgc.mirroring?.role, "MIRROR");
    assert.deepEqual(heard(copy()), ["one", "two"]);
    assert.equal(copy().recovery?.recoveryForkGuid, fork);
    await say(copy(), "three");
    assert.equal(mgc.mirroring.state, "SYNCHRONIZED");
    const { history } = await b2.backup({
      kind: "log",
      database: "mgc",
      devices: [`${SHARE}\\b2.trn`],
      requester: asker(),
    });
    assert.equal(history.header.firstLsn, last?.toString());
    await b2.alterPartner("mgc", { kind: "failover" }, asker());
    assert.deepEqual(heard(mgc), ["one", "two", "three"]);
  });

  it("has on the mirror the log that the principal had not backed up: after a failover log sets have no hole", async () => {
    const p1 = estate.start("SQL-P1");
    await mirrored();
    for (const [core, kind, device] of [
      [p1, "restoreDatabase", FULL],
      [p1, "restoreLog", LOG],
    ] as const)
      await core[kind]({ database: "mgc", devices: [device], recovery: "NORECOVERY", requester: asker() });
    await say(mgc, "before the failover");
    await mgc.bulkInsert("dbo", "tblChat", [[undefined, 1, "in bulk"]]);
    await b1.alterPartner("mgc", { kind: "failover" }, asker());
    await say(copy(), "after it");
    const after = `${SHARE}\\after.trn`;
    await b2.backup({ kind: "log", database: "mgc", devices: [after], requester: asker() });
    assert.equal(mgc.log.usedBytes, 0, "the mirror's log is freed with the principal's");
    await p1.restoreLog({ database: "mgc", devices: [after], requester: asker() });
    assert.deepEqual(heard(p1.require("mgc")), ["one", "before the failover", "in bulk", "after it"]);
  });

  it("keeps the chain also when service was forced: the next log set goes on behind the last one", async () => {
    await mirrored();
    await say(mgc, "two");
    b1.stop();
    await b2.alterPartner("mgc", { kind: "forceService" }, asker());
    await say(copy(), "three");
    const last = copy().recovery?.lastLogBackupLsn;
    const after = `${SHARE}\\after.trn`;
    const { history } = await b2.backup({ kind: "log", database: "mgc", devices: [after], requester: asker() });
    assert.equal(history.header.firstLsn, last?.toString());
    const p1 = estate.start("SQL-P1");
    await p1.restoreDatabase({ database: "mgc", devices: [FULL], recovery: "NORECOVERY", requester: asker() });
    await p1.restoreLog({ database: "mgc", devices: [LOG], recovery: "NORECOVERY", requester: asker() });
    await p1.restoreLog({ database: "mgc", devices: [after], requester: asker() });
    assert.deepEqual(heard(p1.require("mgc")), ["one", "two", "three"]);
  });

  it("keeps on the mirror what the next log backup shall hold, also of the time before the session", async () => {
    await seed();
    await say(mgc, "before");
    const log = (core: InstanceCore, device: string, copyOnly = false): Promise<unknown> =>
      core.backup({ kind: "log", database: "mgc", devices: [device], copyOnly, requester: asker() });
    const apply = (core: InstanceCore, device: string): Promise<unknown> =>
      core.restoreLog({ database: "mgc", devices: [device], recovery: "NORECOVERY", requester: asker() });
    await log(b1, `${SHARE}\\ahead.trn`, true);
    await apply(b2, `${SHARE}\\ahead.trn`);
    await partner(b2, "SQL-B1");
    await partner(b1, "SQL-B2");
    await say(mgc, "during");
    await b1.alterPartner("mgc", { kind: "failover" }, asker());
    await say(copy(), "after");
    await log(b2, `${SHARE}\\b2.trn`);
    assert.deepEqual([copy().log.usedBytes, mgc.log.usedBytes], [0, 0]);
    const p1 = estate.start("SQL-P1");
    await p1.restoreDatabase({ database: "mgc", devices: [FULL], recovery: "NORECOVERY", requester: asker() });
    for (const device of [LOG, `${SHARE}\\b2.trn`]) await apply(p1, device);
    await p1.recoverDatabase("mgc", asker());
    assert.deepEqual(heard(p1.require("mgc")), ["one", "before", "during", "after"]);
  });

  it("forces service when the principal is gone; what it had more is lost when mirroring resumes", async () => {
    await mirrored();
    await refused(b2.alterPartner("mgc", { kind: "forceService" }, asker()), 1455);
    await b1.alterPartner("mgc", { kind: "suspend" }, asker());
    await say(mgc, "only on B1", "and this");
    b1.stop();
    await b2.alterPartner("mgc", { kind: "forceService" }, asker());
    assert.deepEqual(heard(copy()), ["one"]);
    await say(copy(), "on B2");
    b1 = estate.start("SQL-B1");
    assert.equal(b1.require("mgc").mirroring?.role, "MIRROR");
    assert.equal(copy().mirroring?.state, "SUSPENDED");
    await b2.alterPartner("mgc", { kind: "resume" }, asker());
    assert.equal(copy().mirroring?.state, "SYNCHRONIZED");
    await b2.alterPartner("mgc", { kind: "failover" }, asker());
    assert.deepEqual(heard(b1.require("mgc")), ["one", "on B2"]);
  });
});

/** Waits until a condition holds, with a deadline for when it never does. */
async function eventually(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `still not: ${condition.toString()}`);
    await new Promise(setImmediate);
  }
}
