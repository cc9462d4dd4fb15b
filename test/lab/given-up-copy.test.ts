/** A primary's copy that is given up by acknowledgement: what is saved of it, and what stands between it and the restore. */
import assert from "node:assert/strict";
import type { Desired } from "../../estate/desired";
import { databaseOf, salvageOf } from "../../estate/relations";
import { DriftEstate } from "./drift-estate";

const room = (id: number): string =>
  `INSERT mgc.dbo.tblNode (nodeID, nodeGuid, parentID, nodeType, nodeName, nodeDesc, invite, logged, filePost, disabled,
  behavior, visibility, siopID, nodeAddedBy, nodeAddedOn, nodeUpdatedBy, nodeUpdatedOn, purgedOn)
SELECT ${String(id + 100)}, NEWID(), 1, 2, N'room ${String(id)}', N'', 0, 1, 1, 0, 4, 6, NULL, 1, 1, 1, 1, NULL;`;

describe("a primary's copy that is given up", function () {
  this.timeout(120_000);
  let estate: DriftEstate;
  let wanted: Desired;
  before(async () => {
    estate = await DriftEstate.start("failed-over");
    await estate.does({ on: "SQL-P1", sql: room(1) });
    const { seen } = await estate.look();
    assert.equal(seen.plan.authority.code, "P_FOREIGN_DATA", seen.plan.authority.evidence.join("\n"));
    const { primary } = await observed(estate);
    const foreignData = databaseOf(primary, "mgc")?.recoveryForkGuid ?? undefined;
    const desired = estate.desired({ unattended: false });
    const acknowledge = { ...desired.pool.acknowledge, foreignData };
    wanted = { ...desired, pool: { ...desired.pool, acknowledge } };
  });
  after(() => estate.stop());

  it("is read-only once it is saved, and saved anew when it was written to since", async () => {
    await estate.step("F0", wanted);
    const first = await salvage(estate);
    assert.equal((await estate.look(wanted)).seen.plan.salvage, null);
    await estate.does({
      on: "SQL-P1",
      sql: `ALTER DATABASE mgc SET READ_WRITE;\n${room(2)}\nALTER DATABASE mgc SET READ_ONLY;`,
    });
    assert.notEqual((await estate.look(wanted)).seen.plan.salvage, null);
    await estate.step("F0", wanted);
    assert.notEqual((await salvage(estate)).backupSetUuid, first.backupSetUuid);
  });

  it("is saved anew when its file is another one's, and not again while the file is whole", async () => {
    const before = await salvage(estate);
    await estate.step("F0", wanted);
    assert.equal((await salvage(estate)).backupSetUuid, before.backupSetUuid);
    await estate.does({
      on: "SQL-P1",
      sql: `BACKUP DATABASE model TO DISK = N'${before.physicalDeviceName ?? ""}' WITH FORMAT, INIT, CHECKSUM, COPY_ONLY;`,
    });
    await estate.step("F0", wanted);
    assert.notEqual((await salvage(estate)).backupSetUuid, before.backupSetUuid);
  });

  it("is overwritten by F4 behind that", async () => {
    const { physicalDeviceName: file } = await salvage(estate);
    await estate.up(wanted, "F4");
    const { seen } = await estate.look(wanted);
    assert.equal(seen.plan.authority.number, 20);
    const { primary } = await observed(estate);
    assert.ok(primary.backupSets.some((set) => set.physicalDeviceName === file));
  });

  it("is at home behind a restart of the backup's instance: both are compared in full, nothing is copied twice", async () => {
    for (const action of ["instance-stop", "instance-start"] as const) {
      await estate.does({ fault: { action, instance: "SQL-B1" } });
    }
    assert.equal((await estate.look(wanted)).seen.plan.authority.number, 21);
    const mark = await estate.mark();
    await estate.up(wanted, "F5");
    const changes = await estate.changesSince(mark);
    assert.deepEqual(
      changes.filter((change) => change.endsWith("RESTORE DATABASE")),
      ["SQL-B1: RESTORE DATABASE"],
    );
    assert.equal((await estate.look(wanted)).seen.plan.authority.number, 41);
  });
});

async function observed(estate: DriftEstate) {
  const { observation } = (await estate.look()).seen;
  const section = observation.instances.primary;
  assert.ok(section?.reachable);
  return { primary: section.value };
}

async function salvage(estate: DriftEstate) {
  const { primary } = await observed(estate);
  const set = salvageOf(primary, "mgc");
  assert.ok(set, JSON.stringify([databaseOf(primary, "mgc"), primary.logWrites, primary.backupSets], null, 1));
  return set;
}
