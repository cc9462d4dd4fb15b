import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { type BackupHeader, headerRow } from "../../estate/backup-header";
import { expectedOf, headerDifferences } from "../../estate/steps/verify-set";
import { backupSet, families, forks, guid } from "./support/estate";

const expected = expectedOf(backupSet());

const header = (change: Partial<BackupHeader> = {}): BackupHeader => ({
  BackupType: 1,
  DatabaseName: "mgc",
  ServerName: "SQL-B1",
  IsDamaged: false,
  HasBackupChecksums: true,
  BackupSetGUID: guid("5"),
  FamilyGUID: families.pool,
  RecoveryForkID: forks.backup,
  ...change,
});

describe("header of a backup set", () => {
  it("is that of the set in msdb; names are compared as SQL Server does", () => {
    assert.deepEqual(headerDifferences(header(), expected), []);
    assert.deepEqual(headerDifferences(header({ ServerName: "sql-b1", DatabaseName: "MGC" }), expected), []);
  });

  const cases: readonly (readonly [Partial<BackupHeader>, RegExp])[] = [
    [{ BackupSetGUID: guid("6") }, /^backup set 66666666-.* instead of 55555555-/],
    [{ BackupType: 2 }, /^backup type 2 instead of 1/],
    [{ DatabaseName: "mgccomp" }, /^database mgccomp instead of mgc$/],
    [{ ServerName: "SQL-X" }, /^taken on SQL-X instead of SQL-B1$/],
    [{ FamilyGUID: families.rebuilt }, /^family B/],
    [{ RecoveryForkID: forks.older }, /^recovery fork 4/],
    [{ HasBackupChecksums: false }, /^no checksums$/],
    [{ IsDamaged: true }, /^damaged pages$/],
  ];
  for (const [change, difference] of cases) {
    it(`differs by ${Object.keys(change).join()}`, () => {
      const found = headerDifferences(header(change), expected);
      assert.equal(found.length, 1);
      assert.match(found[0] ?? "", difference);
    });
  }

  it("differs in everything that another file differs in, all told at once", () => {
    const other = header({ BackupSetGUID: guid("6"), DatabaseName: "model", HasBackupChecksums: false });
    assert.equal(headerDifferences(other, expected).length, 3);
  });

  it("never equals a set of which msdb does not know family, fork or server", () => {
    const unknown = expectedOf(backupSet({ familyGuid: null, lastRecoveryForkGuid: null, serverName: null }));
    assert.equal(headerDifferences(header(), unknown).length, 3);
  });

  it("is read from the columns of RESTORE HEADERONLY, GUIDs in one case", () => {
    const row = { ...header(), BackupSetGUID: guid("a"), IsDamaged: 0, FirstLSN: 1 };
    assert.deepEqual(headerRow.parse(row), header({ BackupSetGUID: guid("A") }));
    assert.equal(headerRow.safeParse({ ...row, ServerName: undefined }).success, false);
  });

  it("cannot be asked for where a set names no file", () => {
    assert.throws(() => expectedOf(backupSet({ physicalDeviceName: null })), /names no file/);
  });
});
