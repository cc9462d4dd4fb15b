import assert from "node:assert/strict";
import { placeFiles } from "../../estate/plan-restore";
import {
  backupFull,
  fenceReadOnly,
  openForWriting,
  removeMirroring,
  restoreFull,
  setMultiUser,
  setOwner,
  setRestoredOptions,
} from "../../estate/statements";
import {
  backupLog,
  dropRestoringCopy,
  restoreMirror,
  resumeMirroring,
  setPartner,
} from "../../estate/statements-mirroring";
import { addPrimary, addSecondary, changeSchedule, deletePrimary } from "../../estate/statements-log-shipping";
import { desired, rebuiltPrimary } from "./support/estate";

describe("statements", () => {
  const hostile = "it's ]mgc";

  it("quote every name and text that comes from outside", () => {
    const file = String.raw`\\files\lo'gs\a.bak`;
    const moves = [{ logicalName: hostile, to: String.raw`D:\it's.mdf` }];
    const all = [
      removeMirroring(hostile),
      fenceReadOnly(hostile),
      openForWriting(hostile),
      setMultiUser(hostile),
      setOwner(hostile, hostile),
      backupFull({ database: hostile, file, name: hostile, description: hostile }),
      restoreFull({ database: hostile, file, moves, recovery: "NORECOVERY", takeOver: true }),
      deletePrimary(hostile),
      setPartner(hostile, hostile),
      resumeMirroring(hostile),
      backupLog({ database: hostile, file, name: hostile, description: hostile, copyOnly: true }),
      restoreMirror({ database: hostile, file, moves }),
      dropRestoringCopy(hostile),
    ];
    for (const text of all) {
      assert.doesNotMatch(text.replaceAll("[it's ]]mgc]", "").replaceAll("N'it''s ]mgc'", ""), /mgc/, text);
      assert.doesNotMatch(text.replaceAll("''", ""), /N'[^']*it's/, text);
    }
    assert.match(all[6] ?? "", /FROM DISK = N'\\\\files\\lo''gs\\a\.bak'/);
  });

  it("write options only where they are asked for", () => {
    const plain = { database: "mgc", file: "D:\\a.bak", name: "n" };
    assert.doesNotMatch(backupFull(plain), /COPY_ONLY|COMPRESSION|DESCRIPTION/);
    assert.match(backupFull({ ...plain, copyOnly: true, compression: "on" }), /COPY_ONLY, COMPRESSION, CHECKSUM/);
    assert.match(backupFull({ ...plain, compression: "off" }), /NO_COMPRESSION/);
    assert.doesNotMatch(
      restoreFull({ database: "mgc", file: "f", moves: [], recovery: "RECOVERY", takeOver: false }),
      /SINGLE_USER|USE /,
    );
    assert.equal(setRestoredOptions("mgc", {}), "");
    assert.equal(setRestoredOptions("mgc", { trustworthy: true }), "ALTER DATABASE [mgc] SET TRUSTWORTHY ON;");
  });

  it("drop or overwrite nothing but a RESTORING copy that no session holds", () => {
    assert.match(
      dropRestoringCopy("mgc"),
      /mirroring_guid IS NOT NULL\)\nBEGIN RAISERROR[^]*RETURN; END;[^]*state = 1\)/,
    );
    assert.match(
      restoreMirror({ database: "mgc", file: "f", moves: [] }),
      /state <> 1\)\nBEGIN RAISERROR[^]*RETURN; END;/,
    );
  });

  it("pass every number of log shipping and check each call", () => {
    const shipping = desired().logShipping;
    const primary = addPrimary(shipping);
    for (const part of [
      "@backup_retention_period = 4320",
      "@backup_compression = 2",
      "@backup_threshold = 60",
      "@history_retention_period = 5760",
      "@threshold_alert = 14420",
    ]) {
      assert.ok(primary.includes(part), part);
    }
    const secondary = addSecondary(shipping);
    for (const part of [
      "@restore_all = 1",
      "@restore_mode = 0",
      "@restore_threshold = 45",
      "@threshold_alert = 14421",
      "@disconnect_users = 0",
    ]) {
      assert.ok(secondary.includes(part), part);
    }
    for (const text of [primary, secondary, changeSchedule(3, 15)]) {
      const calls = text.match(/EXEC @rc = /g)?.length ?? 0;
      assert.equal(text.match(/IF @@ERROR <> 0 OR @rc <> 0/g)?.length, calls);
    }
  });

  it("place every file: configured, as present, beside present, in the default folder, or nowhere", () => {
    const file = (logicalName: string, type: string, physicalName = String.raw`X:\old\a.mdf`) => ({
      logicalName,
      type,
      physicalName,
      sizeBytes: 1,
    });
    const target = rebuiltPrimary();
    const set = [file("mgc", "ROWS"), file("mgc_log", "LOG"), file("mgc2", "ROWS", String.raw`X:\old\mgc2.ndf`)];
    assert.deepEqual(placeFiles(set, target, "mgc", [{ logicalName: "mgc", to: String.raw`F:\mgc.mdf` }]), {
      moves: [
        { logicalName: "mgc", to: String.raw`F:\mgc.mdf` },
        { logicalName: "mgc_log", to: String.raw`E:\SQLLog\mgc_log.ldf` },
        { logicalName: "mgc2", to: String.raw`D:\SQLData\mgc2.ndf` },
      ],
      unplaced: [],
    });
    const bare = { ...target, files: [] };
    assert.equal(placeFiles(set, bare, "mgc").moves[1]?.to, String.raw`E:\SQLLog\a.mdf`);
    const old = { ...bare, server: { ...bare.server, defaultDataPath: null, defaultLogPath: null } };
    assert.deepEqual(placeFiles(set, old, "mgc").unplaced, ["mgc", "mgc_log", "mgc2"]);
  });
});
