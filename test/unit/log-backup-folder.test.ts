import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { logBackupFolder } from "../../estate/log-backup-folder";
import { logBackupCommand } from "../../estate/statements-failover";

describe("folder of a job that backs up the log", () => {
  it("is read from the product's own command, whatever quotes it has", () => {
    for (const folder of [String.raw`\\files\lslogs\failback`, String.raw`D:\it's`, String.raw`D:\mgc_log_'`]) {
      assert.equal(logBackupFolder("mgc", logBackupCommand("mgc", folder)), folder);
    }
    assert.equal(logBackupFolder("o'mgc", logBackupCommand("o'mgc", "D:\\")), "D:\\");
  });

  it("is null for every other command", () => {
    const own = logBackupCommand("mgc", "D:\\Back");
    const others = ["", "BACKUP LOG mgc TO DISK = N'NUL';", `${own} DROP DATABASE mgc;`, own.replace("CHECKSUM", "")];
    const broken = own.replace("D:\\Back", "D:\\\r\nBack");
    for (const text of [...others, broken, logBackupCommand("mgccomp", "D:\\Back")]) {
      assert.equal(logBackupFolder("mgc", text), null, text);
    }
  });
});
