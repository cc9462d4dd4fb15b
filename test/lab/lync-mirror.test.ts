import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "mocha";
import { type Lab, startLab } from "../support/lab";
import { LabShell } from "./lab-shell";
import { query, until, value } from "./lab-queries";

const POOL = "lyncpc.dci.discovery.com";
const NOT_MIRRORED = "DatabaseInaccessibleOrMirroringNotEnabled";
const FAILED = "ProcessingFailed,Microsoft.Rtc.Management.Deployment.InstallMirrorDatabaseCmdlet";
const ROLE = "SELECT mirroring_role_desc FROM sys.database_mirroring WHERE database_id = DB_ID('mgc');";
const COPY = "SELECT state_desc FROM sys.databases WHERE name = 'mgc';";

describe("mirroring with the management shell", function () {
  this.timeout(60_000);
  let lab: Lab;
  let shell: LabShell;
  let share = "";

  before(async () => {
    lab = await startLab({ scenario: "failed-over" });
    shell = new LabShell(lab);
    share = lab.json.share.unc;
  });

  after(async () => {
    await shell.dispose();
    await lab.stop();
  });

  const install = (...more: string[]): string =>
    `Install-CsMirrorDatabase -DatabaseType PersistentChat -SqlServerFqdn sql-p1.dci.discovery.com -FileShare '${share}\\' ${more.join(" ")}`;
  const states = (type = ""): Promise<Record<string, string>[]> =>
    shell.objects(
      `Get-CsDatabaseMirrorState -PoolFqdn ${POOL} ${type}`,
      "DatabaseName",
      "StateOnPrimary",
      "StateOnMirror",
      "MirroringStatusOnPrimary",
      "MirroringStatusOnMirror",
    );
  const synchronized = (): Promise<unknown> =>
    until(
      "synchronized",
      () => states("-DatabaseType PersistentChat"),
      ([state]) => state?.["MirroringStatusOnPrimary"] === "synchronized",
    );
  const right = (action: "deny" | "allow", account: string, access: "read" | "write"): Promise<unknown> =>
    lab.request("fault", { action, host: "*", account, path: share, access });

  it("shows the topology's primary pair, which is not mirrored while the pool is failed over", async () => {
    assert.deepEqual(
      (await states()).map(Object.values),
      ["mgc", "mgccomp"].map((name) => [name, NOT_MIRRORED, NOT_MIRRORED, "", ""]),
    );
    assert.equal(await value(lab.instance("SQL-B1"), ROLE), "PRINCIPAL", "the backup pair is another one");
    const unknown = await shell.error("Get-CsDatabaseMirrorState -PoolFqdn other.contoso.com");
    assert.match(unknown.message, /Cannot find pool "other\.contoso\.com"/);
    const role = await shell.error(`Get-CsDatabaseMirrorState -PoolFqdn ${POOL} -DatabaseType Archiving`);
    assert.equal(role.message, `Command execution failed: The Archiving role is not present on pool "${POOL}".`);
  });

  it("refuses what the topology does not have, and names what it has", async () => {
    for (const [command, reason] of [
      [
        "Install-CsMirrorDatabase -ConfiguredDatabases -SqlServerFqdn sql-p2.dci.discovery.com",
        /no database on SQL Server/,
      ],
      [
        "Install-CsMirrorDatabase -DatabaseType Archiving -SqlServerFqdn sql-p1.dci.discovery.com",
        /It has: PersistentChat \(mgc\)/,
      ],
      [
        "Install-CsMirrorDatabase -DatabaseType PersistentChat -SqlServerFqdn sql-p1.dci.discovery.com -SqlInstanceName rtc",
        /no database on SQL Server "sql-p1\.dci\.discovery\.com\\rtc"/,
      ],
      [
        "Install-CsMirrorDatabase -DatabaseType PersistentChat -SqlServerFqdn sql-b1.dci.discovery.com",
        /is mirrored already/,
      ],
    ] as const) {
      const error = await shell.error(`${command} -FileShare '${share}' -Confirm:$false`);
      assert.deepEqual([error.id, error.category], [FAILED, "InvalidOperation"], command);
      assert.match(error.message, reason);
    }
    const local = await shell.error(
      "Install-CsMirrorDatabase -DatabaseType PersistentChat -SqlServerFqdn sql-p1.dci.discovery.com -FileShare D:\\Share -Confirm:$false",
    );
    assert.match(local.message, /is not a UNC path/);
  });

  it("needs the share for both engine accounts", async () => {
    await right("deny", "DCI\\svc-sql-p1", "write");
    const written = await shell.error(install("-Confirm:$false"));
    assert.match(written.message, /Cannot open backup device .*5\(Access is denied\.\)/);
    assert.equal(await value(lab.instance("SQL-P2"), COPY), null);
    await right("allow", "DCI\\svc-sql-p1", "write");
    await right("deny", "DCI\\svc-sql-p2", "read");
    const read = await shell.error(install("-Confirm:$false"));
    assert.match(read.message, /5\(Access is denied\.\)/);
    await right("allow", "DCI\\svc-sql-p2", "read");
    assert.equal(await value(lab.instance("SQL-P2"), COPY), null);
  });

  it("asks before it changes anything, with the files and servers, and waits for an answer", async () => {
    await shell.run(install("-WhatIf"));
    const child: ChildProcess = spawn(lab.json.shell.executable, ["-NoLogo", "-NoExit", "-Command", "-"], {
      stdio: "pipe",
    });
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    try {
      child.stdin?.write(`${install()}\n`);
      await until(
        "the prompt",
        () => Promise.resolve(output),
        (text) => text.includes("[Y] Yes"),
      );
      assert.match(output, /Database Name:mgc\s+Data File:D:\\SQLData\\mgc\.mdf\s+Log File:E:\\SQLLog\\mgc_log\.ldf/);
      assert.match(output, /Primary SQL: sql-p1\.dci\.discovery\.com\s+Mirror SQL: sql-p2\.dci\.discovery\.com/);
      assert.equal(await value(lab.instance("SQL-P1"), ROLE), null);
      assert.equal(await value(lab.instance("SQL-P2"), COPY), null);
      child.stdin?.write("A\n");
      await synchronized();
    } finally {
      child.kill();
    }
    assert.deepEqual((await states("-DatabaseType PersistentChat")).map(Object.values), [
      ["mgc", "Principal", "Mirror", "synchronized", "synchronized"],
    ]);
    for (const ending of ["bak", "trn"]) assert.ok(existsSync(join(lab.json.share.directory, `mgc_sql-p1.${ending}`)));
  });

  it("fails over to the mirror with what was written, and back", async () => {
    await query(lab.instance("SQL-P1"), "UPDATE mgc.dbo.tblSystemRevision SET sysRevision = 4711;");
    await shell.run(
      `Invoke-CsDatabaseFailover -PoolFqdn ${POOL} -DatabaseType PersistentChat -NewPrincipal Mirror -Confirm:$false`,
    );
    const [state] = await states("-DatabaseType PersistentChat");
    assert.deepEqual([state?.["StateOnPrimary"], state?.["StateOnMirror"]], ["Mirror", "Principal"]);
    assert.equal(
      String(await value(lab.instance("SQL-P2"), "SELECT sysRevision FROM mgc.dbo.tblSystemRevision;")),
      "4711",
    );
    // The same once more is done already.
    await shell.run(
      `Invoke-CsDatabaseFailover -PoolFqdn ${POOL} -DatabaseType PersistentChat -NewPrincipal mirror -Confirm:$false`,
    );
    await synchronized();
    await shell.run(
      `Invoke-CsDatabaseFailover -PoolFqdn ${POOL} -DatabaseType PersistentChat -NewPrincipal Primary -Confirm:$false`,
    );
    assert.equal(await value(lab.instance("SQL-P1"), ROLE), "PRINCIPAL");
    const none = await shell.error(
      `Invoke-CsDatabaseFailover -PoolFqdn ${POOL} -DatabaseType PersistentChatCompliance -NewPrincipal Mirror -Confirm:$false`,
    );
    assert.match(none.message, /"mgccomp" is not mirrored/);
  });

  it("leaves a RESTORING copy behind, which the next installation must be told to drop", async () => {
    const uninstall =
      "Uninstall-CsMirrorDatabase -DatabaseType PersistentChat -SqlServerFqdn sql-p1.dci.discovery.com -Confirm:$false";
    await shell.run(uninstall);
    assert.equal(await value(lab.instance("SQL-P1"), ROLE), null);
    assert.equal(await value(lab.instance("SQL-P2"), COPY), "RESTORING");
    assert.match(
      (await shell.error(uninstall)).message,
      /"mgc" on SQL Server "sql-p1\.dci\.discovery\.com" is not mirrored/,
    );
    assert.match(
      (await shell.error(install("-Confirm:$false"))).message,
      /"mgc" already exists on the mirror SQL Server "sql-p2\.dci\.discovery\.com"\. Use DropExistingDatabasesOnMirror/,
    );
    assert.equal(await value(lab.instance("SQL-P2"), COPY), "RESTORING", "a refusal changes nothing");
    await shell.run(install("-DropExistingDatabasesOnMirror", "-Confirm:$false"));
    await synchronized();
    await shell.run(`${uninstall} -DropExistingDatabasesOnMirror`);
    assert.equal(await value(lab.instance("SQL-P2"), COPY), null);
  });

  it("makes endpoints where there is none, and mirrors all that is configured but what is excluded", async () => {
    for (const name of ["SQL-P1", "SQL-P2"]) await query(lab.instance(name), "DROP ENDPOINT Mirroring;");
    await shell.run(
      `Install-CsMirrorDatabase -ConfiguredDatabases -ExcludeDatabaseList mgc -SqlServerFqdn SQL-P1.dci.discovery.com -FileShare '${share}' -Confirm:$false`,
    );
    assert.deepEqual(
      (await states()).map((state) => state["StateOnPrimary"]),
      [NOT_MIRRORED, "Principal"],
    );
    await shell.run(install("-Confirm:$false"));
    await synchronized();
  });

  it("takes over by force only when told to, and only while the principal is away", async () => {
    await lab.request("fault", { action: "instance-stop", instance: "SQL-P1" });
    const failover = `Invoke-CsDatabaseFailover -PoolFqdn ${POOL} -DatabaseType PersistentChat -NewPrincipal Mirror -Confirm:$false`;
    assert.match((await shell.error(failover)).message, /is not accessible\. Use Force/);
    await shell.run(`${failover} -Force`);
    assert.equal(await value(lab.instance("SQL-P2"), COPY), "ONLINE");
    assert.match(
      (await shell.error(install("-Confirm:$false"))).message,
      /error occurred while establishing a connection to SQL Server/,
    );
  });
});
