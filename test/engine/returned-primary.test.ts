import assert from "node:assert/strict";
import { after, before, describe, it } from "mocha";
import { TestEstate } from "./support/estate";

const forkOf =
  "SELECT CONVERT(nvarchar(36), recovery_fork_guid) AS fork FROM sys.database_recovery_status WHERE database_id = DB_ID(N'mgc');";

describe("a primary that comes back as it was, after the pool failed over", function () {
  this.timeout(240_000);
  let estate: TestEstate;
  let fork = "";
  let lost: string[] = [];
  // The mirror keeps the copy of the session that the outage ended: it is none of this test's matter.
  const settings = { mirroring: { chat: false, compliance: false } };
  const lostNow = async (): Promise<string[]> => ((await estate.chat()).lost ?? []).map(({ id }) => id).sort();

  before(async () => {
    estate = await TestEstate.start("steady", "--chat");
    await estate.run("chat", "send", "--text", "said before the outage, and never shipped");
    await estate.run("outage");
    const away = await estate.backupStack({ failover: { mode: "disaster" } });
    const up = await away.up();
    assert.equal(up.code, 0, up.output);
    await estate.run("chat", "send");
    lost = await lostNow();
    await estate.run("return");
  });
  after(() => estate.stop());

  it("is not overwritten: what each room holds on either side is told, and how to give it up", async () => {
    const lines = await estate.journalLength();
    const refused = await estate.homeWith({ missingMirrorCopy: true }, settings);
    assert.notEqual(refused.code, 0, refused.output);
    assert.match(refused.output, /unclear \(P_HAS_PRIVATE_TAIL\)/);
    assert.match(refused.output, /room \d+.*primary \d+ .*backup \d+/);
    assert.match(refused.output, /acknowledge\.privateTail/);
    assert.deepEqual(await estate.changesSince(lines), []);
    fork = String((await estate.ask("primary", forkOf))[0]?.["fork"]);
    assert.ok(refused.output.includes(fork), refused.output);
  });

  it("is saved whole to the share once it is given up by its fork, and then brought home over", async () => {
    const given = { missingMirrorCopy: true, privateTail: fork };
    const mirrored = await estate.homeWith(given, settings);
    assert.notEqual(mirrored.code, 0, mirrored.output);
    assert.match(mirrored.output, /cannot be restored \(3104\)/);
    await estate.ask("primary", "ALTER DATABASE mgc SET PARTNER OFF;");

    const home = await estate.homeWith(given, settings);
    assert.equal(home.code, 0, home.output);
    // Nothing is lost that was not lost by the outage itself, and that lies in a file.
    assert.deepEqual(await lostNow(), lost);
    const [salvage] = await estate.ask(
      "primary",
      "SELECT TOP (1) f.physical_device_name AS f FROM msdb.dbo.backupset AS b JOIN msdb.dbo.backupmediafamily AS f ON " +
        "f.media_set_id = b.media_set_id WHERE b.description LIKE N'pchat-dr salvage%' ORDER BY b.backup_set_id DESC;",
    );
    const file = String(salvage?.["f"]);
    const files = await estate.ask("primary", `RESTORE FILELISTONLY FROM DISK = N'${file}';`);
    const moves = files.map((row) => {
      const path = String(row["PhysicalName"]).replace(/mgc/i, "salvaged");
      return `MOVE N'${String(row["LogicalName"])}' TO N'${path}'`;
    });
    await estate.ask("primary", `RESTORE DATABASE salvaged FROM DISK = N'${file}' WITH ${moves.join(", ")};`);
    const said = "SELECT COUNT(*) AS n FROM salvaged.dbo.tblChat WHERE content LIKE N'%never shipped%';";
    assert.equal((await estate.ask("primary", said))[0]?.["n"], 1);
    assert.equal((await estate.stack.preview("--expect-no-changes")).code, 0);
  });
});
